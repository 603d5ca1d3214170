package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var (
	_ registry.Ledger   = (*Store)(nil)
	_ registry.Register = (*Store)(nil)
)

// nothing turns an empty answer into NotFound.
func nothing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &portal.Error{Code: portal.NotFound, Key: "not_found"}
	}
	return shut(err)
}

const (
	selectPoints      = `SELECT ean, energy, street, postcode, town, power_va FROM access_points `
	selectMeters      = `SELECT id, ean, number, from_us, to_us FROM meters `
	selectOccupancies = `SELECT id, ean, name, language, street, postcode, town, detail_us, detail_ended_us, from_us, to_us FROM occupancies `
	selectSupplies    = `SELECT ean, supplier, from_us, to_us FROM supplies `
)

func scanPoint(r scanner) (p registry.AccessPoint, err error) {
	err = r.Scan(&p.EAN, &p.Energy, &p.Street, &p.Postcode, &p.Town, &p.PowerVA)
	return p, err
}

func span(from, to int64) portal.Period {
	return portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
}

func scanMeter(r scanner) (m registry.Meter, err error) {
	var from, to int64
	err = r.Scan(&m.ID, &m.EAN, &m.Number, &from, &to)
	m.Period = span(from, to)
	return m, err
}

func scanOccupancy(r scanner) (o registry.Occupancy, err error) {
	var detail, ended, from, to int64
	err = r.Scan(&o.ID, &o.EAN, &o.Name, &o.Language, &o.Street, &o.Postcode, &o.Town, &detail, &ended, &from, &to)
	o.DetailFrom, o.DetailEnded, o.Period = portal.FromMicros(detail), portal.FromMicros(ended), span(from, to)
	return o, err
}

func scanSupply(r scanner) (p registry.Supply, err error) {
	var from, to int64
	err = r.Scan(&p.EAN, &p.Supplier, &from, &to)
	p.Period = span(from, to)
	return p, err
}

// all collects the rows of a query.
func all[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	var list []T
	err = each(rows, err, func(r scanner) error {
		one, err := scan(r)
		list = append(list, one)
		return err
	})
	return list, err
}

// Point reads an access point; NotFound where the register has none.
func (s *Store) Point(ctx context.Context, ean portal.EAN) (registry.AccessPoint, error) {
	p, err := scanPoint(s.queryRow(ctx, selectPoints+`WHERE ean = $1`, string(ean)))
	return p, nothing(err)
}

// Meters reads the meters of an access point in the order of time.
func (s *Store) Meters(ctx context.Context, ean portal.EAN) ([]registry.Meter, error) {
	rows, err := s.query(ctx, selectMeters+`WHERE ean = $1 ORDER BY from_us`, string(ean))
	return all(rows, err, scanMeter)
}

// Occupancies reads the stays at an access point in the order of time.
func (s *Store) Occupancies(ctx context.Context, ean portal.EAN) ([]registry.Occupancy, error) {
	rows, err := s.query(ctx, selectOccupancies+`WHERE ean = $1 ORDER BY from_us`, string(ean))
	return all(rows, err, scanOccupancy)
}

// Occupancy reads one stay; NotFound where there is none.
func (s *Store) Occupancy(ctx context.Context, id string) (registry.Occupancy, error) {
	o, err := scanOccupancy(s.queryRow(ctx, selectOccupancies+`WHERE id = $1`, id))
	return o, nothing(err)
}

// LiveMeter reads the meter on an access point at a time; NotFound where none is.
func (s *Store) LiveMeter(ctx context.Context, ean portal.EAN, at time.Time) (registry.Meter, error) {
	m, err := scanMeter(s.queryRow(ctx, selectMeters+`WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`,
		string(ean), portal.Micros(at)))
	return m, nothing(err)
}

// Holding reads what a new reference of an occupancy would belong to, in the
// unit of work that issues it; NotFound where nobody or no meter is there now.
func (s *Store) Holding(t tx.Tx, occupancyID string, at time.Time) (h registry.Holding, err error) {
	u := inside(t)
	now := portal.Micros(at)
	if h.Occupancy, err = scanOccupancy(u.queryRow(selectOccupancies+
		`WHERE id = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`, occupancyID, now)); err != nil {
		return h, nothing(err)
	}
	if h.Point, err = scanPoint(u.queryRow(selectPoints+`WHERE ean = $1`, string(h.Occupancy.EAN))); err != nil {
		return h, nothing(err)
	}
	h.Meter, err = scanMeter(u.queryRow(selectMeters+`WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`,
		string(h.Occupancy.EAN), now))
	return h, nothing(err)
}

