package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What the heap may grow by between two collections. A quiet portal's is a few
// megabytes: collecting it at every doubling costs a tenth of a busy machine and
// saves nothing. One that remembers a crowd's, or an attack's, tries is large, and
// must not be let grow to four times that (T12).
const (
	heapRoom  = 24 << 20
	mostRoom  = 300 // per cent of what lives
	leastRoom = 50
)

// room is by how many per cent a heap may grow of which so many bytes live.
func room(live uint64) int {
	return int(min(mostRoom, max(leastRoom, heapRoom*100/max(live, 1))))
}

// tuneMemory keeps to it until ctx ends.
func tuneMemory(ctx context.Context) {
	given := mostRoom
	debug.SetGCPercent(given)
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		lives := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			metrics.Read(lives)
			// Setting it stops the world for a moment: not for a trifle.
			if now := room(lives[0].Value.Uint64()); now*10 < given*9 || now*10 > given*11 {
				given = now
				debug.SetGCPercent(given)
			}
		}
	}()
}
