package metering

import (
	"context"
	"errors"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
)

// Series reads what the occupancy may see of the point (L16). A query outside
// it gives a Series without points, never an error; occ must be of the point.
func (h *History) Series(ctx context.Context, point registry.AccessPoint, occ registry.Occupancy, q Query) (Series, error) {
	if occ.EAN != point.EAN || occ.ID == "" {
		return Series{}, &portal.Error{Code: portal.Internal, Key: "internal", Err: errors.New("history: the occupancy is not of this access point")}
	}
	s := Series{EAN: point.EAN, Energy: point.Energy, Grain: q.Grain, Unit: "kWh"}
	s.Detail, _ = Detail(point, occ, h.Clock())
	v := newView(h.Clock(), occ.Period)
	v.narrow(q.Within)
	if v.empty() {
		return s, nil
	}
	shown, ok := v.shown(q)
	meters, err := h.readMonths(ctx, point.EAN, &v)
	if err == nil && !q.Grain.Fine() && q.Grain != ByDay && shown.To.After(v.today) {
		err = h.readToday(ctx, point.EAN, &v)
	}
	if err != nil {
		return Series{}, err
	}
	switch {
	case !ok, q.Grain.Fine() && s.Detail.IsZero():
	case q.Grain.Fine():
		err = h.fine(ctx, &v, &s, shown)
	case q.Grain == ByDay:
		err = h.days(ctx, &v, &s, shown)
	case q.Grain == ByYear:
		s.Points, err = h.years(ctx, &v, occ, q, shown)
	default:
		s.Points = v.points(q.Grain, shown)
	}
	if err != nil {
		return Series{}, err
	}
	if q.Grain != ByYear && !slices.ContainsFunc(s.Points, func(p Point) bool { return p.Gap == NoGap || p.Gap == GapDaily }) {
		between, err := h.between(ctx, &v, occ)
		if err != nil {
			return Series{}, err
		}
		s.Indexed = len(between) > 0
		s.AsOne = q.Grain == ByDay && !s.Indexed && v.asOne(s.Points)
	}
	if len(s.Points) > 0 {
		s.Period = portal.Period{From: s.Points[0].Period.From, To: s.Points[len(s.Points)-1].Period.To}
	}
	if !q.Since.IsZero() {
		if err := h.markChanged(ctx, &v, &s, q); err != nil {
			return Series{}, err
		}
	}
	s.Totals = v.totals()
	if !q.Grain.Fine() {
		s.Registers = present(s.Points, &v)
	}
	s.Notes = append(v.notes(s, meters), s.Notes...)
	return s, nil
}

// view is the part of time that may be shown, in whole local days, and what
// was read of it.
type view struct {
	now          time.Time
	today        time.Time
	stay         portal.Period
	period       portal.Period // stay and horizon, up to the end of today
	horizon      time.Time
	begun, ended bool          // by Query.Within, which has no note: whoever asked knows it
	first        int           // the month that months begins with, by monthCount
	months       []bucket      // those that period touches, already cut to it
	borders      []time.Time   // where they begin, and where the last ends
	main         int           // the family whose values decide whether there is an amount
	sums         []PeriodTotal // with bounds of their own, inside period
}

func dayStart(t time.Time) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}

// asOne tells whether each month of some days was read as one total; where that
// of the month that runs is still to come, whether the one before was.
func (v *view) asOne(days []Point) bool {
	if len(days) == 0 {
		return false
	}
	first, last := monthCount(days[0].Period.From), monthCount(days[len(days)-1].Period.From)
	if last == monthCount(v.today) && v.bucket(last).silent() {
		last--
		first = min(first, last)
	}
	for month := first; month <= last; month++ {
		if b := v.bucket(month); !b.asOne() {
			return false
		}
	}
	return true
}

