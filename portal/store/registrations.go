package store

import (
	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.RegistrationLedger = (*Store)(nil)

// selectHeld reads registrations with how they end: for the network user and the
// operator's side alone (D12). What suppliers read is in supplied.go.
const selectHeld = `SELECT r.id, r.ean, r.supplier, r.from_us, r.to_us, COALESCE(e.scenario, '')
  FROM registrations r LEFT JOIN registration_ends e ON e.registration_id = r.id `

func scanHeld(r scanner) (h registry.HeldRegistration, err error) {
	var from, to int64
	err = r.Scan(&h.ID, &h.EAN, &h.Supplier, &from, &to, &h.End)
	h.Period = span(from, to)
	return h, err
}

// RegistrationsOn implements registry.RegistrationLedger.
func (s *Store) RegistrationsOn(t tx.Tx, eans []portal.EAN) ([]registry.HeldRegistration, error) {
	args := make([]any, len(eans))
	for i, e := range eans {
		args[i] = string(e)
	}
	rows, err := inside(t).query(selectHeld+among("r.ean", len(eans))+`ORDER BY r.ean, r.from_us`, args...)
	return all(rows, err, scanHeld)
}

// PutRegistrations implements registry.RegistrationLedger.
func (s *Store) PutRegistrations(t tx.Tx, list []registry.HeldRegistration) error {
	u := inside(t)
	if err := put(u, `INSERT INTO registrations (id, ean, supplier, from_us, to_us)`, 5,
		`ON CONFLICT (id) DO UPDATE SET supplier = excluded.supplier, from_us = excluded.from_us, to_us = excluded.to_us`, list,
		func(h registry.HeldRegistration) []any {
			return []any{h.ID, string(h.EAN), h.Supplier, portal.Micros(h.From), portal.Micros(h.To)}
		}); err != nil {
		return err
	}
	// One row each, an end that nobody told included: they are told apart by
	// their text alone.
	return put(u, `INSERT INTO registration_ends (registration_id, scenario)`, 2,
		`ON CONFLICT (registration_id) DO UPDATE SET scenario = excluded.scenario`, list,
		func(h registry.HeldRegistration) []any { return []any{h.ID, string(h.End)} })
}
