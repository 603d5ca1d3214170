package lookup

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// One at a time stands before a tally, nobody stands before another's, who
// tires goes on without a turn, and nothing is left behind.
func TestLines(t *testing.T) {
	ctx := context.Background()
	tired, tire := context.WithCancel(ctx)
	tire()
	var l lines
	first, ok := l.stand(ctx, "a")
	require.True(t, ok)
	other, ok := l.stand(ctx, "b")
	require.True(t, ok)
	second, ok := l.stand(tired, "a")
	require.False(t, ok)
	first(nil)
	third, ok := l.stand(ctx, "a")
	require.True(t, ok)
	for _, next := range []func(error){other, second, third} {
		next(nil)
	}
	require.Empty(t, l.all)
	at, most, now := 0, 0, sync.Mutex{}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			next, ok := l.stand(ctx, "a")
			now.Lock()
			at++
			most = max(most, at)
			now.Unlock()
			now.Lock()
			at--
			now.Unlock()
			next(nil)
			require.True(t, ok)
		})
	}
	all.Wait()
	require.Equal(t, 1, most)
	require.Empty(t, l.all)
}

// First come, first served, also behind one who tired.
func TestLinesKeepTheOrder(t *testing.T) {
	ctx := context.Background()
	tired, tire := context.WithCancel(ctx)
	var l lines
	first, _ := l.stand(ctx, "a")
	var served []int
	var all sync.WaitGroup
	standing := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.all["a"].standing
	}
	for i := range 20 {
		before, whose := standing(), ctx
		if i%3 == 0 {
			whose = tired
		}
		all.Go(func() {
			next, ok := l.stand(whose, "a")
			if ok {
				served = append(served, i)
			}
			next(nil)
		})
		for standing() == before {
			runtime.Gosched()
		}
	}
	tire()
	for standing() > 1+13 {
		runtime.Gosched()
	}
	first(nil)
	all.Wait()
	require.Equal(t, []int{1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19}, served)
	require.Empty(t, l.all)
}

// T22: a fault that one meets is not waited for by one after another.
func TestT22LinesBreakAtAFault(t *testing.T) {
	ctx := context.Background()
	tired, tire := context.WithCancel(ctx)
	tire()
	var l lines
	hangs, ok := l.stand(ctx, "a")
	require.True(t, ok)
	faulty, ok := l.stand(tired, "a")
	require.False(t, ok)
	var begun, all sync.WaitGroup
	for range 20 {
		begun.Add(1)
		all.Go(func() {
			begun.Done()
			next, _ := l.stand(ctx, "a")
			next(errors.New("it does not answer"))
		})
	}
	begun.Wait()
	faulty(errors.New("it does not answer"))
	all.Wait() // though the first still hangs
	hangs(errors.New("it does not answer"))
	require.Empty(t, l.all)
}
