package works

import (
	"slices"
	"time"

	"guichet/portal"
)

// Master is who leads requests through their phases (D13).
type Master string

// The masters, as WORKS_MASTER names them.
const (
	InPortal Master = "portal"
	// External is the operator's works system: phases and dates come from there
	// alone, by import or interface. On the portal officers ask for what is
	// missing, look through documents and note the network user's agreement, and
	// requesters answer; none of it moves a phase or a date.
	External Master = "external"
)

// holder tells of an arrow who makes it on the portal while the works system is
// the master. An arrow that changes the phase or a date is never held here.
type holder int

const (
	theirs holder = iota // nobody: the works system alone
	held                 // whom the arrow names, and nobody in their name
	named                // an officer in the requester's name, too
)

// theirNotes are what is recorded without a move and is the works system's: who
// has it, and the dates of its closing.
var theirNotes = []string{"team", "asset", "invoice"}

// Lets tells whether somebody may let an event happen at a status on the portal,
// as far as the master is concerned.
func (m Master) Lets(who Turn, at Status, e Event) bool {
	if m != External {
		return true
	}
	somewhere := false
	for _, s := range steps {
		if s.event != e {
			continue
		}
		lets := s.by == who && s.outside != theirs || s.by == Requester && who == Operator && s.outside == named
		if slices.Contains(s.from, at) {
			return lets
		}
		somewhere = somewhere || lets
	}
	return somewhere
}

// Records tells whether something that moves nothing is recorded on the portal.
func (m Master) Records(note string) bool {
	return m != External || !slices.Contains(theirNotes, note)
}

// ErrMaster says no to whoever would move what the works system moves.
var ErrMaster = &portal.Error{Code: portal.Conflict, Key: "works.master"}

// Moves lists the events that somebody may let happen to a request now, in their
// own name.
func (m Master) Moves(r Request, by Turn, now time.Time) (open []Event) {
	for _, s := range steps {
		if s.by != by || slices.Contains(open, s.event) || !m.Lets(by, r.Status, s.event) {
			continue
		}
		if _, err := r.Status.next(s.event); err == nil && r.forbids(s.event, now) == "" {
			open = append(open, s.event)
		}
	}
	return open
}

// InTheirName lists those that an officer may let happen in the requester's: what
// came on paper or by telephone.
func (m Master) InTheirName(r Request, now time.Time) []Event {
	return slices.DeleteFunc(InPortal.Moves(r, Requester, now), func(e Event) bool { return !m.Lets(Operator, r.Status, e) })
}
