package store

import (
	"context"
	"database/sql"
	"errors"

	"guichet/portal/tx"
)

// Installation reads a fact about this database: whose keys it belongs to
// ("keys"), what made it ("made-by": "serve" or "demo"). "" where unknown (T29).
func (s *Store) Installation(ctx context.Context, name string) (string, error) {
	var value string
	err := s.queryRow(ctx, `SELECT value FROM installation WHERE name = $1`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, shut(err)
}

// SetInstallation writes such a fact once; an existing one is kept.
func (s *Store) SetInstallation(t tx.Tx, name, value string) error {
	_, err := inside(t).exec(`INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
	return err
}
