package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Holding is a live occupancy with one live meter of its access point: what
// one reference belongs to (G2).
type Holding struct {
	Point     AccessPoint
	Occupancy Occupancy
	Meter     Meter
}

// sameEnvelope tells whether two holdings belong to one household: the same
// person at the same mailing address in the same language (G2).
func (h Holding) sameEnvelope(o Holding) bool {
	return h.Occupancy.Name == o.Occupancy.Name && h.Occupancy.Language == o.Occupancy.Language &&
		h.Occupancy.Street == o.Occupancy.Street && h.Occupancy.Postcode == o.Occupancy.Postcode && h.Occupancy.Town == o.Occupancy.Town
}

// Wanting says which live holdings are asked for. A new one needs the store's
// EachHolding and IssueOptions.draws.
type Wanting int

// The choices.
const (
	Everybody        Wanting = iota
	WithoutReference         // no live reference for this meter
	WithLegacyOnly           // a live legacy reference of the occupancy, and no drawn one for this meter
)

// Live tells which kinds of live reference an occupancy has for a meter.
type Live struct {
	Drawn  bool
	Legacy bool // imported from another system (G1)
}

// Register is what the Issuer needs of the store.
type Register interface {
	// EachHolding calls f for every live holding at a time that is wanted,
	// those of one envelope one after another. It reads committed data while f
	// writes.
	EachHolding(ctx context.Context, at time.Time, w Wanting, f func(Holding) error) error
	// LiveReferences locks the occupancies and gives what live references they
	// have, by "occupancy meter".
	LiveReferences(t tx.Tx, occupancyIDs []string) (map[string]Live, error)
	// PutReferences stores freshly drawn references.
	PutReferences(t tx.Tx, refs []Reference) error

	Numbers
}

// Issuer draws references and queues the letters that carry them (G1, G2).
type Issuer struct {
	ring   *keys.Ring
	clock  portal.Clock
	runner tx.Runner
	store  Register
}

// NewIssuer makes an Issuer.
func NewIssuer(ring *keys.Ring, clock portal.Clock, runner tx.Runner, store Register) *Issuer {
	return &Issuer{ring: ring, clock: clock, runner: runner, store: store}
}

// Issued is a drawn reference with its plain secrets and what it belongs to.
type Issued struct {
	Drawn
	EAN         portal.EAN
	Energy      portal.Energy
	Language    portal.Language
	OccupancyID string
}

// IssueOptions say for whom references are drawn.
type IssueOptions struct {
	EANs        []portal.EAN // only these; empty: all
	Occupancies []string     // only these; empty: all
	// Again draws also where a live reference exists: the former one ends at
	// the first use of the new one.
	Again bool
	// ReplaceLegacy draws instead where a live legacy reference waits for its
	// replacement (G1), and nowhere else.
	ReplaceLegacy bool
	Limit         int // envelopes at most; 0: no limit
	// DryRun counts and draws nothing; Found, where set, hears each holding
	// that would get a reference.
	DryRun bool
	Found  func(Holding)
	// Progress, where set, hears how many references are drawn so far.
	Progress func(done int)
	// Reveal, where set, hears the plain secrets once they are durable. It is
	// for the demo, which prints them; nothing else may set it (G12).
	Reveal func(Issued)
}

// IssueSummary counts what was drawn.
type IssueSummary struct {
	References int `json:"references"`
	Letters    int `json:"letters"`
}

// Cause says in the trail who had references drawn, and why.
type Cause struct {
	Actor   portal.Actor
	Ground  string
	Channel string
}

// envelopesAUnit is how many envelopes share one unit of work.
const envelopesAUnit = 50

// Issue draws a reference for every live holding that is asked for, and queues
// one letter an envelope in the same transaction. Run again, or twice at once,
// it draws only what is missing.
func (i *Issuer) Issue(ctx context.Context, o IssueOptions) (sum IssueSummary, err error) {
	wanted := o.filter()
	var envelopes [][]Holding
	drain := func() error {
		if len(envelopes) == 0 {
			return nil
		}
		if o.DryRun {
			sum.foresee(envelopes, o.Found)
			envelopes = nil
			return nil
		}
		issued, letters, err := i.issueAll(ctx, envelopes, o)
		if err != nil {
			return err
		}
		envelopes = nil
		sum.References, sum.Letters = sum.References+len(issued), sum.Letters+letters
		for _, one := range issued {
			if o.Reveal != nil {
				o.Reveal(one)
			}
		}
		if o.Progress != nil {
			o.Progress(sum.References)
		}
		return nil
	}
	// A household is whole only when the next one begins.
	enough := fmt.Errorf("limit reached")
	seen := 0
	err = i.store.EachHolding(ctx, i.clock(), o.wanting(), func(h Holding) error {
		if !wanted(h) {
			return nil
		}
		if n := len(envelopes); n > 0 && envelopes[n-1][0].sameEnvelope(h) {
			envelopes[n-1] = append(envelopes[n-1], h)
			return nil
		}
		if o.Limit > 0 && seen == o.Limit {
			return enough
		}
		if len(envelopes) == envelopesAUnit {
			if err := drain(); err != nil {
				return err
			}
		}
		envelopes, seen = append(envelopes, []Holding{h}), seen+1
		return nil
	})
	if err != nil && err != enough {
		return sum, err
	}
	return sum, drain()
}

