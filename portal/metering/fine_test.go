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

// quarters is a day of quarter-hours that all count something else.
func quarters(ean portal.EAN, r metering.Register, date time.Time) metering.Day {
	d := metering.Day{EAN: ean, Register: r, Date: date, Meter: "m", Values: make([]metering.Slot, metering.SlotsIn(date, 15*time.Minute))}
	for i := range d.Values {
		d.Values[i].Amount = int64(100 + i)
	}
	return d
}

// D4: a day has 23, 24 or 25 hours and 92, 96 or 100 quarter-hours, each with
// its own instants; their sum is the day's.
func TestDaysOfClockChangesHaveTheirHours(t *testing.T) {
	now := portal.Date(2024, 5, 1)
	p := newPlace(t, now)
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 60_000)
	stay := p.stay(t, "o", ean, portal.Date(2023, 1, 1), time.Time{}, time.Time{})
	for _, c := range []struct {
		date  time.Time
		hours int
		note  metering.NoteKind
	}{
		{portal.Date(2023, 10, 28), 24, ""},
		{portal.Date(2023, 10, 29), 25, metering.NoteClockBack},
		{portal.Date(2024, 3, 31), 23, metering.NoteClockForward},
	} {
		day := quarters(ean, metering.OfftakeTotal, c.date)
		_, err := p.importer().Import(ctx, []metering.Day{day}, metering.ImportOptions{})
		require.NoError(t, err)
		for grain, want := range map[metering.Grain]int{metering.ByHour: c.hours, metering.ByQuarter: 4 * c.hours} {
			s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: grain, From: c.date, To: c.date.AddDate(0, 0, 1)})
			require.NoError(t, err)
			require.Len(t, s.Points, want)
			require.Equal(t, portal.Period{From: c.date, To: c.date.AddDate(0, 0, 1)}, s.Period)
			sum, length := int64(0), time.Duration(c.hours)*time.Hour/time.Duration(want)
			for i, point := range s.Points {
				require.True(t, point.Period.From.Equal(c.date.Add(time.Duration(i)*length)))
				require.Equal(t, length, point.Period.To.Sub(point.Period.From))
				require.Equal(t, metering.NoGap, point.Gap)
				sum += point.Amounts.Offtake()
			}
			n := int64(4 * c.hours)
			require.Equal(t, 100*n+n*(n-1)/2, sum)
			require.Equal(t, []metering.Register{metering.OfftakeTotal}, s.Registers)
			noted := false
			for _, n := range s.Notes {
				noted = noted || n == metering.Note{Kind: c.note, At: c.date}
			}
			require.Equal(t, c.note != "", noted)
		}
	}
}

// A band that does not count in an hour is silent there and not zero; over a
// day or a year that has hours of both, neither is.
func TestABandIsSilentWhereItDoesNotCount(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 5, 1))
	ean, date := eanOf(1), portal.Date(2024, 3, 6)
	point := p.point(t, ean, portal.Electricity, 60_000)
	stay := p.stay(t, "o", ean, portal.Date(2024, 1, 1), time.Time{}, time.Time{})
	peak, off := quarters(ean, metering.OfftakePeak, date), quarters(ean, metering.OfftakeOffPeak, date)
	for i := range peak.Values {
		if i >= 28 && i < 88 { // 7 to 22 h
			off.Values[i] = metering.Slot{Absent: true}
		} else {
			peak.Values[i] = metering.Slot{Absent: true}
		}
	}
	peak.Values[40].Amount = 0 // counted, and nothing was used
	_, err := p.importer().Import(ctx, []metering.Day{peak, off}, metering.ImportOptions{})
	require.NoError(t, err)
	series := func(g metering.Grain) metering.Series {
		s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: g, From: date, To: date.AddDate(0, 0, 1)})
		require.NoError(t, err)
		return s
	}
	for i, q := range series(metering.ByQuarter).Points {
		atPeak := i >= 28 && i < 88
		require.Equal(t, !atPeak, q.Silent.Has(metering.OfftakePeak), i)
		require.Equal(t, atPeak, q.Silent.Has(metering.OfftakeOffPeak), i)
		require.True(t, q.Silent.Has(metering.InjectionTotal), "there is no such register")
	}
	for _, g := range []metering.Grain{metering.ByDay, metering.ByMonth, metering.ByYear} {
		for _, whole := range series(g).Points {
			if whole.Gap == metering.NoGap {
				require.False(t, whole.Silent.Has(metering.OfftakePeak), g)
				require.False(t, whole.Silent.Has(metering.OfftakeOffPeak), g)
			}
		}
	}
}

