package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// ownerSees: one officer asks with a proof, another grants, the letter opens the
// vacancy and nothing else of the file, and ending the ground ends the visit (D7).
func ownerSees(t *testing.T, p *rig.Portal, ean string) {
	var officers []*visitor.Visitor
	for _, c := range p.Staff {
		if c.Role == "office" {
			v, answer := signIn(t, p, c, time.Now())
			require.Equal(t, http.StatusSeeOther, answer.Status, "%s", answer.Text())
			officers = append(officers, v)
		}
	}
	require.Len(t, officers, 2)
	handled(t, p)
	before := map[string]bool{}
	for _, l := range p.Letters(t) {
		before[l.Reference] = true
	}
	action, form := officers[0].Open(t, "/fr/desk/grounds/new").Form(t, `form[action$="/grounds/new"]`)
	for name, value := range map[string]string{"kind": "owner", "ean": ean, "name": "Otto Peters", "street": "Rue B 2", "postcode": "4700", "town": "Eupen", "language": "de",
		"from": time.Now().AddDate(0, 0, -1).Format(time.DateOnly), "until": time.Now().AddDate(0, 2, 0).Format(time.DateOnly), "evidence": "acte de propriété, notaire X"} {
		form.Set(name, value)
	}
	page := officers[0].Follow(t, officers[0].Post(t, action, form))
	require.NotContains(t, page.Text(), ean)
	action, form = officers[1].Open(t, "/fr/desk/grounds").Form(t, `form[action$="/decide"]`)
	form.Set("decision", "granted")
	officers[1].Follow(t, officers[1].Post(t, action, form))
	handled(t, p)
	var letter rig.Reference
	for _, l := range p.Letters(t) {
		if !before[l.Reference] {
			letter = l
		}
	}
	require.Equal(t, "de", letter.Language)

	owner := visitor.Public(t, p)
	owner.Lang = "de"
	history := owner.MustEnter(t, letter)
	require.Contains(t, history.Text(), "Sie sehen diese Daten als Eigentümer der Wohnung")
	safe(t, history)
	page, err := owner.Try(http.MethodGet, "/de/mine", "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, page.Status)
	require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'history.shown' AND ground = 'owner'`))

	action, form = officers[0].Open(t, "/fr/desk/grounds").Form(t, `form[action$="/end"]`)
	form.Set("why", "mistake")
	officers[0].Follow(t, officers[0].Post(t, action, form))
	page, err = owner.Try(http.MethodGet, "/de/consumption", "", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSeeOther, page.Status, "the visit is over")
	closed(t, p, letter)
	require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'ground.ended' AND ground = 'owner'`))
}
