package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/web"
)

// deskDeps wires what staff do for callers.
func (f *foundation) deskDeps(common web.Common, short shortState, log *slog.Logger, metrics prometheus.Registerer) (web.DeskDeps, error) {
	return web.DeskDeps{Common: common}, nil
}
