package desk

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// Reasons lists the keys of reasons to unblock or replace; "other" demands
// words. A new one needs web/locales "desk.why."+key.
var Reasons = []string{"mistyped", "wrong-meter", "somebody-else", "other"}

// Why is an agent's reason: one of Reasons, and words.
type Why struct {
	Key  string
	Text string
}

func (w Why) check() error {
	if !slices.Contains(Reasons, w.Key) {
		return &portal.Error{Code: portal.Invalid, Key: "desk.why", Field: "why"}
	}
	if w.Key == "other" {
		return freeText(w.Text, 5)
	}
	return freeText(w.Text, 0)
}

func (w Why) String() string {
	if text := strings.TrimSpace(w.Text); text != "" {
		return w.Key + ": " + text
	}
	return w.Key
}

// yearBefore is when the twelve months of G10 began.
func yearBefore(now time.Time) time.Time { return now.AddDate(-1, 0, 0) }

// secondNeeded tells whether the next unblock is the third in twelve months.
func secondNeeded(former []Unblock) bool {
	n := 0
	for _, u := range former {
		if u.Kind == Cleared || u.Kind == Granted {
			n++
		}
	}
	return n >= UnblocksAYear
}

// request is the open request for a second agent, if there is one: asked
// since the block, and not lapsed.
func request(blocked time.Time, former []Unblock, now time.Time) *Unblock {
	for i := len(former) - 1; i >= 0; i-- {
		if u := former[i]; u.Kind == Asked && !u.At.Before(blocked) && now.Before(u.At.Add(AskedFor)) {
			return &u
		}
	}
	return nil
}

// Unblock opens a reference again after a passed check, or asks for a second
// agent from the third time in twelve months on; asked tells which (G10, M6).
// Denied "desk.unchecked" without a passed check, Conflict where somebody else
// handled the case.
func (s *Service) Unblock(ctx context.Context, m staff.Member, caseID string, why Why) (asked bool, err error) {
	err = s.step(ctx, m, caseID, why, func(t tx.Tx, now time.Time, f File, st Standing, former []Unblock) (Unblock, error) {
		asked = false
		u := Unblock{Kind: Cleared, Reason: why.String()}
		switch {
		case !f.Known || !st.Passed:
			return u, &portal.Error{Code: portal.Denied, Key: "desk.unchecked"}
		case secondNeeded(former) && request(f.BlockedAt, former, now) != nil:
			return u, &portal.Error{Code: portal.Conflict, Key: "desk.asked-already"}
		case secondNeeded(former):
			asked, u.Kind = true, Asked
			return u, nil
		}
		return u, s.clear(t, f.Key, now)
	})
	return asked && err == nil, err
}

// Grant is the second agent's word to a request (G10). Denied "desk.same-agent"
// for the one who asked.
func (s *Service) Grant(ctx context.Context, m staff.Member, caseID string, why Why) error {
	return s.step(ctx, m, caseID, why, func(t tx.Tx, now time.Time, f File, _ Standing, former []Unblock) (Unblock, error) {
		u := Unblock{Kind: Granted, Reason: why.String()}
		asked := request(f.BlockedAt, former, now)
		switch {
		case asked == nil:
			return u, &portal.Error{Code: portal.Conflict, Key: "desk.not-asked"}
		case asked.Login == m.Login:
			return u, &portal.Error{Code: portal.Denied, Key: "desk.same-agent"}
		}
		return u, s.clear(t, f.Key, now)
	})
}

// Replace ends a blocked reference now and sends a new one to the address on
// record. It wants a recorded check, not a passed one: the letter goes only
// where the occupant already gets letters (G10, L28). The old number stays
// blocked for ever.
func (s *Service) Replace(ctx context.Context, m staff.Member, caseID string, why Why) error {
	return s.step(ctx, m, caseID, why, func(t tx.Tx, now time.Time, f File, st Standing, _ []Unblock) (Unblock, error) {
		u := Unblock{Kind: Replaced, Reason: why.String()}
		if !f.Known || !st.Tried {
			return u, &portal.Error{Code: portal.Denied, Key: "desk.unchecked"}
		}
		if err := s.Store.DeskEndReference(t, f.Key, now); err != nil {
			return u, err
		}
		if f.Ground.ID != "" {
			return u, s.Grounds.SendIn(t, m.Actor(), f.Ground.ID)
		}
		return u, s.issue(t, m, caseID, f, now)
	})
}

// issue draws a reference for the meter that stands there now: the old one's
// may have been exchanged (G2).
func (s *Service) issue(t tx.Tx, m staff.Member, caseID string, f File, now time.Time) error {
	holding, err := s.Store.Holding(t, f.Occupancy.ID, now)
	if portal.CodeOf(err) == portal.NotFound {
		return &portal.Error{Code: portal.Conflict, Key: "desk.no-occupant"}
	}
	if err != nil {
		return err
	}
	_, err = s.Issuer.IssueIn(t, registry.Cause{Actor: m.Actor(), Ground: caseID, Channel: "desk"}, []registry.Holding{holding})
	return err
}

// clear gives the reference its three tries back.
func (s *Service) clear(t tx.Tx, key string, now time.Time) error {
	return s.Store.SaveAttempt(t, lookup.ByReference, key, now, lookup.Unblock(lookup.Counter{}))
}

// act decides and does one step on a locked case.
type act func(t tx.Tx, now time.Time, f File, st Standing, former []Unblock) (Unblock, error)

// told is what the trail calls each step.
var told = map[UnblockKind]audit.Action{
	Cleared: audit.Unblocked, Granted: audit.Unblocked, Asked: audit.UnblockAsked, Replaced: audit.ReferenceEnded,
}

// step runs one on a locked case and writes it down in the same transaction;
// then it counts for the alarm.
func (s *Service) step(ctx context.Context, m staff.Member, caseID string, why Why, do act) error {
	if err := s.opened(ctx, m, caseID); err != nil {
		return err
	}
	if err := why.check(); err != nil {
		return err
	}
	now := s.Clock()
	today := 0
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		f, err := s.lock(t, caseID)
		if err != nil {
			return err
		}
		checks, err := s.Store.CallerChecks(t, f.Key, recently(now))
		if err != nil {
			return err
		}
		former, err := s.Store.Unblocks(t, f.Key, yearBefore(now))
		if err != nil {
			return err
		}
		u, err := do(t, now, f, stand(f, checks, m.Login, now), former)
		if err != nil {
			return err
		}
		u.ID, u.Key, u.Login, u.At = portal.NewID(now), f.Key, m.Login, now
		t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: told[u.Kind], Ground: caseID, Channel: "desk",
			Subject: subject(f.Key), Details: map[string]string{"kind": string(u.Kind), "reason": u.Reason}})
		if err := s.Store.AddUnblock(t, u); err != nil {
			return err
		}
		today, err = s.Store.UnblocksBy(t, m.Login, midnight(now))
		return err
	})
	if err != nil {
		return err
	}
	s.many(ctx, m.Login, today)
	return nil
}

// many rings where one colleague opened that many numbers today (G10).
func (s *Service) many(ctx context.Context, login string, today int) {
	if today < AlarmUnblocks {
		return
	}
	s.Log.LogAttrs(ctx, slog.LevelWarn, "many unblocks by one agent in a day",
		slog.String("login", login), slog.Int("unblocks", today))
	if s.Alarm != nil {
		s.Alarm(login, today)
	}
}
