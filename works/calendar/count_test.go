package calendar_test

import (
	"slices"
	"testing"
	"time"

	"guichet/portal"
	belgium "guichet/portal/calendar"
	"guichet/works/calendar"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func day(t require.TestingT, s string) time.Time {
	d, err := portal.ParseDate(s)
	require.NoError(t, err)
	return d
}

func written(d time.Time) string { return d.In(portal.Brussels).Format(time.DateOnly) }

func rule(n int, unit calendar.Unit) calendar.Rule {
	return calendar.Rule{ID: "TEST", Version: 1, N: n, Unit: unit}
}

// The worked dates of rules A.6, exactly (Pd1, P7, P9, P14, P18, P21, P24).
func TestWorkedDates(t *testing.T) {
	for _, row := range []struct {
		event                   string
		d15, d20, d30, d40, d70 string
		warn30, warn40          string
	}{
		{"2026-04-01", "2026-04-23", "2026-04-30", "2026-05-18", "2026-06-02", "2026-07-14", "2026-04-30", "2026-05-18"},
		{"2026-05-11", "2026-06-03", "2026-06-10", "2026-06-24", "2026-07-08", "2026-08-20", "2026-06-10", "2026-06-24"},
		{"2026-07-17", "2026-08-10", "2026-08-17", "2026-08-31", "2026-09-14", "2026-10-26", "2026-08-17", "2026-08-31"},
		{"2026-12-18", "2027-01-12", "2027-01-19", "2027-02-02", "2027-02-16", "2027-03-31", "2027-01-19", "2027-02-02"},
		{"2015-12-18", "2016-01-12", "2016-01-19", "2016-02-02", "2016-02-16", "2016-03-30", "2016-01-19", "2016-02-02"},
	} {
		event := day(t, row.event).Add(16 * time.Hour)
		for n, want := range map[int]string{15: row.d15, 20: row.d20, 30: row.d30, 40: row.d40, 70: row.d70} {
			d := calendar.Count(rule(n, calendar.Working), event, nil)
			require.Equal(t, want, written(d.Last), "%s + %d", row.event, n)
			require.Equal(t, n, d.Counted)
			require.True(t, belgium.After(event, n).Equal(d.Ends()))
			switch n {
			case 30:
				require.Equal(t, row.warn30, written(d.Warn(10)), row.event)
			case 40:
				require.Equal(t, row.warn40, written(d.Warn(10)), row.event)
			}
		}
	}
}

// Calendar days, months and years: the same date, the last of a shorter month,
// 29 February -> 28; an end on no working day moves (Pd4, D11, D.1).
func TestOtherUnits(t *testing.T) {
	for _, c := range []struct {
		name, event string
		n           int
		unit        calendar.Unit
		want        string
		counting    string // where the end moved
	}{
		{"a year", "2026-03-03", 1, calendar.Years, "2027-03-03", ""},
		{"a year from 29 February", "2024-02-29", 1, calendar.Years, "2025-02-28", ""},
		{"four years from 29 February", "2024-02-29", 4, calendar.Years, "2028-02-29", ""},
		{"a year to a Sunday", "2025-03-01", 1, calendar.Years, "2026-03-02", "2026-03-01"},
		{"a year over 29 February", "2027-06-30", 1, calendar.Years, "2028-06-30", ""},
		{"an offer of D11", "2026-06-15", 3, calendar.Months, "2026-09-15", ""},
		{"three months from the last of November", "2026-11-30", 3, calendar.Months, "2027-03-01", "2027-02-28"},
		{"three months to Christmas", "2026-09-25", 3, calendar.Months, "2026-12-28", "2026-12-25"},
		{"one month from 31 January of a leap year", "2028-01-31", 1, calendar.Months, "2028-02-29", ""},
		{"thirty days", "2026-06-01", 30, calendar.Days, "2026-07-01", ""},
		{"thirty days to the national day", "2026-06-21", 30, calendar.Days, "2026-07-22", "2026-07-21"},
		{"thirty days to a Saturday that is Assumption", "2026-07-16", 30, calendar.Days, "2026-08-17", "2026-08-15"},
		{"over the change to summer time", "2026-03-28", 1, calendar.Days, "2026-03-30", "2026-03-29"},
		{"over the change to winter time", "2026-10-24", 2, calendar.Days, "2026-10-26", ""},
		{"months over both changes", "2026-03-27", 8, calendar.Months, "2026-11-27", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := calendar.Count(rule(c.n, c.unit), day(t, c.event), nil)
			require.Equal(t, c.want, written(d.Last))
			require.Equal(t, c.counting != "", d.Moved())
			if d.Moved() {
				require.Equal(t, c.counting, written(d.Counting))
			}
		})
	}
}

