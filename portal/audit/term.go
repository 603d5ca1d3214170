package audit

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
)

// Term is a class of entries whose openings are kept equally long (D16).
type Term string

// The terms.
const (
	ForGood     Term = ""            // of the house alone: nothing in it is about a person
	Accesses    Term = "accesses"    // who came, tried, signed in or read
	Disclosures Term = "disclosures" // what was shown or left, and all that it rests on
)

// Terms lists those that end.
var Terms = []Term{Accesses, Disclosures}

// Kept is for how many years.
func (t Term) Kept() int {
	if t == Accesses {
		return 3
	}
	return 10
}

// termActions tells the actions of the terms but Disclosures, which has all
// others: an action that nobody thought of here is kept for longer, not lost.
var termActions = map[Term][]Action{
	ForGood: {Erased, RestoreAccepted, KeysMade, Migrated, ClockSet, DoorClosed, DoorAsked, DoorOpened, GateMoved, DigitsMeasured},
	Accesses: {LookupRefused, LookupOpened, LookupBlocked, LookupUnheard, AlarmRaised, VisitExtended, VisitLeft,
		BrowsersGone, VisitsGone, TriesGone, ReferencesGone, LetterAsked, LetterAnswered, StaffSignedIn, StaffRefused, StaffLeft,
		DeskListed, DeskSought, DeskOpened, CallerChecked, MovesRead, RectifyRead, GroundsRead, ReadingsRead, MandateRead,
		PartnersRead, PartnerSignedIn, PartnerTurnedAway, PartnerLeft, WorksRead, WorksRefused, WorksGone},
}

// TermOf tells for how long an action's entries are kept.
func TermOf(a Action) Term {
	for term, actions := range termActions {
		if slices.Contains(actions, a) {
			return term
		}
	}
	return Disclosures
}

// Of gives the actions of a term, and whether all but these are meant.
func (t Term) Of() (actions []Action, but bool) {
	if t == Disclosures {
		return slices.Concat(termActions[ForGood], termActions[Accesses]), true
	}
	return termActions[t], false
}

// Erasure says that the openings of a term's entries before a place are gone.
type Erasure struct {
	Term   Term
	Before int64 // place in the log
	Count  int   // openings that went with this one
}

// Entry is the trail's line about it.
func (e Erasure) Entry(at time.Time) Entry {
	return Entry{At: at, Actor: portal.Actor{Kind: portal.System, ID: "retention"}, Action: Erased,
		Ground: string(e.Term), Channel: "job", Details: map[string]string{
			"before": strconv.FormatInt(e.Before, 10), "count": strconv.Itoa(e.Count)}}
}

// ErasureIn reads the line of an erasure; ok is false where it is none.
func ErasureIn(e Recorded) (erasure Erasure, ok bool) {
	if e.Action != Erased || e.Odd != "" || e.Erased || !bytes.Equal(Commitment(e.Salt, e.Subject, e.Text), e.Commitment) {
		return Erasure{}, false
	}
	details := ParseDetails(e.Text)
	before, err := strconv.ParseInt(details["before"], 10, 64)
	count, err2 := strconv.Atoi(details["count"])
	return Erasure{Term: Term(e.Ground), Before: before, Count: count}, err == nil && err2 == nil
}

// ErasedBefore gives the place before which a term's openings are gone, by its
// erasures; 0 where there is none.
func ErasedBefore(told []Recorded) int64 { return furthest(told).before }

// erased is up to where a term's openings went, and when that was written.
type erased struct {
	before int64
	at     time.Time
}

func furthest(told []Recorded) (last erased) {
	for _, e := range told {
		if erasure, ok := ErasureIn(e); ok && erasure.Before > last.before {
			last = erased{erasure.Before, e.At}
		}
	}
	return last
}

func readErased(ctx context.Context, r Reader) (map[Term]erased, error) {
	all := map[Term]erased{}
	for _, term := range Terms {
		told, err := r.Erasures(ctx, term)
		if err != nil {
			return nil, err
		}
		all[term] = furthest(told)
	}
	return all, nil
}

// whyErased tells what is wrong with an opening that is gone, or with one that
// is still there; "" where it is as the erasures say and no earlier than its
// term allows.
func (v *verification) whyErased(e Recorded) string {
	term := TermOf(e.Action)
	last := v.erased[term]
	due := e.Idx != Unsealed && e.Idx < last.before
	switch {
	case e.Erased && !due:
		return "its opening is gone and no erasure names it"
	case e.Erased && !e.At.Before(last.at.AddDate(-term.Kept(), 0, 0)):
		return "its opening was erased before its time"
	case !e.Erased && due:
		return "its opening is still there, although an erasure says that it is gone"
	}
	return ""
}
