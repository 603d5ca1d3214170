package works

import (
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/works/calendar"
)

// View is what its requester may know of a request, by number and code, by their
// own visit, or as the partner that made it (Wd4): nothing else leaves this room
// towards people who are not staff (W19). Where strangers must not tell a drop
// from an end of contract, what was written by hand and could tell is left out
// of all three alike (D12, L15, Ld8).
type View struct {
	ID        string
	Number    keys.Secret
	Contact   Contact
	May       []Event // what they may let happen now
	Kind      Kind
	Energy    portal.Energy
	Phase     Phase
	Status    Status
	Turn      Turn
	Since     time.Time
	MadeAt    time.Time
	Missing   []string
	MissingBy time.Time
	Offer     Offer
	Day       time.Time
	Team      string // an installer's alone, who meets it
	Site      Address
	Values    map[Field]string
	Steps     []Step
	// Deadline is the legal date that runs now, where one Runs; Rule is how the
	// works' own will be counted, where it is Promised (C.4).
	Deadline   calendar.Deadline
	Runs       bool
	Rule       calendar.Rule
	Promised   bool
	Reopening  calendar.Deadline // while it is closed
	NetworkYes bool              // the network user's agreement is there, or none is needed
}

// View gives the requester's view of a request and its steps, whose By tells of
// which sort somebody was and no more (W19).
func (r Request) View(steps []Step, now time.Time) View {
	v := View{ID: r.ID, Number: r.Number, Contact: r.Contact, May: r.Moves(Requester, now), Kind: r.Kind, Energy: r.Energy,
		Phase: r.Phase, Status: r.Status, Turn: r.Status.Turn(), Since: r.Since, MadeAt: r.MadeAt,
		Missing: r.Missing, MissingBy: r.MissingBy, Offer: r.Offer, Day: r.Day, Site: r.Site, Values: r.Values,
		Reopening:  r.Reopening(),
		NetworkYes: !r.Kind.Facts().UserAgrees || !r.UserAgreedAt.IsZero()}
	rules := calendar.Defaults()
	v.Deadline, v.Runs = r.Deadline(steps, rules)
	v.Rule, v.Promised = r.promised(rules, now)
	v.Promised = v.Promised && r.Kind.Facts().Offer
	v.Steps = make([]Step, len(steps))
	for i, s := range steps {
		if s.By == ByWorksSystem("").Actor {
			s.By.Kind = portal.Staff // the operator, by another door (D13)
		}
		s.By = portal.Actor{Kind: s.By.Kind}
		v.Steps[i] = s
	}
	if r.Kind.Masked() != EndOfContract {
		return v
	}
	v.Kind = EndOfContract
	for i := range v.Steps {
		v.Steps[i].Reason, v.Steps[i].By = "", portal.Actor{}
	}
	return v
}

// installers is what an installer may let happen in the requester's name: it
// brings what is missing and says that a day does not hold. Answers to offers,
// ends and objections are the requester's own.
var installers = []Event{EventComplete, EventPostpone}

// ForInstaller gives the view of a partner that made a request or holds it
// (D10): where it stands, not whose it is nor what it costs. Of the three kinds
// that must not be told apart it knows no team (D12).
func (r Request) ForInstaller(steps []Step, now time.Time) View {
	v := r.View(steps, now)
	v.Contact, v.Offer = Contact{}, Offer{ValidTo: r.Offer.ValidTo}
	for i, s := range v.Steps { // what the requester writes to the operator is not for others
		if s.By.Kind == portal.Household || s.By.Kind == portal.Visitor {
			v.Steps[i].Reason = ""
		}
	}
	v.May = slices.DeleteFunc(v.May, func(e Event) bool { return !slices.Contains(installers, e) })
	if r.Kind.Masked() != EndOfContract {
		v.Team = r.Team
	}
	return v
}

// CanReopen tells whether the requester may say that all is not well.
func (v View) CanReopen() bool { return slices.Contains(v.May, EventReopen) }

// Reopening is the time in which a closed request can be reopened; zero for one
// that is not closed.
func (r Request) Reopening() calendar.Deadline {
	rule, ok := calendar.Defaults().For(calendar.Reopen, r.ClosedAt)
	if r.Status != Closed || !ok {
		return calendar.Deadline{}
	}
	return calendar.Count(rule, r.ClosedAt, nil)
}