// foresee counts what would be drawn.
func (sum *IssueSummary) foresee(envelopes [][]Holding, found func(Holding)) {
	for _, envelope := range envelopes {
		sum.References, sum.Letters = sum.References+len(envelope), sum.Letters+lettersFor(len(envelope))
		for _, h := range envelope {
			if found != nil {
				found(h)
			}
		}
	}
}

func (o IssueOptions) wanting() Wanting {
	switch {
	case o.ReplaceLegacy:
		return WithLegacyOnly
	case o.Again:
		return Everybody
	}
	return WithoutReference
}

// draws tells whether a holding with these live references still gets one,
// once its occupancy is locked.
func (o IssueOptions) draws(l Live) bool {
	switch o.wanting() {
	case Everybody:
		return true
	case WithLegacyOnly:
		return !l.Drawn
	}
	return !l.Drawn && !l.Legacy
}

func (o IssueOptions) filter() func(Holding) bool {
	eans, stays := map[portal.EAN]bool{}, map[string]bool{}
	for _, e := range o.EANs {
		eans[e] = true
	}
	for _, id := range o.Occupancies {
		stays[id] = true
	}
	return func(h Holding) bool {
		return (len(eans) == 0 || eans[h.Occupancy.EAN]) && (len(stays) == 0 || stays[h.Occupancy.ID])
	}
}

func (i *Issuer) issueAll(ctx context.Context, envelopes [][]Holding, o IssueOptions) (issued []Issued, letters int, err error) {
	var ids []string
	for _, e := range envelopes {
		for _, h := range e {
			ids = append(ids, h.Occupancy.ID)
		}
	}
	cause := Cause{Actor: portal.Actor{Kind: portal.System, ID: "issue references"}, Ground: "issue", Channel: "command"}
	err = i.runner.Do(ctx, func(t tx.Tx) error {
		live, err := i.store.LiveReferences(t, ids)
		if err != nil {
			return err
		}
		issued, letters = nil, 0
		for _, envelope := range envelopes {
			var missing []Holding
			for _, h := range envelope {
				if o.draws(live[h.Occupancy.ID+" "+h.Meter.ID]) {
					missing = append(missing, h)
				}
			}
			if len(missing) == 0 {
				continue
			}
			drawn, err := i.IssueIn(t, cause, missing)
			if err != nil {
				return err
			}
			issued, letters = append(issued, drawn...), letters+lettersFor(len(missing))
		}
		return nil
	})
	return issued, letters, err
}

// linesALetter is how many meters one page can show; a household with more
// gets a further letter.
const linesALetter = 2

func lettersFor(lines int) int { return (lines + linesALetter - 1) / linesALetter }

// IssueIn draws references for the holdings of one envelope, stores their
// hashes, queues the letter and records each in the trail, all in the caller's
// unit of work: "new reference by post" at the desk, and Issue. The answer is
// secret; a caller that only posts drops it. Invalid "meter.digits" where a
// meter's number has no four digits.
func (i *Issuer) IssueIn(t tx.Tx, cause Cause, holdings []Holding) ([]Issued, error) {
	now := i.clock()
	var issued []Issued
	var refs []Reference
	var lines []ReferenceLine
	fresh, err := draw(t, i.ring, i.store, holdings)
	if err != nil {
		return nil, err
	}
	for n, h := range holdings {
		d, key := fresh[n].Drawn, fresh[n].key
		refs = append(refs, Reference{Key: key, OccupancyID: h.Occupancy.ID, MeterID: h.Meter.ID,
			Digits: DigitsHash(i.ring, key, d.Digits), LetterCode: LetterCodeHash(i.ring, key, d.LetterCode), IssuedAt: now})
		issued = append(issued, Issued{Drawn: d, EAN: h.Point.EAN, Energy: h.Point.Energy,
			Language: h.Occupancy.Language, OccupancyID: h.Occupancy.ID})
		lines = append(lines, fresh[n].line)
		t.Record(audit.Entry{At: now, Actor: cause.Actor, Action: audit.ReferenceIssued, Ground: cause.Ground,
			Channel: cause.Channel, Subject: "occupancy:" + h.Occupancy.ID, Details: map[string]string{"reference": key}})
	}
	if err := i.store.PutReferences(t, refs); err != nil {
		return nil, err
	}
	for start := 0; start < len(lines); start += linesALetter {
		data, err := json.Marshal(ReferenceLetter{Lines: lines[start:min(start+linesALetter, len(lines))]})
		if err != nil {
			return nil, fmt.Errorf("letter of %s lines: %w", strconv.Itoa(len(lines)), err)
		}
		o := holdings[0].Occupancy
		var about []string
		for _, h := range holdings[start:min(start+linesALetter, len(lines))] {
			if !slices.Contains(about, h.Occupancy.ID) {
				about = append(about, h.Occupancy.ID)
			}
		}
		t.Send(outbox.Letter{Kind: outbox.References, Language: o.Language, QueuedAt: now, Data: data, To: AddressOf(o), About: about})
	}
	return issued, nil
}
