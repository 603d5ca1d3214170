package store

import (
	"context"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.RectifyStore = (*Store)(nil)

// LockOccupancy implements registry.RectifyStore.
func (s *Store) LockOccupancy(t tx.Tx, id string) error {
	return nothing(inside(t).queryRow(`SELECT id FROM occupancies WHERE id = $1`+s.lock, id).Scan(&id))
}

// OpenRectifications implements registry.RectifyStore.
func (s *Store) OpenRectifications(t tx.Tx, occupancyID string, f func(registry.Rectification, []byte) error) error {
	rows, err := inside(t).query(selectRectification+`WHERE occupancy_id = $1 AND decided_us = 0`, occupancyID)
	return each(rows, err, func(r scanner) error {
		one, sealed, _, err := scanRectification(r)
		if err != nil {
			return err
		}
		return f(one, sealed)
	})
}

// PutRectification implements registry.RectifyStore.
func (s *Store) PutRectification(t tx.Tx, r registry.Rectification, sealed []byte) error {
	_, err := inside(t).exec(`INSERT INTO rectifications (id, occupancy_id, field, sealed, asked_us, decided_us, decided_by, decision)
  VALUES ($1, $2, $3, $4, $5, 0, '', '')`, r.ID, r.OccupancyID, string(r.Field), sealed, portal.Micros(r.AskedAt))
	return err
}

const selectRectification = `SELECT id, occupancy_id, field, asked_us, decided_us, decided_by, decision, sealed, answer FROM rectifications `

func scanRectification(r scanner) (one registry.Rectification, sealed, answer []byte, err error) {
	var asked, decided int64
	err = r.Scan(&one.ID, &one.OccupancyID, &one.Field, &asked, &decided, &one.DecidedBy, &one.Decision, &sealed, &answer)
	one.AskedAt, one.DecidedAt = portal.FromMicros(asked), portal.FromMicros(decided)
	return one, sealed, answer, err
}

// RectificationIn implements registry.RectifyStore.
func (s *Store) RectificationIn(t tx.Tx, id string) (registry.Rectification, error) {
	r, _, _, err := scanRectification(inside(t).queryRow(selectRectification+`WHERE id = $1`+s.lock, id))
	return r, nothing(err)
}

// DecideRectification implements registry.RectifyStore.
func (s *Store) DecideRectification(t tx.Tx, r registry.Rectification, sealedAnswer []byte) error {
	_, err := inside(t).exec(`UPDATE rectifications SET decided_us = $1, decided_by = $2, decision = $3, answer = $4 WHERE id = $5`,
		portal.Micros(r.DecidedAt), r.DecidedBy, string(r.Decision), sealedAnswer, r.ID)
	return err
}

// EachRectification implements registry.RectifyStore.
func (s *Store) EachRectification(ctx context.Context, occupancyID string, limit int, f func(registry.Rectification, []byte, []byte) error) error {
	where, args := `WHERE decided_us = 0 ORDER BY asked_us, id LIMIT $1`, []any{limit}
	if occupancyID != "" {
		where, args = `WHERE occupancy_id = $1 ORDER BY asked_us DESC, id DESC LIMIT $2`, []any{occupancyID, limit}
	}
	rows, err := s.query(ctx, selectRectification+where, args...)
	return each(rows, err, func(r scanner) error {
		one, sealed, answer, err := scanRectification(r)
		if err != nil {
			return err
		}
		return f(one, sealed, answer)
	})
}
