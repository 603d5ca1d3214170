package works

import (
	"encoding/json"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/tx"
)

// Told lists the events a requester is written to about: each asks something of
// them, fixes a day, or ends what they wait for (W5, W7, W8). A new one needs:
// web/locales "letter.works.news."+event.
var Told = []Event{EventAskMissing, EventOffer, EventLapse, EventPlan, EventPostpone, EventBreakOff, EventClose, EventRefuse}

// News is what is written to them. It opens nothing, and tells nothing that an
// ordinary end of contract would not (D12).
type News struct {
	Number  string
	Kind    Kind // masked
	Energy  portal.Energy
	Event   Event
	Until   time.Time // the last moment to answer or to give what is missing, or the day planned
	Missing []string  // fields and documents
	Offer   Offer     // of EventOffer: the letter brings it (W7)
}

// tell queues what a requester must know of an event that has just happened.
func (r *Request) tell(t tx.Tx, e Event, now time.Time) error {
	if !slices.Contains(Told, e) {
		return nil
	}
	n := News{Number: r.Number.Reveal(), Kind: r.Kind.Masked(), Energy: r.Energy, Event: e}
	switch e {
	case EventAskMissing:
		n.Until, n.Missing = r.MissingBy, r.Missing
	case EventOffer:
		n.Until, n.Offer = r.Offer.ValidTo.Add(-time.Second), r.Offer
	case EventPlan:
		n.Until = r.Day
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	l := outbox.Letter{Kind: outbox.WorksNews, Data: data, QueuedAt: now}
	r.Address(&l)
	t.Send(l)
	return nil
}
