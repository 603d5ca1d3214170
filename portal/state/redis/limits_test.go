package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"
)

// Every key of a rate has an end, and one that lost it limits for one more
// period, not for ever.
func TestLimitsEnd(t *testing.T) {
	ctx := context.Background()
	server := miniredis.RunT(t)
	limits, err := open(t, "redis://"+server.Addr()+"/0", time.Now).Limits()
	require.NoError(t, err)
	rate := limiter.Rate{Period: time.Minute, Limit: 3}
	reached := func() bool {
		state, err := limits.Get(ctx, "draw:minute:somebody", rate)
		require.NoError(t, err)
		return state.Reached
	}
	for range 3 {
		require.False(t, reached())
	}
	require.True(t, reached())
	require.Equal(t, []string{"guichet:limit:draw:minute:somebody"}, server.Keys())
	for _, key := range server.Keys() {
		require.True(t, strings.HasPrefix(key, "guichet:limit:"))
		require.Equal(t, time.Minute, server.TTL(key))
	}
	server.FastForward(time.Minute)
	require.False(t, reached(), "the window is over")

	require.NoError(t, server.Set("guichet:limit:draw:minute:somebody", "7"))
	require.Zero(t, server.TTL("guichet:limit:draw:minute:somebody"))
	require.True(t, reached())
	require.Equal(t, time.Minute, server.TTL("guichet:limit:draw:minute:somebody"))
	require.True(t, reached())
	server.FastForward(time.Minute)
	require.False(t, reached())

	server.Close()
	_, err = limits.Get(ctx, "draw:minute:somebody", rate)
	require.Error(t, err)
}
