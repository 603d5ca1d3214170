package web

import (
	"net/url"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/staff"
	page "guichet/web/ui/page/desk"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// fixtureGround is an heir's, asked by Lena.
func fixtureGround(x *ctx, id string) registry.Ground {
	return registry.Ground{ID: id, EAN: fixtureEAN, OccupancyID: "fixture", Kind: registry.Heir, Name: "Otto Peters", Language: portal.German,
		Street: "Rue des Tilleuls 14", Postcode: "4700", Town: "Eupen", Period: portal.Period{From: portal.Date(2024, 3, 1), To: portal.Date(2026, 11, 1)},
		Until: portal.Date(2027, 6, 1), Evidence: "Erbschein des Notars Weber, Eupen, 3. November 2026", AskedAt: x.now.AddDate(0, 0, -1), AskedBy: "lena"}
}

// groundsFixture is the back office's list, one of each state.
func groundsFixture(any bool, wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.at = "/desk/grounds"
		x.pass = staff.Member{Login: "lena", Name: "Lena Weber", Role: staff.Office}
		f := deskFrame(x, fixtureGate(), "desk.grounds.title")
		var list []registry.Ground
		if any {
			own, other, lives := fixtureGround(x, "g1"), fixtureGround(x, "g2"), fixtureGround(x, "g3")
			other.AskedBy, other.Kind, other.OccupancyID, other.To = "marc", registry.Owner, "", portal.Period{}.To
			lives.Kind, lives.DecidedAt, lives.DecidedBy, lives.Granted = registry.Guardian, x.now, "marc", true
			refused := lives
			refused.ID, refused.Granted = "g4", false
			ended := lives
			ended.ID, ended.EndedAt, ended.EndedBy, ended.EndedWhy = "g5", x.now, "lena", "mistake"
			over := lives
			over.ID, over.Until = "g6", x.now
			list = []registry.Ground{own, other, lives, refused, ended, over}
		}
		return page.GroundsPage(groundsView(x, f, list, any, "g3", wrong))
	}
}

// byGroundFixture is the history as an heir, a guardian or an owner sees it.
func byGroundFixture(kind registry.GroundKind) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		g := fixtureGround(x, "g1")
		g.Kind = kind
		pass := lookup.Pass{Ground: g, Meter: registry.Meter{Number: "1SAG1100076616"}, Point: registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity},
			Occupancy: registry.Occupancy{ID: "fixture", Period: g.Period}}
		x.pass = insideFixture(x, pass)
		q := complete(metering.Query{Grain: metering.ByMonth}, x.now, g.To)
		return public.ConsumptionPage(consumptionView(x, []shown{{sel: selection{of: 1, query: q}, pass: pass, series: electricityMonths()}}))
	}
}

func newGroundFixture(faults registry.GroundFaults) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.at = "/desk/grounds/new"
		x.pass = staff.Member{Login: "lena", Name: "Lena Weber", Role: staff.Office}
		if len(faults) > 0 {
			x.form = url.Values{"ean": {"541449000000000011"}, "name": {"Otto Peters"}, "street": {"Rue des Tilleuls 14"}, "postcode": {"4700"}, "town": {"Eupen"},
				"from": {"2024-03-01"}, "until": {"2040-06-01"}, "evidence": {"ja"}}
		}
		return page.NewGroundPage(newGroundView(x, deskFrame(x, fixtureGate(), "desk.grounds.new"), faults))
	}
}
