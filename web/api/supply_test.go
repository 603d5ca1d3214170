package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/api"
)

func supply(x third, more string) string {
	return api.Prefix + "/registrations/" + x.supplied + "/consumption" + more
}

// L10, L13, L18, L26: a supplier of record gets consumption from its own
// accepted registration on, by program, with a leaf that proves it offline and
// an entry that its customer sees; when it is over there is nothing more.
func TestL26SuppliersOfRecord(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			w := newTown(t, b)
			var list struct{ Registrations []map[string]any }
			w.ask(w.a.key, "GET", api.Prefix+"/registrations", "").get(t, &list)
			require.Equal(t, []map[string]any{{"id": w.a.supplied, "ean": string(w.a.ean), "since": "2026-01-20", "status": "registered",
				"kinds": []any{"totals"}}}, list.Registrations)
			require.EqualValues(t, 1, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND channel = 'api' AND details LIKE $2`,
				string(audit.SupplyRead), "%last="+w.a.supplied+"%shown=1%"), "L18: a list is a disclosure")

			got := w.ask(w.a.key, "GET", supply(w.a, "?grain=month"), "")
			require.Equal(t, http.StatusOK, got.StatusCode, got.body)
			require.NotContains(t, got.body, w.a.stay, "the register's own name of the stay stays inside")
			var d struct {
				Mandate      any
				Registration struct{ ID, Supplier string }
				Consumption  struct {
					Mark   string `json:"confidentiality"`
					From   string
					Values []struct{ Amounts map[string]int64 }
				}
			}
			got.get(t, &d)
			require.Nil(t, d.Mandate)
			require.Equal(t, w.a.org.Supplier, d.Registration.Supplier)
			require.Contains(t, d.Consumption.Mark, "supplier of record", "L20")
			require.Equal(t, "2026-01-20T00:00:00+01:00", d.Consumption.From, "L13: nothing older")
			require.EqualValues(t, 12*5000, d.Consumption.Values[0].Amounts["offtake"], "the days of January that are its own")
			for _, form := range []string{"application/json", "text/csv", "application/atom+xml"} {
				file := w.ask(w.a.key, "GET", supply(w.a, "?grain=month"), "", "Accept", form)
				require.Equal(t, http.StatusOK, file.StatusCode)
				l, err := api.CheckDelivery([]byte(file.body), verifier(t))
				require.NoError(t, err, form)
				require.Equal(t, w.a.supplied, l.Says["registration"])
				require.Equal(t, w.a.org.Supplier, l.Says["supplier"])
			}
			other := strings.Replace(got.body, `"id":"`+w.a.supplied, `"id":"`+w.b.supplied, 1)
			require.NotEqual(t, got.body, other)
			_, err := api.CheckDelivery([]byte(other), verifier(t))
			require.ErrorContains(t, err, "another mandate, registration")
			require.EqualValues(t, 4, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND ground = $2 AND subject = $3`,
				string(audit.Delivered), "registration:"+w.a.supplied, "occupancy:"+w.a.stay))

			fine := w.ask(w.a.key, "GET", supply(w.a, "?grain=day"), "")
			require.Equal(t, http.StatusForbidden, fine.StatusCode, "D5: a bill is made of months")
			require.Contains(t, fine.body, "mandate")
			require.Equal(t, http.StatusForbidden, w.ask(w.a.key, "GET", supply(w.a, "?grain=month&to=2026-01-01"), "").StatusCode)
			end := func(to int64) {
				storetest.Exec(t, w.dsn, `UPDATE registrations SET to_us = $1 WHERE id = $2`, to, w.a.supplied)
			}
			end(portal.Micros(w.now))
			nothing := w.ask(w.a.key, "GET", supply(w.b, ""), "")
			require.Equal(t, http.StatusNotFound, nothing.StatusCode)
			require.Equal(t, nothing.whole(), w.ask(w.a.key, "GET", supply(w.a, ""), "").whole(), "L10: over is as another's")
			require.Contains(t, w.ask(w.a.key, "GET", api.Prefix+"/registrations", "").body, `"registrations":[]`)
			require.EqualValues(t, 4, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.DeliveryRefused)), "each refusal")
			end(0)
			storetest.Exec(t, w.dsn, `UPDATE occupancies SET from_us = $1 WHERE id = $2`, portal.Micros(portal.Date(2026, 1, 21)), w.a.stay)
			require.Equal(t, nothing.whole(), w.ask(w.a.key, "GET", supply(w.a, ""), "").whole(), "L16: it was another customer's")
			require.Contains(t, w.ask(w.a.key, "GET", api.Prefix+"/registrations", "").body, `"registrations":[]`)
		})
	}
}

