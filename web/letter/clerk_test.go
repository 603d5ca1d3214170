package letter

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/store"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// TestTwoClerksHandOverOnce: whoever works on the same outbox, each letter is
// handed over once, whole, and readable by its owner alone; one that cannot be
// rendered waits and holds up no other.
func TestTwoClerksHandOverOnce(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	ring, err := keys.Create(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	clock := func() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) }
	file := filepath.Join(dir, "a.db")
	s, err := store.Open(ctx, "sqlite:"+file, ring, clock)
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Migrate(ctx)
	require.NoError(t, err)
	const letters = 4
	require.NoError(t, s.Do(ctx, func(u tx.Tx) error {
		for range letters {
			l := sample(t, portal.French, "Anna", line1(portal.Gas, "7FLO2119031964"))
			l.ID = ""
			u.Send(l)
		}
		l := sample(t, portal.French, "Anna", line1(portal.Gas, "7FLO2119031964"))
		l.ID, l.Kind = "00broken", "postcard"
		u.Send(l)
		return nil
	}))
	out := filepath.Join(dir, "outbox")
	var handed [2]int
	var both sync.WaitGroup
	for i := range handed {
		both.Go(func() {
			clerk := &Clerk{Scribe: Scribe{Outbox: s, Runner: s, Clock: clock, House: house}, Folder: out}
			var err error
			handed[i], err = clerk.HandOver(ctx)
			if err == nil {
				t.Error("the broken letter must be told")
			}
		})
	}
	both.Wait()
	require.Equal(t, letters, handed[0]+handed[1])
	left, err := s.WaitingLetters(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, left, 1)
	files, err := os.ReadDir(out)
	require.NoError(t, err)
	require.Len(t, files, 2*letters, "no half-written file stays")
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer db.Close()
	var recorded int
	require.NoError(t, db.QueryRow(`SELECT COUNT(*) FROM trail WHERE action = 'letter.handed'`).Scan(&recorded))
	require.Equal(t, letters, recorded)
}
