package store

import (
	"context"

	"guichet/portal/audit"
)

var _ audit.Shelf = (*Store)(nil)

// ReferenceKeys gives the keys of all references that an occupancy ever had.
func (s *Store) ReferenceKeys(ctx context.Context, occupancyID string) ([]string, error) {
	rows, err := s.query(ctx, `SELECT key FROM issued_references WHERE occupancy_id = $1 ORDER BY issued_us, key`, occupancyID)
	return all(rows, err, func(r scanner) (key string, err error) {
		err = r.Scan(&key)
		return key, err
	})
}

// StaffRoles gives the role of each login that is known.
func (s *Store) StaffRoles(ctx context.Context, logins []string) (map[string]string, error) {
	roles := map[string]string{}
	if len(logins) == 0 {
		return roles, nil
	}
	args := make([]any, len(logins))
	for i, l := range logins {
		args[i] = l
	}
	rows, err := s.query(ctx, `SELECT login, role FROM staff `+among("login", len(args)), args...)
	return roles, each(rows, err, func(r scanner) error {
		var login, role string
		err := r.Scan(&login, &role)
		roles[login] = role
		return err
	})
}
