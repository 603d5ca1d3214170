// Package lookuptest makes gates for the tests of other rooms: the real one
// over the stores given, with the default limits, its doors open.
package lookuptest

import (
	"context"
	"log/slog"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/tx"
)

// Store is what a gate needs of the database.
type Store interface {
	lookup.Ledger
	lookup.BudgetStore
	lookup.LegacyNumbers
}

// Deps gives what a gate is made of; a test may change it.
func Deps(ring *keys.Ring, clock portal.Clock, runner tx.Runner, st state.Store, c lookup.Challenge, store Store) lookup.Deps {
	limits := lookup.DefaultLimits()
	return lookup.Deps{Ring: ring, Clock: clock, Runner: runner, State: st, Challenge: c, Worker: NoWork{}, Ledger: store, Legacy: store,
		Limits: limits, Doors: OpenDoors{},
		Permits: lookup.NewPermits(store, runner, clock, limits, slog.New(slog.DiscardHandler), nil)}
}

// OpenDoors shuts nothing.
type OpenDoors struct{}

// Open implements lookup.Doors.
func (OpenDoors) Open(context.Context, string) error { return nil }

// NoWork takes no proof of work.
type NoWork struct{}

// TakeWork implements lookup.Worker.
func (NoWork) TakeWork(context.Context, string, keys.Secret) error {
	return &portal.Error{Code: portal.Invalid, Key: "work.wrong", Field: "altcha"}
}

// Solved is a challenge that everybody solves.
type Solved struct{}

// Take implements lookup.Challenge.
func (Solved) Take(context.Context, string, keys.Secret) error { return nil }
