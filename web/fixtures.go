package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"guichet/lookup"
	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// fixtureNow is when every fixture is looked at.
var fixtureNow = time.Date(2026, time.November, 23, 14, 5, 0, 0, portal.Brussels)

// fixtures are all pages of the public listener.
var fixtures = slices.Concat(detailFixtures(), readingFixtures, partnerFixtures, captureFixtures(), followFixtures(), installerFixtures(), []fixture{
	{"home", func(x *ctx) templ.Component { return public.HomePage(homeView(x, nil)) }},
	{"home-closed", func(x *ctx) templ.Component { return public.HomePage(homeView(x, noticesView(x, doors.All))) }},
	{"closed-gate", closedFixture(doors.Gate)},
	{"closed-works", closedFixture(doors.Works)},
	{"closed-partners", closedFixture(doors.Partners)},
	{"gate", gateFixture("", lookup.Ask{}, nil)},
	{"gate-sound", gateFixture(bySound, lookup.Ask{}, nil)},
	{"gate-work", gateFixture(byWork, lookup.Ask{}, nil)},
	{"gate-step2", gateFixture("", lookup.Ask{Work: true}, nil)},
	{"gate-step2-sound", gateFixture(bySound, lookup.Ask{Work: true}, nil)},
	{"gate-step3", gateFixture("", lookup.Ask{Work: true, LetterCode: true}, nil)},
	{"gate-refused", gateFixture("", lookup.Ask{}, func(x *ctx) *fault { return refusedView(x, references) })},
	{"gate-uncounted", gateFixture("", lookup.Ask{}, func(x *ctx) *fault { return uncountedView(x, references) })},
	{"gate-problems", gateFixture("", lookup.Ask{}, func(x *ctx) *fault {
		return problemsView(x, lookup.Problems{
			{Code: portal.Invalid, Key: "reference.length", Field: "reference", Args: []any{8}},
			{Code: portal.Invalid, Key: "digits.empty", Field: "digits"},
			{Code: portal.Invalid, Key: "captcha.wrong", Field: "captcha"},
		})
	})},
	{"gate-step3-problems", gateFixture(bySound, lookup.Ask{Work: true, LetterCode: true}, func(x *ctx) *fault {
		return problemsView(x, lookup.Problems{
			{Code: portal.Invalid, Key: "letter_code.length", Field: "letter_code"},
			{Code: portal.Invalid, Key: "captcha.old", Field: "captcha"},
			{Code: portal.Invalid, Key: "captcha.wrong", Field: "captcha2"},
			{Code: portal.Invalid, Key: "work.missing", Field: "altcha"},
		})
	})},
	{"no-letter", letterFixture(byPicture, nil)},
	{"no-letter-sound", letterFixture(bySound, nil)},
	{"no-letter-problems", letterFixture(byPicture, func(x *ctx) *fault {
		return problemsView(x, lookup.Problems{
			{Code: portal.Invalid, Key: "ean.check", Field: "ean"},
			{Code: portal.Invalid, Key: "captcha.old", Field: "captcha"},
		})
	})},
	{"no-letter-limit", letterFixture(byPicture, tooManyLettersView)},
	{"letter-asked", func(x *ctx) templ.Component { return public.LetterAskedPage(letterAskedView(x, 3, false)) }},
	{"letter-asked-later", func(x *ctx) templ.Component { return public.LetterAskedPage(letterAskedView(x, 3, true)) }},
	{"consumption-month", consumptionFixture(metering.ByMonth, electricityMonths)},
	{"consumption-day", consumptionFixture(metering.ByDay, electricityDays)},
	{"consumption-year", consumptionFixture(metering.ByYear, gasYears)},
	{"consumption-indexes", consumptionFixture(metering.ByYear, electricityIndexes)},
	{"consumption-as-one", consumptionFixture(metering.ByDay, func() metering.Series {
		s := electricityDays()
		s.AsOne = true
		return s
	})},
	{"consumption-empty", consumptionFixture(metering.ByMonth, func() metering.Series {
		return metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: metering.ByMonth}
	})},
	{"posted-free", postedFixture(func(p *registry.Posting) {})},
	{"posted-queued", postedFixture(func(p *registry.Posting) { p.Last.LetterID = "l" })},
	{"posted-handed", postedFixture(func(p *registry.Posting) { p.Last.LetterID, p.Last.HandedAt = "l", fixtureNow })},
	{"posted-moved", postedFixture(func(p *registry.Posting) { p.Occupancy.To = fixtureNow })},
	{"posted-unknown", postedFixture(func(p *registry.Posting) { p.Occupancy.Street = "" })},
	{"mine", mineFixture(true)},
	{"mine-empty", mineFixture(false)},
	{"mandates", mandatesFixture("", true)},
	{"mandates-revoked", mandatesFixture("revoked", true)},
	{"mandates-none", mandatesFixture("", false)},
	{"mandates-write", writeFixture(mandates.Own{}, nil)},
	{"mandates-write-problems", writeFixture(mandates.Own{Company: "0403170702", Draft: mandates.Draft{Purpose: "Audit", ValidTo: "2020-01-01"}}, portal.Problems{
		{Code: portal.Invalid, Key: "mandate.company-number", Field: "company"}, {Code: portal.Invalid, Key: "mandate.kinds", Field: "kinds"},
		{Code: portal.Invalid, Key: "mandate.purpose", Field: "purpose", Args: []any{10}}, {Code: portal.Invalid, Key: "mandate.over", Field: "valid_to"},
		{Code: portal.Invalid, Key: "mandate.capacity", Field: "capacity"}})},
	{"mandates-write-over", readOverFixture},
	{"rectify", rectifyFixture(nil)},
	{"rectify-problems", rectifyFixture(&portal.Error{Code: portal.Invalid, Key: "rectify.short", Field: "wrong"})},
	{"rectify-field", rectifyFixture(&portal.Error{Code: portal.Invalid, Key: "rectify.field", Field: "field"})},
	{"rectify-asked", func(x *ctx) templ.Component {
		inside(x)
		return public.PostedPage(rectifyAskedView(x, 1, fixtureWrong(x.now)))
	}},
	{"seen", seenFixture(true)},
	{"seen-none", seenFixture(false)},
	{"reference-cancel", func(x *ctx) templ.Component {
		x.at = "/reference/cancel?of=1"
		return public.CancelPage(cancelView(x, 1, inside(x)))
	}},
	{"cancelled", func(x *ctx) templ.Component { return public.EndPage(endView(x, "cancelled")) }},
	{"left", func(x *ctx) templ.Component { return public.EndPage(endView(x, "left")) }},
	{"ended", func(x *ctx) templ.Component { return public.EndPage(endView(x, "ended")) }},
	{"privacy", func(x *ctx) templ.Component { return public.ProsePage(privacyView(x)) }},
	{"accessibility", func(x *ctx) templ.Component { return public.ProsePage(accessibilityView(x)) }},
	{"not-found", failureFixture(unspoken(http.StatusNotFound))},
	{"too-many", failureFixture(&portal.Error{Code: portal.TooMany, Key: "limit"})},
	{"shut", failureFixture(portal.Shut("fixture", nil))},
})

