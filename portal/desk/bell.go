package desk

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// Alarms lists what the gate rings about (G7, G9), and the letters beside it. A new one needs the desk's
// words "desk.alarm."+name, and a look at ops/alerts.yml.
var Alarms = []string{"step-2", "step-3", "openings-browser", "openings-source", "openings-network", "openings-portal", registry.AlarmLetters}

const (
	// ringEvery is how often one alarm is written down at most.
	ringEvery = time.Minute
	// ringWait bounds how long whoever rings waits in the store's queue.
	ringWait = 2 * time.Second
)

// AlarmStore is what Bell reads; *store.Store is one.
type AlarmStore interface {
	// GateAlarms reads the newest audit.AlarmRaised entries, newest first.
	GateAlarms(ctx context.Context, limit int) ([]audit.Recorded, error)
}

// Bell writes the gate's alarms into the trail, where the desk's page and later
// reports find them: of each name one a minute at the most. Two processes that
// ring within the same milliseconds may both write. It is safe for concurrent
// use and must not be rung inside a unit of work.
type Bell struct {
	store  AlarmStore
	runner tx.Runner
	clock  portal.Clock
	log    *slog.Logger
	count  func(name string)

	mu   sync.Mutex
	rung map[string]time.Time // by this process
}

// NewBell makes the bell. count is told of every ring, written down or not;
// nil: nobody counts.
func NewBell(store AlarmStore, runner tx.Runner, clock portal.Clock, log *slog.Logger, count func(name string)) *Bell {
	return &Bell{store: store, runner: runner, clock: clock, log: log, count: count, rung: map[string]time.Time{}}
}

// Ring raises an alarm. It fails nobody: the attempt that set it off has been
// counted and gets its answer, so what goes wrong here is only logged, and the
// next ring tries again.
func (b *Bell) Ring(name string) {
	if b.count != nil {
		b.count(name)
	}
	now := b.clock()
	if !b.first(name, now) {
		return
	}
	// The house's context, not the visitor's: who hangs up silences no alarm.
	ctx, cancel := context.WithTimeout(context.Background(), ringWait)
	defer cancel()
	if err := b.write(ctx, name, now); err != nil {
		b.mu.Lock()
		delete(b.rung, name)
		b.mu.Unlock()
		b.log.ErrorContext(ctx, "an alarm was not written down", "alarm", name, "error", err.Error())
	}
}

// first tells whether this process writes a name down now.
func (b *Bell) first(name string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, ok := b.rung[name]; ok && recent(last, now) {
		return false
	}
	b.rung[name] = now
	return true
}

// write records the alarm unless another process just did. Within a minute
// there are at most as many entries as names, and few more: one look shows all.
func (b *Bell) write(ctx context.Context, name string, now time.Time) error {
	newest, err := b.store.GateAlarms(ctx, 2*len(Alarms))
	if err != nil {
		return err
	}
	for _, e := range newest {
		if alarmOf(e) == name && recent(e.At, now) {
			return nil
		}
	}
	return b.runner.Do(ctx, func(t tx.Tx) error {
		t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "gate"}, Action: audit.AlarmRaised,
			Ground: "limit", Channel: "web", Details: map[string]string{"name": name}})
		return nil
	})
}

// recent tells whether a ring was less than ringEvery ago; a clock set back
// does not make it so for ever.
func recent(last, now time.Time) bool {
	age := now.Sub(last)
	return age >= 0 && age < ringEvery
}

func alarmOf(e audit.Recorded) string { return audit.ParseDetails(e.Text)["name"] }
