package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/e2e/provider"
	"guichet/portal"
	"guichet/portal/login"
	"guichet/portal/staff"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// newCompany is the desk whose staff sign in at a provider.
func newCompany(t *testing.T) (*bureau, *provider.Provider) {
	b := newBureau(t)
	b.clock.Pass(time.Now().Truncate(time.Microsecond).Sub(b.clock.Now())) // tokens are made by the provider's clock
	p := provider.New(t, b.url+OIDCBack)
	d := b.staff.Deps
	b.staff.OIDC = login.NewOIDC(login.OIDCSettings{Issuer: p.Issuer, ClientID: provider.ClientID, Secret: provider.Secret,
		RoleClaim: "guichet_role", Back: b.url + OIDCBack}, d.State.(login.Ways), d.Ring, d.Clock)
	return b, p
}

// stay makes the browser follow nothing by itself.
func (b *bureau) stay() {
	b.web.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// there presses the page's one button and goes the way through the provider;
// it gives the address that the provider sends the browser back to.
func (b *bureau) there(p *provider.Provider, lang, name, role string) *url.URL {
	b.t.Helper()
	b.stay()
	page := b.get("/" + lang + "/desk/sign-in")
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	button := page.doc.Find("main a.btn")
	require.Equal(b.t, 1, button.Length())
	sent := b.get(button.AttrOr("href", ""))
	require.Equal(b.t, http.StatusSeeOther, sent.StatusCode)
	require.True(b.t, strings.HasPrefix(sent.Header.Get("Location"), p.Issuer+"/authorize?"), sent.Header.Get("Location"))
	return p.Visit(b.t, sent.Header.Get("Location"), name, role)
}

// TestT26ProviderByHand: one button there, a page of ours on the way back, and
// the cookies that go with each.
func TestT26ProviderByHand(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string]string{"fr": "Se connecter avec le compte de l’entreprise", "de": "Mit dem Firmenkonto anmelden"} {
		t.Run(lang, func(t *testing.T) {
			b, p := newCompany(t)
			page := b.get("/" + lang + "/desk/sign-in")
			require.Equal(t, words, page.doc.Find("main a.btn").Text())
			require.Zero(t, page.doc.Find("form, input").Length(), "no local form")
			back := b.there(p, lang, "anna", "agent")
			require.Equal(t, b.url+OIDCBack, back.Scheme+"://"+back.Host+back.Path)

			page = b.get(back.RequestURI())
			require.Equal(t, http.StatusOK, page.StatusCode)
			require.Equal(t, lang, page.doc.Find("html").AttrOr("lang", ""), "the language of the departure")
			require.Equal(t, "0; url=/"+lang+"/desk", page.Header.Get("Refresh"))
			require.Equal(t, "/"+lang+"/desk", page.doc.Find("main a.btn").AttrOr("href", ""))
			require.NotContains(t, page.doc.Find("body").Text()+page.doc.Find(".langs").Text(), back.Query().Get("code"))
			page.doc.Find("[href], [action], [src]").Each(func(_ int, s *goquery.Selection) {
				require.NotContains(t, s.AttrOr("href", "")+s.AttrOr("action", "")+s.AttrOr("src", ""), "code=", "G12")
			})
			set := map[string]*http.Cookie{}
			for _, c := range page.Cookies() {
				set[c.Name] = c
			}
			require.Equal(t, http.SameSiteStrictMode, set[deskCookie].SameSite)
			require.True(t, set[deskCookie].HttpOnly)
			require.Negative(t, set[wayCookie].MaxAge, "the way is over")

			page = b.get("/" + lang + "/desk")
			require.Equal(t, http.StatusOK, page.StatusCode)
			require.Contains(t, page.text, "anna")
			for name := range back.Query() {
				require.NotContains(t, b.log.String(), back.Query().Get(name), "G12: %s", name)
			}

			page = b.get(back.RequestURI())
			require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, "the same address again")
			require.Empty(t, page.Header.Get("Refresh"))
		})
	}
}

