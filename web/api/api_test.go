package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/api"
)

func verifier(t *testing.T) note.Verifier {
	v, err := note.NewVerifier(storetest.Keys(t).TrailVerifierKey())
	require.NoError(t, err)
	return v
}

// D9, L18, L29: what leaves carries its mandate, its document and a leaf that
// proves it offline, in every form; a revocation ends it at once.
func TestDeliveries(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			w := newTown(t, b)
			deliveries(t, w)
		})
	}
}

func deliveries(t *testing.T, w *town) {
	got := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day"), "")
	require.Equal(t, http.StatusOK, got.StatusCode, got.body)
	var d struct {
		Mandate struct {
			ID   string
			Text string `json:"text_sha256"`
			Doc  string `json:"document_sha256"`
		}
		Consumption struct {
			From   string
			Values []struct{ Amounts map[string]int64 }
		}
	}
	got.get(t, &d)
	require.Equal(t, w.a.mandate.ID, d.Mandate.ID)
	require.NotEmpty(t, d.Mandate.Text)
	require.NotEmpty(t, d.Mandate.Doc)
	require.Equal(t, "2026-01-10T00:00:00+01:00", d.Consumption.From, "not before the period signed for")
	require.NotContains(t, got.body, w.a.stay, "the register's own name of the stay stays inside")

	t.Run("the file proves itself, in each form", func(t *testing.T) {
		curl := w.ask(w.a.key, "GET", w.consumption(w.a, ""), "", "Accept", "*/*")
		require.Equal(t, "application/json", curl.Header.Get("Content-Type"), "as curl asks, and many clients")
		for _, form := range []string{"application/json", "text/csv", "application/atom+xml"} {
			file := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=month"), "", "Accept", form)
			require.Equal(t, http.StatusOK, file.StatusCode, file.body)
			require.True(t, strings.HasPrefix(file.Header.Get("Content-Type"), form))
			l, err := api.CheckDelivery([]byte(file.body), verifier(t))
			require.NoError(t, err, form)
			require.Equal(t, w.a.mandate.ID, l.Says["mandate"])
			// One digit of one value, and no more.
			changed := regexp.MustCompile(`(OFFTAKE|offtake|;|<espi:value>)([^\n]{0,40}?)110`).ReplaceAllString(file.body, "${1}${2}111")
			require.NotEqual(t, file.body, changed)
			_, err = api.CheckDelivery([]byte(changed), verifier(t))
			require.ErrorContains(t, err, "not those that were delivered", form)
		}
		var laid map[string]any
		require.NoError(t, json.Unmarshal([]byte(got.body), &laid))
		swapped := strings.Replace(got.body, `"id":"`+w.a.mandate.ID, `"id":"`+w.b.mandate.ID, 1)
		_, err := api.CheckDelivery([]byte(swapped), verifier(t))
		require.ErrorContains(t, err, "another mandate")
		_, err = api.CheckDelivery([]byte(`{"leaf":""}`), verifier(t))
		require.Error(t, err)
	})
	t.Run("the forms can be read again", func(t *testing.T) {
		file := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day"), "", "Accept", "application/atom+xml")
		_, err := exchange.ReadESPI(strings.NewReader(file.body), exchange.Options{ForEAN: w.a.ean})
		require.NoError(t, err)
	})
	t.Run("its leaf is the entry's, which the log proves", func(t *testing.T) {
		l, err := api.CheckDelivery([]byte(got.body), verifier(t))
		require.NoError(t, err)
		storetest.Seal(t, w.store, w.clock)
		require.NoError(t, w.store.Trail(t.Context(), func(r audit.Reader) error {
			p, err := audit.Prove(t.Context(), r, l.ID)
			require.NoError(t, err)
			e, _, err := r.SealedEntry(t.Context(), l.ID)
			require.NoError(t, err)
			require.Equal(t, l.Hash, audit.NewReceipt(e, p).Hash)
			require.Equal(t, l.Says["content"], audit.ParseDetails(e.Text)["content"])
			return nil
		}))
	})
	t.Run("ETag", func(t *testing.T) {
		tag := got.Header.Get("ETag")
		again := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day"), "", "If-None-Match", tag)
		require.Equal(t, http.StatusNotModified, again.StatusCode)
		require.Empty(t, again.body)
		other := w.ask(w.b.key, "GET", w.consumption(w.b, "&grain=day"), "")
		require.NotEqual(t, tag, other.Header.Get("ETag"))
		month := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=month"), "")
		require.NotEqual(t, tag, month.Header.Get("ETag"))
	})
	t.Run("only what changed since", func(t *testing.T) {
		type series struct {
			At          string `json:"as_of"`
			Consumption struct {
				From, Until string
				Values      []struct {
					From    string
					Amounts map[string]int64
				}
			}
		}
		var whole, changed series
		w.now = w.now.Add(2 * time.Hour)
		w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day"), "").get(t, &whole)
		w.now = w.now.Add(24 * time.Hour)
		importer := &metering.Importer{Archive: w.store, Runner: w.store, Clock: w.clock}
		corrected := metering.Day{EAN: w.a.ean, Register: metering.OfftakeTotal, Date: portal.Date(2026, 1, 20), Meter: "m-a",
			Values: []metering.Slot{{Value: metering.Value{Amount: 7000, Quality: metering.Validated}}}}
		_, err := importer.Import(t.Context(), []metering.Day{corrected}, metering.ImportOptions{})
		require.NoError(t, err)
		got := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day&changed_since="+whole.At), "")
		require.Equal(t, http.StatusOK, got.StatusCode, got.body)
		got.get(t, &changed)
		require.Equal(t, whole.Consumption.From, changed.Consumption.From, "the whole is told, of which these are parts")
		require.Equal(t, "2026-01-20T00:00:00+01:00", changed.Consumption.Values[0].From)
		require.EqualValues(t, 7000, changed.Consumption.Values[0].Amounts["offtake"])
		require.LessOrEqual(t, len(changed.Consumption.Values), 3, "it, and the days that were not over then: "+got.body)
		l, err := api.CheckDelivery([]byte(got.body), verifier(t))
		require.NoError(t, err)
		require.Equal(t, whole.At, l.Says["since"], "the file cannot be taken for the whole")
		for _, form := range []string{"text/csv", "application/atom+xml"} {
			file := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=month&changed_since="+whole.At), "", "Accept", form)
			require.Equal(t, http.StatusOK, file.StatusCode, file.body)
		}
		w.now = w.now.Add(time.Hour)
		none := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day&to=2026-02-01&changed_since="+w.now.Add(-5*time.Minute).UTC().Format(time.RFC3339)), "")
		require.Equal(t, http.StatusOK, none.StatusCode)
		require.Contains(t, none.body, `"values":[]`)
		require.Equal(t, http.StatusUnprocessableEntity, w.ask(w.a.key, "GET", w.consumption(w.a, "&changed_since=2027-01-01T00:00:00Z"), "").StatusCode)
		before := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day&changed_since=2026-01-01T00:00:00Z"), "")
		require.Contains(t, before.body, `"2026-01-10T00:00:00+01:00"`, "before the mandate began nothing was held: the whole")
	})
	t.Run("refused with its reason, and traced", func(t *testing.T) {
		before := storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.DeliveryRefused))
		fine := w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=quarter"), "")
		require.Equal(t, http.StatusForbidden, fine.StatusCode)
		require.Contains(t, fine.body, "kind of data")
		early := w.ask(w.a.key, "GET", w.consumption(w.a, "&from=2025-01-01&to=2026-01-01"), "")
		require.Equal(t, http.StatusForbidden, early.StatusCode)
		require.Equal(t, before+2, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.DeliveryRefused)))
	})
	t.Run("revoked", func(t *testing.T) {
		household := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}
		require.NoError(t, w.service.Revoke(t.Context(), household, w.a.stay, w.a.mandate.ID))
		got := w.ask(w.a.key, "GET", w.consumption(w.a, ""), "")
		require.Equal(t, http.StatusForbidden, got.StatusCode)
		require.Contains(t, got.body, "not in force")
		events := w.ask(w.a.key, "GET", api.Prefix+"/events", "")
		require.Equal(t, 3, strings.Count(events.body, `"about":"`+w.a.mandate.ID+`"`), "granted, confirmed and revoked: "+events.body)
		require.NotContains(t, events.body, w.b.mandate.ID)
	})
}

