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
	EAN   []string `name:"ean" placeholder:"EAN" help:"Only for these access points."`
	Again bool     `help:"Also where a live reference exists; the former one ends when the new one is first used."`
	Limit int      `help:"At most so many envelopes."`
	JSON  bool     `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (issueReferencesCmd) Help() string {
	return `Example: guichet issue references --ean 541449000000000010

Draws a reference and a letter code for every meter of every present occupant
that has none, one envelope a household, and writes the letters (PDF and HTML)
into the folder OUTBOX. References are stored as keyed hashes only: the letter
is the one place where they can be read.`
}

// Run implements the command.
func (c issueReferencesCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Again && len(c.EAN) == 0 && c.Limit == 0 {
		return usageError{errors.New("--again for everybody needs --limit: it writes to every household")}
	}
	o := registry.IssueOptions{Again: c.Again, Limit: c.Limit}
	for _, typed := range c.EAN {
		ean, err := portal.ParseEAN(typed)
		if err != nil {
			return usageError{fmt.Errorf("--ean %s: %s", typed, reason(err))}
		}
		o.EANs = append(o.EANs, ean)
	}
	f, err := openFoundation(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	p := newProgress(t.err, "references")
	o.Progress = func(done int) { p.at(done, 0) }
	sum, err := registry.NewIssuer(f.ring, f.clock, f.store, f.store).Issue(ctx, o)
	p.end()
	if err != nil {
		return err
	}
	written, err := f.clerk().HandOver(ctx)
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
