package provider

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// KeyID names the provider's key in the head of its tokens.
const KeyID = "key-1"

var errNone = errors.New("no such thing")

// request is somebody on their way through the provider.
type request struct {
	id            string
	asked         *oidc.AuthRequest
	name, role    string
	done          bool
	authenticated time.Time
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return nil }
func (r *request) GetAudience() []string              { return []string{r.asked.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.authenticated }
func (r *request) GetClientID() string                { return r.asked.ClientID }
func (r *request) GetNonce() string                   { return r.asked.Nonce }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r *request) GetScopes() []string                { return r.asked.Scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) GetSubject() string                 { return r.name }
func (r *request) Done() bool                         { return r.done }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

// memory is op.Storage for one client and as long as a test.
type memory struct {
	backTo string
	key    *rsa.PrivateKey

	mu       sync.Mutex
	requests map[string]*request
	codes    map[string]string // code -> id of its request
	roles    map[string]string // name -> role, as typed last
}

var (
	_ op.Storage                   = (*memory)(nil)
	_ op.CanSetUserinfoFromRequest = (*memory)(nil)
)

func newMemory(backTo string, key *rsa.PrivateKey) *memory {
	return &memory{backTo: backTo, key: key, requests: map[string]*request{}, codes: map[string]string{}, roles: map[string]string{}}
}

// believe takes somebody's word.
func (m *memory) believe(id, name, role string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.requests[id]
	if r == nil {
		return false
	}
	r.name, r.role, r.done, r.authenticated = name, role, true, time.Now()
	m.roles[name] = role
	return true
}

func (m *memory) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &request{id: rand.Text(), asked: asked}
	m.requests[r.id] = r
	return r, nil
}

func (m *memory) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.requests[id]; r != nil {
		return r, nil
	}
	return nil, errNone
}

func (m *memory) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	m.mu.Lock()
	id := m.codes[code]
	m.mu.Unlock()
	return m.AuthRequestByID(ctx, id)
}

func (m *memory) SaveAuthCode(_ context.Context, id, code string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes[code] = id
	return nil
}

// DeleteAuthRequest follows a token: a code works once.
func (m *memory) DeleteAuthRequest(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.requests, id)
	return nil
}

func (m *memory) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(5 * time.Minute), nil
}

func (m *memory) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	info.PreferredUsername = r.GetSubject()
	info.AppendClaims("guichet_role", m.roles[r.GetSubject()])
	return nil
}

func (m *memory) SigningKey(context.Context) (op.SigningKey, error) { return privateKey{m.key}, nil }

func (m *memory) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (m *memory) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{m.key}}, nil }

func (m *memory) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, errNone
	}
	return client{m.backTo}, nil
}

func (m *memory) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != ClientID || secret != Secret {
		return errNone
	}
	return nil
}

func (m *memory) Health(context.Context) error { return nil }

// What the portal never asks for.

func (m *memory) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNone
}

func (m *memory) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errNone
}

func (m *memory) TerminateSession(context.Context, string, string) error { return errNone }

func (m *memory) RevokeToken(context.Context, string, string, string) *oidc.Error {
	return oidc.ErrInvalidRequest()
}

func (m *memory) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (m *memory) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (m *memory) SetUserinfoFromToken(context.Context, *oidc.UserInfo, string, string, string) error {
	return errNone
}

func (m *memory) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errNone
}

func (m *memory) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (m *memory) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNone
}

func (m *memory) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNone
}

type privateKey struct{ key *rsa.PrivateKey }

func (privateKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k privateKey) Key() any                                  { return k.key }
func (privateKey) ID() string                                  { return KeyID }

type publicKey struct{ key *rsa.PrivateKey }

func (publicKey) ID() string                         { return KeyID }
func (publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                         { return &k.key.PublicKey }

// client is the portal as the provider knows it.
type client struct{ backTo string }

func (client) GetID() string                       { return ClientID }
func (c client) RedirectURIs() []string            { return []string{c.backTo} }
func (client) PostLogoutRedirectURIs() []string    { return nil }
func (client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodBasic }
func (client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (client) GrantTypes() []oidc.GrantType        { return []oidc.GrantType{oidc.GrantTypeCode} }
func (client) LoginURL(id string) string           { return "/login?id=" + id }
func (client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (client) IDTokenLifetime() time.Duration      { return 5 * time.Minute }
func (client) DevMode() bool                       { return true }
func (client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
func (client) IsScopeAllowed(string) bool           { return false }
func (client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (client) ClockSkew() time.Duration             { return 0 }