// The statement of the list keeps what Reach keeps, page by page.
func TestL10TheListIsWhatReaches(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			w := newTown(t, b)
			require.NoError(t, w.store.Do(t.Context(), func(u tx.Tx) error {
				var held []registry.HeldRegistration
				for i, from := range []int{2019, 2023, 2024, 2025, 2027} {
					held = append(held, registry.HeldRegistration{Registration: registry.Registration{ID: "r" + string(rune('0'+i)), EAN: w.b.ean,
						Supplier: w.a.org.Supplier, Period: portal.Period{From: portal.Date(from, 1, 1)}}})
					if i%2 == 1 {
						held[i].To = portal.Date(from, 6, 1)
					}
				}
				return w.store.PutRegistrations(u, held)
			}))
			// A list a line at a time.
			var ids []string
			for cursor := ""; ; {
				var page struct {
					Registrations []struct{ ID string }
					Next          string
				}
				w.ask(w.a.key, "GET", api.Prefix+"/registrations?limit=1&cursor="+cursor, "").get(t, &page)
				for _, one := range page.Registrations {
					ids = append(ids, one.ID)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			require.Equal(t, []string{"r2", w.a.supplied}, ids)
			for _, id := range []string{"r0", "r1", "r2", "r3", "r4", w.a.supplied, w.b.supplied} {
				_, err := w.service.Registered(t.Context(), w.household(), w.a.org.AsSupplier(), id)
				require.Equal(t, id == "r2" || id == w.a.supplied, err == nil, id)
			}
		})
	}
}

// drawn is what differs from one town to the next: drawn ids, hashes and the
// signed leaf, whose length is that of what it says.
var drawn = regexp.MustCompile(`\b[0-9a-f]{64}\b|\b[0-9a-z]{26}(?:[0-9a-z]{26})?\b|guichet_[A-Za-z0-9_-]+|(?:etag|ETag): "?[0-9a-f"]+|hash [A-Za-z0-9+/=]{44}|— [^ ]+ [A-Za-z0-9+/=]+|guichet-delivery [A-Za-z0-9+/=]+`)

// L14, L15, Ld7, Ld8, D12: whatever ends a registration, an ordinary end of
// contract, a drop or a budget meter, every operation of the interface answers
// everybody with the same bytes: the supplier itself, the one whose switch is
// accepted and later holds, another partner and a stranger; before the end and
// after it. That no statement behind them could tell is held by portal/store.
func TestL14EveryEndLooksTheSame(t *testing.T) {
	walk := func(end registry.Scenario) (answers []string) {
		w := newTown(t, storetest.Backends(t)[0])
		stop := portal.Date(2026, 3, 10)
		require.NoError(t, w.store.Do(t.Context(), func(u tx.Tx) error {
			return w.store.PutRegistrations(u, []registry.HeldRegistration{
				{Registration: registry.Registration{ID: w.a.supplied, EAN: w.a.ean, Supplier: w.a.org.Supplier, Period: portal.Period{From: portal.Date(2026, 1, 20), To: stop}}, End: end},
				{Registration: registry.Registration{ID: "next", EAN: w.a.ean, Supplier: w.b.org.Supplier, Period: portal.Period{From: stop}}},
			})
		}))
		callers := []keys.Secret{w.a.key, w.b.key, w.bystander(), ""}
		for _, now := range []time.Time{w.now, portal.Date(2026, 3, 20)} {
			w.now = now
			for _, path := range slices.Sorted(maps.Keys(w.spec.Paths)) {
				item := w.spec.Paths[path]
				for _, method := range []string{"GET", "POST", "DELETE"} {
					op := opID(map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "DELETE": item.Delete}[method])
					if op == "" {
						continue
					}
					for _, call := range w.calls(t, op, path) {
						for n, key := range callers {
							w.now = w.now.Add(time.Second) // lists are in the order of time, and drawn ids of one moment in none
							got := w.ask(key, method, call.target, call.body)
							answers = append(answers, fmt.Sprint(now.Day(), " ", n, " ", method, " ", drawn.ReplaceAllString(call.target+"\n"+got.whole(), "*")))
						}
					}
				}
			}
		}
		return answers
	}
	ordinary := walk(registry.EndOfContract)
	require.Greater(t, len(ordinary), 200)
	for _, end := range []registry.Scenario{registry.Drop, registry.BudgetMeter, registry.UnknownEnd} {
		other := walk(end)
		require.Len(t, other, len(ordinary))
		for i, answer := range ordinary {
			require.Equal(t, answer, other[i], string(end))
		}
	}
	all := strings.Join(ordinary, "\n")
	require.Contains(t, all, `"status":"end-of-contract"`, "the walk saw the end")
	require.Contains(t, all, `"since":"2026-03-10","status":"registered"`, "and the next supplier")
}

