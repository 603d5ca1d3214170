// Package mandates protects what a customer signed for: nobody but the
// customer gets consumption without a written, signed mandate of that very
// customer, and then exactly what it names (L16, L29, Ld4).
//
// A mandate is one text of one mandator for one mandatary, with a line for
// each access point. The text goes this way:
//
//	drafted ──give in──▶ given-in ──decide──▶ decided
//	   │                  │     ▲
//	   │               return   │
//	   │                  ▼     │
//	   │               returned ┘ (give in again)
//	   └──────── withdraw, from any of the three ────▶ withdrawn
//
// A decision grants or refuses each line. A line that is granted goes this way:
//
//	proposed ──grant──▶ waiting ──confirm, or ten working days──▶ in-force
//	   │                  │                                        │
//	 refuse               └──────────────────┬─────────────────────┘
//	   ▼                                      ▼
//	refused          revoked, renewed, expired, or ended by move, death or dissolution
//
// A customer may write the text themselves, behind the reference, and say yes
// to it there: it is the mandatary's to give in, signed, and not to change.
//
// Waiting is passed over where the document bears an electronic signature that
// was verified in all four points, or the customer said yes before (D8). What time alone changes (in force,
// expired) is read from the line's dates and never waits for a job: a line
// delivers by its dates, or not at all.
//
// One reach needs no mandate: the supplier of record's. It has consumption of
// the customer for whom the register sent it an acceptance of registration, from
// that acceptance on, as long as its registration holds, and what its bill is
// made of: months and years; by day and finer only where the connection's power
// has it measured so by law (L10, L13, L26, D5). It is this room's because what
// leaves, how it is recorded and what it carries are the same as on a mandate;
// whoever wants more needs one (Ld6). How a registration ends is in no type and
// no statement here: a drop, a budget meter and an ordinary end of contract
// cannot be told apart by what cannot see them (L14, L15, Ld7, Ld8).
package mandates

import (
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/calendar"
)

// Kind is a sort of data a mandate can name; each is ticked on its own (facts
// D.6). A new one needs: Kinds, web/locales "mandate.kind."+name.
type Kind string

// The kinds.
const (
	Totals Kind = "totals" // yearly and monthly consumption
	Daily  Kind = "daily"  // consumption by day
	Fine   Kind = "fine"   // by hour and quarter-hour, within the occupant's choice of detail (D5)
)

// Kinds lists them all, in the order of the document.
var Kinds = []Kind{Totals, Daily, Fine}

// Capacity is in what right the mandator signs.
type Capacity string

// The capacities.
const (
	Occupant       Capacity = "occupant"       // for themselves
	Representative Capacity = "representative" // for the company or person that is
)

// Capacities lists them all.
var Capacities = []Capacity{Occupant, Representative}

// Mandator is who gives the mandate, as the document names them. It was typed
// by the partner and is compared with the register by an officer only (G13).
type Mandator struct {
	Name          string
	CompanyNumber string // ten digits; "" for a person
	Capacity      Capacity
	SignedBy      string // who signs where Capacity is Representative
	Street        string
	Postcode      string
	Town          string
}

// Scope is what the mandator lets the mandatary have.
type Scope struct {
	Kinds []Kind
	// Data is the period of the consumption itself, whole local days. A zero To
	// goes on for as long as the mandate is valid.
	Data portal.Period
	// Validity is when it may be asked for: from its day of signature on, 36
	// months at most (D9).
	Validity portal.Period
	Purpose  string
	Once     bool // one delivery of each line, no more
}

// Has tells whether a kind is ticked.
func (s Scope) Has(k Kind) bool { return slices.Contains(s.Kinds, k) }

// Status is where the text of a mandate stands.
type Status string

// The statuses. A new one needs: Statuses, the table in life.go,
// web/locales "mandate.status."+name.
const (
	Drafted   Status = "drafted"
	GivenIn   Status = "given-in"
	Returned  Status = "returned"
	Decided   Status = "decided"
	Withdrawn Status = "withdrawn"
)

// Statuses lists them all.
var Statuses = []Status{Drafted, GivenIn, Returned, Decided, Withdrawn}

// Mandate is one text and what became of it.
type Mandate struct {
	ID        string
	PartnerID string // the mandatary's organisation
	Mandator  Mandator
	Language  portal.Language
	Scope     Scope
	Status    Status
	// Version counts the texts made; Text is the SHA-256 of the one in force.
	Version int64
	Text    []byte
	// Reason is why it was returned or refused, in the officer's words.
	Reason string
	Renews string // the mandate that it takes the place of; ""
	// WrittenBy is the occupancy whose customer wrote the text behind the
	// reference; "" where the mandatary did. AgreedAt is when the customer said
	// yes to that very text there.
	WrittenBy string
	AgreedAt  time.Time
	CreatedAt time.Time
	GivenAt   time.Time
	DecidedAt time.Time
	Signature Signature
	Lines     []Line
}

// Signature is how the document that was given in is signed.
type Signature string

