package main

import (
	"context"
	"log/slog"
	"time"

	"guichet/lookup"
	"guichet/lookup/challenge"
	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/desk"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/login"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/web"
)

// lookEvery is how often budgets, step and openings are looked at.
const lookEvery = 5 * time.Second

// gateParts are the gate, and what those share who stand around it.
type gateParts struct {
	short      shortState
	keeper     *doors.Service
	challenges *challenge.Service
	proofs     *challenge.Proofs
	permits    *lookup.Permits
	watch      *lookup.Watch
	deps       lookup.Deps
	partners   *partner.Service
	uploads    *evidence.Service
}

// gate puts the gate together. What counts guesses goes by the keeper's clock,
// which never runs below the database's high-water mark (T17).
func (f *foundation) gate(short shortState, keeper *doors.Service, log *slog.Logger, alarm func(string)) gateParts {
	clock, limits := keeper.Clock(), gateLimits(f.settings.Limits)
	g := gateParts{short: short, keeper: keeper,
		challenges: challenge.New(f.ring, short, f.clock),
		proofs:     challenge.NewProofs(f.ring, short, f.clock),
		permits:    lookup.NewPermits(f.store, f.store, clock, limits, log, alarm),
	}
	g.watch = lookup.NewWatch(g.permits, f.store, clock, log, alarm)
	g.deps = lookup.Deps{Ring: f.ring, Clock: clock, Runner: f.store, State: short, Challenge: g.challenges,
		Worker: g.proofs, Ledger: f.store, Legacy: f.store, Permits: g.permits, Limits: limits, Doors: keeper, Alarm: alarm}
	return g
}

// shares tells what was measured of the register's digits at its last import.
type shares struct{ store *store.Store }

// Share implements desk.Shares.
func (x shares) Share(ctx context.Context) (desk.Share, bool, error) {
	s, err := x.store.Share(ctx)
	if portal.CodeOf(err) == portal.NotFound {
		return desk.Share{}, false, nil
	}
	return desk.Share{MeasuredAt: s.MeasuredAt, Meters: s.Meters, Overall: s.Overall,
		WorstPostcode: s.WorstPostcode, Postcode: s.Postcode,
		Address: desk.Near(s.Address), Batch: desk.Near(s.Batch)}, err == nil, err
}

// publicDeps wires the public rooms.
func (f *foundation) publicDeps(common web.Common, g gateParts) web.PublicDeps {
	return web.PublicDeps{
		Common:     common,
		Doors:      g.keeper,
		Gate:       lookup.NewGate(g.deps),
		Challenges: g.challenges,
		Proofs:     g.proofs,
		Visits:     lookup.NewVisits(f.ring, g.deps.Clock, f.store, g.short, f.store),
		Devices:    lookup.NewDevices(f.ring, f.clock),
		History:    &metering.History{Ledger: f.store, Clock: f.clock},
		Choices:    f.choices(),
		Readings: &indexes.Book{Ledger: f.store, History: &metering.History{Ledger: f.store, Clock: f.clock},
			Runner: f.store, Clock: f.clock},
		Runner:   f.store,
		Limits:   g.short.limits,
		Captchas: web.CaptchaRates{AMinute: f.settings.CaptchasAMinute, ADay: f.settings.CaptchasADay},
		Letters: web.LetterDeps{Requests: f.letterRequests(common.Log, nil), Solver: g.challenges, ADay: f.settings.LettersADay,
			ADayNetwork: f.settings.LettersADayNet, ADayAll: f.settings.LettersADayAll, WorkingDays: int(f.settings.LetterDays)},
		Mandates: f.mandates(),
		Works:    f.captures(g),
		Partners: web.PartnerDeps{Room: g.partners, Mandates: f.mandates(), History: &metering.History{Ledger: f.store, Clock: f.clock},
			Evidence: g.uploads, Signer: f.ring.TrailSigner(), Batches: f.store, Certificates: f.settings.APIListen != ""},
		Follow: web.FollowDeps{Room: f.works(), Evidence: g.uploads},
		Papers: web.PaperDeps{Looks: f.store, Postings: f.store, Dossiers: f.store, Rectifications: f.rectifications(),
			Posts: &registry.Posts{Clock: f.clock, Runner: f.store, Store: f.store}},
	}
}

func (f *foundation) rectifications() *registry.Rectifications {
	return &registry.Rectifications{Ring: f.ring, Clock: f.clock, Runner: f.store, Store: f.store}
}

// partners is the room of third parties.
func (f *foundation) partners(short login.Idle, clock portal.Clock) (*partner.Service, error) {
	passwords, err := login.NewPasswords()
	if err != nil {
		return nil, err
	}
	return partner.New(partner.Deps{Store: f.store, Runner: f.store, State: short, Ring: f.ring, Clock: clock, Passwords: passwords}), nil
}

func (f *foundation) mandates() *mandates.Service {
	return &mandates.Service{Clock: f.clock, Runner: f.store, Store: f.store}
}

func (f *foundation) choices() *metering.Choices {
	return &metering.Choices{Store: f.store, Runner: f.store, Clock: f.clock}
}

// gateLimits gives the settings' figures to the gate.
func gateLimits(l config.Limits) lookup.Limits {
	return lookup.Limits{
		SourceADay:       l.FailuresPerSourceADay,
		SourceAWeek:      l.FailuresPerSourceAWeek,
		SourceReferences: l.ReferencesPerSourceADay,
		SourceBlocks:     l.BlocksPerSourceADay,
		NetworkADay:      l.FailuresPerNetworkADay,
		WideADay:         l.FailuresPerWideADay,
		OverflowADay:     l.OverflowADay,
		HarmAnHour:       l.HarmAnHour,
		HarmADay:         l.HarmADay,
		LegacyADay:       l.LegacyADay,
		WorksADay:        l.WorksADay,
		KnownADay:        l.KnownADay,
		NoiseADay:        l.NoiseADay,
		OpenedByBrowser:  l.OpenedPerBrowserADay,
		OpenedBySource:   l.OpenedPerSourceADay,
		OpenedByNetwork:  l.OpenedPerNetworkADay,
	}
}
