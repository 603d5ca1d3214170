package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// timing is what one round of calls took.
type timing struct {
	callers  int
	calls    int
	failed   int
	perSec   float64
	p50, p99 time.Duration
	// slowest is the caller with the fewest calls, as a share of the median
	// caller's: p99 hides a starved caller, this does not.
	slowest float64
	longest time.Duration
}

// hammer lets callers repeat op for a while, each with its own number, and
// measures every call. A call that fails is counted, never hidden.
func hammer(callers int, lasting time.Duration, op func(caller, call int) error) timing {
	var (
		wait   sync.WaitGroup
		began  = time.Now()
		end    = began.Add(lasting)
		spans  = make([][]time.Duration, callers)
		failed = make([]int, callers)
	)
	for c := range callers {
		wait.Go(func() {
			spans[c] = make([]time.Duration, 0, 4096)
			for call := 0; ; call++ {
				start := time.Now()
				if start.After(end) {
					return
				}
				if err := op(c, call); err != nil {
					failed[c]++
				}
				spans[c] = append(spans[c], time.Since(start))
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	t := timing{callers: callers}
	var all []time.Duration
	var counts []int
	for c := range callers {
		all = append(all, spans[c]...)
		counts = append(counts, len(spans[c]))
		t.failed += failed[c]
	}
	slices.Sort(all)
	slices.Sort(counts)
	t.calls = len(all)
	if t.calls == 0 {
		return t
	}
	t.perSec = float64(t.calls) / took.Seconds()
	t.p50, t.p99, t.longest = all[t.calls/2], all[t.calls*99/100], all[t.calls-1]
	if median := counts[callers/2]; median > 0 {
		t.slowest = float64(counts[0]) / float64(median)
	}
	return t
}

// middle is the round with the median rate.
func middle(rounds []timing) timing {
	slices.SortFunc(rounds, func(a, b timing) int {
		switch {
		case a.perSec < b.perSec:
			return -1
		case a.perSec > b.perSec:
			return 1
		}
		return 0
	})
	return rounds[len(rounds)/2]
}

func (t timing) String() string {
	s := fmt.Sprintf("%10.0f/s   p50 %8s   p99 %8s   longest %8s   slowest caller %.2f of the median",
		t.perSec, t.p50.Round(time.Microsecond), t.p99.Round(time.Microsecond), t.longest.Round(time.Microsecond), t.slowest)
	if t.failed > 0 {
		s += fmt.Sprintf("   FAILED %d", t.failed)
	}
	return s
}
