package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/web/i18n"

	"github.com/stretchr/testify/require"
)

// S4, L16, G12: everything held on the opened occupancy, nothing of the stays
// before and after, no number that opens anything; each look is recorded.
func TestS4EverythingThePortalHolds(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		k := a.known[0]
		since := portal.Micros(portal.Date(2024, 1, 1))
		storetest.Exec(t, a.dsn, `INSERT INTO occupancies (id, ean, name, language, street, postcode, town, detail_us, from_us, to_us)
  VALUES ('before', $1, 'Vorgänger', 'de', 'X', '1', 'Y', 0, $2, $3)`, string(k.EAN), portal.Micros(portal.Date(2022, 1, 1)), since)
		storetest.Exec(t, a.dsn, `INSERT INTO supplies (ean, supplier, from_us, to_us) VALUES ($1, 'Alter Lieferant', $2, $3)`, string(k.EAN), portal.Micros(portal.Date(2022, 1, 1)), since)
		storetest.Exec(t, a.dsn, `INSERT INTO supplies (ean, supplier, from_us, to_us) VALUES ($1, 'Neuer Lieferant', $2, 0)`, string(k.EAN), since)
		for _, day := range []int{20231230, 20231231, 20240101, 20240102, 20240103} {
			storetest.Exec(t, a.dsn, `INSERT INTO reading_days (ean, register, day, meter, packed) VALUES ($1, 'offtake-peak', $2, 'm', $3)`, string(k.EAN), day, []byte{0})
		}
		page := b.get("/fr/mine")
		require.Equal(t, http.StatusOK, page.StatusCode)
		text := plainSpaces(page.doc.Find("main").Text())
		for _, held := range []string{"Claes", "Rue Haute 1, 5000 Namur", "Neuer Lieferant", "depuis le 1er janvier 2024", "1SAG1100000000"} {
			require.Contains(t, text, held)
		}
		readings := plainSpaces(page.doc.Find("#readings tbody").Text())
		require.Contains(t, readings, "1er janvier 2024")
		require.Contains(t, readings, "3 janvier 2024")
		require.NotContains(t, readings, "2023", "L16")
		got := b.get("/fr/mine.json")
		require.Contains(t, got.Header.Get("Content-Disposition"), "attachment")
		var held map[string]any
		require.NoError(t, json.Unmarshal([]byte(got.body), &held))
		require.Contains(t, held["confidential"], "Confidentiel", "L20")
		require.Len(t, held["references"], 1)
		require.Equal(t, "2024-01-01T00:00:00+01:00", held["occupancy"].(map[string]any)["from"], "D4")
		for _, secret := range []string{string(k.EAN), k.Reference.Reveal(), registry.FormatReference(k.Reference), k.Key, "Vorgänger", "Alter Lieferant", "2023-12"} {
			require.NotContains(t, page.body+got.body, secret)
		}
		for action, want := range map[audit.Action]int64{audit.FileShown: 1, audit.FileTaken: 1} {
			require.Equal(t, want, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND subject = $2`, string(action), "occupancy:"+h.stay))
		}
		require.Equal(t, "/fr/ended", b.another().get("/fr/mine.json").Header.Get("Location"))
	})
}

// S4: a request to put data right: errors stand at their field and lose
// nothing; one that is taken has receipt and due date; what was written is
// sealed and never in the trail.
func TestS4Rectification(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		long := strings.Repeat("é", 1001)
		for name, c := range map[string]struct{ field, text, at string }{
			"no field":      {"", "Das ist falsch", "field"},
			"unknown field": {"password", "Das ist falsch", "field"},
			"empty":         {"meter", "   ", "wrong"},
			"too long":      {"meter", long, "wrong"},
		} {
			page := b.post("/de/rectify?of=1", url.Values{"field": {c.field}, "wrong": {c.text}})
			require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, name)
			require.Equal(t, 1, page.doc.Find("#"+c.at+"[aria-invalid=true]").Length(), name)
			require.Equal(t, "#"+c.at, page.doc.Find(".error a").AttrOr("href", ""), name)
			require.Equal(t, c.text, page.doc.Find("textarea").Text(), "%s: nothing typed is lost", name)
		}
		require.Zero(t, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM rectifications`))
		done := b.post("/de/rectify?of=1", url.Values{"field": {"meter"}, "wrong": {"Der Zähler endet auf 6617."}})
		require.Equal(t, "/de/rectify/asked?of=1", done.Header.Get("Location"))
		again := b.post("/de/rectify?of=1", url.Values{"field": {"meter"}, "wrong": {"Der Zähler endet auf 6617. "}}) // a double click
		require.Equal(t, "/de/rectify/asked?of=1", again.Header.Get("Location"))
		require.EqualValues(t, 1, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM rectifications`), "one request, one answer")
		page := b.get(done.Header.Get("Location"))
		require.Contains(t, plainSpaces(page.doc.Find("main").Text()), "spätestens am 23. Dezember 2026")
		mine := b.get("/de/mine")
		require.Contains(t, plainSpaces(mine.doc.Find("#requests").Text()), "Antwort spätestens am 23. Dezember 2026")
		require.Zero(t, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE details LIKE '%6617%'`))
		require.Zero(t, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM rectifications WHERE CAST(sealed AS TEXT) LIKE '%6617%'`))
		for n := range 4 {
			require.Equal(t, http.StatusSeeOther, b.post("/de/rectify", url.Values{"field": {"other"}, "wrong": {"noch etwas, zum " + strconv.Itoa(n)}}).StatusCode)
		}
		many := b.post("/de/rectify", url.Values{"field": {"other"}, "wrong": {"noch etwas"}})
		require.Equal(t, http.StatusTooManyRequests, many.StatusCode)
		require.Equal(t, "noch etwas", many.doc.Find("textarea").Text())
		require.EqualValues(t, 5, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'rectify.asked' AND subject = $1`, "occupancy:"+h.stay))
	})
}

