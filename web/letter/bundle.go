package letter

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"guichet/portal"
	"guichet/portal/tx"

	"filippo.io/age"
)

// Bundle hands letters over to a print house as one sealed file: a tar archive
// of PDFs and their HTML twins with a manifest, encrypted for the print
// house's key (age). Nothing of a letter touches a disk in the clear.
type Bundle struct {
	Scribe
	Recipient age.Recipient
	// Most is how many letters one file holds; 0: all that wait.
	Most int
}

// Manifest is the archive's last file. A letter's id is the same in whatever
// file it comes: after a crash between a file and its commit it may come
// twice, and the print house prints each id once.
type Manifest struct {
	Made    time.Time `json:"made"`
	Letters []Listed  `json:"letters"`
}

// Listed is one letter of a manifest: no name and no address.
type Listed struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	Language portal.Language `json:"language"`
	Queued   time.Time       `json:"queued"`
	PDF      Part            `json:"pdf"`
	HTML     Part            `json:"html"`
}

// Part is a file of the archive with its checksum.
type Part struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Handed counts what a bundle did.
type Handed struct {
	Letters int `json:"letters"` // sealed and handed over
	Dropped int `json:"dropped"` // withdrawn: no address they may go to (D2, Ld9)
	Twice   int `json:"twice"`   // in the file, but handed over by somebody else meanwhile
}

// manifestName is its name in the archive.
const manifestName = "manifest.json"

// HandOver writes a new file and then takes its letters out of the outbox.
// Where nothing waits there is no file. One that exists is never written over:
// the print house may not have fetched it. A letter that fails waits, holds up
// no other, and is told.
func (b *Bundle) HandOver(ctx context.Context, name string) (h Handed, err error) {
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return h, errors.Join(fmt.Errorf("%s is there already: give the next file another name", name), err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".sealing-*") // mode 0600
	if err != nil {
		return h, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already where it was renamed
	all, failed, err := b.seal(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return h, err
	}
	sealed := 0
	for _, r := range all {
		if r.dropped == "" {
			sealed++
		}
	}
	if sealed > 0 {
		if err := errors.Join(os.Rename(f.Name(), name), syncFolder(filepath.Dir(name))); err != nil {
			return h, err
		}
	}
	h, err = b.take(ctx, all)
	return h, errors.Join(append(failed, err)...)
}

// seal writes every waiting letter into the encrypted archive.
func (b *Bundle) seal(ctx context.Context, to io.Writer) (all []ready, failed []error, err error) {
	sealing, err := age.Encrypt(to, b.Recipient)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing: %w", err)
	}
	archive := tar.NewWriter(sealing)
	manifest := Manifest{Made: b.Clock().UTC(), Letters: []Listed{}}
	put := func(name string, content []byte) (Part, error) {
		err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: manifest.Made, Format: tar.FormatPAX})
		if err == nil {
			_, err = archive.Write(content)
		}
		sum := sha256.Sum256(content)
		return Part{name, hex.EncodeToString(sum[:])}, err
	}
	for after := ""; b.Most == 0 || len(all) < b.Most; {
		limit := tray
		if b.Most > 0 {
			limit = min(tray, b.Most-len(all))
		}
		waiting, err := b.Outbox.WaitingLetters(ctx, after, limit)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range waiting {
			after = l.ID
			r, err := b.prepare(ctx, l)
			if err != nil {
				failed = append(failed, fmt.Errorf("letter %s: %w", l.ID, err))
				continue
			}
			if r.dropped == "" {
				pdf, errPDF := put(numbered(l)+".pdf", r.pdf)
				html, errHTML := put(numbered(l)+".html", r.html)
				if err := errors.Join(errPDF, errHTML); err != nil {
					return nil, nil, err
				}
				manifest.Letters = append(manifest.Letters, Listed{l.ID, string(l.Kind), r.Language, l.QueuedAt, pdf, html})
			}
			r.pdf, r.html, r.Data = nil, nil, nil
			all = append(all, r)
		}
		if len(waiting) < limit {
			break
		}
	}
	list, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return nil, nil, err
	}
	_, err = put(manifestName, append(list, '\n'))
	return all, failed, errors.Join(err, archive.Close(), sealing.Close())
}

// take records what left, some letters a unit.
func (b *Bundle) take(ctx context.Context, all []ready) (h Handed, err error) {
	for len(all) > 0 {
		some := all[:min(tray, len(all))]
		all = all[len(some):]
		var now Handed
		if err := b.Runner.Do(ctx, func(t tx.Tx) error {
			now = Handed{}
			for _, r := range some {
				mine, err := b.settle(t, r, "print house")
				switch {
				case err != nil:
					return err
				case !mine && r.dropped == "":
					now.Twice++
				case mine && r.dropped != "":
					now.Dropped++
				case mine:
					now.Letters++
				}
			}
			return nil
		}); err != nil {
			return h, err
		}
		h.Letters, h.Dropped, h.Twice = h.Letters+now.Letters, h.Dropped+now.Dropped, h.Twice+now.Twice
	}
	return h, nil
}
