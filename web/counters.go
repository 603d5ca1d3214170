package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"guichet/portal"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/common"
)

// Counters keeps the rates of a single process in memory, where the limiter's
// own memory store keeps as many keys as an attacker has addresses (T12). It
// holds a bounded number; beyond it whoever is counted goes on being counted,
// and who is not is refused: a count is never wrong and never thrown out for
// another. It forgets as it is used and runs nothing in the background.
type Counters struct {
	clock portal.Clock
	most  int

	mu     sync.Mutex
	counts map[countKey]count
	queues map[time.Duration]*queue // by period: who began first is over first
}

// countKey stands for a key of any length: less memory, and none to walk for
// the collector.
type countKey [16]byte

type count struct {
	n    int64
	over int64 // microseconds
}

type queue struct {
	waiting []expiry
	first   int
}

type expiry struct {
	key  countKey
	over int64
}

// NewCounters makes a store of at most so many keys, some 100 bytes each.
func NewCounters(clock portal.Clock, most int) *Counters {
	return &Counters{clock: clock, most: most, counts: map[countKey]count{}, queues: map[time.Duration]*queue{}}
}

var _ limiter.Store = (*Counters)(nil)

var errFull = errors.New("the counters are full")

// Get implements limiter.Store: it counts one.
func (c *Counters) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return c.Increment(ctx, key, 1, rate)
}

// Increment implements limiter.Store. It fails where the store is full and the
// key is new.
func (c *Counters) Increment(_ context.Context, key string, n int64, rate limiter.Rate) (limiter.Context, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	c.forget(now)
	k := keyOf(key)
	counted, known := c.counts[k]
	if !known && len(c.counts) >= c.most {
		return limiter.Context{}, errFull
	}
	if !known || counted.over <= now.UnixMicro() {
		counted = count{over: now.Add(rate.Period).UnixMicro()}
		c.queue(rate.Period).push(expiry{k, counted.over})
	}
	counted.n += n
	c.counts[k] = counted
	return common.GetContextFromState(now, rate, time.UnixMicro(counted.over), counted.n), nil
}

// Peek implements limiter.Store.
func (c *Counters) Peek(_ context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	counted, known := c.counts[keyOf(key)]
	if !known || counted.over <= now.UnixMicro() {
		counted = count{over: now.Add(rate.Period).UnixMicro()}
	}
	return common.GetContextFromState(now, rate, time.UnixMicro(counted.over), counted.n), nil
}

// Reset implements limiter.Store.
func (c *Counters) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	c.mu.Lock()
	delete(c.counts, keyOf(key))
	c.mu.Unlock()
	return c.Peek(ctx, key, rate)
}

func keyOf(key string) countKey {
	sum := sha256.Sum256([]byte(key))
	return countKey(sum[:16])
}

func (c *Counters) queue(period time.Duration) *queue {
	q := c.queues[period]
	if q == nil {
		q = &queue{}
		c.queues[period] = q
	}
	return q
}

// forget removes what is over, a hundred of each period at most, so that
// nobody waits for a crowd's leaving; what stays a while longer counts no more.
func (c *Counters) forget(now time.Time) {
	for _, q := range c.queues {
		for range 100 {
			e, ok := q.pop(now.UnixMicro())
			if !ok {
				break
			}
			if c.counts[e.key].over == e.over { // else it has begun anew meanwhile
				delete(c.counts, e.key)
			}
		}
	}
}

func (q *queue) push(e expiry) { q.waiting = append(q.waiting, e) }

// pop gives the first that is over; the emptied half of the list is given back.
func (q *queue) pop(now int64) (expiry, bool) {
	if q.first == len(q.waiting) || q.waiting[q.first].over > now {
		return expiry{}, false
	}
	e := q.waiting[q.first]
	q.first++
	if q.first > len(q.waiting)/2 {
		q.waiting = append([]expiry(nil), q.waiting[q.first:]...)
		q.first = 0
	}
	return e, true
}
