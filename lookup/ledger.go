package lookup

import (
	"context"
	"time"

	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Ledger is what the gate writes to and reads from within one unit of work.
// Only Gate calls it, and the desk for LoadAttempt and SaveAttempt when it
// unblocks.
type Ledger interface {
	// LoadAttempt locks the counter of a number's key until the unit ends, also
	// where there is none yet, and reads what the number opens. Neither is an
	// error where nothing is there: zero values come back, after the same
	// statements (T7). device is Claim.Device, for Target.KnownSince.
	LoadAttempt(t tx.Tx, kind Kind, key, device string) (Target, Counter, error)
	// SaveAttempt writes the counter: one write, whatever changed.
	SaveAttempt(t tx.Tx, kind Kind, key string, now time.Time, c Counter) error
	// OpenVisit adds a visit, dates its reference's first use, ends the
	// superseded references (G2) and remembers that the visit's browser opened
	// the reference (G7).
	OpenVisit(t tx.Tx, v Visit, superseded []string) error
}

// VisitStore is what Visits reads and ends. Only Visits calls it.
type VisitStore interface {
	// LivePasses re-reads the passes of those visits that are neither left nor
	// over at now, whose reference still opens (D2), in any order. Visits that
	// are not live are missing from the answer.
	LivePasses(ctx context.Context, visitIDs []string, now time.Time) ([]Pass, error)
	// EndVisits marks visits as left; those already left keep their time. The
	// caller records VisitLeft.
	EndVisits(t tx.Tx, visitIDs []string, now time.Time) error
	// EndReference ends a reference, an occupant's or one issued on a ground,
	// once. The caller records ReferenceEnded.
	EndReference(t tx.Tx, key string, now time.Time) error
}

// Pass is what one visit opens, read from SQL for this one request.
type Pass struct {
	Visit Visit
	// Nth is its place in the session, 1 for what was opened first: the same for
	// as long as it lives, whatever else ends meanwhile, so that an address never
	// comes to mean another file.
	Nth       int
	Occupancy registry.Occupancy
	Point     registry.AccessPoint
	Meter     registry.Meter // the one its reference designates (G2)
	// Works is the request that a works number opened (D10); then there is no
	// occupancy, no point and no meter.
	Works string
	// Ground is why somebody looks who is not the occupant; zero for occupants.
	// Occupancy is then cut to what the ground shows (D7).
	Ground registry.Ground
}

// ByGround tells whether the visitor is not the occupant.
func (p Pass) ByGround() bool { return p.Ground.ID != "" }

// Why is the visit's ground in the trail (L18).
func (p Pass) Why() string {
	switch {
	case p.ByGround():
		return string(p.Ground.Kind)
	case p.Works != "":
		return string(ByWorks)
	}
	return string(ByReference)
}

// subject is what trail entries about the pass carry.
func (p Pass) subject() string {
	if p.Works != "" {
		return "works:" + p.Works
	}
	return "occupancy:" + p.Occupancy.ID
}
