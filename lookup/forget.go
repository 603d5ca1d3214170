package lookup

import (
	"context"
	"errors"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// VisitKept is how long a visit stays in the list of its file, as a web log
// does (D16). It opens nothing after VisitLife; that it was stands in the trail.
const VisitKept = 183 * 24 * time.Hour

// OldStore removes what is old. Only Forgetter calls it.
type OldStore interface {
	// ForgetBrowsers removes at most so many browsers that last opened their
	// reference at that time or before, and tells how many.
	ForgetBrowsers(t tx.Tx, until time.Time, most int) (int, error)
	// ForgetVisits removes at most so many visits that were opened at that time
	// or before, and tells how many.
	ForgetVisits(t tx.Tx, until time.Time, most int) (int, error)
}

// Forgetter removes what serves nobody any more (D16): which browser opened
// which reference, once that lets nobody be heard (DeviceLife after its last
// success there, G7), and visits (VisitKept).
type Forgetter struct {
	Store  OldStore
	Runner tx.Runner
	Clock  portal.Clock
}

// forgetARound bounds how long a unit of work keeps others waiting.
const forgetARound = 500

// Forget removes all whose time is over, and leaves entries of how many.
func (f *Forgetter) Forget(ctx context.Context) error {
	return errors.Join(f.rounds(ctx, audit.BrowsersGone, DeviceLife, f.Store.ForgetBrowsers),
		f.rounds(ctx, audit.VisitsGone, VisitKept, f.Store.ForgetVisits))
}

func (f *Forgetter) rounds(ctx context.Context, action audit.Action, kept time.Duration, forget func(tx.Tx, time.Time, int) (int, error)) error {
	for {
		now, gone := f.Clock(), 0
		err := f.Runner.Do(ctx, func(t tx.Tx) (err error) {
			gone, err = forget(t, now.Add(-kept), forgetARound)
			if err == nil && gone > 0 {
				t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "gate"}, Action: action,
					Ground: "retention", Channel: "job", Details: map[string]string{"count": strconv.Itoa(gone)}})
			}
			return err
		})
		if err != nil || gone < forgetARound {
			return err
		}
	}
}
