package store

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// WorksToRemind implements works.Reminding: each half from an index of its own.
func (s *Store) WorksToRemind(ctx context.Context, now, until, tomorrow, settled time.Time, limit int) ([]string, error) {
	const untold = ` AND NOT EXISTS (SELECT 1 FROM works_reminders r WHERE r.request_id = w.id AND r.until_us = `
	// A partner's daily mail tells its next dates, where it is the one to be told; of appointments it says nothing.
	const undigested = ` AND NOT EXISTS (SELECT 1 FROM works_digests d JOIN partners o ON o.id = d.partner_id
  WHERE d.partner_id = w.partner_id AND o.status = 'approved' AND o.installer AND w.channel <> 'post' AND o.mail = w.mail)`
	rows, err := s.query(ctx, `SELECT id FROM (
  SELECT w.id FROM works w WHERE w.turn IN ('requester', '`+unread+`') AND w.status IN ('incomplete', 'offered') AND w.due_us > $1 AND w.due_us <= $2`+undigested+untold+`w.due_us)
  UNION ALL
  SELECT w.id FROM works w WHERE w.status = 'planned' AND w.day_us > $1 AND w.day_us <= $2 AND (w.channel = 'post' OR w.day_us <= $3)
    AND w.since_us <= $4`+untold+`w.day_us)) near ORDER BY id LIMIT $5`,
		portal.Micros(now), portal.Micros(until), portal.Micros(tomorrow), portal.Micros(settled), limit)
	return all(rows, err, func(r scanner) (id string, err error) {
		err = r.Scan(&id)
		return id, err
	})
}

// PutWorksReminder implements works.Reminding.
func (s *Store) PutWorksReminder(t tx.Tx, requestID string, what works.Event, until, now time.Time) (bool, error) {
	n, err := inside(t).exec(`INSERT INTO works_reminders (request_id, what, until_us, told_us) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		requestID, string(what), portal.Micros(until), portal.Micros(now))
	return n == 1, err
}

// WantWorksDigest implements works.Digests.
func (s *Store) WantWorksDigest(t tx.Tx, partnerID string, wanted bool, now time.Time) error {
	if !wanted {
		_, err := inside(t).exec(`DELETE FROM works_digests WHERE partner_id = $1`, partnerID)
		return err
	}
	_, err := inside(t).exec(`INSERT INTO works_digests (partner_id, sent_us) VALUES ($1, $2) ON CONFLICT DO NOTHING`, partnerID, portal.Micros(now))
	return err
}

// WorksDigest implements works.Digests.
func (s *Store) WorksDigest(ctx context.Context, partnerID string) (bool, error) {
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM works_digests WHERE partner_id = $1`, partnerID).Scan(&n)
	return n > 0, shut(err)
}

// WorksDigests implements works.Digests.
func (s *Store) WorksDigests(ctx context.Context, before time.Time, limit int) ([]works.Reader, error) {
	rows, err := s.query(ctx, `SELECT o.id, o.company_number, o.name, o.mail, o.language, d.sent_us FROM works_digests d JOIN partners o ON o.id = d.partner_id
  WHERE d.sent_us < $1 AND o.status = 'approved' AND o.installer ORDER BY o.id LIMIT $2`, portal.Micros(before), limit)
	return all(rows, err, func(r scanner) (one works.Reader, err error) {
		var sent int64
		err = r.Scan(&one.PartnerID, &one.Company, &one.Name, &one.Mail, &one.Language, &sent)
		one.SentAt = portal.FromMicros(sent)
		return one, err
	})
}

// SentWorksDigest implements works.Digests.
func (s *Store) SentWorksDigest(t tx.Tx, r works.Reader, now time.Time) (bool, error) {
	n, err := inside(t).exec(`UPDATE works_digests SET sent_us = $1 WHERE partner_id = $2 AND sent_us = $3
  AND EXISTS (SELECT 1 FROM partners o WHERE o.id = $2 AND o.status = 'approved' AND o.installer)`,
		portal.Micros(now), r.PartnerID, portal.Micros(r.SentAt))
	return n == 1, err
}

// WorksChanged implements works.Digests.
func (s *Store) WorksChanged(t tx.Tx, of works.Installer, since time.Time, limit int) ([]works.Request, int, error) {
	return s.worksCounted(t, `id IN (`+worksOf+`) AND moved_us > $3`, `moved_us`, limit, of.PartnerID, of.Company, portal.Micros(since))
}

// WorksComing implements works.Digests.
func (s *Store) WorksComing(t tx.Tx, of works.Installer, now, until time.Time, limit int) ([]works.Request, int, error) {
	return s.worksCounted(t, `id IN (`+worksOf+`) AND turn <> 'nobody' AND due_us > $3 AND due_us <= $4`, `due_us`, limit,
		of.PartnerID, of.Company, portal.Micros(now), portal.Micros(until))
}

// worksCounted gives the first of what fits a condition, and how many more do.
func (s *Store) worksCounted(t tx.Tx, where, order string, limit int, args ...any) (list []works.Request, more int, err error) {
	u := inside(t)
	if err := u.queryRow(`SELECT COUNT(*) FROM works WHERE `+where, args...).Scan(&more); err != nil {
		return nil, 0, shut(err)
	}
	rows, err := u.query(selectWorks+where+` ORDER BY `+order+`, id LIMIT `+strconv.Itoa(limit), args...)
	err = each(rows, err, func(r scanner) error {
		one, err := worksRow(r)
		list = append(list, one)
		return err
	})
	return list, more - len(list), err
}
