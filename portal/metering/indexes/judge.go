package indexes

import (
	"guichet/portal/metering"
)

// Finding is a line of the table of facts B.6. It stays with the reading and
// goes into the hand-over; customers never see it (Md7).
type Finding string

// The findings.
const (
	Plausible Finding = "plausible"    // within [1/2, 2] x expected
	Zero      Finding = "zero"         // nothing was counted: vacancy, or a stopped meter
	RollOver  Finding = "roll-over"    // plausible behind 10^n
	Unusual   Finding = "unusual"      // outside the band
	Unknown   Finding = "no-reference" // nothing to compare with
	Swapped   Finding = "swapped"      // each of two bands fits the other's expectation
	Comma     Finding = "comma"        // plausible without its last digit
	Injection Finding = "injection"    // injection without declared production
	Backwards Finding = "backwards"    // below the last reading, and no roll-over
	Guess     Finding = "not-read"     // an estimate stands in
	Amended   Finding = "amended"      // typed after the first was sent (a correction)
)

// Status is what a finding makes of a reading once the customer is sure of it.
func (f Finding) Status() Status {
	switch f {
	case Plausible, Zero, RollOver:
		return Received
	case Unusual, Unknown, Amended:
		return ToCheck
	case Guess:
		return Estimated
	}
	return Held
}

// Reading is one register's value with what was found of it.
type Reading struct {
	Register metering.Register
	Value    int64 // whole units
	Finding  Finding
	Consumed int64 // units since the last reading; 0 where it cannot be told
}

// Judgement is what the table makes of all registers of a meter at once.
type Judgement struct {
	Readings []Reading // in the order of the window's registers
	// Ask are the registers whose value is to be confirmed: never any where a
	// comparison would tell of a former occupant.
	Ask []metering.Register
}

// Judge is the table of facts B.6: values and expectations are in the order
// of the window's registers. own tells that everything compared with lies in
// the present occupancy (Md7). It depends on nothing else.
func Judge(w Window, values []int64, expected []Expected, own bool) Judgement {
	j := Judgement{Readings: make([]Reading, len(w.Registers))}
	for i, r := range w.Registers {
		j.Readings[i] = judgeOne(w, r, values[i], expected[i])
	}
	for a := range w.Registers {
		for b := a + 1; b < len(w.Registers); b++ {
			if swapped(w, a, b, values, expected, j.Readings) {
				j.Readings[a].Finding, j.Readings[b].Finding = Swapped, Swapped
			}
		}
	}
	if own {
		for _, r := range j.Readings {
			if r.Finding != Unknown && r.Finding.Status() != Received {
				j.Ask = append(j.Ask, r.Register)
			}
		}
	}
	return j
}

func judgeOne(w Window, r Register, value int64, e Expected) Reading {
	out := Reading{Register: r.Register, Value: value}
	start, carried := r.start()
	consumed := carried + value - start
	over := carried + r.span() - start + value
	shorter := carried + value/10 - start // as if the last digit had been behind the comma
	comma := value/10 >= start && e.fits(shorter)
	switch {
	case r.Register.Family() == metering.InjectionTotal && !w.Production && consumed != 0:
		out.Finding = Injection
	case value >= start && consumed == 0:
		out.Finding = Zero
	case value >= start && e.fits(consumed):
		out.Finding, out.Consumed = Plausible, consumed
	case value >= start && comma:
		out.Finding = Comma
	case value >= start && !e.Known():
		out.Finding, out.Consumed = Unknown, consumed
	case value >= start:
		out.Finding, out.Consumed = Unusual, consumed
	case e.fits(over):
		out.Finding, out.Consumed = RollOver, over
	default:
		out.Finding = Backwards
	}
	return out
}

// swapped tells whether two bands of one family each fit the other's
// expectation while they do not both fit their own.
func swapped(w Window, a, b int, values []int64, expected []Expected, found []Reading) bool {
	ra, rb := w.Registers[a], w.Registers[b]
	if ra.Register.Family() != rb.Register.Family() || ra.Register == rb.Register {
		return false
	}
	if found[a].Finding.Status() == Received && found[b].Finding.Status() == Received {
		return false
	}
	return fitsRegister(ra, values[b], expected[a]) && fitsRegister(rb, values[a], expected[b])
}

func fitsRegister(r Register, value int64, e Expected) bool {
	start, carried := r.start()
	return value >= start && e.fits(carried+value-start)
}

// Estimate is the reading that stands in for one that never came: the last
// one and what is expected since; ok is false where nothing is expected.
func Estimate(r Register, e Expected) (reading Reading, ok bool) {
	if !e.Known() {
		return Reading{}, false
	}
	start, carried := r.start()
	consumed := e.Units()
	counted := max(0, consumed-carried) // the former meter's part is counted already
	return Reading{Register: r.Register, Value: (start + counted) % r.span(), Finding: Guess, Consumed: carried + counted}, true
}
