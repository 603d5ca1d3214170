package metering_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

func totalOf(from, to time.Time, amount int64, line int) metering.PeriodTotal {
	return metering.PeriodTotal{EAN: eanOf(1), Register: metering.OfftakeTotal, Period: portal.Period{From: from, To: to}, Amount: amount, Line: line}
}

// Whole months enter as read as one; what days say wins, or is the same.
func TestTotalsEnterWhereNoDaysAre(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 10))
	p.point(t, eanOf(1), portal.Electricity, 9_200)
	var days []metering.Day
	for d := portal.Date(2024, 3, 1); d.Before(portal.Date(2024, 4, 11)); d = d.AddDate(0, 0, 1) {
		days = append(days, daily(eanOf(1), metering.OfftakeTotal, d, 100, metering.Read))
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	before := p.count(t, trailOfReadings)

	load := func(totals ...metering.PeriodTotal) (metering.Report, error) {
		return p.importer().ImportTotals(ctx, totals, metering.ImportOptions{Name: "own.csv"})
	}
	january, march := totalOf(portal.Date(2024, 1, 1), portal.Date(2024, 2, 1), 5000, 2), totalOf(portal.Date(2024, 3, 1), portal.Date(2024, 4, 1), 3100, 3)
	part := totalOf(portal.Date(2024, 4, 1), portal.Date(2024, 4, 11), 1000, 4)
	long := totalOf(portal.Date(2024, 1, 1), portal.Date(2024, 4, 11), 9100, 5)
	january.Estimated = true
	_, err = load(january, totalOf(part.Period.From, part.Period.To, 999, 4))
	require.ErrorContains(t, err, "line 4: is no whole month")
	require.Zero(t, p.month(t, eanOf(1), metering.OfftakeTotal, 202401).Amount, "all or nothing")
	_, err = load(january, totalOf(march.Period.From, march.Period.To, 3099, 3))
	require.ErrorContains(t, err, "line 3: the days stored of this period add up to 3.100")

	report, err := load(january, march, part)
	require.NoError(t, err)
	require.Equal(t, metering.Report{Months: 1, Recorded: true}, report)
	require.Equal(t, before+1, p.count(t, trailOfReadings))
	m := p.month(t, eanOf(1), metering.OfftakeTotal, 202401)
	require.EqualValues(t, []int64{5000, 0, 1}, []int64{m.Amount, int64(m.Days), int64(m.Estimated)})
	report, err = load(january, march, part, long)
	require.NoError(t, err)
	require.Equal(t, metering.Report{}, report, "a second import changes nothing, and records nothing")

	for name, bad := range map[string]metering.PeriodTotal{
		"to come":  totalOf(portal.Date(2024, 7, 1), portal.Date(2024, 8, 1), 1, 2),
		"no point": {EAN: eanOf(2), Register: metering.OfftakeTotal, Period: january.Period},
		"gas":      {EAN: eanOf(1), Register: metering.GasEnergy, Period: january.Period},
	} {
		_, err = load(bad)
		var ours *portal.Error
		require.ErrorAs(t, err, &ours, name)
		require.Equal(t, portal.Invalid, ours.Code)
	}
}

// What a file of ours does not know takes nothing away: the meter, a
// validation, the band that did not count, intervals finer than its own.
func TestAFileThatSaysNoMoreChangesNothing(t *testing.T) {
	date := portal.Date(2024, 1, 10)
	slots := func(n int, s metering.Slot) metering.Day {
		d := metering.Day{EAN: eanOf(1), Register: metering.OfftakeTotal, Date: date, Meter: "1SAG1100076616"}
		for range n {
			d.Values = append(d.Values, s)
		}
		return d
	}
	value := func(amount int64, q metering.Quality) metering.Slot {
		return metering.Slot{Value: metering.Value{Amount: amount, Quality: q}}
	}
	lost := func(n int, q metering.Quality) metering.Day {
		d := slots(1, value(7, q))
		d.Lost = n
		return d
	}
	for name, c := range map[string]struct {
		stored, file metering.Day
		changed      int
	}{
		"validated hours":            {slots(24, value(7, metering.Validated)), slots(24, value(7, metering.Read)), 0},
		"a validated day":            {slots(1, value(7, metering.Validated)), slots(1, value(7, metering.Read)), 0},
		"zeros of the other band":    {slots(24, metering.Slot{Absent: true}), slots(24, value(0, metering.Read)), 0},
		"estimates of it":            {slots(24, metering.Slot{Absent: true}), slots(24, value(0, metering.Estimated)), 0},
		"hours of quarter-hours":     {slots(96, value(7, metering.Read)), slots(24, value(28, metering.Read)), 0},
		"an incomplete day":          {lost(5, metering.Estimated), lost(1, metering.Read), 0},
		"other hours":                {slots(96, value(7, metering.Read)), slots(24, value(29, metering.Read)), 1},
		"an estimate that was read":  {slots(24, value(7, metering.Estimated)), slots(24, value(7, metering.Read)), 1},
		"a value in an absent slot":  {slots(24, metering.Slot{Absent: true}), slots(24, value(1, metering.Read)), 1},
		"an incomplete day's amount": {lost(5, metering.Read), func() metering.Day { d := lost(1, metering.Read); d.Values[0].Amount = 9; return d }(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, portal.Date(2024, 6, 1))
			p.point(t, eanOf(1), portal.Electricity, 60_000)
			_, err := p.importer().Import(ctx, []metering.Day{c.stored}, metering.ImportOptions{})
			require.NoError(t, err)
			c.file.Meter = ""
			report, err := p.importer().Import(ctx, []metering.Day{c.file}, metering.ImportOptions{})
			require.NoError(t, err)
			require.Equal(t, c.changed, report.Changed)
			rows, err := p.ReadingDays(ctx, eanOf(1), 20240110, 20240110)
			require.NoError(t, err)
			require.Equal(t, "1SAG1100076616", rows[0].Meter)
		})
	}
}
