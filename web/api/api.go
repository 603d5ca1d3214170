// Package api protects the way in for programs of third parties: JSON over
// HTTPS behind a key (D9). It decides what a key may ask for and says no in one
// form, RFC 9457; what leaves is decided by package mandates alone.
//
// A request goes: time and size are bounded, the door "partners" is asked, and
// whether its source was heard too often without a key; the key is read from
// SQL, with the client certificate it may be bound to; its partner's quota is
// counted; then its input is validated against the OpenAPI document, which is
// made of this code. What is not there
// and what is another's get the same bytes (L10, L11).
//
// There are no cookies here and nothing is read from a browser's session: an
// answer is for whoever holds the key.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/web/i18n"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/ulule/limiter/v3"
	"golang.org/x/mod/sumdb/note"
)

// Partners tells whose key was presented; partner.Service.
type Partners interface {
	// Authenticate gives the program behind a key: SignedOut, or Denied without
	// the client certificate it is bound to, or Denied with the program where the
	// key lacks the scope.
	// certificate is the fingerprint of the one its connection proved, or "".
	Authenticate(ctx context.Context, presented keys.Secret, certificate string, wanted partner.Scope) (partner.Program, error)
}

// Doors tells whether a public door is open; doors.Service.
type Doors interface {
	Open(ctx context.Context, door string) error
}

// Deps is what the API needs; all are needed.
type Deps struct {
	Clock    portal.Clock
	Log      *slog.Logger
	Doors    Doors
	Partners Partners
	Mandates *mandates.Service
	History  mandates.History
	Batches  *batch.Service
	Hooks    *hook.Service
	Signer   note.Signer   // of the trail
	Limits   limiter.Store // memory, or Redis where there are many processes
	Quotas   Quotas
	Ring     *keys.Ring // hashes sources
	// TrustedProxies are those whose X-Forwarded-For is believed (T14).
	TrustedProxies []string
	BaseURL        string
	Operator       string
	// Observe counts and logs a request by its route's pattern.
	Observe func(method, route string, status int, took time.Duration)
	Works   WorksDeps
}

// Prefix is where the API lies.
const Prefix = "/api/v1"

type service struct {
	Deps
	api    huma.API
	quotas quotas
}

// request is what one request carries from the first middleware on.
type request struct {
	now   time.Time
	words *i18n.Catalog
	who   partner.Program // once it was let in
	// from is where it comes from, certificate the fingerprint of the client
	// certificate that its connection proved, or "".
	from        lookup.Origin
	certificate string
	told        map[string]string // headers about its partner's quota
	wait        int64             // seconds, where it was refused for it
	// foreign records the names of fields that the body has no place for, before
	// they are refused (W13); nil where nobody asks for it.
	foreign func(names []string) error
}

type requestKey struct{}

// of gives the request of a context; one that came past no middleware speaks English.
func of(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{words: i18n.For(portal.English)}
}

// by is a program's mark in the trail.
func (r *request) by() audit.Entry {
	return audit.Entry{Actor: r.who.Actor(), Ground: "partner", Channel: "api"}
}

func (r *request) partner() string { return r.who.Organisation.ID }

const (
	requestTime = 25 * time.Second
	// bodySize takes ten thousand lines of a batch.
	bodySize = 2 << 20
)

// New builds the API and gives it with its OpenAPI document.
func New(d Deps) (http.Handler, *huma.OpenAPI, error) {
	gin.SetMode(gin.ReleaseMode)
	s := &service{Deps: d, quotas: newQuotas(d.Limits, d.Quotas)}
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(d.TrustedProxies); err != nil {
		return nil, nil, err
	}
	engine.Use(s.begin)
	engine.NoRoute(s.unrouted(http.StatusNotFound))
	engine.NoMethod(s.unrouted(http.StatusMethodNotAllowed))
	// For the whole program: nobody else uses the library.
	huma.NewErrorWithContext = humaProblem
	huma.NewError = func(status int, text string, errs ...error) huma.StatusError {
		return humaProblem(nil, status, text, errs...)
	}
	config := strict("Guichet")
	describe(config.OpenAPI, d)
	s.api = humagin.New(engine, config)
	s.mandateRoutes()
	s.consumptionRoutes()
	s.registrationRoutes()
	s.batchRoutes()
	s.hookRoutes()
	system := strict("Guichet for the works system")
	describeWorks(system.OpenAPI, d)
	s.worksRoutes(engine, humagin.New(engine, system))
	document := s.document()
	engine.GET(Prefix+"/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", document) })
	return engine, s.api.OpenAPI(), nil
}

