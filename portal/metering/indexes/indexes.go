// Package indexes decides which meter readings that a customer types can be
// true: the table of facts B.6 as a pure function (D6, L4), what becomes of a
// reading, and when an estimate takes its place.
//
// A Window is the time in which the registers of one meter are to be read,
// with what is known of each. A reading in it is received, to check (unusual,
// but the customer is sure) or held; received ones are handed over and are
// sent; the operator's validation then calls them validated or corrected, and
// decides those to check and held, too; or a colleague at the desk releases,
// corrects or refuses these (Desk). What never came is estimated.
//
// It protects former occupants (L16, Md7): where what a value is compared with
// reaches behind the occupancy, the customer is told and asked nothing that
// depends on it.
package indexes

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// Window is when one meter is read, and what is known of its registers.
type Window struct {
	ID      string
	EAN     portal.EAN
	MeterID string
	// Period is when a reading may be taken and entered.
	portal.Period
	// Production tells whether the point has a declared production unit.
	Production bool
	Registers  []Register // in the order of pages
	EndedAt    time.Time  // when its end was dealt with; zero: not yet
}

// Register is one counter of the meter as its last reading left it. All values
// are whole units (kWh, m³): people note the digits before the comma (facts B.5).
type Register struct {
	Register metering.Register
	Digits   int       // before the comma; behind 10^Digits - 1 it begins again at 0
	Last     int64     // the last reading
	LastOn   time.Time // its day, midnight in Brussels
	// Exchange is set where the meter was exchanged since: Last is the former
	// meter's, and one subtraction never spans two meters.
	Exchange *Exchange
	// Yearly is what such a point counts in a year by statistics, never what
	// a former occupant did; 0: not known.
	Yearly int64
}

// Exchange is where one meter stopped and the next began.
type Exchange struct{ Closing, Opening int64 }

// start is what the present meter showed when counting began, and carried is
// what the former one counted since the last reading.
func (r Register) start() (start, carried int64) {
	if r.Exchange != nil {
		return r.Exchange.Opening, r.Exchange.Closing - r.Last
	}
	return r.Last, 0
}

// span is where the register begins again.
func (r Register) span() int64 {
	n := int64(1)
	for range r.Digits {
		n *= 10
	}
	return n
}

// Expected is the consumption of the reference period spread over the new one:
// Amount thousandths over a load of Reference, times Load. A load is days, or
// degree-days for gas. The zero Expected is not known.
type Expected struct {
	Amount          int64 // thousandths of the unit
	Reference, Load int64
}

// Known tells whether anything is expected.
func (e Expected) Known() bool { return e.Reference > 0 && e.Load > 0 }

// Units is the expected consumption in whole units, rounded down: an estimate
// never takes more than what is likely.
func (e Expected) Units() int64 {
	if !e.Known() {
		return 0
	}
	return e.Amount * e.Load / e.Reference / 1000
}

// raised is so many per cent of what is expected, where that is more.
func (e Expected) raised(percent int64) Expected {
	if e.Known() && percent > 100 {
		e.Amount = e.Amount * percent / 100
	}
	return e
}

// fits tells whether a consumption lies within [1/2, 2] x expected.
func (e Expected) fits(units int64) bool {
	if !e.Known() {
		return false
	}
	has, due := units*1000*e.Reference, e.Amount*e.Load
	return 2*has >= due && has <= 2*due
}

// Status is where a reading stands. A new one needs web/locales
// "reading.status."+name for what Shown gives, and its place in Statuses.
type Status string

// The statuses.
const (
	Received  Status = "received"  // plausible, waits for the hand-over
	ToCheck   Status = "to-check"  // unusual or without anything to compare; a person looks
	Held      Status = "held"      // cannot be right as it stands; a person looks
	Sent      Status = "sent"      // handed over
	Validated Status = "validated" // came back as it was
	Corrected Status = "corrected" // came back with another value
	Estimated Status = "estimated" // nothing came in time
	Refused   Status = "refused"   // a person found that it cannot count; another may be entered
)

// Statuses lists them all.
var Statuses = []Status{Received, ToCheck, Held, Sent, Validated, Corrected, Estimated, Refused}

// Shown is the status as the customer sees it (D6): that a person looks tells
// what the value was compared with, so it stays inside (Md7).
func (s Status) Shown() Status {
	if s == ToCheck || s == Held {
		return Received
	}
	return s
}

// Open tells whether the customer may still replace the reading.
func (s Status) Open() bool { return s == Received || s == ToCheck || s == Held || s == Refused }
