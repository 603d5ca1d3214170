package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/lookup/lookuptest"
	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/state"
	"guichet/portal/state/statetest"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// TestDeskPagesInBothLanguages holds what any page must have: one h1, the
// secrecy notice (E10), labels, no inline style, two languages (D18).
func TestDeskPagesInBothLanguages(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.DeskLanguages {
		for _, f := range deskFixtures {
			t.Run(string(lang)+"/"+f.name, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, f.page(exhibitDesk(testCommon(time.Now), lang)).Render(context.Background(), &b))
				doc, err := goquery.NewDocumentFromReader(&b)
				require.NoError(t, err)
				require.Equal(t, 1, doc.Find("h1").Length())
				require.Equal(t, 1, doc.Find(".desk-secrecy").Length(), "E10")
				require.Equal(t, 2, doc.Find(".langs a").Length())
				require.Zero(t, doc.Find("[style], style, script:not([src])").Length())
				require.NotContains(t, doc.Text(), "{0}")
				require.NotContains(t, doc.Text(), string(fixtureEAN))
				ids, keysSeen := map[string]bool{}, map[string]bool{}
				doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
					require.False(t, ids[s.AttrOr("id", "")], "id %s twice", s.AttrOr("id", ""))
					ids[s.AttrOr("id", "")] = true
				})
				doc.Find("input:not([type=hidden]), select").Each(func(_ int, s *goquery.Selection) {
					// A label stands around its box, or names its field.
					require.Equal(t, 1, s.Closest("label").Length()+doc.Find(`label[for="`+s.AttrOr("id", "?")+`"]`).Length(), "a label for %s", s.AttrOr("name", ""))
				})
				doc.Find("[accesskey]").Each(func(_ int, s *goquery.Selection) {
					require.False(t, keysSeen[s.AttrOr("accesskey", "")], "key %s twice", s.AttrOr("accesskey", ""))
					keysSeen[s.AttrOr("accesskey", "")] = true
				})
				if len(keysSeen) > 0 {
					require.Equal(t, 1, doc.Find(".desk-keys").Length(), "how a key is pressed is said where there is one")
				}
				if check := doc.Find("#check-title"); check.Length() > 0 {
					order := doc.Find("#check-title, #history").Map(func(_ int, s *goquery.Selection) string { return s.AttrOr("id", "") })
					require.Equal(t, []string{"check-title", "history"}, order, "who has the caller on the line comes to the questions first, by keyboard and on a telephone")
				}
				for _, attr := range []string{"aria-describedby", "aria-labelledby"} {
					doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
						for _, id := range strings.Fields(s.AttrOr(attr, "")) {
							require.True(t, ids[id], "%s names %s", attr, id)
						}
					})
				}
				if strings.Contains(f.name, "wrong") || strings.Contains(f.name, "refused") {
					require.Equal(t, 1, doc.Find(".error[role=alert]").Length())
				}
				if f.name == "desk-case" || f.name == "desk-case-second" {
					for _, hidden := range []string{"Müller", "Grand-Place", "541449", "54--"} {
						require.NotContains(t, doc.Text(), hidden, "T5")
					}
				}
			})
		}
	}
}

// bureau is the desk's listener over real rooms.
type bureau struct {
	dsn     string
	vault   *evidence.Service
	deeds   *mandates.Service
	t       *testing.T
	url     string
	web     *http.Client
	store   *store.Store
	doors   *doors.Service
	gate    *lookup.Gate
	permits *lookup.Permits
	known   storetest.Known
	seeds   map[string]keys.Secret
	clock   *statetest.Clock
	log     *bytes.Buffer
	works   *works.Service
	staff   *staff.Service
}

// unmeasured is a register whose digits nobody measured.
type unmeasured struct{}

func (unmeasured) Share(context.Context) (desk.Share, bool, error) {
	return desk.Share{}, false, nil
}

const deskPassword = keys.Secret("correct horse battery")

