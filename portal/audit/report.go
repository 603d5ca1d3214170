package audit

import (
	"fmt"
	"slices"
)

// Fault is something wrong with the trail. Idx is the first entry it is about
// and To the one after the last; ID is the entry's where it is one and known.
type Fault struct {
	Idx, To int64
	ID      string
	What    string // in words, already Printable
	tile    bool   // about the log's own tiles only
}

// String says the fault in one line that is safe to print.
func (f Fault) String() string {
	where := fmt.Sprintf("entry %d", f.Idx)
	switch {
	case f.Idx == Unsealed:
		where = "unsealed entry"
	case f.To > f.Idx+1:
		where = fmt.Sprintf("entries %d to %d", f.Idx, f.To-1)
	}
	if f.ID != "" {
		where += " (" + Printable(f.ID) + ")"
	}
	return where + ": " + f.What
}

// faultCap bounds the faults listed; all are counted.
const faultCap = 100

// Report is what Verify found.
type Report struct {
	Entries       int64     // with a place in the log
	Unsealed      int64     // waiting for theirs: more than a second's worth means no sealer is up
	Erased        int64     // whose opening was erased
	Heads         int64     // inside the database
	Newest        Head      // the newest inside
	Outside       int64     // heads kept outside; without any, somebody with the trail key goes unseen
	OutsideNewest int64     // what lies beyond this size, only the trail key protects
	Restores      []Restore // backups put back and accepted: what is between is lost, and known to be
	FaultCount    int64
	Faults        []Fault // the first ones in the order of the log, those of its tiles alone last
}

// OK tells whether nothing is wrong.
func (r Report) OK() bool { return r.FaultCount == 0 }

// First is the first bad entry or interval; only where !OK.
func (r Report) First() Fault { return r.Faults[0] }

// fault keeps the first faults; an entry without a place (-1, and so the
// largest as unsigned) comes last.
func (r *Report) fault(f Fault) {
	if f.To == 0 {
		f.To = f.Idx + 1
	}
	r.FaultCount++
	at, _ := slices.BinarySearchFunc(r.Faults, f, func(a, b Fault) int {
		if a.tile == b.tile && uint64(a.Idx) <= uint64(b.Idx) || !a.tile && b.tile {
			return -1
		}
		return 1
	})
	r.Faults = slices.Insert(r.Faults, at, f)
	r.Faults = r.Faults[:min(len(r.Faults), faultCap)]
}
