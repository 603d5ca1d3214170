package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/login"
	"guichet/portal/tx"
)

var _ partner.Store = (*Store)(nil)

const partnerColumns = `o.id, o.name, o.company_number, o.mail, o.privacy_mail, o.language, o.street, o.postcode, o.town,
  o.supplier, o.installer, o.manager, o.status, o.asked_us, o.decided_us, o.decided_by, o.reason`

// partnerRow reads partnerColumns behind what a query has before them.
func partnerRow(r scanner, before ...any) (o partner.Organisation, err error) {
	var asked, decided int64
	err = r.Scan(append(before, &o.ID, &o.Name, &o.CompanyNumber, &o.Mail, &o.PrivacyMail, &o.Language, &o.Street, &o.Postcode, &o.Town,
		&o.Supplier, &o.Installer, &o.Manager, &o.Status, &asked, &decided, &o.DecidedBy, &o.Reason)...)
	o.AskedAt, o.DecidedAt = portal.FromMicros(asked), portal.FromMicros(decided)
	return o, err
}

// PutPartner implements partner.Store.
func (s *Store) PutPartner(t tx.Tx, o partner.Organisation) error {
	_, err := inside(t).exec(`INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town,
  supplier, installer, manager, status, asked_us, decided_us, decided_by, reason) VALUES `+values(1, 17),
		o.ID, o.Name, o.CompanyNumber, o.Mail, o.PrivacyMail, string(o.Language), o.Street, o.Postcode, o.Town,
		o.Supplier, o.Installer, o.Manager, string(o.Status), portal.Micros(o.AskedAt), portal.Micros(o.DecidedAt), o.DecidedBy, o.Reason)
	return shut(err)
}

// LockPartner implements partner.Store.
func (s *Store) LockPartner(t tx.Tx, id string) (partner.Organisation, error) {
	o, err := partnerRow(inside(t).queryRow(`SELECT `+partnerColumns+` FROM partners o WHERE o.id = $1`+s.lock, id))
	return o, nothing(err)
}

// SavePartner implements partner.Store. That another of the company number or
// the supplier's code is approved is looked for first: a refused row would end
// the transaction.
func (s *Store) SavePartner(t tx.Tx, o partner.Organisation) error {
	u := inside(t)
	if o.Status == partner.Approved {
		for _, once := range []struct{ what, value, taken string }{
			{"company_number", o.CompanyNumber, "partner.taken"}, {"supplier", o.Supplier, "partner.supplier-taken"},
		} {
			var others int64
			if err := u.queryRow(`SELECT COUNT(*) FROM partners WHERE `+once.what+` = $1 AND $1 <> '' AND id <> $2
  AND (status = 'approved' OR status = 'suspended')`, once.value, o.ID).Scan(&others); err != nil {
				return shut(err)
			}
			if others > 0 {
				return &portal.Error{Code: portal.Conflict, Key: once.taken}
			}
		}
	}
	_, err := u.exec(`UPDATE partners SET status = $1, decided_us = $2, decided_by = $3, reason = $4, supplier = $5, installer = $6 WHERE id = $7`,
		string(o.Status), portal.Micros(o.DecidedAt), o.DecidedBy, o.Reason, o.Supplier, o.Installer, o.ID)
	if err != nil || o.Status == partner.Approved && o.Installer {
		return shut(err)
	}
	// Calendars of its people end with its right, as sessions do, and come not back with it.
	_, err = u.exec(`DELETE FROM works_feeds WHERE login IN (SELECT login FROM partner_people WHERE partner_id = $1)`, o.ID)
	return shut(err)
}

// Partner implements partner.Store.
func (s *Store) Partner(ctx context.Context, id string) (partner.Organisation, error) {
	o, err := partnerRow(s.queryRow(ctx, `SELECT `+partnerColumns+` FROM partners o WHERE o.id = $1`, id))
	return o, nothing(err)
}

// Partners implements partner.Store.
func (s *Store) Partners(ctx context.Context, of partner.Status, before partner.Place, limit int) ([]partner.Organisation, error) {
	at := int64(1) << 62
	if !before.At.IsZero() {
		at = portal.Micros(before.At)
	}
	rows, err := s.query(ctx, `SELECT `+partnerColumns+` FROM partners o WHERE (o.status = $1 OR $1 = '') AND (o.asked_us, o.id) < ($2, $3)
  ORDER BY o.asked_us DESC, o.id DESC LIMIT $4`, string(of), at, before.ID, limit)
	return all(rows, err, func(r scanner) (partner.Organisation, error) { return partnerRow(r) })
}

// AddPerson implements partner.Store.
func (s *Store) AddPerson(t tx.Tx, a partner.Account) error {
	n, err := inside(t).exec(`INSERT INTO partner_people (login, partner_id, name, manager, password, invitation, invited_us, seed, step,
  failures, failed_us, added_us, ended_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10, 0) ON CONFLICT (login) DO NOTHING`,
		a.Login, a.PartnerID, a.Name, a.Manager, a.Password, a.Invitation, portal.Micros(a.InvitedUntil), a.Seed, a.Step, portal.Micros(a.AddedAt))
	if err == nil && n == 0 {
		return &portal.Error{Code: portal.Conflict, Key: "partner.login"}
	}
	return shut(err)
}

const personColumns = `p.login, p.partner_id, p.name, p.manager, p.added_us, p.ended_us, p.invited_us`

type personTimes struct{ added, ended, invited int64 }

func personDest(p *partner.Person, at *personTimes) []any {
	return []any{&p.Login, &p.PartnerID, &p.Name, &p.Manager, &at.added, &at.ended, &at.invited}
}

