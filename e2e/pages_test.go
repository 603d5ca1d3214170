package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// contentPolicy is what pages may load, exactly (must-show 5).
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

var inline = regexp.MustCompile(`(?i)<style|<script(?:\s[^>]*)?>[^<]|\sstyle=|\son[a-z]+=|javascript:`)

// safe asserts what every answer of a listener carries.
func safe(t *testing.T, p *visitor.Page) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		require.Equal(t, []string{want}, p.Header.Values(name), "%s of %s", name, p.Path)
	}
	if !strings.HasPrefix(p.Path, "/static/") {
		require.Equal(t, "no-store", p.Header.Get("Cache-Control"), p.Path)
	}
	require.Empty(t, p.Header.Get("Server"), p.Path)
	require.Empty(t, p.Header.Get("Access-Control-Allow-Origin"), p.Path)
	for name := range p.Header {
		require.NotContains(t, strings.ToLower(name), "ratelimit", "T16: nothing tells what is left")
	}
	if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
		require.NotRegexp(t, inline, string(p.Body), p.Path)
		p.Find("[src], link[href]").Each(func(_ int, s *visitor.Selection) {
			where := s.AttrOr("src", s.AttrOr("href", ""))
			require.True(t, strings.HasPrefix(where, "/"), "%s is loaded from elsewhere", where)
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	t.Run("the API's document", func(t *testing.T) { apiDocument(t, p) })
	for _, lang := range languages {
		v := visitor.Public(t, p)
		v.Lang = lang
		for _, path := range []string{"/", "/lookup", "/privacy", "/accessibility", "/left", "/ended"} {
			page := v.Open(t, v.Path(path))
			safe(t, page)
			require.Equal(t, lang, page.Find("html").AttrOr("lang", ""))
			require.Equal(t, 1, page.Find("h1").Length(), page.Path)
		}
		for _, path := range []string{"/nothing", "/lookup/", "/desk", "/consumption"} {
			safe(t, v.Get(t, v.Path(path)))
		}
		v.MustEnter(t, p.Take(t))
		for _, path := range behind {
			page := v.Open(t, v.Path(path))
			safe(t, page)
			for _, r := range p.References {
				require.NotContains(t, string(page.Body), r.EAN, "G12: an EAN stands unmasked in %s", path)
				require.NotContains(t, string(page.Body), r.Reference, "G12: a reference stands in %s", path)
			}
		}
	}
	v := visitor.Public(t, p)
	v.Open(t, "/fr/").Find(`script[src], link[rel="stylesheet"]`).Each(func(_ int, s *visitor.Selection) {
		asset := v.Open(t, s.AttrOr("src", s.AttrOr("href", "")))
		safe(t, asset)
		require.Contains(t, asset.Header.Get("Cache-Control"), "immutable")
		require.Regexp(t, `\.[0-9a-f]{8,}\.`, asset.Path)
	})
	for path, status := range map[string]int{
		"/": http.StatusSeeOther, "/xx/": http.StatusNotFound, "/fr/../etc/passwd": http.StatusNotFound,
		"/static/../../go.mod": http.StatusNotFound, "/static/none.css": http.StatusNotFound,
	} {
		answer := v.Get(t, path)
		if path == "/" { // which redirect is the server's affair
			require.Contains(t, []int{http.StatusSeeOther, http.StatusFound}, answer.Status)
		} else {
			require.Equal(t, status, answer.Status, path)
		}
		safe(t, answer)
	}
	security := v.Open(t, "/.well-known/security.txt")
	require.Contains(t, string(security.Body), "Contact: ")
	require.Contains(t, string(security.Body), "Expires: ")

	at := visitor.AtDesk(t, p)
	safe(t, at.Open(t, "/fr/desk/sign-in"))
	safe(t, at.Get(t, "/fr/desk"))
	desk := atWork(t, p, "agent")
	safe(t, desk.Open(t, "/fr/desk"))
}
