package lookup_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"
	"guichet/portal/tx"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// witness is a ledger that remembers the counter one attempt wrote, and when,
// counted in turns of all who share the turns.
type witness struct {
	lookup.Ledger
	turns *atomic.Int64
	turn  int64
	wrote lookup.Counter
	loads atomic.Int64
}

func (w *witness) LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error) {
	w.loads.Add(1)
	return w.Ledger.LoadAttempt(t, kind, key, device)
}

func (w *witness) SaveAttempt(t tx.Tx, kind lookup.Kind, key string, now time.Time, c lookup.Counter) error {
	w.wrote = c
	if w.turns != nil {
		w.turn = w.turns.Add(1)
	}
	return w.Ledger.SaveAttempt(t, kind, key, now, c)
}

// answer is what one attempt of a history did, seen from inside the house. Its
// turn spares the judge from trying all orders of 200 attempts at once: there
// is one order to judge, that of the locks.
type answer struct {
	opened, blocked bool
	failures        int
	turn            int64
}

// threeThenBlocked is the law of one reference whose wrong tries all differ:
// input is whether the digits are right.
func threeThenBlocked(failures int) porcupine.Model {
	type counter struct {
		failures int
		turn     int64
	}
	return porcupine.Model{
		Init: func() any { return counter{failures, 0} },
		Step: func(state, input, output any) (bool, any) {
			c, right, a := state.(counter), input.(bool), output.(answer)
			if c.failures < lookup.Tries && !right {
				c.failures++
			}
			c.turn++
			blocked := c.failures == lookup.Tries
			return a == answer{right && !blocked, blocked, c.failures, c.turn}, c
		},
	}
}

// T1: 200 guesses at once on one reference, from two processes where there can
// be two: at most three are compared, and one history explains it all.
func TestT1ParallelGuesses(t *testing.T) {
	const guesses = 200
	for name, primed := range map[string]int{"no counter yet": 0, "with a counter": 1} {
		t.Run(name, func(t *testing.T) {
			houses(t, 1, func(t *testing.T, h *house) {
				k := h.known[0]
				for i := range primed {
					require.False(t, h.open(h.claim(k.Reference, wrong(k, 1000+i))))
				}
				processes := []*house{h, h.another()}
				claims := make([]lookup.Claim, guesses)
				for i := range claims {
					digits := wrong(k, i)
					if i%20 == 19 {
						digits = k.Digits
					}
					claims[i] = h.claim(k.Reference, digits)
				}
				history := make([]porcupine.Operation, guesses)
				errs := make([]error, guesses)
				var turns atomic.Int64
				zero := time.Now()
				parallel(guesses, func(i int) {
					deps := processes[i%2].Deps
					w := &witness{Ledger: deps.Ledger, turns: &turns}
					deps.Ledger = w
					called := time.Since(zero)
					outcome, err := lookup.NewGate(deps).Open(h.ctx, claims[i])
					errs[i] = err
					history[i] = porcupine.Operation{ClientId: i, Call: int64(called), Return: int64(time.Since(zero)),
						Input:  claims[i].Digits.Equal(k.Digits),
						Output: answer{outcome.Opened, !w.wrote.BlockedAt.IsZero(), len(w.wrote.Failures), w.turn}}
				})
				for _, err := range errs {
					require.NoError(t, err)
				}
				require.Equal(t, porcupine.Ok, porcupine.CheckOperationsTimeout(threeThenBlocked(primed), history, 20*time.Second))
				require.Len(t, h.counter(k.Key).Failures, lookup.Tries)
				require.Equal(t, guesses+primed, h.attempts(k), "each attempt has its one entry")
				require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key))
				require.False(t, h.open(h.claim(k.Reference, k.Digits)), "M5: the right digits come too late")
				h.start()
				h.clock.Pass(2 * time.Hour) // a crash loses the lease (G7)
				require.False(t, h.open(h.claim(k.Reference, k.Digits)), "M5: also after a restart")
			})
		})
	}
}

