package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

var _ doors.Store = (*Store)(nil)

const switchColumns = `name, closed_us, closed_by, reason, asked_us, asked_by, asked_reason`

func scanSwitch(r scanner) (doors.Switch, error) {
	var w doors.Switch
	var closed, asked int64
	err := r.Scan(&w.Door, &closed, &w.By, &w.Reason, &asked, &w.Asked.By, &w.Asked.Reason)
	w.ClosedAt, w.Asked.At = portal.FromMicros(closed), portal.FromMicros(asked)
	return w, err
}

// DoorClosed implements doors.Store.
func (s *Store) DoorClosed(ctx context.Context, d doors.Door) (bool, error) {
	var closed int64
	err := s.queryRow(ctx, `SELECT closed_us FROM doors WHERE name = $1`, string(d)).Scan(&closed)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return closed != 0, shut(err)
}

// Switches implements doors.Store.
func (s *Store) Switches(ctx context.Context) ([]doors.Switch, error) {
	var all []doors.Switch
	rows, err := s.query(ctx, `SELECT `+switchColumns+` FROM doors`)
	err = each(rows, err, func(r scanner) error {
		w, err := scanSwitch(r)
		all = append(all, w)
		return err
	})
	return all, err
}

// LockSwitch implements doors.Store.
func (s *Store) LockSwitch(t tx.Tx, d doors.Door) (doors.Switch, error) {
	w, err := scanSwitch(inside(t).queryRow(`SELECT `+switchColumns+` FROM doors WHERE name = $1`+s.lock, string(d)))
	if errors.Is(err, sql.ErrNoRows) {
		return w, &portal.Error{Code: portal.NotFound, Key: "desk.door.unknown", Field: "door"}
	}
	return w, shut(err)
}

// SaveSwitch implements doors.Store.
func (s *Store) SaveSwitch(t tx.Tx, w doors.Switch) error {
	_, err := inside(t).exec(`UPDATE doors SET closed_us = $1, closed_by = $2, reason = $3, asked_us = $4, asked_by = $5, asked_reason = $6
  WHERE name = $7`, portal.Micros(w.ClosedAt), w.By, storable(w.Reason), portal.Micros(w.Asked.At), w.Asked.By,
		storable(w.Asked.Reason), string(w.Door))
	return shut(err)
}

// SwitchOfficer implements doors.Store.
func (s *Store) SwitchOfficer(t tx.Tx, login string) (bool, error) {
	var ended int64
	err := inside(t).queryRow(`SELECT ended_us FROM staff WHERE login = $1 AND role = $2`+s.lock,
		login, string(staff.Security)).Scan(&ended)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && ended == 0, shut(err)
}

// EndVisitsBehind implements doors.Store.
func (s *Store) EndVisitsBehind(t tx.Tx, d doors.Door, now time.Time) (int64, error) {
	text := `UPDATE visits SET ended_us = $1 WHERE ended_us = 0 AND ends_us > $1`
	switch d {
	case doors.Gate:
	case doors.Works:
		text += ` AND reference_key IN (SELECT key FROM works)`
	case doors.Partners:
		text = `UPDATE partner_sessions SET ended_us = $1 WHERE ended_us = 0 AND ends_us > $1`
	default:
		return 0, nil
	}
	n, err := inside(t).exec(text, portal.Micros(now))
	return n, shut(err)
}

// LockClock implements doors.Store.
func (s *Store) LockClock(t tx.Tx) (doors.Mark, error) {
	var us int64
	var m doors.Mark
	// A row that is gone is no error to begin anew from: it is a fault.
	err := inside(t).queryRow(`SELECT mark_us, setting FROM clock_mark WHERE name = 'mark'`+s.lock).Scan(&us, &m.Setting)
	m.At = portal.FromMicros(us)
	return m, shut(err)
}

// SaveClock implements doors.Store.
func (s *Store) SaveClock(t tx.Tx, m doors.Mark) error {
	_, err := inside(t).exec(`UPDATE clock_mark SET mark_us = $1, setting = $2 WHERE name = 'mark'`, portal.Micros(m.At), m.Setting)
	return shut(err)
}

// Beats implements doors.Store.
func (s *Store) Beats(t tx.Tx) ([]doors.Beat, error) {
	var all []doors.Beat
	rows, err := inside(t).query(`SELECT process, beat, wall_us FROM heartbeats`)
	err = each(rows, err, func(r scanner) error {
		var b doors.Beat
		var us int64
		err := r.Scan(&b.Process, &b.Beat, &us)
		b.Wall = portal.FromMicros(us)
		all = append(all, b)
		return err
	})
	return all, err
}

// SaveBeat implements doors.Store.
func (s *Store) SaveBeat(t tx.Tx, b doors.Beat) error {
	_, err := inside(t).exec(`INSERT INTO heartbeats (process, beat, wall_us) VALUES ($1, $2, $3)
  ON CONFLICT (process) DO UPDATE SET beat = excluded.beat, wall_us = excluded.wall_us`, b.Process, b.Beat, portal.Micros(b.Wall))
	return shut(err)
}

// EndBeats implements doors.Store.
func (s *Store) EndBeats(t tx.Tx, process string, before time.Time) error {
	_, err := inside(t).exec(`DELETE FROM heartbeats WHERE process = $1 OR wall_us < $2`, process, portal.Micros(before))
	return shut(err)
}

// TrailHolds implements audit.Log and doors.Store.
func (s *Store) TrailHolds(ctx context.Context, kept audit.Head) (held, accepted bool, err error) {
	var heads, restores int64
	err = s.queryRow(ctx, `SELECT (SELECT COUNT(*) FROM trail_heads WHERE size = $1 AND root = $2),
  (SELECT COUNT(*) FROM trail_restores WHERE from_size < $1 AND to_size >= $1 AND at_us >= $3)`,
		kept.Size, kept.Root.String(), portal.Micros(kept.At)).Scan(&heads, &restores)
	return heads > 0, restores > 0, shut(err)
}

// AcceptRestore implements doors.Store.
func (s *Store) AcceptRestore(t tx.Tx, r audit.Restore) error {
	_, err := inside(t).exec(`INSERT INTO trail_restores (id, from_size, to_size, at_us, login) VALUES ($1, $2, $3, $4, $5)`,
		r.ID, r.From, r.To, portal.Micros(r.At), r.By)
	return shut(err)
}

// Restores implements audit.Reader.
func (r trailReader) Restores(ctx context.Context) ([]audit.Restore, error) {
	var all []audit.Restore
	rows, err := r.tx.QueryContext(ctx, `SELECT id, from_size, to_size, at_us, login FROM trail_restores ORDER BY at_us, id`)
	err = each(rows, err, func(r scanner) error {
		var one audit.Restore
		var us int64
		err := r.Scan(&one.ID, &one.From, &one.To, &us, &one.By)
		one.At = portal.FromMicros(us)
		all = append(all, one)
		return err
	})
	return all, err
}