// RegistrySize implements registry.Ledger.
func (s *Store) RegistrySize(t tx.Tx, now time.Time) (points, live int64, err error) {
	err = inside(t).queryRow(`SELECT (SELECT COUNT(*) FROM access_points),
  (SELECT COUNT(*) FROM occupancies WHERE to_us = 0 OR to_us > $1)`, portal.Micros(now)).Scan(&points, &live)
	return points, live, shut(err)
}

// among gives "ean IN ($1, ...)" for a list.
func among(column string, n int) string {
	var b strings.Builder
	b.WriteString("WHERE " + column + " IN (")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	return b.String() + ") "
}

// RegistryOf implements registry.Ledger.
func (s *Store) RegistryOf(t tx.Tx, eans []portal.EAN) (b registry.Batch, err error) {
	u := inside(t)
	args := make([]any, len(eans))
	for i, e := range eans {
		args[i] = string(e)
	}
	of := among("ean", len(eans))
	rows, err := u.query(selectPoints+of+`ORDER BY ean`, args...)
	if b.Points, err = all(rows, err, scanPoint); err != nil {
		return b, err
	}
	rows, err = u.query(selectMeters+of+`ORDER BY ean, from_us`, args...)
	if b.Meters, err = all(rows, err, scanMeter); err != nil {
		return b, err
	}
	rows, err = u.query(selectOccupancies+of+`ORDER BY ean, from_us`, args...)
	if b.Occupancies, err = all(rows, err, scanOccupancy); err != nil {
		return b, err
	}
	rows, err = u.query(selectSupplies+of+`ORDER BY ean, from_us`, args...)
	b.Supplies, err = all(rows, err, scanSupply)
	return b, err
}

// put writes rows of some columns, many a statement.
func put[T any](u *unit, insert string, columns int, conflict string, list []T, row func(T) []any) error {
	for start := 0; start < len(list); start += rowsAStatement {
		part := list[start:min(start+rowsAStatement, len(list))]
		args := make([]any, 0, len(part)*columns)
		for _, one := range part {
			args = append(args, row(one)...)
		}
		if _, err := u.exec(insert+" VALUES "+values(len(part), columns)+" "+conflict, args...); err != nil {
			return shut(err)
		}
	}
	return nil
}

// PutRegistry implements registry.Ledger.
func (s *Store) PutRegistry(t tx.Tx, b registry.Batch) error {
	u := inside(t)
	if err := put(u, `INSERT INTO access_points (ean, energy, street, postcode, town, power_va)`, 6,
		`ON CONFLICT (ean) DO UPDATE SET energy = excluded.energy, street = excluded.street,
  postcode = excluded.postcode, town = excluded.town, power_va = excluded.power_va`, b.Points,
		func(p registry.AccessPoint) []any {
			return []any{string(p.EAN), string(p.Energy), p.Street, p.Postcode, p.Town, p.PowerVA}
		}); err != nil {
		return err
	}
	if err := put(u, `INSERT INTO meters (id, ean, number, from_us, to_us)`, 5,
		`ON CONFLICT (id) DO UPDATE SET number = excluded.number, from_us = excluded.from_us, to_us = excluded.to_us`, b.Meters,
		func(m registry.Meter) []any {
			return []any{m.ID, string(m.EAN), m.Number, portal.Micros(m.From), portal.Micros(m.To)}
		}); err != nil {
		return err
	}
	if err := put(u, `INSERT INTO occupancies (id, ean, name, language, street, postcode, town, detail_us, from_us, to_us)`, 10,
		`ON CONFLICT (id) DO UPDATE SET name = excluded.name, language = excluded.language, street = excluded.street,
  postcode = excluded.postcode, town = excluded.town, from_us = excluded.from_us, to_us = excluded.to_us,
  detail_us = CASE WHEN excluded.detail_us > occupancies.detail_ended_us THEN excluded.detail_us ELSE occupancies.detail_us END`, b.Occupancies,
		func(o registry.Occupancy) []any {
			return []any{o.ID, string(o.EAN), o.Name, string(o.Language), o.Street, o.Postcode, o.Town,
				portal.Micros(o.DetailFrom), portal.Micros(o.From), portal.Micros(o.To)}
		}); err != nil {
		return err
	}
	return put(u, `INSERT INTO supplies (ean, supplier, from_us, to_us)`, 4,
		`ON CONFLICT (ean, from_us) DO UPDATE SET supplier = excluded.supplier, to_us = excluded.to_us`, b.Supplies,
		func(p registry.Supply) []any {
			return []any{string(p.EAN), p.Supplier, portal.Micros(p.From), portal.Micros(p.To)}
		})
}

