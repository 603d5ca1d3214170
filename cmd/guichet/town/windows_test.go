package town

import (
	"slices"
	"testing"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

// Every featured household has a window in which it can read its own meter
// since a day of its own stay.
func TestEveryFeaturedHouseholdCanRead(t *testing.T) {
	town := Build(autumn, Seed)
	due := town.Windows()
	powers := map[portal.EAN]int64{}
	for _, p := range town.Points {
		powers[p.EAN] = p.PowerVA
	}
	var readers []portal.EAN
	for _, f := range town.Featured {
		if powers[f.EAN] < 100_000 { // L7
			readers = append(readers, f.EAN)
		}
	}
	require.Less(t, len(readers), len(town.Featured))
	former := 0
	for i, d := range due {
		if !d.Contains(autumn) {
			former++
			require.Equal(t, d.EAN, due[i+1].EAN, "the one that is open comes last")
			require.False(t, d.To.After(due[i+1].From))
		}
	}
	due = slices.DeleteFunc(due, func(d Due) bool { return !d.Contains(autumn) })
	require.Equal(t, 2, former, "of a meter that is only read by its indexes")
	require.Len(t, due, len(readers))
	stays := map[portal.EAN]portal.Period{}
	for _, o := range town.Occupancies {
		if o.Contains(autumn) {
			stays[o.EAN] = o.Period
		}
	}
	four := 0
	for i, d := range due {
		require.Equal(t, readers[i], d.EAN)
		require.True(t, d.Contains(autumn))
		require.NotEmpty(t, d.Registers)
		if len(d.Registers) == 4 {
			four++
		}
		for _, r := range d.Registers {
			require.False(t, r.LastOn.Before(stays[d.EAN].From), "Md7")
			require.Less(t, d.Shows[r.Register], int64(1_000_000))
			if r.Register.Family() == metering.InjectionTotal && !d.Production {
				require.Equal(t, r.Last, d.Shows[r.Register])
			} else {
				require.GreaterOrEqual(t, d.Shows[r.Register], r.Last)
			}
		}
	}
	require.NotZero(t, four)
	require.Greater(t, len(town.DegreeDays()), 4*365)
}

// Of one household nothing is known but what its meter showed: no day, no month,
// and two totals between three yearly readings, the first of them after the move.
func TestAMeterThatIsOnlyRead(t *testing.T) {
	town := Build(autumn, Seed)
	ean := town.Featured[slices.IndexFunc(town.Featured, func(f Featured) bool {
		return f.Why == "an old meter, read once a year by its indexes, not yet at the move"
	})].EAN
	for d := range town.Days() {
		require.NotEqual(t, ean, d.EAN)
	}
	for _, m := range town.Months() {
		require.NotEqual(t, ean, m.EAN)
	}
	stay := town.Occupancies[slices.IndexFunc(town.Occupancies, func(o registry.Occupancy) bool { return o.EAN == ean && o.Contains(autumn) })]
	var windows []indexes.Window
	for _, d := range town.Windows() {
		if d.EAN == ean {
			d.MeterID = d.Meter
			windows = append(windows, d.Window)
		}
	}
	totals := indexes.Between(windows, nil, stay)
	require.Len(t, totals, 4, "two registers, twice")
	require.True(t, totals[0].Period.From.After(stay.From.AddDate(0, 3, 0)), "nobody read at the move")
	require.Equal(t, totals[0].Period.To, totals[2].Period.From)
	for _, total := range totals {
		require.Greater(t, total.Amount, int64(500_000))
	}
}
