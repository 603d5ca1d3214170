package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/portal/desk"
	"guichet/portal/registry"
	"guichet/web"
)

// deskDeps wires what staff do for callers.
func (f *foundation) deskDeps(common web.Common, g gateParts, log *slog.Logger, metrics prometheus.Registerer) (web.DeskDeps, error) {
	colleagues, err := f.colleagues(g.short)
	if err != nil {
		return web.DeskDeps{}, err
	}
	alarms := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "guichet_desk_unblock_alarms_total", Help: "Unblockings beyond one agent's daily number (G10).",
	})
	metrics.MustRegister(alarms)
	return web.DeskDeps{
		Common: common,
		Staff:  colleagues,
		Doors:  g.keeper,
		Desk: desk.New(desk.Deps{Store: f.store, Runner: f.store, State: g.short, Ring: f.ring, Clock: f.clock, Log: log,
			Issuer: registry.NewIssuer(f.ring, f.clock, f.store, f.store),
			Watch:  g.watch, Shares: shares{f.store},
			Alarm: func(string, int) { alarms.Inc() }}),
	}, nil
}
