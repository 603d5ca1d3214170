package works_test

import (
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/works"
	"guichet/works/calendar"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = portal.Date(2026, 11, 26).Add(12 * time.Hour)

// free is a request that no rule but its status holds back from an event.
func free(kind works.Kind, s works.Status) works.Request {
	result := ""
	if s == works.Working { // what was carried out once is cancelled no more
		result = "ok"
	}
	return works.Request{Kind: kind, Status: s, Phase: works.Capture, StudyNotNeeded: true, Day: noon.AddDate(0, 0, 3), Result: result, UserAgreedAt: noon,
		AssetAt: noon, InvoicedAt: noon, ClosedAt: noon.AddDate(0, 0, -29),
		Offer: works.Offer{Version: 2, Said: true, VAT: 6, Percent: 50, Terms: "2026", Lines: [4]int64{0, 31200, 18400, 4800}, Paid: 60000, ValidTo: noon.Add(time.Hour)}}
}

// W4: every pair of status and event, drawn from the picture in the package
// comment by hand; what is not in it is a Conflict and changes nothing.
func TestW4EveryPair(t *testing.T) {
	type arrow struct {
		from  works.Status
		event works.Event
	}
	want := map[arrow]works.Status{
		{works.Received, works.EventAskMissing}: works.Incomplete, {works.Studied, works.EventAskMissing}: works.Incomplete,
		{works.Incomplete, works.EventComplete}: works.Received, {works.Received, works.EventStudy}: works.Studied,
		{works.Received, works.EventDraw}: works.Drawing, {works.Studied, works.EventDraw}: works.Drawing,
		{works.Drawing, works.EventOffer}: works.Offered, {works.Offered, works.EventDecline}: works.Cancelled,
		{works.Offered, works.EventAccept}:  works.Preparing, // its deposit is there already
		{works.Agreed, works.EventPay}:      works.Preparing,
		{works.Preparing, works.EventAwait}: works.Awaiting, {works.Planned, works.EventAwait}: works.Awaiting, {works.Postponed, works.EventAwait}: works.Awaiting,
		{works.Awaiting, works.EventResume}: works.Preparing,
		{works.Preparing, works.EventPlan}:  works.Planned, {works.Planned, works.EventPlan}: works.Planned, {works.Postponed, works.EventPlan}: works.Planned,
		{works.Planned, works.EventPostpone}: works.Postponed, {works.Planned, works.EventStart}: works.Working,
		{works.Working, works.EventBreakOff}: works.Postponed, {works.Working, works.EventCarryOut}: works.Done,
		{works.Done, works.EventPutInService}: works.InService, {works.Done, works.EventClose}: works.Closed, {works.InService, works.EventClose}: works.Closed,
		{works.Closed, works.EventReopen}: works.Done, {works.Done, works.EventPlan}: works.Planned, // the team comes back
	}
	for _, from := range []works.Status{works.Received, works.Incomplete, works.Studied, works.Drawing, works.Offered, works.Agreed,
		works.Preparing, works.Awaiting, works.Planned, works.Postponed} {
		want[arrow{from, works.EventCancel}] = works.Cancelled
	}
	for _, from := range []works.Status{works.Received, works.Incomplete, works.Studied, works.Drawing} {
		want[arrow{from, works.EventRefuse}] = works.Refused
	}
	for _, from := range []works.Status{works.Drawing, works.Offered, works.Agreed, works.Preparing, works.Awaiting, works.Planned, works.Postponed} {
		want[arrow{from, works.EventChange}] = works.Studied
	}
	for _, from := range works.Statuses {
		for _, e := range works.Events {
			kind, to := works.Phases13, want[arrow{from, e}]
			r := free(kind, from)
			before := r
			switch e { // of a kind without an offer, and of an offer that is over
			case works.EventPrepare:
				r.Kind, before.Kind = works.SmartMeter, works.SmartMeter
				to = map[works.Status]works.Status{works.Received: works.Preparing, works.Studied: works.Preparing}[from]
			case works.EventLapse:
				r.Offer.ValidTo, before.Offer.ValidTo = noon, noon
				to = map[works.Status]works.Status{works.Offered: works.Expired}[from]
			}
			err := r.Happen(e, noon)
			if to == "" {
				require.Equal(t, portal.Conflict, portal.CodeOf(err), "%s at %s", e, from)
				require.Equal(t, before, r, "%s at %s", e, from)
				continue
			}
			require.NoError(t, err, "%s at %s", e, from)
			require.Equal(t, to, r.Status, "%s at %s", e, from)
			require.Equal(t, noon, r.Since)
		}
	}
}

// Each rule beside the statuses: what stands against an event by its key, and
// that it alone stands against it.
func TestWhatARuleForbids(t *testing.T) {
	for _, c := range []struct {
		rule  string
		kind  works.Kind
		at    works.Status
		event works.Event
		key   string
		wrong func(*works.Request)
	}{
		{"W5", works.Phases13, works.Received, works.EventStudy, "works.incomplete", func(r *works.Request) { r.Missing = []string{"photo"} }},
		{"W5", works.Phases13, works.Incomplete, works.EventComplete, "works.incomplete", func(r *works.Request) { r.Missing = []string{"photo"} }},
		{"W6", works.Phases13, works.Received, works.EventDraw, "works.study", func(r *works.Request) { r.StudyNotNeeded = false }},
		{"W7", works.Phases13, works.Drawing, works.EventOffer, "works.offer", func(r *works.Request) { r.Offer.Said = false }},
		{"W21", works.Phases13, works.Drawing, works.EventOffer, "works.offer", func(r *works.Request) { r.Offer.Terms = "" }},
		{"C.5", works.Phases13, works.Drawing, works.EventOffer, "works.offer", func(r *works.Request) { r.Offer.VAT = 12 }},
		{"Wd3", works.Phases13, works.Offered, works.EventAccept, "works.expired", func(r *works.Request) { r.Offer.ValidTo = noon }},
		{"Wd3", works.Phases13, works.Agreed, works.EventPay, "works.deposit", func(r *works.Request) { r.Offer.Paid = 28_831 }},
		{"Wd3", works.Phases13, works.Offered, works.EventLapse, "works.valid", func(r *works.Request) { r.Offer.ValidTo = noon.Add(1) }},
		{"D11", works.MeterMove, works.Offered, works.EventAccept, "works.user", func(r *works.Request) { r.UserAgreedAt = time.Time{} }},
		{"D11", works.ClosingPoint, works.Studied, works.EventPrepare, "works.user", func(r *works.Request) { r.UserAgreedAt = time.Time{} }},
		{"W8", works.Phases13, works.Preparing, works.EventPlan, "works.day", func(r *works.Request) { r.Day = noon }},
		{"W9", works.Phases13, works.Working, works.EventCarryOut, "works.result", func(r *works.Request) { r.Result = "" }},
		{"W10", works.Phases13, works.InService, works.EventClose, "works.closing", func(r *works.Request) { r.AssetAt = time.Time{} }},
		{"W10", works.Phases13, works.InService, works.EventClose, "works.closing", func(r *works.Request) { r.InvoicedAt = time.Time{} }},
		{"C.4", works.Phases13, works.Planned, works.EventCancel, "works.state", func(r *works.Request) { r.Result = "done once: nothing is paid back" }},
		{"C.4", works.Phases13, works.Planned, works.EventChange, "works.state", func(r *works.Request) { r.Result = "done once" }},
		{"30 days", works.Phases13, works.Closed, works.EventReopen, "works.late", func(r *works.Request) { r.ClosedAt = noon.AddDate(0, 0, -34) }},
		{"kind", works.SmartMeter, works.Studied, works.EventDraw, "works.kind", func(*works.Request) {}},
		{"kind", works.Phases13, works.Studied, works.EventPrepare, "works.kind", func(*works.Request) {}},
	} {
		r := free(c.kind, c.at)
		if c.key != "works.kind" && c.event != works.EventLapse {
			ok := r
			require.NoError(t, ok.Happen(c.event, noon), "%s %s: nothing else stands against it", c.rule, c.event)
		}
		c.wrong(&r)
		require.ErrorContains(t, r.Happen(c.event, noon), c.key, c.rule)
	}
	for _, kind := range works.Kinds {
		r := free(kind, works.Done)
		err := r.Happen(works.EventPutInService, noon)
		require.Equal(t, kind.Masked() == works.EndOfContract, err != nil, "D12: %s", kind)
	}
	r := free(works.MeterMove, works.Offered)
	require.NoError(t, r.Happen(works.EventChange, noon))
	require.True(t, r.UserAgreedAt.IsZero() && !r.StudyNotNeeded, "Wd3: what was agreed of the former data holds no longer")
	r = free(works.Phases13, works.Agreed)
	r.Offer.Paid = 28_832
	require.NoError(t, r.Happen(works.EventPay, noon), "the deposit of 576.64 to the cent")
}

// Random walks never break what must hold: one phase, dated, no preparation
// before agreement and deposit, no expired offer accepted, no closing without
// both (W4, W10, Wd3).
func TestWalksKeepTheRules(t *testing.T) {
	closed := 0
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		r := works.Request{Kind: rapid.SampledFrom(works.Kinds).Draw(t, "kind"), Status: works.Received, Phase: works.Capture, Since: now}
		offered := r.Kind.Facts().Offer
		agreed := false
		for range rapid.IntRange(10, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(t, "hours")) * time.Hour)
			for range 3 {
				learn(t, &r, now)
			}
			possible := slices.Concat(r.Moves(works.Requester, now), r.Moves(works.Operator, now), r.Moves(works.Nobody, now))
			e := rapid.SampledFrom(works.Events).Draw(t, "event")
			if on := forward(possible); len(on) > 0 && rapid.IntRange(0, 5).Draw(t, "wild") > 0 {
				e = rapid.SampledFrom(on).Draw(t, "possible")
			}
			before := r
			if err := r.Happen(e, now); err != nil {
				require.NotContains(t, possible, e)
				require.Equal(t, before, r)
				continue
			}
			require.Contains(t, possible, e)
			switch e {
			case works.EventAskMissing:
				r.Missing = []string{"photo"}
			case works.EventAccept:
				require.True(t, now.Before(before.Offer.ValidTo), "an expired offer was accepted")
				agreed = true
			case works.EventChange:
				agreed = false
				require.Equal(t, before.Offer.Paid, r.Offer.Paid, "what was paid is not forgotten")
				require.False(t, r.Offer.Complete(), "the offer is void")
			case works.EventClose:
				require.False(t, r.AssetAt.IsZero() || r.InvoicedAt.IsZero(), "closed without both")
				closed++
			}
			require.Contains(t, works.Phases, r.Phase, "exactly one phase")
			require.Equal(t, now, r.Since)
			if offered && slices.Contains([]works.Status{works.Preparing, works.Awaiting, works.Planned, works.Postponed, works.Working, works.Done, works.InService, works.Closed}, r.Status) {
				require.True(t, agreed, "prepared before the agreement")
				require.GreaterOrEqual(t, r.Offer.Paid, r.Offer.Deposit(), "prepared before the deposit")
			}
			if r.Status == works.Planned {
				require.False(t, r.Day.IsZero(), "planned without a day")
			}
		}
	})
	require.Positive(t, closed, "no walk came to its end: they prove nothing of it")
}

