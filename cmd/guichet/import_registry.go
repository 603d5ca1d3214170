package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/registry"
)

// importRegistryCmd imports the access register.
type importRegistryCmd struct {
	importFlags
	KeepGoing   bool `help:"Let the good lines enter; the bad ones go into FILE.rejected.csv."`
	ConfirmEnds bool `help:"Accept a file that ends more than 1 % of the occupancies."`
	NoLetters   bool `help:"Queue no letters for new occupancies and exchanged meters (an empty register never does)."`
}

// Help is shown by --help.
func (importRegistryCmd) Help() string {
	return "Example: guichet import registry --dry-run town.csv\n\n" +
		"After an import the four digits of all live meters are measured: how often one\n" +
		"guess is right, overall, by postcode and among neighbours; with --json in an\n" +
		"object of its own behind those of the files.\n\n" + registry.Format()
}

// importedRegistry is what is told of one file.
type importedRegistry struct {
	File     string `json:"file"`
	DryRun   bool   `json:"dry_run"`
	Rejected string `json:"rejected,omitempty"` // where the bad lines are
	registry.Difference
}

// Run implements the command.
func (c importRegistryCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Example {
		t.printf("%s", registry.Example())
		return nil
	}
	f, o, err := c.open(ctx, set, registry.ParseMap)
	if err != nil {
		return err
	}
	defer f.store.Close()
	done, err := c.each(ctx, func(name string) error { return c.one(ctx, f, t, name, o) })
	if done == 0 || c.DryRun {
		return err
	}
	share, failed := f.measureDigits(ctx, t)
	if failed != nil {
		return errors.Join(err, fmt.Errorf("imported, but the digits could not be measured: %w", failed))
	}
	return errors.Join(err, tellDigits(t, share, c.JSON))
}

func (c importRegistryCmd) one(ctx context.Context, f *foundation, t *terminal, name string, o registry.Options) error {
	file, err := openInput(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	batch, wrong := registry.Parse(file, o)
	if len(wrong) > 0 && !c.KeepGoing {
		printLines(t, name, wrong)
		return badLines(wrong)
	}
	p := newProgress(t.err, filepath.Base(name))
	defer p.end()
	importer := &registry.Importer{Ledger: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
	d, err := importer.Apply(ctx, batch, registry.ApplyOptions{Name: filepath.Base(name), DryRun: c.DryRun,
		KeepGoing: c.KeepGoing, ConfirmEnds: c.ConfirmEnds, NoLetters: c.NoLetters})
	if err != nil {
		printLines(t, name, d.Refused)
		if d.Held {
			return fmt.Errorf("held, nothing written: it would end %d of %d occupancies; look at it with --dry-run, then confirm with --confirm-ends", d.Ended, d.Live)
		}
		return err
	}
	told := importedRegistry{File: name, DryRun: c.DryRun, Difference: d}
	if bad := append(wrong, d.Refused...); len(bad) > 0 {
		printLines(t, name, bad)
		told.Rejected = name + ".rejected.csv"
		if err := writeRejected(told.Rejected, file, o, bad); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(told)
	}
	told.print(t)
	file.tellEmpty(t)
	return nil
}

func writeRejected(name string, file io.ReadSeeker, o registry.Options, bad []registry.LineError) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(registry.WriteRejected(out, file, o, bad), out.Close())
}

// linesShown bounds what one file may print.
const linesShown = 100

func printLines(t *terminal, name string, lines []registry.LineError) {
	for _, l := range lines[:min(linesShown, len(lines))] {
		fmt.Fprintf(t.err, "%s %s\n", name, audit.Printable(l.Error())) // a title of the file is foreign text (T8)
	}
	if more := len(lines) - linesShown; more > 0 {
		fmt.Fprintf(t.err, "%s: and %d more\n", name, more)
	}
}

func (d importedRegistry) print(t *terminal) {
	t.printf("%s\n", d.File)
	for _, part := range []struct {
		name string
		registry.Change
	}{{"access points", d.Points}, {"meters", d.Meters}, {"occupancies", d.Occupancies}, {"supplies", d.Supplies}} {
		t.printf("  %-14s %7d new %7d changed %7d unchanged\n", part.name, part.New, part.Changed, part.Unchanged)
	}
	for _, line := range d.Changed {
		t.printf("  %s\n", line)
	}
	if d.Ended > 0 {
		t.printf("  %d of %d live occupancies end\n", d.Ended, d.Live)
	}
	for _, m := range d.Late {
		t.printf("  moved out on %s, learnt late: %s; made wrong: %d disclosures, %d letters, %d references (ended), %d readings, %d mandates (ended)\n",
			m.MovedAt.In(portal.Brussels).Format(time.DateOnly), m.EAN, m.Count(registry.WrongDisclosure), m.Count(registry.WrongLetter),
			m.Count(registry.WrongReference), m.Count(registry.WrongReading), m.Count(registry.WrongMandate))
	}
	if d.Letters > 0 {
		t.printf("  %d occupancies get a letter with a new reference\n", d.Letters)
	}
	if d.Rejected != "" {
		t.printf("  bad lines are in %s\n", d.Rejected)
	}
	switch {
	case d.DryRun && d.Held:
		t.printf("  dry run: it would be held for the occupancies it ends; nothing written\n")
	case d.DryRun:
		t.printf("  dry run: nothing written\n")
	case !d.Recorded:
		t.printf("  nothing changed\n")
	}
}
