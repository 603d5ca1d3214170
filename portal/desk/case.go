package desk

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
)

// Case is a blocked reference as an agent sees it. Customer is nil until the
// caller check passed (T5).
type Case struct {
	ID        string
	Known     bool
	BlockedAt time.Time
	Town      string
	Energy    portal.Energy
	IssuedAt  time.Time
	UsedAt    time.Time // first used; zero: never
	Standing  Standing
	Unblocks  []Unblock // of the last twelve months, oldest first
	Request   *Unblock  // waits for a second agent
	Second    bool      // the next unblock needs a second agent
	History   []Event   // newest first
	Customer  *Customer
}

// Gate tells what the bar on top of every page shows.
func (s *Service) Gate(ctx context.Context, m staff.Member) (Gate, error) {
	if err := need(m, see); err != nil {
		return Gate{}, err
	}
	return s.Store.DeskGate(ctx, midnight(s.Clock()))
}

// Blocked gives a page of blocked references, the newest first; that it was
// read is in the trail (L19).
func (s *Service) Blocked(ctx context.Context, m staff.Member, after Cursor) (List, error) {
	if err := need(m, see); err != nil {
		return List{}, err
	}
	now := s.Clock()
	places, err := s.Store.DeskPlaces(ctx, after, now.Add(-AskedFor), PageOfCases+1)
	if err != nil {
		return List{}, err
	}
	list := List{Cases: places}
	if list.More = len(places) > PageOfCases; list.More {
		list.Cases = places[:PageOfCases]
	}
	if list.Unknown, list.OldestUnknown, err = s.Store.DeskUnknown(ctx); err != nil {
		return List{}, err
	}
	return list, s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: now, Actor: m.Actor(), Action: audit.DeskListed, Channel: "desk"})
		return nil
	})
}

// Find gives the case of a reference that a caller reads out. Live, unknown
// and ended numbers that are not blocked are one NotFound: whether a number
// exists is told to nobody.
func (s *Service) Find(ctx context.Context, m staff.Member, typed keys.Secret) (caseID string, err error) {
	if err := need(m, handle); err != nil {
		return "", err
	}
	number, err := registry.ParseReference(typed)
	if err != nil {
		return "", err
	}
	caseID, found, err := s.Store.DeskCaseOf(ctx, s.Ring.CounterKey(string(lookup.ByReference), number))
	if err == nil && !found {
		err = &portal.Error{Code: portal.NotFound, Key: "desk.not-blocked", Field: "reference"}
	}
	return caseID, err
}