type call struct{ target, body string }

// calls are the ways in which an operation is asked in the walk.
func (w *town) calls(t *testing.T, op, path string) (all []call) {
	switch op {
	case "listRegistrations":
		return []call{{path, ""}, {path + "?limit=1", ""}, {path + "?cursor=next", ""}}
	case "getRegisteredConsumption":
		for _, id := range []string{w.a.supplied, "next", w.b.supplied, "none"} {
			for _, grain := range []string{"year", "month", "day", "quarter"} {
				all = append(all, call{strings.ReplaceAll(path, "{id}", id) + "?grain=" + grain, ""})
			}
		}
		return all
	case "getConsumption":
		return []call{{strings.ReplaceAll(path, "{id}", w.a.mandate.ID) + "?ean=" + string(w.a.ean), ""}, {strings.ReplaceAll(path, "{id}", "next") + "?ean=" + string(w.a.ean), ""}}
	case "askBatch":
		return []call{{path, `{"grain":"month","mandate":"next"}`}, {path, `{"grain":"month","lines":[{"mandate":"` + w.a.supplied + `","ean":"` + string(w.a.ean) + `"}]}`}}
	case "draftMandate":
		return []call{{path, `{"name":"X Y","capacity":"occupant","street":"Rue","postcode":"5000","town":"Namur","language":"fr","points":["` + string(w.a.ean) + `"],"kinds":["totals"],"purpose":"Conseil en énergie"}`}}
	case "addWebhook":
		return []call{{path, `{"url":"https://hooks.example/a"}`}}
	case "getMandate", "getBatch", "getBatchLines", "endWebhook":
		return []call{{strings.ReplaceAll(path, "{id}", "next"), ""}, {strings.ReplaceAll(path, "{id}", w.a.mandate.ID), ""}}
	case "listMandates", "listBatches", "listWebhooks", "listEvents":
		return []call{{path, ""}}
	}
	require.Fail(t, "a new operation needs its place in this walk", op)
	return nil
}

// bystander is the key of an approved partner that is no supplier.
func (w *town) bystander() keys.Secret {
	o := w.b.org
	o.ID, o.CompanyNumber, o.Supplier = "p-c", "0417497106", ""
	require.NoError(w.t, w.store.Do(w.t.Context(), func(t tx.Tx) error { return w.store.PutPartner(t, o) }))
	partners := partner.New(partner.Deps{Store: w.store, Runner: w.store, Ring: storetest.Keys(w.t), Clock: w.clock})
	key, _, err := partners.MakeKey(w.t.Context(), partner.Guest{Person: partner.Person{Login: "m-c", PartnerID: o.ID, Manager: true}, Organisation: o}, partner.KeyForm{Name: "robot", Scopes: partner.Scopes, Months: 12})
	require.NoError(w.t, err)
	return key
}
