package login

import (
	"context"
	"encoding/json"
	"time"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// WayLife is how long somebody may take at the provider.
	WayLife = 10 * time.Minute
	// waysAtOnce is how many may be on their way before others are refused.
	waysAtOnce = 10_000

	wayPrefix = "staff-way:"
)

// The reasons for which nobody is let in, for the trail only: the person is
// told one thing, whatever it was (T26).
const (
	NotOurState  = "oidc-state"   // a state never given, used before or too old
	NotTheirs    = "oidc-browser" // a state given to another browser
	SaidNo       = "oidc-denied"  // the provider let nobody in
	CodeRefused  = "oidc-code"    // the provider gave nothing for the code
	TokenRefused = "oidc-token"   // no ID token, or its signature, issuer, audience or time is wrong
	NonceWrong   = "oidc-nonce"   // an ID token made for another way
	NameMissing  = "oidc-login"   // an ID token that names no login
)

// Ways keeps who is on their way to the provider: the part of portal/state's
// Store that OIDC needs, with the same contract.
type Ways interface {
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	Take(ctx context.Context, key string) (value []byte, ok bool, err error)
	Count(ctx context.Context, prefix string) (int, error)
}

// OIDCSettings say who the provider is and what it knows us by.
type OIDCSettings struct {
	Issuer    string
	ClientID  string
	Secret    keys.Secret
	RoleClaim string
	Back      string // our address that the provider sends people back to, registered there
}

// OIDC signs people in at the operator's identity provider: authorization code
// with PKCE (S256), one way there and back for each state.
//
// A way begins with a state, a nonce and a verifier of its own, kept for ten
// minutes and taken at the first return, right or wrong; a cookie binds it to
// the browser that began it. Only then is the code spent, and an ID token
// believed whose signature, issuer, audience, time and nonce are right. The
// provider tells who somebody is; whether they may come in is the caller's to
// say. Its methods are safe for concurrent use.
type OIDC struct {
	OIDCSettings
	ways  Ways
	ring  *keys.Ring
	clock portal.Clock
	found discovery
}

// NewOIDC makes the one that a process shares. It asks the provider nothing
// yet, so that a provider that is down closes the desk only.
func NewOIDC(s OIDCSettings, ways Ways, ring *keys.Ring, clock portal.Clock) *OIDC {
	return &OIDC{OIDCSettings: s, ways: ways, ring: ring, clock: clock, found: discovery{client: newClient()}}
}

// Departure is where to send a browser, and the token that it must bring back
// in a cookie.
type Departure struct {
	URL     string
	Browser keys.Secret
}

// Return is what a browser brings back from the provider.
type Return struct {
	State, Code keys.Secret
	Issuer      string // RFC 9207, where the provider sends it
	Error       string // why the provider lets nobody in
	Browser     keys.Secret
}

// Arrival is how a way ended. Where Why is empty, the provider has proven
// Login and Role; what the way remembers is there wherever the state was ours.
type Arrival struct {
	Way
	Login, Role string
	Why         string // for the trail: one of the reasons above
	Cause       error  // for the log
}

// Way is what is remembered of somebody between departure and arrival.
type Way struct {
	Language portal.Language
	Former   string // id of the session that the browser had, "" for none
}

// way is Way with what binds it, as it lies in the state.
type way struct {
	Way
	Nonce    string
	Verifier string
	Browser  string // keyed hash of the cookie's token
	At       int64  // microseconds
}

