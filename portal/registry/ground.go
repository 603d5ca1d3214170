package registry

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
)

// GroundKind is why somebody who is not the occupant may see a history (D7). A
// new one needs: GroundKinds, Ground.Shows, web/locales "ground."+name,
// "consumption.ground."+name and "seen.ground."+name.
type GroundKind string

// The kinds.
const (
	Heir     GroundKind = "heir"     // or the notary of the estate
	Guardian GroundKind = "guardian" // of the occupant
	Owner    GroundKind = "owner"    // of a vacant dwelling, for the vacancy only
)

// GroundKinds lists them all, in the order of the form.
var GroundKinds = []GroundKind{Heir, Guardian, Owner}

// Ground is one person's right to see a period of one access point, with its
// proof, two officers and an end (D7). It opens nothing before the second
// officer granted it.
type Ground struct {
	ID          string
	EAN         portal.EAN
	OccupancyID string // whose stay is shown; "" for an owner
	Kind        GroundKind
	Name        string
	Language    portal.Language
	// Where the letter with the reference goes.
	Street, Postcode, Town string
	portal.Period                    // what may be seen of the stay or of the vacancy
	Until                  time.Time // the ground ends by itself
	Evidence               string    // what was shown as proof, and when; stored sealed

	AskedAt   time.Time
	AskedBy   string
	DecidedAt time.Time // zero: it waits for a second officer
	DecidedBy string
	Granted   bool
	EndedAt   time.Time // zero: nobody ended it
	EndedBy   string
	EndedWhy  EndedWhy
}

// EndedWhy is why a ground was ended before its time. A new one needs:
// EndedWhys, web/locales "desk.grounds.why."+name.
type EndedWhy string

// EndedWhys lists them all: what it was given for is over, or it was a mistake.
var EndedWhys = []EndedWhy{"over", "mistake"}

// GroundState is how a ground stands. A new one needs Ground.State and
// web/locales "desk.grounds.state."+name.
type GroundState string

// The states.
const (
	GroundWaits   GroundState = "waits"   // for a second officer
	GroundLives   GroundState = "lives"   // and opens
	GroundRefused GroundState = "refused" // by the second officer
	GroundEnded   GroundState = "ended"   // by an officer
	GroundOver    GroundState = "over"    // its time has come
)

// State tells how it stands now.
func (g Ground) State(now time.Time) GroundState {
	switch {
	case !g.EndedAt.IsZero():
		return GroundEnded
	case !g.DecidedAt.IsZero() && !g.Granted:
		return GroundRefused
	case !now.Before(g.Until):
		return GroundOver
	case g.DecidedAt.IsZero():
		return GroundWaits
	}
	return GroundLives
}

// Subject is what the trail's entries about it carry: the stay, so that the
// occupant reads who looked; or the vacancy, which is nobody's and has the
// ground's own name.
func (g Ground) Subject() string { return "occupancy:" + cmp.Or(g.OccupancyID, g.ID) }

// Shows cuts to what the ground may show, of all stays at its access point as
// they are known now: its own period within the one stay, or within the vacancy
// it begins in. A move learnt since cuts it, too (D3, L16). Nothing is left where
// the period is empty: it ends when it begins.
func (g Ground) Shows(stays []Occupancy) Occupancy {
	nothing := Occupancy{ID: cmp.Or(g.OccupancyID, g.ID), EAN: g.EAN, Language: g.Language,
		Period: portal.Period{From: g.From, To: g.From}}
	var whole Occupancy
	switch g.Kind {
	case Heir, Guardian:
		i := slices.IndexFunc(stays, func(o Occupancy) bool { return o.ID == g.OccupancyID })
		if i < 0 {
			return nothing
		}
		whole = stays[i]
	case Owner:
		whole = nothing
		var vacant bool
		if whole.Period, vacant = vacancy(g.From, stays); !vacant {
			return nothing
		}
	default:
		return nothing
	}
	both, some := whole.Intersect(g.Period)
	if !some {
		return nothing
	}
	whole.Period = both
	return whole
}

// vacancy is the time without a stay that begins at, or goes on from, a moment:
// where a stay turned out to last longer, from its end on.
func vacancy(from time.Time, stays []Occupancy) (v portal.Period, ok bool) {
	v.From = from
	sorted := slices.SortedFunc(slices.Values(stays), func(a, b Occupancy) int { return a.From.Compare(b.From) })
	for _, o := range sorted {
		switch {
		case o.Contains(v.From) && o.To.IsZero():
			return portal.Period{}, false
		case o.Contains(v.From):
			v.From = o.To
		case o.From.After(v.From):
			v.To = o.From
			return v, true
		}
	}
	return v, true
}

// What a ground may hold.
const (
	longestGround   = 36 // months from the day it is asked to its end
	longestName     = 120
	shortestProof   = 10 // characters of the note on the evidence
	longestProof    = 1000
	longestAddress  = 120
	longestPostcode = 16
)

// Validate tells what is wrong with a ground as an officer typed it, each at its
// field, with keys "desk.grounds."+...
func (g Ground) Validate(now time.Time) (all []*portal.Error) {
	wrong := func(field, key string, args ...any) {
		all = append(all, &portal.Error{Code: portal.Invalid, Key: "desk.grounds." + key, Field: field, Args: args})
	}
	if !slices.Contains(GroundKinds, g.Kind) {
		wrong("kind", "kind")
	}
	if g.EAN == "" {
		wrong("ean", "ean")
	}
	for _, f := range []struct {
		field, text string
		most        int
	}{{"name", g.Name, longestName}, {"street", g.Street, longestAddress}, {"postcode", g.Postcode, longestPostcode}, {"town", g.Town, longestAddress}} {
		switch n := utf8.RuneCountInString(strings.TrimSpace(f.text)); {
		case n == 0 || !utf8.ValidString(f.text):
			wrong(f.field, f.field)
		case n > f.most:
			wrong(f.field, "long", f.most)
		}
	}
	if !slices.Contains(portal.Languages, g.Language) {
		wrong("language", "language")
	}
	switch {
	case g.From.IsZero():
		wrong("from", "from")
	case g.From.After(now):
		wrong("from", "from-later")
	}
	if !g.To.IsZero() && !g.From.IsZero() && !g.To.After(g.From) {
		wrong("to", "to-order")
	}
	switch last := now.AddDate(0, longestGround, 0); {
	case g.Until.IsZero():
		wrong("until", "until")
	case !g.Until.After(now):
		wrong("until", "until-past")
	case g.Until.After(last):
		wrong("until", "until-far", longestGround)
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(g.Evidence)); {
	case n < shortestProof || !utf8.ValidString(g.Evidence):
		wrong("evidence", "evidence")
	case n > longestProof:
		wrong("evidence", "long", longestProof)
	}
	return all
}
