package staff_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"guichet/e2e/provider"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/state"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// company is the house whose staff sign in at a provider.
type company struct {
	*house
	provider *provider.Provider
	source   string // of the next sign-in
}

// atTheCompany runs a test on each database, with an agent, anna, who has a
// password, and bert, who has none.
func atTheCompany(t *testing.T, test func(t *testing.T, c *company)) {
	everywhere(t, func(t *testing.T, h *house) {
		const back = "http://127.0.0.1:8081/oidc/callback"
		c := &company{house: h, provider: provider.New(t, back), source: "peer"}
		h.now = time.Now().Truncate(time.Microsecond) // tokens are made by the provider's clock
		h.OIDC = login.NewOIDC(login.OIDCSettings{Issuer: c.provider.Issuer, ClientID: provider.ClientID, Secret: provider.Secret,
			RoleClaim: "guichet_role", Back: back}, h.state, h.Ring, h.clock)
		require.NoError(t, h.AddWithoutPassword(t.Context(), console, "bert", "Bert Maes", staff.Agent))
		test(t, c)
	})
}

// signIn goes to the provider and back as somebody.
func (c *company) signIn(t *testing.T, name, role string, former keys.Secret) (keys.Secret, error) {
	t.Helper()
	d, err := c.Depart(t.Context(), portal.French, former)
	require.NoError(t, err)
	q := c.provider.Visit(t, d.URL, name, role).Query()
	token, lang, err := c.Arrive(t.Context(), login.Return{State: keys.Secret(q.Get("state")), Code: keys.Secret(q.Get("code")), Browser: d.Browser}, c.source)
	require.Equal(t, portal.French, lang)
	return token, err
}

// traced gives what the trail says of tries from the present source.
func (c *company) traced(t *testing.T) (lines []string) {
	for _, e := range storetest.Waiting(t, c.store) {
		if d := audit.ParseDetails(e.Text); d["source"] == c.source {
			lines = append(lines, fmt.Sprintf("%s %s why=%s", e.Action, e.Actor.Kind, d["why"]))
		}
	}
	return lines
}

// TestT26ProviderSignsIn whoever has a live account of the named role, with a
// password here or without, and each session is as any other.
func TestT26ProviderSignsIn(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		for _, name := range []string{"anna", "bert"} {
			token, err := c.signIn(t, name, "agent", "")
			require.NoError(t, err)
			m, err := c.Resume(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, name, m.Login)
			c.wait(login.IdleLife)
			_, err = c.Resume(t.Context(), token)
			require.Equal(t, portal.SignedOut, portal.CodeOf(err), "T24: fifteen idle minutes")
			c.wait(-login.IdleLife)
		}
		require.ElementsMatch(t, []string{"staff.added", "staff.signed-in"}, c.told(t))
	})
}

// TestT26ProviderRefusals: whom the provider proves is not yet let in. One
// answer, and a trail that tells them apart (L19); the provider adds nobody (L9).
func TestT26ProviderRefusals(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		require.NoError(t, c.AddWithoutPassword(t.Context(), console, "gone", "Gone Away", staff.Agent))
		require.NoError(t, c.End(t.Context(), console, "gone"))
		require.NoError(t, c.AddWithoutPassword(t.Context(), console, "karl", "Karl Franck", staff.Agent))
		for _, w := range []struct{ name, login, role, why string }{
			{"unknown login", "zoe", "agent", "oidc-unknown"},
			{"not a login", "Anna Klein", "agent", "oidc-unknown"},
			{"another spelling", "ANNA", "agent", "oidc-unknown"},
			{"a sign that folds to a letter", "\u212Aarl", "agent", "oidc-unknown"}, // the Kelvin sign
			{"a mail address", "anna@elsewhere.example", "agent", "oidc-unknown"},
			{"ended account", "gone", "agent", "oidc-unknown"},
			{"other role", "anna", "security", "oidc-role"},
			{"no role", "anna", "", "oidc-role"},
			{"a role in other letters", "anna", "Agent", "oidc-role"},
		} {
			t.Run(w.name, func(t *testing.T) {
				c.source = w.name
				token, err := c.signIn(t, w.login, w.role, "")
				require.Empty(t, token)
				var e *portal.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, portal.Error{Code: portal.Invalid, Key: "sign-in"}, portal.Error{Code: e.Code, Key: e.Key, Field: e.Field, Args: e.Args})
				require.Equal(t, []string{"staff.refused visitor why=" + w.why}, c.traced(t))
			})
		}
		members, err := c.List(t.Context())
		require.NoError(t, err)
		require.Len(t, members, 4, "anna, bert, karl and the one who left")
	})
}

