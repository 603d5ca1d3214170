// Package statetest is the suite that every state.Store passes: memory, and
// Redis in its forms. It protects the promises the gate stands on: one step
// means one step, what is over is over, and a failure is never an answer.
package statetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/state"

	"github.com/stretchr/testify/require"
)

// Backend is a fresh, empty store, and a way to let its time pass.
type Backend struct {
	Store state.Store
	Pass  func(time.Duration)
}

// Clock is a settable clock, safe for concurrent use.
type Clock struct{ us atomic.Int64 }

// NewClock starts a clock.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.us.Store(at.UnixMicro())
	return c
}

// Now is a portal.Clock.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.us.Load()).UTC() }

// Pass moves the clock.
func (c *Clock) Pass(d time.Duration) { c.us.Add(d.Microseconds()) }

// Run runs the suite; make gives a fresh backend for each part.
func Run(t *testing.T, make func(t *testing.T) Backend) {
	ctx := context.Background()
	for name, part := range map[string]func(*testing.T, context.Context, Backend){
		"nothing there":            nothingThere,
		"set and get":              setAndGet,
		"values are copies":        copies,
		"what is over is over":     over,
		"replace needs a live one": replaceLive,
		"one of many adds":         oneAdds,
		"one of many takes":        oneTakes,
		"swap what was seen":       swapSeen,
		"one of many swaps":        oneSwaps,
		"updates all count":        updates,
		"deleted stays deleted":    staysDeleted,
		"count by prefix":          countPrefix,
		"no life is refused":       noLife,
		"caller gave up":           gaveUp,
	} {
		t.Run(name, func(t *testing.T) { part(t, ctx, make(t)) })
	}
}

func nothingThere(t *testing.T, ctx context.Context, b Backend) {
	_, ok, err := b.Store.Get(ctx, "a:1")
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = b.Store.Take(ctx, "a:1")
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = b.Store.Replace(ctx, "a:1", []byte("x"), time.Minute)
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, b.Store.Delete(ctx, "a:1"))
	require.NoError(t, b.Store.Ping(ctx))
	gone(t, ctx, b, "a:1")
}

func setAndGet(t *testing.T, ctx context.Context, b Backend) {
	for _, value := range []string{"one", "", "\x00\xff\r\n"} {
		require.NoError(t, b.Store.Set(ctx, "a:1", []byte(value), time.Minute))
		holds(t, ctx, b, "a:1", value)
	}
	require.NoError(t, b.Store.Set(ctx, "a:2", []byte("two"), time.Minute))
	require.NoError(t, b.Store.Delete(ctx, "a:1"))
	gone(t, ctx, b, "a:1")
	holds(t, ctx, b, "a:2", "two")
	values, err := b.Store.GetAll(ctx, "a:2", "a:1", "a:2")
	require.NoError(t, err)
	require.Equal(t, [][]byte{[]byte("two"), nil, []byte("two")}, values)
}

func copies(t *testing.T, ctx context.Context, b Backend) {
	given := []byte("whole")
	require.NoError(t, b.Store.Set(ctx, "a:1", given, time.Minute))
	given[0] = 'W'
	got, _, err := b.Store.Get(ctx, "a:1")
	require.NoError(t, err)
	got[1] = 'H'
	holds(t, ctx, b, "a:1", "whole")
}

func over(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), 10*time.Minute))
	require.NoError(t, b.Store.Set(ctx, "a:2", []byte("y"), 20*time.Minute))
	b.Pass(9 * time.Minute)
	holds(t, ctx, b, "a:1", "x")
	b.Pass(61 * time.Second)
	gone(t, ctx, b, "a:1")
	_, ok, err := b.Store.Take(ctx, "a:1")
	require.NoError(t, err)
	require.False(t, ok)
	holds(t, ctx, b, "a:2", "y")

	ok, err = b.Store.Add(ctx, "a:1", []byte("again"), time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("longer"), time.Hour))
	b.Pass(30 * time.Minute)
	holds(t, ctx, b, "a:1", "longer")
	gone(t, ctx, b, "a:2")
}

