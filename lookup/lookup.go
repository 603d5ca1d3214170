// Package lookup is the gate: a number (reference or works number), a secret
// (the meter's last four digits, or the works code) and a challenge open one
// file, or nothing.
//
// The walk (G4): the form's challenge is taken and deleted; wrong, old or
// reused, nothing is looked at and nothing counted. Then one transaction locks
// the counter of the number's keyed hash, known or not, lets the pure function
// Judge compare in constant time and decide, writes counter and trail entry,
// and commits. Only after the commit is there an outcome to answer.
//
// A counter is open, then has one or two failures, then three and is blocked;
// only the call centre unblocks it (M4-M6, G5). Unknown, wrong, blocked and
// ended numbers take the same statements and the same number of writes (T7).
//
// Before the challenge stands what source, network and browser have used up,
// and the gate's step: they decide what must be brought (Ask). Between challenge
// and transaction the attempt is counted as a failure of its source, and takes a
// permit of the portal-wide budget of failures (Permits): who gets none is
// compared only as a known browser or with the letter code. A limit that refuses
// compares nothing, counts nothing and says so on one constant page (NotCounted).
package lookup

import (
	"time"

	"guichet/portal/keys"
)

// Kind is a kind of number. The gate knows kinds, not rooms: whoever owns a
// kind stores the keyed hashes.
type Kind string

// The kinds.
const (
	ByReference Kind = "reference" // G1, with the meter's last four digits
	ByWorks     Kind = "works"     // D10, with the works code
)

// ChoseWork is the choice of a visitor who would rather let the browser work
// than read or hear digits (D18); the gate leaves it in its first step only.
const ChoseWork = "work"

// Claim is what somebody typed at the gate.
type Claim struct {
	Kind       Kind
	Number     keys.Secret // as typed; Parse cleans it
	Digits     keys.Secret
	LetterCode keys.Secret // looked at only where strangers are not heard (G7)
	Choice     string      // of the first challenge: "picture", "sound" or ChoseWork (D18)
	CaptchaID  string
	Captcha    keys.Secret
	SecondID   string // step 2, a browser without scripts: a second captcha
	Second     keys.Secret
	Work       keys.Secret // proof of work: step 2, or the visitor's choice
	Form       string      // the form's own token, drawn with the page (T21)
	Device     string      // keyed hash naming the browser's signed cookie, empty without (G6)
	// Where it comes from, as keyed hashes, for the limits.
	Source  string // the peer's address or /64
	Network string // its /24 or /56
	Wide    string // its /48, empty for IPv4
}

// Failure is one counted failure of a counter.
type Failure struct {
	Tried  string `json:"t"` // keyed hash of the wrong digits: the same ones again do not count (T21)
	Device string `json:"d"` // who failed, "" for a browser without cookie (G6)
	At     int64  `json:"a"` // microseconds UTC
}

// Hears is whom the gate compares at this attempt (G7). The zero Hears is
// nobody.
type Hears struct {
	Anyone bool
	Known  bool // browsers that opened this reference before
	Letter bool // whoever types the reference's letter code
}

// Counter is what is remembered of a number, known or not. The zero Counter is
// a number nobody tried.
type Counter struct {
	Failures  []Failure
	BlockedAt time.Time // zero: not blocked. A block never lapses (G6)
	CaseID    string    // the desk's case number, given at the block
}

// Target is what a number opens, read in the attempt's own transaction. The
// zero Target is an unknown number.
type Target struct {
	Known       bool
	OccupancyID string    // or the id of the ground it was issued on (D7), or of the works request (D10)
	Secret      []byte    // keyed hash of the digits
	LetterCode  []byte    // keyed hash
	EndsAt      time.Time // when it stops opening: reference ended, 60 days after the occupancy (D2), its ground's end (D7), or a year after the works were over; zero: open-ended
	Superseded  []string  // references of the same occupancy and meter that end at this one's first use (G2)
	KnownSince  time.Time // when this try's browser last opened the reference; zero: never
}

// Visit is a pass: what one successful attempt opened, until when. It lives in
// SQL, so that an end is an end whatever the short-lived state remembers (T24).
type Visit struct {
	ID           string
	ReferenceKey string
	OccupancyID  string
	OpenedAt     time.Time
	EndsAt       time.Time // 30 minutes after OpenedAt, in all
	EndedAt      time.Time // zero: not left
	Device       string    // the browser that opened it, "" for one without cookie
}
