package state_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/state"
	"guichet/portal/state/statetest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestMemory(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Backend {
		clock := statetest.NewClock(noon)
		return statetest.Backend{Store: state.NewMemory(clock.Now, 1000), Pass: clock.Pass}
	})
}

// T12: memory is bounded, and whoever is inside keeps what they have.
func TestT12MemoryIsBounded(t *testing.T) {
	ctx := context.Background()
	clock := statetest.NewClock(noon)
	m := state.NewMemory(clock.Now, 100)
	for i := range 100 {
		require.NoError(t, m.Set(ctx, fmt.Sprint("a:", i), []byte("x"), time.Minute))
	}
	for i := range 1000 {
		require.Equal(t, portal.Unavailable, portal.CodeOf(m.Set(ctx, fmt.Sprint("b:", i), []byte("x"), time.Minute)))
	}
	require.NoError(t, m.Set(ctx, "a:1", []byte("y"), time.Minute), "writing over needs no place")
	n, err := m.Count(ctx, "a:")
	require.NoError(t, err)
	require.Equal(t, 100, n)
	clock.Pass(time.Minute)
	require.NoError(t, m.Set(ctx, "b:1", []byte("x"), time.Minute), "what is over makes place")
	n, err = m.Count(ctx, "")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// TestMemoryForgetsInTime whatever was written over what, longer or shorter,
// and gives back the place of each value that is over.
func TestMemoryForgetsInTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, clock := t.Context(), statetest.NewClock(noon)
		m, ends, now := state.NewMemory(clock.Now, 1000), map[string]time.Duration{}, time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key := "k:" + rapid.StringOfN(rapid.RuneFrom([]rune("abcd")), 1, 1, 1).Draw(t, "key")
			life := time.Duration(rapid.IntRange(1, 9).Draw(t, "life")) * time.Second
			if rapid.Bool().Draw(t, "writes") {
				require.NoError(t, m.Set(ctx, key, []byte("x"), life))
				ends[key] = now + life
			} else {
				clock.Pass(life)
				now += life
				maps.DeleteFunc(ends, func(_ string, end time.Duration) bool { return end <= now })
			}
			_, ok, err := m.Get(ctx, key)
			require.NoError(t, err)
			_, lives := ends[key]
			require.Equal(t, lives, ok)
			n, err := m.Count(ctx, "k:")
			require.NoError(t, err)
			require.Equal(t, len(ends), n)
		}
	})
}
