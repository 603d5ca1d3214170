package store

import (
	"context"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/works"
)

// writeHappenings tells the works system what the unit's entries say of requests,
// in the same transaction (D13).
func writeHappenings(u *unit, entries []audit.Entry) error {
	for _, entry := range entries {
		h, ok := works.HappeningOf(entry)
		if !ok {
			continue
		}
		if h.At.IsZero() {
			h.At = u.store.clock()
		}
		if _, err := u.exec(`UPDATE works_events_last SET place = place + 1`); err != nil {
			return err
		}
		if _, err := u.exec(`INSERT INTO works_events (place, request_id, kind, at_us) SELECT place, $1, $2, $3 FROM works_events_last`,
			h.RequestID, h.Kind, portal.Micros(h.At)); err != nil {
			return err
		}
	}
	return nil
}

// WorksHappenings implements works.Store.
func (s *Store) WorksHappenings(ctx context.Context, after int64, limit int) ([]works.Happening, error) {
	var last int64
	if err := s.queryRow(ctx, `SELECT place FROM works_events_last`).Scan(&last); err != nil {
		return nil, shut(err)
	}
	if after > last { // of a database that was restored since
		return nil, &portal.Error{Code: portal.Conflict, Key: "works.events.ahead"}
	}
	rows, err := s.query(ctx, `SELECT place, request_id, kind, at_us FROM works_events WHERE place > $1 ORDER BY place LIMIT $2`, after, limit)
	list, err := all(rows, err, func(r scanner) (h works.Happening, err error) {
		var at int64
		err = r.Scan(&h.Place, &h.RequestID, &h.Kind, &at)
		h.At = portal.FromMicros(at)
		return h, err
	})
	if err != nil || after == 0 {
		return list, err
	}
	// Asked after they were read, so that none is passed over that is deleted meanwhile.
	var first int64
	if err := s.queryRow(ctx, `SELECT COALESCE(MIN(place), $1) FROM works_events`, last+1).Scan(&first); err != nil {
		return nil, shut(err)
	}
	if after < first-1 {
		return nil, &portal.Error{Code: portal.Conflict, Key: "works.events.behind"}
	}
	return list, nil
}
