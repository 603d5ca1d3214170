package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/state/redis"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web"
	"guichet/web/api"
)

// town is the API over a real store: two access points that have mandates, one
// for each of two partners.
type town struct {
	t        *testing.T
	now      time.Time
	dsn      string
	store    *store.Store
	handler  http.Handler
	spec     *huma.OpenAPI
	batches  *batch.Service
	hooks    *hook.Service
	service  *mandates.Service
	partners *partner.Service
	shut     error
	from     string // address that requests come from; "": the library's
	a, b     third
}

// third is a partner with a key for each scope, and one of its mandates.
type third struct {
	org      partner.Organisation
	key      keys.Secret
	mandate  mandates.Mandate
	ean      portal.EAN
	stay     string
	supplied string // its registration as supplier of record
	original mandates.Draft
}

// limits are counted in memory beside SQLite, and in Redis beside PostgreSQL, as
// they are where many processes serve.
func (w *town) limits(b storetest.Backend) limiter.Store {
	if b.Name != "postgres" {
		return web.NewCounters(w.clock, 1000)
	}
	s, err := redis.OpenPatient(storetest.Redis(w.t), w.clock, 5*time.Second)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, s.Close()) })
	limits, err := s.Limits()
	require.NoError(w.t, err)
	return limits
}

func (w *town) household() audit.Entry {
	return audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}
}

func (w *town) clock() time.Time { return w.now }

// Open implements api.Doors.
func (w *town) Open(context.Context, string) error { return w.shut }

func newTown(t *testing.T, b storetest.Backend) *town {
	w := &town{t: t, now: portal.Date(2026, 3, 2).Add(9 * time.Hour), dsn: b.DSN(t)}
	w.store = storetest.Reopen(t, w.dsn, w.clock)
	ring := storetest.Keys(t)
	w.partners = partner.New(partner.Deps{Store: w.store, Runner: w.store, Ring: ring, Clock: w.clock})
	w.service = &mandates.Service{Clock: w.clock, Runner: w.store, Store: w.store}
	history := &metering.History{Ledger: w.store, Clock: w.clock}
	w.hooks = &hook.Service{Clock: w.clock, Runner: w.store, Store: w.store, Ring: ring, Sender: &hook.Sender{}}
	w.batches = &batch.Service{Clock: w.clock, Runner: w.store, Store: w.store, Ring: ring, Mandates: w.service, History: history, Render: api.Render,
		Write: func(d mandates.Delivery) (json.RawMessage, error) { return api.Write(d, ring.TrailSigner()) },
		Done: func(t tx.Tx, partnerID, id string, now time.Time) error {
			return w.store.PutEvent(t, hook.Event{PartnerID: partnerID, Kind: hook.BatchDone, About: id, At: now})
		}}
	var err error
	w.handler, w.spec, err = api.New(api.Deps{Clock: w.clock, Log: slog.New(slog.DiscardHandler), Doors: w, Partners: w.partners, Mandates: w.service,
		History: history, Batches: w.batches, Hooks: w.hooks, Signer: ring.TrailSigner(), Limits: w.limits(b), Quotas: api.Quotas{AMinute: 200, ADay: 1000, StrangersAMinute: 100}, Ring: ring,
		BaseURL: "https://portal.example", Operator: "ORES", Observe: func(string, string, int, time.Duration) {}})
	require.NoError(t, err)
	w.a = w.settle("a", "0403170701", "541449000000000010")
	w.b = w.settle("b", "0202239951", "541449000000000027")
	return w
}

