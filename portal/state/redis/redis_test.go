package redis_test

import (
	"context"
	"net"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/state"
	"guichet/portal/state/redis"
	"guichet/portal/state/statetest"
	"guichet/portal/store/storetest"

	"github.com/alicebob/miniredis/v2"
	client "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestRedis(t *testing.T) {
	backends := map[string]func(*testing.T) (url string, pass func(time.Duration)){
		"in process": func(t *testing.T) (string, func(time.Duration)) {
			server := miniredis.RunT(t)
			return "redis://" + server.Addr() + "/0", server.FastForward
		},
	}
	if !testing.Short() {
		backends["server"] = func(t *testing.T) (string, func(time.Duration)) {
			url := storetest.Redis(t)
			return url, func(d time.Duration) { age(t, url, d) }
		}
	}
	for name, start := range backends {
		t.Run(name, func(t *testing.T) {
			statetest.Run(t, func(t *testing.T) statetest.Backend {
				url, pass := start(t)
				clock := statetest.NewClock(noon)
				return statetest.Backend{Store: open(t, url, clock.Now), Pass: func(d time.Duration) {
					clock.Pass(d)
					pass(d)
				}}
			})
			t.Run("key and life", func(t *testing.T) {
				url, _ := start(t)
				keyAndLife(t, url)
			})
		})
	}
}

func open(t *testing.T, url string, clock portal.Clock) *redis.Store {
	t.Helper()
	s, err := redis.Open(url, clock)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func direct(t *testing.T, url string) *client.Client {
	t.Helper()
	o, err := client.ParseURL(url)
	require.NoError(t, err)
	c := client.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// age shortens every key's life, as time would, without waiting for it.
func age(t *testing.T, url string, d time.Duration) {
	t.Helper()
	ctx, c := context.Background(), direct(t, url)
	names, err := c.Keys(ctx, "*").Result()
	require.NoError(t, err)
	for _, name := range names {
		left, err := c.PTTL(ctx, name).Result()
		require.NoError(t, err)
		require.Positive(t, left, "%s lives for ever", name)
		require.NoError(t, c.PExpire(ctx, name, left-d).Err())
	}
}

// The tests of the whole program read captcha answers from their own Redis.
func keyAndLife(t *testing.T, url string) {
	ctx := context.Background()
	s := open(t, url, func() time.Time { return noon })
	require.NoError(t, s.Set(ctx, "captcha:abc", []byte("123456"), 10*time.Minute))
	c := direct(t, url)
	value, err := c.Get(ctx, "guichet:captcha:abc").Result()
	require.NoError(t, err)
	require.Equal(t, "123456", value)
	for _, write := range []func(string) (bool, error){
		func(k string) (bool, error) { return true, s.Set(ctx, k, nil, time.Minute) },
		func(k string) (bool, error) { return s.Replace(ctx, k, nil, 90*time.Second) },
		func(k string) (bool, error) {
			require.NoError(t, s.Delete(ctx, k))
			return s.Add(ctx, k, nil, 1500*time.Millisecond)
		},
	} {
		ok, err := write("a:1")
		require.NoError(t, err)
		require.True(t, ok)
		left, err := c.PTTL(ctx, "guichet:a:1").Result()
		require.NoError(t, err)
		require.Positive(t, left)
		require.LessOrEqual(t, left, 90*time.Second)
	}
}

func TestGoneServerIsUnavailable(t *testing.T) {
	server := miniredis.RunT(t)
	s := open(t, "redis://"+server.Addr(), func() time.Time { return noon })
	require.NoError(t, s.Ping(context.Background()))
	server.Close()
	statetest.Fails(t, context.Background(), s)
	_, err := s.Count(context.Background(), "a:")
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
}

// T22: a Redis that takes the connection and never answers costs under half a
// second, and the command is sent once.
func TestT22HungServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	connections := make(chan struct{}, 100)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections <- struct{}{}
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	var s state.Store = open(t, "redis://"+l.Addr().String(), func() time.Time { return noon })
	begun := time.Now()
	_, _, err = s.Take(context.Background(), "captcha:x")
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	require.Less(t, time.Since(begun), 500*time.Millisecond)
	require.LessOrEqual(t, len(connections), 1)
}

// Whoever sets read_timeout waits that long, and no longer than that.
func TestStepsTakeAsLongAsTheSettingSays(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	for _, more := range []string{"", "&addr=" + l.Addr().String()} {
		begun := time.Now()
		require.Error(t, open(t, "redis://"+l.Addr().String()+"/0?read_timeout=400ms"+more, func() time.Time { return noon }).Ping(context.Background()))
		require.GreaterOrEqual(t, time.Since(begun), 400*time.Millisecond, more)
	}
}

func TestSettings(t *testing.T) {
	clock := func() time.Time { return noon }
	for name, setting := range map[string]string{
		"single":   "redis://127.0.0.1:6379/2",
		"tls":      "rediss://u:p@cache.example:6380",
		"cluster":  "redis://a.example:7000?addr=b.example:7000&addr=c.example:7000",
		"sentinel": "redis://a.example:26379?addr=b.example:26379&master_name=gate",
	} {
		t.Run(name, func(t *testing.T) { open(t, setting, clock) })
	}
	_, err := redis.Open("http://user:hidden@x", clock)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "hidden")
}