// forward leaves out what ends a request or sends it back, so that walks come
// to their end; wild steps still hold those.
func forward(events []works.Event) (on []works.Event) {
	back := []works.Event{works.EventCancel, works.EventRefuse, works.EventDecline, works.EventChange, works.EventAskMissing, works.EventPostpone,
		works.EventBreakOff, works.EventAwait, works.EventReopen}
	for _, e := range events {
		if !slices.Contains(back, e) {
			on = append(on, e)
		}
	}
	return on
}

// learn records a fact about a request, or none.
func learn(t *rapid.T, r *works.Request, now time.Time) {
	switch rapid.IntRange(0, 9).Draw(t, "fact") { // something is recorded
	case 0:
		r.StudyNotNeeded = true
	case 1:
		if r.Status == works.Drawing {
			r.Offer = works.Offer{Version: r.Offer.Version + 1, Said: true, VAT: 21, Percent: 50, Terms: "2026", Lines: [4]int64{0, 10_000, 0, 0},
				ValidTo: now.AddDate(0, 3, 0), Paid: r.Offer.Paid}
		}
	case 2:
		r.Offer.Paid += int64(rapid.SampledFrom([]int{1000, 6050}).Draw(t, "paid"))
	case 3:
		r.Day = now.AddDate(0, 0, rapid.IntRange(-1, 20).Draw(t, "day"))
	case 4:
		r.UserAgreedAt = now
	case 5:
		r.Result = "done"
	case 6:
		r.AssetAt = now
	case 7:
		r.InvoicedAt = now
	case 8:
		r.Missing = nil
	}
}