// D4: of a day that is not over and of which nothing has come, nothing is
// shown and nothing is remarked, however many hours it will have.
func TestADayNotOwedYetIsNotRemarked(t *testing.T) {
	today := portal.Date(2024, 10, 27)
	p := newPlace(t, today.Add(9*time.Hour))
	point := p.point(t, eanOf(1), portal.Electricity, 60_000)
	stay := p.stay(t, "o", eanOf(1), portal.Date(2024, 1, 1), time.Time{}, time.Time{})
	s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByHour, From: today, To: today.AddDate(0, 0, 1)})
	require.NoError(t, err)
	require.Empty(t, s.Points)
	for _, n := range s.Notes {
		require.NotEqual(t, metering.NoteClockBack, n.Kind)
	}
}

// D5: what is finer than daily is shown from the choice on and only to whom it
// belongs; a day of which only the total is kept says so, and hours are not cut
// into quarters.
func TestDetailIsShownOnlyWhereItMayBe(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 5, 1))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 9_200)
	chosen := portal.Date(2024, 4, 10).Add(15 * time.Hour)
	stay := p.stay(t, "o", ean, portal.Date(2023, 1, 1), time.Time{}, portal.Date(2024, 1, 1))
	var days []metering.Day
	for d := portal.Date(2024, 4, 1); d.Before(portal.Date(2024, 4, 20)); d = d.AddDate(0, 0, 1) {
		switch d.Day() {
		case 12:
			days = append(days, daily(ean, metering.OfftakeTotal, d, 2400, metering.Read))
		case 13:
			days = append(days, hourly(ean, metering.OfftakeTotal, d, 100))
		case 14: // nothing came
		default:
			day := quarters(ean, metering.OfftakeTotal, d)
			day.Values[5] = metering.Slot{Value: metering.Value{Quality: metering.Missing}}
			day.Values[9].Quality = metering.Estimated
			days = append(days, day)
		}
	}
	_, err := p.importer().Import(ctx, days, metering.ImportOptions{})
	require.NoError(t, err)
	series := func(o registry.Occupancy, g metering.Grain, from, to int) metering.Series {
		s, err := p.history().Series(ctx, point, o, metering.Query{Grain: g, From: portal.Date(2024, 4, from), To: portal.Date(2024, 4, to)})
		require.NoError(t, err)
		return s
	}
	refused := stay
	refused.DetailFrom = time.Time{}
	require.Empty(t, series(refused, metering.ByHour, 11, 12).Points, "not chosen")
	require.True(t, series(refused, metering.ByHour, 11, 12).Detail.IsZero())
	gone := stay
	gone.DetailFrom, gone.To = chosen, portal.Date(2024, 4, 28)
	require.Empty(t, series(gone, metering.ByQuarter, 11, 12).Points, "a move ends it")

	stay.DetailFrom = chosen
	s := series(stay, metering.ByQuarter, 5, 12)
	require.Equal(t, portal.Date(2024, 4, 11), s.Points[0].Period.From, "the first whole day after the choice")
	require.Len(t, s.Points, 96)
	require.Contains(t, s.Notes, metering.Note{Kind: metering.NoteDetailFrom, At: portal.Date(2024, 4, 11)})
	require.Equal(t, metering.GapMissing, s.Points[5].Gap)
	require.Zero(t, s.Points[5].Amounts)
	require.True(t, s.Points[9].Estimated())

	s = series(stay, metering.ByHour, 11, 12)
	require.Len(t, s.Points, 24)
	require.True(t, s.Points[1].Partial(), "one of its quarter-hours is missing")
	require.EqualValues(t, 104+106+107, s.Points[1].Amounts.Offtake())
	require.EqualValues(t, 108+109+110+111, s.Points[2].Amounts.Offtake())
	require.True(t, s.Points[2].Estimated())

	s = series(stay, metering.ByHour, 12, 13)
	require.Len(t, s.Points, 1)
	require.Equal(t, metering.GapDaily, s.Points[0].Gap)
	require.Zero(t, s.Points[0].Amounts)
	require.Contains(t, s.Notes, metering.Note{Kind: metering.NoteDailyOnly})

	s = series(stay, metering.ByQuarter, 13, 14)
	require.Len(t, s.Points, 24)
	require.EqualValues(t, 100, s.Points[0].Amounts.Offtake())
	require.Contains(t, s.Notes, metering.Note{Kind: metering.NoteByHour})

	s = series(stay, metering.ByHour, 14, 15)
	require.Len(t, s.Points, 24)
	for _, point := range s.Points {
		require.Equal(t, metering.GapMissing, point.Gap)
	}
}

