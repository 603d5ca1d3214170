package desk

import (
	"context"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/tx"
	"guichet/works"
	"guichet/works/calendar"
	"guichet/works/vat"
)

// PageOfWorks is how many requests or payments a works officer's page shows.
const PageOfWorks = 25

// WorksStore reads what works officers see.
type WorksStore interface {
	Works(ctx context.Context, id string) (works.Request, []works.Step, error)
	WorksList(ctx context.Context, f works.Filter, after works.Place, limit int) ([]works.Request, error)
	WorksPapers(ctx context.Context, requestID string) ([]works.Paper, error)
	WorksPayments(ctx context.Context, requestID string) ([]works.Booking, error)
	WorksPaymentsWaiting(ctx context.Context, after works.Place, limit int) ([]works.Booking, error)
	WorksAsset(ctx context.Context, requestID string) (works.Asset, error)
	// WorksHolders lists all that ever followed a request (D10).
	WorksHolders(ctx context.Context, requestID string) ([]works.Holder, error)
	WorksOfOccupancy(ctx context.Context, occupancyID string) ([]works.Request, error)
	// WorksByKey finds one by the keyed hash of its number; NotFound.
	WorksByKey(ctx context.Context, key string) (id string, err error)
	// WorksBlocked tells whether the gate has closed a number for good.
	WorksBlocked(ctx context.Context, key string) (bool, error)
	LockWorks(t tx.Tx, id string) (works.Request, error)
	// LoadAttempt and SaveAttempt are the gate's own (lookup.Ledger).
	LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error)
	SaveAttempt(t tx.Tx, kind lookup.Kind, key string, now time.Time, c lookup.Counter) error
	// Unblocks, AddUnblock and UnblocksBy are those of references (Store): one
	// officer's day is counted over both.
	Unblocks(t tx.Tx, key string, since time.Time) ([]Unblock, error)
	AddUnblock(t tx.Tx, u Unblock) error
	UnblocksBy(t tx.Tx, login string, since time.Time) (int, error)
}

// Yard is what works officers do with requests (W18, W22).
type Yard struct {
	Store   WorksStore
	Service *works.Service
	Vault   Vault
	Runner  tx.Runner
	Clock   portal.Clock
	Terms   string // version of the general conditions in force, which an offer links to (W21)
	TermsAt string // where they are read, as works.Offer.TermsAt
	// many is told how many numbers somebody opened again today; New sets it.
	many func(ctx context.Context, login string, today int)
}

// WorksFile is everything of one request, as staff see it.
type WorksFile struct {
	works.Request
	Steps     []works.Step
	Documents []WorksDocument
	Deadline  calendar.Deadline // with how it was counted
	Runs      bool              // a legal deadline does
	Payments  []works.Booking
	Asset     *works.Asset
	Holders   []works.Holder // also those that follow no more
	Acts      []Act          // possible now
	Rate      Rate
	Terms     string
	Master    works.Master // who leads it (D13)
	Closed    *Closed      // its number, at the gate
}

// Closed is a number of works that the gate closed: whether a second officer
// must open it again, and what the first one asked (G10).
type Closed struct {
	Second bool
	Asked  *Unblock
}

// WorksDocument is a paper of a request with its file.
type WorksDocument struct {
	works.Paper
	evidence.File
	Pages int
	Waits bool // for the officer, who sees its pages and lets it out of quarantine
}

// Rate is the VAT proposed from the declaration, with every reason against the
// reduced one. Kind tells that it cannot apply to these works at all.
type Rate struct {
	Percent int
	Against []vat.Reason
	Kind    bool
}

// Yard gives an officer the requests.
func (s *Service) Yard(m staff.Member) (*Yard, error) {
	if err := need(m, build); err != nil {
		return nil, err
	}
	return &s.Deps.Yard, nil
}

func yardEntry(by portal.Actor) audit.Entry {
	return audit.Entry{Actor: by, Ground: "works", Channel: "desk"}
}

// List gives those that wait, the overdue ones first, and one more where there
// are more; that it was read is in the trail (L19).
func (y *Yard) List(ctx context.Context, by portal.Actor, f works.Filter, after works.Place) ([]works.Request, error) {
	list, err := y.Store.WorksList(ctx, f, after, PageOfWorks+1)
	if err != nil {
		return nil, err
	}
	return list, y.read(ctx, by, "", map[string]string{"turn": string(f.Turn), "team": f.Team, "kind": string(f.Kind)})
}

