package web

import (
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/portal/registry"
	deskpage "guichet/web/ui/page/desk"

	"github.com/a-h/templ"
)

// deskMandateFixtures are the officers' pages about what customers signed.
var deskMandateFixtures = []fixture{
	{"desk-mandates", func(x *ctx) templ.Component {
		m := mandates.Summary{Mandate: fixtureDeed(x.now).Mandate, PartnerName: fixturePartner.Name, Points: 3}
		return deskpage.MandatesPage(deedsView(x, officerFrame(x, "/desk/mandates", "desk.mandates.title"), []mandates.Summary{m}))
	}},
	{"desk-mandates-none", func(x *ctx) templ.Component {
		return deskpage.MandatesPage(deedsView(x, officerFrame(x, "/desk/mandates", "desk.mandates.title"), nil))
	}},
	{"desk-mandate", deedFixture(nil)},
	{"desk-mandate-problems", deedFixture(portal.Problems{
		{Code: portal.Invalid, Key: "mandate.unsigned", Field: "signature"}, {Code: portal.Invalid, Key: "mandate.unchecked", Field: "check_name"}})},
}

func deedFixture(wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		d := fixtureDeed(x.now)
		return deskpage.MandatePage(deedView(x, officerFrame(x, "/desk/mandates/fixture", "desk.mandate.title", d.Mandator.Name), d, wrong))
	}
}

// fixtureDeed has a line of the mandator's, one of somebody else's and one of
// nobody's, a scan that waits and a document that is signed electronically.
func fixtureDeed(now time.Time) desk.Deed {
	m := fixtureMandates(now)[0].Mandate
	m.ID, m.Status, m.GivenAt = "fixture", mandates.GivenIn, now.Add(-26*time.Hour)
	m.Mandator = mandates.Mandator{Name: "Brasserie du Coin SRL", CompanyNumber: "0403170701", Capacity: mandates.Representative,
		SignedBy: "Camille Lambert", Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}
	line := func(ean portal.EAN, name string, same bool) desk.Compared {
		c := desk.Compared{Line: mandates.Line{EAN: ean, Outcome: mandates.Proposed}, Same: same}
		if name != "" {
			c.Stay = registry.Occupancy{ID: "fixture", Name: name}
			c.Point = registry.AccessPoint{Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}
		}
		return c
	}
	file := func(id string, s evidence.Status) desk.Signed {
		return desk.Signed{File: evidence.File{ID: id, Status: s, Type: evidence.PDF}, Verdict: evidence.Verdict{Reasons: []evidence.Reason{evidence.Unsigned}}}
	}
	signed := file("two", evidence.Clean)
	signed.Verdict = evidence.Verdict{Signer: evidence.Signer{Name: "Camille Lambert"}, SignedAt: now.Add(-30 * time.Hour)}
	return desk.Deed{Mandate: m, Mandatary: fixturePartner, Documents: []desk.Signed{file("one", evidence.Quarantined), signed}, More: 12,
		Lines: []desk.Compared{line(fixtureEAN, "Brasserie du Coin SRL", true), line("541449000000000027", "Anna Peters", false), line("541449000000000034", "", false)}}
}
