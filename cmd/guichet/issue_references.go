package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/registry"
)

// issueReferencesCmd draws references and writes their letters.
type issueReferencesCmd struct {
	EAN           []string `name:"ean" placeholder:"EAN" help:"Only for these access points."`
	Again         bool     `help:"Also where a live reference exists; the former one ends when the new one is first used."`
	ReplaceLegacy bool     `help:"Instead, for those whose reference was imported from another system; it ends when the new one is first used."`
	Limit         int      `help:"At most so many envelopes."`
	DryRun        bool     `help:"Say how many, and for which access points, and draw nothing."`
	JSON          bool     `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (issueReferencesCmd) Help() string {
	return `Example: guichet issue references --ean 541449000000000010

Draws a reference and a letter code for every meter of every present occupant
that has none, one envelope a household, and writes the letters (PDF and HTML)
into the folder OUTBOX. References are stored as keyed hashes only: the letter
is the one place where they can be read.

With --replace-legacy it draws for those who still have a reference of another
system (guichet import references); with --dry-run it lists them, EANs masked.`
}

// Run implements the command.
func (c issueReferencesCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Again && len(c.EAN) == 0 && c.Limit == 0 {
		return usageError{errors.New("--again for everybody needs --limit: it writes to every household")}
	}
	if c.Again && c.ReplaceLegacy {
		return usageError{errors.New("--replace-legacy goes without --again: it names its own")}
	}
	o := registry.IssueOptions{Again: c.Again, ReplaceLegacy: c.ReplaceLegacy, Limit: c.Limit, DryRun: c.DryRun}
	for _, typed := range c.EAN {
		ean, err := portal.ParseEAN(typed)
		if err != nil {
			return usageError{fmt.Errorf("--ean %s: %s", typed, reason(err))}
		}
		o.EANs = append(o.EANs, ean)
	}
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	if c.DryRun {
		return c.foresee(ctx, f, t, o)
	}
	p := newProgress(t.err, "references")
	o.Progress = func(done int) { p.at(done, 0) }
	sum, err := registry.NewIssuer(f.ring, f.clock, f.store, f.store).Issue(ctx, o)
	p.end()
	if err != nil {
		return err
	}
	written, err := f.handOver(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(struct {
			registry.IssueSummary
			Written int    `json:"written"`
			Outbox  string `json:"outbox"`
		}{sum, written, f.settings.Outbox})
	}
	t.printf("%d references drawn, %d envelopes; %d letters written to %s\n", sum.References, sum.Letters, written, f.settings.Outbox)
	return nil
}

// foresee lists who would get a reference, EANs masked (G12).
func (c issueReferencesCmd) foresee(ctx context.Context, f *foundation, t *terminal, o registry.IssueOptions) error {
	eans := []string{}
	o.Found = func(h registry.Holding) { eans = append(eans, h.Point.EAN.Masked()) }
	sum, err := registry.NewIssuer(f.ring, f.clock, f.store, f.store).Issue(ctx, o)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(struct {
			registry.IssueSummary
			DryRun bool     `json:"dry_run"`
			EANs   []string `json:"eans"`
		}{sum, true, eans})
	}
	for _, ean := range eans {
		t.printf("%s\n", ean)
	}
	t.printf("dry run: %d references would be drawn, %d envelopes\n", sum.References, sum.Letters)
	return nil
}
