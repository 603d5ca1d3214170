package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"guichet/portal/config"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
)

// handed is a kind of file that comes from another system: how its --map is
// read, an example, and what imports one.
type handed struct {
	parse   func(text string) (registry.Options, error)
	example string
	one     func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (told any, words string, wrong []registry.LineError, err error)
}

// run imports files of a kind.
func (c importFlags) run(ctx context.Context, set *config.Settings, t *terminal, h handed) error {
	if c.Example {
		t.printf("%s", h.example)
		return nil
	}
	f, o, err := c.open(ctx, set, h.parse)
	if err != nil {
		return err
	}
	defer f.store.Close()
	_, err = c.each(ctx, func(name string) error { return c.file(ctx, f, t, name, o, h) })
	return err
}

func (c importFlags) file(ctx context.Context, f *foundation, t *terminal, name string, o registry.Options, h handed) error {
	in, err := openInput(ctx, name)
	if err != nil {
		return err
	}
	defer in.Close()
	p := newProgress(t.err, filepath.Base(name))
	defer p.end()
	told, words, wrong, err := h.one(f, in, filepath.Base(name), o, p)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		printLines(t, name, wrong)
		return badLines(wrong)
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(struct {
			File   string `json:"file"`
			DryRun bool   `json:"dry_run"`
			Result any    `json:"result"`
		}{name, c.DryRun, told})
	}
	t.printf("%s\n  %s\n", name, words)
	in.tellEmpty(t)
	if c.DryRun {
		t.printf("  dry run: nothing written\n")
	}
	return nil
}

// importWindowsCmd imports when meters are to be read.
type importWindowsCmd struct{ importFlags }

// Help is shown by --help.
func (importWindowsCmd) Help() string {
	return `Example: guichet import windows --dry-run november.csv

A window is when the registers of a meter are to be read; a customer can enter
a reading only inside one. Before a window begins, import it with the last
reading of each register, from the system that plans the readings. After its
end guichet daily estimates what has not come. A window can be changed by a new
import until somebody has read. Meters that are read at a distance have none.

` + indexes.Format(indexes.WindowColumns)
}

// Run implements the command.
func (c importWindowsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.run(ctx, set, t, handed{indexes.ParseMap(indexes.WindowColumns), indexes.ExampleWindows(), func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseWindows(in, o)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		plan, err := f.planner(p).Windows(ctx, list, name, c.DryRun)
		return plan, fmt.Sprintf("windows %7d new %7d changed %7d unchanged; of the new ones %d in a year of cards, %d in one of visits",
			plan.New, plan.Changed, plan.Unchanged, plan.Cards, plan.Visits), plan.Refused, err
	}})
}

func (f *foundation) planner(p *progress) *indexes.Planner {
	return &indexes.Planner{Ledger: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
}

// importDegreeDaysCmd imports the weather.
type importDegreeDaysCmd struct{ importFlags }

// Help is shown by --help.
func (importDegreeDaysCmd) Help() string {
	return `Example: guichet import degree-days yesterday.csv

Readings of gas are compared with what the weather made likely, and estimated
by it. Without the degree-days of nine days in ten a person looks at them.

` + indexes.Format(indexes.DegreeDayColumns)
}

// Run implements the command.
func (c importDegreeDaysCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.run(ctx, set, t, handed{indexes.ParseMap(indexes.DegreeDayColumns), "date;degree_days\n2026-01-01;12,3\n", func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseDegreeDays(in, o)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		changed, err := f.planner(p).Weather(ctx, list, name, c.DryRun)
		return map[string]int{"changed": changed, "unchanged": len(list) - changed},
			fmt.Sprintf("days %7d new or changed %7d unchanged", changed, len(list)-changed), nil, err
	}})
}

// importValidationsCmd imports what became of readings.
type importValidationsCmd struct{ importFlags }

// Help is shown by --help.
func (importValidationsCmd) Help() string {
	return `Example: guichet import validations answer.csv

What the validation service made of readings: those handed over by guichet
export readings, estimates, and those of its --to-check. The customer sees
"validated", or "corrected" with the value that counts.

` + indexes.Format(indexes.DecisionColumns)
}

// Run implements the command.
func (c importValidationsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.run(ctx, set, t, handed{indexes.ParseMap(indexes.DecisionColumns), "reading;status;value\n06h0h0m0c0vrf3h170bmgztrpc;validated;\n06h0h0m0c0vrf3h170bmgztrpd;corrected;34260\n", func(f *foundation, in io.Reader, name string, o registry.Options, p *progress) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseDecisions(in, o)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		h := &indexes.Handover{Ledger: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
		s, err := h.Settle(ctx, list, name, c.DryRun)
		return s, fmt.Sprintf("readings %7d validated %7d corrected %7d unchanged", s.Validated, s.Corrected, s.Unchanged), s.Refused, err
	}})
}
