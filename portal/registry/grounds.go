package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// GroundFaults are what is wrong with a ground as it was typed, in the order of
// the form; each is Invalid with its field.
type GroundFaults []*portal.Error

func (f GroundFaults) Error() string {
	lines := make([]string, len(f))
	for i, e := range f {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap lets portal.CodeOf find the code.
func (f GroundFaults) Unwrap() (all []error) {
	for _, e := range f {
		all = append(all, e)
	}
	return all
}

// GroundReference is a reference issued on a ground, as it is stored: hashes.
type GroundReference struct {
	Key, GroundID, MeterID string
	Digits, LetterCode     []byte
	IssuedAt               time.Time
}

// GroundCursor is the last line of the page before; the zero cursor begins.
type GroundCursor struct {
	AskedAt time.Time
	ID      string
}

// GroundStore is what Grounds needs of the store. The note goes in and comes out
// sealed.
type GroundStore interface {
	// RegistryOf reads all that is known of access points.
	RegistryOf(t tx.Tx, eans []portal.EAN) (Batch, error)
	PutGround(t tx.Tx, g Ground, sealed []byte) error
	// GroundIn locks a ground and reads it without its note; NotFound where
	// there is none.
	GroundIn(t tx.Tx, id string) (Ground, error)
	// SaveGround writes who decided or ended it.
	SaveGround(t tx.Tx, g Ground) error
	PutGroundReference(t tx.Tx, r GroundReference) error
	// EndGroundReferences ends the live references of a ground and gives their keys.
	EndGroundReferences(t tx.Tx, groundID string, now time.Time) ([]string, error)
	// EachGround gives grounds, the newest first, after a cursor, at most limit.
	EachGround(ctx context.Context, after GroundCursor, limit int, f func(g Ground, sealed []byte) error) error

	Numbers
}

// Grounds keeps the rights of heirs, guardians and owners of vacant dwellings
// (D7). One officer asks, with the evidence noted; another grants or refuses; a
// grant draws a reference whose letter goes to that person's own address. An
// heir's tells that the holder has died: their mandates end, and what is posted
// about the stay goes to the heir for as long as the right lives. It
// ends at its date, or when an officer ends it, with every visit it opened.
type Grounds struct {
	Ring   *keys.Ring
	Clock  portal.Clock
	Runner tx.Runner
	Store  GroundStore
	// Bereaved ends, in the unit that grants it, what ends with the death that an
	// heir's right tells of: the holder's mandates (Ld4). Nil: there are none.
	Bereaved func(t tx.Tx, by audit.Entry, occupancyID string) error
}

// Ask keeps a ground until a second officer decides. Its errors are
// GroundFaults, also where nobody, or for an owner somebody, lived there when
// the period begins.
func (s *Grounds) Ask(ctx context.Context, by portal.Actor, g Ground) (id string, err error) {
	now := s.Clock()
	g.Name, g.Street, g.Postcode, g.Town = strings.TrimSpace(g.Name), strings.TrimSpace(g.Street), strings.TrimSpace(g.Postcode), strings.TrimSpace(g.Town)
	g.Evidence = strings.TrimSpace(g.Evidence)
	if faults := g.Validate(now); len(faults) > 0 {
		return "", GroundFaults(faults)
	}
	g.ID, g.AskedAt, g.AskedBy = portal.NewID(now), now, by.ID
	return g.ID, s.Runner.Do(ctx, func(t tx.Tx) error {
		b, err := s.Store.RegistryOf(t, []portal.EAN{g.EAN})
		if err != nil {
			return err
		}
		if err := g.settleOn(b); err != nil {
			return err
		}
		s.record(t, g, by, audit.GroundAsked, now, nil)
		return s.Store.PutGround(t, g, s.Ring.Seal(keys.ForRequest, g.ID+" ground", []byte(g.Evidence)))
	})
}

// settleOn finds the stay or the vacancy that a ground is about.
func (g *Ground) settleOn(b Batch) error {
	fault := func(field, key string) error {
		return GroundFaults{{Code: portal.Invalid, Key: "desk.grounds." + key, Field: field}}
	}
	if len(b.Points) == 0 {
		return fault("ean", "no-point")
	}
	i := slices.IndexFunc(b.Occupancies, func(o Occupancy) bool { return o.Contains(g.From) })
	switch {
	case g.Kind == Owner && i >= 0:
		return fault("from", "lived-in")
	case g.Kind != Owner && i < 0:
		return fault("from", "nobody")
	case g.Kind != Owner:
		g.OccupancyID = b.Occupancies[i].ID
	}
	return nil
}

// Decide grants or refuses what another officer asked; a grant queues the letter
// with the reference. Conflict "desk.grounds.own" for who asked,
// "desk.grounds.changed" where it does not wait any more, Invalid "meter.digits"
// where no meter can be named on the letter.
func (s *Grounds) Decide(ctx context.Context, by portal.Actor, id string, grant bool) error {
	return s.change(ctx, id, GroundWaits, func(t tx.Tx, g Ground, now time.Time) error {
		if g.AskedBy == by.ID {
			return &portal.Error{Code: portal.Conflict, Key: "desk.grounds.own"}
		}
		g.DecidedAt, g.DecidedBy, g.Granted = now, by.ID, grant
		if err := s.Store.SaveGround(t, g); err != nil {
			return err
		}
		if !grant {
			s.record(t, g, by, audit.GroundRefused, now, nil)
			return nil
		}
		s.record(t, g, by, audit.GroundGranted, now, nil)
		if g.Kind == Heir && s.Bereaved != nil {
			e := audit.Entry{Actor: by, Ground: string(g.Kind), Channel: "desk"}
			if err := s.Bereaved(t, e, g.OccupancyID); err != nil {
				return err
			}
		}
		return s.issue(t, g, by, now)
	})
}

// Send draws a new reference for a live ground and queues its letter; the former
// one ends at the new one's first use (G1).
func (s *Grounds) Send(ctx context.Context, by portal.Actor, id string) error {
	return s.change(ctx, id, GroundLives, func(t tx.Tx, g Ground, now time.Time) error { return s.issue(t, g, by, now) })
}

// SendIn is Send inside a unit of work.
func (s *Grounds) SendIn(t tx.Tx, by portal.Actor, id string) error {
	return s.changeIn(t, id, GroundLives, s.Clock(), func(t tx.Tx, g Ground, now time.Time) error { return s.issue(t, g, by, now) })
}

// End ends a ground that waits or lives: from then on its references answer as
// unknown ones and its visits are over.
func (s *Grounds) End(ctx context.Context, by portal.Actor, id string, why EndedWhy) error {
	if !slices.Contains(EndedWhys, why) {
		return &portal.Error{Code: portal.Invalid, Key: "desk.grounds.why", Field: "why"}
	}
	return s.change(ctx, id, "", func(t tx.Tx, g Ground, now time.Time) error {
		if st := g.State(now); st != GroundWaits && st != GroundLives {
			return changed()
		}
		g.EndedAt, g.EndedBy, g.EndedWhy = now, by.ID, why
		if err := s.Store.SaveGround(t, g); err != nil {
			return err
		}
		ended, err := s.Store.EndGroundReferences(t, g.ID, now)
		if err != nil {
			return err
		}
		s.record(t, g, by, audit.GroundEnded, now, map[string]string{"why": string(why)})
		for _, key := range ended {
			t.Record(audit.Entry{At: now, Actor: by, Action: audit.ReferenceEnded, Ground: string(g.Kind), Channel: "desk", Subject: "reference:" + key})
		}
		return nil
	})
}

func changed() error { return &portal.Error{Code: portal.Conflict, Key: "desk.grounds.changed"} }

// change locks a ground that must stand in a state, "" for any.
func (s *Grounds) change(ctx context.Context, id string, must GroundState, f func(t tx.Tx, g Ground, now time.Time) error) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error { return s.changeIn(t, id, must, now, f) })
}