// EachHolding implements registry.Register.
func (s *Store) EachHolding(ctx context.Context, at time.Time, w registry.Wanting, f func(registry.Holding) error) error {
	text := `SELECT p.ean, p.energy, p.street, p.postcode, p.town, p.power_va,
  m.id, m.number, m.from_us, m.to_us,
  o.id, o.name, o.language, o.street, o.postcode, o.town, o.detail_us, o.from_us, o.to_us
  FROM occupancies o
  JOIN access_points p ON p.ean = o.ean
  JOIN meters m ON m.ean = o.ean AND m.from_us <= $1 AND (m.to_us = 0 OR m.to_us > $1)
  WHERE o.from_us <= $1 AND (o.to_us = 0 OR o.to_us > $1)`
	switch w {
	case registry.WithoutReference:
		text += ` AND NOT EXISTS (SELECT 1 FROM issued_references r
    WHERE r.occupancy_id = o.id AND r.meter_id = m.id AND r.ended_us = 0)`
	case registry.WithLegacyOnly:
		text += ` AND EXISTS (SELECT 1 FROM issued_references r
    WHERE r.occupancy_id = o.id AND r.legacy AND r.ended_us = 0)
  AND NOT EXISTS (SELECT 1 FROM issued_references r
    WHERE r.occupancy_id = o.id AND r.meter_id = m.id AND NOT r.legacy AND r.ended_us = 0)`
	}
	// Electricity before gas within an envelope.
	text += ` ORDER BY o.postcode, o.town, o.street, o.name, o.language, p.energy, p.ean`
	rows, err := s.query(ctx, text, portal.Micros(at))
	if err != nil {
		return shut(err)
	}
	defer rows.Close()
	for rows.Next() {
		var h registry.Holding
		var meterFrom, meterTo, detail, from, to int64
		p, m, o := &h.Point, &h.Meter, &h.Occupancy
		if err := rows.Scan(&p.EAN, &p.Energy, &p.Street, &p.Postcode, &p.Town, &p.PowerVA,
			&m.ID, &m.Number, &meterFrom, &meterTo,
			&o.ID, &o.Name, &o.Language, &o.Street, &o.Postcode, &o.Town, &detail, &from, &to); err != nil {
			return shut(err)
		}
		m.EAN, m.Period = p.EAN, span(meterFrom, meterTo)
		o.EAN, o.DetailFrom, o.Period = p.EAN, portal.FromMicros(detail), span(from, to)
		if err := f(h); err != nil {
			return err
		}
	}
	return shut(rows.Err())
}

// LiveReferences implements registry.Register.
func (s *Store) LiveReferences(t tx.Tx, occupancyIDs []string) (map[string]registry.Live, error) {
	u := inside(t)
	args := make([]any, len(occupancyIDs))
	for i, id := range occupancyIDs {
		args[i] = id
	}
	// The lock makes a second issue wait until the first one's references show.
	rows, err := u.query(`SELECT id FROM occupancies `+among("id", len(args))+`ORDER BY id`+s.lock, args...)
	if err := each(rows, err, func(r scanner) error { var id string; return r.Scan(&id) }); err != nil {
		return nil, err
	}
	live := map[string]registry.Live{}
	rows, err = u.query(`SELECT occupancy_id, meter_id, legacy FROM issued_references `+among("occupancy_id", len(args))+`AND ended_us = 0`, args...)
	return live, each(rows, err, func(r scanner) error {
		var occupancy, meter string
		var legacy bool
		if err := r.Scan(&occupancy, &meter, &legacy); err != nil {
			return err
		}
		one := live[occupancy+" "+meter]
		one.Legacy, one.Drawn = one.Legacy || legacy, one.Drawn || !legacy
		live[occupancy+" "+meter] = one
		return nil
	})
}

// TakenReferences implements registry.Numbers.
func (s *Store) TakenReferences(t tx.Tx, keys []string) (map[string]bool, error) {
	args := make([]any, len(keys))
	for i, key := range keys {
		args[i] = key
	}
	taken := map[string]bool{}
	for _, table := range []string{"issued_references", "ground_references", "lookup_counters"} {
		rows, err := inside(t).query(`SELECT key FROM `+table+` `+among("key", len(keys)), args...)
		if err := each(rows, err, func(r scanner) error {
			var key string
			err := r.Scan(&key)
			taken[key] = true
			return err
		}); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// PutReferences implements registry.Register.
func (s *Store) PutReferences(t tx.Tx, refs []registry.Reference) error {
	return put(inside(t), `INSERT INTO issued_references
  (key, occupancy_id, meter_id, digits, letter_code, legacy, issued_us, first_used_us, ended_us)`, 9, "", refs,
		func(r registry.Reference) []any {
			return []any{r.Key, r.OccupancyID, r.MeterID, r.Digits, r.LetterCode, r.Legacy,
				portal.Micros(r.IssuedAt), portal.Micros(r.FirstUsedAt), portal.Micros(r.EndedAt)}
		})
}
