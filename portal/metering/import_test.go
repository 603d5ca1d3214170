package metering_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

const trailOfReadings = `SELECT count(*) FROM trail WHERE action = 'readings.loaded'`

func (p *place) month(t *testing.T, ean portal.EAN, r metering.Register, number int64) metering.Month {
	months, err := p.ReadingMonths(ctx, ean, number, number)
	require.NoError(t, err)
	for _, m := range months {
		if m.Register == r {
			return m
		}
	}
	return metering.Month{}
}

func TestSecondImportChangesNothing(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 1))
	ean := eanOf(1)
	p.point(t, ean, portal.Electricity, 60_000)
	var days []metering.Day
	for d := portal.Date(2023, 10, 20); d.Before(portal.Date(2023, 11, 5)); d = d.AddDate(0, 0, 1) {
		days = append(days, hourly(ean, metering.OfftakePeak, d, 10), hourly(ean, metering.OfftakeOffPeak, d, 1))
	}
	report, err := p.importer().Import(ctx, days, metering.ImportOptions{Name: "a.csv"})
	require.NoError(t, err)
	require.Equal(t, metering.Report{New: 32, Months: 4, Recorded: true}, report)
	require.EqualValues(t, 1, p.count(t, trailOfReadings))
	october := p.month(t, ean, metering.OfftakePeak, 202310)
	require.EqualValues(t, 10*(11*24+25), october.Amount, "29/10/2023 has 25 hours")
	require.Equal(t, 12, october.Days)

	report, err = p.importer().Import(ctx, days, metering.ImportOptions{Name: "a.csv"})
	require.NoError(t, err)
	require.Equal(t, metering.Report{Unchanged: 32}, report)
	require.EqualValues(t, 1, p.count(t, trailOfReadings), "no change of state, no entry")

	days[0].Values[5].Amount = 11
	report, err = p.importer().Import(ctx, days, metering.ImportOptions{Name: "b.csv", DryRun: true})
	require.NoError(t, err)
	require.Equal(t, metering.Report{Changed: 1, Unchanged: 31, Months: 1}, report)
	require.Equal(t, october, p.month(t, ean, metering.OfftakePeak, 202310), "a dry run keeps nothing")

	_, err = p.importer().Import(ctx, days, metering.ImportOptions{Name: "b.csv"})
	require.NoError(t, err)
	require.Equal(t, october.Amount+1, p.month(t, ean, metering.OfftakePeak, 202310).Amount)
}

func TestImportIsAllOrNothing(t *testing.T) {
	now := portal.Date(2024, 6, 1)
	for name, c := range map[string]struct {
		bad metering.Day
		key string
	}{
		"unknown point":      {daily(eanOf(2), metering.OfftakeTotal, portal.Date(2024, 1, 1), 5, metering.Read), "readings.point.unknown"},
		"other energy":       {daily(eanOf(1), metering.GasEnergy, portal.Date(2024, 1, 1), 5, metering.Read), "readings.energy"},
		"a day to come":      {daily(eanOf(1), metering.OfftakeTotal, now.AddDate(0, 0, 1), 5, metering.Read), "readings.future"},
		"an amount too high": {daily(eanOf(1), metering.OfftakeTotal, portal.Date(2024, 1, 9), metering.MaxAmount+1, metering.Read), ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, now)
			p.point(t, eanOf(1), portal.Electricity, 9_200)
			good := daily(eanOf(1), metering.OfftakeTotal, portal.Date(2024, 1, 1), 5, metering.Read)
			_, err := p.importer().Import(ctx, []metering.Day{good, c.bad}, metering.ImportOptions{})
			require.Error(t, err)
			if c.key != "" {
				var ours *portal.Error
				require.ErrorAs(t, err, &ours)
				require.Equal(t, c.key, ours.Key)
				require.Contains(t, ours.Args, string(c.bad.EAN))
			}
			require.Zero(t, p.count(t, `SELECT count(*) FROM reading_days`)+p.count(t, `SELECT count(*) FROM reading_months`)+
				p.count(t, trailOfReadings))
		})
	}
}