// newView: a day counts where all of it lies within the stay, so that a move
// during a day shows that day to neither side.
func newView(now time.Time, stay portal.Period) view {
	v := view{now: now, today: dayStart(now), stay: stay}
	y, m, _ := v.today.Date()
	v.horizon = portal.Date(y-HorizonYears, m, 1)
	v.period = portal.Period{From: v.horizon, To: v.today.AddDate(0, 0, 1)}
	if from := dayStart(stay.From); from.Before(stay.From) {
		stay.From = from.AddDate(0, 0, 1)
	}
	if stay.From.After(v.period.From) {
		v.period.From = stay.From.In(portal.Brussels)
	}
	if to := dayStart(stay.To); !stay.To.IsZero() && to.Before(v.period.To) {
		v.period.To = to
	}
	return v
}

// narrow cuts the view to the whole days of a period inside the stay.
func (v *view) narrow(within portal.Period) {
	if from := dayStart(within.From); !within.From.IsZero() {
		if from.Before(within.From) {
			from = from.AddDate(0, 0, 1)
		}
		if from.After(v.period.From) {
			v.period.From, v.begun = from, true
		}
	}
	if to := dayStart(within.To); !within.To.IsZero() && to.Before(v.period.To) {
		v.period.To, v.ended = to, true
	}
}

func (v *view) empty() bool { return !v.period.From.Before(v.period.To) }

// monthCount numbers the local months without holes.
func monthCount(t time.Time) int {
	y, m, _ := t.In(portal.Brussels).Date()
	return y*12 + int(m) - 1
}

// border is where a month begins, by monthCount: those of the view are known.
func (v *view) border(month int) time.Time {
	if i := month - v.first; i >= 0 && i < len(v.borders) {
		return v.borders[i]
	}
	return portal.Date(month/12, time.Month(month%12+1), 1)
}

// span is so many months from one on, not cut to the view.
func (v *view) span(month, months int) portal.Period {
	return portal.Period{From: v.border(month), To: v.border(month + months)}
}

// bucket is what was read of a month; nothing of one outside the view.
func (v *view) bucket(month int) *bucket {
	if i := month - v.first; i >= 0 && i < len(v.months) {
		return &v.months[i]
	}
	return &bucket{}
}

// bounds of a period of the grain that contains t.
func bounds(g Grain, t time.Time) portal.Period {
	y, m, d := t.In(portal.Brussels).Date()
	switch g {
	case ByYear:
		return portal.Period{From: portal.Date(y, 1, 1), To: portal.Date(y+1, 1, 1)}
	case ByDay, ByHour, ByQuarter:
		return portal.Period{From: portal.Date(y, m, d), To: portal.Date(y, m, d+1)}
	}
	return portal.Period{From: portal.Date(y, m, 1), To: portal.Date(y, m+1, 1)}
}

// shown is the query widened to whole periods of its grain, within the view.
func (v *view) shown(q Query) (portal.Period, bool) {
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return portal.Period{}, false
	}
	asked := portal.Period{From: v.period.From, To: v.period.To}
	if !q.From.IsZero() {
		asked.From = bounds(q.Grain, q.From).From
	}
	if !q.To.IsZero() {
		asked.To = bounds(q.Grain, q.To.Add(-1)).To
	}
	if !asked.From.Before(asked.To) {
		return portal.Period{}, false
	}
	both, ok := asked.Intersect(v.period)
	return both, ok && both.From.Before(both.To)
}

// readMonths fills the months. One that a move cuts is added up from the days
// inside; the total of its month never enters, not even as a difference (Ld3).
func (h *History) readMonths(ctx context.Context, ean portal.EAN, v *view) (meters []time.Time, err error) {
	kept, err := h.Ledger.ReadingHistory(ctx, ean, v.period)
	if err != nil {
		return nil, err
	}
	v.sums = kept.Totals
	v.lay()
	cut := v.cutMonths()
	for _, m := range kept.Months {
		month := int(m.Number/100*12 + m.Number%100 - 1)
		if b := v.bucket(month); cut[month] {
			b.straddles = b.straddles || m.Days == 0
		} else {
			b.addMonth(m)
		}
	}
	for i := range v.months {
		v.months[i].settle(dayCount(v.span(v.first+i, 1)))
	}
	for month := range cut {
		part, ok := v.span(month, 1).Intersect(v.period)
		if !ok {
			continue
		}
		days, err := h.readDays(ctx, ean, part)
		if err != nil {
			return nil, err
		}
		b := v.bucket(month)
		for i := range days {
			b.addDay(&days[i])
		}
		b.straddles = b.straddles && b.known == 0
	}
	v.main = mainFamily(v.months)
	return kept.Meters, nil
}

