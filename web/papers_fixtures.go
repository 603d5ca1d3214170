package web

import (
	"net/url"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/staff"
	page "guichet/web/ui/page/desk"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// inside puts a fixture behind one opened reference.
func inside(x *ctx) lookup.Pass {
	p := lookup.Pass{
		Visit:     lookup.Visit{ID: "fixture", ReferenceKey: "fixture"},
		Occupancy: registry.Occupancy{ID: "fixture", Period: portal.Period{From: portal.Date(2024, time.March, 1)}},
		Point:     registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity},
		Meter:     registry.Meter{Number: "1SAG1100076616"},
	}
	x.pass = insideFixture(x, p)
	return p
}

// seenFixture is a page in the middle of a long trail, or an empty one.
func seenFixture(any bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		inside(x)
		x.at = "/seen?of=1"
		var list []audit.Recorded
		for i := range looksAPage + 1 {
			if !any {
				break
			}
			one := []audit.Recorded{
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Action: audit.HistoryShown, Ground: "reference"}, Text: "from=2025-12-01\nto=2026-12-01"},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "m.dupont"}, Action: audit.DeskOpened, Ground: "interaction:INT-2041"}},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LookupRefused, Ground: "reference"}},
				{Entry: audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "letter requests"}, Action: audit.ReferenceIssued, Ground: "no-letter"}},
			}[i%4]
			one.ID, one.At, one.Idx = "fixture", x.now.Add(-time.Duration(i)*7*time.Hour), int64(90-i)
			if i == 0 {
				one.Idx = audit.Unsealed
			}
			list = append(list, one)
		}
		return public.SeenPage(seenView(x, 1, list, lookers{roles: map[string]string{"m.dupont": "agent"}}))
	}
}

// postedFixture shows one standing of the history by post.
func postedFixture(change func(*registry.Posting)) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		p := fixtureHousehold(x)
		x.at = "/consumption/posted?of=1"
		p.Last.QueuedAt = x.now.AddDate(0, 0, -3)
		change(&p)
		return public.PostedPage(postedView(x, 1, p, true, 3))
	}
}

func fixtureWrong(now time.Time) registry.Rectification {
	return registry.Rectification{ID: "06h0h0m0c0vrf3h170bmgztrpc", Field: "meter", AskedAt: now.AddDate(0, 0, -2),
		Text: "Le numéro du compteur n’est pas le bon :\nil se termine par 6617."}
}

// fixtureHousehold has a whole address.
func fixtureHousehold(x *ctx) registry.Posting {
	pass := inside(x)
	p := registry.Posting{Point: pass.Point, Occupancy: pass.Occupancy}
	p.Point.Street, p.Point.Postcode, p.Point.Town = "Rue des Tilleuls 12", "4700", "Eupen"
	p.Occupancy.Name, p.Occupancy.Language = "Anna Peters", portal.German
	p.Occupancy.Street, p.Occupancy.Postcode, p.Occupancy.Town = "Rue des Tilleuls 12", "4700", "Eupen"
	return p
}

