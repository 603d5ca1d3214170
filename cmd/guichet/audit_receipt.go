package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"guichet/portal/audit"
	"guichet/portal/config"
)

// auditProveCmd writes the receipt of an entry. It needs to read the database;
// no key.
type auditProveCmd struct {
	Entry string `arg:"" help:"The entry's id, as the trail names it."`
}

// Help is shown by --help.
func (auditProveCmd) Help() string {
	return `Example: guichet audit prove --dir guichet-demo 0csq1v5jx9k8e4w2t7m3z6n0aa > receipt.txt

Prints the proof that an entry stands in the log under the newest signed head,
as a text that guichet audit check can verify anywhere. It is the same file that
people download behind their reference: an entry that names a colleague is in it
by its hash alone.`
}

// Run implements the command.
func (c auditProveCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return readTrail(ctx, set.Default(), func(r audit.Reader) error {
		e, ok, err := r.SealedEntry(ctx, c.Entry)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("no sealed entry %s; a new one gets its place within a few seconds", audit.Printable(c.Entry))
		}
		p, err := audit.Prove(ctx, r, c.Entry)
		if err != nil {
			return err
		}
		_, err = t.out.Write(audit.NewReceipt(e, p).Format("guichet audit check verifies this receipt."))
		return err
	})
}

// auditCheckCmd checks a receipt. It needs the public key and the file: no
// database, so that whoever received one can do it.
type auditCheckCmd struct {
	PublicKey string `help:"File of the trail's public key (default: trail.pub in KEYS)." placeholder:"FILE"`
	File      string `arg:"" optional:"" help:"The receipt (default: standard input)."`
}

// Help is shown by --help.
func (auditCheckCmd) Help() string {
	return `Example: guichet audit check --public-key trail.pub receipt.txt

Tells whether the entry of a receipt stands in the log under a head that the
trail's key signed, and what the entry says where the receipt carries it. Exit
status 1 where anything was changed.`
}

// Run implements the command.
func (c auditCheckCmd) Run(set *config.Settings, t *terminal) error {
	verifier, err := auditVerifyCmd{PublicKey: c.PublicKey}.verifier(set.Default())
	if err != nil {
		return err
	}
	text, err := c.read(t)
	if err != nil {
		return err
	}
	r, err := audit.ParseReceipt(text)
	if err != nil {
		return err
	}
	head, e, err := r.Check(verifier)
	if err != nil {
		return fmt.Errorf("receipt: %w", err)
	}
	t.printf("the receipt holds: entry %s is number %d of %d under the head signed %s\n",
		audit.Printable(r.ID), r.Idx, head.Size, head.At.UTC().Format(time.RFC3339))
	if e == nil {
		t.printf("what it says is kept by the operator: the receipt carries its hash alone\n")
		return nil
	}
	t.printf("%s  %s  %s  ground %s  channel %s\n", e.At.UTC().Format(time.RFC3339), audit.Printable(string(e.Action)),
		audit.Printable(string(e.Actor.Kind)), audit.Printable(e.Ground), audit.Printable(e.Channel))
	return nil
}

func (c auditCheckCmd) read(t *terminal) (text []byte, err error) {
	in := t.in
	if c.File != "" {
		file, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	if text, err = io.ReadAll(io.LimitReader(in, audit.ReceiptSize+1)); err == nil && len(text) == 0 {
		err = errors.New("the receipt is empty")
	}
	return text, err
}
