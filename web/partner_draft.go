package web

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"guichet/mandates"
	"guichet/portal"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/partner"
)

// newDraft shows an empty form.
func (p *partners) newDraft(x *ctx) error {
	return p.showDraft(x, "new", mandates.Draft{Language: string(x.Lang)}, nil)
}

func (p *partners) draft(x *ctx) error {
	d := typedDraft(x)
	m, err := p.Mandates.Draft(x.context(), x.by(), x.guest().Organisation.Mandatary(), d)
	return p.drafted(x, "new", d, m, err)
}

// editForm shows a draft as it was typed.
func (p *partners) editForm(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	if _, err := m.Next(mandates.EventEdit); err != nil {
		return x.redirect(x.mandatePath(m.ID))
	}
	return p.showDraft(x, "edit", m.Draft(), nil)
}

func (p *partners) edit(x *ctx) error {
	if _, err := p.mine(x); err != nil { // before what was typed is read: not yours is not there
		return err
	}
	d := typedDraft(x)
	m, err := p.Mandates.Edit(x.context(), x.by(), x.guest().Organisation.Mandatary(), x.named("id"), d)
	if isKey(err, "mandate.state") {
		return x.redirect(x.mandatePath(x.named("id")))
	}
	return p.drafted(x, "edit", d, m, err)
}

// renewForm shows a decided mandate as a new draft, valid from today.
func (p *partners) renewForm(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	if m.Status != mandates.Decided {
		return x.redirect(x.mandatePath(m.ID))
	}
	d := m.Draft()
	d.ValidFrom, d.ValidTo = "", ""
	return p.showDraft(x, "renew", d, nil)
}

func (p *partners) renew(x *ctx) error {
	if _, err := p.mine(x); err != nil {
		return err
	}
	d := typedDraft(x)
	m, err := p.Mandates.Renew(x.context(), x.by(), x.guest().Organisation.Mandatary(), x.named("id"), d)
	if isKey(err, "mandate.state") {
		return x.redirect(x.mandatePath(x.named("id")))
	}
	return p.drafted(x, "renew", d, m, err)
}

