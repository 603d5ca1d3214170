package exchange

import (
	"errors"
	"fmt"
	"time"

	"guichet/portal"
)

// localDay is a calendar day in Brussels with what its clock does. Since 1996
// the clock changes at one hour UTC: in spring 02:00-03:00 does not exist, in
// autumn it stands twice.
type localDay struct {
	date       time.Time
	start, end int64 // seconds since 1970
}

// The hour that is repeated or left out, in minutes of the wall clock.
const changeFrom, changeTo = 120, 180

func dayOf(year, month, day int) *localDay {
	date := portal.Date(year, time.Month(month), day)
	return &localDay{date: date, start: date.Unix(), end: date.AddDate(0, 0, 1).Unix()}
}

func (d *localDay) autumn() bool { return d.end-d.start > 24*3600 }
func (d *localDay) spring() bool { return d.end-d.start < 24*3600 }

// repeated tells whether a time of the wall clock stands twice in the day.
func (d *localDay) repeated(minute int) bool {
	return d.autumn() && minute >= changeFrom && minute < changeTo
}

// at is the instant of a time of the wall clock; second is the winter pass of
// the repeated hour.
func (d *localDay) at(minute int, second bool) int64 {
	t := d.start + int64(minute)*60
	switch {
	case d.autumn() && (minute >= changeTo || (minute >= changeFrom && second)):
		t += 3600
	case d.spring() && minute >= changeTo:
		t -= 3600
	}
	return t
}

var errOrder = errors.New("the interval ends before it begins")

// resolve turns an interval of the wall clock into instants. second is the
// winter pass where the start stands twice.
func resolve(d *localDay, from int, until *localDay, to int, second bool) (start, end int64, err error) {
	for _, e := range []struct {
		d      *localDay
		minute int
		lowest int // an interval may end at 02:00 of a spring day by the old clock
	}{{d, from, changeFrom}, {until, to, changeFrom + 1}} {
		if e.d.spring() && e.minute >= e.lowest && e.minute < changeTo {
			return 0, 0, fmt.Errorf("%02d:%02d does not exist on %s: the clock goes from 02:00 to 03:00",
				e.minute/60, e.minute%60, e.d.date.Format("02/01/2006"))
		}
	}
	start = d.at(from, second)
	if d.repeated(from) && until == d && to >= changeFrom && to <= changeTo {
		// Both passes may be written as ending at 03:00, or the first at 02:00.
		length := int64(to-from) * 60
		if length <= 0 && !second {
			length += 3600
		}
		end = start + length
	} else {
		end = until.at(to, false)
	}
	if end <= start {
		return 0, 0, errOrder
	}
	return start, end, nil
}
