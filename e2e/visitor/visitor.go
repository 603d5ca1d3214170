// Package visitor is a browser without a screen for the end-to-end tests: it
// keeps cookies, follows nothing by itself, posts the forms it was shown, and
// reads the captcha's answer from the Redis of the portal under test. Each
// visitor has a loopback address of its own, so that limits per source count
// them apart.
package visitor

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"guichet/e2e/rig"
)

// Visitor is one browser at one address. It is for one goroutine at a time.
type Visitor struct {
	Lang string
	// Scriptless: the browser runs no scripts, so it sees what stands in
	// <noscript> and computes nothing.
	Scriptless bool
	// Behind are headers that a proxy in front of the visitor adds to all it sends.
	Behind http.Header

	portal *rig.Portal
	base   string
	jar    http.CookieJar
	client *http.Client
	dialer *net.Dialer
}

// Selection is a part of a page.
type Selection = goquery.Selection

// Page is an answer, read to its end.
type Page struct {
	*goquery.Document
	Status int
	Header http.Header
	Body   []byte
	Path   string
}

var drawn atomic.Uint32

// address gives each visitor a source of its own, in a network of its own.
func address() net.IP {
	n := drawn.Add(1)
	return net.IPv4(127, byte(1+n>>8&0x7f), byte(n), 7)
}

// Public is a new visitor of the public pages.
func Public(t testing.TB, p *rig.Portal) *Visitor { return visitor(t, p, p.URL) }

// AtDesk is a new visitor of the staff's pages.
func AtDesk(t testing.TB, p *rig.Portal) *Visitor { return visitor(t, p, p.DeskURL) }

func visitor(t testing.TB, p *rig.Portal, base string) *Visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	v := &Visitor{Lang: "fr", portal: p, base: base, jar: jar}
	t.Cleanup(func() { v.client.CloseIdleConnections() })
	return v.At(address())
}

// At carries the same browser, cookies and all, to another address.
func (v *Visitor) At(ip net.IP) *Visitor {
	if v.client != nil {
		v.client.CloseIdleConnections()
	}
	v.dialer = &net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}, Timeout: 10 * time.Second}
	v.client = &http.Client{
		Jar: v.jar, Transport: &http.Transport{DialContext: v.dialer.DialContext, DisableCompression: true}, Timeout: 60 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return v
}

// Address is where the visitor comes from.
func (v *Visitor) Address() net.IP { return v.dialer.LocalAddr.(*net.TCPAddr).IP }

// Elsewhere is At with an address that no other visitor has.
func (v *Visitor) Elsewhere() *Visitor { return v.At(address()) }

// Path puts the visitor's language before a path.
func (v *Visitor) Path(rest string) string { return "/" + v.Lang + rest }

// Try sends a request and gives the answer, or why there was none.
func (v *Visitor) Try(method, path, contentType string, body io.Reader) (*Page, error) {
	return v.TryWith(http.Header{"Content-Type": {contentType}}, method, path, body)
}

// TryWith is Try with headers of its own; an empty one is not sent.
func (v *Visitor) TryWith(header http.Header, method, path string, body io.Reader) (*Page, error) {
	r, err := http.NewRequest(method, v.base+path, body)
	if err != nil {
		return nil, err
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", v.base)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, values := range v.Behind {
		r.Header[name] = values
	}
	for name, values := range header {
		r.Header.Del(name)
		if values[0] != "" {
			r.Header[name] = values
		}
	}
	answer, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	root, err := html.ParseWithOptions(bytes.NewReader(text), html.ParseOptionEnableScripting(!v.Scriptless))
	if err != nil {
		return nil, err
	}
	doc := goquery.NewDocumentFromNode(root)
	for _, c := range answer.Cookies() {
		v.portal.Secret("cookie", c.Value)
	}
	return &Page{Document: doc, Status: answer.StatusCode, Header: answer.Header, Body: text, Path: path}, nil
}

// Get fetches a page as it is.
func (v *Visitor) Get(t testing.TB, path string) *Page {
	t.Helper()
	p, err := v.Try(http.MethodGet, path, "", nil)
	require.NoError(t, err)
	return p
}

// Open fetches a page that must be there.
func (v *Visitor) Open(t testing.TB, path string) *Page {
	t.Helper()
	p := v.Get(t, path)
	require.Equal(t, http.StatusOK, p.Status, "GET %s\n%s", path, p.Text())
	return p
}

// Post sends a form.
func (v *Visitor) Post(t testing.TB, path string, form url.Values) *Page {
	t.Helper()
	p, err := v.Try(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	return p
}

// Follow goes where a redirect leads.
func (v *Visitor) Follow(t testing.TB, p *Page) *Page {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, p.Status, "%s leads nowhere\n%s", p.Path, p.Text())
	return v.Open(t, p.Header.Get("Location"))
}

// Cookie gives a cookie by the end of its name, "" where there is none.
func (v *Visitor) Cookie(name string) string {
	u, _ := url.Parse(v.base)
	for _, c := range v.jar.Cookies(u) {
		if strings.HasSuffix(c.Name, name) {
			return c.Value
		}
	}
	return ""
}

// SetCookie plants a cookie, as an attacker might.
func (v *Visitor) SetCookie(name, value string) {
	u, _ := url.Parse(v.base)
	v.jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// Dial opens a bare connection from the visitor's address.
func (v *Visitor) Dial(t testing.TB) net.Conn {
	t.Helper()
	u, err := url.Parse(v.base)
	require.NoError(t, err)
	c, err := v.dialer.Dial("tcp", u.Host)
	require.NoError(t, err)
	return c
}

// Form gives the fields that a form of the page would send as it stands.
// selector picks the form.
func (p *Page) Form(t testing.TB, selector string) (action string, fields url.Values) {
	t.Helper()
	form := p.Find(selector)
	require.Equal(t, 1, form.Length(), "forms %q on %s:\n%s", selector, p.Path, p.Body)
	fields = url.Values{}
	form.Find("input, textarea, select").Each(func(_ int, s *goquery.Selection) {
		name, ok := s.Attr("name")
		if !ok {
			return
		}
		switch kind, _ := s.Attr("type"); kind {
		case "submit":
		case "radio", "checkbox":
			if _, checked := s.Attr("checked"); checked {
				fields.Add(name, s.AttrOr("value", "on"))
			}
		default:
			value := s.AttrOr("value", "")
			if goquery.NodeName(s) == "select" {
				value = s.Find("option[selected], option").First().AttrOr("value", "")
			}
			fields.Set(name, value)
		}
	})
	return form.AttrOr("action", p.Path), fields
}

// CaptchaKey is where a captcha's answer lies in Redis.
func CaptchaKey(id string) string { return "guichet:captcha:" + id }

// Answer reads a captcha's answer from the portal's Redis, "" where it is gone.
func (v *Visitor) Answer(id string) string {
	answer, err := v.portal.Redis.Get(context.Background(), CaptchaKey(id)).Result()
	if err != nil {
		return ""
	}
	v.portal.Secret("captcha answer", answer)
	return answer
}
