package store

import (
	"context"
	"encoding/json"
	"fmt"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// WaitingLetters opens the letters that wait, oldest first, beginning after an ID.
func (s *Store) WaitingLetters(ctx context.Context, after string, limit int) ([]outbox.Letter, error) {
	rows, err := s.query(ctx, `SELECT id, sealed FROM outbox WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	return all(rows, err, func(r scanner) (l outbox.Letter, err error) {
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
	})
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
