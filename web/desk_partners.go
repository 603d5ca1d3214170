package web

import (
	"net/http"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

// partners lists the third parties: those who wait first, or another status.
func (c counter) partners(x *ctx) error {
	room, err := c.Desk.Trusted(x.member())
	if err != nil {
		return err
	}
	before, err := place(x.query("before"))
	if err != nil {
		return err
	}
	of := partnerStatus(x)
	list, err := room.List(x.context(), x.member().Actor(), of, before)
	if err != nil {
		return err
	}
	x.at = "/desk/partners"
	frame, err := c.frame(x, "desk.partners.title")
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, page.PartnersPage(partnersView(x, frame, of, list, x.query("before") != "")))
}

// partnerStatus is which ones are listed: who waits, where nothing is said.
func partnerStatus(x *ctx) partner.Status {
	for _, s := range partner.Statuses {
		if string(s) == x.query("of") {
			return s
		}
	}
	return partner.Asked
}

func partnersView(x *ctx, f page.Frame, of partner.Status, list []partner.Organisation, later bool) page.Partners {
	v := page.Partners{Frame: f, None: x.T("desk.partners.none"), Table: component.Table{ID: "partners", Caption: x.T("desk.partner.status." + string(of)),
		Region: x.T("desk.partners.title"), Columns: []component.Column{{Text: x.T("desk.partner.name")}, {Text: x.T("desk.partner.company")},
			{Text: x.T("desk.partner.town")}, {Text: x.T("desk.partner.asked")}}}}
	address := x.path("/desk/partners?of=")
	for _, s := range partner.Statuses {
		v.Of = append(v.Of, layout.Link{Text: x.T("desk.partner.status." + string(s)), Href: address + string(s), Current: s == of})
	}
	if len(list) > partner.PageOfPartners {
		list = list[:partner.PageOfPartners]
		last := list[len(list)-1]
		v.Next = address + string(of) + "&before=" + placeText(last.AskedAt, last.ID)
	}
	if later {
		v.First = address + string(of)
	}
	for _, o := range list {
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: o.Name, Href: x.path("/desk/partners/" + o.ID), Cells: []component.Cell{
			{Text: portal.FormatCompanyNumber(o.CompanyNumber)}, {Text: o.Postcode + " " + o.Town}, {Text: x.moment(o.AskedAt)}}})
	}
	return v
}

// partner shows one of them.
func (c counter) partner(x *ctx) error { return c.showPartner(x, "", nil) }

func (c counter) showPartner(x *ctx, act string, wrong *portal.Error) error {
	room, err := c.Desk.Trusted(x.member())
	if err != nil {
		return err
	}
	file, err := room.Open(x.context(), x.member().Actor(), x.named("id"))
	if err != nil {
		return err
	}
	x.at = "/desk/partners/" + file.ID
	frame, err := c.frame(x, "desk.partner.title", file.Name)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = statusOf(wrong)
	}
	v := partnerView(x, frame, file, act, wrong)
	if done := x.query("done"); partnerActs[done] {
		v.Done = x.T("desk.partner.done." + done)
	}
	return x.show(status, page.PartnerPage(v))
}

// partnerActs are what an officer may do, as addresses name it.
var partnerActs = map[string]bool{"approve": true, "refuse": true, "suspend": true, "resume": true, "supplier": true}

