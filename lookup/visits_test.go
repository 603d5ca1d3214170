package lookup_test

import (
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// enter opens a reference and lets its visit in.
func (h *house) enter(current keys.Secret, k storetest.Known) keys.Secret {
	h.t.Helper()
	outcome, err := h.gate.Open(h.ctx, h.claim(k.Reference, k.Digits))
	require.NoError(h.t, err)
	require.True(h.t, outcome.Opened)
	token, err := h.visits.Admit(h.ctx, current, outcome.Visit)
	require.NoError(h.t, err)
	return token
}

// out demands that a token opens nothing.
func (h *house) out(token keys.Secret) {
	h.t.Helper()
	_, err := h.visits.Resume(h.ctx, token)
	require.Equal(h.t, portal.SignedOut, portal.CodeOf(err))
	_, err = h.visits.Extend(h.ctx, token)
	require.Equal(h.t, portal.SignedOut, portal.CodeOf(err))
}

// in gives the occupancies that a token opens, in order.
func (h *house) in(token keys.Secret) (open []string) {
	h.t.Helper()
	s, err := h.visits.Resume(h.ctx, token)
	require.NoError(h.t, err)
	for _, p := range s.Passes {
		open = append(open, p.Occupancy.ID)
	}
	return open
}

func TestT24PassIsReadFromSQL(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		s, err := h.visits.Resume(h.ctx, h.enter("", k))
		require.NoError(t, err)
		require.Len(t, s.Passes, 1)
		p := s.Passes[0]
		require.Equal(t, k.EAN, p.Point.EAN)
		require.Equal(t, k.EAN, p.Occupancy.EAN)
		require.Equal(t, portal.French, p.Occupancy.Language)
		require.Equal(t, k.MeterID, p.Meter.ID)
		require.Equal(t, k.Key, p.Visit.ReferenceKey)
		require.Equal(t, k.OccupancyID, p.Visit.OccupancyID)
		require.True(t, portal.Date(2024, 1, 1).Equal(p.Occupancy.From))
		require.Equal(t, noon.Add(10*time.Minute), s.IdleEndsAt)
		require.Equal(t, noon.Add(30*time.Minute), s.EndsAt)
	})
}

// T24: a token planted before the gate is not the one after it.
func TestT24Fixation(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		planted := keys.Secret("planted")
		token := h.enter(planted, h.known[0])
		require.False(t, token.Equal(planted))
		h.out(planted)
		second := h.enter(token, h.known[1])
		require.False(t, second.Equal(token))
		h.out(token)
		require.Equal(t, []string{"o0", "o1"}, h.in(second), "G2: one after another in one visit")
		h.out("")
		h.out("invented")
	})
}

// T24: ten idle minutes, thirty in all; activity moves the one, not the other.
func TestT24Ends(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		idle := h.enter("", h.known[0])
		h.clock.Pass(10*time.Minute - time.Second)
		require.Equal(t, []string{"o0"}, h.in(idle))
		h.clock.Pass(10 * time.Minute)
		h.out(idle)

		token := h.enter("", h.known[0])
		for range 3 {
			h.clock.Pass(9 * time.Minute)
			_, err := h.visits.Extend(h.ctx, token)
			require.NoError(t, err)
		}
		token = h.enter(token, h.known[1])
		s, err := h.visits.Resume(h.ctx, token)
		require.NoError(t, err)
		require.Len(t, s.Passes, 2)
		h.clock.Pass(3 * time.Minute)
		require.Equal(t, []string{"o1"}, h.in(token), "the first opening's thirty minutes are over")
		require.Equal(t, 3, h.entries("visit.extended", "occupancy:o0"))
		for range 3 {
			h.clock.Pass(8 * time.Minute)
			_, _ = h.visits.Resume(h.ctx, token)
		}
		s, err = h.visits.Resume(h.ctx, token)
		require.NoError(t, err)
		require.Equal(t, s.EndsAt, s.IdleEndsAt, "the idle end is never later than the end")
		h.clock.Pass(3 * time.Minute)
		h.out(token)
	})
}

// T24: who left is out, by the back button and by a copied cookie too, and
// whatever the short-lived state brings back.
func TestT24Leave(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		token := h.enter(h.enter("", h.known[0]), h.known[1])
		key := "visit:" + h.Ring.HashText(keys.ForSession, token.Reveal())
		kept, ok, err := h.State.Get(h.ctx, key)
		require.NoError(t, err)
		require.True(t, ok)

		require.NoError(t, h.visits.Leave(h.ctx, token))
		h.out(token)
		require.Equal(t, 1, h.entries("visit.left", "occupancy:o0"))
		require.Equal(t, 1, h.entries("visit.left", "occupancy:o1"))
		require.NoError(t, h.visits.Leave(h.ctx, token))
		require.Equal(t, 1, h.entries("visit.left", "occupancy:o1"))

		require.NoError(t, h.State.Set(h.ctx, key, kept, time.Hour)) // a failover brings it back
		h.out(token)
		require.NoError(t, h.visits.Leave(h.ctx, ""))
	})
}

// T24: a form posted again after leaving lets nobody in.
func TestT24BackButtonAfterLeaving(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		c := h.claim(h.known[0].Reference, h.known[0].Digits)
		first, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		token, err := h.visits.Admit(h.ctx, "", first.Visit)
		require.NoError(t, err)
		require.NoError(t, h.visits.Leave(h.ctx, token))
		again, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		token, err = h.visits.Admit(h.ctx, "", again.Visit)
		require.NoError(t, err)
		h.out(token)
	})
}

