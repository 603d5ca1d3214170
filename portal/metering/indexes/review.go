package indexes

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Review is one reading of a meter's registers that waits for a colleague of
// the reading and validation service (L4, L22), with whose it is.
type Review struct {
	Window      Window
	Round       int
	Entries     []Entry // in the order of the window's registers
	Point       registry.AccessPoint
	Stay        registry.Occupancy
	MeterNumber string
}

// Own tells whether what the reading was compared with lies in its occupancy:
// only then is anything shown of it, to colleagues neither (L16, Md7).
func (r Review) Own() bool { return ownPast(r.Window, r.Stay.Period) }

// Proposed is the value that a register's correction begins with: what the
// table of facts B.6 takes to be meant, where it holds a reading for a swap or
// a forgotten comma; else what was typed.
func (r Review) Proposed(i int) int64 {
	e := r.Entries[i]
	switch e.Finding {
	case Comma:
		return e.Value / 10
	case Swapped:
		for j, other := range r.Entries {
			if j != i && other.Finding == Swapped && other.Register.Family() == e.Register.Family() {
				return other.Value
			}
		}
	}
	return e.Value
}

// Cursor names the last Review of a page; the zero Cursor begins.
type Cursor struct {
	At     time.Time
	Window string
	Round  int
}

// Cursor is that of the Review.
func (r Review) Cursor() Cursor { return Cursor{r.Entries[0].At, r.Window.ID, r.Round} }

// Refusal is why a reading was refused, as its customer is told. A new one
// needs: Refusals, web/locales "reading.refused."+name (four languages) and
// "desk.readings.refusal."+name.
type Refusal string

// Refusals lists them all, in the order of the form.
var Refusals = []Refusal{"other-meter", "misread", "registers", "replaced"}

// Valid tells whether r is one of Refusals.
func (r Refusal) Valid() bool {
	for _, known := range Refusals {
		if r == known {
			return true
		}
	}
	return false
}

// Desk decides the readings that the table of facts B.6 let nobody send:
//
//	to check, held -> received (released)
//	to check, held -> corrected (another value counts)
//	to check, held -> refused (the customer may enter another; else an estimate)
//
// A decision is of all registers of one reading at once, as they were typed
// together. What was released or corrected goes with the next hand-over. Each
// decision is one unit of work with its trail entry.
type Desk struct {
	Ledger Ledger
	Runner tx.Runner
	Clock  portal.Clock
}

// Waiting lists what waits, the oldest first.
func (d *Desk) Waiting(ctx context.Context, after Cursor, limit int) ([]Review, error) {
	return d.Ledger.Reviews(ctx, after, limit)
}

// Release lets a reading go as it was typed.
func (d *Desk) Release(ctx context.Context, by portal.Actor, window string, round int) error {
	return d.decide(ctx, by, window, round, "released", func(e *Entry, _ Register) {
		e.Status = Received
	})
}

// Refuse takes a reading out: it counts nowhere. Invalid "desk.readings.why" where
// no reason was chosen.
func (d *Desk) Refuse(ctx context.Context, by portal.Actor, window string, round int, why Refusal) error {
	if !why.Valid() {
		return fault("refusal", "desk.readings.why")
	}
	return d.decide(ctx, by, window, round, "refused", func(e *Entry, _ Register) {
		e.Status, e.Refusal = Refused, why
	})
}

// Correct lets other values count; Faults where they cannot be read. What the
// customer typed stays beside them.
func (d *Desk) Correct(ctx context.Context, by portal.Actor, window string, round int, typed map[metering.Register]string) error {
	var faults Faults
	err := d.decide(ctx, by, window, round, "corrected", func(e *Entry, r Register) {
		value, wrong := parseValue(typed[r.Register], r)
		if wrong != nil {
			faults = append(faults, wrong)
			return
		}
		if e.Status = Received; value != e.Value {
			noted := e.Value
			e.Status, e.Typed, e.Value, e.Final = Corrected, &noted, value, value
		}
		e.Consumed = r.consumed(value)
	}, func() error {
		if len(faults) > 0 {
			return faults
		}
		return nil
	})
	return err
}

// consumed is what a register counted up to a value that is beyond doubt.
func (r Register) consumed(value int64) int64 {
	start, carried := r.start()
	if value < start {
		value += r.span()
	}
	return carried + value - start
}

// decide changes all registers of one reading that still waits; Conflict where
// somebody was faster, or the customer typed another meanwhile.
func (d *Desk) decide(ctx context.Context, by portal.Actor, window string, round int, decision string, change func(*Entry, Register), checks ...func() error) error {
	return d.Runner.Do(ctx, func(t tx.Tx) error {
		now := d.Clock()
		w, found, err := d.Ledger.LockWindow(t, window)
		if err != nil {
			return err
		}
		all, err := d.Ledger.EntriesOfWindow(t, window)
		if err != nil {
			return err
		}
		var entries []Entry
		waits := false
		for _, r := range w.Registers {
			for _, e := range all {
				if e.Round == round && e.Register == r.Register && e.Batch == "" {
					entries = append(entries, e)
					waits = waits || e.Status == ToCheck || e.Status == Held
				}
			}
		}
		if !found || !waits || len(entries) != len(w.Registers) {
			return &portal.Error{Code: portal.Conflict, Key: "desk.readings.decided"}
		}
		details := map[string]string{"window": window, "round": strconv.Itoa(round), "decision": decision}
		for i := range entries {
			e := &entries[i]
			before := fmt.Sprintf("%s, %s %d", e.Finding, e.Status, e.Value)
			e.DecidedBy, e.SettledAt = by.ID, now
			change(e, w.Registers[i])
			details[string(e.Register)] = fmt.Sprintf("%s, then %s %d", before, e.Status, e.Value)
			if e.Refusal != "" {
				details["why"] = string(e.Refusal)
			}
		}
		for _, check := range checks {
			if err := check(); err != nil {
				return err
			}
		}
		if decision == "refused" && !w.EndedAt.IsZero() {
			// Its end was dealt with while there was a reading: now there is none.
			if err := d.Ledger.EndWindow(t, window, time.Time{}); err != nil {
				return err
			}
		}
		t.Record(audit.Entry{At: now, Actor: by, Action: audit.ReadingJudged, Ground: "reading", Channel: "desk",
			Subject: "occupancy:" + entries[0].OccupancyID, Details: details})
		return d.Ledger.Settle(t, entries)
	})
}
