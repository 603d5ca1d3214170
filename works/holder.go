package works

import (
	"context"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"
)

// Way is on what ground an installer follows a request that another made (D10).
// A new one needs: web/locales "works.holder.way."+name.
type Way string

// The ways.
const (
	ByCode    Way = "code"    // it typed number and code at the gate, once
	ByConsent Way = "consent" // the requester said so, behind the gate
)

// Ways lists them both.
var Ways = []Way{ByCode, ByConsent}

// Holder is a company that may follow a request: as long as it stands here and
// is an approved installer. It is known by its number alone, so that nothing a
// requester types is compared with who is a partner (G13).
type Holder struct {
	Company string // ten digits
	Way     Way
	Since   time.Time
}

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

// Holders keeps who follows requests, and reads their lists.
type Holders interface {
	// PutWorksHolder adds a holder of a request that is locked; again, it
	// changes nothing and tells so.
	PutWorksHolder(t tx.Tx, requestID string, h Holder) (bool, error)
	// EndWorksHolder takes one away and tells whether there was one.
	EndWorksHolder(t tx.Tx, requestID, company string) (bool, error)
	// WorksHolders lists those of a request, the longest there first;
	// LockWorksHolders does so within the unit.
	WorksHolders(ctx context.Context, requestID string) ([]Holder, error)
	LockWorksHolders(t tx.Tx, requestID string) ([]Holder, error)
	// WorksOf lists what an installer made or holds, also what is over, in the
	// order of WorksList.
	WorksOf(ctx context.Context, of Installer, f Sought, after Place, limit int) ([]Request, error)
	// WorksIsOf tells whether WorksOf would list a request.
	WorksIsOf(ctx context.Context, of Installer, requestID string) (bool, error)
}

// Hold lets a company follow a request from now on. Invalid "works.holders"
// where too many do.
func (s *Service) Hold(ctx context.Context, by audit.Entry, id, company string, way Way) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.Store.LockWorks(t, id)
		if err != nil {
			return err
		}
		held, err := s.Store.LockWorksHolders(t, id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(held, func(h Holder) bool { return h.Company == company }) {
			return nil
		}
		if len(held) >= MostHolders {
			return &portal.Error{Code: portal.Invalid, Key: "works.holders", Field: "company", Args: []any{MostHolders}}
		}
		record(t, by, now, audit.WorksHeld, r, map[string]string{"company": company, "way": string(way)})
		_, err = s.Store.PutWorksHolder(t, id, Holder{Company: company, Way: way, Since: now})
		return err
	})
}

// LetGo ends that a company follows a request, however it came to; again, it
// changes nothing.
func (s *Service) LetGo(ctx context.Context, by audit.Entry, id, company string) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := s.Store.LockWorks(t, id)
		if err != nil {
			return err
		}
		ended, err := s.Store.EndWorksHolder(t, id, company)
		if err == nil && ended {
			record(t, by, now, audit.WorksLetGo, r, map[string]string{"company": company})
		}
		return err
	})
}

// Of reads one of an installer's requests; NotFound for another's as for
// nobody's. It is read anew at each look (T24).
func (s *Service) Of(ctx context.Context, of Installer, id string) (Request, []Step, error) {
	mine, err := s.Store.WorksIsOf(ctx, of, id)
	if err == nil && !mine {
		err = &portal.Error{Code: portal.NotFound, Key: "works.request"}
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
			record(t, by, s.Clock(), audit.WorksShown, Request{ID: id}, map[string]string{"page": page, "requests": strconv.Itoa(len(ids))})
		}
		return nil
	})
}
