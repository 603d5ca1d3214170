package web

import (
	"maps"
	"net/http"
	"slices"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/web/letter"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// writeMandate shows the form of a customer's own mandate.
func (s *site) writeMandate(x *ctx) error { return s.showWrite(x, nil) }

// written takes the form: first it is shown as it would stand, and only what
// was read over is kept.
func (s *site) written(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	typed := typedOwn(x)
	if x.field("do") == "change" {
		return s.showWrite(x, nil)
	}
	if x.field("do") == "confirm" {
		m, err := s.Mandates.Write(x.context(), ownEntry(x, pass, "", nil), pass.Occupancy.ID, typed)
		switch {
		case problemsOf(err) != nil:
			return s.showWrite(x, err)
		case err != nil:
			return err
		}
		return x.redirect(x.path("/mandates" + ofQuery(index) + "&done=written#m-" + m.ID))
	}
	m, to, err := s.Mandates.Read(x.context(), pass.Occupancy.ID, typed)
	switch {
	case problemsOf(err) != nil:
		return s.showWrite(x, err)
	case err != nil:
		return err
	}
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "mandate"}); err != nil {
		return err
	}
	x.at = "/mandates/new" + ofQuery(index)
	return x.show(http.StatusOK, public.WritePage(readOverView(x, index, m, to)))
}

func typedOwn(x *ctx) mandates.Own {
	d := typedScope(x)
	d.Capacity, d.SignedBy, d.Language = x.field("capacity"), x.field("signed_by"), string(x.Lang)
	return mandates.Own{Partner: x.field("partner"), Company: x.field("company"), Draft: d}
}

func (s *site) showWrite(x *ctx, wrong error) error {
	_, index, err := x.holding()
	if err != nil {
		return err
	}
	list, err := s.Mandates.Partners(x.context())
	if err != nil {
		return err
	}
	x.at = "/mandates/new" + ofQuery(index)
	return x.show(statusFor(wrong), public.WritePage(writeView(x, index, list, typedOwn(x), wrong)))
}

func writeBase(x *ctx, index int, title string) public.Write {
	of := ofQuery(index)
	return public.Write{Base: x.base(x.T(title)), Bar: barView(x, index, of), Action: x.path("/mandates/new" + of),
		Back: layout.Link{Text: x.T("mandates.write.back"), Href: x.path("/mandates" + of)}}
}

func writeView(x *ctx, index int, list []mandates.Mandatary, o mandates.Own, wrong error) public.Write {
	v := writeBase(x, index, "mandates.write.title")
	v.Lead, v.Submit = x.T("mandates.write.lead"), x.T("mandates.write.read-over")
	company := line(x, "partner", "mandates.write.partner", "mandates.write.partner.hint", "")
	company.Kind = "select"
	company.Options = []component.Option{{Text: x.T("mandates.write.choose")}}
	for _, to := range list {
		company.Options = append(company.Options, component.Option{Value: to.ID, Selected: to.ID == o.Partner,
			Text: to.Name + " (" + portal.FormatCompanyNumber(to.CompanyNumber) + ")"})
	}
	capacity := capacities(x, "mandates.write.capacity", o.Draft.Capacity)
	v.Controls = append([]component.Control{heading(x, "mandates.write.who"), company,
		line(x, "company", "mandates.write.company", "mandates.write.company.hint", o.Company)},
		append(scopeControls(x, "mandates.write.kinds.hint", "mandates.write.purpose.hint", o.Draft), heading(x, "mandates.write.you"), capacity,
			line(x, "signed_by", "mandates.write.signed-by", "mandates.write.signed-by.hint", o.Draft.SignedBy))...)
	if problems := problemsOf(wrong); problems != nil {
		v.Error = true
		v.Summary = spread(x, v.Controls, problems)
	}
	return v
}

