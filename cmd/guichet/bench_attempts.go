package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"guichet/portal/config"
)

// benchAttempts measures the counter's one write from 64 callers in an empty
// database that the caller names: what e2e/bench.sh holds against another
// program's same statement.
func benchAttempts(ctx context.Context, c benchCmd, t *terminal) error {
	dir, err := os.MkdirTemp("", "guichet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := config.Settings{Dir: dir, Database: config.DSN(c.Attempts)}.Default()
	if err := demandEmpty(ctx, s); err != nil {
		return err
	}
	if _, err := prepare(ctx, s, true, "bench"); err != nil {
		return err
	}
	f, err := openFoundation(ctx, s)
	if err != nil {
		return err
	}
	defer f.store.Close()
	op, end, err := (&benchGround{foundation: f}).operation(ctx, benchRaw, 64)
	if err != nil {
		return err
	}
	defer end()
	got := hammer(64, c.Seconds, op)
	t.printf("%s\n", got)
	if got.failed > 0 {
		return fmt.Errorf("%d writes failed", got.failed)
	}
	return nil
}

// demandEmpty refuses a database that is somebody's: a measure adds to what it
// finds.
func demandEmpty(ctx context.Context, s config.Settings) error {
	if err := s.Check(); err != nil {
		return usageError{err}
	}
	f, err := connect(ctx, s, nil)
	if err != nil {
		return err
	}
	made, _ := f.store.Installation(ctx, factMadeBy) // an error where there is no such table
	if made != "" {
		return errors.Join(errors.New("--attempts: this database is in use; name an empty one"), f.store.Close())
	}
	return f.store.Close()
}
