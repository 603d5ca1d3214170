// Package doors decides whether the gate, works and partners may be open at
// all, and why not; in doubt they are shut.
//
// Three things shut a door. The kill switch (G11): one security officer closes
// at once; opening again is asked for by one officer and confirmed by another
// within 24 hours, each with a written reason. The clock guard (T17): a
// process whose clock jumped, runs behind the database's high-water mark or
// apart from the other live processes by more than a minute counts no guess.
// The restored-database guard (T17): a database that does not hold the newest
// head kept outside would give guesses back, until somebody accepts it in the
// trail. The guards shut every door of their process: works' codes and
// partners' sign-ins are counted against the same clock and database.
//
// Each request asks Open, which reads the switch from SQL at most five times a
// second, so that every process obeys at once and a crowd costs nothing. What
// slips through meanwhile opens no page: closing and opening again end the
// visits behind the door. The guards are fed by Beat, every five seconds.
package doors

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"

	"golang.org/x/sync/singleflight"
)

// Door is one of the ways in for the public. A new one needs: All, a row in
// store/migrations, web's routes behind it, web/locales "closed."+name and
// "desk.door."+name, the command's list, and the test that counts them.
type Door string

// The doors.
const (
	Gate     Door = "gate"     // references: lookup, captchas, what a visit shows
	Works    Door = "works"    // works requests
	Partners Door = "partners" // third parties, installers, producers
)

// All lists them, in the order in which their rows are locked.
var All = []Door{Gate, Works, Partners}

// Parse reads a door's name, or "all".
func Parse(name string) ([]Door, bool) {
	if name == "all" {
		return All, true
	}
	for _, d := range All {
		if string(d) == name {
			return []Door{d}, true
		}
	}
	return nil, false
}

// Why is a reason for a door to be shut; "" is none. A new one needs: Whys,
// its words here, web/locales "desk.door.why."+name, and the test that counts
// them.
type Why string

// The reasons.
const (
	BySwitch    Why = "switch"       // the kill switch
	ClockJumped Why = "clock-jumped" // against the time that really went by
	ClockBehind Why = "clock-behind" // the database's high-water mark
	ClockApart  Why = "clock-apart"  // from another live process
	ClockUnsure Why = "clock-unsure" // not yet known, or no beat for a minute
	Restored    Why = "restored"     // the database does not hold the newest head kept outside
)

// Whys lists them all with the operator's words.
var Whys = map[Why]string{
	BySwitch:    "closed by the kill switch",
	ClockJumped: "the machine's clock jumped by over a minute",
	ClockBehind: "the machine's clock is over a minute behind the highest time written; if that time was wrong: guichet switch clock now",
	ClockApart:  "the clocks of the serving processes differ by over a minute",
	ClockUnsure: "the time is not known for sure yet",
	Restored:    "the database does not hold the newest head kept outside: a backup was put back; see guichet audit accept-restore",
}

// Switch is the kill switch of one door.
type Switch struct {
	Door     Door
	ClosedAt time.Time // zero: open
	By       string    // login of who closed it
	Reason   string
	Asked    Request
}

// Closed tells how the switch stands.
func (s Switch) Closed() bool { return !s.ClosedAt.IsZero() }

// Request asks for a second person; the zero Request is none.
type Request struct {
	At     time.Time
	By     string
	Reason string
}

// RequestLife is how long a request waits for the second person.
const RequestLife = 24 * time.Hour

// live tells whether a request still stands.
func (r Request) live(now time.Time) bool {
	return !r.At.IsZero() && now.Before(r.At.Add(RequestLife))
}

// Store is what Service needs of the database. Only Service calls it; what a
// method changes, Service records. Methods that take a Tx read within it.
type Store interface {
	// DoorClosed reads one switch; true also where there is no such door.
	DoorClosed(ctx context.Context, d Door) (bool, error)
	// Switches reads all that there are, in any order.
	Switches(ctx context.Context) ([]Switch, error)
	// LockSwitch reads a switch and locks it until the unit ends; NotFound
	// where there is no such door.
	LockSwitch(t tx.Tx, d Door) (Switch, error)
	// SaveSwitch writes a switch.
	SaveSwitch(t tx.Tx, s Switch) error
	// SwitchOfficer tells whether a login is a colleague's who may turn
	// switches now; their account is locked until the unit ends.
	SwitchOfficer(t tx.Tx, login string) (bool, error)
	// EndVisitsBehind ends what is live behind a door and tells how many there
	// were: all visits behind the gate, those of works numbers behind works, the
	// sessions of partners' people behind theirs.
	EndVisitsBehind(t tx.Tx, d Door, now time.Time) (int64, error)

	// LockClock reads the high-water mark and locks it until the unit ends.
	LockClock(t tx.Tx) (Mark, error)
	// SaveClock writes the mark.
	SaveClock(t tx.Tx, m Mark) error
	// Beats reads the last beat of each process.
	Beats(t tx.Tx) ([]Beat, error)
	// SaveBeat writes a process's beat.
	SaveBeat(t tx.Tx, b Beat) error
	// EndBeats removes a process, and those whose wall clock at their last beat
	// was before a time. Nothing of it is recorded: a beat is not an event.
	EndBeats(t tx.Tx, process string, before time.Time) error

	// TrailHolds tells whether the log holds a head kept outside, and whether
	// its loss was accepted.
	TrailHolds(ctx context.Context, kept audit.Head) (held, accepted bool, err error)
	// AcceptRestore writes down an accepted restore.
	AcceptRestore(t tx.Tx, r audit.Restore) error
}

