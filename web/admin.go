package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"guichet/portal"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// AdminDeps is what the administration's listener needs.
type AdminDeps struct {
	Common
	Registry *prometheus.Registry
	// Ready are asked by /readyz, by name; all must answer nil within two seconds.
	Ready map[string]func(context.Context) error
	// Gallery shows every page's fixture; for the demo and for tests.
	Gallery bool
}

// NewAdmin builds the listener for health, readiness, metrics and the gallery
// of pages. It knows nobody's data and is never the public listener.
func NewAdmin(d AdminDeps) (http.Handler, error) {
	s := &surface{
		Common:    d.Common,
		name:      "admin",
		languages: portal.Languages,
		signedOut: func(*ctx) string { return "/" },
		routes:    append(assets(), adminRoutes(d)...),
	}
	return s.handler()
}

func adminRoutes(d AdminDeps) []Route {
	routes := []Route{
		{http.MethodGet, "/healthz", Anyone, healthy},
		{http.MethodGet, "/readyz", Anyone, d.ready},
		{http.MethodGet, "/metrics", Anyone, d.metrics()},
	}
	if d.Gallery {
		routes = append(routes, galleryRoutes()...)
	}
	return routes
}

func healthy(x *ctx) error { return x.plain(http.StatusOK, "ok\n") }

func (d AdminDeps) ready(x *ctx) error {
	soon, cancel := context.WithTimeout(x.context(), 2*time.Second)
	defer cancel()
	for name, ask := range d.Ready {
		if err := ask(soon); err != nil {
			d.Log.WarnContext(x.context(), "not ready", "part", name, "error", err.Error())
			return x.plain(http.StatusServiceUnavailable, name+" is not ready"+because(err)+"\n")
		}
	}
	return x.plain(http.StatusOK, "ready\n")
}

// because tells why a guard shut the doors; what else fails is for the log.
func because(err error) string {
	if !isClosed(err) {
		return ""
	}
	return ": " + errors.Unwrap(err).Error()
}

func (d AdminDeps) metrics() func(*ctx) error {
	h := promhttp.HandlerFor(d.Registry, promhttp.HandlerOpts{})
	return func(x *ctx) error {
		h.ServeHTTP(x.gin.Writer, x.gin.Request)
		return nil
	}
}

// plain answers with a line for programs.
func (x *ctx) plain(status int, text string) error {
	x.send(status, "text/plain; charset=utf-8", []byte(text))
	return nil
}
