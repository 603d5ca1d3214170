package simulate_test

import (
	"context"
	"path/filepath"
	"testing"

	"guichet/lookup"
	"guichet/lookup/simulate"
	"guichet/portal/keys"

	"github.com/stretchr/testify/require"
)

func play(t *testing.T, s simulate.Scene) simulate.Report {
	t.Helper()
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	s.Limits = lookup.DefaultLimits()
	r, err := simulate.Run(context.Background(), ring, s)
	require.NoError(t, err)
	return r
}

// G7, G8: whatever an attacker does in two days, the budgets hold, and nobody
// honest is refused: they use the letter code.
func TestAttackIsBounded(t *testing.T) {
	r := play(t, simulate.Scene{References: 100_000, Sources: 5_000, Days: 2, Honest: 500, Mistyped: 0.1})
	limits := lookup.DefaultLimits()
	require.LessOrEqual(t, r.Compared, 2*limits.HarmADay)
	require.Greater(t, r.Compared, limits.HarmADay, "the attacker is at it")
	require.Zero(t, r.People.Refused)
	require.Greater(t, r.People.Code, 0, "the last step is reached")
	require.Equal(t, 1000, r.People.Came)
	require.Contains(t, r.Alarms, "step-3")
}

// threats.md: two million references swept three times each expose about 600.
func TestSweepWithoutLimits(t *testing.T) {
	r := play(t, simulate.Scene{References: 200_000, Off: true})
	require.InDelta(t, 60, r.Guessed, 25)
	require.Equal(t, 200_000-r.Guessed, r.Blocks)
}

// Must-show 3: a mailing of 75,000 letters in a week, 40 % of them come, a
// tenth mistypes once, a fifth sits behind few addresses: nobody is refused.
func TestMailing(t *testing.T) {
	r := play(t, simulate.Scene{References: 75_000, Days: 7, Honest: 75_000 * 4 / 10 / 7, Mistyped: 0.1, Shared: 0.2})
	require.Zero(t, r.People.Refused)
	require.Zero(t, r.People.Blocked)
	require.Greater(t, r.People.Came, 29_000)
	t.Log(r)
}
