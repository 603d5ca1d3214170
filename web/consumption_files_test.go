package web

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/i18n"

	"github.com/stretchr/testify/require"
)

const (
	filesEAN  = portal.EAN("541449000000000010")
	secondEAN = portal.EAN("541449000000000027")
)

// archive is a database of its own with one access point and one household, and
// a second access point of the other energy.
type archive struct {
	*store.Store
	now          time.Time
	point, other registry.AccessPoint
	stay         registry.Occupancy
}

func newArchive(t *testing.T, energy portal.Energy) *archive {
	a := &archive{now: portal.Date(2026, 11, 25).Add(12 * time.Hour),
		point: registry.AccessPoint{EAN: filesEAN, Energy: energy, PowerVA: 60_000}, // keeps quarter-hours by law (D5)
		other: registry.AccessPoint{EAN: secondEAN, Energy: portal.Gas, PowerVA: 60_000},
		stay:  registry.Occupancy{ID: "o", EAN: filesEAN, Period: portal.Period{From: portal.Date(2025, 3, 15)}}}
	dsn := storetest.Backends(t)[0].DSN(t)
	a.Store = storetest.Reopen(t, dsn, func() time.Time { return a.now })
	raw, err := sql.Open("sqlite", strings.TrimPrefix(dsn, "sqlite:"))
	require.NoError(t, err)
	defer raw.Close()
	if energy == portal.Gas {
		a.other.Energy = portal.Electricity
	}
	for _, p := range []registry.AccessPoint{a.point, a.other} {
		_, err = raw.Exec(`INSERT INTO access_points (ean, energy, street, postcode, town, power_va) VALUES ($1, $2, 'a', 'b', 'c', 60000)`,
			string(p.EAN), string(p.Energy))
		require.NoError(t, err)
	}
	return a
}

func (a *archive) importer() *metering.Importer {
	return &metering.Importer{Archive: a.Store, Runner: a.Store, Clock: func() time.Time { return a.now }}
}

// csv downloads a selection as the page does, in a language.
func (a *archive) csv(t *testing.T, lang portal.Language, q metering.Query) string {
	history := metering.History{Ledger: a.Store, Clock: func() time.Time { return a.now }}
	series, err := history.Series(context.Background(), a.point, a.stay, q)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, exchange.WriteCSV(&b, series, csvWords(&ctx{Catalog: i18n.For(lang), now: a.now}, series)))
	return b.String()
}

// both downloads the same of both access points in one file.
func (a *archive) both(t *testing.T, lang portal.Language, q metering.Query) string {
	history := metering.History{Ledger: a.Store, Clock: func() time.Time { return a.now }}
	var all []metering.Series
	for _, p := range []registry.AccessPoint{a.point, a.other} {
		stay := a.stay
		stay.EAN = p.EAN
		series, err := history.Series(context.Background(), p, stay, q)
		require.NoError(t, err)
		all = append(all, series)
	}
	var b bytes.Buffer
	require.NoError(t, exchange.WriteCSVs(&b, all, togetherWords(&ctx{Catalog: i18n.For(lang), now: a.now}, all)))
	return b.String()
}

func (a *archive) take(t *testing.T, file string, also ...portal.EAN) metering.Report {
	f, err := exchange.ReadOwn(strings.NewReader(file), exchange.Options{ForEAN: filesEAN, Also: also})
	require.NoError(t, err)
	i := a.importer()
	if len(f.Totals) > 0 {
		report, err := i.ImportTotals(context.Background(), f.Totals, metering.ImportOptions{})
		require.NoError(t, err)
		return report
	}
	report, err := i.Import(context.Background(), f.Days, metering.ImportOptions{})
	require.NoError(t, err)
	return report
}

var comments = regexp.MustCompile(`(?m)^(\x{feff})?#.*\r\n`)

