// Package redis keeps short-lived state in Redis, for several processes: a
// single server, Sentinel or Cluster. It protects the gate against a Redis
// that hangs: nothing is retried, nothing waited for longer than 150 ms a
// step, and whatever fails comes back as portal.Unavailable.
package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/state"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"golang.org/x/sync/singleflight"
)

// What the client's library has to say goes nowhere: it is no line of the log's
// form, and what fails is told by whoever asked.
func init() { redis.SetLogger(silence{}) }

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// Prefix begins all our keys, so that a Redis can be shared.
const Prefix = "guichet:"

// timeout bounds each step (connect, write, read); the wait for a connection is
// twice that.
const timeout = 150 * time.Millisecond

// countLife is how old a count may be: counting walks all keys.
const countLife = time.Second

// Store is state in Redis. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	clock  portal.Clock

	walks  singleflight.Group // one walk serves all who ask meanwhile
	mu     sync.Mutex
	counts map[string]count
}

type count struct {
	n  int
	at time.Time
}

var _ state.Store = (*Store)(nil)

// Open reads a REDIS setting: redis:// or rediss:// for one server; with
// ?addr=host:port for each further node of a Cluster; with &master_name= for
// Sentinel; with read_timeout= where a step may take longer than 150 ms, on a
// machine that has other things to do. It does not connect; Ping does.
func Open(setting string, clock portal.Clock) (*Store, error) {
	return OpenPatient(setting, clock, timeout)
}

// OpenPatient is Open for whoever would rather wait a step long than be told:
// tests of what many decide together, on a machine that has other things to do.
func OpenPatient(setting string, clock portal.Clock, step time.Duration) (*Store, error) {
	options, err := parse(setting)
	if err != nil {
		return nil, err
	}
	if options.ReadTimeout > 0 {
		step = options.ReadTimeout
	}
	options.MaxRetries = -1 // a retry after a time-out would count twice
	options.DialTimeout, options.ReadTimeout = step, step
	options.WriteTimeout = step
	// A crowd waits its turn rather than dial all at once, which takes longer;
	// with the read's time-out a hung Redis is still told within half a second.
	options.PoolSize, options.PoolTimeout = 32, 2*step
	options.DialerRetries = 1
	options.DisableIdentity = true
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return &Store{client: redis.NewUniversalClient(options), clock: clock, counts: map[string]count{}}, nil
}

// parse never shows the setting: it may hold a password.
func parse(setting string) (*redis.UniversalOptions, error) {
	if strings.Contains(setting, "master_name=") {
		o, err := redis.ParseFailoverURL(setting)
		if err != nil {
			return nil, errors.New("REDIS: not a Sentinel address")
		}
		return &redis.UniversalOptions{MasterName: o.MasterName, Addrs: o.SentinelAddrs, DB: o.DB,
			SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
			Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, ReadTimeout: o.ReadTimeout}, nil
	}
	if strings.Contains(setting, "addr=") {
		o, err := redis.ParseClusterURL(setting)
		if err != nil {
			return nil, errors.New("REDIS: not a Cluster address")
		}
		return &redis.UniversalOptions{IsClusterMode: true, Addrs: o.Addrs,
			Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, ReadTimeout: o.ReadTimeout}, nil
	}
	o, err := redis.ParseURL(setting)
	if err != nil {
		return nil, errors.New("REDIS: begin it with redis:// or rediss://")
	}
	return &redis.UniversalOptions{Addrs: []string{o.Addr}, DB: o.DB,
		Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig, ReadTimeout: o.ReadTimeout}, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.client.Close() }

// Get implements state.Store.
func (s *Store) Get(ctx context.Context, key string) ([]byte, bool, error) {
	return found(s.client.Get(ctx, Prefix+key).Bytes())
}

