package web

import (
	"crypto/sha256"
	"net/url"
	"time"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/staff"
	deskpage "guichet/web/ui/page/desk"
	page "guichet/web/ui/page/partner"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// partnerFixtures are the pages of third parties.
var partnerFixtures = []fixture{
	{"partner-ask", askFixture(byPicture, nil)},
	{"partner-ask-problems", askFixture(bySound, portal.Problems{
		{Code: portal.Invalid, Key: "partner.empty", Field: "name"}, {Code: portal.Invalid, Key: "partner.company", Field: "company_number"},
		{Code: portal.Invalid, Key: "partner.mail", Field: "mail"}, {Code: portal.Invalid, Key: "captcha.wrong", Field: "captcha"}})},
	{"partner-ask-limit", askFixture(byPicture, portal.Problems{{Code: portal.TooMany, Key: "partner.often"}})},
	{"partner-asked", func(x *ctx) templ.Component { return public.LetterAskedPage(partnerAskedView(x)) }},
	{"partner-sign-in", func(x *ctx) templ.Component { return page.FormPage(partnerSignInView(x, nil)) }},
	{"partner-sign-in-refused", func(x *ctx) templ.Component {
		x.form = url.Values{"login": {"z.noel-k3m9qx"}}
		return page.FormPage(partnerSignInView(x, &portal.Error{Code: portal.Invalid, Key: "sign-in"}))
	}},
	{"partner-set-up", func(x *ctx) templ.Component { return page.FormPage(setUpView(x, nil)) }},
	{"partner-set-up-refused", func(x *ctx) templ.Component {
		x.form = url.Values{"login": {"z.noel-k3m9qx"}, "code": {"7K3M 9QXA 0000 ZZZZ"}}
		return page.FormPage(setUpView(x, &portal.Error{Code: portal.Invalid, Key: "partner.invitation", Field: "code"}))
	}},
	{"partner-set-up-seed", seedFixture(nil)},
	{"partner-set-up-problems", seedFixture(&portal.Error{Code: portal.Invalid, Key: "password.short", Field: "password", Args: []any{12}})},
	{"partner-home", func(x *ctx) templ.Component {
		asGuest(x, "/partner")
		return page.HomePage(partnerHomeView(x, []mandates.Summary{
			{Mandate: fixtureMandate(mandates.Drafted), Points: 1}, {Mandate: fixtureMandate(mandates.GivenIn), Points: 12},
			{Mandate: fixtureMandate(mandates.Returned), Points: 3}, {Mandate: fixtureMandate(mandates.Decided), Points: 1248, Granted: 1200, Ended: 7},
			{Mandate: fixtureMandate(mandates.Decided), Points: 2, Granted: 1, Ended: 1},
			{Mandate: fixtureMandate(mandates.Withdrawn), Points: 1}}))
	}},
	{"partner-home-empty", func(x *ctx) templ.Component {
		asGuest(x, "/partner")
		return page.HomePage(partnerHomeView(x, nil))
	}},
	{"partner-draft", func(x *ctx) templ.Component {
		asGuest(x, "/partner/mandates/new")
		return page.FormPage(draftView(x, "new", mandates.Draft{}, nil))
	}},
	{"partner-draft-problems", func(x *ctx) templ.Component {
		asGuest(x, "/partner/mandates/new")
		d := mandates.Draft{Name: "Anna Müller-Lefèvre", CompanyNumber: "0403.170.702", Language: "fr", Points: "54144\n541449000000000027", DataTo: "2020-01-01", Purpose: "Audit"}
		_, err := d.Mandate(x.now)
		return page.FormPage(draftView(x, "new", d, err))
	}},
	{"partner-mandate-drafted", mandateFixture(mandates.Drafted, nil)},
	{"partner-mandate-given-in", mandateFixture(mandates.GivenIn, nil)},
	{"partner-mandate-returned", mandateFixture(mandates.Returned, nil)},
	{"partner-mandate-problems", mandateFixture(mandates.Returned, &portal.Error{Code: portal.Invalid, Key: "evidence.empty", Field: "document"})},
	{"partner-mandate-decided", mandateFixture(mandates.Decided, nil)},
	{"partner-mandate-withdrawn", mandateFixture(mandates.Withdrawn, nil)},
	{"partner-point-in-force", pointFixture(1, nil)},
	{"partner-shown-month", lookFixture(metering.ByMonth, electricityMonths)},
	{"partner-shown-day", lookFixture(metering.ByDay, electricityDays)},
	{"partner-point-waiting", pointFixture(2, nil)},
	{"partner-point-problems", pointFixture(1, &portal.Error{Code: portal.Invalid, Key: "partner.day", Field: "from"})},
	{"partner-point-refused", pointFixture(1, &portal.Error{Code: portal.Denied, Key: "mandate.refused." + string(mandates.OtherPeriod)})},
	{"partner-batches", func(x *ctx) templ.Component {
		asGuest(x, "/partner/batches")
		return page.ListingPage(batchesView(x, []counted{
			{batch.Batch{ID: "06fxm3n0000000000000000001", Grain: metering.ByMonth, MadeAt: fixtureNow.Add(-time.Minute)}, batch.Progress{Lines: 10000, Worked: 4200, Delivered: 3900}},
			{batch.Batch{ID: "06fxm3n0000000000000000000", Grain: metering.ByDay, MadeAt: fixtureNow.Add(-50 * time.Hour), DoneAt: fixtureNow.Add(-49 * time.Hour)}, batch.Progress{Lines: 250, Worked: 250, Delivered: 125}},
		}, ""))
	}},
	{"partner-batches-none", func(x *ctx) templ.Component {
		asGuest(x, "/partner/batches")
		return page.ListingPage(batchesView(x, nil, ""))
	}},
	{"partner-supplies", suppliesFixture(nil)},
	{"partner-supplies-problems", suppliesFixture(portal.Problems{{Code: portal.Invalid, Key: "supply", Field: "ean"}})},
	{"partner-supplies-none", func(x *ctx) templ.Component {
		asSupplier(x, "/partner/supplies")
		return page.SuppliesPage(suppliesView(x, nil, nil))
	}},
	{"partner-supply", supplyFixture(0, nil)},
	{"partner-supply-ending", supplyFixture(1, &portal.Error{Code: portal.Denied, Key: "supply.refused." + string(mandates.OtherPeriod)})},
	{"partner-keys", keysFixture(shownOnce{}, nil)},
	{"partner-keys-made", keysFixture(shownOnce{secret: "guichet_7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa7k3m9qxa"}, nil)},
	{"partner-keys-problems", keysFixture(shownOnce{}, portal.Problems{{Code: portal.Invalid, Key: "partner.name", Field: "name", Args: []any{120}},
		{Code: portal.Invalid, Key: "partner.certificate", Field: "certificate"}, {Code: portal.Invalid, Key: "partner.scopes", Field: "scopes"}, {Code: portal.Invalid, Key: "partner.months", Field: "months", Args: []any{12}}})},
	{"partner-people", peopleFixture(shownOnce{}, true)},
	{"partner-people-made", peopleFixture(shownOnce{secret: "7K3M 9QXA 0000 ZZZZ", login: "j.dupont-9qxak3"}, true)},
	{"partner-people-member", peopleFixture(shownOnce{}, false)},
}

var fixturePartner = partner.Organisation{ID: "fixture", Name: "Énergie Conseil SA", CompanyNumber: "0403170701", Mail: "info@conseil.example",
	PrivacyMail: "dpo@conseil.example", Language: portal.French, Street: "Quai de la Batte 10", Postcode: "4000", Town: "Liège",
	Manager: "Zoé Noël", Status: partner.Approved, AskedAt: fixtureNow.Add(-50 * time.Hour), DecidedAt: fixtureNow.Add(-30 * time.Hour), DecidedBy: "m.dubois"}

func asGuest(x *ctx, at string) {
	x.at = at
	x.pass = partner.Guest{Person: partner.Person{Login: "z.noel-k3m9qx", PartnerID: "fixture", Name: "Zoé Noël", Manager: true}, Organisation: fixturePartner}
}

func asSupplier(x *ctx, at string) {
	asGuest(x, at)
	g := x.guest()
	g.Organisation.Name, g.Organisation.Supplier = "Vent du Nord SA", "VENT-DU-NORD"
	x.pass = g
}

// fixtureSupplied is a registration that holds, and one that ends.
func fixtureSupplied() []mandates.Supplied {
	list := make([]mandates.Supplied, 2)
	for i := range list {
		first := "5414499000000000" + string(rune('1'+i))
		list[i].Registration = registry.Registration{ID: "06fxm3n000000000000000000" + string(rune('1'+i)), EAN: portal.EAN(first + string(portal.EANCheckDigit(first))),
			Supplier: "VENT-DU-NORD", Period: portal.Period{From: portal.Date(2025, time.March, 1)}}
		list[i].Point = registry.AccessPoint{EAN: list[i].EAN, Energy: portal.Electricity, PowerVA: int64(i) * registry.DetailPower}
	}
	list[1].To = portal.Date(2027, time.January, 1)
	return list
}

func suppliesFixture(wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asSupplier(x, "/partner/supplies")
		if wrong != nil {
			x.form = url.Values{"ean": {"541449900000000024"}}
		}
		return page.SuppliesPage(suppliesView(x, fixtureSupplied(), wrong))
	}
}

