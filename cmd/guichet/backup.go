package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/store"
	"guichet/portal/tx"
)

// backupCmd copies the database while it is served.
type backupCmd struct {
	Into string `required:"" placeholder:"DIR" help:"Folder of the backup."`
	JSON bool   `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (backupCmd) Help() string {
	return `Example: guichet backup --into /srv/backups

Writes DIR/guichet-DATE-TIME.db (SQLite), or .pgdump (PostgreSQL, by pg_dump),
mode 0600: the whole database as it was at one moment, read back before it gets
its name. serve goes on meanwhile. The trail tells that it was made.

It holds names, addresses and readings in clear: keep it as you keep the
database. Not in it: KEYS, without which nobody is let in and no letter can be
read; the heads of TRAIL_HEADS, which must lie elsewhere; guichet.toml. Keep
those apart from it, and from each other.

To put one back: end every serve; keep the database that was; copy the file to
the place of DATABASE (SQLite; there must be no -wal or -shm beside it), or
pg_restore --clean --if-exists --no-owner --dbname=... it; guichet migrate;
guichet audit verify. The gate stays shut until an officer accepts what is lost
since: guichet audit accept-restore.`
}

// backedUp is what is told of a backup.
type backedUp struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
	Head  int64  `json:"trail"` // entries of the trail that were sealed before it began
}

// Run implements the command.
func (c backupCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	dsn, began := f.settings.Database.Reveal(), f.clock()
	done := backedUp{File: filepath.Join(c.Into, "guichet-"+began.In(portal.Brussels).Format("20060102-150405")+store.BackupSuffix(dsn))}
	head, _, err := f.store.TrailEdge(ctx)
	if err != nil {
		return err
	}
	done.Head = head.Size
	draft, err := os.CreateTemp(c.Into, ".guichet-*.part") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name()) // gone already where it got its name
	if err := draft.Close(); err != nil {
		return err
	}
	p := newProgress(t.err, "megabytes written")
	err = store.Backup(ctx, dsn, draft.Name(), func(bytes int64) { p.at(int(bytes>>20), 0) })
	p.end()
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	about, err := os.Stat(draft.Name())
	if err != nil {
		return err
	}
	done.Bytes = about.Size()
	// Linked, not renamed: a backup of the same second is not overwritten.
	if err := os.Link(draft.Name(), done.File); err != nil {
		return err
	}
	if err := f.store.Do(ctx, func(t tx.Tx) error {
		t.Record(done.entry(f.clock()))
		return nil
	}); err != nil {
		return errors.Join(fmt.Errorf("%s was made, but the trail does not tell it", done.File), err)
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(done)
	}
	t.printf("%s: %d bytes, the trail up to entry %d and what waited then; keep it as you keep the database, apart from keys and heads\n", done.File, done.Bytes, done.Head)
	return nil
}

// entry is the trail's line about it: all that the portal knows was copied.
func (b backedUp) entry(at time.Time) audit.Entry {
	return audit.Entry{At: at, Actor: portal.Actor{Kind: portal.System, ID: "backup"}, Action: audit.BackupMade,
		Ground: "backup", Channel: "command", Details: map[string]string{"file": filepath.Base(b.File),
			"bytes": strconv.FormatInt(b.Bytes, 10), "trail": strconv.FormatInt(b.Head, 10)}}
}
