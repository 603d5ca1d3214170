package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/web/api"
	"guichet/works"
)

// asked is a request whose answer must take as long, whatever the cause: those
// of one group are compared. Without a key it is a person's, for a page.
type asked struct {
	group, name string
	planted     bool
	method      string
	path, body  func(n int) string
	key         func(n int) keys.Secret
	status      int
}

// benchOthers is how much another partner has of what is asked for: enough that
// none is fresher in the caches than what nobody has.
const benchOthers = 200

// theirs is what another partner has, by kind; each is asked for by somebody
// else, beside what nobody has.
type theirs map[string][]string

// another puts two partners into the portal, one with much of its own, and
// gives what the other asks for in vain, and its session. There are so many
// access points.
func (g *benchGround) another(ctx context.Context, points int) ([]asked, keys.Secret, error) {
	room, err := g.partners(g.short, g.clock)
	if err != nil {
		return nil, "", err
	}
	g.deps.Partners.Room = room
	var guests []partner.Guest
	for i, company := range []string{"0403170701", "0202239951"} {
		o := partner.Organisation{ID: fmt.Sprint("bench", i), Name: "Énergie SA", CompanyNumber: company, Mail: "i@e.example", PrivacyMail: "d@e.example",
			Language: portal.French, Street: "Rue 1", Postcode: "5000", Town: "Namur", Manager: "M", Status: partner.Approved, AskedAt: g.clock(),
			Supplier: fmt.Sprint("BENCH", i), Installer: true}
		guests = append(guests, partner.Guest{Person: partner.Person{Login: "m", PartnerID: o.ID, Manager: true}, Organisation: o})
		if err := g.store.Do(ctx, func(t tx.Tx) error { return g.store.PutPartner(t, o) }); err != nil {
			return nil, "", err
		}
	}
	form := partner.KeyForm{Name: "bench", Scopes: partner.Scopes, Months: 1}
	mine, _, err := room.MakeKey(ctx, guests[0], form)
	if err != nil {
		return nil, "", err
	}
	session, err := g.partnerSession(ctx, guests[0])
	if err != nil {
		return nil, "", err
	}
	has, over, none, err := g.much(ctx, guests[1], form, points)
	if err != nil {
		return nil, "", err
	}
	mandate, err := g.draftFor(ctx, guests[0])
	if err != nil {
		return nil, "", err
	}
	ending, err := g.endings(ctx, guests[0].Organisation.Supplier, points)
	if err != nil {
		return nil, "", err
	}
	with := func(int) keys.Secret { return mine }
	noKey := func(int) keys.Secret { return "" }
	of := func(ids []string) func(int) string { return func(n int) string { return ids[n%len(ids)] } }
	nobodys := of(has["nobody's"])
	path := func(form string, id func(int) string) func(int) string {
		return func(n int) string { return strings.Replace(form, "{id}", id(n), 1) }
	}
	var all []asked
	for _, one := range []struct {
		group, method, path, body string
		theirs                    []string
	}{
		{"mandate", "GET", "/mandates/{id}", "", has["mandate"]},
		{"delivery", "GET", "/mandates/{id}/consumption?ean=" + string(benchEAN(1)), "", has["mandate"]},
		{"point", "GET", "/mandates/" + mandate + "/consumption?ean={id}", "", has["point"]},
		{"batch", "GET", "/batches/{id}", "", has["batch"]},
		{"lines", "GET", "/batches/{id}/lines", "", has["batch"]},
		{"batch's mandate", "POST", "/batches", `{"grain":"month","mandate":"{id}"}`, has["mandate"]},
		{"webhook", "DELETE", "/webhooks/{id}", "", has["webhook"]},
		{"registration", "GET", "/registrations/{id}/consumption?grain=month", "", has["registration"]},
		{"mandate's page", "GET", "/en/partner/mandates/{id}", "", has["mandate"]},
		{"document", "GET", "/en/partner/mandates/{id}/document.pdf", "", has["mandate"]},
		{"point's file", "GET", "/en/partner/mandates/{id}/points/1/consumption.csv?grain=month", "", has["mandate"]},
		{"supply's page", "GET", "/en/partner/supplies/{id}", "", has["registration"]},
		{"request's page", "GET", "/en/partner/works/{id}", "", has["request"]},
	} {
		key := noKey
		if !strings.HasPrefix(one.path, "/en/") {
			key, one.path = with, api.Prefix+one.path
		}
		unknown := nobodys
		if one.group == "point" { // of a mandate of one's own that is about neither
			unknown = func(n int) string { return string(benchEAN(points + 1 + n)) }
		}
		ask := func(name string, planted bool, id func(int) string) asked {
			return asked{one.group, name, planted, one.method, path(one.path, id), path(one.body, id), key, http.StatusNotFound}
		}
		all = append(all, ask("no such "+one.group, false, unknown), ask("another's "+one.group, false, of(one.theirs)))
		if one.group == "mandate" || one.group == "request's page" {
			all = append(all, ask(one.group+", delayed", true, of(one.theirs)))
		}
	}
	empty := func(int) string { return "" }
	get := func(group, name, form string, id func(int) string, key func(int) keys.Secret, status int) asked {
		return asked{group, name, false, http.MethodGet, path(api.Prefix+form, id), empty, key, status}
	}
	return append(all,
		get("key", "no such key", "/mandates", nobodys, func(n int) keys.Secret { return none[n%len(none)] }, http.StatusUnauthorized),
		get("key", "ended key", "/mandates", nobodys, func(n int) keys.Secret { return over[n%len(over)] }, http.StatusUnauthorized),
		// Ld8: how one's own customer's contract ends.
		get("end", "end of contract", "/registrations/{id}/consumption?grain=month", of(ending[registry.EndOfContract]), with, http.StatusOK),
		get("end", "drop", "/registrations/{id}/consumption?grain=month", of(ending[registry.Drop]), with, http.StatusOK)), session, nil
}

