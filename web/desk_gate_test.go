package web

import (
	"bytes"
	"context"
	"net/http"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/web/i18n"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// TestDeskWordsOfTheGate counts what enumerations need words: steps, budgets,
// alarms, the kinds of meters of the bound.
func TestDeskWordsOfTheGate(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.DeskLanguages {
		c := i18n.For(lang)
		for s := lookup.Captcha; s <= lookup.Letter; s++ {
			for _, key := range []string{"desk.gate.step.", "desk.gate.asks.", "desk.gate.say."} {
				require.True(t, c.Has(key+s.String()), "%s %s%s", lang, key, s)
			}
		}
		for _, b := range lookup.Budgets {
			require.True(t, c.Has("desk.budget."+string(b)), "%s %s", lang, b)
		}
		for _, a := range desk.Alarms {
			require.True(t, c.Has("desk.alarm."+a), "%s %s", lang, a)
		}
		for _, a := range []desk.Among{desk.AmongAll, desk.AmongPostcode, desk.AmongAddress, desk.AmongBatch} {
			require.True(t, c.Has("desk.bound."+string(a)), "%s %s", lang, a)
		}
	}
}

func renderDesk(t *testing.T, name string, lang portal.Language) *goquery.Document {
	t.Helper()
	for _, f := range deskFixtures {
		if f.name != name {
			continue
		}
		var b bytes.Buffer
		require.NoError(t, f.page(exhibitDesk(testCommon(time.Now), lang)).Render(context.Background(), &b))
		doc, err := goquery.NewDocumentFromReader(&b)
		require.NoError(t, err)
		return doc
	}
	t.Fatalf("no fixture %s", name)
	return nil
}

// TestG7GatePageWords: each share is a number and a word, whatever its colour;
// the alarm line stands only where it rings; nothing moves by itself.
func TestG7GatePageWords(t *testing.T) {
	t.Parallel()
	doc := renderDesk(t, "desk-gate-attacked", portal.French)
	var shares []string
	doc.Find("#budgets .tag").Each(func(_ int, s *goquery.Selection) {
		shares = append(shares, plainSpaces(s.Text())+" "+s.AttrOr("class", ""))
	})
	require.Equal(t, []string{"100 % · limite atteinte tag stop", "65 % · à suivre tag warn", "82 % · presque atteint tag stop",
		"7 % · calme tag plain", "5 % · calme tag plain", "104 % · limite atteinte tag stop"}, shares)
	require.Contains(t, plainSpaces(doc.Find(".desk-alarm").Text()), "Alerte : 152 références")
	require.Contains(t, doc.Find(".desk-gate").Text(), "niveau 3, code de la lettre")
	require.Equal(t, len(desk.Alarms), doc.Find("#alarms tbody tr").Length())
	require.Equal(t, 4, doc.Find("#moves tbody tr").Length())
	require.Zero(t, doc.Find("meta[http-equiv]").Length())

	heads := map[string]bool{}
	doc.Find("#budgets tbody th").Each(func(_ int, s *goquery.Selection) { heads[s.Text()] = true })
	require.Len(t, heads, 6, "each row has a name of its own")

	quiet := renderDesk(t, "desk-gate", portal.German)
	require.Zero(t, quiet.Find(".desk-alarm").Length())
	require.Equal(t, 4, quiet.Find("#bound tbody tr").Length())
	require.Equal(t, "0,121", quiet.Find("#bound tbody tr").First().Find("td").First().Text())
	fresh := renderDesk(t, "desk-gate-new", portal.German)
	require.Contains(t, fresh.Text(), "Noch nicht gemessen")
	require.Zero(t, fresh.Find("#bound, #moves, #alarms").Length())
}

// TestG8SmallNumbers: a small expectation is never written as none.
func TestG8SmallNumbers(t *testing.T) {
	t.Parallel()
	x := exhibitDesk(testCommon(time.Now), portal.German)
	for n, want := range map[float64]string{0: "0", .0001: "unter 0,001", .1: "0,100", 1: "1,00", 9.996: "10,00", 12.34: "12,3", 1234: "1.234"} {
		require.Equal(t, want, x.small(n))
	}
	require.Equal(t, x.T("desk.moves.unread"), x.step(0))
}

// TestG7GatePageByHand: agents and security reach it by the bar, and see the
// step move.
func TestG7GatePageByHand(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.block()
	require.Equal(t, "/fr/desk/sign-in", b.get("/fr/desk/gate").Request.URL.Path)
	for _, name := range []string{"anna", "carla"} {
		page := b.signIn(name)
		link := page.doc.Find(`.desk-nav a[accesskey="g"]`)
		require.Equal(t, "/fr/desk/gate", link.AttrOr("href", ""))
		page = b.get("/fr/desk/gate")
		require.Equal(t, http.StatusOK, page.StatusCode)
		require.Equal(t, "page", page.doc.Find(`.desk-nav a[accesskey="g"]`).AttrOr("aria-current", ""))
		require.Equal(t, "/fr/desk/gate", page.doc.Find(".desk-fresh a").AttrOr("href", ""))
		require.Equal(t, "/de/desk/gate", page.doc.Find(`.langs a[lang="de"]`).AttrOr("href", ""))
		require.Contains(t, page.text, "niveau 1, captcha")
		require.Equal(t, 6, page.doc.Find("#budgets tbody tr").Length())
	}
	require.Contains(t, plainSpaces(b.get("/fr/desk/gate").text), "Échecs : 3 ; blocages : 1")
	for range 12_000 {
		b.permits.Missed()
	}
	require.NoError(t, b.permits.Look(t.Context()))
	page := b.get("/fr/desk")
	require.Contains(t, page.doc.Find(".desk-gate").Text(), "niveau 2, captcha et calcul")
	page = b.get("/de/desk/gate")
	require.Equal(t, 1, page.doc.Find("#moves tbody tr").Length())
	require.Contains(t, page.text, "Stufe 2, Captcha und Rechenaufgabe")
	require.Equal(t, http.StatusNotFound, b.get("/nl/desk/gate").StatusCode, "D18")
}
