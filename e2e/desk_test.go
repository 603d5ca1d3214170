package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// signIn fills the desk's door; at is the time of the one-time code.
func signIn(t *testing.T, p *rig.Portal, c rig.Colleague, at time.Time) (*visitor.Visitor, *visitor.Page) {
	t.Helper()
	v := visitor.AtDesk(t, p)
	action, form := v.Open(t, "/fr/desk/sign-in").Form(t, `form:has(input[name="password"])`)
	code, err := totp.GenerateCode(c.OTPSecret, at)
	require.NoError(t, err)
	form.Set("login", c.Login)
	form.Set("password", c.Password)
	form.Set("code", code)
	return v, v.Post(t, action, form)
}

// waitedOut waits until a colleague's last failure refuses no sign-in any more.
func waitedOut(t *testing.T, p *rig.Portal, login string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return rig.SQL(t, p.File(), fmt.Sprintf(`SELECT count(*) FROM staff WHERE login = '%s' AND failed_us > %d`,
			login, time.Now().Add(-2*time.Second).UnixMicro())) == "0"
	}, patience, tick)
}

// atWork is a colleague who is signed in.
func atWork(t *testing.T, p *rig.Portal, role string) *visitor.Visitor {
	t.Helper()
	v, answer := signIn(t, p, p.Colleague(t, role), time.Now())
	require.Equal(t, http.StatusSeeOther, answer.Status, "%s", answer.Text())
	require.Equal(t, "/fr/desk", answer.Header.Get("Location"))
	return v
}

// openCase finds the case of a reference that a caller reads out and gives a
// ground for opening it.
func openCase(t *testing.T, v *visitor.Visitor, r rig.Reference) *visitor.Page {
	t.Helper()
	action, form := v.Open(t, "/fr/desk").Form(t, `form[action$="/desk/find"]`)
	form.Set("reference", r.Reference)
	ground := v.Follow(t, v.Post(t, action, form))
	action, form = ground.Form(t, `form[action$="/open"]`)
	form.Set("interaction", "A1234")
	return v.Follow(t, v.Post(t, action, form))
}

// caller knows what the register knows of them.
func caller(t *testing.T, p *rig.Portal, r rig.Reference) map[string]string {
	t.Helper()
	ask := func(column string) string {
		return rig.SQL(t, p.File(), fmt.Sprintf(`SELECT %s FROM occupancies o JOIN access_points a ON a.ean = o.ean
			WHERE o.ean = '%s' AND o.from_us <= %[3]d AND (o.to_us = 0 OR o.to_us > %[3]d)`, column, r.EAN, time.Now().UnixMicro()))
	}
	us, err := strconv.ParseInt(ask("o.from_us"), 10, 64)
	require.NoError(t, err)
	other := rig.SQL(t, p.File(), fmt.Sprintf(`SELECT b.energy FROM access_points a JOIN access_points b
		ON b.street = a.street AND b.postcode = a.postcode AND b.ean <> a.ean AND b.energy <> a.energy WHERE a.ean = '%s' LIMIT 1`, r.EAN))
	return map[string]string{
		"answer-moved-in":        time.UnixMicro(us).In(brussels).Format("01/2006"),
		"answer-name":            ask("o.name"),
		"answer-mailing-address": ask("o.postcode || ' ' || o.street"),
		"answer-other-energy":    map[string]string{"": "aucune", "gas": "gaz", "electricity": "électricité"}[other],
	}
}

// check asks the caller what the page says and types what they answer.
func check(t *testing.T, v *visitor.Visitor, page *visitor.Page, answers map[string]string) *visitor.Page {
	t.Helper()
	action, form := page.Form(t, `form[action$="/check"]`)
	typed := 0
	// One of two must be an answer that few know: when the caller moved in.
	for _, name := range []string{"answer-moved-in", "answer-name", "answer-mailing-address", "answer-other-energy"} {
		if answer := answers[name]; answer != "" && form.Has(name) && typed < 2 {
			form.Set(name, answer)
			typed++
		}
	}
	require.Equal(t, 2, typed, "the page asks too little: %v", form)
	return v.Follow(t, v.Post(t, action, form))
}

