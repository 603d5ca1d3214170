package main

import (
	"context"
	"errors"
	"fmt"

	"guichet/portal/config"
	"guichet/portal/registry"
)

// importFlags are what the imports of tables have in common.
type importFlags struct {
	DryRun  bool     `help:"Show what would change, and change nothing."`
	Map     string   `placeholder:"TITLE=COLUMN,..." help:"Name columns by other titles (- ignores one) and the encoding (encoding=windows-1252)."`
	Example bool     `help:"Print an example file and leave."`
	JSON    bool     `name:"json" help:"Print JSON, one object a file."`
	Files   []string `arg:"" optional:"" name:"file" help:"Files to import."`
}

// open demands files, reads --map, and opens what they are imported into.
func (c importFlags) open(ctx context.Context, set *config.Settings, parse func(string) (registry.Options, error)) (*foundation, registry.Options, error) {
	if len(c.Files) == 0 {
		return nil, registry.Options{}, usageError{errors.New("name a file to import")}
	}
	o, err := parse(c.Map)
	if err != nil {
		return nil, o, usageError{fmt.Errorf("--map: %w", err)}
	}
	f, err := openForCommand(ctx, set.Default())
	return f, o, err
}

// each imports one file after another and names those that failed; done
// counts the others.
func (c importFlags) each(one func(name string) error) (done int, err error) {
	var failed []error
	for _, name := range c.Files {
		if err := one(name); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		done++
	}
	return done, errors.Join(failed...)
}
