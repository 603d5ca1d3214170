package lookup

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/tx"

	"golang.org/x/sync/singleflight"
)

// VisitLife is how long a visit lasts in all.
const VisitLife = 30 * time.Minute

// Challenge is what stands before the gate against robots (M2): Take uses up
// the challenge, right or wrong, and returns an Invalid error with Field
// "captcha" where the answer is not right, Unavailable where nobody can tell.
type Challenge interface {
	Take(ctx context.Context, id string, answer keys.Secret) error
}

// Deps is what a Gate is made of; all are needed.
type Deps struct {
	Ring      *keys.Ring
	Clock     portal.Clock
	Runner    tx.Runner
	State     state.Store
	Challenge Challenge
	Worker    Worker
	Ledger    Ledger
	Permits   *Permits
	Legacy    LegacyNumbers
	Limits    Limits
	// Doors says whether the gate may be open at all (G11, T17).
	Doors Doors
	// Alarm is told the name of what a person must look at; nil: nobody is.
	Alarm func(name string)
}

// LegacyNumbers tells how many digits the references have that another system
// printed (G1); none where there are no such references.
type LegacyNumbers interface {
	LegacyLengths(ctx context.Context) ([]int, error)
}

// Doors says whether the gate may be open at all: an Unavailable error where
// it was closed, or clock or database cannot be trusted.
type Doors interface {
	Open(ctx context.Context, door string) error
}

// Gate opens files, or nothing. It is safe for concurrent use.
type Gate struct {
	Deps
	sources *sources
	posts   singleflight.Group
	lengths lengths
}

// NewGate makes the gate.
func NewGate(d Deps) *Gate {
	return &Gate{Deps: d, sources: &sources{state: d.State, clock: d.Clock, limits: d.Limits, alarm: d.Alarm, wait: sourceWait}}
}

// Outcome is the answer of an attempt, durable before it exists. Every refusal
// is the same zero Outcome: unknown, wrong, blocked and ended look alike (G5, T6).
type Outcome struct {
	Opened bool
	Visit  Visit // where Opened
	// NotCounted: a limit refused the try before it was compared. It tells
	// nothing of the number, nor which limit it was.
	NotCounted bool
}
