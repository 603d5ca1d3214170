package indexes

import (
	"guichet/portal"
	"guichet/portal/registry"
)

// Cycle is how often and how a point is read (L5-L7, facts B.4).
type Cycle string

// The cycles.
const (
	Yearly  Cycle = "yearly"  // L5: a visit every second year, a card in the other
	Monthly Cycle = "monthly" // L6: a visit every month
	Remote  Cycle = "remote"  // L7: at a distance, quarter-hours or hours
)

// Powers from which electricity is read monthly and at a distance, in VA
// (facts B.4). The register tells no such size of a gas connection.
const (
	monthlyPower = 56_000
	remotePower  = 100_000
)

// CycleOf gives a point's cycle.
func CycleOf(p registry.AccessPoint) Cycle {
	switch {
	case p.Energy == portal.Electricity && p.PowerVA >= remotePower:
		return Remote
	case p.Energy == portal.Electricity && p.PowerVA >= monthlyPower:
		return Monthly
	}
	return Yearly
}

// Mode is what is planned: somebody comes, a card is sent, or nothing.
type Mode string

// The modes.
const (
	Visit Mode = "visit"
	Card  Mode = "card"
)

// Planned gives the modes of a year's planned readings: for a yearly point
// visit and card alternate, half of the points in each (by EAN), a monthly one
// has twelve visits, a remote one none.
func Planned(p registry.AccessPoint, year int) []Mode {
	switch CycleOf(p) {
	case Remote:
		return nil
	case Monthly:
		return []Mode{Visit, Visit, Visit, Visit, Visit, Visit, Visit, Visit, Visit, Visit, Visit, Visit}
	}
	parity := year
	if n := len(p.EAN); n > 1 {
		parity += int(p.EAN[n-2]) // the last digit is a check digit
	}
	if parity%2 == 0 {
		return []Mode{Visit}
	}
	return []Mode{Card}
}
