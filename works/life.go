package works

import (
	"slices"
	"time"

	"guichet/portal"
)

// Phase is one of the six modules of the source report, in order (W4).
type Phase string

// The phases. A new one needs: Phases, the table of statuses, web/locales
// "works.phase."+name.
const (
	Capture     Phase = "capture"
	Study       Phase = "study"
	Offering    Phase = "offer"
	Preparation Phase = "preparation"
	Execution   Phase = "execution"
	Closing     Phase = "closing" // post-administration
)

// Phases lists them all, in order.
var Phases = []Phase{Capture, Study, Offering, Preparation, Execution, Closing}

// Turn is who must act next (facts C.3).
type Turn string

// The turns. A new one needs: Turns, web/locales "works.turn."+name.
const (
	Requester Turn = "requester"
	Operator  Turn = "operator"
	Nobody    Turn = "nobody" // it is over
)

// Turns lists them all.
var Turns = []Turn{Requester, Operator, Nobody}

// Status is where a request stands, in the words its requester reads (facts C.3).
type Status string

// The statuses. A new one needs: the tables below, web/locales
// "works.status."+name, "works.title."+name, "works.next."+name and
// "desk.works.status."+name.
const (
	Received   Status = "received"   // recorded, being read
	Incomplete Status = "incomplete" // something is missing (W5)
	Studied    Status = "studied"    // the network is being studied (W6)
	Drawing    Status = "drawing"    // the offer is being drawn up (W7)
	Offered    Status = "offered"    // it waits for the requester's answer
	Agreed     Status = "agreed"     // accepted, its deposit is awaited
	Preparing  Status = "preparing"  // works and papers are being prepared (W8)
	Awaiting   Status = "awaiting"   // for permits, or what the customer prepares; no deadline runs
	Planned    Status = "planned"    // a day is fixed (W8)
	Postponed  Status = "postponed"  // the day did not hold, another is looked for
	Working    Status = "working"    // the team is on site (W9)
	Done       Status = "done"       // carried out; its papers are being closed (W10)
	InService  Status = "in-service" // commissioned
	Closed     Status = "closed"     // assets recorded and invoiced (W10)
	Expired    Status = "expired"    // the offer was not answered in time
	Cancelled  Status = "cancelled"  // by the requester
	Refused    Status = "refused"    // by the operator, with the reason
)

// standing is what a status says of itself.
type standing struct {
	status Status
	phase  Phase // "" for the ends before closing: they keep the phase they came in
	turn   Turn
}

var standings = []standing{
	{Received, Capture, Operator},
	{Incomplete, Capture, Requester},
	{Studied, Study, Operator},
	{Drawing, Offering, Operator},
	{Offered, Offering, Requester},
	{Agreed, Offering, Requester},
	{Preparing, Preparation, Operator},
	{Awaiting, Preparation, Requester},
	{Planned, Preparation, Operator},
	{Postponed, Preparation, Operator},
	{Working, Execution, Operator},
	{Done, Closing, Operator},
	{InService, Closing, Operator},
	{Closed, Closing, Nobody},
	{Expired, "", Nobody},
	{Cancelled, "", Nobody},
	{Refused, "", Nobody},
}

// Statuses lists them all, in the order of a request's life.
var Statuses = func() (all []Status) {
	for _, s := range standings {
		all = append(all, s.status)
	}
	return all
}()

func (s Status) standing() standing {
	for _, st := range standings {
		if st.status == s {
			return st
		}
	}
	return standing{}
}

// Turn tells who must act next.
func (s Status) Turn() Turn { return s.standing().turn }

// Over tells whether nothing more is to come; a closed request may be reopened.
func (s Status) Over() bool { return s.Turn() == Nobody }

// ended tells the ends that no works led to.
func (s Status) ended() bool { return s == Expired || s == Cancelled || s == Refused }

// Event is something that happens to a request.
type Event string