// The signatures.
const (
	Unsigned   Signature = ""
	ByHand     Signature = "hand"       // scanned, compared by an officer
	Electronic Signature = "electronic" // all four points of D8 (b) hold
)

// Outcome is what was decided on a line.
type Outcome string

// The outcomes.
const (
	Proposed Outcome = "proposed"
	Granted  Outcome = "granted"
	Refused  Outcome = "refused"
)

// End is why a line delivers no more.
type End string

// The ends. A new one needs: Ends, web/locales "mandate.end."+name.
const (
	NotEnded       End = ""
	ByRevocation   End = "revoked"     // by the customer, behind the reference or at the desk
	ByRenewal      End = "renewed"     // another mandate takes its place
	ByMove         End = "move"        // the occupancy ended (L16)
	ByDeath        End = "death"       // of the mandator (Ld4)
	ByDissolution  End = "dissolution" // of the mandator or the mandatary
	ByRelinquished End = "given-up"    // by the mandatary
)

// Ends lists those that end a line.
var Ends = []End{ByRevocation, ByRenewal, ByMove, ByDeath, ByDissolution, ByRelinquished}

// Line is a mandate's part about one access point.
type Line struct {
	EAN     portal.EAN
	Outcome Outcome
	// Reason is the key of why it was refused, for mandator and mandatary.
	Reason string
	// OccupancyID is the mandator's stay, found by the officer.
	OccupancyID string
	GrantedAt   time.Time
	// Proven: the document's electronic signature is the occupant's, verified in
	// all four points (D8).
	Proven bool
	// LetterID is the letter that tells the customer, ToldAt when it left.
	LetterID    string
	ToldAt      time.Time
	ConfirmedAt time.Time // by the customer, behind the reference
	EndedAt     time.Time
	End         End
	// SucceededAt is from when on a renewal delivers in its place, zero: none does.
	// It is read from the renewal's own dates, which time alone may reach.
	SucceededAt time.Time
	// MovedAt is when the mandator's stay ends, as the register has it now, zero:
	// it is open. A move ends the line at its own date, however late it is learnt (Ld4).
	MovedAt     time.Time
	DeliveredAt time.Time // last
}

// objection is how many working days the customer has to object after the
// letter that tells of a mandate they did not confirm (D8).
const objection = 10

// Begins is when a granted line begins to deliver; zero: not before its letter
// has left, or it is not granted.
func (l Line) Begins() time.Time {
	switch {
	case l.Outcome != Granted:
		return time.Time{}
	case l.Proven:
		return l.GrantedAt
	case l.ConfirmedAt.After(l.GrantedAt):
		return l.ConfirmedAt
	case !l.ConfirmedAt.IsZero(): // of a text that they wrote
		return l.GrantedAt
	case !l.ToldAt.IsZero():
		return calendar.After(l.ToldAt, objection)
	}
	return time.Time{}
}

func (l Line) succeeded(now, until time.Time) bool {
	return !l.SucceededAt.IsZero() && !now.Before(l.SucceededAt) && l.SucceededAt.Before(until)
}

func (l Line) moved(now, until time.Time) bool {
	return !l.MovedAt.IsZero() && !now.Before(l.MovedAt) && l.MovedAt.Before(until)
}

// Over tells how a line that is LineEnded ended, and when: what happened first.
func (l Line) Over() (End, time.Time) {
	switch renewed := !l.SucceededAt.IsZero(); {
	case l.End != NotEnded:
		return l.End, l.EndedAt
	case renewed && (l.MovedAt.IsZero() || l.SucceededAt.Before(l.MovedAt)):
		return ByRenewal, l.SucceededAt
	}
	return ByMove, l.MovedAt
}

// LineStatus is where a line stands at a moment.
type LineStatus string

// The statuses of a line. A new one needs: LineStatuses, web/locales
// "mandate.line."+name.
const (
	LineProposed LineStatus = "proposed"
	LineRefused  LineStatus = "refused"
	LineWaiting  LineStatus = "waiting"
	LineInForce  LineStatus = "in-force"
	LineExpired  LineStatus = "expired"
	LineEnded    LineStatus = "ended" // Line.Over tells how
)

// LineStatuses lists them all.
var LineStatuses = []LineStatus{LineProposed, LineRefused, LineWaiting, LineInForce, LineExpired, LineEnded}

// StatusAt tells where a line stands. until is the end of the mandate's
// validity. An end wins over everything, a refusal too: a denied decision
// beats an allowed one.
func (l Line) StatusAt(now, until time.Time) LineStatus {
	switch {
	case l.Outcome == Refused:
		return LineRefused
	case l.End != NotEnded:
		return LineEnded
	case l.Outcome != Granted:
		return LineProposed
	case l.succeeded(now, until), l.moved(now, until):
		return LineEnded
	case !now.Before(until):
		return LineExpired
	}
	if begins := l.Begins(); begins.IsZero() || now.Before(begins) {
		return LineWaiting
	}
	return LineInForce
}
