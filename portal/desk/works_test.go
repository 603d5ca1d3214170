package desk_test

import (
	"slices"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/portal/staff"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// C8: a caller's open works case and its team stand on their case, once the
// caller check has passed; one that is over, or somebody else's, does not.
func TestC8ACallGoesToTheTeam(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, h *house) {
		svc := &works.Service{Clock: h.clock, Runner: h.store, Store: h.store, Ring: storetest.Keys(t)}
		by := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
		capture := func(stay string) string {
			made, err := svc.Capture(t.Context(), by, works.Draft{Kind: "two-rate", Energy: "electricity", Requester: "person", Name: "Claes", Mail: "a@example.org",
				Language: "fr", Channel: "mail", Street: "Rue 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": string(h.known[0].EAN)}}, nil, stay, "")
			require.NoError(t, err)
			return made.Request.ID
		}
		open, over := capture(h.known[0].OccupancyID), capture(h.known[0].OccupancyID)
		capture(h.known[1].OccupancyID)
		require.NoError(t, svc.Note(t.Context(), by, open, "team", func(r *works.Request) error { r.Team = "Est"; return nil }))
		_, err := svc.Move(t.Context(), by, over, works.Requester, works.EventCancel, "", nil)
		require.NoError(t, err)

		id := h.block(h.known[0].Reference)
		h.open(anna, id)
		c, err := h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.Nil(t, c.Customer, "nothing before the caller check")
		h.pass(anna, id)
		c, err = h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.Equal(t, []desk.WorksCase{{Kind: works.TwoRate, Status: works.Received, Team: "Est"}}, c.Customer.Works)
	})
}

// closing is a yard with requests whose numbers the gate closes.
type closing struct {
	*house
	yard *desk.Yard
	svc  *works.Service
}

func newClosing(h *house) closing {
	svc := &works.Service{Clock: h.clock, Runner: h.store, Store: h.store, Ring: storetest.Keys(h.t)}
	deps := h.Deps
	deps.Yard = desk.Yard{Store: h.store, Service: svc, Vault: &evidence.Service{Clock: h.clock, Runner: h.store, Store: h.store}, Runner: h.store, Clock: h.clock}
	yard, err := desk.New(deps).Yard(staff.Member{Login: "wim", Name: "Wim", Role: staff.Works})
	require.NoError(h.t, err)
	return closing{h, yard, svc}
}

func (c closing) request() works.Request {
	c.t.Helper()
	made, err := c.svc.Capture(c.t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"},
		works.Draft{Kind: "two-rate", Energy: "electricity", Requester: "person", Name: "Claes", Mail: "a@example.org",
			Language: "fr", Channel: "mail", Street: "Rue 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": "541449000000000010"}}, nil, "", "")
	require.NoError(c.t, err)
	return made.Request
}

func (c closing) close(r works.Request) {
	c.t.Helper()
	require.NoError(c.t, c.store.Do(c.t.Context(), func(u tx.Tx) error {
		return c.store.SaveAttempt(u, lookup.ByWorks, r.Key, c.clock(), lookup.Counter{BlockedAt: c.clock(), CaseID: "B-00000000"})
	}))
}

func (c closing) unlock(login string, r works.Request) error {
	return c.yard.Do(c.t.Context(), portal.Actor{Kind: portal.Staff, ID: login}, r.ID, desk.Unlock, r.Since, func(string) string { return "rappelé, vérifié" })
}

// G10, M6: a works number that is opened again counts among the unblocks of who
// did it, so that one officer who opens many rings as one agent does.
func TestG10WorksNumbersCountForTheAlarm(t *testing.T) {
	everywhere(t, 0, func(t *testing.T, h *house) {
		c := newClosing(h)
		for i := range desk.AlarmUnblocks {
			require.Empty(t, h.alarms)
			r := c.request()
			c.close(r)
			require.NoError(t, c.unlock("wim", r), i)
		}
		require.Len(t, h.alarms, 1)
	})
}

// G10: from the third time in twelve months on a works number opens with a second
// officer's word alone, whom the first one asks; as a reference does.
func TestG10TheThirdTimeASecondOfficerOpensAWorksNumber(t *testing.T) {
	everywhere(t, 0, func(t *testing.T, h *house) {
		c := newClosing(h)
		r := c.request()
		seen := func(login string) *desk.Closed {
			t.Helper()
			f, err := c.yard.Open(t.Context(), portal.Actor{Kind: portal.Staff, ID: login}, r.ID)
			require.NoError(t, err)
			require.Equal(t, f.Closed != nil && (f.Closed.Asked == nil || f.Closed.Asked.Login != login), slices.Contains(f.Acts, desk.Unlock))
			return f.Closed
		}
		for range desk.UnblocksAYear {
			c.close(r)
			require.False(t, seen("wim").Second)
			require.NoError(t, c.unlock("wim", r))
			require.Nil(t, seen("wim"))
		}
		c.close(r)
		require.True(t, seen("wim").Second)
		require.NoError(t, c.unlock("wim", r))
		require.Equal(t, "wim", seen("wim").Asked.Login)
		require.Equal(t, portal.Conflict, portal.CodeOf(c.unlock("wim", r)), "not the one who asked")
		require.NotNil(t, seen("eva"), "asked is not opened")
		require.NoError(t, c.unlock("eva", r))
		require.Nil(t, seen("eva"))
		trail := func(action, login string) int64 {
			return storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND actor_id = $2 AND subject = $3`, action, login, works.Subject(r.ID))
		}
		require.EqualValues(t, 2, trail("reference.unblocked", "wim"))
		require.EqualValues(t, 1, trail("reference.unblock-asked", "wim"))
		require.EqualValues(t, 1, trail("reference.unblocked", "eva"))

		h.wait(time.Minute)
		c.close(r)
		require.NoError(t, c.unlock("eva", r), "asks anew: what was asked for the last time is done with")
		require.Equal(t, "eva", seen("wim").Asked.Login)
		h.wait(desk.AskedFor)
		require.Nil(t, seen("wim").Asked, "it lapsed")
	})
}

// L18: what an officer ends in a requester's name the requester is written about,
// and may say that it was somebody else who called; what they end themselves not.
func TestTheRequesterLearnsWhatWasDoneInTheirName(t *testing.T) {
	everywhere(t, 0, func(t *testing.T, h *house) {
		c := newClosing(h)
		news := func() int64 {
			return storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM outbox WHERE kind = 'works-news'`)
		}
		own := c.request()
		_, err := c.svc.Move(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}, own.ID, works.Requester, works.EventCancel, "", nil)
		require.NoError(t, err)
		require.Zero(t, news())
		r := c.request()
		typed := map[string]string{"reason": "annulée au téléphone", "sure": "yes"}
		require.NoError(t, c.yard.Do(t.Context(), portal.Actor{Kind: portal.Staff, ID: "wim"}, r.ID, desk.Act(works.EventCancel), r.Since, func(f string) string { return typed[f] }))
		require.EqualValues(t, 1, news())
	})
}
