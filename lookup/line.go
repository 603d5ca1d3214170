package lookup

import (
	"context"
	"sync"
)

// lines let those attempts of a process that want the same tally go one after
// another, so that a crowd does not swap it from under one another's hands, and
// however many wait for room in it, one looks. It is a courtesy and decides
// nothing: what counts is swapped in the state, by all processes.
type lines struct {
	mu  sync.Mutex
	all map[string]*line
}

// line is who stands before one tally; it is gone with the last of them.
type line struct {
	turn     chan struct{}
	fault    chan struct{} // closed by the first who met one
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
		x = &line{turn: make(chan struct{}, 1), fault: make(chan struct{})}
		if l.all == nil {
			l.all = map[string]*line{}
		}
		l.all[key] = x
	}
	x.standing++
	l.mu.Unlock()
	select {
	case x.turn <- struct{}{}:
		ok = true
	case <-x.fault:
	case <-ctx.Done():
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
		if ok {
			<-x.turn
		}
	}, ok
}
