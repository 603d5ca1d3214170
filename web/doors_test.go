package web

import (
	"net/http"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/doors"
	"guichet/web/i18n"

	"github.com/stretchr/testify/require"
)

// never are the public routes that no switch shuts: who comes must learn what
// happened, read what is promised, report a fault and be able to leave.
var never = []string{"GET /", "GET /.well-known/security.txt", "GET /robots.txt", "GET /:lang", "GET /:lang/",
	"POST /:lang/leave", "GET /:lang/reference/cancelled", "GET /:lang/left", "GET /:lang/ended", "GET /:lang/privacy", "GET /:lang/accessibility"}

// TestG11EveryPublicRouteNamesItsDoor: a new route lies behind a door, or its
// line above was reviewed.
func TestG11EveryPublicRouteNamesItsDoor(t *testing.T) {
	t.Parallel()
	var open []string
	for _, r := range publicRoutes(newHouse(t).deps(t)) {
		if r.Policy.Door == "" {
			open = append(open, r.Method+" "+r.Path)
			continue
		}
		require.Contains(t, doors.All, r.Policy.Door, r.Path)
	}
	require.Equal(t, never, open)
}

// TestG11ClosedGate walks the table: behind the shut gate stands the notice in
// the visitor's language, nothing is compared, drawn or shown; the rest stays.
func TestG11ClosedGate(t *testing.T) {
	t.Parallel()
	h, b := enter(t)
	form := b.form(knownReference, knownDigits, "123456")
	compared, drawn := h.compared, len(h.answers)
	h.closed = map[doors.Door]bool{doors.Gate: true}
	for _, r := range publicRoutes(h.deps(t)) {
		for _, l := range portal.Languages {
			path := strings.NewReplacer(":lang", string(l), ":file", form.Get("captcha_id")+".png").Replace(r.Path)
			if strings.HasSuffix(path, "/leave") || r.Policy.Door == doors.Partners || r.Policy.Door == doors.Works { // another door, with a test of its own
				continue
			}
			res := b.get(path)
			if r.Method == http.MethodPost {
				res = b.post(path, form)
			}
			if r.Policy.Door == "" {
				require.Less(t, res.StatusCode, 400, path)
				continue
			}
			require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, path)
			require.Equal(t, "600", res.Header.Get("Retry-After"), path)
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"), path)
			if strings.Contains(r.Path, ":lang") {
				require.Equal(t, i18n.For(l).T("closed.gate.title"), res.doc.Find("h1").Text(), path)
				require.Contains(t, plainSpaces(res.doc.Find("main").Text()), plainSpaces("078 00 00 00"+i18n.For(l).T("site.hours")), path)
			}
		}
	}
	require.Equal(t, compared, h.compared)
	require.Len(t, h.answers, drawn)
	for _, l := range portal.Languages {
		home := b.get("/" + string(l) + "/")
		require.Equal(t, http.StatusOK, home.StatusCode)
		require.Contains(t, home.doc.Find(".note.stop").Text(), i18n.For(l).T("closed.gate.title"))
		require.Equal(t, 1, home.doc.Find(".note.stop").Length())
	}
	require.Equal(t, http.StatusSeeOther, b.post("/fr/leave", nil).StatusCode)
	require.Empty(t, h.sessions, "leaving works")
	h.closed = nil
	require.Equal(t, http.StatusOK, b.get("/fr/lookup").StatusCode)
	require.Zero(t, b.get("/fr/").doc.Find(".note.stop").Length())
}

// TestG11NobodyCanTell: where the switch cannot be read the gate is shut with
// the page for that, and the first page is still there.
func TestG11NobodyCanTell(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	h.shut = portal.Shut("store", nil)
	for _, path := range []string{"/fr/lookup", "/fr/consumption", "/captcha/x.png"} {
		res := b.get(path)
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, path)
		require.Equal(t, "60", res.Header.Get("Retry-After"), path)
	}
	home := b.get("/fr/")
	require.Equal(t, http.StatusOK, home.StatusCode)
	require.Equal(t, len(doors.All)+1, home.doc.Find(".note.stop p").Length(), "in doubt shut, and whom to call")
}

