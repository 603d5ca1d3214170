package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/metering/indexes"
)

// exportReadingsCmd hands the readings that customers typed over.
type exportReadingsCmd struct {
	Into    string `default:"." placeholder:"DIR" help:"Folder of the file."`
	Again   string `placeholder:"BATCH" help:"Write this batch's file once more."`
	ToCheck bool   `help:"Instead, write those that a person must look at; nothing is marked."`
	JSON    bool   `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (exportReadingsCmd) Help() string {
	return `Example: guichet export readings --into /srv/handover

Writes DIR/readings-BATCH.csv with every reading that is ready and marks it
sent; a second run gives no reading a second time, and writes no file where
nothing is ready. A reading is ready when the rules found it plausible, or when
it is an estimate, and no other register of its meter waits for a person. Where
the file was lost, --again BATCH writes the same bytes.

UTF-8, semicolons, a header; mode 0600, for it has whole EANs. Columns:

  batch      of this hand-over
  reading    id of the reading; the answer names it
  ean meter  access point and number of the meter
  register   ` + strings.Join(registerNames(), ", ") + `
  date       day of the reading, YYYY-MM-DD
  value      whole units, as typed or estimated
  unit       kWh or m³
  consumed   units since the last reading, across an exchange or a roll-over; 0: cannot be told
  check      validated (by the portal's rules), estimated, to-check or held
  finding    plausible, zero, roll-over; not-read; unusual, no-reference, amended
             (typed after the first was sent); swapped, comma, injection, backwards
  round      1, or more for a correction
  by         customer or estimate
  entered    when it was typed or estimated, RFC 3339, UTC

With --to-check it writes DIR/readings-to-check.csv: readings that are unusual,
held or corrections, with the other registers of their meters. What was decided
of these, or came back of those sent, enters with: guichet import validations`
}

func registerNames() (names []string) {
	for _, c := range indexes.WindowColumns {
		if c.Name == "register" {
			names = strings.Split(c.About, ", ")
		}
	}
	return names
}

// exported is what is told of a hand-over.
type exported struct {
	Batch    string `json:"batch"`
	File     string `json:"file"`
	Readings int    `json:"readings"`
}

// Run implements the command.
func (c exportReadingsCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if c.Again != "" && c.ToCheck {
		return usageError{errors.New("--again and --to-check do not go together")}
	}
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	// The file is opened before anything is marked: a folder that cannot be
	// written must not cost a batch.
	draft, err := os.CreateTemp(c.Into, "readings-*.new")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) // gone already where it was renamed
	done, lines, err := c.take(ctx, &indexes.Handover{Ledger: f.store, Runner: f.store, Clock: f.clock})
	if err != nil {
		return errors.Join(err, draft.Close())
	}
	if len(lines) > 0 {
		err = errors.Join(indexes.WriteLines(draft, lines), draft.Sync(), draft.Close())
		if err == nil {
			err = os.Rename(draft.Name(), filepath.Join(c.Into, done.File))
		}
		if err != nil && done.Batch != "" {
			return fmt.Errorf("batch %s is marked sent but its file could not be written; write it with --again %s: %w", done.Batch, done.Batch, err)
		}
		if err != nil {
			return err
		}
		done.File = filepath.Join(c.Into, done.File)
	} else if err := draft.Close(); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(done)
	}
	switch {
	case done.Readings == 0:
		t.printf("no reading is waiting\n")
	case c.ToCheck:
		t.printf("%d readings to look at in %s\n", done.Readings, done.File)
	default:
		t.printf("%d readings handed over in %s, batch %s\n", done.Readings, done.File, done.Batch)
	}
	return nil
}

func (c exportReadingsCmd) take(ctx context.Context, h *indexes.Handover) (done exported, lines []indexes.Line, err error) {
	switch {
	case c.ToCheck:
		lines, err = h.Waiting(ctx)
		done.File = "readings-to-check.csv"
	case c.Again != "":
		lines, err = h.Again(ctx, c.Again)
		if portal.CodeOf(err) == portal.NotFound {
			err = fmt.Errorf("--again %s: no batch has this name", c.Again)
		}
		done.Batch = c.Again
	default:
		done.Batch, lines, err = h.Take(ctx)
	}
	if done.Readings = len(lines); done.Readings == 0 {
		done.File = ""
	} else if done.Batch != "" {
		done.File = "readings-" + done.Batch + ".csv"
	}
	return done, lines, err
}
