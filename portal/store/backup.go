package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"
)

// BackupSuffix ends the names of a database's backups, as what reads them back
// calls its files.
func BackupSuffix(dsn string) string {
	if strings.HasPrefix(dsn, "sqlite:") {
		return ".db"
	}
	return ".pgdump"
}

// Backup writes the database as it is at one moment into an empty file, reads
// that back and puts it on the disk. Whoever serves goes on meanwhile. On
// PostgreSQL it is pg_dump's, which must be installed. size is told from time
// to time how many bytes there are.
func Backup(ctx context.Context, dsn, file string, size func(bytes int64)) error {
	path, onFile := strings.CutPrefix(dsn, "sqlite:")
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		watch(done, file, size)
	}()
	var err error
	if onFile {
		err = vacuumInto(ctx, path, file)
	} else {
		err = dump(ctx, dsn, file)
	}
	close(done)
	<-watched
	if err != nil {
		return err
	}
	return synced(file)
}

func watch(done <-chan struct{}, file string, size func(bytes int64)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if about, err := os.Stat(file); err == nil {
				size(about.Size())
			}
		}
	}
}

func vacuumInto(ctx context.Context, path, file string) (err error) {
	db, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, file); err != nil {
		return err
	}
	// Read by itself: nobody else has it, and nothing may be left beside it.
	backup, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&immutable=1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	var says string
	if err := backup.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&says); err != nil {
		return err
	}
	if says != "ok" {
		return fmt.Errorf("what was written does not read back: %s", says)
	}
	return nil
}

func dump(ctx context.Context, dsn, file string) error {
	address, password, err := apart(dsn)
	if err != nil {
		return err
	}
	env := os.Environ()
	if password != "" {
		env = append(env, "PGPASSWORD="+password)
	}
	if err := run(ctx, env, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+file, "--dbname="+address); err != nil {
		return err
	}
	return run(ctx, env, "pg_restore", "--list", "--file="+os.DevNull, file)
}

// apart takes the password out of an address, wherever it stands there: a list
// of processes shows what programs are called with (G12).
func apart(dsn string) (address, password string, err error) {
	at, err := url.Parse(dsn)
	if err != nil {
		return "", "", errors.New("DATABASE: cannot be read as an address") // its error would show the password
	}
	query := at.Query()
	password = query.Get("password")
	query.Del("password")
	at.RawQuery = query.Encode()
	if inside, ok := at.User.Password(); ok {
		password, at.User = inside, url.User(at.User.Username())
	}
	return at.String(), password, nil
}

func run(ctx context.Context, env []string, name string, args ...string) error {
	var says bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Stderr = env, &says
	switch err := cmd.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is needed for a backup of PostgreSQL and is not installed (package postgresql-client)", name)
	case err != nil:
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(says.String()))
	}
	return nil
}

func synced(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
