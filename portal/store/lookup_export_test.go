package store

import (
	"context"
	"database/sql"
	"fmt"

	"guichet/portal/tx"
)

// Traced is a Runner that tells each statement of a unit of work, without its
// arguments, then the kinds of entries it recorded.
func Traced(s *Store, tell func(string)) tx.Runner { return traced{s, tell} }

type traced struct {
	store *Store
	tell  func(string)
}

func (r traced) Do(ctx context.Context, fn func(tx.Tx) error) error {
	return r.store.Do(ctx, func(t tx.Tx) error {
		u := inside(t)
		whole := u.run
		u.run = telling{whole, r.tell}
		defer func() { u.run = whole }()
		err := fn(t)
		r.tell(fmt.Sprint("entries: ", len(u.entries), ", letters: ", len(u.letters)))
		return err
	})
}

type telling struct {
	runner
	tell func(string)
}

func (r telling) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	r.tell(text)
	return r.runner.ExecContext(ctx, text, args...)
}

func (r telling) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	r.tell(text)
	return r.runner.QueryContext(ctx, text, args...)
}
