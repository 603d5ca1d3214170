package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// shown is one opened reference's part of a page.
type shown struct {
	sel    selection
	pass   lookup.Pass
	series metering.Series
	// day is the whole day of a page of hours, with the same date a year before;
	// nil on other pages.
	day *metering.Point
	// several: the page has other parts beside this one.
	several bool
}

// chosen reads "of" as a page may have it: one reference of this visit, or
// several with commas between them, to see one below the other. Absent: the
// last. Twice the same is once.
func (x *ctx) chosen() (indices []int, err error) {
	if x.query("of") == "" {
		_, index, err := x.opened()
		return []int{index}, err
	}
	for _, text := range strings.Split(x.query("of"), ",") {
		index, err := strconv.Atoi(text)
		if _, open := x.session().Pass(index); err != nil || !open {
			return nil, &portal.Error{Code: portal.NotFound, Key: "of"}
		}
		if !slices.Contains(indices, index) {
			indices = append(indices, index)
		}
	}
	return indices, nil
}

// consumption shows chart and table of the opened references asked for.
func (s *site) consumption(x *ctx) error {
	indices, err := x.chosen()
	if err != nil {
		return err
	}
	var parts []shown
	for _, index := range indices {
		p := shown{several: len(indices) > 1}
		p.pass, _ = x.session().Pass(index)
		if p.sel, err = x.selectedOf(p.pass, index); err != nil {
			return err
		}
		p.sel.query = bounded(p.sel.query)
		if err = s.read(x, &p); err != nil {
			return err
		}
		if err = s.disclosed(x, p.series, p.pass, audit.HistoryShown); err != nil {
			return err
		}
		if p.day, err = s.wholeDay(x, p); err != nil {
			return err
		}
		parts = append(parts, p)
	}
	follows, err := s.hasRequests(x)
	if err != nil {
		return err
	}
	v := consumptionView(x, parts)
	v.Bar.Files = append(v.Bar.Files, followLinks(x, follows)...)
	return x.show(http.StatusOK, public.ConsumptionPage(v))
}

// read reads what a part shows: the years, where an address names no grain and
// only they have anything. It records nothing.
func (s *site) read(x *ctx, p *shown) (err error) {
	if p.series, err = s.History.Series(x.context(), p.pass.Point, p.pass.Occupancy, p.sel.query); err != nil || !p.series.Indexed || p.several || x.query("grain") != "" {
		return err
	}
	p.sel.query = metering.Query{Grain: metering.ByYear}
	p.series, err = s.History.Series(x.context(), p.pass.Point, p.pass.Occupancy, p.sel.query)
	return err
}

// wholeDay reads the day that a page of hours is about: an hour is compared
// with nothing, its day with the same date a year before.
func (s *site) wholeDay(x *ctx, p shown) (*metering.Point, error) {
	q := p.sel.query
	if !q.Grain.Fine() || len(p.series.Points) == 0 {
		return nil, nil
	}
	q.Grain = metering.ByDay
	series, err := s.History.Series(x.context(), p.pass.Point, p.pass.Occupancy, q)
	if err != nil || len(series.Points) != 1 {
		return nil, err
	}
	return &series.Points[0], nil
}

// ofAll writes which references a page shows.
func ofAll(parts []shown) string {
	var list []string
	for _, p := range parts {
		list = append(list, strconv.Itoa(p.sel.of))
	}
	return strings.Join(list, ",")
}

func consumptionView(x *ctx, parts []shown) public.Consumption {
	first := parts[0]
	title := x.T("consumption.title." + string(first.pass.Point.Energy))
	if len(parts) > 1 {
		title = x.T("consumption.title.several")
	}
	// The address of this page, and of others that show the same references.
	at := func(q metering.Query) string { return x.path("/consumption") + valuesOf(ofAll(parts), q) }
	v := public.Consumption{
		Base: x.base(title),
		Bar:  barView(x, first.sel.of, valuesOf(ofAll(parts), first.sel.query)),
		Up:   upward(x, first.sel.query, at),
	}
	v.Bar.Files = files(x, v.Bar.Files, parts)
	hourly := len(parts) == 1 && first.pass.Point.Energy == portal.Gas // gas is read by the hour (L7)
	for _, g := range grains {
		if hourly && g == metering.ByQuarter {
			continue
		}
		v.Grains = append(v.Grains, layout.Link{
			Text: x.T("grain." + string(g)), Href: at(regrained(first.sel.query, g)),
			Current: g == first.sel.query.Grain || hourly && g == metering.ByHour && first.sel.query.Grain == metering.ByQuarter,
		})
	}
	v.Earlier, v.Later = paging(x, parts, at)
	if len(parts) > 1 {
		v.Together = layout.Link{Text: x.T("consumption.csv.together"), Href: x.path("/consumption.csv") + valuesOf(ofAll(parts), first.sel.query)}
	}
	for _, p := range parts {
		v.Parts = append(v.Parts, partView(x, p))
	}
	return v
}