// Depart begins a way. TooMany where too many are on theirs, Unavailable with
// the key "sign-in.provider" where the provider cannot be reached.
func (o *OIDC) Depart(ctx context.Context, remember Way) (Departure, error) {
	p, err := o.found.provider(ctx, o.Issuer)
	if err != nil {
		return Departure{}, down(err)
	}
	alive, err := o.ways.Count(ctx, wayPrefix)
	if err != nil {
		return Departure{}, err
	}
	if alive >= waysAtOnce {
		return Departure{}, &portal.Error{Code: portal.TooMany, Key: "login.busy"}
	}
	state, browser := keys.Secret(portal.Token()+portal.Token()), keys.Secret(portal.Token()+portal.Token())
	w := way{Way: remember, Nonce: portal.Token() + portal.Token(), Verifier: oauth2.GenerateVerifier(),
		Browser: o.browser(browser), At: portal.Micros(o.clock())}
	value, err := json.Marshal(w)
	if err != nil {
		return Departure{}, portal.Shut("login", err)
	}
	if err := o.ways.Set(ctx, o.wayKey(state), value, WayLife); err != nil {
		return Departure{}, err
	}
	address := o.config(p).AuthCodeURL(state.Reveal(), oidc.Nonce(w.Nonce), oauth2.S256ChallengeOption(w.Verifier))
	return Departure{URL: address, Browser: browser}, nil
}

// Arrive ends a way. What the provider or the browser got wrong is in Why;
// errors are Unavailable, with the key "sign-in.provider" where it is the
// provider that cannot be reached.
func (o *OIDC) Arrive(ctx context.Context, r Return) (Arrival, error) {
	w, ok, err := o.take(ctx, r.State)
	if err != nil {
		return Arrival{}, err
	}
	a := Arrival{Way: w.Way}
	refuse := func(why string, cause error) (Arrival, error) {
		a.Why, a.Cause = why, cause
		return a, nil
	}
	switch {
	case !ok:
		return refuse(NotOurState, nil)
	case !keys.Secret(w.Browser).Equal(keys.Secret(o.browser(r.Browser))):
		return refuse(NotTheirs, nil)
	case r.Issuer != "" && r.Issuer != o.Issuer, r.Error != "", r.Code == "":
		return refuse(SaidNo, nil)
	}
	p, err := o.found.provider(ctx, o.Issuer)
	if err != nil {
		return a, down(err)
	}
	raw, err := exchange(ctx, o.config(p), o.found.client, r.Code, w.Verifier)
	switch {
	case unreachable(ctx, err):
		return a, down(err)
	case err != nil:
		return refuse(CodeRefused, err)
	}
	told, err := p.verify(ctx, raw, o.ClientID, o.clock)
	switch {
	case unreachable(ctx, err):
		return a, down(err)
	case err != nil:
		return refuse(TokenRefused, err)
	case !keys.Secret(told.Nonce).Equal(keys.Secret(w.Nonce)):
		return refuse(NonceWrong, nil)
	}
	if a.Login, a.Role, err = identity(told, o.RoleClaim); err != nil {
		return refuse(NameMissing, err)
	}
	return a, nil
}

// take reads a way and removes it in one step. Its age is checked on reading,
// too, with our clock.
func (o *OIDC) take(ctx context.Context, state keys.Secret) (w way, ok bool, err error) {
	if state == "" {
		return w, false, nil
	}
	value, ok, err := o.ways.Take(ctx, o.wayKey(state))
	if err != nil || !ok {
		return w, false, err
	}
	if err := json.Unmarshal(value, &w); err != nil {
		return w, false, portal.Shut("login", err)
	}
	age := o.clock().Sub(portal.FromMicros(w.At))
	return w, age < WayLife, nil
}

func (o *OIDC) wayKey(state keys.Secret) string {
	return wayPrefix + o.ring.HashText(keys.ForSession, "staff-way", state.Reveal())
}

func (o *OIDC) browser(token keys.Secret) string {
	return o.ring.HashText(keys.ForSession, "staff-way-browser", token.Reveal())
}

func (o *OIDC) config(p *provider) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.Secret.Reveal(), Endpoint: p.endpoint, RedirectURL: o.Back,
		Scopes: []string{oidc.ScopeOpenID, "profile"}}
}

// down is the answer while the provider cannot be reached.
func down(err error) error {
	return &portal.Error{Code: portal.Unavailable, Key: "sign-in.provider", Err: err}
}
