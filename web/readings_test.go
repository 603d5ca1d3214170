package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"

	"github.com/stretchr/testify/require"
)

// reader is the readings of the house: one window, and answers that a test
// chooses.
type reader struct {
	page  indexes.Page
	out   indexes.Outcome
	err   error
	stay  indexes.Stay
	typed indexes.Typed
}

func (r *reader) Look(_ context.Context, s indexes.Stay) (indexes.Page, error) {
	r.stay = s
	return r.page, nil
}

func (r *reader) Enter(_ context.Context, s indexes.Stay, typed indexes.Typed) (indexes.Outcome, error) {
	r.stay, r.typed = s, typed
	return r.out, r.err
}

func readingHouse(t *testing.T) (*house, *browser, *reader) {
	h, r := newHouse(t), &reader{page: windowFixture()}
	b := open(t, h, func(d *PublicDeps) { d.Readings = r })
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	h.trail = nil
	return h, b, r
}

var fourIndexes = url.Values{"window": {"fixture"}, "date": {"2026-11-21"}, "index-offtake-peak": {"21 840"}, "index-offtake-offpeak": {"33115"},
	"index-injection-peak": {"5260"}, "index-injection-offpeak": {"2411"}}

// TestD6AllRegistersOnOnePage: the form asks for every register and the day,
// takes them together, and leads on with the list of what was entered.
func TestD6AllRegistersOnOnePage(t *testing.T) {
	t.Parallel()
	h, b, r := readingHouse(t)
	page := b.get("/fr/readings/new")
	require.Equal(t, http.StatusOK, page.StatusCode)
	form := page.doc.Find("form[action='/fr/readings/new?of=1']")
	require.Equal(t, 4, form.Find("input[inputmode=numeric][name^=index-]").Length())
	require.Equal(t, "2026-11-23", form.Find("input[name=date]").AttrOr("value", ""))
	require.Zero(t, form.Find("[name=sure]").Length())
	require.Contains(t, page.doc.Find("#main").Text(), knownDigits)
	require.Empty(t, h.trail, "nothing was shown yet")

	r.out = indexes.Outcome{Saved: true}
	saved := b.post("/fr/readings/new?of=1", fourIndexes)
	require.Equal(t, http.StatusSeeOther, saved.StatusCode)
	require.Equal(t, "/fr/readings/new?of=1&saved=1", saved.Header.Get("Location"))
	require.Equal(t, "occ-1", r.stay.Occupancy.ID)
	require.Equal(t, "21 840", r.typed.Values[metering.OfftakePeak])
	require.Equal(t, "2026-11-21", r.typed.Date)

	r.page.Entries = entriesFixture(indexes.Received, indexes.ToCheck, indexes.Held, indexes.Received)
	r.page.Typed = r.page.Entries
	page = b.get(saved.Header.Get("Location"))
	require.Equal(t, 1, page.doc.Find(".note[role=status]").Length())
	require.Equal(t, 4, page.doc.Find("#reading-1 tbody tr").Length())
	require.Equal(t, 4, strings.Count(page.doc.Find("#reading-1").Text(), "Reçu"), "Md7: that a person looks is not told")
	require.Equal(t, "21840", page.doc.Find("#index-offtake-peak").AttrOr("value", ""), "to be corrected")
	require.Len(t, h.trail, 1, "L18")
	require.Equal(t, audit.ReadingsShown, h.trail[0].Action)
	require.Equal(t, "occupancy:occ-1", h.trail[0].Subject)
}

