package web

import (
	"context"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"guichet/portal"
	"guichet/web/i18n"

	"github.com/gin-gonic/gin"
)

// begin makes the request's ctx: its id, its one time, its language.
func (s *surface) begin(c *gin.Context) {
	lang, _, _ := strings.Cut(strings.TrimPrefix(c.Request.URL.Path, "/"), "/")
	language, ok := portal.ParseLanguage(lang)
	if !ok {
		language = s.speak(c.GetHeader("Accept-Language"))
	}
	x := &ctx{Catalog: i18n.For(language), gin: c, s: s, now: s.Clock(), at: rest(c, language)}
	x.id = portal.NewID(x.now)
	client := c.Request.Context()
	if changes(c.Request.Method) {
		client = context.WithoutCancel(client) // who hangs up is counted all the same (T3)
	}
	x.bound(client)
	defer func() { x.cancel() }()
	c.Set(ctxKey, x)
	c.Next()
}

// bound gives the request's work its time, from now on.
func (x *ctx) bound(parent context.Context) {
	if x.cancel != nil {
		x.cancel()
	}
	bounded, cancel := context.WithTimeout(parent, requestTime)
	x.gin.Request, x.cancel = x.gin.Request.WithContext(bounded), cancel
}

// observe logs and counts each request by its route's pattern: never the
// query, a form or an address (G12).
func (s *surface) observe(c *gin.Context) {
	start := s.Clock()
	c.Next()
	took, route := s.Clock().Sub(start), c.FullPath()
	if route == "" {
		route = "none"
	}
	status := c.Writer.Status()
	s.Metrics.Observe(s.name, c.Request.Method, route, status, took)
	s.Log.LogAttrs(c.Request.Context(), slog.LevelInfo, "request",
		slog.String("request", of(c).id), slog.String("surface", s.name),
		slog.String("method", method(c.Request.Method)), slog.String("route", route),
		slog.Int("status", status), slog.Float64("ms", float64(took.Microseconds())/1000))
}

// method keeps a made-up method out of logs and label values.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// recover turns a panic into the page for our own faults.
func (s *surface) recover(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			x := of(c)
			s.Log.ErrorContext(c.Request.Context(), "panic", "request", x.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				x.fail(unspoken(http.StatusInternalServerError))
			}
		}
	}()
	c.Next()
}

// policy lets a page load its own style sheet, script, pictures and sounds and
// post to its own origin; nothing else, nothing inline, no frame around it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// headers sets the safe defaults; only assets override Cache-Control.
func (s *surface) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: that makes browsers post with Origin: null, which
	// sameOrigin must refuse where Sec-Fetch-Site is not sent.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if s.https {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	c.Next()
}

// sameOrigin refuses a change that another site's page asks for.
func (s *surface) sameOrigin(origins *http.CrossOriginProtection) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := origins.Check(c.Request); err != nil {
			of(c).fail(&portal.Error{Code: portal.Denied, Key: "origin", Err: err})
			return
		}
		c.Next()
	}
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// formSize is the largest form, in bytes.
const formSize = 64 << 10

// decode reads a change's form: urlencoded only, at most formSize, and each
// field once, so that nobody can hold two answers against one question (T4).
func (x *ctx) decode(uploads int64) error {
	if uploads > 0 {
		return x.decodeUpload(uploads)
	}
	r := x.gin.Request
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return unspoken(http.StatusUnsupportedMediaType)
	}
	r.Body = http.MaxBytesReader(x.gin.Writer, r.Body, formSize)
	if err := r.ParseForm(); err != nil {
		if strings.Contains(err.Error(), "too large") {
			return unspoken(http.StatusRequestEntityTooLarge)
		}
		return &portal.Error{Code: portal.Invalid, Key: "form", Err: err}
	}
	return x.take(r.PostForm)
}

func (x *ctx) take(form url.Values) error {
	for name, values := range form {
		if len(values) != 1 {
			return &portal.Error{Code: portal.Invalid, Key: "form"}
		}
		if !known(name) {
			delete(form, name)
		}
	}
	x.form = form
	return nil
}

// known drops names that no form of ours could have.
func known(name string) bool { return name != "" && len(name) <= 64 }
