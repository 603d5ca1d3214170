package metering

import (
	"context"
	"iter"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// DayRow is a Day as it is stored.
type DayRow struct {
	EAN      portal.EAN
	Register Register
	Day      int64 // DayNumber
	Meter    string
	Packed   []byte
}

// Archive is what the Importer needs of the store. All but the reads of the
// register run inside the unit of work that records the import.
type Archive interface {
	// ReadingPoint gives an access point and all its occupancies; found is
	// false where the register does not know the EAN.
	ReadingPoint(t tx.Tx, ean portal.EAN) (point registry.AccessPoint, stays []registry.Occupancy, found bool, err error)
	// ReadingDaysIn gives all registers' days in [from, to], both DayNumbers,
	// in the order of register and day.
	ReadingDaysIn(t tx.Tx, ean portal.EAN, from, to int64) ([]DayRow, error)
	// ReadingMonthsIn gives all registers' months in [from, to], MonthNumbers.
	ReadingMonthsIn(t tx.Tx, ean portal.EAN, from, to int64) ([]Month, error)
	// PutReadingDays inserts or replaces days; no two may be the same.
	PutReadingDays(t tx.Tx, days []DayRow) error
	// DropReadingDays deletes days by EAN, Register and Day.
	DropReadingDays(t tx.Tx, days []DayRow) error
	// PutReadingMonths inserts or replaces months; no two may be the same.
	PutReadingMonths(t tx.Tx, months []Month) error
	// DropReadingMonths deletes months by EAN, Register and Date.
	DropReadingMonths(t tx.Tx, months []Month) error
}

// Importer writes readings: days, and the monthly totals they make, in one
// unit of work with one trail entry.
type Importer struct {
	Archive Archive
	Runner  tx.Runner
	Clock   portal.Clock
	// Progress, where set, hears how many of how many days are done. It is
	// called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// ImportOptions say how one file is imported.
type ImportOptions struct {
	Name   string // the file's base name, for the trail
	DryRun bool   // do everything but keep nothing
}

// Report is what an import did, or would do.
type Report struct {
	New, Changed, Unchanged int // days of a register
	Months                  int // monthly totals written
	// ByDay counts the days kept as one daily total because detail was not
	// chosen (D5).
	ByDay int
	// Replaced counts days of a total register dropped because the file has
	// the bands of that day, or the other way round.
	Replaced int
	Recorded bool // false: nothing changed, so the trail has no entry
}

// Import writes the days of one file, all or nothing. Importing the same
// again changes nothing and records nothing. An EAN that the register does
// not know, or of the other energy, is an Invalid error that names it.
//
//   - Values finer than daily are kept where the point's power demands it or
//     the occupant of that day chose it; else one total a day is kept (D5).
//   - A stored day is replaced where the file differs, but a value that the
//     file lacks never erases one that is known, and a daily total never
//     replaces finer values of the same sum.
//   - The months touched are added up again from all their days; a month that
//     was read as one total gives way only to a whole month of days.
//   - Days outside every occupancy are kept; History shows them to nobody (Ld1).
func (i *Importer) Import(ctx context.Context, days []Day, o ImportOptions) (Report, error) {
	return Report{}, nil
}

// Load writes many days fast, in a few large units of work, each with its
// trail entry: for a fresh database (the demo's town). It asks no register,
// applies no D5 and merges nothing: the days are taken as they are, whole
// months at a time and never the same day twice. Fastest in the order of EAN,
// register and date.
func (i *Importer) Load(ctx context.Context, days iter.Seq[Day]) (Report, error) {
	return Report{}, nil
}

// LoadMonths writes totals of months that were read as one (points without
// daily values). A month that has days keeps them.
func (i *Importer) LoadMonths(ctx context.Context, months []Month) (Report, error) {
	return Report{}, nil
}
