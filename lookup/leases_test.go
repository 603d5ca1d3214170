package lookup_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// budgets is a store of budgets where something happens meanwhile.
type budgets struct {
	lookup.BudgetStore
	settling func()
	gauged   func() // after the step was read
	leased   []lookup.Budget
	lost     error
}

func (b *budgets) GateGauge(ctx context.Context) (lookup.Gauge, error) {
	g, err := b.BudgetStore.GateGauge(ctx)
	if do := b.gauged; do != nil {
		b.gauged = nil
		do()
	}
	return g, err
}

func (b *budgets) SettleLease(t tx.Tx, at time.Time, id string, spent int) error {
	if do := b.settling; do != nil {
		b.settling = nil
		do()
	}
	if b.lost != nil {
		return b.lost
	}
	return b.BudgetStore.SettleLease(t, at, id, spent)
}

func (b *budgets) LeasePermits(t tx.Tx, now time.Time, l lookup.Lease, windows []lookup.Window) (int, error) {
	b.leased = append(b.leased, l.Budget)
	if b.lost != nil {
		return 0, b.lost
	}
	return b.BudgetStore.LeasePermits(t, now, l, windows)
}

// permitsOver gives permits over a store of budgets.
func (h *house) permitsOver(store lookup.BudgetStore, limits lookup.Limits, alarm ...func(string)) *lookup.Permits {
	return lookup.NewPermits(store, h.store, h.clock.Now, limits, slog.New(slog.DiscardHandler), append(alarm, nil)[0])
}

// take gets n permits of the harm budget, all that there are.
func (h *house) take(p *lookup.Permits, n int) (held []lookup.Permit) {
	h.t.Helper()
	for range n {
		permit, ok, err := p.Take(h.ctx, lookup.Harm)
		require.NoError(h.t, err)
		require.True(h.t, ok)
		held = append(held, permit)
	}
	return held
}

// none demands that a process gets no permit.
func (h *house) none(p *lookup.Permits, why string) {
	h.t.Helper()
	_, ok, err := p.Take(h.ctx, lookup.Harm)
	require.NoError(h.t, err)
	require.False(h.t, ok, why)
}

// harm gives what the windows of the harm budget count: spent, and with open leases.
func (h *house) harm(limits lookup.Limits) (spent, leased []int) {
	h.t.Helper()
	sums, err := h.store.GateSums(h.ctx, h.clock.Now(), map[lookup.Budget][]lookup.Window{lookup.Harm: limits.Windows(lookup.Harm)})
	require.NoError(h.t, err)
	return sums[lookup.Harm].Spent, sums[lookup.Harm].Leased
}

