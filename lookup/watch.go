package lookup

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"guichet/portal"
)

const (
	// openingsTimes is how many times the median of an hour is unusual (G9).
	openingsTimes = 3
	// openingsLeast is the fewest openings in an hour that are worth an alarm.
	openingsLeast = 20
	// openingsDays is how many days the median is taken over.
	openingsDays = 28
	// openingsEvery is how often they are counted.
	openingsEvery = time.Minute
)

// OpeningsStore counts successes. Only Watch calls it.
type OpeningsStore interface {
	// Openings counts the visits opened in the hour before now, and in the same
	// hour of each of the days before it.
	Openings(ctx context.Context, now time.Time, days int) (hour int, before []int, err error)
}

// BudgetUse is one window of one budget as staff see it.
type BudgetUse struct {
	Budget  Budget
	Lasting time.Duration
	Most    int
	Spent   int // failures
	Left    int // that may still be leased
}

// View is the state of the gate for staff and metrics: numbers only.
type View struct {
	Gauge
	Uses     []BudgetUse
	Openings int // in the last hour
	Usual    int // the median of this hour
}

// Watch looks at the gate for staff, and raises the portal-wide alarm of G9.
// It is safe for concurrent use.
type Watch struct {
	permits *Permits
	store   OpeningsStore
	clock   portal.Clock
	log     *slog.Logger
	alarm   func(string)

	mu       sync.Mutex
	counted  time.Time
	openings int
	usual    int
	ringing  bool
}

// NewWatch makes the watch over the gate's permits.
func NewWatch(p *Permits, store OpeningsStore, clock portal.Clock, log *slog.Logger, alarm func(string)) *Watch {
	return &Watch{permits: p, store: store, clock: clock, log: log, alarm: alarm}
}

// Look keeps the budgets (Permits.Look) and counts the openings once a minute:
// above three times the median of the hour one alarm rings, and not again until
// they have come down.
func (w *Watch) Look(ctx context.Context) error {
	if err := w.permits.Look(ctx); err != nil {
		return err
	}
	now := w.clock()
	w.mu.Lock()
	age := now.Sub(w.counted)
	w.mu.Unlock()
	if age >= 0 && age < openingsEvery {
		return nil
	}
	hour, before, err := w.store.Openings(ctx, now, openingsDays)
	if err != nil {
		return err
	}
	slices.Sort(before)
	usual := before[len(before)/2]
	unusual := hour > max(openingsLeast, openingsTimes*usual)
	w.mu.Lock()
	rings := unusual && !w.ringing
	w.counted, w.openings, w.usual, w.ringing = now, hour, usual, unusual
	w.mu.Unlock()
	if rings {
		w.log.WarnContext(ctx, "unusually many references are opened", "hour", hour, "usual", usual)
		if w.alarm != nil {
			w.alarm("openings-portal")
		}
	}
	return nil
}

// View gives the state of the gate now.
func (w *Watch) View(ctx context.Context) (View, error) {
	g, err := w.permits.fresh(ctx)
	if err != nil {
		return View{}, err
	}
	v := View{Gauge: g}
	windows := w.permits.windows()
	sums, err := w.permits.store.GateSums(ctx, w.clock(), windows)
	if err != nil {
		return View{}, err
	}
	for _, b := range Budgets {
		for i, x := range windows[b] {
			v.Uses = append(v.Uses, BudgetUse{Budget: b, Lasting: x.Lasting, Most: x.Most,
				Spent: sums[b].Spent[i], Left: max(0, x.Most-sums[b].Leased[i])})
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v.Openings, v.Usual = w.openings, w.usual
	return v, nil
}
