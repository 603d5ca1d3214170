package desk_test

import (
	"testing"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
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

// G10, M6: a works number that is opened again counts among the unblocks of who
// did it, so that one officer who opens many rings as one agent does.
func TestG10WorksNumbersCountForTheAlarm(t *testing.T) {
	everywhere(t, 0, func(t *testing.T, h *house) {
		wim := staff.Member{Login: "wim", Name: "Wim", Role: staff.Works}
		svc := &works.Service{Clock: h.clock, Runner: h.store, Store: h.store, Ring: storetest.Keys(t)}
		deps := h.Deps
		deps.Yard = desk.Yard{Store: h.store, Service: svc, Runner: h.store, Clock: h.clock}
		yard, err := desk.New(deps).Yard(wim)
		require.NoError(t, err)
		made, err := svc.Capture(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"},
			works.Draft{Kind: "two-rate", Energy: "electricity", Requester: "person", Name: "Claes", Mail: "a@example.org",
				Language: "fr", Channel: "mail", Street: "Rue 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": "541449000000000010"}}, nil, "", "")
		require.NoError(t, err)
		r := made.Request
		for i := range desk.AlarmUnblocks {
			require.Empty(t, h.alarms)
			require.NoError(t, h.store.Do(t.Context(), func(u tx.Tx) error {
				return h.store.SaveAttempt(u, lookup.ByWorks, r.Key, h.clock(), lookup.Counter{BlockedAt: h.clock(), CaseID: "B-00000000"})
			}))
			require.NoError(t, yard.Do(t.Context(), wim.Actor(), r.ID, desk.Unlock, r.Since, func(string) string { return "rappelé, vérifié" }), i)
		}
		require.Len(t, h.alarms, 1)
	})
}
