package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/hook"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/api"
	"guichet/web/i18n"
	"guichet/works"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

// world is a portal in which one point's contract ends in one way, from the
// same beginning as every other's.
type world struct {
	*firm
	public, programs http.Handler
	batches          *batch.Service
	people           map[string]*browser
	keys             map[string]keys.Secret
	ids              map[string]string
	numbers          *strings.Replacer // of the requests for works, and their codes
	seen             []string          // all answers: who asked what, and all of it
	opened           map[string]bool   // routes that somebody was answered by
}

var atPortal = &url.URL{Scheme: "http", Host: "portal.example", Path: "/"}

// drawnAnew is what two worlds draw differently: ids and tokens, logins and
// codes of who was invited, feeds' and signed leaves' own.
var drawnAnew = regexp.MustCompile(`"Code":"[0-9]{6}"|guichet_[0-9a-z]+|\b[0-9a-f]{64}\b|(?i:etag)"?: ?"[^"]+"|\b(?:[0-9a-z]{26}){1,2}\b|\burn:uuid:[0-9a-f-]{36}|\b[a-z]\.[a-z]+-[0-9a-z]{6}\b|guichet-delivery [A-Za-z0-9+/=]+|"leaf":"[^"]+"|(?:[0-9A-Z]{4} ){3}[0-9A-Z]{4}`)

// plain is a text in which what is drawn goes by the order in which it appears.
func (w *world) plain(text string, names map[string]string) string {
	return drawnAnew.ReplaceAllStringFunc(w.numbers.Replace(text), func(drawn string) string {
		if names[drawn] == "" {
			names[drawn] = fmt.Sprint("#", len(names))
		}
		return names[drawn]
	})
}

// alike tells whether two answers are the same but for what is drawn. Most are
// to the byte: the worlds have one beginning.
func alike(a, b *world, was, is string) bool {
	one, other := strings.SplitAfter(was, "<"), strings.SplitAfter(is, "<")
	if len(one) != len(other) {
		return false
	}
	x, y := map[string]string{}, map[string]string{}
	for i := range one {
		if one[i] != other[i] && a.plain(one[i], x) != b.plain(other[i], y) {
			return false
		}
	}
	return true
}

// tick lets time pass: ids and lists are in its order.
func (w *world) tick() {
	w.h.mu.Lock()
	w.h.now = w.h.now.Add(time.Millisecond)
	w.h.mu.Unlock()
}

// patient is a recorder that a file may be sent to.
type patient struct{ *httptest.ResponseRecorder }

func (patient) SetReadDeadline(time.Time) error { return nil }

// ask sends a request to one of the listeners and keeps what came back, headers
// and all.
func (w *world) ask(who, at string, handler http.Handler, r *http.Request, jar http.CookieJar) *http.Response {
	w.tick()
	if jar != nil {
		for _, c := range jar.Cookies(atPortal) {
			r.AddCookie(c)
		}
	}
	rec := httptest.NewRecorder()
	handler.ServeHTTP(patient{rec}, r)
	res := rec.Result()
	require.Less(w.t, res.StatusCode, 500, "%s %s: the world lacks a part: %s", who, at, rec.Body)
	head := res.Header.Clone()
	if jar != nil {
		jar.SetCookies(atPortal, res.Cookies())
		for i, c := range head["Set-Cookie"] {
			name, rest, _ := strings.Cut(c, "=")
			_, how, _ := strings.Cut(rest, ";")
			head["Set-Cookie"][i] = name + how
		}
	}
	var all strings.Builder
	body := rec.Body.String()
	if strings.HasPrefix(body, "%PDF-") { // its fonts come last, packed and in no order
		head.Del("Content-Length")
		body, _, _ = strings.Cut(body, "/BaseFont")
	}
	require.NoError(w.t, head.Write(&all))
	w.seen = append(w.seen, who+" "+at+"\n"+res.Status+"\n"+all.String()+"\n"+body)
	return res
}

