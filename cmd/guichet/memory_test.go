package main

import (
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/stretchr/testify/require"
)

// T12: what the collector leaves lying grows with what lives by a share that
// falls, never by four times it; the name it is read by is one that there is.
func TestT12MemoryKeepsToItsRoom(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	require.Equal(t, mostRoom, room(0))
	require.Equal(t, mostRoom, room(6<<20), "a quiet portal")
	require.Equal(t, 100, room(heapRoom))
	require.Equal(t, leastRoom, room(400<<20), "one that remembers an attack")
	for live := uint64(1 << 20); live < 1<<30; live += 1 << 20 {
		whole := func(live uint64) uint64 { return live + live*uint64(room(live))/100 }
		require.LessOrEqual(t, whole(live), max(live+heapRoom, live*3/2+1), live)
	}
	lives := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(lives)
	require.Equal(t, metrics.KindUint64, lives[0].Value.Kind())
}
