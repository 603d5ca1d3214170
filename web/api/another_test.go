package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"guichet/portal"
	"guichet/portal/store/storetest"
	"guichet/web/api"
)

// L10, L11, T24, must-show 4: on every path of the document, what is another's
// and what is not there give the same bytes; no list, count, ETag, error or
// webhook tells anything of another; and whatever another does changes nothing
// of what one sees. On SQLite with counters in memory, and on PostgreSQL with
// Redis. Times are compared by guichet bench --timing.
func TestNothingOfAnother(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { nothingOfAnother(t, newTown(t, b)) })
	}
}

// operation is one of the document's.
type operation struct{ id, method, path string }

func (w *town) operations() (all []operation) {
	for path, item := range w.spec.Paths {
		for method, op := range map[string]string{"GET": opID(item.Get), "POST": opID(item.Post), "DELETE": opID(item.Delete),
			"PUT": opID(item.Put), "PATCH": opID(item.Patch)} {
			if op != "" {
				all = append(all, operation{op, method, path})
			}
		}
	}
	return all
}

// owned makes a batch and a webhook of a partner and gives the numbers of all
// it has, by the room of its path.
func (w *town) owned(x third, address string) map[string]string {
	var batch, hook struct{ ID string }
	made := w.ask(x.key, "POST", api.Prefix+"/batches", `{"grain":"month","mandate":"`+x.mandate.ID+`"}`)
	require.Equal(w.t, http.StatusAccepted, made.StatusCode, made.body)
	made.get(w.t, &batch)
	_, err := w.batches.Work(w.t.Context())
	require.NoError(w.t, err)
	made = w.ask(x.key, "POST", api.Prefix+"/webhooks", `{"url":"`+address+`"}`)
	require.Equal(w.t, http.StatusCreated, made.StatusCode, made.body)
	made.get(w.t, &hook)
	return map[string]string{"mandates": x.mandate.ID, "batches": batch.ID, "webhooks": hook.ID, "registrations": x.supplied}
}

// left is what a partner is told it may still ask in this minute.
func (w *town) left(x third) (n int) {
	told := w.ask(x.key, "GET", api.Prefix+"/mandates", "").Header.Get("RateLimit")
	_, err := fmt.Sscanf(told, `"minute";r=%d;`, &n)
	require.NoError(w.t, err, told)
	return n
}

func roomOf(path string) string {
	return strings.Split(strings.TrimPrefix(path, api.Prefix+"/"), "/")[0]
}

// ofEachCall are the numbers that each call draws anew, and the leaf over them.
var ofEachCall = regexp.MustCompile(`"(entry|leaf)":"[^"]*"`)

// seen is all that a partner can read, by path: status, headers (ETags among
// them) and body.
func (w *town) seen(x third, has map[string]string) map[string]string {
	all := map[string]string{}
	for _, op := range w.operations() {
		if op.method != "GET" {
			continue
		}
		target := strings.ReplaceAll(op.path, "{id}", has[roomOf(op.path)])
		if op.id == "getConsumption" {
			target += "?grain=day&ean=" + string(x.ean)
		}
		got := w.ask(x.key, "GET", target, "")
		require.Equal(w.t, http.StatusOK, got.StatusCode, got.body)
		all[op.id] = ofEachCall.ReplaceAllString(got.whole(), "")
	}
	return all
}