var (
	interactionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{2,11}$`)
	// A number this long in a free text may be a reference, an access point or a
	// telephone: none of them belongs in the trail (G12).
	longNumber = regexp.MustCompile(`\d([\s.\-/]*\d){6,}`)
)

// Ground is why a case is opened (Cd3): an interaction's number, or a reason.
type Ground struct {
	Interaction string
	Reason      string
}

// check refuses empty grounds and what must not enter the trail.
func (g Ground) check() error {
	switch {
	case g.Interaction != "" && !interactionForm.MatchString(g.Interaction), longNumber.MatchString(g.Interaction):
		return &portal.Error{Code: portal.Invalid, Key: "desk.interaction", Field: "interaction"}
	case g.Interaction != "":
		return nil
	}
	return freeText(g.Reason, 5)
}

// freeText checks what an agent typed as a reason.
func freeText(s string, shortest int) error {
	wrong := func(key string) error {
		return &portal.Error{Code: portal.Invalid, Key: key, Field: "reason"}
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(s)); {
	case n < shortest:
		return wrong("desk.reason.empty")
	case n > longestText:
		return wrong("desk.reason.long")
	case longNumber.MatchString(s):
		return wrong("desk.reason.number")
	}
	return nil
}

// Open opens a case to an agent on a ground, for an hour. It is a read and is
// traced (Cd3). NotFound where nothing blocked has that case number.
func (s *Service) Open(ctx context.Context, m staff.Member, caseID string, g Ground) error {
	if err := need(m, handle); err != nil {
		return err
	}
	g = Ground{Interaction: strings.TrimSpace(g.Interaction), Reason: strings.TrimSpace(g.Reason)}
	if err := g.check(); err != nil {
		return err
	}
	now := s.Clock()
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		f, err := s.file(t, caseID)
		if err != nil {
			return err
		}
		e := audit.Entry{At: now, Actor: m.Actor(), Action: audit.DeskOpened, Ground: "interaction:" + g.Interaction,
			Channel: "desk", Subject: subject(f.Key), Details: map[string]string{"case": caseID}}
		if g.Interaction == "" {
			e.Ground, e.Details["reason"] = "reason", g.Reason
		}
		t.Record(e)
		return nil
	})
	if err != nil {
		return err
	}
	return s.State.Set(ctx, openKey(m, caseID), []byte("1"), OpenFor)
}

// Case gives an opened case as it is now. Denied "desk.ground" where the agent
// gave no ground in the last hour: Open comes first.
func (s *Service) Case(ctx context.Context, m staff.Member, caseID string) (Case, error) {
	if err := s.opened(ctx, m, caseID); err != nil {
		return Case{}, err
	}
	now := s.Clock()
	var c Case
	var key string
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		f, err := s.file(t, caseID)
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
		key = f.Key
		c = Case{ID: caseID, Known: f.Known, BlockedAt: f.BlockedAt, Town: f.Point.Town, Energy: f.Point.Energy,
			IssuedAt: f.Reference.IssuedAt, UsedAt: f.Reference.FirstUsedAt,
			Standing: stand(f, checks, m.Login, now), Unblocks: former,
			Request: request(f, former, now), Second: secondNeeded(former)}
		e := audit.Entry{At: now, Actor: m.Actor(), Action: audit.DeskOpened, Ground: caseID, Channel: "desk",
			Subject: subject(f.Key), Details: map[string]string{"case": caseID, "customer": "hidden"}}
		if c.Standing.Passed && f.Known {
			c.Customer, e.Details["customer"] = f.customer(), "shown"
		}
		t.Record(e)
		return nil
	})
	if err != nil {
		return Case{}, err
	}
	entries, err := s.Store.Entries(ctx, subject(key), HistoryOfTrail, time.Time{}, "")
	c.History = history(entries)
	return c, err
}

// Event is what an agent sees of a trail entry: no key, no personal part.
type Event struct {
	At       time.Time
	Actor    portal.Actor
	Action   audit.Action
	Question Question // of a caller check, with its Outcome "right" or "wrong"
	Outcome  string
}

// history leaves out that the page was looked at again: it is in the trail,
// but says nothing to a caller's agent.
func history(entries []audit.Recorded) []Event {
	var all []Event
	for _, e := range entries {
		details := audit.ParseDetails(e.Text)
		if details["customer"] == "hidden" {
			continue
		}
		all = append(all, Event{At: e.At, Actor: e.Actor, Action: e.Action,
			Question: Question(details["question"]), Outcome: details["outcome"]})
	}
	return all
}

// opened tells whether the agent gave a ground for this case.
func (s *Service) opened(ctx context.Context, m staff.Member, caseID string) error {
	if err := need(m, handle); err != nil {
		return err
	}
	_, ok, err := s.State.Get(ctx, openKey(m, caseID))
	if err == nil && !ok {
		err = &portal.Error{Code: portal.Denied, Key: "desk.ground"}
	}
	return err
}

func openKey(m staff.Member, caseID string) string {
	return "guichet:desk-open:" + m.Login + ":" + caseID
}

// file reads a case that is still open.
func (s *Service) file(t tx.Tx, caseID string) (File, error) {
	f, found, err := s.Store.DeskFile(t, caseID)
	if err == nil && (!found || caseID == "") {
		err = &portal.Error{Code: portal.NotFound, Key: "desk.case"}
	}
	return f, err
}

// lock reads a case and holds its counter until the unit ends; a case that was
// handled meanwhile is gone.
func (s *Service) lock(t tx.Tx, caseID string) (File, error) {
	f, err := s.file(t, caseID)
	if err != nil {
		return File{}, err
	}
	_, counter, err := s.Store.LoadAttempt(t, lookup.ByReference, f.Key)
	if err != nil {
		return File{}, err
	}
	if counter.CaseID != caseID || counter.BlockedAt.IsZero() {
		return File{}, &portal.Error{Code: portal.Conflict, Key: "desk.handled"}
	}
	// Read again behind the lock: what was done meanwhile counts.
	return s.file(t, caseID)
}
