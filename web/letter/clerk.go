package letter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Outbox is what the Clerk needs of the store.
type Outbox interface {
	// WaitingLetters opens at most limit letters, oldest first, whose ID comes
	// after the one given.
	WaitingLetters(ctx context.Context, after string, limit int) ([]outbox.Letter, error)
	// DeleteLetter tells whether this call was the one that deleted it.
	DeleteLetter(t tx.Tx, id string) (bool, error)
}

// Clerk hands letters over to the printer's folder. Two clerks may work on one
// outbox: they write the same files by the letter's ID, and only the one that
// deletes the letter records it.
type Clerk struct {
	Outbox Outbox
	Runner tx.Runner
	Clock  portal.Clock
	Folder string
	House  House
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
	pdf, html, err := Render(l, c.House)
	if err != nil {
		return false, err
	}
	name := filepath.Join(c.Folder, l.ID+"-"+string(l.Kind))
	if err := errors.Join(write(name+".html", html), write(name+".pdf", pdf)); err != nil {
		return false, err
	}
	if err := syncFolder(c.Folder); err != nil {
		return false, err
	}
	err = c.Runner.Do(ctx, func(t tx.Tx) error {
		var err error
		if mine, err = c.Outbox.DeleteLetter(t, l.ID); err != nil || !mine {
			return err
		}
		t.Record(audit.Entry{At: c.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "clerk"}, Action: audit.LetterHanded,
			Ground: "letter", Channel: "post", Details: map[string]string{"letter": l.ID, "kind": string(l.Kind),
				"waited": c.Clock().Sub(l.QueuedAt).Round(time.Second).String()}})
		return nil
	})
	return mine && err == nil, err
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
