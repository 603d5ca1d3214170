package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/lookup/lookuptest"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// T7: unknown, wrong, third, blocked, right while blocked and ended take the
// same statements and the same number of writes.
func TestT7SameStatements(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	now := noon
	clock := func() time.Time { return now }
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			dsn := backend.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			known := storetest.References(t, dsn, 4)
			storetest.Exec(t, dsn, `UPDATE issued_references SET ended_us = $1 WHERE key = $2`, portal.Micros(noon), known[1].Key)
			// One that would end two others at its first use.
			for _, former := range known[2:] {
				storetest.Exec(t, dsn, `UPDATE issued_references SET occupancy_id = $1, meter_id = $2, issued_us = issued_us - 1 WHERE key = $3`,
					known[0].OccupancyID, known[0].MeterID, former.Key)
			}
			// Two on grounds of other people: one that is over, one that opens (D7).
			over, lives := storetest.OnGround(t, dsn, known[0], noon), storetest.OnGround(t, dsn, known[3], noon.AddDate(1, 0, 0))
			var told []string
			deps := lookuptest.Deps(storetest.Keys(t), clock, s, state.NewMemory(clock, 100), lookuptest.Solved{}, s)
			deps.Runner = store.Traced(s, func(text string) { told = append(told, text) })
			gate := lookup.NewGate(deps)
			open := func(number, digits keys.Secret) (statements string, opened bool) {
				told = nil
				now = now.Add(time.Second) // what happened before lies in the past
				outcome, err := gate.Open(context.Background(), lookup.Claim{Kind: lookup.ByReference, Number: number, Digits: digits,
					Source: portal.Token(), Network: portal.Token()})
				require.NoError(t, err)
				return strings.Join(told, "\n"), outcome.Opened
			}
			first, opened := open(registry.DrawReference(), "0001")
			require.False(t, opened)
			require.Contains(t, first, "entries: 1, letters: 0")
			k := known[0]
			for _, c := range []struct {
				name           string
				number, digits keys.Secret
			}{
				{"unknown again", registry.DrawReference(), "0002"},
				{"wrong", k.Reference, "9001"},
				{"the same again", k.Reference, "9001"},
				{"second", k.Reference, "9002"},
				{"third", k.Reference, "9003"},
				{"blocked", k.Reference, "9004"},
				{"right while blocked", k.Reference, k.Digits},
				{"right but ended", known[1].Reference, known[1].Digits},
				{"right on a ground that is over", over.Reference, over.Digits},
				{"wrong on a ground", lives.Reference, "9005"},
			} {
				statements, opened := open(c.number, c.digits)
				require.False(t, opened, c.name)
				require.Equal(t, first, statements, c.name)
			}
			writes := strings.Count(first, "INSERT") + strings.Count(first, "UPDATE ") - strings.Count(first, "DO UPDATE ")
			if backend.Name == "sqlite" {
				require.Equal(t, 1, writes)
			}
			for _, k := range []storetest.Known{known[3], lives} {
				succeeded, opened := open(k.Reference, k.Digits)
				require.True(t, opened)
				require.True(t, strings.HasPrefix(succeeded, first[:strings.Index(first, "entries:")]), "a success begins like the rest")
			}
		})
	}
}

// T7: an unknown number reads what its neighbour would, and is given nothing of
// it; on whichever side of it, and where there is no neighbour.
func TestT7NeighboursGiveNothing(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			dsn := backend.DSN(t)
			s := storetest.Reopen(t, dsn, func() time.Time { return noon })
			load := func(kind lookup.Kind, key string) (target lookup.Target) {
				require.NoError(t, s.Do(t.Context(), func(x tx.Tx) (err error) {
					target, _, err = s.LoadAttempt(x, kind, key, "")
					return err
				}))
				return target
			}
			require.Zero(t, load(lookup.ByReference, "A"))
			known := storetest.References(t, dsn, 8)
			known = append(known, storetest.OnGround(t, dsn, known[0], noon.AddDate(1, 0, 0)))
			for _, k := range known {
				require.True(t, load(lookup.ByReference, k.Key).Known)
				for _, other := range []string{k.Key[:20], k.Key + "A", k.Key[:len(k.Key)-1], "", "~"} {
					require.Zero(t, load(lookup.ByReference, other), other)
				}
				require.Zero(t, load(lookup.ByWorks, k.Key), "of another kind")
			}
			for _, k := range storetest.Works(t, s, func() time.Time { return noon }, 4) {
				require.True(t, load(lookup.ByWorks, k.Key).Known)
				for _, other := range []string{k.Key[:20], k.Key + "A", "", "~"} {
					require.Zero(t, load(lookup.ByWorks, other), other)
				}
				require.Zero(t, load(lookup.ByReference, k.Key), "of another kind")
			}
		})
	}
}
