package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"guichet/portal"
	"guichet/portal/store"

	"github.com/stretchr/testify/require"
)

// Keep remembers a database that nobody has open; what it gives makes copies,
// each with a DSN of its own.
func (b Backend) Keep(t testing.TB, dsn string) func(testing.TB) string {
	t.Helper()
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		return func(t testing.TB) string {
			t.Helper()
			copied := b.DSN(t)
			require.NoError(t, os.WriteFile(strings.TrimPrefix(copied, "sqlite:"), file, 0o600))
			return copied
		}
	}
	at, err := url.Parse(dsn)
	require.NoError(t, err)
	return func(t testing.TB) string { return newPostgres(t, " TEMPLATE "+strings.TrimPrefix(at.Path, "/")) }
}

// migrated holds SQLite files fresh from their migrations, by the moment of
// the clock that their entries in the trail carry. The pure Go engine under
// the race detector takes a second for what a copy does in a millisecond, and
// each test has a database of its own.
var migrated struct {
	sync.Mutex
	files map[int64][]byte
}

// layMigrated puts a migrated file where there is none.
func layMigrated(t testing.TB, path string, clock portal.Clock) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	migrated.Lock()
	defer migrated.Unlock()
	moment := clock().Unix()
	file := migrated.files[moment]
	if file == nil {
		dir, err := os.MkdirTemp("", "guichet-migrated-")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		fresh := filepath.Join(dir, "fresh.db")
		s, err := store.Open(context.Background(), "sqlite:"+fresh, Keys(t), clock)
		require.NoError(t, err)
		_, err = s.Migrate(context.Background())
		require.NoError(t, err)
		require.NoError(t, s.Close())
		file, err = os.ReadFile(fresh)
		require.NoError(t, err)
		if migrated.files == nil {
			migrated.files = map[int64][]byte{}
		}
		migrated.files[moment] = file
	}
	require.NoError(t, os.WriteFile(path, file, 0o600))
}

// newPostgres makes a database; with says from what.
func newPostgres(t testing.TB, with string) string {
	t.Helper()
	s, err := postgres()
	require.NoError(t, err)
	name := fmt.Sprintf("t%d", s.made.Add(1))
	db, err := sql.Open("pgx", s.address+"postgres")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE DATABASE " + name + with)
	require.NoError(t, err)
	return s.address + name
}
