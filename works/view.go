package works

import (
	"time"

	"guichet/portal"
)

// Viewer is in what right somebody looks at a request.
type Viewer string

// The viewers.
const (
	AsRequester   Viewer = "requester"    // by number and code, by their own visit, or as the partner that made it (Wd4)
	AsNetworkUser Viewer = "network-user" // of the point now, and only what concerns supply cuts there (Wd1)
	AsStaff       Viewer = "staff"
)

// View is what somebody may know of a request: nothing else leaves this room
// towards people who are not staff (W19). Where strangers must not tell a drop
// from an end of contract, what was written by hand and could tell is left out
// of all three alike (D12, L15, Ld8).
type View struct {
	Kind       Kind
	Energy     portal.Energy
	Phase      Phase
	Status     Status
	Turn       Turn
	Since      time.Time
	MadeAt     time.Time
	Missing    []string
	MissingBy  time.Time
	Offer      Offer
	Day        time.Time
	Site       Address
	Values     map[Field]string
	Steps      []Step
	CanReopen  bool
	NetworkYes bool // the network user's agreement is there, or none is needed
}

// For gives a viewer's view of a request and its steps. By is left out of the
// steps for everybody but staff (W19).
func (r Request) For(who Viewer, steps []Step, now time.Time) View {
	v := View{Kind: r.Kind, Energy: r.Energy, Phase: r.Phase, Status: r.Status, Turn: r.Status.Turn(), Since: r.Since, MadeAt: r.MadeAt,
		Missing: r.Missing, MissingBy: r.MissingBy, Offer: r.Offer, Day: r.Day, Site: r.Site, Values: r.Values,
		CanReopen:  r.Status == Closed && now.Sub(r.ClosedAt) < reopening,
		NetworkYes: !r.Kind.Facts().UserAgrees || !r.UserAgreedAt.IsZero()}
	v.Steps = make([]Step, len(steps))
	for i, s := range steps {
		if who != AsStaff {
			s.By = portal.Actor{Kind: s.By.Kind}
		}
		v.Steps[i] = s
	}
	if who != AsRequester || r.Kind.Masked() != EndOfContract {
		return v
	}
	v.Kind = EndOfContract
	for i := range v.Steps {
		v.Steps[i].Reason, v.Steps[i].By = "", portal.Actor{}
	}
	return v
}
