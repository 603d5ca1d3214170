package main

import (
	"context"
	"encoding/json"

	"guichet/portal/registry"
)

// measureDigits measures how often a guess of the four digits is right on the
// register as it is now, and keeps it (G8).
func (f *foundation) measureDigits(ctx context.Context, t *terminal) (registry.Share, error) {
	p := newProgress(t.err, "measuring digits")
	defer p.end()
	gauge := &registry.Gauge{Store: f.store, Runner: f.store, Clock: f.clock, Progress: func(done int) { p.at(done, 0) }}
	return gauge.Measure(ctx)
}

// tellDigits prints what was measured.
func tellDigits(t *terminal, s registry.Share, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(t.out).Encode(struct {
			Digits registry.Share `json:"digits"`
		}{s})
	}
	t.printf("one guess of the four digits is right, of %d meters\n", s.Meters)
	t.printf("  %-34s %8.4f %%\n", "anywhere", 100*s.Overall)
	if s.Postcode != "" {
		t.printf("  %-34s %8.4f %%\n", "in the worst postcode, "+s.Postcode, 100*s.WorstPostcode)
	}
	t.printf("  %-34s %8.4f %%\n", "in a postcode, on average", 100*s.MeanPostcode)
	for _, group := range []struct {
		name string
		registry.Near
	}{{"from a neighbour at the address", s.Address}, {"from one placed on the same day", s.Batch}} {
		t.printf("  %-34s %8.4f %%  (%d meters lie within %d of another)\n", group.name, 100*group.Chance, group.Meters, registry.NearWindow)
	}
	return nil
}