// household is a year and a half of days with what real ones have: estimates,
// a hole, an incomplete day, a zero, another meter and other registers.
func household(energy portal.Energy) (days []metering.Day) {
	n := int64(0)
	for d := portal.Date(2025, 3, 15); d.Before(portal.Date(2026, 11, 24)); d = d.AddDate(0, 0, 1) {
		n++
		fine := !d.Before(portal.Date(2026, 10, 22)) && d.Before(portal.Date(2026, 11, 1)) // before and after: totals of the day
		day := func(r metering.Register, amount int64) {
			if fine {
				days = append(days, quarters(r, d, amount))
				return
			}
			v := metering.Day{EAN: filesEAN, Register: r, Date: d, Meter: "1SAG1100076616",
				Values: []metering.Slot{{Value: metering.Value{Amount: amount, Quality: metering.Quality(n % 2)}}}}
			switch {
			case n%40 == 7:
				v.Values[0].Quality = metering.Estimated
			case n%53 == 11:
				v.Values[0] = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
			case n%61 == 13:
				v.Lost = 3
			}
			days = append(days, v)
		}
		switch {
		case n%97 == 5: // nothing came at all
		case energy == portal.Gas:
			day(metering.GasVolume, n*7%3000)
			day(metering.GasEnergy, n*77%33000)
		case d.Before(portal.Date(2025, 9, 10)):
			day(metering.OfftakeTotal, n*131%9000)
		case d.Weekday()%6 == 0:
			day(metering.OfftakeOffPeak, n*131%9000)
			day(metering.InjectionOffPeak, n*17%4000)
		default:
			day(metering.OfftakePeak, n*131%9000)
			day(metering.OfftakeOffPeak, n*31%2000)
			day(metering.InjectionPeak, n*17%4000)
		}
	}
	return days
}

// quarters is a day of quarter-hours, its bands taking turns at 7 and at 22.
func quarters(r metering.Register, date time.Time, amount int64) metering.Day {
	v := metering.Day{EAN: filesEAN, Register: r, Date: date, Meter: "1SAG1100076616"}
	for i := range metering.SlotsIn(date, 15*time.Minute) {
		s := metering.Slot{Value: metering.Value{Amount: (amount + int64(i)*37) % 900, Quality: metering.Validated}}
		day := i >= 7*4 && i < 22*4
		weekend := date.Weekday()%6 == 0
		switch {
		case r == metering.OfftakePeak && !day, r == metering.OfftakeOffPeak && day && !weekend:
			s = metering.Slot{Absent: true}
		case i == 50:
			s.Quality = metering.Estimated
		}
		v.Values = append(v.Values, s)
	}
	return v
}

// Must-show 2: CSV -> import -> CSV gives the same bytes after the lines with
// "#" are dropped: in a fresh database, and in the one it came from, which
// then has nothing to record; in each of our languages (D18).
func TestCSVComesBackTheSame(t *testing.T) {
	t.Parallel()
	for _, energy := range []portal.Energy{portal.Electricity, portal.Gas} {
		from := newArchive(t, energy)
		_, err := from.importer().Import(context.Background(), household(energy), metering.ImportOptions{})
		require.NoError(t, err)
		for i, lang := range portal.Languages {
			for name, q := range map[string]metering.Query{
				"days":              {Grain: metering.ByDay},
				"months":            {Grain: metering.ByMonth, From: portal.Date(2025, 4, 1), To: portal.Date(2026, 11, 1)},
				"all months":        {Grain: metering.ByMonth},
				"years":             {Grain: metering.ByYear},
				"a month of days":   {Grain: metering.ByDay, From: portal.Date(2025, 10, 1), To: portal.Date(2025, 11, 1)},
				"hours, then days":  {Grain: metering.ByHour, From: portal.Date(2026, 10, 20), To: portal.Date(2026, 11, 3)},
				"hours":             {Grain: metering.ByHour, From: portal.Date(2026, 10, 22), To: portal.Date(2026, 10, 28)},
				"quarter-hours":     {Grain: metering.ByQuarter, From: portal.Date(2026, 10, 24), To: portal.Date(2026, 10, 27)},
				"the day of 25 hrs": {Grain: metering.ByDay, From: portal.Date(2025, 10, 26), To: portal.Date(2025, 10, 27)},
			} {
				t.Run(string(energy)+"/"+string(lang)+"/"+name, func(t *testing.T) {
					file := from.csv(t, lang, q)
					want := comments.ReplaceAllString(file, "")
					require.Greater(t, strings.Count(want, "\n"), 1)
					report := from.take(t, file)
					require.False(t, report.Recorded, "%+v", report)
					require.Equal(t, want, comments.ReplaceAllString(from.csv(t, lang, q), ""))
					if i > 1 {
						return
					}
					fresh := newArchive(t, energy)
					require.True(t, fresh.take(t, file).Recorded)
					require.Equal(t, want, comments.ReplaceAllString(fresh.csv(t, lang, q), ""))
					require.False(t, fresh.take(t, file).Recorded)
				})
			}
		}
	}
}

