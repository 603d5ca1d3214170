package lookup

import (
	"context"
	"time"

	"guichet/portal/tx"
)

// Budget is a portal-wide number of failures (G7). A new one needs Budgets,
// Limits.Windows, and the test that counts them.
type Budget string

// The budgets.
const (
	Harm   Budget = "harm"   // failures at live references
	Legacy Budget = "legacy" // of these, at references printed by another system (G1)
	Works  Budget = "works"  // of these, at works codes (D10)
	Known  Budget = "known"  // in step 3, by browsers that opened the reference before
	Noise  Budget = "noise"  // failures at unknown references: counted, never refused
)

// Budgets lists them all.
var Budgets = []Budget{Harm, Legacy, Works, Known, Noise}

// Window is one sliding limit of a budget.
type Window struct {
	Lasting time.Duration
	Most    int
}

// Lease is a process's share of a budget. Until it is settled all its permits
// count as failures; a process that dies loses them.
type Lease struct {
	ID      string
	Budget  Budget
	Permits int
	Until   time.Time // when it is counted at the latest: after the last use of its permits
}

// Sum is how much of a budget was used.
type Sum struct {
	Spent  []int // settled failures, by the windows of Limits.Windows
	Leased []int // these, and the open leases
}

// BudgetStore keeps budgets and step in SQL, where they survive everything.
// Only Permits calls it, and the staff's view for GateSums and GateGauge.
type BudgetStore interface {
	// LeasePermits adds as many of the lease's permits as all windows allow
	// now, at most what the lease asks, and tells how many; two at once never
	// add up to more than a window. A lease of the same id grows.
	LeasePermits(t tx.Tx, now time.Time, l Lease, windows []Window) (granted int, err error)
	// SettleLease closes a lease as that many failures at a time; none removes it.
	SettleLease(t tx.Tx, at time.Time, id string, spent int) error
	// OpenLease adds a lease whose permits are already counted in one that the
	// same unit of work settles.
	OpenLease(t tx.Tx, l Lease) error
	// GateSums reads the budgets' sums for the windows given.
	GateSums(ctx context.Context, now time.Time, windows map[Budget][]Window) (map[Budget]Sum, error)
	// GateGauge reads the portal's step; the zero Gauge where there is none yet.
	GateGauge(ctx context.Context) (Gauge, error)
	// LockGauge is GateGauge, locked until the unit of work ends.
	LockGauge(t tx.Tx) (Gauge, error)
	// SaveGauge writes it.
	SaveGauge(t tx.Tx, g Gauge) error
}

// left is how many failures fit into all windows of a budget that used so many.
func left(windows []Window, used []int) int {
	n := -1
	for i, w := range windows {
		if room := max(0, w.Most-used[i]); n < 0 || room < n {
			n = room
		}
	}
	return max(0, n)
}

// load tells how full the budgets are.
func (l Limits) load(sums map[Budget]Sum) Load {
	return Load{Harm: fullest(l.Windows(Harm), sums[Harm].Spent), Noise: fullest(l.Windows(Noise), sums[Noise].Spent)}
}

func fullest(windows []Window, used []int) (share float64) {
	for i, n := range used {
		share = max(share, float64(n)/float64(windows[i].Most))
	}
	return share
}
