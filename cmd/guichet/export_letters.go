package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"guichet/portal/config"
	"guichet/web/letter"

	"filippo.io/age"
)

// exportLettersCmd hands the waiting letters to a print house as one sealed
// file.
type exportLettersCmd struct {
	Key   string `required:"" placeholder:"age1..." help:"The print house's public key (age)."`
	Limit int    `help:"At most so many letters in the file; 0: all that wait."`
	JSON  bool   `name:"json" help:"Print one JSON object."`
	File  string `arg:"" help:"The file to write, for example letters.tar.age."`
}

// Help is shown by --help.
func (exportLettersCmd) Help() string {
	return `Example: guichet export letters --key age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p letters.tar.age

Writes the letters that wait (PDF and HTML, and manifest.json with the checksum
of each) into one archive that only the print house's key opens, and marks them
as handed over. Run again it writes what has come since, and no file where
nothing has. A file that exists is never written over. After a crash a letter
may come in two files: its id is the same in both manifests.

Where a print house fetches the letters, set OUTBOX=export, so that serve leaves
them waiting instead of writing them into a folder.`
}

// Run implements the command.
func (c exportLettersCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	recipient, err := age.ParseX25519Recipient(c.Key)
	if err != nil {
		return usageError{errors.New("--key is not a public key of age (age1...)")}
	}
	if c.Limit < 0 {
		return usageError{errors.New("--limit is a number of letters, or 0")}
	}
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	b := &letter.Bundle{Scribe: f.scribe(), Recipient: recipient, Most: c.Limit}
	h, err := b.HandOver(ctx, c.File)
	if c.JSON {
		return errors.Join(json.NewEncoder(t.out).Encode(h), err)
	}
	if h.Letters+h.Twice == 0 {
		t.printf("no letter waits: no file written\n")
	} else {
		t.printf("%d letters sealed in %s\n", h.Letters, c.File)
	}
	if h.Dropped > 0 {
		t.printf("%d letters withdrawn: no address they may go to\n", h.Dropped)
	}
	if h.Twice > 0 {
		fmt.Fprintf(t.err, "%d letters of this file were handed over by another process as well\n", h.Twice)
	}
	return err
}