// Deps is what Service works with; all are needed but Kept.
type Deps struct {
	Store  Store
	Runner tx.Runner
	Log    *slog.Logger
	// Wall is the machine's clock; Ran is the time that really went by since
	// some moment, whatever is done to that clock.
	Wall portal.Clock
	Ran  func() time.Duration
	// Alone says that no other process serves this database.
	Alone bool
	// Kept gives the newest head kept outside; nil where none is kept.
	Kept func() audit.Head
	// Words refuses reasons that must not stand in the trail (G12).
	Words func(reason string) error
}

// Service is the doors of one process. Its methods are safe for concurrent use
// and fail shut.
type Service struct {
	Deps
	process string

	reads singleflight.Group

	mu       sync.Mutex
	watch    watch
	told     map[Door]Why  // what the log was last told
	unread   map[Door]bool // whose switch could not be read the last time
	switches map[Door]look
}

// lookLife is how long a process goes by what it read of a switch.
const lookLife = 200 * time.Millisecond

// readTime bounds the reading of a switch, which all who ask share: with a
// database that hangs a door is shut for each of them within this time, and for
// who has less within theirs.
const readTime = 2 * time.Second

// look is a switch as it was read.
type look struct {
	closed bool
	ran    time.Duration // when
}

// New makes a Service whose doors are shut until the first Beat.
func New(d Deps) *Service {
	return &Service{Deps: d, process: portal.NewID(d.Wall()), told: map[Door]Why{}, unread: map[Door]bool{}, switches: map[Door]look{}}
}

// Open is nil where a door is open at this moment. Otherwise the error is
// Unavailable: with Key "closed" where the door is shut, with another where
// nobody can tell.
func (s *Service) Open(ctx context.Context, door string) error {
	d := Door(door)
	why, err := s.why(ctx, d)
	if err != nil {
		return err
	}
	s.note(ctx, d, why)
	return closed(why)
}

func closed(why Why) error {
	if why == "" {
		return nil
	}
	return &portal.Error{Code: portal.Unavailable, Key: "closed", Args: []any{why}, Err: errors.New(Whys[why])}
}

func (s *Service) why(ctx context.Context, d Door) (Why, error) {
	if why := s.guard(); why != "" {
		return why, nil
	}
	s.mu.Lock()
	last, known := s.switches[d]
	s.mu.Unlock()
	if !known || s.Ran()-last.ran >= lookLife {
		reading := s.reads.DoChan(string(d), func() (any, error) {
			soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
			defer cancel()
			return s.read(soon, d)
		})
		select {
		case r := <-reading:
			if r.Err != nil {
				return "", r.Err
			}
			last = r.Val.(look)
		case <-ctx.Done():
			return "", portal.Shut("store", ctx.Err())
		}
	}
	if last.closed {
		return BySwitch, nil
	}
	return "", nil
}

// read reads a switch; the time is taken before, so that it is never younger
// than it says.
func (s *Service) read(ctx context.Context, d Door) (look, error) {
	now := look{ran: s.Ran()}
	var err error
	now.closed, err = s.Store.DoorClosed(ctx, d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unread[d] = err != nil; err == nil {
		s.switches[d] = now
	}
	return now, err
}

// forget makes the next question read all switches anew.
func (s *Service) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.switches)
}

// Guard is nil where neither clock nor database shuts this process's doors;
// otherwise it says why. It asks nobody: it tells the state at this moment by
// what the last Beat saw.
func (s *Service) Guard(context.Context) error { return closed(s.guard()) }

// Known tells whether a door was open when somebody last looked, for metrics. One
// whose switch could not be read is shut.
func (s *Service) Known(d Door) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	why, looked := s.told[d]
	return looked && why == "" && !s.unread[d]
}

// note tells the log when a door's state changed, once.
func (s *Service) note(ctx context.Context, d Door, why Why) {
	s.mu.Lock()
	before, looked := s.told[d]
	s.told[d] = why
	s.mu.Unlock()
	switch {
	case why == before && looked, why == "" && !looked:
	case why == "":
		s.Log.WarnContext(ctx, "a door is open again", "door", string(d))
	default:
		s.Log.ErrorContext(ctx, "a door is shut", "door", string(d), "why", string(why), "text", Whys[why])
	}
}

// Status is a door as staff see it.
type Status struct {
	Switch
	Why     Why  // "" where it is open
	Pending bool // a request stands and may be confirmed by another person
}

// Board tells how all doors stand, in the order of All.
func (s *Service) Board(ctx context.Context) ([]Status, error) {
	switches, err := s.Store.Switches(ctx)
	if err != nil {
		return nil, err
	}
	guard, now := s.guard(), s.Clock()()
	all := make([]Status, len(All))
	for i, d := range All {
		all[i] = Status{Switch: Switch{Door: d}, Why: BySwitch} // no row: shut
		for _, w := range switches {
			if w.Door != d {
				continue
			}
			all[i] = Status{Switch: w, Pending: w.Closed() && w.Asked.live(now)}
			if w.Closed() {
				all[i].Why = BySwitch
			}
		}
		if guard != "" {
			all[i].Why = guard
		}
	}
	return all, nil
}