func supplyFixture(n int, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asSupplier(x, "/partner/supplies/fixture")
		return page.LinePage(supplyView(x, fixtureSupplied()[n], wrong))
	}
}

func askFixture(choice string, problems portal.Problems) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.form = url.Values{"with": {choice}}
		if problems != nil {
			x.form.Set("company_number", "0403.170.702")
			x.form.Set("mail", "info at conseil")
		}
		return public.PartnerAskPage(partnerAskView(x, problems, "fixture"))
	}
}

func seedFixture(wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		x.form = url.Values{"login": {"z.noel-k3m9qx"}, "code": {"7K3M 9QXA 0000 ZZZZ"}}
		v, err := seedView(x, keys.Secret("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), "mark", wrong)
		if err != nil {
			panic("fixture: a code of ours is always drawn: " + err.Error())
		}
		return page.SetUpPage(v)
	}
}

// fixtureMandate has a line in every state.
func fixtureMandate(s mandates.Status) mandates.Mandate {
	text := sha256.Sum256([]byte("fixture"))
	m := mandates.Mandate{ID: "06fxm3n0000000000000000000", PartnerID: "fixture", Status: s, Version: 2, Text: text[:], CreatedAt: fixtureNow.Add(-40 * 24 * time.Hour),
		Mandator: mandates.Mandator{Name: "Boulangerie Müller-Lefèvre SRL", CompanyNumber: "0403170701", Capacity: mandates.Representative, SignedBy: "Anna Müller-Lefèvre",
			Street: "Rue du Puits 12 B", Postcode: "4000", Town: "Liège"},
		Scope: mandates.Scope{Kinds: mandates.Kinds, Purpose: "Comparer des offres de fourniture et suivre la consommation.",
			Data:     portal.Period{From: portal.Date(2024, time.January, 1)},
			Validity: portal.Period{From: portal.Date(2026, time.October, 1), To: portal.Date(2027, time.October, 1)}}}
	if s == mandates.Returned {
		m.Reason = "La deuxième page manque.\nLe nom signé n’est pas celui du titulaire."
	}
	day := 24 * time.Hour
	lines := []mandates.Line{
		{Outcome: mandates.Granted, OccupancyID: "o", GrantedAt: fixtureNow.Add(-30 * day), ToldAt: fixtureNow.Add(-29 * day), ConfirmedAt: fixtureNow.Add(-20 * day), DeliveredAt: fixtureNow.Add(-day)},
		{Outcome: mandates.Granted, OccupancyID: "o", GrantedAt: fixtureNow.Add(-2 * day), ToldAt: fixtureNow.Add(-day)},
		{Outcome: mandates.Granted, OccupancyID: "o", GrantedAt: fixtureNow.Add(-time.Hour)},
		{Outcome: mandates.Granted, OccupancyID: "o", GrantedAt: fixtureNow.Add(-30 * day), Proven: true, End: mandates.ByRevocation, EndedAt: fixtureNow.Add(-3 * day)},
		{Outcome: mandates.Refused, Reason: "name"},
	}
	for i := range lines {
		first := "5414499000000000" + string(rune('1'+i))
		lines[i].EAN = portal.EAN(first + string(portal.EANCheckDigit(first)))
		if s != mandates.Decided {
			lines[i] = mandates.Line{EAN: lines[i].EAN, Outcome: mandates.Proposed}
		}
	}
	m.Lines = lines
	return m
}

// fixtureFiles have one in every state.
var fixtureFiles = []evidence.File{
	{ID: "a", Status: evidence.Purged, AddedAt: fixtureNow.Add(-90 * time.Hour)},
	{ID: "b", Name: "photo du mandat.jpg", Status: evidence.Infected, AddedAt: fixtureNow.Add(-50 * time.Hour)},
	{ID: "c", Name: "mandat-signé-première-version-numérisée-au-bureau.pdf", Status: evidence.Released, AddedAt: fixtureNow.Add(-40 * time.Hour)},
	{ID: "d", Name: "mandat.pdf", Status: evidence.Quarantined, AddedAt: fixtureNow.Add(-2 * time.Hour)},
	{ID: "e", Name: "mandat.pdf", Status: evidence.Clean, Type: evidence.PDF, AddedAt: fixtureNow.Add(-time.Hour)},
}

func mandateFixture(s mandates.Status, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asGuest(x, "/partner/mandates/fixture")
		m := fixtureMandate(s)
		v := partnerMandateView(x, m, documents(x, m), wrong)
		if s != mandates.Drafted {
			filesView(x, &v, m, fixtureFiles)
		}
		if s == mandates.GivenIn {
			v.Signature = signatureWords(x, evidence.Verdict{Signer: evidence.Signer{Name: "Anna Müller-Lefèvre"}, SignedAt: fixtureNow.Add(-time.Hour)})
		}
		if s == mandates.Returned {
			v.Signature = signatureWords(x, evidence.Verdict{Reasons: []evidence.Reason{evidence.Unsigned}})
		}
		return page.MandatePage(v)
	}
}

