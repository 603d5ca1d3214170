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
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/web/api"
)

// asked is a request of a program's that must be refused as fast, whatever the
// cause: those of one group are compared.
type asked struct {
	group, name string
	planted     bool
	path        func(n int) string
	key         func(n int) keys.Secret
	status      int
}

// benchOthers is how much another partner has of what is asked for: enough that
// none is fresher in the caches than what nobody has.
const benchOthers = 200

// another puts two partners into the portal, one with much of its own, and
// gives what the other asks for in vain.
func (g *benchGround) another(ctx context.Context) ([]asked, error) {
	room := partner.New(partner.Deps{Store: g.store, Runner: g.store, Ring: g.ring, Clock: g.clock})
	var guests []partner.Guest
	for i, company := range []string{"0403170701", "0202239951"} {
		o := partner.Organisation{ID: fmt.Sprint("bench", i), Name: "Énergie SA", CompanyNumber: company, Mail: "i@e.example", PrivacyMail: "d@e.example",
			Language: portal.French, Street: "Rue 1", Postcode: "5000", Town: "Namur", Manager: "M", Status: partner.Approved, AskedAt: g.clock()}
		guests = append(guests, partner.Guest{Person: partner.Person{Login: "m", PartnerID: o.ID, Manager: true}, Organisation: o})
		if err := g.store.Do(ctx, func(t tx.Tx) error { return g.store.PutPartner(t, o) }); err != nil {
			return nil, err
		}
	}
	form := partner.KeyForm{Name: "bench", Scopes: partner.Scopes, Months: 1}
	mine, _, err := room.MakeKey(ctx, guests[0], form)
	if err != nil {
		return nil, err
	}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "m"}, Ground: "partner", Channel: "api"}
	var drafts, batches []string
	var over []keys.Secret
	for range benchOthers {
		m, err := g.mandates().Draft(ctx, by, guests[1].Organisation.Mandatary(), mandates.Draft{Name: "Claes", Capacity: string(mandates.Occupant),
			Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", Language: "fr", Points: string(benchEAN(1)), Kinds: []string{string(mandates.Totals)},
			Purpose: "Comparer des offres de fourniture."})
		if err != nil {
			return nil, err
		}
		b := batch.Batch{ID: portal.NewID(g.clock()), PartnerID: guests[1].PartnerID, Grain: metering.ByMonth, MadeAt: g.clock()}
		key, k, err := room.MakeKey(ctx, guests[1], form)
		if err = errors.Join(err, room.EndKey(ctx, guests[1], k.ID), g.store.Do(ctx, func(t tx.Tx) error {
			_, err := g.store.PutBatch(t, b, nil, m.ID)
			return err
		})); err != nil {
			return nil, err
		}
		drafts, batches, over = append(drafts, m.ID), append(batches, b.ID), append(over, key)
	}
	with := func(int) keys.Secret { return mine }
	nobodys := func(int) string { return portal.NewID(g.clock()) }
	of := func(ids []string) func(int) string { return func(n int) string { return ids[n%len(ids)] } }
	path := func(form string, id func(int) string) func(int) string {
		return func(n int) string { return api.Prefix + strings.Replace(form, "{id}", id(n), 1) }
	}
	var all []asked
	for _, one := range []struct {
		group, form string
		theirs      []string
	}{
		{"mandate", "/mandates/{id}", drafts},
		{"delivery", "/mandates/{id}/consumption?ean=" + string(benchEAN(1)), drafts},
		{"batch", "/batches/{id}", batches},
		{"lines", "/batches/{id}/lines", batches},
	} {
		all = append(all, asked{one.group, "no such " + one.group, false, path(one.form, nobodys), with, http.StatusNotFound},
			asked{one.group, "another's " + one.group, false, path(one.form, of(one.theirs)), with, http.StatusNotFound})
	}
	list := path("/mandates", nobodys)
	return append(all,
		asked{"mandate", "delayed", true, path("/mandates/{id}", of(drafts)), with, http.StatusNotFound},
		asked{"key", "no such key", false, list, func(int) keys.Secret { return keys.Secret("guichet_" + portal.Token() + portal.Token()) }, http.StatusUnauthorized},
		asked{"key", "ended key", false, list, func(n int) keys.Secret { return over[n%len(over)] }, http.StatusUnauthorized}), nil
}

// servePrograms serves the programs' way in, each answer so much later.
func (g *benchGround) servePrograms(late time.Duration) (string, error) {
	programs, _, err := api.New(g.programs)
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := web.NewServer(l.Addr().String(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for end := time.Now().Add(late); late > 0 && time.Now().Before(end); { // a timer is too coarse
		}
		programs.ServeHTTP(w, r)
	}))
	g.servers = append(g.servers, server)
	go func() { _ = server.Serve(l) }()
	return l.Addr().String(), nil
}

// timeAPI compares the times of refusals of the API, pair by pair (must-show 4
// of the mandates), and tells how many pairs miss the goal.
func (c benchTiming) timeAPI(ctx context.Context, g *benchGround, t *terminal) (missed int, err error) {
	all, err := g.another(ctx)
	if err != nil {
		return 0, err
	}
	prompt, err := g.servePrograms(0)
	if err != nil {
		return 0, err
	}
	slow, err := g.servePrograms(c.Planted)
	if err != nil {
		return 0, err
	}
	clients := map[string]*leanClient{}
	for _, one := range all {
		address := prompt
		if one.planted {
			address = slow
		}
		if clients[one.name], err = dialLean(address); err != nil {
			return 0, err
		}
		defer clients[one.name].close()
	}
	spans := map[string][]time.Duration{}
	for n := range c.Calls {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		for _, one := range shuffled(all) {
			path, key := one.path(n), one.key(n)
			began := time.Now()
			status, err := clients[one.name].getAs(path, key)
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
