package web

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/portal/staff"
	page "guichet/web/ui/page/desk"
	"guichet/works"
	"guichet/works/calendar"
	"guichet/works/payment"
	"guichet/works/vat"

	"github.com/a-h/templ"
)

// deskWorksFixtures are the works officers' pages.
var deskWorksFixtures = []fixture{
	{"desk-works", func(x *ctx) templ.Component {
		late, none := fixtureWorks(x.now), fixtureWorks(x.now)
		late.Due, late.Team = x.now.AddDate(0, 0, -3), "Verviers"
		none.Status, none.Due = works.Incomplete, time.Time{}
		none.Unread = true
		return page.WorksPage(yardView(x, yardFrame(x, yardPath, "desk.works.title"), works.Filter{Turn: works.Operator}, []works.Request{late, fixtureWorks(x.now), none}, nil))
	}},
	{"desk-works-none", func(x *ctx) templ.Component {
		return page.WorksPage(yardView(x, yardFrame(x, yardPath, "desk.works.title"), works.Filter{Turn: works.Requester, Team: "Est"}, nil, nil))
	}},
	{"desk-works-many", func(x *ctx) templ.Component {
		list := slices.Repeat([]works.Request{fixtureWorks(x.now)}, desk.PageOfWorks+1)
		x.form = url.Values{"number": {"40 2817"}}
		return page.WorksPage(yardView(x, yardFrame(x, yardPath, "desk.works.title"), works.Filter{Turn: works.Operator, Kind: works.Phases13}, list,
			&portal.Error{Code: portal.Invalid, Key: "desk.works.number", Field: "number", Args: []any{works.NumberLength}}))
	}},
	{"desk-works-received", worksFixture(works.Received, nil)},
	{"desk-works-incomplete", worksFixture(works.Incomplete, nil)},
	{"desk-works-offered", worksFixture(works.Offered, nil)},
	{"desk-works-agreed", worksFixture(works.Agreed, nil)},
	{"desk-works-planned", worksFixture(works.Planned, nil)},
	{"desk-works-working", worksFixture(works.Working, nil)},
	{"desk-works-closed", worksFixture(works.Closed, nil)},
	{"desk-works-gas", worksFixture(works.Drawing, nil, func(f *desk.WorksFile) { f.Kind, f.Energy = works.GasConnection, portal.Gas })},
	{"desk-works-blocked", worksFixture(works.Awaiting, nil, func(f *desk.WorksFile) {
		f.Acts = append([]desk.Act{desk.Unlock}, f.Acts...)
		f.Closed = &desk.Closed{Second: true, Asked: &desk.Unblock{Login: "j.lambert", At: fixtureNow.Add(-time.Hour), Reason: "Rappelée, nom, adresse et date comparés"}}
	})},
	{"desk-works-offer", worksFixture(works.Drawing, nil)},
	{"desk-works-problems", worksFixture(works.Drawing, portal.Problems{{Code: portal.Invalid, Key: "desk.works.euro", Field: "offer-line-b"},
		{Code: portal.Invalid, Key: "works.empty", Field: "offer-line-d"}})},
	{"desk-works-prepared", worksFixture(works.Preparing, nil)},
	{"desk-works-faster", worksFixture(works.Awaiting, &portal.Error{Code: portal.Conflict, Key: "desk.works.changed"})},
	{"desk-works-done", worksFixture(works.Done, nil)},
	{"desk-works-papers", worksFixture(works.Incomplete, nil, func(f *desk.WorksFile) { f.Unread = true; f.Acts = desk.ActsOf(f.Request, f.Since, works.InPortal) })},
	{"desk-works-sure", worksUnsure(works.Drawing, works.EventOffer)},
	{"desk-works-day", worksUnsure(works.Preparing, works.EventPlan)},
	{"desk-payments", paymentsFixture(nil)},
	{"desk-payments-problems", paymentsFixture(&portal.Error{Code: portal.Invalid, Key: "desk.works.number", Field: "number", Args: []any{works.NumberLength}})},
	{"desk-payments-none", func(x *ctx) templ.Component {
		return page.WorksPaymentsPage(paymentsView(x, yardFrame(x, yardPath+"/payments", "desk.works.payments"), nil, "", nil))
	}},
}

// yardFrame is a page that the works officer Wim looks at.
func yardFrame(x *ctx, at, title string, args ...any) page.Frame {
	x.at = at
	x.pass = staff.Member{Login: "wim", Name: "Wim Renard", Role: staff.Works}
	return deskFrame(x, fixtureGate(), title, args...)
}