// readOverView carries what was typed on, so that what was read is what is kept.
func readOverView(x *ctx, index int, m mandates.Mandate, to mandates.Mandatary) public.Write {
	v := writeBase(x, index, "mandates.write.over.title")
	v.Lead, v.Submit, v.Change = x.T("mandates.write.over.lead", to.Name), x.T("mandates.write.confirm"), x.T("mandates.write.change")
	who := m.Mandator
	signs := x.T("mandate.capacity." + string(who.Capacity))
	if who.SignedBy != "" {
		signs = x.T("mandate.capacity.by", who.SignedBy, signs)
	}
	often := x.T("partner.fact.often")
	if m.Scope.Once {
		often = x.T("partner.draft.once")
	}
	v.Facts = [][2]string{
		{x.T("mandates.write.to"), to.Name + ", " + portal.FormatCompanyNumber(to.CompanyNumber) + ", " + to.Contact},
		{x.T("mandates.write.from"), who.Name + ", " + address(who.Street, who.Postcode, who.Town) + " · " + signs},
		{x.T("mandates.what"), letter.KindWords(x.Catalog, m.Scope.Kinds)},
		{x.T("mandates.data"), letter.DataWords(x.Catalog, m.Scope.Data)},
		{x.T("mandates.purpose"), m.Scope.Purpose},
		{x.T("partner.draft.often"), often},
		{x.T("mandates.valid"), x.T("mine.between", x.Date(m.Scope.Validity.From), x.Date(lastDay(m.Scope.Validity.To)))},
	}
	for _, name := range slices.Sorted(maps.Keys(x.form)) {
		if name != "do" {
			v.Controls = append(v.Controls, component.Control{Kind: "hidden", Field: component.Field{Name: name, Value: x.field(name)}})
		}
	}
	return v
}

// unwrite withdraws what the customer wrote and nobody decided.
func (s *site) unwrite(x *ctx) error { return s.decideMandate(x, s.Mandates.Unwrite, "withdrawn") }

// ownMandate is the customer's own text, to be printed and signed.
func (s *site) ownMandate(x *ctx) (p letter.Paper, err error) {
	pass, _, err := x.holding()
	if err != nil {
		return p, err
	}
	m, to, err := s.Mandates.Written(x.context(), pass.Occupancy.ID, x.named("id"))
	if err != nil {
		return p, err
	}
	return letter.Mandate(m, to, x.now, s.house()), s.record(x, pass, audit.FileShown, map[string]string{"page": "mandate", "mandate": m.ID})
}

func (s *site) ownMandatePDF(x *ctx) error {
	p, err := s.ownMandate(x)
	if err != nil {
		return err
	}
	pdf, err := p.PDF(s.house())
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-mandate-`+x.named("id")+`.pdf"`)
	x.send(http.StatusOK, "application/pdf", pdf)
	return nil
}

func (s *site) ownMandateHTML(x *ctx) error {
	p, err := s.ownMandate(x)
	if err != nil {
		return err
	}
	text, err := p.Page(s.house())
	if err != nil {
		return err
	}
	x.send(http.StatusOK, "text/html; charset=utf-8", text)
	return nil
}

// ownView is a mandate that the customer wrote, as long as nobody decided it.
func ownView(x *ctx, of string, m mandates.Summary) public.Mandate {
	v := public.Mandate{ID: m.ID, Name: m.PartnerName, State: x.T("mandates.own.state." + string(m.Status)), Tone: statusTag(m.Status),
		Note: x.T("mandates.own."+string(m.Status), m.PartnerName), Facts: scopeFacts(x, m)}
	v.Facts = append(v.Facts, [2]string{x.T("mandates.agreed"), x.Date(m.AgreedAt)})
	if _, err := m.Next(mandates.EventWithdraw); err != nil {
		return v
	}
	v.Withdraw = x.path("/mandates/" + m.ID + "/withdraw" + of)
	v.Documents = []layout.Link{{Text: x.T("partner.document.pdf"), Href: x.path("/mandates/" + m.ID + "/document.pdf" + of)},
		{Text: x.T("partner.document.html"), Href: x.path("/mandates/" + m.ID + "/document.html" + of)}}
	return v
}
