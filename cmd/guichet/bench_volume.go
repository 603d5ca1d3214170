package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

const (
	volumeCallers = 64
	// volumeRead is how many households, spread over all, have readings: three
	// years of daily totals.
	volumeRead = 200
	// volumeKept is how many references are remembered, spread over all.
	volumeKept = 20_000
	// volumeLong is how long the callers go on before the memory is looked at.
	volumeLong = time.Minute
)

// volume is what was measured among so many access points.
type volume struct {
	points       int
	lookup, page timing
	busyMB       float64 // this process, its callers included
	start        time.Duration
	idleMB       float64 // a serve on that database
}

// benchVolumes measures the same among few access points and among many: what
// grows with them grows with the town, and is paid by everybody who asks.
func benchVolumes(ctx context.Context, c benchCmd, t *terminal) (goals []goal, err error) {
	var all []volume
	for _, n := range c.Points {
		if n < volumeRead {
			return nil, usageError{fmt.Errorf("--points: %d is fewer than the %d households that have readings", n, volumeRead)}
		}
	}
	for _, n := range c.Points {
		v, err := measureVolume(ctx, c, t, n)
		if err != nil {
			return nil, fmt.Errorf("%d access points: %w", n, err)
		}
		all = append(all, v)
	}
	least, most := all[0], all[0]
	for _, v := range all {
		if v.points < least.points {
			least = v
		}
		if v.points > most.points {
			most = v
		}
	}
	among := func(what string) string { return fmt.Sprintf("%s among %d access points", what, most.points) }
	if most.points > least.points {
		times := fmt.Sprintf(", times that among %d", least.points)
		goals = append(goals,
			goal{among("cost of a lookup") + times, least.lookup.perSec / most.lookup.perSec, 1.5, false},
			goal{among("cost of a page") + times, least.page.perSec / most.page.perSec, 1.5, false})
	}
	return append(goals,
		goal{among("failed"), float64(most.lookup.failed + most.page.failed), 0, false},
		goal{among("memory after a minute of 64 callers, MB,"), most.busyMB, busyGoal(most.points), false},
		goal{among("start of serve, seconds,"), most.start.Seconds(), 0.5, false},
		goal{among("memory of an idle serve, MB,"), most.idleMB, 40, false}), nil
}

// busyGoal is the memory that is allowed: of a town, and of a whole country.
func busyGoal(points int) float64 {
	if points >= 2_000_000 {
		return 150
	}
	return 120
}

func measureVolume(ctx context.Context, c benchCmd, t *terminal, n int) (v volume, err error) {
	dir, err := os.MkdirTemp("", "guichet-bench-")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(dir)
	v.points = n
	if err := v.measure(ctx, c, t, dir); err != nil {
		return v, err
	}
	env, admin, err := benchEnv(dir)
	if err != nil {
		return v, err
	}
	v.start, v.idleMB, err = startServe(ctx, env, admin)
	t.printf("  %-22s %8.2f s   %5.1f MB after a quiet moment\n", "start of serve", v.start.Seconds(), v.idleMB)
	return v, err
}

// measure loads a ground of its own in dir and measures gate and history on it.
func (v *volume) measure(ctx context.Context, c benchCmd, t *terminal, dir string) error {
	g, err := newBenchGround(ctx, dir)
	if err != nil {
		return err
	}
	defer g.close()
	began := g.clock()
	kept, err := g.loadTown(ctx, v.points)
	if err != nil {
		return err
	}
	t.printf("%d access points, loaded in %s; %d callers, median of %d rounds of %s\n", v.points, g.clock().Sub(began).Round(time.Second),
		volumeCallers, c.Rounds, c.Seconds)
	cookies := make([]string, 0, volumeRead)
	for _, d := range kept[:volumeRead] {
		client, err := g.visit(ctx, d)
		if err != nil {
			return err
		}
		cookies = append(cookies, client.cookie)
		client.close()
	}
	settle() // what loading took is not what serving takes
	lookups, end, err := g.guessing(ctx, volumeCallers, kept[volumeRead:])
	if err != nil {
		return err
	}
	defer end()
	pages, endPages, err := g.leafing(cookies)
	if err != nil {
		return err
	}
	defer endPages()
	const lookup, page = "guarded lookup", "history, 36 months"
	got := interleave(c, t, volumeCallers, []string{lookup, page}, map[string]func(int, int) error{lookup: lookups, page: pages})
	v.lookup, v.page = got[lookup], got[page]
	long := hammer(volumeCallers, volumeLong, lookups)
	v.lookup.failed += long.failed
	v.busyMB, err = residentMB(os.Getpid())
	t.printf("  %-22s %s\n  %-22s %5.1f MB\n", "for "+volumeLong.String(), long, "this process then", v.busyMB)
	return errors.Join(err, ctx.Err())
}

// loadTown issues n households a reference and gives some of them, spread over
// all; the first of those have readings.
func (g *benchGround) loadTown(ctx context.Context, n int) (kept []registry.Drawn, err error) {
	const atOnce = 5_000
	every := max(1, n/volumeKept)
	var numbers []int
	for first := 0; first < n; first += atOnce {
		drawn, err := g.issueFrom(ctx, first, min(atOnce, n-first))
		if err != nil {
			return nil, err
		}
		for i := range drawn {
			if (first+i)%every == 0 {
				kept, numbers = append(kept, drawn[i]), append(numbers, first+i)
			}
		}
	}
	// Those with readings come first, and lie as far from each other as all do.
	stride := len(kept) / volumeRead
	for i := range volumeRead {
		kept[i], kept[i*stride] = kept[i*stride], kept[i]
		numbers[i], numbers[i*stride] = numbers[i*stride], numbers[i]
	}
	importer := &metering.Importer{Archive: g.store, Runner: g.store, Clock: g.clock}
	y, m, d := g.clock().In(portal.Brussels).Date()
	for _, household := range numbers[:volumeRead] {
		_, err := importer.Load(ctx, func(yield func(metering.Day) bool) {
			for day := portal.Date(y-benchYears, m, 1); day.Before(portal.Date(y, m, d)); day = day.AddDate(0, 0, 1) {
				if !yield(metering.Day{EAN: benchEAN(household), Register: metering.OfftakeTotal, Date: day, Meter: "1SAG1100000000",
					Values: []metering.Slot{{Value: metering.Value{Amount: int64(4_000 + day.YearDay())}}}}) {
					return
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, g.rest()
}

// guessing tries wrong digits, at numbers that there are and at others in turn.
func (g *benchGround) guessing(ctx context.Context, callers int, known []registry.Drawn) (func(caller, call int) error, func(), error) {
	clients, end, err := dialAll(g.guarded, callers)
	return func(caller, call int) error {
		d := registry.Drawn{Reference: registry.DrawReference(), Digits: "0000"}
		if call%2 == 0 {
			d = wrongly(known[(caller+call*callers)%len(known)], call)
		}
		return g.refused(ctx, clients[caller], d.Reference, d.Digits)
	}, end, err
}

// leafing reads the months of all who are in, each caller another one's.
func (g *benchGround) leafing(cookies []string) (func(caller, call int) error, func(), error) {
	clients, end, err := dialAll(g.guarded, volumeCallers)
	return func(caller, call int) error {
		c := clients[caller]
		c.cookie = cookies[(caller+call*volumeCallers)%len(cookies)]
		return expectOK(c.get("/en/consumption?grain=month"))
	}, end, err
}
