package state

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet/portal"
)

// Memory is the Store of a single process, and its production twin in tests.
// It holds a bounded number of values, forgets expired ones as it is used, and
// runs nothing in the background.
type Memory struct {
	clock portal.Clock
	limit int

	mu      sync.Mutex
	entries map[string]*entry
	soonest expiries
	classes map[string]int // how many live keys begin with each "class:"
}

// entry is kept small: whoever knocks leaves some (T12).
type entry struct {
	key     string
	value   []byte
	expires int64 // microseconds
	due     int64 // when to look: never later than expires
	at      int   // its place in the heap
}

// NewMemory makes a store of at most limit values. Beyond it writing a new key
// is refused (Unavailable): nobody's live session is thrown out for another's.
func NewMemory(clock portal.Clock, limit int) *Memory {
	return &Memory{clock: clock, limit: limit, entries: map[string]*entry{}, classes: map[string]int{}}
}

var _ Store = (*Memory)(nil)

// enter locks and forgets what is over; it fails where the caller has given up.
func (m *Memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return portal.Shut("state", err)
	}
	m.mu.Lock()
	now := m.clock().UnixMicro()
	for len(m.soonest) > 0 && now >= m.soonest[0].due {
		if e := m.soonest[0]; now < e.expires {
			e.due = e.expires
			heap.Fix(&m.soonest, e.at)
		} else {
			m.remove(e)
		}
	}
	return nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := m.enter(ctx); err != nil {
		return nil, false, err
	}
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		return slices.Clone(e.value), true, nil
	}
	return nil, false, nil
}

// GetAll implements Store.
func (m *Memory) GetAll(ctx context.Context, keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	if err := m.enter(ctx); err != nil {
		return values, err
	}
	defer m.mu.Unlock()
	for i, key := range keys {
		if e := m.entries[key]; e != nil {
			values[i] = slices.Clone(e.value)
		}
	}
	return values, nil
}

// Set implements Store.
func (m *Memory) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := m.write(ctx, key, value, ttl, func(*entry) bool { return true })
	return err
}

// Add implements Store.
func (m *Memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return m.write(ctx, key, value, ttl, func(e *entry) bool { return e == nil })
}

// Replace implements Store.
func (m *Memory) Replace(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return m.write(ctx, key, value, ttl, func(e *entry) bool { return e != nil })
}

func (m *Memory) write(ctx context.Context, key string, value []byte, ttl time.Duration, wanted func(*entry) bool) (bool, error) {
	if ttl <= 0 {
		return false, portal.Shut("state", errNoLife)
	}
	if err := m.enter(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	e := m.entries[key]
	if !wanted(e) {
		return false, nil
	}
	expires := m.clock().Add(ttl).UnixMicro()
	if e != nil {
		e.value, e.expires = slices.Clone(value), expires
		if expires < e.due { // one that lives longer stays where it is until its time comes
			e.due = expires
			heap.Fix(&m.soonest, e.at)
		}
		return true, nil
	}
	if len(m.entries) >= m.limit {
		return false, portal.Shut("state", errFull)
	}
	e = &entry{key: key, value: slices.Clone(value), expires: expires, due: expires}
	m.entries[key] = e
	m.classes[class(key)]++
	heap.Push(&m.soonest, e)
	return true, nil
}

var (
	errNoLife = errors.New("a value needs a time to live")
	errFull   = errors.New("memory is full")
)

// Swap implements Store.
func (m *Memory) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	same := func(e *entry) bool {
		return e == nil && old == nil || e != nil && old != nil && bytes.Equal(e.value, old)
	}
	if value != nil {
		return m.write(ctx, key, value, ttl, same)
	}
	if err := m.enter(ctx); err != nil {
		return false, err
	}
	defer m.mu.Unlock()
	e := m.entries[key]
	if !same(e) {
		return false, nil
	}
	if e != nil {
		m.remove(e)
	}
	return true, nil
}

// Take implements Store.
func (m *Memory) Take(ctx context.Context, key string) ([]byte, bool, error) {
	if err := m.enter(ctx); err != nil {
		return nil, false, err
	}
	defer m.mu.Unlock()
	e := m.entries[key]
	if e == nil {
		return nil, false, nil
	}
	m.remove(e)
	return e.value, true, nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, key string) error {
	_, _, err := m.Take(ctx, key)
	return err
}

// Count implements Store, exactly.
func (m *Memory) Count(ctx context.Context, prefix string) (int, error) {
	if err := m.enter(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	if prefix != "" && class(prefix) == prefix {
		return m.classes[prefix], nil
	}
	n := 0
	for key := range m.entries {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n, nil
}

// Ping implements Store.
func (m *Memory) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return portal.Shut("state", err)
	}
	return nil
}

func (m *Memory) remove(e *entry) {
	delete(m.entries, e.key)
	heap.Remove(&m.soonest, e.at)
	c := class(e.key)
	if m.classes[c]--; m.classes[c] == 0 {
		delete(m.classes, c)
	}
}

// class is a key's first part with its colon, "captcha:", the prefix that caps
// count by.
func class(key string) string {
	return key[:strings.IndexByte(key, ':')+1]
}

// expiries is a heap, what is due soonest first.
type expiries []*entry

func (x expiries) Len() int           { return len(x) }
func (x expiries) Less(i, j int) bool { return x[i].due < x[j].due }
func (x expiries) Swap(i, j int) {
	x[i], x[j] = x[j], x[i]
	x[i].at, x[j].at = i, j
}

// Push implements heap.Interface.
func (x *expiries) Push(v any) {
	e := v.(*entry)
	e.at = len(*x)
	*x = append(*x, e)
}

// Pop implements heap.Interface.
func (x *expiries) Pop() any {
	old := *x
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*x = old[:len(old)-1]
	return last
}
