package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"guichet/portal/config"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
)

// handedFlags are what the imports around typed readings have in common.
type handedFlags struct {
	DryRun bool     `help:"Show what would change, and change nothing."`
	JSON   bool     `name:"json" help:"Print JSON, one object a file."`
	Files  []string `arg:"" optional:"" name:"file" help:"Files to import."`
}

// each imports one file after another; one reads it and tells what it came to.
func (c handedFlags) each(ctx context.Context, set *config.Settings, t *terminal, one func(f *foundation, in io.Reader, name string) (any, string, []registry.LineError, error)) error {
	if len(c.Files) == 0 {
		return usageError{errors.New("name a file to import")}
	}
	f, err := openFoundation(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	var failed []error
	for _, name := range c.Files {
		if err := c.file(f, t, name, one); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(failed...)
}

func (c handedFlags) file(f *foundation, t *terminal, name string, one func(f *foundation, in io.Reader, name string) (any, string, []registry.LineError, error)) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	told, words, wrong, err := one(f, in, filepath.Base(name))
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		printLines(t, name, wrong)
		return fmt.Errorf("not imported: %d bad lines", len(wrong))
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(struct {
			File   string `json:"file"`
			DryRun bool   `json:"dry_run"`
			Result any    `json:"result"`
		}{name, c.DryRun, told})
	}
	t.printf("%s\n  %s\n", name, words)
	if c.DryRun {
		t.printf("  dry run: nothing written\n")
	}
	return nil
}

// importWindowsCmd imports when meters are to be read.
type importWindowsCmd struct {
	handedFlags
	Example bool `help:"Print an example file and leave."`
}

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
	if c.Example {
		t.printf("%s", indexes.ExampleWindows())
		return nil
	}
	return c.each(ctx, set, t, func(f *foundation, in io.Reader, name string) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseWindows(in)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		p, err := f.planner().Windows(ctx, list, name, c.DryRun)
		return p, fmt.Sprintf("windows %7d new %7d changed %7d unchanged; of the new ones %d in a year of cards, %d in one of visits",
			p.New, p.Changed, p.Unchanged, p.Cards, p.Visits), p.Refused, err
	})
}

func (f *foundation) planner() *indexes.Planner {
	return &indexes.Planner{Ledger: f.store, Runner: f.store, Clock: f.clock}
}

// importDegreeDaysCmd imports the weather.
type importDegreeDaysCmd struct{ handedFlags }

// Help is shown by --help.
func (importDegreeDaysCmd) Help() string {
	return `Example: guichet import degree-days yesterday.csv

Readings of gas are compared with what the weather made likely, and estimated
by it. Without the degree-days of nine days in ten a person looks at them.

` + indexes.Format(indexes.DegreeDayColumns)
}

// Run implements the command.
func (c importDegreeDaysCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return c.each(ctx, set, t, func(f *foundation, in io.Reader, name string) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseDegreeDays(in)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		changed, err := f.planner().Weather(ctx, list, name, c.DryRun)
		return map[string]int{"changed": changed, "unchanged": len(list) - changed},
			fmt.Sprintf("days %7d new or changed %7d unchanged", changed, len(list)-changed), nil, err
	})
}

// importValidationsCmd imports what became of readings.
type importValidationsCmd struct{ handedFlags }

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
	return c.each(ctx, set, t, func(f *foundation, in io.Reader, name string) (any, string, []registry.LineError, error) {
		list, wrong := indexes.ParseDecisions(in)
		if len(wrong) > 0 {
			return nil, "", wrong, nil
		}
		h := &indexes.Handover{Ledger: f.store, Runner: f.store, Clock: f.clock}
		s, err := h.Settle(ctx, list, name, c.DryRun)
		return s, fmt.Sprintf("readings %7d validated %7d corrected %7d unchanged", s.Validated, s.Corrected, s.Unchanged), s.Refused, err
	})
}
