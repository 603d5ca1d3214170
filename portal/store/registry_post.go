package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var _ registry.PostStore = (*Store)(nil)

const selectSent = `SELECT letter_id, kind, queued_us, handed_us, dropped_us, dropped_why FROM letters_about `

func scanSent(r scanner) (l registry.Sent, err error) {
	var queued, handed, dropped int64
	err = r.Scan(&l.LetterID, &l.Kind, &queued, &handed, &dropped, &l.DroppedWhy)
	l.QueuedAt, l.HandedAt, l.DroppedAt = portal.FromMicros(queued), portal.FromMicros(handed), portal.FromMicros(dropped)
	return l, err
}

// posting reads what registry.Posting says, by whatever asks row by row.
func posting(ask func(text string, args ...any) row, now time.Time, occupancyID, lock string) (p registry.Posting, err error) {
	if p.Occupancy, err = scanOccupancy(ask(selectOccupancies+`WHERE id = $1`+lock, occupancyID)); err != nil {
		return p, nothing(err)
	}
	o := &p.Occupancy
	to := outbox.Address{Name: o.Name, Street: o.Street, Postcode: o.Postcode, Town: o.Town}
	if err := heirOf(ask, now, occupancyID, &to, &o.Language); err != nil {
		return p, err
	}
	o.Name, o.Street, o.Postcode, o.Town = to.Name, to.Street, to.Postcode, to.Town
	if p.Point, err = scanPoint(ask(selectPoints+`WHERE ean = $1`, string(p.Occupancy.EAN))); err != nil {
		return p, nothing(err)
	}
	p.Last, err = scanSent(ask(selectSent+`WHERE occupancy_id = $1 AND kind = $2 AND dropped_us = 0
  ORDER BY queued_us DESC LIMIT 1`, occupancyID, string(outbox.History)))
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	return p, shut(err)
}

// Posting implements registry.PostStore.
func (s *Store) Posting(ctx context.Context, occupancyID string) (registry.Posting, error) {
	return posting(func(text string, args ...any) row { return s.queryRow(ctx, text, args...) }, s.clock(), occupancyID, "")
}

// PostingIn implements registry.PostStore.
func (s *Store) PostingIn(t tx.Tx, occupancyID string) (registry.Posting, error) {
	return posting(inside(t).queryRow, s.clock(), occupancyID, s.lock)
}

// listLetter puts a letter on the list of an occupancy, once.
func listLetter(u *unit, l outbox.Letter, occupancyID string) error {
	_, err := u.exec(`INSERT INTO letters_about (letter_id, occupancy_id, kind, queued_us, handed_us, dropped_us, dropped_why)
  VALUES ($1, $2, $3, $4, 0, 0, '') ON CONFLICT (letter_id, occupancy_id) DO NOTHING`,
		l.ID, occupancyID, string(l.Kind), portal.Micros(l.QueuedAt))
	return err
}

// ListLetter implements registry.PostStore.
func (s *Store) ListLetter(t tx.Tx, l outbox.Letter) error {
	for _, occupancy := range l.About {
		if err := listLetter(inside(t), l, occupancy); err != nil {
			return err
		}
	}
	return nil
}

// LettersAbout lists the letters about an occupancy, the newest first.
func (s *Store) LettersAbout(ctx context.Context, occupancyID string) ([]registry.Sent, error) {
	rows, err := s.query(ctx, selectSent+`WHERE occupancy_id = $1 ORDER BY queued_us DESC, letter_id DESC`, occupancyID)
	return all(rows, err, scanSent)
}