func pointFixture(n int, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asGuest(x, "/partner/mandates/fixture")
		m := fixtureMandate(mandates.Decided)
		return page.LinePage(lineView(x, m, m.Lines[n-1], n, wrong))
	}
}

func keysFixture(made shownOnce, wrong error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asGuest(x, "/partner/keys")
		if wrong != nil {
			x.form = url.Values{"months": {"24"}, "certificate": {"SHA256 Fingerprint=3F:0A:99"}}
		}
		day := 24 * time.Hour
		return page.ListingPage(keysView(x, []partner.Key{
			{ID: "a", Name: "lecture de nuit", Scopes: []partner.Scope{partner.ForConsumption}, MadeAt: x.now.Add(-day), ExpiresAt: x.now.Add(90 * day), UsedAt: x.now.Add(-time.Hour),
				Certificate: "3f0a99c4d5e6f708192a3b4c5d6e7f80912a3b4c5d6e7f80912a3b4c5d6e7f80"},
			{ID: "b", Name: "ancien outil", Scopes: partner.Scopes, MadeAt: x.now.Add(-400 * day), ExpiresAt: x.now.Add(-35 * day)},
			{ID: "c", Name: "essai", Scopes: partner.Scopes, MadeAt: x.now.Add(-20 * day), ExpiresAt: x.now.Add(35 * day), EndedAt: x.now.Add(-day)},
		}, made, true, wrong))
	}
}

