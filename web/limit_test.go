package web

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"guichet/lookup/challenge"
	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/state"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// callers ask a public listener from any address.
type callers struct {
	t       *testing.T
	handler http.Handler
}

func newCallers(t *testing.T, change ...func(*PublicDeps)) callers {
	h := newHouse(t)
	deps := h.deps(t)
	deps.Limits = NewCounters(h.clock, 500_000)
	for _, c := range change {
		c(&deps)
	}
	handler, err := NewPublic(deps)
	require.NoError(t, err)
	return callers{t, handler}
}

func (c callers) ask(from, path string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.RemoteAddr = "[" + from + "]:4711"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

// passes counts how many of n askings are let through; the others are TooMany.
func (c callers) passes(n int, from func(int) string, path string) (passed int) {
	c.t.Helper()
	for i := range n {
		switch status := c.ask(from(i), path).Code; status {
		case http.StatusTooManyRequests:
		case http.StatusOK, http.StatusNotFound:
			passed++
		default:
			require.Fail(c.t, "neither let in nor refused", "%d", status)
		}
	}
	return passed
}

func always(from string) func(int) string { return func(int) string { return from } }

// The table of threats.md, from the settings' defaults on.
func TestCaptchaRatesOfTheTable(t *testing.T) {
	t.Parallel()
	s := config.Settings{}.Default()
	r := CaptchaRates{s.CaptchasAMinute, s.CaptchasADay}
	require.Equal(t, CaptchaRates{30, 300}, r)
	require.Equal(t, CaptchaRates{300, 3000}, r.network())
	require.Equal(t, CaptchaRates{1000, 10_000}, r.wide())
	require.Equal(t, CaptchaRates{10, 100}, r.sounds())
	require.Equal(t, CaptchaRates{100, 1000}, r.sounds().network())
	require.Equal(t, CaptchaRates{1, 1}, CaptchaRates{1, 2}.sounds(), "never none at all")
	require.Positive(t, CaptchaRates{math.MaxInt64, math.MaxInt64}.network().ADay)
}

// T15, T16: sources and networks have what the table gives them, in a minute
// and in a day, however they spread.
func TestT15CaptchaRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		asked      int
		from       func(int) string
		want       int
	}{
		{"pages of one address", "/fr/lookup", 60, always("192.0.2.7"), 30},
		{"pictures of one address", "/captcha/x.png", 60, always("192.0.2.7"), 30},
		{"sounds of one address", "/captcha/x.wav?lang=fr", 30, always("192.0.2.7"), 10},
		{"one address in two dresses", "/captcha/x.png", 60, func(i int) string { return []string{"192.0.2.7", "::ffff:192.0.2.7"}[i%2] }, 30},
		{"one /64", "/captcha/x.png", 60, func(i int) string { return fmt.Sprintf("2001:db8:1:2::%x", i+1) }, 30},
		{"a /24", "/captcha/x.png", 600, func(i int) string { return fmt.Sprintf("192.0.2.%d", i%200) }, 300},
		{"a /56", "/captcha/x.png", 600, func(i int) string { return fmt.Sprintf("2001:db8:1:2%02x::1", i%200) }, 300},
		{"a /24's sounds", "/captcha/x.wav?lang=nl", 300, func(i int) string { return fmt.Sprintf("192.0.2.%d", i%200) }, 100},
		{"a /48", "/captcha/x.png", 1500, func(i int) string { return fmt.Sprintf("2001:db8:1:%02x%02x::1", i%250, i%240) }, 1000},
		{"two /48", "/captcha/x.png", 2500, func(i int) string { return fmt.Sprintf("2001:db8:%x:%02x%02x::1", i%2, i%250, i%240) }, 2000},
		{"two /24", "/captcha/x.png", 900, func(i int) string { return fmt.Sprintf("192.0.%d.%d", i%2, i%200) }, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, newCallers(t).passes(c.asked, c.from, c.path))
		})
	}
}

// A source that is refused spends nothing of its neighbours'.
func TestT16AGreedySourceLeavesItsNeighboursTheirs(t *testing.T) {
	t.Parallel()
	c := newCallers(t)
	require.Equal(t, 30, c.passes(2000, always("192.0.2.7"), "/captcha/x.png"))
	require.Equal(t, 30, c.passes(40, always("192.0.2.8"), "/captcha/x.png"))
}

// T16: a day has its own bound, and tries that the minute refused are not of it.
func TestT16CaptchasADay(t *testing.T) {
	t.Parallel()
	var h *house
	c := newCallers(t, func(d *PublicDeps) { h = d.Gate.(*house) })
	passed := 0
	for range 15 {
		passed += c.passes(40, always("192.0.2.7"), "/captcha/x.png")
		h.pass(60)
	}
	require.Equal(t, 300, passed)
	require.Equal(t, 30, c.passes(40, always("192.0.2.8"), "/captcha/x.png"), "another's day is another's")
	h.pass(24 * 3600)
	require.Equal(t, 30, c.passes(40, always("192.0.2.7"), "/captcha/x.png"))
}

