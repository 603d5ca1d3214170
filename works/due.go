package works

import (
	"time"

	"guichet/portal"
	"guichet/works/calendar"
)

// Deadline gives the legal deadline that runs for a request now, with how it
// was counted (C.4); ok is false where none runs. steps are all of its steps.
// While permits or the customer's own works are awaited the clock stands still,
// and there is no date.
func (r Request) Deadline(steps []Step, rules calendar.Table) (d calendar.Deadline, ok bool) {
	if !r.Promised.IsZero() && r.Status.from(Preparing) && !r.Status.from(Done) {
		return calendar.Fixed(r.Promised), true // D13
	}
	rule, event, ok := r.clock(rules)
	if !ok {
		return d, false
	}
	return calendar.Count(rule, event, stood(steps)), true
}

// clock gives the rule that runs in a status and the event it counts from: the
// sending for an offer, the agreement for its deposit, and for the works the
// day by which both agreement and deposit were there. Works that were carried out
// once met theirs or did not; what is put right afterwards has none.
func (r Request) clock(rules calendar.Table) (rule calendar.Rule, event time.Time, ok bool) {
	switch r.Status {
	case Offered:
		event = r.Offer.SentAt
		rule, ok = rules.For(calendar.OfferValid, event)
	case Agreed:
		event = r.Offer.AgreedAt
		rule, ok = rules.For(calendar.PaymentDue, event)
	case Preparing, Awaiting, Planned, Postponed, Working:
		if r.Result != "" {
			return rule, event, false
		}
		if event = r.Offer.AgreedAt; r.Offer.PaidAt.After(event) {
			event = r.Offer.PaidAt
		}
		if !event.IsZero() {
			rule, ok = r.promised(rules, event)
		}
	}
	return rule, event, ok && !event.IsZero()
}

// promised is the rule for the works themselves: a dwelling's connection and
// gas have a legal one, the others what the offer says (C.4).
func (r Request) promised(rules calendar.Table, event time.Time) (calendar.Rule, bool) {
	switch {
	case r.Kind == NewConnection && r.Declared.Dwelling:
		return rules.For(calendar.LowVoltageHome, event)
	case r.Kind == GasConnection && r.Offer.Extension:
		return rules.For(calendar.GasExtension, event)
	case r.Kind == GasConnection:
		return rules.For(calendar.GasStandard, event)
	}
	return calendar.Offered(int(r.Offer.Version), r.Offer.Days, calendar.Working), r.Offer.Days > 0
}

// LegalDays tells whether a law says in which time the works are done, so that
// the offer need not.
func (r Request) LegalDays() bool {
	return r.Kind == GasConnection || r.Kind == NewConnection && r.Declared.Dwelling
}

// stood are the times in which the clock stood still.
func stood(steps []Step) (still []portal.Period) {
	for _, s := range steps {
		if n := len(still) - 1; s.From == Awaiting && s.To != Awaiting && n >= 0 && still[n].To.IsZero() {
			still[n].To = s.At
		}
		if s.To == Awaiting {
			still = append(still, portal.Period{From: s.At})
		}
	}
	return still
}

// due is when the next date passes, the requester's own or the legal one.
func (r Request) due(steps []Step, rules calendar.Table) time.Time {
	switch r.Status {
	case Incomplete:
		return r.MissingBy
	case Offered:
		return r.Offer.ValidTo
	}
	if d, ok := r.Deadline(steps, rules); ok {
		return d.Ends()
	}
	return time.Time{}
}
