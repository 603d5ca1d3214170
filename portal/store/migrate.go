package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database's tables up to this program's, forward only, and
// tells which migrations it ran: all or none, in one transaction, whose trail
// entry is written into the tables as they then are. A database newer than the
// program is refused.
func (s *Store) Migrate(ctx context.Context) (ran []string, err error) {
	if err := s.Do(ctx, func(t tx.Tx) error {
		if err := s.migrateAlone(inside(t)); err != nil {
			return err
		}
		_, err := inside(t).exec(`CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY, ran_us BIGINT NOT NULL)`)
		return err
	}); err != nil {
		return nil, err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	done, err := s.migrated(ctx)
	if err != nil {
		return nil, err
	}
	if err := notNewer(done); err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return done[name] })
	if len(names) == 0 {
		return nil, nil
	}
	err = s.Do(ctx, func(t tx.Tx) (err error) {
		ran, err = s.runMigrations(inside(t), names)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ran, nil
}

// notNewer refuses a database that a later program has migrated.
func notNewer(done map[string]bool) error {
	for name := range done {
		if _, err := fs.Stat(migrations, name); err != nil {
			return fmt.Errorf("the database has migration %s, which this program does not know: it is newer than the program", audit.Printable(name))
		}
	}
	return nil
}

// migrateAlone waits until no other process is migrating.
func (s *Store) migrateAlone(u *unit) error {
	rows, err := u.query(s.migrating)
	return each(rows, err, func(scanner) error { return nil })
}

// runMigrations runs those that no other process has run meanwhile.
func (s *Store) runMigrations(u *unit, names []string) (ran []string, err error) {
	if err := s.migrateAlone(u); err != nil {
		return nil, err
	}
	now := s.clock()
	for _, name := range names {
		var n int
		if err := u.queryRow(`SELECT count(*) FROM schema_migrations WHERE name = $1`, name).Scan(&n); err != nil {
			return nil, err
		}
		if n > 0 {
			continue
		}
		if err := runMigration(u, name, now); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		ran = append(ran, name)
	}
	if len(ran) > 0 {
		u.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "migrate"}, Action: audit.Migrated,
			Ground: "migration", Channel: "command", Details: map[string]string{"name": strings.Join(ran, " ")}})
	}
	return ran, nil
}

func runMigration(u *unit, name string, now time.Time) error {
	text, err := migrations.ReadFile(name)
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := u.exec(statement); err != nil {
			return err
		}
	}
	_, err = u.exec(`INSERT INTO schema_migrations (name, ran_us) VALUES ($1, $2)`, name, portal.Micros(now))
	return err
}

func (s *Store) migrated(ctx context.Context) (map[string]bool, error) {
	done := map[string]bool{}
	rows, err := s.query(ctx, `SELECT name FROM schema_migrations`)
	return done, each(rows, err, func(r scanner) error {
		var name string
		if err := r.Scan(&name); err != nil {
			return err
		}
		done[name] = true
		return nil
	})
}

// Pending tells whether migrations of this program have not run yet; an error
// where the database does not answer or is newer than the program.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return false, err
	}
	done, err := s.migrated(ctx)
	if err != nil {
		return true, s.Ping(ctx) // it answers: there is no table yet
	}
	if err := notNewer(done); err != nil {
		return false, err
	}
	for _, name := range names {
		if !done[name] {
			return true, nil
		}
	}
	return false, nil
}
