package lookup

import (
	"context"
	"encoding/binary"
	"time"

	"guichet/portal"
	"guichet/portal/state"
)

// The keys of tallies in the short-lived state; what follows is a keyed hash.
const (
	sourceTally   = "tally:source:"
	networkTally  = "tally:network:"
	wideTally     = "tally:wide:"
	deviceTally   = "tally:device:"
	overflowTally = "tally:overflow:all"
)

const (
	// sourceWait is how long an attempt waits for others of its source and of its
	// networks, in all: a school that comes at once through one address, with
	// as many as may draw captchas there, goes through two by two.
	sourceWait = 5 * time.Second
	// sourceStep is how often the first in line looks.
	sourceStep = 5 * time.Millisecond
)

// letterTries is how many times the failures of a source it may have when it
// tries letter codes: no neighbour's failures take the letter's way from an
// honest holder, and nobody tries many codes (T20).
const letterTries = 3

// sources shares the load out among those who try: who failed often is asked
// for more, or not heard (the table of threats.md). It lives in the short-lived
// state, so that losing it gives nobody a guess at any reference back.
type sources struct {
	state  state.Store
	clock  portal.Clock
	limits Limits
	alarm  func(string)
	wait   time.Duration // sourceWait
	lines  lines
}

// level is one tally that an attempt stands in, as it was last seen.
type level struct {
	key  string
	seen []byte
	mark *mark // what this attempt added to it
}

// place is where one attempt stands: with its source, its networks and its
// browser, and whether strangers are heard from there.
type place struct {
	source, network, wide, device level
	overflow                      level
	more                          bool // its share is used up: step 2 (G7, G9)
	refused                       bool // its source is refused today
	strict                        bool // full: only the overflow or a known browser gets through
	heard                         bool // strangers may be compared
	letter                        bool // who types a letter code may be compared
}

// refOf tells references apart within a tally, and names none: 48 bits of a
// keyed hash.
func refOf(counterKey string) uint64 { return binary.BigEndian.Uint64([]byte(counterKey)) }

// stand reads, in one go, what source, networks and browser have used up. An
// IPv4 address has no /48, and not every browser is known by name.
func (s *sources) stand(ctx context.Context, now time.Time, c Claim) (*place, error) {
	p := &place{source: level{key: sourceTally + c.Source}, network: level{key: networkTally + c.Network}}
	levels := []*level{&p.source, &p.network}
	if c.Wide != "" {
		p.wide.key = wideTally + c.Wide
		levels = append(levels, &p.wide)
	}
	if c.Device != "" {
		p.device.key = deviceTally + c.Device
		levels = append(levels, &p.device)
	}
	keys := make([]string, len(levels))
	for i, l := range levels {
		keys[i] = l.key
	}
	values, err := s.state.GetAll(ctx, keys...)
	if err != nil {
		return nil, err
	}
	limits := s.limits
	var room [32]mark // as many as most tallies hold, without memory of their own
	for i, l := range levels {
		l.seen = values[i]
		t := decodeTally(room[:0], l.seen)
		openings, _ := t.references(now, 0, true)
		switch l {
		case &p.source:
			p.refused = t.blocks(now, day) >= limits.SourceBlocks
			p.more = p.more || limits.spent(now, t.ended(now), 0) || openings >= limits.OpenedBySource
		case &p.network:
			p.more = p.more || t.settled(now, day) >= limits.NetworkADay || openings >= limits.OpenedByNetwork
		case &p.wide:
			p.more = p.more || t.settled(now, day) >= limits.WideADay
		case &p.device:
			p.more = p.more || openings >= limits.OpenedByBrowser
		}
	}
	return p, nil
}

// update changes a tally from what was last seen of it.
func (s *sources) update(ctx context.Context, now time.Time, l *level, change func(tally) tally) error {
	waits := patience{parent: ctx, most: s.wait}
	defer waits.end()
	turn := s.lines.stand(&waits, l.key)
	err := state.Update(ctx, s.state, l.key, &l.seen, func(old []byte) ([]byte, time.Duration, error) {
		t := change(decodeTally(make(tally, 0, len(old)/markSize+1), old).pruned(now))
		return t.encode(), t.life(), nil
	})
	turn.next(err)
	return err
}

