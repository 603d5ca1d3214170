package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Both databases bind $n by its number, whatever the order, and as often as it
// stands: the one SQL text depends on it.
func TestParametersBindByNumber(t *testing.T) {
	many := make([]any, 300)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		name, text string
		args       []any
		want       string
	}{
		{"in order", `SELECT CAST($1 AS TEXT) || CAST($2 AS TEXT)`, []any{"a", "b"}, "ab"},
		{"backwards", `SELECT CAST($2 AS TEXT) || CAST($1 AS TEXT)`, []any{"a", "b"}, "ba"},
		{"repeated", `SELECT CAST($1 AS TEXT) || CAST($2 AS TEXT) || CAST($1 AS TEXT)`, []any{"a", "b"}, "aba"},
		{"ten and more", `SELECT CAST($11 AS TEXT) || CAST($1 AS TEXT) || CAST($2 AS TEXT) || CAST($3 AS TEXT) || CAST($4 AS TEXT) || CAST($5 AS TEXT)
  || CAST($6 AS TEXT) || CAST($7 AS TEXT) || CAST($8 AS TEXT) || CAST($9 AS TEXT) || CAST($10 AS TEXT)`,
			[]any{"1", "2", "3", "4", "5", "6", "7", "8", "9", "x", "y"}, "y123456789x"},
		{"many rows", `SELECT max(column2) FROM (VALUES ` + store.Values(100, 3) + `) AS v WHERE column1 = '150'`, many, "151"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *store.Store) {
				var got string
				require.NoError(t, s.QueryOne(c.text, &got, c.args...))
				require.Equal(t, c.want, got)
			})
		})
	}
}

func TestPositional(t *testing.T) {
	long := `INSERT INTO t VALUES ` + store.Values(7, 3)
	require.Equal(t, strings.Count(long, "$"), strings.Count(store.Positional(long), "?"))
	require.NotContains(t, store.Positional(long), "$")
	for name, text := range map[string]string{
		"short":        `SELECT $1, $2`,
		"repeated":     long + ` ON CONFLICT DO UPDATE SET a = $1`,
		"out of order": strings.Replace(long, "$2,", "$3,", 1),
	} {
		require.Equal(t, text, store.Positional(text), name)
	}
}

func TestParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 2000).Draw(t, "n")
		next := 0
		require.NoError(t, store.InParts(n, func(from, to int) error {
			require.Equal(t, next, from)
			require.Positive(t, to-from)
			require.LessOrEqual(t, to-from, 256)
			require.Zero(t, (to-from)&(to-from-1), "a power of two")
			next = to
			return nil
		}))
		require.Equal(t, n, next)
	})
}

// G4: what was answered is on the disk; the file is nobody else's to read.
func TestSQLiteAsExpected(t *testing.T) {
	dsn := storetest.Backends(t)[0].DSN(t)
	s := storetest.Reopen(t, dsn, time.Now)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
		"busy_timeout": "5000", "trusted_schema": "0", "secure_delete": "2", "query_only": "1"} {
		var got string
		require.NoError(t, s.QueryOne(`SELECT * FROM pragma_`+pragma, &got))
		require.Equal(t, want, got, pragma)
	}
	require.NoError(t, s.Patient(t.Context(), time.Minute))
	require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
		for pragma, want := range map[string]string{"synchronous": "2", "foreign_keys": "1", "query_only": "0", "busy_timeout": "60000"} {
			if got, err := store.One(t, `SELECT * FROM pragma_`+pragma); got != want || err != nil {
				return fmt.Errorf("%s is %s on the writing connection: %w", pragma, got, err)
			}
		}
		return nil
	}))
	path, _ := strings.CutPrefix(dsn, "sqlite:")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm(), name)
	}
}

// A database that a later program migrated is refused; migrating again, and
// from several processes at once, does nothing twice.
func TestMigrationsGoForward(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx := context.Background()
			dsn := b.DSN(t)
			type outcome struct {
				ran []string
				err error
			}
			outcomes := make(chan outcome)
			for range 4 {
				s, err := store.Open(ctx, dsn, storetest.Keys(t), time.Now)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				go func() {
					ran, err := s.Migrate(ctx)
					outcomes <- outcome{ran, err}
				}()
			}
			var ran []string
			for range 4 {
				o := <-outcomes
				require.NoError(t, o.err)
				ran = append(ran, o.ran...)
			}
			slices.Sort(ran)
			require.NotEmpty(t, ran)
			require.Equal(t, slices.Compact(slices.Clone(ran)), ran, "each ran once")

			s := storetest.Reopen(t, dsn, time.Now)
			pending, err := s.Pending(ctx)
			require.NoError(t, err)
			require.False(t, pending)
			require.NoError(t, s.Do(ctx, func(t tx.Tx) error {
				_, err := store.Exec(t, `INSERT INTO schema_migrations (name, ran_us) VALUES ('migrations/9999_later.sql', 1)`)
				return err
			}))
			_, err = s.Migrate(ctx)
			require.ErrorContains(t, err, "newer than the program")
			_, err = s.Pending(ctx)
			require.ErrorContains(t, err, "newer than the program")
		})
	}
}

