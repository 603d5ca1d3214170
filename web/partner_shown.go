package web

import (
	"net/http"

	"guichet/lookup"
	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
)

// look shows a delivery on a page, before any is downloaded: it is one itself,
// computed anew and recorded (D9, L18). A mandate for one delivery is not spent
// by looking.
func (p *partners) look(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	l, n, err := nth(x.param("n"), m)
	if err != nil {
		return err
	}
	if m.Scope.Once {
		return p.showPoint(x, &portal.Error{Code: portal.Conflict, Key: "mandate.once"})
	}
	q, err := wanted(x, grainsOf(m.Scope.Kinds))
	if err != nil {
		return p.showPoint(x, err)
	}
	q = bounded(complete(q, x.now, m.Scope.Data.To))
	d, err := p.Mandates.Hand(x.context(), p.PartnerDeps.History, x.by(), x.guest().PartnerID, m.ID, mandates.Asked{EAN: l.EAN, Query: q})
	if portal.CodeOf(err) == portal.Denied {
		return p.showPoint(x, err)
	}
	if err != nil {
		return err
	}
	x.at = "/partner/mandates/" + m.ID + "/points/" + x.param("n") + "/consumption" + pointQuery(q)
	return x.show(http.StatusOK, page.ShownPage(shownView(x, m, n, q, d)))
}

// pointQuery writes a selection as the form of an access point asks it: To is the
// last day.
func pointQuery(q metering.Query) string {
	text := "?grain=" + string(q.Grain)
	if !q.From.IsZero() {
		text += "&from=" + isoDay(q.From)
	}
	if !q.To.IsZero() {
		text += "&to=" + isoDay(lastDay(q.To))
	}
	return text
}

// shownView speaks as to whoever did not live there (D7), within what the
// mandate says; of the stay itself it tells nothing.
func shownView(x *ctx, m mandates.Mandate, n int, q metering.Query, d mandates.Delivery) page.Shown {
	point := x.pointPath(m.ID, n)
	pass := lookup.Pass{Ground: registry.Ground{ID: m.ID}, Occupancy: registry.Occupancy{Period: m.Scope.Data},
		Point: registry.AccessPoint{EAN: d.Line.EAN, Energy: d.Series.Energy}}
	part := shown{sel: selection{query: q}, pass: pass, series: d.Series}
	s := newSpeaker(x, part)
	v := page.Shown{Frame: x.partnerFrame(x.T("partner.shown.title", x.T("energy."+string(d.Series.Energy)), m.Mandator.Name)),
		Point: together(d.Line.EAN.Masked()), Mark: x.T("partner.take.mark"), Ground: leavesOn(x, m).ground,
		Charts: s.charts(), Empty: s.empty(), Notes: s.notes(), Table: s.table(part.sel),
		Back: layout.Link{Text: x.T("partner.shown.back"), Href: point}}
	for i := range v.Table.Rows {
		v.Table.Rows[i].Href = "" // a customer's page
	}
	for _, g := range grainsOf(m.Scope.Kinds) {
		v.Grains = append(v.Grains, layout.Link{Text: x.T("grain." + string(g)), Current: g == q.Grain, Href: point + "/consumption" + pointQuery(regrained(q, g))})
	}
	at := func(q metering.Query) string { return point + "/consumption" + pointQuery(q) }
	v.Earlier, v.Later = paging(x, []shown{part}, at)
	if points := d.Series.Points; len(points) > 0 { // what is cut has nothing beyond
		if points[0].Period.From.After(q.From) {
			v.Earlier = layout.Link{}
		}
		if points[len(points)-1].Period.To.Before(q.To) {
			v.Later = layout.Link{}
		}
	}
	for _, f := range partnerFiles {
		v.Files = append(v.Files, layout.Link{Text: x.T("partner.take." + f.ending), Href: point + "/consumption." + f.ending + pointQuery(q)})
	}
	return v
}
