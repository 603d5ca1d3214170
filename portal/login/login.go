// Package login protects how people with an account prove who they are:
// passwords, one-time codes that work once, and waits that grow with failures.
// Staff and partners share it. It keeps nothing itself; the account's row does,
// in SQL, so that a restart forgives nobody (T26).
//
// A sign-in is counted as a failure before anything is compared and forgiven
// when it turns out right: of many tries at once none is free.
package login

import "time"

const (
	// FreeFailures is how many failures in a row cost no waiting.
	FreeFailures = 5
	// FirstWait follows the failure that spends them; each further one doubles it.
	FirstWait = time.Second
	// LongestWait is where the doubling stops, so that nobody is shut out for good.
	LongestWait = time.Hour
)

// Failures is an account's row of failures since its last success.
type Failures struct {
	Count int64
	Last  time.Time
}

// Wait is how long after the last failure nothing is compared.
func (f Failures) Wait() time.Duration {
	over := f.Count - FreeFailures
	switch {
	case over < 0:
		return 0
	case over >= 12: // 2^12 s exceed an hour
		return LongestWait
	}
	return min(FirstWait<<over, LongestWait)
}

// Waiting tells whether a try at this time must be refused unread. A clock set
// back waits too: it gives no try away.
func (f Failures) Waiting(now time.Time) bool {
	return f.Wait() > 0 && now.Before(f.Last.Add(f.Wait()))
}

// Failed counts one more.
func (f Failures) Failed(now time.Time) Failures {
	return Failures{Count: f.Count + 1, Last: now}
}
