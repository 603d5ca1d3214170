package web

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/web/ui/layout"

	"github.com/gin-gonic/gin"
)

// Policy says who may use a route; Admit refuses the others before the
// handler runs. Every route has one. The name shows in the route test, and so
// does the public door it lies behind ("" for what is never shut).
type Policy struct {
	Name  string
	Admit func(*ctx) error
	Door  doors.Door
	// Uploads is how many bytes a change may bring as multipart/form-data; 0:
	// only the small forms that every other route takes.
	Uploads int64
	// Again is asked of whoever brought an upload once it is in, which may take
	// minutes: who lost their right meanwhile is out (T24). Such a policy has one.
	Again func(*ctx) error
}

// Anyone lets everybody in.
var Anyone = Policy{Name: "anyone", Admit: func(*ctx) error { return nil }}

// Route is one line of a listener's table. A path beginning with /:lang is
// served in the listener's languages only. A method that changes something
// (POST) passes http.CrossOriginProtection and the form's rules first.
type Route struct {
	Method  string
	Path    string
	Policy  Policy
	Handler func(*ctx) error
}

// Common is what every listener needs.
type Common struct {
	Clock          portal.Clock
	Ring           *keys.Ring
	Log            *slog.Logger
	Metrics        *Metrics
	BaseURL        string   // as people type it; https makes cookies Secure and sends HSTS
	TrustedProxies []string // addresses or networks whose X-Forwarded-For is believed; none by default (T14)
	Contact        layout.Contact
	Account        portal.Account // for payments of works; may be empty
}

func (c Common) secure() bool {
	u, err := url.Parse(c.BaseURL)
	return err == nil && u.Scheme == "https"
}

// surface is one listener: its languages, its table, and where somebody goes
// who is signed out.
type surface struct {
	Common
	name      string
	languages []portal.Language
	signedOut func(*ctx) string
	routes    []Route
	footer    bool
	// trustBase: BaseURL is this listener's own address, even where a proxy
	// rewrites Host. Never the desk's: a page of the public site asks nothing there.
	trustBase bool
	https     bool                       // secure, found out once
	failures  map[portal.Language][]byte // rendered before the first request, for when rendering fails
}

// requestTime bounds the work of one request.
const requestTime = 20 * time.Second

// handler builds the listener: middleware outside in, then the table.
func (s *surface) handler() (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	s.Contact.Phone = together(s.Contact.Phone)
	s.https = s.secure()
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := engine.SetTrustedProxies(s.TrustedProxies); err != nil {
		return nil, err
	}
	origins := http.NewCrossOriginProtection()
	if s.trustBase && s.BaseURL != "" {
		if err := origins.AddTrustedOrigin(origin(s.BaseURL)); err != nil {
			return nil, err
		}
	}
	if err := s.renderFailures(); err != nil {
		return nil, err
	}
	engine.Use(s.begin, s.observe, s.recover, s.headers, s.sameOrigin(origins))
	for _, r := range s.routes {
		engine.Handle(r.Method, r.Path, s.adapt(r))
	}
	engine.NoRoute(s.refuse(http.StatusNotFound))
	engine.NoMethod(s.refuse(http.StatusMethodNotAllowed))
	return engine, nil
}

func origin(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}

// NewServer wraps a handler with the limits of time and size that keep slow
// and greedy clients from stopping the others.
func NewServer(address string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              address,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
}
