// Package metering protects consumption: interval values packed one row per
// access point, register and local day, monthly totals as rows, and the
// History that shows them only within an occupancy (L16, Ld1-Ld3). It is coupled to
// the access register but separate from it: reading one does not grant the
// other (L3).
package metering

import (
	"time"

	"guichet/portal"
)

// Register is a counting register of an access point, in the words customers
// see: peak and off-peak, never day and night (D4).
type Register string

// The registers. Gas has its volume in m3 and its energy in kWh apart. A new
// register needs: its place in Registers, its unit and family below,
// exchange's recognition, web/locales "register."+name.
const (
	OfftakePeak      Register = "offtake-peak"
	OfftakeOffPeak   Register = "offtake-offpeak"
	OfftakeTotal     Register = "offtake"
	InjectionPeak    Register = "injection-peak"
	InjectionOffPeak Register = "injection-offpeak"
	InjectionTotal   Register = "injection"
	GasVolume        Register = "gas-volume"
	GasEnergy        Register = "gas-energy"
)

// Registers lists them all in the order pages show them.
var Registers = [RegisterCount]Register{OfftakePeak, OfftakeOffPeak, OfftakeTotal,
	InjectionPeak, InjectionOffPeak, InjectionTotal, GasVolume, GasEnergy}

// RegisterCount is how many registers there are.
const RegisterCount = 8

// place is the register's index in Registers; ok is false for an unknown one.
func (r Register) place() (i int, ok bool) {
	for i, known := range Registers {
		if r == known {
			return i, true
		}
	}
	return 0, false
}

// Valid tells whether r is one of Registers.
func (r Register) Valid() bool {
	_, ok := r.place()
	return ok
}

// Energy is the energy the register counts.
func (r Register) Energy() portal.Energy {
	if r == GasVolume || r == GasEnergy {
		return portal.Gas
	}
	return portal.Electricity
}

// Unit is what a register's thousandths are thousandths of.
func (r Register) Unit() string {
	if r == GasVolume {
		return "m³"
	}
	return "kWh"
}

// Family is the direction that a band is part of: at any instant exactly one
// register of a family counts, so that their sum counts nothing twice.
func (r Register) Family() Register {
	switch r {
	case OfftakePeak, OfftakeOffPeak:
		return OfftakeTotal
	case InjectionPeak, InjectionOffPeak:
		return InjectionTotal
	}
	return r
}

// Quality tells where a value comes from, as customers in Belgium see it (facts B.6).
type Quality byte

// The qualities, from best to none. Missing has no value; NoConsumption is a
// zero that somebody vouches for. The numbers are stored in packed days.
const (
	Read Quality = iota
	Validated
	Estimated
	NoConsumption
	Missing
)

// String is the quality's name, for downloads for programs and messages.
func (q Quality) String() string {
	switch q {
	case Read:
		return "read"
	case Validated:
		return "validated"
	case Estimated:
		return "estimated"
	case NoConsumption:
		return "no-consumption"
	}
	return "missing"
}

// Value is a count of thousandths of the register's unit (Wh, or dm3) and its
// quality. A Missing value has Amount 0 and is never added up as a zero.
type Value struct {
	Amount  int64
	Quality Quality
}

// Slot is one interval of a day.
type Slot struct {
	Value
	Absent bool // another register of the family counts here: nothing is owed
}

// Day is one local calendar day of one register: len(Values) equal slots that
// cover it. 1 slot is a daily total; quarter-hours are 92, 96 or 100, hours
// 23, 24 or 25. A slot of another register's band is Absent, not Missing.
type Day struct {
	EAN      portal.EAN
	Register Register
	Date     time.Time // midnight in Brussels
	Meter    string    // the number in the file or register
	Values   []Slot
	// Lost is, in a daily total made from finer values, how many of those
	// were missing; 0 in a day of several slots, which tells it by itself.
	Lost int
	// Perhaps marks zeros that may stand for a register that did not count
	// then: they are not written beside what is stored of the day already.
	Perhaps bool
	// Untold marks a daily total of whose quality the file tells nothing: it
	// changes none that is stored of the same amount.
	Untold bool
}

// Total is a sum with what it is made of.
type Total struct {
	Amount                                      int64 // thousandths of the unit
	Read, Validated, Estimated, None, MissingNo int   // slots of each quality
}

// Month is the total of one register over one local calendar month.
type Month struct {
	EAN      portal.EAN
	Register Register
	Date     time.Time // the first of the month, midnight in Brussels
	Amount   int64     // thousandths of the unit
	// Days is how many days of the month it was added up from; 0: it was read
	// as one total and knows no days, so that a move cannot cut it (Ld3).
	Days int
	// Estimated, Missing and None count the days that have an estimated part,
	// a missing part, and no consumption at all. In a month read as one total
	// 1 stands for the whole.
	Estimated, Missing, None int
}

// DayNumber is a local date as a number, 20231029; MonthNumber is 202310.
func DayNumber(t time.Time) int64 {
	y, m, d := t.In(portal.Brussels).Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

// MonthNumber is the local month of t as a number, 202310.
func MonthNumber(t time.Time) int64 { return DayNumber(t) / 100 }

// DateOf gives midnight in Brussels of a DayNumber.
func DateOf(day int64) time.Time {
	return portal.Date(int(day/10000), time.Month(day/100%100), int(day%100))
}

// MonthOf gives the first of a MonthNumber, midnight in Brussels.
func MonthOf(month int64) time.Time { return DateOf(month*100 + 1) }

// SlotsIn tells how many intervals of a length the local day has: 96, 92 or
// 100 quarter-hours.
func SlotsIn(date time.Time, length time.Duration) int {
	return int(date.AddDate(0, 0, 1).Sub(date) / length)
}
