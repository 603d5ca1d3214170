package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// speaker puts a series into words and numbers of one language.
type speaker struct {
	*ctx
	shown
	unit     string
	amount   func(metering.Amounts) int64 // what the page is about, thousandths of unit
	decimals int
	names    []string // of the points, in full
}

func newSpeaker(x *ctx, p shown) *speaker {
	series := p.series
	s := &speaker{ctx: x, shown: p, unit: "kWh", amount: metering.Amounts.Offtake}
	if series.Energy == portal.Gas && !series.Has(metering.GasEnergy) && series.Has(metering.GasVolume) {
		s.unit, s.amount = metering.GasVolume.Unit(), metering.Amounts.Volume
	}
	var top int64
	for _, p := range series.Points {
		top = max(top, s.amount(p.Amounts), p.Amounts.Injection())
	}
	switch {
	case top < 1_000 && series.Grain.Fine():
		s.decimals = 3
	case top < 10_000:
		s.decimals = 2
	case top < 100_000:
		s.decimals = 1
	}
	s.names = make([]string, len(series.Points))
	for i := range series.Points {
		s.names[i] = s.period(&series.Points[i])
	}
	return s
}

// say writes an amount with its unit.
func (s *speaker) say(thousandths int64) string { return s.Amount(thousandths, s.decimals, s.unit) }

// suffix keeps apart the ids of a page's parts.
func (s *speaker) suffix() string {
	if !s.several {
		return ""
	}
	return "-" + strconv.Itoa(s.sel.of)
}

// period names a point in full: "2024", "mars 2024", "1er mars 2024", or an
// interval of a day that the page names.
func (s *speaker) period(p *metering.Point) string {
	switch s.series.Grain {
	case metering.ByHour, metering.ByQuarter:
		return s.hours(p)
	case metering.ByYear:
		if p.Own {
			return s.T("period.span", s.Date(p.Period.From), s.Date(p.Period.To))
		}
		return strconv.Itoa(p.Period.From.In(portal.Brussels).Year())
	case metering.ByMonth:
		return s.Month(p.Period.From)
	}
	return s.Date(p.Period.From)
}

// extent names all that a series shows; where readings bound it, by days: a list
// of periods with their own would be read as dates without end.
func (s *speaker) extent() (first, last string) {
	if s.indexed() {
		return s.Date(s.series.Period.From), s.Date(s.series.Period.To)
	}
	return s.names[0], s.names[len(s.names)-1]
}

// spanning says over what a table goes: a single period stands once.
func (s *speaker) spanning(key string) string {
	first, last := s.extent()
	if first == last {
		return s.T(key+"-day", first)
	}
	return s.T(key, first, last)
}

// periodTitle is the title of the column of periods.
func (s *speaker) periodTitle() string {
	if s.indexed() {
		return s.T("letter.history.between")
	}
	return s.T("period." + string(s.grain()))
}

