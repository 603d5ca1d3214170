package works_test

import (
	"slices"
	"testing"

	"guichet/works"

	"github.com/stretchr/testify/require"
)

// D13: what may happen on the portal while the works system is the master, drawn
// by hand: who asks, who answers, and nothing that moves a phase or a date.
func TestD13WhatStaysOnThePortal(t *testing.T) {
	type arrow struct {
		from  works.Status
		event works.Event
	}
	officers := map[arrow]bool{{works.Received, works.EventAskMissing}: true, {works.Incomplete, works.EventComplete}: true}
	requesters := map[arrow]bool{{works.Incomplete, works.EventComplete}: true, {works.Offered, works.EventAccept}: true,
		{works.Offered, works.EventDecline}: true, {works.Closed, works.EventReopen}: true}
	for _, from := range []works.Status{works.Received, works.Incomplete, works.Studied, works.Drawing, works.Offered, works.Agreed,
		works.Preparing, works.Awaiting, works.Planned, works.Postponed} {
		requesters[arrow{from, works.EventCancel}] = true
	}
	for _, from := range works.Statuses {
		r := free(works.Phases13, from)
		for _, e := range works.Events {
			a := arrow{from, e}
			at := r
			at.Phase = phaseOf(from)
			possible := at
			if possible.Happen(e, noon) != nil {
				continue
			}
			mine := slices.Concat(works.External.Moves(at, works.Operator, noon), works.External.InTheirName(at, noon))
			require.Equal(t, officers[a], slices.Contains(mine, e), "officer: %s at %s", e, from)
			require.Equal(t, requesters[a], slices.Contains(works.External.Moves(at, works.Requester, noon), e), "requester: %s at %s", e, from)
			require.Equal(t, officers[a], works.External.Lets(works.Operator, from, e), "officer: %s at %s", e, from)
			require.Equal(t, requesters[a], works.External.Lets(works.Requester, from, e), "requester: %s at %s", e, from)
			require.True(t, works.InPortal.Lets(works.Operator, from, e) && works.Master("").Lets(works.Requester, from, e), "%s at %s", e, from)
			if officers[a] || requesters[a] {
				after := at
				require.NoError(t, works.External.Happen(&after, e, noon))
				require.Equal(t, at.Phase, after.Phase, "%s at %s moves the phase", e, from)
				require.Equal(t, at.Day, after.Day, "%s at %s moves a date", e, from)
			}
		}
	}
	for note, here := range map[string]bool{"team": false, "asset": false, "invoice": false, "user-agrees": true, "well": true} {
		require.Equal(t, here, works.External.Records(note), note)
		require.True(t, works.InPortal.Records(note), note)
	}
}

// phaseOf is the phase of a status; the ends before closing have the one they came in.
func phaseOf(s works.Status) works.Phase {
	r := works.Request{Status: s, Phase: works.Capture}
	for _, from := range works.Statuses {
		for _, e := range works.Events {
			way := free(works.Phases13, from)
			if way.Offer.Paid = 0; e == works.EventPay || e == works.EventPlan || e == works.EventStart {
				way.Offer.Paid = 60_000
			}
			if way.Happen(e, noon) == nil && way.Status == s {
				r.Phase = way.Phase
			}
		}
	}
	return r.Phase
}
