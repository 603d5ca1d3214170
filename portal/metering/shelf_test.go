package metering_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// shelf keeps one access point's readings in memory, so that a law can see
// many worlds; the same laws hold on the databases (TestHistoryOnDatabases).
type shelf struct {
	point  registry.AccessPoint
	stays  []registry.Occupancy
	meters []registry.Meter
	days   map[shelfKey]metering.DayRow
	months map[shelfKey]metering.Month
	totals []metering.PeriodTotal
	// changed is when a day, or a month of one total, changed; by clock.
	changed map[portal.Period]time.Time
	clock   func() time.Time
}

type shelfKey struct {
	register metering.Register
	at       int64
}

func newShelf(w *world) *shelf {
	return &shelf{point: w.point, stays: slices.Clone(w.stays), meters: w.meters, days: map[shelfKey]metering.DayRow{}, months: map[shelfKey]metering.Month{},
		changed: map[portal.Period]time.Time{}, clock: func() time.Time { return w.now }}
}

// Record and Send implement tx.Tx; what an import records has its own test.
func (s *shelf) Record(audit.Entry) {}
func (s *shelf) Send(outbox.Letter) {}

// Do implements tx.Runner; a law fails at any error, so none is taken back.
func (s *shelf) Do(_ context.Context, fn func(tx.Tx) error) error { return fn(s) }

func (s *shelf) ReadingPoint(_ tx.Tx, ean portal.EAN) (registry.AccessPoint, []registry.Occupancy, bool, error) {
	return s.point, s.stays, ean == s.point.EAN, nil
}

// ChoiceOf, PutChoice and ChoicesOver implement metering.ChoiceStore.
func (s *shelf) ChoiceOf(_ tx.Tx, id string) (registry.AccessPoint, registry.Occupancy, error) {
	return s.point, s.stays[s.place(id)], nil
}

func (s *shelf) PutChoice(_ tx.Tx, id string, from, ended time.Time) error {
	o := &s.stays[s.place(id)]
	o.DetailFrom, o.DetailEnded = from, ended
	return nil
}

func (s *shelf) ChoicesOver(_ context.Context, now time.Time, _ int) (ids []string, _ error) {
	for _, o := range s.stays {
		if !o.DetailFrom.IsZero() && !o.To.IsZero() && !now.Before(o.To) {
			ids = append(ids, o.ID)
		}
	}
	return ids, nil
}

func (s *shelf) place(id string) int {
	return slices.IndexFunc(s.stays, func(o registry.Occupancy) bool { return o.ID == id })
}

// tell puts the stays as they are known later.
func (s *shelf) tell(stays []registry.Occupancy) { s.stays = slices.Clone(stays) }

func (s *shelf) ReadingDays(_ context.Context, _ portal.EAN, from, to int64) (rows []metering.DayRow, _ error) {
	for key, row := range s.days {
		if from <= key.at && key.at <= to {
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b metering.DayRow) int {
		return cmp.Or(cmp.Compare(a.Register, b.Register), cmp.Compare(a.Day, b.Day))
	})
	return rows, nil
}

func (s *shelf) ReadingHistory(_ context.Context, ean portal.EAN, p portal.Period) (kept metering.Kept, _ error) {
	months, err := s.ReadingMonthsIn(nil, ean, metering.MonthNumber(p.From), metering.MonthNumber(p.To.Add(-1)))
	for _, m := range months {
		kept.Months = append(kept.Months, metering.MonthRow{Register: m.Register, Number: metering.MonthNumber(m.Date),
			Amount: m.Amount, Days: m.Days, Estimated: m.Estimated, Missing: m.Missing})
	}
	for _, m := range s.meters {
		kept.Meters = append(kept.Meters, m.From)
	}
	totals, totalsErr := s.ReadingTotalsIn(nil, ean, metering.DayNumber(p.From), metering.DayNumber(p.To))
	kept.Totals = totals
	return kept, errors.Join(err, totalsErr)
}

func (s *shelf) ReadingMonthsIn(_ tx.Tx, _ portal.EAN, from, to int64) (months []metering.Month, _ error) {
	for key, m := range s.months {
		if from <= key.at && key.at <= to {
			months = append(months, m)
		}
	}
	slices.SortFunc(months, func(a, b metering.Month) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Register, b.Register))
	})
	return months, nil
}

func (s *shelf) ReadingChanges(_ context.Context, _ portal.EAN, since time.Time, _, _ int64) (periods []portal.Period, _ error) {
	for p, at := range s.changed {
		if !at.Before(since) {
			periods = append(periods, p)
		}
	}
	return periods, nil
}

func (s *shelf) ReadingDaysIn(_ tx.Tx, ean portal.EAN, from, to int64) ([]metering.DayRow, error) {
	return s.ReadingDays(ctx, ean, from, to)
}

func (s *shelf) PutReadingDays(_ tx.Tx, days []metering.DayRow) error {
	for _, d := range days {
		s.days[shelfKey{d.Register, d.Day}] = d
		s.changed[around("day", metering.DateOf(d.Day))] = s.clock()
	}
	return nil
}

func (s *shelf) DropReadingDays(_ tx.Tx, days []metering.DayRow) error {
	for _, d := range days {
		delete(s.days, shelfKey{d.Register, d.Day})
		s.changed[around("day", metering.DateOf(d.Day))] = s.clock()
	}
	return nil
}

func (s *shelf) PutReadingMonths(_ tx.Tx, months []metering.Month) error {
	for _, m := range months {
		key := shelfKey{m.Register, metering.MonthNumber(m.Date)}
		if old, was := s.months[key]; m.Days > 0 || !was || old.Days == 0 {
			s.months[key] = m
			if m.Days == 0 {
				s.changed[around(metering.ByMonth, m.Date)] = s.clock()
			}
		}
	}
	return nil
}

func (s *shelf) DropReadingMonths(_ tx.Tx, months []metering.Month) error {
	for _, m := range months {
		delete(s.months, shelfKey{m.Register, metering.MonthNumber(m.Date)})
	}
	return nil
}

func (s *shelf) ReadingTotalsIn(_ tx.Tx, _ portal.EAN, from, until int64) (totals []metering.PeriodTotal, _ error) {
	for _, t := range s.totals {
		if from <= metering.DayNumber(t.Period.From) && metering.DayNumber(t.Period.To) <= until {
			totals = append(totals, t)
		}
	}
	return totals, nil
}

func (s *shelf) PutReadingTotals(_ tx.Tx, totals []metering.PeriodTotal) error {
	s.totals = append(s.totals, totals...)
	for _, t := range totals {
		s.changed[t.Period] = s.clock()
	}
	return nil
}
