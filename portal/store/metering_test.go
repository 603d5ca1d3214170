package store_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// The readings' tables on every database: replace, keep, drop, roll back.
func TestReadings(t *testing.T) {
	const ean, other = portal.EAN("541499000000123455"), portal.EAN("541999000000123450")
	ctx := context.Background()
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			s := backend.Open(t, func() time.Time { return portal.Date(2024, 1, 1) })
			var days []metering.DayRow
			for d := portal.Date(2022, 1, 1); d.Before(portal.Date(2023, 1, 1)); d = d.AddDate(0, 0, 1) {
				days = append(days, metering.DayRow{EAN: ean, Register: metering.GasEnergy, Day: metering.DayNumber(d), Meter: "m", Packed: []byte{1, 2, byte(d.Day())}})
			}
			february := metering.Month{EAN: ean, Register: metering.GasEnergy, Date: portal.Date(2022, 2, 1), Amount: 7, Days: 28, Estimated: 1, Missing: 2, None: 3}
			put := func(days []metering.DayRow, months ...metering.Month) error {
				return s.Do(ctx, func(t tx.Tx) error {
					return errors.Join(s.PutReadingDays(t, days), s.PutReadingMonths(t, months))
				})
			}
			require.NoError(t, put(append([]metering.DayRow{{EAN: other, Register: metering.GasEnergy, Day: 20220101, Packed: []byte{9}}}, days...), february))
			got, err := s.ReadingDays(ctx, ean, 0, 99999999)
			require.NoError(t, err)
			require.Equal(t, days, got, "more than one statement's rows, and nobody else's")

			days[3].Packed, days[3].Meter = []byte{8}, "n"
			require.NoError(t, put(days[3:4]))
			got, err = s.ReadingDays(ctx, ean, 20220103, 20220105)
			require.NoError(t, err)
			require.Equal(t, days[2:5], got)

			asOne := february
			asOne.Days, asOne.Amount = 0, 99
			require.NoError(t, put(nil, asOne))
			var months []metering.Month
			require.NoError(t, s.Do(ctx, func(t tx.Tx) error {
				months, err = s.ReadingMonthsIn(t, ean, 202201, 202212)
				return err
			}))
			require.Equal(t, []metering.Month{february}, months, "a month of days keeps them")

			failed := errors.New("stop")
			require.ErrorIs(t, s.Do(ctx, func(t tx.Tx) error {
				return errors.Join(s.DropReadingDays(t, days), s.DropReadingMonths(t, months), failed)
			}), failed)
			require.NoError(t, s.Do(ctx, func(t tx.Tx) error { return s.DropReadingDays(t, days[:1]) }))
			require.NoError(t, s.Do(ctx, func(t tx.Tx) error {
				inside, err := s.ReadingDaysIn(t, ean, 0, 99999999)
				if err == nil && len(inside) != len(days)-1 {
					err = errors.New("a dropped day is still there, or more are gone")
				}
				monthsIn, monthsErr := s.ReadingMonthsIn(t, ean, 202202, 202202)
				if len(monthsIn) != 1 {
					err = errors.New("the month is gone")
				}
				_, _, found, pointErr := s.ReadingPoint(t, ean)
				if found {
					err = errors.New("a point that nobody registered")
				}
				return errors.Join(err, monthsErr, pointErr)
			}))
			require.NoError(t, s.Do(ctx, func(t tx.Tx) error { return s.DropReadingMonths(t, months) }))
		})
	}
}