// strict is an API without anything that the library would add of its own.
func strict(title string) huma.Config {
	config := huma.DefaultConfig(title, "1.0.0")
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // which would add links to schemas to every answer
	config.RejectUnknownQueryParameters = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", func(t reflect.Type, hint string) string {
		return strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	})
	return config
}

// begin bounds a request, sets what every answer bears, and turns a panic into
// the problem for our own faults.
func (s *service) begin(c *gin.Context) {
	r := &request{now: s.Clock(), words: i18n.For(i18n.Accept(c.GetHeader("Accept-Language"), portal.Languages)), from: origin(s.Ring, c.ClientIP())}
	if c.Request.TLS != nil && len(c.Request.TLS.VerifiedChains) > 0 {
		r.certificate = partner.Fingerprint(c.Request.TLS.PeerCertificates[0])
	}
	ctx, cancel := context.WithTimeout(context.WithValue(c.Request.Context(), requestKey{}, r), requestTime)
	defer cancel()
	c.Request = c.Request.WithContext(ctx)
	most := int64(bodySize)
	if strings.HasPrefix(c.Request.URL.Path, WorksPrefix) {
		most = evidence.MaxSize // a document
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, most+1)
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.Log.Error("panic", "panic", p, "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				write(c, s.problem(c.Request.Context(), portal.Shut("panic", nil)))
			}
		}
		route := c.FullPath()
		if route == "" {
			route = "none"
		}
		s.Observe(c.Request.Method, route, c.Writer.Status(), s.Clock().Sub(r.now))
	}()
	c.Next()
}

func (s *service) unrouted(status int) gin.HandlerFunc {
	return func(c *gin.Context) { write(c, bare(of(c.Request.Context()), status)) }
}

// admit lets a program in: the door, the key, its partner's quota. It runs
// before the input is read, so that a stranger learns nothing of it.
func (s *service) admit(scope partner.Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r := of(ctx.Context())
		who, err := s.enter(ctx.Context(), r, ctx.Header("Authorization"), scope)
		for name, value := range r.told {
			ctx.SetHeader(name, value)
		}
		if err != nil {
			p := s.problem(ctx.Context(), err)
			for name, value := range p.headers {
				ctx.SetHeader(name, value)
			}
			_ = huma.WriteErr(s.api, ctx, p.Status, "", p) // who hung up hears nothing
			return
		}
		r.who = who
		next(ctx)
	}
}

func (s *service) enter(ctx context.Context, r *request, authorization string, scope partner.Scope) (partner.Program, error) {
	if err := s.Doors.Open(ctx, string(doors.Partners)); err != nil {
		return partner.Program{}, err
	}
	if err := s.quotas.stranger(ctx, r.from, (*limiter.Limiter).Peek); err != nil {
		return partner.Program{}, err
	}
	who, err := partner.Program{}, error(&portal.Error{Code: portal.SignedOut, Key: "partner.api-key"})
	if key, ok := bearer(authorization); ok {
		who, err = s.Partners.Authenticate(ctx, key, r.certificate, scope)
	}
	// Nobody probes for free. A key without its certificate may be a thief's, who
	// must not be able to spend its partner's quota, nor read what is left of it.
	var full error
	switch code := portal.CodeOf(err); {
	case err == nil, code == portal.Denied && who.Organisation.ID != "":
		full = s.quotas.spend(ctx, r, who.Organisation.ID)
	case code == portal.Denied, code == portal.SignedOut:
		full = s.quotas.stranger(ctx, r.from, (*limiter.Limiter).Get)
	}
	if full != nil {
		err = full
	}
	return who, err
}

// longestKey bounds what is hashed of a stranger's.
const longestKey = 200

func bearer(header string) (keys.Secret, bool) {
	const scheme = "Bearer "
	if len(header) <= len(scheme) || len(header) > longestKey || header[:len(scheme)] != scheme {
		return "", false
	}
	return keys.Secret(header[len(scheme):]), true
}

// operate adds one operation behind a scope: what its handler returns as an
// error of ours becomes its problem.
func operate[I, O any](s *service, op huma.Operation, scope partner.Scope, handle func(context.Context, *request, *I) (*O, error)) {
	op.Security = []map[string][]string{{"key": {string(scope)}}}
	op.Middlewares = huma.Middlewares{s.admit(scope)}
	op.MaxBodyBytes = bodySize
	op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, of(ctx), in)
		var told *Problem
		switch {
		case err == nil:
			return out, nil
		case errors.As(err, &told):
			return nil, told
		}
		return nil, s.problem(ctx, err)
	})
}
