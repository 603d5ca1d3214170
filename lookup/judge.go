package lookup

import (
	"time"

	"guichet/portal/keys"
	"guichet/portal/registry"
)

const (
	// Tries is how many failures a number bears; the last one blocks it (M4, M5).
	Tries = 3
	// Lapse is after how long a failure below the block is forgotten (G6).
	Lapse = 180 * 24 * time.Hour
)

// Try is what Judge knows of a claim: hashes only, never what was typed.
type Try struct {
	Digits []byte // keyed hash bound to the number, as in Target.Secret
	Tried  string // keyed hash for the counter's memory of wrong digits (T21)
	Device string // Claim.Device
	CaseID string // the case number to give if this try blocks
	Hears  Hears
	Letter []byte // keyed hash of the letter code bound to the number, empty where none was typed
}

// Way is by which way a try was heard (G7): it spends what that way spends. A
// new one needs Hears, Hears.way, Gate.hear and Gate.settle.
type Way string

// The ways, in the order they are tried: what costs most is not taken for less.
const (
	Nobody      Way = ""       // not compared: the counter is as it was
	AsAnyone    Way = "anyone" // of the harm budget
	AsKnown     Way = "known"  // a browser that opened the reference before: of a budget of its own
	ByItsLetter Way = "letter" // by its code, which no sweep can know: of no budget
)

// Verdict is Judge's decision. At most one of Opened and Blocked is true;
// none: an ordinary refusal. The zero Verdict is of a try that was not heard.
type Verdict struct {
	Heard   Way
	Opened  bool
	Blocked bool   // this try closed the number; later ones are ordinary refusals
	Spends  Budget // what the failure spends: Harm (or what stands for it on its way), Noise, or "" where it could harm nobody
}

// nobody's hash: unknown numbers are compared too, so that they take as long.
var nobody = make([]byte, 32)

// Judge decides one try at a number, known or not, and gives the counter to
// write back. It is the whole of M4-M6, G5, G6, D2, G7's last step and the
// second half of T21: who is not heard is not compared; three different wrong
// tries block for good, whatever comes next; a success forgives only what the
// same device failed; the same wrong digits again spend, but are no second try.
func Judge(now time.Time, target Target, counter Counter, try Try) (Counter, Verdict) {
	secret := target.Secret
	if len(secret) != len(nobody) {
		secret = nobody
	}
	letter := target.LetterCode
	if len(letter) != len(nobody) {
		letter = nobody
	}
	// Both before any branch, in every case (Md4).
	same, lettered := keys.Same(secret, try.Digits), keys.Same(letter, try.Letter)

	known := !target.KnownSince.IsZero() && now.Sub(target.KnownSince) < DeviceLife
	way := try.Hears.way(known, lettered && len(target.LetterCode) == len(nobody))
	if way == Nobody || counter.blocked() {
		return counter, Verdict{Heard: way}
	}
	counter.Failures = keep(counter.Failures, func(f Failure) bool {
		return now.Sub(time.UnixMicro(f.At)) < Lapse
	})
	if same && target.opens(now) {
		counter.Failures = keep(counter.Failures, func(f Failure) bool {
			return try.Device == "" || f.Device != try.Device
		})
		return counter, Verdict{Heard: way, Opened: true}
	}
	verdict := Verdict{Heard: way, Spends: Noise}
	if target.opens(now) {
		verdict.Spends = Harm
	}
	for _, f := range counter.Failures {
		if f.Tried == try.Tried {
			return counter, verdict
		}
	}
	counter.Failures = append(counter.Failures, Failure{Tried: try.Tried, Device: try.Device, At: now.UnixMicro()})
	if len(counter.Failures) < Tries {
		return counter, verdict
	}
	counter.BlockedAt, counter.CaseID = now, try.CaseID
	verdict.Blocked = true
	return counter, verdict
}

// way tells by which way a try is heard whose browser is known for the number,
// or whose letter code is the number's own.
func (h Hears) way(known, lettered bool) Way {
	switch {
	case h.Anyone:
		return AsAnyone
	case h.Known && known:
		return AsKnown
	case h.Letter && lettered:
		return ByItsLetter
	}
	return Nobody
}

// blocked also holds for a counter that is full without a date, however it
// came about: in doubt the number stays closed.
func (c Counter) blocked() bool { return !c.BlockedAt.IsZero() || len(c.Failures) >= Tries }

// opens tells whether the number may open at all at this time (D2, G1).
func (t Target) opens(now time.Time) bool {
	return t.Known && len(t.Secret) == len(nobody) && (t.EndsAt.IsZero() || now.Before(t.EndsAt))
}

// keep gives a new slice: a Counter that a caller still holds never changes.
func keep(failures []Failure, wanted func(Failure) bool) []Failure {
	kept := make([]Failure, 0, Tries)
	for _, f := range failures {
		if wanted(f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// Unblock gives the counter as the call centre leaves it after a recorded
// caller check (G10): open, with all its failures and their hashes gone (T21).
func Unblock(Counter) Counter { return Counter{} }

// EndsAt is when a reference stops opening: when it was ended, or 60 days
// after its occupancy (D2), whichever is first; zero where neither is known.
func EndsAt(ended, occupancyTo time.Time) time.Time {
	if occupancyTo.IsZero() {
		return ended
	}
	moved := occupancyTo.AddDate(0, 0, registry.OpensAfterMove)
	if !ended.IsZero() && ended.Before(moved) {
		return ended
	}
	return moved
}
