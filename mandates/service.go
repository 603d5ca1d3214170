package mandates

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Store is what Service needs of the database. What it changes, Service
// records. Each line it reads knows by SucceededAt of the renewals granted.
type Store interface {
	// PutMandate adds a mandate with its lines.
	PutMandate(t tx.Tx, m Mandate) error
	// LockMandate reads a partner's mandate with its lines and locks it until
	// the unit ends; partnerID is "" for an officer. NotFound where there is
	// none or it is another's, by the same statement: another's ten thousand
	// lines cost no time either (L10).
	LockMandate(t tx.Tx, partnerID, id string) (Mandate, error)
	// LockMandateLine is LockMandate with the line of one access point alone, none
	// where it has none.
	LockMandateLine(t tx.Tx, partnerID, id string, ean portal.EAN) (Mandate, error)
	// SaveMandate writes all that may change: status, version, text, reason,
	// dates, signature, scope and mandator.
	SaveMandate(t tx.Tx, m Mandate) error
	// ReplaceMandateLines writes the lines of a draft anew; SaveMandateLine writes one.
	ReplaceMandateLines(t tx.Tx, m Mandate) error
	SaveMandateLine(t tx.Tx, mandateID string, l Line) error
	// PutMandateDocument adds a document of a mandate.
	PutMandateDocument(t tx.Tx, d Document) error

	// Mandate reads one of a partner's, false where there is none or it is
	// another's: one query, so that the two cannot be told apart (L10).
	Mandate(ctx context.Context, partnerID, id string) (Mandate, bool, error)
	// MandateLine is Mandate with the line of one access point alone, none where
	// it has none: of ten thousand, one is read.
	MandateLine(ctx context.Context, partnerID, id string, ean portal.EAN) (Mandate, bool, error)
	// GivenMandate reads one that was given in, for an officer.
	GivenMandate(ctx context.Context, id string) (Mandate, bool, error)
	// MandateDocuments lists those of a mandate, oldest first.
	MandateDocuments(ctx context.Context, mandateID string) ([]Document, error)
	// MandatesOf lists a partner's, newest first, from before a place on; their
	// lines are counted, not read.
	MandatesOf(ctx context.Context, partnerID string, before Place, limit int) ([]Summary, error)
	// MandatesWaiting lists those an officer must decide, oldest first.
	MandatesWaiting(ctx context.Context, after Place, limit int) ([]Summary, error)
	// MandatesAt lists those with a granted line about an occupancy and those that
	// its customer wrote, newest first; Lines is that line alone.
	MandatesAt(ctx context.Context, occupancyID string) ([]Summary, error)
	// MandatesOfStay lists the same by their ids, inside a unit of work, in their
	// order.
	MandatesOfStay(t tx.Tx, occupancyID string) ([]string, error)
	// WrittenMandate reads one that the customer of an occupancy wrote, false
	// where there is none or it is another's.
	WrittenMandate(ctx context.Context, occupancyID, id string) (Mandate, bool, error)
	// Mandataries lists the approved partners by name; Mandatary reads one,
	// approved or not: NotFound.
	Mandataries(ctx context.Context) ([]Mandatary, error)
	Mandatary(ctx context.Context, id string) (Mandatary, error)
	// ApprovedIn tells whether a partner is approved, inside a unit of work, and
	// keeps it so until that ends.
	ApprovedIn(t tx.Tx, partnerID string) (bool, error)
	// Stay reads an occupancy with its access point as they are now; NotFound.
	Stay(ctx context.Context, occupancyID string) (registry.Occupancy, registry.AccessPoint, error)
	// StayIn reads the same inside a unit of work, and locks it.
	StayIn(t tx.Tx, occupancyID string) (registry.Occupancy, registry.AccessPoint, error)
	// BereavedIn tells whether an heir's right told, and not by mistake, that the
	// holder of a stay has died (D7); inside a unit that holds the stay.
	BereavedIn(t tx.Tx, occupancyID string) (bool, error)
	// WrittenIn counts what the customer of a stay wrote and nobody decided: what
	// waits, and what was written since a moment and withdrawn.
	WrittenIn(t tx.Tx, occupancyID string, since time.Time) (int, error)

	SupplyStore
}