// fixtureWork is a proof of work of which nobody remembers the form; 4711
// solves it.
const fixtureWork = `{"algorithm":"SHA-256","challenge":"f48ce36c473a41d608bf5e31c0882fa749e2c4bed3e5a6a6c2f9dc74418a59ca","maxNumber":50000,"salt":"fixture?max=50000&","signature":"fixture"}`

// letterFixture is the form for a letter as somebody sees it who typed an EAN
// wrongly.
func letterFixture(choice string, wrong func(*ctx) *fault) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.form = url.Values{"with": {choice}}
		var f *fault
		if wrong != nil {
			x.form.Set("ean", "5414 4900 0000 0000 11")
			f = wrong(x)
		}
		return public.NoLetterPage(noLetterView(x, f, "fixture"))
	}
}

// gateFixture is the gate as somebody sees it who typed a reference.
func gateFixture(choice string, ask lookup.Ask, wrong func(*ctx) *fault) func(*ctx) templ.Component {
	return entranceFixture(references, "4821 0937 5560 12", choice, ask, wrong)
}

func entranceFixture(n numbers, number, choice string, ask lookup.Ask, wrong func(*ctx) *fault) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.form = url.Values{"with": {choice}}
		var f *fault
		if wrong != nil {
			x.form.Set(n.number, number)
			f = wrong(x)
		}
		d := drawn{form: "fixture"}
		choice := x.choice(ask)
		if choice != byWork {
			d.captcha = "fixture"
		}
		if asksSecond(ask) {
			d.second = "fixture2"
		}
		if ask.Work || choice == byWork {
			d.work = fixtureWork
		}
		return public.GatePage(gateView(x, n, f, choice, ask, ownWords{d, typed(x.field(n.number))}))
	}
}