func peopleFixture(made shownOnce, manager bool) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		asGuest(x, "/partner/people")
		g := x.guest()
		g.Manager = manager
		x.pass = g
		return page.ListingPage(peopleView(x, fixturePeople(x.now), made, nil))
	}
}

func fixturePeople(now time.Time) []partner.Person {
	day := 24 * time.Hour
	return []partner.Person{
		{Login: "z.noel-k3m9qx", Name: "Zoé Noël", Manager: true, AddedAt: now.Add(-30 * day)},
		{Login: "j.dupont-9qxak3", Name: "Jean Dupont", AddedAt: now.Add(-day), InvitedUntil: now.Add(6 * day)},
		{Login: "a.klein-0k9m3x", Name: "Anna Klein", AddedAt: now.Add(-20 * day), EndedAt: now.Add(-2 * day)},
	}
}

// deskPartnerFixtures are the officers' pages about third parties.
var deskPartnerFixtures = []fixture{
	{"desk-partners", func(x *ctx) templ.Component {
		f := officerFrame(x, "/desk/partners", "desk.partners.title")
		return deskpage.PartnersPage(partnersView(x, f, partner.Asked, []partner.Organisation{fixturePartner}, false))
	}},
	{"desk-partners-none", func(x *ctx) templ.Component {
		f := officerFrame(x, "/desk/partners", "desk.partners.title")
		return deskpage.PartnersPage(partnersView(x, f, partner.Suspended, nil, false))
	}},
	{"desk-partner-asked", deskPartnerFixture(partner.Asked, "", nil)},
	{"desk-partner-approved", deskPartnerFixture(partner.Approved, "", nil)},
	{"desk-partner-suspended", deskPartnerFixture(partner.Suspended, "", nil)},
	{"desk-partner-supplier", func(x *ctx) templ.Component {
		o := fixturePartner
		o.Status, o.Supplier = partner.Asked, "VENT-DU-NORD"
		f := officerFrame(x, "/desk/partners/fixture", "desk.partner.title", o.Name)
		file := partner.File{Organisation: o, History: []audit.Recorded{
			{Entry: audit.Entry{At: x.now.Add(-50 * time.Hour), Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.PartnerAsked}}}}
		return deskpage.PartnerPage(partnerView(x, f, file, "approve",
			&portal.Error{Code: portal.Invalid, Key: "partner.supplier-unchecked", Field: "compared"}))
	}},
	{"desk-partner-wrong", deskPartnerFixture(partner.Asked, "refuse", &portal.Error{Code: portal.Invalid, Key: "partner.reason", Field: "reason", Args: []any{5}})},
}

