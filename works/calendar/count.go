package calendar

import (
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/calendar"
)

// Deadline is a date and how it was counted. All days are Brussels midnights.
type Deadline struct {
	Rule  Rule
	Event time.Time // the day of the event, itself not counted

	// Last is the last day on which one is in time; zero while the clock stands
	// still and nobody knows until when: there is no date yet.
	Last time.Time
	// Counting is the day on which the counting ended; before Last where it was
	// no working day.
	Counting time.Time

	Counted   int             // days that counted, of the rule's kind
	Weekend   int             // Saturdays and Sundays passed over
	Holidays  []Holiday       // legal holidays passed over, those on a weekend left out
	Suspended []portal.Period // when the clock stood still, merged, as far as it mattered
	Still     int             // whole or part days on which it did, of any kind
}

// Holiday is a day passed over and the name of its feast.
type Holiday struct {
	Day  time.Time
	Name calendar.Holiday
}

// Known tells whether there is a date: not while the clock stands still.
func (d Deadline) Known() bool { return !d.Last.IsZero() }

// Moved tells whether the counting ended on a day that is no working day, so
// that the end moved to the next.
func (d Deadline) Moved() bool { return d.Known() && !d.Counting.Equal(d.Last) }

// Ends gives the midnight from which it is too late, zero while there is no
// date (Pd1: 24:00, Europe/Brussels).
func (d Deadline) Ends() time.Time {
	if !d.Known() {
		return time.Time{}
	}
	return calendar.Next(d.Last)
}

// Passed tells whether it is too late at a moment; never while there is no date.
func (d Deadline) Passed(now time.Time) bool { return d.Known() && !now.Before(d.Ends()) }

// Warn gives the day, as its first midnight, that lies n working days before
// the last one (P21); zero while there is no date.
func (d Deadline) Warn(n int) time.Time {
	if !d.Known() {
		return time.Time{}
	}
	return calendar.Before(d.Last, n)
}

// Count counts a deadline from the day after the event. Suspensions are the
// times in which the clock stood still because a permit or the customer's own
// works were awaited, half-open, in any order; a day of which any part was
// suspended doesn't count, so that who must act has whole days (as the day of
// the event itself does not count). One without an end means no date yet,
// unless the deadline is over before it begins. A period that ends before it
// begins holds no instant and changes nothing.
//
// A deadline in months or years has as many days as lie between its two dates;
// those are counted. A last day that is no working day moves to the next
// (Civil Code art. 1.7, D.1, Pd4). The rule must be valid.
func Count(rule Rule, event time.Time, suspensions []portal.Period) Deadline {
	d := Deadline{Rule: rule, Event: calendar.Day(event)}
	clock := stops(suspensions)
	day := d.Event
	for left := length(rule, d.Event); left > 0; {
		day = calendar.Next(day)
		switch still, forever := clock.stand(day); {
		case forever:
			d.Suspended = clock.used()
			return d
		case still:
			d.Still++
		case rule.Unit == Working && !calendar.Working(day):
			d.pass(day)
		default:
			d.Counted++
			left--
		}
	}
	d.Counting = day
	for still, forever := false, false; still || !calendar.Working(day); still, forever = clock.stand(day) {
		switch {
		case forever:
			d.Suspended = clock.used()
			return d
		case still:
			d.Still++
		default:
			d.pass(day)
		}
		day = calendar.Next(day)
	}
	d.Last, d.Suspended = day, clock.used()
	return d
}

// pass notes a day that did not count.
func (d *Deadline) pass(day time.Time) {
	if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		d.Weekend++
		return
	}
	name, _ := calendar.HolidayOf(day)
	d.Holidays = append(d.Holidays, Holiday{Day: day, Name: name})
}

// length is how many units are counted one by one: working days, or calendar
// days also for months and years, whose date is that of the event or the last
// one of a shorter month (Pd4).
func length(rule Rule, event time.Time) int {
	months := rule.N
	switch rule.Unit {
	case Years:
		months *= 12
	case Months:
	default:
		return rule.N
	}
	y, m, d := event.Date()
	last := portal.Date(y, m+time.Month(months)+1, 0)
	end := portal.Date(last.Year(), last.Month(), min(d, last.Day()))
	return int(noon(end).Sub(noon(event)).Hours()) / 24
}

// noon is a day without a zone, so that all are 24 hours apart.
func noon(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
}

// stop is one merged suspension and whether it touched a day asked about.
type stop struct {
	portal.Period
	touched bool
}

// clock knows when it stood still.
type clock []stop

// stops merges what overlaps or touches, so that it makes no difference in how
// many pieces a suspension was written down.
func stops(periods []portal.Period) clock {
	var c clock
	for _, p := range slices.SortedFunc(slices.Values(periods), func(a, b portal.Period) int { return a.From.Compare(b.From) }) {
		if !p.To.IsZero() && !p.From.Before(p.To) {
			continue
		}
		if n := len(c) - 1; n >= 0 && (c[n].To.IsZero() || !p.From.After(c[n].To)) {
			if !c[n].To.IsZero() && (p.To.IsZero() || p.To.After(c[n].To)) {
				c[n].To = p.To
			}
			continue
		}
		c = append(c, stop{Period: p})
	}
	return c
}

// stand tells whether the clock stood still for any part of a day, and whether
// nobody knows until when. It notes the suspensions that did it.
func (c clock) stand(day time.Time) (still, forever bool) {
	whole := portal.Period{From: day, To: calendar.Next(day)}
	for i := range c {
		if c[i].Overlaps(whole) {
			still, c[i].touched = true, true
			forever = forever || c[i].To.IsZero()
		}
	}
	return still, forever
}

// used gives the suspensions that touched the counting.
func (c clock) used() []portal.Period {
	var all []portal.Period
	for _, s := range c {
		if s.touched {
			all = append(all, s.Period)
		}
	}
	return all
}
