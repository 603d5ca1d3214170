package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/portal"
)

// rounds are what serve does beside the doors, now and again. They tell the log
// what fails, once, and the metrics how late each is: letters that nobody writes
// are seen before somebody misses one.
type rounds struct {
	log     *slog.Logger
	clock   portal.Clock
	metrics prometheus.Registerer
}

// sayAgain is how often a failure that lasts is told.
const sayAgain = 5 * time.Minute

// every runs work now and again until ctx ends; a failure is tried again at the
// next turn.
func (r rounds) every(ctx context.Context, pause time.Duration, what string, work func(context.Context) error) {
	one := &round{last: r.clock()}
	r.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "guichet_work_late_seconds", Help: "Since work beside the doors should have been done, 0 where it is: it fails, or hangs.",
		ConstLabels: prometheus.Labels{"work": what},
	}, func() float64 { return one.late(r.clock(), pause) }))
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if err := work(ctx); err == nil || ctx.Err() == nil {
			one.tell(r.log, r.clock(), what, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round is one kind of work and how it goes.
type round struct {
	mu     sync.Mutex
	last   time.Time // that it was done, or the start
	failed int       // in a row
	said   time.Time
}

func (o *round) late(now time.Time, pause time.Duration) float64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return max(0, (now.Sub(o.last) - pause).Seconds())
}

// tell logs the first failure in a row, then one every few minutes, and the end
// of them: a database that is away for an hour fills no disk.
func (o *round) tell(log *slog.Logger, now time.Time, what string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil && o.failed > 0:
		log.Warn(what+" works again", "failures", o.failed, "seconds", int(now.Sub(o.last).Seconds()))
		o.failed = 0
	case err != nil:
		if o.failed++; o.failed == 1 || now.Sub(o.said) >= sayAgain {
			o.said = now
			log.Error(what+" failed; it is tried again", "error", oneLine(err), "failures", o.failed)
		}
	}
	if err == nil {
		o.last = now
	}
}
