package web

import (
	"net/url"
	"slices"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/doors"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/web/i18n"
	page "guichet/web/ui/page/desk"

	"github.com/a-h/templ"
)

// deskFixtures are all pages of the desk's listener, in its two languages.
var deskFixtures = slices.Concat(deskPartnerFixtures, deskMandateFixtures, deskWorksFixtures, []fixture{
	{"desk-sign-in", func(x *ctx) templ.Component { return page.SignInPage(localView(x, nil)) }},
	{"desk-sign-in-refused", func(x *ctx) templ.Component {
		x.form = url.Values{"login": {"anna"}}
		return page.SignInPage(localView(x, &portal.Error{Code: portal.Invalid, Key: "sign-in"}))
	}},
	{"desk-provider", func(x *ctx) templ.Component { return page.SignInPage(providerView(x, nil)) }},
	{"desk-provider-refused", func(x *ctx) templ.Component {
		return page.SignInPage(providerView(x, &portal.Error{Code: portal.Invalid, Key: "sign-in"}))
	}},
	{"desk-provider-wrong", func(x *ctx) templ.Component {
		return page.SignInPage(providerView(x, &portal.Error{Code: portal.Unavailable, Key: "sign-in.provider"}))
	}},
	{"desk-provider-in", func(x *ctx) templ.Component { return page.SignedInPage(signedInView(x)) }},
	{"desk-list", func(x *ctx) templ.Component {
		return page.ListPage(listView(x, fixtureFrame(x, "desk.list.title"), fixtureList(x.now), nil))
	}},
	{"desk-list-empty", func(x *ctx) templ.Component {
		return page.ListPage(listView(x, fixtureFrame(x, "desk.list.title"), desk.List{}, nil))
	}},
	{"desk-list-wrong", func(x *ctx) templ.Component {
		return page.ListPage(listView(x, fixtureFrame(x, "desk.list.title"), fixtureList(x.now),
			&portal.Error{Code: portal.NotFound, Key: "desk.not-blocked", Field: "reference"}))
	}},
	{"desk-ground", func(x *ctx) templ.Component {
		return page.GroundPage(groundView(x, fixtureFrame(x, "desk.case.title", fixtureCase), fixtureCase, nil))
	}},
	{"desk-ground-wrong", func(x *ctx) templ.Component {
		return page.GroundPage(groundView(x, fixtureFrame(x, "desk.case.title", fixtureCase), fixtureCase,
			&portal.Error{Code: portal.Invalid, Key: "desk.reason.empty", Field: "reason"}))
	}},
	{"desk-case", caseFixture(func(*desk.Case) {}, nil)},
	{"desk-case-wrong", caseFixture(func(*desk.Case) {}, &portal.Error{Code: portal.Invalid, Key: "desk.answer"})},
	{"desk-case-passed", caseFixture(func(c *desk.Case) {
		c.Standing = desk.Standing{Told: map[desk.Question]bool{desk.MovedIn: true, desk.OtherEnergy: false, desk.NameOnFile: true},
			Passed: true, Tried: true, Until: fixtureNow.Add(25 * time.Minute)}
		c.Customer = &desk.Customer{Name: "Anna Müller-Lefèvre", Language: portal.German, EAN: fixtureEAN.Masked(),
			Supply: registry.AccessPoint{Street: "Grand-Place 3", Postcode: "4800", Town: "Verviers"},
			Street: "Rue du Puits 12 B", Postcode: "4000", Town: "Liège"}
	}, nil)},
	{"desk-case-second", caseFixture(func(c *desk.Case) {
		c.Standing = desk.Standing{}
		c.Second, c.Request = true, &desk.Unblock{Login: "bert", Kind: desk.Asked, At: fixtureNow.Add(-time.Hour)}
	}, nil)},
	{"desk-readings", heldFixture(true, nil)},
	{"desk-readings-none", heldFixture(false, nil)},
	{"desk-readings-problems", heldFixture(true, lookup.Problems{{Code: portal.Invalid, Key: "index.comma", Field: "index-offtake-peak"},
		{Code: portal.Invalid, Key: "desk.readings.why", Field: "refusal"}})},
	{"desk-moves", movesFixture(true)},
	{"desk-moves-none", movesFixture(false)},
	{"desk-grounds", groundsFixture(true, nil)},
	{"desk-grounds-none", groundsFixture(false, nil)},
	{"desk-grounds-problems", groundsFixture(true, &portal.Error{Code: portal.Invalid, Key: "desk.grounds.why", Field: "why"})},
	{"desk-ground-new", newGroundFixture(nil)},
	{"desk-ground-problems", newGroundFixture(registry.GroundFaults{{Code: portal.Invalid, Key: "desk.grounds.until-far", Field: "until", Args: []any{36}},
		{Code: portal.Invalid, Key: "desk.grounds.kind", Field: "kind"}, {Code: portal.Invalid, Key: "ean.check", Field: "ean"},
		{Code: portal.Invalid, Key: "desk.grounds.evidence", Field: "evidence"}, {Code: portal.Invalid, Key: "desk.grounds.language", Field: "language"}})},
	{"desk-rectify", wrongsFixture(true, nil)},
	{"desk-rectify-none", wrongsFixture(false, nil)},
	{"desk-rectify-problems", wrongsFixture(true, &portal.Error{Code: portal.Invalid, Key: "desk.rectify.why", Field: "words"})},
	{"desk-doors", doorsFixture("carla", staff.Security, nil, "", nil)},
	{"desk-doors-agent", doorsFixture("anna", staff.Agent, closedBoard, "", nil)},
	{"desk-doors-asked", doorsFixture("carla", staff.Security, closedBoard, "", nil)},
	{"desk-doors-confirm", doorsFixture("dirk", staff.Security, closedBoard, "", nil)},
	{"desk-doors-guarded", doorsFixture("carla", staff.Security, func(b []doors.Status) {
		for i, why := range []doors.Why{doors.ClockApart, doors.Restored, doors.ClockJumped} {
			b[i].Why = why
		}
	}, "", nil)},
	{"desk-doors-wrong", doorsFixture("dirk", staff.Security, closedBoard, "ask",
		&portal.Error{Code: portal.Invalid, Key: "desk.reason.empty", Field: "reason"})},
	{"desk-gate", overviewFixture(measured)},
	{"desk-gate-new", overviewFixture(func(*desk.Overview) {})},
	{"desk-gate-attacked", overviewFixture(attacked)},
	{"desk-case-unknown", caseFixture(func(c *desk.Case) { *c = desk.Case{ID: c.ID, BlockedAt: c.BlockedAt} }, nil)},
})

