package web

import (
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/web/ui/chart"
)

// charts draws what was consumed and, where there is any, what was injected.
func (s *speaker) charts() []chart.Chart {
	if len(s.series.Points) == 0 || s.dailyOnly() || s.series.Indexed || s.series.AsOne {
		return nil
	}
	list := []chart.Chart{s.chart("offtake", s.amount, s.offtake)}
	if s.injects() {
		kwh := *s
		kwh.unit = "kWh"
		list = append(list, kwh.chart("injection", metering.Amounts.Injection, func(a metering.Amounts) []chart.Segment {
			return []chart.Segment{{Kind: chart.Injection, Amount: a.Injection()}}
		}))
	}
	return list
}

// offtake is one bar's segments: by band where the meter has bands.
func (s *speaker) offtake(a metering.Amounts) []chart.Segment {
	if !s.banded() {
		return []chart.Segment{{Kind: chart.Plain, Amount: s.amount(a)}}
	}
	segments := []chart.Segment{
		{Kind: chart.Peak, Amount: a.Of(metering.OfftakePeak)},
		{Kind: chart.OffPeak, Amount: a.Of(metering.OfftakeOffPeak)},
	}
	if rest := a.Of(metering.OfftakeTotal); rest > 0 {
		segments = append(segments, chart.Segment{Kind: chart.Plain, Amount: rest})
	}
	return segments
}

func (s *speaker) chart(what string, amount func(metering.Amounts) int64, segments func(metering.Amounts) []chart.Segment) chart.Chart {
	per := s.T("per."+string(s.grain()), s.unit)
	switch {
	case s.indexed():
		per = s.unit
	case s.series.Grain.Fine():
		per = s.T("per.on", per, s.Date(s.series.Period.From))
	}
	c := chart.Chart{
		ID:      what + s.suffix(),
		Title:   s.T("figure."+what, per),
		Desc:    s.describe(amount),
		Skip:    chart.Link{Text: s.T("chart.skip"), Href: "#values" + s.suffix()},
		Marks:   s.marks(),
		Ordered: s.axis,
	}
	c.Bars = make([]chart.Bar, len(s.series.Points))
	for i := range s.series.Points {
		s.bar(&c.Bars[i], i, amount, segments, what == "offtake")
	}
	c.Legend = s.legend(c)
	return c
}

// axis writes an amount of the axis: all with as many decimals as its step
// has, and nothing as 0.
func (s *speaker) axis(thousandths, step int64) string {
	switch {
	case thousandths == 0 || step%1000 == 0:
		return s.Number(thousandths, 0)
	case step%100 == 0:
		return s.Number(thousandths, 1)
	case step%10 == 0:
		return s.Number(thousandths, 2)
	}
	return s.Number(thousandths, 3)
}

// bar fills the bar of the point at i.
func (s *speaker) bar(b *chart.Bar, i int, amount func(metering.Amounts) int64, segments func(metering.Amounts) []chart.Segment, bands bool) {
	p := &s.series.Points[i]
	*b = chart.Bar{Row: s.names[i], Estimated: p.Estimated(), Between: p.Own, Partial: p.Partial(), Cut: p.Cut && !p.Running && p.Gap == metering.NoGap, Crossed: p.Gap == metering.GapStraddle}
	b.Label, b.Under = s.labels(i, p)
	switch g := s.series.Grain; {
	case g.Fine():
		b.Short = s.clock(p.Period.From)
		if g == metering.ByHour && twice(p.Period.From) { // beside its amount there is no room for the offset, too
			b.Row = s.T("period.season", s.span(p.Period.From, p.Period.To), s.season(p.Period.From))
		}
	case p.Own:
		b.Row = s.T("period.span", s.brief(p.Period.From), s.brief(p.Period.To))
	case p.Running && (g == metering.ByYear || g == metering.ByMonth):
		b.Under = s.T("table.running")
		b.Row = b.Label + ", " + b.Under
		if g == metering.ByMonth {
			b.Row = b.Label + " " + strconv.Itoa(p.Period.From.In(portal.Brussels).Year()) + ", " + b.Under
		}
	}
	if p.YearBefore != nil {
		b.Before, b.HasBefore = amount(*p.YearBefore), true
	}
	if p.Gap != metering.NoGap {
		b.Value = s.T("quality." + string(p.Gap))
		b.Name = s.T("chart.gap", s.names[i], s.T("gap."+string(p.Gap)))
		return
	}
	b.Segments, b.Value = segments(p.Amounts), s.say(amount(p.Amounts))
	var room [256]byte
	name := s.Say(room[:0], "chart.value", s.names[i], b.Value)
	if bands && s.banded() {
		name = s.share(name, p)
	}
	if b.HasBefore {
		name = s.Say(name, "chart.before", s.say(b.Before))
	}
	if b.Estimated {
		name = s.Say(name, "chart.estimated")
	}
	if b.Between {
		name = s.Say(name, "chart.indexes")
	}
	switch {
	case b.Partial:
		name = s.Say(name, "chart.partial")
	case p.Running:
		name = s.Say(name, "chart.running")
	case p.Cut:
		name = s.Say(name, "chart.cut")
	}
	b.Name = string(name)
}