func replaceLive(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), 10*time.Minute))
	b.Pass(9 * time.Minute)
	ok, err := b.Store.Replace(ctx, "a:1", []byte("y"), 10*time.Minute)
	require.NoError(t, err)
	require.True(t, ok)
	b.Pass(9 * time.Minute)
	holds(t, ctx, b, "a:1", "y")
	b.Pass(2 * time.Minute)
	ok, err = b.Store.Replace(ctx, "a:1", []byte("z"), 10*time.Minute)
	require.NoError(t, err)
	require.False(t, ok)
	gone(t, ctx, b, "a:1")
}

func oneAdds(t *testing.T, ctx context.Context, b Backend) {
	var added atomic.Int64
	parallel(50, func(i int) {
		ok, err := b.Store.Add(ctx, "a:1", fmt.Append(nil, i), time.Minute)
		if err == nil && ok {
			added.Add(1)
		}
	})
	require.EqualValues(t, 1, added.Load())
}

func oneTakes(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), time.Minute))
	var taken atomic.Int64
	parallel(50, func(int) {
		_, ok, err := b.Store.Take(ctx, "a:1")
		if err == nil && ok {
			taken.Add(1)
		}
	})
	require.EqualValues(t, 1, taken.Load())
	gone(t, ctx, b, "a:1")
}

func swapSeen(t *testing.T, ctx context.Context, b Backend) {
	swap := func(old, value []byte, want bool) {
		t.Helper()
		ok, err := b.Store.Swap(ctx, "a:1", old, value, 10*time.Minute)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	swap([]byte("x"), []byte("y"), false)
	swap(nil, []byte("x\x00\xff"), true)
	swap(nil, []byte("z"), false)
	swap([]byte("x"), []byte("z"), false)
	swap([]byte{}, []byte("z"), false)
	holds(t, ctx, b, "a:1", "x\x00\xff")
	b.Pass(9 * time.Minute)
	swap([]byte("x\x00\xff"), []byte{}, true)
	b.Pass(9 * time.Minute)
	holds(t, ctx, b, "a:1", "")
	swap(nil, []byte("z"), false)
	swap([]byte{}, nil, true)
	gone(t, ctx, b, "a:1")
	swap(nil, nil, true)
	swap(nil, []byte("x"), true)
	b.Pass(11 * time.Minute)
	swap([]byte("x"), []byte("y"), false)
	gone(t, ctx, b, "a:1")
}

func oneSwaps(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), time.Minute))
	var done atomic.Int64
	parallel(50, func(i int) {
		if ok, err := b.Store.Swap(ctx, "a:1", []byte("x"), fmt.Append(nil, i), time.Minute); err == nil && ok {
			done.Add(1)
		}
	})
	require.EqualValues(t, 1, done.Load())
}

// updates: what many add to one value at once is all there in the end, but for
// those who were told that it cannot be had.
func updates(t *testing.T, ctx context.Context, b Backend) {
	var told atomic.Int64
	parallel(20, func(int) {
		if err := state.Update(ctx, b.Store, "a:1", nil, minute(func(old []byte) ([]byte, error) { return append(old, '+'), nil })); err != nil {
			told.Add(1)
		}
	})
	value, _, err := b.Store.Get(ctx, "a:1")
	require.NoError(t, err)
	require.EqualValues(t, 20-told.Load(), len(value))
	refused := &portal.Error{Code: portal.TooMany, Key: "full"}
	require.Equal(t, error(refused), state.Update(ctx, b.Store, "a:1", nil, minute(func([]byte) ([]byte, error) { return nil, refused })))
	seen := []byte("not what it holds")
	require.NoError(t, state.Update(ctx, b.Store, "a:1", &seen, minute(func(old []byte) ([]byte, error) { return append(old, '!'), nil })))
	require.Equal(t, string(value)+"!", string(seen))
	holds(t, ctx, b, "a:1", string(value)+"!")
	require.NoError(t, state.Update(ctx, b.Store, "a:1", &seen, minute(func([]byte) ([]byte, error) { return value, nil })))
	holds(t, ctx, b, "a:1", string(value))
	b.Pass(61 * time.Second)
	gone(t, ctx, b, "a:1")
}

