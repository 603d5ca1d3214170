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
	for name := range done {
		if _, err := fs.Stat(migrations, name); err != nil {
			return nil, fmt.Errorf("the database has migration %s, which this program does not know: it is newer than the program", name)
		}
	}
	for _, name := range names {
		if done[name] {
			continue
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return ran, err
		}
		if err := s.Do(ctx, func(t tx.Tx) error { return s.runMigration(inside(t), name, string(text)) }); err != nil {
			return ran, fmt.Errorf("%s: %w", name, err)
		}
		ran = append(ran, name)
	}
	return ran, nil
}

func (s *Store) runMigration(u *unit, name, text string) error {
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := u.exec(statement); err != nil {
			return err
		}
	}
	now := s.clock()
	if _, err := u.exec(`INSERT INTO schema_migrations (name, ran_us) VALUES ($1, $2)`, name, portal.Micros(now)); err != nil {
		return err
	}
	u.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "migrate"}, Action: audit.Migrated,
		Ground: "migration", Channel: "command", Details: map[string]string{"name": name}})
	return nil
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

// Pending tells whether migrations of this program have not run yet.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return false, err
	}
	done, err := s.migrated(ctx)
	if err != nil {
		return true, nil // no table yet
	}
	for _, name := range names {
		if !done[name] {
			return true, nil
		}
	}
	return false, nil
}
