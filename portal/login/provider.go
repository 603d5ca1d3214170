package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	// providerPatience bounds one question to the provider.
	providerPatience = 5 * time.Second
	// longestAnswer bounds what it may answer, in bytes.
	longestAnswer = 1 << 20
)

// algorithms are those an ID token may be signed with, whatever the provider
// announces: never "none", never one whose key is the client's secret.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512,
	oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// provider is what discovery told.
type provider struct {
	endpoint oauth2.Endpoint
	issuer   string
	keySet   oidc.KeySet
}

// discovery asks the provider once who it is, and again until it answered.
type discovery struct {
	client *http.Client
	asking singleflight.Group
	mu     sync.Mutex
	known  *provider
}

func (d *discovery) provider(ctx context.Context, issuer string) (*provider, error) {
	d.mu.Lock()
	known := d.known
	d.mu.Unlock()
	if known != nil {
		return known, nil
	}
	// Under nobody's context: whoever leaves first does not spoil it for others.
	answer := d.asking.DoChan(issuer, func() (any, error) {
		p, err := discover(oidc.ClientContext(context.Background(), d.client), issuer)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.known = p
		return p, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-answer:
		p, _ := r.Val.(*provider)
		return p, r.Err
	}
}

// discover reads the provider's own description and refuses one that would
// send codes or secrets in clear.
func discover(ctx context.Context, issuer string) (*provider, error) {
	found, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Keys    string   `json:"jwks_uri"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&more); err != nil {
		return nil, err
	}
	p := &provider{endpoint: found.Endpoint(), issuer: issuer, keySet: oidc.NewRemoteKeySet(ctx, more.Keys)}
	for _, address := range []string{p.endpoint.AuthURL, p.endpoint.TokenURL, more.Keys} {
		if !guarded(address) {
			return nil, fmt.Errorf("the provider announces %q, which is not https", address)
		}
	}
	// Said outright: left to find out, the library would spend the code twice.
	p.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.Methods) > 0 && !slices.Contains(more.Methods, "client_secret_basic") {
		p.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return p, nil
}

// guarded tells whether what goes to an address cannot be read on the way.
func guarded(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && here
}

// exchange spends a code and gives the raw ID token.
func exchange(ctx context.Context, c *oauth2.Config, client *http.Client, code keys.Secret, verifier string) (string, error) {
	token, err := c.Exchange(oidc.ClientContext(ctx, client), code.Reveal(), oauth2.VerifierOption(verifier))
	var no *oauth2.RetrieveError
	if errors.As(err, &no) {
		return "", fmt.Errorf("the token endpoint says %s %q", no.Response.Status, no.ErrorCode) // not its text: nobody knows what it repeats
	}
	if err != nil {
		return "", err
	}
	raw, _ := token.Extra("id_token").(string)
	return raw, nil
}

// verify believes an ID token that the provider signed for us and that is not
// over by our clock. The nonce is the caller's to compare.
func (p *provider) verify(ctx context.Context, raw string, clientID string, clock portal.Clock) (*oidc.IDToken, error) {
	watched := &watchedKeys{KeySet: p.keySet}
	told, err := oidc.NewVerifier(p.issuer, watched, &oidc.Config{
		ClientID: clientID, SupportedSigningAlgs: algorithms, Now: clock,
	}).Verify(ctx, raw)
	if watched.err != nil {
		return nil, watched.err
	}
	if err != nil {
		return nil, err
	}
	var more struct {
		Party string `json:"azp"`
	}
	if err := told.Claims(&more); err != nil {
		return nil, err
	}
	if more.Party != clientID && (more.Party != "" || len(told.Audience) > 1) {
		return nil, errors.New("the ID token was made for another party")
	}
	return told, nil
}

// watchedKeys remembers why keys could not be had: the verifier tells only
// that they were not.
type watchedKeys struct {
	oidc.KeySet
	err error
}

// VerifySignature implements oidc.KeySet.
func (w *watchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := w.KeySet.VerifySignature(ctx, jwt)
	w.err = err
	return payload, err
}

// identity reads login and role: preferred_username as it stands, never the
// mail's local part, which somebody of another house may share; the role as
// one text, or a list of one, since everybody here has one (L8).
func identity(told *oidc.IDToken, roleClaim string) (login, role string, err error) {
	var claims map[string]any
	if err := told.Claims(&claims); err != nil {
		return "", "", err
	}
	login, _ = claims["preferred_username"].(string)
	if login == "" {
		return "", "", errors.New("the ID token has no preferred_username")
	}
	switch named := claims[roleClaim].(type) {
	case string:
		role = named
	case []any:
		if len(named) == 1 {
			role, _ = named[0].(string)
		}
	}
	return login, role, nil
}

// errDown is a provider that does not answer as one.
type errDown struct{ error }

func (e errDown) Unwrap() error { return e.error }

// unreachable tells a provider that did not answer from one that said no.
func unreachable(ctx context.Context, err error) bool {
	var d errDown
	return err != nil && (errors.As(err, &d) || ctx.Err() != nil)
}

// newClient asks with patience, size and address bounded: it follows no
// redirect, which would carry a code or our secret elsewhere.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       providerPatience,
		Transport:     bounded{http.DefaultTransport.(*http.Transport).Clone()},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper. A question (GET) must be answered
// with 200; a code may be refused, but not by a fault of the provider's.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, errDown{err}
	}
	ok := res.StatusCode == http.StatusOK
	if r.Method != http.MethodGet {
		ok = res.StatusCode < http.StatusInternalServerError && res.StatusCode != http.StatusTooManyRequests
	}
	if !ok {
		res.Body.Close()
		return nil, errDown{fmt.Errorf("%s answers %s", r.URL.Host, res.Status)}
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, longestAnswer), res.Body}
	return res, nil
}