func nothingOfAnother(t *testing.T, w *town) {
	mine := w.owned(w.a, "https://hooks.example/a")
	posts := func(whose string) int64 { return storetest.Number(t, w.dsn, postsOf+whose, w.a.org.ID) }
	heard, others := posts(`h.partner_id = $1`), posts(`h.partner_id <> $1`)
	before, left := w.seen(w.a, mine), w.left(w.a)
	theirs := w.owned(w.b, "https://hooks.example/b")
	household := w.household()
	require.NoError(t, w.service.Revoke(t.Context(), household, w.b.stay, w.b.mandate.ID))
	require.Greater(t, posts(`h.partner_id <> $1`), others)
	require.Equal(t, heard, posts(`h.partner_id = $1`), "no webhook of one hears of another")
	require.Zero(t, posts(`h.partner_id <> e.partner_id AND $1 <> ''`))
	require.Equal(t, left-1, w.left(w.a), "what is left of one's quota is what one spent oneself")
	require.Equal(t, before, w.seen(w.a, mine), "lists, counts, ETags and bodies stay as they were")

	nowhere := strings.Repeat("0", len(theirs["batches"]))
	// What names another's in its body, and what names nothing.
	bodies := map[string][2]string{
		"askBatch": {`{"grain":"month","mandate":"` + w.b.mandate.ID + `"}`, `{"grain":"month","mandate":"` + nowhere + `"}`},
	}
	// What makes something new: as another has it already, and as nobody has.
	makes := map[string][2]string{
		"addWebhook":   {`{"url":"https://hooks.example/b"}`, `{"url":"https://hooks.example/x"}`},
		"draftMandate": {draftOf(string(w.b.ean)), draftOf("541449000000999999"[:17] + string(portal.EANCheckDigit("54144900000099999")))},
	}
	// Ways of asking, each of which could be refused for a reason of another's.
	ways := map[string][]string{"getConsumption": {"", "&grain=quarter", "&grain=day&from=2020-01-01&to=2020-02-01", "&changed_since=2026-01-01T00:00:00Z"}}
	var events struct{ Next string }
	w.ask(w.b.key, "GET", api.Prefix+"/events", "").get(t, &events)
	require.NotEmpty(t, events.Next)
	cursors := map[string]string{"listMandates": fmt.Sprint(portal.Micros(w.b.mandate.CreatedAt), ".", w.b.mandate.ID), "listBatches": theirs["batches"],
		"listRegistrations": theirs["registrations"], "listEvents": events.Next}
	paged := func(id string) bool {
		for _, item := range w.spec.Paths {
			if opID(item.Get) == id {
				return slices.ContainsFunc(item.Get.Parameters, func(p *huma.Param) bool { return p.Name == "cursor" })
			}
		}
		return false
	}
	drawn := regexp.MustCompile(`[0-9a-f]{64}|[0-9a-z]{26}|hooks\.example/.|"secret":"[^"]*"`)
	for _, op := range w.operations() {
		t.Run(op.id, func(t *testing.T) {
			target := func(id string) string { return strings.ReplaceAll(op.path, "{id}", id) }
			body, named := bodies[op.id]
			shape, making := makes[op.id]
			switch {
			case strings.Contains(op.path, "{id}"):
				id := theirs[roomOf(op.path)]
				require.NotEmpty(t, id, "a path of a new room: let both partners have one of it")
				queries := []string{""}
				if op.id == "getConsumption" {
					queries = nil
					for _, way := range ways[op.id] {
						queries = append(queries, "?ean="+string(w.b.ean)+way)
					}
				}
				for _, q := range queries {
					got := w.ask(w.a.key, op.method, target(id)+q, "", "If-None-Match", "*")
					require.Equal(t, http.StatusNotFound, got.StatusCode, q)
					require.Equal(t, w.ask(w.a.key, op.method, target(nowhere)+q, "", "If-None-Match", "*").whole(), got.whole(), q)
				}
			case named:
				got := w.ask(w.a.key, op.method, op.path, body[0])
				require.Equal(t, http.StatusNotFound, got.StatusCode)
				require.Equal(t, w.ask(w.a.key, op.method, op.path, body[1]).whole(), got.whole())
			case making:
				as := w.ask(w.a.key, op.method, op.path, shape[0])
				require.Equal(t, http.StatusCreated, as.StatusCode, as.body)
				require.Equal(t, drawn.ReplaceAllString(w.ask(w.a.key, op.method, op.path, shape[1]).whole(), ""), drawn.ReplaceAllString(as.whole(), ""))
			case op.method == "GET":
				list := w.ask(w.a.key, "GET", op.path, "")
				require.Equal(t, http.StatusOK, list.StatusCode)
				for _, id := range theirs {
					require.NotContains(t, list.whole(), id)
				}
				// A list goes on behind what is another's as behind what is nobody's.
				for _, query := range []string{"?limit=1&cursor=", "?cursor="} {
					if cursor := cursors[op.id]; cursor != "" {
						got := w.ask(w.a.key, "GET", op.path+query+cursor, "")
						require.Equal(t, http.StatusOK, got.StatusCode, got.body)
						require.Equal(t, w.ask(w.a.key, "GET", op.path+query+cursor[:len(cursor)-1]+"z", "").whole(), got.whole())
					}
				}
				require.Equal(t, paged(op.id), cursors[op.id] != "", "a list in pages has a cursor")
			default:
				t.Error("a new operation: tell above how another's could show in it")
			}
			// Nor does a stranger without a key learn which paths have something.
			id := theirs[roomOf(op.path)]
			require.Equal(t, w.ask("", op.method, target(nowhere), "").whole(), w.ask("", op.method, target(id), "").whole())
			require.Equal(t, http.StatusUnauthorized, w.ask("guichet_nobody", op.method, target(id), "").StatusCode)
		})
	}

	t.Run("nor through the lines of a batch", func(t *testing.T) {
		line := func(id string, ean portal.EAN) string { return `{"mandate":"` + id + `","ean":"` + string(ean) + `"}` }
		outcomes := func(one string) string {
			var made struct{ ID string }
			w.ask(w.a.key, "POST", api.Prefix+"/batches", `{"grain":"month","lines":[`+one+`]}`).get(t, &made)
			_, err := w.batches.Work(t.Context())
			require.NoError(t, err)
			return regexp.MustCompile(`"(mandate|ean)":"[^"]*"`).ReplaceAllString(w.ask(w.a.key, "GET", api.Prefix+"/batches/"+made.ID+"/lines", "").body, "")
		}
		require.Equal(t, outcomes(line(nowhere, w.b.ean)), outcomes(line(w.b.mandate.ID, w.b.ean)))
		require.Contains(t, outcomes(line(w.b.mandate.ID, w.b.ean)), `"no-mandate"`)
		require.Contains(t, outcomes(line(w.a.mandate.ID, w.a.ean)), `"delivered"`)
	})
}

func draftOf(ean string) string {
	return `{"name":"X Y","capacity":"occupant","street":"Rue","postcode":"5000","town":"Namur","language":"fr","points":["` + ean +
		`"],"kinds":["totals"],"purpose":"Conseil en énergie"}`
}

// postsOf counts what webhooks were posted or will be.
const postsOf = `SELECT COUNT(*) FROM hook_posts p JOIN hooks h ON h.id = p.hook_id JOIN partner_events e ON e.id = p.event_id WHERE `