// TestT26WayCookie: Lax, since the way back begins elsewhere; gone with the
// way, and unreadable for scripts.
func TestT26WayCookie(t *testing.T) {
	t.Parallel()
	b, _ := newCompany(t)
	b.stay()
	cookies := b.get("/fr/desk/sign-in/oidc").Cookies()
	require.Len(t, cookies, 1)
	require.Equal(t, wayCookie, cookies[0].Name)
	require.Equal(t, http.SameSiteLaxMode, cookies[0].SameSite)
	require.True(t, cookies[0].HttpOnly)
	require.Equal(t, 600, cookies[0].MaxAge)
}

// TestT26ProviderRefusalsLookAlike: one page, the same bytes, whatever was
// wrong on the way back.
func TestT26ProviderRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	b, p := newCompany(t)
	require.NoError(t, b.staff.End(t.Context(), portal.Actor{Kind: portal.System, ID: "test"}, "carla"))
	pages := map[string]string{}
	try := func(name, path string) {
		t.Helper()
		page := b.get(path)
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, name)
		require.Equal(t, 1, page.doc.Find(".error[role=alert]").Length(), name)
		require.Equal(t, "/fr/desk/sign-in/oidc", page.doc.Find("main a.btn").AttrOr("href", ""), name)
		require.Contains(t, page.doc.Find("title").Text(), "Erreur", name)
		for _, c := range page.Cookies() {
			require.NotEqual(t, deskCookie, c.Name, name)
		}
		pages[name] = page.text
		b.fresh()
	}
	try("unknown", b.there(p, "fr", "zoe", "agent").RequestURI())
	try("other role", b.there(p, "fr", "anna", "security").RequestURI())
	try("ended", b.there(p, "fr", "carla", "security").RequestURI())
	theirs := b.there(p, "fr", "anna", "agent").RequestURI()
	b.fresh()
	try("another browser's", theirs)
	try("used up", theirs)
	try("no state", OIDCBack)
	try("made up", OIDCBack+"?state=x&code=y")
	twice := b.there(p, "fr", "anna", "agent")
	try("given twice", twice.RequestURI()+"&state=x")
	denied := b.there(p, "fr", "anna", "agent").Query()
	try("denied", OIDCBack+"?error=access_denied&error_description=secret+words&state="+url.QueryEscape(denied.Get("state")))
	for name, text := range pages {
		require.Equal(t, pages["unknown"], text, name)
		require.NotContains(t, text, "secret words")
	}
	require.NotContains(t, b.log.String(), "secret words")
}

// TestT26LocalFormRefusedWhereProviderIsSet: the same page for whatever is
// posted, the right password included, and nothing of it comes back.
func TestT26LocalFormRefusedWhereProviderIsSet(t *testing.T) {
	t.Parallel()
	b, p := newCompany(t)
	right := func() deskAnswer { return b.signIn("anna") }
	pages := map[string]deskAnswer{
		"right":   right(),
		"wrong":   b.post("/fr/desk/sign-in", "login", "anna", "password", "wrong", "code", "000000"),
		"unknown": b.post("/fr/desk/sign-in", "login", "zoe", "password", "wrong", "code", "000000"),
		"nothing": b.post("/fr/desk/sign-in"),
	}
	p.Change(func(p *provider.Provider) { p.Down = "/" })
	pages["right, while the provider is down"] = right()
	for name, page := range pages {
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, name)
		require.Equal(t, pages["nothing"].text, page.text, name)
		require.Empty(t, page.Cookies(), name)
		require.Zero(t, page.doc.Find("form, input").Length(), name)
	}
	require.Equal(t, "/fr/desk/sign-in", b.get("/fr/desk").Request.URL.Path)
	require.Empty(t, p.Asked(), "and the provider is not troubled")
}

// TestT26ProviderDownPage says so, in both places where it can be down.
func TestT26ProviderDownPage(t *testing.T) {
	t.Parallel()
	b, p := newCompany(t)
	back := b.there(p, "de", "anna", "agent")
	p.Change(func(p *provider.Provider) { p.Down = "/oauth" })
	page := b.get(back.RequestURI())
	require.Equal(t, http.StatusServiceUnavailable, page.StatusCode)
	require.Equal(t, "60", page.Header.Get("Retry-After"))
	require.Contains(t, page.text, "Der Dienst, der die Firmenkonten prüft, antwortet nicht")
	require.Empty(t, page.Header.Get("Refresh"))
	require.Contains(t, b.log.String(), "the identity provider does not answer")

	b, p = newCompany(t)
	p.Change(func(p *provider.Provider) { p.Down = "/" })
	b.stay()
	page = b.get("/fr/desk/sign-in/oidc")
	require.Equal(t, http.StatusServiceUnavailable, page.StatusCode)
	require.Contains(t, page.text, "Compte de l’entreprise indisponible")
	require.Empty(t, page.Cookies())
	require.Equal(t, http.StatusOK, b.get("/fr/desk/sign-in").StatusCode, "the door itself stands")
}

