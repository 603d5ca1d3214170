package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
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
			months, err := s.ReadingMonths(ctx, ean, 202201, 202212)
			require.NoError(t, err)
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
			meters, err := s.ReadingMeters(ctx, ean)
			require.NoError(t, err)
			require.Empty(t, meters)
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
