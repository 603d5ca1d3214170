package desk

import (
	"context"
	"regexp"
	"strings"
	"time"

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
	g, err := s.Store.DeskGate(ctx, midnight(s.Clock()))
	if err != nil {
		return Gate{}, err
	}
	g.View, err = s.Watch.View(ctx)
	return g, err
}

// Blocked gives a page of blocked references, the newest first; that it was
// read is in the trail (L19). NotFound for a cursor that names no case.
func (s *Service) Blocked(ctx context.Context, m staff.Member, after Cursor) (List, error) {
	if err := need(m, see); err != nil {
		return List{}, err
	}
	if after != (Cursor{}) && !caseForm.MatchString(after.CaseID) {
		return List{}, errNoCase
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
// exists is told to nobody. That it was sought is in the trail, with its key
// only where a case was found (L19, Cd3).
func (s *Service) Find(ctx context.Context, m staff.Member, typed keys.Secret) (caseID string, err error) {
	if err := need(m, handle); err != nil {
		return "", err
	}
	number, err := registry.ParseReference(typed)
	if err != nil {
		return "", err
	}
	key := s.Ring.CounterKey(string(lookup.ByReference), number)
	caseID, found, err := s.Store.DeskCaseOf(ctx, key)
	if err != nil {
		return "", err
	}
	e := audit.Entry{At: s.Clock(), Actor: m.Actor(), Action: audit.DeskSought, Ground: "reference", Channel: "desk"}
	if found {
		e.Subject = subject(key)
	}
	if err := s.Runner.Do(ctx, func(t tx.Tx) error { t.Record(e); return nil }); err != nil {
		return "", err
	}
	if !found {
		return "", &portal.Error{Code: portal.NotFound, Key: "desk.not-blocked", Field: "reference"}
	}
	return caseID, nil
}

// Open opens a case to an agent on a ground, for an hour. It is a read and is
// traced (Cd3). NotFound where nothing blocked has that case number.
func (s *Service) Open(ctx context.Context, m staff.Member, caseID string, g Ground) error {
	if err := need(m, handle); err != nil {
		return err
	}
	if !caseForm.MatchString(caseID) {
		return errNoCase
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
	var key, stay string
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
		key, stay = f.Key, f.Occupancy.ID
		c = Case{ID: caseID, Known: f.Known, BlockedAt: f.BlockedAt, Town: f.Point.Town, Energy: f.Point.Energy,
			IssuedAt: f.Reference.IssuedAt, UsedAt: f.Reference.FirstUsedAt,
			Standing: stand(f, checks, m.Login, now), Unblocks: former,
			Request: request(f.BlockedAt, former, now), Second: secondNeeded(former)}
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
	if err == nil && c.Customer != nil {
		c.Customer.Works, err = s.worksCases(ctx, stay)
	}
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

// caseForm is what lookup gives a block. Nothing else is looked for: a
// database may choke on it.
var caseForm = regexp.MustCompile(`^B-[0-9A-HJKMNP-TV-Z]{8}$`)

var errNoCase = &portal.Error{Code: portal.NotFound, Key: "desk.case"}

// opened tells whether the agent gave a ground for this case.
func (s *Service) opened(ctx context.Context, m staff.Member, caseID string) error {
	if err := need(m, handle); err != nil {
		return err
	}
	if !caseForm.MatchString(caseID) {
		return errNoCase
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
	if err == nil && !found {
		err = errNoCase
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
	_, counter, err := s.Store.LoadAttempt(t, lookup.ByReference, f.Key, "")
	if err != nil {
		return File{}, err
	}
	if counter.CaseID != caseID || counter.BlockedAt.IsZero() {
		return File{}, &portal.Error{Code: portal.Conflict, Key: "desk.handled"}
	}
	// Read again behind the lock: what was done meanwhile counts.
	return s.file(t, caseID)
}