// Must-show 2: of several references in one file, too, in the database that it
// came from and in a fresh one; whose a row is, the masks tell.
func TestCSVOfSeveralComesBackTheSame(t *testing.T) {
	t.Parallel()
	from := newArchive(t, portal.Electricity)
	days := household(portal.Electricity)
	for _, d := range household(portal.Gas) {
		d.EAN = secondEAN
		days = append(days, d)
	}
	_, err := from.importer().Import(context.Background(), days, metering.ImportOptions{})
	require.NoError(t, err)
	for lang, q := range map[portal.Language]metering.Query{
		portal.French:  {Grain: metering.ByDay},
		portal.German:  {Grain: metering.ByMonth},
		portal.Dutch:   {Grain: metering.ByQuarter, From: portal.Date(2026, 10, 24), To: portal.Date(2026, 10, 27)},
		portal.English: {Grain: metering.ByYear},
	} {
		file := from.both(t, lang, q)
		require.Equal(t, 2, strings.Count(file, i18n.For(lang).T("consumption.point", "")), "each is named at its head")
		want := comments.ReplaceAllString(file, "")
		require.Contains(t, want, filesEAN.Masked())
		require.Contains(t, want, secondEAN.Masked())
		require.False(t, from.take(t, file, secondEAN).Recorded, "%s", q.Grain)
		fresh := newArchive(t, portal.Electricity)
		require.True(t, fresh.take(t, file, secondEAN).Recorded)
		require.Equal(t, want, comments.ReplaceAllString(fresh.both(t, lang, q), ""))
		require.False(t, fresh.take(t, file, secondEAN).Recorded)
	}
}

