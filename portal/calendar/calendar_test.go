package calendar_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/calendar"

	"github.com/stretchr/testify/require"
)

// Facts D.1: ten legal holidays and no other, Saturday and Sunday never, no
// substitute for a holiday on a Sunday; days are those of Brussels.
func TestWorkingDays(t *testing.T) {
	holidays := map[string]bool{}
	for _, day := range []string{"01-01", "04-06", "05-01", "05-14", "05-25", "07-21", "08-15", "11-01", "11-11", "12-25"} {
		holidays["2026-"+day] = true
	}
	for day := portal.Date(2026, 1, 1); day.Year() == 2026; day = day.AddDate(0, 0, 1) {
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		require.Equal(t, !weekend && !holidays[day.Format(time.DateOnly)], calendar.Working(day.Add(12*time.Hour)), day)
	}
	require.True(t, calendar.Working(portal.Date(2026, 11, 2)), "All Saints' fell on a Sunday: nothing stands for it")
	require.True(t, calendar.Working(time.Date(2026, 11, 11, 23, 30, 0, 0, time.UTC)), "in Brussels it is the 12th")
}

// The day itself is not counted, and the last day ends at its midnight.
func TestAfter(t *testing.T) {
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
	} {
		from, err := portal.ParseDate(c.from)
		require.NoError(t, err)
		require.Equal(t, c.want, calendar.After(from.Add(15*time.Hour), c.n).In(portal.Brussels).Format(time.DateOnly), "%v", c)
	}
}
