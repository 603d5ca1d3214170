package lookup

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/tx"
)

const (
	// IdleLife is after how long without a request a session is over.
	IdleLife = 10 * time.Minute
	// sessionVisits bounds the references opened one after another in one
	// session (G2); the oldest go first.
	sessionVisits = 10
)

// Visits keeps who is inside. A session's token names a list of visits in the
// short-lived state, under the token's hash; what these open is read from SQL
// at each request, so that an end is an end (T24).
//
// A session begins or grows with Admit, which always gives a new token; stays
// alive by Resume and Extend, never written back once gone; and ends by Leave,
// by ten idle minutes, or thirty minutes after each opening.
type Visits struct {
	ring   *keys.Ring
	clock  portal.Clock
	runner tx.Runner
	state  state.Store
	store  VisitStore
}

// NewVisits makes the keeper of sessions.
func NewVisits(ring *keys.Ring, clock portal.Clock, runner tx.Runner, st state.Store, store VisitStore) *Visits {
	return &Visits{ring: ring, clock: clock, runner: runner, state: st, store: store}
}

// Session is a live session as this request sees it: at least one pass, in the
// order they were opened. Works are those of works numbers, which open no
// occupancy and stand apart (Wd1, D10).
type Session struct {
	Passes     []Pass
	Works      []Pass
	IdleEndsAt time.Time // when it ends if nothing more comes
	EndsAt     time.Time // when its last pass ends, whatever comes
}

// Pass gives one of an occupancy by its place; false where it is none, or none
// any more.
func (s Session) Pass(nth int) (Pass, bool) {
	i := slices.IndexFunc(s.Passes, func(p Pass) bool { return p.Nth == nth })
	if i < 0 {
		return Pass{}, false
	}
	return s.Passes[i], true
}

// held is a session in the short-lived state.
type held struct {
	Visits  []string `json:"v"`
	Gone    int      `json:"g,omitempty"` // how many stood before them and went
	Touched int64    `json:"t"`           // microseconds UTC: the idle end is also checked on reading
}

// Admit lets a fresh visit in and gives the session's new token; the current
// one, which somebody may have planted (T24), is dead from then on. Visits of a
// live current session come along.
func (v *Visits) Admit(ctx context.Context, current keys.Secret, visit Visit) (keys.Secret, error) {
	ctx = context.WithoutCancel(ctx) // a visit that was opened is let in
	now := v.clock()
	var before held
	if current != "" {
		value, ok, err := v.state.Take(ctx, v.key(current))
		if err != nil {
			return "", err
		}
		if ok {
			if before, err = v.decode(value, now); err != nil && portal.CodeOf(err) != portal.SignedOut {
				return "", err
			}
		}
	}
	ids := before.Visits
	if !slices.Contains(ids, visit.ID) { // posted again, it keeps its place
		ids = append(ids, visit.ID)
	}
	gone := max(0, len(ids)-sessionVisits)
	ids, gone = ids[gone:], before.Gone+gone
	token := keys.Secret(portal.Token())
	if err := v.state.Set(ctx, v.key(token), encode(held{ids, gone, portal.Micros(now)}), IdleLife); err != nil {
		return "", err
	}
	return token, nil
}

// Resume gives the session of a token and counts as activity. SignedOut: there
// is none, or nothing in it is open any more.
func (v *Visits) Resume(ctx context.Context, token keys.Secret) (Session, error) {
	now := v.clock()
	h, err := v.load(ctx, token, now)
	if err != nil {
		return Session{}, err
	}
	passes, err := v.store.LivePasses(ctx, h.Visits, now)
	if err != nil {
		return Session{}, err
	}
	for i := range passes {
		passes[i].Nth = h.Gone + slices.Index(h.Visits, passes[i].Visit.ID) + 1
	}
	slices.SortFunc(passes, func(a, b Pass) int { return a.Nth - b.Nth })
	passes = latestOfEach(passes)
	if len(passes) == 0 {
		if err := v.state.Delete(ctx, v.key(token)); err != nil {
			return Session{}, err
		}
		return Session{}, signedOut()
	}
	s := Session{IdleEndsAt: now.Add(IdleLife)}
	for _, p := range passes {
		if p.Works != "" {
			s.Works = append(s.Works, p)
		} else {
			s.Passes = append(s.Passes, p)
		}
		if p.Visit.EndsAt.After(s.EndsAt) {
			s.EndsAt = p.Visit.EndsAt
		}
	}
	if s.EndsAt.Before(s.IdleEndsAt) {
		s.IdleEndsAt = s.EndsAt
	}
	h.Touched = portal.Micros(now)
	ok, err := v.state.Replace(ctx, v.key(token), encode(h), IdleLife)
	if err != nil {
		return Session{}, err
	}
	if !ok { // left or renamed meanwhile
		return Session{}, signedOut()
	}
	return s, nil
}