// G7: what becomes of permits when their lease is turned over, wherever they
// are by then: each counts once, and none is lost.
func TestG7LeasesTurnOver(t *testing.T) {
	limits := lookup.DefaultLimits()
	limits.HarmAnHour, limits.HarmADay = 5, 5
	for name, test := range map[string]func(*testing.T, *house, *lookup.Permits, *budgets){
		"held by attempts": func(t *testing.T, h *house, p *lookup.Permits, _ *budgets) {
			held := h.take(p, 5)
			h.clock.Pass(11 * time.Second)
			require.NoError(t, p.Look(h.ctx))
			spent, leased := h.harm(limits)
			require.Equal(t, []int{0, 0}, spent)
			require.Equal(t, []int{5, 5}, leased, "they go over into the next lease")
			h.none(h.permits(limits, nil), "another process gets none of them")
			for _, permit := range held {
				permit.Spend()
			}
			h.clock.Pass(11 * time.Second)
			require.NoError(t, p.Look(h.ctx))
			spent, _ = h.harm(limits)
			require.Equal(t, []int{5, 5}, spent)
			h.none(p, "all are spent")
		},
		"some spent before, some after": func(t *testing.T, h *house, p *lookup.Permits, _ *budgets) {
			held := h.take(p, 5)
			held[0].Spend()
			held[1].Spend()
			h.clock.Pass(11 * time.Second)
			require.NoError(t, p.Look(h.ctx))
			held[2].Spend()
			held[3].Return()
			held[4].Return()
			require.NoError(t, p.Close(h.ctx))
			spent, leased := h.harm(limits)
			require.Equal(t, []int{3, 3}, spent)
			require.Equal(t, []int{3, 3}, leased)
			h.take(h.permits(limits, nil), 2)
		},
		"spent and returned meanwhile": func(t *testing.T, h *house, p *lookup.Permits, b *budgets) {
			held := h.take(p, 5)
			held[0].Spend()
			b.settling = func() { held[1].Spend(); held[2].Return() }
			h.clock.Pass(11 * time.Second)
			require.NoError(t, p.Look(h.ctx))
			held[3].Spend()
			held[4].Return()
			require.NoError(t, p.Close(h.ctx))
			spent, leased := h.harm(limits)
			require.Equal(t, []int{3, 3}, spent)
			require.Equal(t, []int{3, 3}, leased)
		},
		"the store fails": func(t *testing.T, h *house, p *lookup.Permits, b *budgets) {
			held := h.take(p, 5)
			held[0].Spend()
			b.lost = errLost
			h.clock.Pass(11 * time.Second)
			require.Error(t, p.Look(h.ctx))
			_, _, err := p.Take(h.ctx, lookup.Harm)
			require.Error(t, err, "an old lease gives nothing")
			b.lost = nil
			for _, permit := range held[1:] {
				permit.Spend()
			}
			require.NoError(t, p.Look(h.ctx))
			spent, leased := h.harm(limits)
			require.Equal(t, []int{5, 5}, spent)
			require.Equal(t, []int{5, 5}, leased)
		},
		"never used": func(t *testing.T, h *house, p *lookup.Permits, _ *budgets) {
			h.take(p, 1)[0].Return()
			other := h.permits(limits, nil)
			h.none(other, "a lease counts while it is open")
			h.clock.Pass(2 * time.Hour) // this process stood still
			limits := limits
			limits.HarmADay = 10
			third := h.permits(limits, nil)
			for _, permit := range h.take(third, 5) {
				permit.Spend()
			}
			h.none(p, "its lease is over, and its place another's")
		},
		"of a process that died": func(t *testing.T, h *house, p *lookup.Permits, _ *budgets) {
			h.take(p, 3)
			h.clock.Pass(50 * time.Minute)
			h.none(h.permits(limits, nil), "what it leased may have been spent")
			spent, leased := h.harm(limits)
			require.Equal(t, []int{0, 0}, spent, "no step comes of it")
			require.Equal(t, []int{5, 5}, leased)
		},
		"for as long as it may be used": func(t *testing.T, h *house, _ *lookup.Permits, _ *budgets) {
			limits := limits
			limits.HarmADay = 100
			h.take(h.permits(limits, nil), 1) // and dies, or stands still for a minute
			h.clock.Pass(time.Hour + time.Minute)
			h.none(h.permits(limits, nil), "they may have been spent less than an hour ago")
			h.clock.Pass(11 * time.Second)
			h.take(h.permits(limits, nil), 5)
		},
		"when it was spent": func(t *testing.T, h *house, _ *lookup.Permits, _ *budgets) {
			limits := limits
			limits.HarmADay = 100
			p := h.permits(limits, nil)
			held := h.take(p, 5)
			h.clock.Pass(9 * time.Second)
			for _, permit := range held {
				permit.Spend()
			}
			h.clock.Pass(2 * time.Second)
			require.NoError(t, p.Look(h.ctx))
			h.clock.Pass(time.Hour - 3*time.Second)
			h.none(h.permits(limits, nil), "an hour since they were spent is not over")
			h.clock.Pass(4 * time.Second)
			h.take(h.permits(limits, nil), 5)
		},
		"after a clock was set back": func(t *testing.T, h *house, p *lookup.Permits, _ *budgets) {
			held := h.take(p, 5)
			other := h.permits(limits, nil)
			h.none(other, "dry")
			h.clock.Pass(-10 * time.Minute)
			for _, permit := range held {
				permit.Return()
			}
			require.NoError(t, p.Close(h.ctx))
			h.take(other, 5)
		},
	} {
		t.Run(name, func(t *testing.T) {
			houses(t, 0, func(t *testing.T, h *house) {
				b := &budgets{BudgetStore: h.store}
				test(t, h, h.permitsOver(b, limits), b)
			})
		})
	}
}

// G7: who waits for a permit is woken by the one that comes back.
func TestG7WaitersAreWoken(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmAnHour, limits.HarmADay = 5, 5
		p := h.permits(limits, nil)
		held := h.take(p, 5)
		var begun, all sync.WaitGroup
		var got atomic.Int64
		for range 50 {
			begun.Add(1)
			all.Go(func() {
				begun.Done()
				permit, ok, err := p.Take(h.ctx, lookup.Harm)
				if err == nil && ok {
					got.Add(1)
					permit.Return()
				}
			})
		}
		begun.Wait()
		for _, permit := range held {
			permit.Return()
		}
		all.Wait()
		require.EqualValues(t, 50, got.Load())
	})
}

// G7: failures at unknown numbers that could not be written are written later,
// once.
func TestG7NoiseIsWrittenOnce(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		b := &budgets{BudgetStore: h.store, lost: errLost}
		p := h.permitsOver(b, limits)
		for range 7 {
			p.Missed()
		}
		require.Error(t, p.Look(h.ctx))
		b.lost = nil
		for range 3 {
			require.NoError(t, p.Look(h.ctx))
		}
		sums, err := h.store.GateSums(h.ctx, h.clock.Now(), map[lookup.Budget][]lookup.Window{lookup.Noise: limits.Windows(lookup.Noise)})
		require.NoError(t, err)
		require.Equal(t, []int{7}, sums[lookup.Noise].Spent)
		require.Equal(t, []int{7}, sums[lookup.Noise].Leased)
	})
}