// L16, D3, D5: whatever the stay, the choice and the days that came, no hour
// outside them is ever shown, and those that are shown add up to the days that
// a day-by-day oracle counts.
func TestNoHourOutsideStayAndChoiceIsEverShown(t *testing.T) {
	p := newPlace(t, portal.Date(2024, 11, 20))
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		ean := eanOf(n)
		p.now = portal.Date(2024, 11, 20).Add(time.Duration(rapid.IntRange(0, 23).Draw(t, "hour of now")) * time.Hour)
		point := p.point(t, ean, portal.Electricity, rapid.SampledFrom([]int64{9_200, 56_000}).Draw(t, "power"))
		around := func(label string) time.Time { // near the autumn change of the clock
			return portal.Date(2024, 10, 27+rapid.IntRange(-9, 9).Draw(t, label)).
				Add(time.Duration(rapid.IntRange(0, 2).Draw(t, label+" hours")*11) * time.Hour)
		}
		occ := registry.Occupancy{ID: "o", EAN: ean}
		occ.From = around("from")
		if rapid.Bool().Draw(t, "ended") {
			occ.To = around("to")
		}
		if rapid.Bool().Draw(t, "chosen") {
			occ.DetailFrom = around("choice")
		}
		want := map[int64]int64{}
		var days []metering.Day
		from := portal.Date(2024, 10, 20)
		for d := from; d.Before(portal.Date(2024, 11, 4)); d = d.AddDate(0, 0, 1) {
			kind := rapid.IntRange(0, 4).Draw(t, "kind of day")
			if kind == 0 {
				continue
			}
			day := daily(ean, metering.OfftakeTotal, d, 777, metering.Read)
			if kind == 1 {
				day = hourly(ean, metering.OfftakeTotal, d, int64(d.Day()))
			} else if kind > 1 {
				day = quarters(ean, metering.OfftakeTotal, d)
			}
			days = append(days, day)
			allowed := !d.Before(occ.From) && (occ.To.IsZero() || !d.AddDate(0, 0, 1).After(occ.To))
			if point.PowerVA < registry.DetailPower {
				allowed = allowed && !occ.DetailFrom.IsZero() && !d.Before(occ.DetailFrom) && (occ.To.IsZero() || p.now.Before(occ.To))
			}
			if allowed && kind > 0 && len(day.Values) > 1 {
				for _, v := range day.Values {
					want[metering.DayNumber(d)] += v.Amount
				}
			}
		}
		// As they lie in the store: Load applies no D5, so that only History stands
		// between them and the page.
		_, err := p.importer().Load(ctx, func(yield func(metering.Day) bool) {
			for _, d := range days {
				if !yield(d) {
					return
				}
			}
		})
		require.NoError(t, err)
		grain := rapid.SampledFrom([]metering.Grain{metering.ByHour, metering.ByQuarter}).Draw(t, "grain")
		s, err := p.history().Series(ctx, point, occ, metering.Query{Grain: grain, From: from, To: portal.Date(2024, 11, 4)})
		require.NoError(t, err)
		got := map[int64]int64{}
		for i, point := range s.Points {
			if i > 0 {
				require.True(t, s.Points[i-1].Period.To.Equal(point.Period.From), "no holes")
			}
			if point.Gap == metering.NoGap {
				got[metering.DayNumber(point.Period.From)] += point.Amounts.Offtake()
			} else {
				require.Zero(t, point.Amounts)
			}
		}
		require.Equal(t, want, got)
	})
}
