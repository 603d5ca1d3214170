package web

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"guichet/portal/state/statetest"

	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"
	"golang.org/x/sync/errgroup"
)

var aMinute, aDay = limiter.Rate{Period: time.Minute, Limit: 3}, limiter.Rate{Period: 24 * time.Hour, Limit: 5}

func TestCountersCount(t *testing.T) {
	t.Parallel()
	ctx, clock := context.Background(), statetest.NewClock(fixtureNow)
	c := NewCounters(clock.Now, 100)
	for i := range 5 {
		state, err := c.Get(ctx, "a", aMinute)
		require.NoError(t, err)
		require.Equal(t, i >= 3, state.Reached, i)
		require.Equal(t, max(0, 2-int64(i)), state.Remaining)
		require.Equal(t, fixtureNow.Add(time.Minute).Unix(), state.Reset)
	}
	state, err := c.Peek(ctx, "a", aMinute)
	require.NoError(t, err)
	require.True(t, state.Reached, "looking spends nothing and sees what was spent")
	state, err = c.Get(ctx, "b", aMinute)
	require.NoError(t, err)
	require.False(t, state.Reached, "another's count is another's")
	clock.Pass(time.Minute - time.Microsecond)
	state, err = c.Get(ctx, "a", aMinute)
	require.NoError(t, err)
	require.True(t, state.Reached)
	clock.Pass(time.Microsecond)
	state, err = c.Get(ctx, "a", aMinute)
	require.NoError(t, err)
	require.EqualValues(t, 2, state.Remaining, "the window is over")
	state, err = c.Reset(ctx, "a", aMinute)
	require.NoError(t, err)
	require.EqualValues(t, 3, state.Remaining)
	clock.Pass(-time.Hour)
	for range 4 {
		state, err = c.Get(ctx, "b", aDay)
		require.NoError(t, err)
	}
	require.False(t, state.Reached)
	clock.Pass(2 * time.Hour)
	state, err = c.Get(ctx, "b", aDay)
	require.NoError(t, err)
	require.Zero(t, state.Remaining, "a clock set back and forth loses no count")
}

// A window that began anew is not ended by what it was before.
func TestCountersBeginAnew(t *testing.T) {
	t.Parallel()
	ctx, clock := context.Background(), statetest.NewClock(fixtureNow)
	c := NewCounters(clock.Now, 100)
	_, err := c.Get(ctx, "a", aMinute)
	require.NoError(t, err)
	clock.Pass(30 * time.Second)
	_, err = c.Reset(ctx, "a", aMinute)
	require.NoError(t, err)
	for range 3 {
		_, err = c.Get(ctx, "a", aMinute)
		require.NoError(t, err)
	}
	clock.Pass(31 * time.Second)
	state, err := c.Get(ctx, "a", aMinute)
	require.NoError(t, err)
	require.True(t, state.Reached)
}

// T12: the counters are bounded. Full, they go on counting whom they know and
// refuse the others; nobody's count is thrown out; what is over makes place.
func TestT12CountersAreBounded(t *testing.T) {
	t.Parallel()
	ctx, clock := context.Background(), statetest.NewClock(fixtureNow)
	c := NewCounters(clock.Now, 1000)
	for i := range 1000 {
		_, err := c.Get(ctx, fmt.Sprint(i), aMinute)
		require.NoError(t, err)
	}
	for i := range 1000 {
		_, err := c.Get(ctx, fmt.Sprint("new", i), aMinute)
		require.ErrorIs(t, err, errFull)
	}
	for i := range 1000 {
		state, err := c.Get(ctx, fmt.Sprint(i), aMinute)
		require.NoError(t, err)
		require.EqualValues(t, 1, state.Remaining)
	}
	clock.Pass(time.Minute)
	_, err := c.Get(ctx, "999", aDay)
	require.NoError(t, err)
	for i := range 999 {
		state, err := c.Get(ctx, fmt.Sprint("new", i), aMinute)
		require.NoError(t, err, i)
		require.EqualValues(t, 2, state.Remaining)
	}
	require.LessOrEqual(t, len(c.counts), 1000)
	for range 60 * 24 {
		clock.Pass(time.Minute)
		_, err := c.Get(ctx, "somebody", aMinute)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(c.counts), 2, "what is over is forgotten")
	for _, q := range c.queues {
		require.LessOrEqual(t, cap(q.waiting), 8, "and its place given back")
	}
}

func TestT12CountersOfManyAtOnce(t *testing.T) {
	t.Parallel()
	ctx, clock := context.Background(), statetest.NewClock(fixtureNow)
	c := NewCounters(clock.Now, 10)
	var all errgroup.Group
	for range 8 {
		all.Go(func() error {
			for i := range 1000 {
				if _, err := c.Get(ctx, fmt.Sprint(i%10), limiter.Rate{Period: time.Minute, Limit: 1000}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	for i := range 10 {
		state, err := c.Peek(ctx, fmt.Sprint(i), limiter.Rate{Period: time.Minute, Limit: 1000})
		require.NoError(t, err)
		require.EqualValues(t, 200, state.Remaining)
	}
}

// The memory that serve allows for, and that no key costs more than is said.
func TestT12CountersMemory(t *testing.T) { // alone: it weighs the whole process
	const most = 100_000
	ctx, clock := context.Background(), statetest.NewClock(fixtureNow)
	c := NewCounters(clock.Now, most)
	before := inUse()
	for i := range most {
		_, err := c.Get(ctx, fmt.Sprint("draw:minute:", i), aMinute)
		require.NoError(t, err)
	}
	each := (inUse() - before) / most
	t.Logf("%d bytes a key", each)
	require.Less(t, each, int64(160))
	runtime.KeepAlive(c)
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
