package store

import (
	"context"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.LegacyLedger = (*Store)(nil)

// ReferencePoints implements registry.LegacyLedger.
func (s *Store) ReferencePoints(t tx.Tx, keys []string) (map[string]portal.EAN, error) {
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = key
	}
	points := map[string]portal.EAN{}
	rows, err := inside(t).query(`SELECT r.key, o.ean FROM issued_references r
  JOIN occupancies o ON o.id = r.occupancy_id `+among("r.key", len(args)), args...)
	return points, each(rows, err, func(r scanner) error {
		var key string
		var ean portal.EAN
		if err := r.Scan(&key, &ean); err != nil {
			return err
		}
		points[key] = ean
		return nil
	})
}

// PutLegacyLengths implements registry.LegacyLedger.
func (s *Store) PutLegacyLengths(t tx.Tx, lengths []int) error {
	return put(inside(t), `INSERT INTO legacy_lengths (length)`, 1, `ON CONFLICT (length) DO NOTHING`, lengths,
		func(n int) []any { return []any{n} })
}

// LegacyLengths gives how many digits legacy references have: a handful of
// rows, read for registry.ParseNumber. A length stays when its last reference
// has ended, so that an ended number is answered as any other (T6).
func (s *Store) LegacyLengths(ctx context.Context) ([]int, error) {
	rows, err := s.query(ctx, `SELECT length FROM legacy_lengths ORDER BY length`)
	return all(rows, err, func(r scanner) (n int, err error) {
		err = r.Scan(&n)
		return n, err
	})
}