// settle makes an access point with an occupant and sixty days, a partner with
// a key, and a mandate that an officer granted and the occupant confirmed.
func (w *town) settle(name, company string, ean portal.EAN) third {
	ctx := w.t.Context()
	x := third{ean: ean, stay: "stay-" + name, supplied: "registration-" + name}
	since := portal.Period{From: portal.Date(2024, 1, 1)}
	x.org = partner.Organisation{ID: "p-" + name, Name: "Énergie " + name, CompanyNumber: company, Mail: "i@e.example", PrivacyMail: "d@e.example", Language: portal.French,
		Street: "Rue 1", Postcode: "5000", Town: "Namur", Manager: "M", Status: partner.Approved, AskedAt: w.now, Supplier: "SUPPLIER-" + name}
	require.NoError(w.t, w.store.Do(ctx, func(t tx.Tx) error {
		return errors.Join(w.store.PutPartner(t, x.org), w.store.PutRegistry(t, registry.Batch{
			Points: []registry.AccessPoint{{EAN: ean, Energy: portal.Electricity, Street: "Rue 1", Postcode: "5000", Town: "Namur", PowerVA: 9200}},
			Meters: []registry.Meter{{ID: "m-" + name, EAN: ean, Number: "1SAG110000000" + string(ean[17]), Period: since}},
			Occupancies: []registry.Occupancy{{ID: x.stay, EAN: ean, Name: "Marie Dupont", Language: "fr",
				Street: "Rue 1", Postcode: "5000", Town: "Namur", Period: since}},
		}), w.store.PutRegistrations(t, []registry.HeldRegistration{{Registration: registry.Registration{ID: x.supplied, EAN: ean, Supplier: x.org.Supplier,
			Period: portal.Period{From: portal.Date(2026, 1, 20)}}}}))
	}))
	importer := &metering.Importer{Archive: w.store, Runner: w.store, Clock: w.clock}
	_, err := importer.Load(ctx, func(yield func(metering.Day) bool) {
		for day := portal.Date(2026, 1, 1); day.Before(portal.Date(2026, 3, 1)); day = day.AddDate(0, 0, 1) {
			if !yield(metering.Day{EAN: ean, Register: metering.OfftakeTotal, Date: day, Meter: "m-" + name, Values: []metering.Slot{{Value: metering.Value{Amount: 5000}}}}) {
				return
			}
		}
	})
	require.NoError(w.t, err)
	guest := partner.Guest{Person: partner.Person{Login: "m-" + name, PartnerID: x.org.ID, Manager: true}, Organisation: x.org}
	x.key, _, err = w.partners.MakeKey(ctx, guest, partner.KeyForm{Name: "robot", Scopes: partner.Scopes, Months: 12})
	require.NoError(w.t, err)
	x.original = mandates.Draft{Name: "Marie Dupont", Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur", Language: "fr",
		Points: string(ean), Kinds: []string{"totals", "daily"}, DataFrom: "2026-01-10", Purpose: "Conseil en énergie pour la maison"}
	x.mandate = w.grant(x, x.original)
	return x
}

// grant leads a draft to a mandate that delivers.
func (w *town) grant(x third, d mandates.Draft) mandates.Mandate {
	ctx := w.t.Context()
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "m"}, Ground: "partner", Channel: "web"}
	m, err := w.service.Draft(ctx, by, x.org.Mandatary(), d)
	require.NoError(w.t, err)
	require.NoError(w.t, w.service.GiveIn(ctx, by, x.org.ID, m.ID, mandates.Document{ID: "d-" + m.ID, EvidenceID: "e", Hash: []byte("a document's hash")}))
	by.Actor = portal.Actor{Kind: portal.Staff, ID: "officer"}
	lines := map[portal.EAN]mandates.LineDecision{}
	for _, l := range m.Lines {
		lines[l.EAN] = mandates.LineDecision{Reason: "no-occupant"}
		if l.EAN == x.ean {
			lines[l.EAN] = mandates.LineDecision{OccupancyID: x.stay}
		}
	}
	kept, _, err := w.service.Store.GivenMandate(ctx, m.ID)
	require.NoError(w.t, err)
	require.NoError(w.t, w.service.Decide(ctx, by, x.org.Mandatary(), m.ID, mandates.Decision{Given: kept.GivenAt, Signature: mandates.ByHand, Checks: mandates.Checks, Lines: lines}))
	by.Actor = portal.Actor{Kind: portal.Household}
	require.NoError(w.t, w.service.Confirm(ctx, by, x.stay, m.ID))
	return m
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

// ask sends one request; header are pairs.
func (w *town) ask(key keys.Secret, method, target, body string, header ...string) answer {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, "https://portal.example"+target, strings.NewReader(body))
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key.Reveal())
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if w.from != "" {
		r.RemoteAddr = w.from + ":50000"
	}
	r.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	res := rec.Result()
	text, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	return answer{res, string(text)}
}

func (a answer) get(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.body), into), a.body)
}

// whole is everything of an answer that a stranger can compare.
func (a answer) whole() string {
	var b strings.Builder
	b.WriteString(a.Status + "\n")
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if name == "Ratelimit" {
			continue // counts the asker's own requests
		}
		b.WriteString(name + ": " + strings.Join(a.Header[name], ", ") + "\n")
	}
	return b.String() + a.body
}

func (w *town) consumption(x third, more string) string {
	return api.Prefix + "/mandates/" + x.mandate.ID + "/consumption?ean=" + string(x.ean) + more
}
