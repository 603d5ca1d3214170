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
// register needs: its unit below, exchange's recognition, web/locales
// "register."+name.
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
var Registers = []Register{OfftakePeak, OfftakeOffPeak, OfftakeTotal,
	InjectionPeak, InjectionOffPeak, InjectionTotal, GasVolume, GasEnergy}

// Unit is what a register's thousandths are thousandths of.
func (r Register) Unit() string {
	if r == GasVolume {
		return "m³"
	}
	return "kWh"
}

// Quality tells where a value comes from, as customers in Belgium see it (facts B.6).
type Quality byte

// The qualities, from best to none. Missing has no value; NoConsumption is a
// zero that somebody vouches for.
const (
	Read Quality = iota
	Validated
	Estimated
	NoConsumption
	Missing
)

// Value is a count of thousandths of the register's unit (Wh, or dm3) and its
// quality. A Missing value has Amount 0 and is never added up as a zero.
type Value struct {
	Amount  int64
	Quality Quality
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
}

// Slot is one interval of a day.
type Slot struct {
	Value
	Absent bool // not this register's band: nothing is owed here
}

// Total is a sum with what it is made of.
type Total struct {
	Amount                                      int64 // thousandths of the unit
	Read, Validated, Estimated, None, MissingNo int   // slots of each quality
}
