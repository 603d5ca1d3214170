package lookup

import (
	"context"
	"slices"
	"sync"
	"time"
)

// lines let those attempts of a process that want the same tally go one after
// another, first come, first served: so that a crowd does not swap it from under
// one another's hands, and however many wait for room in it, one looks. It is a
// courtesy and decides nothing: what counts is swapped in the state, by all
// processes.
type lines struct {
	mu  sync.Mutex
	all map[string]*line
}

// line is who stands before one tally; it is gone with the last of them.
type line struct {
	taken    bool            // somebody has the turn
	waiting  []chan struct{} // for it, in the order they came; closed as it is theirs
	fault    chan struct{}   // closed by the first who met one; there since somebody waited
	standing int
}

// turn is one's place in a line; mine says that it came.
type turn struct {
	lines *lines
	key   string
	line  *line
	mine  bool
}

// stand waits for its turn; it is not its own where patience ended first, or
// somebody before met a fault: then all go at once, so that a state that hangs
// is waited for once and not by one after another (T22). next must be called in
// any case.
func (l *lines) stand(p *patience, key string) turn {
	l.mu.Lock()
	x := l.all[key]
	if x == nil {
		x = &line{}
		if l.all == nil {
			l.all = map[string]*line{}
		}
		l.all[key] = x
	}
	x.standing++
	t := turn{l, key, x, !x.taken}
	if t.mine {
		x.taken = true
		l.mu.Unlock()
		return t
	}
	if x.fault == nil {
		x.fault = make(chan struct{})
	}
	mine := make(chan struct{})
	x.waiting = append(x.waiting, mine)
	l.mu.Unlock()
	select {
	case <-mine:
		t.mine = true
	case <-x.fault:
	case <-p.over():
	}
	if !t.mine {
		l.mu.Lock()
		if at := slices.Index(x.waiting, mine); at >= 0 {
			x.waiting = slices.Delete(x.waiting, at, at+1)
		} else { // it came in the same moment
			t.mine = true
		}
		l.mu.Unlock()
	}
	return t
}

// next lets the next one go, and is told what went wrong meanwhile.
func (t turn) next(err error) {
	l, x := t.lines, t.line
	l.mu.Lock()
	defer l.mu.Unlock()
	x.standing--
	if l.all[t.key] == x && (err != nil || x.standing == 0) {
		delete(l.all, t.key)
		if err != nil && x.fault != nil {
			close(x.fault)
		}
	}
	switch {
	case t.mine && len(x.waiting) > 0:
		close(x.waiting[0])
		x.waiting = x.waiting[1:]
	case t.mine:
		x.taken = false
	}
}

// patience is how long somebody waits in all. Its time begins with the first
// wait: hardly anybody waits, and a timer costs everybody who sets one.
type patience struct {
	parent context.Context
	most   time.Duration
	waits  context.Context
	cancel context.CancelFunc
}

// over is closed when it is at its end.
func (p *patience) over() <-chan struct{} {
	if p.waits == nil {
		p.waits, p.cancel = context.WithTimeout(p.parent, p.most)
	}
	return p.waits.Done()
}

// end must be called in any case.
func (p *patience) end() {
	if p.cancel != nil {
		p.cancel()
	}
}

// pause waits for the next look; false where there is no more time for one.
func (p *patience) pause(step time.Duration) bool {
	next := time.NewTimer(step)
	defer next.Stop()
	select {
	case <-next.C:
		return true
	case <-p.over():
		return false
	}
}