// regrained keeps the day between hours and quarter-hours; other grains begin
// with what is newest.
func regrained(q metering.Query, g metering.Grain) metering.Query {
	if q.Grain.Fine() && g.Fine() {
		q.Grain = g
		return q
	}
	return metering.Query{Grain: g}
}

// files marks what the page shows, and offers all that is open one below the
// other.
func files(x *ctx, links []layout.Link, parts []shown) []layout.Link {
	if len(links) < 2 {
		return links
	}
	links = slices.Clone(links)
	all := make([]string, len(links))
	q := parts[0].sel.query
	for i := range links {
		all[i] = strconv.Itoa(i + 1)
		links[i].Current = len(parts) == 1 && i+1 == parts[0].sel.of
		links[i].Href = x.path("/consumption") + valuesOf(all[i], q)
	}
	return append(links, layout.Link{Text: x.T("visit.together"), Current: len(parts) > 1,
		Href: x.path("/consumption") + valuesOf(strings.Join(all, ","), q)})
}

func partView(x *ctx, p shown) public.Part {
	s := newSpeaker(x, p)
	v := public.Part{
		ID:     "part" + s.suffix(),
		Title:  x.T("consumption.title." + string(p.pass.Point.Energy)),
		Lead:   lead(x, p.pass),
		Point:  together(p.pass.Point.EAN.Masked()),
		KPIs:   s.kpis(),
		Charts: s.charts(),
		Notes:  s.notes(),
		Table:  s.table(p.sel),
		Cancel: layout.Link{Text: x.T("cancel.link"), Href: x.path("/reference/cancel" + ofQuery(p.sel.of))},
	}
	if g := p.pass.Ground; p.pass.ByGround() {
		v.Ground = x.T("consumption.ground."+string(g.Kind), x.Date(g.Until.Add(-time.Second)))
	} else {
		v.Reading = layout.Link{Text: x.T("reading.title"), Href: x.path("/readings/new?of=" + strconv.Itoa(p.sel.of))}
		v.File = fileView(x, p.sel.of)
	}
	if p.several { // two meters of one energy have each their own name
		v.Title = x.T("energy."+string(p.pass.Point.Energy)) + " · " + x.T("visit.meter", meterEnding(p.pass))
		v.Table.Region += " – " + v.Title
	}
	if p.sel.query.Grain.Fine() {
		v.KPIs = s.dayKPIs()
	}
	v.Empty = s.empty()
	detail := x.path("/consumption/detail?of=" + strconv.Itoa(p.sel.of))
	if p.sel.query.Grain.Fine() && !p.pass.ByGround() {
		v.Detail = layout.Link{Text: x.T("consumption.detail.open"), Href: detail}
	}
	all := layout.Link{Text: x.T("consumption.all"), Href: x.path("/consumption.csv") + selection{of: p.sel.of, query: metering.Query{Grain: metering.ByDay}}.values()}
	if years := (selection{of: p.sel.of, query: metering.Query{Grain: metering.ByYear}}).values(); p.series.Indexed || s.indexed() {
		all = layout.Link{Text: x.T("consumption.all.indexed"), Href: x.path("/consumption.csv") + years}
		if !p.sel.query.Grain.Fine() && p.series.Indexed {
			v.Detail = layout.Link{Text: x.T("consumption.by-year"), Href: x.path("/consumption") + years}
		}
	}
	if p.series.AsOne {
		months := (selection{of: p.sel.of, query: metering.Query{Grain: metering.ByMonth}}).values()
		all = layout.Link{Text: x.T("consumption.all.as-one"), Href: x.path("/consumption.csv") + months}
		v.Detail = layout.Link{Text: x.T("consumption.by-month"), Href: x.path("/consumption") + months}
	}
	if len(p.series.Points) > 0 && !p.series.Indexed && !p.series.AsOne {
		v.Downloads = []layout.Link{
			{Text: x.T("consumption.csv"), Href: x.path("/consumption.csv") + p.sel.values()},
			{Text: x.T("consumption.json"), Href: x.path("/consumption.json") + p.sel.values()},
		}
		v.Downloads = append(v.Downloads, p.sel.files(x)...)
	}
	v.Downloads = append(v.Downloads, all)
	return v
}