func newBureau(t *testing.T) *bureau {
	b := &bureau{t: t, clock: statetest.NewClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)), seeds: map[string]keys.Secret{}, log: &bytes.Buffer{}}
	clock := b.clock.Now
	lite := storetest.Backends(t)[0]
	dsn := lite.DSN(t)
	b.dsn = dsn
	b.store = storetest.Reopen(t, dsn, clock)
	b.known = storetest.References(t, dsn, 1)[0]
	ring, short := storetest.Keys(t), state.NewMemory(clock, 1000)
	passwords, err := login.NewPasswords()
	require.NoError(t, err)
	common := testCommon(clock)
	common.Ring, common.Log = ring, slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	colleagues := staff.New(staff.Deps{Store: b.store, Runner: b.store, State: short, Ring: ring, Clock: clock, Passwords: passwords})
	b.staff = colleagues
	for name, role := range map[string]staff.Role{"anna": staff.Agent, "carla": staff.Security, "dirk": staff.Security, "lena": staff.Office, "marc": staff.Office, "nora": staff.Readings, "marie": staff.Mandates, "wim": staff.Works} {
		b.seeds[name], err = colleagues.Add(t.Context(), portal.Actor{Kind: portal.System, ID: "test"}, name, name, role, deskPassword)
		require.NoError(t, err)
	}
	deps := lookuptest.Deps(ring, clock, b.store, short, lookuptest.Solved{}, b.store)
	b.gate, b.permits = lookup.NewGate(deps), deps.Permits
	began := b.clock.Now()
	b.doors = doors.New(doors.Deps{Store: b.store, Runner: b.store, Log: common.Log, Wall: clock, Words: desk.Words,
		Ran: func() time.Duration { return b.clock.Now().Sub(began) }})
	handler, err := NewDesk(DeskDeps{Common: common, Staff: colleagues, Doors: b.doors, Desk: desk.New(desk.Deps{Store: b.store, Runner: b.store,
		State: short, Ring: ring, Clock: clock, Log: common.Log, Issuer: registry.NewIssuer(ring, clock, b.store, b.store), Papers: b.store,
		Readings: &indexes.Desk{Ledger: b.store, Runner: b.store, Clock: clock},
		Rectify:  &registry.Rectifications{Ring: ring, Clock: clock, Runner: b.store, Store: b.store},
		Grounds:  &registry.Grounds{Ring: ring, Clock: clock, Runner: b.store, Store: b.store},
		Officer:  b.officer(ring, clock, short, passwords),
		Yard:     b.yard(ring, clock),
		Partners: partner.New(partner.Deps{Store: b.store, Runner: b.store, State: short, Ring: ring, Clock: clock, Passwords: passwords}),
		Watch:    lookup.NewWatch(deps.Permits, b.store, clock, common.Log, nil), Shares: unmeasured{}})})
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b.url = server.URL
	b.fresh()
	return b
}

// fresh is a new browser.
func (b *bureau) fresh() {
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	b.web = &http.Client{Jar: jar}
}

type deskAnswer struct {
	*http.Response
	doc  *goquery.Document
	text string
}