// enter counts an attempt as a failure before it is compared, at every level;
// leave says later how it ended. ok is false where it must not be compared at
// all: its source is refused today, or too busy.
//
// What is under way counts as failed, or parallel guesses would exceed a limit;
// but honest people who come at once must not fill it for one another. So where
// only attempts under way make a tally full, the next one waits for them.
func (s *sources) enter(ctx context.Context, now time.Time, p *place, ref uint64, l Limits) (ok bool, err error) {
	waits := &patience{parent: ctx, most: s.wait}
	defer waits.end()
	how, err := s.enterSource(ctx, waits, now, p, ref, l)
	if err != nil || how == barred || how == busy {
		return false, err
	}
	p.strict = how == full
	if !p.strict {
		if p.strict, err = s.count(ctx, waits, now, &p.network, l.NetworkADay, ref); err != nil {
			return false, err
		}
	}
	if !p.strict && p.wide.key != "" {
		if p.strict, err = s.count(ctx, waits, now, &p.wide, l.WideADay, ref); err != nil {
			return false, err
		}
	}
	p.heard = !p.strict
	if p.strict {
		p.overflow.key = overflowTally
		overflown, err := s.count(ctx, waits, now, &p.overflow, l.OverflowADay, ref)
		if err != nil {
			return false, err
		}
		p.heard = !overflown
	}
	return true, nil
}

// room is the line of those who want to be counted in a tally.
func (l *level) room() string { return "room:" + l.key }

// enterSource waits, first come, first served, while attempts of its source are
// under way that could close more references than a source may (T19), or that
// leave no room for a failure.
func (s *sources) enterSource(ctx context.Context, waits *patience, now time.Time, p *place, ref uint64, l Limits) (how standing, err error) {
	turn := s.lines.stand(waits, p.source.room())
	defer func() { turn.next(err) }()
	for {
		m := mark{pending, now.UnixMilli(), ref}
		err = s.update(ctx, now, &p.source, func(t tally) tally {
			p.letter = t.fails(now, day) < letterTries*l.SourceADay
			if how = l.source(now, t, ref); how == free || how == full {
				t = append(t, m)
			}
			return t
		})
		switch {
		case err != nil || how == barred:
			return how, err
		case how != busy:
			p.source.mark = &m
			return how, nil
		case !waits.pause(sourceStep):
			return busy, nil
		}
		now = s.clock()
	}
}

// count adds an attempt to a tally unless that is full of failures, and waits,
// first come, first served, while attempts under way leave no room. Where it
// has waited too long they are failures.
func (s *sources) count(ctx context.Context, waits *patience, now time.Time, l *level, most int, ref uint64) (isFull bool, err error) {
	turn := s.lines.stand(waits, l.room())
	defer func() { turn.next(err) }()
	for {
		m := mark{pending, now.UnixMilli(), ref}
		crowded := false
		err = s.update(ctx, now, l, func(t tally) tally {
			isFull = t.settled(now, day) >= most
			if crowded = !isFull && t.fails(now, day) >= most; isFull || crowded {
				return t
			}
			return append(t, m)
		})
		switch {
		case err != nil || isFull:
			return isFull, err
		case !crowded:
			l.mark = &m
			return false, nil
		case !waits.pause(sourceStep):
			return true, nil
		}
		now = s.clock()
	}
}

// leave writes how an attempt ended: a failure stays, an opening takes its
// place, anything else (0) is taken back. Where it cannot be written the
// failure stays, too. Whoever opens more than is usual raises one alarm (G9).
func (s *sources) leave(ctx context.Context, now time.Time, p *place, ended deed, ref uint64) error {
	counted := ended == failed || ended == blocked
	for _, l := range []*level{&p.source, &p.network, &p.wide, &p.device, &p.overflow} {
		opens := ended == opened && l != &p.wide && l != &p.overflow && l.key != ""
		if !opens && l.mark == nil {
			continue // nothing of ours
		}
		crossed := false
		err := s.update(ctx, now, l, func(t tally) tally {
			if l.mark != nil {
				t = t.without(*l.mark)
			}
			switch {
			case counted:
				t = append(t, mark{ended, l.mark.at, l.mark.ref})
			case opens:
				n, among := t.references(now, ref, true)
				if crossed = !among && n == s.opensAt(p, l); !among {
					t = t.opens(mark{opened, now.UnixMilli(), ref}, s.opensAt(p, l))
				}
			}
			return t
		})
		if err != nil {
			return err
		}
		if crossed && s.alarm != nil {
			s.alarm("openings-" + p.name(l))
		}
	}
	return nil
}

// opensAt is how many references a level opens in a day without more asked.
func (s *sources) opensAt(p *place, l *level) int {
	switch l {
	case &p.source:
		return s.limits.OpenedBySource
	case &p.network:
		return s.limits.OpenedByNetwork
	}
	return s.limits.OpenedByBrowser
}

// name is a level's in the names of alarms.
func (p *place) name(l *level) string {
	switch l {
	case &p.source:
		return "source"
	case &p.network:
		return "network"
	}
	return "browser"
}
