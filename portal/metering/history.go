package metering

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
)

// Ledger is what History needs of the store; it reads committed data only.
type Ledger interface {
	// ReadingHistory gives what is kept of the point besides its days: the months
	// that a period of whole days touches, the totals that lie in it, and its
	// meters; in any order.
	ReadingHistory(ctx context.Context, ean portal.EAN, period portal.Period) (Kept, error)
	// IndexTotals gives what was counted between two readings of a meter that
	// count for a stay, as indexes.Between does, whatever their bounds.
	IndexTotals(ctx context.Context, occ registry.Occupancy) ([]PeriodTotal, error)
	// ReadingDays gives all registers' days in [from, to], DayNumbers, in the
	// order of register and day.
	ReadingDays(ctx context.Context, ean portal.EAN, from, to int64) ([]DayRow, error)
	// ReadingChanges gives the periods in [from, until), DayNumbers, of which a
	// stored value changed, came or went at or after a moment; in any order, and
	// some twice.
	ReadingChanges(ctx context.Context, ean portal.EAN, since time.Time, from, until int64) ([]portal.Period, error)
}

// Kept is what a Ledger has of a point besides its days.
type Kept struct {
	Months []MonthRow
	Totals []PeriodTotal // with bounds of their own
	Meters []time.Time   // since when each counts
}

// MonthRow is a Month as it is stored, by its MonthNumber.
type MonthRow struct {
	Register                 Register
	Number, Amount           int64
	Days, Estimated, Missing int
}

// HorizonYears is how far back history is shown, at the border of a month (D3).
const HorizonYears = 3

// History shows consumption of an access point within one occupancy and the
// horizon, and nothing else: L16, Ld1-Ld3, D3. It records nothing: whoever
// shows a Series records the disclosure.
type History struct {
	Ledger Ledger
	Clock  portal.Clock
}

// Grain is the length of a Series' periods.
type Grain string

// The grains. Those finer than daily have points only of the days that Detail
// allows (D5).
const (
	ByYear    Grain = "year"
	ByMonth   Grain = "month"
	ByDay     Grain = "day"
	ByHour    Grain = "hour"
	ByQuarter Grain = "quarter"
)

// Query asks for the periods of a grain that touch [From, To). Zero times
// mean the whole horizon. It can only narrow what the occupancy allows.
type Query struct {
	Grain    Grain
	From, To time.Time
	// Within narrows what may be known at all, totals and comparison included,
	// as the occupancy does: a mandate's period (Ld4). The zero Period is no bound.
	Within portal.Period
	// Since marks the points that may differ from what was shown then; zero:
	// none is marked.
	Since time.Time
}

// Amounts are thousandths of the unit by register, in the order of Registers.
type Amounts [RegisterCount]int64

// RegisterSet is a set of registers, a bit each by its place in Registers.
type RegisterSet uint16

// Has tells whether a register is one of the set.
func (s RegisterSet) Has(r Register) bool {
	i, ok := r.place()
	return ok && s&(1<<i) != 0
}

// With is the set and one more.
func (s RegisterSet) With(r Register) RegisterSet {
	if i, ok := r.place(); ok {
		s |= 1 << i
	}
	return s
}

// Of is the amount of one register.
func (a Amounts) Of(r Register) int64 {
	i, _ := r.place()
	return a[i]
}

// Offtake is what was consumed, all bands, in thousandths of a kWh; for gas
// its energy.
func (a Amounts) Offtake() int64 { return a[0] + a[1] + a[2] + a[7] }

// Injection is what was given to the network, all bands, in thousandths of a kWh.
func (a Amounts) Injection() int64 { return a[3] + a[4] + a[5] }

// Net is what was consumed less what was given to the network, in thousandths
// of a kWh; below zero where more was given.
func (a Amounts) Net() int64 { return a.Offtake() - a.Injection() }

// Volume is the gas read, in thousandths of a m³.
func (a Amounts) Volume() int64 { return a[6] }

// Gap is why a point has no amount.
type Gap string

// The gaps. A new one needs web/locales "gap."+name.
const (
	NoGap       Gap = ""
	GapMissing  Gap = "missing"  // no value has come for the period
	GapDaily    Gap = "daily"    // only the day's total is kept, and the grain is finer (D5)
	GapUnread   Gap = "unread"   // beside totals between two readings: no two that count bound it
	GapStraddle Gap = "straddle" // one total that spans a move and no reading at the move: shown to neither side (Ld3)
)

