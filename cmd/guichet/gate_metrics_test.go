package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"guichet/lookup"
	"guichet/portal/desk"
)

// standing is a gate that stands still, and a register that was measured.
type standing struct {
	view  lookup.View
	share *desk.Share
	err   error
	looks int
}

func (s *standing) View(context.Context) (lookup.View, error) {
	s.looks++
	return s.view, s.err
}

func (s *standing) Share(context.Context) (desk.Share, bool, error) {
	if s.share == nil {
		return desk.Share{}, false, nil
	}
	return *s.share, true, nil
}

// scraped gives the values of a registry by name and labels.
func scraped(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

func busyGate() *standing {
	return &standing{
		view: lookup.View{Gauge: lookup.Gauge{Step: lookup.Work}, Openings: 41, Usual: 38, Uses: []lookup.BudgetUse{
			{Budget: lookup.Harm, Lasting: time.Hour, Most: 150, Spent: 80, Left: 62},
			{Budget: lookup.Harm, Lasting: 24 * time.Hour, Most: 1000, Spent: 300, Left: 692}}},
		share: &desk.Share{Meters: 1_000_000, Overall: .0002, WorstPostcode: .01, Postcode: "4837"},
	}
}

// TestG8GateMetrics: the gauges are those of the view, read once in 5 seconds,
// and gone where nobody can tell. G12: no label but our own words.
func TestG8GateMetrics(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	gate, r := busyGate(), prometheus.NewPedanticRegistry()
	r.MustRegister(newGateMetrics(gate, gate, func() time.Time { return now }, slog.New(slog.DiscardHandler)))
	want := map[string]float64{
		"guichet_gate_step": 2, "guichet_gate_openings_hour": 41, "guichet_gate_openings_usual": 38,
		"guichet_gate_budget_left budget=harm window=hour": 62, "guichet_gate_budget_left budget=harm window=day": 692,
		"guichet_gate_budget_spent budget=harm window=hour": 80, "guichet_gate_budget_spent budget=harm window=day": 300,
		"guichet_gate_budget_allowed budget=harm window=hour": 150, "guichet_gate_budget_allowed budget=harm window=day": 1000,
		"guichet_gate_bound_disclosures_a_day among=all": .2, "guichet_gate_bound_disclosures_a_day among=postcode": 10,
	}
	require.Equal(t, want, scraped(t, r))
	gate.view.Step = lookup.Letter
	now = now.Add(gateMetricsAge - time.Millisecond)
	require.Equal(t, want, scraped(t, r))
	require.Equal(t, 1, gate.looks)
	now, gate.share = now.Add(time.Millisecond), nil
	got := scraped(t, r)
	require.Equal(t, 3., got["guichet_gate_step"])
	require.NotContains(t, got, "guichet_gate_bound_disclosures_a_day among=all", "not measured is not none")

	now, gate.err = now.Add(gateMetricsAge), errors.New("no database")
	require.Empty(t, scraped(t, r), "no old value says that all is well")
	now, gate.err = now.Add(gateMetricsAge), nil
	require.NotEmpty(t, scraped(t, r))
}

// TestG9AlarmsCountedFromNothing: every alarm is there before it first rings,
// and a name from elsewhere makes no label of its own.
func TestG9AlarmsCountedFromNothing(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	ring := countAlarms(r)
	values := scraped(t, r)
	require.Len(t, values, len(desk.Alarms))
	for _, v := range values {
		require.Zero(t, v)
	}
	ring("step-3")
	ring("12345678901234")
	values = scraped(t, r)
	require.Equal(t, 1., values["guichet_alarms_total alarm=step-3"])
	require.Equal(t, 1., values["guichet_alarms_total alarm=other"])
	require.Len(t, values, len(desk.Alarms)+1)
}

// TestOpsNameRealMetrics: what alerts and dashboard ask of the gate exists, and
// everything the gate tells is asked for.
func TestOpsNameRealMetrics(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	gate := busyGate()
	r.MustRegister(newGateMetrics(gate, gate, time.Now, slog.New(slog.DiscardHandler)))
	countAlarms(r)
	families, err := r.Gather()
	require.NoError(t, err)
	told := map[string]bool{}
	for _, f := range families {
		told[f.GetName()] = true
	}
	asked := map[string]bool{}
	for _, name := range []string{"ops/alerts.yml", "ops/dashboard.json"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, metric := range regexp.MustCompile(`guichet_(gate_\w+|alarms_total)`).FindAllString(string(text), -1) {
			require.True(t, told[metric], "%s asks for %s", name, metric)
			asked[metric] = true
		}
		if name == "ops/dashboard.json" {
			require.True(t, json.Valid(text))
		}
	}
	require.Equal(t, told, asked)
}
