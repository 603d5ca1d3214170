package store_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
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

// T24, D10: a hold that the requester ended is ended: nothing is done or shown on
// it, whatever was asked before; its code, typed once, is no way back, only the
// requester's consent is; who let go itself may come back. The requester is told
// of each company that follows by the code, and who followed stays on record.
func TestD10AHoldThatEndedIsEnded(t *testing.T) {
	yards(t, func(t *testing.T, y *yard) {
		me := works.Installer{PartnerID: "p1", Company: "0403170701"}
		firm := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "zoe"}, Channel: "web"}
		home := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
		r := y.capture("two-rate", "A", map[string]string{})
		y.told(outbox.WorksReceipt)
		hold := func(by audit.Entry, way works.Way) error { return y.Hold(t.Context(), by, r.ID, me.Company, way) }
		news := func() (all []works.News) {
			for _, l := range y.told(outbox.WorksNews) {
				var n works.News
				require.NoError(t, json.Unmarshal(l.Data, &n))
				all = append(all, n)
			}
			return all
		}
		for range 2 {
			require.NoError(t, hold(firm, works.ByCode))
		}
		told := news()
		require.Len(t, told, 1)
		require.Equal(t, works.Followed, told[0].Event)
		require.Equal(t, me.Company, told[0].Company)

		_, _, err := y.Of(t.Context(), me, r.ID) // asked, and then ended
		require.NoError(t, err)
		ended := y.now
		require.NoError(t, y.LetGo(t.Context(), home, r.ID, me.Company))
		entries := storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail`)
		theirs := y.As(me)
		_, err = theirs.Move(t.Context(), firm, r.ID, works.Requester, works.EventCancel, "", nil)
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
		for what, err := range map[string]error{
			"add":   theirs.Add(t.Context(), firm, r.ID, works.Paper{ID: "x", Document: works.Photo, EvidenceID: "e2"}),
			"note":  theirs.Note(t.Context(), firm, r.ID, "well", func(*works.Request) error { return nil }),
			"shown": theirs.Shown(t.Context(), firm, "request", r.ID),
		} {
			require.Equal(t, portal.NotFound, portal.CodeOf(err), what)
		}
		require.ErrorContains(t, hold(firm, works.ByCode), "works.held-no-more")
		require.Equal(t, entries, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail`), "nothing was done")
		require.Empty(t, news())

		y.now = y.now.Add(time.Hour)
		require.NoError(t, hold(home, works.ByConsent))
		require.Empty(t, news(), "the requester did it")
		require.NoError(t, theirs.Shown(t.Context(), firm, "request", r.ID))
		require.NoError(t, theirs.LetGo(t.Context(), firm, r.ID, me.Company))
		require.NoError(t, hold(firm, works.ByCode), "its own end is no bar")
		require.Len(t, news(), 1)

		all, err := y.store.WorksHolders(t.Context(), r.ID)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.True(t, all[0].EndedAt.Equal(ended))
		require.Equal(t, []portal.Actor{home.Actor, firm.Actor, {}}, []portal.Actor{all[0].EndedBy, all[1].EndedBy, all[2].EndedBy})
		require.Equal(t, []bool{true, true, false}, []bool{all[0].Ended(), all[1].Ended(), all[2].Ended()})
	})
}