// Place is where a list goes on; the zero Place is its beginning.
type Place struct {
	At time.Time
	ID string
}

// Summary is a mandate in a list.
type Summary struct {
	Mandate
	PartnerName            string
	PartnerContact         string // a mail address, for the customer
	Points, Granted, Ended int
}

// Document is a signed document of a mandate. The bytes are portal/evidence's.
type Document struct {
	ID         string
	MandateID  string
	EvidenceID string
	Version    int64  // of the text that it should bear
	Hash       []byte // SHA-256 of the file
	AddedAt    time.Time
	AddedBy    string
}

// Letter is the data of the letter that tells a customer of a mandate (D8).
type Letter struct {
	Mandate   string    `json:"mandate"`
	Mandatary string    `json:"mandatary"`
	Contact   string    `json:"contact"`
	Kinds     []Kind    `json:"kinds"`
	Purpose   string    `json:"purpose"`
	DataFrom  time.Time `json:"data_from"`
	DataTo    time.Time `json:"data_to"`
	Until     time.Time `json:"until"`
	At        []string  `json:"at"` // street and town of each access point
	Proven    bool      `json:"proven"`
	Confirmed bool      `json:"confirmed,omitempty"` // behind the reference, before it was granted
}

// Mandatary is the partner, as a mandate names them.
type Mandatary struct {
	ID, Name, CompanyNumber, Contact string
}

// Service keeps mandates.
type Service struct {
	Clock  portal.Clock
	Runner tx.Runner
	Store  Store
}

var absent = &portal.Error{Code: portal.NotFound, Key: "mandate"}

// missing says of a mandate that is not there what is said of another's.
func missing(err error) error {
	if portal.CodeOf(err) == portal.NotFound {
		return absent
	}
	return err
}

// Subject is what trail entries about a mandate carry.
func Subject(id string) string { return "mandate:" + id }

// record writes what happened to a mandate. by brings actor, ground and channel.
func record(t tx.Tx, by audit.Entry, now time.Time, action audit.Action, m Mandate, more map[string]string) {
	by.At, by.Action, by.Subject = now, action, Subject(m.ID)
	by.Details = map[string]string{"partner": m.PartnerID, "version": strconv.FormatInt(m.Version, 10)}
	for name, value := range more {
		by.Details[name] = value
	}
	t.Record(by)
}

// Draft keeps a new mandate of a partner. Nothing of it is looked up (G13).
func (s *Service) Draft(ctx context.Context, by audit.Entry, to Mandatary, d Draft) (Mandate, error) {
	now := s.Clock()
	m, err := s.draft(to, d, now)
	if err != nil {
		return Mandate{}, err
	}
	return m, s.Runner.Do(ctx, func(t tx.Tx) error {
		record(t, by, now, audit.MandateDrafted, m, map[string]string{"points": strconv.Itoa(len(m.Lines))})
		return s.Store.PutMandate(t, m)
	})
}

func (s *Service) draft(to Mandatary, d Draft, now time.Time) (Mandate, error) {
	m, err := d.Mandate(now)
	if err != nil {
		return Mandate{}, err
	}
	m.ID, m.PartnerID, m.Version = portal.NewID(now), to.ID, 1
	_, m.Text = m.Bind(to.Name, to.CompanyNumber)
	return m, nil
}

// Edit writes a draft anew: another version, which needs another signature.
func (s *Service) Edit(ctx context.Context, by audit.Entry, to Mandatary, id string, d Draft) (Mandate, error) {
	now := s.Clock()
	anew, err := d.Mandate(now)
	if err != nil {
		return Mandate{}, err
	}
	var m Mandate
	return m, s.change(ctx, to.ID, id, EventEdit, func(t tx.Tx, old *Mandate) error {
		anew.ID, anew.PartnerID, anew.Renews, anew.CreatedAt = old.ID, old.PartnerID, old.Renews, old.CreatedAt
		anew.Version = old.Version + 1
		_, anew.Text = anew.Bind(to.Name, to.CompanyNumber)
		*old = anew
		m = anew
		record(t, by, now, audit.MandateDrafted, anew, map[string]string{"points": strconv.Itoa(len(anew.Lines))})
		return s.Store.ReplaceMandateLines(t, anew)
	})
}