// W8-W10, C.4: a request that is reopened gets another day, and what is recorded
// of the first works is recorded anew after the second; the legal deadline, which
// the first ones met or not, runs no more, and what was carried out and paid is
// not called off.
func TestReopenedWorksArePlannedAgain(t *testing.T) {
	r := free(works.Phases13, works.Planned)
	r.Offer.AgreedAt, r.Offer.Days = noon.AddDate(0, -2, 0), 5
	steps := []works.Step{{At: noon, To: works.Planned}}
	_, runs := r.Deadline(steps, calendar.Defaults())
	require.True(t, runs)
	require.NoError(t, r.Happen(works.EventStart, noon))
	r.Result = "done"
	for _, e := range []works.Event{works.EventCarryOut, works.EventClose, works.EventReopen} {
		require.NoError(t, r.Happen(e, noon), e)
		r.AssetAt, r.InvoicedAt = noon, noon // also where they were recorded before it became clear
	}
	require.Contains(t, r.Moves(works.Operator, noon), works.EventPlan)
	require.NoError(t, r.Happen(works.EventPlan, noon))
	require.Equal(t, works.Preparation, r.Phase)
	require.Zero(t, r.AssetAt)
	require.Zero(t, r.InvoicedAt)
	_, runs = r.Deadline(steps, calendar.Defaults())
	require.False(t, runs)
	require.NotContains(t, r.Moves(works.Requester, noon), works.EventCancel)
	require.Contains(t, r.Moves(works.Requester, noon), works.EventPostpone)
	for _, e := range []works.Event{works.EventStart, works.EventCarryOut} {
		require.NoError(t, r.Happen(e, noon), e)
	}
	require.ErrorContains(t, r.Happen(works.EventClose, noon), "works.closing", "W10")
}
