package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/web/api"
)

// What is measured, and what it is measured against.
const (
	benchRaw       = "raw joined upsert" // the counter's one write through the same store, nothing else
	benchNaive     = "naive commits"     // the guarded lookup, with a commit of its own for each
	benchUnguarded = "unguarded POST"    // the same page over HTTP, nothing counted
	benchUntallied = "no tallies kept"   // the guarded lookup, with no source's, network's or browser's tally read or written
	benchGuarded   = "guarded lookup"    // the whole path: HTTP, captcha, counter, trail, joined commit, page
)

var benchKinds = []string{benchRaw, benchNaive, benchUnguarded, benchUntallied, benchGuarded}

// unlimited budgets: each try is still counted, but 64 callers may go on.
const unlimited = 1 << 40

// aSource and aNetwork are how many calls of one caller come from one address,
// and how many addresses lie in one network: below what the gate lets them fail
// in a day. No two callers share an address: the gate lets one at a time try.
const aSource, aNetwork = 5, 5

// benchGround is a portal of its own in a folder, served on loopback twice:
// with its gate, and with one that refuses without looking.
type benchGround struct {
	*foundation
	short     shortState
	servers   []*http.Server
	guarded   string // address
	unguarded string
	naively   string
	untallied string
	naive     *store.Naive
	deps      web.PublicDeps // of the guarded server
	programs  api.Deps
	common    web.Common
	parts     gateParts
	sources   atomic.Int64 // addresses drawn so far
	stop      context.CancelFunc
	sealed    chan struct{}
}

// openGate refuses without looking: the page of a failure, and nothing behind
// it but that the captcha is gone, so that the state stays small.
type openGate struct{ state.Store }

// Ask implements web.Gate.
func (openGate) Ask(context.Context, lookup.Claim) (lookup.Ask, error) { return lookup.Ask{}, nil }

// Open implements web.Gate.
func (g openGate) Open(ctx context.Context, c lookup.Claim) (lookup.Outcome, error) {
	return lookup.Outcome{}, g.Delete(ctx, "captcha:"+c.CaptchaID)
}

// untallied remembers nothing of who tries: what the limits of sources cost is
// what the guarded lookup takes longer than with it.
type untallied struct{ state.Store }

// GetAll implements state.Store.
func (untallied) GetAll(_ context.Context, keys ...string) ([][]byte, error) {
	return make([][]byte, len(keys)), nil
}

// Swap implements state.Store.
func (untallied) Swap(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return true, nil
}

func newBenchGround(ctx context.Context, dir string) (*benchGround, error) {
	s := config.Settings{Dir: dir, Listen: "127.0.0.1:0", DeskListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0",
		TrustedProxies: []string{"127.0.0.1"}, CaptchasAMinute: unlimited, CaptchasADay: unlimited,
		APIAMinute: unlimited, APIADay: unlimited, APIStrangers: unlimited,
		Limits: config.Limits{HarmAnHour: unlimited, HarmADay: unlimited, NoiseADay: unlimited}}.Default()
	tuneMemory(ctx)
	if _, err := prepare(ctx, s, true, "bench"); err != nil {
		return nil, err
	}
	f, err := openFoundation(ctx, s)
	if err != nil {
		return nil, err
	}
	g := &benchGround{foundation: f, sealed: make(chan struct{})}
	if g.short, err = openState(ctx, f); err != nil {
		return nil, err
	}
	quiet := slog.New(slog.NewJSONHandler(io.Discard, nil))
	common := web.Common{Clock: f.clock, Ring: f.ring, Log: quiet, Metrics: web.NewMetrics(prometheus.NewRegistry()),
		BaseURL: s.BaseURL, TrustedProxies: s.TrustedProxies}
	heads, err := audit.OpenHeads(s.TrailHeads)
	if err != nil {
		return nil, err
	}
	keeper := f.keeper(heads, quiet)
	if err := keeper.Beat(ctx); err != nil {
		return nil, err
	}
	parts := f.gate(g.short, keeper, quiet, func(string) {})
	deps := f.publicDeps(common, parts)
	g.deps, g.programs, g.common, g.parts = deps, f.apiDeps(common, parts), common, parts
	if g.guarded, err = g.serve(deps); err != nil {
		return nil, err
	}
	deps.Gate = openGate{g.short}
	if g.unguarded, err = g.serve(deps); err != nil {
		return nil, err
	}
	if g.naive, err = store.NewNaive(f.store, filepath.Join(dir, "guichet.db")); err != nil {
		return nil, err
	}
	naive := parts.deps
	naive.Runner = g.naive
	deps.Gate = lookup.NewGate(naive)
	if g.naively, err = g.serve(deps); err != nil {
		return nil, err
	}
	free := parts.deps
	free.State = untallied{g.short}
	deps.Gate = lookup.NewGate(free)
	if g.untallied, err = g.serve(deps); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(ctx)
	g.stop = stop
	sealer := audit.NewSealer(f.store, heads, f.ring.TrailSigner(), f.clock, quiet)
	go beat(background, rounds{quiet, f.clock, prometheus.NewRegistry()}, keeper)
	go func() {
		defer close(g.sealed)
		sealer.Run(background) // its share of the writer is part of what is measured
		_ = heads.Close()
	}()
	return g, nil
}

