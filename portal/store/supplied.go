package store

import (
	"context"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// selectSupplied reads registrations as suppliers may know them: the table of
// their ends is in no statement of this file (L14, L15; a test holds it).
const selectSupplied = `SELECT r.id, r.ean, r.supplier, r.from_us, r.to_us FROM registrations r `

func scanRegistration(r scanner) (one registry.Registration, err error) {
	var from, to int64
	err = r.Scan(&one.ID, &one.EAN, &one.Supplier, &from, &to)
	one.Period = span(from, to)
	return one, err
}

const livingThere = `WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`

// itsOwn: BETWEEN, as in PartnerBatch, leads to the index that begins with the
// supplier: by the id alone another's row would be found, read and left, which
// takes longer than where there is none (T7).
const itsOwn = `WHERE r.supplier = $1 AND r.id BETWEEN $2 AND $2`

// Supplied implements mandates.SupplyStore.
func (s *Store) Supplied(ctx context.Context, supplier, id string, now time.Time) (mandates.Supplied, bool, error) {
	return s.supplied(ctx, now, itsOwn, supplier, id)
}

// SuppliedAt implements mandates.SupplyStore.
func (s *Store) SuppliedAt(ctx context.Context, supplier string, ean portal.EAN, now time.Time) (mandates.Supplied, bool, error) {
	return s.supplied(ctx, now, `WHERE r.supplier = $1 AND r.ean = $2 AND r.from_us <= $3 AND (r.to_us = 0 OR r.to_us > $3)`,
		supplier, string(ean), portal.Micros(now))
}

func (s *Store) supplied(ctx context.Context, now time.Time, where string, args ...any) (got mandates.Supplied, found bool, err error) {
	if got.Registration, err = scanRegistration(s.queryRow(ctx, selectSupplied+where, args...)); err != nil {
		return unknown(err)
	}
	if got.Point, err = s.Point(ctx, got.EAN); err != nil {
		return got, false, err
	}
	got.Stay, err = scanOccupancy(s.queryRow(ctx, selectOccupancies+livingThere, string(got.EAN), portal.Micros(now)))
	return got, true, vacant(err)
}

// SuppliedIn implements mandates.SupplyStore.
func (s *Store) SuppliedIn(t tx.Tx, supplier, id string, now time.Time) (got mandates.Supplied, found bool, err error) {
	u := inside(t)
	if got.Registration, err = scanRegistration(u.queryRow(selectSupplied+itsOwn+s.lock, supplier, id)); err != nil {
		return unknown(err)
	}
	if got.Point, err = scanPoint(u.queryRow(selectPoints+`WHERE ean = $1`, string(got.EAN))); err != nil {
		return got, false, nothing(err)
	}
	got.Stay, err = scanOccupancy(u.queryRow(selectOccupancies+livingThere+s.lock, string(got.EAN), portal.Micros(now)))
	return got, true, vacant(err)
}

// unknown is a registration that is not there, or another's.
func unknown(err error) (mandates.Supplied, bool, error) {
	if err = nothing(err); portal.CodeOf(err) == portal.NotFound {
		err = nil
	}
	return mandates.Supplied{}, false, err
}

// vacant takes that nobody lives there for no error.
func vacant(err error) error {
	_, _, err = unknown(err)
	return err
}

// SuppliedBy implements mandates.SupplyStore: its conditions are those of
// Supplied.Reach, which a test holds against them.
func (s *Store) SuppliedBy(ctx context.Context, supplier, after string, limit int, now time.Time) ([]mandates.Supplied, error) {
	rows, err := s.query(ctx, `SELECT r.id, r.ean, r.supplier, r.from_us, r.to_us,
  p.ean, p.energy, p.street, p.postcode, p.town, p.power_va FROM registrations r
  JOIN access_points p ON p.ean = r.ean
  JOIN occupancies o ON o.ean = r.ean AND o.from_us <= r.from_us AND (o.to_us = 0 OR o.to_us > $3)
  WHERE r.supplier = $1 AND r.id > $2 AND r.from_us <= $3 AND (r.to_us = 0 OR r.to_us > $3)
  ORDER BY r.id LIMIT $4`, supplier, after, portal.Micros(now), limit)
	return all(rows, err, func(r scanner) (got mandates.Supplied, err error) {
		one, p := &got.Registration, &got.Point
		var from, to int64
		err = r.Scan(&one.ID, &one.EAN, &one.Supplier, &from, &to, &p.EAN, &p.Energy, &p.Street, &p.Postcode, &p.Town, &p.PowerVA)
		one.Period = span(from, to)
		return got, err
	})
}
