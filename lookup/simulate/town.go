// Package simulate decides nothing: it shows what the gate's own decisions come
// to against an attacker who knows every reference, solves every captcha and
// owns thousands of addresses, and for honest people meanwhile. The gate, its
// limits, budgets and steps are the real ones, under a clock that is turned by
// hand; only the database is a table in memory, since two million references
// with their counters need no more.
package simulate

import (
	"context"
	"fmt"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// town is the database of a simulation: one thread, nothing durable. It knows
// which reference is being tried by its number in the town, so that two million
// keys need not be kept.
type town struct {
	ring     *keys.Ring
	clock    *clock
	trying   int // number of the reference being tried
	counters map[int]lookup.Counter
	known    map[string]time.Time // reference's number and browser
	leases   []lease
	gauge    lookup.Gauge
	blocks   int
	legacy   bool
}

type lease struct {
	lookup.Lease
	settled bool
}

type clock struct{ now time.Time }

// Now is a portal.Clock.
func (c *clock) Now() time.Time { return c.now }

// digits gives the last four digits of the nth meter, spread evenly.
func digits(n int) int { return int((uint64(n) * 2_654_435_761 >> 7) % 10_000) }

func typed(digits int) keys.Secret { return keys.Secret(fmt.Sprintf("%04d", digits)) }

// code gives the letter code of the nth letter.
func code(n int) keys.Secret { return keys.Secret(fmt.Sprintf("7K3M%04d", n%10_000)) }

var (
	_ lookup.Ledger      = (*town)(nil)
	_ lookup.BudgetStore = (*town)(nil)
	_ tx.Runner          = (*town)(nil)
)

// nothing is a Tx that keeps nothing.
type nothing struct{}

// Record implements tx.Tx.
func (nothing) Record(audit.Entry) {}

// Send implements tx.Tx.
func (nothing) Send(outbox.Letter) {}

// legacyDigits is how many digits the other system's references have.
const legacyDigits = 10

// LegacyLengths implements lookup.LegacyNumbers.
func (w *town) LegacyLengths(context.Context) ([]int, error) {
	if w.legacy {
		return []int{legacyDigits}, nil
	}
	return nil, nil
}

// reference gives the number printed on the nth letter; another system's can
// be computed.
func (w *town) reference(n int) keys.Secret {
	if w.legacy {
		return keys.Secret(fmt.Sprintf("%0*d", legacyDigits, n))
	}
	first := keys.Secret(fmt.Sprintf("%012d", (uint64(n)*736_338_717_353+81)%1_000_000_000_000))
	return first + registry.CheckDigits(first)
}

// letterCode is what the letter prints; another system's has none.
func (w *town) letterCode(n int) keys.Secret {
	if w.legacy {
		return ""
	}
	return code(n)
}

// Do implements tx.Runner.
func (w *town) Do(_ context.Context, fn func(tx.Tx) error) error { return fn(nothing{}) }

// LoadAttempt implements lookup.Ledger.
func (w *town) LoadAttempt(_ tx.Tx, _ lookup.Kind, key, device string) (lookup.Target, lookup.Counter, error) {
	return lookup.Target{Known: true, OccupancyID: "o",
		Secret:     registry.DigitsHash(w.ring, key, typed(digits(w.trying))),
		LetterCode: registry.LetterCodeHash(w.ring, key, code(w.trying)),
		KnownSince: w.known[w.browser(device)]}, w.counters[w.trying], nil
}

func (w *town) browser(device string) string { return fmt.Sprint(w.trying, device) }

// SaveAttempt implements lookup.Ledger.
func (w *town) SaveAttempt(_ tx.Tx, _ lookup.Kind, _ string, _ time.Time, c lookup.Counter) error {
	if len(c.Failures) == 0 {
		delete(w.counters, w.trying)
		return nil
	}
	if !c.BlockedAt.IsZero() && w.counters[w.trying].BlockedAt.IsZero() {
		w.blocks++
	}
	w.counters[w.trying] = c
	return nil
}

// OpenVisit implements lookup.Ledger.
func (w *town) OpenVisit(_ tx.Tx, v lookup.Visit, _ []string) error {
	if v.Device != "" {
		w.known[w.browser(v.Device)] = v.OpenedAt
	}
	return nil
}

// used sums a budget's leases in a window.
func (w *town) used(now time.Time, b lookup.Budget, lasting time.Duration, settled bool) (n int) {
	for _, l := range w.leases {
		if l.Budget == b && l.Until.After(now.Add(-lasting)) && (l.settled || !settled) {
			n += l.Permits
		}
	}
	return n
}

// LeasePermits implements lookup.BudgetStore.
func (w *town) LeasePermits(_ tx.Tx, now time.Time, l lookup.Lease, windows []lookup.Window) (int, error) {
	granted := l.Permits
	for _, x := range windows {
		granted = min(granted, x.Most-w.used(now, l.Budget, x.Lasting, false))
	}
	if granted <= 0 {
		return 0, nil
	}
	for i := range w.leases {
		if w.leases[i].ID == l.ID {
			w.leases[i].Permits += granted
			return granted, nil
		}
	}
	l.Permits = granted
	return granted, w.OpenLease(nil, l)
}

// OpenLease implements lookup.BudgetStore.
func (w *town) OpenLease(_ tx.Tx, l lookup.Lease) error {
	w.leases = append(w.leases, lease{l, false})
	return nil
}

// SettleLease implements lookup.BudgetStore.
func (w *town) SettleLease(_ tx.Tx, at time.Time, id string, spent int) error {
	kept := w.leases[:0]
	for _, l := range w.leases {
		if l.ID == id {
			l.Permits, l.Until, l.settled = spent, at, true
		}
		if l.Permits > 0 && l.Until.After(w.clock.now.Add(-25*time.Hour)) {
			kept = append(kept, l)
		}
	}
	w.leases = kept
	return nil
}

// GateSums implements lookup.BudgetStore.
func (w *town) GateSums(_ context.Context, now time.Time, windows map[lookup.Budget][]lookup.Window) (map[lookup.Budget]lookup.Sum, error) {
	sums := map[lookup.Budget]lookup.Sum{}
	for b, list := range windows {
		s := lookup.Sum{}
		for _, x := range list {
			s.Spent = append(s.Spent, w.used(now, b, x.Lasting, true))
			s.Leased = append(s.Leased, w.used(now, b, x.Lasting, false))
		}
		sums[b] = s
	}
	return sums, nil
}

// GateGauge implements lookup.BudgetStore.
func (w *town) GateGauge(context.Context) (lookup.Gauge, error) { return w.gauge, nil }

// LockGauge implements lookup.BudgetStore.
func (w *town) LockGauge(tx.Tx) (lookup.Gauge, error) { return w.gauge, nil }

// SaveGauge implements lookup.BudgetStore.
func (w *town) SaveGauge(_ tx.Tx, g lookup.Gauge) error {
	w.gauge = g
	return nil
}

// solves is somebody who solves every challenge and does every work.
type solves struct{}

// Take implements lookup.Challenge.
func (solves) Take(context.Context, string, keys.Secret) error { return nil }

// TakeWork implements lookup.Worker.
func (solves) TakeWork(context.Context, string, keys.Secret) error { return nil }

// Open implements lookup.Doors.
func (solves) Open(context.Context, string) error { return nil }

// start is when every simulation begins, so that its figures can be repeated.
var start = portal.Date(2026, time.March, 2)
