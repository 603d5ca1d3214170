package mandates

import (
	"time"

	"guichet/portal"
)

// Event is something that happens to the text of a mandate.
type Event string

// The events.
const (
	EventEdit     Event = "edit"     // the partner changes the draft: a new text, to be signed anew
	EventGiveIn   Event = "give-in"  // with the signed document
	EventReturn   Event = "return"   // the officer asks for what is missing
	EventDecide   Event = "decide"   // the officer grants and refuses lines
	EventWithdraw Event = "withdraw" // the partner gives it up
)

// Events lists them all.
var Events = []Event{EventEdit, EventGiveIn, EventReturn, EventDecide, EventWithdraw}

// next is the life of a text: what is not in it does not happen.
var next = map[Status]map[Event]Status{
	Drafted:  {EventEdit: Drafted, EventGiveIn: GivenIn, EventWithdraw: Withdrawn},
	GivenIn:  {EventReturn: Returned, EventDecide: Decided, EventWithdraw: Withdrawn},
	Returned: {EventEdit: Drafted, EventGiveIn: GivenIn, EventWithdraw: Withdrawn},
}

// Next gives the status after an event; a Conflict "mandate.state" where the
// mandate is elsewhere: somebody was faster, or the page is old.
func (s Status) Next(e Event) (Status, error) {
	to, ok := next[s][e]
	if !ok {
		return s, &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
	}
	return to, nil
}

// Next gives the status after an event. A customer's own text is not the
// mandatary's to change: they said yes to it as it stands.
func (m Mandate) Next(e Event) (Status, error) {
	if e == EventEdit && m.WrittenBy != "" {
		return m.Status, &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
	}
	return m.Status.Next(e)
}

// Check is something an officer must have compared before a mandate is
// granted. A new one needs: Checks, web/locales "mandate.check."+name.
type Check string

// CheckSignature is the one that an electronic signature stands for.
const CheckSignature Check = "signature"

// Checks lists them all.
var Checks = []Check{"name", "address", "meter", "text", "period", CheckSignature, "capacity"}

// Grant lets a line deliver: at once where proven, else from the customer's
// confirmation on, or ten working days after the letter that tells them (D8).
func (l *Line) Grant(occupancyID, letterID string, proven bool, now time.Time) error {
	if l.Outcome != Proposed || occupancyID == "" || letterID == "" {
		return &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
	}
	l.Outcome, l.OccupancyID, l.LetterID, l.Proven, l.GrantedAt = Granted, occupancyID, letterID, proven, now
	return nil
}

// Refuse ends a line before it began.
func (l *Line) Refuse(reason string) error {
	if l.Outcome != Proposed || reason == "" {
		return &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
	}
	l.Outcome, l.Reason = Refused, reason
	return nil
}

// Confirm makes a waiting line deliver at once: the customer said yes behind
// the reference of that occupancy (D8). Twice is once.
func (l *Line) Confirm(now, until time.Time) error {
	switch l.StatusAt(now, until) {
	case LineInForce:
		return nil
	case LineWaiting:
		l.ConfirmedAt = now
		return nil
	}
	return &portal.Error{Code: portal.Conflict, Key: "mandate.state"}
}

// Stop ends a line that waits or is in force, for good. One that is over stays
// as it is: ended twice keeps the first end.
func (l *Line) Stop(end End, now, until time.Time) (changed bool) {
	if end == ByRenewal && l.End == NotEnded && l.succeeded(now, until) {
		l.End, l.EndedAt = end, l.SucceededAt // now it is written down, with its date
		return true
	}
	switch l.StatusAt(now, until) {
	case LineWaiting, LineInForce:
		l.End, l.EndedAt = end, now
		return true
	}
	return false
}

// Succeed tells a line of one that renews it: of the same stay, with the
// validity of its mandate. What ended before it began took nobody's place.
func (l *Line) Succeed(by Line, validity portal.Period) {
	begins := by.Begins()
	if begins.IsZero() || by.EAN != l.EAN || by.OccupancyID != l.OccupancyID {
		return
	}
	if begins.Before(validity.From) {
		begins = validity.From
	}
	if !begins.Before(validity.To) || by.End != NotEnded && !begins.Before(by.EndedAt) {
		return
	}
	if l.SucceededAt.IsZero() || begins.Before(l.SucceededAt) {
		l.SucceededAt = begins
	}
}
