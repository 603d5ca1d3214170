package works

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
	"guichet/works/calendar"
)

// Store is what Service needs of the database. What it changes, Service records.
type Store interface {
	// PutWorks adds a request; Conflict where its number exists.
	PutWorks(t tx.Tx, r Request) error
	// LockWorksExternal finds one by what the works system calls it, and locks it;
	// NotFound.
	LockWorksExternal(t tx.Tx, external string) (Request, error)
	// LockWorks reads a request and locks it until the unit ends; NotFound.
	LockWorks(t tx.Tx, id string) (Request, error)
	// SaveWorks writes all that may change.
	SaveWorks(t tx.Tx, r Request) error
	// PutWorksStep adds a dated change.
	PutWorksStep(t tx.Tx, requestID string, s Step) error
	// PutWorksPaper adds a document; Conflict where it is there already.
	PutWorksPaper(t tx.Tx, requestID string, p Paper) error

	// WorksSteps reads the changes of one, oldest first, within the unit.
	WorksSteps(t tx.Tx, requestID string) ([]Step, error)
	Register
	Ledger
	Holders
	Agendas
	Digests
	Reminding
	Forgetting
	Codes

	// Works reads one with its steps, oldest first; NotFound.
	Works(ctx context.Context, id string) (Request, []Step, error)
	// CountWorksPapers counts those of a request that is locked.
	CountWorksPapers(t tx.Tx, requestID string) (int, error)
	// WorksPapers lists the documents of one, oldest first.
	WorksPapers(ctx context.Context, requestID string) ([]Paper, error)
	// WorksHappenings lists what happened on the portal since a place, in order;
	// Conflict "works.events.ahead" for a place that was never reached, and
	// "works.events.behind" where what came next to it is deleted; from 0 on it
	// begins with the first that is kept.
	WorksHappenings(ctx context.Context, after int64, limit int) ([]Happening, error)
	// WorksList lists requests for an officer, those whose Due comes first and
	// so the overdue ones before all others; those without a date last.
	WorksList(ctx context.Context, f Filter, after Place, limit int) ([]Request, error)
	// WorksOfOccupancy lists those made in an occupancy's own visits, newest
	// first (D10).
	WorksOfOccupancy(ctx context.Context, occupancyID string) ([]Request, error)
	// AnyWorksOf tells whether WorksOfOccupancy lists any for one of several.
	AnyWorksOf(ctx context.Context, occupancyIDs []string) (bool, error)
	// WorksLapsing lists the ids of requests whose offer ended before now.
	WorksLapsing(ctx context.Context, now time.Time, limit int) ([]string, error)
}

// Place is where a list goes on; the zero Place is its beginning.
type Place struct {
	At time.Time
	ID string
}

// Filter narrows an officer's list; zero values narrow nothing. The operator's
// turn are also those whose papers are Unread.
type Filter struct {
	Turn Turn
	Team string
	Kind Kind
}

// Paper is a document of a request. The bytes are portal/evidence's.
type Paper struct {
	ID         string
	Document   Document
	EvidenceID string
	AddedAt    time.Time
	AddedBy    portal.Actor
	External   string // what the works system calls it; "" for another's (D13)
}

// Service keeps requests.
type Service struct {
	Clock  portal.Clock
	Runner tx.Runner
	Store  Store
	Ring   *keys.Ring
	Master Master // "" is InPortal

	of *Installer // whose requests alone it touches; nil: everybody's
}

// Subject is what trail entries about a request carry.
func Subject(id string) string { return "works:" + id }

// Made is what a requester is told once, when the request is durably recorded
// (W11, D10).
type Made struct {
	Request   Request
	Code      keys.Secret
	RenewedAt time.Time // zero: it is the first code
}

// Completion is how many days a requester has to give what is missing.
const Completion = 30

// Capture records a request. What its kind needs and did not come with it is
// missing from then on (W5). by brings actor, ground and channel; occupancyID
// is the stay in whose own visit it is made, partnerID the partner signed in.
// The receipt is on its way once the request is recorded (W11). Conflict
// "works.made" where the draft's request exists: it was sent twice.
func (s *Service) Capture(ctx context.Context, by audit.Entry, d Draft, papers []Paper, occupancyID, partnerID string) (Made, error) {
	now := s.Clock()
	r, err := s.read(ctx, by, d, papers, now)
	if err != nil {
		return Made{}, err
	}
	r.OccupancyID, r.PartnerID = occupancyID, partnerID
	m := Made{Request: r}
	for {
		s.number(&m)
		err := s.Runner.Do(ctx, func(t tx.Tx) error { return s.put(t, by, m, papers) })
		if portal.CodeOf(err) != portal.Conflict {
			return m, err
		}
		if _, _, err := s.Store.Works(ctx, r.ID); portal.CodeOf(err) != portal.NotFound {
			return Made{}, errors.Join(err, &portal.Error{Code: portal.Conflict, Key: "works.made"})
		}
		// The number exists: one capture in millions draws again.
	}
}