// D5: finer than daily only by law or by choice, day by day.
func TestDetailIsKeptOnlyWhereItMayBe(t *testing.T) {
	first := portal.Date(2024, 1, 1)
	for name, c := range map[string]struct {
		power  int64
		detail time.Time
		kept   []int // slots of 30 December (before the stay), 1, 2 and 3 January
	}{
		"not chosen":       {9_200, time.Time{}, []int{1, 1, 1, 1}},
		"chosen on day 2":  {9_200, first.AddDate(0, 0, 1), []int{1, 1, 24, 24}},
		"large connection": {56_000, time.Time{}, []int{24, 24, 24, 24}},
		"just under":       {55_999, time.Time{}, []int{1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, portal.Date(2024, 6, 1))
			ean := eanOf(1)
			p.point(t, ean, portal.Electricity, c.power)
			p.stay(t, "o", ean, first, time.Time{}, c.detail)
			var days []metering.Day
			for _, d := range []int{-2, 0, 1, 2} {
				day := hourly(ean, metering.OfftakeTotal, first.AddDate(0, 0, d), 100)
				day.Values[3] = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
				day.Values[4].Quality = metering.Estimated
				days = append(days, day)
			}
			report, err := p.importer().Import(ctx, days, metering.ImportOptions{})
			require.NoError(t, err)
			rows, err := p.ReadingDays(ctx, ean, 20231201, 20240131)
			require.NoError(t, err)
			var kept []int
			for _, r := range rows {
				values, lost, err := metering.Unpack(nil, r.Packed)
				require.NoError(t, err)
				kept = append(kept, len(values))
				sum, err := metering.Sum(r.Packed)
				require.NoError(t, err)
				require.EqualValues(t, 2300, sum.Amount)
				require.Equal(t, 1, sum.MissingNo)
				if len(values) == 1 {
					require.Equal(t, metering.Value{Amount: 2300, Quality: metering.Estimated}, values[0].Value)
					require.Equal(t, 1, lost)
				}
			}
			require.Equal(t, c.kept, kept)
			byDay := 0
			for _, n := range c.kept {
				byDay += n % 2
			}
			require.Equal(t, byDay, report.ByDay)
			again, err := p.importer().Import(ctx, days, metering.ImportOptions{})
			require.NoError(t, err)
			require.Equal(t, metering.Report{Unchanged: 4, ByDay: byDay}, again)
		})
	}
}

// Two files of gas days share a calendar day: each brings its hours, in any
// order, and neither erases the other's.
func TestAFileNeverErasesWhatItLacks(t *testing.T) {
	part := func(from, to int) metering.Day {
		d := hourly(eanOf(1), metering.GasEnergy, portal.Date(2024, 1, 10), 7)
		for i := range d.Values {
			if i < from || i >= to {
				d.Values[i] = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
			}
		}
		return d
	}
	for _, order := range [][]metering.Day{{part(0, 6), part(6, 24)}, {part(6, 24), part(0, 6)}} {
		p := newPlace(t, portal.Date(2024, 6, 1))
		p.point(t, eanOf(1), portal.Gas, 0)
		p.stay(t, "o", eanOf(1), portal.Date(2024, 1, 1), time.Time{}, portal.Date(2024, 1, 1))
		for _, d := range order {
			_, err := p.importer().Import(ctx, []metering.Day{d}, metering.ImportOptions{})
			require.NoError(t, err)
		}
		m := p.month(t, eanOf(1), metering.GasEnergy, 202401)
		require.EqualValues(t, 24*7, m.Amount)
		require.Zero(t, m.Missing)
	}
}

func TestCoarseAndFine(t *testing.T) {
	date := portal.Date(2024, 1, 10)
	fine := hourly(eanOf(1), metering.OfftakeTotal, date, 10)
	for name, c := range map[string]struct {
		file  metering.Day
		slots int
		sum   int64
	}{
		"a total of the same sum": {daily(eanOf(1), metering.OfftakeTotal, date, 240, metering.Read), 24, 240},
		"a corrected total":       {daily(eanOf(1), metering.OfftakeTotal, date, 250, metering.Validated), 1, 250},
		"a day without value":     {daily(eanOf(1), metering.OfftakeTotal, date, 0, metering.Missing), 24, 240},
		"corrected hours":         {hourly(eanOf(1), metering.OfftakeTotal, date, 11), 24, 264},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, portal.Date(2024, 6, 1))
			p.point(t, eanOf(1), portal.Electricity, 60_000)
			for _, d := range []metering.Day{fine, c.file} {
				_, err := p.importer().Import(ctx, []metering.Day{d}, metering.ImportOptions{})
				require.NoError(t, err)
			}
			rows, err := p.ReadingDays(ctx, eanOf(1), 20240110, 20240110)
			require.NoError(t, err)
			values, _, err := metering.Unpack(nil, rows[0].Packed)
			require.NoError(t, err)
			require.Len(t, values, c.slots)
			require.Equal(t, c.sum, p.month(t, eanOf(1), metering.OfftakeTotal, 202401).Amount)
		})
	}
}