// S4, L19: the back office alone reads and decides, once; its person sees that
// it was read, and gets the answer by letter.
func TestS4BackOfficeDecides(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	ask := &registry.Rectifications{Ring: storetest.Keys(t), Clock: b.clock.Now, Runner: b.store, Store: b.store}
	id, err := ask.Ask(t.Context(), b.known.OccupancyID, "meter", "Le compteur finit par 6617.", audit.Entry{Actor: portal.Actor{Kind: portal.Household}})
	require.NoError(t, err)
	b.signIn("anna")
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/rectifications").StatusCode, "an agent has no right to it")
	require.Equal(t, http.StatusForbidden, b.post("/fr/desk/rectifications/"+id, "decision", "corrected").StatusCode)
	b.fresh()
	b.signIn("lena")
	page := b.get("/fr/desk/rectifications")
	require.Contains(t, page.doc.Find(".desk-wrong").Text(), "6617")
	require.Contains(t, page.doc.Find(".desk-wrong").Text(), "Claes")
	entries, err := b.store.Entries(t.Context(), "occupancy:"+b.known.OccupancyID, 10, time.Time{}, "")
	require.NoError(t, err)
	require.Equal(t, audit.RectifyRead, entries[0].Action)
	require.Equal(t, "lena", entries[0].Actor.ID)

	page = b.post("/fr/desk/rectifications/"+id, "decision", "refused", "words", "non")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Equal(t, "non", page.doc.Find("textarea").Text())
	require.Equal(t, "#words-"+id, page.doc.Find(".error a").AttrOr("href", ""))
	page = b.post("/fr/desk/rectifications/"+id, "decision", "", "words", "Bonjour")
	require.Equal(t, 1, page.doc.Find("select[aria-invalid=true]").Length())
	page = b.post("/fr/desk/rectifications/"+id, "decision", "refused", "words", "Le numéro est le bon.")
	require.Equal(t, "/fr/desk/rectifications", page.Request.URL.Path)
	require.Contains(t, page.text, "Décidé.")
	page = b.post("/fr/desk/rectifications/"+id, "decision", "corrected")
	require.Equal(t, http.StatusConflict, page.StatusCode, "once")
	letters, err := b.store.WaitingLetters(t.Context(), "", 5)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, outbox.Answer, letters[0].Kind)
	require.Equal(t, "Rue Haute 1", letters[0].To.Street)
	of, err := ask.Of(t.Context(), b.known.OccupancyID)
	require.NoError(t, err)
	require.Equal(t, registry.Decision("refused"), of[0].Decision)
	require.Equal(t, "Le numéro est le bon.", of[0].Answer)
}

// S4: each kind of letter has a name of its own in the file, in each language.
func TestLettersHaveNames(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		x := &ctx{Catalog: i18n.For(lang)}
		for _, kind := range outbox.Kinds {
			require.NotEqual(t, x.letterName("postcard"), x.letterName(kind), "%s: %s", lang, kind)
		}
	}
}
