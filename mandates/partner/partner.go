// Package partner protects who may ask for other people's consumption:
// organisations that an officer approved, their named people, and the keys of
// their programs (T26, E13).
//
// An organisation asks on a public form and is told the same whether its
// company number is known or not (G13). It goes this way:
//
//	asked ──approve──▶ approved ◀──resume── suspended
//	   │                   └──────suspend──────▲
//	 refuse ──▶ refused
//
// Its approval invites the first of its people by letter to its address: a
// one-time code with which they choose a password and enrol an authenticator.
// They are a manager, and managers invite and end colleagues. What signs in is
// package login's; session, person and organisation are read from SQL at each
// request (T24), so that a suspension shuts everything at once.
//
// An organisation that supplies energy says under which code the market knows
// it. An officer compares that code before approving: who holds it gets, without
// a mandate, what the supplier of record may have (L10), and no second
// organisation is approved under it.
//
// An installer says so, too, and an officer may say it later or take it back: it
// follows the requests for works that it made or holds (D10).
//
// A key is shown once and stored as a keyed hash. Whether it exists, has
// expired, was ended or belongs to somebody suspended: the same work, the same
// answer. One that is bound to a client certificate opens nothing without it.
package partner

import (
	"context"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/login"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Status is where an organisation stands. A new one needs: Statuses,
// web/locales "desk.partner.status."+name.
type Status string

// The statuses.
const (
	Asked     Status = "asked"
	Approved  Status = "approved"
	Declined  Status = "refused"
	Suspended Status = "suspended"
)

// Statuses lists them all.
var Statuses = []Status{Asked, Approved, Declined, Suspended}

// Organisation is a third party.
type Organisation struct {
	ID                     string
	Name, CompanyNumber    string
	Mail, PrivacyMail      string // contact, and contact for data protection
	Language               portal.Language
	Street, Postcode, Town string
	Supplier               string // code in the register, "" where it is no supplier (L10)
	Installer              bool   // carries out works for customers and follows their requests (D10)
	Manager                string // who becomes its first person
	Status                 Status
	AskedAt                time.Time
	DecidedAt              time.Time // of the last decision
	DecidedBy              string    // login of the officer
	Reason                 string
}

// Mandatary is the organisation as its mandates name it.
func (o Organisation) Mandatary() mandates.Mandatary {
	return mandates.Mandatary{ID: o.ID, Name: o.Name, CompanyNumber: o.CompanyNumber, Contact: o.PrivacyMail}
}

// AsSupplier is the organisation as registrations know it; no code, no registration.
func (o Organisation) AsSupplier() mandates.Supplier {
	return mandates.Supplier{PartnerID: o.ID, Code: o.Supplier}
}

// Subject is what trail entries about an organisation carry.
func Subject(id string) string { return "partner:" + id }

// Application is the form as it was typed.
type Application struct {
	Name, CompanyNumber    string
	Mail, PrivacyMail      string
	Language               string
	Street, Postcode, Town string
	Supplier, Manager      string
	Installer              bool
}

const longest = 120 // characters of a field

// Organisation reads a form. Nothing of it is looked up (G13). The error is
// portal.Problems, each with its Field.
func (a Application) Organisation(now time.Time) (Organisation, error) {
	var problems portal.Problems
	wrong := func(field, key string, args ...any) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
	}
	line := func(field, text string) string {
		text = strings.Join(strings.Fields(text), " ")
		switch {
		case text == "":
			wrong(field, "partner.empty")
		case utf8.RuneCountInString(text) > longest:
			wrong(field, "partner.long", longest)
		}
		return text
	}
	o := Organisation{Status: Asked, AskedAt: now, Installer: a.Installer, Name: line("name", a.Name)}
	var ok bool
	if strings.TrimSpace(a.CompanyNumber) == "" {
		wrong("company_number", "partner.empty")
	} else if o.CompanyNumber, ok = portal.CompanyNumber(a.CompanyNumber); !ok {
		wrong("company_number", "partner.company")
	}
	o.Street, o.Postcode, o.Town = line("street", a.Street), line("postcode", a.Postcode), line("town", a.Town)
	address := func(field, text string) string {
		text = strings.TrimSpace(text)
		at, err := mail.ParseAddress(text)
		switch {
		case text == "":
			wrong(field, "partner.empty")
		case err != nil || at.Name != "" || at.Address != text || len(text) > longest:
			wrong(field, "partner.mail")
		}
		return text
	}
	o.Manager = line("manager", a.Manager)
	o.Mail, o.PrivacyMail = address("mail", a.Mail), address("privacy_mail", a.PrivacyMail)
	if o.Language, ok = portal.ParseLanguage(a.Language); !ok {
		wrong("language", "partner.language")
	}
	if o.Supplier = strings.TrimSpace(a.Supplier); o.Supplier != "" && !registry.SupplierForm.MatchString(o.Supplier) {
		wrong("supplier", "partner.supplier")
	}
	if len(problems) > 0 {
		return Organisation{}, problems
	}
	return o, nil
}

