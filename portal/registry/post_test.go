package registry_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// D1, D2, L28, Ld9: what stands in the way of a history by post, decided on the
// address on record alone.
func TestD1D2HistoryByPostIsDecided(t *testing.T) {
	now := portal.Date(2026, time.March, 1)
	point := registry.AccessPoint{Street: "Rue Haute 1", Postcode: "5000", Town: "Namur"}
	here := registry.Occupancy{Name: "Claes", Street: "Rue Haute 1", Postcode: "5000", Town: "Namur"}
	with := func(change func(*registry.Posting)) registry.Posting {
		p := registry.Posting{Point: point, Occupancy: here}
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		posting registry.Posting
		want    registry.PostState
	}{
		"lives there":       {with(func(p *registry.Posting) {}), registry.PostFree},
		"moves tomorrow":    {with(func(p *registry.Posting) { p.Occupancy.To = now.Add(time.Second) }), registry.PostFree},
		"moved just now":    {with(func(p *registry.Posting) { p.Occupancy.To = now }), registry.PostMoved},
		"moved, other case": {with(func(p *registry.Posting) { p.Occupancy.To, p.Occupancy.Street = now, " RUE  haute 1" }), registry.PostMoved},
		"moved, new address": {with(func(p *registry.Posting) {
			p.Occupancy.To, p.Occupancy.Street, p.Occupancy.Town = now, "Grand-Place 3", "Namur"
		}), registry.PostFree},
		"no street":         {with(func(p *registry.Posting) { p.Occupancy.Street = " " }), registry.PostUnknown},
		"no name":           {with(func(p *registry.Posting) { p.Occupancy.Name = "" }), registry.PostUnknown},
		"asked 29 days ago": {with(func(p *registry.Posting) { p.Last = registry.Sent{LetterID: "l", QueuedAt: now.AddDate(0, 0, -29)} }), registry.PostRecently},
		"asked 30 days ago": {with(func(p *registry.Posting) {
			p.Last = registry.Sent{LetterID: "l", QueuedAt: now.Add(-registry.HistoryPause)}
		}), registry.PostFree},
		"moved before asked": {with(func(p *registry.Posting) { p.Occupancy.To, p.Last = now, registry.Sent{LetterID: "l", QueuedAt: now} }), registry.PostMoved},
	} {
		require.Equal(t, c.want, c.posting.State(now), name)
	}
}

// D1: however many ask at once, one letter an occupancy in 30 days; each asking
// is in the trail with its outcome; a letter that was dropped counts for nothing.
func TestD1OneHistoryByPostInThirtyDays(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			ctx, dsn := context.Background(), b.DSN(t)
			now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			s := storetest.Reopen(t, dsn, clock)
			known := storetest.References(t, dsn, 2)
			posts := &registry.Posts{Clock: clock, Runner: s, Store: s}
			by := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}
			var all sync.WaitGroup
			outcomes := make([]registry.PostState, 8)
			for i := range outcomes {
				all.Go(func() {
					var err error
					outcomes[i], err = posts.Ask(ctx, known[0].OccupancyID, by)
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			free := 0
			for _, o := range outcomes {
				if o == registry.PostFree {
					free++
				} else {
					require.Equal(t, registry.PostRecently, o)
				}
			}
			require.Equal(t, 1, free)
			require.EqualValues(t, 8, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = 'history.asked' AND subject = $1`, "occupancy:"+known[0].OccupancyID))
			waiting, err := s.WaitingLetters(ctx, "", 10)
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			require.Equal(t, outbox.History, waiting[0].Kind)
			require.Empty(t, waiting[0].To, "the address is read when it leaves")

			other, err := posts.Ask(ctx, known[1].OccupancyID, by)
			require.NoError(t, err)
			require.Equal(t, registry.PostFree, other, "another occupancy")
			_, err = posts.Ask(ctx, "nobody", by)
			require.Equal(t, portal.NotFound, portal.CodeOf(err))

			storetest.Exec(t, dsn, `UPDATE letters_about SET dropped_us = 1 WHERE occupancy_id = $1`, known[0].OccupancyID)
			again, err := posts.Ask(ctx, known[0].OccupancyID, by)
			require.NoError(t, err)
			require.Equal(t, registry.PostFree, again)
			now = now.Add(registry.HistoryPause - time.Second)
			again, err = posts.Ask(ctx, known[0].OccupancyID, by)
			require.NoError(t, err)
			require.Equal(t, registry.PostRecently, again)
			now = now.Add(time.Second)
			again, err = posts.Ask(ctx, known[0].OccupancyID, by)
			require.NoError(t, err)
			require.Equal(t, registry.PostFree, again)
		})
	}
}
