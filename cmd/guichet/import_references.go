package main

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"

	"guichet/portal/config"
	"guichet/portal/registry"
)

// importReferencesCmd imports references that another system printed.
type importReferencesCmd struct{ importFlags }

// Help is shown by --help.
func (importReferencesCmd) Help() string {
	return "Example: guichet import references --dry-run letters-2019.csv\n\n" +
		"References printed by another system go on opening their files until they are\n" +
		"replaced (guichet issue references --replace-legacy). They are presumed\n" +
		"predictable and share a small budget of failures; only keyed hashes are stored,\n" +
		"so destroy the file afterwards. A file is all or nothing and may be imported\n" +
		"again. The reference belongs to the present occupant and meter of its EAN and\n" +
		"goes with the last four digits of the register's meter number.\n\n" +
		registry.LegacyFormat() + "\n    " + strings.ReplaceAll(registry.LegacyExample(), "\n", "\n    ")
}

// importedReferences is what is told of one file.
type importedReferences struct {
	File   string `json:"file"`
	DryRun bool   `json:"dry_run"`
	registry.LegacyDifference
}

// Run implements the command.
func (c importReferencesCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Example {
		t.printf("%s", registry.LegacyExample())
		return nil
	}
	f, o, err := c.open(ctx, set, registry.ParseLegacyMap)
	if err != nil {
		return err
	}
	defer f.store.Close()
	_, err = c.each(ctx, func(name string) error { return c.one(ctx, f, t, name, o) })
	return err
}

func (c importReferencesCmd) one(ctx context.Context, f *foundation, t *terminal, name string, o registry.Options) error {
	file, err := openInput(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	refs, wrong := registry.ParseLegacy(file, o)
	if len(wrong) > 0 {
		printLines(t, name, wrong)
		return badLines(wrong)
	}
	p := newProgress(t.err, filepath.Base(name))
	defer p.end()
	importer := &registry.LegacyImporter{Ring: f.ring, Ledger: f.store, Runner: f.store, Clock: f.clock, Progress: p.at}
	d, err := importer.Apply(ctx, refs, filepath.Base(name), c.DryRun)
	if len(d.Refused) > 0 {
		printLines(t, name, d.Refused)
		return badLines(d.Refused)
	}
	if err != nil {
		return err
	}
	told := importedReferences{File: name, DryRun: c.DryRun, LegacyDifference: d}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(told)
	}
	told.print(t)
	file.tellEmpty(t)
	return nil
}

func (d importedReferences) print(t *terminal) {
	t.printf("%s\n  references     %7d new %7d unchanged\n", d.File, d.New, d.Unchanged)
	if d.Replaced > 0 {
		t.printf("  %d not taken: their occupants have a reference of the portal's already\n", d.Replaced)
	}
	switch {
	case d.DryRun:
		t.printf("  dry run: nothing written\n")
	case !d.Recorded:
		t.printf("  nothing changed\n")
	}
}
