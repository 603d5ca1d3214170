package registry

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

const (
	// OpensAfterMove is for how many days after an occupancy's end its references
	// still open (D2).
	OpensAfterMove = 60
	// ReferenceKept is for how many months the hashes of a reference stay that
	// opens no longer (D16).
	ReferenceKept = 3
)

// Over is the time at which, or before, a reference was ended, or its occupancy
// was over.
type Over struct{ Ended, Moved time.Time }

// overAt tells which references are to be forgotten.
func overAt(now time.Time) Over {
	ended := now.In(portal.Brussels).AddDate(0, -ReferenceKept, 0)
	return Over{Ended: ended, Moved: ended.AddDate(0, 0, -OpensAfterMove)}
}

// Holders tells to whom references are.
type Holders string

// To whom they are.
const (
	ToOccupants Holders = "occupants"
	OnGrounds   Holders = "grounds" // to others who may look (D7)
)

// OldReferences removes references. Only Forgetter calls it.
type OldReferences interface {
	// OverReferences reads the keys, in their order and from behind one on, of at
	// most so many that are over.
	OverReferences(ctx context.Context, to Holders, o Over, after string, most int) ([]string, error)
	// ForgetReferences removes those of them that are still over, and tells how
	// many. Of one that another system printed only digits and letter code go:
	// the file that brought it must not bring it again.
	ForgetReferences(t tx.Tx, to Holders, o Over, keys []string) (int, error)
}

// Forgetter removes references that have opened nothing for ReferenceKept (D16).
type Forgetter struct {
	Store  OldReferences
	Runner tx.Runner
	Clock  portal.Clock
}

// forgetARound bounds how long a unit of work keeps others waiting.
const forgetARound = 500

// Forget removes all whose time is over, and leaves entries of how many.
func (f *Forgetter) Forget(ctx context.Context) (gone int, err error) {
	for _, to := range []Holders{ToOccupants, OnGrounds} {
		n, err := f.forget(ctx, to)
		if gone += n; err != nil {
			return gone, err
		}
	}
	return gone, nil
}

func (f *Forgetter) forget(ctx context.Context, to Holders) (gone int, err error) {
	now := f.Clock()
	over := overAt(now)
	for after := ""; ; {
		keys, err := f.Store.OverReferences(ctx, to, over, after, forgetARound)
		if err != nil || len(keys) == 0 {
			return gone, err
		}
		after = keys[len(keys)-1]
		n := 0
		if err := f.Runner.Do(ctx, func(t tx.Tx) (err error) {
			n, err = f.Store.ForgetReferences(t, to, over, keys)
			if err == nil && n > 0 {
				t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "registry"}, Action: audit.ReferencesGone,
					Ground: "retention", Channel: "job", Details: map[string]string{"count": strconv.Itoa(n)}})
			}
			return err
		}); err != nil {
			return gone, err
		}
		gone += n
	}
}
