package web

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/doors"
	"guichet/web/i18n"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// tables are all listeners' routes.
func tables(t *testing.T) map[string][]Route {
	h := newHouse(t)
	return map[string][]Route{
		"public": append(assets(), publicRoutes(h.deps(t))...),
		"desk":   append(assets(), deskRoutes(DeskDeps{Common: testCommon(h.clock)})...),
		"admin":  append(assets(), adminRoutes(AdminDeps{Common: testCommon(h.clock), Registry: prometheus.NewRegistry(), Gallery: true})...),
	}
}

// TestEveryRouteHasAPolicy and a method that is either a question or a change.
func TestEveryRouteHasAPolicy(t *testing.T) {
	t.Parallel()
	for name, routes := range tables(t) {
		seen := map[string]bool{}
		for _, r := range routes {
			at := name + " " + r.Method + " " + r.Path
			require.NotEmpty(t, r.Policy.Name, at)
			require.NotNil(t, r.Policy.Admit, at)
			require.NotNil(t, r.Handler, at)
			require.Contains(t, []string{http.MethodGet, http.MethodPost}, r.Method, at)
			require.False(t, seen[at], at)
			seen[at] = true
		}
	}
}

// TestPublicPolicies pins who may use which route: a change here is reviewed.
func TestPublicPolicies(t *testing.T) {
	t.Parallel()
	visitors := []string{}
	for _, r := range tables(t)["public"] {
		switch at := r.Method + " " + r.Path; {
		case r.Policy.Name == "visitor":
			visitors = append(visitors, at)
		case strings.HasPrefix(r.Path, "/:lang/partner"):
			before := slices.Contains([]string{"ask", "asked", "sign-in", "set-up"}, path.Base(r.Path))
			require.Equal(t, map[bool]string{true: "anyone", false: "partner"}[before], r.Policy.Name, at)
			require.Equal(t, doors.Partners, r.Policy.Door, at)
		case at == "POST /:lang/visit/extend":
			require.Equal(t, "requester", r.Policy.Name, at)
			require.Equal(t, doors.Gate, r.Policy.Door, at)
		case strings.HasPrefix(r.Path, "/:lang/works/request"):
			require.Equal(t, "requester", r.Policy.Name, at)
			require.Equal(t, doors.Works, r.Policy.Door, at)
		case strings.HasPrefix(r.Path, "/:lang/works/new"), r.Path == "/:lang/works/made":
			require.Equal(t, map[bool]string{true: "capture", false: "anyone"}[path.Base(r.Path) == "paper"], r.Policy.Name, at)
			require.Equal(t, doors.Works, r.Policy.Door, at)
		default:
			require.Equal(t, "anyone", r.Policy.Name, at)
		}
	}
	require.Equal(t, []string{"GET /:lang/consumption", "GET /:lang/consumption/detail", "POST /:lang/consumption/detail",
		"GET /:lang/consumption.csv", "GET /:lang/consumption.json",
		"GET /:lang/consumption.xml", "GET /:lang/consumption.pdf", "GET /:lang/consumption.html",
		"GET /:lang/readings/new", "POST /:lang/readings/new", "GET /:lang/reference/cancel", "POST /:lang/reference/cancel",
		"GET /:lang/seen", "GET /:lang/seen/receipt",
		"POST /:lang/consumption/by-post", "GET /:lang/consumption/posted",
		"GET /:lang/mine", "GET /:lang/mine.json", "GET /:lang/rectify", "POST /:lang/rectify", "GET /:lang/rectify/asked",
		"GET /:lang/mandates", "GET /:lang/mandates/new", "POST /:lang/mandates/new", "GET /:lang/mandates/:id/document.pdf",
		"GET /:lang/mandates/:id/document.html", "POST /:lang/mandates/:id/withdraw", "POST /:lang/mandates/:id/confirm", "POST /:lang/mandates/:id/revoke"}, visitors)
}

// TestEveryChangeRefusesAnotherSite walks the table: no POST passes with the
// headers a browser sends for another site's page.
func TestEveryChangeRefusesAnotherSite(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	changesSeen := 0
	for _, r := range tables(t)["public"] {
		if r.Method == http.MethodGet {
			continue
		}
		changesSeen++
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			req, err := http.NewRequest(r.Method, b.server.URL+strings.ReplaceAll(r.Path, ":lang", "fr"), strings.NewReader("a=b"))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(name, value)
			require.Equal(t, http.StatusForbidden, b.do(req).StatusCode, r.Path+" "+name)
		}
	}
	require.Equal(t, 54, changesSeen)
	require.Len(t, h.sessions, 1, "nobody was made to leave")
}

