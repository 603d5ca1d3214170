package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/login"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"

	"golang.org/x/mod/sumdb/note"
)

// Evidence takes in documents; evidence.Service.
type Evidence interface {
	// Expect is told that somebody may bring a document soon; it does not wait.
	Expect()
	// Take keeps a file; portal.Invalid on Field "document" where it cannot be
	// what was asked for.
	Take(ctx context.Context, by audit.Entry, up evidence.Upload) (evidence.File, error)
	// List tells the files of a subject, oldest first.
	List(ctx context.Context, subject string) ([]evidence.File, error)
	// Signature tells what the electronic signature of a file proves; Conflict
	// where the file is in quarantine.
	Signature(ctx context.Context, by audit.Entry, subject, id string) (evidence.Verdict, error)
}

// Batches tells how far a partner's batches are; batch.Service's store.
type Batches interface {
	Batches(ctx context.Context, partnerID, before string, limit int) ([]batch.Batch, error)
	PartnerBatch(ctx context.Context, partnerID, id string) (batch.Batch, batch.Progress, error)
}

// PartnerDeps is what the pages of third parties need.
type PartnerDeps struct {
	Room     *partner.Service
	Mandates *mandates.Service
	History  mandates.History
	Evidence Evidence
	Batches  Batches
	// Certificates tells that programs may show client certificates: API_LISTEN.
	Certificates bool
	Signer       note.Signer // of the trail: what leaves bears its leaf (D9)
}

// partners is the handlers of third parties.
type partners struct {
	*site
	PartnerDeps
	asks, tries *limits
}

const partnerCookie = "guichet-partner"

// What forms of partners may bring, in bytes: a document, or a draft with its
// annex of ten thousand lines.
const (
	documentSize = 11 << 20
	draftSize    = 2 << 20
)

func (s *site) partnerRoutes() []Route {
	p := &partners{s, s.Partners, newDayLimits(s.PublicDeps.Limits, "partner-ask", s.Letters.ADay, s.Letters.ADayNetwork),
		newLimits(s.PublicDeps.Limits, "partner-sign-in", s.Captchas)}
	anyone := s.behind(doors.Partners, Anyone)
	guest := s.behind(doors.Partners, Policy{Name: "partner", Admit: p.admit})
	bringing := func(size int64) Policy {
		sized := guest
		sized.Uploads, sized.Again = size, guest.Admit
		return sized
	}
	get, post := http.MethodGet, http.MethodPost
	const home, one = "/:lang/partner", "/:lang/partner/mandates/:id"
	routes := []Route{
		{get, home + "/ask", anyone, p.askForm},
		{post, home + "/ask", anyone, p.ask},
		{get, home + "/asked", anyone, p.asked},
		{get, home + "/sign-in", anyone, p.signIn},
		{post, home + "/sign-in", anyone, p.enter},
		{get, home + "/set-up", anyone, p.setUp},
		{post, home + "/set-up", anyone, p.setUpStep},
		{post, home + "/sign-out", guest, p.signOut},
		{get, home, guest, p.home},
		{get, home + "/mandates/new", guest, p.newDraft},
		{post, home + "/mandates/new", bringing(draftSize), p.draft},
		{get, one, guest, p.mandate},
		{get, one + "/edit", guest, p.editForm},
		{post, one + "/edit", bringing(draftSize), p.edit},
		{get, one + "/renew", guest, p.renewForm},
		{post, one + "/renew", bringing(draftSize), p.renew},
		{get, one + "/document.pdf", guest, p.documentPDF},
		{get, one + "/document.html", guest, p.documentHTML},
		{post, one + "/give", bringing(documentSize), p.give},
		{post, one + "/withdraw", guest, p.withdraw},
		{get, one + "/points/:n", guest, p.point},
		{post, one + "/points/:n/give-up", guest, p.giveUp},
		{get, one + "/points/:n/consumption", guest, p.look},
		{get, home + "/batches", guest, p.batches},
		{get, home + "/keys", guest, p.keys},
		{post, home + "/keys", guest, p.makeKey},
		{post, home + "/keys/:id/end", guest, p.endKey},
		{get, home + "/people", guest, p.people},
		{post, home + "/people", guest, p.invite},
		{post, home + "/people/:login/end", guest, p.endPerson},
		{get, home + "/supplies", guest, p.supplies},
		{post, home + "/supplies", guest, p.findSupply},
		{get, home + "/supplies/:id", guest, p.supply},
	}
	for _, f := range partnerFiles {
		routes = append(routes,
			Route{get, one + "/points/:n/consumption." + f.ending, guest, func(x *ctx) error { return p.take(x, f) }},
			Route{get, home + "/supplies/:id/consumption." + f.ending, guest, func(x *ctx) error { return p.takeSupply(x, f) }})
	}
	return routes
}

// admit lets in who has a live session, re-read from SQL (T24).
func (p *partners) admit(x *ctx) error {
	g, err := p.Room.Enter(x.context(), x.cookie(partnerCookie))
	if err != nil {
		return err
	}
	x.pass = g
	return nil
}

func (x *ctx) guest() partner.Guest { return x.pass.(partner.Guest) }

// by is the beginning of the entries of who is signed in.
func (x *ctx) by() audit.Entry {
	return audit.Entry{At: x.now, Actor: x.guest().Actor(), Ground: "partner", Channel: "web"}
}