func officerFrame(x *ctx, at, title string, args ...any) deskpage.Frame {
	x.at = at
	x.pass = staff.Member{Login: "m.dubois", Name: "Marie Dubois", Role: staff.Mandates}
	return deskFrame(x, fixtureGate(), title, args...)
}

func deskPartnerFixture(s partner.Status, act string, wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		o := fixturePartner
		o.Status = s
		f := officerFrame(x, "/desk/partners/fixture", "desk.partner.title", o.Name)
		file := partner.File{Organisation: o, History: []audit.Recorded{
			{Entry: audit.Entry{At: x.now.Add(-50 * time.Hour), Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.PartnerAsked}}}}
		if s != partner.Asked {
			file.People = fixturePeople(x.now)
		}
		return deskpage.PartnerPage(partnerView(x, f, file, act, wrong))
	}
}

// lookFixture is a delivery on a page, of a grain.
func lookFixture(g metering.Grain, series func() metering.Series) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		m := fixtureMandate(mandates.Decided)
		asGuest(x, "/partner/mandates/"+m.ID+"/points/1/consumption")
		m.Scope.Kinds, m.Scope.Data = mandates.Kinds, portal.Period{From: portal.Date(2025, time.January, 1)}
		q := bounded(complete(metering.Query{Grain: g}, x.now, time.Time{}))
		x.at += pointQuery(q)
		return page.ShownPage(shownView(x, m, 1, q, mandates.Delivery{Series: series(), Mandate: m, Line: m.Lines[0], Entry: m.ID}))
	}
}
