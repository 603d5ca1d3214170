package web

import (
	"slices"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/web/ui/page/public"
	"guichet/works"

	"github.com/a-h/templ"
)

// followFixtures are the pages on which a request is followed, in each status.
func followFixtures() []fixture {
	list := []fixture{
		{"works-gate", entranceFixture(worksNumbers, "40 2817 6655", "", lookup.Ask{}, nil)},
		{"works-gate-step3", entranceFixture(worksNumbers, "40 2817 6655", "", lookup.Ask{Work: true, LetterCode: true}, nil)},
		{"works-gate-refused", entranceFixture(worksNumbers, "40 2817 6655", "", lookup.Ask{}, func(x *ctx) *fault { return refusedView(x, worksNumbers) })},
		{"works-gate-uncounted", entranceFixture(worksNumbers, "40 2817 6655", "", lookup.Ask{}, func(x *ctx) *fault { return uncountedView(x, worksNumbers) })},
		{"works-gate-problems", entranceFixture(worksNumbers, "40 2817 66", "", lookup.Ask{}, func(x *ctx) *fault {
			return problemsView(x, lookup.Problems{{Code: portal.Invalid, Key: "number.length", Field: "number"}, {Code: portal.Invalid, Key: "code.empty", Field: "code"}})
		})},
		{"works-list", func(x *ctx) templ.Component {
			return public.WorksRequestsPage(requestsView(x, []held{{Request: fixtureRequest(x.now, works.Offered)}, {Request: fixtureEnd(x.now)}}))
		}},
		{"works-list-none", func(x *ctx) templ.Component { return public.WorksRequestsPage(requestsView(x, nil)) }},
		{"works-end-of-contract", requestFixture(fixtureEnd, "", nil)},
		{"works-offered-wrong", requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, works.Offered) }, "",
			&portal.Error{Code: portal.Invalid, Key: "works.name", Field: "agreed_by"})},
		{"works-offered-user", requestFixture(func(now time.Time) works.Request {
			r := fixtureRequest(now, works.Offered)
			r.Kind = works.MeterMove
			return r
		}, "", nil)},
		{"works-incomplete-given", requestFixture(func(now time.Time) works.Request {
			r := fixtureRequest(now, works.Incomplete)
			r.Missing = []string{"supply", "power_wished"}
			return r
		}, "", nil)},
		{"works-closed-late", requestFixture(func(now time.Time) works.Request {
			r := fixtureRequest(now.AddDate(0, -2, 0), works.Closed)
			r.ClosedAt = r.Since
			return r
		}, "", nil)},
		{"works-closed-wrong", requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, works.Closed) }, "",
			&portal.Error{Code: portal.Invalid, Key: "works.reason", Field: "reopen_reason"})},
		{"works-complete", requestFixture(func(now time.Time) works.Request {
			r := fixtureRequest(now, works.Incomplete)
			r.Missing = nil
			return r
		}, "added", nil)},
		{"works-accepted", requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, works.Agreed) }, "accepted", nil)},
	}
	for i := range list { // all of them stand inside a visit
		page := list[i].page
		list[i].page = func(x *ctx) templ.Component {
			x.pass = lookup.Session{IdleEndsAt: x.now.Add(lookup.IdleLife), EndsAt: x.now.Add(lookup.VisitLife)}
			return page(x)
		}
	}
	for _, s := range works.Statuses {
		list = append(list, fixture{"works-" + string(s), requestFixture(func(now time.Time) works.Request { return fixtureRequest(now, s) }, "", nil)})
	}
	return list
}

func requestFixture(make func(time.Time) works.Request, done string, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.pass = lookup.Session{IdleEndsAt: x.now.Add(lookup.IdleLife), EndsAt: x.now.Add(lookup.VisitLife)}
		r := make(x.now)
		x.at = requestPage(r.ID)
		o := openedRequest{View: r.View(fixtureSteps(r), x.now), all: []held{{Request: r}},
			papers: []works.Paper{{ID: "p", Document: works.SitePlan, AddedAt: portal.Date(2026, time.October, 2)}}}
		if done == "shared" {
			o.shared = []works.Holder{{Company: "0403170701", Way: works.ByConsent, Since: x.now}, {Company: "0417497106", Way: works.ByCode, Since: x.now}}
			o.fed, o.feed = x.now, "7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m"
		}
		v := requestView(x, o, wrong)
		if done != "" {
			v.Done = x.T("works.done." + done)
		}
		return public.WorksRequestPage(v)
	}
}

