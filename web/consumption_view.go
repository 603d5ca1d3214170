package web

import (
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
	series   metering.Series
	unit     string
	amount   func(metering.Amounts) int64 // what the page is about, thousandths of unit
	decimals int
}

func newSpeaker(x *ctx, series metering.Series) speaker {
	s := speaker{ctx: x, series: series, unit: "kWh", amount: metering.Amounts.Offtake}
	if series.Energy == portal.Gas && !series.Has(metering.GasEnergy) && series.Has(metering.GasVolume) {
		s.unit, s.amount = metering.GasVolume.Unit(), metering.Amounts.Volume
	}
	var top int64
	for _, p := range series.Points {
		top = max(top, s.amount(p.Amounts), p.Amounts.Injection())
	}
	switch {
	case top < 10_000:
		s.decimals = 2
	case top < 100_000:
		s.decimals = 1
	}
	return s
}

// say writes an amount with its unit.
func (s speaker) say(thousandths int64) string {
	return s.Number(thousandths, s.decimals) + "\u00a0" + s.unit
}

// period names a point in full: "2024", "mars 2024", "1er mars 2024".
func (s speaker) period(p metering.Point) string {
	switch s.series.Grain {
	case metering.ByYear:
		return strconv.Itoa(p.Period.From.In(portal.Brussels).Year())
	case metering.ByMonth:
		return s.Month(p.Period.From)
	}
	return s.Date(p.Period.From)
}

func consumptionView(x *ctx, sel selection, pass lookup.Pass, series metering.Series) public.Consumption {
	s := newSpeaker(x, series)
	v := public.Consumption{
		Base:   x.base(x.T("consumption.title." + string(pass.Point.Energy))),
		Bar:    barView(x, sel.of, sel.values()),
		Lead:   lead(x, pass.Occupancy.Period),
		Point:  together(pass.Point.EAN.Masked()),
		KPIs:   s.kpis(),
		Charts: s.charts(),
		Notes:  s.notes(),
		Table:  s.table(sel),
		File:   fileView(x, sel.of),
	}
	for _, g := range grains {
		v.Grains = append(v.Grains, layout.Link{
			Text: x.T("grain." + string(g)), Current: g == sel.query.Grain,
			Href: x.path("/consumption") + selection{of: sel.of, query: metering.Query{Grain: g}}.values(),
		})
	}
	v.Earlier, v.Later = paging(x, sel, pass.Occupancy.Period)
	whole := selection{of: sel.of, query: metering.Query{Grain: metering.ByDay}}
	v.Downloads = []layout.Link{
		{Text: x.T("consumption.csv"), Href: x.path("/consumption.csv") + sel.values()},
		{Text: x.T("consumption.json"), Href: x.path("/consumption.json") + sel.values()},
		{Text: x.T("consumption.all"), Href: x.path("/consumption.csv") + whole.values()},
	}
	return v
}

