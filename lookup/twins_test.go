package lookup_test

import (
	"context"
	"errors"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/tx"
)

// keySpy remembers every state key, and every value but the session's list.
type keySpy struct {
	state.Store
	seen []string
}

func (s *keySpy) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.seen = append(s.seen, key, string(value))
	return s.Store.Set(ctx, key, value, ttl)
}

func (s *keySpy) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	s.seen = append(s.seen, key, string(value))
	return s.Store.Add(ctx, key, value, ttl)
}

var errLost = errors.New("lost")

// brokenLedger fails, or falls over, at one of its steps.
type brokenLedger struct {
	lookup.Ledger
	step string
}

func (b brokenLedger) LoadAttempt(t tx.Tx, k lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error) {
	switch b.step {
	case "panic":
		panic("lost")
	case "load":
		return lookup.Target{}, lookup.Counter{}, errLost
	}
	return b.Ledger.LoadAttempt(t, k, key, device)
}

func (b brokenLedger) SaveAttempt(t tx.Tx, k lookup.Kind, key string, now time.Time, c lookup.Counter) error {
	if b.step == "save" {
		return errLost
	}
	return b.Ledger.SaveAttempt(t, k, key, now, c)
}

func (b brokenLedger) OpenVisit(t tx.Tx, v lookup.Visit, superseded []string) error {
	if b.step == "visit" {
		return errLost
	}
	return b.Ledger.OpenVisit(t, v, superseded)
}

// brokenState fails to mark a form, or to keep its outcome.
type brokenState struct {
	state.Store
	step string
}

func (b brokenState) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if b.step == "add" {
		return false, portal.Shut("state", errLost)
	}
	return b.Store.Add(ctx, key, value, ttl)
}

func (b brokenState) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if b.step == "set" {
		return portal.Shut("state", errLost)
	}
	return b.Store.Set(ctx, key, value, ttl)
}

// brokenChallenge cannot tell whether an answer is right.
type brokenChallenge struct {
	lookup.Challenge
	step string
}

func (b brokenChallenge) Take(ctx context.Context, id string, answer keys.Secret) error {
	if b.step == "take" {
		return portal.Shut("state", errLost)
	}
	return b.Challenge.Take(ctx, id, answer)
}