// What no window sees any more is removed, also of the noise budget, of which
// nothing is ever leased.
func TestOldLeasesAreForgotten(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		p := h.permits(lookup.DefaultLimits(), nil)
		for range 60 {
			p.Missed()
			h.take(p, 1)[0].Spend()
			require.NoError(t, p.Close(h.ctx))
			h.clock.Pass(12 * time.Hour)
		}
		for _, b := range []lookup.Budget{lookup.Noise, lookup.Harm} {
			kept := storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM permit_leases WHERE budget = $1`, string(b))
			require.Greater(t, kept, int64(2), "a day is seen")
			require.LessOrEqual(t, kept, int64(18), b)
		}
	})
}

// G7: of several processes that see the same load one moves the step: one entry
// in the trail, one alarm, whoever looks how often.
func TestG7OneMoves(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.NoiseADay = 10
		first, second := &alarms{}, &alarms{}
		a := h.permits(limits, first.ring)
		b := &budgets{BudgetStore: h.store}
		late := h.permitsOver(b, limits, second.ring)
		require.NoError(t, a.Look(h.ctx))
		require.Empty(t, first.names)
		for range 6 {
			a.Missed()
		}
		// The second has read the step before the first one moves it.
		b.gauged = func() { require.NoError(t, a.Look(h.ctx)) }
		require.NoError(t, late.Look(h.ctx))
		for range 3 {
			h.clock.Pass(time.Minute)
			require.NoError(t, a.Look(h.ctx))
			require.NoError(t, late.Look(h.ctx))
		}
		for _, p := range []*lookup.Permits{a, late} {
			step, err := p.Step(h.ctx)
			require.NoError(t, err)
			require.Equal(t, lookup.Work, step)
		}
		require.Equal(t, []string{"step-2"}, append(first.names, second.names...))
		require.Equal(t, 1, h.entries("gate.moved", ""))
		// Thresholds are chance, anew at each move.
		before, err := h.store.GateGauge(h.ctx)
		require.NoError(t, err)
		h.clock.Pass(25 * time.Hour)
		require.NoError(t, a.Look(h.ctx))
		after, err := h.store.GateGauge(h.ctx)
		require.NoError(t, err)
		require.Equal(t, lookup.Captcha, after.Step)
		require.NotEqual(t, before.Half, after.Half)
		require.NotEqual(t, before.Whole, after.Whole)
		// A clock that is set back does not keep an old step.
		require.NoError(t, h.store.Do(h.ctx, func(t tx.Tx) error {
			return h.store.SaveGauge(t, lookup.Gauge{Step: lookup.Letter, MovedAt: h.clock.Now(), Half: 0.5, Whole: 0.98})
		}))
		h.clock.Pass(-time.Hour)
		step, err := a.Step(h.ctx)
		require.NoError(t, err)
		require.Equal(t, lookup.Letter, step)
	})
}

// G7: where the budget is gone before the step could move, the form asks for
// the letter code already.
func TestG7DryAsksTheCode(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmAnHour, limits.HarmADay = 2, 2
		h.limited(limits)
		ask := func() lookup.Ask {
			ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: "new", Network: "new"})
			require.NoError(t, err)
			return ask
		}
		require.Equal(t, lookup.Ask{}, ask())
		k := h.known[0]
		for i := range 2 {
			require.False(t, h.open(h.claim(k.Reference, wrong(k, i))))
		}
		require.Equal(t, lookup.Ask{}, ask())
		require.True(t, h.notCounted(h.claim(k.Reference, k.Digits)))
		require.Equal(t, lookup.Ask{LetterCode: true}, ask())
	})
}

// stuck is a store whose sums never come.
type stuck struct {
	lookup.BudgetStore
	held chan struct{}
}

func (s stuck) GateSums(context.Context, time.Time, map[lookup.Budget][]lookup.Window) (map[lookup.Budget]lookup.Sum, error) {
	<-s.held
	return nil, portal.Shut("store", context.DeadlineExceeded)
}

// G4: the look at the budgets is shared, and who has no more time does not wait
// for it: with a database that hangs a page is refused, and the metrics come.
func TestNobodyWaitsForASharedLookWithoutEnd(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		db := stuck{h.store, make(chan struct{})}
		defer close(db.held)
		ctx, stop := context.WithCancel(h.ctx)
		stop()
		_, err := h.permitsOver(db, lookup.DefaultLimits()).Step(ctx)
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	})
}
