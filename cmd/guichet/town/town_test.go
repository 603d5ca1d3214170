package town

import (
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

var autumn = time.Date(2026, time.November, 23, 13, 0, 0, 0, portal.Brussels)

func byEAN[T any](all []T, ean func(T) portal.EAN) map[portal.EAN][]T {
	m := map[portal.EAN][]T{}
	for _, x := range all {
		m[ean(x)] = append(m[ean(x)], x)
	}
	return m
}

func TestTheSameTownForTheSameDay(t *testing.T) {
	a, b := Build(autumn, Seed), Build(autumn.Add(9*time.Hour), Seed)
	require.Equal(t, a.Points, b.Points)
	require.Equal(t, a.Meters, b.Meters)
	require.Equal(t, a.Occupancies, b.Occupancies)
	require.Equal(t, a.Supplies, b.Supplies)
	require.Equal(t, a.Featured, b.Featured)
	require.True(t, slices.Equal(a.Months(), b.Months()))
	next, stop := iter.Pull(b.Days())
	defer stop()
	for d := range a.Days() {
		twin, _ := next()
		require.True(t, d.EAN == twin.EAN && d.Register == twin.Register && d.Date.Equal(twin.Date) &&
			d.Meter == twin.Meter && slices.Equal(d.Values, twin.Values), "%v and %v", d, twin)
	}
	_, more := next()
	require.False(t, more)
	require.NotEqual(t, a.Points, Build(autumn, Seed+1).Points)
}

// A demo kept for a month keeps its people, and what they consumed stays.
func TestTheTownAgesWithoutChanging(t *testing.T) {
	now, later := Build(autumn, Seed), Build(autumn.AddDate(0, 0, 30), Seed)
	require.Equal(t, now.Points, later.Points)
	for i, m := range now.Meters {
		require.Equal(t, m.Number, later.Meters[i].Number)
	}
	for i, o := range now.Occupancies {
		require.Equal(t, o.Name, later.Occupancies[i].Name)
	}
	first := now.Featured[0].EAN
	amount := func(town *Town) int64 {
		for d := range town.Days() {
			if d.EAN == first && d.Date.Equal(portal.Date(2025, time.March, 11)) {
				return d.Values[0].Amount
			}
		}
		return -1
	}
	require.Positive(t, amount(now))
	require.Equal(t, amount(now), amount(later))
}

func TestRegister(t *testing.T) {
	for name, now := range map[string]time.Time{
		"autumn": autumn, "leap day": portal.Date(2028, time.February, 29), "new year": portal.Date(2026, time.January, 1),
		"clock change": portal.Date(2026, time.March, 29), "another age": portal.Date(2024, time.June, 3),
	} {
		t.Run(name, func(t *testing.T) { checkRegister(t, Build(now, Seed), now) })
	}
	t.Run("other seeds", func(t *testing.T) {
		for seed := range uint64(20) {
			checkRegister(t, Build(autumn, seed), autumn)
		}
	})
}

func checkRegister(t *testing.T, town *Town, now time.Time) {
	require.InDelta(t, 200, len(town.Points), 25)
	meters := byEAN(town.Meters, func(m registry.Meter) portal.EAN { return m.EAN })
	stays := byEAN(town.Occupancies, func(o registry.Occupancy) portal.EAN { return o.EAN })
	supplies := byEAN(town.Supplies, func(s registry.Supply) portal.EAN { return s.EAN })

	seen, fours, ids := map[portal.EAN]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range town.Points {
		ean, err := portal.ParseEAN(string(p.EAN)) // L1: check digit
		require.NoError(t, err)
		require.Equal(t, p.EAN, ean)
		require.False(t, seen[p.EAN], "EAN twice")
		seen[p.EAN] = true
		require.Equal(t, p.Energy == portal.Gas, p.PowerVA == 0)
		require.NotEmpty(t, meters[p.EAN])
		require.NotEmpty(t, stays[p.EAN])

		var periods []portal.Period
		for _, o := range stays[p.EAN] {
			require.False(t, ids[o.ID])
			ids[o.ID] = true
			require.NotEmpty(t, o.Name)
			require.Contains(t, portal.Languages, o.Language)
			require.False(t, o.From.After(now))
			periods = append(periods, o.Period)
		}
		disjoint(t, periods) // Ld1
		for _, s := range supplies[p.EAN] {
			require.True(t, slices.ContainsFunc(periods, func(q portal.Period) bool {
				return q.Contains(s.From) && (s.To.IsZero() == q.To.IsZero() || !s.To.IsZero())
			}), "nobody is supplied outside a stay")
		}
		periods = nil
		for i, m := range meters[p.EAN] {
			require.False(t, ids[m.ID])
			ids[m.ID] = true
			periods = append(periods, m.Period)
			digits, _, ok := registry.LastFour(m.Number)
			require.True(t, ok, m.Number)
			require.False(t, fours[string(digits)], "last four digits twice")
			fours[string(digits)] = true
			if i > 0 {
				require.Equal(t, meters[p.EAN][i-1].To, m.From, "an exchange leaves no gap")
			}
		}
		require.True(t, periods[len(periods)-1].To.IsZero(), "the last meter hangs")
		disjoint(t, periods)
	}
}

func disjoint(t *testing.T, periods []portal.Period) {
	for i, p := range periods {
		require.True(t, p.To.IsZero() || p.From.Before(p.To), "%v", p)
		for _, q := range periods[:i] {
			require.False(t, p.Overlaps(q), "%v and %v", p, q)
		}
	}
}

// What the demo promises to whoever drives it: surface.md.
func TestFeaturedCoverTheCases(t *testing.T) {
	town := Build(autumn, Seed)
	require.GreaterOrEqual(t, len(town.Featured), 8)
	energies, languages := map[portal.Energy]bool{}, map[portal.Language]bool{}
	var moved, exchanged, solar bool
	injecting, finest := map[portal.EAN]bool{}, map[portal.EAN]int{}
	for d := range town.Days() {
		injecting[d.EAN] = injecting[d.EAN] || d.Register == metering.InjectionPeak
		finest[d.EAN] = max(finest[d.EAN], len(d.Values))
	}
	for i, f := range town.Featured {
		require.NotEmpty(t, f.Why)
		var present *registry.Occupancy
		var count, meters int
		for k, o := range town.Occupancies {
			if o.EAN == f.EAN {
				count++
				if o.Contains(autumn) {
					present = &town.Occupancies[k]
				}
			}
		}
		for _, m := range town.Meters {
			if m.EAN == f.EAN {
				meters++
			}
		}
		require.NotNil(t, present, "somebody must be there to get the letter: %s", f.Why)
		if i >= 8 {
			continue
		}
		at := slices.IndexFunc(town.Points, func(p registry.AccessPoint) bool { return p.EAN == f.EAN })
		energies[town.Points[at].Energy] = true
		if i < 5 { // the five households of which every grain has something to show
			grain := 96
			if town.Points[at].Energy == portal.Gas {
				grain = 24
			}
			require.GreaterOrEqual(t, finest[f.EAN], grain, f.Why)
			require.False(t, present.DetailFrom.IsZero(), f.Why)
		}
		languages[present.Language] = true
		moved = moved || count == 2
		exchanged = exchanged || meters == 2
		solar = solar || injecting[f.EAN] && !present.DetailFrom.IsZero()
	}
	require.Len(t, energies, 2)
	require.Len(t, languages, 4)
	require.True(t, moved, "a move")
	require.True(t, exchanged, "a meter exchange")
	require.True(t, solar, "solar panels with detail chosen")
}

func TestTheTownIsMixed(t *testing.T) {
	town := Build(autumn, Seed)
	languages, daily := map[portal.Language]int{}, map[portal.EAN]bool{}
	for _, o := range town.Occupancies {
		languages[o.Language]++
	}
	for d := range town.Days() {
		daily[d.EAN] = true
	}
	require.Len(t, languages, 4, "%v", languages)
	require.Greater(t, languages[portal.German], 30)
	require.InDelta(t, 0.65, float64(len(daily))/float64(len(town.Points)), 0.15, "some have daily values, some months")
	t.Log(len(town.Points), "points", len(daily), "daily", slices.Collect(maps.Values(languages)))
}
