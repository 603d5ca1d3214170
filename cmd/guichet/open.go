package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/store"
	"guichet/portal/tx"

	"guichet/portal"
)

// What the table installation remembers of a database (T29).
const (
	factKeys   = "keys"    // fingerprint of the keyring it belongs to
	factMadeBy = "made-by" // "migrate" or "demo"
)

// foundation is what every command stands on.
type foundation struct {
	settings config.Settings
	ring     *keys.Ring
	store    *store.Store
	clock    portal.Clock
}

// openFoundation opens keys and database of the settings and refuses keys that
// are not the database's.
func openFoundation(ctx context.Context, s config.Settings) (*foundation, error) {
	if err := s.Check(); err != nil {
		return nil, usageError{err}
	}
	ring, err := keys.Open(s.Keys)
	if err != nil {
		return nil, fmt.Errorf("KEYS: %w", err)
	}
	if err := demandFile(s); err != nil {
		return nil, err
	}
	f, err := connect(ctx, s, ring)
	if err != nil {
		return nil, err
	}
	if err := f.checkOurs(ctx); err != nil {
		return nil, errors.Join(err, f.store.Close())
	}
	return f, nil
}

// openForCommand is openFoundation for what runs beside serve, which may keep
// SQLite's file busy for long: nobody waits for a page here.
func openForCommand(ctx context.Context, s config.Settings) (*foundation, error) {
	f, err := openFoundation(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := f.store.Patient(ctx, time.Minute); err != nil {
		return nil, errors.Join(err, f.store.Close())
	}
	return f, nil
}

// demandFile refuses a database file that is not there: opening it would make
// an empty one.
func demandFile(s config.Settings) error {
	if path, ok := strings.CutPrefix(s.Database.Reveal(), "sqlite:"); ok {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("DATABASE: %s does not exist; make it with: guichet migrate", path)
		}
	}
	return nil
}

func connect(ctx context.Context, s config.Settings, ring *keys.Ring) (*foundation, error) {
	db, err := store.Open(ctx, s.Database.Reveal(), ring, time.Now)
	if err != nil {
		return nil, fmt.Errorf("DATABASE: %w", err)
	}
	return &foundation{settings: s, ring: ring, store: db, clock: time.Now}, nil
}

// checkOurs demands tables that are up to date and the keys they were made with.
func (f *foundation) checkOurs(ctx context.Context) error {
	pending, err := f.store.Pending(ctx)
	if err != nil {
		return fmt.Errorf("DATABASE: %w", err)
	}
	if pending {
		return errors.New("DATABASE: its tables are missing or older than this program; run: guichet migrate")
	}
	made, err := f.store.Installation(ctx, factKeys)
	if err != nil {
		return fmt.Errorf("DATABASE: %w", err)
	}
	if made != f.ring.Fingerprint() {
		return errors.New("KEYS: these keys do not belong to this database; with other keys every blocked reference would have its three tries back")
	}
	return nil
}

// migrateCmd makes or updates the tables.
type migrateCmd struct {
	NewKeys bool `help:"Also make the keys, in a folder that holds none."`
}

// Help is shown by --help.
func (migrateCmd) Help() string { return "Example: guichet migrate --new-keys" }

// Run implements the command.
func (c migrateCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	s := set.Default()
	ran, err := prepare(ctx, s, c.NewKeys, "migrate")
	if err != nil {
		return err
	}
	if len(ran) == 0 {
		t.printf("tables are up to date\n")
	}
	for _, name := range ran {
		t.printf("ran %s\n", filepath.Base(name))
	}
	return nil
}

// prepare makes keys where asked, runs the migrations and writes down once
// whose database this is.
func prepare(ctx context.Context, s config.Settings, newKeys bool, maker string) ([]string, error) {
	if err := s.Check(); err != nil {
		return nil, usageError{err}
	}
	open := keys.Open
	if newKeys {
		open = keys.Create
	}
	ring, err := open(s.Keys)
	if err != nil {
		return nil, fmt.Errorf("KEYS: %w", err)
	}
	f, err := connect(ctx, s, ring)
	if err != nil {
		return nil, err
	}
	defer f.store.Close()
	if pending, err := f.store.Pending(ctx); err != nil {
		return nil, err
	} else if !pending {
		if err := f.checkOurs(ctx); err != nil {
			return nil, err
		}
	}
	ran, err := f.store.Migrate(ctx)
	if err != nil {
		return ran, fmt.Errorf("DATABASE: %w", err)
	}
	err = f.store.Do(ctx, func(t tx.Tx) error {
		if newKeys {
			t.Record(audit.Entry{At: f.clock(), Actor: portal.Actor{Kind: portal.System, ID: maker},
				Action: audit.KeysMade, Ground: "installation", Channel: "command"})
		}
		return errors.Join(f.store.SetInstallation(t, factKeys, ring.Fingerprint()),
			f.store.SetInstallation(t, factMadeBy, maker))
	})
	if err != nil {
		return ran, err
	}
	return ran, f.checkOurs(ctx)
}
