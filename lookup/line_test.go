package lookup

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func patient(ctx context.Context) *patience { return &patience{parent: ctx, most: time.Minute} }

// One at a time stands before a tally, nobody stands before another's, who
// tires goes on without a turn, and nothing is left behind.
func TestLines(t *testing.T) {
	ctx := context.Background()
	tired, tire := context.WithCancel(ctx)
	tire()
	var l lines
	first := l.stand(patient(ctx), "a")
	require.True(t, first.mine)
	other := l.stand(patient(ctx), "b")
	require.True(t, other.mine)
	second := l.stand(patient(tired), "a")
	require.False(t, second.mine)
	first.next(nil)
	third := l.stand(patient(ctx), "a")
	require.True(t, third.mine)
	for _, own := range []turn{other, second, third} {
		own.next(nil)
	}
	require.Empty(t, l.all)
	at, most, now := 0, 0, sync.Mutex{}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			own := l.stand(patient(ctx), "a")
			now.Lock()
			at++
			most = max(most, at)
			now.Unlock()
			now.Lock()
			at--
			now.Unlock()
			own.next(nil)
			require.True(t, own.mine)
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
	first := l.stand(patient(ctx), "a")
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
			own := l.stand(patient(whose), "a")
			if own.mine {
				served = append(served, i)
			}
			own.next(nil)
		})
		for standing() == before {
			runtime.Gosched()
		}
	}
	tire()
	for standing() > 1+13 {
		runtime.Gosched()
	}
	first.next(nil)
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
	hangs := l.stand(patient(ctx), "a")
	require.True(t, hangs.mine)
	faulty := l.stand(patient(tired), "a")
	require.False(t, faulty.mine)
	var begun, all sync.WaitGroup
	for range 20 {
		begun.Add(1)
		all.Go(func() {
			begun.Done()
			own := l.stand(patient(ctx), "a")
			own.next(errors.New("it does not answer"))
		})
	}
	begun.Wait()
	faulty.next(errors.New("it does not answer"))
	all.Wait() // though the first still hangs
	hangs.next(errors.New("it does not answer"))
	require.Empty(t, l.all)
}
