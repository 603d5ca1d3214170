// Package calendar decides which days are working days in Belgium: Monday to
// Friday without the ten legal holidays, Saturday never, no substitute days
// (facts D.1). It knows no rule of any deadline; those stand where they are
// counted.
package calendar

import (
	"time"

	"guichet/portal"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/be"
)

var belgium = func() *cal.BusinessCalendar {
	c := cal.NewBusinessCalendar()
	c.AddHoliday(be.Holidays...)
	return c
}()

// Holiday names a legal holiday for the message tables, as "easter_monday".
type Holiday string

// The ten legal holidays. The library's own names are Dutch only, so each
// language names them from these.
var names = map[*cal.Holiday]Holiday{
	be.Nieuwjaar:                "new_year",
	be.Paasmaandag:              "easter_monday",
	be.DagVanDeArbeid:           "labour_day",
	be.OnzeLieveHeerHemelvaart:  "ascension",
	be.Pinkstermaandag:          "whit_monday",
	be.NationaleFeestdag:        "national_day",
	be.OnzeLieveVrouwHemelvaart: "assumption",
	be.Allerheiligen:            "all_saints",
	be.Wapenstilstand:           "armistice",
	be.Kerstmis:                 "christmas",
}

// HolidayOf gives the legal holiday that the Brussels day of t is, whatever
// day of the week it falls on; ok is false where it is none.
func HolidayOf(t time.Time) (name Holiday, ok bool) {
	actual, _, holiday := belgium.IsHoliday(Day(t))
	if !actual {
		return "", false
	}
	name, ok = names[holiday]
	return name, ok
}

// Day gives the Brussels day of t: the midnight with which it begins.
func Day(t time.Time) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}

// Next gives the midnight that ends the Brussels day of t, which is 23 or 25
// hours long twice a year.
func Next(t time.Time) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	return portal.Date(y, m, d+1)
}

// Working tells whether the Brussels day of t is a working day.
func Working(t time.Time) bool { return belgium.IsWorkday(Day(t)) }

// After gives the midnight that ends the n-th working day after the day of t,
// which is not counted itself; n is at least 1.
func After(t time.Time, n int) time.Time {
	day := Day(t)
	for n > 0 {
		if day = Next(day); Working(day) {
			n--
		}
	}
	return Next(day)
}

// Before gives the midnight that begins the n-th working day before the day of
// t, which is not counted itself; n is at least 1.
func Before(t time.Time, n int) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	day := portal.Date(y, m, d)
	for n > 0 {
		d--
		if day = portal.Date(y, m, d); Working(day) {
			n--
		}
	}
	return day
}
