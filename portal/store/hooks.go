package store

import (
	"context"
	"time"

	"guichet/mandates/hook"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

var _ hook.Store = (*Store)(nil)

const hookColumns = `h.id, h.partner_id, h.url, h.secret, h.made_us, h.ended_us`

func hookRow(r scanner, beside ...any) (h hook.Hook, err error) {
	var made, ended int64
	err = r.Scan(append([]any{&h.ID, &h.PartnerID, &h.URL, &h.Secret, &made, &ended}, beside...)...)
	h.MadeAt, h.EndedAt = portal.FromMicros(made), portal.FromMicros(ended)
	return h, err
}

// PutHook implements hook.Store.
func (s *Store) PutHook(t tx.Tx, h hook.Hook) error {
	_, err := inside(t).exec(`INSERT INTO hooks (id, partner_id, url, secret, made_us, ended_us) VALUES ($1, $2, $3, $4, $5, 0)`,
		h.ID, h.PartnerID, h.URL, h.Secret, portal.Micros(h.MadeAt))
	return err
}

// EndHook implements hook.Store. BETWEEN: as PartnerBatch.
func (s *Store) EndHook(t tx.Tx, partnerID, id string, now time.Time) (bool, error) {
	u := inside(t)
	n, err := u.exec(`UPDATE hooks SET ended_us = $1 WHERE id BETWEEN $2 AND $2 AND partner_id = $3 AND ended_us = 0`, portal.Micros(now), id, partnerID)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = u.exec(`DELETE FROM hook_posts WHERE hook_id = $1 AND status = 'waiting'`, id)
	return true, err
}

// Hooks implements hook.Store.
func (s *Store) Hooks(ctx context.Context, partnerID string) ([]hook.Hook, error) {
	rows, err := s.query(ctx, `SELECT `+hookColumns+` FROM hooks h WHERE h.partner_id = $1 AND h.ended_us = 0 ORDER BY h.id`, partnerID)
	return all(rows, err, func(r scanner) (hook.Hook, error) { return hookRow(r) })
}

// CountHooks implements hook.Store.
func (s *Store) CountHooks(t tx.Tx, partnerID string) (n int, err error) {
	err = inside(t).queryRow(`SELECT COUNT(*) FROM hooks WHERE partner_id = $1 AND ended_us = 0`, partnerID).Scan(&n)
	return n, shut(err)
}

// PutEvent implements hook.Store.
func (s *Store) PutEvent(t tx.Tx, e hook.Event) error { return putEvent(inside(t), e) }

func putEvent(u *unit, e hook.Event) error {
	if e.ID == "" {
		e.ID = portal.NewID(e.At)
	}
	if _, err := u.exec(`INSERT INTO partner_events (id, partner_id, kind, about, at_us) VALUES ($1, $2, $3, $4, $5)`,
		e.ID, e.PartnerID, e.Kind, e.About, portal.Micros(e.At)); err != nil {
		return err
	}
	_, err := u.exec(`INSERT INTO hook_posts (event_id, hook_id, tries, next_us, status)
  SELECT $1, h.id, 0, $2, 'waiting' FROM hooks h WHERE h.partner_id = $3 AND h.ended_us = 0`, e.ID, portal.Micros(e.At), e.PartnerID)
	return err
}

// writeEvents tells partners what the unit's entries say of their mandates, in
// the same transaction; once of each mandate, however many lines were decided.
func writeEvents(u *unit, entries []audit.Entry) error {
	told := map[hook.Event]bool{}
	for _, entry := range entries {
		e, ok := hook.Of(entry)
		if !ok {
			continue
		}
		if e.At.IsZero() {
			e.At = u.store.clock()
		}
		if told[e] {
			continue
		}
		told[e] = true
		if err := putEvent(u, e); err != nil {
			return err
		}
	}
	return nil
}

// Events implements hook.Store.
func (s *Store) Events(ctx context.Context, partnerID, after string, limit int) ([]hook.Event, error) {
	rows, err := s.query(ctx, `SELECT id, partner_id, kind, about, at_us FROM partner_events
  WHERE partner_id = $1 AND id > $2 ORDER BY id LIMIT $3`, partnerID, after, limit)
	return all(rows, err, func(r scanner) (e hook.Event, err error) {
		var at int64
		err = r.Scan(&e.ID, &e.PartnerID, &e.Kind, &e.About, &at)
		e.At = portal.FromMicros(at)
		return e, err
	})
}

// TakePosts implements hook.Store.
func (s *Store) TakePosts(t tx.Tx, now, until time.Time, limit int) ([]hook.Post, error) {
	u := inside(t)
	rows, err := u.query(`SELECT `+hookColumns+`, p.event_id, p.tries FROM hook_posts p JOIN hooks h ON h.id = p.hook_id
  JOIN partners o ON o.id = h.partner_id
  WHERE p.status = 'waiting' AND p.next_us <= $1 AND h.ended_us = 0 AND o.status = 'approved'
  ORDER BY p.next_us, p.event_id LIMIT $2`+s.lock, portal.Micros(now), limit)
	list, err := all(rows, err, func(r scanner) (p hook.Post, err error) {
		p.Hook, err = hookRow(r, &p.EventID, &p.Tries)
		return p, err
	})
	for _, p := range list {
		if _, err := u.exec(`UPDATE hook_posts SET next_us = $1 WHERE event_id = $2 AND hook_id = $3`,
			portal.Micros(until), p.EventID, p.Hook.ID); err != nil {
			return nil, err
		}
	}
	return list, err
}

// SavePost implements hook.Store.
func (s *Store) SavePost(t tx.Tx, p hook.Post, state string, next time.Time) error {
	_, err := inside(t).exec(`UPDATE hook_posts SET tries = $1, status = $2, next_us = $3 WHERE event_id = $4 AND hook_id = $5`,
		p.Tries, state, portal.Micros(next), p.EventID, p.Hook.ID)
	return err
}

// ForgetEvents implements hook.Store.
func (s *Store) ForgetEvents(t tx.Tx, before time.Time, limit int) (int, error) {
	u := inside(t)
	rows, err := u.query(`SELECT id FROM partner_events WHERE at_us < $1 ORDER BY id LIMIT $2`, portal.Micros(before), limit)
	ids, err := all(rows, err, func(r scanner) (id string, err error) { return id, r.Scan(&id) })
	for _, id := range ids {
		if _, err := u.exec(`DELETE FROM hook_posts WHERE event_id = $1`, id); err != nil {
			return 0, err
		}
		if _, err := u.exec(`DELETE FROM partner_events WHERE id = $1`, id); err != nil {
			return 0, err
		}
	}
	return len(ids), err
}
