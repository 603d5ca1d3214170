package metering_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

// D4, facts B.5: until the end of 2025 weekdays from 7 to 22, since then every
// day from 7 to 11 and from 17 to 22: 105 off-peak hours a week, not 93.
func TestBandsAreDated(t *testing.T) {
	offPeak := func(monday time.Time) (hours int) {
		for h := range 7 * 24 {
			if at := monday.Add(time.Duration(h) * time.Hour); !metering.BandsAt(at).IsPeak(at) {
				hours++
			}
		}
		return hours
	}
	require.Equal(t, 93, offPeak(portal.Date(2025, 11, 17)))
	require.Equal(t, 105, offPeak(portal.Date(2026, 11, 16)))
	change := portal.Date(2026, 1, 1)
	require.True(t, metering.BandsAt(change.Add(-9*time.Hour)).IsPeak(change.Add(-9*time.Hour)), "15 h on 31 December, a Wednesday")
	require.False(t, metering.BandsAt(change.Add(15*time.Hour)).IsPeak(change.Add(15*time.Hour)), "15 h on 1 January")

	for name, c := range map[string]struct {
		period portal.Period
		want   int
	}{
		"before": {portal.Period{From: portal.Date(2025, 1, 1), To: change}, 1},
		"across": {portal.Period{From: portal.Date(2025, 12, 1), To: portal.Date(2026, 2, 1)}, 2},
		"after":  {portal.Period{From: change, To: portal.Date(2026, 2, 1)}, 1},
	} {
		require.Len(t, metering.BandsIn(c.period), c.want, name)
	}
	across := metering.BandsIn(portal.Period{From: portal.Date(2025, 12, 1), To: portal.Date(2026, 2, 1)})
	require.True(t, across[0].To.Equal(across[1].From))
	require.True(t, across[1].To.IsZero())
}
