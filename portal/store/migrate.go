package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database's tables up to this program's, forward only, and
// tells which migrations it ran. Each runs in a transaction of its own; a
// database newer than the program is refused.
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
	for _, name := range names {
		if done[name] {
			continue
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return ran, err
		}
		var mine bool
		if err := s.Do(ctx, func(t tx.Tx) (err error) {
			mine, err = s.runMigration(inside(t), name, string(text))
			return err
		}); err != nil {
			return ran, fmt.Errorf("%s: %w", name, err)
		}
		if mine {
			ran = append(ran, name)
		}
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

// runMigration runs one that has not run; mine is false where another process
// has run it meanwhile.
func (s *Store) runMigration(u *unit, name, text string) (mine bool, err error) {
	if err := s.migrateAlone(u); err != nil {
		return false, err
	}
	var n int
	if err := u.queryRow(`SELECT count(*) FROM schema_migrations WHERE name = $1`, name).Scan(&n); err != nil || n > 0 {
		return false, err
	}
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := u.exec(statement); err != nil {
			return false, err
		}
	}
	now := s.clock()
	if _, err := u.exec(`INSERT INTO schema_migrations (name, ran_us) VALUES ($1, $2)`, name, portal.Micros(now)); err != nil {
		return false, err
	}
	u.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "migrate"}, Action: audit.Migrated,
		Ground: "migration", Channel: "command", Details: map[string]string{"name": name}})
	return true, nil
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
