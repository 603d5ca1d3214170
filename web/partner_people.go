package web

import (
	"strconv"
	"strings"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/partner"
)

// shownOnce is a secret that was just made.
type shownOnce struct {
	secret keys.Secret
	login  string
}

// keys lists the API keys.
func (p *partners) keys(x *ctx) error { return p.showKeys(x, shownOnce{}, nil) }

func (p *partners) showKeys(x *ctx, made shownOnce, wrong error) error {
	x.at = "/partner/keys"
	list, err := p.Room.Keys(x.context(), x.guest())
	if err != nil {
		return err
	}
	return x.show(statusFor(wrong), page.ListingPage(keysView(x, list, made, p.Certificates, wrong)))
}

func (p *partners) makeKey(x *ctx) error {
	var scopes []partner.Scope
	for _, s := range partner.Scopes {
		if x.field("scope_"+string(s)) != "" {
			scopes = append(scopes, s)
		}
	}
	months, err := strconv.Atoi(x.field("months"))
	if err != nil {
		months = 0 // refused with the field's own words
	}
	key, _, err := p.Room.MakeKey(x.context(), x.guest(),
		partner.KeyForm{Name: x.field("name"), Scopes: scopes, Months: months, Certificate: x.field("certificate")})
	if err != nil && problemsOf(err) == nil {
		return err
	}
	return p.showKeys(x, shownOnce{secret: key}, err)
}

func (p *partners) endKey(x *ctx) error {
	if err := p.Room.EndKey(x.context(), x.guest(), x.named("id")); err != nil {
		return err
	}
	return x.redirect(x.path("/partner/keys?done=ended"))
}

func keysView(x *ctx, list []partner.Key, made shownOnce, certificates bool, wrong error) page.Listing {
	v := page.Listing{Frame: x.partnerFrame(x.T("partner.keys.title")), None: x.T("partner.keys.none"), FormTitle: x.T("partner.keys.new"),
		Table: component.Table{ID: "keys", Caption: x.T("partner.keys.title"), Region: x.T("partner.keys.title"), Columns: []component.Column{
			{Text: x.T("partner.keys.name")}, {Text: x.T("partner.keys.scopes")}, {Text: x.T("partner.home.state")}, {Text: x.T("partner.keys.certificate")}, {Text: x.T("partner.keys.used")}}}}
	v.Lead = x.T("partner.keys.lead")
	if x.query("done") == "ended" {
		v.Done = x.T("partner.keys.ended")
	}
	if made.secret != "" {
		v.Secret, v.SecretText = made.secret.Reveal(), x.T("partner.keys.made")
	}
	for _, k := range list {
		state := component.Cell{Text: x.T("partner.keys.live", x.Date(k.ExpiresAt)), Tag: "plain"}
		switch {
		case !k.EndedAt.IsZero():
			state = component.Cell{Text: x.T("partner.keys.over", x.Date(k.EndedAt)), Tag: "stop"}
		case !k.Live(x.now):
			state = component.Cell{Text: x.T("partner.keys.expired", x.Date(k.ExpiresAt)), Tag: "stop"}
		case x.guest().Manager:
			v.Ends = append(v.Ends, page.End{Of: k.ID, Button: page.Button{Action: x.path("/partner/keys/" + k.ID + "/end"), Text: x.T("partner.keys.end", k.Name), Quiet: true}})
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: k.Name, Cells: []component.Cell{{Text: scopeWords(x, k.Scopes)}, state, {Text: certificateWords(x, k)}, {Text: x.dayOrNone(k.UsedAt)}}})
	}
	if !x.guest().Manager {
		v.Note = x.T("partner.managers")
		return v
	}
	scopes := component.Control{Kind: "checks", Field: component.Field{Name: "scopes", Label: x.T("partner.keys.scopes")}}
	for _, s := range partner.Scopes {
		scopes.Options = append(scopes.Options, component.Option{Name: "scope_" + string(s), Text: x.T("partner.scope." + string(s)), Selected: wrong != nil && x.field("scope_"+string(s)) != ""})
	}
	months := line(x, "months", "partner.keys.months", "partner.keys.months.hint", "12")
	months.Class = "w4"
	name := line(x, "name", "partner.keys.name", "partner.keys.name.hint", "")
	certificate := line(x, "certificate", "partner.keys.certificate.field", "partner.keys.certificate.hint", "")
	certificate.Kind = "area"
	if wrong != nil {
		months.Value, name.Value, certificate.Value = x.field("months"), x.field("name"), x.field("certificate")
	}
	v.Form = &page.Form{Action: x.path("/partner/keys"), Submit: x.T("partner.keys.submit"), Controls: []component.Control{name, scopes, months}}
	if certificates {
		v.Form.Controls = append(v.Form.Controls, certificate)
	}
	faulty(x, &v.Frame, v.Form.Controls, wrong)
	return v
}