// Point is one period of a Series.
type Point struct {
	// Period is the year, month, day, hour or quarter-hour, cut to the
	// occupancy and the horizon; a whole day where Gap is GapDaily.
	Period  portal.Period
	Amounts Amounts
	// Gap is set where there is no amount: then Amounts is empty and means
	// nothing, never zero.
	Gap Gap
	// OfDay is, where Gap is GapDaily, the day's total; else nil.
	OfDay *Amounts
	// Days is how many local days the period has, up to today; EstimatedDays
	// and MissingDays are how many of them have an estimated or missing part.
	// In a month read as one total, and in a point finer than daily, Days stands
	// for the whole.
	Days, EstimatedDays, MissingDays int
	Changed                          bool // since Query.Since
	Cut                              bool // shorter than its year or month: a move, or the horizon
	Running                          bool // not over yet
	// Own: its bounds are readings of the meter, or lie between such totals, and
	// no calendar's. Only years have any (between.go).
	Own bool
	// YearBefore are the amounts of the same period a year earlier, where both
	// are whole and inside occupancy and horizon; else nil. An hour has none: it
	// fell on another day of the week.
	YearBefore *Amounts
	// SilentBefore are those that counted nothing in it, as Silent are now.
	SilentBefore RegisterSet
	// Silent are the registers that counted nothing in it, not even zero: at
	// night a meter of two bands does not count at peak. Where there is no
	// amount it means nothing.
	Silent RegisterSet
}

// Estimated and Partial tell whether a part is estimated, or missing.
func (p Point) Estimated() bool { return p.EstimatedDays > 0 }

// Partial tells whether there is an amount but a part of it is missing.
func (p Point) Partial() bool { return p.Gap == NoGap && p.MissingDays > 0 }

// Quality names the point in one word, for a download: the worst that
// applies of "complete", "indexes" (counted between two readings), "estimated"
// (in part), "partial", "missing", "unread", "straddle", "daily".
func (p Point) Quality() string {
	switch {
	case p.Gap != NoGap:
		return string(p.Gap)
	case p.MissingDays > 0:
		return "partial"
	case p.EstimatedDays > 0:
		return "estimated"
	case p.Own:
		return "indexes"
	}
	return "complete"
}

// NoteKind is something a reader of the Series should know.
type NoteKind string

// The notes. A new one needs web/locales "note."+name.
const (
	NoteMeterExchanged NoteKind = "meter-exchanged" // At: the day of the exchange
	NoteMovedIn        NoteKind = "moved-in"        // At: shown from here
	NoteMovedOut       NoteKind = "moved-out"       // At: shown until here
	NoteHorizon        NoteKind = "horizon"         // At: older readings are not shown (D3)
	NoteEstimated      NoteKind = "estimated"       // some values are estimates
	NoteMissing        NoteKind = "missing"         // some values are missing
	NoteUnread         NoteKind = "unread"          // of some time no two readings tell the total
	NoteStraddle       NoteKind = "straddle"        // At: the month that cannot be cut (Ld3)
	NoteIndexes        NoteKind = "indexes"         // some totals are between two readings of the meter
	NoteDetailFrom     NoteKind = "detail-from"     // At: finer than daily from here (D5)
	NoteDailyOnly      NoteKind = "daily-only"      // of some days only the total is kept (D5)
	NoteByHour         NoteKind = "by-hour"         // hours were read, not quarter-hours
	NoteClockBack      NoteKind = "clock-back"      // At: a day of 25 hours (D4)
	NoteClockForward   NoteKind = "clock-forward"   // At: a day of 23 hours (D4)
)

// Note is one remark; At is zero where it is about the whole.
type Note struct {
	Kind NoteKind
	At   time.Time
}

// Totals compare the last twelve whole months with the twelve before.
type Totals struct {
	// Period is the months added up: twelve, or fewer where the occupancy or
	// the readings are younger (Months tells how many); Months 0: none.
	Period  portal.Period
	Months  int
	Days    int // in Period
	Amounts Amounts
	PerDay  Amounts // average a day, rounded half up
	// Before are the same months a year earlier; nil unless all of them are
	// inside occupancy and horizon and have readings.
	Before *Amounts
	// Partial and Estimated tell that a part of the months is missing or estimated.
	Partial, Estimated bool
}

// Series is consumption ready to show.
type Series struct {
	EAN    portal.EAN // for masking: never show it whole (G12)
	Energy portal.Energy
	Grain  Grain
	Period portal.Period // what is shown: query, occupancy and horizon; empty where they share nothing
	Points []Point       // in the order of time, without holes
	// Detail is the first day that may be shown finer than daily; zero: none (D5).
	Detail time.Time
	// Indexed: no period of this grain has an amount, but years have: there are
	// totals between two readings of the meter.
	Indexed bool
	// AsOne: no day that was asked for has an amount, because each of their months
	// was read as one total.
	AsOne bool
	// Registers are those that count at the point, in the order of pages; none
	// where no point has an amount.
	Registers []Register
	Unit      string // of Amounts.Offtake: "kWh"
	Notes     []Note
	Totals    Totals
}

// Has tells whether a register has an amount in the Series.
func (s Series) Has(r Register) bool {
	for _, has := range s.Registers {
		if has == r {
			return true
		}
	}
	return false
}
