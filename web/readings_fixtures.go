package web

import (
	"net/url"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/staff"
	page "guichet/web/ui/page/desk"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// readingFixtures are the page of readings in its states.
var readingFixtures = []fixture{
	{"readings", readingFixture(func(*indexes.Page) {}, nil)},
	{"readings-problems", readingFixture(func(*indexes.Page) {}, func(x *ctx, t *indexes.Typed) *fault {
		t.Date = "2026-11-30"
		return problemsView(x, lookup.Problems{
			{Code: portal.Invalid, Key: "index.date.future", Field: indexes.DateField},
			{Code: portal.Invalid, Key: "index.comma", Field: "index-offtake-peak"},
			{Code: portal.Invalid, Key: "index.digits", Field: "index-injection-peak", Args: []any{6}},
			{Code: portal.Invalid, Key: "index.empty", Field: "index-injection-offpeak"},
		})
	})},
	{"readings-unusual", readingFixture(func(*indexes.Page) {}, func(x *ctx, _ *indexes.Typed) *fault {
		return unusualView(x, indexes.Outcome{Sure: "fixture", Ask: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak}})
	})},
	{"readings-typed", readingFixture(func(p *indexes.Page) {
		p.Entries = entriesFixture(indexes.Received, indexes.ToCheck, indexes.Held, indexes.Received)
		p.Typed = p.Entries
	}, nil)},
	{"readings-late", readingFixture(func(p *indexes.Page) {
		p.Entries, p.Late = entriesFixture(indexes.Sent, indexes.Validated, indexes.Corrected, indexes.Estimated), true
	}, nil)},
	{"readings-refused", readingFixture(func(p *indexes.Page) {
		p.Entries = entriesFixture(indexes.Refused, indexes.Refused, indexes.Refused, indexes.Refused)
		for i, why := range indexes.Refusals {
			p.Entries[i].Refusal = why
		}
		p.Typed = p.Entries
	}, nil)},
	{"readings-closed", readingFixture(func(p *indexes.Page) {
		p.Window, p.Next = indexes.Window{}, portal.Date(2027, time.January, 15)
		p.Entries = entriesFixture(indexes.Validated, indexes.Validated, indexes.Corrected, indexes.Estimated)
	}, nil)},
	{"readings-changed", readingFixture(func(p *indexes.Page) { p.Window = indexes.Window{} },
		func(x *ctx, _ *indexes.Typed) *fault { return changedView(x) })},
}

// readingFixture is the page of a meter with four registers whose window is
// open; typed says what is wrong with what stands in the form.
func readingFixture(change func(*indexes.Page), wrong func(*ctx, *indexes.Typed) *fault) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		pass := lookup.Pass{
			Occupancy: registry.Occupancy{ID: "fixture", Period: portal.Period{From: portal.Date(2024, time.March, 1)}},
			Point:     registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity},
			Meter:     registry.Meter{Number: "1SAG1100076616"},
		}
		x.pass = insideFixture(x, pass)
		page := windowFixture()
		change(&page)
		sent := typedBefore(page)
		var f *fault
		if wrong != nil {
			sent.Values = map[metering.Register]string{metering.OfftakePeak: "21840,6", metering.OfftakeOffPeak: "33115", metering.InjectionPeak: "00052604"}
			f = wrong(x, &sent)
		}
		return public.ReadingsPage(readingsView(x, 1, pass, page, sent, f))
	}
}

var fixtureRegisters = []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak, metering.InjectionOffPeak}

func windowFixture() indexes.Page {
	p := indexes.Page{First: portal.Date(2026, time.November, 10), Last: portal.Date(2026, time.November, 23),
		Window: indexes.Window{ID: "fixture", Production: true}}
	for _, r := range fixtureRegisters {
		p.Window.Registers = append(p.Window.Registers, indexes.Register{Register: r, Digits: 6})
	}
	return p
}

func entriesFixture(statuses ...indexes.Status) (list []indexes.Entry) {
	values := []int64{21_840, 33_115, 5_260, 2_411}
	for i, s := range statuses {
		e := indexes.Entry{ID: "fixture", WindowID: "fixture", Round: 1, Status: s, Who: portal.Household, Final: values[i] - 20,
			Reading: indexes.Reading{Register: fixtureRegisters[i], Value: values[i]},
			On:      portal.Date(2026, time.November, 21), At: portal.Date(2026, time.November, 22)}
		if s == indexes.Estimated {
			e.Who, e.WindowID, e.On = portal.System, "former", portal.Date(2025, time.November, 21)
		}
		list = append(list, e)
	}
	return list
}

// heldFixture is the validation service's list.
func heldFixture(any bool, wrong lookup.Problems) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		p := fixtureHousehold(x)
		x.at = heldPath
		x.pass = staff.Member{Login: "marc", Name: "Marc Claes", Role: staff.Readings}
		f := deskFrame(x, fixtureGate(), "desk.readings.title")
		var held desk.Held
		if any {
			w := windowFixture().Window
			one := indexes.Review{Window: w, Round: 1, Point: p.Point, Stay: p.Occupancy, MeterNumber: "1SAG1100076616",
				Entries: entriesFixture(indexes.ToCheck, indexes.Received, indexes.Held, indexes.Held)}
			for i, finding := range []indexes.Finding{indexes.Unusual, indexes.Plausible, indexes.Comma, indexes.Backwards} {
				one.Window.Registers[i].LastOn = portal.Date(2025, time.November, 21)
				one.Entries[i].Finding = finding
			}
			one.Entries[0].Consumed, one.Entries[1].Consumed = 7_312, 1_245
			former := one
			former.Round, former.Entries = 2, entriesFixture(indexes.Held, indexes.Held, indexes.ToCheck, indexes.Held)
			former.Stay.From = portal.Date(2026, time.November, 1)
			for i, finding := range []indexes.Finding{indexes.Swapped, indexes.Swapped, indexes.Amended, indexes.Injection} {
				former.Entries[i].Finding = finding
			}
			held = desk.Held{List: []indexes.Review{one, former}, More: true}
		}
		if wrong != nil {
			x.form = url.Values{"decision": {"correct"}, "index-offtake-peak": {"21840,6"}}
		}
		return page.ReadingsPage(heldView(x, f, held, "fixture.1", wrong))
	}
}
