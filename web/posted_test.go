package web

import (
	"net/http"
	"net/url"
	"testing"

	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// L28, D1: the history by post has no address in its form, and one that is
// typed all the same changes nothing; the second asking is told so.
func TestL28HistoryByPostHasNoAddress(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		form := b.get("/fr/consumption").doc.Find("form[action^='/fr/consumption/by-post']")
		require.Equal(t, 1, form.Length())
		require.Zero(t, form.Find("input, textarea, select").Length())
		action := form.AttrOr("action", "")

		page := b.get("/fr/consumption/posted?of=1")
		require.Equal(t, 1, page.doc.Find("main form[action='"+action+"']").Length(), "not asked yet")
		done := b.post(action, url.Values{"street": {"Rue du Voleur 1"}, "address": {"elsewhere"}, "name": {"Nobody"}})
		require.Equal(t, http.StatusSeeOther, done.StatusCode)
		require.Equal(t, "/fr/consumption/posted?of=1", done.Header.Get("Location"))
		page = b.get(done.Header.Get("Location"))
		require.Equal(t, "Votre historique part par la poste", page.doc.Find("h1").Text())
		require.Zero(t, page.doc.Find("main form[action='"+action+"']").Length())
		letters, err := a.WaitingLetters(t.Context(), "", 5)
		require.NoError(t, err)
		require.Len(t, letters, 1)
		require.Equal(t, outbox.History, letters[0].Kind)
		require.Equal(t, []string{h.stay}, letters[0].About)
		require.Empty(t, letters[0].To)

		again := b.post(action, nil)
		page = b.get(again.Header.Get("Location"))
		require.Equal(t, "Vous l’avez déjà demandé", page.doc.Find("h1").Text())
		require.Contains(t, plainSpaces(page.doc.Find("main").Text()), "à partir du 23 décembre 2026")
		letters, err = a.WaitingLetters(t.Context(), "", 5)
		require.NoError(t, err)
		require.Len(t, letters, 1)

		stranger := b.another()
		require.Equal(t, "/fr/ended", stranger.post(action, nil).Header.Get("Location"))
		require.Equal(t, http.StatusNotFound, b.post("/fr/consumption/by-post?of=2", nil).StatusCode, "T24")
	})
}

// D2: after a move the page says why nothing is sent, and whom to call.
func TestD2HistoryByPostAfterAMove(t *testing.T) {
	t.Parallel()
	inStrongrooms(t, func(t *testing.T, h *house, a strongroom, b *browser) {
		storetest.Exec(t, a.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, h.clock().Add(-1).UnixMicro(), h.stay)
		done := b.post("/de/consumption/by-post", nil)
		page := b.get(done.Header.Get("Location"))
		require.Contains(t, page.doc.Find(".lead").Text(), "Sie wohnen nicht mehr")
		require.Contains(t, plainSpaces(page.doc.Find("main").Text()), "078 00 00 00")
		require.Zero(t, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM outbox`))
		require.EqualValues(t, 1, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'history.asked'`), "the refusal is recorded")
		require.Equal(t, registry.PostMoved, registry.PostState("moved"))
	})
}
