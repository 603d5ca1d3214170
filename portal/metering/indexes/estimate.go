package indexes

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Estimator deals with windows whose end has passed: where nothing was read it
// estimates, from the occupancy's own history and degree-days for gas, else
// from statistics (facts B.6). It invents nothing: not for a vacancy, not
// where nothing is expected, and not across a move, where the estimate would
// show a former occupant's last reading (L16).
type Estimator struct {
	Ledger  Ledger
	History History
	Runner  tx.Runner
	Clock   portal.Clock
	// Again is how many per cent of an estimate are taken where the one before
	// it was an estimate, too: a household that goes unread twice is not to
	// find it cheap (facts B.6). 100 or less raises nothing.
	Again int64
}

// Estimates are what a run came to.
type Estimates struct {
	Windows   int `json:"windows"`   // that ended
	Read      int `json:"read"`      // of which readings had come
	Estimated int `json:"estimated"` // registers
	Without   int `json:"without"`   // registers left without a reading: nobody there, a move, or nothing to go by
}

// aRun is how many windows are read at a time.
const aRun = 500

// Run deals with all windows that are over, one unit of work each; again, it
// changes nothing.
func (e *Estimator) Run(ctx context.Context) (Estimates, error) {
	var sum Estimates
	for {
		now := e.Clock()
		windows, err := e.Ledger.OverWindows(ctx, now, aRun)
		if err != nil || len(windows) == 0 {
			return sum, err
		}
		for _, w := range windows {
			one, err := e.end(ctx, w, now)
			if err != nil {
				return sum, err
			}
			sum.Windows += one.Windows
			sum.Read += one.Read
			sum.Estimated += one.Estimated
			sum.Without += one.Without
		}
	}
}

func (e *Estimator) end(ctx context.Context, w Window, now time.Time) (Estimates, error) {
	on := midnight(w.To.Add(-time.Second))
	point, occ, found, err := e.Ledger.Holder(ctx, w.EAN, w.To.Add(-time.Second))
	if err != nil {
		return Estimates{}, err
	}
	var expected []Expected
	if found && ownPast(w, occ.Period) {
		if expected, err = (oracle{e.Ledger, e.History}).expect(ctx, w, point, occ, on); err != nil {
			return Estimates{}, err
		}
	}
	// The readings before are the household's own, and of this meter.
	own, err := e.Ledger.IndexEntries(ctx, w.MeterID, occ.ID, shownEntries)
	if err != nil {
		return Estimates{}, err
	}
	var sum Estimates
	err = e.Runner.Do(ctx, func(t tx.Tx) error {
		sum = Estimates{}
		locked, there, err := e.Ledger.LockWindow(t, w.ID)
		if err != nil || !there || !locked.EndedAt.IsZero() {
			return err // another process was faster
		}
		sum.Windows = 1
		entries, err := e.Ledger.EntriesOfWindow(t, w.ID)
		if err != nil {
			return err
		}
		var made []Entry
		round, read := 1, false
		for _, e := range entries {
			round, read = max(round, e.Round), read || e.Status != Refused
		}
		if !read && len(entries) > 0 {
			round++ // what was refused stays beside what stands in for it
		}
		if read {
			sum.Read = 1
		} else {
			for i, r := range locked.Registers {
				if i >= len(expected) || r.Register != w.Registers[i].Register {
					continue
				}
				due := expected[i]
				if again(own, w.ID, r) {
					due = due.raised(e.Again)
				}
				if reading, ok := Estimate(r, due); ok {
					made = append(made, Entry{ID: portal.NewID(now), WindowID: w.ID, Round: round, OccupancyID: occ.ID, Reading: reading,
						On: on, Who: portal.System, At: now, Status: Estimated})
				}
			}
			sum.Estimated, sum.Without = len(made), len(locked.Registers)-len(made)
		}
		if err := e.Ledger.PutEntries(t, made); err != nil {
			return err
		}
		t.Record(e.entry(w, occ.ID, sum, now))
		return e.Ledger.EndWindow(t, w.ID, now)
	})
	return sum, err
}

// again tells whether the newest reading of a register before a window was an
// estimate that nobody put right, and still is what the window counts from.
func again(own []Entry, window string, r Register) bool {
	for _, e := range own { // the newest first
		if e.Register == r.Register && e.WindowID != window && e.Status != Refused {
			return e.Finding == Guess && e.Status != Corrected && !e.On.Before(midnight(r.LastOn))
		}
	}
	return false
}

func (e *Estimator) entry(w Window, occupancy string, sum Estimates, now time.Time) audit.Entry {
	entry := audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Action: audit.WindowEnded, Ground: "reading",
		Channel: "command", Details: map[string]string{"window": w.ID, "outcome": "read"}}
	if occupancy != "" {
		entry.Subject = "occupancy:" + occupancy
	}
	switch {
	case sum.Estimated > 0:
		entry.Details["outcome"] = "estimated"
	case sum.Read == 0:
		entry.Details["outcome"] = "nothing"
	}
	return entry
}