// certificateWords shows the beginning of a fingerprint, enough to recognise it.
func certificateWords(x *ctx, k partner.Key) string {
	if k.Certificate == "" {
		return x.T("partner.keys.certificate.none")
	}
	f := strings.ToUpper(k.Certificate)
	return x.T("partner.keys.certificate.begins", f[:4]+" "+f[4:8]+" "+f[8:12]+" "+f[12:16])
}

// people lists the colleagues.
func (p *partners) people(x *ctx) error { return p.showPeople(x, shownOnce{}, nil) }

func (p *partners) showPeople(x *ctx, made shownOnce, wrong error) error {
	x.at = "/partner/people"
	list, err := p.Room.People(x.context(), x.guest())
	if err != nil {
		return err
	}
	return x.show(statusFor(wrong), page.ListingPage(peopleView(x, list, made, wrong)))
}

func (p *partners) invite(x *ctx) error {
	name, code, err := p.Room.Invite(x.context(), x.guest(), x.field("name"), x.field("manager") != "")
	if err != nil && problemsOf(err) == nil {
		return err
	}
	return p.showPeople(x, shownOnce{secret: code, login: name}, err)
}

func (p *partners) endPerson(x *ctx) error {
	err := p.Room.EndPerson(x.context(), x.guest(), x.named("login"))
	if portal.CodeOf(err) == portal.Conflict {
		return p.showPeople(x, shownOnce{}, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/partner/people?done=ended"))
}

func peopleView(x *ctx, list []partner.Person, made shownOnce, wrong error) page.Listing {
	v := page.Listing{Frame: x.partnerFrame(x.T("partner.people.title")), FormTitle: x.T("partner.people.new"),
		Table: component.Table{ID: "people", Caption: x.T("partner.people.title"), Region: x.T("partner.people.title"), Columns: []component.Column{
			{Text: x.T("partner.people.name")}, {Text: x.T("partner.login")}, {Text: x.T("partner.people.right")}, {Text: x.T("partner.home.state")}}}}
	v.Lead = x.T("partner.people.lead")
	if x.query("done") == "ended" {
		v.Done = x.T("partner.people.ended")
	}
	if made.secret != "" && wrong == nil {
		v.Secret, v.SecretText = made.secret.Reveal(), x.T("partner.people.made")
		v.More = []page.Fact{{Name: x.T("partner.login"), Value: made.login, Mono: true}}
	}
	for _, m := range list {
		right := x.T("partner.people.plain")
		if m.Manager {
			right = x.T("partner.people.manager")
		}
		state := component.Cell{Text: x.T("partner.people.live"), Tag: "plain"}
		switch {
		case !m.EndedAt.IsZero():
			state = component.Cell{Text: x.T("partner.keys.over", x.Date(m.EndedAt)), Tag: "stop"}
		case !m.InvitedUntil.IsZero():
			state = component.Cell{Text: x.T("partner.people.invited", x.Date(m.InvitedUntil)), Tag: "warn"}
		}
		if m.EndedAt.IsZero() && x.guest().Manager && m.Login != x.guest().Login {
			v.Ends = append(v.Ends, page.End{Of: m.Login, Button: page.Button{Action: x.path("/partner/people/" + m.Login + "/end"), Text: x.T("partner.people.end", m.Name), Quiet: true}})
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: m.Name, Cells: []component.Cell{{Text: m.Login}, {Text: right}, state}})
	}
	if !x.guest().Manager {
		v.Note = x.T("partner.managers")
		return v
	}
	name := line(x, "name", "partner.people.name", "", "")
	if wrong != nil {
		name.Value = x.field("name")
	}
	right := component.Control{Kind: "checks", Field: component.Field{Name: "right", Label: x.T("partner.people.right")},
		Options: []component.Option{{Name: "manager", Text: x.T("partner.people.manager.text"), Selected: wrong != nil && x.field("manager") != ""}}}
	v.Form = &page.Form{Action: x.path("/partner/people"), Submit: x.T("partner.people.submit"), Controls: []component.Control{name, right}}
	faulty(x, &v.Frame, v.Form.Controls, wrong)
	return v
}
