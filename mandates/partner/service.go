package partner

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Deps is what Service works with.
type Deps struct {
	Store     Store
	Runner    tx.Runner
	State     login.Idle
	Ring      *keys.Ring
	Clock     portal.Clock
	Passwords *login.Passwords
}

// Service is the one door to organisations, people, sessions and keys. Its
// methods are safe for concurrent use; all fail shut.
type Service struct{ Deps }

// New makes a Service.
func New(d Deps) *Service { return &Service{d} }

// PageOfPartners is how many a list has.
const PageOfPartners = 25

// historyOfTrail is how many entries an officer sees of a case.
const historyOfTrail = 100

// entry is a change at an organisation.
func entry(by portal.Actor, now time.Time, action audit.Action, partnerID string, details map[string]string) audit.Entry {
	e := audit.Entry{At: now, Actor: by, Action: action, Ground: "partner", Channel: "web", Subject: Subject(partnerID), Details: details}
	switch by.Kind {
	case portal.Staff:
		e.Channel = "desk"
	case portal.System:
		e.Channel = "command"
	}
	return e
}

// Ask keeps an application. It reads nothing, so that known and unknown
// company numbers take the same work (G13).
func (s *Service) Ask(ctx context.Context, a Application) (Organisation, error) {
	now := s.Clock()
	o, err := a.Organisation(now)
	if err != nil {
		return o, err
	}
	o.ID = portal.NewID(now)
	return o, s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(entry(portal.Actor{Kind: portal.Visitor}, now, audit.PartnerAsked, o.ID, map[string]string{"company": o.CompanyNumber}))
		return s.Store.PutPartner(t, o)
	})
}

// List gives a page of organisations; reading it is recorded (L19).
func (s *Service) List(ctx context.Context, by portal.Actor, of Status, before Place) ([]Organisation, error) {
	list, err := s.Store.Partners(ctx, of, before, PageOfPartners+1)
	if err != nil {
		return nil, err
	}
	return list, s.Runner.Do(ctx, func(t tx.Tx) error {
		e := entry(by, s.Clock(), audit.PartnersRead, "", nil)
		e.Subject = ""
		t.Record(e)
		return nil
	})
}

// File is one organisation with its people and what happened to it.
type File struct {
	Organisation
	People  []Person
	History []audit.Recorded
}

// Open gives an officer a file, which is recorded; NotFound.
func (s *Service) Open(ctx context.Context, by portal.Actor, id string) (f File, err error) {
	if f.Organisation, err = s.Store.Partner(ctx, id); err != nil {
		return f, err
	}
	if f.People, err = s.Store.People(ctx, id); err != nil {
		return f, err
	}
	if f.History, err = s.Store.Entries(ctx, Subject(id), historyOfTrail, time.Time{}, ""); err != nil {
		return f, err
	}
	return f, s.Runner.Do(ctx, func(t tx.Tx) error {
		t.Record(entry(by, s.Clock(), audit.PartnersRead, id, nil))
		return nil
	})
}

// The words of a decision.
const (
	shortestReason = 5
	longestReason  = 500
)

func reasonOf(text string) (string, error) {
	text = strings.Join(strings.Fields(text), " ")
	switch n := utf8.RuneCountInString(text); {
	case n < shortestReason:
		return "", &portal.Error{Code: portal.Invalid, Key: "partner.reason", Field: "reason", Args: []any{shortestReason}}
	case n > longestReason:
		return "", &portal.Error{Code: portal.Invalid, Key: "partner.long", Field: "reason", Args: []any{longestReason}}
	}
	return text, nil
}

