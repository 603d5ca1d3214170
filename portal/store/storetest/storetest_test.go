package storetest_test

import (
	"context"
	"testing"
	"time"

	"guichet/portal/store/storetest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

func TestBackends(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s := b.Open(t, time.Now)
			require.NoError(t, s.Ping(context.Background()))
			require.Equal(t, b.Name, s.Dialect())
			pending, err := s.Pending(context.Background())
			require.NoError(t, err)
			require.False(t, pending)
		})
	}
}

func TestRedisIsFreshForEachCaller(t *testing.T) {
	ctx := context.Background()
	for range 2 {
		opt, err := redis.ParseURL(storetest.Redis(t))
		require.NoError(t, err)
		c := redis.NewClient(opt)
		t.Cleanup(func() { _ = c.Close() })
		n, err := c.DBSize(ctx).Result()
		require.NoError(t, err)
		require.Zero(t, n)
		require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	}
}