// T1: whoever is honest is served, however many come at once.
func TestT1HonestCrowd(t *testing.T) {
	const people = 200
	houses(t, people, func(t *testing.T, h *house) {
		claims := make([]lookup.Claim, people)
		for i, k := range h.known {
			claims[i] = h.claim(k.Reference, k.Digits)
		}
		outcomes, errs := make([]lookup.Outcome, people), make([]error, people)
		parallel(people, func(i int) { outcomes[i], errs[i] = h.gate.Open(h.ctx, claims[i]) })
		for i, k := range h.known {
			require.NoError(t, errs[i])
			require.True(t, outcomes[i].Opened)
			require.Equal(t, k.OccupancyID, outcomes[i].Visit.OccupancyID)
			require.Equal(t, k.Key, outcomes[i].Visit.ReferenceKey)
			require.Equal(t, 1, h.entries("lookup.opened", "reference:"+k.Key))
		}
	})
}

// T2: a right answer racing the third wrong one never clears and never unblocks.
func TestT2RightRacesThirdWrong(t *testing.T) {
	const rounds = 40
	houses(t, rounds, func(t *testing.T, h *house) {
		for _, k := range h.known {
			require.False(t, h.open(h.claim(k.Reference, wrong(k, 1))))
			require.False(t, h.open(h.claim(k.Reference, wrong(k, 2))))
			claims := []lookup.Claim{h.claim(k.Reference, k.Digits), h.claim(k.Reference, wrong(k, 3)), h.claim(k.Reference, k.Digits)}
			errs := make([]error, len(claims))
			parallel(len(claims), func(i int) { _, errs[i] = h.gate.Open(h.ctx, claims[i]) })
			for _, err := range errs {
				require.NoError(t, err)
			}
			c := h.counter(k.Key)
			require.False(t, c.BlockedAt.IsZero())
			require.Len(t, c.Failures, lookup.Tries)
			require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key))
			require.False(t, h.open(h.claim(k.Reference, k.Digits)))
			require.Equal(t, c, h.counter(k.Key))
		}
	})
}

// T9: 50 posts at once with one solution: one is evaluated.
func TestT9OneSolutionOneAttempt(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		for i, digits := range []keys.Secret{h.known[0].Digits, wrong(h.known[1], 1)} {
			k := h.known[i]
			solved := h.claim(k.Reference, digits)
			var evaluated, refused atomic.Int64
			parallel(50, func(int) {
				c := solved
				c.Form = "" // fifty forms are fifty posts
				_, err := h.gate.Open(h.ctx, c)
				var problems lookup.Problems
				switch {
				case err == nil:
					evaluated.Add(1)
				case errors.As(err, &problems) && problems[0].Key == "captcha.old":
					refused.Add(1)
				}
			})
			require.EqualValues(t, 1, evaluated.Load())
			require.EqualValues(t, 49, refused.Load())
			require.Equal(t, 1, h.attempts(k))
			// Replayed after success, and after failure, in another form.
			solved.Form = "another"
			require.Equal(t, []string{"captcha.old"}, h.problems(solved))
			require.Equal(t, 1, h.attempts(k))
		}
	})
}

// T21: of 50 posts of one form at once one is evaluated, and all get its outcome.
func TestT21DoubleClick(t *testing.T) {
	houses(t, 3, func(t *testing.T, h *house) {
		processes := []*house{h, h.another()}
		malformed := h.claim("123", h.known[2].Digits)
		for i, c := range []lookup.Claim{
			h.claim(h.known[0].Reference, h.known[0].Digits),
			h.claim(h.known[1].Reference, wrong(h.known[1], 1)),
			malformed,
		} {
			var mu sync.Mutex
			outcomes, said := map[lookup.Outcome]int{}, map[string]int{}
			parallel(50, func(n int) {
				outcome, err := processes[n%2].gate.Open(h.ctx, c)
				mu.Lock()
				defer mu.Unlock()
				outcomes[outcome]++
				if err != nil {
					said[err.Error()]++
				}
			})
			require.Len(t, outcomes, 1, "one outcome for all")
			if i == 2 {
				require.Equal(t, map[string]int{"invalid: reference.length (reference) [3]": 50}, said)
				continue
			}
			require.Empty(t, said)
			require.Equal(t, 1, h.attempts(h.known[i]))
		}
	})
}

// G4: who hangs up is counted all the same.
func TestG4ClientHangsUp(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		for i := range lookup.Tries {
			c := h.claim(k.Reference, wrong(k, i))
			gone, hangUp := context.WithCancel(h.ctx)
			hangUp()
			_, err := h.gate.Open(gone, c)
			require.NoError(t, err)
		}
		require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key))
	})
}
