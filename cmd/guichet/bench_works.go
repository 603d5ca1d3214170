package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/staff"
	"guichet/portal/store"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/works"
)

// What is measured of requests for works, among few and among many.
const (
	benchWorksList = "officer's list"   // session, one page of those that wait, trail entry
	benchWorksPage = "requester's page" // session, request, steps, papers, trail entry
	fewWorks       = 5_000
	manyWorks      = 500_000
)

// benchWorks measures an officer's list and a requester's page among few
// requests and among many, each on a ground of its own and in turn.
func benchWorks(ctx context.Context, c benchCmd, t *terminal) ([]goal, error) {
	ops := map[string]func(int, int) error{}
	var order []string
	named := func(what string, n int) string { return fmt.Sprintf("%s, %d", what, n) }
	sizes := []int{fewWorks, manyWorks}
	grounds := make([]*benchGround, len(sizes))
	for i, n := range sizes {
		g, remove, err := throwAwayGround(ctx)
		if err != nil {
			return nil, err
		}
		defer remove()
		began := g.clock()
		if err := g.loadWorks(ctx, n); err != nil {
			return nil, err
		}
		t.printf("%d requests for works, loaded in %s\n", n, g.clock().Sub(began).Round(time.Millisecond))
		grounds[i] = g
	}
	uploads, err := grounds[0].evidence()
	if err != nil {
		return nil, err
	}
	defer uploads.Sandbox.Close()
	if err := uploads.Sandbox.Warm(); err != nil { // as it is while pages are read
		return nil, err
	}
	for i, g := range grounds {
		list, err := g.officer(ctx)
		if err != nil {
			return nil, err
		}
		defer list.close()
		page, err := g.requester(ctx, uploads)
		if err != nil {
			return nil, err
		}
		defer page.close()
		lists := []string{"/fr/desk/works", "/fr/desk/works?team=Team+7", "/fr/desk/works?team=Team+7&turn=requester&kind=phases"}
		for what, op := range map[string]func(int, int) error{
			benchWorksList: func(_, call int) error { return expectOK(list.get(lists[call%len(lists)])) },
			benchWorksPage: func(int, int) error { return expectOK(page.get("/en/works/request")) },
		} {
			name := named(what, sizes[i])
			if err := op(0, 0); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			ops[name], order = op, append(order, name)
		}
	}
	slices.Sort(order)
	t.printf("1 caller, median of %d rounds of %s\n", c.Rounds, c.Seconds)
	took := interleave(c, t, 1, order, ops)
	var goals []goal
	for _, what := range []string{benchWorksList, benchWorksPage} {
		many, few := took[named(what, manyWorks)], took[named(what, fewWorks)]
		goals = append(goals,
			goal{what + " among 500,000 requests for works, p99 in ms", float64(many.p99.Microseconds()) / 1000, 100, false},
			goal{what + " among 500,000, times that among 5,000", float64(many.p50) / float64(few.p50), 1.5, false},
			goal{what + " among 500,000 that failed", float64(many.failed + few.failed), 0, false})
	}
	return goals, nil
}

// loadWorks adds requests of all kinds in all statuses, four of five over, of
// twenty teams.
func (g *benchGround) loadWorks(ctx context.Context, n int) error {
	const atOnce = 5_000
	now := g.clock()
	var open []works.Status
	for _, s := range works.Statuses {
		if !s.Over() {
			open = append(open, s)
		}
	}
	home := works.Address{Street: "Rue Haute 1", Postcode: "5000", Town: "Namur"}
	for from := 0; from < n; from += atOnce {
		list := make([]store.DatedWorks, min(atOnce, n-from))
		for i := range list {
			at := from + i
			made := now.Add(-time.Duration(n-at) * 90 * time.Second)
			r := works.Request{ID: portal.NewID(made), Key: fmt.Sprint("bench", at), Number: keys.Secret(fmt.Sprintf("%010d", at)), Code: []byte{0},
				Kind: works.Kinds[at%len(works.Kinds)], Energy: portal.Electricity, Site: home, MadeAt: made, Since: made.Add(time.Hour),
				Contact: works.Contact{Kind: works.Person, Name: fmt.Sprint("Requester ", at), Mail: fmt.Sprintf("r%d@example.org", at), Language: portal.French,
					Channel: works.ByMail, BillingName: "Requester", Billing: home},
				Values: map[works.Field]string{works.EAN: string(benchEAN(at))}, Team: fmt.Sprint("Team ", at/5%20), Phase: works.Closing, Status: works.Closed}
			if at%3 == 0 {
				r.OccupancyID = fmt.Sprint("stay", at)
			}
			if at%5 == 0 {
				r.Status, r.Phase = open[at/5%len(open)], works.Preparation
				if at%2 == 0 {
					r.Due = now.AddDate(0, 0, at%400-100)
				}
			}
			officer := portal.Actor{Kind: portal.Staff, ID: "bench"}
			list[i] = store.DatedWorks{Request: r, Steps: []works.Step{{At: made, To: works.Received, Phase: works.Capture},
				{At: r.Since, Event: works.EventStudy, From: works.Received, To: r.Status, Phase: r.Phase, By: officer}}}
		}
		if err := g.store.Do(ctx, func(t tx.Tx) error { return g.store.LoadWorks(t, list) }); err != nil {
			return err
		}
	}
	return g.rest()
}