// form is every field that a form of the public site has.
func (w *world) form(who string) url.Values {
	captcha, err := w.h.Draw(w.t.Context())
	require.NoError(w.t, err)
	f := draftForm(w.ids["ean"])
	for name, value := range map[string]string{"ean": w.ids["ean"], "captcha": "123456", "captcha_id": captcha, "form": who + fmt.Sprint(len(w.seen)), "number": w.ids["number"],
		"code": "000000", "reference": "00000000000000", "digits": "0000", "step": "kind", "kind": "end-of-contract", "energy": "electricity",
		"postpone_reason": "später", "day": w.ids["day"], "company": "0417.497.106", "of": "0417497106", "version": "1", "agreed_by": "Eve", "decline_reason": "nein",
		"reopen_reason": "Es tropft.", "paper_kind": "other", "wanted": "yes", "months": "3", "scope_mandates": "yes", "field": "meter", "wrong": "Falsch.",
		"partner": w.ids["Elektro"], "name": "Anna Klein", "do": "", "login": "n.obody-000000", "otp": "000000", "batch": "none", "window": "none", "confirm": "yes"} {
		f.Set(name, value)
	}
	return f
}

// walk asks the routes of a table, each by all who ask it, in one of the four
// languages after the other.
func (w *world) walk(step string, table []asking) {
	n := 0
	for _, a := range table {
		for _, path := range strings.Fields(a.routes) {
			n++
			for _, who := range a.by {
				ids := a.ids
				if len(ids) == 0 {
					ids = []string{""}
				}
				for _, name := range ids {
					id := w.ids[name]
					target := strings.NewReplacer(":lang", string(portal.Languages[n%len(portal.Languages)]), ":id", id, ":login", id, ":token", id+".ics", ":n", "1",
						":file", "none.png", ":name", "none.css").Replace(path)
					query := a.query
					if strings.HasPrefix(path, "/:lang/works/request") && id != "" {
						query = "id=" + id
					}
					w.fetch(step, who, a.method, path, target+"?"+query)
				}
			}
		}
	}
}

// uploads are the routes that take a file, and the field it is in.
var uploads = map[string]string{"give": "document", "papers": "document", "upload": "file", "paper": "file", "edit": "annex", "renew": "annex"}

