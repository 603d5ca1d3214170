package store

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ metering.ChoiceStore = (*Store)(nil)

// ChoiceOf implements metering.ChoiceStore.
func (s *Store) ChoiceOf(t tx.Tx, occupancyID string) (p registry.AccessPoint, o registry.Occupancy, err error) {
	u := inside(t)
	if o, err = scanOccupancy(u.queryRow(selectOccupancies+`WHERE id = $1`+s.lock, occupancyID)); err != nil {
		return p, o, nothing(err)
	}
	p, err = scanPoint(u.queryRow(selectPoints+`WHERE ean = $1`, string(o.EAN)))
	return p, o, nothing(err)
}

// PutChoice implements metering.ChoiceStore.
func (s *Store) PutChoice(t tx.Tx, occupancyID string, from, ended time.Time) error {
	_, err := inside(t).exec(`UPDATE occupancies SET detail_us = $1, detail_ended_us = $2 WHERE id = $3`,
		portal.Micros(from), portal.Micros(ended), occupancyID)
	return shut(err)
}

// ChoicesOver implements metering.ChoiceStore.
func (s *Store) ChoicesOver(ctx context.Context, now time.Time, limit int) (ids []string, err error) {
	rows, err := s.query(ctx, `SELECT id FROM occupancies WHERE detail_us > 0 AND to_us > 0 AND to_us <= $1
  ORDER BY to_us, id LIMIT $2`, portal.Micros(now), int64(limit))
	err = each(rows, err, func(r scanner) error {
		var id string
		if err := r.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
		return nil
	})
	return ids, err
}
