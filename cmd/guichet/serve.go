package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/ulule/limiter/v3"

	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/desk"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/portal/state/redis"
	"guichet/web"
	"guichet/web/api"
	"guichet/web/letter"
	"guichet/web/ui/layout"
)

// serveCmd serves the portal until a signal.
type serveCmd struct{}

// Help is shown by --help.
func (serveCmd) Help() string {
	return "Example: GUICHET_BASE_URL=https://portal.example guichet serve --database postgres://guichet@db/guichet --redis redis://cache:6379"
}

// Run implements the command.
func (serveCmd) Run(ctx context.Context, set *config.Settings, t *terminal) error {
	f, err := openFoundation(ctx, set.Default())
	if err != nil {
		return err
	}
	defer f.store.Close()
	maker, err := f.store.Installation(ctx, factMadeBy)
	if err != nil {
		return err
	}
	if maker == madeByDemo {
		return errors.New("DATABASE: demo made this database; serve leaves it alone (its references and passwords are in a file)")
	}
	return serve(ctx, f, t, false, func(at addresses) error {
		t.printf("serving on %s (desk %s, administration %s)\n", at.public, at.desk, at.admin)
		return nil
	})
}

// addresses are where a serving portal answers.
type addresses struct{ public, desk, admin string }

// shortState is the short-lived state in use, and the rates' counters beside it.
type shortState struct {
	state.Store
	limits limiter.Store
	close  func() error
}

// stateCap bounds the values that memory keeps: 100,000 captchas, and room for
// sessions and forms.
const stateCap = 400_000

// limitCap bounds the rates' counters in memory, some 100 bytes each: a visitor
// from a network of their own has eight at a time, four of them for a day.
const limitCap = 500_000

func openState(ctx context.Context, f *foundation) (shortState, error) {
	if f.settings.Redis == "" {
		return shortState{state.NewMemory(f.clock, stateCap),
			web.NewCounters(f.clock, limitCap),
			func() error { return nil }}, nil
	}
	r, err := redis.Open(f.settings.Redis.Reveal(), f.clock)
	if err != nil {
		return shortState{}, err
	}
	if err := r.Ping(ctx); err != nil {
		return shortState{}, errors.Join(fmt.Errorf("REDIS: %w", err), r.Close())
	}
	limits, err := r.Limits()
	if err != nil {
		return shortState{}, errors.Join(err, r.Close())
	}
	return shortState{r, limits, r.Close}, nil
}

// newLog writes one JSON object a line to the operator's standard error.
func newLog(t *terminal, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(t.err, &slog.HandlerOptions{Level: l}))
}

// settleAfter is when the jobs beside the doors have run for the first time.
const settleAfter = 2 * time.Second

// settle gives back what starting took and is needed no more: a password's
// hash, a demo's town, and the program's own pages that nothing reads again.
func settle() {
	debug.FreeOSMemory()
	leavePages()
}

// serve wires the rooms together and answers until ctx ends.
func serve(ctx context.Context, f *foundation, t *terminal, gallery bool, ready func(addresses) error) error {
	tuneMemory(ctx)
	log := newLog(t, f.settings.LogLevel)
	release, err := f.store.Serve(ctx, f.settings.Database.Reveal(), f.settings.Redis == "")
	if err != nil {
		return fmt.Errorf("DATABASE: %w", err)
	}
	defer release()
	short, err := openState(ctx, f)
	if err != nil {
		return err
	}
	defer short.close()
	heads, err := audit.OpenHeads(f.settings.TrailHeads)
	if err != nil {
		return err
	}
	defer heads.Close()

	sealer := audit.NewSealer(f.store, heads, f.ring.TrailSigner(), f.clock, log)
	metrics := f.metrics(sealer)
	keeper := f.keeper(heads, log)
	showDoors(metrics, keeper)
	if err := keeper.Beat(ctx); err != nil {
		return fmt.Errorf("DATABASE: %w", err)
	}
	var closing atomic.Bool
	bell := desk.NewBell(f.store, f.store, f.clock, log, countAlarms(metrics))
	parts := f.gate(short, keeper, log, bell.Ring)
	if parts.partners, err = f.partners(short, f.clock); err != nil {
		return err
	}
	metrics.MustRegister(newGateMetrics(parts.watch, shares{f.store}, f.clock, log))
	uploads, err := f.evidence()
	if err != nil {
		return err
	}
	defer uploads.Sandbox.Close()
	carrier, err := f.carrier()
	if err != nil {
		return err
	}
	parts.uploads = uploads
	doors, err := f.doors(log, metrics, parts, &closing, gallery)
	if err != nil {
		return err
	}
	listeners, err := listenAll(doors)
	if err != nil {
		return err
	}

	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var jobs sync.WaitGroup
	work := rounds{log, f.clock, metrics}
	jobs.Go(func() { sealer.Run(background) })
	jobs.Go(func() { beat(background, work, keeper) })
	jobs.Go(func() {
		work.every(background, 5*time.Second, "handing letters over", func(ctx context.Context) error {
			_, err := f.handOver(ctx)
			return errors.Join(err, f.sendMails(ctx, carrier))
		})
	})
	jobs.Go(func() { work.every(background, lookEvery, "looking at the gate", parts.watch.Look) })
	jobs.Go(func() {
		if pause(background, time.Hour) { // nobody who starts it waits beside it
			work.every(background, 24*time.Hour, "deleting what is kept no longer", func(ctx context.Context) error {
				_, err := f.purge(ctx, keeper.Clock())
				return err
			})
		}
	})
	firsts := &registry.FirstLetters{Clock: f.clock, Runner: f.store, Store: f.store, Issuer: registry.NewIssuer(f.ring, f.clock, f.store, f.store)}
	jobs.Go(func() {
		work.every(background, 5*time.Second, "sending first letters", func(ctx context.Context) error {
			_, err := firsts.Handle(ctx)
			return err
		})
	})
	jobs.Go(func() {
		work.every(background, time.Minute, "ending the detail of who moved", f.choices().EndAfterMoves)
	})
	jobs.Go(func() {
		work.every(background, time.Hour, "doing what is due daily", func(ctx context.Context) error {
			_, err := f.daily(ctx)
			return err
		})
	})
	f.serveAPI(background, &jobs, work)
	jobs.Go(func() {
		work.every(background, time.Minute, "asking the scanner again about uploads", func(ctx context.Context) error {
			_, err := uploads.Rescan(ctx)
			return err
		})
	})
	requests := f.letterRequests(log, bell.Ring)
	jobs.Go(func() {
		work.every(background, 5*time.Second, "answering requests for letters", func(ctx context.Context) error {
			_, err := requests.Handle(ctx)
			return err
		})
	})
	defer func() { // the sealer goes last: what the doors wrote still gets its head
		if err := parts.permits.Close(context.WithoutCancel(ctx)); err != nil {
			log.Error("permits could not be given back", "error", err)
		}
		stop()
		jobs.Wait()
	}()

	at := addresses{public: f.settings.BaseURL, desk: f.scheme() + listeners[1].Addr().String(), admin: "http://" + listeners[2].Addr().String()}
	if err := ready(at); err != nil {
		return errors.Join(append([]error{err}, closeAll(listeners)...)...)
	}
	go func() {
		<-ctx.Done()
		closing.Store(true)
	}()
	defer time.AfterFunc(settleAfter, settle).Stop()
	return serveDoors(ctx, log, doors, listeners)
}