// minute lets what a change gives live for a minute.
func minute(change func([]byte) ([]byte, error)) func([]byte) ([]byte, time.Duration, error) {
	return func(old []byte) ([]byte, time.Duration, error) {
		value, err := change(old)
		return value, time.Minute, err
	}
}

// staysDeleted: of a delete and many replaces at once, the delete wins.
func staysDeleted(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), time.Minute))
	parallel(20, func(i int) {
		if i == 10 {
			_ = b.Store.Delete(ctx, "a:1")
			return
		}
		_, _ = b.Store.Replace(ctx, "a:1", []byte("y"), time.Minute)
	})
	gone(t, ctx, b, "a:1")
}

func countPrefix(t *testing.T, ctx context.Context, b Backend) {
	count := func(prefix string, want int) {
		t.Helper()
		b.Pass(1001 * time.Millisecond) // a count may lag by a second
		n, err := b.Store.Count(ctx, prefix)
		require.NoError(t, err)
		require.Equal(t, want, n, prefix)
	}
	count("a:", 0)
	for i := range 5 {
		require.NoError(t, b.Store.Set(ctx, fmt.Sprint("a:", i), []byte("x"), time.Minute*time.Duration(i+1)))
		require.NoError(t, b.Store.Set(ctx, fmt.Sprint("ab:", i), []byte("x"), time.Hour))
	}
	require.NoError(t, b.Store.Set(ctx, "a:0", []byte("once more"), time.Minute))
	require.NoError(t, b.Store.Set(ctx, "a*:0", []byte("x"), time.Hour))
	count("a:", 5)
	count("a:1", 1)
	count("a", 11)
	count("a*:", 1)
	require.NoError(t, b.Store.Delete(ctx, "a:4"))
	count("a:", 4)
	b.Pass(2 * time.Minute)
	count("a:", 2)
}

func noLife(t *testing.T, ctx context.Context, b Backend) {
	for _, ttl := range []time.Duration{0, -time.Second} {
		require.Equal(t, portal.Unavailable, portal.CodeOf(b.Store.Set(ctx, "a:1", []byte("x"), ttl)))
		gone(t, ctx, b, "a:1")
	}
}

func gaveUp(t *testing.T, ctx context.Context, b Backend) {
	require.NoError(t, b.Store.Set(ctx, "a:1", []byte("x"), time.Minute))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	Fails(t, cancelled, b.Store)
	holds(t, ctx, b, "a:1", "x")
}

// Fails demands that every method says Unavailable, never "nothing there".
func Fails(t *testing.T, ctx context.Context, st state.Store) {
	t.Helper()
	for name, call := range map[string]func() (bool, error){
		"get":     func() (bool, error) { _, ok, err := st.Get(ctx, "a:1"); return ok, err },
		"all":     func() (bool, error) { _, err := st.GetAll(ctx, "a:1", "a:2"); return false, err },
		"set":     func() (bool, error) { return false, st.Set(ctx, "a:1", nil, time.Minute) },
		"add":     func() (bool, error) { return st.Add(ctx, "a:1", nil, time.Minute) },
		"replace": func() (bool, error) { return st.Replace(ctx, "a:1", nil, time.Minute) },
		"take":    func() (bool, error) { _, ok, err := st.Take(ctx, "a:1"); return ok, err },
		"swap":    func() (bool, error) { return st.Swap(ctx, "a:1", nil, nil, time.Minute) },
		"delete":  func() (bool, error) { return false, st.Delete(ctx, "a:1") },
		"ping":    func() (bool, error) { return false, st.Ping(ctx) },
	} {
		ok, err := call()
		require.Equal(t, portal.Unavailable, portal.CodeOf(err), name)
		require.False(t, ok, name)
	}
}

func holds(t *testing.T, ctx context.Context, b Backend, key, want string) {
	t.Helper()
	value, ok, err := b.Store.Get(ctx, key)
	require.NoError(t, err)
	require.True(t, ok, key)
	require.Equal(t, want, string(value))
}

func gone(t *testing.T, ctx context.Context, b Backend, key string) {
	t.Helper()
	_, ok, err := b.Store.Get(ctx, key)
	require.NoError(t, err)
	require.False(t, ok, key)
}

func parallel(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}