// TestUnusualValuesAreAskedAbout: the page says that a value is unusual and no
// more, keeps what was typed, and its other button sends the confirmation.
func TestUnusualValuesAreAskedAbout(t *testing.T) {
	t.Parallel()
	_, b, r := readingHouse(t)
	r.out = indexes.Outcome{Ask: []metering.Register{metering.OfftakePeak}, Sure: "20261121-21840"}
	page := b.post("/fr/readings/new?of=1", fourIndexes)
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Equal(t, "Cette valeur est inhabituelle.", page.doc.Find("#index-offtake-peak-error").Text())
	require.Equal(t, 1, page.doc.Find("[id$=-error]").Length())
	require.Equal(t, "Cette valeur est inhabituelle. En êtes-vous sûr ? – Guichet", strings.ReplaceAll(page.doc.Find("title").Text(), "\u00a0", " "), "nothing is saved yet, and the title does not sound as if it were")
	require.Equal(t, "#index-offtake-peak", page.doc.Find("[role=alert] li a").AttrOr("href", ""))
	for name, typed := range fourIndexes {
		require.Equal(t, typed[0], page.doc.Find("form [name="+name+"]").AttrOr("value", ""), "nothing typed is lost")
	}
	require.Equal(t, "20261121-21840", page.doc.Find("button[name=sure]").AttrOr("value", ""))

	r.out = indexes.Outcome{Saved: true}
	b.post("/fr/readings/new?of=1", with(fourIndexes, "sure", "20261121-21840"))
	require.Equal(t, "20261121-21840", r.typed.Sure)
}

// TestFaultsOfReadings: each at its field, in the person's language; a window
// that changed meanwhile keeps what was typed, too.
func TestFaultsOfReadings(t *testing.T) {
	t.Parallel()
	_, b, r := readingHouse(t)
	r.err = indexes.Faults{{Code: portal.Invalid, Key: "index.comma", Field: "index-offtake-peak"},
		{Code: portal.Invalid, Key: "index.digits", Field: "index-injection-peak", Args: []any{6}}}
	for lang, want := range map[string]string{"fr": "avant la virgule", "de": "vor dem Komma", "nl": "voor de komma", "en": "before the comma"} {
		page := b.post("/"+lang+"/readings/new?of=1", with(fourIndexes, "index-offtake-peak", "21840,6"))
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
		require.Contains(t, page.doc.Find("#index-offtake-peak-error").Text(), want)
		require.Equal(t, "21840,6", page.doc.Find("#index-offtake-peak").AttrOr("value", ""))
		require.Equal(t, "true", page.doc.Find("#index-injection-peak").AttrOr("aria-invalid", ""))
		require.Equal(t, "/de/readings/new?of=1", page.doc.Find(".langs a[lang=de]").AttrOr("href", ""))
	}
	r.err = &portal.Error{Code: portal.Conflict, Key: "index.window.closed"}
	page := b.post("/fr/readings/new?of=1", fourIndexes)
	require.Equal(t, http.StatusConflict, page.StatusCode)
	require.Equal(t, "21 840", page.doc.Find("#index-offtake-peak").AttrOr("value", ""))
	r.err = portal.Shut("store", nil)
	require.Equal(t, http.StatusServiceUnavailable, b.post("/fr/readings/new?of=1", fourIndexes).StatusCode)
}

// TestReadingsAreBehindTheGate (T24), and an unknown reference of the visit is
// none; the way there is on the page of consumption.
func TestReadingsAreBehindTheGate(t *testing.T) {
	t.Parallel()
	_, b, r := readingHouse(t)
	require.Equal(t, "/fr/readings/new?of=1", b.get("/fr/consumption").doc.Find("a[href*='readings/new']").AttrOr("href", ""))
	require.Equal(t, http.StatusNotFound, b.get("/fr/readings/new?of=2").StatusCode)
	require.Equal(t, http.StatusNotFound, b.post("/fr/readings/new?of=2", fourIndexes).StatusCode)
	stranger := b.another()
	require.Equal(t, "/fr/ended", stranger.get("/fr/readings/new").Header.Get("Location"))
	require.Equal(t, "/fr/ended", stranger.post("/fr/readings/new", fourIndexes).Header.Get("Location"))
	require.Empty(t, r.typed.Window)
	stay := b.get("/fr/readings/new?of=1").doc.Find("form[action='/fr/visit/extend'] [name=back]").AttrOr("value", "")
	require.Equal(t, "/fr/readings/new?of=1", b.post("/fr/visit/extend", url.Values{"back": {stay}}).Header.Get("Location"))

	r.page = indexes.Page{Next: portal.Date(2027, 1, 15)}
	page := b.get("/fr/readings/new")
	require.Zero(t, page.doc.Find("form[action*=readings]").Length(), "no window, no form")
	require.Contains(t, plainSpaces(page.doc.Find("#main").Text()), "à partir du 15 janvier 2027")
}
