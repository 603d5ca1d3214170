package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// LateMove is a move that the register told after it had happened (D3). What
// was shown, posted or issued in between was somebody else's. The history
// itself needs nothing: it is cut to the occupancy whenever it is read.
type LateMove struct {
	ID          string       `json:"id"`
	OccupancyID string       `json:"-"`
	EAN         string       `json:"ean"` // masked (G12)
	MovedAt     time.Time    `json:"moved"`
	Before      time.Time    `json:"before"` // when it would have ended; zero: it was open
	LearntAt    time.Time    `json:"learnt"`
	Wrong       []WrongThing `json:"wrong"`
}

// WrongKind is what a late move can make wrong. A new one needs web/locales
// "desk.late.kind."+name and "desk.late.one."+name.
type WrongKind string

// The kinds.
const (
	WrongDisclosure WrongKind = "disclosure" // shown or taken behind the reference, or delivered to a third party
	WrongLetter     WrongKind = "letter"     // handed over for posting
	WrongReference  WrongKind = "reference"  // issued to somebody who had gone; it is ended
	WrongReading    WrongKind = "reading"    // of a day after the move, put down to somebody who had gone
	WrongMandate    WrongKind = "mandate"    // granted, or still held to be in force, once who gave it had gone
)

// WrongKinds lists them all.
var WrongKinds = []WrongKind{WrongDisclosure, WrongLetter, WrongReference, WrongReading, WrongMandate}

// WrongThing is one of them. What is the entry's, the letter's or the
// reading's id, or the reference's key.
type WrongThing struct {
	Kind WrongKind `json:"kind"`
	What string    `json:"what"`
	At   time.Time `json:"at"`
}

// Count counts the things of a kind.
func (m LateMove) Count(k WrongKind) (n int) {
	for _, w := range m.Wrong {
		if w.Kind == k {
			n++
		}
	}
	return n
}

// LetterDue says that an occupancy gets a letter with a reference, from when
// on, and why: "occupancy" or "meter".
type LetterDue struct {
	OccupancyID string
	From        time.Time
	Why         string
}

