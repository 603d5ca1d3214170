package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/web/i18n"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"

	"github.com/gin-gonic/gin"
)

// answers is the one table code -> status -> page; the page's words are
// "failure.{status}.title" and ".text". SignedOut leads to the surface's own
// page instead. A test walks all codes.
var answers = map[portal.Code]int{
	portal.Invalid:     http.StatusUnprocessableEntity,
	portal.NotFound:    http.StatusNotFound,
	portal.Denied:      http.StatusForbidden,
	portal.SignedOut:   http.StatusSeeOther,
	portal.Conflict:    http.StatusConflict,
	portal.TooMany:     http.StatusTooManyRequests,
	portal.Unavailable: http.StatusServiceUnavailable,
	portal.Internal:    http.StatusInternalServerError,
}

// statuses are those that only HTTP knows and that have a page, too.
var statuses = []int{http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}

// unspoken is a refusal of HTTP's own, before any room was asked.
type unspoken int

func (u unspoken) Error() string { return "http: " + http.StatusText(int(u)) }

// statusOf gives the answer's status for any error.
func statusOf(err error) int {
	var u unspoken
	if errors.As(err, &u) {
		return int(u)
	}
	return answers[portal.CodeOf(err)]
}

// adapt is the one place where a handler's error becomes an answer.
func (s *surface) adapt(r Route) gin.HandlerFunc {
	spoken := strings.HasPrefix(r.Path, "/:lang")
	return func(c *gin.Context) {
		x := of(c)
		if spoken && !s.serves(x, c.Param("lang")) {
			x.fail(unspoken(http.StatusNotFound))
			return
		}
		if err := s.run(x, r); err != nil {
			x.fail(err)
		}
	}
}

func (s *surface) run(x *ctx, r Route) error {
	decode := func() error {
		if !changes(r.Method) {
			return nil
		}
		return x.decode(r.Policy.Uploads)
	}
	steps := []func() error{decode, func() error { return r.Policy.Admit(x) }}
	if r.Policy.Uploads > 0 { // megabytes are taken from nobody who may not send them
		slices.Reverse(steps)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	if r.Policy.Uploads > 0 { // the work begins once the file is in
		x.bound(context.WithoutCancel(x.context()))
		if err := r.Policy.Again(x); err != nil {
			return err
		}
	}
	return r.Handler(x)
}

func (s *surface) serves(x *ctx, code string) bool {
	for _, l := range s.languages {
		if string(l) == code {
			return true
		}
	}
	return false
}

// refuse answers what no route took.
func (s *surface) refuse(status int) gin.HandlerFunc {
	return func(c *gin.Context) { of(c).fail(unspoken(status)) }
}

// fail answers an error: logs its cause, shows its page.
func (x *ctx) fail(err error) {
	status := statusOf(err)
	x.gin.Abort()
	if status == http.StatusSeeOther {
		x.gin.Redirect(status, x.s.signedOut(x))
		return
	}
	if isClosed(err) { // told in the log when it was shut, not at each request
		if x.closed(x.door) != nil {
			x.send(http.StatusInternalServerError, "text/html; charset=utf-8", x.s.failures[x.Lang])
		}
		return
	}
	if status >= http.StatusInternalServerError {
		x.s.Log.ErrorContext(x.context(), "request failed", "request", x.id, "error", err.Error())
	}
	if status == http.StatusServiceUnavailable {
		x.header("Retry-After", "60")
	}
	if x.show(status, public.FailurePage(x.failure(status, err))) != nil {
		x.send(http.StatusInternalServerError, "text/html; charset=utf-8", x.s.failures[x.Lang])
	}
}

func (x *ctx) failure(status int, err error) public.Failure {
	v := x.s.failureView(x.base(""), status)
	var e *portal.Error
	if errors.As(err, &e) && status < http.StatusInternalServerError && x.Has("error."+e.Key) {
		v.Detail = x.T("error."+e.Key, e.Args...)
	}
	return v
}

func (s *surface) failureView(b layout.Base, status int) public.Failure {
	key := "failure." + strconv.Itoa(status)
	b.Title, b.Error = b.T(key+".title"), true
	return public.Failure{Base: b, Text: b.T(key + ".text"), Back: layout.Link{Text: b.T("failure.back"), Href: b.Home}}
}

// renderFailures draws the page of last resort in each language.
func (s *surface) renderFailures() error {
	s.failures = map[portal.Language][]byte{}
	for _, l := range s.languages {
		var b bytes.Buffer
		view := s.failureView(s.frame(i18n.For(l), "/"), http.StatusInternalServerError)
		if err := public.FailurePage(view).Render(context.Background(), &b); err != nil {
			return err
		}
		s.failures[l] = b.Bytes()
	}
	return nil
}
