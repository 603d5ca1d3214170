package lookup

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"

	"golang.org/x/sync/singleflight"
)

const (
	// leaseLife is how long a process uses a lease before it settles it.
	leaseLife = 10 * time.Second
	// leaseSlack is how much later than that a permit may still be used.
	leaseSlack = time.Minute
	// leaseLeast and leaseMost bound what a process takes at once.
	leaseLeast, leaseMost = 8, 64
	// dryLife is how long a budget that gave nothing is not asked again.
	dryLife = time.Second
	// permitWait is how long an attempt waits for a permit that others hold.
	permitWait = 2 * time.Second
	// stepLife is how old the step a process knows may be.
	stepAge = 2 * time.Second
)

// Permits leases failure permits of the portal-wide budgets, durably and before
// anything is compared, and knows the gate's step (G7). A failure at a live
// reference consumes its permit; anything else gives it back; a crash loses the
// lease. So the budgets are never exceeded, by however many processes. It is
// safe for concurrent use.
type Permits struct {
	store  BudgetStore
	runner tx.Runner
	clock  portal.Clock
	limits Limits
	log    *slog.Logger
	alarm  func(name string)
	wait   time.Duration // permitWait

	looks singleflight.Group
	mu    sync.Mutex
	pools map[Budget]*pool
	noise int // failures at unknown references not yet written
	gauge Gauge
	read  time.Time // when gauge was
}

// pool is a process's open lease of one budget.
type pool struct {
	lease   string // "" where there is none
	until   time.Time
	granted int
	out     int // in the hands of attempts
	spent   int
	dry     time.Time // until when the store has nothing more
	busy    bool      // somebody is at the store for this pool
	changed chan struct{}
}

func (p *pool) free() int { return p.granted - p.out - p.spent }

// wake tells all who wait for the pool to look again.
func (p *pool) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// NewPermits makes the keeper. alarm is told the name of what a person must
// look at now; nil: only the log tells.
func NewPermits(store BudgetStore, runner tx.Runner, clock portal.Clock, limits Limits, log *slog.Logger, alarm func(string)) *Permits {
	p := &Permits{store: store, runner: runner, clock: clock, limits: limits, log: log, alarm: alarm, wait: permitWait, pools: map[Budget]*pool{}}
	for _, b := range Budgets {
		p.pools[b] = &pool{changed: make(chan struct{})}
	}
	return p
}

// Permit allows one comparison. Exactly one of Spend and Return ends it.
type Permit struct {
	of    *Permits
	pools []*pool
}

// Spend consumes the permit: a live reference was failed, or nobody knows.
func (p Permit) Spend() { p.end(1) }

// Return gives it back.
func (p Permit) Return() { p.end(0) }

func (p Permit) end(spent int) {
	if p.of == nil {
		return
	}
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	for _, pool := range p.pools {
		pool.out--
		pool.spent += spent
		pool.wake()
	}
}

// Take gets a permit of every budget named; ok is false where one is used up,
// also after waiting for others to give theirs back.
func (p *Permits) Take(ctx context.Context, budgets ...Budget) (permit Permit, ok bool, err error) {
	permit.of = p
	for _, b := range budgets {
		pool := p.pools[b]
		ok, err := p.takeOne(ctx, b, pool)
		if !ok || err != nil {
			permit.Return()
			return Permit{}, false, err
		}
		permit.pools = append(permit.pools, pool)
	}
	return permit, true, nil
}

func (p *Permits) takeOne(ctx context.Context, b Budget, pool *pool) (bool, error) {
	waits := patience{parent: ctx, most: p.wait}
	defer waits.end()
	for {
		now := p.clock()
		p.mu.Lock()
		over := pool.lease != "" && !now.Before(pool.until)
		switch {
		case !over && pool.free() > 0:
			pool.out++
			p.mu.Unlock()
			return true, nil
		case !pool.busy && (over || !now.Before(pool.dry) || pool.dry.Sub(now) > dryLife):
			pool.busy = true
			p.mu.Unlock()
			if err := p.refill(ctx, b, pool, now, over); err != nil {
				return false, err
			}
			continue
		case !pool.busy && pool.out == 0:
			p.mu.Unlock()
			return false, nil
		}
		changed := pool.changed
		p.mu.Unlock()
		select {
		case <-changed:
		case <-waits.over():
			return false, nil
		}
	}
}

