package metering_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

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

// Days of months that were read as one total are not missing: nobody read them.
func TestDaysOfMonthsReadAsOne(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10).Add(time.Hour))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 9_200)
	stay := p.stay(t, "o", ean, portal.Date(2019, 5, 1), time.Time{}, time.Time{})
	asOne := func(from, to time.Time) bool {
		s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByDay, From: from, To: to})
		require.NoError(t, err)
		return s.AsOne
	}
	march, april := portal.Date(2024, 3, 1), portal.Date(2024, 4, 1)
	require.False(t, asOne(march, april), "nothing has come of it")
	_, err := p.importer().LoadMonths(ctx, []metering.Month{{EAN: ean, Register: metering.OfftakeTotal, Date: march, Amount: 9_000}})
	require.NoError(t, err)
	require.True(t, asOne(march, april))
	require.True(t, asOne(april, april.AddDate(0, 1, 0)), "the total of the month that runs is still to come")
	require.False(t, asOne(portal.Date(2024, 2, 1), april), "February is missing")
	_, err = p.importer().Import(ctx, []metering.Day{{EAN: ean, Register: metering.OfftakeTotal, Date: april, Values: []metering.Slot{{Value: metering.Value{Amount: 500}}}}}, metering.ImportOptions{})
	require.NoError(t, err)
	require.False(t, asOne(april, april.AddDate(0, 1, 0)), "now its days come")
}

func TestHistoryRefusesAnotherPointsOccupancy(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 4, 10))
	_, err := p.history().Series(ctx, registry.AccessPoint{EAN: eanOf(1)}, registry.Occupancy{ID: "o", EAN: eanOf(2)}, metering.Query{Grain: metering.ByMonth})
	require.Equal(t, portal.Internal, portal.CodeOf(err))
}
