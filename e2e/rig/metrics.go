package rig

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Metric asks the running program for one value, named as it is printed:
// guichet_gate_budget_left{budget="harm",window="hour"}.
func (p *Portal) Metric(t testing.TB, name string) float64 {
	t.Helper()
	for line := range strings.Lines(p.Scrape(t)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			require.NoError(t, err, line)
			return n
		}
	}
	require.FailNow(t, "no such metric", name)
	return 0
}