// Approve lets an organisation in and invites its first person by letter. Where
// it says that it is a supplier, its code was compared, or Invalid
// "partner.supplier-unchecked" on Field "compared": under that code it gets
// consumption without a mandate (L10).
func (s *Service) Approve(ctx context.Context, by portal.Actor, id string, compared bool) error {
	now := s.Clock()
	return s.decide(ctx, by, id, Asked, Approved, audit.PartnerApproved, "", func(t tx.Tx, o Organisation) error {
		if o.Supplier != "" && !compared {
			return &portal.Error{Code: portal.Invalid, Key: "partner.supplier-unchecked", Field: "compared"}
		}
		code, account := s.invite(o.ID, o.Manager, true, now, letterLife)
		if err := s.Store.AddPerson(t, account); err != nil {
			return err
		}
		t.Record(entry(by, now, audit.PersonInvited, o.ID, map[string]string{"login": account.Login, "way": "post"}))
		letter, err := invitationLetter(o, account, code, now)
		if err == nil {
			t.Send(letter)
		}
		return err
	})
}

// Refuse declines an application, with a reason for the file.
func (s *Service) Refuse(ctx context.Context, by portal.Actor, id, reason string) error {
	return s.reasoned(ctx, by, id, Asked, Declined, audit.PartnerRefused, reason)
}

// Suspend shuts an organisation out at once: sessions, keys, deliveries.
func (s *Service) Suspend(ctx context.Context, by portal.Actor, id, reason string) error {
	return s.reasoned(ctx, by, id, Approved, Suspended, audit.PartnerSuspended, reason)
}

// Resume lets a suspended organisation in again.
func (s *Service) Resume(ctx context.Context, by portal.Actor, id, reason string) error {
	return s.reasoned(ctx, by, id, Suspended, Approved, audit.PartnerResumed, reason)
}

// NameSupplier writes under which code of the register an approved organisation
// supplies, "" for none, with the reason for the file: under it, it gets
// consumption without a mandate (L10), so the code must have been compared.
// Invalid "partner.supplier" or "partner.supplier-unchecked"; Conflict
// "partner.supplier-taken".
func (s *Service) NameSupplier(ctx context.Context, by portal.Actor, id, code, reason string, compared bool) error {
	code = strings.TrimSpace(code)
	switch {
	case code != "" && !registry.SupplierForm.MatchString(code):
		return &portal.Error{Code: portal.Invalid, Key: "partner.supplier", Field: "code"}
	case code != "" && !compared:
		return &portal.Error{Code: portal.Invalid, Key: "partner.supplier-unchecked", Field: "compared"}
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		o, err := s.Store.LockPartner(t, id)
		if err != nil {
			return err
		}
		if o.Status != Approved {
			return &portal.Error{Code: portal.Conflict, Key: "partner.state"}
		}
		t.Record(entry(by, s.Clock(), audit.PartnerSupplier, o.ID, map[string]string{"before": o.Supplier, "supplier": code, "reason": reason}))
		o.Supplier = code
		return s.Store.SavePartner(t, o)
	})
}

func (s *Service) reasoned(ctx context.Context, by portal.Actor, id string, from, to Status, action audit.Action, reason string) error {
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	now := s.Clock()
	return s.decide(ctx, by, id, from, to, action, reason, func(t tx.Tx, o Organisation) error {
		if to != Suspended {
			return nil
		}
		return s.Store.EndPartnerSessions(t, o.ID, now)
	})
}

// decide leads an organisation from one status to another; Conflict
// "partner.state" where it stands elsewhere: somebody was faster.
func (s *Service) decide(ctx context.Context, by portal.Actor, id string, from, to Status, action audit.Action, reason string,
	do func(tx.Tx, Organisation) error) error {
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		o, err := s.Store.LockPartner(t, id)
		if err != nil {
			return err
		}
		if o.Status != from {
			return &portal.Error{Code: portal.Conflict, Key: "partner.state"}
		}
		o.Status, o.DecidedAt, o.DecidedBy, o.Reason = to, now, by.ID, reason
		details := map[string]string{}
		if reason != "" {
			details["reason"] = reason
		}
		if o.Supplier != "" {
			details["supplier"] = o.Supplier
		}
		t.Record(entry(by, now, action, o.ID, details))
		if err := s.Store.SavePartner(t, o); err != nil {
			return err
		}
		return do(t, o)
	})
}
