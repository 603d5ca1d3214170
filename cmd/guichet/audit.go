package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/store"
)

// auditVerifyCmd verifies the whole trail. It needs to read the database, the
// public key and the heads kept outside; no secret key.
type auditVerifyCmd struct {
	PublicKey string `help:"File of the trail's public key (default: trail.pub in KEYS)." placeholder:"FILE"`
	Heads     string `help:"File of the heads kept outside (default: that of TRAIL_HEADS)." placeholder:"FILE"`
	JSON      bool   `name:"json" help:"Print the report as one JSON object."`
}

// Help is shown by --help.
func (auditVerifyCmd) Help() string {
	return `Example: guichet audit verify --dir guichet-demo

Recomputes every entry and the tree over them, and compares with the signed
heads in the database and with those kept outside. Exit status 1 where anything
is wrong; the first bad entry is named. A backup that was put back and accepted
is told with the entries lost and the officer's login, and is no fault.`
}

// Run implements the command.
func (c auditVerifyCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	s := set.Default()
	verifier, err := c.verifier(s)
	if err != nil {
		return err
	}
	outside, err := c.outside(s, verifier, t)
	if err != nil {
		return err
	}
	var report audit.Report
	err = readTrail(ctx, s, func(r audit.Reader) (err error) {
		report, err = audit.Verify(ctx, r, verifier, outside)
		return err
	})
	if err != nil {
		return err
	}
	if outside == nil && report.Heads > 0 && strings.HasPrefix(s.TrailHeads, "file:") {
		return errors.New("TRAIL_HEADS: the file of heads kept outside is gone, though heads were signed: without it, who holds the trail's key goes unseen")
	}
	if c.JSON {
		if err := json.NewEncoder(t.out).Encode(report); err != nil {
			return err
		}
	} else {
		printReport(t, report)
	}
	if !report.OK() {
		return fmt.Errorf("the trail does not verify: %s", report.First())
	}
	return nil
}

func (c auditVerifyCmd) verifier(s config.Settings) (note.Verifier, error) {
	file := c.PublicKey
	if file == "" {
		file = filepath.Join(s.Keys, keys.TrailPublicFile)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	v, err := note.NewVerifier(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("public key %s: %w", file, err)
	}
	return v, nil
}

func (c auditVerifyCmd) outside(s config.Settings, v note.Verifier, t *terminal) (audit.Outside, error) {
	file := c.Heads
	if file == "" {
		path, ok := strings.CutPrefix(s.TrailHeads, "file:")
		if !ok {
			fmt.Fprintln(t.err, "heads were sent to the system's log: give its file with --heads, else who holds the trail's key goes unseen")
			return nil, nil
		}
		file = path
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && c.Heads == "" {
		return nil, nil // before the first head there is no file
	}
	return audit.ReadHeads(file, v)
}

func printReport(t *terminal, r audit.Report) {
	t.printf("%d entries, %d of them erased, %d waiting for their place\n", r.Entries, r.Erased, r.Unsealed)
	t.printf("%d signed heads in the database, %d kept outside", r.Heads, r.Outside)
	if r.Heads > 0 {
		t.printf("; the newest covers %d entries, signed %s", r.Newest.Size, r.Newest.At.UTC().Format(time.RFC3339))
	}
	t.printf("\n")
	for _, accepted := range r.Restores {
		printRestore(t, accepted)
	}
	if r.OK() {
		t.printf("the trail verifies\n")
		return
	}
	t.printf("%d faults:\n", r.FaultCount)
	for _, f := range r.Faults {
		t.printf("  %s\n", f)
	}
	if more := r.FaultCount - int64(len(r.Faults)); more > 0 {
		t.printf("  and %d more\n", more)
	}
}

// auditHeadCmd prints the newest signed head.
type auditHeadCmd struct{}

// Help is shown by --help.
func (auditHeadCmd) Help() string { return "Example: guichet audit head --dir guichet-demo" }

// Run implements the command.
func (auditHeadCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	return readTrail(ctx, set.Default(), func(r audit.Reader) error {
		head, err := r.NewestHead(ctx)
		if err != nil {
			return err
		}
		if head.Size == 0 {
			return errors.New("the trail has no head yet")
		}
		t.printf("%s", head.Signed)
		return nil
	})
}

// readTrail opens the database for reading its trail and nothing else.
func readTrail(ctx context.Context, s config.Settings, read func(audit.Reader) error) error {
	if err := s.Check(); err != nil {
		return usageError{err}
	}
	if err := demandFile(s); err != nil {
		return err
	}
	db, err := store.Open(ctx, s.Database.Reveal(), &keys.Ring{}, time.Now)
	if err != nil {
		return fmt.Errorf("DATABASE: %w", err)
	}
	return errors.Join(db.Trail(ctx, read), db.Close())
}
