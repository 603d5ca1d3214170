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

	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// demoCmd serves the whole portal over the town.
type demoCmd struct {
	JSON bool `name:"json" help:"Print what opens the demo as one JSON object on the first line."`
}

// Help is shown by --help.
func (demoCmd) Help() string {
	return `Example: guichet demo

The town is the same each time; references, codes, passwords and keys are drawn
at the first start and kept in access.json in the demo's folder (--dir, guichet-demo by
default), so that a second start shows the same. It obeys the settings of serve, and refuses a
database that it did not make.`
}

// access is what opens the demo, as access.json keeps it (mode 0600). Its
// names are relied upon by programs.
type access struct {
	URL        string            `json:"url"`
	DeskURL    string            `json:"desk_url"`
	AdminURL   string            `json:"admin_url"`
	References []accessReference `json:"references"`
	Works      accessWorks       `json:"works"`
	Staff      []accessStaff     `json:"staff"`
	Partner    accessPartner     `json:"partner"`
	Supplier   accessPartner     `json:"supplier"` // a partner that is a supplier of record
	Outbox     string            `json:"outbox"`
	Database   string            `json:"database"`
	Keys       string            `json:"keys"`
}

type accessReference struct {
	Reference  string `json:"reference"`
	Digits     string `json:"digits"`
	LetterCode string `json:"letter_code"`
	EAN        string `json:"ean"`
	Energy     string `json:"energy"`
	Language   string `json:"language"`
	Why        string `json:"why"`
	// What a caller would answer at the desk.
	Name    string `json:"name"`
	MovedIn string `json:"moved_in"` // YYYY-MM
	// What the meter's registers showed on the day of the town: a reading to enter.
	Shows map[string]string `json:"shows"`
}

type accessStaff struct {
	Role      string `json:"role"`
	Login     string `json:"login"`
	Password  string `json:"password"`
	OTPSecret string `json:"otp_secret"`
}

type accessPartner struct {
	Login     string `json:"login"`
	Password  string `json:"password"`
	OTPSecret string `json:"otp_secret"`
	APIKey    string `json:"api_key"`
}

// What else the table installation remembers of a demo.
const (
	madeByDemo    = "demo"
	factDemoReady = "demo-ready" // "yes" once the town is whole
)

// Run implements the command.
func (c demoCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	if set.LogLevel == "" {
		set.LogLevel = "warn" // the terminal belongs to what opens the demo
	}
	if set.Dir == "" {
		set.Dir = "guichet-demo"
	}
	if set.WorksAccount == "" {
		set.WorksAccount = "BE68 5390 0754 7034" // that of the banks' own examples
	}
	s := set.Default()
	if err := s.Check(); err != nil {
		return usageError{err}
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(s.Dir, "access.json")
	a, f, err := c.open(ctx, s, file, t)
	if err != nil {
		return err
	}
	defer f.store.Close()
	a.Outbox, a.Database, a.Keys = s.Outbox, s.Database.String(), s.Keys
	return serve(ctx, f, t, true, func(at addresses) error {
		a.URL, a.DeskURL, a.AdminURL = at.public, at.desk, at.admin
		if err := writeAccess(file, a); err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(t.out).Encode(a)
		}
		a.print(t, file)
		if s.OIDC() {
			t.printf("Staff sign in at %s by these logins; their passwords are refused.\n", s.OIDCIssuer)
		}
		return nil
	})
}

// open gives the demo's database, made at the first start.
func (c demoCmd) open(ctx context.Context, s config.Settings, file string, t *terminal) (access, *foundation, error) {
	empty, err := emptyDatabase(ctx, s)
	if err != nil {
		return access{}, nil, err
	}
	if empty {
		return c.settle(ctx, s, file, t)
	}
	f, err := openFoundation(ctx, s)
	if err != nil {
		return access{}, nil, fmt.Errorf("%w (demo uses only a database that it made itself)", err)
	}
	a, err := f.ourDemo(ctx, file)
	if err != nil {
		return access{}, nil, errors.Join(err, f.store.Close())
	}
	return a, f, nil
}

