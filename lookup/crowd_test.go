package lookup_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// crowd posts claims at once, to two processes where there can be two, and
// tells how each ended; who is asked for work is not compared. Nobody in it
// tires of waiting for others.
func (h *house) crowd(claims []lookup.Claim) []lookup.Outcome {
	h.t.Helper()
	processes := []*house{h, h.another()}
	for _, p := range processes {
		p.gate = lookup.NewGate(p.Deps)
		p.gate.Patient(time.Minute)
		p.Permits.Patient(time.Minute)
	}
	outcomes, errs := make([]lookup.Outcome, len(claims)), make([]error, len(claims))
	parallel(len(claims), func(i int) { outcomes[i], errs[i] = processes[i%2].gate.Open(h.ctx, claims[i]) })
	for i, err := range errs {
		if err != nil {
			require.Equal(h.t, []string{"work.wrong"}, keysOf(h.t, err), err)
			outcomes[i] = lookup.Outcome{NotCounted: true}
		}
	}
	return outcomes
}

func keysOf(t *testing.T, err error) (keys []string) {
	t.Helper()
	var problems lookup.Problems
	require.ErrorAs(t, err, &problems, "%v", err)
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	return keys
}

// places are where a crowd can stand together: everyone is an address of their
// own in it.
var places = map[string]place{
	"network": {func(c lookup.Claim, i int) lookup.Claim { return from(c, fmt.Sprint("s", i), "n", "") },
		func(l lookup.Limits) int { return l.NetworkADay }},
	"IPv6 /48": {func(c lookup.Claim, i int) lookup.Claim { return from(c, fmt.Sprint("s", i), fmt.Sprint("n", i), "w") },
		func(l lookup.Limits) int { return l.WideADay }},
}

// place is where a crowd can stand, and how many may fail there in a day.
type place struct {
	in    func(c lookup.Claim, i int) lookup.Claim
	fails func(lookup.Limits) int
}

// everywhere is these, and one address for all.
func everywhere() map[string]place {
	all := maps.Clone(places)
	all["address"] = place{func(c lookup.Claim, _ int) lookup.Claim { return from(c, "s", "n", "") },
		func(l lookup.Limits) int { return l.SourceReferences }}
	return all
}

// T1, T16: of a crowd from one network, or from one /48, everyone who is honest
// gets in at the same instant, also where others among them fail as often as
// all of them may. The next failure is one too many.
func TestT16CrowdFromOneNetwork(t *testing.T) {
	const people = 200
	for name, c := range places {
		t.Run(name, func(t *testing.T) {
			houses(t, people, func(t *testing.T, h *house) {
				limits := lookup.DefaultLimits()
				wrongs := c.fails(limits) - 1
				// Two processes lease the harm budget apart from one another; so near its
				// end one may have none while the other has some (G7). It is not the matter here.
				limits.HarmAnHour = limits.HarmADay
				h.limited(limits)
				claims := make([]lookup.Claim, people)
				for i, k := range h.known {
					claims[i] = c.in(h.claim(k.Reference, k.Digits), i)
					if i%2 == 0 && i/2 < wrongs {
						claims[i] = c.in(h.claim(k.Reference, wrong(k, 1)), i)
					}
				}
				failed := 0
				for i, outcome := range h.crowd(claims) {
					if !claims[i].Digits.Equal(h.known[i].Digits) {
						failed++
						require.Equal(t, lookup.Outcome{}, outcome, i)
						continue
					}
					require.True(t, outcome.Opened, i)
				}
				require.Equal(t, wrongs, failed)
				require.True(t, h.compared(c.in(h.claim(registry.DrawReference(), "0001"), people)))
				require.False(t, h.compared(c.in(h.claim(registry.DrawReference(), "0001"), people+1)))
			})
		})
	}
}

// T1, T16: of a crowd behind one address (a school, a provider's NAT) everyone
// who is honest gets in at the same instant, as many as may open references
// there, also where others among them fail as often as all of them may.
func TestT16CrowdAtOneAddress(t *testing.T) {
	limits := lookup.DefaultLimits()
	people, wrongs := limits.OpenedBySource, limits.SourceReferences-1
	houses(t, people+wrongs, func(t *testing.T, h *house) {
		claims := make([]lookup.Claim, people+wrongs)
		for i, k := range h.known {
			claims[i] = from(h.claim(k.Reference, k.Digits), "s", "n", "")
			if i < wrongs {
				claims[i] = from(h.claim(k.Reference, wrong(k, 1)), "s", "n", "")
			}
		}
		for i, outcome := range h.crowd(claims) {
			require.Equal(t, i >= wrongs, outcome.Opened, i)
			require.False(t, outcome.NotCounted, i)
		}
	})
}

