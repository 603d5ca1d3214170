package metering

import (
	"context"
	"time"

	"guichet/portal"
)

// Settling is how long before Query.Since a change may be dated and count all
// the same: a unit of work dates what it writes while it runs, and the clocks
// of two machines differ. A store ends a unit of work before that.
const Settling = 30 * time.Minute

// changes are the local days of which something that is stored changed.
type changes struct {
	since  time.Time
	days   map[int64]bool // by DayNumber
	months map[int64]bool // by MonthNumber
}

// markChanged marks the points that may differ from what a Series showed at
// q.Since: whose readings changed, that were not over then, or that are cut,
// since what cuts them moves. Too many are marked rather than too few. What is
// of another period, the year before, is left out of all.
func (h *History) markChanged(ctx context.Context, v *view, s *Series, q Query) error {
	c := changes{since: q.Since.Add(-Settling), days: map[int64]bool{}, months: map[int64]bool{}}
	first, last := bounds(ByMonth, v.period.From), bounds(ByMonth, v.period.To.Add(-1))
	periods, err := h.Ledger.ReadingChanges(ctx, s.EAN, c.since, DayNumber(first.From), DayNumber(last.To))
	if err != nil {
		return err
	}
	for _, p := range periods {
		for d := p.From; d.Before(p.To); d = d.AddDate(0, 0, 1) {
			c.days[DayNumber(d)], c.months[MonthNumber(d)] = true, true
		}
	}
	all := !v.steady(s.Energy, c)
	for i := range s.Points {
		p := &s.Points[i]
		p.YearBefore = nil
		p.Changed = all || p.Cut || bounds(s.Grain, p.Period.From).To.After(c.since) || c.touch(p.Period)
	}
	return nil
}

func (c changes) touch(p portal.Period) bool {
	for d := dayStart(p.From); d.Before(p.To); d = d.AddDate(0, 0, 1) {
		if c.days[DayNumber(d)] {
			return true
		}
	}
	return false
}

// steady tells that the family which decides whether a period has an amount is
// the one that decided before: the first of its energy, known from a month of
// which nothing changed.
func (v *view) steady(e portal.Energy, c changes) bool {
	if v.main != familyPlace(firstOf[e]) {
		return false
	}
	for i := range v.months {
		if f := v.months[i].family(v.main); (f.days > 0 || f.whole) && !c.months[MonthNumber(v.borders[i])] {
			return true
		}
	}
	return false
}

var firstOf = map[portal.Energy]Register{portal.Electricity: OfftakeTotal, portal.Gas: GasEnergy}
