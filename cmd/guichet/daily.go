package main

import (
	"context"
	"encoding/json"
	"errors"

	"guichet/portal/config"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
)

// dailyCmd does what is due once a day.
type dailyCmd struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

// Help is shown by --help.
func (dailyCmd) Help() string {
	return `Example: guichet daily

Does what is due, once; again, it changes nothing. serve does the same every
hour, so that this is needed only where nothing serves.

Reading windows that are over: where nothing was entered, the registers are
estimated, from the household's own last twelve months, or from the yearly
consumption that the window's file gave; gas by degree-days. Nothing is
estimated in a vacancy, across a move, or with nothing to go by. An estimate
after an estimate is raised (ESTIMATE_AGAIN).

Offers for works that nobody answered in time: they lapse (D11). Before that,
and before what is missing is over its date and the day of an appointment, its
requester is reminded, once for each date. Installers that want it get one mail
a day: what changed, what is due.

What guichet purge deletes.`
}

// daily is what a run came to.
type daily struct {
	Readings indexes.Estimates `json:"readings"`
	Lapsed   int               `json:"lapsed_offers"`
	Reminded int               `json:"works_reminders"`
	Digests  int               `json:"installers_told"`
	Purged   purged            `json:"purged"`
}

// Run implements the command.
func (c dailyCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, err := openForCommand(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	done, err := f.daily(ctx)
	if err != nil {
		return err
	}
	if done.Purged, err = f.purge(ctx, f.clock); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(done)
	}
	r := done.Readings
	t.printf("reading windows over: %d, %d of them read; registers estimated: %d, left without a reading: %d\n",
		r.Windows, r.Read, r.Estimated, r.Without)
	t.printf("offers for works lapsed: %d\n", done.Lapsed)
	t.printf("requesters of works reminded: %d; installers told of their day: %d\n", done.Reminded, done.Digests)
	done.Purged.print(t)
	return nil
}

// daily runs every job that is due but the purge, which looks at much to find
// little. Each must be safe to run in several processes at once.
func (f *foundation) daily(ctx context.Context) (daily, error) {
	estimator := &indexes.Estimator{Ledger: f.store, Runner: f.store, Clock: f.clock, Again: f.settings.EstimateAgain,
		History: &metering.History{Ledger: f.store, Clock: f.clock}}
	readings, err := estimator.Run(ctx)
	done := daily{Readings: readings}
	all := []error{err} // a job that fails keeps no other waiting
	for _, job := range []struct {
		done *int
		run  func(context.Context, int) (int, error)
	}{{&done.Lapsed, f.works().Lapse}, {&done.Reminded, f.works().Remind}, {&done.Digests, f.works().SendDigests}} {
		*job.done, err = inGoes(ctx, job.run)
		all = append(all, err)
	}
	return done, errors.Join(all...)
}

// oneGo is how many requests or installers are dealt with in one go.
const oneGo = 500

// inGoes runs a job until nothing is left of it.
func inGoes(ctx context.Context, job func(context.Context, int) (int, error)) (done int, err error) {
	for {
		n, err := job(ctx, oneGo)
		if done += n; err != nil || n < oneGo {
			return done, err
		}
	}
}
