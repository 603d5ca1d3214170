package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/portal"

	"github.com/stretchr/testify/require"
)

const unknownReference = "11112222333320"

var passing = regexp.MustCompile(`(name="(?:captcha2?_id|form)" value="|/captcha/|for-)[a-z0-9]+`)

// essence is an answer less what T6 leaves out: captcha ids, form token, Date
// and cookie values.
func essence(a answer, reference string) string {
	var headers []string
	for name, values := range a.Header {
		if name == "Date" {
			continue
		}
		headers = append(headers, name+": "+strings.Join(values, ", "))
	}
	sort.Strings(headers)
	body := strings.ReplaceAll(passing.ReplaceAllString(a.body, "$1"), reference, "REFERENCE")
	return a.Status + "\n" + strings.Join(headers, "\n") + "\n\n" + body
}

// TestT6EveryFailureIsTheSameAnswer: unknown, wrong digits, third failure,
// blocked, right digits while blocked.
func TestT6EveryFailureIsTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	unknown := b.try(unknownReference, "0000")
	require.Equal(t, http.StatusUnprocessableEntity, unknown.StatusCode)
	require.Equal(t, "Ces informations n’ouvrent pas de dossier", unknown.doc.Find(".error h2").Text())
	want := essence(unknown, unknownReference)
	for _, c := range []struct{ name, digits string }{
		{"wrong digits", "0001"}, {"wrong again", "0002"}, {"third failure", "0003"},
		{"blocked", "0004"}, {"right digits while blocked", knownDigits},
	} {
		require.Equal(t, want, essence(b.another().try(knownReference, c.digits), knownReference), c.name)
	}
	require.Equal(t, want, essence(b.try(unknownReference, "9999"), unknownReference), "unknown, second time")
}

// TestG5TypedReferenceStaysAndNothingElse also holds the form's rules for
// people: a title that says error, a summary, no count of tries left.
func TestG5TypedReferenceStaysAndNothingElse(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	form := b.form("4821 0937 5560 86", "0001", "123456")
	page := b.post("/fr/lookup", form)
	require.True(t, strings.HasPrefix(page.doc.Find("title").Text(), "Erreur"))
	require.Equal(t, "4821 0937 5560 86", page.doc.Find("#reference").AttrOr("value", ""))
	require.Empty(t, page.doc.Find("#digits").AttrOr("value", ""))
	require.Empty(t, page.doc.Find("#captcha").AttrOr("value", ""))
	require.NotEqual(t, form.Get("captcha_id"), page.doc.Find("input[name=captcha_id]").AttrOr("value", ""))
	require.NotEqual(t, form.Get("form"), page.doc.Find("input[name=form]").AttrOr("value", ""))
	require.Empty(t, page.Header.Values("Set-Cookie"))
}

// TestT3WhoHangsUpIsCounted: a client that is gone once its form is read is
// judged all the same, from the door on.
func TestT3WhoHangsUpIsCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, "0001", "123456")
	handler, err := NewPublic(h.deps(t))
	require.NoError(t, err)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	r := httptest.NewRequestWithContext(gone, http.MethodPost, "/fr/lookup", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	handler.ServeHTTP(httptest.NewRecorder(), r)
	require.Equal(t, 1, h.compared)
}

func TestMalformedFieldsAreNamedAndLinked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	page := b.post("/fr/lookup", b.form("48210937556087", "1234", "000000"))
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Zero(t, h.compared, "T10: not looked at")
	for _, field := range []string{"reference", "captcha"} {
		require.Equal(t, 1, page.doc.Find(`.error a[href="#`+field+`"]`).Length())
		input := page.doc.Find("#" + field)
		require.Equal(t, "true", input.AttrOr("aria-invalid", ""))
		for _, id := range strings.Fields(input.AttrOr("aria-describedby", "")) {
			require.NotEmpty(t, page.doc.Find("#"+id).Text(), "aria-describedby %s", id)
		}
		require.Contains(t, input.AttrOr("aria-describedby", ""), field+"-error")
	}
	require.Empty(t, page.doc.Find("#digits").AttrOr("aria-invalid", ""))
}

