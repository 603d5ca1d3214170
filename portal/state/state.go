// Package state keeps what may be forgotten: sessions, captcha answers, the
// outcome of a form posted twice, buckets of the rate limits. Every method can
// fail, and a failure shuts the gate: a lost answer is never taken for a wrong
// one, a lost session never for a live one.
//
// What must last (attempt counters, visits' ends, budgets that bound harm)
// lives in SQL. Memory here serves one process; portal/state/redis serves many.
// Both pass the suite in portal/state/statetest.
package state

import (
	"context"
	"errors"
	"time"

	"guichet/portal"
)

// Store is short-lived state: values under keys, each with a time to live.
// Keys hold no secret (G12): ids that open something are hashed by the caller,
// but for captcha ids, which open nothing. Errors are portal.Unavailable.
type Store interface {
	// Get reads a live value; ok is false where there is none or its time is over.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// GetAll is Get for several keys in one go, nil for each that is not there.
	GetAll(ctx context.Context, keys ...string) (values [][]byte, err error)
	// Set writes a value that lives for ttl, which must be positive.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Add writes only where there is no live value, in one step; ok tells whether it wrote.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (ok bool, err error)
	// Replace writes only where there is a live value, in one step: an ended
	// session is never written back to life.
	Replace(ctx context.Context, key string, value []byte, ttl time.Duration) (ok bool, err error)
	// Take reads and deletes in one step: of many callers one gets the value.
	Take(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Swap writes only where the key still holds old, in one step; nil stands
	// for nothing there, as old and as value. What many decide together (G7,
	// threats.md) is read, judged by a pure function and swapped.
	Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (ok bool, err error)
	// Delete removes; removing nothing is no error.
	Delete(ctx context.Context, key string) error
	// Count tells how many live values have keys beginning with prefix, for
	// caps; it may lag behind by a second.
	Count(ctx context.Context, prefix string) (int, error)
	// Ping tells whether the state can be trusted now.
	Ping(ctx context.Context) error
}

// swaps bounds how often Update tries against others: beyond it somebody
// presses so hard on one key that it is better shut.
const swaps = 64

// Update lets a pure function change what a key holds, whoever else does so at
// the same time. change gets nil where there is nothing, may give nil to remove
// it, says for how long what it gives is to live, and may run several times; its
// error ends the update and comes back as it is. Unavailable where the key cannot
// be had. seen, where it is not nil, is
// what the caller last saw the key hold: it spares a reading, and is what was
// written in the end.
func Update(ctx context.Context, st Store, key string, seen *[]byte, change func(old []byte) (value []byte, ttl time.Duration, err error)) error {
	for try := range swaps {
		var old []byte
		if seen != nil && try == 0 {
			old = *seen
		} else if held, ok, err := st.Get(ctx, key); err != nil {
			return err
		} else if ok {
			old = held
		}
		value, ttl, err := change(old)
		if err != nil {
			return err
		}
		done, err := st.Swap(ctx, key, old, value, ttl)
		if done && seen != nil {
			*seen = value
		}
		if done || err != nil {
			return err
		}
	}
	return portal.Shut("state", errors.New("too many change the same value at once"))
}
