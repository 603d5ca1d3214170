package login_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/e2e/provider"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/state"

	"github.com/stretchr/testify/require"
)

const back = "http://127.0.0.1:8081/oidc/callback"

// house is the sign-in before a real provider, with a clock that tests move.
type house struct {
	*login.OIDC
	provider *provider.Provider
	ways     *kept
	mu       sync.Mutex
	off      time.Duration
}

// kept remembers all that was ever written to the state, and keeps it longer
// than it was asked to: another machine's clock may be slow.
type kept struct {
	*state.Memory
	all  []string
	ttls []time.Duration
}

func (k *kept) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	k.all, k.ttls = append(k.all, key), append(k.ttls, ttl)
	return k.Memory.Set(ctx, key, value, ttl+time.Hour)
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return time.Now().Add(h.off) }
func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.off += d
}

func newHouse(t *testing.T) *house {
	h := &house{provider: provider.New(t, back)}
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	h.ways = &kept{Memory: state.NewMemory(h.clock, 1000)}
	h.OIDC = login.NewOIDC(login.OIDCSettings{Issuer: h.provider.Issuer, ClientID: provider.ClientID, Secret: provider.Secret,
		RoleClaim: "guichet_role", Back: back}, h.ways, ring, h.clock)
	return h
}

// depart begins a way in a new browser.
func (h *house) depart(t *testing.T) login.Departure {
	t.Helper()
	d, err := h.Depart(t.Context(), login.Way{Language: portal.German, Former: "former"})
	require.NoError(t, err)
	return d
}

// through goes there as somebody and gives what comes back.
func (h *house) through(t *testing.T, d login.Departure, name, role string) login.Return {
	t.Helper()
	q := h.provider.Visit(t, d.URL, name, role).Query()
	return login.Return{State: keys.Secret(q.Get("state")), Code: keys.Secret(q.Get("code")), Browser: d.Browser}
}

func (h *house) arrive(t *testing.T, r login.Return) login.Arrival {
	t.Helper()
	a, err := h.Arrive(t.Context(), r)
	require.NoError(t, err)
	return a
}

// TestT26ProviderProves: there and back, with what was remembered, PKCE and
// nothing of the secrets in an address or a key.
func TestT26ProviderProves(t *testing.T) {
	h := newHouse(t)
	d := h.depart(t)
	sent, err := url.Parse(d.URL)
	require.NoError(t, err)
	q := sent.Query()
	require.Equal(t, "S256", q.Get("code_challenge_method"))
	require.Equal(t, back, q.Get("redirect_uri"))
	require.Equal(t, "code", q.Get("response_type"))
	require.NotEmpty(t, q.Get("nonce"))
	require.NotContains(t, d.URL, d.Browser.Reveal())
	require.Equal(t, []time.Duration{10 * time.Minute}, h.ways.ttls)
	require.NotContains(t, h.ways.all[0], q.Get("state"), "G12: a state opens something; keys hold its hash")

	a := h.arrive(t, h.through(t, d, "anna", "agent"))
	require.Empty(t, a.Why, a.Cause)
	require.Equal(t, "anna", a.Login)
	require.Equal(t, "agent", a.Role)
	require.Equal(t, login.Way{Language: portal.German, Former: "former"}, a.Way)
}

// TestT26ChallengeIsTheVerifiersHash: the code is bound to a verifier that only
// the state knows.
func TestT26ChallengeIsTheVerifiersHash(t *testing.T) {
	h := newHouse(t)
	d := h.depart(t)
	sent, err := url.Parse(d.URL)
	require.NoError(t, err)
	value, ok, err := h.ways.Get(t.Context(), h.ways.all[0])
	require.NoError(t, err)
	require.True(t, ok)
	var way struct{ Verifier, Nonce string }
	require.NoError(t, json.Unmarshal(value, &way))
	sum := sha256.Sum256([]byte(way.Verifier))
	require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:]), sent.Query().Get("code_challenge"))
	require.Equal(t, way.Nonce, sent.Query().Get("nonce"))
}

