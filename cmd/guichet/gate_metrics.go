package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/desk"
)

const (
	// gateMetricsAge is how old what a scrape gets may be: several scrapers ask
	// the database once.
	gateMetricsAge = 5 * time.Second
	// gateMetricsWait bounds a look, so that a database that hangs spoils the
	// gate's metrics and not the whole scrape.
	gateMetricsWait = 2 * time.Second
)

// countAlarms registers the gate's alarms and gives what counts them. Each name
// begins at 0, else the first alarm would be no increase. A label is one of
// desk.Alarms or "other", never anything typed (G12).
func countAlarms(r prometheus.Registerer) func(name string) {
	rung := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "guichet_alarms_total", Help: "Alarms of the gate (G7, G9), those not written down included.",
	}, []string{"alarm"})
	r.MustRegister(rung)
	for _, name := range desk.Alarms {
		rung.WithLabelValues(name)
	}
	return func(name string) {
		if !slices.Contains(desk.Alarms, name) {
			name = "other"
		}
		rung.WithLabelValues(name).Inc()
	}
}

// gateMetrics tells the state of the gate at each scrape. Where it cannot be
// read they are absent: an old value would say that all is well.
type gateMetrics struct {
	watch  desk.Watch
	shares desk.Shares
	clock  portal.Clock
	log    *slog.Logger

	step, left, spent, allowed, openings, usual, bound *prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	read []prometheus.Metric
}

// newGateMetrics makes the collector; register it once.
func newGateMetrics(watch desk.Watch, shares desk.Shares, clock portal.Clock, log *slog.Logger) *gateMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("guichet_gate_"+name, help, labels, nil)
	}
	return &gateMetrics{watch: watch, shares: shares, clock: clock, log: log,
		step:     desc("step", "What the gate asks of strangers, 1 to 3 (G7)."),
		left:     desc("budget_left", "Failures that may still be leased.", "budget", "window"),
		spent:    desc("budget_spent", "Failures counted in the window.", "budget", "window"),
		allowed:  desc("budget_allowed", "Failures allowed in the window.", "budget", "window"),
		openings: desc("openings_hour", "References opened in the last hour (G9)."),
		usual:    desc("openings_usual", "The median of this hour in the last four weeks."),
		bound:    desc("bound_disclosures_a_day", "Wrongful disclosures expected at most in a day (G8), by the meters aimed at.", "among"),
	}
}

// Describe implements prometheus.Collector.
func (g *gateMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.step, g.left, g.spent, g.allowed, g.openings, g.usual, g.bound} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gateMetrics) Collect(out chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.clock()
	if age := now.Sub(g.at); g.at.IsZero() || age < 0 || age >= gateMetricsAge {
		read, err := g.look()
		if err != nil {
			g.log.Error("the gate's metrics could not be read", "error", err.Error())
		}
		g.at, g.read = now, read
	}
	for _, m := range g.read {
		out <- m
	}
}

// look reads the gate; what was read before an error still counts.
func (g *gateMetrics) look() (all []prometheus.Metric, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), gateMetricsWait)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...))
	}
	v, err := g.watch.View(ctx)
	if err != nil {
		return nil, err
	}
	gauge(g.step, float64(v.Step))
	gauge(g.openings, float64(v.Openings))
	gauge(g.usual, float64(v.Usual))
	for _, u := range v.Uses {
		budget, window := string(u.Budget), windowLabel(u)
		gauge(g.left, float64(u.Left), budget, window)
		gauge(g.spent, float64(u.Spent), budget, window)
		gauge(g.allowed, float64(u.Most), budget, window)
	}
	share, measured, err := g.shares.Share(ctx)
	if err != nil || !measured {
		return all, err
	}
	for _, b := range share.Bounds(desk.FailuresADay(v)) {
		gauge(g.bound, b.ADay, string(b.Among))
	}
	return all, nil
}

func windowLabel(u lookup.BudgetUse) string {
	if u.Lasting == time.Hour {
		return "hour"
	}
	return "day"
}