// GetAll implements state.Store, in one round trip; in a Cluster one for each
// node.
func (s *Store) GetAll(ctx context.Context, keys ...string) ([][]byte, error) {
	values, got := make([][]byte, len(keys)), make([]*redis.StringCmd, len(keys))
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			got[i] = p.Get(ctx, Prefix+key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return values, shut(err)
	}
	for i, one := range got {
		if values[i], _, err = found(one.Bytes()); err != nil {
			return values, err
		}
	}
	return values, nil
}

// Set implements state.Store.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := s.write(ctx, key, value, ttl, "")
	return err
}

// Add implements state.Store.
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return s.write(ctx, key, value, ttl, "NX")
}

// Replace implements state.Store.
func (s *Store) Replace(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	return s.write(ctx, key, value, ttl, "XX")
}

// write sets value and time to live in one command: a value without an end
// would never go.
func (s *Store) write(ctx context.Context, key string, value []byte, ttl time.Duration, mode string) (bool, error) {
	if ttl < time.Millisecond {
		return false, portal.Shut("state", fmt.Errorf("a time to live of %s", ttl))
	}
	err := s.client.SetArgs(ctx, Prefix+key, value, redis.SetArgs{Mode: mode, TTL: ttl}).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, shut(err)
}

// swap compares and writes in one step; ARGV[1] and ARGV[3] tell whether
// something is expected and whether something is to be written.
var swap = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if held ~= ARGV[2] then return 0 end
elseif held then
  return 0
end
if ARGV[3] == '1' then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
elseif held then
  redis.call('DEL', KEYS[1])
end
return 1`)

// Swap implements state.Store.
func (s *Store) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	if value != nil && ttl < time.Millisecond {
		return false, portal.Shut("state", fmt.Errorf("a time to live of %s", ttl))
	}
	done, err := swap.Run(ctx, s.client, []string{Prefix + key},
		there(old), string(old), there(value), string(value), ttl.Milliseconds()).Int()
	return done == 1, shut(err)
}

func there(value []byte) int {
	if value == nil {
		return 0
	}
	return 1
}

// Take implements state.Store.
func (s *Store) Take(ctx context.Context, key string) ([]byte, bool, error) {
	return found(s.client.GetDel(ctx, Prefix+key).Bytes())
}

// Delete implements state.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	return shut(s.client.Del(ctx, Prefix+key).Err())
}

// Count implements state.Store; an answer is at most a second old.
func (s *Store) Count(ctx context.Context, prefix string) (int, error) {
	s.mu.Lock()
	c, ok := s.counts[prefix]
	s.mu.Unlock()
	if age := s.clock().Sub(c.at); ok && age >= 0 && age < countLife {
		return c.n, nil
	}
	n, err, _ := s.walks.Do(prefix, func() (any, error) {
		n, err := s.walk(context.WithoutCancel(ctx), prefix)
		if err != nil {
			return 0, shut(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.counts[prefix] = count{n, s.clock()}
		return n, nil
	})
	return n.(int), err
}

func (s *Store) walk(ctx context.Context, prefix string) (int, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return walkNode(ctx, s.client, prefix)
	}
	var mu sync.Mutex
	total := 0
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		n, err := walkNode(ctx, node, prefix)
		mu.Lock()
		defer mu.Unlock()
		total += n
		return err
	})
	return total, err
}

func walkNode(ctx context.Context, node redis.Cmdable, prefix string) (n int, err error) {
	pattern := Prefix + strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(prefix) + "*"
	var cursor uint64
	for {
		var keys []string
		if keys, cursor, err = node.Scan(ctx, cursor, pattern, 10_000).Result(); err != nil {
			return 0, err
		}
		n += len(keys)
		if cursor == 0 {
			return n, nil
		}
	}
}

// Ping implements state.Store.
func (s *Store) Ping(ctx context.Context) error { return shut(s.client.Ping(ctx).Err()) }

func found(value []byte, err error) ([]byte, bool, error) {
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	return value, err == nil, shut(err)
}

func shut(err error) error {
	if err == nil {
		return nil
	}
	return portal.Shut("state", err)
}