func (s *Grounds) changeIn(t tx.Tx, id string, must GroundState, now time.Time, f func(t tx.Tx, g Ground, now time.Time) error) error {
	g, err := s.Store.GroundIn(t, id)
	if portal.CodeOf(err) == portal.NotFound {
		return changed()
	}
	if err != nil {
		return err
	}
	if must != "" && g.State(now) != must {
		return changed()
	}
	return f(t, g, now)
}

// issue draws a reference for the last meter of what the ground shows.
func (s *Grounds) issue(t tx.Tx, g Ground, by portal.Actor, now time.Time) error {
	b, err := s.Store.RegistryOf(t, []portal.EAN{g.EAN})
	if err != nil {
		return err
	}
	shown := g.Shows(b.Occupancies)
	h := Holding{Occupancy: shown}
	for _, m := range b.Meters { // in the order of time
		if m.From.Before(now) && m.Overlaps(shown.Period) {
			h.Point, h.Meter = b.Points[0], m
		}
	}
	drawn, err := draw(t, s.Ring, s.Store, []Holding{h})
	if err != nil {
		return err
	}
	d, key := drawn[0], drawn[0].key
	if err := s.Store.PutGroundReference(t, GroundReference{Key: key, GroundID: g.ID, MeterID: h.Meter.ID, IssuedAt: now,
		Digits: DigitsHash(s.Ring, key, d.Digits), LetterCode: LetterCodeHash(s.Ring, key, d.LetterCode)}); err != nil {
		return err
	}
	data, err := json.Marshal(ReferenceLetter{Lines: []ReferenceLine{d.line}, Ground: g.Kind})
	if err != nil {
		return fmt.Errorf("letter on ground %s: %w", g.ID, err)
	}
	t.Send(outbox.Letter{Kind: outbox.References, Language: g.Language, QueuedAt: now, Data: data,
		To: outbox.Address{Name: g.Name, Street: g.Street, Postcode: g.Postcode, Town: g.Town}})
	s.record(t, g, by, audit.ReferenceIssued, now, map[string]string{"reference": key})
	return nil
}

func (s *Grounds) record(t tx.Tx, g Ground, by portal.Actor, action audit.Action, now time.Time, details map[string]string) {
	all := map[string]string{"ground": g.ID}
	for name, value := range details {
		all[name] = value
	}
	t.Record(audit.Entry{At: now, Actor: by, Action: action, Ground: string(g.Kind), Channel: "desk", Subject: g.Subject(), Details: all})
}

// List gives grounds, the newest first, with their notes.
func (s *Grounds) List(ctx context.Context, after GroundCursor, limit int) (all []Ground, err error) {
	err = s.Store.EachGround(ctx, after, limit, func(g Ground, sealed []byte) error {
		note, err := s.Ring.Open(keys.ForRequest, g.ID+" ground", sealed)
		if err != nil {
			return errors.New("the note of ground " + g.ID + " does not open with these keys")
		}
		g.Evidence = string(note)
		all = append(all, g)
		return nil
	})
	return all, err
}
