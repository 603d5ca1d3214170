package registry

import (
	"errors"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// Numbers is what drawing needs of the store.
type Numbers interface {
	// TakenReferences tells which of some numbers' keys are nobody's to be given:
	// those of a reference that there is or ever was, on any ground, and those that
	// somebody has tried at the gate.
	TakenReferences(t tx.Tx, keys []string) (map[string]bool, error)
}

// fresh is a drawn reference with what its letter prints, and its key.
type fresh struct {
	Drawn
	line ReferenceLine
	key  string
}

// drawTries bounds how often a number is drawn anew: once is one in a million.
const drawTries = 16

// draw draws a reference for each of some holdings, none of which anybody has or
// had: of a thousand billion numbers, two million people draw some pair alike. A
// number that was tried is not given either: it would be born with failures, or
// blocked (T6). Invalid "meter.digits" where a meter's number has no four digits.
func draw(t tx.Tx, ring *keys.Ring, numbers Numbers, holdings []Holding) ([]fresh, error) {
	drawn := make([]fresh, len(holdings))
	for i, h := range holdings {
		digits, at, ok := LastFour(h.Meter.Number)
		if !ok {
			return nil, &portal.Error{Code: portal.Invalid, Key: "meter.digits", Args: []any{h.Occupancy.EAN.Masked()}}
		}
		code := DrawLetterCode()
		drawn[i] = fresh{Drawn: Drawn{Digits: digits, LetterCode: code},
			line: ReferenceLine{Energy: h.Point.Energy, MeterNumber: h.Meter.Number, DigitsAt: at, Digits: digits.Reveal(),
				LetterCode: code.Reveal()[:4] + " " + code.Reveal()[4:],
				Supply:     h.Point.Street + ", " + h.Point.Postcode + " " + h.Point.Town}}
	}
	for range drawTries {
		asked := make([]string, len(drawn))
		for i := range drawn {
			d := &drawn[i]
			d.Reference = DrawReference()
			d.line.Reference, d.key = FormatReference(d.Reference), ring.CounterKey("reference", d.Reference)
			asked[i] = d.key
		}
		taken, err := numbers.TakenReferences(t, asked)
		if err != nil {
			return nil, err
		}
		if len(taken) == 0 && apart(drawn) {
			return drawn, nil
		}
		// All of them anew: what is this rare need not be done cleverly.
	}
	return nil, portal.Shut("registry", errors.New("no number that is free was drawn"))
}

// apart tells whether no two have the same key.
func apart(drawn []fresh) bool {
	seen := make(map[string]bool, len(drawn))
	for _, d := range drawn {
		if seen[d.key] {
			return false
		}
		seen[d.key] = true
	}
	return true
}