// GiveIn takes the signed document of the text in force.
func (s *Service) GiveIn(ctx context.Context, by audit.Entry, partnerID, id string, doc Document) error {
	now := s.Clock()
	return s.change(ctx, partnerID, id, EventGiveIn, func(t tx.Tx, m *Mandate) error {
		m.GivenAt, m.Reason = now, ""
		d := doc
		d.MandateID, d.Version, d.AddedAt, d.AddedBy = m.ID, m.Version, now, by.Actor.ID
		record(t, by, now, audit.MandateGiven, *m, map[string]string{"document": hex.EncodeToString(d.Hash)})
		return s.Store.PutMandateDocument(t, d)
	})
}

// Withdraw gives up a mandate that is not decided.
func (s *Service) Withdraw(ctx context.Context, by audit.Entry, partnerID, id string) error {
	return s.change(ctx, partnerID, id, EventWithdraw, func(t tx.Tx, m *Mandate) error {
		record(t, by, s.Clock(), audit.MandateWithdrawn, *m, nil)
		return nil
	})
}

// Return sends a mandate back for what is missing, in the officer's words.
func (s *Service) Return(ctx context.Context, by audit.Entry, id, reason string) error {
	if reason == "" {
		return &portal.Error{Code: portal.Invalid, Key: "mandate.reason", Field: "reason"}
	}
	return s.change(ctx, "", id, EventReturn, func(t tx.Tx, m *Mandate) error {
		m.Reason = reason
		record(t, by, s.Clock(), audit.MandateReturned, *m, nil)
		return nil
	})
}

// LineDecision is what an officer decided on a line: the stay of the mandator
// there, or why not.
type LineDecision struct {
	OccupancyID string
	Reason      string
}

// Decision is what an officer decided on a mandate.
type Decision struct {
	Signature Signature
	// Verdict is what the document's electronic signature proves; demanded where
	// Signature is Electronic, and then of each occupant it is granted about (D8).
	Verdict evidence.Verdict
	Checks  []Check // compared: all of them, but for the signature where it is Electronic
	// Given is when it was given in, as the officer saw it: what was given in
	// anew meanwhile has been compared by nobody.
	Given time.Time
	Lines map[portal.EAN]LineDecision
}

