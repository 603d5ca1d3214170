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

// Working tells whether the Brussels day of t is a working day.
func Working(t time.Time) bool {
	t = t.In(portal.Brussels)
	return belgium.IsWorkday(portal.Date(t.Year(), t.Month(), t.Day()))
}

// After gives the midnight that ends the n-th working day after the day of t,
// which is not counted itself; n is at least 1.
func After(t time.Time, n int) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	day := portal.Date(y, m, d)
	for n > 0 {
		d++
		if day = portal.Date(y, m, d); Working(day) {
			n--
		}
	}
	return portal.Date(y, m, d+1)
}
