package web

import (
	"net/http"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// D3, L19: the back office alone sees moves learnt late, with what each made
// wrong, and says once that one is dealt with.
func TestD3BackOfficeSeesLateMoves(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	require.NoError(t, b.store.Do(t.Context(), func(u tx.Tx) error {
		return b.store.PutLateMove(u, registry.LateMove{ID: "move", OccupancyID: b.known.OccupancyID, MovedAt: portal.Date(2026, 10, 1), LearntAt: b.clock.Now(),
			Wrong: []registry.WrongThing{{Kind: registry.WrongDisclosure, What: "entry-1", At: b.clock.Now()}, {Kind: registry.WrongReference, What: "the-key", At: b.clock.Now()}}})
	}))
	b.block()
	b.signIn("anna")
	require.Equal(t, 1, b.get("/fr/desk").doc.Find("tbody a[href*='/desk/case/']").Length(), "who opens cases has them as links")
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/moves").StatusCode)
	require.Equal(t, http.StatusForbidden, b.post("/fr/desk/moves/move").StatusCode)
	b.fresh()
	b.signIn("lena")
	list := b.get("/fr/desk")
	id := list.doc.Find("tbody th").First().Text()
	require.NotEmpty(t, id)
	page := b.get("/fr/desk/moves")
	require.Contains(t, page.text, id, "the number of the case, for the call centre")
	for _, one := range []*goquery.Document{list.doc, page.doc} {
		require.Zero(t, one.Find("a[href*='/desk/case/']").Length(), "whose page would refuse the back office (T5, Cd3)")
	}
	require.Equal(t, http.StatusForbidden, b.get("/fr/desk/case/"+id).StatusCode)
	require.Contains(t, plainSpaces(page.text), "Parti le 1er octobre 2026")
	require.Contains(t, page.text, "entry-1")
	require.NotContains(t, page.text, "the-key")
	require.NotContains(t, page.text, string(b.known.EAN))
	page = b.post("/fr/desk/moves/move")
	require.Equal(t, "/fr/desk/moves", page.Request.URL.Path)
	require.Contains(t, page.text, "Aucun déménagement n’attend.")
	require.Equal(t, http.StatusConflict, b.post("/fr/desk/moves/move").StatusCode)
	entries, err := b.store.Entries(t.Context(), "occupancy:"+b.known.OccupancyID, 10, time.Time{}, "")
	require.NoError(t, err)
	var told []audit.Action
	for _, e := range entries {
		told = append(told, e.Action)
	}
	require.ElementsMatch(t, []audit.Action{audit.MoveSeen, audit.MovesRead}, told, "all in one moment")
}
