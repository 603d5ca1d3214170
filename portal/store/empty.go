package store

import "context"

// Empty tells whether the database holds no table of anybody's.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var tables int64
	err := s.queryRow(ctx, s.countTables).Scan(&tables)
	return tables == 0, shut(err)
}
