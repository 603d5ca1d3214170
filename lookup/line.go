package lookup

import (
	"context"
	"slices"
	"sync"
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
	fault    chan struct{}   // closed by the first who met one
	standing int
}

// stand waits for its turn; ok is false where ctx ended first, or somebody
// before met a fault: then all go at once, so that a state that hangs is waited
// for once and not by one after another (T22). next must be called in any case,
// with what went wrong meanwhile.
func (l *lines) stand(ctx context.Context, key string) (next func(error), ok bool) {
	l.mu.Lock()
	x := l.all[key]
	if x == nil {
		x = &line{fault: make(chan struct{})}
		if l.all == nil {
			l.all = map[string]*line{}
		}
		l.all[key] = x
	}
	x.standing++
	mine := make(chan struct{})
	if x.taken {
		x.waiting = append(x.waiting, mine)
	} else {
		x.taken, ok = true, true
		close(mine)
	}
	l.mu.Unlock()
	select {
	case <-mine:
		ok = true
	case <-x.fault:
	case <-ctx.Done():
	}
	if !ok {
		l.mu.Lock()
		if at := slices.Index(x.waiting, mine); at >= 0 {
			x.waiting = slices.Delete(x.waiting, at, at+1)
		} else { // it came in the same moment
			ok = true
		}
		l.mu.Unlock()
	}
	return func(err error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		x.standing--
		if l.all[key] == x && (err != nil || x.standing == 0) {
			delete(l.all, key)
			if err != nil {
				close(x.fault)
			}
		}
		switch {
		case ok && len(x.waiting) > 0:
			close(x.waiting[0])
			x.waiting = x.waiting[1:]
		case ok:
			x.taken = false
		}
	}, ok
}
