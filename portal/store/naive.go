package store

import (
	"context"
	"database/sql"
	"errors"

	"guichet/portal/tx"
)

// Naive runs every unit of work in a commit of its own, on a pool of
// connections of its own: what a program does that joins nothing. It is the
// reference that `guichet bench` measures the joined commits against, on
// SQLite, and serves nobody.
type Naive struct {
	store *Store
	pool  *sql.DB
}

// NewNaive opens the pool on the same SQLite file with the same durability.
func NewNaive(s *Store, path string) (*Naive, error) {
	pool, err := sql.Open("sqlite", sqliteDSN(path, false)+"&_txlock=immediate")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(16)
	return &Naive{store: s, pool: pool}, nil
}

// Do implements tx.Runner.
func (n *Naive) Do(ctx context.Context, fn func(tx.Tx) error) error {
	t, err := n.pool.BeginTx(ctx, nil)
	if err != nil {
		return shut(err)
	}
	u := &unit{store: n.store, ctx: ctx, run: t}
	if err := u.work(fn); err != nil {
		return errors.Join(err, t.Rollback())
	}
	if err := u.flush(); err != nil {
		return errors.Join(shut(err), t.Rollback())
	}
	return shut(t.Commit())
}

// Close closes the pool.
func (n *Naive) Close() error { return n.pool.Close() }
