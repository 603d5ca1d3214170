package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// patience bounds a wait for what must happen, tick is how often it is looked for.
const (
	patience = 10 * time.Second
	tick     = 20 * time.Millisecond
	// The same for what a job of the program does every few seconds.
	longer = 40 * time.Second
	slower = 250 * time.Millisecond
)

// refusals counts the failures that the trail tells.
func refusals(t *testing.T, p *rig.Portal) int {
	t.Helper()
	n, err := strconv.Atoi(rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action IN ('lookup.refused', 'lookup.blocked')`))
	require.NoError(t, err)
	return n
}

// behind lists what only an open visit may see.
var behind = []string{"/consumption", "/consumption?grain=month", "/consumption.csv", "/consumption.json",
	"/consumption.xml", "/consumption.pdf", "/consumption.html"}

// mustBeOut asserts that nothing of a visit can be seen.
func mustBeOut(t *testing.T, v *visitor.Visitor) {
	t.Helper()
	for _, path := range behind {
		p := v.Get(t, v.Path(path))
		require.NotEqual(t, http.StatusOK, p.Status, path)
		if p.Status == http.StatusSeeOther {
			require.Equal(t, v.Path("/ended"), p.Header.Get("Location"))
		}
	}
}

func fixation(t *testing.T, p *rig.Portal) {
	const planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	v, attacker := visitor.Public(t, p), visitor.Public(t, p)
	v.SetCookie("guichet-visit", planted)
	attacker.SetCookie("guichet-visit", planted)
	v.MustEnter(t, p.Take(t))
	require.NotEqual(t, planted, v.Cookie("guichet-visit"))
	mustBeOut(t, attacker)

	// A second reference opened in the same visit gets a new session; the
	// former one is worth nothing.
	old := v.Cookie("guichet-visit")
	v.MustEnter(t, p.Take(t))
	require.NotEqual(t, old, v.Cookie("guichet-visit"))
	attacker.SetCookie("guichet-visit", old)
	mustBeOut(t, attacker)
	require.Equal(t, http.StatusOK, v.Get(t, v.Path("/consumption?of=1")).Status)
	require.Equal(t, http.StatusOK, v.Get(t, v.Path("/consumption?of=2")).Status)
}

func backAfterLeaving(t *testing.T, p *rig.Portal) {
	v := visitor.Public(t, p)
	page := v.MustEnter(t, p.Take(t))
	session := v.Cookie("guichet-visit")
	action, form := page.Form(t, `form[action$="/leave"]`)
	left := v.Follow(t, v.Post(t, action, form))
	require.Equal(t, "no-store", left.Header.Get("Cache-Control"))
	require.Empty(t, v.Cookie("guichet-visit"), "the cookie outlived the visit")
	mustBeOut(t, v)
	v.SetCookie("guichet-visit", session)
	mustBeOut(t, v)
	answer := v.Post(t, v.Path("/visit/extend"), nil)
	require.Equal(t, v.Path("/ended"), answer.Header.Get("Location"), "an ended visit was prolonged")
	mustBeOut(t, v)
}

func skippedSteps(t *testing.T, p *rig.Portal) {
	stranger := visitor.Public(t, p)
	mustBeOut(t, stranger)
	v := visitor.Public(t, p)
	v.MustEnter(t, p.Take(t))
	for _, of := range []string{"0", "2", "-1", "99999999999999999999", "x", "1%20"} {
		require.Equal(t, http.StatusNotFound, v.Get(t, v.Path("/consumption?of="+of)).Status, of)
	}
	for _, query := range []string{"grain=second", "from=yesterday", "from=2024-02-31", "from=2025-01-01&to=2024-01-01", "from=0001-01-01&to=9999-12-31"} {
		page := v.Get(t, v.Path("/consumption?"+query))
		require.Less(t, page.Status, 500, query)
		require.Contains(t, []int{http.StatusOK, http.StatusUnprocessableEntity, http.StatusSeeOther}, page.Status, query)
	}
	mustBeOut(t, stranger)
}
