package store

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/tx"
	"guichet/works"
)

// PutWorksFeed implements works.Agendas.
func (s *Store) PutWorksFeed(t tx.Tx, hash string, f works.Agenda) error {
	_, err := inside(t).exec(`INSERT INTO works_feeds (hash, login, request_id, made_us) VALUES ($1, $2, $3, $4)
  ON CONFLICT (login, request_id) DO UPDATE SET hash = excluded.hash, made_us = excluded.made_us`, hash, f.Login, f.RequestID, portal.Micros(f.MadeAt))
	return err
}

// EndWorksFeed implements works.Agendas.
func (s *Store) EndWorksFeed(t tx.Tx, login, requestID string) (bool, error) {
	n, err := inside(t).exec(`DELETE FROM works_feeds WHERE login = $1 AND request_id = $2`, login, requestID)
	return n == 1, err
}

// WorksFeedOf implements works.Agendas.
func (s *Store) WorksFeedOf(ctx context.Context, login, requestID string) (time.Time, error) {
	var made int64
	err := nothing(s.queryRow(ctx, `SELECT made_us FROM works_feeds WHERE login = $1 AND request_id = $2`, login, requestID).Scan(&made))
	if portal.CodeOf(err) == portal.NotFound {
		err = nil
	}
	return portal.FromMicros(made), err
}

// WorksFeed implements works.Agendas.
func (s *Store) WorksFeed(ctx context.Context, hash string) (f works.Agenda, err error) {
	var made int64
	err = s.queryRow(ctx, `SELECT login, request_id, made_us FROM works_feeds WHERE hash = $1`, hash).Scan(&f.Login, &f.RequestID, &made)
	f.MadeAt = portal.FromMicros(made)
	return f, nothing(err)
}
