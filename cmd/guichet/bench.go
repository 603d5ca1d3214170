package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"guichet/portal/config"
)

// benchCmd measures this program against its own references, side by side and
// interleaved, so that the ratios hold on any machine.
type benchCmd struct {
	Rounds   int           `default:"5" help:"Rounds of each figure; the median counts."`
	Seconds  time.Duration `default:"1s" help:"How long one round lasts."`
	Works    bool          `help:"Measure the pages of requests for works alone."`
	Points   []int         `placeholder:"N" help:"Measure instead gate, history, start and memory among so many access points, one size after the other."`
	Timing   bool          `help:"Measure instead whether a refusal's time tells its cause (T7)."`
	Calls    int           `default:"2000" help:"With --timing: calls of each cause, interleaved."`
	Planted  time.Duration `default:"300us" help:"With --timing: the delay planted into one cause, to see that it would be found."`
	Attempts string        `placeholder:"DSN" help:"Measure instead the counter's one write, 64 callers, in this empty database."`
	Long     time.Duration `default:"12s" help:"How long the slowest caller is watched."`
}

// Help is shown by --help.
func (benchCmd) Help() string {
	return `Example: guichet bench
Example: guichet bench --works
Example: guichet bench --timing
Example: guichet bench --points 20000,2000000

Works in a folder of its own under the system's temporary folder, on SQLite
with durable commits, and removes it. Nothing of the settings is touched.`
}

// goal is one ratio to reach; above tells that more is better.
type goal struct {
	what  string
	got   float64
	want  float64
	above bool
}

func (g goal) String() string {
	sign, met := "<=", g.got <= g.want
	if g.above {
		sign, met = ">=", g.got >= g.want
	}
	verdict := "met"
	if !met {
		verdict = "NOT MET"
	}
	return fmt.Sprintf("%-66s %8.2f   goal %s %-6.2f %s", g.what, g.got, sign, g.want, verdict)
}

var benchCallers = []int{1, 8, 64}

// Run implements the command.
func (c benchCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Attempts != "" {
		return benchAttempts(ctx, c, t)
	}
	if c.Timing {
		return benchTiming{c.Calls, c.Planted}.Run(ctx, t)
	}
	if len(c.Points) > 0 {
		goals, err := benchVolumes(ctx, c, t)
		for _, g := range goals {
			t.printf("%s\n", g)
		}
		return err
	}
	if c.Works {
		goals, err := benchWorks(ctx, c, t)
		for _, g := range goals {
			t.printf("%s\n", g)
		}
		return err
	}
	ground, remove, err := throwAwayGround(ctx)
	if err != nil {
		return err
	}
	defer remove()
	dir := ground.settings.Dir

	rates := map[string]map[int]timing{}
	for _, callers := range benchCallers {
		rounds := map[string][]timing{}
		for range c.Rounds {
			for _, kind := range benchKinds {
				if err := ctx.Err(); err != nil {
					return err
				}
				op, end, err := ground.operation(ctx, kind, callers)
				if err != nil {
					return err
				}
				rounds[kind] = append(rounds[kind], hammer(callers, c.Seconds, op))
				end()
			}
		}
		t.printf("%d callers, median of %d rounds of %s\n", callers, c.Rounds, c.Seconds)
		for _, kind := range benchKinds {
			if rates[kind] == nil {
				rates[kind] = map[int]timing{}
			}
			rates[kind][callers] = middle(rounds[kind])
			t.printf("  %-22s %s\n", kind, rates[kind][callers])
		}
	}
	op, end, err := ground.operation(ctx, benchGuarded, 64)
	if err != nil {
		return err
	}
	long := hammer(64, c.Long, op)
	end()
	t.printf("64 callers for %s\n  %-22s %s\n", c.Long, benchGuarded, long)

	ratio := func(a, b string, callers int) float64 { return rates[a][callers].perSec / rates[b][callers].perSec }
	goals := []goal{
		{"guarded lookup / raw joined upsert, 64 callers", ratio(benchGuarded, benchRaw, 64), 0.30, true},
		{"guarded lookup / unguarded POST with the same page, 64 callers", ratio(benchGuarded, benchUnguarded, 64), 0.40, true},
		{"guarded lookup / the same with naive commits, 64 callers", ratio(benchGuarded, benchNaive, 64), 5, true},
		{"guarded lookup / raw joined upsert, 1 caller", ratio(benchGuarded, benchRaw, 1), 0.50, true},
		{"guarded lookup / raw joined upsert, 8 callers", ratio(benchGuarded, benchRaw, 8), 0.45, true},
		{"p99 / p50 of the guarded lookup, 64 callers", float64(long.p99) / float64(long.p50), 6, false},
		{"slowest caller / median caller of the guarded lookup, 64 callers", long.slowest, 0.8, true},
		{"guarded lookups that failed", float64(long.failed), 0, false},
	}
	history, err := ground.benchHistory(ctx, c, t)
	if err != nil {
		return err
	}
	goals = append(goals, history...)
	picture, err := ground.benchPicture(ctx, c, t)
	if err != nil {
		return err
	}
	goals = append(goals, picture)
	yard, err := benchWorks(ctx, c, t)
	if err != nil {
		return err
	}
	goals = append(goals, yard...)
	start, idle, err := measureServe(ctx, filepath.Join(dir, "serve"))
	if err != nil {
		return err
	}
	goals = append(goals,
		goal{"start of serve on an existing database, seconds", start.Seconds(), 0.5, false},
		goal{"memory of an idle serve, MB", idle, 40, false})
	demo, err := measureDemo(ctx, filepath.Join(dir, "demo"))
	if err != nil {
		return err
	}
	goals = append(goals, goal{"first start of demo, seconds", demo.Seconds(), 5, false})
	for _, g := range goals {
		t.printf("%s\n", g)
	}
	return nil
}
