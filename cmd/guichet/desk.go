package main

import (
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/portal/desk"
	"guichet/portal/login"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/web"
)

// deskDeps wires what staff do for callers.
func (f *foundation) deskDeps(common web.Common, g gateParts, log *slog.Logger, metrics prometheus.Registerer) (web.DeskDeps, error) {
	colleagues, err := f.colleagues(g.short)
	if err != nil {
		return web.DeskDeps{}, err
	}
	if colleagues.OIDC, err = f.provider(g.short); err != nil {
		return web.DeskDeps{}, err
	}
	if strings.HasPrefix(f.settings.DeskURL, "https://") {
		common.BaseURL = f.settings.DeskURL // its cookies and headers are the desk's own
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
			Rectify: f.rectifications(), Papers: f.store, Partners: g.partners,
			Officer:  desk.Officer{Store: f.store, Deeds: f.mandates(), Vault: g.uploads, Partners: g.partners, Runner: f.store, Clock: f.clock},
			Yard:     desk.Yard{Store: f.store, Service: f.works(), Vault: g.uploads, Runner: f.store, Clock: f.clock, Terms: f.settings.WorksTerms, TermsAt: f.settings.WorksTermsURL},
			Grounds:  &registry.Grounds{Ring: f.ring, Clock: f.clock, Runner: f.store, Store: f.store, Bereaved: f.mandates().Bereave},
			Readings: &indexes.Desk{Ledger: f.store, Runner: f.store, Clock: f.clock},
			Alarm:    func(string, int) { alarms.Inc() }}),
	}, nil
}

// provider is where staff sign in; nil where none is set. It reads the
// client's secret, and asks the provider nothing before somebody signs in.
func (f *foundation) provider(short shortState) (*login.OIDC, error) {
	s := f.settings
	if !s.OIDC() {
		return nil, nil
	}
	secret, err := s.OIDCSecret()
	if err != nil {
		return nil, err
	}
	return login.NewOIDC(login.OIDCSettings{Issuer: s.OIDCIssuer, ClientID: s.OIDCClientID, Secret: secret,
		RoleClaim: s.OIDCRoleClaim, Back: s.DeskURL + web.OIDCBack}, short, f.ring, f.clock), nil
}