func (w *world) fetch(step, who, method, route, target string) {
	r := httptest.NewRequest(method, "http://portal.example"+target, nil)
	if method == http.MethodPost {
		form := w.form(who)
		field := uploads[route[strings.LastIndex(route, "/")+1:]]
		if field == "" && strings.HasSuffix(route, "/partner/mandates/new") {
			field = "annex"
		}
		var body bytes.Buffer
		kind := "application/x-www-form-urlencoded"
		if field == "" {
			body.WriteString(form.Encode())
		} else {
			m := multipart.NewWriter(&body)
			require.NoError(w.t, m.SetBoundary("a-boundary-of-the-test"))
			for _, name := range slices.Sorted(maps.Keys(form)) {
				if name != field {
					require.NoError(w.t, m.WriteField(name, form.Get(name)))
				}
			}
			part, err := m.CreateFormFile(field, "a.pdf")
			require.NoError(w.t, err)
			_, err = part.Write([]byte(map[string]string{"document": "%PDF-1.7", "annex": w.ids["ean"], "file": works.BulkExample()}[field]))
			require.NoError(w.t, errors.Join(err, m.Close()))
			kind = m.FormDataContentType()
		}
		r = httptest.NewRequest(method, "http://portal.example"+target, &body)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res := w.ask(who, step+" "+method+" "+target, w.public, r, w.people[who].client.Jar)
	if res.StatusCode < 300 || method == http.MethodPost && res.StatusCode == http.StatusSeeOther {
		w.opened[method+" "+route] = true
	}
}

// call asks every route of the API, with each partner's key and with none.
func (w *world) call(step string) {
	for _, r := range w.programs.(*gin.Engine).Routes() {
		ways, known := programs[r.Method+" "+r.Path]
		require.True(w.t, known, "a new route of the API: tell in programs how it is asked: %s %s", r.Method, r.Path)
		for _, way := range ways {
			for name, id := range w.ids {
				way = strings.ReplaceAll(way, "{"+name+"}", id)
			}
			for _, who := range everybody[:4] {
				target, body := r.Path, ""
				if id, query, _ := strings.Cut(way, "?"); r.Method == http.MethodGet || r.Method == http.MethodDelete {
					if target = strings.NewReplacer(":id", id, ":document", "d1").Replace(r.Path); query != "" {
						target += "?" + query
					}
				} else {
					target, body = strings.NewReplacer(":id", way, ":document", "d1").Replace(r.Path), way
				}
				q := httptest.NewRequest(r.Method, "http://portal.example"+target, strings.NewReader(body))
				q.Header.Set("Content-Type", "application/json")
				if key := w.keys[who]; key != "" {
					q.Header.Set("Authorization", "Bearer "+key.Reveal())
				}
				if res := w.ask(who, step+" "+r.Method+" "+target+" "+body, w.programs, q, nil); res.StatusCode < 300 {
					w.opened[r.Method+" "+r.Path] = true
				}
			}
		}
	}
}

// beginning is what all worlds begin with: partners with sessions and keys, a
// mandate, a draft and a batch of Elektro's, readings, two access points.
type beginning struct {
	*agency
	at     time.Time
	guests map[string]partner.Guest
	in     map[string]*browser
	keys   map[string]keys.Secret
	ids    map[string]string
}

func begin(t *testing.T) *beginning {
	a := newAgency(t, storetest.Backends(t)[0])
	b := &beginning{agency: a, guests: map[string]partner.Guest{}, in: map[string]*browser{}, keys: map[string]keys.Secret{}}
	for _, one := range []struct{ name, company string }{{"Nord", "0403.170.701"}, {"Directe", "0417.497.106"}, {"Elektro", "0881.334.476"}} {
		b.in[one.name], b.guests[one.name] = a.guestOf(one.name+" SA", one.company, "installer")
		key, _, err := a.room.MakeKey(t.Context(), b.guests[one.name], partner.KeyForm{Name: "robot", Scopes: partner.Scopes, Months: 12})
		require.NoError(t, err)
		b.keys[one.name] = key
		if one.name != "Elektro" {
			storetest.Exec(t, a.dsn, `UPDATE partners SET supplier = $1 WHERE id = $2`, one.name, b.guests[one.name].PartnerID)
		}
	}
	elektro, in := b.guests["Elektro"], b.in["Elektro"]
	point := a.known[0]
	given := in.drafted(string(point.EAN))
	in.send(given+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7"))
	a.grant(elektro, idOf(given), point)
	b.ids = map[string]string{"": "", "?": "", "none": "none", "ean": string(point.EAN), "mandate": idOf(given), "draft": idOf(in.drafted(string(point.EAN))),
		"ending": "ending", "next": "next", "beside": "beside", "batch": portal.NewID(a.h.clock()), "login": elektro.Login, "Elektro": elektro.PartnerID}
	list, err := a.room.Keys(t.Context(), elektro)
	require.NoError(t, err)
	b.ids["key"] = list[0].ID
	require.NoError(t, a.store.Do(t.Context(), func(u tx.Tx) error {
		_, err := a.store.PutBatch(u, batch.Batch{ID: b.ids["batch"], PartnerID: elektro.PartnerID, Grain: metering.ByMonth, MadeAt: a.h.clock()}, nil, b.ids["mandate"])
		return err
	}))
	importer := &metering.Importer{Archive: a.store, Runner: a.store, Clock: a.h.clock}
	_, err = importer.Load(t.Context(), func(yield func(metering.Day) bool) {
		for day := portal.Date(2026, 9, 1); day.Before(portal.Date(2026, 11, 1)); day = day.AddDate(0, 0, 1) {
			if !yield(metering.Day{EAN: point.EAN, Register: metering.OfftakeTotal, Date: day, Meter: point.MeterID, Values: []metering.Slot{{Value: metering.Value{Amount: 5000}}}}) {
				return
			}
		}
	})
	require.NoError(t, err)
	b.at = a.h.clock()
	return b
}

// world opens one over a copy of the beginning.
func (b *beginning) world(t *testing.T) *world {
	h := b.h
	h.now, h.sessions, h.posted, h.failures, h.answers = b.at, map[string][]lookup.Pass{}, map[string]lookup.Outcome{}, map[string]int{}, map[string]string{}
	copied := filepath.Join(t.TempDir(), "world.db")
	storetest.Exec(t, b.dsn, `VACUUM INTO '`+copied+`'`)
	w := &world{people: map[string]*browser{}, keys: b.keys, ids: maps.Clone(b.ids), opened: map[string]bool{}}
	limits := NewCounters(h.clock, 1000)
	var history *metering.History
	a := agencyOver(t, h, "sqlite:"+copied, b.short, limits, func(a *agency, d *PublicDeps) {
		history = &metering.History{Ledger: a.store, Clock: h.clock}
		d.History, d.Partners.History, d.Mandates, d.Readings = history, history, a.deeds, &reader{page: windowFixture()}
		d.Papers = paperDeps(strongroom{Store: a.store, ring: h.ring, dsn: a.dsn, known: b.known}, h)
		d.Captchas, d.Works.Service, d.Works.Papers = CaptchaRates{1 << 20, 1 << 20}, a.works, drawer{a.vault, nil}
		d.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
		d.Works.ADay, d.Works.ADayNetwork, d.Letters.ADay = 1000, 1000, 1000
	})
	a.known = b.known
	w.firm = &firm{a, &followYard{browser: a.browser, store: a.store, dsn: a.dsn, room: a.works}}
	w.public = a.server.Config.Handler
	w.batches = &batch.Service{Clock: h.clock, Runner: a.store, Store: a.store, Ring: h.ring, Mandates: a.deeds, History: history, Render: api.Render,
		Write: func(d mandates.Delivery) (json.RawMessage, error) { return api.Write(d, h.ring.TrailSigner()) },
		Done: func(t tx.Tx, partnerID, id string, now time.Time) error {
			return a.store.PutEvent(t, hook.Event{PartnerID: partnerID, Kind: hook.BatchDone, About: id, At: now})
		}}
	var err error
	w.programs, _, err = api.New(api.Deps{Clock: h.clock, Log: slog.New(slog.DiscardHandler), Doors: shutters{h}, Partners: a.room, Mandates: a.deeds, History: history,
		Batches: w.batches, Hooks: &hook.Service{Clock: h.clock, Runner: a.store, Store: a.store, Ring: h.ring, Sender: &hook.Sender{}}, Signer: h.ring.TrailSigner(),
		Limits: limits, Quotas: api.Quotas{AMinute: 1 << 20, ADay: 1 << 20, StrangersAMinute: 1 << 20}, Ring: h.ring, BaseURL: "http://portal.example", Operator: "ORES",
		Observe: func(string, string, int, time.Duration) {}})
	require.NoError(t, err)
	for _, who := range everybody {
		w.people[who] = a.another()
		if in := b.in[who]; in != nil {
			at, err := url.Parse(in.server.URL)
			require.NoError(t, err)
			w.people[who].client.Jar.SetCookies(atPortal, in.client.Jar.Cookies(at))
		}
	}
	return w
}

// enters puts a visit into somebody's browser: to an occupancy, or to requests
// for works.
func (w *world) enters(who, stay string, requests ...storetest.Known) {
	ctx, began := w.t.Context(), w.h.clock()
	visit := lookup.Visit{ID: "visit of " + who, OccupancyID: stay, OpenedAt: began, EndsAt: began.Add(lookup.VisitLife)}
	var passes []lookup.Pass
	for n, k := range requests {
		passes = append(passes, lookup.Pass{Visit: visit, Nth: n + 1, Works: k.OccupancyID})
	}
	if stay != "" {
		there, err := w.store.Occupancy(ctx, stay)
		require.NoError(w.t, err)
		point, err := w.store.Point(ctx, there.EAN)
		require.NoError(w.t, err)
		meters, err := w.store.Meters(ctx, there.EAN)
		require.NoError(w.t, err)
		passes = append(passes, lookup.Pass{Visit: visit, Nth: 1, Occupancy: there, Point: point, Meter: meters[0]})
	}
	token := portal.Token()
	w.h.sessions[token] = passes
	w.people[who].client.Jar.SetCookies(atPortal, []*http.Cookie{{Name: visitCookie, Value: token, Path: "/"}})
}

// request captures one for the point, which Nord made and Elektro follows.
func (w *world) request(kind works.Kind) storetest.Known {
	w.tick()
	k := w.yard.capture(kind, "")
	storetest.Exec(w.t, w.dsn, `UPDATE works SET partner_id = $1 WHERE id = $2`, w.ids["Nord"], k.OccupancyID)
	require.NoError(w.t, w.works.Hold(w.t.Context(), requester, k.OccupancyID, "0881334476", works.ByConsent))
	return k
}

// letters keeps all that is on its way to anybody: mails, letters, and what
// webhooks are told.
func (w *world) letters(step string) {
	mails, err := w.store.DueMails(w.t.Context(), w.h.clock(), 500)
	require.NoError(w.t, err)
	posted, err := w.store.WaitingLetters(w.t.Context(), "", 500)
	require.NoError(w.t, err)
	for _, l := range append(mails, posted...) {
		w.seen = append(w.seen, fmt.Sprintf("%s mail\n%s %s %s %s %s %s", step, l.Kind, l.Language, l.Mail, l.To, l.QueuedAt, l.Data))
	}
	w.seen = append(w.seen, fmt.Sprint(step, " webhooks ", storetest.Number(w.t, w.dsn, `SELECT COUNT(*) FROM hook_posts`)))
}

func (w *world) point() storetest.Known { return w.agency.known[0] }

// live lets the contract end and the request for it go through all its phases,
// and asks everything on the way.
func (w *world) live(scenario registry.Scenario, kind works.Kind, beside registry.Scenario) {
	t, began := w.t, w.h.clock()
	ends := func(at time.Time) {
		register(t, w.store, "ending", w.point().EAN, "Nord", portal.Period{From: began.AddDate(-1, 0, 0), To: at}, scenario)
		register(t, w.store, "next", w.point().EAN, "Directe", portal.Period{From: at}, "")
	}
	ends(portal.Date(2026, 12, 3))
	register(t, w.store, "beside", w.agency.known[2].EAN, "Nord", portal.Period{From: began.AddDate(-1, 0, 0), To: portal.Date(2026, 12, 3)}, beside)
	one, plain, two := w.request(kind), w.request(works.ClosingPoint), w.request(kind) // a kind that an order by kind puts elsewhere
	var drawn []string
	for i, k := range []storetest.Known{one, plain, two} {
		n := k.Reference.Reveal()
		drawn = append(drawn, works.FormatNumber(n), fmt.Sprint("NUMBER", i), n, fmt.Sprint("NUMBER", i), k.Digits.Reveal(), fmt.Sprint("CODE", i))
	}
	w.numbers = strings.NewReplacer(drawn...)
	w.ids["request"], w.ids["other request"], w.ids["number"] = one.OccupancyID, two.OccupancyID, one.Reference.Reveal()
	for name, of := range map[string][2]string{"request's feed": {"", one.OccupancyID}, "Elektro's feed": {w.ids["login"], ""}} {
		token, err := w.works.MakeFeed(t.Context(), requester, of[0], of[1])
		require.NoError(t, err)
		w.ids[name] = token.Reveal()
	}
	w.enters("requester", "", one, plain)
	w.enters("neighbour", w.agency.known[1].OccupancyID)
	require.NoError(t, w.works.Subscribe(t.Context(), requester, w.ids["Elektro"], true))
	look := func(step string) { w.walk(step, ofWorks) }
	id := one.OccupancyID
	move := func(e works.Event, reason string, change func(*works.Request)) {
		w.tick()
		w.yard.move(id, e, reason, change)
	}

	look("captured")
	move(works.EventStudy, "", nil)
	move(works.EventPrepare, string(kind)+": payment default", nil)
	if kind != works.EndOfContract { // a paper of the operator's that only the others have
		require.NoError(t, w.works.Add(t.Context(), officer, id, works.Paper{ID: portal.NewID(w.h.clock()), Document: works.Other, EvidenceID: "e"}))
	}
	look("preparing")
	move(works.EventAwait, "prepayment", nil)
	look("awaiting")
	move(works.EventResume, "", nil)
	w.ids["day"] = strconv.FormatInt(portal.Micros(began.AddDate(0, 0, 7)), 10)
	plan := func() {
		move(works.EventPlan, "", func(r *works.Request) { r.Day, r.Team = began.AddDate(0, 0, 7), "team "+string(kind) })
	}
	plan()
	_, err := w.batches.Work(t.Context())
	require.NoError(t, err)
	w.walk("before", everyWay)
	w.call("before")
	r, _, err := w.store.Works(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, works.Postponed, r.Status, "as was said in the walk")
	plan()
	move(works.EventStart, "", nil)
	look("working")
	move(works.EventCarryOut, "", func(r *works.Request) { r.Result = string(kind) })
	look("done")
	move(works.EventClose, "", func(r *works.Request) { r.AssetAt, r.InvoicedAt = w.h.clock(), w.h.clock() })

	// It is over; who comes next is there.
	over, moved := portal.Date(2026, 11, 13), portal.Date(2026, 11, 10) // the move came first (L16)
	ends(over)
	storetest.Exec(t, w.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(moved), w.point().OccupancyID)
	storetest.Exec(t, w.dsn, `INSERT INTO occupancies (id, ean, name, language, street, postcode, town, detail_us, from_us, to_us)
  VALUES ('after', $1, 'Klein', 'de', 'Rue Haute 1', '5000', 'Namur', 0, $2, 0)`, string(w.point().EAN), portal.Micros(moved))
	storetest.Exec(t, w.dsn, `UPDATE works_digests SET sent_us = $1`, portal.Micros(began.AddDate(0, 0, -2)))
	for range 3 {
		w.tick()
		_, err = w.works.SendDigests(t.Context(), 1)
		require.NoError(t, err)
	}
	w.enters("newcomer", "after")
	w.walk("after", everyWay)
	w.call("after")
	w.walk("at the end", atTheEnd)
	w.letters("after")
}

// ofWorks is the part of the table that is about a request for works.
var ofWorks = func() (part []asking) {
	for _, a := range everyWay {
		if a.method == "GET" && regexp.MustCompile(`/calendar/|/partner/works/:id|/works/request`).MatchString(a.routes) {
			if len(a.by) > 1 {
				a.by = []string{"Nord", "Elektro", "requester"}
			}
			part = append(part, a)
		}
	}
	return part
}()

// D12, L14, L15, Ld7, must-show 4 of the works: what suppliers, partners and
// strangers can fetch of a drop and of a budget meter is what they can fetch of
// an ordinary end of contract: every route of the public listener and of the
// interface for programs, in statements, bytes, headers, counts and order, and
// every mail; while it lasts and when it is over. That no statement behind
// suppliers' pages could tell is held by portal/store.
func TestD12NobodyCanTellHowAContractEnds(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, a := range append(slices.Clone(everyWay), atTheEnd...) {
		for _, path := range strings.Fields(a.routes) {
			asked[a.method+" "+path] = true
		}
	}
	for _, r := range tables(t)["public"] {
		require.True(t, asked[r.Method+" "+r.Path], "a new route: tell in everyWay how it is asked: %s %s", r.Method, r.Path)
	}
	b := begin(t)
	var ordinary *world
	for _, end := range ends {
		w := b.world(t)
		w.live(end.scenario, end.kind, end.beside)
		if ordinary == nil {
			ordinary = w
			continue
		}
		require.Len(t, w.seen, len(ordinary.seen))
		for i, was := range ordinary.seen {
			if was != w.seen[i] && !alike(ordinary, w, was, w.seen[i]) {
				require.Equal(t, ordinary.plain(was, map[string]string{}), w.plain(w.seen[i], map[string]string{}), "%s, %s", end.scenario, end.kind)
			}
		}
	}

	// The walk saw what it is about.
	all := strings.Join(ordinary.seen, "\n")
	for _, said := range []string{`"status":"end-of-contract"`, `"since":"2026-11-13","status":"registered"`, "BEGIN:VEVENT", "works-digest", `"delivered"`} {
		require.True(t, strings.Contains(all, said), said)
	}
	for _, key := range []string{"supply.status.ending", "works.kind.end-of-contract"} {
		require.True(t, slices.ContainsFunc(portal.Languages, func(l portal.Language) bool { return strings.Contains(all, i18n.For(l).T(key)) }), key)
	}
	require.False(t, strings.Contains(all, "payment default"))
	var shut []string
	for route := range asked {
		if !ordinary.opened[route] && strings.HasPrefix(route, "GET ") {
			shut = append(shut, strings.TrimPrefix(route, "GET "))
		}
	}
	require.ElementsMatch(t, []string{"/", "/:lang", "/captcha/:file", "/static/:name", // roads on, and nothing of anybody's
		"/:lang/seen/receipt", "/:lang/mandates/:id/document.html", "/:lang/mandates/:id/document.pdf", // the network user's own
		"/:lang/works/request/offer.html", "/:lang/works/request/offer.pdf", // no end of contract has one
	}, shut, "a route that nobody is let into shows nothing")
	for route := range programs {
		require.True(t, ordinary.opened[route] || !strings.HasPrefix(route, "GET ") || strings.Contains(route, "/works-system/"), route)
	}
}