func closedFixture(d doors.Door) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component { return public.ClosedPage(closedView(x, d)) }
}

func failureFixture(err error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component { return public.FailurePage(x.failure(statusOf(err), err)) }
}

const fixtureEAN portal.EAN = "541449000000000010"

// consumptionFixture shows a series to a visitor who opened two references.
func consumptionFixture(grain metering.Grain, series func() metering.Series) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		data := series()
		stay := portal.Period{From: portal.Date(2024, time.March, 1)}
		pass := func(energy portal.Energy, meter string) lookup.Pass {
			return lookup.Pass{
				Occupancy: registry.Occupancy{ID: "fixture", Period: stay},
				Point:     registry.AccessPoint{EAN: fixtureEAN, Energy: energy},
				Meter:     registry.Meter{Number: meter},
			}
		}
		session := insideFixture(x, pass(portal.Gas, "7FLO2120047193"), pass(portal.Electricity, "1SAG1100076616"))
		of := 2
		if data.Energy == portal.Gas {
			of = 1
		}
		x.pass = session
		q := complete(metering.Query{Grain: grain}, x.now, time.Time{})
		if grain.Fine() && len(data.Points) > 0 {
			q.From, q.To = data.Period.From, data.Period.To
		}
		return public.ConsumptionPage(consumptionView(x, []shown{
			{sel: selection{of: of, query: q}, pass: session.Passes[of-1], series: data}}))
	}
}

// insideFixture is a session of the passes given.
func insideFixture(x *ctx, passes ...lookup.Pass) lookup.Session {
	for i := range passes {
		passes[i].Nth = i + 1
	}
	return lookup.Session{Passes: passes, IdleEndsAt: x.now.Add(lookup.IdleLife), EndsAt: x.now.Add(lookup.VisitLife)}
}

func amounts(values map[metering.Register]int64) (a metering.Amounts) {
	for i, r := range metering.Registers {
		a[i] = values[r]
	}
	return a
}

// electricityMonths has bands, injection, a meter exchange, an estimate, a
// hole and a running month.
func electricityMonths() metering.Series {
	s := metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: metering.ByMonth, Unit: "kWh",
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionTotal}}
	peaks := []int64{210, 232, 205, 178, 142, 118, 101, 96, 0, 121, 158, 148}
	for i, peak := range peaks {
		from := portal.Date(2025, time.December+time.Month(i), 1)
		p := metering.Point{Period: portal.Period{From: from, To: from.AddDate(0, 1, 0)}, Days: 30}
		before := amounts(map[metering.Register]int64{metering.OfftakePeak: peak * 1030, metering.OfftakeOffPeak: peak * 826, metering.InjectionTotal: (250 - peak) * 700})
		switch {
		case peak == 0:
			p.Gap, p.MissingDays = metering.GapMissing, 31
		default:
			p.Amounts = amounts(map[metering.Register]int64{metering.OfftakePeak: peak * 1000, metering.OfftakeOffPeak: peak * 800,
				metering.InjectionTotal: (260 - peak) * 700})
			p.YearBefore = &before
		}
		switch i {
		case 5:
			p.MissingDays = 3
		case 10:
			p.EstimatedDays = 12
		case 11:
			p.Running, p.Cut, p.YearBefore = true, true, nil
		}
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: s.Points[0].Period.From, To: s.Points[11].Period.To}
	s.Notes = []metering.Note{
		{Kind: metering.NoteMeterExchanged, At: portal.Date(2026, time.June, 12)},
		{Kind: metering.NoteEstimated}, {Kind: metering.NoteMissing},
	}
	before := amounts(map[metering.Register]int64{metering.OfftakePeak: 1_900_000, metering.OfftakeOffPeak: 1_538_000})
	s.Totals = metering.Totals{
		Period: s.Period, Months: 12, Days: 365, Partial: true, Before: &before,
		Amounts: amounts(map[metering.Register]int64{metering.OfftakePeak: 1_843_000, metering.OfftakeOffPeak: 1_474_000, metering.InjectionTotal: 901_600}),
		PerDay:  amounts(map[metering.Register]int64{metering.OfftakePeak: 5_049, metering.OfftakeOffPeak: 4_038}),
	}
	return s
}

