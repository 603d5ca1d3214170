package redis

import (
	"context"

	"github.com/redis/go-redis/v9"
	"github.com/ulule/limiter/v3"
	limiterredis "github.com/ulule/limiter/v3/drivers/store/redis"
)

// limitPrefix begins the keys of the request rates.
const limitPrefix = Prefix + "limit"

// Limits keeps the request rates beside the state. The library gives a key its
// end only when it makes it: one that lost it (restored without, persisted by
// hand) would refuse its source for ever. So whoever is refused by a key
// without an end gives it one.
func (s *Store) Limits() (limiter.Store, error) {
	rates, err := limiterredis.NewStoreWithOptions(s.client, limiter.StoreOptions{Prefix: limitPrefix})
	if err != nil {
		return nil, err
	}
	return limits{rates, s.client}, nil
}

type limits struct {
	limiter.Store
	client redis.UniversalClient
}

// Get implements limiter.Store: it counts one.
func (l limits) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	state, err := l.Store.Get(ctx, key, rate)
	if err != nil || !state.Reached {
		return state, err
	}
	key = limitPrefix + ":" + key
	left, err := l.client.PTTL(ctx, key).Result()
	if err == nil && left == endless {
		err = l.client.PExpire(ctx, key, rate.Period).Err()
	}
	return state, err
}

// endless is how the client tells a key without an end.
const endless = -1
