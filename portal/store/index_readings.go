package store

import (
	"context"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

const readingColumns = `r.id, r.window_id, r.register, r.round, r.occupancy_id, r.value, r.consumed, r.finding, r.read_day, r.who, r.at_us, r.status, r.batch, r.final, r.settled_us, r.decided_by, r.refusal, r.typed`

// readingDest gives where to scan readingColumns, and what to call afterwards.
func readingDest(e *indexes.Entry) (dest []any, done func()) {
	var day, at, settled int64
	return []any{&e.ID, &e.WindowID, &e.Register, &e.Round, &e.OccupancyID, &e.Value, &e.Consumed, &e.Finding, &day, &e.Who, &at, &e.Status, &e.Batch, &e.Final, &settled, &e.DecidedBy, &e.Refusal, &e.Typed},
		func() {
			e.On, e.At, e.SettledAt = metering.DateOf(day), portal.FromMicros(at), portal.FromMicros(settled)
		}
}

func scanReading(r scanner) (e indexes.Entry, err error) {
	dest, done := readingDest(&e)
	err = r.Scan(dest...)
	done()
	return e, err
}

// IndexEntries implements indexes.Ledger.
func (s *Store) IndexEntries(ctx context.Context, meterID, occupancyID string, limit int) ([]indexes.Entry, error) {
	rows, err := s.query(ctx, `SELECT `+readingColumns+` FROM index_readings r JOIN reading_windows w ON w.id = r.window_id
  JOIN window_registers g ON g.window_id = r.window_id AND g.register = r.register
  WHERE r.occupancy_id = $1 AND w.meter_id = $2 ORDER BY r.read_day DESC, r.window_id DESC, r.round DESC, g.place LIMIT $3`, occupancyID, meterID, limit)
	return all(rows, err, scanReading)
}

const ofPoint = `meter_id IN (SELECT id FROM meters WHERE ean = $1)`

// IndexTotals implements metering.Ledger.
func (s *Store) IndexTotals(ctx context.Context, occ registry.Occupancy) ([]metering.PeriodTotal, error) {
	return indexTotals(s.asking(ctx), occ)
}

// IndexTotalsIn implements metering.Archive.
func (s *Store) IndexTotalsIn(t tx.Tx, occ registry.Occupancy) ([]metering.PeriodTotal, error) {
	return indexTotals(inside(t).query, occ)
}

func indexTotals(ask asks, occ registry.Occupancy) ([]metering.PeriodTotal, error) {
	list, err := windows(ask, `WHERE `+ofPoint, string(occ.EAN))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	rows, err := ask(`SELECT `+readingColumns+` FROM index_readings r JOIN reading_windows w ON w.id = r.window_id
  WHERE w.`+ofPoint+` AND r.status IN ('validated', 'corrected', 'estimated')`, string(occ.EAN))
	entries, err := all(rows, err, scanReading)
	return indexes.Between(list, entries, occ), err
}

// EntriesOfWindow implements indexes.Ledger.
func (s *Store) EntriesOfWindow(t tx.Tx, windowID string) ([]indexes.Entry, error) {
	rows, err := inside(t).query(`SELECT `+readingColumns+` FROM index_readings r WHERE r.window_id = $1 ORDER BY r.round, r.register`, windowID)
	return all(rows, err, scanReading)
}

// EntriesByID implements indexes.Ledger.
func (s *Store) EntriesByID(t tx.Tx, ids []string) ([]indexes.Entry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	u := inside(t)
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	rows, err := u.query(`SELECT `+readingColumns+` FROM index_readings r `+among("r.id", len(ids))+u.store.lock, args...)
	return all(rows, err, scanReading)
}

// PutEntries implements indexes.Ledger. The id of a replaced reading stays.
func (s *Store) PutEntries(t tx.Tx, entries []indexes.Entry) error {
	u := inside(t)
	for _, e := range entries {
		n, err := u.exec(`INSERT INTO index_readings
  (id, window_id, register, round, occupancy_id, value, consumed, finding, read_day, who, at_us, status, batch, final, settled_us)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', 0, 0)
  ON CONFLICT (window_id, register, round) DO UPDATE SET value = excluded.value, consumed = excluded.consumed, finding = excluded.finding,
  read_day = excluded.read_day, at_us = excluded.at_us, status = excluded.status, final = 0, settled_us = 0, decided_by = '', refusal = '', typed = NULL
  WHERE index_readings.batch = '' AND index_readings.status IN ('received', 'to-check', 'held', 'refused') AND index_readings.occupancy_id = excluded.occupancy_id`,
			e.ID, e.WindowID, string(e.Register), int64(e.Round), e.OccupancyID, e.Value, e.Consumed, string(e.Finding),
			metering.DayNumber(e.On), string(e.Who), portal.Micros(e.At), string(e.Status))
		if err != nil {
			return shut(err)
		}
		if n == 0 { // it was handed over meanwhile
			return &portal.Error{Code: portal.Conflict, Key: "index.window.closed"}
		}
	}
	return nil
}

// waits is a register of the same round that a person must look at.
const waits = `EXISTS (SELECT 1 FROM index_readings o WHERE o.window_id = index_readings.window_id AND o.round = index_readings.round AND o.status IN ('to-check', 'held'))`

// ready is what may leave: plausible, estimated, or corrected by a colleague.
const ready = `batch = '' AND (status IN ('received', 'estimated') OR (status = 'corrected' AND decided_by <> ''))`

// HandOver implements indexes.Ledger. The windows are locked first, so that
// whether a sibling waits is read after whoever was entering has committed.
func (s *Store) HandOver(t tx.Tx, batch string) error {
	u := inside(t)
	rows, err := u.query(`SELECT id FROM reading_windows WHERE id IN
  (SELECT window_id FROM index_readings WHERE ` + ready + `) ORDER BY id` + u.store.lock)
	if err := each(rows, err, func(r scanner) error { var id string; return r.Scan(&id) }); err != nil {
		return err
	}
	_, err = u.exec(`UPDATE index_readings SET batch = $1, status = CASE status WHEN 'received' THEN 'sent' ELSE status END
  WHERE `+ready+` AND NOT `+waits, batch)
	return shut(err)
}

const selectLines = `SELECT w.ean, m.number, ` + readingColumns + ` FROM index_readings r
  JOIN reading_windows w ON w.id = r.window_id JOIN meters m ON m.id = w.meter_id
  JOIN window_registers g ON g.window_id = r.window_id AND g.register = r.register `

func scanLine(r scanner) (l indexes.Line, err error) {
	dest, done := readingDest(&l.Entry)
	err = r.Scan(append([]any{&l.EAN, &l.MeterNumber}, dest...)...)
	done()
	return l, err
}

const ofBatch = selectLines + `WHERE r.batch = $1 ORDER BY w.ean, r.window_id, r.round, g.place`

// BatchIn implements indexes.Ledger.
func (s *Store) BatchIn(t tx.Tx, batch string) ([]indexes.Line, error) {
	rows, err := inside(t).query(ofBatch, batch)
	return all(rows, err, scanLine)
}

// Batch implements indexes.Ledger.
func (s *Store) Batch(ctx context.Context, batch string) ([]indexes.Line, error) {
	rows, err := s.query(ctx, ofBatch, batch)
	return all(rows, err, scanLine)
}

// Waiting implements indexes.Ledger.
func (s *Store) Waiting(ctx context.Context) ([]indexes.Line, error) {
	rows, err := s.query(ctx, selectLines+`WHERE r.batch = '' AND r.status IN ('received', 'to-check', 'held') AND EXISTS
  (SELECT 1 FROM index_readings o WHERE o.window_id = r.window_id AND o.round = r.round AND o.status IN ('to-check', 'held'))
  ORDER BY w.ean, r.window_id, r.round, g.place`)
	return all(rows, err, scanLine)
}

// Settle implements indexes.Ledger.
func (s *Store) Settle(t tx.Tx, entries []indexes.Entry) error {
	for _, e := range entries {
		if _, err := inside(t).exec(`UPDATE index_readings SET status = $1, final = $2, settled_us = $3, value = $4, consumed = $5, decided_by = $6, refusal = $7, typed = $8 WHERE id = $9`,
			string(e.Status), e.Final, portal.Micros(e.SettledAt), e.Value, e.Consumed, e.DecidedBy, string(e.Refusal), e.Typed, e.ID); err != nil {
			return shut(err)
		}
	}
	return nil
}

// Reviews implements indexes.Ledger: the rounds first, then all that lies
// around them.
func (s *Store) Reviews(ctx context.Context, after indexes.Cursor, limit int) ([]indexes.Review, error) {
	rows, err := s.query(ctx, `SELECT MIN(at_us), window_id, round FROM index_readings WHERE batch = '' AND status IN ('to-check', 'held')
  AND (at_us, window_id, round) > ($1, $2, $3) GROUP BY at_us, window_id, round ORDER BY 1, 2, 3 LIMIT $4`,
		portal.Micros(after.At), after.Window, int64(after.Round), int64(limit))
	list, err := all(rows, err, func(r scanner) (one indexes.Review, err error) {
		var at int64
		return one, r.Scan(&at, &one.Window.ID, &one.Round)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]any, len(list))
	for i, one := range list {
		ids[i] = one.Window.ID
	}
	found, err := windows(s.asking(ctx), among("id", len(ids)), ids...)
	if err != nil {
		return nil, err
	}
	rows, err = s.query(ctx, selectLines+among("r.window_id", len(ids))+` ORDER BY r.window_id, r.round, g.place`, ids...)
	lines, err := all(rows, err, scanLine)
	if err != nil {
		return nil, err
	}
	for i := range list {
		one := &list[i]
		for _, w := range found {
			if w.ID == one.Window.ID {
				one.Window = w
			}
		}
		for _, l := range lines {
			if l.WindowID == one.Window.ID && l.Round == one.Round {
				one.Entries, one.MeterNumber = append(one.Entries, l.Entry), l.MeterNumber
			}
		}
		p, err := s.Posting(ctx, one.Entries[0].OccupancyID)
		if err != nil {
			return nil, err
		}
		one.Point, one.Stay = p.Point, p.Occupancy
	}
	return list, nil
}
