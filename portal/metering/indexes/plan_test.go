package indexes_test

import (
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// failing is a store whose disk is full when readings are written.
type failing struct{ *store.Store }

func (failing) PutEntries(tx.Tx, []indexes.Entry) error { return errDisk }

// TestPlanIsRepeatable: again nothing changes; a change is taken until somebody
// read, a window that overlaps never.
func TestPlanIsRepeatable(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		require.Equal(t, indexes.Plan{Unchanged: 2}, p.plan(t, windows))
		later := strings.ReplaceAll(windows, "2026-12-10", "2026-12-15")
		plan := p.plan(t, later)
		require.Equal(t, 2, plan.Changed)
		p.enter(t, power, peaks("22015", "34270"))
		plan = p.plan(t, windows)
		require.Len(t, plan.Refused, 1)
		require.False(t, plan.Recorded)
		require.Equal(t, indexes.Plan{Unchanged: 2}, p.plan(t, later), "all or nothing")
		plan = p.plan(t, strings.ReplaceAll(later, "2026-11-10", "2026-12-01"))
		require.Len(t, plan.Refused, 2)
	})
}

// TestPlanRefusals: each bad line is named with its reason.
func TestPlanRefusals(t *testing.T) {
	p := newTown(t, storetest.Backends(t)[0], portal.Date(2020, 1, 1))
	for name, c := range map[string]struct{ from, to, column, reason string }{
		"an EAN nobody registered": {"541499000000123455", "549999000000000016", "ean", "does not know it"},
		"another meter":            {"1SAG1100076616", "1SAG1100070000", "meter", "not the meter"},
		"a register of gas":        {"offtake-peak", "gas-volume", "register", "not a register of electricity"},
	} {
		t.Run(name, func(t *testing.T) {
			list, wrong := indexes.ParseWindows(strings.NewReader(strings.ReplaceAll(windows, c.from, c.to)), registry.Options{})
			require.Empty(t, wrong)
			plan, err := p.planner().Windows(ctx, list, "w.csv", false)
			require.NoError(t, err)
			require.Equal(t, c.column, plan.Refused[0].Column)
			require.Contains(t, plan.Refused[0].Reason, c.reason)
		})
	}
	for name, c := range map[string]struct{ from, to, column string }{
		"check digit":           {"541499000000123455", "541499000000123456", "ean"},
		"a day of no month":     {"2026-12-10", "2026-11-31", "to"},
		"an end before":         {"2026-12-10", "2026-11-09", "to"},
		"no register":           {"offtake-peak", "offtake-night", "register"},
		"twice":                 {"offtake-peak", "offtake-offpeak", "register"},
		"too few digits":        {";6;", ";2;", "digits"},
		"a last above them":     {";20815;", ";1000000;", "last"},
		"a last after the end":  {"2025-11-25", "2026-12-25", "last_date"},
		"one half of exchange":  {"2025-11-25;;;;yes", "2025-11-25;40000;;;yes", "closing"},
		"a closing below":       {"2025-11-25;;;;yes", "2025-11-25;10;0;;yes", "closing"},
		"production, perhaps":   {";yes", ";maybe", "production"},
		"production, sometimes": {"offtake-peak;6;20815;2025-11-25;;;;yes", "offtake-peak;6;20815;2025-11-25;;;;no", "production"},
		"a column of no name":   {"yearly", "jaarlijks", "jaarlijks"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.ReplaceAll(windows, c.from, c.to)
			require.NotEqual(t, windows, changed)
			_, wrong := indexes.ParseWindows(strings.NewReader(changed), registry.Options{})
			require.NotEmpty(t, wrong)
			require.Equal(t, c.column, wrong[0].Column)
		})
	}
	list, wrong := indexes.ParseWindows(strings.NewReader(indexes.ExampleWindows()), registry.Options{})
	require.Empty(t, wrong, "the example is one")
	require.Len(t, list, 2)
	_, bad := indexes.ParseDegreeDays(strings.NewReader("date;degree_days\n2026-11-01;7,2\n2026-11-01;7\n2026-13-01;7\n2026-11-02;-1\n2026-11-03;NaN\n"), registry.Options{})
	require.Len(t, bad, 4)
}

// TestCycles: L5, L6, L7 and facts B.4.
func TestCycles(t *testing.T) {
	at := func(va int64) registry.AccessPoint {
		return registry.AccessPoint{EAN: power, Energy: portal.Electricity, PowerVA: va}
	}
	for va, want := range map[int64]indexes.Cycle{9_200: indexes.Yearly, 55_999: indexes.Yearly, 56_000: indexes.Monthly, 99_999: indexes.Monthly, 100_000: indexes.Remote} {
		require.Equal(t, want, indexes.CycleOf(at(va)), va)
	}
	require.Equal(t, indexes.Yearly, indexes.CycleOf(registry.AccessPoint{Energy: portal.Gas, PowerVA: 0}))
	for year := 2020; year < 2030; year++ {
		require.NotEqual(t, indexes.Planned(at(9_200), year), indexes.Planned(at(9_200), year+1), "L5: visit and card alternate")
		require.Len(t, indexes.Planned(at(60_000), year), 12, "L6")
		require.Empty(t, indexes.Planned(at(100_000), year), "L7: read at a distance")
	}
}
