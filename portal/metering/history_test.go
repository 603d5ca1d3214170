package metering_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// oracle answers by looking at every day by itself.
type oracle struct {
	days map[int64][]metering.Day // by DayNumber
	stay portal.Period
	now  time.Time
}

// allowed tells whether a whole local day may be shown: D3, L16, Ld1.
func (o oracle) allowed(date time.Time) bool {
	next := date.AddDate(0, 0, 1)
	y, m, _ := o.now.In(portal.Brussels).Date()
	return !date.Before(o.stay.From) && (o.stay.To.IsZero() || !next.After(o.stay.To)) &&
		!date.Before(portal.Date(y-3, m, 1)) && !date.After(o.now)
}

type sums struct {
	amounts                   metering.Amounts
	shown, missing, estimated int
	any                       bool
}

func (o oracle) sum(p portal.Period) (s sums) {
	for d := p.From; d.Before(p.To); d = d.AddDate(0, 0, 1) {
		if !o.allowed(d) {
			continue
		}
		known, missing, estimated := false, false, false
		for _, day := range o.days[metering.DayNumber(d)] {
			for i, r := range metering.Registers {
				if r != day.Register {
					continue
				}
				for _, v := range day.Values {
					s.amounts[i] += v.Amount
					known = known || v.Quality != metering.Missing
					missing = missing || v.Quality == metering.Missing
					estimated = estimated || v.Quality == metering.Estimated
				}
			}
		}
		s.any = s.any || known
		if estimated {
			s.estimated++
		}
		if over := d.AddDate(0, 0, 1); missing || (!known && !over.After(o.now)) {
			s.missing++
		}
		s.shown++
	}
	return s
}

func drawMoment(t *rapid.T, label string, around time.Time) time.Time {
	y, m, day := around.Date()
	d := portal.Date(y, m, day+rapid.IntRange(-1700, 100).Draw(t, label))
	if rapid.IntRange(0, 4).Draw(t, label+" in the day") == 0 {
		d = d.Add(time.Duration(rapid.IntRange(1, 22).Draw(t, label+" hour")) * time.Hour)
	}
	return d
}

// L16, Ld1-Ld3, D3: no reading outside the occupancy ever counts, totals
// included, whatever the grain; days of 23 and 25 hours among them.
func TestNothingOutsideTheOccupancyEverCounts(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 11, 20))
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		ean := eanOf(n)
		p.now = portal.Date(2024, 11, 1).Add(time.Duration(rapid.IntRange(0, 60*24).Draw(t, "now")) * time.Hour)
		point := p.point(t, ean, portal.Electricity, 60_000)
		o := oracle{days: map[int64][]metering.Day{}, now: p.now}
		o.stay.From = drawMoment(t, "from", p.now)
		if rapid.Bool().Draw(t, "ended") {
			o.stay.To = o.stay.From.AddDate(0, rapid.IntRange(0, 30).Draw(t, "months"), rapid.IntRange(1, 40).Draw(t, "days"))
		}
		stay := registry.Occupancy{ID: "o", EAN: ean, Period: o.stay}

		// A stretch of days with holes, of two bands, around the stay.
		var days []metering.Day
		start := drawMoment(t, "first reading", p.now)
		start = portal.Date(start.Year(), start.Month(), start.Day())
		length := rapid.IntRange(1, 900).Draw(t, "length")
		fine := rapid.Bool().Draw(t, "hours")
		state := rapid.Uint32Range(1, 1<<31).Draw(t, "values")
		random := func(below uint32) uint32 { // one draw for all values keeps the law fast
			state ^= state << 13
			state ^= state >> 17
			state ^= state << 5
			return state % below
		}
		for i := range length {
			date := start.AddDate(0, 0, i)
			if date.After(p.now) || random(20) == 0 {
				continue
			}
			missing, estimated := random(15) == 0, random(10) == 0
			for _, r := range []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak} {
				day := daily(ean, r, date, int64(1+random(9000)), metering.Read)
				if fine {
					day = hourly(ean, r, date, int64(1+random(500)))
				}
				if estimated {
					day.Values[0].Quality = metering.Estimated
				}
				if missing {
					last := &day.Values[len(day.Values)-1]
					*last = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
				}
				days = append(days, day)
				o.days[metering.DayNumber(date)] = append(o.days[metering.DayNumber(date)], day)
			}
		}
		if len(days) > 0 {
			_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
			require.NoError(t, err)
		}

		q := metering.Query{Grain: rapid.SampledFrom([]metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay}).Draw(t, "grain")}
		if rapid.Bool().Draw(t, "narrowed") {
			q.From = drawMoment(t, "asked from", p.now)
			q.To = q.From.AddDate(0, rapid.IntRange(0, 14).Draw(t, "asked months"), 1)
		}
		s, err := p.history().Series(ctx, point, stay, q)
		require.NoError(t, err)
		covered := 0
		for i, got := range s.Points {
			require.True(t, got.Period.From.Before(got.Period.To))
			if i > 0 {
				require.True(t, s.Points[i-1].Period.To.Equal(got.Period.From), "no holes")
			}
			for d := got.Period.From; d.Before(got.Period.To); d = d.AddDate(0, 0, 1) {
				require.True(t, o.allowed(d), "%s is not the occupant's", d)
				covered++
			}
			want := o.sum(got.Period)
			if !want.any {
				require.Equal(t, metering.GapMissing, got.Gap)
				require.Zero(t, got.Amounts)
				continue
			}
			require.Equal(t, metering.NoGap, got.Gap, "%v", got)
			require.Equal(t, want.amounts, got.Amounts, "%s %v", q.Grain, got.Period)
			if got.Running && len(o.days[metering.DayNumber(p.now)]) > 0 {
				// Today is not owed; where it came all the same it may make up
				// for a day that did not.
				require.Contains(t, []int{want.missing, want.missing - 1}, got.MissingDays)
			} else {
				require.Equal(t, want.missing, got.MissingDays, "%v", got.Period)
			}
			require.Equal(t, want.estimated, got.EstimatedDays)
			if got.YearBefore != nil {
				before := portal.Period{From: got.Period.From.AddDate(-1, 0, 0), To: got.Period.To.AddDate(-1, 0, 0)}
				require.Equal(t, o.sum(before).amounts, *got.YearBefore)
				for d := before.From; d.Before(before.To); d = d.AddDate(0, 0, 1) {
					require.True(t, o.allowed(d))
				}
			}
		}
		if q.From.IsZero() {
			want := 0
			for d := portal.Date(2020, 1, 1); !d.After(p.now); d = d.AddDate(0, 0, 1) {
				if o.allowed(d) {
					want++
				}
			}
			// A period that began today and has no value yet is left out.
			require.Contains(t, []int{want, want - 1}, covered)
		}
		totals := s.Totals
		if totals.Months > 0 {
			require.LessOrEqual(t, totals.Months, 12)
			want := o.sum(totals.Period)
			require.Equal(t, want.amounts, totals.Amounts)
			require.Equal(t, want.shown, totals.Days, "every day of the totals is the occupant's")
			if totals.Before != nil {
				require.Equal(t, o.sum(portal.Period{From: totals.Period.From.AddDate(-1, 0, 0),
					To: totals.Period.To.AddDate(-1, 0, 0)}).amounts, *totals.Before)
			}
		}
	})
}

