package works

import (
	"context"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Way is on what ground an installer follows a request that another made (D10).
// A new one needs: web/locales "works.share.way.", "works.installer.note." and
// "desk.works.holder.way."+name.
type Way string

// The ways.
const (
	ByCode    Way = "code"    // it typed number and code at the gate, once
	ByConsent Way = "consent" // the requester said so, behind the gate
)

// Ways lists them both.
var Ways = []Way{ByCode, ByConsent}

// Holder is a company that may follow a request from a time on: until it ends,
// and as long as it is an approved installer. It is known by its number alone,
// so that nothing a requester types is compared with who is a partner (G13).
type Holder struct {
	Company string // ten digits
	Way     Way
	Since   time.Time
	EndedAt time.Time // zero: it may still
	EndedBy portal.Actor
}

// Ended tells whether it may no more.
func (h Holder) Ended() bool { return !h.EndedAt.IsZero() }

// MostHolders is how many companies may follow one request.
const MostHolders = 5

// Installer is whose list is read: the partner, and its company number.
type Installer struct{ PartnerID, Company string }

// Sought narrows an installer's list; zero values narrow nothing. What it can
// ask for tells none of the three kinds apart that must not be told (D12).
type Sought struct {
	Turn   Turn
	Status Status
	Due    time.Time // what has a date before it
}

// Holders keeps who follows requests, and who did, and reads their lists.
type Holders interface {
	// PutWorksHolder adds a holder of a request that is locked, where the company
	// is none.
	PutWorksHolder(t tx.Tx, requestID string, h Holder) error
	// EndWorksHolder ends that a company follows a locked request, and tells
	// whether it did.
	EndWorksHolder(t tx.Tx, requestID, company string, at time.Time, by portal.Actor) (bool, error)
	// WorksHolders lists all that ever followed a request, the first first;
	// LockWorksHolders does so within the unit.
	WorksHolders(ctx context.Context, requestID string) ([]Holder, error)
	LockWorksHolders(t tx.Tx, requestID string) ([]Holder, error)
	// WorksOf lists what an installer made or holds, also what is over, in the
	// order of WorksList.
	WorksOf(ctx context.Context, of Installer, f Sought, after Place, limit int) ([]Request, error)
	// WorksIsOf tells whether WorksOf would list a request; LockWorksIsOf within
	// the unit, where nobody ends it meanwhile if the request is locked.
	WorksIsOf(ctx context.Context, of Installer, requestID string) (bool, error)
	LockWorksIsOf(t tx.Tx, of Installer, requestID string) (bool, error)
}

// Hold lets a company follow a request from now on; who does it by the code, the
// requester is told. Invalid "works.holders" where too many do, "works.held-no-more"
// where the requester ended it: the code, typed once, is no way back (D10).
func (s *Service) Hold(ctx context.Context, by audit.Entry, id, company string, way Way) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		all, err := s.Store.LockWorksHolders(t, id)
		if err != nil {
			return err
		}
		following, shut := 0, false
		for _, h := range all {
			switch ours := h.Company == company; {
			case ours && !h.Ended():
				return nil
			case ours: // what came last counts
				shut = h.EndedBy.Kind != portal.Partner
			case !h.Ended():
				following++
			}
		}
		if way == ByCode && shut {
			return &portal.Error{Code: portal.Invalid, Key: "works.held-no-more"}
		}
		if following >= MostHolders {
			return &portal.Error{Code: portal.Invalid, Key: "works.holders", Field: "company", Args: []any{MostHolders}}
		}
		record(t, by, now, audit.WorksHeld, r, map[string]string{"company": company, "way": string(way)})
		if err := s.Store.PutWorksHolder(t, id, Holder{Company: company, Way: way, Since: now}); err != nil || way != ByCode {
			return err
		}
		return r.send(t, News{Event: Followed, Company: company, Until: now}, now)
	})
}

// LetGo ends that a company follows a request, however it came to; again, it
// changes nothing.
func (s *Service) LetGo(ctx context.Context, by audit.Entry, id, company string) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.lock(t, id)
		if err != nil {
			return err
		}
		ended, err := s.Store.EndWorksHolder(t, id, company, now, by.Actor)
		if err == nil && ended {
			record(t, by, now, audit.WorksLetGo, r, map[string]string{"company": company})
		}
		return err
	})
}

// errNotTheirs is the answer to another's request as to nobody's.
var errNotTheirs = &portal.Error{Code: portal.NotFound, Key: "works.request"}

// As gives the service as an installer has it: inside every unit that changes or
// shows one request it is asked anew whether that is one of theirs, so that
// nothing is done on a hold that ended since it was asked before (T24).
func (s *Service) As(of Installer) *Service {
	theirs := *s
	theirs.of = &of
	return &theirs
}

// lock reads a request that is theirs and locks it until the unit ends.
func (s *Service) lock(t tx.Tx, id string) (Request, error) {
	r, err := s.Store.LockWorks(t, id)
	if err != nil {
		return r, err
	}
	return r, s.mine(t, id)
}

func (s *Service) mine(t tx.Tx, id string) error {
	if s.of == nil {
		return nil
	}
	mine, err := s.Store.LockWorksIsOf(t, *s.of, id)
	if err == nil && !mine {
		err = errNotTheirs
	}
	return err
}

// Of reads one of an installer's requests; NotFound for another's as for
// nobody's. It is read anew at each look (T24).
func (s *Service) Of(ctx context.Context, of Installer, id string) (Request, []Step, error) {
	mine, err := s.Store.WorksIsOf(ctx, of, id)
	if err == nil && !mine {
		err = errNotTheirs
	}
	if err != nil {
		return Request{}, nil, err
	}
	return s.Store.Works(ctx, id)
}

// Shown records that requests were shown to somebody, before they are (L18).
func (s *Service) Shown(ctx context.Context, by audit.Entry, page string, ids ...string) error {
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		for _, id := range ids {
			if err := s.mine(t, id); err != nil {
				return err
			}
			record(t, by, s.Clock(), audit.WorksShown, Request{ID: id}, map[string]string{"page": page, "requests": strconv.Itoa(len(ids))})
		}
		return nil
	})
}
