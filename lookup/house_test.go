package lookup_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/lookup/challenge"
	"guichet/lookup/lookuptest"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/state/redis"
	"guichet/portal/state/statetest"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// house is a gate over real stores, with a clock to turn.
type house struct {
	t      *testing.T
	ctx    context.Context
	clock  *statetest.Clock
	dsn    string
	states func() state.Store // another process's view of the state
	known  []storetest.Known

	lookup.Deps
	store      *store.Store
	challenges *challenge.Service
	visits     *lookup.Visits
	gate       *lookup.Gate
}

// houses runs a test on SQLite with memory and, but under -short, on
// PostgreSQL with Redis, each with n known references.
func houses(t *testing.T, n int, test func(*testing.T, *house)) {
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			h := &house{t: t, ctx: context.Background(), clock: statetest.NewClock(noon), dsn: backend.DSN(t)}
			memory := state.NewMemory(h.clock.Now, 100_000)
			h.states = func() state.Store { return memory }
			if backend.Name == "postgres" {
				url := storetest.Redis(t)
				h.states = func() state.Store {
					s, err := redis.OpenPatient(url, h.clock.Now, 10*time.Second)
					require.NoError(t, err)
					t.Cleanup(func() { require.NoError(t, s.Close()) })
					return s
				}
			}
			h.start()
			h.known = storetest.References(t, h.dsn, n)
			test(t, h)
		})
	}
}

// start starts the house's program (once more).
func (h *house) start() {
	h.store = storetest.Reopen(h.t, h.dsn, h.clock.Now)
	st := h.states()
	h.challenges = challenge.New(storetest.Keys(h.t), st, h.clock.Now)
	h.Deps = lookuptest.Deps(storetest.Keys(h.t), h.clock.Now, h.store, st, h.challenges, h.store)
	h.visits = lookup.NewVisits(h.Ring, h.clock.Now, h.store, st, h.store)
	h.gate = lookup.NewGate(h.Deps)
}

// another is a second process over the same stores, where there can be one.
func (h *house) another() *house {
	if h.store.Dialect() == "sqlite" {
		return h
	}
	b := *h
	b.start()
	return &b
}

// claim is a fresh form, its challenge solved.
func (h *house) claim(number, digits keys.Secret) lookup.Claim {
	h.t.Helper()
	id, err := h.challenges.Draw(h.ctx)
	require.NoError(h.t, err)
	answer, ok, err := h.State.Get(h.ctx, "captcha:"+id)
	require.NoError(h.t, err)
	require.True(h.t, ok)
	// Each from an address of its own: what one source may do has tests of its own.
	return lookup.Claim{Kind: lookup.ByReference, Number: number, Digits: digits,
		CaptchaID: id, Captcha: keys.Secret(answer), Form: portal.Token(), Source: portal.Token(), Network: portal.Token()}
}

// open posts a claim that must be an attempt, and tells whether it opened.
func (h *house) open(c lookup.Claim) bool {
	h.t.Helper()
	outcome, err := h.gate.Open(h.ctx, c)
	require.NoError(h.t, err)
	if !outcome.Opened {
		require.Equal(h.t, lookup.Outcome{}, outcome)
	}
	return outcome.Opened
}

// problems posts a claim that must not be an attempt, and gives the keys.
func (h *house) problems(c lookup.Claim) (found []string) {
	h.t.Helper()
	_, err := h.gate.Open(h.ctx, c)
	var problems lookup.Problems
	require.ErrorAs(h.t, err, &problems)
	for _, p := range problems {
		require.Equal(h.t, portal.Invalid, p.Code)
		require.Contains(h.t, p.Key, strings.TrimSuffix(strings.Replace(p.Field, "altcha", "work", 1), "2")+".")
		found = append(found, p.Key)
	}
	return found
}

// wrong gives the nth wrong digits for a reference, all distinct up to 9,999.
func wrong(k storetest.Known, n int) keys.Secret {
	var right int
	_, _ = fmt.Sscan("1"+k.Digits.Reveal(), &right)
	return keys.Secret(fmt.Sprintf("%04d", (right+1+n)%10_000))
}

// counter reads what is remembered of a number.
func (h *house) counter(key string) (counter lookup.Counter) {
	h.t.Helper()
	require.NoError(h.t, h.store.Do(h.ctx, func(t tx.Tx) (err error) {
		_, counter, err = h.Ledger.LoadAttempt(t, lookup.ByReference, key, "")
		return err
	}))
	return counter
}

// entries counts the trail's entries of an action about a subject.
func (h *house) entries(action, subject string) int {
	return int(storetest.Number(h.t, h.dsn,
		`SELECT COUNT(*) FROM trail WHERE action LIKE $1 AND subject = $2`, action, subject))
}

func (h *house) attempts(k storetest.Known) int { return h.entries("lookup.%", "reference:"+k.Key) }

func parallel(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}
