package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

func enter(t *testing.T) (*house, *browser) {
	h := newHouse(t)
	b := open(t, h)
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	return h, b
}

// TestL18EveryLookIsRecordedBeforeItIsAnswered: page, CSV and JSON each leave
// one entry; where it cannot be recorded, nothing is shown.
func TestL18EveryLookIsRecordedBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	for path, action := range map[string]audit.Action{
		"/fr/consumption":            audit.HistoryShown,
		"/fr/consumption.csv":        audit.HistoryTaken,
		"/fr/consumption.json":       audit.HistoryTaken,
		"/fr/consumption.xml":        audit.HistoryTaken,
		"/fr/consumption.pdf":        audit.HistoryTaken,
		"/fr/consumption.html":       audit.HistoryShown,
		"/de/consumption?grain=year": audit.HistoryShown,
	} {
		h.trail = nil
		require.Equal(t, http.StatusOK, b.get(path).StatusCode, path)
		require.Len(t, h.trail, 1, path)
		e := h.trail[0]
		require.Equal(t, action, e.Action)
		require.Equal(t, "occupancy:occ-1", e.Subject)
		require.Equal(t, "reference", e.Ground)
		require.Equal(t, "2025-12-01", e.Details["from"])
		require.Equal(t, "2026-12-01", e.Details["to"])
	}
	h.trail, h.shut = nil, portal.Shut("store", nil)
	page := b.get("/fr/consumption")
	require.Equal(t, http.StatusServiceUnavailable, page.StatusCode)
	require.NotContains(t, page.body, "kWh")
}

// TestT24PassesAreReadAtEachRequest: no visit, one that was left (back button
// included), one that is over, and somebody else's index.
func TestT24PassesAreReadAtEachRequest(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	stranger := b.another()
	for _, path := range []string{"/fr/consumption", "/fr/consumption.csv", "/fr/consumption.xml", "/fr/consumption.pdf", "/fr/consumption.html", "/fr/consumption.json?of=1"} {
		a := stranger.get(path)
		require.Equal(t, http.StatusSeeOther, a.StatusCode, path)
		require.Equal(t, "/fr/ended", a.Header.Get("Location"))
	}
	for _, of := range []string{"0", "2", "-1", "x", "occ-1"} {
		require.Equal(t, http.StatusNotFound, b.get("/fr/consumption?of="+of).StatusCode, of)
	}
	require.Equal(t, http.StatusOK, b.get("/fr/consumption?of=1").StatusCode)

	left := b.post("/fr/leave", nil)
	require.Equal(t, "/fr/left", left.Header.Get("Location"))
	require.Equal(t, http.StatusSeeOther, b.get("/fr/consumption").StatusCode)

	b.try(knownReference, knownDigits)
	require.Equal(t, http.StatusOK, b.get("/fr/consumption").StatusCode)
	h.mu.Lock()
	h.now = h.now.Add(30 * time.Minute)
	h.mu.Unlock()
	require.Equal(t, http.StatusSeeOther, b.get("/fr/consumption").StatusCode)
	require.Equal(t, http.StatusSeeOther, b.post("/fr/visit/extend", nil).StatusCode)
}

// TestT24APlantedSessionIsNotUsed: a success gives another token than the one
// the browser came with.
func TestT24APlantedSessionIsNotUsed(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	base, err := url.Parse(b.server.URL)
	require.NoError(t, err)
	b.client.Jar.SetCookies(base, []*http.Cookie{{Name: visitCookie, Value: "planted"}})
	b.try(knownReference, knownDigits)
	for _, c := range b.client.Jar.Cookies(base) {
		if c.Name == visitCookie {
			require.NotEqual(t, "planted", c.Value)
		}
	}
	thief := b.another()
	thief.client.Jar.SetCookies(base, []*http.Cookie{{Name: visitCookie, Value: "planted"}})
	require.Equal(t, http.StatusSeeOther, thief.get("/fr/consumption").StatusCode)
}