// Extend is Resume for a visitor who asked for more time: it is recorded
// (VisitExtended), for each open occupancy. The end in all does not move.
func (v *Visits) Extend(ctx context.Context, token keys.Secret) (Session, error) {
	s, err := v.Resume(ctx, token)
	if err != nil {
		return Session{}, err
	}
	now := v.clock()
	return s, v.runner.Do(ctx, func(t tx.Tx) error {
		for _, p := range slices.Concat(s.Passes, s.Works) {
			t.Record(visitEntry(audit.VisitExtended, now, p))
		}
		return nil
	})
}

// Leave ends every visit of a session in SQL, with a trail entry each
// (VisitLeft), then forgets the session. Leaving nothing is no error.
func (v *Visits) Leave(ctx context.Context, token keys.Secret) error {
	ctx = context.WithoutCancel(ctx)
	now := v.clock()
	h, err := v.load(ctx, token, now)
	if portal.CodeOf(err) == portal.SignedOut {
		return nil
	}
	if err != nil {
		return err
	}
	passes, err := v.store.LivePasses(ctx, h.Visits, now)
	if err != nil {
		return err
	}
	if err := v.runner.Do(ctx, func(t tx.Tx) error {
		ids := make([]string, len(passes))
		for i, p := range passes {
			ids[i] = p.Visit.ID
			t.Record(visitEntry(audit.VisitLeft, now, p))
		}
		return v.store.EndVisits(t, ids, now)
	}); err != nil {
		return err
	}
	return v.state.Delete(ctx, v.key(token))
}

// Cancel ends the reference that a pass came by: whoever holds a letter may, and
// from this commit on it opens nothing, in no visit (D7).
func (v *Visits) Cancel(ctx context.Context, p Pass) error {
	now := v.clock()
	return v.runner.Do(context.WithoutCancel(ctx), func(t tx.Tx) error {
		e := visitEntry(audit.ReferenceEnded, now, p)
		e.Ground, e.Subject = "cancelled", string(ByReference)+":"+p.Visit.ReferenceKey
		t.Record(e)
		return v.store.EndReference(t, p.Visit.ReferenceKey, now)
	})
}

func (v *Visits) key(token keys.Secret) string {
	return "visit:" + v.ring.HashText(keys.ForSession, token.Reveal())
}

// load reads a session that is neither gone nor idle for too long.
func (v *Visits) load(ctx context.Context, token keys.Secret, now time.Time) (held, error) {
	if token == "" {
		return held{}, signedOut()
	}
	value, ok, err := v.state.Get(ctx, v.key(token))
	if err != nil {
		return held{}, err
	}
	if !ok {
		return held{}, signedOut()
	}
	return v.decode(value, now)
}

func (v *Visits) decode(value []byte, now time.Time) (h held, err error) {
	if err := json.Unmarshal(value, &h); err != nil {
		return held{}, portal.Shut("session", err)
	}
	if !now.Before(portal.FromMicros(h.Touched).Add(IdleLife)) {
		return held{}, signedOut()
	}
	return h, nil
}

func encode(h held) []byte {
	b, err := json.Marshal(h)
	if err != nil {
		panic("lookup: strings and a number always encode: " + err.Error())
	}
	return b
}

func signedOut() error { return &portal.Error{Code: portal.SignedOut, Key: "session.over"} }

// latestOfEach leaves one pass for each reference: one opened twice in a
// session is one file.
func latestOfEach(passes []Pass) []Pass {
	last := map[string]int{}
	for i, p := range passes {
		last[p.Visit.ReferenceKey] = i
	}
	kept := make([]Pass, 0, len(last))
	for i, p := range passes {
		if last[p.Visit.ReferenceKey] == i {
			kept = append(kept, p)
		}
	}
	return kept
}

func visitEntry(action audit.Action, now time.Time, p Pass) audit.Entry {
	return audit.Entry{At: now, Actor: portal.Actor{Kind: portal.Household}, Action: action,
		Ground: p.Why(), Channel: "web", Subject: p.subject(),
		Details: map[string]string{"visit": p.Visit.ID}}
}