// TestT26TokensRefused is the table of ID tokens that prove nothing, each from
// a real exchange.
func TestT26TokensRefused(t *testing.T) {
	h := newHouse(t)
	others, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	resigned := func(change func(claims map[string]any)) func(string) string {
		return func(token string) string {
			claims, err := provider.Claims(token)
			require.NoError(t, err)
			change(claims)
			token, err = provider.SignWith(others, provider.KeyID, claims)
			require.NoError(t, err)
			return token
		}
	}
	for _, c := range []struct {
		name  string
		why   string
		twist func(claims map[string]any)
		raw   func(token string) string
	}{
		{"wrong audience", login.TokenRefused, func(c map[string]any) { c["aud"] = "another" }, nil},
		{"among audiences, for another party", login.TokenRefused, func(c map[string]any) { c["aud"], c["azp"] = []string{"guichet", "another"}, "another" }, nil},
		{"among audiences, for no party", login.TokenRefused, func(c map[string]any) {
			c["aud"] = []string{"guichet", "another"}
			delete(c, "azp")
		}, nil},
		{"for another party", login.TokenRefused, func(c map[string]any) { c["azp"] = "another" }, nil},
		{"no audience", login.TokenRefused, func(c map[string]any) { delete(c, "aud") }, nil},
		{"wrong issuer", login.TokenRefused, func(c map[string]any) { c["iss"] = "https://elsewhere.example" }, nil},
		{"expired", login.TokenRefused, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Second).Unix() }, nil},
		{"no expiry", login.TokenRefused, func(c map[string]any) { delete(c, "exp") }, nil},
		{"not yet", login.TokenRefused, func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }, nil},
		{"wrong nonce", login.NonceWrong, func(c map[string]any) { c["nonce"] = "another" }, nil},
		{"no nonce", login.NonceWrong, func(c map[string]any) { delete(c, "nonce") }, nil},
		{"no login", login.NameMissing, func(c map[string]any) { delete(c, "preferred_username"); c["email"] = "anna@operator.example" }, nil},
		{"a login that is no text", login.NameMissing, func(c map[string]any) { c["preferred_username"] = []string{"anna"} }, nil},
		{"no token", login.TokenRefused, nil, func(string) string { return "" }},
		{"no JWT", login.TokenRefused, nil, func(string) string { return "anna" }},
		{"unsigned", login.TokenRefused, nil, func(token string) string {
			return part(`{"alg":"none","typ":"JWT"}`) + "." + strings.Split(token, ".")[1] + "."
		}},
		{"signature cut off", login.TokenRefused, nil, func(token string) string { return token[:strings.LastIndex(token, ".")+1] }},
		{"signed with the client's secret", login.TokenRefused, nil, func(token string) string {
			body := part(`{"alg":"HS256","kid":"`+provider.KeyID+`"}`) + "." + strings.Split(token, ".")[1]
			mac := hmac.New(sha256.New, []byte(provider.Secret))
			mac.Write([]byte(body))
			return body + "." + part(string(mac.Sum(nil)))
		}},
		{"signed with another's key", login.TokenRefused, nil, resigned(func(map[string]any) {})},
		{"changed after signing", login.TokenRefused, nil, func(token string) string {
			p := strings.Split(token, ".")
			text, err := base64.RawURLEncoding.DecodeString(p[1])
			require.NoError(t, err)
			return p[0] + "." + part(strings.ReplaceAll(string(text), "anna", "carl")) + "." + p[2]
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.provider.Change(func(p *provider.Provider) { p.Twist, p.Raw = c.twist, c.raw })
			a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
			require.Equal(t, c.why, a.Why, "%v", a.Cause)
			if c.name == "unsigned" || c.name == "signed with the client's secret" {
				require.ErrorContains(t, a.Cause, "unexpected signature algorithm", "refused before any key is tried")
			}
			require.Empty(t, a.Login)
			require.Equal(t, portal.German, a.Language, "a refusal is said in the language of the departure")
		})
	}
	h.provider.Change(func(p *provider.Provider) { p.Twist, p.Raw = func(map[string]any) {}, nil })
	a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
	require.Empty(t, a.Why, "a token signed anew and not changed is right: %v", a.Cause)
}

// TestT26RoleClaim: one role, as a text or alone in a list.
func TestT26RoleClaim(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		claim any
		role  string
	}{
		{"agent", "agent"}, {[]string{"agent"}, "agent"}, {[]string{"agent", "security"}, ""}, {[]string{}, ""},
		{nil, ""}, {7, ""}, {map[string]any{"agent": true}, ""}, {[]any{7}, ""},
	} {
		h.provider.Change(func(p *provider.Provider) {
			p.Twist = func(claims map[string]any) { claims["guichet_role"] = c.claim }
		})
		a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
		require.Empty(t, a.Why)
		require.Equal(t, c.role, a.Role, fmt.Sprint(c.claim))
	}
}

