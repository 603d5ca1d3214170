package state_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/state"
	"guichet/portal/state/statetest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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
