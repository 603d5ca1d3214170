// Package registry protects who lives where: access points under their EAN,
// the meters on them, the periods in which somebody occupied them, the
// suppliers of record, and the references issued to occupants. It decides
// which reference belongs to which occupancy and when it ends; it never tells
// consumption (L3) and never compares what the public types (G13).
package registry

import (
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

// AccessPoint is one record of the access register (L1).
type AccessPoint struct {
	EAN      portal.EAN
	Energy   portal.Energy
	Street   string
	Postcode string
	Town     string
	// PowerVA is the connection's power in volt-amperes (electricity; 0 for
	// gas). From 56,000 on detail finer than daily is kept by law (D5).
	PowerVA int64
}

// DetailPower is the power from which fine detail is kept without asking (D5), in VA.
const DetailPower = 56_000

// Meter is a device on an access point for a period [From, To).
type Meter struct {
	ID     string
	EAN    portal.EAN
	Number string // as printed on the meter, facts B.2
	portal.Period
}

// Occupancy is somebody's stay at an access point, half-open; two of one EAN
// never overlap, a gap belongs to nobody (Ld1).
type Occupancy struct {
	ID       string
	EAN      portal.EAN
	Name     string
	Language portal.Language
	// The mailing address, as the supplier gave it (L28).
	Street, Postcode, Town string
	// DetailFrom is when detail finer than daily was chosen; zero: not chosen (D5).
	DetailFrom time.Time
	// DetailEnded is when a choice was last withdrawn, or ended by a move; zero:
	// never. Only the portal knows it, no file tells it.
	DetailEnded time.Time
	portal.Period
}

// Supply says who supplied an access point over a period (L2).
type Supply struct {
	EAN      portal.EAN
	Supplier string
	portal.Period
}

// Reference is an issued reference as it is stored: hashes only (G1, G12).
type Reference struct {
	Key         string // keys.Ring.CounterKey("reference", number)
	OccupancyID string
	MeterID     string
	Digits      []byte // keyed hash of the meter's last four digits, bound to Key
	LetterCode  []byte // keyed hash, bound to Key
	Legacy      bool   // printed by another system, presumed predictable (G1)
	IssuedAt    time.Time
	FirstUsedAt time.Time
	EndedAt     time.Time // zero: live
}

// ReferenceLetter is the data of the letter that carries references: one
// envelope for a household, one line for each meter (G2).
type ReferenceLetter struct {
	Lines []ReferenceLine `json:"lines"`
	// Ground is why somebody gets it who is not the occupant; "" for occupants (D7).
	Ground GroundKind `json:"ground,omitempty"`
}

// ReferenceLine is what one meter's box on the letter prints. It is secret
// and lives only inside a sealed letter: strings here are the plain ones.
type ReferenceLine struct {
	Energy      portal.Energy `json:"energy"`
	Reference   string        `json:"reference"`   // "1234 5678 9012 34"
	MeterNumber string        `json:"meter"`       // whole, as on the device
	DigitsAt    int           `json:"digits_at"`   // where the four digits begin in MeterNumber, -1 where they do not stand together
	Digits      string        `json:"digits"`      // the four digits
	LetterCode  string        `json:"letter_code"` // "7K3M 9QXA"
	Supply      string        `json:"supply"`      // street and town of the access point
}

// Drawn is a freshly drawn reference with its plain secrets, alive only on
// the way to the letter.
type Drawn struct {
	Reference  keys.Secret // 14 digits
	Digits     keys.Secret // 4 digits
	LetterCode keys.Secret // 8 characters, Crockford base 32
}
