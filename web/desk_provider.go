package web

import (
	"errors"
	"net/http"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/web/i18n"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/desk"
)

const (
	// OIDCBack is the one address that the provider sends staff back to; it
	// has no language, so that one address is registered there.
	OIDCBack = "/oidc/callback"

	departPath = "/:lang/desk/sign-in/oidc"

	// wayCookie binds a way to the provider to its browser. The way back begins
	// on the provider's site, where no Strict cookie is sent: this one is Lax,
	// opens nothing by itself and lives as long as the way.
	wayCookie = "guichet-desk-way"
)

// depart sends a colleague to the provider. It is a link and not a form: the
// policy's form-action 'self' also binds where a form's answer leads, and is
// not widened for it. Another site's page begins nothing here.
func (c counter) depart(x *ctx) error {
	if elsewhere(x.gin.GetHeader("Sec-Fetch-Site")) {
		return x.redirect(x.path("/desk/sign-in"))
	}
	d, err := c.Staff.Depart(x.context(), x.Lang, x.cookie(deskCookie))
	if err != nil {
		return c.stopped(x, err)
	}
	x.bake(wayCookie, d.Browser, login.WayLife, http.SameSiteLaxMode)
	return x.redirect(d.URL)
}

// elsewhere tells whether a browser says that another site's page asked.
func elsewhere(site string) bool { return site == "cross-site" || site == "same-site" }

// arrive takes who comes back from the provider. The session's cookie is
// Strict, and a redirect would still count as the provider's: this answers
// with a page that goes on by itself, without scripts.
func (c counter) arrive(x *ctx) error {
	x.at = "/desk/sign-in" // never this address, which carries the code
	r := login.Return{State: x.once("state"), Code: x.once("code"), Issuer: x.once("iss").Reveal(), Error: x.once("error").Reveal(),
		Browser: x.cookie(wayCookie)}
	token, lang, err := c.Staff.Arrive(x.context(), r, x.source())
	if x.s.serves(x, string(lang)) {
		x.Catalog = i18n.For(lang)
	}
	if portal.CodeOf(err) != portal.NotFound {
		x.bake(wayCookie, "", -1, http.SameSiteLaxMode)
	}
	if err != nil {
		return c.stopped(x, err)
	}
	x.setCookie(deskCookie, token, login.SessionLife)
	x.header("Refresh", "0; url="+x.path("/desk"))
	return x.show(http.StatusOK, page.SignedInPage(signedInView(x)))
}

// once gives a parameter of the address that stands there once, "" otherwise.
func (x *ctx) once(name string) keys.Secret {
	if all := x.gin.Request.URL.Query()[name]; len(all) == 1 {
		return keys.Secret(all[0])
	}
	return ""
}

// stopped answers a way to the provider that led nowhere: one page for every
// refusal, another one while the provider is down. The causes are logged.
func (c counter) stopped(x *ctx, err error) error {
	var e *portal.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == portal.Invalid || e.Code == portal.TooMany:
		x.s.Log.WarnContext(x.context(), "sign-in refused", "request", x.id, "error", err.Error())
	case e.Key == "sign-in.provider":
		x.s.Log.ErrorContext(x.context(), "the identity provider does not answer", "request", x.id, "error", err.Error())
		x.header("Retry-After", "60")
	default:
		return err
	}
	return c.refused(x, e)
}

func providerView(x *ctx, e *portal.Error) page.SignIn {
	v := page.SignIn{Base: x.deskBase("desk.sign-in.title"), Provider: x.path("/desk/sign-in/oidc")}
	if e == nil {
		return v
	}
	title, key := "desk.sign-in.refused", e.Key
	switch key {
	case "sign-in":
		key = "sign-in.refused"
	case "sign-in.provider":
		title = "desk.provider.down"
	}
	v.Error = true
	v.Summary = &component.Summary{Title: x.T(title), Paragraphs: []string{x.T("error."+key, e.Args...)}}
	return v
}

func signedInView(x *ctx) page.SignedIn {
	return page.SignedIn{Base: x.deskBase("desk.provider.in"), On: x.path("/desk")}
}