// The end is a Brussels midnight, also on days of 23 and 25 hours, and the
// event's day is Brussels' even late in the evening.
func TestMidnights(t *testing.T) {
	d := calendar.Count(rule(1, calendar.Working), time.Date(2026, 3, 26, 23, 30, 0, 0, time.UTC), nil)
	require.Equal(t, "2026-03-27", written(d.Event))
	require.Equal(t, time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC), d.Ends().UTC(), "the clocks went forward meanwhile")
	require.False(t, d.Passed(time.Date(2026, 3, 30, 21, 59, 59, 0, time.UTC)))
	require.True(t, d.Passed(time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC)))

	d = calendar.Count(rule(1, calendar.Working), day(t, "2026-10-23"), nil)
	require.Equal(t, time.Date(2026, 10, 26, 23, 0, 0, 0, time.UTC), d.Ends().UTC(), "and back")
}

// What a page shows of a date: the holidays passed over by name, the weekends,
// the time in which the clock stood still, the rule and its version.
func TestHowItWasCounted(t *testing.T) {
	r, ok := calendar.Defaults().For(calendar.GasStandard, day(t, "2026-04-01"))
	require.True(t, ok)
	at := func(s string, hour int) time.Time { return day(t, s).Add(time.Duration(hour) * time.Hour) }
	d := calendar.Count(r, at("2026-04-01", 15), []portal.Period{
		{From: at("2026-05-07", 9), To: at("2026-05-08", 17)},
		{From: at("2026-05-04", 10), To: at("2026-05-06", 12)},
		{From: at("2026-05-05", 8), To: at("2026-05-07", 9)},  // overlaps one, touches the other
		{From: at("2026-09-01", 0), To: at("2026-09-30", 0)},  // long after the end
		{From: at("2026-05-20", 12), To: at("2026-05-20", 0)}, // no instant
	})
	require.Equal(t, "2026-05-26", written(d.Last), "18 May and five working days; Whit Monday is the 25th")
	require.Equal(t, calendar.Deadline{
		Rule: r, Event: d.Event, Last: d.Last, Counting: d.Last, Counted: 30, Weekend: 16,
		Holidays: []calendar.Holiday{
			{Day: day(t, "2026-04-06"), Name: "easter_monday"},
			{Day: day(t, "2026-05-01"), Name: "labour_day"},
			{Day: day(t, "2026-05-14"), Name: "ascension"},
			{Day: day(t, "2026-05-25"), Name: "whit_monday"},
		},
		Suspended: []portal.Period{{From: at("2026-05-04", 10), To: at("2026-05-08", 17)}},
		Still:     5,
	}, d)
}

// An open suspension means no date yet, unless the deadline was over before.
func TestOpenSuspension(t *testing.T) {
	r, event := rule(10, calendar.Days), day(t, "2026-06-01") // ends on the 11th
	open := func(s string) []portal.Period { return []portal.Period{{From: day(t, s).Add(9 * time.Hour)}} }

	d := calendar.Count(r, event, open("2026-06-11"))
	require.False(t, d.Known())
	require.Equal(t, 9, d.Counted, "what has run until then is told")
	require.Equal(t, open("2026-06-11"), d.Suspended)
	require.True(t, d.Ends().IsZero() && d.Warn(10).IsZero() && !d.Moved())
	require.False(t, d.Passed(day(t, "2099-01-01")), "one can't be late while the clock stands still")

	require.Equal(t, "2026-06-11", written(calendar.Count(r, event, open("2026-06-12")).Last))
	require.False(t, calendar.Count(r, event, []portal.Period{{}}).Known(), "never began to run")

	// The counting ended on a Saturday; the clock stands still on the Monday to
	// which the end would move.
	require.False(t, calendar.Count(r, day(t, "2026-06-03"), open("2026-06-15")).Known())
}

// The table: the version in force on the day of the event is counted.
func TestVersions(t *testing.T) {
	require.NoError(t, calendar.Defaults().Validate())
	change := day(t, "2026-07-01")
	table := calendar.Table{
		{ID: "A", Version: 1, N: 30, Unit: calendar.Days, InForce: portal.Period{To: change}},
		{ID: "A", Version: 2, N: 20, Unit: calendar.Days, InForce: portal.Period{From: change}},
	}
	require.NoError(t, table.Validate())
	for event, version := range map[time.Time]int{change.Add(-time.Second): 1, change: 2} {
		r, ok := table.For("A", event)
		require.True(t, ok)
		require.Equal(t, version, r.Version)
	}
	_, ok := table.For("B", change)
	require.False(t, ok)
	require.NoError(t, calendar.Offered(2, 45, calendar.Working).Validate())

	for name, bad := range map[string]calendar.Table{
		"no id":           {{Version: 1, N: 1, Unit: calendar.Days}},
		"no version":      {{ID: "A", N: 1, Unit: calendar.Days}},
		"no length":       {{ID: "A", Version: 1, Unit: calendar.Days}},
		"too long":        {{ID: "A", Version: 1, N: 11, Unit: calendar.Years}},
		"unknown unit":    {{ID: "A", Version: 1, N: 1, Unit: "weeks"}},
		"ends first":      {{ID: "A", Version: 1, N: 1, Unit: calendar.Days, InForce: portal.Period{From: change, To: change}}},
		"twice in force":  append(slices.Clone(table), calendar.Rule{ID: "A", Version: 3, N: 1, Unit: calendar.Days, InForce: portal.Period{From: change.AddDate(1, 0, 0)}}),
		"a version twice": {table[0], {ID: "A", Version: 1, N: 1, Unit: calendar.Days, InForce: portal.Period{From: change}}},
	} {
		require.Error(t, bad.Validate(), name)
	}
}