func (g *benchGround) serve(deps web.PublicDeps) (address string, err error) {
	handler, err := web.NewPublic(deps)
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := web.NewServer(l.Addr().String(), handler)
	g.servers = append(g.servers, server)
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), nil
}

func (g *benchGround) close() {
	for _, s := range g.servers {
		_ = s.Close()
	}
	g.stop()
	<-g.sealed
	_ = errors.Join(g.naive.Close(), g.short.close(), g.store.Close())
}

// operation gives what one call of a kind does, and what ends it.
func (g *benchGround) operation(ctx context.Context, kind string, callers int) (op func(caller, call int) error, end func(), err error) {
	switch kind {
	case benchRaw:
		return func(int, int) error {
			return g.store.Do(ctx, func(t tx.Tx) error {
				return g.store.SaveAttempt(t, lookup.ByReference, portal.Token(), g.clock(), benchCounter(g.clock()))
			})
		}, func() {}, nil
	case benchNaive:
		return g.posting(ctx, g.naively, callers)
	case benchUnguarded:
		return g.posting(ctx, g.unguarded, callers)
	case benchUntallied:
		return g.posting(ctx, g.untallied, callers)
	case benchGuarded:
		return g.posting(ctx, g.guarded, callers)
	}
	return nil, nil, fmt.Errorf("no such measure: %s", kind)
}

func benchCounter(now time.Time) lookup.Counter {
	return lookup.Counter{Failures: []lookup.Failure{{Tried: "0123456789012345678901234567890123456789012", At: now.UnixMicro()}}}
}

// posting gives each caller a connection of its own. Every call answers the
// captcha of the page before (read from the state, as if by a perfect machine),
// tries a fresh reference and comes from an address behind the trusted proxy
// that has not yet failed as often as it may: all limits are at work.
func (g *benchGround) posting(ctx context.Context, address string, callers int) (func(caller, call int) error, func(), error) {
	clients, end, err := dialAll(address, callers)
	return func(caller, call int) error {
		return g.refused(ctx, clients[caller], registry.DrawReference(), "0000")
	}, end, err
}

// refused makes an attempt that the gate must refuse.
func (g *benchGround) refused(ctx context.Context, c *leanClient, number, digits keys.Secret) error {
	form, from, err := g.solvedForm(ctx, c, number, digits)
	if err != nil {
		return err
	}
	status, err := c.post("/en/lookup", from, form)
	if err == nil && status != http.StatusUnprocessableEntity {
		err = fmt.Errorf("answered %d", status)
	}
	return err
}

// solvedForm answers the captcha of the client's last page, or of one drawn
// for it, and gives the form and the address it comes from.
func (g *benchGround) solvedForm(ctx context.Context, c *leanClient, number, digits keys.Secret) (form, from string, err error) {
	id := c.field("captcha_id")
	if id == "" {
		if id, err = g.deps.Challenges.Draw(ctx); err != nil {
			return "", "", err
		}
	}
	answer, ok, err := g.short.Get(ctx, "captcha:"+id)
	if err != nil || !ok {
		return "", "", errors.Join(err, errors.New("captcha is gone"))
	}
	if c.posts%aSource == 0 {
		c.source = g.sources.Add(1)
	}
	c.posts++
	source, network := c.source, c.source/aNetwork
	return "reference=" + number.Reveal() + "&digits=" + digits.Reveal() + "&captcha_id=" + id +
			"&captcha=" + string(answer) + "&form=" + portal.Token(),
		fmt.Sprintf("10.%d.%d.%d", network>>8&255, network&255, source%aNetwork), nil
}

// throwAwayGround is a ground in a folder that remove removes.
func throwAwayGround(ctx context.Context) (g *benchGround, remove func(), err error) {
	dir, err := os.MkdirTemp("", "guichet-bench-")
	if err != nil {
		return nil, nil, err
	}
	if g, err = newBenchGround(ctx, dir); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return g, func() {
		g.close()
		_ = os.RemoveAll(dir)
	}, nil
}