func TestBandsAndTotalOfADayExcludeEachOther(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 1))
	ean, date := eanOf(1), portal.Date(2024, 1, 10)
	p.point(t, ean, portal.Electricity, 9_200)
	_, err := p.importer().Import(ctx, []metering.Day{daily(ean, metering.OfftakeTotal, date, 300, metering.Read)}, metering.ImportOptions{})
	require.NoError(t, err)
	report, err := p.importer().Import(ctx, []metering.Day{daily(ean, metering.OfftakePeak, date, 200, metering.Read),
		daily(ean, metering.OfftakeOffPeak, date, 101, metering.Read)}, metering.ImportOptions{})
	require.NoError(t, err)
	require.Equal(t, 1, report.Replaced)
	months, err := p.ReadingMonths(ctx, ean, 202401, 202401)
	require.NoError(t, err)
	sum := int64(0)
	for _, m := range months {
		sum += m.Amount
	}
	require.EqualValues(t, 301, sum)
}

func TestAMonthReadAsOneGivesWayOnlyToAWholeMonth(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 1))
	ean := eanOf(1)
	p.point(t, ean, portal.Electricity, 9_200)
	whole := []metering.Month{{EAN: ean, Register: metering.OfftakeTotal, Date: portal.Date(2024, 2, 1), Amount: 5000}}
	_, err := p.importer().LoadMonths(ctx, whole)
	require.NoError(t, err)
	var days []metering.Day
	for d := portal.Date(2024, 2, 1); d.Before(portal.Date(2024, 3, 1)); d = d.AddDate(0, 0, 1) {
		days = append(days, daily(ean, metering.OfftakeTotal, d, 100, metering.Read))
	}
	_, err = p.importer().Import(ctx, days[:28], metering.ImportOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 5000, p.month(t, ean, metering.OfftakeTotal, 202402).Amount)
	_, err = p.importer().Import(ctx, days[28:], metering.ImportOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 2900, p.month(t, ean, metering.OfftakeTotal, 202402).Amount)
	_, err = p.importer().LoadMonths(ctx, whole)
	require.NoError(t, err)
	require.EqualValues(t, 2900, p.month(t, ean, metering.OfftakeTotal, 202402).Amount, "a month of days keeps them")
}

func TestLoadWritesWhatImportWrites(t *testing.T) {
	var days []metering.Day
	for d := portal.Date(2023, 3, 1); d.Before(portal.Date(2023, 5, 1)); d = d.AddDate(0, 0, 1) {
		days = append(days, daily(eanOf(1), metering.OfftakeTotal, d, int64(d.Day()), metering.Estimated),
			hourly(eanOf(1), metering.InjectionTotal, d, 0))
	}
	a, b := newPlace(t, portal.Date(2024, 1, 1)), newPlace(t, portal.Date(2024, 1, 1))
	a.point(t, eanOf(1), portal.Electricity, 60_000)
	_, err := a.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	report, err := b.importer().Load(ctx, slices.Values(days))
	require.NoError(t, err)
	require.Equal(t, metering.Report{New: 122, Months: 4, Recorded: true}, report)
	for _, read := range []func(p *place) (any, error){
		func(p *place) (any, error) { return p.ReadingDays(ctx, eanOf(1), 0, 99999999) },
		func(p *place) (any, error) { return p.ReadingMonths(ctx, eanOf(1), 0, 999999) },
	} {
		imported, err := read(a)
		require.NoError(t, err)
		loaded, err := read(b)
		require.NoError(t, err)
		require.Equal(t, imported, loaded)
	}
}

// 500,000 days of a town into SQLite.
func BenchmarkLoad(b *testing.B) {
	days := 0
	for b.Loop() {
		p := newPlace(b, portal.Date(2026, 11, 1))
		report, err := p.importer().Load(ctx, func(yield func(metering.Day) bool) {
			for n := range 180 {
				for _, r := range []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionTotal} {
					for d := portal.Date(2023, 11, 1); d.Before(portal.Date(2026, 6, 1)); d = d.AddDate(0, 0, 1) {
						if !yield(daily(eanOf(n), r, d, int64(5000+d.Day()*100), metering.Read)) {
							return
						}
					}
				}
			}
		})
		require.NoError(b, err)
		days += report.New
	}
	b.ReportMetric(float64(days)/b.Elapsed().Seconds(), "days/s")
}
