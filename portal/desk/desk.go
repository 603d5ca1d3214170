// Package desk protects what staff do for callers. A blocked reference is a
// case (M6): an agent opens it with an interaction's number or a typed reason
// (Cd3), checks the caller with questions that the register answers and the
// bill alone does not (Cd1, G10), and only then unblocks the reference, or has
// a new one sent to the address on record.
//
// A case's life: blocked; answers, at most three a day; passed for half an hour
// for that agent, after two right ones; cleared, or from the third time in
// twelve months asked by one agent and granted by another; or replaced: the
// reference ends and a letter goes out. Each step is one transaction that locks
// the counter, so that it never meets a guess half-way (T23), and carries its
// own trail entry. Nothing about the customer is told before the check passed.
//
// It also tells staff how the gate stands, its step, budgets and bound (G7, G8),
// and writes the gate's alarms into the trail (G9).
package desk

import (
	"context"
	"log/slog"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/state"
	"guichet/portal/tx"
)

// The limits of G10.
const (
	AnswersADay   = 3                // per reference and day in Brussels, whoever asks
	RightToPass   = 2                // different questions, one of them strong
	PassedFor     = 30 * time.Minute // after the last right answer that passed
	UnblocksAYear = 2                // per reference in twelve months; beyond, a second agent
	AlarmUnblocks = 20               // by one agent in a day
)

// What the decision leaves open.
const (
	AskedFor       = 24 * time.Hour // a request for a second agent lapses then
	OpenFor        = time.Hour      // a given ground opens a case to that agent so long
	PageOfCases    = 25             // lines
	HistoryOfTrail = 100            // entries
	longestText    = 300            // characters of a typed reason
)

// Place is one line of the list of blocked references: where, never who.
type Place struct {
	CaseID    string
	Town      string
	Energy    portal.Energy
	BlockedAt time.Time
	Asked     bool // waits for a second agent
}

// Cursor is the last line of the page before; the zero Cursor begins.
type Cursor struct {
	BlockedAt time.Time
	CaseID    string
}

// List is a page of blocked references. Unknown numbers have no place: they
// are only counted.
type List struct {
	Cases         []Place
	More          bool
	Unknown       int
	OldestUnknown time.Time // zero where there is none
}

// Gate is what the bar on top of every page tells. The store counts; Watch
// gives the View.
type Gate struct {
	View          lookup.View
	Blocked       int // live references
	BlocksToday   int // since midnight in Brussels, unknown numbers included
	FailuresToday int
}

// File is all that the register and the counter hold on a case. It stays
// inside this room: what leaves is a Case.
type File struct {
	Key       string
	BlockedAt time.Time
	Known     bool // false: a number that was never issued; the rest is empty
	Reference registry.Reference
	Occupancy registry.Occupancy
	Point     registry.AccessPoint
	Supplies  []registry.Supply // of the access point, oldest first
	// Ground is on what the reference was issued, its id and kind alone; zero for
	// an occupant's (D7). Occupancy then is its holder: name and address.
	Ground registry.Ground
	Other  portal.Energy // the other energy at the same address, "" where there is none
}

// Check is one answer of a caller; the answer itself is kept nowhere.
type Check struct {
	ID       string
	Key      string
	Login    string
	Question Question
	Right    bool
	At       time.Time
}

// UnblockKind is a step towards an open reference.
type UnblockKind string

// The kinds of steps.
const (
	Cleared  UnblockKind = "cleared"  // by one agent
	Asked    UnblockKind = "asked"    // a second agent is needed
	Granted  UnblockKind = "granted"  // by that second agent
	Replaced UnblockKind = "replaced" // ended, a new reference is on its way
)

// Unblock is one such step. Reason is a key of Reasons, then ": " and what was
// typed.
type Unblock struct {
	ID     string
	Key    string
	Login  string
	Kind   UnblockKind
	Reason string
	At     time.Time
}