// partnerSession signs a person of a partner in.
func (g *benchGround) partnerSession(ctx context.Context, by partner.Guest) (keys.Secret, error) {
	room, password := g.deps.Partners.Room, keys.Secret(portal.Token())
	name, invitation, err := room.Invite(ctx, by, "Bench", false)
	if err != nil {
		return "", err
	}
	seed, err := room.Invited(ctx, name, invitation)
	if err != nil {
		return "", err
	}
	now := g.clock()
	first, err := login.Code(seed, now.Add(-30*time.Second)) // each code lets in once
	if err != nil {
		return "", err
	}
	second, err := login.Code(seed, now)
	if err != nil {
		return "", err
	}
	if err := room.SetUp(ctx, name, invitation, password, first); err != nil {
		return "", err
	}
	return room.SignIn(ctx, name, password, second, "bench")
}

func (g *benchGround) draftFor(ctx context.Context, by partner.Guest) (id string, err error) {
	m, err := g.mandates().Draft(ctx, audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "m"}, Ground: "partner", Channel: "api"}, by.Organisation.Mandatary(),
		mandates.Draft{Name: "Claes", Capacity: string(mandates.Occupant), Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", Language: "fr",
			Points: string(benchEAN(1)), Kinds: []string{string(mandates.Totals)}, Purpose: "Comparer des offres de fourniture."})
	return m.ID, err
}

// much gives a partner benchOthers of each thing it can have, and keys that are
// over; and as many ids and keys that are nobody's.
func (g *benchGround) much(ctx context.Context, by partner.Guest, form partner.KeyForm, points int) (has theirs, over, none []keys.Secret, err error) {
	has = theirs{}
	add := func(kind, id string) { has[kind] = append(has[kind], id) }
	room, now := g.deps.Partners.Room, g.clock()
	for i := range benchOthers {
		mandate, err := g.draftFor(ctx, by)
		if err != nil {
			return nil, nil, nil, err
		}
		key, k, err := room.MakeKey(ctx, by, form)
		if err != nil {
			return nil, nil, nil, err
		}
		made, err := g.works().Capture(ctx, audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "m"}, Channel: "web"}, works.Draft{Kind: string(works.TwoRate),
			Energy: "electricity", Requester: string(works.ThirdParty), Name: "Énergie SA", Mail: "i@e.example", Language: "fr", Channel: "mail", CompanyNumber: by.Organisation.CompanyNumber,
			Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", Values: map[string]string{"ean": string(benchEAN(i % points))}}, nil, "", by.PartnerID)
		if err != nil {
			return nil, nil, nil, err
		}
		b := batch.Batch{ID: portal.NewID(now), PartnerID: by.PartnerID, Grain: metering.ByMonth, MadeAt: now}
		h := hook.Hook{ID: portal.NewID(now), PartnerID: by.PartnerID, URL: "https://hooks.example/", Secret: []byte{0}, MadeAt: now}
		r := registry.HeldRegistration{Registration: registry.Registration{ID: portal.NewID(now), EAN: benchEAN(i % points), Supplier: by.Organisation.Supplier,
			Period: portal.Period{From: now.AddDate(-1, 0, 0)}}}
		if err := errors.Join(room.EndKey(ctx, by, k.ID), g.store.Do(ctx, func(t tx.Tx) error {
			_, err := g.store.PutBatch(t, b, nil, mandate)
			return errors.Join(err, g.store.PutHook(t, h), g.store.PutRegistrations(t, []registry.HeldRegistration{r}))
		})); err != nil {
			return nil, nil, nil, err
		}
		add("nobody's", portal.NewID(g.clock())) // drawn when theirs are: it would lie among them
		none = append(none, keys.Secret("guichet_"+portal.Token()+portal.Token()))
		add("mandate", mandate)
		add("request", made.Request.ID)
		add("batch", b.ID)
		add("webhook", h.ID)
		add("registration", r.ID)
		add("point", string(benchEAN(2+i%(points-2)))) // none that draftFor names
		over = append(over, key)
	}
	return has, over, none, nil
}