// TestT26WaysRefused: what comes back must be what was sent, once, in time, to
// the browser that left.
func TestT26WaysRefused(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name   string
		why    string
		change func(t *testing.T, r *login.Return)
	}{
		{"no state", login.NotOurState, func(_ *testing.T, r *login.Return) { r.State = "" }},
		{"a state never given", login.NotOurState, func(_ *testing.T, r *login.Return) { r.State += "x" }},
		{"a replayed state", login.NotOurState, func(t *testing.T, r *login.Return) { require.Empty(t, h.arrive(t, *r).Why) }},
		{"a state used up by a wrong try", login.NotOurState, func(t *testing.T, r *login.Return) {
			wrong := *r
			wrong.Browser = "another"
			require.Equal(t, login.NotTheirs, h.arrive(t, wrong).Why)
		}},
		{"a state too old", login.NotOurState, func(t *testing.T, _ *login.Return) {
			h.wait(login.WayLife)
			t.Cleanup(func() { h.wait(-login.WayLife) })
		}},
		{"another browser's state", login.NotTheirs, func(t *testing.T, r *login.Return) { r.Browser = h.depart(t).Browser }},
		{"no browser", login.NotTheirs, func(_ *testing.T, r *login.Return) { r.Browser = "" }},
		{"the provider says no", login.SaidNo, func(_ *testing.T, r *login.Return) { r.Error = "access_denied" }},
		{"another issuer's answer", login.SaidNo, func(_ *testing.T, r *login.Return) { r.Issuer = "https://elsewhere.example" }},
		{"no code", login.SaidNo, func(_ *testing.T, r *login.Return) { r.Code = "" }},
		{"a code never given", login.CodeRefused, func(_ *testing.T, r *login.Return) { r.Code = "abc" }},
		{"a replayed code", login.CodeRefused, func(t *testing.T, r *login.Return) {
			require.Empty(t, h.arrive(t, *r).Why)
			d := h.depart(t)
			q, err := url.Parse(d.URL)
			require.NoError(t, err)
			r.State, r.Browser = keys.Secret(q.Query().Get("state")), d.Browser
		}},
		{"a code stolen from another way", login.CodeRefused, func(t *testing.T, r *login.Return) {
			d := h.depart(t)
			q, err := url.Parse(d.URL)
			require.NoError(t, err)
			r.State, r.Browser = keys.Secret(q.Query().Get("state")), d.Browser // PKCE: another verifier
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := h.through(t, h.depart(t), "anna", "agent")
			c.change(t, &r)
			a := h.arrive(t, r)
			require.Equal(t, c.why, a.Why, "%v", a.Cause)
			require.Empty(t, a.Login)
		})
	}
}

// TestT26StateOnceForManyAtOnce: one return sent ten times at once is one.
func TestT26StateOnceForManyAtOnce(t *testing.T) {
	h := newHouse(t)
	r := h.through(t, h.depart(t), "anna", "agent")
	var wg sync.WaitGroup
	var mu sync.Mutex
	whys := map[string]int{}
	for range 10 {
		wg.Go(func() {
			a, err := h.Arrive(context.Background(), r)
			mu.Lock()
			defer mu.Unlock()
			whys[fmt.Sprint(a.Why, err)]++
		})
	}
	wg.Wait()
	require.Equal(t, map[string]int{"<nil>": 1, login.NotOurState + "<nil>": 9}, whys)
}

// TestT26TokenIsReadWithOurClock: a token that was right when it was made is
// over once our clock says so.
func TestT26TokenIsReadWithOurClock(t *testing.T) {
	h := newHouse(t)
	h.wait(6 * time.Minute) // tokens live five
	a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
	require.Equal(t, login.TokenRefused, a.Why)
	require.ErrorContains(t, a.Cause, "expired")
}

// TestT26ProviderDown: nobody is let in and nobody is told that they are wrong,
// whichever part of the provider does not answer; it is asked again.
func TestT26ProviderDown(t *testing.T) {
	for _, path := range []string{"/.well-known", "/oauth/token", "/keys"} {
		t.Run(path, func(t *testing.T) {
			h := newHouse(t)
			h.provider.Change(func(p *provider.Provider) { p.Down = path })
			d, err := h.Depart(t.Context(), login.Way{})
			if path != "/.well-known" {
				require.NoError(t, err)
				_, err = h.Arrive(t.Context(), h.through(t, d, "anna", "agent"))
			}
			var e *portal.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, portal.Unavailable, e.Code)
			require.Equal(t, "sign-in.provider", e.Key)
			h.provider.Change(func(p *provider.Provider) { p.Down = "" })
			require.Empty(t, h.arrive(t, h.through(t, h.depart(t), "anna", "agent")).Why)
		})
	}
}