func (y *Yard) read(ctx context.Context, by portal.Actor, subject string, details map[string]string) error {
	return y.Runner.Do(ctx, func(t tx.Tx) error {
		e := yardEntry(by)
		e.At, e.Action, e.Subject, e.Details = y.Clock(), audit.WorksRead, subject, details
		t.Record(e)
		return nil
	})
}

// Open reads one with all that belongs to it, and records that it was read (L18).
func (y *Yard) Open(ctx context.Context, by portal.Actor, id string) (f WorksFile, err error) {
	if f.Request, f.Steps, err = y.Store.Works(ctx, id); err != nil {
		return f, err
	}
	f.Deadline, f.Runs = f.Request.Deadline(f.Steps, calendar.Defaults())
	if f.Documents, err = y.documents(ctx, id); err != nil {
		return f, err
	}
	if f.Payments, err = y.Store.WorksPayments(ctx, id); err != nil {
		return f, err
	}
	if f.Holders, err = y.Store.WorksHolders(ctx, id); err != nil {
		return f, err
	}
	if a, err := y.Store.WorksAsset(ctx, id); err == nil {
		f.Asset = &a
	} else if portal.CodeOf(err) != portal.NotFound {
		return f, err
	}
	now := y.Clock()
	f.Master = y.Service.Master
	f.Acts, f.Rate, f.Terms = ActsOf(f.Request, now, y.Service.Master), rateOf(f.Request, now), y.Terms
	if f.Closed, err = y.closed(ctx, f.Key); err != nil {
		return f, err
	}
	if f.Closed != nil && (f.Closed.Asked == nil || f.Closed.Asked.Login != by.ID) {
		f.Acts = append([]Act{Unlock}, f.Acts...)
	}
	return f, y.read(ctx, by, works.Subject(id), map[string]string{"status": string(f.Status)})
}

// closed is nil where the gate has not closed the number.
func (y *Yard) closed(ctx context.Context, key string) (c *Closed, err error) {
	blocked, err := y.Store.WorksBlocked(ctx, key)
	if err != nil || !blocked {
		return nil, err
	}
	return c, y.Runner.Do(ctx, func(t tx.Tx) error {
		_, counter, err := y.Store.LoadAttempt(t, lookup.ByWorks, key, "")
		if err != nil {
			return err
		}
		now := y.Clock()
		former, err := y.Store.Unblocks(t, key, yearBefore(now))
		c = &Closed{Second: secondNeeded(former), Asked: request(counter.BlockedAt, former, now)}
		return err
	})
}

