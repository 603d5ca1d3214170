// Package storetest gives tests the real stores: a fresh SQLite file, a fresh
// database on a PostgreSQL server that lives as long as the test program, and
// a real Redis. Nothing is skipped: where a program is missing the test fails
// and says what to install.
package storetest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/store"

	"github.com/stretchr/testify/require"
)

// Backend is a database that the store must run on.
type Backend struct {
	Name string
	// DSN makes an empty database of its own and gives its DATABASE setting.
	DSN func(t testing.TB) string
}

// Backends lists the databases to test on: always "sqlite", and "postgres"
// but under -short.
func Backends(t testing.TB) []Backend {
	t.Helper()
	all := []Backend{{Name: "sqlite", DSN: func(t testing.TB) string {
		return "sqlite:" + filepath.Join(t.TempDir(), "guichet.db")
	}}}
	if !testing.Short() {
		all = append(all, Backend{Name: "postgres", DSN: Postgres})
	}
	return all
}

// Open gives a store on a fresh, migrated database, closed with the test.
func (b Backend) Open(t testing.TB, clock portal.Clock) *store.Store {
	t.Helper()
	return Reopen(t, b.DSN(t), clock)
}

// Reopen opens (once more) the database of a DSN, as another process would,
// and migrates it where it is new.
func Reopen(t testing.TB, dsn string, clock portal.Clock) *store.Store {
	t.Helper()
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		layMigrated(t, path, clock)
	}
	s, err := store.Open(context.Background(), dsn, Keys(t), clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Migrate(context.Background())
	require.NoError(t, err)
	return s
}

var ring = sync.OnceValues(func() (*keys.Ring, error) {
	dir, err := os.MkdirTemp("", "guichet-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return keys.Create(filepath.Join(dir, "keys"))
})

// Keys gives the keyring of this test program: the one every Backend uses.
func Keys(t testing.TB) *keys.Ring {
	t.Helper()
	r, err := ring()
	require.NoError(t, err)
	return r
}

// Waiting gives the trail's entries that have no place yet, by id.
func Waiting(t testing.TB, s *store.Store) (waiting []audit.Recorded) {
	t.Helper()
	require.NoError(t, s.Trail(context.Background(), func(r audit.Reader) error {
		for e, err := range r.UnsealedEntries(context.Background()) {
			if err != nil {
				return err
			}
			waiting = append(waiting, e)
		}
		return nil
	}))
	slices.SortFunc(waiting, func(a, b audit.Recorded) int { return strings.Compare(a.ID, b.ID) })
	return waiting
}
