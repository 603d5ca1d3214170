package store_test

import (
	"fmt"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// D10: an installer's list has what it made and what it holds, each once, in
// the order of their dates; a claim twice is one, more companies than may
// follow are refused, and what ended is gone at once.
func TestD10WorksOfInstallers(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		me, other := works.Installer{PartnerID: "p1", Company: "0403170701"}, works.Installer{PartnerID: "p2", Company: "0417497106"}
		made := y.capture("two-rate", "A", map[string]string{})
		y.now = y.now.Add(time.Second) // an id is in the order of its time
		held, late := y.capture("two-rate", "B", map[string]string{}), y.offer(y.capture("more-power", "C", map[string]string{"power_wished": "9"}))
		storetest.Exec(t, y.dsn, `UPDATE works SET partner_id = 'p1' WHERE id = $1`, made.ID)
		list := func(of works.Installer, f works.Sought, after works.Place) (ids []string) {
			rows, err := y.store.WorksOf(t.Context(), of, f, after, 2)
			require.NoError(t, err)
			for _, r := range rows {
				ids = append(ids, r.ID)
			}
			return ids
		}
		require.Equal(t, []string{made.ID}, list(me, works.Sought{}, works.Place{}))
		require.Empty(t, list(other, works.Sought{}, works.Place{}))
		require.Empty(t, list(works.Installer{}, works.Sought{}, works.Place{}), "nobody's are nobody's")
		for range 2 {
			require.NoError(t, y.Hold(t.Context(), foreman, made.ID, me.Company, works.ByCode))
			require.NoError(t, y.Hold(t.Context(), foreman, held.ID, me.Company, works.ByConsent))
			require.NoError(t, y.Hold(t.Context(), foreman, late.ID, me.Company, works.ByConsent))
		}
		require.EqualValues(t, 3, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.held'`))
		require.Equal(t, []string{late.ID, made.ID}, list(me, works.Sought{}, works.Place{}))
		require.Equal(t, []string{held.ID}, list(me, works.Sought{}, works.Place{ID: made.ID}))
		require.Equal(t, []string{late.ID}, list(me, works.Sought{Turn: works.Requester, Status: works.Offered, Due: late.Due.Add(time.Second)}, works.Place{}))
		require.Empty(t, list(me, works.Sought{Due: late.Due}, works.Place{}))
		_, _, err := y.Of(t.Context(), other, held.ID)
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
		_, _, err = y.Of(t.Context(), me, made.ID)
		require.NoError(t, err)
		require.NoError(t, y.LetGo(t.Context(), foreman, held.ID, me.Company))
		require.NoError(t, y.LetGo(t.Context(), foreman, held.ID, me.Company))
		require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.let-go'`))
		_, _, err = y.Of(t.Context(), me, held.ID)
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
		for n := range works.MostHolders {
			require.NoError(t, y.Hold(t.Context(), foreman, held.ID, fmt.Sprint("088133447", n), works.ByConsent))
		}
		require.ErrorContains(t, y.Hold(t.Context(), foreman, held.ID, me.Company, works.ByConsent), "works.holders")
	})
}
