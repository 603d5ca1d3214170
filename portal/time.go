package portal

import (
	"time"
	_ "time/tzdata" // the portal must know Brussels on a machine without zone files
)

// Clock tells the time; a parameter everywhere, so that tests set it.
type Clock func() time.Time

// Brussels is the local time of the territory: days, months and opening hours
// are counted in it, days of 23 and 25 hours included (D4).
var Brussels = mustLoad("Europe/Brussels")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic("portal: time zone data is built in and must load: " + err.Error())
	}
	return loc
}

// Micros is how times are stored: microseconds UTC, 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros reads a stored time back, in UTC; 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Period is half-open: [From, To). A zero To is open-ended; a zero From has no
// beginning (D4, Ld1).
type Period struct {
	From, To time.Time
}

// Contains tells whether t lies in the period.
func (p Period) Contains(t time.Time) bool {
	return !t.Before(p.From) && (p.To.IsZero() || t.Before(p.To))
}

// Overlaps tells whether two periods share an instant.
func (p Period) Overlaps(q Period) bool {
	return (p.To.IsZero() || q.From.Before(p.To)) && (q.To.IsZero() || p.From.Before(q.To))
}

// Intersect gives the shared part; ok is false where there is none.
func (p Period) Intersect(q Period) (both Period, ok bool) {
	if !p.Overlaps(q) {
		return Period{}, false
	}
	both = p
	if q.From.After(both.From) {
		both.From = q.From
	}
	if both.To.IsZero() || (!q.To.IsZero() && q.To.Before(both.To)) {
		both.To = q.To
	}
	return both, true
}

// Date is a local calendar day at midnight in Brussels.
func Date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, Brussels)
}

// ParseDate reads YYYY-MM-DD as a Brussels day.
func ParseDate(s string) (time.Time, error) {
	t, err := time.ParseInLocation("2006-01-02", s, Brussels)
	if err != nil {
		return time.Time{}, &Error{Code: Invalid, Key: "date.format", Args: []any{s}, Err: err}
	}
	return t, nil
}
