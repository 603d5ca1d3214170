package desk

import (
	"fmt"
	"slices"
	"time"

	"guichet/portal"
	days "guichet/portal/calendar"
	"guichet/works"
	"guichet/works/calendar"
)

// Final are the acts that nobody can take back: none happens at one click.
var Final = []Act{Act(works.EventOffer), Act(works.EventAccept), Act(works.EventDecline), Act(works.EventChange), Act(works.EventCancel), Act(works.EventRefuse)}

// Unsure is the answer to an act that must be confirmed first; as an error it is
// the problem at the box "sure" of its form. Nothing has happened.
type Unsure struct {
	Act Act
	// Mark is what the box sends when it is ticked. It changes with what was
	// typed, so that nobody confirms what they have not read.
	Mark  string
	Would works.Request // as the act would leave it

	// What speaks against a planned day: nobody works on it, be it for a holiday,
	// or it lies after the last day of the deadline (C.4).
	Idle    bool
	Holiday days.Holiday
	Late    time.Time
}

// Error implements error.
func (a *Unsure) Error() string { return "desk: " + string(a.Act) + " must be confirmed" }

// Unwrap tells the page where it is confirmed.
func (a *Unsure) Unwrap() error {
	return portal.Problems{{Code: portal.Invalid, Key: "desk.works.sure", Field: ActField(a.Act, "sure")}}
}

// ask gives what must be confirmed of an act, nil for nothing and for what the
// rules forbid anyway. change is what the act does to the request.
func (y *Yard) ask(a Act, shown works.Request, steps []works.Step, change func(*works.Request) error) *Unsure {
	q := &Unsure{Act: a, Would: shown}
	if change != nil && change(&q.Would) != nil || y.Service.Master.Happen(&q.Would, works.Event(a), y.Clock()) != nil {
		return nil
	}
	switch {
	case works.Event(a) == works.EventOffer:
		o := q.Would.Offer
		q.Mark = fmt.Sprint(o.Total(), "-", o.VAT, "-", o.Days, "-", o.Extension)
	case slices.Contains(Final, a):
		q.Mark = "yes"
	case works.Event(a) == works.EventPlan:
		day := q.Would.Day
		q.Idle = !days.Working(day)
		q.Holiday, _ = days.HolidayOf(day)
		if d, runs := shown.Deadline(steps, calendar.Defaults()); runs && d.Passed(day) {
			q.Late = d.Last
		}
		if q.Idle || !q.Late.IsZero() {
			q.Mark = days.Day(day).Format(time.DateOnly)
		}
	}
	if q.Mark == "" {
		return nil
	}
	return q
}