// lay makes room for the months that the period touches.
func (v *view) lay() {
	v.first = monthCount(v.period.From)
	v.months = make([]bucket, monthCount(v.period.To.Add(-1))-v.first+1)
	v.borders = make([]time.Time, len(v.months)+1)
	for i := range v.borders {
		v.borders[i] = portal.Date(v.first/12, time.Month(v.first%12+1+i), 1)
	}
}

// readToday tells the running month, where it is going to be shown, which of
// its days is today's: it came early and must not stand for a day that is
// missing.
func (h *History) readToday(ctx context.Context, ean portal.EAN, v *view) error {
	b := v.bucket(monthCount(v.today))
	if b.known == 0 {
		return nil
	}
	days, err := h.readDays(ctx, ean, bounds(ByDay, v.today))
	if err != nil {
		return err
	}
	for i := range families {
		for way, f := range days[0].parts[i] {
			b.parts[i][way].early = f.days
		}
	}
	return nil
}

// cutMonths are the months of which the stay has only a part.
func (v *view) cutMonths() map[int]bool {
	cut := map[int]bool{}
	for _, month := range []int{v.first, v.first + len(v.months) - 1} {
		whole := v.span(month, 1)
		if v.period.From.After(whole.From) || (v.period.To.Before(whole.To) && !v.period.To.After(v.today)) {
			cut[month] = true
		}
	}
	return cut
}

// readDays gives one bucket for each day of the period.
func (h *History) readDays(ctx context.Context, ean portal.EAN, period portal.Period) ([]bucket, error) {
	rows, err := h.Ledger.ReadingDays(ctx, ean, DayNumber(period.From), DayNumber(period.To.Add(-1)))
	if err != nil {
		return nil, err
	}
	days := make([]bucket, dayCount(period))
	for _, r := range rows {
		sum, err := Sum(r.Packed)
		if err != nil {
			return nil, &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
		}
		days[dayCount(portal.Period{From: period.From, To: DateOf(r.Day)})].addRegister(r.Register, sum)
	}
	return days, nil
}

// dayCount is how many local days a period of whole days has; half a day
// makes up for the days of 23 and 25 hours.
func dayCount(p portal.Period) int {
	return int((p.To.Sub(p.From) + 12*time.Hour) / (24 * time.Hour))
}

// points makes the periods of a grain from the months.
func (v *view) points(g Grain, shown portal.Period) []Point {
	months := 1
	if g == ByYear {
		months = 12
	}
	points := make([]Point, 0, len(v.months)/months+2)
	first, last := monthCount(shown.From), monthCount(shown.To.Add(-1))
	for at := first - first%months; at <= last; at += months {
		p := v.point(at, months)
		if before := at - 12; v.whole(v.span(at, months)) && v.whole(v.span(before, months)) {
			if earlier := v.point(before, months); earlier.comparable() && p.comparable() {
				amounts := earlier.Amounts
				p.YearBefore, p.SilentBefore = &amounts, earlier.Silent
			}
		}
		if !p.owesNothing() {
			points = append(points, p)
		}
	}
	return points
}

// comparable tells whether the amount is that of the whole period: an
// incomplete one beside a complete one would tell a change that never was.
func (p Point) comparable() bool { return p.Gap == NoGap && p.MissingDays == 0 }

// owesNothing is a period of which nothing has come and nothing is due yet: it
// began today, or its total comes when it is over.
func (p Point) owesNothing() bool { return p.Running && p.Gap != NoGap && p.Days == 0 }

// whole tells whether a period lies within the view and is over.
func (v *view) whole(p portal.Period) bool {
	return !p.From.Before(v.period.From) && !p.To.After(v.period.To) && !p.To.After(v.today)
}