func (y *Yard) documents(ctx context.Context, id string) (all []WorksDocument, err error) {
	papers, err := y.Store.WorksPapers(ctx, id)
	if err != nil {
		return nil, err
	}
	files, err := y.Vault.List(ctx, works.Subject(id))
	if err != nil {
		return nil, err
	}
	of := map[string]evidence.File{}
	for _, f := range files {
		of[f.ID] = f
	}
	for _, p := range papers {
		d := WorksDocument{Paper: p, File: of[p.EvidenceID]}
		if d.Pages, d.Waits, err = pagesOf(ctx, y.Vault, d.File); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// rateOf proposes the VAT for an invoice of today (C.5).
func rateOf(r works.Request, now time.Time) Rate {
	if !r.Kind.Facts().ReducedVAT {
		return Rate{Percent: vat.Standard, Kind: true}
	}
	percent, against := vat.Rate(vat.Declaration{FirstOccupied: r.Declared.FirstOccupied, PrivateDwelling: r.Declared.Dwelling, EndUser: r.Declared.EndUser}, now)
	return Rate{Percent: percent, Against: against}
}

// Page draws one page of a document.
func (y *Yard) Page(ctx context.Context, by portal.Actor, id, file string, n int) (evidence.Picture, error) {
	return y.Vault.Page(ctx, yardEntry(by), works.Subject(id), file, n)
}

// Release lets a document out of quarantine that no scanner can judge.
func (y *Yard) Release(ctx context.Context, by portal.Actor, id, file string) error {
	return y.Vault.Release(ctx, yardEntry(by), works.Subject(id), file)
}

// Payments lists those that wait for an officer, and one more where there are
// more; that they were read is in the trail.
func (y *Yard) Payments(ctx context.Context, by portal.Actor, after works.Place) ([]works.Booking, error) {
	list, err := y.Store.WorksPaymentsWaiting(ctx, after, PageOfWorks+1)
	if err != nil {
		return nil, err
	}
	return list, y.read(ctx, by, "", map[string]string{"list": "payments"})
}

// Assign books a payment to the request of a number, as an officer typed it.
func (y *Yard) Assign(ctx context.Context, by portal.Actor, payment, number string) error {
	digits, err := worksNumber(number)
	if err != nil {
		return err
	}
	return y.Service.Assign(ctx, yardEntry(by), payment, digits.Reveal())
}

// worksNumber reads a request's number as somebody typed it.
func worksNumber(typed string) (keys.Secret, error) {
	digits, ok := registry.CleanDigits(keys.Secret(typed))
	if !ok || len(digits) != works.NumberLength {
		return "", &portal.Error{Code: portal.Invalid, Key: "desk.works.number", Field: "number", Args: []any{works.NumberLength}}
	}
	return digits, nil
}

// Find gives the request of a number that somebody calls about. That it was
// sought is in the trail, found or not, and what was typed is not (L19, G12).
func (y *Yard) Find(ctx context.Context, by portal.Actor, number string) (id string, err error) {
	digits, err := worksNumber(number)
	if err != nil {
		return "", err
	}
	id, err = y.Store.WorksByKey(ctx, y.Service.Ring.CounterKey(string(lookup.ByWorks), digits))
	missing := portal.CodeOf(err) == portal.NotFound
	if err != nil && !missing {
		return "", err
	}
	e := yardEntry(by)
	e.At, e.Action = y.Clock(), audit.DeskSought
	if !missing {
		e.Subject = works.Subject(id)
	}
	if err := y.Runner.Do(ctx, func(t tx.Tx) error { t.Record(e); return nil }); err != nil {
		return "", err
	}
	if missing {
		return "", &portal.Error{Code: portal.Invalid, Key: "desk.works.unknown", Field: "number"}
	}
	return id, nil
}

// unlock opens a number again that the gate closed (M6), as the officer decided
// who made sure of the caller; the reason says how. From the third time in twelve
// months on the first officer asks and a second one opens. It counts among the
// unblocks of its officer, whom too many in a day ring for (G10).
func (y *Yard) unlock(ctx context.Context, by portal.Actor, id, reason string) error {
	now := y.Clock()
	today := 0
	err := y.Runner.Do(ctx, func(t tx.Tx) error {
		r, err := y.Store.LockWorks(t, id)
		if err != nil {
			return err
		}
		_, counter, err := y.Store.LoadAttempt(t, lookup.ByWorks, r.Key, "")
		if err != nil {
			return err
		}
		if counter.BlockedAt.IsZero() {
			return &portal.Error{Code: portal.Conflict, Key: "works.state"}
		}
		former, err := y.Store.Unblocks(t, r.Key, yearBefore(now))
		if err != nil {
			return err
		}
		u := Unblock{ID: portal.NewID(now), Key: r.Key, Login: by.ID, Kind: Cleared, Reason: reason, At: now}
		switch asked := request(counter.BlockedAt, former, now); {
		case !secondNeeded(former):
		case asked == nil:
			u.Kind = Asked
		case asked.Login == by.ID:
			return &portal.Error{Code: portal.Conflict, Key: "desk.same-agent"}
		default:
			u.Kind = Granted
		}
		e := yardEntry(by)
		e.At, e.Action, e.Subject = now, told[u.Kind], works.Subject(id)
		e.Details = map[string]string{"kind": string(u.Kind), "reason": reason, "case": counter.CaseID}
		t.Record(e)
		if err := y.Store.AddUnblock(t, u); err != nil {
			return err
		}
		if today, err = y.Store.UnblocksBy(t, by.ID, midnight(now)); err != nil || u.Kind == Asked {
			return err
		}
		return y.Store.SaveAttempt(t, lookup.ByWorks, r.Key, now, lookup.Unblock(counter))
	})
	if err == nil && y.many != nil {
		y.many(ctx, by.ID, today)
	}
	return err
}

// SetAside notes that a payment is for no request, and why.
func (y *Yard) SetAside(ctx context.Context, by portal.Actor, payment, reason string) error {
	if err := freeText(reason, 5); err != nil {
		return err
	}
	return y.Service.SetAside(ctx, yardEntry(by), payment, reason)
}

// WorksCase is an open works case of a caller: which team a call goes to (C8).
type WorksCase struct {
	Kind   works.Kind
	Status works.Status
	Team   string // "" before one has it
}

// worksCases are those made in an occupancy's own visits that are not over.
func (s *Service) worksCases(ctx context.Context, occupancyID string) (open []WorksCase, err error) {
	list, err := s.Deps.Yard.Store.WorksOfOccupancy(ctx, occupancyID)
	for _, r := range list {
		if !r.Status.Over() {
			open = append(open, WorksCase{Kind: r.Kind, Status: r.Status, Team: r.Team})
		}
	}
	return open, err
}
