package town

import (
	"testing"

	"guichet/portal"
	"guichet/portal/metering"

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
