package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"guichet/lookup"
)

// joint is what the members of one joined commit share: the numbers they said
// they would try, loaded in one go, and the counters they wrote, put off to one
// statement. Both last until a member runs a statement of its own, which finds
// the database as if nothing had been put off.
type joint struct {
	alone    bool // one member, whose failure is the transaction's
	targets  map[number]lookup.Target
	counters map[string]lookup.Counter // of those numbers, as the last member left them
	written  map[string]counterRow     // of members that ended well; not yet in the database
	broken   error                     // what ended it for all
}

// number is what a visitor tries, and the browser that does.
type number struct{ key, device string }

type counterRow struct {
	key     string
	kind    lookup.Kind
	counter lookup.Counter
	changed time.Time
}

type expectedKey struct{}

// Expect implements lookup.Ledger.
func (s *Store) Expect(ctx context.Context, key, device string) context.Context {
	return context.WithValue(ctx, expectedKey{}, number{key, device})
}

func newJoint() *joint {
	return &joint{targets: map[number]lookup.Target{}, counters: map[string]lookup.Counter{}, written: map[string]counterRow{}}
}

// begin forgets the commit before and loads what the members said they would.
func (b *joint) begin(u *unit, live []*waiting) error {
	b.alone, b.broken = len(live) == 1, nil
	clear(b.targets)
	clear(b.counters)
	clear(b.written)
	all := make([]number, 0, len(live))
	for _, w := range live {
		if _, twice := b.targets[w.expects]; w.expects.key != "" && !twice {
			b.targets[w.expects] = lookup.Target{}
			all = append(all, w.expects)
		}
	}
	return inParts(len(all), func(from, to int) error {
		return loadAttempts(u, all[from:to], func(n number, target lookup.Target, counter lookup.Counter) {
			b.targets[n], b.counters[n.key] = target, counter
		})
	})
}

// write puts into the database what was put off.
func (b *joint) write(u *unit) error {
	if len(b.written) > 0 {
		b.broken = saveCounters(u, slices.Collect(maps.Values(b.written)))
		clear(b.written)
	}
	return b.broken
}

// holds gives what was loaded of a number, as it is now.
func (u *unit) holds(n number) (target lookup.Target, counter lookup.Counter, ok bool) {
	if u.joint == nil || len(u.written) > 0 {
		return target, counter, false
	}
	target, ok = u.joint.targets[n]
	return target, u.joint.counters[n.key], ok
}

// own comes before a statement of a member's own, which then has a savepoint
// that its failure is rolled back to. One that only tries a number and records
// needs none: what it put off is dropped with it.
func (u *unit) own() error {
	b := u.joint
	if b == nil {
		return nil
	}
	joined := &unit{store: u.store, ctx: u.ctx, run: u.run}
	if !u.begun {
		u.begun = true
		if err := b.write(joined); err != nil {
			return err
		}
		clear(b.targets)
		if !b.alone {
			if _, b.broken = joined.exec(`SAVEPOINT member`); b.broken != nil {
				return b.broken
			}
		}
	}
	rows := u.written
	u.written = nil
	return saveCounters(joined, rows)
}

// end ends a member's part: what it put off and ran stays, or nothing of it.
// Its error is one for all.
func (u *unit) end(result error) error {
	b := u.joint
	switch {
	case b.broken != nil:
		return b.broken
	case result != nil && u.begun && !b.alone:
		if _, err := u.run.ExecContext(u.ctx, `ROLLBACK TO member`); err != nil {
			return err
		}
	case result == nil:
		for _, row := range u.written {
			b.written[row.key], b.counters[row.key] = row, row.counter
		}
	}
	if !u.begun || b.alone {
		return nil
	}
	_, err := u.run.ExecContext(u.ctx, `RELEASE member`)
	return err
}