// partnerFrame is a page behind the sign-in, or before it.
func (x *ctx) partnerFrame(title string) page.Frame {
	f := page.Frame{Base: x.base(title)}
	f.Home = x.path("/")
	g, ok := x.pass.(partner.Guest)
	if !ok {
		return f
	}
	f.Home, f.SignOut = x.path("/partner"), x.path("/partner/sign-out")
	f.Member = g.Name + ", " + g.Organisation.Name
	for _, l := range []struct{ text, href string }{
		{"partner.nav.mandates", "/partner"}, {"partner.nav.new", "/partner/mandates/new"}, {"partner.nav.supplies", "/partner/supplies"},
		{"partner.nav.works", installerPath},
		{"partner.nav.batches", "/partner/batches"}, {"partner.nav.keys", "/partner/keys"}, {"partner.nav.people", "/partner/people"},
	} {
		if l.href == "/partner/supplies" && g.Organisation.Supplier == "" || l.href == installerPath && !g.Organisation.Installer {
			continue
		}
		f.Nav = append(f.Nav, layout.Link{Text: x.T(l.text), Href: x.path(l.href), Current: x.at == l.href})
	}
	return f
}

// faulty writes the problems of a form into its controls and the summary.
func faulty(x *ctx, f *page.Frame, controls []component.Control, err error) {
	problems := problemsOf(err)
	// What was refused, on a page that is there all the same.
	if one := forPerson(err); one != nil && one.Code == portal.Denied {
		problems = portal.Problems{one}
	}
	if len(problems) == 0 {
		return
	}
	f.Error = true
	f.Summary = spread(x, controls, problems)
}

// problemsOf gives what a form can say of an error; nothing for what has a page
// of its own.
func problemsOf(err error) portal.Problems {
	var many portal.Problems
	if errors.As(err, &many) {
		return many
	}
	var one *portal.Error
	if errors.As(err, &one) && (one.Code == portal.Invalid || one.Code == portal.TooMany || one.Code == portal.Conflict) {
		return portal.Problems{one}
	}
	return nil
}

// spread puts each problem at its field, and all into one summary, in the
// order of the page.
func spread(x *ctx, controls []component.Control, problems portal.Problems) *component.Summary {
	s := &component.Summary{Title: x.N("partner.problems", len(problems))}
	placed := map[string]bool{}
	for i := range controls {
		c := &controls[i]
		for _, p := range problems {
			if p.Field == "" || p.Field != c.Name {
				continue
			}
			placed[p.Field] = true
			text := x.T("error."+p.Key, p.Args...)
			s.Fields = append(s.Fields, component.FieldLink{Name: p.Field, Text: x.T("partner.problem", strings.TrimRight(c.Label, "?\u00a0 "), text)})
			if c.Error != "" {
				text = c.Error + " " + text
			}
			c.Error = text
		}
	}
	for _, p := range problems {
		if !placed[p.Field] {
			s.Paragraphs = append(s.Paragraphs, x.T("error."+p.Key, p.Args...))
		}
	}
	return s
}

func line(x *ctx, name, label, hint, value string) component.Control {
	c := component.Control{Field: component.Field{Name: name, Label: x.T(label), Value: value}}
	if hint != "" {
		c.Hint = x.T(hint)
	}
	return c
}

// languages is the choice of a language.
func languages(x *ctx, label, chosen string) component.Control {
	c := line(x, "language", label, "", "")
	c.Kind = "select"
	for _, l := range portal.Languages {
		c.Options = append(c.Options, component.Option{Value: string(l), Text: layout.LanguageName(l), Selected: string(l) == chosen})
	}
	return c
}

// signIn shows the sign-in.
func (p *partners) signIn(x *ctx) error { return p.showSignIn(x, nil) }

func (p *partners) showSignIn(x *ctx, err error) error {
	x.at = "/partner/sign-in"
	return x.show(statusFor(err), page.FormPage(partnerSignInView(x, err)))
}

// statusFor is a form's status: fine where nothing is wrong.
func statusFor(err error) int {
	if err == nil {
		return http.StatusOK
	}
	return statusOf(err)
}

func partnerSignInView(x *ctx, err error) page.Form {
	v := page.Form{Frame: x.partnerFrame(x.T("partner.sign-in.title")), Action: x.path("/partner/sign-in"), Submit: x.T("partner.sign-in.submit")}
	v.Lead = x.T("partner.sign-in.lead")
	password, code := line(x, "password", "partner.password", "", ""), line(x, "code", "partner.code", "partner.code.hint", "")
	password.Type, password.Auto = "password", "current-password"
	code.Auto, code.Class = "one-time-code", "w6"
	name := line(x, "login", "partner.login", "", x.field("login"))
	name.Auto = "username"
	v.Controls = []component.Control{name, password, code}
	v.Links = []layout.Link{{Text: x.T("partner.set-up.link"), Href: x.path("/partner/set-up")}, {Text: x.T("partner.ask.link"), Href: x.path("/partner/ask")}}
	if x.query("done") == "set-up" {
		v.Done = x.T("partner.set-up.done")
	}
	faulty(x, &v.Frame, v.Controls, err)
	return v
}

// enter signs in. Whatever was wrong, the answer is the same (T26).
func (p *partners) enter(x *ctx) error {
	err := p.tries.spend(x)
	if err == nil {
		var token = x.cookie(partnerCookie)
		former := token
		if token, err = p.Room.SignIn(x.context(), x.field("login"), x.secret("password"), x.secret("code"), x.source()); err == nil {
			if err := p.Room.Leave(x.context(), former); err != nil { // one browser, one person
				return err
			}
			x.setCookie(partnerCookie, token, login.SessionLife)
			return x.redirect(x.path("/partner"))
		}
	}
	if problemsOf(err) == nil {
		return err
	}
	return p.showSignIn(x, err)
}

func (p *partners) signOut(x *ctx) error {
	if err := p.Room.Leave(x.context(), x.cookie(partnerCookie)); err != nil {
		return err
	}
	x.setCookie(partnerCookie, "", -1)
	return x.redirect(x.path("/partner/sign-in"))
}
