package web

import (
	"time"

	"guichet/lookup"
	"guichet/portal"
	page "guichet/web/ui/page/partner"
	"guichet/works"

	"github.com/a-h/templ"
)

// installerFixtures are the pages on which installers follow requests.
func installerFixtures() []fixture {
	list := func(of works.Sought, due string, requests ...works.Request) func(*ctx) templ.Component {
		return func(x *ctx) templ.Component { return page.WorksPage(installerListView(x, of, due, requests, nil)) }
	}
	requests := []works.Request{fixtureRequest(fixtureNow, works.Incomplete), fixtureRequest(fixtureNow, works.Planned), fixtureEnd(fixtureNow), fixtureRequest(fixtureNow, works.Closed)}
	requests[0].Due, requests[1].Due = fixtureNow.AddDate(0, 0, -1), fixtureNow.AddDate(0, 0, 9)
	all := []fixture{
		{"installer-list", list(works.Sought{}, "", requests...)},
		{"installer-list-none", list(works.Sought{}, "")},
		{"installer-list-filtered", list(works.Sought{Turn: works.Requester}, "week")},
		{"installer-list-problems", func(x *ctx) templ.Component {
			return page.WorksPage(installerListView(x, works.Sought{}, "", nil, &portal.Error{Code: portal.Invalid, Key: "works.holders", Field: "company", Args: []any{works.MostHolders}}))
		}},
		{"installer-claim", entranceFixture(claimNumbers, "40 2817 6655", "", lookup.Ask{}, nil)},
		{"installer-incomplete", installerFixture(works.Incomplete, nil, nil)},
		{"installer-offered", installerFixture(works.Offered, &works.Holder{Way: works.ByCode, Since: fixtureNow}, nil)},
		{"installer-planned", installerFixture(works.Planned, &works.Holder{Way: works.ByConsent, Since: fixtureNow}, nil)},
		{"installer-planned-problems", installerFixture(works.Planned, nil, &portal.Error{Code: portal.Invalid, Key: "works.reason", Field: "postpone_reason"})},
		{"installer-calendar", func(x *ctx) templ.Component {
			return page.WorksCalendarPage(calendarView(x, time.Time{}, "", false))
		}},
		{"installer-calendar-made", func(x *ctx) templ.Component {
			return page.WorksCalendarPage(calendarView(x, fixtureNow, "7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m", true))
		}},
		{"installer-upload", uploadFixture("")},
		{"installer-upload-fine", uploadFixture(works.BulkExample())},
		{"installer-upload-problems", uploadFixture("kind;energy;town;ean;birth\n")},
		{"installer-upload-lines", uploadFixture("kind;energy;street;postcode;town;ean;gas_flow\nphases;electricity;;4700;Eupen;541449011000000016;12\nsteam;;;;;;\n")},
	}
	for i := range all {
		draw := all[i].page
		all[i].page = func(x *ctx) templ.Component {
			asInstaller(x, installerPath)
			return draw(x)
		}
	}
	return append(all, fixture{"works-shared", requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, works.Studied) }, "shared", nil)},
		fixture{"works-share-problems", requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, works.Studied) }, "",
			&portal.Error{Code: portal.Invalid, Key: "works.company", Field: "company"})})
}

func asInstaller(x *ctx, at string) {
	asGuest(x, at)
	g := x.guest()
	g.Organisation.Name, g.Organisation.Installer = "Elektro Rotenberg GmbH", true
	x.pass = g
}

func installerFixture(s works.Status, held *works.Holder, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		r := fixtureRequest(x.now, s)
		r.Team = "Verviers 2"
		x.at = installerPath + "/" + r.ID
		o := openedRequest{View: r.ForInstaller(fixtureSteps(r), x.now), installer: true,
			papers: []works.Paper{{ID: "p", Document: works.SitePlan, AddedAt: portal.Date(2026, time.October, 2)}}}
		return page.WorksOnePage(installerOneView(x, o, held, wrong))
	}
}

func uploadFixture(text string) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.at = installerPath + "/upload"
		if text == "" {
			return page.WorksUploadPage(uploadView(x, works.Bulk{}, "", nil))
		}
		b := works.ReadBulk([]byte(text), asker(x.guest().Organisation), x.now)
		switch {
		case b.Fine():
			return page.WorksUploadPage(uploadView(x, b, "token", nil))
		case len(b.Wrong) > 0:
			return page.WorksUploadPage(uploadView(x, b, "", b.Wrong))
		}
		return page.WorksUploadPage(uploadView(x, b, "", &portal.Error{Code: portal.Invalid, Key: "works.bulk.lines"}))
	}
}