// TestEveryDoorAndReasonHasItsWords counts what an enumeration's new member
// would lack.
func TestEveryDoorAndReasonHasItsWords(t *testing.T) {
	t.Parallel()
	for _, l := range portal.Languages {
		for _, d := range doors.All {
			require.True(t, i18n.For(l).Has("closed."+string(d)+".title"))
			require.True(t, i18n.For(l).Has("closed."+string(d)+".text"))
		}
	}
	for _, l := range portal.DeskLanguages {
		for _, d := range doors.All {
			require.True(t, i18n.For(l).Has("desk.door."+string(d)))
		}
		for why := range doors.Whys {
			require.True(t, i18n.For(l).Has("desk.door.why."+string(why)), why)
		}
	}
}

// TestG11DeskTurnsSwitches: one officer closes, asks, is refused; another
// confirms. An agent sees, and turns nothing.
func TestG11DeskTurnsSwitches(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	b.signIn("anna")
	page := b.get("/fr/desk/doors")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Equal(t, 3, page.doc.Find(".desk-doors li").Length())
	require.Zero(t, page.doc.Find("main form[action*=doors]").Length())
	for _, act := range []string{"close", "ask", "confirm"} {
		page = b.post("/fr/desk/doors/"+act, "door", "gate", "reason", "somebody sweeps the gate")
		require.Equal(t, http.StatusForbidden, page.StatusCode, act)
	}
	require.NoError(t, b.doors.Open(t.Context(), "gate"))

	b.fresh()
	b.signIn("carla")
	page = b.post("/fr/desk/doors/close", "door", "gate", "reason", "")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.Equal(t, "true", page.doc.Find("#close-reason").AttrOr("aria-invalid", ""))
	require.Equal(t, "#close-reason", page.doc.Find(".error a").AttrOr("href", ""))
	page = b.post("/fr/desk/doors/close", "door", "window", "reason", "somebody sweeps the gate")
	require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
	require.NoError(t, b.doors.Open(t.Context(), "gate"))
	page = b.post("/fr/desk/doors/close", "door", "gate", "reason", "somebody sweeps the gate")
	require.Equal(t, "/fr/desk/doors", page.Request.URL.Path)
	require.Contains(t, page.text, "La porte est fermée.")
	require.Contains(t, page.text, "fermée par carla")
	require.Contains(t, page.text, "somebody sweeps the gate")
	require.Error(t, b.doors.Open(t.Context(), "gate"))
	require.Contains(t, b.get("/fr/desk").doc.Find(".desk-gate").Text(), "fermée")
	require.Zero(t, page.doc.Find("form[action$='/confirm']").Length())
	page = b.post("/fr/desk/doors/ask", "door", "gate", "reason", "limits lowered, all checks made")
	require.Contains(t, page.text, "Vous avez demandé la réouverture")
	page = b.post("/fr/desk/doors/confirm", "door", "gate", "reason", "limits lowered, all checks made")
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	require.Contains(t, page.text, "une autre personne")
	require.Error(t, b.doors.Open(t.Context(), "gate"))

	b.fresh()
	b.signIn("dirk")
	page = b.get("/de/desk/doors")
	require.Equal(t, 1, page.doc.Find("form[action$='/confirm']").Length())
	page = b.post("/de/desk/doors/confirm", "door", "gate", "reason", "read and agreed")
	require.Contains(t, page.text, "Die Tür ist offen.")
	require.NoError(t, b.doors.Open(t.Context(), "gate"))
	require.Contains(t, b.get("/fr/desk").doc.Find(".desk-gate").Text(), "niveau 1")
}

var _ Switchboard = (*doors.Service)(nil)