// Ld3: a month with one total and a move in it is an explained gap for both
// sides; neither learns the other's share as a difference.
func TestATotalThatStraddlesAMoveIsShownToNeither(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 6, 15).Add(9*time.Hour))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 9_200)
	var months []metering.Month
	for m := portal.Date(2023, 1, 1); m.Before(portal.Date(2024, 6, 1)); m = m.AddDate(0, 1, 0) {
		months = append(months, metering.Month{EAN: ean, Register: metering.OfftakeTotal, Date: m, Amount: 1000})
	}
	_, err := p.importer().LoadMonths(ctx, months)
	require.NoError(t, err)
	move := portal.Date(2024, 2, 10)
	leaver := registry.Occupancy{ID: "a", EAN: ean, Period: portal.Period{From: portal.Date(2023, 1, 1), To: move}}
	comer := registry.Occupancy{ID: "b", EAN: ean, Period: portal.Period{From: move}}

	s, err := p.history().Series(ctx, point, leaver, metering.Query{Grain: metering.ByMonth})
	require.NoError(t, err)
	require.Len(t, s.Points, 14)
	last := s.Points[13]
	require.Equal(t, metering.GapStraddle, last.Gap)
	require.Zero(t, last.Amounts)
	require.True(t, last.Cut)
	require.Equal(t, portal.Period{From: portal.Date(2024, 2, 1), To: move}, last.Period)
	require.Equal(t, []metering.Note{{Kind: metering.NoteMovedIn, At: portal.Date(2023, 1, 1)}, {Kind: metering.NoteStraddle, At: portal.Date(2024, 2, 1)},
		{Kind: metering.NoteMovedOut, At: move}, {Kind: metering.NoteMissing}}, s.Notes)
	require.EqualValues(t, 12_000, s.Totals.Amounts.Offtake())
	require.Equal(t, portal.Date(2024, 2, 1), s.Totals.Period.To)
	require.EqualValues(t, 1000, s.Points[12].YearBefore.Offtake())

	s, err = p.history().Series(ctx, point, comer, metering.Query{Grain: metering.ByYear})
	require.NoError(t, err)
	require.Len(t, s.Points, 1)
	require.EqualValues(t, 3000, s.Points[0].Amounts.Offtake(), "March, April, May")
	require.Nil(t, s.Points[0].YearBefore)
	require.Nil(t, s.Totals.Before)
	require.Equal(t, 3, s.Totals.Months)
}

