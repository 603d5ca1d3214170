package web

import (
	"net/http"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// D7, L19: the back office alone asks, another officer decides, a mistake is
// undone; what is wrong is said at its field and nothing typed is lost.
func TestD7GroundsAtTheDesk(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.signIn("anna")
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/grounds").StatusCode)
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/grounds/new").StatusCode)
	require.Equal(t, http.StatusForbidden, b.post("/fr/desk/grounds/new", "kind", "heir").StatusCode)
	b.fresh()
	b.signIn("lena")
	require.Contains(t, b.get("/fr/desk/grounds").text, "Aucun accès n’a été demandé.")
	typed := []string{"kind", "heir", "ean", string(b.known.EAN), "name", "Otto Peters", "street", "Rue B 2", "postcode", "4700", "town", "Eupen",
		"language", "de", "from", "2024-03-01", "to", "", "until", "2027-06-01", "evidence", "Acte de notoriété du 3 mars"}
	with := func(name, value string) []string {
		other := append([]string(nil), typed...)
		for i := 0; i < len(other); i += 2 {
			if other[i] == name {
				other[i+1] = value
			}
		}
		return other
	}
	for name, bad := range map[string]string{"kind": "", "ean": "541449000000000011", "from": "1/3/2024", "to": "demain", "until": "2020-01-01", "evidence": "oui", "language": ""} {
		page := b.post("/fr/desk/grounds/new", with(name, bad)...)
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, name)
		require.Equal(t, "true", page.doc.Find("#"+name).AttrOr("aria-invalid", ""), name)
		require.Equal(t, 1, page.doc.Find(".error li").Length(), "%s: %s", name, page.doc.Find(".error").Text())
		require.Equal(t, "Otto Peters", page.doc.Find("#name").AttrOr("value", ""), name)
	}
	page := b.post("/fr/desk/grounds/new", typed...)
	require.Equal(t, "/fr/desk/grounds", page.Request.URL.Path)
	require.Contains(t, page.text, "Un collègue doit encore décider.")
	require.Contains(t, page.text, "Acte de notoriété du 3 mars")
	require.NotContains(t, page.text, string(b.known.EAN))
	require.Zero(t, page.doc.Find(`form[action$="/decide"]`).Length(), "not by who asked")
	end, _ := page.doc.Find(`form[action$="/end"]`).Attr("action")
	at := end[:len(end)-len("/end")]
	require.Equal(t, http.StatusConflict, b.post(at+"/decide", "decision", "granted").StatusCode)

	b.fresh()
	b.signIn("marc")
	require.Equal(t, http.StatusUnprocessableEntity, b.post(at+"/decide").StatusCode)
	page = b.post(at+"/decide", "decision", "granted")
	require.Contains(t, page.text, "Accordé. La lettre part avec les autres.")
	page = b.post(at + "/letter")
	require.Contains(t, page.text, "Une nouvelle lettre part")
	page = b.post(end)
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Contains(t, page.text, "Choisissez une raison.")
	page = b.post(end, "why", "mistake")
	require.Contains(t, page.text, "Donné par erreur")
	require.Equal(t, http.StatusConflict, b.post(end, "why", "mistake").StatusCode)
	entries, err := b.store.Entries(t.Context(), "occupancy:"+b.known.OccupancyID, 50, time.Time{}, "")
	require.NoError(t, err)
	told := map[audit.Action]int{}
	for _, e := range entries {
		told[e.Action]++
	}
	require.Equal(t, 1, told[audit.GroundAsked])
	require.Equal(t, 1, told[audit.GroundGranted])
	require.Equal(t, 1, told[audit.GroundEnded])
	require.Equal(t, 2, told[audit.ReferenceIssued])
	require.NotZero(t, told[audit.GroundsRead], "L19: each reading of one, too")

	// A long list comes page by page, whole.
	b.clock.Pass(time.Minute)
	grounds := &registry.Grounds{Ring: storetest.Keys(t), Clock: b.clock.Now, Runner: b.store, Store: b.store}
	for range 21 {
		_, err := grounds.Ask(t.Context(), portal.Actor{Kind: portal.Staff, ID: "lena"}, registry.Ground{EAN: b.known.EAN, Kind: registry.Guardian, Name: "Eva",
			Language: portal.French, Street: "s", Postcode: "p", Town: "t", Period: portal.Period{From: portal.Date(2024, 3, 1)}, Until: portal.Date(2027, 1, 1), Evidence: "jugement du 1er mai"})
		require.NoError(t, err)
	}
	page = b.get("/fr/desk/grounds")
	require.Equal(t, 20, page.doc.Find("section.letter").Length())
	next, _ := page.doc.Find("a[rel=next]").Attr("href")
	page = b.get(next)
	require.Equal(t, 2, page.doc.Find("section.letter").Length())
	require.Contains(t, page.text, "Otto Peters")
	require.Equal(t, http.StatusNotFound, b.get("/fr/desk/grounds?after=x").StatusCode)
}

// D7, L16, L18: who looks on another ground is told so, sees the history and
// nothing else of the file, and the trail tells on what ground.
func TestD7AnHeirSeesTheHistoryAlone(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		require.Equal(t, http.StatusOK, b.get("/fr/mine").StatusCode)
		h.mu.Lock()
		for _, passes := range h.sessions {
			for i := range passes {
				passes[i].Ground = registry.Ground{ID: "g", Kind: registry.Heir, Until: portal.Date(2027, 6, 1)}
				passes[i].Occupancy.Period = portal.Period{From: portal.Date(2025, 1, 1), To: portal.Date(2026, 1, 1)}
			}
		}
		h.mu.Unlock()
		page := b.get("/fr/consumption")
		require.Equal(t, http.StatusOK, page.StatusCode)
		text := plainSpaces(page.doc.Text())
		require.Contains(t, text, "Vous voyez ces données comme héritier ou notaire")
		require.Contains(t, text, "Cet accès prend fin le 31 mai 2027.")
		require.Contains(t, text, "Du 1er janvier 2025 au 31 décembre 2025.")
		for _, away := range []string{"/mine", "/seen", "/rectify", "/readings", "/detail", "by-post"} {
			require.Zero(t, page.doc.Find(`main [href*="`+away+`"], main [action*="`+away+`"]`).Length(), away)
		}
		for _, path := range []string{"/fr/mine", "/fr/mine.json", "/fr/seen", "/fr/seen/receipt?entry=x", "/fr/rectify", "/fr/rectify/asked", "/fr/readings/new", "/fr/consumption/detail", "/fr/consumption/posted"} {
			require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
		}
		require.Equal(t, http.StatusOK, b.get("/fr/consumption.csv").StatusCode)
		entries, err := a.Entries(t.Context(), "occupancy:"+h.stay, 10, time.Time{}, "")
		require.NoError(t, err)
		byHeir := 0
		for _, e := range entries {
			if e.Ground == "heir" {
				byHeir++
			}
		}
		require.Equal(t, 2, byHeir)
	})
}