// share appends the bands of a point: how much was at peak, or that only one of
// them counted.
func (s *speaker) share(name []byte, p *metering.Point) []byte {
	switch peak, off := silent(p, metering.OfftakePeak), silent(p, metering.OfftakeOffPeak); {
	case peak && off:
		return name
	case peak:
		return s.Say(name, "chart.all-offpeak")
	case off:
		return s.Say(name, "chart.all-peak")
	}
	return s.Say(name, "chart.peak", s.say(p.Amounts.Of(metering.OfftakePeak)))
}

// brief is a day in little room, beside an amount: its month, with its year.
func (s *speaker) brief(t time.Time) string {
	return s.ShortMonth(t) + "\u00a0" + strconv.Itoa(t.In(portal.Brussels).Year())
}

// mostDates is how many bars leave room for two dates under each.
const mostDates = 5

// labels are the axis's words: the year stands under its first month, the
// month under its first day; two readings stand with their dates.
func (s *speaker) labels(i int, p *metering.Point) (label, under string) {
	start := p.Period.From.In(portal.Brussels)
	switch s.series.Grain {
	case metering.ByHour, metering.ByQuarter:
		return s.hourLabels(p)
	case metering.ByYear:
		switch {
		case !p.Own:
			return strconv.Itoa(start.Year()), ""
		case len(s.series.Points) <= mostDates:
			return s.Date(p.Period.From), "– " + s.Date(p.Period.To)
		}
		return s.ShortMonth(start), strconv.Itoa(start.Year())
	case metering.ByMonth:
		if i == 0 || start.Month() == 1 {
			under = strconv.Itoa(start.Year())
		}
		return s.ShortMonth(start), under
	}
	if i == 0 || start.Day() == 1 {
		under = s.ShortMonth(start)
	}
	return strconv.Itoa(start.Day()), under
}

// describe tells the chart in one sentence.
func (s *speaker) describe(amount func(metering.Amounts) int64) string {
	points := s.series.Points
	first, last := s.extent()
	span := first
	if last != first {
		span += " – " + last
	}
	if s.series.Grain.Fine() {
		span = s.Date(s.series.Period.From)
	}
	// A period that is not whole is no lowest, unless there are not two others.
	counts := func(p *metering.Point) bool { return p.Gap == metering.NoGap }
	whole := func(p *metering.Point) bool { return counts(p) && !p.Running && !p.Cut && !p.Partial() }
	high, low, n := extremes(points, amount, whole)
	if n < 2 {
		high, low, n = extremes(points, amount, counts)
	}
	say := func(p *metering.Point) string { return s.period(p) + ", " + s.say(amount(p.Amounts)) }
	switch n {
	case 0:
		return s.T("chart.desc-empty", span)
	case 1:
		return s.T("chart.desc-one", span, s.say(amount(high.Amounts)))
	}
	return s.T("chart.desc", span, say(high), say(low))
}

// extremes are the first of the highest and of the lowest among those that fit,
// and how many do.
func extremes(points []metering.Point, amount func(metering.Amounts) int64, fits func(*metering.Point) bool) (high, low *metering.Point, n int) {
	for i := range points {
		p := &points[i]
		if !fits(p) {
			continue
		}
		n++
		if high == nil || amount(p.Amounts) > amount(high.Amounts) {
			high = p
		}
		if low == nil || amount(p.Amounts) < amount(low.Amounts) {
			low = p
		}
	}
	return high, low, n
}

// marks are the moves and exchanges that fall inside the drawing.
func (s *speaker) marks() (list []chart.Mark) {
	for _, n := range s.series.Notes {
		switch n.Kind {
		case metering.NoteMeterExchanged, metering.NoteMovedIn, metering.NoteMovedOut:
		default:
			continue
		}
		for i := range s.series.Points {
			p := &s.series.Points[i]
			last := i == len(s.series.Points)-1
			if n.At.Before(p.Period.From) || n.At.After(p.Period.To) || n.At.Equal(p.Period.To) && !last {
				continue
			}
			part := float64(n.At.Sub(p.Period.From)) / float64(p.Period.To.Sub(p.Period.From))
			key := "mark." + string(n.Kind)
			if n.Kind != metering.NoteMeterExchanged {
				key = voiced(s.shown.pass, key)
			}
			list = append(list, chart.Mark{At: float64(i) + part, Text: s.T(key)})
			break
		}
	}
	return list
}

// gaps tells whether some period has no amount for this reason.
func (s *speaker) gaps(why metering.Gap) bool {
	return slices.ContainsFunc(s.series.Points, func(p metering.Point) bool { return p.Gap == why })
}

// legend names what the drawing has, and nothing else.
func (s *speaker) legend(c chart.Chart) (keys []chart.Key) {
	for _, k := range []struct{ class, text string }{
		{string(chart.Peak), "legend.peak"}, {string(chart.OffPeak), "legend.offpeak"},
		{string(chart.Plain), "legend.plain"}, {string(chart.Injection), "legend.injection"},
		{chart.KeyBefore, "legend.before"}, {chart.KeyEstimated, "legend.estimated"},
		{chart.KeyBetween, "quality.indexes"}, {chart.KeyPartial, "legend.partial"}, {chart.KeyMissing, "legend.missing"},
		{chart.KeyCrossed, "legend.straddle"}, {chart.KeyCut, "legend.cut"},
	} {
		if slices.ContainsFunc(c.Bars, func(b chart.Bar) bool { return b.Shows(k.class) }) {
			if k.class == chart.KeyMissing && !s.gaps(metering.GapMissing) {
				k.text = "quality.unread"
			}
			keys = append(keys, chart.Key{Text: s.T(k.text), Class: k.class})
		}
	}
	return keys
}