// The events. A new one needs: Events, the table below, web/locales
// "works.event."+name.
const (
	EventAskMissing   Event = "ask-missing" // an officer names what is missing
	EventComplete     Event = "complete"    // the requester gave it
	EventStudy        Event = "study"       // complete: the study begins
	EventDraw         Event = "draw"        // studied, or stated as not needed: the offer is drawn up
	EventPrepare      Event = "prepare"     // the same, for a kind without an offer
	EventOffer        Event = "offer"       // the offer leaves
	EventAccept       Event = "accept"      // the requester agrees, on line or on paper
	EventDecline      Event = "decline"     // or does not
	EventLapse        Event = "lapse"       // nobody answered in time
	EventPay          Event = "pay"         // the deposit has come
	EventChange       Event = "change"      // the data changed: the offer is void, the study begins anew (Wd3)
	EventAwait        Event = "await"       // permits or the customer's own works are missing
	EventResume       Event = "resume"      // they are there
	EventPlan         Event = "plan"        // a day is fixed
	EventPostpone     Event = "postpone"    // it does not hold
	EventStart        Event = "start"       // the team begins
	EventBreakOff     Event = "break-off"   // it could not finish
	EventCarryOut     Event = "carry-out"   // the works are done
	EventPutInService Event = "put-in-service"
	EventClose        Event = "close"  // assets and invoice are recorded (W10)
	EventReopen       Event = "reopen" // all is not well, within 30 days
	EventCancel       Event = "cancel" // by the requester, before the works begin
	EventRefuse       Event = "refuse" // by the operator, before an offer leaves
)

// step is one arrow of the life: an event, from where, to where, and who may
// make it happen.
type step struct {
	event   Event
	from    []Status
	to      Status
	by      Turn // Nobody: time alone, or the bank
	outside holder
}

// steps is the life of a request. What is not in it does not happen.
var steps = []step{
	{EventAskMissing, []Status{Received}, Incomplete, Operator, held},
	{EventAskMissing, []Status{Studied}, Incomplete, Operator, theirs}, // back to another phase
	{EventComplete, []Status{Incomplete}, Received, Requester, named},
	{EventStudy, []Status{Received}, Studied, Operator, theirs},
	{EventDraw, []Status{Received, Studied}, Drawing, Operator, theirs},
	{EventPrepare, []Status{Received, Studied}, Preparing, Operator, theirs},
	{EventOffer, []Status{Drawing}, Offered, Operator, theirs},
	{EventAccept, []Status{Offered}, Agreed, Requester, held},
	{EventDecline, []Status{Offered}, Cancelled, Requester, held},
	{EventLapse, []Status{Offered}, Expired, Nobody, theirs},
	{EventPay, []Status{Agreed}, Preparing, Nobody, theirs},
	{EventChange, []Status{Drawing, Offered, Agreed, Preparing, Awaiting, Planned, Postponed}, Studied, Requester, theirs},
	{EventAwait, []Status{Preparing, Planned, Postponed}, Awaiting, Operator, theirs},
	{EventResume, []Status{Awaiting}, Preparing, Operator, theirs},
	{EventPlan, []Status{Preparing, Planned, Postponed, Done}, Planned, Operator, theirs}, // from Done: the team comes back
	{EventPostpone, []Status{Planned}, Postponed, Requester, theirs},
	{EventStart, []Status{Planned}, Working, Operator, theirs},
	{EventBreakOff, []Status{Working}, Postponed, Operator, theirs},
	{EventCarryOut, []Status{Working}, Done, Operator, theirs},
	{EventPutInService, []Status{Done}, InService, Operator, theirs},
	{EventClose, []Status{Done, InService}, Closed, Operator, theirs},
	{EventReopen, []Status{Closed}, Done, Requester, held},
	{EventCancel, []Status{Received, Incomplete, Studied, Drawing, Offered, Agreed, Preparing, Awaiting, Planned, Postponed}, Cancelled, Requester, held},
	{EventRefuse, []Status{Received, Incomplete, Studied, Drawing}, Refused, Operator, theirs},
}

// Events lists them all.
var Events = func() (all []Event) {
	for _, s := range steps {
		if !slices.Contains(all, s.event) {
			all = append(all, s.event)
		}
	}
	return all
}()

// next gives the status after an event; a Conflict "works.state" where the
// request is elsewhere: somebody was faster, or the page is old.
func (s Status) next(e Event) (Status, error) {
	for _, st := range steps {
		if st.event != e {
			continue
		}
		for _, from := range st.from {
			if from == s {
				return st.to, nil
			}
		}
	}
	return s, &portal.Error{Code: portal.Conflict, Key: "works.state"}
}

