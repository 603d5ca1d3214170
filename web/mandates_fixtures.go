package web

import (
	"net/url"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// mandatesFixture has one mandate of each standing, or none.
func mandatesFixture(done string, full bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		inside(x)
		x.at = "/mandates?of=1"
		if done != "" {
			x.at += "&done=" + done
		}
		var list []mandates.Summary
		if full {
			list = append(fixtureWritten(x.now), fixtureMandates(x.now)...)
		}
		v := mandatesView(x, 1, list)
		if done != "" {
			v.Done = x.T("mandates.done." + done)
		}
		return public.MandatesPage(v)
	}
}

func fixtureMandates(now time.Time) (list []mandates.Summary) {
	granted := now.AddDate(0, 0, -20)
	line := func(change func(*mandates.Line)) mandates.Line {
		l := mandates.Line{EAN: fixtureEAN, Outcome: mandates.Granted, OccupancyID: "fixture", LetterID: "fixture", GrantedAt: granted}
		change(&l)
		return l
	}
	for i, l := range []mandates.Line{
		line(func(*mandates.Line) {}),
		line(func(l *mandates.Line) { l.ToldAt = now.AddDate(0, 0, -3) }),
		line(func(l *mandates.Line) { l.Proven, l.DeliveredAt = true, now.AddDate(0, 0, -1) }),
		line(func(l *mandates.Line) {
			l.Proven, l.End, l.EndedAt = true, mandates.ByRevocation, now.AddDate(0, 0, -2)
		}),
		line(func(l *mandates.Line) { l.Proven = true }),
	} {
		m := mandates.Mandate{ID: "06h0h0m0c0vrf3h170bmgztrp" + string(rune('a'+i)), Status: mandates.Decided, Signature: mandates.ByHand, Lines: []mandates.Line{l},
			Scope: mandates.Scope{Kinds: mandates.Kinds, Purpose: "Comparer les offres et réduire la consommation",
				Data:     portal.Period{From: portal.Date(2025, time.January, 1)},
				Validity: portal.Period{From: granted, To: granted.AddDate(1, 0, 0)}}}
		if l.Proven {
			m.Signature = mandates.Electronic
		}
		if i == 4 {
			m.Scope.Validity.To = now.AddDate(0, 0, -1)
			m.Scope.Data.To = portal.Date(2026, time.January, 1)
		}
		list = append(list, mandates.Summary{Mandate: m, PartnerName: "Énergie Conseil SA", PartnerContact: "clients@energie-conseil.example"})
	}
	return list
}

// fixtureWritten are a customer's own texts, one of each standing.
func fixtureWritten(now time.Time) (list []mandates.Summary) {
	for i, s := range []mandates.Status{mandates.Drafted, mandates.GivenIn, mandates.Returned, mandates.Withdrawn} {
		m := fixtureMandates(now)[0]
		m.ID, m.Status, m.Signature = "06h0h0m0c0vrf3h170bmgztrq"+string(rune('a'+i)), s, mandates.Unsigned
		m.WrittenBy, m.AgreedAt, m.Lines = "fixture", now.AddDate(0, 0, -1), []mandates.Line{{EAN: fixtureEAN, Outcome: mandates.Proposed}}
		list = append(list, m)
	}
	return list
}

var fixtureMandataries = []mandates.Mandatary{
	{ID: "p1", Name: "Énergie Conseil SA", CompanyNumber: "0403170701", Contact: "clients@energie-conseil.example"},
	{ID: "p2", Name: "Stromvergleich GmbH", CompanyNumber: "0123456749", Contact: "kontakt@stromvergleich.example"},
}

// writeFixture is the form, empty or with what is wrong.
func writeFixture(o mandates.Own, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		inside(x)
		x.at = "/mandates/new?of=1"
		return public.WritePage(writeView(x, 1, fixtureMandataries, o, wrong))
	}
}

// readOverFixture is the same mandate as it would stand.
func readOverFixture(x *ctx) templ.Component {
	inside(x)
	x.at = "/mandates/new?of=1"
	x.form = url.Values{"purpose": {"Comparer les offres"}, "kind_totals": {"yes"}}
	m := fixtureWritten(x.now)[0].Mandate
	m.Mandator = mandates.Mandator{Name: "Anna Müller-Lefèvre", Capacity: mandates.Occupant, Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}
	return public.WritePage(readOverView(x, 1, m, fixtureMandataries[0]))
}
