package letter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Clerk hands letters over to the printer's folder. Two clerks may work on one
// outbox: they write the same files by the letter's ID, and only the one that
// deletes the letter records it.
type Clerk struct {
	Scribe
	Folder string
}

// tray is how many letters lie open at a time.
const tray = 50

// HandOver renders every waiting letter, writes it durably, and only then
// takes it out of the outbox. A letter that fails waits for the next time and
// holds up no other. n counts those this call handed over.
func (c *Clerk) HandOver(ctx context.Context) (n int, err error) {
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return 0, fmt.Errorf("outbox folder: %w", err)
	}
	var failed []error
	for after := ""; ; {
		letters, err := c.Outbox.WaitingLetters(ctx, after, tray)
		if err != nil {
			return n, errors.Join(append(failed, err)...)
		}
		for _, l := range letters {
			after = l.ID
			mine, err := c.hand(ctx, l)
			if err != nil {
				failed = append(failed, fmt.Errorf("letter %s: %w", l.ID, err))
			}
			if mine {
				n++
			}
		}
		if len(letters) < tray || ctx.Err() != nil {
			return n, errors.Join(append(failed, ctx.Err())...)
		}
	}
}

func (c *Clerk) hand(ctx context.Context, l outbox.Letter) (mine bool, err error) {
	r, err := c.prepare(ctx, l)
	if err != nil {
		return false, err
	}
	if r.dropped == "" {
		name := filepath.Join(c.Folder, numbered(l))
		if err := errors.Join(write(name+".html", r.html), write(name+".pdf", r.pdf)); err != nil {
			return false, err
		}
		if err := syncFolder(c.Folder); err != nil {
			return false, err
		}
	}
	err = c.Runner.Do(ctx, func(t tx.Tx) (err error) {
		mine, err = c.settle(t, r, "clerk")
		return err
	})
	return mine && r.dropped == "" && err == nil, err
}

// write makes a whole file appear at once, or none: a printer's program that
// watches the folder never sees half a letter.
func write(name string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".writing-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error is the one to tell
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// syncFolder makes the new names themselves durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
