package indexes

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Entry is a reading as it lies in the store: of one register, on a day, by
// somebody, with where it stands.
type Entry struct {
	ID       string
	WindowID string
	// Round is 1 for the first reading of a window, which a second one
	// replaces until it is sent, and one more for each correction afterwards.
	Round       int
	OccupancyID string
	Reading
	On     time.Time        // the day it was read, midnight in Brussels
	Who    portal.ActorKind // Household, or System for an estimate
	At     time.Time        // when it was typed or estimated
	Status Status
	Batch  string // the hand-over it left with, "" where it has not
	// Final is the value that came back; it counts where Status is Corrected.
	Final     int64
	SettledAt time.Time
	DecidedBy string  // login of the colleague who decided it at the desk, "" where none had to
	Refusal   Refusal // why, where Status is Refused
	// Typed is what the customer had typed where the desk corrected it: Value is
	// then the desk's.
	Typed *int64
}

// Noted is what the customer typed.
func (e Entry) Noted() int64 {
	if e.Typed != nil {
		return *e.Typed
	}
	return e.Value
}

// Shown is the value that the customer sees: what came back, where it differs.
func (e Entry) Shown() int64 {
	if e.Status == Corrected {
		return e.Final
	}
	return e.Value
}

// Ledger is what this room needs of the store. Methods that take a Tx write or
// read inside the unit of work; the others read committed data. What is not
// there gives an empty list, or found false.
type Ledger interface {
	// ReadingWindows gives a meter's windows, the newest first.
	ReadingWindows(ctx context.Context, meterID string) ([]Window, error)
	// IndexEntries gives the readings of a meter that belong to an occupancy,
	// the newest first, at most so many: nobody else's (L16).
	IndexEntries(ctx context.Context, meterID, occupancyID string, limit int) ([]Entry, error)
	// DegreeDays adds up the tenths of degree-days of [from, to), DayNumbers,
	// and tells how many days are known.
	DegreeDays(ctx context.Context, from, to int64) (tenths int64, days int, err error)
	// PutDegreeDays inserts or replaces and tells how many it changed.
	PutDegreeDays(t tx.Tx, days []DegreeDay) (changed int, err error)

	// LockWindow reads a window that nobody else changes, enters a reading in,
	// or hands over until the unit of work ends.
	LockWindow(t tx.Tx, id string) (w Window, found bool, err error)
	// EntriesOfWindow gives all its readings, in the order of round.
	EntriesOfWindow(t tx.Tx, windowID string) ([]Entry, error)
	// PutEntries inserts readings or replaces those of the same window,
	// register and round; Conflict where one of these is not open any more.
	PutEntries(t tx.Tx, entries []Entry) error
	// PutWindows inserts windows or replaces those of the same meter and
	// beginning, registers included.
	PutWindows(t tx.Tx, windows []Window) error
	// WindowsOfMeters gives the windows of meters and whether each has
	// readings, inside the unit of work.
	WindowsOfMeters(t tx.Tx, meterIDs []string) (windows []Window, read map[string]bool, err error)
	// RegistryOf is registry.Ledger's.
	RegistryOf(t tx.Tx, eans []portal.EAN) (registry.Batch, error)

	// HandOver gives every reading that is ready a batch and makes what was
	// received sent. Ready is received, estimated or corrected at the desk, not
	// handed over yet, and
	// no other register of the same round waits for a person.
	HandOver(t tx.Tx, batch string) error
	// BatchIn reads a batch inside the unit of work, Batch after it.
	BatchIn(t tx.Tx, batch string) ([]Line, error)
	Batch(ctx context.Context, batch string) ([]Line, error)
	// Reviews gives what waits for the desk behind a cursor, the oldest first,
	// at most so many: rounds that were not handed over, of which a register
	// is to check or held.
	Reviews(ctx context.Context, after Cursor, limit int) ([]Review, error)
	// Waiting gives the readings to check and held, with their siblings.
	Waiting(ctx context.Context) ([]Line, error)
	// EntriesByID gives those of the ids that exist, locked.
	EntriesByID(t tx.Tx, ids []string) ([]Entry, error)
	// Settle writes what was decided on readings: status, final value,
	// consumption, time, by whom and why.
	Settle(t tx.Tx, entries []Entry) error

	// OverWindows gives windows that ended by now and were not dealt with,
	// the oldest first, at most so many.
	OverWindows(ctx context.Context, now time.Time, limit int) ([]Window, error)
	// Holder gives who held an access point at an instant; found false in a vacancy.
	Holder(ctx context.Context, ean portal.EAN, at time.Time) (registry.AccessPoint, registry.Occupancy, bool, error)
	// EndWindow remembers that its end was dealt with; the zero time forgets it.
	EndWindow(t tx.Tx, id string, at time.Time) error
}

// DegreeDay is how cold a day was: tenths of a degree below 16.5 °C, daily mean.
type DegreeDay struct {
	Day    int64 // DayNumber
	Tenths int64
}

// History tells what an occupancy consumed; metering.History.
type History interface {
	Series(ctx context.Context, point registry.AccessPoint, occ registry.Occupancy, q metering.Query) (metering.Series, error)
}
