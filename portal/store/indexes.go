package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ indexes.Ledger = (*Store)(nil)

// asks is what reads rows: the store from committed data, or a unit.
type asks func(text string, args ...any) (*sql.Rows, error)

func (s *Store) asking(ctx context.Context) asks {
	return func(text string, args ...any) (*sql.Rows, error) { return s.query(ctx, text, args...) }
}

const selectWindows = `SELECT id, ean, meter_id, from_us, to_us, production, ended_us FROM reading_windows `

func scanWindow(r scanner) (w indexes.Window, err error) {
	var from, to, ended int64
	err = r.Scan(&w.ID, &w.EAN, &w.MeterID, &from, &to, &w.Production, &ended)
	w.Period = portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
	w.EndedAt = portal.FromMicros(ended)
	return w, err
}

// windows reads windows and then their registers.
func windows(ask asks, where string, args ...any) ([]indexes.Window, error) {
	rows, err := ask(selectWindows+where, args...)
	list, err := all(rows, err, scanWindow)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	place := map[string]int{}
	for i, w := range list {
		place[w.ID] = i
	}
	for start := 0; start < len(list); start += rowsAStatement {
		part := list[start:min(start+rowsAStatement, len(list))]
		ids := make([]any, len(part))
		for i, w := range part {
			ids[i] = w.ID
		}
		rows, err := ask(`SELECT window_id, register, digits, last_index, last_day, exchanged, closing, opening, yearly FROM window_registers `+
			among("window_id", len(ids))+`ORDER BY window_id, place`, ids...)
		err = each(rows, err, func(r scanner) error {
			var id string
			var g indexes.Register
			var x indexes.Exchange
			var day int64
			var exchanged bool
			if err := r.Scan(&id, &g.Register, &g.Digits, &g.Last, &day, &exchanged, &x.Closing, &x.Opening, &g.Yearly); err != nil {
				return err
			}
			if g.LastOn = metering.DateOf(day); exchanged {
				g.Exchange = &x
			}
			w := &list[place[id]]
			w.Registers = append(w.Registers, g)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// ReadingWindows implements indexes.Ledger.
func (s *Store) ReadingWindows(ctx context.Context, meterID string) ([]indexes.Window, error) {
	return windows(s.asking(ctx), `WHERE meter_id = $1 ORDER BY from_us DESC`, meterID)
}

// LockWindow implements indexes.Ledger.
func (s *Store) LockWindow(t tx.Tx, id string) (indexes.Window, bool, error) {
	u := inside(t)
	list, err := windows(u.query, `WHERE id = $1`+u.store.lock, id)
	if err != nil || len(list) == 0 {
		return indexes.Window{}, false, err
	}
	return list[0], true, nil
}

// OverWindows implements indexes.Ledger.
func (s *Store) OverWindows(ctx context.Context, now time.Time, limit int) ([]indexes.Window, error) {
	return windows(s.asking(ctx), `WHERE ended_us = 0 AND to_us <= $1 ORDER BY to_us, id LIMIT $2`, portal.Micros(now), limit)
}

// WindowsOfMeters implements indexes.Ledger.
func (s *Store) WindowsOfMeters(t tx.Tx, meterIDs []string) ([]indexes.Window, map[string]bool, error) {
	u := inside(t)
	args := make([]any, len(meterIDs))
	for i, id := range meterIDs {
		args[i] = id
	}
	list, err := windows(u.query, among("meter_id", len(args))+`ORDER BY meter_id, from_us`, args...)
	if err != nil {
		return nil, nil, err
	}
	read := map[string]bool{}
	rows, err := u.query(`SELECT DISTINCT window_id FROM index_readings WHERE window_id IN (SELECT id FROM reading_windows `+
		among("meter_id", len(args))+`)`, args...)
	err = each(rows, err, func(r scanner) error {
		var id string
		if err := r.Scan(&id); err != nil {
			return err
		}
		read[id] = true
		return nil
	})
	return list, read, err
}

// PutWindows implements indexes.Ledger.
func (s *Store) PutWindows(t tx.Tx, list []indexes.Window) error {
	u := inside(t)
	for _, w := range list {
		var id string
		if err := u.queryRow(`INSERT INTO reading_windows (id, ean, meter_id, from_us, to_us, production, ended_us) VALUES ($1, $2, $3, $4, $5, $6, 0)
  ON CONFLICT (meter_id, from_us) DO UPDATE SET to_us = excluded.to_us, production = excluded.production RETURNING id`,
			w.ID, string(w.EAN), w.MeterID, portal.Micros(w.From), portal.Micros(w.To), w.Production).Scan(&id); err != nil {
			return shut(err)
		}
		if _, err := u.exec(`DELETE FROM window_registers WHERE window_id = $1`, id); err != nil {
			return shut(err)
		}
		for i, g := range w.Registers {
			var x indexes.Exchange
			if g.Exchange != nil {
				x = *g.Exchange
			}
			if _, err := u.exec(`INSERT INTO window_registers (window_id, register, place, digits, last_index, last_day, exchanged, closing, opening, yearly)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, string(g.Register), int64(i), int64(g.Digits), g.Last, metering.DayNumber(g.LastOn),
				g.Exchange != nil, x.Closing, x.Opening, g.Yearly); err != nil {
				return shut(err)
			}
		}
	}
	return nil
}

// EndWindow implements indexes.Ledger.
func (s *Store) EndWindow(t tx.Tx, id string, at time.Time) error {
	_, err := inside(t).exec(`UPDATE reading_windows SET ended_us = $1 WHERE id = $2`, portal.Micros(at), id)
	return shut(err)
}

// Holder implements indexes.Ledger.
func (s *Store) Holder(ctx context.Context, ean portal.EAN, at time.Time) (registry.AccessPoint, registry.Occupancy, bool, error) {
	rows, err := s.query(ctx, selectPoints+`WHERE ean = $1`, string(ean))
	points, err := all(rows, err, scanPoint)
	if err != nil || len(points) == 0 {
		return registry.AccessPoint{}, registry.Occupancy{}, false, err
	}
	rows, err = s.query(ctx, selectOccupancies+`WHERE ean = $1 AND from_us <= $2 AND (to_us = 0 OR to_us > $2)`, string(ean), portal.Micros(at))
	stays, err := all(rows, err, scanOccupancy)
	if err != nil || len(stays) == 0 {
		return registry.AccessPoint{}, registry.Occupancy{}, false, err
	}
	return points[0], stays[0], true, nil
}

// DegreeDays implements indexes.Ledger.
func (s *Store) DegreeDays(ctx context.Context, from, to int64) (tenths int64, days int, err error) {
	err = s.queryRow(ctx, `SELECT CAST(COALESCE(SUM(tenths), 0) AS BIGINT), COUNT(*) FROM degree_days WHERE day >= $1 AND day < $2`, from, to).Scan(&tenths, &days)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return tenths, days, shut(err)
}

// PutDegreeDays implements indexes.Ledger.
func (s *Store) PutDegreeDays(t tx.Tx, days []indexes.DegreeDay) (int, error) {
	u := inside(t)
	changed := 0
	err := inParts(len(days), func(from, to int) error {
		args := make([]any, 0, (to-from)*2)
		for _, d := range days[from:to] {
			args = append(args, d.Day, d.Tenths)
		}
		n, err := u.exec(`INSERT INTO degree_days (day, tenths) VALUES `+values(to-from, 2)+
			` ON CONFLICT (day) DO UPDATE SET tenths = excluded.tenths WHERE degree_days.tenths <> excluded.tenths`, args...)
		changed += int(n)
		return shut(err)
	})
	return changed, err
}
