package main

import (
	"errors"
	"io"
	"os"
	"time"

	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/web/api"
)

// auditVerifyMandateCmd checks a delivery file. It needs the public key and the
// file: no database, so that whoever holds one can do it.
type auditVerifyMandateCmd struct {
	PublicKey string `help:"File of the trail's public key (default: trail.pub in KEYS)." placeholder:"FILE"`
	File      string `arg:"" help:"The delivery as it was downloaded: JSON, CSV or XML."`
}

// Help is shown by --help.
func (auditVerifyMandateCmd) Help() string {
	return `Example: guichet audit verify-mandate --public-key trail.pub delivery.json

Tells whether a file of consumption is the one that was delivered, unchanged,
and on which mandate: number, SHA-256 of the text and of the signed document,
days, and the entry of the trail; or on which registration of a supplier. Exit
status 1 where anything was changed.`
}

// Run implements the command.
func (c auditVerifyMandateCmd) Run(set *config.Settings, t *terminal) error {
	verifier, err := auditVerifyCmd{PublicKey: c.PublicKey}.verifier(set.Default())
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, api.DeliverySize+1))
	if err != nil {
		return err
	}
	if len(text) > api.DeliverySize {
		return errors.New("delivery: too long for one")
	}
	l, err := api.CheckDelivery(text, verifier)
	if err != nil {
		return errors.Join(errors.New("delivery: this is not what was delivered"), err)
	}
	t.printf("the delivery holds: entry %s of %s\n", audit.Printable(l.ID), l.At.UTC().Format(time.RFC3339))
	for _, name := range []string{"mandate", "registration", "supplier", "text", "document", "grain", "from", "to", "content"} {
		if l.Says[name] != "" {
			t.printf("  %-12s %s\n", name, audit.Printable(l.Says[name]))
		}
	}
	t.printf("  leaf         %s\n", l.Hash)
	return nil
}
