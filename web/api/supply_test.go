package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal"
	"guichet/portal/audit"
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