// read makes the request of a draft, with what is missing and its next date.
func (s *Service) read(ctx context.Context, by audit.Entry, d Draft, papers []Paper, now time.Time) (Request, error) {
	r, err := d.Request(now)
	if err != nil {
		return r, s.refuse(ctx, by, err)
	}
	if r.ID = d.ID; r.ID == "" {
		r.ID = portal.NewID(now)
	}
	r.lack(papers, now)
	r.Due = r.due(nil, calendar.Defaults())
	return r, nil
}

// Foreign refuses fields that a form was sent with and has no place for, and
// records it (W13).
func (s *Service) Foreign(ctx context.Context, by audit.Entry, names []string) error {
	var problems portal.Problems
	for _, n := range names {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "works.foreign", Field: n})
	}
	return s.refuse(ctx, by, problems)
}

// refuse records that a field was sent which the kind has no place for (W13):
// our own forms send none.
func (s *Service) refuse(ctx context.Context, by audit.Entry, refused error) error {
	var problems portal.Problems
	if !errors.As(refused, &problems) {
		return refused
	}
	var foreign []string
	for _, p := range problems {
		if p.Key == "works.foreign" {
			foreign = append(foreign, p.Field)
		}
	}
	if len(foreign) == 0 {
		return refused
	}
	if err := s.Runner.Do(ctx, func(t tx.Tx) error {
		record(t, by, s.Clock(), audit.WorksRefused, Request{}, map[string]string{"fields": safeNames(foreign)})
		return nil
	}); err != nil {
		return err
	}
	return refused
}

// safeNames writes names that somebody sent into the trail: only such as a
// field could have, for what was typed there may be anything.
func safeNames(names []string) string {
	for i, n := range names {
		if len(n) > 40 || strings.Trim(n, "abcdefghijklmnopqrstuvwxyz_") != "" {
			names[i] = "(unreadable)"
		}
	}
	slices.Sort(names)
	return strings.Join(names[:min(len(names), 10)], " ")
}

// lack notes which papers are missing.
func (r *Request) lack(papers []Paper, now time.Time) {
	r.Missing, r.MissingBy = nil, time.Time{}
	for _, need := range r.Kind.Facts().Needs(r.Contact.Kind) {
		if !slices.ContainsFunc(papers, func(p Paper) bool { return p.Document == need }) {
			r.Missing = append(r.Missing, string(need))
		}
	}
	if len(r.Missing) > 0 {
		r.Status, r.MissingBy = Incomplete, now.AddDate(0, 0, Completion)
	}
}

// Move lets an event happen. change sets what the event brings, before the
// rules are asked; nil for one that brings nothing. who is in whose name it
// happens: an event of somebody else is a Conflict.
func (s *Service) Move(ctx context.Context, by audit.Entry, id string, who Turn, e Event, reason string, change func(*Request) error) (Request, error) {
	var moved Request
	err := s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		if !who.may(e) {
			return &portal.Error{Code: portal.Conflict, Key: "works.state"}
		}
		if !s.Master.Lets(who, r.Status, e) {
			return ErrMaster // D13
		}
		if change != nil {
			if err := change(&r); err != nil {
				return err
			}
		}
		if err := s.happen(t, by, &r, e, reason, s.Clock()); err != nil {
			return err
		}
		err = s.save(t, &r)
		moved = r
		return err
	})
	return moved, err
}

// happen lets an event happen at a moment to a request that is locked, with its
// step and its entry in the trail.
func (s *Service) happen(t tx.Tx, by audit.Entry, r *Request, e Event, reason string, at time.Time) error {
	from := r.Status
	if err := s.Master.Happen(r, e, at); err != nil {
		return err
	}
	return s.moved(t, by, r, e, from, at, reason)
}