// settle does what follows from the parts that were just put: late moves are
// written down with what they made wrong, new occupancies and new meters get
// their letters noted.
func (im *Importer) settle(t tx.Tx, d *Difference, known, put Batch, letters bool, now time.Time) error {
	held := map[string]Occupancy{}
	for _, o := range known.Occupancies {
		held[o.ID] = o
	}
	var due []LetterDue
	for _, o := range put.Occupancies {
		was, changed := held[o.ID]
		if changed {
			if err := im.late(t, d, was, o, now); err != nil {
				return err
			}
		} else if o.To.IsZero() || o.To.After(now) {
			due = append(due, LetterDue{o.ID, o.From, "occupancy"})
		}
		held[o.ID] = o
	}
	if !letters {
		return nil
	}
	meters := map[string]bool{}
	for _, m := range known.Meters {
		meters[m.ID] = true
	}
	for _, m := range put.Meters {
		if meters[m.ID] || !m.To.IsZero() && !m.To.After(now) {
			continue
		}
		for _, o := range held {
			// A stay that begins with its meter, or after, is noted already.
			if o.EAN == m.EAN && o.From.Before(m.From) && o.Contains(latest(m.From, now)) {
				due = append(due, LetterDue{o.ID, m.From, "meter"})
			}
		}
	}
	if len(due) == 0 {
		return nil
	}
	d.Letters += len(due)
	return im.Ledger.PutLettersDue(t, due)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// late writes a move down that lies in the past and shortens a stay.
func (im *Importer) late(t tx.Tx, d *Difference, was, is Occupancy, now time.Time) error {
	if is.To.IsZero() || is.To.After(now) || !was.To.IsZero() && !is.To.Before(was.To) {
		return nil
	}
	m := LateMove{ID: portal.NewID(now), OccupancyID: is.ID, EAN: is.EAN.Masked(), MovedAt: is.To, Before: was.To, LearntAt: now}
	var err error
	if m.Wrong, err = im.Ledger.WrongSince(t, is.ID, is.To); err != nil {
		return err
	}
	ended, err := im.Ledger.EndIssuedSince(t, is.ID, is.To, now)
	if err != nil {
		return err
	}
	importer := portal.Actor{Kind: portal.System, ID: "import registry"}
	for _, key := range ended {
		t.Record(audit.Entry{At: now, Actor: importer, Action: audit.ReferenceEnded, Ground: "moved", Channel: "command", Subject: "reference:" + key})
	}
	if err := im.Ledger.PutLateMove(t, m); err != nil {
		return err
	}
	details := map[string]string{"move": m.ID, "moved": m.MovedAt.UTC().Format(time.RFC3339)}
	for _, k := range WrongKinds {
		details[string(k)] = strconv.Itoa(m.Count(k))
	}
	t.Record(audit.Entry{At: now, Actor: importer, Action: audit.MoveLearnt, Ground: "import", Channel: "command",
		Subject: "occupancy:" + is.ID, Details: details})
	d.Late = append(d.Late, m)
	return nil
}

// DueStore is what FirstLetters needs of the store.
type DueStore interface {
	// LettersDue gives at most limit occupancies whose letter is due, the
	// longest due first, those of one address one after another.
	LettersDue(ctx context.Context, now time.Time, limit int) ([]string, error)
	// TakeDue takes what is due of an occupancy off the list; false where
	// another process has done so already.
	TakeDue(t tx.Tx, occupancyID string, now time.Time) (bool, error)
	// Holding reads what a new reference would belong to; NotFound where nobody
	// or no meter is there now.
	Holding(t tx.Tx, occupancyID string, at time.Time) (Holding, error)
	// LiveReferences locks occupancies and gives their live references.
	LiveReferences(t tx.Tx, occupancyIDs []string) (map[string]Live, error)
}

// FirstLetters sends a new occupancy its first letter, and one again where the
// meter was exchanged, by itself (G2). Any number of processes may run it.
type FirstLetters struct {
	Clock  portal.Clock
	Runner tx.Runner
	Store  DueStore
	Issuer *Issuer
}

const dueARound = 100

// errTaken: another process has this household in hand.
var errTaken = errors.New("taken by another process")

// Handle draws what is due and tells how many letters it queued: one envelope
// for the electricity and the gas of a household that began together.
func (f *FirstLetters) Handle(ctx context.Context) (letters int, err error) {
	for {
		now := f.Clock()
		ids, err := f.Store.LettersDue(ctx, now, dueARound)
		if err != nil || len(ids) == 0 {
			return letters, err
		}
		n := 0
		err = f.Runner.Do(ctx, func(t tx.Tx) (err error) {
			n, err = f.draw(t, ids, now)
			return err
		})
		if errors.Is(err, errTaken) {
			return letters, nil
		}
		if err != nil {
			return letters, fmt.Errorf("first letters: %w", err)
		}
		letters += n
	}
}

func (f *FirstLetters) draw(t tx.Tx, ids []string, now time.Time) (letters int, err error) {
	live, err := f.Store.LiveReferences(t, ids)
	if err != nil {
		return 0, err
	}
	var envelope []Holding
	send := func() error {
		if len(envelope) == 0 {
			return nil
		}
		cause := Cause{Actor: portal.Actor{Kind: portal.System, ID: "first letters"}, Ground: "begun", Channel: "post"}
		_, err := f.Issuer.IssueIn(t, cause, envelope)
		letters, envelope = letters+lettersFor(len(envelope)), nil
		return err
	}
	for _, id := range ids {
		mine, err := f.Store.TakeDue(t, id, now)
		if err != nil {
			return 0, err
		}
		if !mine {
			return 0, errTaken
		}
		h, err := f.Store.Holding(t, id, now)
		if portal.CodeOf(err) == portal.NotFound {
			continue // gone again before its letter
		}
		if err != nil {
			return 0, err
		}
		if _, _, readable := LastFour(h.Meter.Number); !readable || live[id+" "+h.Meter.ID].Drawn {
			continue
		}
		if len(envelope) > 0 && !envelope[0].sameEnvelope(h) {
			if err := send(); err != nil {
				return 0, err
			}
		}
		envelope = append(envelope, h)
	}
	return letters, send()
}