func closeAll(listeners []net.Listener) []error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errs
}

func (f *foundation) scheme() string {
	if f.settings.TLSCert != "" {
		return "https://"
	}
	return "http://"
}

// outboxExport as OUTBOX leaves letters waiting for "guichet export letters".
const outboxExport = "export"

// handOver writes the waiting letters into the printer's folder, unless a
// print house fetches them.
func (f *foundation) handOver(ctx context.Context) (int, error) {
	if f.settings.Outbox == outboxExport {
		return 0, nil
	}
	clerk := &letter.Clerk{Scribe: f.scribe(), Folder: f.settings.Outbox}
	return clerk.HandOver(ctx)
}

func (f *foundation) scribe() letter.Scribe {
	s := f.settings
	return letter.Scribe{Outbox: f.store, Archive: &metering.History{Ledger: f.store, Clock: f.clock}, Runner: f.store, Clock: f.clock,
		House: letter.House{BaseURL: s.BaseURL, CallCentre: s.CallCentre, Operator: s.Operator, Contact: s.PrivacyContact, Account: s.Account()}}
}

func (f *foundation) letterRequests(log *slog.Logger, alarm func(string)) *registry.Requests {
	return &registry.Requests{Ring: f.ring, Clock: f.clock, Runner: f.store, Store: f.store,
		ADay: f.settings.LettersADayAll, Alarm: alarm, Log: log,
		Issuer: registry.NewIssuer(f.ring, f.clock, f.store, f.store)}
}

// metrics are those of the process; the rooms add theirs.
func (f *foundation) metrics(sealer *audit.Sealer) *prometheus.Registry {
	r := prometheus.NewRegistry()
	began := f.clock()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "guichet_trail_unsealed_seconds", Help: "Since the trail was last sealed and its head kept outside.",
		}, func() float64 {
			last := sealer.Sealed()
			if last.IsZero() {
				last = began
			}
			return f.clock().Sub(last).Seconds()
		}))
	return r
}

// doors builds the listeners' handlers.
func (f *foundation) doors(log *slog.Logger, metrics *prometheus.Registry, parts gateParts, closing *atomic.Bool, gallery bool) ([]door, error) {
	s := f.settings
	certificate, err := certificate(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, err
	}
	common := web.Common{Clock: f.clock, Ring: f.ring, Log: log, Metrics: web.NewMetrics(metrics), BaseURL: s.BaseURL,
		TrustedProxies: s.TrustedProxies, Account: s.Account(),
		Contact: layout.Contact{Operator: s.Operator, Phone: s.CallCentre, Privacy: s.PrivacyContact, Security: s.SecurityContact}}
	public, err := web.NewPublic(f.publicDeps(common, parts))
	if err != nil {
		return nil, err
	}
	programs, _, err := api.New(f.apiDeps(common, parts))
	if err != nil {
		return nil, err
	}
	staffDeps, err := f.deskDeps(common, parts, log, metrics)
	if err != nil {
		return nil, err
	}
	desk, err := web.NewDesk(staffDeps)
	if err != nil {
		return nil, err
	}
	admin, err := web.NewAdmin(web.AdminDeps{Common: common, Registry: metrics, Gallery: gallery, Ready: map[string]func(context.Context) error{
		"store": f.store.Ping,
		"state": parts.short.Ping,
		"doors": parts.keeper.Guard,
		"open": func(context.Context) error {
			if closing.Load() {
				return errors.New("closing")
			}
			return nil
		},
	}})
	if err != nil {
		return nil, err
	}
	all := []door{
		{"LISTEN", s.Listen, withAPI(public, programs), web.NewServer, certificate},
		{"DESK_LISTEN", s.DeskListen, desk, web.NewServer, certificate},
		{"ADMIN_LISTEN", s.AdminListen, admin, web.NewServer, nil},
	}
	if s.APIListen != "" {
		demands, err := demanding(certificate, s.ClientCA)
		if err != nil {
			return nil, err
		}
		all = append(all, door{"API_LISTEN", s.APIListen, programs, web.NewServer, demands})
	}
	return all, nil
}