// Happen lets an event happen to a request, or tells which rule forbids it;
// then nothing of it has changed.
func (r *Request) Happen(e Event, now time.Time) error { return InPortal.Happen(r, e, now) }

// Happen is Request.Happen under a master: it decides no more than where an
// accepted offer goes whose deposit is there (D13).
func (m Master) Happen(r *Request, e Event, now time.Time) error {
	to, err := r.Status.next(e)
	if err != nil {
		return err
	}
	if key := r.forbids(e, now); key != "" {
		return &portal.Error{Code: portal.Conflict, Key: key}
	}
	if e == EventAccept && r.paidEnough() && m != External {
		to = Preparing // no deposit is asked, or it came before the answer
	}
	switch e {
	case EventChange:
		r.void()
	case EventAwait, EventPostpone, EventBreakOff:
		r.Day = time.Time{}
	case EventClose:
		r.ClosedAt = now
	case EventReopen, EventPlan: // what is done anew is recorded anew (W10)
		r.ClosedAt, r.InvoicedAt, r.AssetAt = time.Time{}, time.Time{}, time.Time{}
	}
	if phase := to.standing().phase; phase != "" {
		r.Phase = phase
	}
	r.Status, r.Since = to, now
	return nil
}

// void forgets the offer, and with it what was said of the former data (Wd3, W6,
// D11); what was paid stays.
func (r *Request) void() {
	r.Offer, r.Day = Offer{Version: r.Offer.Version, Paid: r.Offer.Paid, PaidAt: r.Offer.PaidAt}, time.Time{}
	r.StudyNotNeeded, r.UserAgreedAt = false, time.Time{}
}

// forbids gives the key of the rule that stands against an event which the
// status alone would allow, "" for none.
func (r *Request) forbids(e Event, now time.Time) string {
	kind := r.Kind.Facts()
	switch e {
	case EventStudy, EventDraw, EventPrepare:
		switch {
		case len(r.Missing) > 0:
			return "works.incomplete" // W5
		case e == EventDraw && !kind.Offer, e == EventPrepare && kind.Offer:
			return "works.kind"
		case e != EventStudy && r.Status == Received && !r.StudyNotNeeded:
			return "works.study" // W6
		case e == EventPrepare && kind.UserAgrees && r.UserAgreedAt.IsZero():
			return "works.user" // D11, of a kind without an offer to accept
		}
	case EventComplete:
		if len(r.Missing) > 0 {
			return "works.incomplete"
		}
	case EventChange, EventCancel:
		switch {
		case r.Result != "":
			return "works.state" // carried out once, and paid: they are put right, not paid back
		case e == EventChange && !kind.Offer:
			return "works.kind"
		}
	case EventOffer:
		if !r.Offer.Complete() {
			return "works.offer" // W7
		}
	case EventAccept:
		switch {
		case !now.Before(r.Offer.ValidTo):
			return "works.expired" // Wd3
		case kind.UserAgrees && r.UserAgreedAt.IsZero():
			return "works.user" // D11
		}
	case EventLapse:
		if now.Before(r.Offer.ValidTo) {
			return "works.valid"
		}
	case EventPay:
		if !r.paidEnough() {
			return "works.deposit"
		}
	case EventPlan:
		switch {
		case kind.Offer && !r.paidEnough():
			return "works.deposit" // the bank took it back (Wd3)
		case !r.Day.After(now):
			return "works.day" // W8
		}
	case EventStart:
		switch {
		case kind.Offer && !r.paidEnough():
			return "works.deposit"
		case r.Day.IsZero():
			return "works.day"
		}
	case EventCarryOut:
		if r.Result == "" {
			return "works.result" // W9
		}
	case EventPutInService:
		if r.Kind.Masked() == EndOfContract {
			return "works.kind" // none of the three, or they could be told apart (D12)
		}
	case EventClose:
		if r.AssetAt.IsZero() || r.InvoicedAt.IsZero() {
			return "works.closing" // W10
		}
	case EventReopen:
		if r.Reopening().Passed(now) {
			return "works.late"
		}
	}
	return ""
}

// paidEnough tells whether what came covers the deposit.
func (r *Request) paidEnough() bool { return r.Offer.Paid >= r.Offer.Deposit() }

// Moves lists the events that somebody may let happen now, where the portal is
// the master.
func (r *Request) Moves(by Turn, now time.Time) []Event { return InPortal.Moves(*r, by, now) }
