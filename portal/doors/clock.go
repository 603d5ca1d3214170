package doors

import (
	"time"

	"guichet/portal"
)

// The clock guard's measures (T17).
const (
	// Tolerance is how far a clock may be off before its process's doors shut.
	Tolerance = time.Minute
	// BeatEvery is how often a process writes its heartbeat.
	BeatEvery = 5 * time.Second
	// Silence is after how long without a beat of its own a process is unsure,
	// and after how long another one is no longer taken for live.
	Silence = time.Minute
)

// Mark is the highest time any process has written. Setting counts how often
// it was set by hand.
type Mark struct {
	At      time.Time
	Setting int64
}

// Beat is the last sign of life of a process: its beat's number and what its
// wall clock showed then.
type Beat struct {
	Process string
	Beat    int64
	Wall    time.Time
}

// Peer is another process as this one sees it. Its last beat was written
// between Least and Most ago, by the time that really went by.
type Peer struct {
	Wall        time.Time
	Least, Most time.Duration
	// New is a beat that was there at this process's first look: it may be of
	// any age.
	New bool
}

// Reading is what a process knows of the time at one moment.
type Reading struct {
	Wall  time.Time
	Ran   time.Duration
	Base  time.Time // Wall less Ran when the clock was first right; zero: not yet
	Mark  time.Time
	Peers []Peer
	Beat  time.Duration // Ran at the last beat
}

// Tell gives the time to use, which is never below the mark, and why the doors
// must be shut; "" where the clock is right. A clock that jumped is not
// followed: the time goes on as it really went by (T17).
func Tell(r Reading) (now time.Time, why Why) {
	now = r.Wall
	if expected := r.Base.Add(r.Ran); !r.Base.IsZero() && apart(r.Wall, expected) {
		now, why = expected, ClockJumped
	}
	if r.Mark.After(now) {
		if now.Add(Tolerance).Before(r.Mark) && why == "" {
			why = ClockBehind
		}
		now = r.Mark
	}
	for _, p := range r.Peers {
		switch {
		case why != "":
		case p.New:
			// After a pause of the whole portal the mark lies behind; so it
			// does for a clock that runs ahead of processes still unseen.
			if r.Wall.Add(-Tolerance).After(r.Mark) {
				why = ClockUnsure
			}
		case p.Most > Silence:
		case r.Wall.Add(-p.Most - Tolerance).After(p.Wall), p.Wall.Add(p.Least).After(r.Wall.Add(Tolerance)):
			why = ClockApart
		}
	}
	if why == "" && r.Ran-r.Beat > Silence {
		why = ClockUnsure
	}
	return now, why
}

func apart(a, b time.Time) bool {
	d := a.Sub(b)
	return d > Tolerance || d < -Tolerance
}

// sighting is what a process remembers of another one's beats.
type sighting struct {
	beat  int64
	wall  time.Time
	since time.Duration // Ran when this beat was first seen
	gap   time.Duration // since the look before, which did not show it
	first bool          // at this process's first look
}

// watch is what a process remembers between its beats; the zero watch is
// unsure.
type watch struct {
	looked   bool
	base     time.Time
	mark     Mark
	seen     map[string]sighting
	beat     int64
	at       time.Duration // Ran at the last beat
	given    time.Time     // the highest time given
	restored bool
}

// look gives the watch after reading mark and beats at a moment.
func (w watch) look(process string, mark Mark, beats []Beat, ran time.Duration) watch {
	next := w
	next.seen = map[string]sighting{}
	for _, b := range beats {
		if b.Process == process {
			continue
		}
		s, known := w.seen[b.Process]
		if !known || s.beat != b.Beat {
			s = sighting{beat: b.Beat, wall: b.Wall, since: ran, gap: ran - w.at, first: !w.looked}
		}
		next.seen[b.Process] = s
	}
	if w.looked && mark.Setting != w.mark.Setting {
		// Somebody set the time: what was right before says nothing now.
		next.base, next.given = time.Time{}, time.Time{}
	}
	next.looked, next.mark, next.at = true, mark, ran
	next.beat++
	return next
}

// unseen is for how long a beat that was there at the first look may be of a
// live process: two of its beats must have shown by then.
const unseen = 2 * BeatEvery

func (w watch) reading(wall time.Time, ran time.Duration, alone bool) Reading {
	r := Reading{Wall: wall, Ran: ran, Base: w.base, Mark: w.mark.At, Beat: w.at}
	if alone {
		return r
	}
	for _, s := range w.seen {
		age := ran - s.since
		switch {
		case !s.first:
			r.Peers = append(r.Peers, Peer{Wall: s.wall, Least: age, Most: age + s.gap})
		case age < unseen:
			r.Peers = append(r.Peers, Peer{Wall: s.wall, New: true})
		}
	}
	return r
}

// guard tells at this moment why the doors are shut, "" where nothing is.
func (s *Service) guard() Why {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, why := s.tell()
	return why
}

// tell reads the clocks; s.mu is held.
func (s *Service) tell() (time.Time, Why) {
	wall, ran := s.Wall().Round(0), s.Ran()
	if !s.watch.looked {
		return wall, ClockUnsure
	}
	now, why := Tell(s.watch.reading(wall, ran, s.Alone))
	if why == "" && s.watch.restored {
		why = Restored
	}
	return now, why
}

// Clock is the time for what counts guesses: never below the database's
// high-water mark, never backwards, and never along with a jump (T17). While
// the doors are shut it still gives a time, for those who only record.
func (s *Service) Clock() portal.Clock {
	return func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		now, why := s.tell()
		if now.Before(s.watch.given) {
			return s.watch.given
		}
		if why == "" || why == Restored { // a doubtful time must not hold back the right one
			s.watch.given = now
		}
		return now
	}
}