func (b *bureau) read(res *http.Response, err error) deskAnswer {
	b.t.Helper()
	require.NoError(b.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	require.NoError(b.t, err)
	require.Equal(b.t, "no-store", res.Header.Get("Cache-Control"))
	require.Contains(b.t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	return deskAnswer{res, doc, doc.Text()}
}

func (b *bureau) get(path string) deskAnswer { return b.read(b.web.Get(b.url + path)) }

func (b *bureau) post(path string, fields ...string) deskAnswer {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.read(b.web.PostForm(b.url+path, form))
}

func (b *bureau) signIn(name string) deskAnswer {
	b.clock.Pass(time.Minute)
	require.NoError(b.t, b.doors.Beat(b.t.Context()))
	code, err := login.Code(b.seeds[name], b.clock.Now())
	require.NoError(b.t, err)
	return b.post("/fr/desk/sign-in", "login", name, "password", deskPassword.Reveal(), "code", code.Reveal())
}

func (b *bureau) block() {
	for _, wrong := range []keys.Secret{"9991", "9992", "9993"} {
		_, err := b.gate.Open(b.t.Context(), lookup.Claim{Kind: lookup.ByReference, Number: b.known.Reference, Digits: wrong, Form: wrong.Reveal(),
			Source: portal.Token(), Network: portal.Token()})
		require.NoError(b.t, err)
	}
	storetest.Seal(b.t, b.store, b.clock.Now) // the list has it now
}

// TestDeskByHand: sign in, list, find, ground, check, unblock, leave.
func TestDeskByHand(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.block()
	page := b.get("/")
	require.Equal(t, "/fr/desk/sign-in", page.Request.URL.Path)
	page = b.signIn("anna")
	require.Equal(t, "/fr/desk", page.Request.URL.Path)
	require.Contains(t, page.text, "Namur")
	require.Contains(t, page.text, "niveau 1, captcha")

	page = b.post("/fr/desk/find", "reference", "1234")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Equal(t, "true", page.doc.Find("#reference").AttrOr("aria-invalid", ""))
	require.Empty(t, page.doc.Find("#reference").AttrOr("value", ""))
	page = b.post("/fr/desk/find", "reference", registry.FormatReference(b.known.Reference))
	path := page.Request.URL.Path
	require.Regexp(t, `^/fr/desk/case/B-[0-9A-Z]{8}$`, path)
	require.Equal(t, 1, page.doc.Find("#interaction").Length(), "Cd3: why first")

	page = b.post(path+"/check", "answer-moved-in", "01/2024")
	require.Equal(t, 1, page.doc.Find("#interaction").Length(), "T24: no step is skipped")
	page = b.post(path+"/open", "interaction", "", "reason", "")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	page = b.post(path+"/open", "interaction", "I-77", "reason", "")
	require.Equal(t, path, page.Request.URL.Path)
	for _, hidden := range []string{"Claes", "Rue Haute", "5000", b.known.EAN.Masked()} {
		require.NotContains(t, page.text, hidden, "T5")
	}
	require.Zero(t, page.doc.Find(`form[action$="/unblock"]`).Length())
	page = b.post(path+"/unblock", "why", "mistyped")
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	require.Contains(t, page.text, "Il faut d’abord un contrôle")

	page = b.post(path+"/check", "answer-moved-in", "hier", "answer-name", "CLAES")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Equal(t, "hier", page.doc.Find("#answer-moved-in[aria-invalid]").AttrOr("value", ""))
	require.Equal(t, "CLAES", page.doc.Find("#answer-name").AttrOr("value", ""), "what was typed is lost")
	require.Equal(t, 1, page.doc.Find(`[role=alert] a[href="#answer-moved-in"]`).Length())
	page = b.post(path+"/check", "answer-moved-in", "janvier 2024", "answer-name", "CLAES")
	require.Contains(t, page.text, "Contrôle réussi")
	require.Contains(t, page.text, "Rue Haute 1")
	require.Contains(t, page.text, b.known.EAN.Masked())
	require.NotContains(t, page.text, string(b.known.EAN))
	page = b.post(path+"/unblock", "why", "other", "reason", "non")
	require.Equal(t, "non", page.doc.Find("#unblock-reason[aria-invalid]").AttrOr("value", ""), "what was typed is lost")
	require.Equal(t, 1, page.doc.Find(`[role=alert] a[href="#unblock-reason"]`).Length())
	require.Zero(t, page.doc.Find("#replace-reason[aria-invalid]").Length(), "the other form was not sent")
	page = b.post(path+"/unblock", "why", "mistyped", "reason", "")
	require.Equal(t, "/fr/desk", page.Request.URL.Path)
	require.Contains(t, page.text, "La référence est débloquée.")
	require.Contains(t, b.get(path).text, "Ce dossier n’est plus ouvert.", "a page of before leads to the list")
	outcome, err := b.gate.Open(t.Context(), lookup.Claim{Kind: lookup.ByReference, Number: b.known.Reference, Digits: b.known.Digits, Form: "x",
		Source: portal.Token(), Network: portal.Token()})
	require.NoError(t, err)
	require.True(t, outcome.Opened)

	require.Equal(t, "/de/desk", b.get("/de/desk").Request.URL.Path)
	require.Equal(t, http.StatusNotFound, b.get("/nl/desk").StatusCode, "D18")
	page = b.post("/fr/desk/sign-out")
	require.Equal(t, "/fr/desk/sign-in", page.Request.URL.Path)
	require.Equal(t, "/fr/desk/sign-in", b.get("/fr/desk").Request.URL.Path)
	for _, secret := range []string{b.known.Reference.Reveal(), "janvier", "CLAES", deskPassword.Reveal()} {
		require.NotContains(t, b.log.String(), secret, "G12")
	}
}

// TestT23DeskPolicies: every door but the sign-in wants a session, every
// change its own origin, and a role without the right is refused.
func TestT23DeskPolicies(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.block()
	for _, r := range deskRoutes(DeskDeps{}) {
		require.NotEmpty(t, r.Policy.Name, r.Path)
		path := strings.NewReplacer(":lang", "fr", ":id", "B-00000000").Replace(r.Path)
		if r.Method == http.MethodPost {
			req, err := http.NewRequest(http.MethodPost, b.url+path, strings.NewReader("login=anna"))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Sec-Fetch-Site", "cross-site")
			require.Equal(t, http.StatusForbidden, b.read(b.web.Do(req)).StatusCode, "%s from elsewhere", path)
		}
		if r.Policy.Name != "anyone" {
			var page deskAnswer
			if r.Method == http.MethodPost {
				page = b.post(path)
			} else {
				page = b.get(path)
			}
			require.Equal(t, "/fr/desk/sign-in", page.Request.URL.Path, path)
		}
	}
	require.Equal(t, "/fr/desk", b.signIn("carla").Request.URL.Path)
	require.Zero(t, b.get("/fr/desk").doc.Find("#reference").Length())
	require.Equal(t, http.StatusForbidden, b.post("/fr/desk/find", "reference", b.known.Reference.Reveal()).StatusCode)
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/case/B-00000000").StatusCode)
	require.Equal(t, http.StatusForbidden, b.post("/fr/desk/case/B-00000000/unblock", "why", "mistyped").StatusCode)
}

// TestDeskAddressesOfNothing: broken case numbers and cursors are no page.
func TestDeskAddressesOfNothing(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.block()
	b.signIn("anna")
	for _, path := range []string{"/case/B-%00", "/case/B-%ff", "/case/x", "?after=9.%00", "?after=9.%ff", "?after=9", "?after=x.B-7K3M9QXA"} {
		require.Equal(t, http.StatusNotFound, b.get("/fr/desk"+path).StatusCode, path)
	}
	for _, path := range []string{"", "?after=", "?after=9.B-7K3M9QXA", "/case/B-7K3M9QXA"} {
		require.Equal(t, http.StatusOK, b.get("/fr/desk"+path).StatusCode, path)
	}
}

// TestT26SignInPage: the same page for every refusal.
func TestT26SignInPage(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	pages := map[string]string{}
	for name, fields := range map[string][]string{
		"unknown":  {"login", "berta", "password", "wrong horse battery", "code", "000000"},
		"password": {"login", "anna", "password", "correct horse battery", "code", "000000"},
		"nothing":  {"login", "anna"},
	} {
		page := b.post("/fr/desk/sign-in", fields...)
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
		require.Empty(t, page.doc.Find("#password").AttrOr("value", ""))
		require.Empty(t, page.Cookies())
		pages[name] = page.text
	}
	require.Equal(t, pages["unknown"], pages["password"])
	require.Equal(t, pages["unknown"], pages["nothing"])
	page := b.signIn("anna")
	require.Equal(t, http.StatusOK, page.StatusCode)
	first := b.web.Jar.Cookies(must(url.Parse(b.url)))[0].Value
	b.signIn("anna")
	require.NotEqual(t, first, b.web.Jar.Cookies(must(url.Parse(b.url)))[0].Value, "T24: a new session each time")
	b.fresh()
	b.web.Jar.SetCookies(must(url.Parse(b.url)), []*http.Cookie{{Name: deskCookie, Value: first}})
	require.Equal(t, "/fr/desk/sign-in", b.get("/fr/desk").Request.URL.Path, "the former session ended")
}

// TestOfficersDecideOnPartners: who may, what each act leads to, and that every
// reading and change is in the trail (L9, L18, L19).
func TestOfficersDecideOnPartners(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	room := partner.New(partner.Deps{Store: b.store, Runner: b.store, Ring: storetest.Keys(t), Clock: b.clock.Now})
	o, err := room.Ask(t.Context(), partner.Application{Name: "Nordlicht SA", CompanyNumber: "0403170701", Mail: "a@b.example", PrivacyMail: "p@b.example",
		Language: "de", Street: "Quai 1", Postcode: "4000", Town: "Liège", Manager: "Zoé Noël"})
	require.NoError(t, err)
	one := "/fr/desk/partners/" + o.ID
	for _, other := range []string{"anna", "carla", "lena"} {
		b.signIn(other)
		require.Equal(t, http.StatusForbidden, b.get("/fr/desk/partners").StatusCode, other)
		require.Equal(t, http.StatusForbidden, b.get(one).StatusCode, other)
		require.Equal(t, http.StatusForbidden, b.post(one+"/approve").StatusCode, other)
	}
	b.signIn("marie")
	list := b.get("/fr/desk/partners")
	require.Equal(t, one, list.doc.Find("#partners th a").AttrOr("href", ""))
	for _, path := range []string{"/fr/desk/partners/x", "/fr/desk/partners/%00", "/fr/desk/partners/%ff", "/fr/desk/partners?before=9.%00", "/fr/desk/partners?before=x"} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	require.Equal(t, http.StatusNotFound, b.post(one+"/marry").StatusCode)
	wrong := b.post(one+"/refuse", "reason", "non")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Equal(t, "non", wrong.doc.Find("#reason").Text(), "nothing typed is lost")
	done := b.post(one + "/approve")
	require.Equal(t, one+"?done=approve", done.Request.URL.RequestURI())
	require.Contains(t, done.doc.Find("#people").Text(), "Zoé Noël")
	again := b.post(one + "/approve")
	require.Equal(t, http.StatusConflict, again.StatusCode)
	require.Contains(t, b.post(one+"/suspend", "reason", "Enquête en cours.").text, "Enquête en cours.")
	require.Contains(t, b.get("/fr/desk/partners?of=suspended").text, "Nordlicht SA")
	resumed := b.post(one+"/resume", "reason", "Enquête close.")
	for _, told := range []string{"Accès demandé", "Admis", "Suspendu", "Suspension levée", "Dossier lu"} {
		require.Contains(t, resumed.doc.Find("#history").Text(), told)
	}
	entries, err := b.store.Entries(t.Context(), partner.Subject(o.ID), 50, time.Time{}, "")
	require.NoError(t, err)
	for _, e := range entries[:len(entries)-1] {
		require.Equal(t, portal.Actor{Kind: portal.Staff, ID: "marie"}, e.Actor, e.Action)
	}

	// L10: who says to be a supplier is compared with the list first.
	o, err = room.Ask(t.Context(), partner.Application{Name: "Vent du Nord SA", CompanyNumber: "0417497106", Mail: "a@b.example", PrivacyMail: "p@b.example",
		Language: "fr", Street: "Quai 1", Postcode: "4000", Town: "Liège", Manager: "Jean Dupont", Supplier: "VENT-DU-NORD"})
	require.NoError(t, err)
	one = "/fr/desk/partners/" + o.ID
	unchecked := b.post(one + "/approve")
	require.Equal(t, http.StatusUnprocessableEntity, unchecked.StatusCode)
	require.Contains(t, unchecked.doc.Find("#compared").Text(), "VENT-DU-NORD")
	require.Contains(t, unchecked.doc.Find("#compared-error").Text(), "cochez la case")
	require.Equal(t, one+"?done=approve", b.post(one+"/approve", "compared", "yes").Request.URL.RequestURI())

	// And so is a code that is written afterwards; an officer takes it back, too.
	for field, form := range map[string][]string{
		"supplier_code":     {"supplier_code", "zwei Wörter", "supplier_compared", "yes", "supplier_reason", "Liste de novembre"},
		"supplier_compared": {"supplier_code", "VENT-2", "supplier_reason", "Liste de novembre"},
		"supplier_reason":   {"supplier_code", "VENT-2", "supplier_compared", "yes", "supplier_reason", "x"},
	} {
		wrong := b.post(one+"/supplier", form...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode, field)
		require.NotEmpty(t, wrong.doc.Find("#"+field+"-error").Text(), field)
		require.Equal(t, form[1], wrong.doc.Find("#supplier_code").AttrOr("value", ""), "nothing typed is lost")
		require.Equal(t, 1, wrong.doc.Find("[role=alert] a[href='#"+field+"']").Length(), field)
	}
	for _, code := range []string{"VENT-2", ""} {
		changed := b.post(one+"/supplier", "supplier_code", code, "supplier_compared", "yes", "supplier_reason", "Liste de novembre")
		require.Equal(t, one+"?done=supplier", changed.Request.URL.RequestURI())
		require.Equal(t, code, changed.doc.Find("#supplier_code").AttrOr("value", ""))
	}
	require.EqualValues(t, 2, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'partner.supplier' AND subject = $1`, partner.Subject(o.ID)))
}

func must(u *url.URL, _ error) *url.URL { return u }
