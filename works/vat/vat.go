// Package vat decides the rate of value added tax on works from what the
// customer declares (C.5, D11). It proves nothing: the declaration stands on
// the invoice, and the customer answers for it.
package vat

import (
	"slices"
	"time"

	"guichet/portal"
)

// The rates, in per cent.
const (
	Reduced  = 6
	Standard = 21
)

// age is how many calendar years must lie between the year of the first
// occupation and that of the first invoice.
const age = 10

// Declaration is what the customer states. A year is enough of the first
// occupation: the rule counts calendar years, so no day is asked (W13).
type Declaration struct {
	FirstOccupied   int  // calendar year; 0 where it is not known or not yet
	PrivateDwelling bool // used only or mainly as a private dwelling after the works
	EndUser         bool // the works are supplied and invoiced to an end user
	NewBuilding     bool
	SiteSupply      bool // provisional supply of a building site
	Subdivision     bool // servicing of land for building
}

// Reason is a condition of the reduced rate that is not met, as the message
// tables name it.
type Reason string

// The conditions, in the order of C.5. A new one is a line in Rate and in the
// test that walks them all.
const (
	TooYoung    Reason = "too_young" // or its year was not declared
	NoDwelling  Reason = "no_dwelling"
	NoEndUser   Reason = "no_end_user"
	NewBuilding Reason = "new_building"
	SiteSupply  Reason = "site_supply"
	Subdivision Reason = "subdivision"
)

// Rate gives the rate for works whose first invoice bears a date, and every
// reason why it is not the reduced one. The year of the invoice is Brussels'.
func Rate(d Declaration, firstInvoice time.Time) (percent int, against []Reason) {
	year := firstInvoice.In(portal.Brussels).Year()
	for _, c := range []struct {
		fails bool
		why   Reason
	}{
		{d.FirstOccupied <= 0 || d.FirstOccupied > year-age, TooYoung},
		{!d.PrivateDwelling, NoDwelling},
		{!d.EndUser, NoEndUser},
		{d.NewBuilding, NewBuilding},
		{d.SiteSupply, SiteSupply},
		{d.Subdivision, Subdivision},
	} {
		if c.fails {
			against = append(against, c.why)
		}
	}
	if len(against) > 0 {
		return Standard, slices.Clip(against)
	}
	return Reduced, nil
}
