package main

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"

	"guichet/portal/config"
	"guichet/works"
	"guichet/works/payment"
)

// importPaymentsCmd imports what the bank says was paid.
type importPaymentsCmd struct {
	DryRun  bool     `help:"Show what would change, and change nothing."`
	Example bool     `help:"Print an example file and leave."`
	JSON    bool     `name:"json" help:"Print JSON, one object a file."`
	Files   []string `arg:"" optional:"" name:"file" help:"Files to import."`
}

// Help is shown by --help.
func (importPaymentsCmd) Help() string {
	return `Example: guichet import payments --dry-run statement.cod

Payments towards works (C.4), each file in whole or not at all. A payment goes
to the request whose number its structured communication carries; the bank's day
drives the deadlines. What fits no request, or not well, waits for an officer on
/desk/works/payments. A file may come again: no payment is booked twice.

` + payment.Format
}

// importedPayments is what is told of one file.
type importedPayments struct {
	File   string `json:"file"`
	DryRun bool   `json:"dry_run"`
	works.Filed
}

// Run implements the command.
func (c importPaymentsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Example {
		t.printf("%s", payment.Example())
		return nil
	}
	if len(c.Files) == 0 {
		return usageError{errors.New("name a file to import")}
	}
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	_, err = importFlags{Files: c.Files}.each(ctx, func(name string) error { return c.one(ctx, f, t, name) })
	return err
}

func (c importPaymentsCmd) one(ctx context.Context, f *foundation, t *terminal, name string) error {
	file, err := openInput(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	statements, err := payment.Read(file)
	if err != nil {
		return err
	}
	if err := payment.Of(statements, f.settings.Account()); err != nil {
		return err
	}
	told, err := f.works().File(ctx, filepath.Base(name), statements, c.DryRun)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(importedPayments{name, c.DryRun, told})
	}
	t.printf("%s\n  payments %7d new %7d known before %7d of the operator's own passed over\n  booked   %7d, EUR %d.%02d; deposits covered: %d; waiting for an officer: %d\n",
		name, told.New, told.Known, told.Passed, told.Booked, told.Cents/100, max(told.Cents%100, -(told.Cents%100)), told.Covered, told.Waiting)
	if c.DryRun {
		t.printf("  dry run: nothing written\n")
	}
	return nil
}
