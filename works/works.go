// Package works carries a request for connection works from its capture to its
// closing, and protects who may see what of it (W1-W22).
//
// A request is in exactly one of six phases (W4) and in one status; each change
// is dated, by whom and why, and only these happen:
//
//	capture      received ◀──complete── incomplete     (ask-missing: back there)
//	                │ study
//	study        studied
//	                │ draw                └─prepare (kinds without an offer)─▶ preparing
//	offer        drawing ──offer──▶ offered ──accept──▶ agreed ──pay──▶ preparing
//	                                   │ decline: cancelled; lapse: expired
//	preparation  preparing ◀─resume─ awaiting, planned ⇄ postponed
//	                │ plan, start
//	execution    working ──break-off──▶ postponed
//	                │ carry-out
//	closing      done ──▶ in-service ──close──▶ closed ──reopen, 30 days──▶ done
//	                │ plan, where the team must come back: planned
//
// The requester may cancel before the works first begin, the operator refuse
// before an offer leaves. Changed data void the offer and begin the study anew; no
// preparation begins before the recorded agreement and the deposit, no expired
// offer is accepted (Wd3), and nothing is closed without both asset and invoice
// (W10).
//
// The requester need not be the network user: neither gives the other's rights
// (W17, Wd1). Of a person a request holds what the offer and the invoice need
// and has no place for more (W13). A drop and a budget meter look to everybody
// but the network user and the staff like an ordinary end of contract, in all
// they can see, count or time (D12, L14, L15).
package works

import (
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

// RequesterKind is who asks (W2, W3).
type RequesterKind string

// The kinds of requesters. A new one needs: RequesterKinds, web/locales
// "works.requester."+name.
const (
	Person     RequesterKind = "person"      // a customer, natural
	Company    RequesterKind = "company"     // a customer, legal
	ThirdParty RequesterKind = "third-party" // mandated for works (Wd2)
	PublicBody RequesterKind = "public-body"
	Supplier   RequesterKind = "supplier"
	Internal   RequesterKind = "internal" // one of the operator's own services (W3)
)

// RequesterKinds lists them all.
var RequesterKinds = []RequesterKind{Person, Company, ThirdParty, PublicBody, Supplier, Internal}

// Channel is how the requester is written to.
type Channel string

// The channels.
const (
	ByMail Channel = "mail"
	ByPost Channel = "post"
)

// Address is a place that the database need not know (facts C.2).
type Address struct{ Street, Postcode, Town string }

// Contact is all that is held of a person: what the offer and the invoice need
// (W13). There is no place for a national number, a birth date, a household or
// a bank account.
type Contact struct {
	Kind          RequesterKind
	Name          string
	Mail          string
	Telephone     string
	Language      portal.Language
	Channel       Channel
	BillingName   string
	Billing       Address
	CompanyNumber string // ten digits; "" for a person
}

// Declared is what the requester declares for the VAT rate (facts C.5).
type Declared struct {
	FirstOccupied int  // year; 0: not declared
	Dwelling      bool // after the works used as private dwelling, mainly
	EndUser       bool // supplied and invoiced to who uses it
}

// Request is one request for works.
type Request struct {
	ID     string
	Key    string      // keyed hash of the number, for the gate (D10)
	Number keys.Secret // ten digits; with the code it opens the request
	Code   []byte      // keyed hash of the code
	CodeAt time.Time   // when it got another code; zero: it has its first
	Kind   Kind
	Energy portal.Energy
	Contact
	Site     Address
	Values   map[Field]string // the technical fields, as kept (W12)
	Declared Declared

	// OccupancyID is the stay in whose own visit it was made; "" elsewhere (D10).
	OccupancyID string
	PartnerID   string // the partner that made it; ""

	// External is what the operator's works system calls it, ToldAt when that
	// last changed what it says, Promised the last day by which it promises the
	// works (D13); "" and zero where it said nothing.
	External string
	ToldAt   time.Time
	MovedAt  time.Time // when the portal learnt of its status: later than Since where the works system told it
	Promised time.Time

	Phase  Phase
	Status Status
	Since  time.Time // of the status
	MadeAt time.Time

	Missing        []string // names of fields and documents, until MissingBy (W5)
	MissingBy      time.Time
	StudyNotNeeded bool // stated (W6)
	Offer          Offer
	UserAgreedAt   time.Time // the network user's agreement (D11)
	Day            time.Time // planned (W8)
	Team           string
	Result         string // of the execution (W9)
	AssetAt        time.Time
	InvoicedAt     time.Time
	ClosedAt       time.Time

	// Unread tells that papers came while it was the requester's turn, which
	// nobody of the operator's has looked at.
	Unread bool

	// Due is when the next date passes: the requester's, or the legal one; zero
	// where none runs. Service keeps it, so that lists are in its order.
	Due time.Time
}

// Step is one dated change of a request: by whom and why (W4).
type Step struct {
	At       time.Time
	Event    Event // "" for the capture itself
	From, To Status
	Phase    Phase // after it
	By       portal.Actor
	Reason   string
}