// mineFixture is a file with something of everything, or with next to nothing.
func mineFixture(full bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		p := fixtureHousehold(x)
		x.at = "/mine?of=1"
		d := registry.Dossier{Occupancy: p.Occupancy, Point: p.Point}
		if !full {
			return public.MinePage(mineView(x, 1, d, nil))
		}
		day := func(n int) time.Time { return x.now.AddDate(0, 0, -n) }
		d.Meters = []registry.Meter{{Number: "1SAG1100076616", Period: portal.Period{From: day(800)}}}
		d.Supplies = []registry.Supply{{Supplier: "Exemple Énergie", Period: portal.Period{From: day(800), To: day(100)}}, {Supplier: "Autre Énergie", Period: portal.Period{From: day(100)}}}
		d.Registrations = []registry.HeldRegistration{
			{Registration: registry.Registration{Supplier: "EXEMPLE-ENERGIE", Period: portal.Period{From: day(800), To: day(100)}}, End: registry.Drop},
			{Registration: registry.Registration{Supplier: "AUTRE-ENERGIE", Period: portal.Period{From: day(100)}}}}
		d.References = []registry.HeldReference{{IssuedAt: day(700), FirstUsedAt: day(690), EndedAt: day(30)}, {IssuedAt: day(40), FirstUsedAt: day(30)}, {IssuedAt: day(3), Blocked: true}}
		d.Readings = []registry.Extent{{Register: "offtake-peak", First: day(800), Last: day(1), Days: 798}, {Register: "offtake-offpeak", First: day(800), Last: day(1), Days: 798}}
		d.Letters = []registry.Sent{{Kind: outbox.History, QueuedAt: day(0)}, {Kind: outbox.References, QueuedAt: day(40), HandedAt: day(39)}, {Kind: outbox.Answer, QueuedAt: day(90), DroppedAt: day(89), DroppedWhy: "moved"}}
		for i := range visitsShown + 1 {
			d.Visits = append(d.Visits, registry.Opening{OpenedAt: day(i)})
		}
		decided := fixtureWrong(day(200))
		decided.DecidedAt, decided.Decision = day(190), "passed-on"
		return public.MinePage(mineView(x, 1, d, []registry.Rectification{fixtureWrong(x.now), decided}))
	}
}

func rectifyFixture(wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		inside(x)
		x.at = "/rectify?of=1"
		if wrong != nil {
			x.form = url.Values{"field": {"meter"}, "wrong": {"6617"}}
		}
		return public.RectifyPage(rectifyView(x, 1, wrong))
	}
}

// wrongsFixture is the back office's list.
func wrongsFixture(any bool, wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		p := fixtureHousehold(x)
		x.at = "/desk/rectifications"
		x.pass = staff.Member{Login: "lena", Name: "Lena Weber", Role: staff.Office}
		f := deskFrame(x, fixtureGate(), "desk.rectify.title")
		var list []desk.Wrong
		if any {
			moved := fixtureWrong(x.now)
			moved.ID, moved.Field, moved.Text = "06h0h0m0c0vrf3h170bmgztrpd", "mail", "Ich bin umgezogen."
			gone := p
			gone.Occupancy.To = x.now
			list = []desk.Wrong{{Rectification: fixtureWrong(x.now), Posting: p}, {Rectification: moved, Posting: gone}}
		}
		if wrong != nil {
			x.form = url.Values{"decision": {"refused"}, "words": {"nein"}}
		}
		return page.WrongsPage(wrongsView(x, f, list, fixtureWrong(x.now).ID, wrong))
	}
}

// movesFixture is the back office's list of late moves.
func movesFixture(any bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		p := fixtureHousehold(x)
		x.at = "/desk/moves"
		x.pass = staff.Member{Login: "lena", Name: "Lena Weber", Role: staff.Office}
		f := deskFrame(x, fixtureGate(), "desk.late.title")
		var list []desk.Gone
		if any {
			day := func(n int) time.Time { return x.now.AddDate(0, 0, -n) }
			m := registry.LateMove{ID: "06h0h0m0c0vrf3h170bmgztrpe", EAN: fixtureEAN.Masked(), MovedAt: day(40), LearntAt: day(1), Wrong: []registry.WrongThing{
				{Kind: registry.WrongDisclosure, What: "06h0h0m0c0vrf3h170bmgztrpf", At: day(20)},
				{Kind: registry.WrongLetter, What: "06h0h0m0c0vrf3h170bmgztrpg", At: day(19)},
				{Kind: registry.WrongReference, What: "key", At: day(18)},
				{Kind: registry.WrongReading, What: "06h0h0m0c0vrf3h170bmgztrpj", At: day(17)},
				{Kind: registry.WrongMandate, What: "06h0h0m0c0vrf3h170bmgztrpn", At: day(90)}}}
			list = []desk.Gone{{LateMove: m, Posting: p, Case: "06h0h0m0c0vrf3h170bmgztrpk"}, {LateMove: registry.LateMove{ID: "06h0h0m0c0vrf3h170bmgztrph", EAN: m.EAN, MovedAt: day(3), LearntAt: day(1)}, Posting: p}}
		}
		return page.MovesPage(lateMovesView(x, f, list, nil))
	}
}
