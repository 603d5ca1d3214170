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
	// LapsedTries reads the keys, in their order and from behind one on, of at most
	// so many counters of numbers that are not closed and that were last tried at
	// that time or before.
	LapsedTries(ctx context.Context, after string, until time.Time, most int) ([]string, error)
	// ForgetTries removes those of them that are still so, and tells how many.
	ForgetTries(t tx.Tx, until time.Time, keys []string) (int, error)
}

// Forgetter removes what serves nobody any more (D16): which browser opened
// which reference, once that lets nobody be heard (DeviceLife after its last
// success there, G7), visits (VisitKept), and failures that have lapsed (G6),
// which any number that somebody invents leaves behind. A block stays.
type Forgetter struct {
	Store  OldStore
	Runner tx.Runner
	Clock  portal.Clock
}

// forgetARound bounds how long a unit of work keeps others waiting.
const forgetARound = 500

// Forgotten is how many went.
type Forgotten struct{ Browsers, Visits, Tries int }

// Forget removes all whose time is over, and leaves entries of how many.
func (f *Forgetter) Forget(ctx context.Context) (gone Forgotten, err error) {
	gone.Browsers, err = f.rounds(ctx, audit.BrowsersGone, func(t tx.Tx, now time.Time) (int, error) {
		return f.Store.ForgetBrowsers(t, now.Add(-DeviceLife), forgetARound)
	})
	all := []error{err}
	gone.Visits, err = f.rounds(ctx, audit.VisitsGone, func(t tx.Tx, now time.Time) (int, error) {
		return f.Store.ForgetVisits(t, now.Add(-VisitKept), forgetARound)
	})
	all = append(all, err)
	gone.Tries, err = f.forgetTries(ctx)
	return gone, errors.Join(append(all, err)...)
}

func (f *Forgetter) forgetTries(ctx context.Context) (gone int, err error) {
	until := f.Clock().Add(-Lapse)
	for after := ""; ; {
		lapsed, err := f.Store.LapsedTries(ctx, after, until, forgetARound)
		if err != nil || len(lapsed) == 0 {
			return gone, err
		}
		after = lapsed[len(lapsed)-1]
		n, err := f.round(ctx, audit.TriesGone, func(t tx.Tx, _ time.Time) (int, error) { return f.Store.ForgetTries(t, until, lapsed) })
		if gone += n; err != nil {
			return gone, err
		}
	}
}

// rounds forgets until a round finds fewer than it may take.
func (f *Forgetter) rounds(ctx context.Context, action audit.Action, forget func(tx.Tx, time.Time) (int, error)) (gone int, err error) {
	for {
		n, err := f.round(ctx, action, forget)
		if gone += n; err != nil || n < forgetARound {
			return gone, err
		}
	}
}

func (f *Forgetter) round(ctx context.Context, action audit.Action, forget func(tx.Tx, time.Time) (int, error)) (gone int, err error) {
	now := f.Clock()
	err = f.Runner.Do(ctx, func(t tx.Tx) (err error) {
		gone, err = forget(t, now)
		if err == nil && gone > 0 {
			t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "gate"}, Action: action,
				Ground: "retention", Channel: "job", Details: map[string]string{"count": strconv.Itoa(gone)}})
		}
		return err
	})
	return gone, err
}
