package works

import (
	"encoding/json"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/tx"
	"guichet/works/calendar"
)

// Told lists the events a requester is written to about: each asks something of
// them, fixes a day, or ends what they wait for (W5, W7, W8). A new one needs:
// web/locales "letter.works.news."+event.
var Told = []Event{EventAskMissing, EventOffer, EventLapse, EventAccept, EventAwait, EventPlan, EventPostpone, EventBreakOff, EventClose, EventRefuse}

// InTheirName lists what a requester is written about where staff did it in their
// name: who did not ask for that on the telephone learns it (L18).
var InTheirName = []Event{EventDecline, EventCancel}

// News is what is written to them. It opens nothing, and tells nothing that an
// ordinary end of contract would not (D12).
type News struct {
	Number  string
	Kind    Kind // masked
	Energy  portal.Energy
	Event   Event
	Status  Status    // after it: the title says whose turn it is
	Until   time.Time // the last day to answer, pay, reopen or give what is missing, the day planned, or since when it is so; zero for none
	Missing []string  // fields and documents
	Offer   Offer     // of EventOffer and EventAccept: the letter says what it costs (W7)
	Company string    // of Followed: its number
}

// Followed is the event of the News that a company follows the request since it
// typed number and code (D10): who did not give them away can end it.
const Followed Event = "followed"

// tell queues what a requester must know of an event that somebody has just made
// happen.
func (r *Request) tell(t tx.Tx, by portal.Actor, e Event, now time.Time) error {
	if slices.Contains(Told, e) || by.Kind == portal.Staff && slices.Contains(InTheirName, e) {
		return r.write(t, e, now)
	}
	return nil
}

// Shown is the status whose words a requester reads: an agreement whose deposit
// is there, or is nothing, asks them for nothing more, wherever the works system
// still has it.
func (s Status) Shown(o Offer) Status {
	if s == Agreed && !o.AgreedAt.IsZero() && o.Paid >= o.Deposit() {
		return Preparing
	}
	return s
}

// write queues what is written about an event or a reminder.
func (r *Request) write(t tx.Tx, e Event, now time.Time) error {
	n := News{Event: e}
	switch e {
	case EventAskMissing, RemindMissing:
		if n.Missing = r.Missing; !r.MissingBy.IsZero() {
			n.Until = r.MissingBy.Add(-time.Second)
		}
	case EventOffer:
		n.Until, n.Offer = r.Offer.ValidTo.Add(-time.Second), r.Offer
	case RemindOffer:
		n.Until = r.Offer.ValidTo.Add(-time.Second)
	case EventAccept:
		n.Offer = r.Offer
		if d, runs := r.Deadline(nil, calendar.Defaults()); runs && r.Status.Shown(r.Offer) == Agreed {
			n.Until = d.Last
		}
	case EventPlan, RemindDay:
		n.Until = r.Day
	case EventClose:
		n.Until = r.Reopening().Last
	case EventDecline, EventCancel:
		n.Until = now
	}
	return r.send(t, n, now)
}

// send queues a News with what it says of its request.
func (r *Request) send(t tx.Tx, n News, now time.Time) error {
	n.Number, n.Kind, n.Energy, n.Status = r.Number.Reveal(), r.Kind.Masked(), r.Energy, r.Status.Shown(r.Offer)
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	l := outbox.Letter{Kind: outbox.WorksNews, Data: data, QueuedAt: now}
	r.Address(&l)
	t.Send(l)
	return nil
}