// TestT26NobodyElseBegins: another site's page sends nobody to the provider.
func TestT26NobodyElseBegins(t *testing.T) {
	t.Parallel()
	b, p := newCompany(t)
	b.stay()
	for site, to := range map[string]string{"cross-site": "/fr/desk/sign-in", "same-site": "/fr/desk/sign-in",
		"same-origin": p.Issuer, "none": p.Issuer, "": p.Issuer} {
		req, err := http.NewRequest(http.MethodGet, b.url+"/fr/desk/sign-in/oidc", nil)
		require.NoError(t, err)
		if site != "" {
			req.Header.Set("Sec-Fetch-Site", site)
		}
		page := b.read(b.web.Do(req))
		require.Equal(t, http.StatusSeeOther, page.StatusCode)
		require.True(t, strings.HasPrefix(page.Header.Get("Location"), to), site)
	}
}

// TestT24OneBrowserOneColleague: who signs in again at the provider ends the
// session that the browser had, although the way back does not bring its cookie.
func TestT24OneBrowserOneColleague(t *testing.T) {
	t.Parallel()
	b, p := newCompany(t)
	b.get(b.there(p, "fr", "anna", "agent").RequestURI())
	here := must(url.Parse(b.url))
	former := b.web.Jar.Cookies(here)[0]
	require.Equal(t, deskCookie, former.Name)
	back := b.there(p, "fr", "carla", "security")
	jar := b.web.Jar
	b.fresh()
	b.stay()
	for _, c := range jar.Cookies(here) {
		if c.Name != deskCookie {
			b.web.Jar.SetCookies(here, []*http.Cookie{c}) // as a browser: no Strict cookie on the way back
		}
	}
	require.Equal(t, http.StatusOK, b.get(back.RequestURI()).StatusCode)
	require.Contains(t, b.get("/fr/desk").text, "carla")
	b.fresh()
	b.stay()
	b.web.Jar.SetCookies(here, []*http.Cookie{former})
	require.Equal(t, http.StatusSeeOther, b.get("/fr/desk").StatusCode)
}

// TestT26NoProviderNoWay: where none is set, its addresses are nothing.
func TestT26NoProviderNoWay(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	require.Equal(t, http.StatusNotFound, b.get("/fr/desk/sign-in/oidc").StatusCode)
	require.Equal(t, http.StatusNotFound, b.get(OIDCBack+"?state=x&code=y").StatusCode)
	require.Equal(t, http.StatusOK, b.signIn("anna").StatusCode)
}

// TestT26EachListenerItsOwnRoutes: no route of the desk answers on the public
// listener, none of the public one at the desk, and none of either's on the
// administration's.
func TestT26EachListenerItsOwnRoutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	all := tables(t)
	common := map[string]bool{"/": true, "/:lang/": true}
	for _, r := range assets() {
		common[r.Path] = true
	}
	public, err := NewPublic(h.deps(t))
	require.NoError(t, err)
	desk, err := NewDesk(DeskDeps{Common: testCommon(h.clock), Staff: staff.New(staff.Deps{})})
	require.NoError(t, err)
	handlers := map[string]http.Handler{"public": public, "desk": desk}
	asked := 0
	for from, routes := range all {
		for on, handler := range handlers {
			for _, r := range routes {
				if from == on || common[r.Path] {
					continue
				}
				asked++
				path := strings.NewReplacer(":lang", "fr", ":id", "B-00000000", ":in", "fr", ":name", "home", ":file", "x").Replace(r.Path)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(r.Method, path, nil))
				require.Equal(t, http.StatusNotFound, w.Code, "%s %s of the %s listener answers on the %s one", r.Method, path, from, on)
			}
		}
	}
	require.Greater(t, asked, 25)
}
