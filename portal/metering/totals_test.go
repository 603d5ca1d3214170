package metering_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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
	require.ErrorContains(t, err, "line 4: what is stored of this period adds up to 1.000")
	require.Zero(t, p.month(t, eanOf(1), metering.OfftakeTotal, 202401).Amount, "all or nothing")
	_, err = load(january, totalOf(march.Period.From, march.Period.To, 3099, 3))
	require.ErrorContains(t, err, "line 3: what is stored of this period adds up to 3.100")

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

// L16, Ld3: whatever totals with bounds of their own lie in the store, and
// whoever lived there, nobody is shown one that counts a day beyond their
// occupancy, at any grain; nor one in the place of another period.
func TestTotalsNeverCrossAnOccupancy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := portal.Date(2026, 3, 10).Add(9 * time.Hour)
		first := portal.Date(2023, 3, 1)
		day := func(name string) time.Time {
			return first.AddDate(0, 0, rapid.IntRange(0, 1100).Draw(t, name))
		}
		s := &shelf{point: registry.AccessPoint{EAN: eanOf(1), Energy: portal.Electricity}}
		edges := []time.Time{first}
		for range rapid.IntRange(0, 4).Draw(t, "moves") {
			edges = append(edges, day("move"))
		}
		slices.SortFunc(edges, time.Time.Compare)
		for i, from := range edges {
			stay := registry.Occupancy{ID: fmt.Sprint(i), EAN: eanOf(1), Period: portal.Period{From: from}}
			if i+1 < len(edges) {
				stay.To = edges[i+1]
			}
			s.stays = append(s.stays, stay)
		}
		// Each total is a power of two of its own, so that a sum tells its parts;
		// bounds where months, years and moves have them.
		bounds := slices.Clone(edges)
		for at := portal.Date(2023, 1, 1); at.Before(now); at = at.AddDate(0, 1, 0) {
			bounds = append(bounds, at)
		}
		bounds = append(bounds, portal.Date(2026, 3, 11))
		for n := range rapid.IntRange(1, 40).Draw(t, "totals") {
			a, b := rapid.SampledFrom(bounds).Draw(t, "from"), rapid.SampledFrom(bounds).Draw(t, "until")
			if rapid.Bool().Draw(t, "in the month") {
				b = portal.Date(a.Year(), a.Month()+1, 1)
			}
			if a.Before(b) {
				s.totals = append(s.totals, metering.PeriodTotal{EAN: eanOf(1), Register: metering.OfftakeTotal, Period: portal.Period{From: a, To: b}, Amount: 1 << n})
			}
		}
		history := metering.History{Ledger: s, Clock: func() time.Time { return now }}
		for _, stay := range s.stays {
			for _, grain := range []metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay} {
				series, err := history.Series(ctx, s.point, stay, metering.Query{Grain: grain})
				require.NoError(t, err)
				for _, p := range series.Points {
					for n, total := 0, p.Amounts.Of(metering.OfftakeTotal); total > 0; n, total = n+1, total>>1 {
						if total&1 == 0 {
							continue
						}
						at := slices.IndexFunc(s.totals, func(k metering.PeriodTotal) bool { return k.Amount == 1<<n })
						k := s.totals[at]
						require.False(t, k.Period.From.Before(stay.From), "a day before the occupancy")
						require.True(t, stay.To.IsZero() || !k.Period.To.After(stay.To), "a day after it")
						require.False(t, k.Period.From.Before(p.Period.From) || k.Period.To.After(p.Period.To), "a day of another period")
					}
				}
			}
		}
	})
}

// A total with its own bounds enters where nothing is stored, once, and gives
// way: to days, to a late move that cuts it (D3), and to the next day where its
// period still ran.
func TestTotalsWithBoundsOfTheirOwn(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 10))
	p.point(t, eanOf(1), portal.Electricity, 9_200)
	load := func(totals ...metering.PeriodTotal) metering.Report {
		report, err := p.importer().ImportTotals(ctx, totals, metering.ImportOptions{Name: "own.csv"})
		require.NoError(t, err)
		return report
	}
	part := totalOf(portal.Date(2024, 4, 11), portal.Date(2024, 5, 1), 700, 2)
	running := totalOf(portal.Date(2024, 6, 1), portal.Date(2024, 6, 11), 90, 4)
	require.Equal(t, metering.Report{Months: 3, Recorded: true}, load(part, totalOf(portal.Date(2024, 5, 1), portal.Date(2024, 6, 1), 1000, 3), running))
	require.False(t, load(part, running).Recorded, "a second import records nothing")
	year := totalOf(portal.Date(2024, 4, 11), portal.Date(2024, 6, 11), 1790, 2)
	require.False(t, load(year).Recorded, "the sum of what is stored")
	year.Amount++
	_, err := p.importer().ImportTotals(ctx, []metering.PeriodTotal{year}, metering.ImportOptions{})
	require.ErrorContains(t, err, "line 2: what is stored of this period adds up to 1.790")

	stay := registry.Occupancy{ID: "o", EAN: eanOf(1), Period: portal.Period{From: portal.Date(2024, 4, 11)}}
	amounts := func(grain metering.Grain) (all []int64) {
		series, err := p.history().Series(ctx, registry.AccessPoint{EAN: eanOf(1), Energy: portal.Electricity}, stay, metering.Query{Grain: grain})
		require.NoError(t, err)
		for _, point := range series.Points {
			all = append(all, point.Amounts.Of(metering.OfftakeTotal))
		}
		return all
	}
	require.Equal(t, []int64{700, 1000, 90}, amounts(metering.ByMonth))
	require.Equal(t, []int64{1790}, amounts(metering.ByYear))
	series, err := p.history().Series(ctx, registry.AccessPoint{EAN: eanOf(1), Energy: portal.Electricity}, stay, metering.Query{Grain: metering.ByMonth})
	require.NoError(t, err)
	require.False(t, series.Points[0].Silent.Has(metering.OfftakeTotal))
	require.True(t, series.Points[0].Silent.Has(metering.OfftakePeak), "a total of one register says nothing of the bands")
	stay.From = portal.Date(2024, 4, 12)
	require.Equal(t, []int64{0, 1000, 90}, amounts(metering.ByMonth), "a late move cuts it: shown to neither side")
	stay.From = portal.Date(2024, 4, 11)
	p.now = portal.Date(2024, 6, 12)
	require.Equal(t, []int64{700, 1000}, amounts(metering.ByMonth)[:2])
	require.NotContains(t, amounts(metering.ByMonth), int64(90), "it ended a day ago")
	_, err = p.importer().Import(ctx, []metering.Day{daily(eanOf(1), metering.OfftakeTotal, portal.Date(2024, 4, 20), 55, metering.Read)}, metering.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, int64(55), amounts(metering.ByMonth)[0], "days say more")
}