// fixtureRequest is a change to three phases in a status.
func fixtureRequest(now time.Time, s works.Status) works.Request {
	r := works.Request{ID: "06h0h0m0c0vrf3h170bmgztrpw", Number: keys.Secret("4028176655"), Kind: works.Phases13, Energy: portal.Electricity, Status: s,
		Contact: works.Contact{Kind: works.Person, Name: "Anna Schmitz", Language: portal.German, Channel: works.ByMail, BillingName: "Anna Schmitz",
			Billing: works.Address{Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen"}},
		Site:   works.Address{Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen"},
		Values: map[works.Field]string{works.EAN: string(fixtureEAN), works.Supply: "three-400", works.PowerWished: "173"},
		MadeAt: portal.Date(2026, time.October, 2), Since: now.AddDate(0, 0, -3)}
	at := slices.Index(works.Statuses, s)
	if s == works.Incomplete {
		r.Missing, r.MissingBy = []string{"site-plan", "power_wished"}, portal.Date(2026, time.December, 3)
	}
	if at >= slices.Index(works.Statuses, works.Offered) && s != works.Refused {
		sent := portal.Date(2026, time.November, 9).Add(10 * time.Hour)
		r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31200, 18400, 4800}, VAT: 6, Percent: 50, Terms: "2026-1", TermsAt: "https://guichet.example/{language}/connection-conditions/{version}", Days: 25,
			SentAt: sent, ValidTo: portal.Date(2027, time.February, 10)}
	}
	if at >= slices.Index(works.Statuses, works.Agreed) && at <= slices.Index(works.Statuses, works.Closed) {
		r.Offer.AgreedAt, r.Offer.AgreedBy, r.Offer.AgreedOn = portal.Date(2026, time.November, 10), "Anna Schmitz", works.OnLine
	}
	if at >= slices.Index(works.Statuses, works.Preparing) && at <= slices.Index(works.Statuses, works.Closed) {
		r.Offer.Paid, r.Offer.PaidAt = 28832, portal.Date(2026, time.November, 10)
	}
	switch s {
	case works.Planned:
		r.Day = portal.Date(2026, time.December, 8).Add(8 * time.Hour)
	case works.Closed:
		r.ClosedAt = r.Since
	}
	steps := fixtureSteps(r)
	r.Phase = steps[len(steps)-1].Phase
	return r
}

// fixtureEnd is the end of a contract, planned.
func fixtureEnd(now time.Time) works.Request {
	r := fixtureRequest(now, works.Planned)
	r.ID, r.Number, r.Kind, r.Offer = "06h0h0m0c0vrf3h170bmgztrpx", "5512340987", works.EndOfContract, works.Offer{}
	r.Day = portal.Date(2026, time.December, 8)
	return r
}

// fixtureSteps leads to where a request stands.
func fixtureSteps(r works.Request) []works.Step {
	household, staff := portal.Actor{Kind: portal.Household}, portal.Actor{Kind: portal.Staff}
	steps := []works.Step{{At: portal.Date(2026, time.October, 2), To: works.Received, Phase: works.Capture, By: household}}
	add := func(day time.Time, e works.Event, to works.Status, p works.Phase, by portal.Actor, reason string) {
		steps = append(steps, works.Step{At: day, Event: e, From: steps[len(steps)-1].To, To: to, Phase: p, By: by, Reason: reason})
	}
	before := func(s works.Status) bool {
		return slices.Index(works.Statuses, r.Status) < slices.Index(works.Statuses, s)
	}
	switch r.Status {
	case works.Received:
		return steps
	case works.Incomplete:
		add(portal.Date(2026, time.November, 3), works.EventAskMissing, works.Incomplete, works.Capture, staff, "Le plan de situation est illisible.")
		return steps
	}
	add(portal.Date(2026, time.October, 20), works.EventStudy, works.Studied, works.Study, staff, "")
	if r.Status == works.Refused {
		add(r.Since, works.EventRefuse, works.Refused, works.Study, staff, "Le bâtiment est déjà alimenté en triphasé.")
		return steps
	}
	if before(works.Drawing) {
		return steps
	}
	if r.Kind.Facts().Offer {
		add(portal.Date(2026, time.November, 6), works.EventDraw, works.Drawing, works.Offering, staff, "")
		if before(works.Offered) {
			return steps
		}
		add(portal.Date(2026, time.November, 9), works.EventOffer, works.Offered, works.Offering, staff, "")
		switch r.Status {
		case works.Offered:
			return steps
		case works.Expired:
			add(r.Since, works.EventLapse, works.Expired, works.Offering, portal.Actor{Kind: portal.System}, "")
			return steps
		case works.Cancelled:
			add(r.Since, works.EventCancel, works.Cancelled, works.Offering, household, "")
			return steps
		}
		add(portal.Date(2026, time.November, 10), works.EventAccept, works.Agreed, works.Offering, household, "")
		if before(works.Preparing) {
			return steps
		}
		add(portal.Date(2026, time.November, 10), works.EventPay, works.Preparing, works.Preparation, portal.Actor{Kind: portal.System}, "")
	} else {
		add(portal.Date(2026, time.November, 6), works.EventPrepare, works.Preparing, works.Preparation, staff, "")
	}
	if before(works.Awaiting) {
		return steps
	}
	add(portal.Date(2026, time.November, 12), works.EventAwait, works.Awaiting, works.Preparation, staff, "La tranchée dans votre jardin n’est pas encore ouverte.")
	if before(works.Planned) {
		return steps
	}
	add(portal.Date(2026, time.November, 17), works.EventResume, works.Preparing, works.Preparation, staff, "")
	add(portal.Date(2026, time.November, 18), works.EventPlan, works.Planned, works.Preparation, staff, "")
	if before(works.Postponed) {
		return steps
	}
	if r.Status == works.Postponed {
		add(r.Since, works.EventPostpone, works.Postponed, works.Preparation, household, "Je suis absente cette semaine ; après le 15 décembre, tous les jours.")
		return steps
	}
	for _, last := range []struct {
		e  works.Event
		to works.Status
		p  works.Phase
	}{{works.EventStart, works.Working, works.Execution}, {works.EventCarryOut, works.Done, works.Closing},
		{works.EventPutInService, works.InService, works.Closing}, {works.EventClose, works.Closed, works.Closing}} {
		if before(last.to) {
			break
		}
		add(r.Since, last.e, last.to, last.p, staff, "")
	}
	return steps
}