// refill turns an old lease over, or else leases more; the caller has marked
// the pool busy.
func (p *Permits) refill(ctx context.Context, b Budget, pool *pool, now time.Time, over bool) error {
	var err error
	if over {
		err = p.turn(ctx, b, pool, now)
	} else {
		err = p.lease(ctx, b, pool, now)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pool.busy = false
	pool.wake()
	return err
}

// lease asks the store for more permits: the open lease grows.
func (p *Permits) lease(ctx context.Context, b Budget, pool *pool, now time.Time) error {
	p.mu.Lock()
	l := Lease{ID: pool.lease, Budget: b, Permits: min(leaseMost, leaseLeast+pool.out), Until: now.Add(leaseLife + leaseSlack)}
	p.mu.Unlock()
	if l.ID == "" {
		l.ID = portal.NewID(now)
	}
	var granted int
	err := p.runner.Do(context.WithoutCancel(ctx), func(t tx.Tx) (err error) {
		granted, err = p.store.LeasePermits(t, now, l, p.limits.Windows(b))
		return err
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if granted == 0 {
		pool.dry = now.Add(dryLife)
		return nil
	}
	if pool.lease == "" {
		pool.lease, pool.until = l.ID, now.Add(leaseLife)
	}
	pool.granted += granted
	return nil
}

// turn settles a lease for what it spent; what attempts still hold goes over
// into a new one.
func (p *Permits) turn(ctx context.Context, b Budget, pool *pool, now time.Time) error {
	p.mu.Lock()
	old, spent, out := pool.lease, pool.spent, pool.out
	at := pool.until.Add(leaseSlack) // nothing of it was spent later
	p.mu.Unlock()
	if now.Before(at) {
		at = now
	}
	next := Lease{ID: portal.NewID(now), Budget: b, Permits: out, Until: now.Add(leaseLife + leaseSlack)}
	err := p.runner.Do(context.WithoutCancel(ctx), func(t tx.Tx) error {
		if err := p.store.SettleLease(t, at, old, spent); err != nil || out == 0 {
			return err
		}
		return p.store.OpenLease(t, next)
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// Those that came back meanwhile are free in the new lease; those that were
	// taken meanwhile cannot be: an old lease gives none.
	pool.lease, pool.until, pool.granted, pool.dry = "", time.Time{}, out, time.Time{}
	pool.spent -= spent
	if out > 0 {
		pool.lease, pool.until = next.ID, now.Add(leaseLife)
	}
	return nil
}

// Dry tells whether a budget gave nothing when it was last asked, a moment ago.
func (p *Permits) Dry(b Budget) bool {
	now := p.clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	pool := p.pools[b]
	return now.Before(pool.dry) && pool.free() <= 0
}

// Missed counts a failure at an unknown reference. It is written with the next
// look: what it leads to only shares the load out.
func (p *Permits) Missed() {
	p.mu.Lock()
	p.noise++
	p.mu.Unlock()
}

// Step is the gate's step, at most stepAge old.
func (p *Permits) Step(ctx context.Context) (Step, error) {
	g, err := p.fresh(ctx)
	return g.Step, err
}

func (p *Permits) fresh(ctx context.Context) (Gauge, error) {
	now := p.clock()
	p.mu.Lock()
	g, age := p.gauge, now.Sub(p.read)
	p.mu.Unlock()
	if g.Step != 0 && age >= 0 && age < stepAge {
		return g, nil
	}
	return p.shared(ctx, now)
}

// shared looks once for all who ask at this moment; who has no more time does
// not wait for it.
func (p *Permits) shared(ctx context.Context, now time.Time) (Gauge, error) {
	looked := p.looks.DoChan("look", func() (any, error) { return p.look(context.WithoutCancel(ctx), now) })
	select {
	case r := <-looked:
		return r.Val.(Gauge), r.Err
	case <-ctx.Done():
		return Gauge{}, portal.Shut("store", ctx.Err())
	}
}

// Look settles what is old, writes what was missed and moves the step where
// the budgets say so. serve calls it every few seconds, so that a quiet portal
// also comes down again.
func (p *Permits) Look(ctx context.Context) error {
	_, err := p.shared(ctx, p.clock())
	return err
}

func (p *Permits) look(ctx context.Context, now time.Time) (Gauge, error) {
	if err := p.settle(ctx, now, false); err != nil {
		return Gauge{}, err
	}
	sums, err := p.store.GateSums(ctx, now, p.windows())
	if err != nil {
		return Gauge{}, err
	}
	g, err := p.store.GateGauge(ctx)
	if err != nil {
		return Gauge{}, err
	}
	if g.Step == 0 {
		g = Rest(chance)
	}
	if _, moves := g.Move(now, p.limits.load(sums), chance); moves {
		if g, err = p.move(ctx, now, p.limits.load(sums)); err != nil {
			return Gauge{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gauge, p.read = g, now
	return g, nil
}

func (p *Permits) windows() map[Budget][]Window {
	windows := map[Budget][]Window{}
	for _, b := range Budgets {
		windows[b] = p.limits.Windows(b)
	}
	return windows
}

// move writes the step's move once, whichever process sees it first.
func (p *Permits) move(ctx context.Context, now time.Time, load Load) (g Gauge, err error) {
	moved := false
	err = p.runner.Do(ctx, func(t tx.Tx) error {
		held, err := p.store.LockGauge(t)
		if err != nil {
			return err
		}
		if held.Step == 0 {
			held = Rest(chance)
		}
		if g, moved = held.Move(now, load, chance); !moved {
			return nil
		}
		t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "gate"}, Action: audit.GateMoved,
			Ground: "budget", Channel: "web", Details: map[string]string{"from": held.Step.String(), "to": g.Step.String()}})
		return p.store.SaveGauge(t, g)
	})
	if err == nil && moved {
		p.log.WarnContext(ctx, "the gate moved", "step", int(g.Step), "harm", load.Harm, "noise", load.Noise)
		if g.Step > Captcha && p.alarm != nil {
			p.alarm("step-" + g.Step.String())
		}
	}
	return g, err
}

// settle turns over the leases whose time is up, or all, and writes the noise.
func (p *Permits) settle(ctx context.Context, now time.Time, all bool) error {
	for _, b := range Budgets {
		pool := p.pools[b]
		p.mu.Lock()
		due := pool.lease != "" && !pool.busy && (all || !now.Before(pool.until))
		if due {
			pool.busy = true
		}
		p.mu.Unlock()
		if due {
			if err := p.refill(ctx, b, pool, now, true); err != nil {
				return err
			}
		}
	}
	p.mu.Lock()
	noise := p.noise
	p.noise = 0
	p.mu.Unlock()
	if noise == 0 {
		return nil
	}
	err := p.runner.Do(ctx, func(t tx.Tx) error {
		id := portal.NewID(now)
		if err := p.store.OpenLease(t, Lease{ID: id, Budget: Noise, Permits: noise, Until: now}); err != nil {
			return err
		}
		return p.store.SettleLease(t, now, id, noise)
	})
	if err != nil {
		p.mu.Lock()
		p.noise += noise
		p.mu.Unlock()
	}
	return err
}

// Close settles all leases of a process that ends in order.
func (p *Permits) Close(ctx context.Context) error {
	return p.settle(ctx, p.clock(), true)
}

// chance draws from the operating system, evenly in [0, 1).
func chance() float64 {
	var b [8]byte
	rand.Read(b[:])
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}