// together keeps a number's groups on one line.
func together(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func lead(x *ctx, pass lookup.Pass) string {
	stay := pass.Occupancy.Period
	if stay.To.IsZero() || stay.To.After(x.now) {
		return x.T(voiced(pass, "consumption.since"), x.Date(stay.From))
	}
	return x.T(voiced(pass, "consumption.between"), x.Date(stay.From), x.Date(stay.To.Add(-time.Second)))
}

// voiced is the key of a text that tells the occupant of their own stay; who
// looks on another ground did not live there, and reads one of their own (D7).
func voiced(pass lookup.Pass, key string) string {
	if pass.ByGround() {
		return "by-ground." + key
	}
	return key
}

// paging leads to the page before and after, where there can be anything for
// one of the parts.
func paging(x *ctx, parts []shown, at func(metering.Query) string) (earlier, later layout.Link) {
	q := parts[0].sel.query
	if q.Grain == metering.ByYear {
		return
	}
	local := x.now.In(portal.Brussels)
	var first, last time.Time
	for _, p := range parts {
		from, to := portal.Date(local.Year()-metering.HorizonYears, local.Month(), 1), local
		if stay := p.pass.Occupancy.Period; stay.From.After(from) {
			from = stay.From
		}
		if q.Grain.Fine() && p.series.Detail.After(from) {
			from = p.series.Detail
		}
		if q.Grain.Fine() { // nothing has come of today
			y, m, d := local.Date()
			to = portal.Date(y, m, d)
		}
		if end := p.pass.Occupancy.To; !end.IsZero() && end.Before(to) {
			to = end
		}
		if q.Grain.Fine() && p.series.Detail.IsZero() {
			continue
		}
		if first.IsZero() || from.Before(first) {
			first = from
		}
		if to.After(last) {
			last = to
		}
	}
	to := func(from, until time.Time) string { return at(metering.Query{Grain: q.Grain, From: from, To: until}) }
	if !first.IsZero() && q.From.After(first) {
		earlier = layout.Link{Text: x.T("consumption.earlier"), Href: to(step(q.Grain, q.From, -1), q.From)}
	}
	if q.To.Before(last) {
		later = layout.Link{Text: x.T("consumption.later"), Href: to(q.To, step(q.Grain, q.To, 1))}
	}
	return earlier, later
}

func (s *speaker) kpis() (list []public.KPI) {
	t := s.series.Totals
	if t.Months == 0 {
		return nil
	}
	remark := ""
	if t.Partial || t.Estimated {
		remark = s.T("kpi.partly")
	}
	whole := func(n int64) string { return s.Amount(n, 0, s.unit) }
	list = append(list, public.KPI{Label: s.N("kpi.months", t.Months), Value: whole(s.amount(t.Amounts)), Remark: remark})
	compared := public.KPI{Label: s.T("kpi.compared"), Value: "–", Remark: s.T("kpi.none")}
	if t.Before != nil && s.amount(*t.Before) > 0 {
		change := (s.amount(t.Amounts) - s.amount(*t.Before)) * 100_000 / s.amount(*t.Before)
		sign := ""
		if change >= 50 {
			sign = "+"
		}
		compared.Value, compared.Remark = s.T("format.percent", sign+s.Number(change, 1)), whole(s.amount(*t.Before))
	}
	list = append(list, compared, public.KPI{Label: s.T("kpi.day"), Value: s.Amount(s.amount(t.PerDay), 1, s.unit)})
	if t.Amounts.Injection() > 0 {
		list = append(list, public.KPI{Label: s.T("kpi.injection"), Value: s.Amount(t.Amounts.Injection(), 0, "kWh")},
			public.KPI{Label: s.T("kpi.net"), Value: s.Amount(t.Amounts.Net(), 0, "kWh"), Remark: s.T("kpi.net.remark")})
	}
	return list
}

// column is one column of the table and how it reads a point.
type column struct {
	title string
	text  func(*metering.Point) string
}

// columns begin with the total and what it was a year before: on a narrow
// screen they are what is seen first.
func (s *speaker) columns() (list []column) {
	add := func(title string, text func(*metering.Point) string) { list = append(list, column{title, text}) }
	amount := func(value func(metering.Amounts) int64, registers ...metering.Register) func(*metering.Point) string {
		return func(p *metering.Point) string {
			if p.Gap != metering.NoGap || silent(p, registers...) {
				return dash
			}
			return s.Number(value(p.Amounts), s.decimals)
		}
	}
	of := func(r metering.Register) func(*metering.Point) string {
		return amount(func(a metering.Amounts) int64 { return a.Of(r) }, r)
	}
	total := "table.consumption"
	if s.banded() {
		total = "table.total"
	}
	add(s.T(total, s.unit), amount(s.amount))
	compared := slices.ContainsFunc(s.series.Points, func(p metering.Point) bool { return p.YearBefore != nil })
	if !s.series.Grain.Fine() && (compared || !s.indexed()) { // readings have no such period a year before
		add(s.T("table.before", s.unit), func(p *metering.Point) string {
			if p.YearBefore == nil {
				return dash
			}
			return s.Number(s.amount(*p.YearBefore), s.decimals)
		})
	}
	if s.banded() {
		add(s.T("table.peak"), of(metering.OfftakePeak))
		add(s.T("table.offpeak"), of(metering.OfftakeOffPeak))
	}
	if s.measured() {
		add(s.T("table.volume"), func(p *metering.Point) string {
			if p.Gap != metering.NoGap || silent(p, metering.GasVolume) {
				return dash
			}
			return s.Number(p.Amounts.Volume(), min(3, s.decimals+1)) // a m³ is ten times a kWh
		})
		precision := s.precision()
		add(s.T("table.factor"), func(p *metering.Point) string {
			if f, ok := factor(p.Amounts); ok && p.Gap == metering.NoGap {
				return s.Factor(f, precision)
			}
			return dash
		})
	}
	if s.injects() {
		add(s.T("table.injection"), amount(metering.Amounts.Injection, metering.InjectionPeak, metering.InjectionOffPeak, metering.InjectionTotal))
		add(s.T("table.net"), amount(metering.Amounts.Net))
	}
	return list
}

// dash stands where there is no amount, which is not zero.
const dash = "–"

// silent tells whether none of the registers counted in a point.
func silent(p *metering.Point, registers ...metering.Register) bool {
	for _, r := range registers {
		if !p.Silent.Has(r) {
			return false
		}
	}
	return len(registers) > 0
}

func (s *speaker) banded() bool {
	return s.series.Has(metering.OfftakePeak) || s.series.Has(metering.OfftakeOffPeak)
}

// injects tells whether anything was ever given back: a smart meter sends its
// injection registers whatever there is, and a chart of zeros tells nothing.
func (s *speaker) injects() bool {
	for i := range s.series.Points {
		p := &s.series.Points[i]
		if p.Amounts.Injection() != 0 || (p.YearBefore != nil && p.YearBefore.Injection() != 0) {
			return true
		}
	}
	return false
}

// table is the same values in words; a row of a year or month leads into it.
func (s *speaker) table(sel selection) component.Table {
	columns := s.columns()
	t := component.Table{ID: "values" + s.suffix(), Region: s.T("table.region")}
	if s.dailyOnly() || s.series.Indexed || s.series.AsOne {
		return t
	}
	t.Columns = append(t.Columns, component.Column{Text: s.periodTitle()})
	for _, c := range columns {
		t.Columns = append(t.Columns, component.Column{Text: c.title, Numeric: true})
	}
	t.Columns = append(t.Columns, component.Column{Text: s.T("table.quality")})
	if points := s.series.Points; s.series.Grain.Fine() && len(points) > 0 {
		t.Caption = s.T("table.caption-day", s.Date(points[0].Period.From))
	} else if len(points) > 0 {
		t.Caption = s.spanning("table.caption")
	}
	t.Rows = make([]component.Row, len(s.series.Points))
	cells := make([]component.Cell, 0, len(t.Rows)*(len(columns)+1))
	page := s.path("/consumption")
	for i := range s.series.Points {
		p := &s.series.Points[i]
		first := len(cells)
		for _, c := range columns {
			cells = append(cells, component.Cell{Text: c.text(p)})
		}
		cells = append(cells, s.quality(p))
		t.Rows[i] = component.Row{Head: s.names[i], Href: s.deeper(page, sel, p), Cells: cells[first:len(cells):len(cells)]}
	}
	return t
}

func (s *speaker) quality(p *metering.Point) component.Cell {
	word := p.Quality()
	c := component.Cell{Text: s.T("quality." + word), Tag: "stop"}
	switch word {
	case "complete":
		c.Tag = ""
	case "indexes", "unread":
		c.Tag = "plain"
	case "estimated", "partial":
		c.Tag = "warn"
	}
	switch {
	case p.Running:
		c.Text += ", " + s.T("table.running")
	case p.Cut:
		c.Text += ", " + s.T("table.cut")
	}
	return c
}

// deeper is the page of a point's own months, days or hours; "" where there is
// none.
func (s *speaker) deeper(page string, sel selection, p *metering.Point) string {
	y, m, d := p.Period.From.In(portal.Brussels).Date()
	q := metering.Query{Grain: metering.ByDay}
	switch s.series.Grain {
	case metering.ByHour, metering.ByQuarter:
		return ""
	case metering.ByDay:
		if s.series.Detail.IsZero() || p.Period.From.Before(s.series.Detail) {
			return ""
		}
		q.Grain = metering.ByHour
	case metering.ByMonth:
		d = 1
	case metering.ByYear:
		if p.Own {
			return ""
		}
		q.Grain, m, d = metering.ByMonth, time.January, 1
	}
	q.From = portal.Date(y, m, d) // complete adds its end: a day, a month, a year
	var room [120]byte
	return string(appendValues(append(room[:0], page...), strconv.Itoa(sel.of), q))
}
