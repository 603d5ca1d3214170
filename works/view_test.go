package works_test

import (
	"testing"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// W5, W19: the requester may let happen what their view says, and sees of which
// sort somebody was, not who; a missing field that they type is read as at the
// capture.
func TestWhatARequesterSeesAndSupplies(t *testing.T) {
	r := works.Request{ID: "r", Number: keys.Secret("4028176655"), Kind: works.MorePower, Contact: works.Contact{Name: "Anna"},
		Status: works.Incomplete, Phase: works.Capture, Missing: []string{"power_wished", "site-plan"}}
	mine := r.View([]works.Step{{By: portal.Actor{Kind: portal.Staff, ID: "otto"}}}, noon)
	require.Equal(t, "Anna", mine.Contact.Name)
	require.Equal(t, portal.Actor{Kind: portal.Staff}, mine.Steps[0].By)
	require.Equal(t, []works.Event{works.EventCancel}, mine.May, "what is missing stands against the rest")

	var problems portal.Problems
	require.ErrorAs(t, r.Supply(map[string]string{"power_wished": "much"}, noon), &problems)
	require.Equal(t, "power_wished", problems[0].Field)
	require.ErrorAs(t, r.Supply(nil, noon), &problems)
	require.Len(t, r.Missing, 2)
	require.NoError(t, r.Supply(map[string]string{"power_wished": "9,2", "site-plan": "x"}, noon))
	require.Equal(t, map[works.Field]string{works.PowerWished: "92"}, r.Values)
	require.Equal(t, []string{"site-plan"}, r.Missing, "a document is brought, not typed")
}

// D10: an installer reads what the operator wrote, and not what the requester
// wrote to the operator, nor who or what it costs.
func TestWhatAnInstallerSees(t *testing.T) {
	r := works.Request{Kind: works.Phases13, Contact: works.Contact{Name: "Anna"}, Status: works.Offered, Offer: works.Offer{Lines: [4]int64{0, 1, 2, 3}}}
	seen := r.ForInstaller([]works.Step{{By: portal.Actor{Kind: portal.Staff, ID: "otto"}, Reason: "permit"}, {By: portal.Actor{Kind: portal.Household}, Reason: "4 250 € is too much, call 0475"},
		{By: portal.Actor{Kind: portal.Visitor}, Reason: "call me"}}, noon)
	require.Equal(t, []string{"permit", "", ""}, []string{seen.Steps[0].Reason, seen.Steps[1].Reason, seen.Steps[2].Reason})
	require.Empty(t, seen.Contact)
	require.Zero(t, seen.Offer.Lines)
}

// Thirty days in which to reopen end with a working day's midnight (Pd1).
func TestReopening(t *testing.T) {
	r := works.Request{Kind: works.SmartMeter, Status: works.Closed, ClosedAt: portal.Date(2026, 11, 5)}
	require.True(t, r.View(nil, portal.Date(2026, 12, 6)).Reopening.Last.Equal(portal.Date(2026, 12, 7)), "the 5th is a Saturday")
	require.Equal(t, []works.Event{works.EventReopen}, r.Moves(works.Requester, portal.Date(2026, 12, 8).Add(-1)))
	require.Empty(t, r.Moves(works.Requester, portal.Date(2026, 12, 8)))
}
