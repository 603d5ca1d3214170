package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"

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
	// failed is the first statement's error. PostgreSQL refuses everything
	// after it; SQLite may have left the transaction, so that what follows
	// would be committed alone. So on both the unit is over, even where fn
	// lets the error pass.
	failed error
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
	if err := fn(u); err != nil {
		return err
	}
	return u.failed
}

// exec changes rows and tells how many.
func (u *unit) exec(text string, args ...any) (int64, error) {
	if u.failed != nil {
		return 0, u.failed
	}
	res, err := u.run.ExecContext(u.ctx, text, args...)
	if err != nil {
		u.failed = shut(err)
		return 0, u.failed
	}
	return res.RowsAffected()
}

func (u *unit) query(text string, args ...any) (*sql.Rows, error) {
	if u.failed != nil {
		return nil, u.failed
	}
	rows, err := u.run.QueryContext(u.ctx, text, args...)
	if err != nil {
		u.failed = shut(err)
	}
	return rows, u.failed
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
	if err := writeEvents(u, u.entries); err != nil {
		return err
	}
	if err := writeHappenings(u, u.entries); err != nil {
		return err
	}
	return writeLetters(u, u.letters)
}

func writeEntries(u *unit, entries []audit.Entry) error {
	const columns = 11
	return inParts(len(entries), func(from, to int) error {
		args := make([]any, 0, (to-from)*columns)
		for _, e := range entries[from:to] {
			if e.At.IsZero() {
				e.At = u.store.clock()
			}
			if e.ID == "" {
				e.ID = portal.NewID(e.At)
			}
			salt := e.Blind
			if len(salt) == 0 {
				salt = make([]byte, audit.SaltSize)
				rand.Read(salt)
			}
			subject, details := storable(e.Subject), storable(audit.CanonicalDetails(e.Details))
			args = append(args, storable(e.ID), portal.Micros(e.At), storable(string(e.Actor.Kind)), storable(e.Actor.ID),
				storable(string(e.Action)), storable(e.Ground), storable(e.Channel),
				audit.Commitment(salt, subject, details), salt, subject, details)
		}
		if _, err := u.exec(`INSERT INTO trail_waiting (`+recordedColumns+`) VALUES `+values(to-from, columns), args...); err != nil {
			return fmt.Errorf("trail: %w", err)
		}
		return nil
	})
}

// storable makes text that both databases take: PostgreSQL refuses a zero
// byte and broken UTF-8, and foreign text must not be able to fail a unit.
func storable(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}

func writeLetters(u *unit, letters []outbox.Letter) error {
	for _, l := range letters {
		if l.QueuedAt.IsZero() {
			l.QueuedAt = u.store.clock()
		}
		if l.ID == "" {
			l.ID = portal.NewID(l.QueuedAt)
		}
		if l.To != (outbox.Address{}) && len(l.About) > 0 {
			if err := heirOf(u.queryRow, u.store.clock(), l.About[0], &l.To, &l.Language); err != nil {
				return fmt.Errorf("outbox: %w", err)
			}
		}
		plain, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		if _, err := u.exec(`INSERT INTO outbox (id, kind, language, queued_us, sealed, by_mail) VALUES ($1, $2, $3, $4, $5, $6)`,
			l.ID, string(l.Kind), string(l.Language), portal.Micros(l.QueuedAt),
			u.store.ring.Seal(keys.ForOutbox, l.ID, plain), l.Mail != ""); err != nil {
			return fmt.Errorf("outbox: %w", err)
		}
		for _, occupancy := range l.About {
			if err := listLetter(u, l, occupancy); err != nil {
				return fmt.Errorf("outbox: %w", err)
			}
		}
	}
	return nil
}

// rowsAStatement is how many rows one INSERT carries: enough that the
// statement's cost disappears, few enough for SQLite's limit on variables.
const rowsAStatement = 256

// inParts cuts n rows into parts whose sizes are powers of two, so that the
// texts of multi-row statements are few and stay prepared.
func inParts(n int, do func(from, to int) error) error {
	for from := 0; from < n; {
		to := from + min(rowsAStatement, 1<<(bits.Len(uint(n-from))-1))
		if err := do(from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

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