// world draws an event, a length and suspensions around them.
type world struct {
	event time.Time
	n     int
	stops []portal.Period
}

func drawWorld(t *rapid.T) world {
	w := world{
		event: portal.Date(2024, 1, 1).Add(time.Duration(rapid.IntRange(0, 7*365*24).Draw(t, "hour")) * time.Hour),
		n:     rapid.IntRange(1, 90).Draw(t, "n"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "suspensions") {
		from := w.event.Add(time.Duration(rapid.IntRange(-20*24, 100*24).Draw(t, "from")) * time.Hour)
		w.stops = append(w.stops, portal.Period{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 20*24).Draw(t, "for")) * time.Hour)})
	}
	return w
}

var counted = []calendar.Unit{calendar.Working, calendar.Days}

// Laws of D.1 and Pd1 with suspensions: later events and longer deadlines never
// end earlier; no deadline ends on a day that is no working day or on which the
// clock stands still; every day between is accounted for; in how many pieces
// and in which order a suspension is written makes no difference.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for _, unit := range counted {
			d := calendar.Count(rule(w.n, unit), w.event, w.stops)
			require.Equal(t, w.n, d.Counted)
			require.True(t, belgium.Working(d.Last))
			require.True(t, unit == calendar.Days || !d.Moved(), "working days end on one")
			for _, s := range w.stops {
				require.False(t, s.From.Before(s.To) && s.Overlaps(portal.Period{From: d.Last, To: d.Ends()}))
			}
			// A last day that moved was both counted and passed over, and the day
			// moved to is neither: the sum is right either way.
			between := 0
			for at := d.Event; at.Before(d.Last); at = belgium.Next(at) {
				between++
			}
			require.Equal(t, between, d.Counted+d.Weekend+len(d.Holidays)+d.Still)

			later := w.event.Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "later")) * time.Hour)
			require.False(t, calendar.Count(rule(w.n, unit), later, w.stops).Last.Before(d.Last))
			require.False(t, calendar.Count(rule(w.n+1, unit), w.event, w.stops).Last.Before(d.Last))

			if len(w.stops) > 0 {
				i := rapid.IntRange(0, len(w.stops)-1).Draw(t, "split")
				s := w.stops[i]
				middle := s.From.Add(time.Duration(rapid.Int64Range(0, int64(s.To.Sub(s.From))).Draw(t, "at")))
				pieces := append(slices.Clone(w.stops), portal.Period{From: middle, To: s.To}, portal.Period{From: middle, To: middle})
				pieces[i].To = middle
				require.Equal(t, d, calendar.Count(rule(w.n, unit), w.event, rapid.Permutation(pieces).Draw(t, "order")))
			}
		}
	})
}

// A suspension of k working days within the time counted moves a deadline in
// working days by exactly k working days.
func TestSuspensionMovesByItsWorkingDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r := rule(w.n, calendar.Working)
		without := calendar.Count(r, w.event, nil)
		// It begins on the morning of one of the days that counted and ends in the
		// evening of its k-th working day.
		first := belgium.Before(without.Ends(), rapid.IntRange(1, w.n).Draw(t, "first"))
		k := rapid.IntRange(1, 30).Draw(t, "k")
		to := belgium.After(first.Add(-time.Hour), k).Add(-4 * time.Hour)
		got := calendar.Count(r, w.event, []portal.Period{{From: first.Add(8 * time.Hour), To: to}})
		require.True(t, belgium.After(without.Last, k).Equal(got.Ends()), "%s + %d, %s for %d", written(w.event), w.n, written(first), k)
	})
}

// Months and years agree with the calendar of the standard library on every
// date that exists in the month of the end, and never end on no working day.
func TestMonthsAndYears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := drawWorld(t).event
		n := rapid.IntRange(1, 36).Draw(t, "months")
		d := calendar.Count(rule(n, calendar.Months), event, nil)
		y, m, dd := event.In(portal.Brussels).Date()
		if same := portal.Date(y, m+time.Month(n), dd); same.Day() == dd {
			require.True(t, same.Equal(d.Counting))
		} else {
			require.Equal(t, 1, d.Counting.AddDate(0, 0, 1).Day(), "the last of a shorter month")
		}
		require.True(t, belgium.Working(d.Last))
		require.False(t, calendar.Count(rule(n, calendar.Months), event.AddDate(0, 0, 1), nil).Last.Before(d.Last))
		if n%12 == 0 {
			require.True(t, d.Last.Equal(calendar.Count(rule(n/12, calendar.Years), event, nil).Last))
		}
	})
}