// moved records that an event happened: its step, its entry in the trail, and
// what its requester is told.
func (s *Service) moved(t tx.Tx, by audit.Entry, r *Request, e Event, from Status, at time.Time, reason string) error {
	r.MovedAt = s.Clock()
	says := map[string]string{"event": string(e), "from": string(from), "to": string(r.Status)}
	if e == EventOffer || e == EventAccept { // which conditions went with it, which were accepted (W21)
		says["offer"], says["terms"] = strconv.FormatInt(r.Offer.Version, 10), r.Offer.Terms
	}
	if r.Status.ended() && r.Offer.Paid > 0 {
		says["to_pay_back"] = strconv.FormatInt(r.Offer.Paid, 10)
		r.Offer.Paid, r.Offer.PaidAt = 0, time.Time{}
		if err := s.Store.FreeWorksPayments(t, r.ID); err != nil {
			return err
		}
	}
	if err := r.tell(t, by.Actor, e, s.Clock()); err != nil {
		return err
	}
	record(t, by, s.Clock(), audit.WorksMoved, *r, says)
	return s.Store.PutWorksStep(t, r.ID, Step{At: at, Event: e, From: from, To: r.Status, Phase: r.Phase, By: by.Actor, Reason: reason})
}

// save writes a request with its next date, after its steps.
func (s *Service) save(t tx.Tx, r *Request) error {
	steps, err := s.Store.WorksSteps(t, r.ID)
	if err != nil {
		return err
	}
	r.Due = r.due(steps, calendar.Defaults())
	return s.Store.SaveWorks(t, *r)
}

// may tells whether an event is somebody's to make happen. The operator may do
// in the requester's name what was agreed on paper or by telephone.
func (t Turn) may(e Event) bool {
	for _, s := range steps {
		if s.event == e && (s.by == t || t == Operator && s.by == Requester) {
			return true
		}
	}
	return false
}

// Note records something that moves nothing: the network user's agreement, an
// asset, an invoice, a team.
func (s *Service) Note(ctx context.Context, by audit.Entry, id, what string, change func(*Request) error) error {
	if !s.Master.Records(what) {
		return ErrMaster // D13
	}
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		record(t, by, now, audit.WorksNoted, r, map[string]string{"what": what})
		return s.save(t, &r)
	})
}

// MostPapers is how many documents a request may have: its capture's, and what
// is asked for afterwards.
const MostPapers = 30

// Add adds a document; where it was missing it is so no longer.
func (s *Service) Add(ctx context.Context, by audit.Entry, id string, p Paper) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		if r.Status.Over() {
			return &portal.Error{Code: portal.Conflict, Key: "works.state"}
		}
		n, err := s.Store.CountWorksPapers(t, id)
		if err != nil {
			return err
		}
		if n >= MostPapers {
			return &portal.Error{Code: portal.Invalid, Key: "works.papers", Field: "document", Args: []any{MostPapers}}
		}
		r.Missing = slices.DeleteFunc(r.Missing, func(name string) bool { return name == string(p.Document) })
		p.AddedAt, p.AddedBy = now, by.Actor
		r.Unread = r.Unread || by.Actor.Kind != portal.Staff && by.Actor.Kind != portal.System
		record(t, by, now, audit.WorksPaper, r, map[string]string{"document": string(p.Document)})
		if err := s.Store.PutWorksPaper(t, id, p); err != nil {
			return err
		}
		return s.save(t, &r)
	})
}

// SeePapers notes that an officer looked at the papers that came while it was the
// requester's turn: n of them, those of the works system left out. A Conflict
// where another came meanwhile.
func (s *Service) SeePapers(ctx context.Context, by audit.Entry, id string, n int) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		there, err := s.Store.CountWorksPapers(t, id)
		switch {
		case err != nil:
			return err
		case there != n:
			return &portal.Error{Code: portal.Conflict, Key: "desk.works.papers"}
		case !r.Unread:
			return &portal.Error{Code: portal.Conflict, Key: "desk.works.changed"}
		}
		r.Unread = false
		record(t, by, s.Clock(), audit.WorksNoted, r, map[string]string{"what": "papers"})
		return s.save(t, &r)
	})
}

// Lapse ends the requests whose offer nobody answered in time, most at once,
// and tells how many; none where the works system is the master (D13): an
// expired offer is accepted there no more than here.
func (s *Service) Lapse(ctx context.Context, most int) (int, error) {
	if s.Master == External {
		return 0, nil
	}
	ids, err := s.Store.WorksLapsing(ctx, s.Clock(), most)
	if err != nil {
		return 0, err
	}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "daily"}, Channel: "command"}
	for n, id := range ids {
		if _, err := s.Move(ctx, by, id, Nobody, EventLapse, "", nil); err != nil && portal.CodeOf(err) != portal.Conflict {
			return n, err
		}
	}
	return len(ids), nil
}

// record writes what happened to a request. by brings actor, ground and channel.
func record(t tx.Tx, by audit.Entry, now time.Time, action audit.Action, r Request, more map[string]string) {
	by.At, by.Action = now, action
	if r.ID != "" {
		by.Subject = Subject(r.ID)
	}
	by.Details = more
	t.Record(by)
}
