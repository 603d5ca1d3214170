package web

import (
	"errors"
	"net/http"

	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

const deskCookie = "guichet-desk"

// admit lets in colleagues with a live session, re-read from SQL (L8, T24).
func (c counter) admit(x *ctx) error {
	m, err := c.Staff.Resume(x.context(), x.cookie(deskCookie))
	if err != nil {
		return err
	}
	x.pass = m
	return nil
}

func (x *ctx) member() staff.Member { return x.pass.(staff.Member) }

func (c counter) front(x *ctx) error { return x.redirect(x.path("/desk")) }

func (c counter) signIn(x *ctx) error {
	return x.show(http.StatusOK, page.SignInPage(c.signInView(x, nil)))
}

// enter signs in. Whatever was wrong, the answer is the same (T26).
func (c counter) enter(x *ctx) error {
	token, err := c.Staff.SignIn(x.context(), x.field("login"), x.secret("password"), x.secret("code"), x.source())
	var e *portal.Error
	if errors.As(err, &e) && (e.Code == portal.Invalid || e.Code == portal.TooMany) {
		return c.refused(x, e)
	}
	if err != nil {
		return err
	}
	if err := c.Staff.Leave(x.context(), x.cookie(deskCookie)); err != nil { // one browser, one colleague
		return err
	}
	x.setCookie(deskCookie, token, login.SessionLife)
	return x.redirect(x.path("/desk"))
}

// refused shows the sign-in again with what went wrong.
func (c counter) refused(x *ctx, e *portal.Error) error {
	x.at = "/desk/sign-in"
	return x.show(statusOf(e), page.SignInPage(c.signInView(x, e)))
}

func (c counter) signInView(x *ctx, e *portal.Error) page.SignIn {
	if c.Staff.External() {
		return providerView(x, e)
	}
	return localView(x, e)
}

func localView(x *ctx, e *portal.Error) page.SignIn {
	v := page.SignIn{
		Base:   x.deskBase("desk.sign-in.title"),
		Action: x.path("/desk/sign-in"),
		Login:  typed(x.field("login")),
	}
	if e != nil {
		v.Error = true
		v.Summary = &component.Summary{Title: x.T("desk.sign-in.refused"), Paragraphs: []string{x.T("error."+e.Key, e.Args...)}}
	}
	return v
}

func (c counter) signOut(x *ctx) error {
	if err := c.Staff.Leave(x.context(), x.cookie(deskCookie)); err != nil {
		return err
	}
	x.setCookie(deskCookie, "", -1)
	return x.redirect(x.path("/desk/sign-in"))
}

// deskBase is the frame of a desk page.
func (x *ctx) deskBase(title string, args ...any) layout.Base {
	b := x.base(x.T(title, args...))
	b.Home = x.path("/desk")
	return b
}

// frame is what stands on every page behind the sign-in: the state of the
// gate, the ways to go, who is here.
func (c counter) frame(x *ctx, title string, args ...any) (page.Frame, error) {
	gate, err := c.Desk.Gate(x.context(), x.member())
	if err != nil {
		return page.Frame{}, err
	}
	f := deskFrame(x, gate, title, args...)
	switch err := c.Doors.Open(x.context(), string(doors.Gate)); {
	case isClosed(err):
		f.Gate[0].Value = x.T("desk.gate.closed")
	case err != nil:
		return page.Frame{}, err
	}
	return f, nil
}
