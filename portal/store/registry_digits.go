package store

import (
	"context"
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.Plates = (*Store)(nil)

// shareName is the one row of digit_shares.
const shareName = "register"

// EachPlate implements registry.Plates. The order comes from an index: two
// million rows are not sorted in memory.
func (s *Store) EachPlate(ctx context.Context, at time.Time, f func(registry.Plate) error) error {
	rows, err := s.query(ctx, `SELECT p.postcode, p.town, p.street, m.number, m.from_us
  FROM access_points p
  JOIN meters m ON m.ean = p.ean AND m.from_us <= $1 AND (m.to_us = 0 OR m.to_us > $1)
  ORDER BY p.postcode`, portal.Micros(at))
	return each(rows, err, func(r scanner) error {
		var p registry.Plate
		var from int64
		if err := r.Scan(&p.Postcode, &p.Town, &p.Street, &p.Number, &from); err != nil {
			return err
		}
		p.From = portal.FromMicros(from)
		return f(p)
	})
}

// SaveShare implements registry.Plates.
func (s *Store) SaveShare(t tx.Tx, share registry.Share) error {
	text, err := json.Marshal(share)
	if err != nil {
		return err
	}
	_, err = inside(t).exec(`INSERT INTO digit_shares (name, measured_us, share) VALUES ($1, $2, $3)
  ON CONFLICT (name) DO UPDATE SET measured_us = excluded.measured_us, share = excluded.share`,
		shareName, portal.Micros(share.MeasuredAt), string(text))
	return err
}

// Share reads what was last measured of the register's digits (G8); NotFound
// where nothing was.
func (s *Store) Share(ctx context.Context) (share registry.Share, err error) {
	var measured int64
	var text string
	if err := s.queryRow(ctx, `SELECT measured_us, share FROM digit_shares WHERE name = $1`, shareName).
		Scan(&measured, &text); err != nil {
		return share, nothing(err)
	}
	if err := json.Unmarshal([]byte(text), &share); err != nil {
		return registry.Share{}, shut(err)
	}
	share.MeasuredAt = portal.FromMicros(measured)
	return share, nil
}
