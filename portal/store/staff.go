package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

var _ staff.Store = (*Store)(nil)

// AddStaff implements staff.Store.
func (s *Store) AddStaff(t tx.Tx, a staff.Account) error {
	n, err := inside(t).exec(`INSERT INTO staff
  (login, name, role, password, otp_seed, otp_step, failures, failed_us, added_us, ended_us)
  VALUES ($1, $2, $3, $4, $5, 0, 0, 0, $6, 0) ON CONFLICT (login) DO NOTHING`,
		a.Login, a.Name, string(a.Role), a.Password, a.Seed, portal.Micros(a.AddedAt))
	if err == nil && n == 0 {
		return &portal.Error{Code: portal.Conflict, Key: "staff.taken", Field: "login"}
	}
	return shut(err)
}

// LockStaff implements staff.Store.
func (s *Store) LockStaff(t tx.Tx, login string) (staff.Account, bool, error) {
	a := staff.Account{Member: staff.Member{Login: login}}
	var failed, added, ended int64
	err := inside(t).queryRow(`SELECT name, role, password, otp_seed, otp_step, failures, failed_us, added_us, ended_us
  FROM staff WHERE login = $1`+s.lock, login).
		Scan(&a.Name, &a.Role, &a.Password, &a.Seed, &a.Step, &a.Failures.Count, &failed, &added, &ended)
	if errors.Is(err, sql.ErrNoRows) {
		return staff.Account{}, false, nil
	}
	a.Failures.Last = portal.FromMicros(failed)
	a.AddedAt, a.EndedAt = portal.FromMicros(added), portal.FromMicros(ended)
	return a, err == nil, shut(err)
}

// SaveSignIn implements staff.Store.
func (s *Store) SaveSignIn(t tx.Tx, login string, f login.Failures, step int64) error {
	_, err := inside(t).exec(`UPDATE staff SET failures = $1, failed_us = $2, otp_step = $3 WHERE login = $4`,
		f.Count, portal.Micros(f.Last), step, login)
	return shut(err)
}

// EndStaff implements staff.Store.
func (s *Store) EndStaff(t tx.Tx, login string, now time.Time) error {
	u := inside(t)
	if _, err := u.exec(`UPDATE staff SET ended_us = $1 WHERE login = $2 AND ended_us = 0`, portal.Micros(now), login); err != nil {
		return shut(err)
	}
	_, err := u.exec(`UPDATE staff_sessions SET ended_us = $1 WHERE login = $2 AND ended_us = 0`, portal.Micros(now), login)
	return shut(err)
}

// StaffMembers implements staff.Store.
func (s *Store) StaffMembers(ctx context.Context) ([]staff.Member, error) {
	var all []staff.Member
	rows, err := s.query(ctx, `SELECT login, name, role, added_us, ended_us FROM staff ORDER BY login`)
	err = each(rows, err, func(r scanner) error {
		var m staff.Member
		var added, ended int64
		if err := r.Scan(&m.Login, &m.Name, &m.Role, &added, &ended); err != nil {
			return err
		}
		m.AddedAt, m.EndedAt = portal.FromMicros(added), portal.FromMicros(ended)
		all = append(all, m)
		return nil
	})
	return all, err
}

// OpenStaffSession implements staff.Store.
func (s *Store) OpenStaffSession(t tx.Tx, session staff.Session) error {
	_, err := inside(t).exec(`INSERT INTO staff_sessions (id, login, started_us, ends_us, ended_us) VALUES ($1, $2, $3, $4, 0)`,
		session.ID, session.Login, portal.Micros(session.StartedAt), portal.Micros(session.EndsAt))
	return shut(err)
}

// StaffSession implements staff.Store.
func (s *Store) StaffSession(ctx context.Context, id string) (staff.Session, staff.Member, bool, error) {
	session := staff.Session{ID: id}
	var m staff.Member
	var started, ends, left, added, ended int64
	err := s.queryRow(ctx, `SELECT l.login, l.name, l.role, l.added_us, l.ended_us, s.started_us, s.ends_us, s.ended_us
  FROM staff_sessions s JOIN staff l ON l.login = s.login WHERE s.id = $1`, id).
		Scan(&m.Login, &m.Name, &m.Role, &added, &ended, &started, &ends, &left)
	if errors.Is(err, sql.ErrNoRows) {
		return staff.Session{}, staff.Member{}, false, nil
	}
	m.AddedAt, m.EndedAt = portal.FromMicros(added), portal.FromMicros(ended)
	session.Login = m.Login
	session.StartedAt, session.EndsAt, session.EndedAt = portal.FromMicros(started), portal.FromMicros(ends), portal.FromMicros(left)
	return session, m, err == nil, shut(err)
}

// EndStaffSession implements staff.Store.
func (s *Store) EndStaffSession(t tx.Tx, id string, now time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE staff_sessions SET ended_us = $1 WHERE id = $2 AND ended_us = 0`, portal.Micros(now), id)
	return n > 0, shut(err)
}