// TestT4OtherShapesAreRefused: a doubled field, JSON, multipart, too much.
func TestT4OtherShapesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, knownDigits, "123456")
	for name, c := range map[string]struct {
		contentType, body string
		status            int
	}{
		"doubled digits":    {"application/x-www-form-urlencoded", with(form, "digits", knownDigits, "0001").Encode(), 422},
		"doubled reference": {"application/x-www-form-urlencoded", with(form, "reference", knownReference, unknownReference).Encode(), 422},
		"JSON":              {"application/json", `{"reference":"` + knownReference + `","digits":"` + knownDigits + `"}`, 415},
		"multipart":         {"multipart/form-data; boundary=x", "--x--", 415},
		"no type":           {"", form.Encode(), 415},
		"64 KiB + 1":        {"application/x-www-form-urlencoded", "a=" + strings.Repeat("b", formSize), 413},
		"bad escape":        {"application/x-www-form-urlencoded", "digits=%zz", 422},
	} {
		r, err := http.NewRequest(http.MethodPost, b.server.URL+"/fr/lookup", strings.NewReader(c.body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", c.contentType)
		require.Equal(t, c.status, b.do(r).StatusCode, name)
	}
	r, err := http.NewRequest(http.MethodPost, b.server.URL+"/fr/lookup?"+form.Encode(), nil)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 422, b.do(r).StatusCode, "fields in the address count for nothing")
	require.Zero(t, h.compared)
}

// TestT9CaptchaServesOnce after success and after failure, T10 with one try
// counted for one solved picture.
func TestT9CaptchaServesOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, "0001", "123456")
	b.post("/fr/lookup", form)
	again := b.post("/fr/lookup", with(form, "digits", knownDigits))
	require.Equal(t, http.StatusUnprocessableEntity, again.StatusCode)
	require.Contains(t, again.doc.Find("#captcha-error").Text(), "ne sont pas ceux de l’image")
	require.Equal(t, 1, h.compared)
}

// TestT21SecondPostGetsTheFirstOutcome at the level of pages.
func TestT21SecondPostGetsTheFirstOutcome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, knownDigits, "123456")
	for range 2 {
		a := b.post("/fr/lookup", form)
		require.Equal(t, http.StatusSeeOther, a.StatusCode)
		require.Equal(t, "/fr/consumption", a.Header.Get("Location"))
	}
	require.Equal(t, 1, h.compared)
}

func TestAnotherPictureKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := with(b.form(knownReference, knownDigits, ""), "do", "picture")
	page := b.post("/fr/lookup", form)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Zero(t, page.doc.Find(".error").Length())
	require.Equal(t, knownReference, page.doc.Find("#reference").AttrOr("value", ""))
	require.Empty(t, page.doc.Find("#digits").AttrOr("value", ""))
	require.NotEqual(t, form.Get("captcha_id"), page.doc.Find("input[name=captcha_id]").AttrOr("value", ""))
	require.Zero(t, h.compared)
	picture := b.get(page.doc.Find(".picture img").AttrOr("src", ""))
	require.Equal(t, "image/png", picture.Header.Get("Content-Type"))
	require.Equal(t, "no-store", picture.Header.Get("Cache-Control"))
}

// TestShutTellsNothing: whatever cannot be trusted, 503 with the call centre.
func TestShutTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, knownDigits, "123456")
	h.shut = portal.Shut("store", nil)
	page := b.post("/fr/lookup", form)
	require.Equal(t, http.StatusServiceUnavailable, page.StatusCode)
	require.Contains(t, page.body, together(testContact.Phone))
	require.NotContains(t, page.body, "store")
	require.Empty(t, page.Header.Values("Set-Cookie"))
	require.Equal(t, http.StatusServiceUnavailable, b.get("/fr/lookup").StatusCode)
}