// rest waits until what was loaded lies on the disk: else every page's own commit
// would wait behind it, longer the more was loaded.
func (g *benchGround) rest() error {
	for _, name := range []string{"guichet.db", "guichet.db-wal"} {
		f, err := os.Open(filepath.Join(g.settings.Dir, name))
		if err == nil {
			err = errors.Join(f.Sync(), f.Close())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// officer signs a works officer in at a desk of this ground.
func (g *benchGround) officer(ctx context.Context) (*leanClient, error) {
	deps, err := g.deskDeps(g.common, g.parts, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	handler, err := web.NewDesk(deps)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := web.NewServer(l.Addr().String(), handler)
	g.servers = append(g.servers, server)
	go func() { _ = server.Serve(l) }()

	password := keys.Secret(portal.Token())
	seed, err := deps.Staff.Add(ctx, atTheConsole, "w.bench", "W. Bench", staff.Works, password)
	if err != nil {
		return nil, err
	}
	code, err := login.Code(seed, g.clock())
	if err != nil {
		return nil, err
	}
	token, err := deps.Staff.SignIn(ctx, "w.bench", password, code, "bench")
	if err != nil {
		return nil, err
	}
	client, err := dialLean(l.Addr().String())
	if err == nil {
		client.cookie = "guichet-desk=" + token.Reveal()
	}
	return client, err
}

// requester makes a request, has an offer made for it, and opens it at the gate
// with number and code.
func (g *benchGround) requester(ctx context.Context, uploads *evidence.Service) (*leanClient, error) {
	room := g.works()
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "bench"}, Channel: "desk"}
	made, err := room.Capture(ctx, by, works.Draft{Kind: string(works.TwoRate), Energy: "electricity", Requester: "person", Name: "Anna Schmitz", Mail: "a@example.org",
		Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen", Values: map[string]string{"ean": string(benchEAN(0))}}, nil, "", "")
	if err != nil {
		return nil, err
	}
	now := g.clock()
	for _, e := range []works.Event{works.EventDraw, works.EventOffer} {
		if _, err := room.Move(ctx, by, made.Request.ID, works.Operator, e, "", func(r *works.Request) error {
			r.StudyNotNeeded = true
			r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 10_000, 0, 0}, VAT: 21, Percent: 50, Terms: "2026-01", SentAt: now, ValidTo: now.AddDate(0, 3, 0)}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	deps := g.deps // with what reads documents: a requester may bring one
	deps.Follow.Evidence = uploads
	address, err := g.serve(deps)
	if err != nil {
		return nil, err
	}
	client, err := dialLean(address)
	if err != nil {
		return nil, err
	}
	id, err := g.deps.Challenges.Draw(ctx)
	if err != nil {
		return nil, err
	}
	answer, ok, err := g.short.Get(ctx, "captcha:"+id)
	if err != nil || !ok {
		return nil, errors.Join(err, errors.New("captcha is gone"))
	}
	status, err := client.post("/en/works/lookup", "10.9.9.9", "number="+made.Request.Number.Reveal()+"&code="+made.Code.Reveal()+
		"&captcha_id="+id+"&captcha="+string(answer)+"&form="+portal.Token())
	if err == nil && (status != http.StatusSeeOther || client.cookie == "") {
		err = fmt.Errorf("the gate answered %d to the right number and code", status)
	}
	return client, err
}
