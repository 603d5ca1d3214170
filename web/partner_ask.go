package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/web/letter"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
	"guichet/web/ui/page/public"
)

// askForm shows the form by which an organisation asks for access.
func (p *partners) askForm(x *ctx) error {
	if err := p.draws.spend(x); err != nil {
		return err
	}
	return p.showAsk(x, nil)
}

// ask keeps an application. What it answers depends on the form's own faults
// and on who asks how often, never on whether the number is known (G13).
func (p *partners) ask(x *ctx) error {
	if err := p.draws.spend(x); err != nil {
		return err
	}
	if slices.Contains(choices, x.field("do")) {
		return p.showAsk(x, nil)
	}
	var problems portal.Problems
	if _, err := application(x).Organisation(x.now); err != nil {
		if !errors.As(err, &problems) {
			return err
		}
	}
	if err := p.Letters.Solver.Take(x.context(), x.field("captcha_id"), x.secret("captcha")); err != nil {
		var e *portal.Error
		if !errors.As(err, &e) || e.Code != portal.Invalid {
			return err
		}
		problems = append(problems, e)
	}
	if len(problems) > 0 {
		return p.showAsk(x, problems)
	}
	if err := p.asks.spend(x); portal.CodeOf(err) == portal.TooMany {
		return p.showAsk(x, portal.Problems{{Code: portal.TooMany, Key: "partner.often"}})
	} else if err != nil {
		return err
	}
	if _, err := p.Room.Ask(x.context(), application(x)); err != nil {
		return err
	}
	return x.redirect(x.path("/partner/asked"))
}

func application(x *ctx) partner.Application {
	return partner.Application{Name: x.field("name"), CompanyNumber: x.field("company_number"), Mail: x.field("mail"), PrivacyMail: x.field("privacy_mail"),
		Language: x.field("language"), Street: x.field("street"), Postcode: x.field("postcode"), Town: x.field("town"),
		Supplier: x.field("supplier"), Manager: x.field("manager"), Installer: x.field("installer") != ""}
}

func (p *partners) showAsk(x *ctx, problems portal.Problems) error {
	captcha, err := p.Challenges.Draw(x.context())
	if err != nil {
		return err
	}
	var wrong error
	if len(problems) > 0 {
		wrong = problems
	}
	return x.show(statusFor(wrong), public.PartnerAskPage(partnerAskView(x, problems, captcha)))
}

func partnerAskView(x *ctx, problems portal.Problems, captcha string) public.PartnerAsk {
	choice := x.choice(seenOrHeard)
	x.at = "/partner/ask"
	if choice != byPicture {
		x.at += "?with=" + choice
	}
	a := application(x)
	if a.Language == "" {
		a.Language = string(x.Lang)
	}
	v := public.PartnerAsk{Base: x.base(x.T("partner.ask.title")), Action: x.path("/partner/ask"), Choice: choice, Ways: ways(x, choice, seenOrHeard),
		Call: x.T("gate.ways.call", x.s.Contact.Phone, x.T("site.hours"))}
	mail, privacy := line(x, "mail", "partner.ask.mail", "", a.Mail), line(x, "privacy_mail", "partner.ask.privacy", "partner.ask.privacy.hint", a.PrivacyMail)
	mail.Type, privacy.Type = "email", "email"
	v.Controls = []component.Control{
		line(x, "name", "partner.ask.name", "", a.Name),
		line(x, "company_number", "partner.ask.company", "partner.ask.company.hint", a.CompanyNumber),
		line(x, "street", "partner.ask.street", "partner.ask.street.hint", a.Street),
		line(x, "postcode", "partner.ask.postcode", "", a.Postcode),
		line(x, "town", "partner.ask.town", "", a.Town),
		line(x, "manager", "partner.ask.manager", "partner.ask.manager.hint", a.Manager),
		mail, privacy,
		languages(x, "partner.ask.language", a.Language),
		line(x, "supplier", "partner.ask.supplier", "partner.ask.supplier.hint", a.Supplier),
		{Kind: "checks", Field: component.Field{Name: "role", Label: x.T("partner.ask.role")},
			Options: []component.Option{{Name: "installer", Text: x.T("partner.ask.installer"), Selected: a.Installer}}},
	}
	f := &fault{fields: map[string]string{}}
	if len(problems) > 0 {
		v.Error = true
		v.Summary = spread(x, v.Controls, problems)
		for _, one := range problems {
			if one.Field == "captcha" {
				f = problemsView(x, portal.Problems{one})
				v.Summary.Fields = append(v.Summary.Fields, f.summary.Fields...)
				v.Summary.Paragraphs = slices.DeleteFunc(v.Summary.Paragraphs, func(s string) bool { return s == x.T("error."+one.Key, one.Args...) })
			}
		}
	}
	v.Captcha = *captchaView(x, choice, captcha, "captcha", f)
	return v
}