func (at personTimes) put(p *partner.Person) {
	p.AddedAt, p.EndedAt, p.InvitedUntil = portal.FromMicros(at.added), portal.FromMicros(at.ended), portal.FromMicros(at.invited)
}

// LockPerson implements partner.Store.
func (s *Store) LockPerson(t tx.Tx, login string) (a partner.Account, found bool, err error) {
	var at personTimes
	var failed int64
	err = inside(t).queryRow(`SELECT `+personColumns+`, p.password, p.invitation, p.seed, p.step, p.failures, p.failed_us
  FROM partner_people p WHERE p.login = $1`+s.lock, login).
		Scan(append(personDest(&a.Person, &at), &a.Password, &a.Invitation, &a.Seed, &a.Step, &a.Failures.Count, &failed)...)
	if errors.Is(err, sql.ErrNoRows) {
		return partner.Account{}, false, nil
	}
	at.put(&a.Person)
	a.Failures.Last = portal.FromMicros(failed)
	return a, err == nil, shut(err)
}

// SavePersonSignIn implements partner.Store.
func (s *Store) SavePersonSignIn(t tx.Tx, login string, f login.Failures, step int64) error {
	_, err := inside(t).exec(`UPDATE partner_people SET failures = $1, failed_us = $2, step = $3 WHERE login = $4`,
		f.Count, portal.Micros(f.Last), step, login)
	return shut(err)
}

// SavePerson implements partner.Store.
func (s *Store) SavePerson(t tx.Tx, a partner.Account) error {
	if a.Invitation == nil {
		a.Invitation = []byte{}
	}
	_, err := inside(t).exec(`UPDATE partner_people SET password = $1, invitation = $2, invited_us = $3, seed = $4, step = $5,
  failures = $6, failed_us = $7 WHERE login = $8`, a.Password, a.Invitation, portal.Micros(a.InvitedUntil), a.Seed, a.Step,
		a.Failures.Count, portal.Micros(a.Failures.Last), a.Login)
	return shut(err)
}

// EndPerson implements partner.Store.
func (s *Store) EndPerson(t tx.Tx, login string, now time.Time) error {
	u := inside(t)
	if _, err := u.exec(`UPDATE partner_people SET ended_us = $1 WHERE login = $2 AND ended_us = 0`, portal.Micros(now), login); err != nil {
		return shut(err)
	}
	if _, err := u.exec(`DELETE FROM works_feeds WHERE login = $1`, login); err != nil {
		return err
	}
	_, err := u.exec(`UPDATE partner_sessions SET ended_us = $1 WHERE login = $2 AND ended_us = 0`, portal.Micros(now), login)
	return shut(err)
}

// Person implements partner.Store.
func (s *Store) Person(ctx context.Context, login string) (g partner.Guest, found bool, err error) {
	var at personTimes
	g.Organisation, err = partnerRow(s.queryRow(ctx, `SELECT `+personColumns+`, `+partnerColumns+`
  FROM partner_people p JOIN partners o ON o.id = p.partner_id WHERE p.login = $1`, login), personDest(&g.Person, &at)...)
	if errors.Is(err, sql.ErrNoRows) {
		return g, false, nil
	}
	at.put(&g.Person)
	return g, err == nil, shut(err)
}

// People implements partner.Store.
func (s *Store) People(ctx context.Context, partnerID string) ([]partner.Person, error) {
	rows, err := s.query(ctx, `SELECT `+personColumns+` FROM partner_people p WHERE p.partner_id = $1 ORDER BY p.added_us, p.login`, partnerID)
	return all(rows, err, func(r scanner) (p partner.Person, err error) {
		var at personTimes
		err = r.Scan(personDest(&p, &at)...)
		at.put(&p)
		return p, err
	})
}

// OpenPartnerSession implements partner.Store.
func (s *Store) OpenPartnerSession(t tx.Tx, session login.Session) error {
	_, err := inside(t).exec(`INSERT INTO partner_sessions (id, login, started_us, ends_us, ended_us) VALUES ($1, $2, $3, $4, 0)`,
		session.ID, session.Login, portal.Micros(session.StartedAt), portal.Micros(session.EndsAt))
	return shut(err)
}

// PartnerSession implements partner.Store.
func (s *Store) PartnerSession(ctx context.Context, id string) (session login.Session, g partner.Guest, found bool, err error) {
	var at personTimes
	var started, ends, left int64
	g.Organisation, err = partnerRow(s.queryRow(ctx, `SELECT s.started_us, s.ends_us, s.ended_us, `+personColumns+`, `+partnerColumns+`
  FROM partner_sessions s JOIN partner_people p ON p.login = s.login JOIN partners o ON o.id = p.partner_id WHERE s.id = $1`, id),
		append([]any{&started, &ends, &left}, personDest(&g.Person, &at)...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return session, partner.Guest{}, false, nil
	}
	at.put(&g.Person)
	session = login.Session{ID: id, Login: g.Login, StartedAt: portal.FromMicros(started), EndsAt: portal.FromMicros(ends), EndedAt: portal.FromMicros(left)}
	return session, g, err == nil, shut(err)
}

// EndPartnerSession implements partner.Store.
func (s *Store) EndPartnerSession(t tx.Tx, id string, now time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE partner_sessions SET ended_us = $1 WHERE id = $2 AND ended_us = 0`, portal.Micros(now), id)
	return n > 0, shut(err)
}

// EndPartnerSessions implements partner.Store.
func (s *Store) EndPartnerSessions(t tx.Tx, partnerID string, now time.Time) error {
	_, err := inside(t).exec(`UPDATE partner_sessions SET ended_us = $1 WHERE ended_us = 0
  AND login IN (SELECT login FROM partner_people WHERE partner_id = $2)`, portal.Micros(now), partnerID)
	return shut(err)
}
