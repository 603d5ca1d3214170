package store_test

import (
	"context"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// T7: the counters have no index beside their key, so that an attempt that
// closes a number writes no tree more than any other.
func TestT7CountersHaveNoIndex(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			dsn := b.DSN(t)
			storetest.Reopen(t, dsn, time.Now)
			indexes := `SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND tbl_name = 'lookup_counters' AND sql IS NOT NULL`
			if b.Name == "postgres" {
				indexes = `SELECT COUNT(*) - 1 FROM pg_indexes WHERE tablename = 'lookup_counters'`
			}
			require.Zero(t, storetest.Number(t, dsn, indexes))
		})
	}
}

// TestCasesAreListed: by the sealer, or at once when its number is asked for;
// no longer when the number was opened again, and anew when it is closed again.
func TestCasesAreListed(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			dsn := b.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			known := storetest.References(t, dsn, 2)
			block(t, s, known[0].Key, "B-FIRST", now)
			block(t, s, known[1].Key, "B-OTHER", now.Add(time.Second))
			require.Empty(t, listed(t, s))

			id, found, err := s.DeskCaseOf(t.Context(), known[1].Key)
			require.NoError(t, err)
			require.True(t, found)
			require.Equal(t, "B-OTHER", id)
			require.Equal(t, []string{"B-OTHER"}, listed(t, s))
			storetest.Seal(t, s, clock)
			require.Equal(t, []string{"B-OTHER", "B-FIRST"}, listed(t, s))

			// Opened again without the desk's own record: the counter decides.
			require.NoError(t, s.Do(t.Context(), func(t tx.Tx) error {
				return s.SaveAttempt(t, lookup.ByReference, known[0].Key, now, lookup.Counter{})
			}))
			require.Equal(t, []string{"B-OTHER"}, listed(t, s))
			now = now.Add(time.Minute)
			block(t, s, known[0].Key, "B-AGAIN", now)
			require.Equal(t, []string{"B-OTHER"}, listed(t, s))
			storetest.Seal(t, s, clock)
			require.Equal(t, []string{"B-AGAIN", "B-OTHER"}, listed(t, s))

			for i, kind := range []desk.UnblockKind{desk.Asked, desk.Cleared} {
				require.NoError(t, s.Do(t.Context(), func(t tx.Tx) error {
					return s.AddUnblock(t, desk.Unblock{ID: string(kind), Key: known[0].Key, Login: "anna", Kind: kind, At: now})
				}))
				require.EqualValues(t, 2-i, storetest.Number(t, dsn, `SELECT COUNT(*) FROM gate_cases`), kind)
			}
		})
	}
}

func block(t *testing.T, s *store.Store, key, caseID string, at time.Time) {
	t.Helper()
	require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
		t.Record(audit.Entry{At: at, Action: audit.LookupBlocked, Ground: string(lookup.ByReference), Subject: string(lookup.ByReference) + ":" + key})
		return s.SaveAttempt(t, lookup.ByReference, key, at, lookup.Counter{BlockedAt: at, CaseID: caseID,
			Failures: []lookup.Failure{{Tried: "a", At: portal.Micros(at)}, {Tried: "b", At: 2}, {Tried: "c", At: 3}}})
	}))
}

func listed(t *testing.T, s *store.Store) (ids []string) {
	t.Helper()
	places, err := s.DeskPlaces(context.Background(), desk.Cursor{}, time.Time{}, 10)
	require.NoError(t, err)
	for _, p := range places {
		ids = append(ids, p.CaseID)
	}
	return ids
}
