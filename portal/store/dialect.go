package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is all that differs between the two databases.
type dialect struct {
	name string
	// lock ends a SELECT whose rows this transaction is going to change.
	// SQLite has one writer at a time and needs none.
	lock string
	// keep ends a SELECT whose rows must stay as they are until the transaction
	// ends; many may keep one.
	keep string
	// holdCounter locks a number's counter where there may be none yet, by
	// making it; "" where the one writer holds everything anyway.
	holdCounter string
	// snapshot makes a reading transaction see one state throughout; SQLite's
	// always do.
	snapshot sql.IsolationLevel
	// migrating keeps a second process from migrating at the same time.
	migrating string
	// rowHandle names a row of a table without a key as long as nobody touches
	// it; rowHandleType is its type.
	rowHandle, rowHandleType string
	// countTables counts the tables that are there, whosever they are.
	countTables string
}

var (
	onSQLite = dialect{name: "sqlite", migrating: `SELECT 1`, rowHandle: "rowid", rowHandleType: "BIGINT",
		countTables: `SELECT COUNT(*) FROM sqlite_master`}
	onPostgres = dialect{name: "postgres", lock: " FOR UPDATE", keep: " FOR SHARE",
		holdCounter: `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us)
  VALUES ($1, $2, '', 0, '', 0) ON CONFLICT (key) DO UPDATE SET changed_us = lookup_counters.changed_us`,
		snapshot:  sql.LevelRepeatableRead,
		rowHandle: "ctid", rowHandleType: "tid",
		migrating: `SELECT pg_advisory_xact_lock(29121018100999541)`,
		countTables: `SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'`}
)

// sqliteDSN turns a path into modernc's name, each pragma with its reason.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{}
	cache := "cache_size(-8000)" // 8 MB hold what a joined commit changes
	if readOnly {
		cache = "cache_size(-2000)" // eight read: what one does not hold the system's cache does
	}
	for _, p := range []string{
		"busy_timeout(5000)",       // another process (an import, a backup) may hold the file for a moment
		"foreign_keys(1)",          // PostgreSQL always checks them
		"journal_mode(WAL)",        // readers never wait for the writer
		"synchronous(FULL)",        // an answered attempt is on the disk (G4)
		"wal_autocheckpoint(8000)", // the writer's last resort: see folding
		cache,
		"temp_store(MEMORY)",           // nothing personal in temporary files
		"secure_delete(FAST)",          // what is deleted does not linger in free pages
		"trusted_schema(OFF)",          // the file is data, not code
		"journal_size_limit(67108864)", // a long import does not leave a large file behind
	} {
		q.Add("_pragma", p)
	}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// openPools opens the reading pool and, on SQLite, the one writing connection.
func openPools(dsn string) (d dialect, read, write *sql.DB, err error) {
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		if path == "" {
			return d, nil, nil, errors.New("DATABASE: sqlite: needs a file name")
		}
		// SQLite gives its log and index files the mode of the database.
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return d, nil, nil, err
		}
		if err := f.Close(); err != nil {
			return d, nil, nil, err
		}
		if write, err = sql.Open("sqlite", sqliteDSN(path, false)); err != nil {
			return d, nil, nil, err
		}
		write.SetMaxOpenConns(1)
		if read, err = sql.Open("sqlite", sqliteDSN(path, true)); err != nil {
			return d, nil, nil, err
		}
		read.SetMaxOpenConns(8)
		read.SetMaxIdleConns(8) // opening one anew costs more than a page's queries
		return onSQLite, read, write, nil
	}
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		if read, err = sql.Open("pgx", dsn); err != nil {
			return d, nil, nil, err
		}
		// 16-64 connections is where attempts are fastest; 256 falls off a cliff.
		read.SetMaxOpenConns(32)
		read.SetMaxIdleConns(16)
		return onPostgres, read, read, nil
	}
	return d, nil, nil, fmt.Errorf("DATABASE %q: begin it with sqlite: or postgres://", scheme(dsn))
}

func scheme(dsn string) string {
	s, _, _ := strings.Cut(dsn, ":")
	return s + ":..."
}

// isDuplicate tells whether a unique constraint refused a row.
func isDuplicate(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// isRetryable tells whether the same work may succeed when done again.
func isRetryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// isRefusal tells whether the database refused a row for what it holds, and
// did not fail itself.
func isRefusal(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT
}

// positional turns $1 ... $n, where each stands once and in order as in
// multi-row VALUES, into SQLite's nameless parameters: it looks a named one up
// along a list, which makes 3,000 of them cost 11 ms.
func positional(text string) string {
	parts := strings.Split(text, "$")
	if len(parts) < 16 {
		return text
	}
	var b strings.Builder
	b.WriteString(parts[0])
	for i, part := range parts[1:] {
		rest, ok := strings.CutPrefix(part, strconv.Itoa(i+1))
		if !ok || rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return text
		}
		b.WriteByte('?')
		b.WriteString(rest)
	}
	return b.String()
}
