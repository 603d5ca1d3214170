package store

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.RequestStore = (*Store)(nil)

// PutLetterRequest implements registry.RequestStore.
func (s *Store) PutLetterRequest(t tx.Tx, r registry.LetterRequest) error {
	_, err := inside(t).exec(`INSERT INTO letter_requests (id, asked_us, sealed) VALUES ($1, $2, $3)`,
		r.ID, portal.Micros(r.AskedAt), r.Sealed)
	return err
}

// LetterRequests implements registry.RequestStore.
func (s *Store) LetterRequests(ctx context.Context, after string, limit int) ([]registry.LetterRequest, error) {
	rows, err := s.query(ctx, `SELECT id, asked_us, sealed FROM letter_requests WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	return all(rows, err, func(r scanner) (one registry.LetterRequest, err error) {
		var asked int64
		err = r.Scan(&one.ID, &asked, &one.Sealed)
		one.AskedAt = portal.FromMicros(asked)
		return one, err
	})
}

// DeleteLetterRequest implements registry.RequestStore.
func (s *Store) DeleteLetterRequest(t tx.Tx, id string) (bool, error) {
	n, err := inside(t).exec(`DELETE FROM letter_requests WHERE id = $1`, id)
	return n == 1, err
}

// CountLetter implements registry.RequestStore.
func (s *Store) CountLetter(t tx.Tx, began time.Time, most int64) (bool, error) {
	if most < 1 {
		return false, nil
	}
	n, err := inside(t).exec(`INSERT INTO letter_days (name, began_us, sent) VALUES ('no-letter', $1, 1)
  ON CONFLICT (name) DO UPDATE SET sent = CASE WHEN letter_days.began_us < excluded.began_us THEN 1 ELSE letter_days.sent + 1 END,
    began_us = CASE WHEN letter_days.began_us < excluded.began_us THEN excluded.began_us ELSE letter_days.began_us END
  WHERE letter_days.began_us < excluded.began_us OR letter_days.sent < $2`, portal.Micros(began), most)
	return n == 1, err
}

// Standing implements registry.RequestStore.
func (s *Store) Standing(t tx.Tx, ean portal.EAN, now time.Time) (st registry.Standing, err error) {
	u, at := inside(t), portal.Micros(now)
	if st.Point, err = scanPoint(u.queryRow(selectPoints+`WHERE ean = $1`, string(ean))); err != nil {
		return registry.Standing{}, unlessNothing(err)
	}
	const present = `WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`
	if st.Occupancy, err = scanOccupancy(u.queryRow(selectOccupancies+present+s.lock, string(ean), at)); err != nil {
		st.Occupancy = registry.Occupancy{}
		return st, unlessNothing(err)
	}
	if st.Meter, err = scanMeter(u.queryRow(selectMeters+present, string(ean), at)); err != nil {
		st.Meter = registry.Meter{}
		return st, unlessNothing(err)
	}
	var last, blocked int64
	err = u.queryRow(`SELECT COALESCE(MAX(CASE WHEN r.legacy THEN 0 ELSE r.issued_us END), 0),
  COUNT(CASE WHEN r.meter_id = $2 AND r.ended_us = 0 AND c.blocked_us > 0 THEN 1 END)
  FROM issued_references r LEFT JOIN lookup_counters c ON c.key = r.key
  WHERE r.occupancy_id = $1`, st.Occupancy.ID, st.Meter.ID).Scan(&last, &blocked)
	st.LastLetter, st.Blocked = portal.FromMicros(last), blocked > 0
	return st, shut(err)
}

// unlessNothing is nil where a query simply found no row.
func unlessNothing(err error) error {
	if err = nothing(err); portal.CodeOf(err) == portal.NotFound {
		return nil
	}
	return err
}
