// Package provider is a real OpenID provider for tests: zitadel's, over memory,
// on an address of this machine that is another site than the portal's. Its
// page believes whoever types a name and a role. What an honest provider never
// does is done by a Twist: the tokens it gives are taken apart, changed and
// signed anew with the provider's own key.
package provider

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What the portal is known by here.
const (
	ClientID = "guichet"
	Secret   = "a secret of the client's"
)

// Provider is a running one.
type Provider struct {
	Issuer string

	// Twist changes an ID token's claims before it is signed anew; nil leaves
	// the token as it was made.
	Twist func(claims map[string]any)
	// Raw changes the token itself, after Twist; nil leaves it.
	Raw func(token string) string
	// Describe changes what it says of itself; nil leaves it.
	Describe func(document map[string]any)
	// Down makes it answer 503 to the paths that begin so; "" answers all.
	Down string

	store  *memory
	server *http.Server
	honest http.Handler
	back   func(id string) string
	mu     sync.Mutex
	asked  []string
}

// New starts one that sends people back to that address of the portal only. It
// ends with the test.
func New(t testing.TB, backTo string) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	// By name: a browser takes two ports of one address for the same site.
	p := &Provider{Issuer: "http://localhost:" + port, store: newMemory(backTo, key)}
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true}
	rand.Read(config.CryptoKey[:])
	honest, err := op.NewProvider(config, p.store, op.StaticIssuer(p.Issuer), op.WithAllowInsecure())
	require.NoError(t, err)
	p.honest = honest
	p.back = func(id string) string {
		return p.Issuer + "/authorize/callback?id=" + url.QueryEscape(id)
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve)}
	go p.server.Serve(listener)
	t.Cleanup(func() { p.server.Close() })
	return p
}

// Asked gives the paths that were asked for, in order; " basic" follows one
// that came with the client's secret in its head.
func (p *Provider) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// Change sets how it misbehaves from now on.
func (p *Provider) Change(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	what := r.URL.Path
	if _, _, ok := r.BasicAuth(); ok {
		what += " basic"
	}
	p.mu.Lock()
	p.asked = append(p.asked, what)
	down := p.Down != "" && strings.HasPrefix(r.URL.Path, p.Down)
	p.mu.Unlock()
	switch {
	case down:
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.URL.Path == "/login":
		p.login(w, r)
	case r.URL.Path == "/oauth/token":
		p.token(w, r)
	case strings.HasPrefix(r.URL.Path, "/.well-known/"):
		p.describe(w, r)
	default:
		p.honest.ServeHTTP(w, r)
	}
}

var page = template.Must(template.New("").Parse(`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Company account</title>
<h1>Company account</h1><form method="post" action="/login"><input type="hidden" name="id" value="{{.}}">
<label>Name <input name="username"></label> <label>Role <input name="role"></label> <button>Sign in</button></form></html>
`))

func (p *Provider) login(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		page.Execute(w, r.FormValue("id"))
		return
	}
	if !p.store.believe(r.FormValue("id"), r.FormValue("username"), r.FormValue("role")) {
		http.Error(w, "no such request", http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, p.back(r.FormValue("id")), http.StatusSeeOther)
}

// describe lets the honest provider describe itself and changes what it said.
func (p *Provider) describe(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	p.honest.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	p.mu.Lock()
	change := p.Describe
	p.mu.Unlock()
	if change != nil {
		document := map[string]any{}
		if err := json.Unmarshal(body, &document); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		change(document)
		body, _ = json.Marshal(document)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	w.Write(body)
}

// token lets the honest provider answer and twists what it gave.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	p.honest.ServeHTTP(answer, r)
	body := answer.Body.Bytes()
	p.mu.Lock()
	twist, raw := p.Twist, p.Raw
	p.mu.Unlock()
	if answer.Code == http.StatusOK && (twist != nil || raw != nil) {
		var err error
		if body, err = p.twisted(body, twist, raw); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	w.Write(body)
}

func (p *Provider) twisted(body []byte, twist func(map[string]any), raw func(string) string) ([]byte, error) {
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	token, _ := answer["id_token"].(string)
	if twist != nil {
		claims, err := Claims(token)
		if err != nil {
			return nil, err
		}
		twist(claims)
		if token, err = p.Sign(claims); err != nil {
			return nil, err
		}
	}
	if raw != nil {
		token = raw(token)
	}
	answer["id_token"] = token
	return json.Marshal(answer)
}

// Claims takes a token apart without asking whose it is.
func Claims(token string) (map[string]any, error) {
	jws, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(jws.UnsafePayloadWithoutVerification()))
	decoder.UseNumber()
	claims := map[string]any{}
	return claims, decoder.Decode(&claims)
}

// Sign makes a token of claims with the provider's key.
func (p *Provider) Sign(claims map[string]any) (string, error) {
	return SignWith(p.store.key, KeyID, claims)
}

// SignWith makes a token of claims with any key.
func SignWith(key *rsa.PrivateKey, id string, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(text)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// Visit goes the whole way through the provider as a browser would, from the
// address that the portal sent it to, and gives the one it is sent back to.
func (p *Provider) Visit(t testing.TB, address, name, role string) *url.URL {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	next := func(r *http.Response, err error) *url.URL {
		require.NoError(t, err)
		defer r.Body.Close()
		to, err := r.Location()
		require.NoError(t, err, "%s answers %s", r.Request.URL.Path, r.Status)
		return to
	}
	login := next(client.Get(address))
	require.Equal(t, "/login", login.Path, fmt.Sprint(login))
	back := next(client.PostForm(p.Issuer+"/login", url.Values{"id": {login.Query().Get("id")}, "username": {name}, "role": {role}}))
	return next(client.Get(back.String()))
}