// TestT24NothingIsStored on any page but the hashed assets.
func TestT24NothingIsStored(t *testing.T) {
	t.Parallel()
	_, b := enter(t)
	for _, path := range []string{"/", "/fr/", "/fr/lookup", "/fr/consumption", "/fr/consumption.csv", "/fr/left", "/nothing"} {
		require.Equal(t, "no-store", b.get(path).Header.Get("Cache-Control"), path)
	}
	page := b.get("/fr/")
	css := b.get(page.doc.Find("link[rel=stylesheet]").AttrOr("href", ""))
	require.Equal(t, http.StatusOK, css.StatusCode)
	require.Contains(t, css.Header.Get("Cache-Control"), "immutable")
}

// Where a narrow page may break a long word, a file must not have a character
// that nobody sees.
func TestFilesHaveNoHiddenBreaks(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		x := exhibit(testCommon(time.Now), lang)
		for _, energy := range []portal.Energy{portal.Electricity, portal.Gas} {
			words := csvWords(x, metering.Series{EAN: fixtureEAN, Energy: energy})
			require.NotContains(t, strings.Join(words.Lines, ""), "\u00ad", lang)
		}
	}
}

func TestSelectionIsChecked(t *testing.T) {
	t.Parallel()
	_, b := enter(t)
	for query, status := range map[string]int{
		"grain=minute":                   422,
		"grain=hour":                     200,
		"grain=quarter&from=2026-10-25":  200,
		"from=01/03/2024":                422,
		"from=2024-03-02&to=2024-03-01":  422,
		"from=2024-03-01":                200,
		"grain=day&from=2020-01-01":      200,
		"grain=year&from=1999-01-01":     200,
		"grain=month&to=2026-01-01&x=%0": 200,
	} {
		require.Equal(t, status, b.get("/fr/consumption?"+query).StatusCode, query)
	}
}

// TestExtendReturnsToTheSamePage and to nowhere else.
func TestExtendReturnsToTheSamePage(t *testing.T) {
	t.Parallel()
	_, b := enter(t)
	for given, want := range map[string]string{
		"?of=1&grain=day&from=2026-10-01&to=2026-11-01": "/fr/consumption?from=2026-10-01&grain=day&of=1&to=2026-11-01",
		"?of=1,2,3,4,5,6,7&grain=month":                 "/fr/consumption?grain=month&of=1%2C2%2C3%2C4%2C5%2C6%2C7",
		"//evil.example":                                "/fr/consumption",
		"?to=http://evil.example/":                      "/fr/consumption",
		"%zz":                                           "/fr/consumption",
	} {
		a := b.post("/fr/visit/extend", url.Values{"back": {given}})
		require.Equal(t, http.StatusSeeOther, a.StatusCode)
		require.Equal(t, want, a.Header.Get("Location"), given)
	}
}

// D7: whoever holds a letter cancels its reference, on whatever ground they look.
func TestD7AHolderCancels(t *testing.T) {
	t.Parallel()
	for _, heir := range []bool{false, true} {
		h := newHouse(t)
		b := open(t, h)
		require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
		for _, passes := range h.sessions {
			if heir {
				passes[0].Ground = registry.Ground{ID: "g", Kind: registry.Heir, Until: portal.Date(2027, 6, 1)}
			}
		}
		link := b.get("/fr/consumption").doc.Find("main a[href*=cancel]")
		require.Equal(t, "/fr/reference/cancel?of=1", link.AttrOr("href", ""))
		page := b.get("/fr/reference/cancel?of=1")
		require.Contains(t, page.doc.Find("main").Text(), "6616")
		require.Equal(t, heir, strings.Contains(page.doc.Find("main").Text(), "appelez-nous"))
		done := b.post(page.doc.Find("main form[action*=cancel]").AttrOr("action", ""), nil)
		require.Equal(t, "/fr/reference/cancelled", done.Header.Get("Location"))
		require.Equal(t, http.StatusOK, b.get("/fr/reference/cancelled").StatusCode)
		require.Equal(t, "/fr/ended", b.get("/fr/consumption").Header.Get("Location"))
	}
}