// T16: however many guess at once from one address, one network, or one /48,
// never more are compared than may fail there, and none fewer.
func TestT16CrowdOfGuesses(t *testing.T) {
	for name, c := range everywhere() {
		t.Run(name, func(t *testing.T) {
			houses(t, 0, func(t *testing.T, h *house) {
				claims := make([]lookup.Claim, 200)
				for i := range claims {
					claims[i] = c.in(h.claim(registry.DrawReference(), "0001"), i)
				}
				compared := 0
				for _, outcome := range h.crowd(claims) {
					if !outcome.NotCounted {
						compared++
					}
				}
				require.Equal(t, c.fails(lookup.DefaultLimits()), compared)
				require.EqualValues(t, compared, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM trail WHERE action LIKE 'lookup.%'`))
			})
		})
	}
}

// held is a ledger that keeps an attempt waiting in its transaction.
type held struct {
	lookup.Ledger
	begun, end chan struct{}
}

func (l held) LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error) {
	close(l.begun)
	<-l.end
	return l.Ledger.LoadAttempt(t, kind, key, device)
}

// T16: who waits for others of a place is not compared when they take too
// long, and takes nothing of it; who waits long enough is. An attempt
// that nobody ends (a process died) is a failure half a minute later.
func TestT16WaitingForOthers(t *testing.T) {
	for name, c := range everywhere() {
		t.Run(name, func(t *testing.T) {
			houses(t, 2, func(t *testing.T, h *house) {
				limits := lookup.DefaultLimits()
				limits.SourceADay, limits.NetworkADay, limits.WideADay, limits.OverflowADay = 1, 1, 1, 1
				h.limited(limits)
				first, second := h.known[0], h.known[1]
				slow := held{h.Ledger, make(chan struct{}), make(chan struct{})}
				end := sync.OnceFunc(func() { close(slow.end) })
				defer end()
				deps := h.Deps
				deps.Ledger = slow
				open := func(g *lookup.Gate, claim lookup.Claim) chan bool {
					opened := make(chan bool, 1)
					go func() {
						outcome, err := g.Open(h.ctx, claim)
						opened <- err == nil && outcome.Opened
					}()
					return opened
				}
				one := open(lookup.NewGate(deps), c.in(h.claim(first.Reference, first.Digits), 1))
				<-slow.begun
				require.Equal(t, lookup.Ask{}, h.asks(c.in(lookup.Claim{}, 9)), "nobody is asked for more because somebody is at it")
				h.gate.Patient(time.Millisecond)
				require.False(t, h.compared(c.in(h.claim(second.Reference, second.Digits), 2)))
				h.gate.Patient(time.Minute)
				two := open(h.gate, c.in(h.claim(second.Reference, second.Digits), 3))
				end()
				require.True(t, <-one)
				require.True(t, <-two)

				gone := &atomic.Bool{}
				deps.Ledger, deps.State = dies{h.Ledger, gone}, &swaps{Store: h.State, gone: gone}
				_, err := lookup.NewGate(deps).Open(h.ctx, c.in(h.claim(first.Reference, first.Digits), 4))
				require.Error(t, err)
				require.Equal(t, lookup.Ask{}, h.asks(c.in(lookup.Claim{}, 9)))
				h.clock.Pass(30 * time.Second)
				require.Equal(t, lookup.Ask{Work: true}, h.asks(c.in(lookup.Claim{}, 9)))
			})
		})
	}
}

// asks is what the gate asks whoever comes from there.
func (h *house) asks(c lookup.Claim) lookup.Ask {
	h.t.Helper()
	ask, err := h.gate.Ask(h.ctx, c)
	require.NoError(h.t, err)
	return ask
}

// dies is a ledger of a process that changes no tally any more.
type dies struct {
	lookup.Ledger
	gone *atomic.Bool
}

func (d dies) LoadAttempt(t tx.Tx, kind lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error) {
	d.gone.Store(true)
	return d.Ledger.LoadAttempt(t, kind, key, device)
}

// swaps counts the changes of tallies, until they are gone.
type swaps struct {
	state.Store
	gone *atomic.Bool
	n    atomic.Int64
}

func (s *swaps) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	if strings.HasPrefix(key, "tally:") {
		s.n.Add(1)
		if s.gone != nil && s.gone.Load() {
			return false, errLost
		}
	}
	return s.Store.Swap(ctx, key, old, value, ttl)
}

// Where nobody else is about each tally is changed once as an attempt begins
// and once as it ends, however it ends (T7).
func TestT7TalliesChangeTwice(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		s := &swaps{Store: h.State}
		h.Deps.State = s
		h.gate = lookup.NewGate(h.Deps)
		for i, digits := range []keys.Secret{k.Digits, wrong(k, 1), wrong(k, 2), wrong(k, 3), k.Digits} {
			before := s.n.Load()
			_, err := h.gate.Open(h.ctx, from(h.claim(k.Reference, digits), fmt.Sprint("s", i), fmt.Sprint("n", i), "w"))
			require.NoError(t, err)
			require.EqualValues(t, 6, s.n.Load()-before, i)
		}
	})
}
