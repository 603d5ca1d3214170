package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal/metering"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/web/api"
)

// withAPI puts the programs' way in before the public pages: it shares their
// listener and nothing else of them.
func withAPI(pages, programs http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			programs.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

func (f *foundation) apiDeps(common web.Common, parts gateParts) api.Deps {
	system := api.WorksDeps{Feed: f.feed(), Papers: parts.uploads}
	for _, c := range f.settings.WorksCertificates {
		system.Certificates = append(system.Certificates, api.FingerprintOf(c))
	}
	return api.Deps{Works: system, Clock: f.clock, Log: common.Log, Doors: parts.keeper,
		// A key needs neither sessions nor passwords.
		Partners: partner.New(partner.Deps{Store: f.store, Runner: f.store, Ring: f.ring, Clock: f.clock}),
		Mandates: f.mandates(), History: &metering.History{Ledger: f.store, Clock: f.clock},
		Batches: f.batches(), Hooks: f.hooks(), Signer: f.ring.TrailSigner(),
		Limits: parts.short.limits, Quotas: api.Quotas{AMinute: f.settings.APIAMinute, ADay: f.settings.APIADay, StrangersAMinute: f.settings.APIStrangers},
		Ring: f.ring, TrustedProxies: f.settings.TrustedProxies, BaseURL: f.settings.BaseURL, Operator: f.settings.Operator,
		Observe: func(method, route string, status int, took time.Duration) {
			common.Metrics.Observe("api", method, route, status, took)
			common.Log.Info("request", "surface", "api", "method", method, "route", route, "status", status,
				"ms", float64(took.Microseconds())/1000)
		}}
}

func (f *foundation) hooks() *hook.Service {
	return &hook.Service{Clock: f.clock, Runner: f.store, Store: f.store, Ring: f.ring, Sender: &hook.Sender{}}
}

func (f *foundation) batches() *batch.Service {
	return &batch.Service{Clock: f.clock, Runner: f.store, Store: f.store, Ring: f.ring, Mandates: f.mandates(),
		History: &metering.History{Ledger: f.store, Clock: f.clock}, Render: api.Render,
		Write: func(d mandates.Delivery) (json.RawMessage, error) { return api.Write(d, f.ring.TrailSigner()) },
		Done: func(t tx.Tx, partnerID, id string, now time.Time) error {
			return f.store.PutEvent(t, hook.Event{PartnerID: partnerID, Kind: hook.BatchDone, About: id, At: now})
		}}
}

// serveAPI works on batches and posts events.
func (f *foundation) serveAPI(ctx context.Context, jobs *sync.WaitGroup, work rounds) {
	batches, hooks := f.batches(), f.hooks()
	alone := f.settings.Redis == "" // nobody else works on this database
	jobs.Go(func() {
		work.every(ctx, time.Second, "working on batches", func(ctx context.Context) error {
			if alone {
				if err := batches.Resume(ctx); err != nil {
					return err
				}
				alone = false
			}
			for {
				if worked, err := batches.Work(ctx); err != nil || !worked {
					return err
				}
			}
		})
	})
	jobs.Go(func() {
		work.every(ctx, time.Second, "posting events", func(ctx context.Context) error {
			for {
				if n, err := hooks.Post(ctx); err != nil || n == 0 {
					return err
				}
			}
		})
	})
	jobs.Go(func() { work.every(ctx, time.Hour, "forgetting batches", batches.Forget) })
	jobs.Go(func() { work.every(ctx, time.Hour, "forgetting events", hooks.Forget) })
}
