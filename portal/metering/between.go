package metering

import (
	"context"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
)

// years are the points of years. Where a meter sends nothing, what it counted
// between two readings that count stands in the place of years that have nothing
// (L4, L5): each such total with its own bounds, whole, spread over no month, and
// never beside anything else that is known of one of its days (Ld3). What is left
// around them is calendar years, cut, or a gap.
func (h *History) years(ctx context.Context, v *view, occ registry.Occupancy, q Query, shown portal.Period) ([]Point, error) {
	between, err := h.between(ctx, v, occ)
	if err != nil || len(between) == 0 {
		return v.points(ByYear, shown), err
	}
	var points []Point
	at := v.period.From
	for _, b := range append(between, Point{Period: portal.Period{From: v.period.To, To: v.period.To}}) {
		if at.Before(b.Period.From) {
			rest, err := h.around(ctx, v, occ.EAN, portal.Period{From: at, To: b.Period.From})
			if err != nil {
				return nil, err
			}
			points = append(points, rest...)
		}
		if at = b.Period.To; b.Own {
			points = append(points, b)
		}
	}
	return slices.DeleteFunc(points, func(p Point) bool {
		// A part of a year that such a total follows is no more of what is asked
		// for from there on.
		return !q.From.IsZero() && !p.Period.To.After(q.From) || !q.To.IsZero() && !p.Period.From.Before(q.To)
	}), nil
}

// around makes the points of the time between two such totals: one gap where
// nothing is known, as no reading was taken at its bounds, none where the next
// reading is still to come.
func (h *History) around(ctx context.Context, v *view, ean portal.EAN, part portal.Period) ([]Point, error) {
	if v.anything() {
		cut := *v
		cut.period = part
		_, err := h.readMonths(ctx, ean, &cut)
		if err == nil && part.To.After(v.today) {
			err = h.readToday(ctx, ean, &cut)
		}
		if err != nil {
			return nil, err
		}
		cut.main = v.main
		points := cut.points(ByYear, part)
		if slices.ContainsFunc(points, func(p Point) bool { return p.Gap != GapMissing }) {
			return points, nil
		}
	}
	p := v.own(part)
	if part.To.After(v.today) {
		return nil, nil
	}
	p.Gap, p.MissingDays = GapUnread, p.Days
	return []Point{p}, nil
}

// own is a point with bounds of its own, still without amounts.
func (v *view) own(p portal.Period) Point {
	return Point{Period: p, Own: true, Silent: everyRegister, Days: dayCount(p)}
}

// between gives the totals between two readings that may be shown, in the order
// of time. It sets what decides whether there is an amount where nothing else does.
func (h *History) between(ctx context.Context, v *view, occ registry.Occupancy) (points []Point, err error) {
	totals, err := h.Ledger.IndexTotals(ctx, occ)
	if err != nil {
		return nil, err
	}
	for _, t := range v.sums { // a file of ours brings them back
		if t.Indexed {
			totals = append(totals, t)
		}
	}
	for _, t := range totals {
		place, ok := t.Register.place()
		if !ok || !within(t.Period, v.period) {
			continue
		}
		i := slices.IndexFunc(points, func(p Point) bool { return p.Period.From.Equal(t.Period.From) && p.Period.To.Equal(t.Period.To) })
		if i < 0 {
			i = len(points)
			points = append(points, v.own(t.Period))
		}
		if p := &points[i]; p.Silent.Has(t.Register) { // else it is there already
			p.Amounts[place], p.Silent = t.Amount, p.Silent&^(1<<place)
		}
	}
	slices.SortFunc(points, func(a, b Point) int {
		if c := a.Period.To.Compare(b.Period.To); c != 0 {
			return c
		}
		return b.Period.From.Compare(a.Period.From)
	})
	decided := v.anything()
	var kept []Point
	var end time.Time
	for _, p := range points {
		p.countOnce()
		if !decided {
			v.main, decided = p.mainFamily(), true
		}
		if p.Period.From.Before(end) || !p.counts(families[v.main]) {
			continue
		}
		free, err := h.nothingElse(ctx, v, occ.EAN, p.Period)
		if err != nil {
			return nil, err
		}
		if free {
			kept, end = append(kept, p), p.Period.To
		}
	}
	return kept, nil
}

// anything tells whether any value has come, so that a family decides already.
func (v *view) anything() bool {
	for i := range v.months {
		if v.months[i].known != 0 || v.months[i].straddles {
			return true
		}
	}
	return slices.ContainsFunc(v.sums, func(t PeriodTotal) bool { return !t.Indexed })
}

// countOnce leaves the bands out where their total is there.
func (p *Point) countOnce() {
	for i, r := range Registers {
		if r.Family() != r && !p.Silent.Has(r.Family()) {
			p.Amounts[i], p.Silent = 0, p.Silent.With(r)
		}
	}
}

// counts tells whether any register of a family is in the point.
func (p *Point) counts(family Register) bool {
	return slices.ContainsFunc(Registers[:], func(r Register) bool { return r.Family() == family && !p.Silent.Has(r) })
}

func (p *Point) mainFamily() int {
	return max(0, slices.IndexFunc(families[:], p.counts))
}

// nothingElse tells that no value is known of any day of a period.
func (h *History) nothingElse(ctx context.Context, v *view, ean portal.EAN, period portal.Period) (bool, error) {
	for _, t := range v.sums {
		if !t.Indexed && t.Period.From.Before(period.To) && period.From.Before(t.Period.To) {
			return false, nil
		}
	}
	for at := period.From; at.Before(period.To); at = bounds(ByMonth, at).To {
		month := bounds(ByMonth, at)
		b := v.bucket(monthCount(at))
		switch {
		case !b.straddles && b.silent():
			continue
		case b.straddles || within(month, period) || b.asOne():
			return false, nil
		}
		part, _ := month.Intersect(period)
		days, err := h.readDays(ctx, ean, part)
		if err != nil {
			return false, err
		}
		for i := range days {
			if !days[i].silent() {
				return false, nil
			}
		}
	}
	return true, nil
}

// silent tells that no value is in it: nothing came, or only that it is missing.
func (b *bucket) silent() bool {
	for i := range families {
		if f := b.family(i); f.whole || f.amount > 0 || f.days > f.missing {
			return false
		}
	}
	return true
}

// asOne tells whether a family of it came as one total.
func (b *bucket) asOne() bool {
	for i := range families {
		if b.family(i).whole {
			return true
		}
	}
	return false
}