// drafted leads to the mandate, or back to the form with what is wrong.
func (p *partners) drafted(x *ctx, what string, d mandates.Draft, m mandates.Mandate, err error) error {
	if problemsOf(err) != nil {
		return p.showDraft(x, what, d, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.mandatePath(m.ID) + "?done=drafted")
}

func (p *partners) showDraft(x *ctx, what string, d mandates.Draft, err error) error {
	x.at = "/partner/mandates/new"
	if what != "new" {
		x.at = "/partner/mandates/" + x.named("id") + "/" + what
	}
	return x.show(statusFor(err), page.FormPage(draftView(x, what, d, err)))
}

// typedDraft reads the form. An annex that came as a file goes on below what
// was typed, so that the form shows it again.
func typedDraft(x *ctx) mandates.Draft {
	d := typedScope(x)
	d.Name, d.CompanyNumber, d.Capacity, d.SignedBy = x.field("name"), x.field("company_number"), x.field("capacity"), x.field("signed_by")
	d.Street, d.Postcode, d.Town = x.field("street"), x.field("postcode"), x.field("town")
	d.Language, d.Points = x.field("language"), x.field("points")
	if annex := bytes.TrimPrefix(x.file.data, []byte("\ufeff")); len(annex) > 0 {
		if d.Points != "" {
			d.Points += "\n"
		}
		if utf8.Valid(annex) {
			d.Points += string(annex)
		} else {
			d.Points += "?" // no text: the line says so
		}
	}
	return d
}

// typedScope reads which data, over which periods, and what for.
func typedScope(x *ctx) mandates.Draft {
	d := mandates.Draft{DataFrom: x.field("data_from"), DataTo: x.field("data_to"), ValidFrom: x.field("valid_from"), ValidTo: x.field("valid_to"),
		Purpose: x.field("purpose"), Once: x.field("once") != ""}
	for _, k := range mandates.Kinds {
		if x.field("kind_"+string(k)) != "" {
			d.Kinds = append(d.Kinds, string(k))
		}
	}
	return d
}

func draftView(x *ctx, what string, d mandates.Draft, err error) page.Form {
	v := page.Form{Frame: x.partnerFrame(x.T("partner.draft.title." + what)), Upload: true,
		Action: x.path(x.at), Submit: x.T("partner.draft.submit"), Notes: []string{x.T("partner.draft.note")}}
	v.Lead = x.T("partner.draft.lead")
	points := line(x, "points", "partner.draft.points", "partner.draft.points.hint", d.Points)
	points.Kind, points.Rows = "area", 6
	annex := line(x, "annex", "partner.draft.annex", "partner.draft.annex.hint", "")
	annex.Kind, annex.Accept = "file", ".csv,.txt,text/csv,text/plain"
	v.Controls = []component.Control{
		heading(x, "partner.draft.who"),
		line(x, "name", "partner.draft.name", "partner.draft.name.hint", d.Name),
		line(x, "company_number", "partner.draft.company", "partner.draft.company.hint", d.CompanyNumber),
		capacities(x, "partner.draft.capacity", d.Capacity),
		line(x, "signed_by", "partner.draft.signed-by", "partner.draft.signed-by.hint", d.SignedBy),
		line(x, "street", "partner.ask.street", "", d.Street),
		line(x, "postcode", "partner.ask.postcode", "", d.Postcode),
		line(x, "town", "partner.ask.town", "", d.Town),
		languages(x, "partner.draft.language", d.Language),
		heading(x, "partner.draft.where"), points, annex,
	}
	v.Controls = append(v.Controls, scopeControls(x, "partner.draft.kinds.hint", "partner.draft.purpose.hint", d)...)
	faulty(x, &v.Frame, v.Controls, firstFaults(err))
	return v
}

func heading(x *ctx, key string) component.Control {
	return component.Control{Kind: "heading", Field: component.Field{Label: x.T(key)}}
}

// capacities is the choice of in what right it is signed.
func capacities(x *ctx, label, chosen string) component.Control {
	c := component.Control{Kind: "radios", Field: component.Field{Name: "capacity", Label: x.T(label)}}
	for _, one := range mandates.Capacities {
		c.Options = append(c.Options, component.Option{Value: string(one), Text: x.T("mandate.capacity." + string(one)), Selected: string(one) == chosen})
	}
	return c
}

// scopeControls ask which data, over which periods, and what for; the hints are
// the partner's or the customer's.
func scopeControls(x *ctx, kindsHint, purposeHint string, d mandates.Draft) []component.Control {
	day := func(name, label, hint, value string) component.Control {
		c := line(x, name, label, hint, value)
		c.Kind = "date"
		return c
	}
	kinds := component.Control{Kind: "checks", Field: component.Field{Name: "kinds", Label: x.T("partner.draft.kinds"), Hint: x.T(kindsHint)}}
	for _, k := range mandates.Kinds {
		kinds.Options = append(kinds.Options, component.Option{Name: "kind_" + string(k), Text: x.T("mandate.kind." + string(k)),
			Selected: slices.Contains(d.Kinds, string(k))})
	}
	purpose := line(x, "purpose", "partner.draft.purpose", purposeHint, d.Purpose)
	purpose.Kind, purpose.Rows = "area", 3
	once := component.Control{Kind: "checks", Field: component.Field{Name: "how_often", Label: x.T("partner.draft.often")},
		Options: []component.Option{{Name: "once", Text: x.T("partner.draft.once"), Selected: d.Once}}}
	return []component.Control{
		heading(x, "partner.draft.what"), kinds,
		day("data_from", "partner.draft.data-from", "partner.draft.data-from.hint", d.DataFrom), day("data_to", "partner.draft.data-to", "partner.draft.data-to.hint", d.DataTo),
		purpose, once,
		heading(x, "partner.draft.valid"),
		day("valid_from", "partner.draft.valid-from", "partner.draft.valid-from.hint", d.ValidFrom), day("valid_to", "partner.draft.valid-to", "partner.draft.valid-to.hint", d.ValidTo),
	}
}

// faultsShown bounds what is said of one field: a file of ten thousand wrong
// lines is told by its first ones.
const faultsShown = 10

func firstFaults(err error) error {
	problems := problemsOf(err)
	if problems == nil {
		return err
	}
	told := map[string]int{}
	var kept portal.Problems
	for _, e := range problems {
		if told[e.Field]++; told[e.Field] <= faultsShown {
			kept = append(kept, e)
		}
	}
	for _, e := range kept {
		if over := told[e.Field] - faultsShown; over > 0 {
			kept = append(kept, &portal.Error{Code: portal.Invalid, Key: "mandate.more", Field: e.Field, Args: []any{over}})
			break
		}
	}
	return kept
}