// Person is one of an organisation's people.
type Person struct {
	Login, PartnerID string
	Name             string
	Manager          bool
	AddedAt, EndedAt time.Time
	// InvitedUntil is how long the invitation opens; zero once they are set up.
	InvitedUntil time.Time
}

// Actor is the person as the trail names them.
func (p Person) Actor() portal.Actor { return portal.Actor{Kind: portal.Partner, ID: p.Login} }

// Account is a person with what proves them.
type Account struct {
	Person
	Password   string // "" before they are set up
	Invitation []byte // keyed hash of the one-time code
	Seed       []byte // sealed for keys.ForPartnerCode under the login
	Step       int64
	Failures   login.Failures
}

// Guest is who is signed in: a person with their organisation, as SQL has them now.
type Guest struct {
	Person
	Organisation Organisation
}

// Place is where a list goes on; the zero Place is its beginning.
type Place = mandates.Place

// Store is what Service needs of the database. Only Service calls it; what a
// method changes, Service records.
type Store interface {
	// PutPartner adds an organisation, LockPartner reads one and locks it until
	// the unit ends (NotFound), SavePartner writes status, role, decision and reason;
	// Conflict "partner.taken" where another of that company number is approved,
	// "partner.supplier-taken" where another of that supplier's code is (L10).
	PutPartner(t tx.Tx, o Organisation) error
	LockPartner(t tx.Tx, id string) (Organisation, error)
	SavePartner(t tx.Tx, o Organisation) error
	// Partner reads one; NotFound.
	Partner(ctx context.Context, id string) (Organisation, error)
	// Partners lists those of a status, or all for "", newest first.
	Partners(ctx context.Context, of Status, before Place, limit int) ([]Organisation, error)

	// AddPerson adds a person; Conflict "partner.login" where the login is
	// taken, also by somebody who left.
	AddPerson(t tx.Tx, a Account) error
	// LockPerson reads an account and locks it; false where there is none.
	LockPerson(t tx.Tx, login string) (Account, bool, error)
	// SavePersonSignIn writes failures and last step.
	SavePersonSignIn(t tx.Tx, login string, f login.Failures, step int64) error
	// SavePerson writes what proves a person: password, invitation, seed, step, failures.
	SavePerson(t tx.Tx, a Account) error
	// EndPerson ends an account and its sessions.
	EndPerson(t tx.Tx, login string, now time.Time) error
	// Person reads one with their organisation; false where there is none.
	Person(ctx context.Context, login string) (Guest, bool, error)
	// People lists those of an organisation, by name.
	People(ctx context.Context, partnerID string) ([]Person, error)

	OpenPartnerSession(t tx.Tx, s login.Session) error
	// PartnerSession reads a session with its person and organisation; false
	// where there is none.
	PartnerSession(ctx context.Context, id string) (login.Session, Guest, bool, error)
	// EndPartnerSession ends a session and tells whether it was live.
	EndPartnerSession(t tx.Tx, id string, now time.Time) (bool, error)
	// EndPartnerSessions ends all of an organisation.
	EndPartnerSessions(t tx.Tx, partnerID string, now time.Time) error

	// PutKey adds a key; EndKey ends one of an organisation's and tells whether it did.
	PutKey(t tx.Tx, k Key, hash string) error
	EndKey(t tx.Tx, partnerID, id string, now time.Time) (bool, error)
	// Keys lists those of an organisation, newest first.
	Keys(ctx context.Context, partnerID string) ([]Key, error)
	// KeyByHash reads a key that is live at a moment, of an organisation that is
	// approved; false where there is none. The database sorts out the others, so
	// that no time tells that there was one.
	KeyByHash(ctx context.Context, hash string, now time.Time) (Key, Organisation, bool, error)
	// UseKey writes when a key was used last.
	UseKey(t tx.Tx, id string, now time.Time) error

	// Entries reads the trail of a subject, newest first.
	Entries(ctx context.Context, subject string, limit int, before time.Time, beforeID string) ([]audit.Recorded, error)
}