// decidePartner does one of them.
func (c counter) decidePartner(x *ctx) error {
	room, err := c.Desk.Trusted(x.member())
	if err != nil {
		return err
	}
	act := x.param("act")
	if !partnerActs[act] {
		return unspoken(http.StatusNotFound)
	}
	err = actOn(x, room, act)
	if wrong := forPerson(err); wrong != nil && wrong.Code != portal.NotFound {
		return c.showPartner(x, act, wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/partners/" + x.named("id") + "?done=" + act))
}

func actOn(x *ctx, room desk.Partners, act string) error {
	ctx, by, id, reason := x.context(), x.member().Actor(), x.named("id"), x.field("reason")
	switch act {
	case "approve":
		return room.Approve(ctx, by, id, x.field("compared") != "")
	case "refuse":
		return room.Refuse(ctx, by, id, reason)
	case "suspend":
		return room.Suspend(ctx, by, id, reason)
	case "supplier":
		return room.NameSupplier(ctx, by, id, x.field("supplier_code"), x.field("supplier_reason"), x.field("supplier_compared") != "")
	}
	return room.Resume(ctx, by, id, reason)
}

func partnerView(x *ctx, f page.Frame, file partner.File, act string, wrong *portal.Error) page.Partner {
	o := file.Organisation
	v := page.Partner{Frame: f, Tag: page.Tag{Text: x.T("desk.partner.status." + string(o.Status)), Kind: partnerTone[o.Status]}, Facts: []page.Fact{
		{Name: x.T("desk.partner.company"), Value: portal.FormatCompanyNumber(o.CompanyNumber)},
		{Name: x.T("desk.customer.mail"), Value: address(o.Street, o.Postcode, o.Town)},
		{Name: x.T("desk.partner.contact"), Value: o.Mail},
		{Name: x.T("desk.partner.privacy"), Value: o.PrivacyMail},
		{Name: x.T("desk.partner.manager"), Value: o.Manager},
		{Name: x.T("desk.customer.language"), Value: layout.LanguageName(o.Language)},
		{Name: x.T("desk.partner.asked"), Value: x.moment(o.AskedAt)},
	}}
	if o.Supplier != "" {
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.partner.supplier"), Value: o.Supplier})
	}
	if o.Reason != "" {
		v.Facts = append(v.Facts, page.Fact{Name: x.T("desk.partner.reason"), Value: o.Reason})
	}
	people := component.Table{ID: "people", Caption: x.T("desk.partner.people"), Region: x.T("desk.partner.people"), Columns: []component.Column{
		{Text: x.T("desk.partner.name")}, {Text: x.T("desk.sign-in.login")}, {Text: x.T("desk.partner.since")}, {Text: x.T("desk.partner.until")}}}
	for _, p := range file.People {
		people.Rows = append(people.Rows, fact(p.Name, p.Login, x.moment(p.AddedAt), x.moment(p.EndedAt)))
	}
	v.People = people
	offer := func(name string, reasoned bool) *page.PartnerAct {
		one := page.PartnerAct{Title: x.T("desk.partner." + name + ".title"), Text: x.T("desk.partner." + name + ".text"),
			Action: x.path("/desk/partners/" + o.ID + "/" + name), Submit: x.T("desk.partner." + name + ".submit")}
		if reasoned {
			c := component.Control{Kind: "area", Rows: 3, Field: component.Field{Name: "reason", Label: x.T("desk.partner.reason")}}
			if act == name && wrong != nil {
				c.Value = x.field("reason")
				if wrong.Field == "reason" {
					c.Error = x.T("error."+wrong.Key, wrong.Args...)
				}
			}
			one.Controls = []component.Control{c}
		}
		v.Acts = append(v.Acts, one)
		return &v.Acts[len(v.Acts)-1]
	}
	switch o.Status {
	case partner.Asked:
		if approve := offer("approve", false); o.Supplier != "" {
			c := component.Control{Kind: "checks", Field: component.Field{Name: "compared", Label: x.T("desk.partner.supplier")},
				Options: []component.Option{{Name: "compared", Value: "yes", Text: x.T("desk.partner.supplier.compared", o.Supplier)}}}
			if wrong != nil && wrong.Field == c.Name {
				c.Error = x.T("error."+wrong.Key, wrong.Args...)
			}
			approve.Controls = []component.Control{c}
		}
		offer("refuse", true)
	case partner.Approved:
		offer("suspend", true)
		v.Acts = append(v.Acts, supplierAct(x, o, act == "supplier", wrong))
	case partner.Suspended:
		offer("resume", true)
	}
	if wrong != nil {
		v.Error, v.Summary = true, x.wrong(wrong)
		name := wrong.Field
		if act == "supplier" {
			name = "supplier_" + name
		}
		if wrong.Field == "reason" || wrong.Field == "compared" || wrong.Field == "code" {
			v.Summary.Fields, v.Summary.Paragraphs = []component.FieldLink{{Name: name, Text: v.Summary.Paragraphs[0]}}, nil
		}
	}
	var events []desk.Event
	for _, e := range file.History {
		events = append(events, desk.Event{At: e.At, Actor: e.Actor, Action: e.Action})
	}
	v.History = historyView(x, events)
	return v
}

// supplierAct is the form of the code under which an organisation supplies: what
// another application had was never compared, or the register's changed.
func supplierAct(x *ctx, o partner.Organisation, sent bool, wrong *portal.Error) page.PartnerAct {
	code := component.Control{Field: component.Field{Name: "supplier_code", Label: x.T("desk.partner.supplier"), Value: o.Supplier, Class: "w8", Letters: true}}
	compared := component.Control{Kind: "checks", Field: component.Field{Name: "supplier_compared", Label: x.T("desk.partner.supplier.list")},
		Options: []component.Option{{Name: "supplier_compared", Value: "yes", Text: x.T("desk.partner.supplier.is-compared")}}}
	reason := component.Control{Kind: "area", Rows: 3, Field: component.Field{Name: "supplier_reason", Label: x.T("desk.partner.reason")}}
	if sent && wrong != nil {
		code.Value, reason.Value = x.field(code.Name), x.field(reason.Name)
		for _, c := range []*component.Control{&code, &compared, &reason} {
			if c.Name == "supplier_"+wrong.Field {
				c.Error = x.T("error."+wrong.Key, wrong.Args...)
			}
		}
	}
	return page.PartnerAct{Title: x.T("desk.partner.supplier.title"), Text: x.T("desk.partner.supplier.text"),
		Action: x.path("/desk/partners/" + o.ID + "/supplier"), Submit: x.T("desk.partner.supplier.submit"), Controls: []component.Control{code, compared, reason}}
}

// partnerTone is a status's colour; its word says the same.
var partnerTone = map[partner.Status]string{partner.Asked: "warn", partner.Declined: "stop", partner.Suspended: "stop"}
