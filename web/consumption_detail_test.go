package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"

	"github.com/stretchr/testify/require"
)

// TestD5DetailIsChosenAndWithdrawnBehindTheReference: one button to choose; to
// withdraw, which deletes, a box that must be ticked; refusals stand on the
// page, the one about the box at the box.
func TestD5DetailIsChosenAndWithdrawnBehindTheReference(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	const path = "/fr/consumption/detail?of=1"
	h.trail = nil
	page := b.get("/fr/consumption/detail")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Len(t, h.trail, 1, "L18: what was chosen is told")
	require.Equal(t, audit.FileShown, h.trail[0].Action)
	require.Equal(t, "detail", h.trail[0].Details["page"])
	require.Equal(t, "choose", page.doc.Find("form button[name=do]").AttrOr("value", ""))
	require.Equal(t, path, page.doc.Find("main form[action*=detail]").AttrOr("action", ""))

	h.refuse = &portal.Error{Code: portal.Conflict, Key: "detail.again"}
	refused := b.post(path, url.Values{"do": {"choose"}})
	require.Equal(t, http.StatusConflict, refused.StatusCode)
	require.Contains(t, refused.doc.Find(".error").Text(), "dès demain")
	require.Equal(t, "/de/consumption/detail?of=1", refused.doc.Find(".langs a[lang=de]").AttrOr("href", ""))
	h.refuse = nil

	done := b.post(path, url.Values{"do": {"choose"}})
	require.Equal(t, http.StatusSeeOther, done.StatusCode)
	require.Equal(t, path, done.Header.Get("Location"))
	page = b.get(path)
	require.Contains(t, page.doc.Find(".note").Text(), "Une lettre vous le confirme")

	unsure := b.post(path, url.Values{"do": {"withdraw"}})
	require.Equal(t, http.StatusUnprocessableEntity, unsure.StatusCode)
	require.Equal(t, "sure-error", unsure.doc.Find("#sure").AttrOr("aria-describedby", ""))
	require.Contains(t, unsure.doc.Find("#sure-error").Text(), "Cochez cette case")
	require.Equal(t, "#sure", unsure.doc.Find(".error a").AttrOr("href", ""))
	require.True(t, strings.HasPrefix(unsure.doc.Find("title").Text(), "Erreur"))
	require.Equal(t, http.StatusSeeOther, b.post(path, url.Values{"do": {"withdraw"}, "sure": {"yes"}}).StatusCode)
	require.Contains(t, b.get(path).doc.Find(".note").Text(), "Vous n’avez pas choisi")

	require.Equal(t, http.StatusUnprocessableEntity, b.post(path, url.Values{"do": {"x"}}).StatusCode)
	require.Equal(t, http.StatusNotFound, b.post("/fr/consumption/detail?of=2", url.Values{"do": {"choose"}}).StatusCode)
	require.Equal(t, http.StatusSeeOther, b.another().get(path).StatusCode, "nobody without a visit")
	h.refuse = portal.Shut("store", nil)
	require.Equal(t, http.StatusServiceUnavailable, b.post(path, url.Values{"do": {"choose"}}).StatusCode)
}