// TestT26ProviderDescribesItself: who names another issuer, or would have codes
// and secrets sent in clear, is no provider.
func TestT26ProviderDescribesItself(t *testing.T) {
	for name, change := range map[string]func(document map[string]any){
		"another issuer":           func(d map[string]any) { d["issuer"] = "https://elsewhere.example" },
		"sign-in in clear":         func(d map[string]any) { d["authorization_endpoint"] = "http://login.example/authorize" },
		"secret and code in clear": func(d map[string]any) { d["token_endpoint"] = "http://login.example/token" },
		"keys in clear":            func(d map[string]any) { d["jwks_uri"] = "http://login.example/keys" },
		"no keys":                  func(d map[string]any) { delete(d, "jwks_uri") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.provider.Change(func(p *provider.Provider) { p.Describe = change })
			_, err := h.Depart(t.Context(), login.Way{})
			require.Equal(t, portal.Unavailable, portal.CodeOf(err), "%v", err)
			require.Empty(t, h.ways.all)
		})
	}
	h := newHouse(t)
	h.provider.Change(func(p *provider.Provider) {
		p.Describe = func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"none", "HS256"} }
		p.Raw = func(token string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(token, ".")[1] + "."
		}
	})
	require.Equal(t, login.TokenRefused, h.arrive(t, h.through(t, h.depart(t), "anna", "agent")).Why, "it does not choose the algorithm")
}

// TestSecretGoesWhereTheProviderTakesIt: in the head, or in the form of one
// that takes it there alone; the code is spent once either way.
func TestSecretGoesWhereTheProviderTakesIt(t *testing.T) {
	for _, c := range []struct {
		methods []string
		spent   string
	}{
		{nil, "/oauth/token basic"}, {[]string{"client_secret_post"}, "/oauth/token"},
		{[]string{"client_secret_basic", "client_secret_post"}, "/oauth/token basic"},
	} {
		h := newHouse(t)
		h.provider.Change(func(p *provider.Provider) {
			p.Describe = func(d map[string]any) { d["token_endpoint_auth_methods_supported"] = c.methods }
		})
		a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
		require.Empty(t, a.Why, "%v: %v", c.methods, a.Cause)
		var spent []string
		for _, what := range h.provider.Asked() {
			if strings.HasPrefix(what, "/oauth/token") {
				spent = append(spent, what)
			}
		}
		require.Equal(t, []string{c.spent}, spent)
	}
}

// TestT26SecretWrong: a client's secret that the provider does not know is a
// refusal, not an open door.
func TestT26SecretWrong(t *testing.T) {
	h := newHouse(t)
	h.OIDC.Secret = "another"
	a := h.arrive(t, h.through(t, h.depart(t), "anna", "agent"))
	require.Equal(t, login.CodeRefused, a.Why)
	require.NotContains(t, a.Cause.Error(), "another")
}

// brokenWays loses everything.
type brokenWays struct{ *state.Memory }

func (brokenWays) Take(context.Context, string) ([]byte, bool, error) {
	return nil, false, portal.Shut("state", context.DeadlineExceeded)
}

// TestOIDCFailsShut where the state cannot be asked, or is full of ways.
func TestOIDCFailsShut(t *testing.T) {
	h := newHouse(t)
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	broken := login.NewOIDC(h.OIDCSettings, brokenWays{state.NewMemory(h.clock, 10)}, ring, h.clock)
	_, err = broken.Arrive(t.Context(), login.Return{State: "x"})
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))

	crowd := state.NewMemory(h.clock, 20_000)
	for i := range 10_000 {
		require.NoError(t, crowd.Set(t.Context(), fmt.Sprint("staff-way:", i), nil, time.Minute))
	}
	full := login.NewOIDC(h.OIDCSettings, crowd, ring, h.clock)
	_, err = full.Depart(t.Context(), login.Way{})
	require.Equal(t, portal.TooMany, portal.CodeOf(err))
}