// Decide grants and refuses the lines, and queues one letter for each
// addressee that tells them (D8, D9). What is missing is a portal.Problems.
func (s *Service) Decide(ctx context.Context, by audit.Entry, to Mandatary, id string, d Decision) error {
	var problems portal.Problems
	if d.Signature == Unsigned {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "mandate.unsigned", Field: "signature"})
	}
	granted := false
	for _, line := range d.Lines {
		granted = granted || line.OccupancyID != ""
	}
	if granted && d.Signature != Unsigned {
		for _, c := range Checks {
			// An electronic signature proves who signed, not that it is this text.
			proven := c == CheckSignature && d.Signature == Electronic
			if !proven && !slices.Contains(d.Checks, c) {
				problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "mandate.unchecked", Field: "check_" + string(c)})
			}
		}
	}
	if len(problems) > 0 {
		return problems
	}
	now := s.Clock()
	return s.change(ctx, "", id, EventDecide, func(t tx.Tx, m *Mandate) error {
		if !d.Given.Equal(m.GivenAt) {
			return &portal.Error{Code: portal.Conflict, Key: "mandate.changed", Field: "signature"}
		}
		m.DecidedAt, m.Signature = now, d.Signature
		letters := newEnvelopes(now, to, *m)
		for i := range m.Lines {
			l := &m.Lines[i]
			decided, ok := d.Lines[l.EAN]
			if !ok || (decided.OccupancyID == "") == (decided.Reason == "") {
				return &portal.Error{Code: portal.Invalid, Key: "mandate.undecided", Field: "line_" + string(l.EAN)}
			}
			conflict := func(key string) error {
				return &portal.Error{Code: portal.Conflict, Key: key, Field: "line_" + string(l.EAN)}
			}
			more := map[string]string{"point": l.EAN.Masked(), "signature": string(d.Signature)}
			if decided.Reason != "" {
				if err := l.Refuse(decided.Reason); err != nil {
					return err
				}
				more["refused"] = decided.Reason
				record(t, by, now, audit.MandateRefused, *m, more)
			} else {
				stay, point, err := s.Store.StayIn(t, decided.OccupancyID)
				if err != nil {
					return err
				}
				if stay.EAN != l.EAN || !stay.Contains(now) {
					return conflict("mandate.stay")
				}
				if m.WrittenBy != "" && m.WrittenBy != stay.ID { // namesakes, one after the other
					return conflict("mandate.other-stay")
				}
				dead, err := s.Store.BereavedIn(t, stay.ID)
				if err != nil {
					return err
				}
				if dead { // D7
					return conflict("mandate.bereaved")
				}
				if d.Signature == Electronic && len(d.Verdict.By(stay.Name)) > 0 {
					return &portal.Error{Code: portal.Invalid, Key: "evidence.signature." + string(d.Verdict.By(stay.Name)[0]), Field: "signature"}
				}
				if err := l.Grant(stay.ID, letters.add(stay, point), d.Signature == Electronic, now); err != nil {
					return err
				}
				more["occupancy"] = stay.ID
				if m.WrittenBy == stay.ID { // they said yes before it was signed (D8)
					l.ConfirmedAt, letters.letter.Confirmed = m.AgreedAt, true
				}
				record(t, by, now, audit.MandateGranted, *m, more)
				if err := s.supersede(t, by, now, *m, *l); err != nil {
					return err
				}
			}
			if err := s.Store.SaveMandateLine(t, m.ID, *l); err != nil {
				return err
			}
		}
		return letters.send(t)
	})
}

// envelopes are the letters of one decision: one for each addressee.
type envelopes struct {
	letter Letter
	queued time.Time
	order  []outbox.Address
	by     map[outbox.Address]*outbox.Letter
	at     map[outbox.Address][]string
}

func newEnvelopes(now time.Time, to Mandatary, m Mandate) *envelopes {
	return &envelopes{queued: now, by: map[outbox.Address]*outbox.Letter{}, at: map[outbox.Address][]string{}, letter: Letter{
		Mandate: m.ID, Mandatary: to.Name, Contact: to.Contact, Kinds: m.Scope.Kinds, Purpose: m.Scope.Purpose,
		DataFrom: m.Scope.Data.From, DataTo: m.Scope.Data.To, Until: m.Scope.Validity.To, Proven: m.Signature == Electronic,
	}}
}

// add puts an access point into its occupant's envelope and gives its id.
func (e *envelopes) add(stay registry.Occupancy, point registry.AccessPoint) (letterID string) {
	to := outbox.Address{Name: stay.Name, Street: stay.Street, Postcode: stay.Postcode, Town: stay.Town}
	l := e.by[to]
	if l == nil {
		l = &outbox.Letter{ID: portal.NewID(e.queued), Kind: outbox.Mandate, Language: stay.Language, QueuedAt: e.queued, To: to}
		e.by[to] = l
		e.order = append(e.order, to)
	}
	l.About = append(l.About, stay.ID)
	e.at[to] = append(e.at[to], point.Street+", "+point.Postcode+" "+point.Town)
	return l.ID
}

func (e *envelopes) send(t tx.Tx) error {
	for _, to := range e.order {
		l := *e.by[to]
		data := e.letter
		data.At = e.at[to]
		var err error
		if l.Data, err = encode(data); err != nil {
			return err
		}
		t.Send(l)
	}
	return nil
}