// endings are registrations of a supplier that end soon, in two ways.
func (g *benchGround) endings(ctx context.Context, supplier string, points int) (map[registry.Scenario][]string, error) {
	ids, now := map[registry.Scenario][]string{}, g.clock()
	var list []registry.HeldRegistration
	for i := range 2 * min(benchOthers, points/2) {
		end := []registry.Scenario{registry.EndOfContract, registry.Drop}[i%2]
		r := registry.HeldRegistration{Registration: registry.Registration{ID: portal.NewID(now), EAN: benchEAN(i), Supplier: supplier,
			Period: portal.Period{From: now.AddDate(-1, 0, 0), To: now.AddDate(0, 0, 10)}}, End: end}
		list, ids[end] = append(list, r), append(ids[end], r.ID)
	}
	return ids, g.store.Do(ctx, func(t tx.Tx) error { return g.store.PutRegistrations(t, list) })
}

// serveLate serves a handler, each answer so much later.
func (g *benchGround) serveLate(handler http.Handler, by time.Duration) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := web.NewServer(l.Addr().String(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for end := time.Now().Add(by); by > 0 && time.Now().Before(end); { // a timer is too coarse
		}
		handler.ServeHTTP(w, r)
	}))
	g.servers = append(g.servers, server)
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), nil
}

// timeAnother compares the times of what one partner asks for, by program and
// on pages, pair by pair (must-show 4 of the mandates, Ld8), and tells how many
// pairs miss the goal.
func (c benchTiming) timeAnother(ctx context.Context, g *benchGround, t *terminal, points int) (missed int, err error) {
	all, session, err := g.another(ctx, points)
	if err != nil {
		return 0, err
	}
	programs, _, err := api.New(g.programs)
	if err != nil {
		return 0, err
	}
	pages, err := web.NewPublic(g.deps)
	if err != nil {
		return 0, err
	}
	addresses := map[[2]bool]string{}
	clients := map[string]*leanClient{}
	for _, one := range all {
		page := one.key(0) == ""
		at := [2]bool{page, one.planted}
		if addresses[at] == "" {
			handler, by := programs, time.Duration(0)
			if page {
				handler = pages
			}
			if one.planted {
				by = c.Planted
			}
			if addresses[at], err = g.serveLate(handler, by); err != nil {
				return 0, err
			}
		}
		client, err := dialLean(addresses[at])
		if err != nil {
			return 0, err
		}
		defer client.close()
		client.cookie = "guichet-partner=" + session.Reveal()
		clients[one.name] = client
	}
	spans := map[string][]time.Duration{}
	for n := range c.Calls {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		for _, one := range shuffled(all) {
			path, body, key := one.path(n), one.body(n), one.key(n)
			began := time.Now()
			status, err := clients[one.name].askAs(one.method, path, key, body)
			took := time.Since(began)
			if err == nil && status != one.status {
				err = fmt.Errorf("answered %d", status)
			}
			if err != nil {
				return 0, fmt.Errorf("%s: %w", one.name, err)
			}
			spans[one.name] = append(spans[one.name], took)
		}
	}
	for i, one := range all {
		for _, other := range all[i+1:] {
			if one.group == other.group && !judged(t, one.name, other.name, auc(spans[one.name], spans[other.name]), other.planted) {
				missed++
			}
		}
	}
	return missed, nil
}