// asked is the one answer to every application.
func (p *partners) asked(x *ctx) error {
	return x.show(http.StatusOK, public.LetterAskedPage(partnerAskedView(x)))
}

func partnerAskedView(x *ctx) public.LetterAsked {
	return public.LetterAsked{Base: x.base(x.T("partner.asked.title")), Text: x.T("partner.asked.text"), Same: x.T("partner.asked.next"),
		Nothing: x.T("partner.asked.nothing", x.s.Contact.Phone, x.T("site.hours")),
		Home:    layout.Link{Text: x.T("ended.home"), Href: x.path("/")}}
}

// setUp asks for the one-time code of an invitation.
func (p *partners) setUp(x *ctx) error {
	return x.show(http.StatusOK, page.FormPage(setUpView(x, nil)))
}

// setUpStep shows the seed to who holds the code, and then makes the account.
func (p *partners) setUpStep(x *ctx) error {
	x.at = "/partner/set-up"
	if err := p.tries.spend(x); err != nil {
		return err
	}
	name, code := x.field("login"), x.secret("code")
	seed, err := p.Room.InvitedAgain(x.context(), name, code, x.field("shown"))
	if err != nil {
		if problemsOf(err) == nil {
			return err
		}
		return x.show(statusOf(err), page.FormPage(setUpView(x, err)))
	}
	if !x.form.Has("otp") {
		return p.showSeed(x, seed, nil)
	}
	err = p.Room.SetUp(x.context(), name, code, x.secret("password"), x.secret("otp"))
	switch {
	case err == nil:
		return x.redirect(x.path("/partner/sign-in?done=set-up"))
	case problemsOf(err) == nil:
		return err
	}
	return p.showSeed(x, seed, err)
}

func (p *partners) showSeed(x *ctx, seed keys.Secret, wrong error) error {
	v, err := seedView(x, seed, p.Room.Mark(seed), wrong)
	if err != nil {
		return err
	}
	return x.show(statusFor(wrong), page.SetUpPage(v))
}

func setUpView(x *ctx, err error) page.Form {
	v := page.Form{Frame: x.partnerFrame(x.T("partner.set-up.title")), Action: x.path("/partner/set-up"), Submit: x.T("partner.set-up.next")}
	v.Lead = x.T("partner.set-up.lead")
	v.Controls = []component.Control{
		line(x, "login", "partner.login", "partner.set-up.login.hint", x.field("login")),
		line(x, "code", "partner.set-up.code", "partner.set-up.code.hint", x.field("code")),
	}
	faulty(x, &v.Frame, v.Controls, err)
	return v
}

// seedView carries login and code on, so that the second step proves itself, and
// which seed it shows, so that it shows the same one again.
func seedView(x *ctx, seed keys.Secret, mark string, wrong error) (page.SetUp, error) {
	name := login.Normalise(x.field("login"))
	v := page.SetUp{Form: page.Form{Frame: x.partnerFrame(x.T("partner.set-up.title")), Action: x.path("/partner/set-up"), Submit: x.T("partner.set-up.submit")},
		Seed: spaced(seed.Reveal()), URI: "otpauth://totp/Guichet:" + url.PathEscape(name) + "?secret=" + seed.Reveal() + "&issuer=Guichet"}
	password, otp := line(x, "password", "partner.set-up.password", "partner.set-up.password.hint", ""), line(x, "otp", "partner.code", "partner.set-up.otp.hint", "")
	password.Type, password.Auto = "password", "new-password"
	otp.Auto, otp.Class = "one-time-code", "w6"
	hidden := func(name string) component.Control {
		return component.Control{Kind: "hidden", Field: component.Field{Name: name, Value: x.field(name)}}
	}
	shown := component.Control{Kind: "hidden", Field: component.Field{Name: "shown", Value: mark}}
	v.Controls = []component.Control{hidden("login"), hidden("code"), shown, password, otp}
	faulty(x, &v.Frame, v.Controls, wrong)
	side, path, err := letter.Code(v.URI)
	v.Picture, v.Size = path, strconv.Itoa(side)
	return v, err
}