// together keeps a number's groups on one line.
func together(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

func lead(x *ctx, stay portal.Period) string {
	if stay.To.IsZero() || stay.To.After(x.now) {
		return x.T("consumption.since", x.Date(stay.From))
	}
	return x.T("consumption.between", x.Date(stay.From), x.Date(stay.To.Add(-time.Second)))
}

// paging leads to the page before and after, where there can be anything.
func paging(x *ctx, sel selection, stay portal.Period) (earlier, later layout.Link) {
	q := sel.query
	if q.Grain == metering.ByYear {
		return
	}
	local := x.now.In(portal.Brussels)
	first, last := portal.Date(local.Year()-metering.HorizonYears, local.Month(), 1), local
	if stay.From.After(first) {
		first = stay.From
	}
	if !stay.To.IsZero() && stay.To.Before(last) {
		last = stay.To
	}
	to := func(from, until time.Time) string {
		return x.path("/consumption") + selection{of: sel.of, query: metering.Query{Grain: q.Grain, From: from, To: until}}.values()
	}
	if q.From.After(first) {
		earlier = layout.Link{Text: x.T("consumption.earlier"), Href: to(step(q.Grain, q.From, -1), q.From)}
	}
	if q.To.Before(last) {
		later = layout.Link{Text: x.T("consumption.later"), Href: to(q.To, step(q.Grain, q.To, 1))}
	}
	return earlier, later
}

func (s speaker) kpis() (list []public.KPI) {
	t := s.series.Totals
	if t.Months == 0 {
		return nil
	}
	remark := ""
	if t.Partial || t.Estimated {
		remark = s.T("kpi.partly")
	}
	whole := func(n int64) string { return s.Number(n, 0) + "\u00a0" + s.unit }
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
	list = append(list, compared, public.KPI{Label: s.T("kpi.day"), Value: s.Number(s.amount(t.PerDay), 1) + "\u00a0" + s.unit})
	if t.Amounts.Injection() > 0 {
		list = append(list, public.KPI{Label: s.T("kpi.injection"), Value: s.Number(t.Amounts.Injection(), 0) + "\u00a0kWh"})
	}
	return list
}

func (s speaker) notes() (list []string) {
	for _, n := range s.series.Notes {
		key := "note." + string(n.Kind)
		switch n.Kind {
		case metering.NoteEstimated, metering.NoteMissing:
			list = append(list, s.T(key))
		case metering.NoteStraddle:
			list = append(list, s.T(key, s.Month(n.At)))
		case metering.NoteMovedOut: // At is the first instant not shown
			list = append(list, s.T(key, s.Date(n.At.Add(-time.Second))))
		default:
			list = append(list, s.T(key, s.Date(n.At)))
		}
	}
	return list
}

// column is one column of the table and how it reads a point.
type column struct {
	title string
	value func(metering.Amounts) int64
}

func (s speaker) columns() (list []column) {
	of := func(r metering.Register) func(metering.Amounts) int64 {
		return func(a metering.Amounts) int64 { return a.Of(r) }
	}
	total := "table.consumption"
	if s.banded() {
		list = append(list, column{s.T("table.peak"), of(metering.OfftakePeak)}, column{s.T("table.offpeak"), of(metering.OfftakeOffPeak)})
		total = "table.total"
	}
	list = append(list, column{s.T(total, s.unit), s.amount})
	if s.series.Has(metering.GasVolume) && s.series.Has(metering.GasEnergy) {
		list = append(list, column{s.T("table.volume"), metering.Amounts.Volume})
	}
	if s.injects() {
		list = append(list, column{s.T("table.injection"), metering.Amounts.Injection})
	}
	return list
}

func (s speaker) banded() bool {
	return s.series.Has(metering.OfftakePeak) || s.series.Has(metering.OfftakeOffPeak)
}

// injects tells whether anything was ever given back: a smart meter sends its
// injection registers whatever there is, and a chart of zeros tells nothing.
func (s speaker) injects() bool {
	for _, p := range s.series.Points {
		if p.Amounts.Injection() != 0 || (p.YearBefore != nil && p.YearBefore.Injection() != 0) {
			return true
		}
	}
	return false
}

// table is the same values in words; a row of a year or month leads into it.
func (s speaker) table(sel selection) component.Table {
	columns := s.columns()
	t := component.Table{ID: "values", Region: s.T("table.region")}
	t.Columns = append(t.Columns, component.Column{Text: s.T("period." + string(s.series.Grain))})
	for _, c := range columns {
		t.Columns = append(t.Columns, component.Column{Text: c.title, Numeric: true})
	}
	t.Columns = append(t.Columns, component.Column{Text: s.T("table.before", s.unit), Numeric: true}, component.Column{Text: s.T("table.quality")})
	for i, p := range s.series.Points {
		row := component.Row{Head: s.period(p), Href: s.deeper(sel, p)}
		for _, c := range columns {
			cell := component.Cell{Text: "–"}
			if p.Gap == metering.NoGap {
				cell.Text = s.Number(c.value(p.Amounts), s.decimals)
			}
			row.Cells = append(row.Cells, cell)
		}
		before := component.Cell{Text: "–"}
		if p.YearBefore != nil {
			before.Text = s.Number(s.amount(*p.YearBefore), s.decimals)
		}
		row.Cells = append(row.Cells, before, s.quality(p))
		t.Rows = append(t.Rows, row)
		if i == len(s.series.Points)-1 {
			t.Caption = s.T("table.caption", s.period(s.series.Points[0]), s.period(p))
		}
	}
	return t
}

func (s speaker) quality(p metering.Point) component.Cell {
	word := p.Quality()
	c := component.Cell{Text: s.T("quality." + word), Tag: "stop"}
	switch word {
	case "complete":
		c.Tag = ""
	case "estimated", "partial":
		c.Tag = "warn"
	}
	if p.Running {
		c.Text += ", " + s.T("table.running")
	}
	return c
}

// deeper is the page of a point's own months or days.
func (s speaker) deeper(sel selection, p metering.Point) string {
	start := p.Period.From.In(portal.Brussels)
	q := metering.Query{Grain: metering.ByDay, From: portal.Date(start.Year(), start.Month(), 1), To: portal.Date(start.Year(), start.Month()+1, 1)}
	switch s.series.Grain {
	case metering.ByDay:
		return ""
	case metering.ByYear:
		q = metering.Query{Grain: metering.ByMonth, From: portal.Date(start.Year(), time.January, 1), To: portal.Date(start.Year()+1, time.January, 1)}
	}
	return s.path("/consumption") + selection{of: sel.of, query: q}.values()
}