// Store is what Service needs of the database. Only Service calls it; what a
// method changes, Service records. Methods that take a Tx read within it.
type Store interface {
	// LoadAttempt and SaveAttempt are the gate's own (lookup.Ledger): the first
	// locks the counter.
	LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error)
	SaveAttempt(t tx.Tx, kind lookup.Kind, key string, now time.Time, c lookup.Counter) error
	// DeskPlaces lists blocked live references, the newest first.
	DeskPlaces(ctx context.Context, after Cursor, asked time.Time, limit int) ([]Place, error)
	// DeskUnknown counts blocked numbers that were never issued.
	DeskUnknown(ctx context.Context) (count int, oldest time.Time, err error)
	// DeskGate counts for the bar; midnight is when today began.
	DeskGate(ctx context.Context, midnight time.Time) (Gate, error)
	AlarmStore
	// GateMoves reads the newest audit.GateMoved entries, newest first.
	GateMoves(ctx context.Context, limit int) ([]audit.Recorded, error)
	// DeskCaseOf finds the case of a blocked number.
	DeskCaseOf(ctx context.Context, key string) (caseID string, found bool, err error)
	// DeskFile reads a case; false where nothing blocked has that number.
	DeskFile(t tx.Tx, caseID string) (File, bool, error)
	// CallerChecks and Unblocks read those of a reference since a time, oldest first.
	CallerChecks(t tx.Tx, key string, since time.Time) ([]Check, error)
	Unblocks(t tx.Tx, key string, since time.Time) ([]Unblock, error)
	// AddCallerCheck and AddUnblock add one.
	AddCallerCheck(t tx.Tx, c Check) error
	AddUnblock(t tx.Tx, u Unblock) error
	// UnblocksBy counts what one agent cleared, granted or replaced since a time.
	UnblocksBy(t tx.Tx, login string, since time.Time) (int, error)
	// Holding reads what a new reference of an occupancy would belong to;
	// NotFound where nobody or no meter is there now.
	Holding(t tx.Tx, occupancyID string, at time.Time) (registry.Holding, error)
	// DeskEndReference ends a live reference.
	DeskEndReference(t tx.Tx, key string, now time.Time) error
	// Entries reads the trail of a subject, newest first.
	Entries(ctx context.Context, subject string, limit int, before time.Time, beforeID string) ([]audit.Recorded, error)
}

// Issuer draws references for the holdings of one envelope and queues their
// letter to the address on record, within the unit of work.
// *registry.Issuer is one.
type Issuer interface {
	IssueIn(t tx.Tx, cause registry.Cause, holdings []registry.Holding) ([]registry.Issued, error)
}

// Deps is what Service works with.
type Deps struct {
	Store  Store
	Runner tx.Runner
	State  state.Store
	Ring   *keys.Ring
	Clock  portal.Clock
	Log    *slog.Logger
	Issuer Issuer
	Watch  Watch
	Shares Shares
	// Alarm is called once the unblocks of one agent reach the day's limit and
	// for each one beyond; nil: only the log tells.
	Alarm func(login string, unblocks int)
	// Rectify and Papers are the back office's.
	Rectify Rectifications
	Papers  PaperStore
	Grounds Grounds
	// Readings are the reading and validation service's.
	Readings Readings
	// Partners are the third parties, for mandates officers.
	Partners Partners
	// Officer is what they do with what customers signed.
	Officer Officer
	// Yard is what works officers do with requests.
	Yard Yard
}

// Service is the desk. Its methods are safe for concurrent use, ask for the
// role themselves, and fail shut.
type Service struct{ Deps }

// New makes a Service.
func New(d Deps) *Service {
	s := &Service{d}
	s.Deps.Yard.many = s.many
	return s
}

// right is something a role may do.
type right int

const (
	see    right = iota // the list and the state of the gate
	handle              // cases
	judge               // readings that wait for a person (L4)
	mend                // files that are wrong, and grounds (S4, D3, D7)
	trust               // third parties and their mandates
	build               // requests for works and their payments (W18)
)

var rights = map[staff.Role][]right{
	staff.Agent:    {see, handle},
	staff.Security: {see},
	staff.Readings: {see, judge},
	staff.Office:   {see, mend},
	staff.Mandates: {see, trust},
	staff.Works:    {see, build},
}

// need refuses members whose role lacks a right, and those without any (L8).
func need(m staff.Member, wanted right) error {
	for _, r := range rights[m.Role] {
		if r == wanted && m.Login != "" {
			return nil
		}
	}
	return &portal.Error{Code: portal.Denied, Key: "desk.role"}
}

// Opens tells whether a colleague's role opens cases: a case is a link for who may
// open it, and a word for the others, whose page would refuse them (T5, Cd3).
func Opens(m staff.Member) bool { return need(m, handle) == nil }

// subject is a reference as the trail names it; the key is a keyed hash (G12).
func subject(key string) string { return string(lookup.ByReference) + ":" + key }

// midnight is when the day of a time began in Brussels.
func midnight(now time.Time) time.Time {
	y, m, d := now.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}
