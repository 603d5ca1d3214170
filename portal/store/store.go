// Package store is the only SQL. It satisfies the small interfaces that the
// rooms declare, on SQLite (one process) and PostgreSQL (many), with one text
// for both; what differs lives in dialect.go. It protects durability: nothing
// that Do ran is answered before it is on the disk, and whatever fails, fails
// shut (portal.Unavailable).
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// Store is an opened database. Its methods are safe for concurrent use.
type Store struct {
	dialect
	read   *sql.DB
	write  *sql.DB
	ring   *keys.Ring
	clock  portal.Clock
	writer *joiner // SQLite only

	closing sync.Once
	closed  error

	mu       sync.RWMutex
	prepared map[string]*sql.Stmt // SQLite's reading statements, by text
}

var _ tx.Runner = (*Store)(nil)

// Open opens the database of a DATABASE setting. It neither creates tables
// (Migrate does) nor judges whose it is (Installation does).
func Open(ctx context.Context, dsn string, ring *keys.Ring, clock portal.Clock) (*Store, error) {
	d, read, write, err := openPools(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d, read: read, write: write, ring: ring, clock: clock, prepared: map[string]*sql.Stmt{}}
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("database does not answer: %w", err), read.Close(), write.Close())
	}
	if d == onSQLite {
		if s.writer, err = newJoiner(ctx, s); err != nil {
			return nil, errors.Join(err, read.Close(), write.Close())
		}
	}
	return s, nil
}

// Patient lets what this process writes wait this long for other processes that
// write, instead of five seconds. PostgreSQL has a queue for them.
func (s *Store) Patient(ctx context.Context, d time.Duration) error {
	if s.writer == nil {
		return nil
	}
	_, err := s.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds()))
	return shut(err)
}

// Close waits for work in progress and closes the database; closing again
// does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Store) close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	s.mu.Lock()
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	s.prepared = nil
	s.mu.Unlock()
	errs = append(errs, s.read.Close())
	if s.write != s.read {
		errs = append(errs, s.write.Close())
	}
	return errors.Join(errs...)
}

// Ping tells whether the database answers, for readiness.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return shut(s.queryRow(ctx, `SELECT 1`).Scan(&one))
}

// Dialect is "sqlite" or "postgres", for messages and benchmarks.
func (s *Store) Dialect() string { return s.name }

// Do runs fn as one unit of work; see tx.Runner.
func (s *Store) Do(ctx context.Context, fn func(tx.Tx) error) error {
	if s.writer != nil {
		return s.writer.do(ctx, fn)
	}
	return s.doPostgres(ctx, fn)
}

// queueTime bounds the wait for a connection: a database that hangs must not
// pile up everybody who asks.
const queueTime = 5 * time.Second

// workTimeout bounds a unit of work that has begun, whatever its caller does.
const workTimeout = 10 * time.Minute

func (s *Store) doPostgres(ctx context.Context, fn func(tx.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return shut(err)
	}
	// Begun work runs to its end under the house's context (G4).
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), workTimeout)
	defer cancel()
	for try := 0; ; try++ {
		err := s.tryPostgres(ctx, fn)
		if err != nil && try < 8 && isRetryable(err) {
			continue
		}
		return err
	}
}

func (s *Store) tryPostgres(ctx context.Context, fn func(tx.Tx) error) error {
	waiting, cancel := context.WithTimeout(ctx, queueTime)
	conn, err := s.write.Conn(waiting)
	cancel()
	if err != nil {
		return shut(err)
	}
	defer conn.Close()
	sqlTx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return shut(err)
	}
	u := &unit{store: s, ctx: ctx, run: sqlTx}
	// After Commit this does nothing, and where it fails the connection is
	// gone and PostgreSQL rolls back by itself.
	defer func() { _ = sqlTx.Rollback() }()
	if err := u.work(fn); err != nil {
		return err
	}
	if err := u.flush(); err != nil {
		return shut(err)
	}
	return shut(sqlTx.Commit())
}

// shut turns a failure of the database into portal.Unavailable.
func shut(err error) error {
	if err == nil {
		return nil
	}
	var ours *portal.Error
	if errors.As(err, &ours) {
		return err
	}
	return portal.Shut("store", err)
}

// query and queryRow read outside a unit of work, from committed data.
func (s *Store) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return s.read.QueryContext(ctx, text, args...)
	}
	return stmt.QueryContext(ctx, args...)
}

func (s *Store) queryRow(ctx context.Context, text string, args ...any) row {
	rows, err := s.query(ctx, text, args...)
	return row{rows, err}
}

// statement prepares once per text; pgx does so by itself. It gives nil where
// the text is to be run as it is.
func (s *Store) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s.dialect != onSQLite {
		return nil, nil
	}
	s.mu.RLock()
	stmt, known := s.prepared[text], len(s.prepared)
	s.mu.RUnlock()
	if stmt != nil || known >= stmtCap {
		return stmt, nil
	}
	stmt, err := s.read.PrepareContext(context.WithoutCancel(ctx), positional(text))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prepared == nil {
		return nil, errors.Join(errors.New("store is closed"), stmt.Close())
	}
	if first := s.prepared[text]; first != nil {
		return first, stmt.Close() // another caller was faster
	}
	s.prepared[text] = stmt
	return stmt, nil
}

// row is the first row of a query, or sql.ErrNoRows.
type row struct {
	rows *sql.Rows
	err  error
}

// Scan reads the row and closes the query. sql.ErrNoRows comes as it is, any
// other error as portal.Unavailable.
func (r row) Scan(dest ...any) error {
	if r.err != nil {
		return shut(r.err)
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return shut(err)
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return shut(err)
	}
	return shut(r.rows.Close())
}

// scanner is a row being read.
type scanner interface{ Scan(dest ...any) error }

// each calls scan for every row of a query.
func each(rows *sql.Rows, err error, scan func(scanner) error) error {
	if err != nil {
		return shut(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return shut(err)
		}
	}
	return shut(rows.Err())
}
