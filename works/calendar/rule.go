// Package calendar counts the legal deadlines of works and keeps how each was
// counted, so that a page can open every date: the day of the event, the days
// that counted, the holidays passed over, the time in which the clock stood
// still, the rule and its version. It decides no date by hand: rules are data,
// and the one in force on the day of the event is counted (C.4, D.1, Pd1, Pd4).
// Days are those of Brussels, whatever their length.
package calendar

import (
	"fmt"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/calendar"
)

// Unit is what a rule counts in.
type Unit string

// The units. A new one is a case in Count and in Validate.
const (
	Working Unit = "working" // working days (Pd1)
	Days    Unit = "days"    // calendar days
	Months  Unit = "months"  // the same date n months later, or that month's last day
	Years   Unit = "years"   // the same date n years later, 29 February -> 28 (Pd4)
)

// Rule is one version of a legal deadline. Two versions of one id are never in
// force on the same day.
type Rule struct {
	ID      string // "ELE-LV-RES"
	Version int    // from 1; printed beside every date counted by it
	N       int    // how many units, from the day after the event
	Unit    Unit
	InForce portal.Period // for events on these days; a zero end is open
}

// The rules known by name. What an offer sets for itself is made by Offered.
const (
	LowVoltageHome = "ELE-LV-RES" // connection of a dwelling at low voltage
	GasStandard    = "GAS-STD"    // standard or simple gas connection
	GasExtension   = "GAS-EXT"    // with road works or an extension of the network
	OfferValid     = "OFFER"      // how long an offer can be accepted (D11)
	PaymentDue     = "PAY"        // where the invoice names no date, from its receipt
	VATContest     = "VAT"        // how long a customer may contest the rate (C.5)
	Reopen         = "REOPEN"     // how long a closed request can be reopened
	OfferSays      = "OFFER-SAYS" // the offer names the time itself (C.4)
	SystemSays     = "SYSTEM"     // the operator's works system names the day (D13)
)

// Table is a set of rules; the operator may set figures of its own.
type Table []Rule

// Defaults are the figures of C.4, C.5 and D11. No source says since when they
// hold, so their first versions have no beginning.
func Defaults() Table {
	return Table{
		{ID: LowVoltageHome, Version: 1, N: 30, Unit: Days},
		{ID: GasStandard, Version: 1, N: 30, Unit: Working},
		{ID: GasExtension, Version: 1, N: 60, Unit: Working},
		{ID: OfferValid, Version: 1, N: 3, Unit: Months},
		{ID: PaymentDue, Version: 1, N: 15, Unit: Days},
		{ID: VATContest, Version: 1, N: 1, Unit: Months},
		{ID: Reopen, Version: 1, N: 30, Unit: Days},
	}
}

// Offered makes the rule of a deadline that the offer itself states; its
// version is the offer's.
func Offered(offerVersion, n int, unit Unit) Rule {
	return Rule{ID: OfferSays, Version: offerVersion, N: n, Unit: unit}
}

// Fixed is a deadline that nobody counts here: the operator's works system names
// its last day (D13).
func Fixed(last time.Time) Deadline {
	day := calendar.Day(last)
	return Deadline{Rule: Rule{ID: SystemSays, Version: 1}, Event: day, Last: day, Counting: day}
}

// longest is how many units a rule may count: ten years in days, more than any
// deadline, so that a slip in a setting can't keep the counting busy.
const longest = 3660

// Validate tells what is wrong with one rule.
func (r Rule) Validate() error {
	switch {
	case r.ID == "" || r.Version < 1:
		return fmt.Errorf("a deadline's rule needs an id and a version from 1: %q, %d", r.ID, r.Version)
	case !slices.Contains([]Unit{Working, Days, Months, Years}, r.Unit):
		return fmt.Errorf("rule %s, version %d: unknown unit %q", r.ID, r.Version, r.Unit)
	case r.N < 1 || r.N > longest || r.Unit == Months && r.N > 120 || r.Unit == Years && r.N > 10:
		return fmt.Errorf("rule %s, version %d: counts %d %s, at least 1 and at most ten years", r.ID, r.Version, r.N, r.Unit)
	case !r.InForce.To.IsZero() && !r.InForce.From.Before(r.InForce.To):
		return fmt.Errorf("rule %s, version %d: its end is not after its beginning", r.ID, r.Version)
	}
	return nil
}

// Validate tells the first fault of the table: a rule's own, or two versions
// of one deadline for the same day.
func (t Table) Validate() error {
	for i, r := range t {
		if err := r.Validate(); err != nil {
			return err
		}
		for _, other := range t[:i] {
			if other.ID == r.ID && (other.Version == r.Version || other.InForce.Overlaps(r.InForce)) {
				return fmt.Errorf("rule %s: versions %d and %d are the same or in force on the same day", r.ID, other.Version, r.Version)
			}
		}
	}
	return nil
}

// For gives the version of a rule in force at the moment of the event; ok is
// false where there was none: then there is no legal date.
func (t Table) For(id string, event time.Time) (Rule, bool) {
	for _, r := range t {
		if r.ID == id && r.InForce.Contains(event) {
			return r, true
		}
	}
	return Rule{}, false
}