func fixtureWorks(now time.Time) works.Request {
	return works.Request{ID: "fixture", Number: "4028176655", Kind: works.Phases13, Energy: portal.Electricity,
		Contact: works.Contact{Kind: works.Person, Name: "Anna Müller-Lefèvre", Mail: "anna@example.org", Language: portal.German, Channel: works.ByMail,
			BillingName: "Anna Müller-Lefèvre", Billing: works.Address{Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen"}},
		Site:   works.Address{Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen"},
		Values: map[works.Field]string{works.EAN: string(fixtureEAN), works.Supply: "three-400", works.PowerWished: "173"},
		Status: works.Preparing, Phase: works.Preparation, Since: now.Add(-26 * time.Hour), MadeAt: now.AddDate(0, -1, 0), Due: now.AddDate(0, 0, 20),
		Declared: works.Declared{FirstOccupied: 1998, Dwelling: true, EndUser: true},
		Offer: works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31_200, 18_400, 4_800}, VAT: 6, Percent: 50, Terms: "2026-01", Days: 20, Paid: 28_832,
			SentAt: now.AddDate(0, 0, -20), ValidTo: now.AddDate(0, 3, -20), AgreedAt: now.AddDate(0, 0, -12), AgreedBy: "Anna Müller-Lefèvre", AgreedOn: works.OnPaper, PaidAt: now.AddDate(0, 0, -10)}}
}

// worksFixture is one request in a status, with a problem of the first act
// where there is one.
func worksFixture(status works.Status, wrong error, changes ...func(*desk.WorksFile)) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		r := fixtureWorks(x.now)
		r.Status = status
		switch status {
		case works.Received, works.Drawing:
			r.Offer, r.Due = works.Offer{}, time.Time{}
		case works.Incomplete:
			r.Offer, r.Missing, r.MissingBy = works.Offer{}, []string{"site-plan", "power_wished", "supply"}, r.Due
		case works.Offered, works.Agreed:
			r.Offer.Paid, r.Offer.PaidAt = 0, time.Time{}
		case works.Planned:
			r.Team, r.Day = "Verviers", works.Afternoon.On(x.now.AddDate(0, 0, 8))
		case works.Closed:
			r.Team, r.Result, r.Due, r.ClosedAt = "Verviers", "Triphasé posé, 3 × 400 V + N", time.Time{}, r.Since
		case works.Done:
			r.Team, r.Result, r.Due = "Verviers", "Triphasé posé, 3 × 400 V + N", time.Time{}
		}
		officer := portal.Actor{Kind: portal.Staff, ID: "wim"}
		steps := []works.Step{{At: r.MadeAt, To: works.Received, Phase: works.Capture, By: portal.Actor{Kind: portal.Visitor}},
			{At: r.MadeAt.Add(48 * time.Hour), Event: works.EventAskMissing, From: works.Received, To: works.Incomplete, Phase: works.Capture, By: officer, Reason: "La photo du coffret manque"}}
		if status == works.Awaiting {
			steps = append(steps, works.Step{At: r.Since, Event: works.EventAwait, From: works.Preparing, To: works.Awaiting, Phase: works.Preparation, By: officer, Reason: "Permis de voirie"})
		}
		f := desk.WorksFile{Request: r, Steps: steps, Terms: "2026-01", Rate: desk.Rate{Percent: vat.Standard, Against: []vat.Reason{vat.TooYoung, vat.NoDwelling}},
			Acts: desk.ActsOf(r, x.now, works.InPortal), Documents: []desk.WorksDocument{{Paper: works.Paper{ID: "p1", Document: works.Photo}, File: evidence.File{ID: "one", Status: evidence.Quarantined}},
				{Paper: works.Paper{ID: "p2", Document: works.SitePlan}, File: evidence.File{ID: "two", Status: evidence.Infected}}}}
		if r.Team != "" {
			f.Holders = []works.Holder{{Company: "0403170701", Way: works.ByCode, Since: r.MadeAt.Add(time.Hour), EndedAt: r.MadeAt.Add(50 * time.Hour), EndedBy: portal.Actor{Kind: portal.Household}},
				{Company: "0417497106", Way: works.ByConsent, Since: r.MadeAt.Add(51 * time.Hour)}}
		}
		f.Deadline, f.Runs = r.Deadline(steps, calendar.Defaults())
		if status == works.Done {
			f.Asset = &works.Asset{MadeAt: x.now, Kind: r.Kind, EAN: fixtureEAN, NetworkUser: "Jean Claes", SupplyFrom: x.now.AddDate(-1, 0, 0), Values: map[works.Field]string{works.Supply: "three-400"}}
			f.Payments = []works.Booking{{Payment: payment.Payment{Entry: r.Offer.PaidAt, Cents: 28_832}}}
		}
		for _, change := range changes {
			change(&f)
		}
		var act desk.Act
		if unsure := new(desk.Unsure); errors.As(wrong, &unsure) {
			act = unsure.Act
		} else if problems, ok := wrong.(portal.Problems); ok {
			act = desk.Act(works.EventOffer)
			x.form = url.Values{"offer-line-a": {"0"}, problems[0].Field: {"312,005"}}
		}
		return page.WorksFilePage(worksFileView(x, yardFrame(x, yardPath+"/fixture", "desk.works.file", worksNumber(r.Number)), f, act, wrong))
	}
}

// worksUnsure is an act that is to be confirmed.
func worksUnsure(status works.Status, e works.Event) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		would := fixtureWorks(x.now)
		would.Day = works.Morning.On(portal.Date(2026, time.December, 25))
		x.form = url.Values{"offer-line-a": {"0"}, "offer-line-b": {"312,00"}, "offer-line-c": {"184"}, "offer-line-d": {"48"}, "offer-study": {"0"}, "offer-days": {"20"},
			"plan-day": {"2026-12-25"}, "plan-half": {"morning"}, "plan-team": {"Verviers 3"}}
		return worksFixture(status, &desk.Unsure{Act: desk.Act(e), Mark: "x", Would: would, Idle: true, Holiday: "christmas", Late: portal.Date(2026, time.December, 18)})(x)
	}
}

func paymentsFixture(wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		list := []works.Booking{
			{Payment: payment.Payment{ID: "a", Entry: x.now.AddDate(0, 0, -2), Cents: 12_500, Reference: "2026-0231-0007", Text: "acompte compteur rue du Puits"}, File: "2026-06-03.cod", Wait: works.WaitUnknown},
			{Payment: payment.Payment{ID: "b", Entry: x.now.AddDate(0, 0, -1), Cents: -8_050, Reference: "2026-0231-0008", Communication: "402817665537"}, File: "2026-06-03.cod", Wait: works.WaitReturned}}
		id := ""
		if wrong != nil {
			id, x.form = "a", url.Values{paymentField("number", "a"): {"40 2817"}}
		}
		return page.WorksPaymentsPage(paymentsView(x, yardFrame(x, yardPath+"/payments", "desk.works.payments"), list, id, wrong))
	}
}