// T24: a right that is withdrawn is out at the next request.
func TestT24Withdrawn(t *testing.T) {
	for name, withdraw := range map[string]string{
		"reference ended": `UPDATE issued_references SET ended_us = $1 WHERE key = $2`,
		"visit ended":     `UPDATE visits SET ended_us = $1 WHERE reference_key = $2`,
		"D2 moved out": `UPDATE occupancies SET to_us = $1 - 5270400000000
  WHERE id = (SELECT occupancy_id FROM issued_references WHERE key = $2)`,
	} {
		t.Run(name, func(t *testing.T) {
			houses(t, 2, func(t *testing.T, h *house) {
				token := h.enter(h.enter("", h.known[0]), h.known[1])
				require.Equal(t, []string{"o0", "o1"}, h.in(token))
				storetest.Exec(t, h.dsn, withdraw, noon.UnixMicro(), h.known[1].Key)
				require.Equal(t, []string{"o0"}, h.in(token))
				storetest.Exec(t, h.dsn, withdraw, noon.UnixMicro(), h.known[0].Key)
				h.out(token)
			})
		})
	}
}

func TestSessionIsBounded(t *testing.T) {
	houses(t, 12, func(t *testing.T, h *house) {
		var token keys.Secret
		for _, k := range h.known {
			token = h.enter(token, k)
			h.clock.Pass(time.Second)
		}
		require.Len(t, h.in(token), 10)
		token = h.enter(token, h.known[11])
		open := h.in(token)
		require.Equal(t, "o11", open[len(open)-1])
		require.Len(t, open, 9, "one file opened twice is one pass")
	})
}

// T24: a place in the session is its file's for good: what ends before it, what
// falls out of a full session, and a visit let in again move nothing.
func TestT24PlacesStay(t *testing.T) {
	houses(t, 12, func(t *testing.T, h *house) {
		token := h.enter(h.enter("", h.known[0]), h.known[1])
		at := func(nth int) string {
			s, err := h.visits.Resume(h.ctx, token)
			require.NoError(t, err)
			p, ok := s.Pass(nth)
			require.Equal(t, ok, p.Nth == nth)
			return p.Occupancy.ID
		}
		s, err := h.visits.Resume(h.ctx, token)
		require.NoError(t, err)
		token, err = h.visits.Admit(h.ctx, token, s.Passes[0].Visit)
		require.NoError(t, err)
		require.Equal(t, []string{"o0", "o1"}, []string{at(1), at(2)}, "let in again")
		require.NoError(t, h.visits.Cancel(h.ctx, s.Passes[0]))
		require.Equal(t, []string{"", "o1", ""}, []string{at(1), at(2), at(3)}, "the first was cancelled")
		for _, k := range h.known[2:] {
			token = h.enter(token, k)
			h.clock.Pass(time.Second)
		}
		require.Equal(t, []string{"", "", "o2", "o11", ""}, []string{at(1), at(2), at(3), at(12), at(13)}, "the second fell out")
	})
}

// T20, G7: the cookie names a browser for thirteen months, and cannot be forged.
func TestT20Device(t *testing.T) {
	now := noon
	d := lookup.NewDevices(storetest.Keys(t), func() time.Time { return now })
	cookie := d.Issue("")
	name := d.Hash(cookie)
	require.NotEmpty(t, name)
	require.NotContains(t, cookie.Reveal(), name)
	require.NotEqual(t, name, d.Hash(d.Issue("")))
	for i := range cookie {
		forged := []byte(cookie)
		forged[i] ^= 1
		require.Empty(t, d.Hash(keys.Secret(forged)))
	}
	require.Empty(t, d.Hash(""))
	require.Empty(t, d.Hash(cookie+"."))
	now = noon.Add(lookup.DeviceLife - time.Second)
	renewed := d.Issue(cookie)
	require.Equal(t, name, d.Hash(renewed), "a success keeps the browser's name")
	now = noon.Add(lookup.DeviceLife)
	require.Empty(t, d.Hash(cookie))
	require.Equal(t, name, d.Hash(renewed))
	require.NotEqual(t, name, d.Hash(d.Issue(cookie)))
}

// D7: what its holder cancelled opens nothing, in no visit, an heir's as the
// occupant's; the other's goes on.
func TestD7CancelledOpensNothing(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		mine, heirs := h.known[0], storetest.OnGround(t, h.dsn, h.known[0], noon.AddDate(1, 0, 0))
		first, second, other := h.enter("", mine), h.enter("", mine), h.enter("", heirs)
		s, err := h.visits.Resume(h.ctx, first)
		require.NoError(t, err)
		require.NoError(t, h.visits.Cancel(h.ctx, s.Passes[0]))
		h.out(first)
		h.out(second)
		require.Len(t, h.in(other), 1)
		outcome, err := h.gate.Open(h.ctx, h.claim(mine.Reference, mine.Digits))
		require.NoError(t, err)
		require.False(t, outcome.Opened)
		s, err = h.visits.Resume(h.ctx, other)
		require.NoError(t, err)
		require.NoError(t, h.visits.Cancel(h.ctx, s.Passes[0]))
		h.out(other)
		for _, k := range []storetest.Known{mine, heirs} {
			require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'reference.ended' AND ground = 'cancelled' AND subject = $1`,
				"reference:"+k.Key))
		}
	})
}
