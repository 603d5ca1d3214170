package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// WaitingLetters opens the letters that wait to be printed, oldest first,
// beginning after an ID.
func (s *Store) WaitingLetters(ctx context.Context, after string, limit int) ([]outbox.Letter, error) {
	rows, err := s.query(ctx, `SELECT id, sealed FROM outbox WHERE NOT by_mail AND id > $1 ORDER BY id LIMIT $2`, after, limit)
	return all(rows, err, s.openLetter)
}

// DueMails opens the mails whose next try is due, the longest due first.
func (s *Store) DueMails(ctx context.Context, now time.Time, limit int) ([]outbox.Letter, error) {
	rows, err := s.query(ctx, `SELECT id, sealed FROM outbox WHERE by_mail AND next_us <= $1 ORDER BY next_us, id LIMIT $2`, portal.Micros(now), limit)
	return all(rows, err, s.openLetter)
}

func (s *Store) openLetter(r scanner) (l outbox.Letter, err error) {
	var id string
	var sealed []byte
	if err := r.Scan(&id, &sealed); err != nil {
		return l, err
	}
	plain, err := s.ring.Open(keys.ForOutbox, id, sealed)
	if err != nil {
		return l, fmt.Errorf("letter %s does not open: %w", id, err)
	}
	err = json.Unmarshal(plain, &l)
	l.ID = id
	return l, err
}

// ClaimMail takes a due mail for one sender until a moment, and tells which try
// this is, from 1; 0 where another sender has it or it is gone.
func (s *Store) ClaimMail(t tx.Tx, id string, now, until time.Time) (try int, err error) {
	u := inside(t)
	n, err := u.exec(`UPDATE outbox SET next_us = $1, tries = tries + 1 WHERE id = $2 AND by_mail AND next_us <= $3`,
		portal.Micros(until), id, portal.Micros(now))
	if err != nil || n == 0 {
		return 0, shut(err)
	}
	err = u.queryRow(`SELECT tries FROM outbox WHERE id = $1`, id).Scan(&try)
	return try, shut(err)
}

// DelayMail says when a mail is tried again.
func (s *Store) DelayMail(t tx.Tx, id string, until time.Time) error {
	_, err := inside(t).exec(`UPDATE outbox SET next_us = $1 WHERE id = $2`, portal.Micros(until), id)
	return shut(err)
}

// CountMail notes that a mail goes to an address, once, and tells how many went
// there since a moment and when the first of them did. It forgets what is older.
func (s *Store) CountMail(t tx.Tx, id, address string, now, since time.Time) (n int, first time.Time, err error) {
	u := inside(t)
	if _, err = u.exec(`DELETE FROM mails WHERE sent_us < $1`, portal.Micros(since)); err != nil {
		return 0, first, shut(err)
	}
	if _, err = u.exec(`INSERT INTO mails (id, address, sent_us) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, id, address, portal.Micros(now)); err != nil {
		return 0, first, shut(err)
	}
	var at int64
	err = u.queryRow(`SELECT COUNT(*), MIN(sent_us) FROM mails WHERE address = $1`, address).Scan(&n, &at)
	return n, portal.FromMicros(at), shut(err)
}

// UncountMail takes back that a mail goes to its address.
func (s *Store) UncountMail(t tx.Tx, id string) error {
	_, err := inside(t).exec(`DELETE FROM mails WHERE id = $1`, id)
	return shut(err)
}

// DeleteLetter takes a letter out of the outbox as handed over, or as dropped
// where there is a reason; false where another process has done so already.
func (s *Store) DeleteLetter(t tx.Tx, id, dropped string) (bool, error) {
	u := inside(t)
	n, err := u.exec(`DELETE FROM outbox WHERE id = $1`, id)
	if err != nil || n != 1 {
		return false, shut(err)
	}
	handed, gone := portal.Micros(s.clock()), int64(0)
	if dropped != "" {
		handed, gone = 0, handed
	}
	_, err = u.exec(`UPDATE letters_about SET handed_us = $1, dropped_us = $2, dropped_why = $3 WHERE letter_id = $4`,
		handed, gone, dropped, id)
	return true, shut(err)
}