// What is refused is a problem of RFC 9457 whatever refuses it.
func TestRefusals(t *testing.T) {
	w := newTown(t, storetest.Backends(t)[0])
	batches := api.Prefix + "/batches"
	for _, c := range []struct {
		name, method, target, body string
		want                       int
		says                       string
	}{
		{"no such path", "GET", "/api/v1/nothing", "", 404, "not_found"},
		{"no such method", "PUT", batches, "", 405, "http-405"},
		{"an unknown field", "POST", batches, `{"grain":"month","mandate":"x","more":1}`, 422, "unexpected property"},
		{"an unknown parameter", "GET", batches + "?more=1", "", 422, "more"},
		{"no JSON", "POST", batches, `{`, 400, "problem"},
		{"too long a page", "GET", batches + "?limit=101", "", 422, "limit"},
		{"a strange cursor", "GET", api.Prefix + "/mandates?cursor=x", "", 422, "cursor"},
		{"no EAN", "GET", api.Prefix + "/mandates/x/consumption?ean=541449000000000011", "", 422, "18 digits"},
		{"both", "POST", batches, `{"grain":"month"}`, 422, "either"},
		{"a form nobody writes", "GET", w.consumption(w.a, ""), "", 406, "http-406"},
		{"too much", "POST", batches, `{"grain":"` + strings.Repeat("x", 3<<20) + `"}`, 413, "http-413"},
		{"a finer grain", "POST", batches, `{"grain":"quarter","mandate":"x"}`, 422, "grain"},
		{"http", "POST", api.Prefix + "/webhooks", `{"url":"http://hooks.example/"}`, 422, "https"},
		{"an inner address", "POST", api.Prefix + "/webhooks", `{"url":"https://127.0.0.1/"}`, 422, "https"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var header []string
			if c.want == http.StatusNotAcceptable {
				header = []string{"Accept", "image/png"}
			}
			got := w.ask(w.a.key, c.method, c.target, c.body, header...)
			require.Equal(t, c.want, got.StatusCode, got.body)
			require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			require.Contains(t, got.body, c.says)
			var p api.Problem
			got.get(t, &p)
			require.Equal(t, c.want, p.Status)
			require.NotEmpty(t, p.Title)
			require.NotEmpty(t, p.Detail)
		})
	}
	t.Run("in the language asked for", func(t *testing.T) {
		for lang, word := range map[string]string{"fr": "clé", "de": "Schlüssel", "nl": "sleutel", "en": "key"} {
			require.Contains(t, w.ask("", "GET", batches, "", "Accept-Language", lang).body, word)
		}
	})
	t.Run("another scope", func(t *testing.T) {
		require.Equal(t, http.StatusUnauthorized, w.ask("x", "GET", batches, "").StatusCode)
		require.Equal(t, "Bearer", w.ask("x", "GET", batches, "").Header.Get("WWW-Authenticate"))
	})
	t.Run("the door is shut", func(t *testing.T) { // G11
		w.shut = &portal.Error{Code: portal.Unavailable, Key: "closed"}
		defer func() { w.shut = nil }()
		got := w.ask(w.a.key, "GET", batches, "")
		require.Equal(t, http.StatusServiceUnavailable, got.StatusCode)
		require.NotEmpty(t, got.Header.Get("Retry-After"))
	})
	t.Run("suspended", func(t *testing.T) {
		storetest.Exec(t, w.dsn, `UPDATE partners SET status = 'suspended' WHERE id = $1`, w.b.org.ID)
		require.Equal(t, http.StatusUnauthorized, w.ask(w.b.key, "GET", batches, "").StatusCode)
	})
	t.Run("the quota", func(t *testing.T) {
		w.now = w.now.Add(time.Hour)
		for range 200 {
			require.Equal(t, http.StatusOK, w.ask(w.a.key, "GET", batches, "").StatusCode)
		}
		w.now = w.now.Add(20 * time.Second)
		guest := partner.Guest{Person: partner.Person{Login: "m", PartnerID: w.a.org.ID, Manager: true}, Organisation: w.a.org}
		another, _, err := w.partners.MakeKey(t.Context(), guest, partner.KeyForm{Name: "another", Scopes: partner.Scopes, Months: 1})
		require.NoError(t, err)
		for _, key := range []keys.Secret{w.a.key, another} {
			got := w.ask(key, "GET", batches, "")
			require.Equal(t, http.StatusTooManyRequests, got.StatusCode, "a partner has one quota, however many keys")
			require.Equal(t, "application/problem+json", got.Header.Get("Content-Type"))
			require.Equal(t, "40", got.Header.Get("Retry-After"))
			require.Equal(t, `"minute";q=200;w=60, "day";q=1000;w=86400`, got.Header.Get("RateLimit-Policy"))
			require.Contains(t, got.Header.Get("RateLimit"), `"minute";r=0;t=40, "day";r=`)
		}
		w.now = w.now.Add(40 * time.Second)
		fresh := w.ask(w.a.key, "GET", batches, "")
		require.Equal(t, http.StatusOK, fresh.StatusCode)
		require.Contains(t, fresh.Header.Get("RateLimit"), `"minute";r=199;t=60`)
	})
	t.Run("T16 T14 keys are not guessed fast", func(t *testing.T) {
		w.now = w.now.Add(time.Hour)
		for i := range 100 {
			got := w.ask("guichet_guess", "GET", batches, "", "X-Forwarded-For", "198.51.100."+strconv.Itoa(i))
			require.Equal(t, http.StatusUnauthorized, got.StatusCode)
		}
		for _, key := range []keys.Secret{"guichet_guess", "", w.a.key} { // a right one is not compared either
			got := w.ask(key, "GET", batches, "", "X-Forwarded-For", "198.51.100.200")
			require.Equal(t, http.StatusTooManyRequests, got.StatusCode)
			require.Equal(t, "60", got.Header.Get("Retry-After"))
			require.Empty(t, got.Header.Get("RateLimit"), "nothing of what is left is told")
		}
		w.now = w.now.Add(time.Minute)
		require.Equal(t, http.StatusOK, w.ask(w.a.key, "GET", batches, "").StatusCode)
	})
	t.Run("strangers beside a partner do not shut it out", func(t *testing.T) {
		w.now = w.now.Add(time.Hour)
		defer func() { w.from = "" }()
		for source := range 11 { // ten times what one may
			w.from = "192.0.2." + strconv.Itoa(100+source)
			for range 101 {
				w.ask("", "GET", batches, "")
			}
			require.Equal(t, http.StatusTooManyRequests, w.ask(w.a.key, "GET", batches, "").StatusCode)
		}
		w.from = "192.0.2.99"
		require.Equal(t, http.StatusOK, w.ask(w.a.key, "GET", batches, "").StatusCode)
	})
	t.Run("T16 nobody probes for free", func(t *testing.T) {
		w.now = w.now.Add(24 * time.Hour)
		guest := partner.Guest{Person: partner.Person{Login: "m", PartnerID: w.a.org.ID, Manager: true}, Organisation: w.a.org}
		issue := func(f partner.KeyForm) keys.Secret {
			f.Name, f.Months = "probe", 1
			key, _, err := w.partners.MakeKey(t.Context(), guest, f)
			require.NoError(t, err)
			return key
		}
		narrow := issue(partner.KeyForm{Scopes: []partner.Scope{partner.ForMandates}})
		for left := 199; left >= 0; left-- {
			got := w.ask(narrow, "GET", batches, "")
			require.Equal(t, http.StatusForbidden, got.StatusCode)
			require.Contains(t, got.Header.Get("RateLimit"), `"minute";r=`+strconv.Itoa(left)+";", "its partner's quota is spent")
		}
		require.Equal(t, http.StatusTooManyRequests, w.ask(narrow, "GET", batches, "").StatusCode)

		w.now = w.now.Add(time.Minute)
		bound := issue(partner.KeyForm{Scopes: partner.Scopes, Certificate: strings.Repeat("ab", 32)})
		for range 100 {
			got := w.ask(bound, "GET", batches, "")
			require.Equal(t, http.StatusForbidden, got.StatusCode)
			require.Empty(t, got.Header.Get("RateLimit"), "a key without its certificate may be a thief's")
		}
		require.Equal(t, http.StatusTooManyRequests, w.ask(bound, "GET", batches, "").StatusCode)
		w.from = "198.51.100.1"
		defer func() { w.from = "" }()
		require.Contains(t, w.ask(w.a.key, "GET", batches, "").Header.Get("RateLimit"), `"minute";r=199;`, "a thief spends nothing of its partner's")
	})
}

