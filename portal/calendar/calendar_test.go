package calendar_test

import (
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/calendar"

	"github.com/stretchr/testify/require"
)

// fixed are the seven holidays of every year.
var fixed = map[string]calendar.Holiday{
	"01-01": "new_year", "05-01": "labour_day", "07-21": "national_day", "08-15": "assumption",
	"11-01": "all_saints", "11-11": "armistice", "12-25": "christmas",
}

// Facts D.1, its table: ten legal holidays and no other, Saturday and Sunday
// never, no substitute for a holiday on a Sunday; days are those of Brussels.
func TestWorkingDays(t *testing.T) {
	for year, moving := range map[int][3]string{ // Easter Monday, Ascension, Whit Monday
		2024: {"04-01", "05-09", "05-20"},
		2025: {"04-21", "05-29", "06-09"},
		2026: {"04-06", "05-14", "05-25"},
		2027: {"03-29", "05-06", "05-17"},
		2028: {"04-17", "05-25", "06-05"},
		2029: {"04-02", "05-10", "05-21"},
		2030: {"04-22", "05-30", "06-10"},
	} {
		want := map[string]calendar.Holiday{
			moving[0]: "easter_monday", moving[1]: "ascension", moving[2]: "whit_monday",
		}
		for day, name := range fixed {
			want[day] = name
		}
		require.Len(t, want, 10, "no two fall on one day in these years")
		got := map[string]calendar.Holiday{}
		for day := portal.Date(year, 1, 1); day.Year() == year; day = calendar.Next(day) {
			name, holiday := calendar.HolidayOf(day.Add(12 * time.Hour))
			if holiday {
				got[day.Format("01-02")] = name
			}
			weekend := slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, day.Weekday())
			require.Equal(t, !weekend && !holiday, calendar.Working(day.Add(12*time.Hour)), day)
		}
		require.Equal(t, want, got, year)
	}
	require.True(t, calendar.Working(portal.Date(2026, 11, 2)), "All Saints' fell on a Sunday: nothing stands for it")
	require.True(t, calendar.Working(time.Date(2026, 11, 11, 23, 30, 0, 0, time.UTC)), "in Brussels it is the 12th")
}

// The day itself is not counted, and the last day ends at its midnight; back
// from that day the same days are counted down.
func TestAfterAndBefore(t *testing.T) {
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-25", 1, "2026-11-27"},
		{"2026-11-27", 1, "2026-12-01"},
		{"2026-11-25", 10, "2026-12-10"},
		{"2026-12-24", 1, "2026-12-29"},
		{"2026-04-03", 1, "2026-04-08"}, // Easter Monday is the 6th
		{"2026-03-27", 1, "2026-03-31"}, // the clocks change on the 29th
	} {
		from, err := portal.ParseDate(c.from)
		require.NoError(t, err)
		end := calendar.After(from.Add(15*time.Hour), c.n)
		require.Equal(t, c.want, end.In(portal.Brussels).Format(time.DateOnly), "%v", c)
		last := end.Add(-time.Second) // all start on working days
		require.True(t, from.Equal(calendar.Before(last, c.n)), "%v", c)
	}
}