// point adds up so many months from one on.
func (v *view) point(first, months int) Point {
	p := v.frame(v.span(first, months))
	if months == 1 {
		p.fill(v.bucket(first), v.main)
		v.sum(&p)
		if p.Running && p.Gap == GapMissing && v.bucket(first-1).family(v.main).whole {
			p.Days, p.MissingDays = 0, 0 // the month before was read as one total: this one's comes when it is over
		}
		return p
	}
	p.Gap, p.Silent = GapMissing, everyRegister
	for month := max(first, v.first); month < min(first+months, v.first+len(v.months)); month++ {
		m := v.point(month, 1)
		switch {
		case m.Gap == NoGap:
			p.Gap = NoGap
			p.Silent &= m.Silent
			for i := range p.Amounts {
				p.Amounts[i] += m.Amounts[i]
			}
		case m.Gap == GapStraddle && p.Gap != NoGap:
			p.Gap = GapStraddle
		}
		p.MissingDays += m.MissingDays
		p.EstimatedDays += m.EstimatedDays
	}
	v.sum(&p)
	return p
}

// sum gives a point of which nothing else is known the totals of just its
// period, as it is cut to the view: a total with other bounds counts days that
// are not the occupancy's, or not this period's (Ld3).
func (v *view) sum(p *Point) {
	if p.Gap != GapMissing {
		return
	}
	for _, t := range v.sums {
		place, ok := t.Register.place()
		if !ok || t.Indexed || !t.Period.From.Equal(p.Period.From) || !t.Period.To.Equal(p.Period.To) {
			continue
		}
		if p.Gap == GapMissing {
			p.Gap, p.MissingDays, p.EstimatedDays, p.Silent = NoGap, 0, 0, everyRegister
		}
		p.Amounts[place], p.Silent = p.Amounts[place]+t.Amount, p.Silent&^(1<<place)
		if t.Missing {
			p.MissingDays = 1
		}
		if t.Estimated {
			p.EstimatedDays = 1
		}
	}
}

// frame is a period cut to the view, still without amounts.
func (v *view) frame(whole portal.Period) Point {
	period, _ := whole.Intersect(v.period)
	p := Point{Period: period, Running: whole.To.After(v.now) && period.To.After(v.today)}
	p.Cut = period.From.After(whole.From) || (period.To.Before(whole.To) && !p.Running)
	if period.To.After(v.today) {
		period.To = v.today // today is not owed yet
	}
	p.Days = max(0, dayCount(period))
	return p
}

// days makes the points of single days, with the same dates a year before.
func (h *History) days(ctx context.Context, v *view, s *Series, shown portal.Period) error {
	earlier, ok := portal.Period{From: shown.From.AddDate(-1, 0, 0), To: shown.To.AddDate(-1, 0, 0)}.Intersect(v.period)
	ok = ok && earlier.From.Before(earlier.To)
	once := ok && !earlier.To.Before(shown.From) // of more than a year, most days are read as their year before, too
	all := shown
	if once {
		all.From = earlier.From
	}
	read, err := h.readDays(ctx, s.EAN, all)
	if err != nil {
		return err
	}
	buckets := read[dayCount(portal.Period{From: all.From, To: shown.From}):]
	var before []bucket
	if once {
		before = read
	} else if ok {
		if before, err = h.readDays(ctx, s.EAN, earlier); err != nil {
			return err
		}
	}
	for i := range buckets {
		date := shown.From.AddDate(0, 0, i)
		p := v.frame(bounds(ByDay, date))
		p.fill(&buckets[i], v.main)
		year := date.AddDate(-1, 0, 0)
		if year.Day() == date.Day() && !year.Before(v.period.From) && p.comparable() && !p.Running {
			n := dayCount(portal.Period{From: earlier.From, To: year})
			if n >= 0 && n < len(before) {
				q := v.frame(bounds(ByDay, year))
				if q.fill(&before[n], v.main); q.comparable() {
					p.YearBefore, p.SilentBefore = &q.Amounts, q.Silent
				}
			}
		}
		if !p.owesNothing() {
			s.Points = append(s.Points, p)
		}
	}
	return nil
}
