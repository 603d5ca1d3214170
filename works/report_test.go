package works_test

import (
	"slices"
	"testing"
	"time"

	"guichet/works"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// D13: whatever the works system tells, in whatever order, what is taken keeps
// the rules of the life: one phase, no preparation before agreement and deposit,
// no day without planning, nothing closed without both; what is told again
// changes nothing, and what is older moves nothing back.
func TestD13ReportsKeepTheRules(t *testing.T) {
	closed := 0
	for range 20 { // few walks, as --quick has them, may all stop short
		if reports(t, &closed); closed > 0 {
			return
		}
	}
	t.Error("no walk came to its end: they prove nothing of it")
}

// reports draws walks of reports and counts those that close a request.
func reports(t *testing.T, closed *int) {
	rapid.Check(t, func(t *rapid.T) {
		r := works.Request{Kind: rapid.SampledFrom(works.Kinds).Draw(t, "kind"), Status: works.Received, Phase: works.Capture, Since: noon}
		offered := r.Kind.Facts().Offer
		at := noon
		var last works.Report
		for range rapid.IntRange(3, 30).Draw(t, "reports") {
			at = at.Add(time.Duration(rapid.IntRange(-3, 100).Draw(t, "hours")) * time.Hour)
			told := works.Report{Since: at, Status: rapid.SampledFrom(works.Statuses).Draw(t, "status"), Reason: "because", Missing: []string{"photo"}}
			told.Day, told.Result, told.AssetAt, told.InvoicedAt, told.UserAgreedAt = at.AddDate(0, 0, 3), "done", at, at, at
			if offered && told.Status != works.Received {
				paid := int64(6050)
				told.Offer = &works.Offer{Lines: [4]int64{0, 10_000, 0, 0}, VAT: 21, Percent: 50, SentAt: noon}
				told.AgreedAt, told.Paid, told.PaidAt = noon.Add(time.Hour), &paid, at
			}
			switch rapid.IntRange(0, 12).Draw(t, "lacks") {
			case 0:
				told.Day = time.Time{}
			case 1:
				told.AgreedAt = time.Time{}
			case 2:
				told.Paid = nil
			case 3:
				told.InvoicedAt = time.Time{}
			case 4:
				told.AssetAt = time.Time{}
			case 5:
				told.Missing = nil
			case 6:
				told.Offer = nil
			}
			was, trial := r, r
			e, ok := told.LayForTest(&trial)
			if !ok {
				continue
			}
			r, last = trial, told
			require.Contains(t, works.Phases, r.Phase)
			require.False(t, r.Since.Before(was.Since), "moved back")
			require.Equal(t, e != "", !r.Since.Equal(was.Since), "a move is dated, and nothing else is")
			past := slices.Contains([]works.Status{works.Preparing, works.Awaiting, works.Planned, works.Postponed, works.Working, works.Done, works.InService, works.Closed}, r.Status)
			if offered && past {
				require.False(t, r.Offer.AgreedAt.IsZero(), "prepared before the agreement")
				require.True(t, r.Offer.AgreedAt.Before(r.Offer.ValidTo), "an expired offer was accepted")
				require.GreaterOrEqual(t, r.Offer.Paid, r.Offer.Deposit(), "prepared before the deposit")
			}
			if r.Status == works.Planned || r.Status == works.Working {
				require.False(t, r.Day.IsZero())
			}
			if r.Status == works.Incomplete {
				require.NotEmpty(t, r.Missing)
			}
			if r.Status == works.Closed {
				*closed++
				require.False(t, r.ClosedAt.IsZero() || r.InvoicedAt.IsZero() || r.AssetAt.IsZero(), "closed without both")
			}
		}
		if last.Status == "" {
			return // none was taken
		}
		again := r
		e, ok := last.LayForTest(&again)
		require.True(t, ok)
		require.Empty(t, e, "told again")
		require.Equal(t, r, again)
	})
}