// Must-show 3: three wrong digits from three browsers block a reference; then
// the right digits get the answer of an unknown reference, byte for byte, also
// after a power cut; an agent unlocks; the owner is in; the trail verifies.
func TestBlockedAndUnlocked(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	r := p.Take(t)
	for n := 1; n <= 3; n++ {
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	likeUnknown := func() {
		t.Helper()
		for _, lang := range languages {
			answer := func(who rig.Reference) string {
				v := visitor.Public(t, p)
				v.Lang = lang
				a := v.Guess(t, who.Reference, who.Digits)
				a.MustRefuse(t)
				return a.Fingerprint()
			}
			require.Equal(t, answer(unknown()), answer(r))
		}
	}
	likeUnknown()
	p.Scrape(t)
	p.Kill()
	p.Restart(t)
	likeUnknown()

	agent := atWork(t, p, "agent")
	page := openCase(t, agent, r)
	knows := caller(t, p, r)
	for what, secret := range map[string]string{"EAN": r.EAN, "reference": r.Reference, "name": knows["answer-name"]} {
		require.NotContains(t, page.Text(), secret, "the %s stands there before the caller check", what)
	}
	require.Zero(t, page.Find(`form[action$="/unblock"] button:not([disabled])`).Length(), "unlocking is offered before the caller check")
	early := agent.Post(t, strings.TrimSuffix(page.Path, "/")+"/unblock", url.Values{"why": {"mistyped"}})
	require.NotEqual(t, http.StatusSeeOther, early.Status, "unlocked without a caller check")
	closed(t, p, r)

	page = check(t, agent, page, knows)
	action, form := page.Form(t, `form[action$="/unblock"]`)
	form.Set("why", "mistyped")
	agent.Follow(t, agent.Post(t, action, form))
	visitor.Public(t, p).MustEnter(t, r)
	for n := 11; n <= 12; n++ { // and all three tries are back, for everybody
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	visitor.Public(t, p).MustEnter(t, r)
	require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'reference.unblocked' AND channel = 'desk'`))
	p.Scrape(t)
	verified(t, p)
}

// The desk's own doors.
func TestDesk(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	t.Run("T26 one answer for every wrong sign-in", func(t *testing.T) {
		right := p.Colleague(t, "agent")
		var first string
		for _, change := range []func(*rig.Colleague){
			func(c *rig.Colleague) { c.Password += "x" },
			func(c *rig.Colleague) { c.Login = "nobody." + c.Login },
			func(c *rig.Colleague) { c.OTPSecret = "JBSWY3DPEHPK3PXP" },
		} {
			c := right
			change(&c)
			_, answer := signIn(t, p, c, time.Now())
			require.Equal(t, http.StatusUnprocessableEntity, answer.Status, "%s", answer.Text())
			said := answer.Find(`[role="alert"]`).Text()
			require.NotEmpty(t, said)
			if first == "" {
				first = said
			}
			require.Equal(t, first, said)
			waitedOut(t, p, right.Login)
		}
	})
	t.Run("T26 a one-time code works once", func(t *testing.T) {
		now := time.Now()
		_, answer := signIn(t, p, p.Colleague(t, "agent"), now)
		require.Equal(t, http.StatusSeeOther, answer.Status, "%s", answer.Text())
		_, answer = signIn(t, p, p.Colleague(t, "agent"), now)
		require.NotEqual(t, http.StatusSeeOther, answer.Status, "the same code let somebody in again")
	})
	t.Run("T26 the desk is not on the public listener, nor the visit at the desk", func(t *testing.T) {
		v := visitor.Public(t, p)
		v.MustEnter(t, p.Take(t))
		for _, path := range []string{"/fr/desk", "/fr/desk/sign-in", "/healthz", "/metrics", "/gallery"} {
			require.Equal(t, http.StatusNotFound, v.Get(t, path).Status, path)
		}
		at := visitor.AtDesk(t, p)
		at.SetCookie("guichet-desk", v.Cookie("guichet-visit"))
		for _, path := range []string{"/fr/desk", "/fr/desk/case/x"} {
			answer := at.Get(t, path)
			require.Equal(t, http.StatusSeeOther, answer.Status, path)
			require.Equal(t, "/fr/desk/sign-in", answer.Header.Get("Location"))
		}
		require.Equal(t, http.StatusNotFound, at.Get(t, "/fr/lookup").Status)
		require.Equal(t, http.StatusNotFound, at.Get(t, "/metrics").Status)
	})
	t.Run("out after signing out", func(t *testing.T) {
		c := p.Colleague(t, "agent")
		v, answer := signIn(t, p, c, time.Now().Add(30*time.Second))
		page := v.Follow(t, answer)
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
		session := v.Cookie("guichet-desk")
		action, form := page.Form(t, `form[action$="/sign-out"]`)
		v.Post(t, action, form)
		v.SetCookie("guichet-desk", session)
		require.Equal(t, http.StatusSeeOther, v.Get(t, "/fr/desk").Status, "the session outlived its end")
	})
}
