package works

import (
	"time"

	"guichet/portal"
)

// Half is which half of a day works are planned for (facts C.3).
type Half string

// The halves. A planned Day is the hour at which its half begins in Brussels.
const (
	Morning   Half = "morning"   // 8 to 12
	Afternoon Half = "afternoon" // 13 to 17
)

// Halves lists them both.
var Halves = []Half{Morning, Afternoon}

// HalfDay is how long a half lasts.
const HalfDay = 4 * time.Hour

// WholeDay tells a planned Day without an hour: one that a works system gave.
func WholeDay(day time.Time) bool {
	d := day.In(portal.Brussels)
	return d.Hour() == 0 && d.Minute() == 0
}

// On gives when the half of a day begins.
func (h Half) On(day time.Time) time.Time {
	hour := 8
	if h == Afternoon {
		hour = 13
	}
	y, m, d := day.In(portal.Brussels).Date()
	return time.Date(y, m, d, hour, 0, 0, 0, portal.Brussels)
}

// HalfOf tells which half a planned Day is.
func HalfOf(day time.Time) Half {
	if day.In(portal.Brussels).Hour() < 12 {
		return Morning
	}
	return Afternoon
}