// TestT26LocalRefusedWhereProviderIsSet: whatever is typed, right or wrong, gets
// the same answer; nothing is looked up, compared or counted.
func TestT26LocalRefusedWhereProviderIsSet(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		first, err := c.Passwords.Turn(t.Context()) // both places at the hashing are taken:
		require.NoError(t, err)
		second, err := c.Passwords.Turn(t.Context()) // whoever compares waits for ever
		require.NoError(t, err)
		defer first.End()
		defer second.End()
		c.Deps.Store = brokenStore{c.Deps.Store}                      // and whoever looks up fails
		soon, end := context.WithTimeout(t.Context(), 10*time.Second) // for who should wait after all
		defer end()
		for range 2 * login.FreeFailures {
			for _, typed := range []struct {
				login          string
				password, code keys.Secret
			}{{"anna", password, c.code(t)}, {"anna", "wrong horse battery", "000000"}, {"bert", "", ""}, {"zoe", password, "123456"}, {"", "", ""}} {
				_, err := c.SignIn(soon, typed.login, typed.password, typed.code, "peer")
				require.EqualError(t, err, "invalid: sign-in")
			}
		}
		require.Equal(t, []string{"staff.added"}, c.told(t), "nothing about anna: her name was not read")
		all := storetest.Waiting(t, c.store)
		local := 0
		for _, entry := range all {
			require.NotContains(t, entry.Text, "anna")
			if bytes.Contains([]byte(entry.Text), []byte("why=oidc-local")) {
				local++
			}
		}
		require.Equal(t, 10*login.FreeFailures, local, "each is traced")
	})
}

// TestT26NoPasswordIsNoPassword: an account without one is opened by nothing
// here, the empty password included, should the provider be taken away.
func TestT26NoPasswordIsNoPassword(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		c.OIDC = nil
		require.False(t, c.External())
		for _, typed := range []keys.Secret{"", " ", password, "bert"} {
			_, err := c.SignIn(t.Context(), "bert", typed, "000000", "peer")
			require.EqualError(t, err, "invalid: sign-in")
		}
		wrong := "staff.refused visitor why=password"
		require.Equal(t, []string{wrong, wrong, wrong, wrong}, c.traced(t), "no password was the right one")
		_, err := c.Depart(t.Context(), portal.French, "")
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
		_, _, err = c.Arrive(t.Context(), login.Return{State: "x"}, "peer")
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
		_, err = c.SignIn(t.Context(), "anna", password, c.code(t), "peer")
		require.NoError(t, err)
	})
}

// TestT24FormerSessionEnds: one browser, one colleague, also through the
// provider, and only once the new session is open.
func TestT24FormerSessionEnds(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		former, err := c.signIn(t, "anna", "agent", "")
		require.NoError(t, err)
		_, err = c.signIn(t, "zoe", "agent", former)
		require.Error(t, err)
		_, err = c.Resume(t.Context(), former)
		require.NoError(t, err, "a refusal ends nothing")
		token, err := c.signIn(t, "bert", "agent", former)
		require.NoError(t, err)
		_, err = c.Resume(t.Context(), former)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))
		m, err := c.Resume(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, "bert", m.Login)
		require.ElementsMatch(t, []string{"staff.added", "staff.signed-in", "staff.left"}, c.told(t))

		require.NoError(t, c.End(t.Context(), console, "bert"))
		_, err = c.Resume(t.Context(), token)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err), "the account ended")
	})
}

// TestT26ProviderDownLetsNobodyIn, and says whose fault it is.
func TestT26ProviderDownLetsNobodyIn(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		c.provider.Change(func(p *provider.Provider) { p.Down = "/" })
		_, err := c.Depart(t.Context(), portal.French, "")
		var e *portal.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "sign-in.provider", e.Key)
		_, err = c.SignIn(t.Context(), "anna", password, c.code(t), "peer")
		require.EqualError(t, err, "invalid: sign-in", "local accounts stay refused")
	})
}

// TestOIDCSignInFailsShut where account or session cannot be read or kept.
func TestOIDCSignInFailsShut(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		whole := c.Deps
		c.Deps.Store = brokenStore{whole.Store}
		_, err := c.signIn(t, "anna", "agent", "")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		c.Deps = whole
		c.Deps.State = state.NewMemory(c.clock, 0)
		_, err = c.signIn(t, "anna", "agent", "")
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	})
}

// TestG12NoProviderSecretInTheTrail searches all entries, and the state's keys.
func TestG12NoProviderSecretInTheTrail(t *testing.T) {
	atTheCompany(t, func(t *testing.T, c *company) {
		d, err := c.Depart(t.Context(), portal.French, "")
		require.NoError(t, err)
		sent, err := url.Parse(d.URL)
		require.NoError(t, err)
		q := c.provider.Visit(t, d.URL, "anna", "agent").Query()
		token, _, err := c.Arrive(t.Context(), login.Return{State: keys.Secret(q.Get("state")), Code: keys.Secret(q.Get("code")), Browser: d.Browser}, "peer")
		require.NoError(t, err)
		_, err = c.SignIn(t.Context(), password.Reveal(), password, "123456", "peer")
		require.Error(t, err)
		all := storetest.Waiting(t, c.store)
		var b bytes.Buffer
		for _, e := range all {
			fmt.Fprintln(&b, e.Entry, e.Text, e.Subject)
		}
		for _, secret := range []string{q.Get("state"), q.Get("code"), sent.Query().Get("nonce"), d.Browser.Reveal(), token.Reveal(),
			password.Reveal(), provider.Secret} {
			require.NotEmpty(t, secret)
			require.NotContains(t, b.String(), secret)
		}
	})
}
