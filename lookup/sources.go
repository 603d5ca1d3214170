package lookup

import (
	"context"
	"crypto/sha256"
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
	// sourceWait is how long an attempt waits for others of its source.
	sourceWait = 2 * time.Second
	// sourceStep is how often it looks.
	sourceStep = 5 * time.Millisecond
)

// sources shares the load out among those who try: who failed often is asked
// for more, or not heard (the table of threats.md). It lives in the short-lived
// state, so that losing it gives nobody a guess at any reference back.
type sources struct {
	state  state.Store
	clock  portal.Clock
	limits Limits
	alarm  func(string)
}

// place is how one attempt stands with its source and networks, counted before
// anything is compared.
type place struct {
	marks  []placed
	strict bool // full: only the overflow or a known browser gets through
	heard  bool // strangers may be compared
}

// placed is a mark that this attempt made.
type placed struct {
	key  string
	mark mark
}

// refOf tells references apart within a tally, and names none.
func refOf(counterKey string) uint64 {
	sum := sha256.Sum256([]byte(counterKey))
	return binary.BigEndian.Uint64(sum[:])
}

func (s *sources) update(ctx context.Context, key string, change func(tally) tally) error {
	now := s.clock()
	return state.Update(ctx, s.state, key, week, func(old []byte) ([]byte, error) {
		return change(decodeTally(old).pruned(now)).encode(), nil
	})
}

func (s *sources) read(ctx context.Context, key string) (tally, error) {
	value, _, err := s.state.Get(ctx, key)
	return decodeTally(value).pruned(s.clock()), err
}

// wants tells what a visitor stands before even without a number: whether its
// source, network or browser has used up what is theirs, and so brings step 2
// (G7, G9), and whether the source is refused altogether.
func (s *sources) wants(ctx context.Context, c Claim) (more, refused bool, err error) {
	now, l := s.clock(), s.limits
	for _, level := range []struct {
		key          string
		fails, opens int
		source       bool
	}{
		{sourceTally + c.Source, l.SourceADay, l.OpenedBySource, true},
		{networkTally + c.Network, l.NetworkADay, l.OpenedByNetwork, false},
		{wideTally + c.Wide, l.WideADay, 0, false},
		{deviceTally + c.Device, 0, l.OpenedByBrowser, false},
	} {
		if level.key[len(level.key)-1] == ':' {
			continue // no /48, or no browser known
		}
		t, err := s.read(ctx, level.key)
		if err != nil {
			return false, false, err
		}
		openings, _ := t.references(now, 0, true)
		references, _ := t.references(now, 0, false)
		switch {
		case level.source && t.blocks(now, day) >= l.SourceBlocks:
			refused = true
		case level.fails > 0 && t.fails(now, day) >= level.fails,
			level.source && t.fails(now, week) >= l.SourceAWeek,
			level.source && references >= l.SourceReferences,
			level.opens > 0 && openings >= level.opens:
			more = true
		}
	}
	return more, refused, nil
}

// enter counts an attempt as a failure before it is compared, at every level;
// leave says later how it ended. ok is false where it must not be compared at
// all: its source is refused today, or too busy.
func (s *sources) enter(ctx context.Context, c Claim, ref uint64, l Limits) (p place, ok bool, err error) {
	own := placed{sourceTally + c.Source, mark{pending, s.clock().UnixMilli(), ref}}
	how, err := s.enterSource(ctx, own, l)
	if err != nil || how == barred || how == busy {
		return p, false, err
	}
	p.marks = append(p.marks, own)
	p.strict = how == full
	for _, level := range []struct {
		key  string
		most int
	}{{networkTally + c.Network, l.NetworkADay}, {wideTally + c.Wide, l.WideADay}} {
		if level.key == wideTally || p.strict {
			continue
		}
		if p.strict, err = s.count(ctx, &p, level.key, level.most, ref); err != nil {
			return p, false, err
		}
	}
	p.heard = !p.strict
	if p.strict {
		overflown, err := s.count(ctx, &p, overflowTally, l.OverflowADay, ref)
		if err != nil {
			return p, false, err
		}
		p.heard = !overflown
	}
	return p, true, nil
}

// enterSource waits while so many attempts of a source are under way that they
// could close more references than a source may (T19).
func (s *sources) enterSource(ctx context.Context, own placed, l Limits) (how standing, err error) {
	ctx, cancel := context.WithTimeout(ctx, sourceWait)
	defer cancel()
	for {
		err = s.update(ctx, own.key, func(t tally) tally {
			if how = l.source(s.clock(), t, own.mark.ref); how == free || how == full {
				t = append(t, own.mark)
			}
			return t
		})
		if err != nil || how != busy {
			return how, err
		}
		wait := time.NewTimer(sourceStep)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return busy, nil
		}
	}
}

// count adds a failure to a tally unless it is full.
func (s *sources) count(ctx context.Context, p *place, key string, most int, ref uint64) (isFull bool, err error) {
	m := placed{key, mark{failed, s.clock().UnixMilli(), ref}}
	err = s.update(ctx, key, func(t tally) tally {
		if isFull = t.fails(s.clock(), day) >= most; isFull {
			return t
		}
		return append(t, m.mark)
	})
	if err == nil && !isFull {
		p.marks = append(p.marks, m)
	}
	return isFull, err
}

// leave writes how an attempt ended: a failure stays, whatever else happened is
// taken back. Where it cannot be written the failure stays, too.
func (s *sources) leave(ctx context.Context, p place, ended deed) error {
	for i, m := range p.marks {
		if i > 0 && ended != opened && ended != 0 {
			continue // already counted as the failure it was
		}
		err := s.update(ctx, m.key, func(t tally) tally {
			t = t.without(m.mark)
			if i == 0 && (ended == failed || ended == blocked) {
				t = append(t, mark{ended, m.mark.at, m.mark.ref})
			}
			return t
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// opening counts a reference opened at every level (G9); whoever opens more
// than is usual raises one alarm.
func (s *sources) opening(ctx context.Context, c Claim, ref uint64) error {
	l := s.limits
	for _, level := range []struct {
		key, name string
		most      int
	}{
		{sourceTally + c.Source, "source", l.OpenedBySource},
		{networkTally + c.Network, "network", l.OpenedByNetwork},
		{deviceTally + c.Device, "browser", l.OpenedByBrowser},
	} {
		if level.key[len(level.key)-1] == ':' {
			continue
		}
		crossed := false
		err := s.update(ctx, level.key, func(t tally) tally {
			now := s.clock()
			n, among := t.references(now, ref, true)
			crossed = !among && n == level.most
			if among {
				return t
			}
			return append(t, mark{opened, now.UnixMilli(), ref})
		})
		if err != nil {
			return err
		}
		if crossed && s.alarm != nil {
			s.alarm("openings-" + level.name)
		}
	}
	return nil
}