// L10: a database in which partners share a supplier's code migrates, and none of
// them gets its customers.
func TestL10SharedCodesMigrate(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s := b.Open(t, time.Now)
			require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
				for _, text := range []string{ // back to before 0024
					`DROP INDEX partners_supplier`, `DROP TABLE registration_ends`, `DROP TABLE registrations`,
					`DELETE FROM schema_migrations WHERE name = 'migrations/0024_registrations.sql'`,
				} {
					if _, err := store.Exec(u, text); err != nil {
						return err
					}
				}
				for i, p := range [][2]string{{"SOL", "approved"}, {"SOL", "suspended"}, {"SOL", "asked"}, {"SOL", "refused"},
					{"LUNE", "approved"}, {"LUNE", "asked"}, {"", "approved"}, {"", "approved"}} {
					if _, err := store.Exec(u, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier,
  manager, status, asked_us, decided_us, decided_by, reason) VALUES ($1, 'n', $1, 'm', 'p', 'fr', 's', 'c', 't', $2, 'm', $3, $4, 1, 'otto', '')`,
						fmt.Sprint("p", i), p[0], p[1], int64(i)); err != nil {
						return err
					}
				}
				return nil
			}))
			ran, err := s.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"migrations/0024_registrations.sql"}, ran)
			for i, want := range []string{"", "", "SOL", "SOL", "LUNE", "LUNE", "", ""} {
				var got string
				require.NoError(t, s.QueryOne(`SELECT supplier FROM partners WHERE id = $1`, &got, fmt.Sprint("p", i)))
				require.Equal(t, want, got, i)
			}
		})
	}
}

// schemaQueries read tables, keys and indexes back in one normal form.
var schemaQueries = map[string][]string{
	"sqlite": {
		`SELECT t.name || '.' || c.name || ' ' || c.type || CASE c."notnull" WHEN 1 THEN ' NOT NULL' ELSE '' END
 FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'`,
		`SELECT t.name || ' PRIMARY KEY ' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk > 0 ORDER BY pk))
 FROM sqlite_schema t WHERE t.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE pk > 0)`,
		`SELECT t.name || '.' || f."from" || ' REFERENCES ' || f."table" || '.' || f."to"
 FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'`,
		`SELECT t.name || CASE i."unique" WHEN 1 THEN ' UNIQUE ' ELSE ' INDEX ' END
 || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
 || CASE WHEN instr(coalesce(x.sql, ''), ' WHERE ') > 0 THEN substr(x.sql, instr(x.sql, ' WHERE ')) ELSE '' END
 FROM sqlite_schema t JOIN pragma_index_list(t.name) i LEFT JOIN sqlite_schema x ON x.name = i.name WHERE t.type = 'table' AND i.origin <> 'pk'`,
	},
	"postgres": {
		`SELECT table_name || '.' || column_name || ' ' || upper(data_type) || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
 FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
		`SELECT conrelid::regclass || ' ' || replace(replace(pg_get_constraintdef(oid), '(', ''), ')', '') FROM pg_constraint
 WHERE contype = 'p' AND connamespace = 'public'::regnamespace`,
		`SELECT conrelid::regclass || '.' || a.attname || ' REFERENCES ' || confrelid::regclass || '.' || b.attname FROM pg_constraint
 JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]
 WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
		`SELECT indrelid::regclass || CASE WHEN indisunique THEN ' UNIQUE ' ELSE ' INDEX ' END
 || (SELECT string_agg(pg_get_indexdef(indexrelid, k, true), ', ' ORDER BY k) FROM generate_series(1, indnatts) k)
 || coalesce(' WHERE ' || replace(replace(replace(pg_get_expr(indpred, indrelid), '::text', ''), '(', ''), ')', ''), '')
 FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT indisprimary`,
	},
}

// The schema is the same on both, and as reviewed.
func TestSchema(t *testing.T) {
	const golden = "testdata/schema.golden"
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			dsn := b.DSN(t)
			storetest.Reopen(t, dsn, time.Now)
			driver, name := "pgx", dsn
			if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
				driver, name = "sqlite", path
			}
			db, err := sql.Open(driver, name)
			require.NoError(t, err)
			defer db.Close()
			var lines []string
			for _, query := range schemaQueries[b.Name] {
				rows, err := db.Query(query)
				require.NoError(t, err)
				for rows.Next() {
					var line string
					require.NoError(t, rows.Scan(&line))
					lines = append(lines, line)
				}
				require.NoError(t, rows.Err())
			}
			slices.Sort(lines)
			got := strings.Join(lines, "\n") + "\n"
			if *update && b.Name == "sqlite" {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "reviewed? then: go test ./portal/store -run TestSchema -update")
		})
	}
}