// TestT14ForwardedHeadersOfAStrangerNameNothing: the captcha limit of one peer
// holds whatever it claims, and tells nothing of what is left (T16).
func TestT14ForwardedHeadersOfAStrangerNameNothing(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	passed := 0
	for i := range 40 {
		r, err := http.NewRequest(http.MethodGet, b.server.URL+"/fr/lookup", nil)
		require.NoError(t, err)
		for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"} {
			r.Header.Set(name, "203.0.113."+url.QueryEscape(string(rune('0'+i%10))))
		}
		a := b.do(r)
		if a.StatusCode == http.StatusOK {
			passed++
		} else {
			require.Equal(t, http.StatusTooManyRequests, a.StatusCode)
		}
		for name := range a.Header {
			require.NotContains(t, strings.ToLower(name), "ratelimit")
		}
	}
	require.Equal(t, 30, passed)
}

func TestT14BehindATrustedProxyTheLastUntrustedHopCounts(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t), func(d *PublicDeps) { d.TrustedProxies = []string{"127.0.0.1"} })
	asked := 0
	ask := func(forwarded string) int {
		r, err := http.NewRequest(http.MethodGet, b.server.URL+"/fr/lookup", nil)
		require.NoError(t, err)
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		// What a visitor invents beside it names nothing.
		invented := "198.51.100." + strconv.Itoa(asked)
		r.Header.Set("X-Real-Ip", invented)
		r.Header.Set("Forwarded", "for="+invented)
		asked++
		return b.do(r).StatusCode
	}
	for range 30 {
		require.Equal(t, http.StatusOK, ask("198.51.100.7, 203.0.113.9"))
	}
	require.Equal(t, http.StatusTooManyRequests, ask("192.0.2.1, 203.0.113.9"))
	for range 30 { // a proxy that adds nothing is itself the source
		require.Equal(t, http.StatusOK, ask(""))
	}
	require.Equal(t, http.StatusTooManyRequests, ask(""))
	require.Equal(t, http.StatusOK, ask("203.0.113.9, 203.0.113.10"))
}

func TestVisitEndsWithTheBrowserAndTheDeviceStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, prefix string
		secure       bool
	}{{"http://portal.example", "", false}, {"https://portal.example", "__Host-", true}} {
		b := open(t, newHouse(t), func(d *PublicDeps) { d.BaseURL = c.base })
		a := b.try(knownReference, knownDigits)
		require.Equal(t, http.StatusSeeOther, a.StatusCode)
		cookies := map[string]*http.Cookie{}
		for _, cookie := range a.Cookies() {
			cookies[cookie.Name] = cookie
			require.True(t, cookie.HttpOnly)
			require.Equal(t, c.secure, cookie.Secure)
			require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.Empty(t, cookie.Domain)
		}
		require.Zero(t, cookies[c.prefix+"guichet-visit"].MaxAge)
		require.Greater(t, cookies[c.prefix+"guichet-device"].MaxAge, int((389 * 24 * time.Hour).Seconds()))
		require.Equal(t, c.secure, a.Header.Get("Strict-Transport-Security") != "")
	}
}

// G6: a browser is named before it fails, so that its success can forgive it;
// it keeps its name, and the answer depends on nothing but the request (T6).
func TestG6ABrowserIsNamedBeforeItFails(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	named := func(a answer) string {
		for _, c := range a.Cookies() {
			if c.Name == "guichet-device" {
				return c.Value
			}
		}
		return ""
	}
	first := named(b.get("/fr/lookup"))
	require.NotEmpty(t, first)
	require.Empty(t, named(b.get("/fr/lookup")), "it has one")
	require.Empty(t, named(b.try(unknownReference, "0000")))
	require.Empty(t, named(b.try(knownReference, "0000")))
	opened := named(b.try(knownReference, knownDigits))
	require.Equal(t, strings.SplitN(first, ".", 2)[0], strings.SplitN(opened, ".", 2)[0], "the same name for longer")
}

// A browser without Sec-Fetch-Site tells its origin only where the referrer
// policy lets it; "null" stays refused.
func TestOriginsWithoutFetchMetadata(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	post := func(origin string) int {
		r, err := http.NewRequest(http.MethodPost, b.server.URL+"/fr/lookup", strings.NewReader(b.form(unknownReference, "0000", "000000").Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		return b.do(r).StatusCode
	}
	require.Equal(t, http.StatusUnprocessableEntity, post(b.server.URL))
	require.Equal(t, http.StatusForbidden, post("null"))
	require.Equal(t, http.StatusForbidden, post("https://evil.example"))
}