// A history comes in one row on every database, each number as it was written,
// of its own point and period and of nothing else.
func TestReadingHistory(t *testing.T) {
	const ean, other = portal.EAN("541499000000123455"), portal.EAN("541999000000123450")
	date := func(y int, m time.Month, d int) time.Time { return portal.Date(y, m, d) }
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s := b.Open(t, func() time.Time { return date(2024, 1, 1) })
			shown := portal.Period{From: date(2022, 1, 5), To: date(2024, 1, 1)}
			kept, err := s.ReadingHistory(t.Context(), ean, shown)
			require.NoError(t, err)
			require.Empty(t, append(kept.Months, metering.MonthRow{})[1:])
			require.Empty(t, kept.Totals)
			require.Empty(t, kept.Meters)

			month := func(at time.Time, r metering.Register, amount int64, days ...int) metering.Month {
				return metering.Month{EAN: ean, Register: r, Date: at, Amount: amount, Days: days[0], Estimated: days[1], Missing: days[2], None: 7}
			}
			total := func(r metering.Register, from, to time.Time, estimated, missing bool) metering.PeriodTotal {
				return metering.PeriodTotal{EAN: ean, Register: r, Period: portal.Period{From: from, To: to}, Amount: math.MaxInt64, Estimated: estimated, Missing: missing}
			}
			stranger := month(date(2022, 1, 1), metering.GasVolume, 5, 1, 0, 0)
			stranger.EAN = other
			totals := []metering.PeriodTotal{
				total(metering.GasEnergy, date(2022, 1, 5), date(2022, 3, 2), true, false),
				total(metering.GasVolume, date(2023, 12, 3), date(2024, 1, 1), false, true)}
			require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
				return errors.Join(s.PutReadingMonths(u, []metering.Month{stranger,
					month(date(2021, 12, 1), metering.GasEnergy, 1, 31, 0, 0), month(date(2024, 1, 1), metering.GasEnergy, 1, 31, 0, 0),
					month(date(2022, 1, 1), metering.OfftakePeak, 0, 0, 1, 1), month(date(2023, 12, 1), metering.InjectionOffPeak, math.MaxInt64, 31, 30, 29)}),
					s.PutReadingTotals(u, append(totals, total(metering.GasEnergy, date(2022, 1, 4), date(2022, 2, 1), false, false),
						total(metering.GasEnergy, date(2023, 12, 4), date(2024, 1, 2), false, false))),
					s.PutRegistry(u, registry.Batch{Points: []registry.AccessPoint{{EAN: ean, Energy: portal.Gas}}, Meters: []registry.Meter{
						{ID: "m1", EAN: ean, Number: "1", Period: portal.Period{From: date(2001, 2, 3), To: date(2023, 4, 5)}},
						{ID: "m2", EAN: ean, Number: "2 3", Period: portal.Period{From: date(2023, 4, 5)}}}}))
			}))
			kept, err = s.ReadingHistory(t.Context(), ean, shown)
			require.NoError(t, err)
			require.ElementsMatch(t, []metering.MonthRow{
				{Register: metering.OfftakePeak, Number: 202201, Estimated: 1, Missing: 1},
				{Register: metering.InjectionOffPeak, Number: 202312, Amount: math.MaxInt64, Days: 31, Estimated: 30, Missing: 29}}, kept.Months)
			require.ElementsMatch(t, totals, kept.Totals)
			require.ElementsMatch(t, []time.Time{date(2001, 2, 3).UTC(), date(2023, 4, 5).UTC()}, kept.Meters)
		})
	}
}

// What changed is dated by the writer: days, months of one total, totals; and
// where a day is dropped, what is left of it.
func TestReadingChanges(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := portal.Date(2026, 3, 2)
			s := b.Open(t, func() time.Time { return now })
			const ean = portal.EAN("541449000000000010")
			packed, err := metering.AppendPacked(nil, []metering.Slot{{Value: metering.Value{Amount: 5}}}, 0)
			require.NoError(t, err)
			day := func(r metering.Register, n int64) metering.DayRow {
				return metering.DayRow{EAN: ean, Register: r, Day: n, Meter: "m", Packed: packed}
			}
			do := func(fn func(tx.Tx) error) { t.Helper(); require.NoError(t, s.Do(t.Context(), fn)) }
			changed := func(since time.Time) (all []string) {
				periods, err := s.ReadingChanges(t.Context(), ean, since, 20260101, 20260301)
				require.NoError(t, err)
				for _, p := range periods {
					all = append(all, p.From.Format(time.DateOnly)+" "+p.To.Format(time.DateOnly))
				}
				slices.Sort(all)
				return all
			}
			do(func(t tx.Tx) error {
				return s.PutReadingDays(t, []metering.DayRow{day(metering.OfftakeTotal, 20251231), day(metering.OfftakeTotal, 20260110), day(metering.OfftakePeak, 20260110), day(metering.OfftakeTotal, 20260111)})
			})
			first := now
			now = now.Add(time.Hour)
			do(func(t tx.Tx) error {
				return errors.Join(s.PutReadingDays(t, []metering.DayRow{day(metering.OfftakeTotal, 20260111)}),
					s.PutReadingMonths(t, []metering.Month{{EAN: ean, Register: metering.OfftakeTotal, Date: portal.Date(2026, 1, 1), Days: 2},
						{EAN: ean, Register: metering.OfftakeTotal, Date: portal.Date(2026, 2, 1)}}),
					s.PutReadingTotals(t, []metering.PeriodTotal{{EAN: ean, Register: metering.OfftakeTotal, Period: portal.Period{From: portal.Date(2026, 1, 5), To: portal.Date(2026, 1, 9)}}}))
			})
			later := []string{"2026-01-05 2026-01-09", "2026-01-11 2026-01-12", "2026-02-01 2026-03-01"}
			require.Equal(t, later, changed(now))
			require.Equal(t, append([]string{later[0], "2026-01-10 2026-01-11"}, later[1:]...), changed(first))
			now = now.Add(time.Hour)
			do(func(t tx.Tx) error {
				return s.DropReadingDays(t, []metering.DayRow{day(metering.OfftakePeak, 20260110)})
			})
			require.Equal(t, []string{"2026-01-10 2026-01-11"}, changed(now))
			require.Empty(t, changed(now.Add(time.Second)))
		})
	}
}