// TestEveryCodeHasAnAnswerAndItsWords walks portal.Codes and HTTP's own.
func TestEveryCodeHasAnAnswerAndItsWords(t *testing.T) {
	t.Parallel()
	require.Len(t, answers, len(portal.Codes))
	all := append([]int{}, statuses...)
	for _, code := range portal.Codes {
		status, ok := answers[code]
		require.True(t, ok, code)
		require.Equal(t, status, statusOf(&portal.Error{Code: code}))
		if status != http.StatusSeeOther {
			all = append(all, status)
		}
	}
	for _, l := range portal.Languages {
		for _, status := range all {
			key := "failure." + strconv.Itoa(status)
			require.True(t, i18n.For(l).Has(key+".title"), "%s %s", l, key)
			require.True(t, i18n.For(l).Has(key+".text"), "%s %s", l, key)
		}
	}
	require.Equal(t, http.StatusInternalServerError, statusOf(errors.New("anything else")))
	require.Equal(t, http.StatusUnprocessableEntity, statusOf(lookup.Problems{{Code: portal.Invalid}}))
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	for _, path := range []string{"/", "/fr/", "/fr/lookup", "/fr/consumption", "/captcha/x.png", "/xx/", "/fr/nothing"} {
		h := b.get(path).Header
		require.Equal(t, "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", h.Get("Content-Security-Policy"), path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"), path)
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"), path)
		require.NotEmpty(t, h.Get("Permissions-Policy"), path)
	}
}

func TestDoors(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	for path, status := range map[string]int{
		"/": 303, "/fr": 301, "/fr/": 200, "/de/": 200, "/nl/": 200, "/en/": 200, "/it/": 404, "/fr/lookup": 200, "/fr/letter": 200, "/de/letter/asked": 200,
		"/fr/privacy": 200, "/fr/accessibility": 200, "/fr/left": 200, "/fr/ended": 200, "/fr/leave": 405, "/nothing/at/all": 404,
		"/.well-known/security.txt": 200, "/robots.txt": 200, "/static/none.css": 404, "/captcha/none.png": 404, "/captcha/none.wav": 404,
		"/healthz": 404, "/metrics": 404, "/gallery": 404, "/fr/desk/": 404,
	} {
		require.Equal(t, status, b.get(path).StatusCode, path)
	}
	for header, want := range map[string]string{
		"": "/fr/", "de-BE,de;q=0.9,fr;q=0.5": "/de/", "nl": "/nl/", "en-GB": "/en/", "ja": "/fr/", strings.Repeat("x,", 9000): "/fr/",
	} {
		r, err := http.NewRequest(http.MethodGet, b.server.URL+"/", nil)
		require.NoError(t, err)
		r.Header.Set("Accept-Language", header)
		require.Equal(t, want, b.do(r).Header.Get("Location"), header[:min(len(header), 20)])
	}
}

func TestSecurityText(t *testing.T) {
	t.Parallel()
	text := open(t, newHouse(t)).get("/.well-known/security.txt").body
	for _, line := range []string{"Contact: mailto:security@guichet.example\n", "Expires: 2027-11-01T00:00:00Z\n",
		"Preferred-Languages: fr, de, nl, en\n", "Canonical: http://portal.example/.well-known/security.txt\n"} {
		require.Contains(t, text, line)
	}
}

// madeAt is when a metric was made, as its text tells it.
var madeAt = regexp.MustCompile(`(created_)?timestamp:\{[^}]*\}`)

// TestG12LogsAndMetricsHoldNothingTyped searches both after a whole visit.
func TestG12LogsAndMetricsHoldNothingTyped(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	registry := prometheus.NewRegistry()
	h := newHouse(t)
	b := open(t, h, func(d *PublicDeps) {
		// Of the hour, whose digits may be anybody's, nothing is looked through.
		d.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		d.Metrics = NewMetrics(registry)
	})
	b.try(knownReference, "0987")
	b.try(knownReference, knownDigits)
	b.get("/fr/consumption?from=2024-03-01&grain=day")
	b.get("/fr/" + knownReference)
	families, err := registry.Gather()
	require.NoError(t, err)
	seen := log.String()
	for _, f := range families {
		seen += madeAt.ReplaceAllString(f.String(), "")
	}
	for _, secret := range []string{knownReference, knownDigits, "0987", "123456", "2024-03-01", "127.0.0.1"} {
		require.NotContains(t, seen, secret)
	}
	for token := range h.sessions {
		require.NotContains(t, seen, token)
	}
	require.Contains(t, log.String(), `"route":"/:lang/lookup"`)
	require.Contains(t, seen, "guichet_http_requests_total")
}

// TestPanicIsAPage: our own fault gets a page and a log line, not a hang-up.
func TestPanicIsAPage(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := &surface{Common: testCommon(newHouse(t).clock), name: "public", languages: portal.Languages,
		routes: []Route{{http.MethodGet, "/:lang/boom", Anyone, func(*ctx) error { panic("kaboom") }}}}
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	handler, err := s.handler()
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/de/boom", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "Ein Fehler auf unserer Seite")
	require.NotContains(t, w.Body.String(), "kaboom")
	require.Contains(t, log.String(), "kaboom")
}