// ourDemo refuses a database that demo did not make or did not finish (T29).
func (f *foundation) ourDemo(ctx context.Context, file string) (a access, err error) {
	maker, err := f.store.Installation(ctx, factMadeBy)
	if err != nil {
		return a, err
	}
	if maker != madeByDemo {
		return a, errors.New("DATABASE: demo did not make this database and leaves it alone")
	}
	ready, err := f.store.Installation(ctx, factDemoReady)
	if err != nil {
		return a, err
	}
	text, fileErr := os.ReadFile(file)
	if ready != "yes" || fileErr != nil {
		return a, fmt.Errorf("the demo's first start was interrupted, or %s is gone: remove the demo's database and folder and start again", file)
	}
	return a, json.Unmarshal(text, &a)
}

// settle makes keys, tables, town, references and staff.
func (c demoCmd) settle(ctx context.Context, s config.Settings, file string, t *terminal) (access, *foundation, error) {
	if _, err := os.Stat(s.Keys); err == nil {
		return access{}, nil, fmt.Errorf("KEYS: %s exists, but the database is empty: demo draws new keys for a new town; remove or move the folder", s.Keys)
	}
	if !c.JSON {
		t.printf("First start: building the town...\n")
	}
	if _, err := prepare(ctx, s, true, madeByDemo); err != nil {
		return access{}, nil, err
	}
	f, err := openFoundation(ctx, s)
	if err != nil {
		return access{}, nil, err
	}
	a, err := f.buildTown(ctx)
	if err == nil {
		err = writeAccess(file, a)
	}
	if err == nil {
		err = f.store.Do(ctx, func(t tx.Tx) error { return f.store.SetInstallation(t, factDemoReady, "yes") })
	}
	if err != nil {
		return access{}, nil, errors.Join(err, f.store.Close())
	}
	return a, f, nil
}

// emptyDatabase tells whether the database holds nothing of anybody's.
func emptyDatabase(ctx context.Context, s config.Settings) (bool, error) {
	if path, ok := strings.CutPrefix(s.Database.Reveal(), "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return true, nil
		}
	}
	f, err := connect(ctx, s, &keys.Ring{})
	if err != nil {
		return false, err
	}
	empty, err := f.store.Empty(ctx)
	return empty, errors.Join(err, f.store.Close())
}

func writeAccess(file string, a access) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// shown is how many references the terminal prints; all are in the file.
const shown = 3

func (a access) print(t *terminal, file string) {
	t.printf("\nGuichet serves on %s (staff: %s/fr/desk, health and metrics: %s)\n\n", a.URL, a.DeskURL, a.AdminURL)
	t.printf("References, as their letters print them:\n")
	for _, r := range a.References[:min(shown, len(a.References))] {
		t.printf("  %s   digits %s   letter code %s   %s, %s: %s\n", grouped(r.Reference), r.Digits, r.LetterCode, r.Energy, r.Language, r.Why)
	}
	t.printf("  %d more in %s\n\n", len(a.References)-min(shown, len(a.References)), file)
	t.printf("A request for works, on %s/fr/works/lookup:\n  number %s   code %s\n\nStaff:\n", a.URL, a.Works.Number, a.Works.Code)
	for _, p := range a.Staff {
		t.printf("  %-9s login %-10s password %s   one-time-code key %s\n", p.Role, p.Login, p.Password, p.OTPSecret)
	}
	for _, p := range []struct {
		what string
		accessPartner
	}{{"Partner", a.Partner}, {"Supplier of record", a.Supplier}} {
		t.printf("\n%s, on %s/fr/partner:\n  login %s   password %s   one-time-code key %s\n  API key %s\n", p.what, a.URL, p.Login, p.Password, p.OTPSecret, p.APIKey)
	}
	t.printf("\nA caller who is asked at the desk: name and month of moving in stand beside each reference in the file.\n")
	t.printf("Letters land in %s; the database is %s. Stop with Ctrl+C.\n", a.Outbox, a.Database)
}

func grouped(reference string) string {
	if len(reference) != 14 {
		return reference
	}
	return reference[:4] + " " + reference[4:8] + " " + reference[8:12] + " " + reference[12:]
}