// Must-show 6: progress, an outcome for each line, going on after a worker's
// death, and nothing that waits leaves after a revocation.
func TestBatches(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			w := newTown(t, b)
			lines := make([]string, 0, 250)
			for i := range 250 { // every second one is of nobody's mandate
				id := w.a.mandate.ID
				if i%2 == 1 {
					id = w.b.mandate.ID
				}
				lines = append(lines, `{"mandate":"`+id+`","ean":"`+string(w.a.ean)+`"}`)
			}
			var made struct{ ID string }
			got := w.ask(w.a.key, "POST", api.Prefix+"/batches", `{"grain":"month","lines":[`+strings.Join(lines, ",")+`]}`)
			require.Equal(t, http.StatusAccepted, got.StatusCode, got.body)
			got.get(t, &made)
			one := api.Prefix + "/batches/" + made.ID

			flat := &watched{Store: w.store}
			w.batches.Store = flat
			w.batches.Render = func(s metering.Series) ([]byte, error) {
				flat.enter()
				return api.Render(s)
			}

			// The worker dies in mid-batch: its next delivery fails at the commit.
			dying := *w.batches
			var count atomic.Int64
			write := dying.Write
			dying.Write = func(d mandates.Delivery) (json.RawMessage, error) {
				if count.Add(1) > 30 {
					return nil, errKilled
				}
				return write(d)
			}
			_, err := dying.Work(t.Context())
			require.ErrorIs(t, err, errKilled)
			progress := w.ask(w.a.key, "GET", one, "").body
			require.Contains(t, progress, `"status":"working"`)
			told := regexp.MustCompile(`"worked":(\d+),"delivered":(\d+)`).FindStringSubmatch(progress)
			entries := storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.Delivered))
			require.Equal(t, strconv.FormatInt(entries, 10), told[2], "each with its entry")
			require.Positive(t, entries)
			require.LessOrEqual(t, entries, int64(30))
			flat.now = 0 // with its memory
			worked, err := w.batches.Work(t.Context())
			require.NoError(t, err)
			require.False(t, worked, "the dead worker still holds it")
			w.now = w.now.Add(3 * time.Minute)
			worked, err = w.batches.Work(t.Context())
			require.NoError(t, err)
			require.True(t, worked)
			require.Contains(t, w.ask(w.a.key, "GET", one, "").body, `"status":"done"`)
			require.LessOrEqual(t, flat.lines, batch.Portion, "lines in memory")
			require.LessOrEqual(t, flat.most, batch.Abreast, "deliveries in memory")
			require.EqualValues(t, 125, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.DeliveryRefused)), "none twice")
			require.Contains(t, w.ask(w.a.key, "GET", one, "").body, `"lines":250,"worked":250,"delivered":125`)
			require.EqualValues(t, 125, storetest.Number(t, w.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(audit.Delivered)), "none twice")
			require.Contains(t, w.ask(w.a.key, "GET", api.Prefix+"/events", "").body, made.ID)

			fetch := func() (delivered, refused int) {
				for cursor, pages := "", 0; ; pages++ {
					require.Less(t, pages, 10)
					var page struct {
						Lines []struct {
							Outcome  string
							Delivery json.RawMessage
						}
						Next string
					}
					w.ask(w.a.key, "GET", one+"/lines?limit=100&cursor="+cursor, "").get(t, &page)
					for _, l := range page.Lines {
						switch l.Outcome {
						case "delivered":
							delivered++
							if delivered == 1 {
								_, err := api.CheckDelivery(l.Delivery, verifier(t))
								require.NoError(t, err)
							}
						default:
							require.Nil(t, l.Delivery)
							refused++
						}
					}
					if cursor = page.Next; cursor == "" {
						return delivered, refused
					}
				}
			}
			delivered, refused := fetch()
			require.Equal(t, []int{125, 125}, []int{delivered, refused})
			household := audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}
			require.NoError(t, w.service.Revoke(t.Context(), household, w.a.stay, w.a.mandate.ID))
			delivered, _ = fetch()
			require.Zero(t, delivered, "what waits leaves no more")
			w.now = w.now.AddDate(0, 0, 8)
			require.NoError(t, w.batches.Forget(t.Context()))
			require.Equal(t, http.StatusNotFound, w.ask(w.a.key, "GET", one, "").StatusCode)
		})
	}
}