// Counters that are full refuse the new ones as what cannot be told (503), and
// let go on whom they know.
func TestT12FullCountersShutForNewSources(t *testing.T) {
	t.Parallel()
	var h *house
	c := newCallers(t, func(d *PublicDeps) {
		h = d.Gate.(*house)
		d.Limits = NewCounters(h.clock, 4)
	})
	require.Equal(t, http.StatusOK, c.ask("192.0.2.7", "/fr/lookup").Code)
	require.Equal(t, http.StatusServiceUnavailable, c.ask("198.51.100.7", "/fr/lookup").Code)
	require.Equal(t, http.StatusOK, c.ask("192.0.2.7", "/fr/lookup").Code)
}

// T12, T15: one who holds a /48 fills no counters beyond its share, so that the
// next to come is still let in; with all of its 65,536 sources counted a few of
// them shut everybody else out for a day.
func TestT12OneWideNetworkFillsNoCounters(t *testing.T) {
	t.Parallel()
	var h *house
	counters := func() *Counters { return NewCounters(h.clock, 5000) }
	c := newCallers(t, func(d *PublicDeps) {
		h = d.Gate.(*house)
		d.Limits = counters()
	})
	passed := c.passes(6000, func(i int) string { return fmt.Sprintf("2001:db8:1:%04x::1", i) }, "/captcha/x.png")
	require.Equal(t, 1000, passed)
	require.Equal(t, http.StatusNotFound, c.ask("192.0.2.7", "/captcha/x.png").Code)
	require.Equal(t, http.StatusNotFound, c.ask("2001:db8:2::1", "/captcha/x.png").Code)
}

// The sound of a challenge, in any public language, whole or in parts.
func TestSoundOfTheCaptcha(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	id := b.get("/de/lookup").doc.Find("input[name=captcha_id]").AttrOr("value", "")
	for _, l := range portal.Languages {
		a := b.get("/captcha/" + id + ".wav?lang=" + string(l))
		require.Equal(t, http.StatusOK, a.StatusCode)
		require.Equal(t, "RIFF "+string(l), a.body)
		require.Equal(t, "audio/wav", a.Header.Get("Content-Type"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Contains(t, a.Header.Get("Content-Security-Policy"), "media-src 'self'")
	}
	r, err := http.NewRequest(http.MethodGet, b.server.URL+"/captcha/"+id+".wav?lang=fr", nil)
	require.NoError(t, err)
	r.Header.Set("Range", "bytes=0-1")
	part := b.do(r)
	require.Equal(t, http.StatusPartialContent, part.StatusCode)
	require.Equal(t, "RI", part.body)
	for path, status := range map[string]int{
		"/captcha/" + id + ".wav":             404,
		"/captcha/" + id + ".wav?lang=":       404,
		"/captcha/" + id + ".wav?lang=it":     404,
		"/captcha/" + id + ".wav?lang=FR":     404,
		"/captcha/" + id + ".mp3?lang=fr":     404,
		"/captcha/none.wav?lang=fr":           404,
		"/captcha/" + id + ".wav.png?lang=fr": 404,
	} {
		require.Equal(t, status, b.get(path).StatusCode, path)
	}
}

// T12: 20,000 captchas over HTTP from many sources, some of them listened to,
// while others hold nine tenths of what may be alive: the rest is refused
// politely, memory is bounded, and who came first can still answer.
func TestT12TwentyThousandOverHTTP(t *testing.T) {
	t.Parallel()
	const asked, room = 20_000, 10_000
	var st *state.Memory
	var challenges *challenge.Service
	c := newCallers(t, func(d *PublicDeps) {
		st = state.NewMemory(d.Clock, 2*challenge.Cap)
		challenges = challenge.New(d.Ring, st, d.Clock)
		d.Challenges = challenges
	})
	doc, err := goquery.NewDocumentFromReader(c.ask("2001:db8:ffff::1", "/nl/lookup").Body)
	require.NoError(t, err)
	mine := doc.Find("input[name=captcha_id]").AttrOr("value", "")
	answer, ok, err := st.Get(context.Background(), "captcha:"+mine)
	require.NoError(t, err)
	require.True(t, ok)
	for range challenge.Cap - room - 1 {
		_, err := challenges.Draw(context.Background())
		require.NoError(t, err)
	}
	before := inUse()
	pages, sounds := map[int]int{}, map[int]int{}
	for i := range asked {
		from := fmt.Sprintf("2001:db8:%x:%x::1", i%5000, i%16)
		page := c.ask(from, "/nl/lookup")
		pages[page.Code]++
		if page.Code == http.StatusTooManyRequests {
			require.Contains(t, page.Body.String(), "te veel afbeeldingen")
		}
		if i%500 == 0 {
			sounds[c.ask(from, "/captcha/"+mine+".wav?lang=nl").Code]++
		}
	}
	grown := inUse() - before
	t.Logf("pages %v, sounds %v; %d MB more in use", pages, sounds, grown>>20)
	require.Equal(t, map[int]int{http.StatusOK: room, http.StatusTooManyRequests: asked - room}, pages)
	require.Equal(t, map[int]int{http.StatusOK: asked / 500}, sounds)
	require.Less(t, grown, int64(32<<20))
	require.NoError(t, challenges.Take(context.Background(), mine, keys.Secret(answer)))
	runtime.KeepAlive(c)
}