// exhibitDesk is a request that never came in, on the desk's listener.
func exhibitDesk(c Common, lang portal.Language) *ctx {
	s := &surface{Common: c, name: "desk", languages: portal.DeskLanguages}
	return &ctx{Catalog: i18n.For(lang), s: s, now: fixtureNow, at: "/desk"}
}

// closedBoard: the gate waits for a second person, works is closed.
func closedBoard(b []doors.Status) {
	closed := func(i int) {
		b[i].Why, b[i].ClosedAt, b[i].By = doors.BySwitch, fixtureNow.Add(-3*time.Hour), "carla"
		b[i].Reason = "Balayage de la porte depuis plusieurs pays"
	}
	closed(0)
	closed(1)
	b[0].Pending = true
	b[0].Asked = doors.Request{At: fixtureNow.Add(-20 * time.Minute), By: "carla", Reason: "Seuils abaissés, contrôles M1 à M6 refaits"}
}

func doorsFixture(login string, role staff.Role, change func([]doors.Status), act string, wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.at = "/desk/doors"
		f := fixtureFrame(x, "desk.doors.title")
		x.pass = staff.Member{Login: login, Name: login, Role: role}
		f.Member = login + ", " + x.T("desk.role."+string(role))
		board := make([]doors.Status, len(doors.All))
		for i, d := range doors.All {
			board[i].Door = d
		}
		if change != nil {
			change(board)
		}
		if act != "" {
			x.form = url.Values{"door": {"works"}, "reason": {"ok"}}
		}
		return page.DoorsPage(doorsView(x, f, board, act, wrong))
	}
}

const fixtureCase = "B-7K3M9QXA"

// fixtureFrame is a page that the agent Anna looks at.
func fixtureFrame(x *ctx, title string, args ...any) page.Frame {
	x.pass = staff.Member{Login: "anna", Name: "Anna Klein", Role: staff.Agent}
	return deskFrame(x, fixtureGate(), title, args...)
}

func fixtureList(now time.Time) desk.List {
	place := func(id, town string, e portal.Energy, ago time.Duration, asked bool) desk.Place {
		return desk.Place{CaseID: id, Town: town, Energy: e, BlockedAt: now.Add(-ago), Asked: asked}
	}
	return desk.List{More: true, Unknown: 3, OldestUnknown: now.Add(-50 * time.Hour), Cases: []desk.Place{
		place(fixtureCase, "Verviers", portal.Electricity, 4*time.Minute, false),
		place("B-2PX8RTV0", "Eupen", portal.Gas, 31*time.Minute, false),
		place("B-M4C1ZJ6W", "Namur", portal.Electricity, 2*time.Hour, false),
		place("B-9HQ5D3YN", "Mons", portal.Electricity, 20*time.Hour+13*time.Minute, true),
	}}
}

func caseFixture(change func(*desk.Case), wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		f := fixtureFrame(x, "desk.case.title", fixtureCase)
		at := func(ago time.Duration, who portal.Actor, a audit.Action) desk.Event {
			return desk.Event{At: x.now.Add(-ago), Actor: who, Action: a}
		}
		visitor, anna := portal.Actor{Kind: portal.Visitor}, portal.Actor{Kind: portal.Staff, ID: "anna"}
		check := at(2*time.Minute, anna, audit.CallerChecked)
		check.Question, check.Outcome = desk.MovedIn, "right"
		c := desk.Case{ID: fixtureCase, Known: true, BlockedAt: x.now.Add(-4 * time.Minute), Town: "Verviers", Energy: portal.Electricity,
			IssuedAt: portal.Date(2026, time.March, 2), UsedAt: portal.Date(2026, time.March, 9),
			Standing: desk.Standing{Ask: []desk.Question{desk.OtherEnergy, desk.NameOnFile}, Left: 2, Tried: true,
				Told: map[desk.Question]bool{desk.MovedIn: true}},
			History: []desk.Event{check, at(3*time.Minute, anna, audit.DeskOpened), at(4*time.Minute, visitor, audit.LookupBlocked),
				at(5*time.Minute, visitor, audit.LookupRefused), at(6*time.Minute, visitor, audit.LookupRefused),
				at(2000*time.Hour, portal.Actor{Kind: portal.Household}, audit.LookupOpened)}}
		change(&c)
		return page.CasePage(caseView(x, f, c, wrong))
	}
}
