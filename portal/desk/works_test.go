package desk_test

import (
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/store/storetest"
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