// electricityDays is a month of days with one register.
func electricityDays() metering.Series {
	s := metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: metering.ByDay, Unit: "kWh",
		Registers: []metering.Register{metering.OfftakeTotal}}
	for day := 1; day <= 31; day++ {
		from := portal.Date(2026, time.October, day)
		p := metering.Point{Period: portal.Period{From: from, To: from.AddDate(0, 0, 1)}, Days: 1}
		if day == 9 || day == 10 {
			p.Gap, p.MissingDays = metering.GapMissing, 1
		} else {
			p.Amounts = amounts(map[metering.Register]int64{metering.OfftakeTotal: int64(6000 + day*311%4700)})
			before := amounts(map[metering.Register]int64{metering.OfftakeTotal: int64(6400 + day*173%4100)})
			p.YearBefore = &before
		}
		if day > 28 {
			p.EstimatedDays = 1
		}
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: s.Points[0].Period.From, To: s.Points[30].Period.To}
	s.Notes = []metering.Note{{Kind: metering.NoteMissing}, {Kind: metering.NoteEstimated}}
	return s
}

// electricityIndexes is a meter that sends nothing and is read once a year.
func electricityIndexes() metering.Series {
	s := metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: metering.ByYear, Unit: "kWh",
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak}}
	bounds := []time.Time{portal.Date(2024, time.March, 1), portal.Date(2024, time.November, 18), portal.Date(2025, time.November, 25), portal.Date(2026, time.November, 20)}
	for i, kwh := range []int64{0, 1_612, 1_488} {
		p := metering.Point{Period: portal.Period{From: bounds[i], To: bounds[i+1]}, Own: true, Days: 365}
		if kwh == 0 {
			p.Gap, p.Days, p.MissingDays = metering.GapUnread, 262, 262
		}
		p.Amounts = amounts(map[metering.Register]int64{metering.OfftakePeak: kwh * 1000, metering.OfftakeOffPeak: kwh * 1210})
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: bounds[0], To: bounds[3]}
	s.Notes = []metering.Note{{Kind: metering.NoteMovedIn, At: bounds[0]}, {Kind: metering.NoteIndexes}, {Kind: metering.NoteUnread}}
	return s
}

// gasYears begins with a move inside a year and ends inside the running one.
func gasYears() metering.Series {
	s := metering.Series{EAN: fixtureEAN, Energy: portal.Gas, Grain: metering.ByYear, Unit: "kWh",
		Registers: []metering.Register{metering.GasVolume, metering.GasEnergy}}
	for i, kwh := range []int64{9_120, 13_480, 10_950} {
		from, to := portal.Date(2024+i, time.January, 1), portal.Date(2025+i, time.January, 1)
		p := metering.Point{Days: 365, Cut: i != 1, Running: i == 2,
			Amounts: amounts(map[metering.Register]int64{metering.GasEnergy: kwh * 1000, metering.GasVolume: kwh * 95})}
		if i == 0 {
			from = portal.Date(2024, time.March, 1)
		}
		p.Period = portal.Period{From: from, To: to}
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: s.Points[0].Period.From, To: s.Points[2].Period.To}
	s.Notes = []metering.Note{{Kind: metering.NoteMovedIn, At: portal.Date(2024, time.March, 1)}}
	s.Totals = metering.Totals{Period: s.Period, Months: 12, Days: 365,
		Amounts: amounts(map[metering.Register]int64{metering.GasEnergy: 12_874_000, metering.GasVolume: 1_223_000}),
		PerDay:  amounts(map[metering.Register]int64{metering.GasEnergy: 35_271})}
	return s
}
