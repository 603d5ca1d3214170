package store

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.DueStore = (*Store)(nil)

// WrongSince implements registry.Ledger.
func (s *Store) WrongSince(t tx.Tx, occupancyID string, moved time.Time) (all []registry.WrongThing, err error) {
	u, since := inside(t), portal.Micros(moved)
	const shown = ` WHERE subject = $1 AND subject <> '' AND at_us >= $2 AND action IN ($3, $4, $5)`
	rows, err := u.query(`SELECT id, at_us, details FROM trail_entries`+shown+`
  UNION ALL SELECT id, at_us, details FROM trail_waiting`+shown+` ORDER BY at_us, id`, "occupancy:"+occupancyID, since, string(audit.HistoryShown), string(audit.HistoryTaken), string(audit.Delivered))
	border := metering.DateOf(metering.DayNumber(moved)).Format(time.DateOnly)
	if err := each(rows, err, func(r scanner) error {
		var at int64
		var details string
		w := registry.WrongThing{Kind: registry.WrongDisclosure}
		if err := r.Scan(&w.What, &at, &details); err != nil {
			return err
		}
		w.At = portal.FromMicros(at)
		// A period that ended before the move was still that person's.
		if to := audit.ParseDetails(details)["to"]; to == "" || to > border {
			all = append(all, w)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, q := range []struct {
		kind  registry.WrongKind
		text  string
		since int64
	}{
		{registry.WrongLetter, `SELECT letter_id, handed_us FROM letters_about WHERE occupancy_id = $1 AND handed_us >= $2 ORDER BY handed_us, letter_id`, since},
		{registry.WrongReference, `SELECT key, issued_us FROM issued_references WHERE occupancy_id = $1 AND issued_us >= $2 ORDER BY issued_us, key`, since},
		// The day of the move is both people's (Ld2).
		{registry.WrongReading, `SELECT id, at_us FROM index_readings WHERE occupancy_id = $1 AND read_day > $2 ORDER BY at_us, id`, metering.DayNumber(moved)},
		{registry.WrongMandate, `SELECT m.id, l.granted_us FROM mandate_lines l JOIN mandates m ON m.id = l.mandate_id
  WHERE l.occupancy_id = $1 AND l.occupancy_id <> '' AND l.outcome = 'granted' AND m.valid_to_us > $2 AND (l.ended_us = 0 OR l.ended_us > $2)
  ORDER BY l.granted_us, m.id`, since},
	} {
		rows, err := u.query(q.text, occupancyID, q.since)
		if err := each(rows, err, func(r scanner) error {
			var at int64
			w := registry.WrongThing{Kind: q.kind}
			err := r.Scan(&w.What, &at)
			w.At = portal.FromMicros(at)
			all = append(all, w)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// EndIssuedSince implements registry.Ledger.
func (s *Store) EndIssuedSince(t tx.Tx, occupancyID string, moved, now time.Time) (keys []string, err error) {
	rows, err := inside(t).query(`UPDATE issued_references SET ended_us = $1
  WHERE occupancy_id = $2 AND issued_us >= $3 AND ended_us = 0 RETURNING key`, portal.Micros(now), occupancyID, portal.Micros(moved))
	return all(rows, err, func(r scanner) (key string, err error) {
		err = r.Scan(&key)
		return key, err
	})
}

// PutLateMove implements registry.Ledger.
func (s *Store) PutLateMove(t tx.Tx, m registry.LateMove) error {
	u := inside(t)
	if _, err := u.exec(`INSERT INTO late_moves (id, occupancy_id, moved_us, before_us, learnt_us, seen_us, seen_by)
  VALUES ($1, $2, $3, $4, $5, 0, '')`, m.ID, m.OccupancyID, portal.Micros(m.MovedAt), portal.Micros(m.Before), portal.Micros(m.LearntAt)); err != nil {
		return err
	}
	return put(u, `INSERT INTO late_move_wrongs (move_id, kind, what, at_us)`, 4, "", m.Wrong, func(w registry.WrongThing) []any {
		return []any{m.ID, string(w.Kind), w.What, portal.Micros(w.At)}
	})
}

// LateMoves lists those that the back office has not dealt with, the oldest
// first.
func (s *Store) LateMoves(ctx context.Context, limit int) ([]registry.LateMove, error) {
	rows, err := s.query(ctx, `SELECT m.id, m.occupancy_id, o.ean, m.moved_us, m.before_us, m.learnt_us FROM late_moves m
  JOIN occupancies o ON o.id = m.occupancy_id WHERE m.seen_us = 0 ORDER BY m.learnt_us, m.id LIMIT $1`, limit)
	moves, err := all(rows, err, func(r scanner) (m registry.LateMove, err error) {
		var ean portal.EAN
		var moved, before, learnt int64
		err = r.Scan(&m.ID, &m.OccupancyID, &ean, &moved, &before, &learnt)
		m.EAN, m.MovedAt, m.Before, m.LearntAt = ean.Masked(), portal.FromMicros(moved), portal.FromMicros(before), portal.FromMicros(learnt)
		return m, err
	})
	if err != nil {
		return nil, err
	}
	for i := range moves {
		rows, err := s.query(ctx, `SELECT kind, what, at_us FROM late_move_wrongs WHERE move_id = $1 ORDER BY at_us, what`, moves[i].ID)
		if moves[i].Wrong, err = all(rows, err, func(r scanner) (w registry.WrongThing, err error) {
			var at int64
			err = r.Scan(&w.Kind, &w.What, &at)
			w.At = portal.FromMicros(at)
			return w, err
		}); err != nil {
			return nil, err
		}
	}
	return moves, nil
}

// SeeLateMove marks a move as dealt with and gives its occupancy; NotFound
// where there is none or somebody was faster.
func (s *Store) SeeLateMove(t tx.Tx, id, login string, now time.Time) (occupancyID string, err error) {
	err = inside(t).queryRow(`UPDATE late_moves SET seen_us = $1, seen_by = $2 WHERE id = $3 AND seen_us = 0 RETURNING occupancy_id`,
		portal.Micros(now), login, id).Scan(&occupancyID)
	return occupancyID, nothing(err)
}

// PutLettersDue implements registry.Ledger.
func (s *Store) PutLettersDue(t tx.Tx, due []registry.LetterDue) error {
	return put(inside(t), `INSERT INTO letters_due (occupancy_id, from_us, why)`, 3, `ON CONFLICT (occupancy_id, from_us) DO NOTHING`, due,
		func(d registry.LetterDue) []any { return []any{d.OccupancyID, portal.Micros(d.From), d.Why} })
}

// LettersDue implements registry.DueStore.
func (s *Store) LettersDue(ctx context.Context, now time.Time, limit int) ([]string, error) {
	rows, err := s.query(ctx, `SELECT o.id FROM (SELECT occupancy_id, MIN(from_us) AS from_us FROM letters_due
    WHERE from_us <= $1 GROUP BY occupancy_id ORDER BY 2, 1 LIMIT $2) d
  JOIN occupancies o ON o.id = d.occupancy_id JOIN access_points p ON p.ean = o.ean
  ORDER BY o.postcode, o.town, o.street, o.name, o.language, p.energy, o.id`, portal.Micros(now), limit)
	return all(rows, err, func(r scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// TakeDue implements registry.DueStore.
func (s *Store) TakeDue(t tx.Tx, occupancyID string, now time.Time) (bool, error) {
	n, err := inside(t).exec(`DELETE FROM letters_due WHERE occupancy_id = $1 AND from_us <= $2`, occupancyID, portal.Micros(now))
	return n > 0, err
}