// watched is a store that counts what a batch has in memory at once: lines, and
// deliveries between their values and what is kept of them.
type watched struct {
	batch.Store
	mu               sync.Mutex
	lines, now, most int
}

func (w *watched) BatchWork(ctx context.Context, id string, limit int) ([]batch.Line, error) {
	lines, err := w.Store.BatchWork(ctx, id, limit)
	w.lines = max(w.lines, len(lines))
	return lines, err
}

func (w *watched) enter() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now++
	w.most = max(w.most, w.now)
}

func (w *watched) SaveBatchLine(t tx.Tx, id string, l batch.Line) error {
	if l.Outcome == batch.Delivered {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}
	return w.Store.SaveBatchLine(t, id, l)
}

type killed struct{}

func (killed) Error() string { return "killed" }

var errKilled = killed{}

// Must-show 5: the document, and what is really written, agree.
func TestDocument(t *testing.T) {
	w := newTown(t, storetest.Backends(t)[0])
	got := w.ask("", "GET", api.Prefix+"/openapi.json", "")
	require.Equal(t, http.StatusOK, got.StatusCode)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct{ OperationID string }
	}
	got.get(t, &doc)
	require.True(t, strings.HasPrefix(doc.OpenAPI, "3.1"), doc.OpenAPI)
	require.Len(t, doc.Paths, len(w.spec.Paths))
	for name, body := range map[string]string{
		"Delivery":         w.ask(w.a.key, "GET", w.consumption(w.a, "&grain=day"), "").body,
		"SupplierDelivery": w.ask(w.a.key, "GET", supply(w.a, "?grain=month"), "").body,
	} {
		fits(t, w, name, body)
	}
}
