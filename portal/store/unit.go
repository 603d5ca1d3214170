package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// runner is what a unit writes through: a PostgreSQL transaction, or SQLite's
// writing connection with its prepared statements.
type runner interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// unit is the Tx of both databases. Entries and letters are kept until the
// function has ended well and are then written with the transaction.
type unit struct {
	store   *Store
	ctx     context.Context
	run     runner
	entries []audit.Entry
	letters []outbox.Letter
}

// inside gives the unit behind a Tx; every writing method of the store begins
// with it.
func inside(t tx.Tx) *unit { return t.(*unit) }

// Record implements tx.Tx.
func (u *unit) Record(e audit.Entry) { u.entries = append(u.entries, e) }

// Send implements tx.Tx.
func (u *unit) Send(l outbox.Letter) { u.letters = append(u.letters, l) }

// work runs fn and turns its panic into an error, so that one unit's fault
// never takes the writer, and so the gate, with it.
func (u *unit) work(fn func(tx.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &portal.Error{Code: portal.Internal, Key: "internal", Err: fmt.Errorf("panic in a unit of work: %v", p)}
		}
	}()
	return fn(u)
}

// exec changes rows and tells how many.
func (u *unit) exec(text string, args ...any) (int64, error) {
	res, err := u.run.ExecContext(u.ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (u *unit) query(text string, args ...any) (*sql.Rows, error) {
	return u.run.QueryContext(u.ctx, text, args...)
}

func (u *unit) queryRow(text string, args ...any) row {
	rows, err := u.query(text, args...)
	return row{rows, err}
}

// flush writes what was recorded and sent.
func (u *unit) flush() error {
	if err := writeEntries(u, u.entries); err != nil {
		return err
	}
	return writeLetters(u, u.letters)
}

func writeEntries(u *unit, entries []audit.Entry) error {
	const columns = 11
	for start := 0; start < len(entries); start += rowsAStatement {
		part := entries[start:min(start+rowsAStatement, len(entries))]
		args := make([]any, 0, len(part)*columns)
		for _, e := range part {
			if e.At.IsZero() {
				e.At = u.store.clock()
			}
			if e.ID == "" {
				e.ID = portal.NewID(e.At)
			}
			salt := make([]byte, audit.SaltSize)
			rand.Read(salt)
			details := audit.CanonicalDetails(e.Details)
			args = append(args, e.ID, portal.Micros(e.At), string(e.Actor.Kind), e.Actor.ID, string(e.Action),
				e.Ground, e.Channel, audit.Commitment(salt, e.Subject, details), salt, e.Subject, details)
		}
		if _, err := u.exec(`INSERT INTO trail_entries
  (id, at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details) VALUES `+
			values(len(part), columns), args...); err != nil {
			return fmt.Errorf("trail: %w", err)
		}
	}
	return nil
}

func writeLetters(u *unit, letters []outbox.Letter) error {
	for _, l := range letters {
		if l.QueuedAt.IsZero() {
			l.QueuedAt = u.store.clock()
		}
		if l.ID == "" {
			l.ID = portal.NewID(l.QueuedAt)
		}
		plain, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if _, err := u.exec(`INSERT INTO outbox (id, kind, language, queued_us, sealed) VALUES ($1, $2, $3, $4, $5)`,
			l.ID, string(l.Kind), string(l.Language), portal.Micros(l.QueuedAt),
			u.store.ring.Seal(keys.ForOutbox, l.ID, plain)); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
	}
	return nil
}

// rowsAStatement is how many rows one INSERT carries: enough that the
// statement's cost disappears, few enough for SQLite's limit on variables.
const rowsAStatement = 256

// values gives "($1, $2), ($3, $4)" for rows of columns.
func values(rows, columns int) string {
	var b strings.Builder
	b.Grow(rows * columns * 5)
	for r := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		for c := range columns {
			if c == 0 {
				b.WriteString("($")
			} else {
				b.WriteString(", $")
			}
			b.WriteString(strconv.Itoa(r*columns + c + 1))
		}
		b.WriteByte(')')
	}
	return b.String()
}