func TestHistoryTellsWhatAReaderShouldKnow(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10).Add(time.Hour))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Gas, 0)
	p.meter(t, ean, "7FLO1", portal.Date(2019, 1, 1))
	p.meter(t, ean, "7FLO2", portal.Date(2023, 6, 15))
	stay := p.stay(t, "o", ean, portal.Date(2019, 5, 1), time.Time{}, time.Time{})
	var days []metering.Day
	for d := portal.Date(2022, 4, 1); d.Before(p.now); d = d.AddDate(0, 0, 1) {
		q := metering.Read
		if d.Equal(portal.Date(2024, 1, 5)) {
			q = metering.Estimated
		}
		days = append(days, daily(ean, metering.GasEnergy, d, 1100, q), daily(ean, metering.GasVolume, d, 100, q))
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByMonth})
	require.NoError(t, err)
	require.Equal(t, []metering.Register{metering.GasVolume, metering.GasEnergy}, s.Registers)
	require.Equal(t, portal.Date(2021, 4, 1), s.Points[0].Period.From, "three years at the border of a month, D3")
	require.Equal(t, metering.GapMissing, s.Points[0].Gap, "nothing came: no zero")
	march := s.Points[35]
	require.EqualValues(t, 31*1100, march.Amounts.Offtake())
	require.EqualValues(t, 3100, march.Amounts.Volume())
	require.EqualValues(t, 31*1100, march.YearBefore.Offtake())
	running := s.Points[36]
	require.True(t, running.Running)
	require.EqualValues(t, 10*1100, running.Amounts.Offtake())
	require.Nil(t, running.YearBefore, "a part is not compared with a whole")
	require.Equal(t, []metering.Note{{Kind: metering.NoteHorizon, At: portal.Date(2021, 4, 1)},
		{Kind: metering.NoteMeterExchanged, At: portal.Date(2023, 6, 15)}, {Kind: metering.NoteEstimated}, {Kind: metering.NoteMissing}}, s.Notes)
	require.Equal(t, 366, s.Totals.Days)
	require.EqualValues(t, 366*1100, s.Totals.Amounts.Offtake())
	require.EqualValues(t, 365*1100, s.Totals.Before.Offtake())
	require.EqualValues(t, 1100, s.Totals.PerDay.Offtake())
	require.True(t, s.Totals.Estimated)
	require.False(t, s.Totals.Partial)

	s, err = p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByDay, From: portal.Date(2024, 2, 1), To: portal.Date(2024, 3, 1)})
	require.NoError(t, err)
	require.Len(t, s.Points, 29)
	require.Nil(t, s.Points[28].YearBefore, "29 February has no year before")
	require.EqualValues(t, 1100, s.Points[27].YearBefore.Offtake())
}

// An incomplete year beside a complete one would tell a change that never was.
func TestHistoryComparesOnlyWhatIsComplete(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 0)
	stay := p.stay(t, "o", ean, portal.Date(2019, 5, 1), time.Time{}, time.Time{})
	var days []metering.Day
	for d := portal.Date(2022, 1, 1); d.Before(p.now); d = d.AddDate(0, 0, 1) {
		if !d.Equal(portal.Date(2023, 2, 14)) {
			days = append(days, daily(ean, metering.OfftakeTotal, d, 1000, metering.Read))
		}
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByMonth, From: portal.Date(2024, 1, 1)})
	require.NoError(t, err)
	require.EqualValues(t, 31000, s.Points[0].YearBefore.Offtake())
	require.Nil(t, s.Points[1].YearBefore, "February 2023 lacks a day")
	require.Nil(t, s.Totals.Before)
}

// A point read once a month owes nothing for the month that is not over.
func TestHistoryWaitsForTheTotalOfTheRunningMonth(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 0)
	stay := p.stay(t, "o", ean, portal.Date(2019, 5, 1), time.Time{}, time.Time{})
	var months []metering.Month
	for d := portal.Date(2024, 1, 1); d.Before(portal.Date(2024, 4, 1)); d = d.AddDate(0, 1, 0) {
		months = append(months, metering.Month{EAN: ean, Register: metering.OfftakeTotal, Date: d, Amount: 1000})
	}
	_, err := p.importer().LoadMonths(ctx, months)
	require.NoError(t, err)
	s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByMonth, From: portal.Date(2024, 1, 1)})
	require.NoError(t, err)
	require.Len(t, s.Points, 3)
	s, err = p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByYear, From: portal.Date(2024, 1, 1)})
	require.NoError(t, err)
	require.Zero(t, s.Points[0].MissingDays)
}

func TestHistoryRefusesAnotherPointsOccupancy(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10))
	_, err := p.history().Series(ctx, registry.AccessPoint{EAN: eanOf(1)}, registry.Occupancy{ID: "o", EAN: eanOf(2)}, metering.Query{Grain: metering.ByMonth})
	require.Equal(t, portal.Internal, portal.CodeOf(err))
}