// L4, L5, must-show 2: what was counted between two readings stands in every
// form alike, with its own bounds and its word, and comes back the same: in the
// database that has the readings, and in a fresh one, in each language.
func TestReadingsInEveryForm(t *testing.T) {
	t.Parallel()
	from := newArchive(t, portal.Electricity)
	from.read(t)
	years := metering.Query{Grain: metering.ByYear}
	for _, lang := range portal.Languages {
		file := from.csv(t, lang, years)
		want := comments.ReplaceAllString(file, "")
		word := i18n.For(lang).T("quality.indexes")
		require.Contains(t, want, "2025-11-20T00:00:00+01:00;2026-11-20T00:00:00+01:00;"+filesEAN.Masked()+";"+unbroken(i18n.For(lang).T("register.offtake-peak"))+";612,000;kWh;"+word)
		require.Equal(t, 2, strings.Count(want, word), want)
		require.False(t, from.take(t, file).Recorded, "the readings are here")
		fresh := newArchive(t, portal.Electricity)
		require.True(t, fresh.take(t, file).Recorded)
		require.Equal(t, want, comments.ReplaceAllString(fresh.csv(t, lang, years), ""))
		require.False(t, fresh.take(t, file).Recorded)
	}
	_, err := from.importer().ImportTotals(context.Background(), []metering.PeriodTotal{{EAN: filesEAN, Register: metering.OfftakePeak, Amount: 7, Indexed: true, Line: 3,
		Period: portal.Period{From: portal.Date(2025, 12, 1), To: portal.Date(2026, 11, 20)}}}, metering.ImportOptions{})
	require.ErrorContains(t, err, "line 3: what is stored of this period adds up to 612.000")

	history := metering.History{Ledger: from.Store, Clock: func() time.Time { return from.now }}
	series, err := history.Series(context.Background(), from.point, from.stay, years)
	require.NoError(t, err)
	x := &ctx{Catalog: i18n.For(portal.German), now: from.now}
	var b bytes.Buffer
	require.NoError(t, exchange.WriteJSON(&b, series, "mark"))
	require.Contains(t, b.String(), `{"from":"2025-11-20T00:00:00+01:00","until":"2026-11-20T00:00:00+01:00","quality":"indexes","days":365,"missing_days":0,"estimated_days":0,"amounts":{"offtake-offpeak":733000,"offtake-peak":612000}}`)
	b.Reset()
	require.NoError(t, exchange.WriteESPI(&b, series, exchange.FeedWords{Made: from.now}))
	require.Contains(t, b.String(), `<espi:quality>17</espi:quality></espi:ReadingQuality><espi:timePeriod><espi:duration>31536000</espi:duration><espi:start>1763593200</espi:start></espi:timePeriod><espi:value>612000</espi:value>`)
	pass := lookup.Pass{Point: from.point, Occupancy: from.stay}
	paper := historyLetter(x, selection{of: 1, query: years}, pass, series)
	require.Equal(t, []string{"20.\u00a0November\u00a02025 – 20.\u00a0November\u00a02026", "1.345", "612", "733", "zwischen zwei Ablesungen"}, paper.Rows[len(paper.Rows)-1])
	page := newSpeaker(x, shown{sel: selection{of: 1, query: years}, pass: pass, series: series})
	bars := page.charts()[0]
	require.True(t, bars.Bars[1].Between)
	require.Equal(t, "20.\u00a0November\u00a02025 – 20.\u00a0November\u00a02026: 1.345\u00a0kWh, davon 612\u00a0kWh in der Spitzenzeit; zwischen zwei Ablesungen gezählt", bars.Bars[1].Name)
	require.Contains(t, strings.Join(page.notes(), " "), "auf keine Monate verteilt")
}

// read is a window of last year, of which the reading was validated.
func (a *archive) read(t *testing.T) {
	meter, last := registry.Meter{ID: "m", EAN: filesEAN, Number: "1SAG1100076616", Period: portal.Period{From: portal.Date(2019, 1, 1)}}, portal.Date(2025, 11, 20)
	stay := a.stay
	stay.Name, stay.Language, stay.Street, stay.Postcode, stay.Town = "n", portal.French, "a", "b", "c"
	w := indexes.Window{ID: "w", EAN: filesEAN, MeterID: "m", Period: portal.Period{From: portal.Date(2026, 11, 10), To: portal.Date(2026, 12, 10)}, Registers: []indexes.Register{
		{Register: metering.OfftakePeak, Digits: 6, Last: 1_000, LastOn: last}, {Register: metering.OfftakeOffPeak, Digits: 6, Last: 2_000, LastOn: last}}}
	var entries []indexes.Entry
	for i, value := range []int64{1_612, 2_733} {
		entries = append(entries, indexes.Entry{ID: string(w.Registers[i].Register), WindowID: "w", Round: 1, OccupancyID: "o", On: portal.Date(2026, 11, 20), Who: portal.Household, At: a.now,
			Status: indexes.Received, Reading: indexes.Reading{Register: w.Registers[i].Register, Value: value, Finding: indexes.Plausible}})
	}
	require.NoError(t, a.Do(context.Background(), func(t tx.Tx) error {
		err := errors.Join(a.PutRegistry(t, registry.Batch{Meters: []registry.Meter{meter}, Occupancies: []registry.Occupancy{stay}}),
			a.PutWindows(t, []indexes.Window{w}), a.PutEntries(t, entries))
		for i := range entries {
			entries[i].Status = indexes.Validated
		}
		return errors.Join(err, a.Settle(t, entries))
	}))
}
