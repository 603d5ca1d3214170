package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/mandates/batch"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/metering"
	"guichet/portal/state"
	"guichet/portal/state/redis"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/api"
	"guichet/works"

	"github.com/stretchr/testify/require"
	"github.com/ulule/limiter/v3"
	"golang.org/x/mod/sumdb/note"
)

// agency is the public listener with third parties over a real store.
type agency struct {
	*browser
	store *store.Store
	dsn   string
	room  *partner.Service
	deeds *mandates.Service
	known []storetest.Known
	vault *vault
	works *works.Service
	short login.Idle
	// limits is what the limiters count in, with the keys that they used.
	limits keyed
}

// keyed is a limiter's store that tells the keys that were counted.
type keyed struct {
	limiter.Store
	mu   sync.Mutex
	keys []string
}

func (k *keyed) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	k.mu.Lock()
	k.keys = append(k.keys, key)
	k.mu.Unlock()
	return k.Store.Get(ctx, key, rate)
}

var testOfficer = portal.Actor{Kind: portal.Staff, ID: "m.dubois"}

const partnerPassword = keys.Secret("a long way round")

// vault keeps documents as portal/evidence does, as far as the pages see it.
type vault struct {
	files   []evidence.File
	verdict evidence.Verdict
}

func (v *vault) Expect() {}

func (v *vault) Take(_ context.Context, _ audit.Entry, up evidence.Upload) (evidence.File, error) {
	data, err := io.ReadAll(up.Body)
	if err != nil || !bytes.HasPrefix(data, []byte("%PDF-")) {
		return evidence.File{}, &portal.Error{Code: portal.Invalid, Key: "evidence.type", Field: "document"}
	}
	sum := sha256.Sum256(data)
	f := evidence.File{ID: portal.NewID(fixtureNow), Subject: up.Subject, Name: up.Name, Type: evidence.PDF, Hash: sum[:], Status: evidence.Quarantined, AddedAt: fixtureNow}
	v.files = append(v.files, f)
	return f, nil
}

func (v *vault) List(_ context.Context, subject string) (all []evidence.File, _ error) {
	for _, f := range v.files {
		if f.Subject == subject {
			all = append(all, f)
		}
	}
	return all, nil
}

func (v *vault) Signature(context.Context, audit.Entry, string, string) (evidence.Verdict, error) {
	return v.verdict, nil
}

// newAgency is over SQLite with its short-lived state in memory, or over
// PostgreSQL with Redis.
func newAgency(t *testing.T, b storetest.Backend) *agency {
	h := newHouse(t)
	h.ring = storetest.Keys(t)
	var short login.Idle = state.NewMemory(h.clock, 1000)
	limits := limiter.Store(NewCounters(h.clock, 1000))
	if b.Name == "postgres" {
		r, err := redis.OpenPatient(storetest.Redis(t), h.clock, 5*time.Second)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, r.Close()) })
		short = r
		limits, err = r.Limits()
		require.NoError(t, err)
	}
	a := agencyOver(t, h, b.DSN(t), short, limits)
	a.known = storetest.References(t, a.dsn, 3)
	return a
}

// agencyOver is one over a database and a short-lived state that may be there already.
func agencyOver(t *testing.T, h *house, dsn string, short login.Idle, limits limiter.Store, change ...func(*agency, *PublicDeps)) *agency {
	a := &agency{vault: &vault{}, dsn: dsn, short: short}
	a.limits.Store = limits
	a.store = storetest.Reopen(t, a.dsn, h.clock)
	passwords, err := login.NewPasswords()
	require.NoError(t, err)
	a.room = partner.New(partner.Deps{Store: a.store, Runner: a.store, State: short, Ring: h.ring, Clock: h.clock, Passwords: passwords})
	a.deeds = &mandates.Service{Clock: h.clock, Runner: a.store, Store: a.store}
	a.works = &works.Service{Clock: h.clock, Runner: a.store, Store: a.store, Ring: h.ring}
	h.numbers = map[string]storetest.Known{}
	a.browser = open(t, h, func(d *PublicDeps) {
		d.Runner, d.Follow = a.store, FollowDeps{Room: a.works, Evidence: a.vault}
		d.Works.ADay, d.Works.ADayNetwork = 5, 30
		d.Works.Drafts = &works.Drafts{Ring: h.ring, Clock: h.clock, State: state.NewMemory(h.clock, 1000)}
		d.Limits = &a.limits
		d.Partners = PartnerDeps{Room: a.room, Mandates: a.deeds, History: h, Evidence: a.vault, Signer: h.ring.TrailSigner(), Batches: a.store, Certificates: true}
		for _, c := range change {
			c(a, d)
		}
	})
	return a
}

// guestOf asks for access, is approved, sets up and signs in, all through the
// pages but the officer's yes.
func (a *agency) guestOf(name, company string, roles ...string) (*browser, partner.Guest) {
	t, b := a.t, a.another()
	form := url.Values{"name": {name}, "company_number": {company}, "street": {"Quai 1"}, "postcode": {"4000"}, "town": {"Liège"}, "manager": {"Zoé Noël"},
		"mail": {"info@partner.example"}, "privacy_mail": {"dpo@partner.example"}, "language": {"fr"}, "captcha": {"123456"}}
	for _, role := range roles {
		form.Set(role, "yes")
	}
	form.Set("captcha_id", b.get("/fr/partner/ask").doc.Find("input[name=captcha_id]").AttrOr("value", ""))
	require.Equal(t, "/fr/partner/asked", b.post("/fr/partner/ask", form).Header.Get("Location"))
	waiting, err := a.room.List(t.Context(), testOfficer, partner.Asked, partner.Place{})
	require.NoError(t, err)
	require.NoError(t, a.room.Approve(t.Context(), testOfficer, waiting[0].ID, true))
	letters, err := a.store.WaitingLetters(t.Context(), "", 50)
	require.NoError(t, err)
	var l partner.Letter
	require.NoError(t, json.Unmarshal(letters[len(letters)-1].Data, &l))

	require.Equal(t, http.StatusUnprocessableEntity, b.post("/fr/partner/set-up", url.Values{"login": {l.Login}, "code": {"0000"}}).StatusCode)
	a.setUp(b, l.Login, l.Code)
	o, err := a.store.Partner(t.Context(), waiting[0].ID)
	require.NoError(t, err)
	return b, partner.Guest{Person: partner.Person{Login: l.Login, PartnerID: o.ID, Manager: true}, Organisation: o}
}

// setUp makes an invited person's account and signs in.
func (a *agency) setUp(b *browser, name, invitation string) {
	t := a.t
	seedPage := b.post("/fr/partner/set-up", url.Values{"login": {name}, "code": {invitation}})
	require.Equal(t, http.StatusOK, seedPage.StatusCode)
	seed := keys.Secret(strings.ReplaceAll(seedPage.doc.Find(".secret").Text(), " ", ""))
	code := func() string {
		c, err := login.Code(seed, a.h.clock())
		require.NoError(t, err)
		return c.Reveal()
	}
	second := url.Values{"login": {name}, "code": {invitation}, "password": {"short"}, "otp": {code()},
		"shown": {seedPage.doc.Find("input[name=shown]").AttrOr("value", "")}}
	require.Contains(t, b.post("/fr/partner/set-up", second).body, `id="password-error"`)
	second.Set("password", partnerPassword.Reveal())
	require.Equal(t, "/fr/partner/sign-in?done=set-up", b.post("/fr/partner/set-up", second).Header.Get("Location"))
	a.h.pass(60)
	require.Equal(t, "/fr/partner/sign-in", b.get("/fr/partner").Header.Get("Location"))
	entered := b.post("/fr/partner/sign-in", url.Values{"login": {name}, "password": {partnerPassword.Reveal()}, "code": {code()}})
	require.Equal(t, "/fr/partner", entered.Header.Get("Location"))
}

// send posts a form as a browser sends one that may carry a file.
func (b *browser) send(path string, form url.Values, field, name string, file []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, values := range form {
		for _, v := range values {
			require.NoError(b.t, w.WriteField(field, v))
		}
	}
	if field != "" {
		part, err := w.CreateFormFile(field, name)
		require.NoError(b.t, err)
		_, err = part.Write(file)
		require.NoError(b.t, err)
	}
	require.NoError(b.t, w.Close())
	r, err := http.NewRequest(http.MethodPost, b.server.URL+path, &body)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

func draftForm(points string) url.Values {
	return url.Values{"name": {"Claes"}, "capacity": {"occupant"}, "street": {"Rue Haute 1"}, "postcode": {"5000"}, "town": {"Namur"}, "language": {"fr"},
		"points": {points}, "kind_totals": {"yes"}, "purpose": {"Comparer des offres de fourniture."}, "data_from": {"2025-01-01"}}
}

// drafted makes a mandate through the form and gives its path.
func (b *browser) drafted(points string) string {
	b.t.Helper()
	made := b.send("/fr/partner/mandates/new", draftForm(points), "", "", nil)
	require.Equal(b.t, http.StatusSeeOther, made.StatusCode, made.body)
	path, _, _ := strings.Cut(made.Header.Get("Location"), "?")
	return path
}

func idOf(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// grant decides as an officer does who compared everything, and the customer
// says yes.
func (a *agency) grant(g partner.Guest, id string, k storetest.Known) {
	a.t.Helper()
	kept, _, err := a.deeds.Store.GivenMandate(a.t.Context(), id)
	require.NoError(a.t, err)
	require.NoError(a.t, a.deeds.Decide(a.t.Context(), audit.Entry{Actor: testOfficer, Ground: "mandate", Channel: "desk"}, g.Organisation.Mandatary(), id,
		mandates.Decision{Given: kept.GivenAt, Signature: mandates.ByHand, Checks: mandates.Checks, Lines: map[portal.EAN]mandates.LineDecision{k.EAN: {OccupancyID: k.OccupancyID}}}))
	require.NoError(a.t, a.deeds.Confirm(a.t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}, k.OccupancyID, id))
}

func TestPartnerPages(t *testing.T) {
	t.Parallel()
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { partnerPages(t, newAgency(t, b)) })
	}
}

func partnerPages(t *testing.T, a *agency) {
	first, g := a.guestOf("Nordlicht SA", "0403.170.701")
	second, other := a.guestOf("Sonnenwind AG", "0417.497.106")
	point := string(a.known[0].EAN)

	t.Run("a draft comes back with a message at each field and all that was typed", func(t *testing.T) {
		form := draftForm("54144\n" + point + "\n" + point)
		form.Del("kind_totals")
		form.Set("purpose", "court")
		wrong := first.send("/fr/partner/mandates/new", form, "annex", "annexe.csv", []byte("541449;fin\n"))
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		require.Equal(t, "Claes", wrong.doc.Find("#name").AttrOr("value", ""))
		require.Contains(t, wrong.doc.Find("#points").Text(), "541449;fin")
		for _, field := range []string{"points", "kinds", "purpose"} {
			require.Equal(t, 1, wrong.doc.Find("#"+field+"-error").Length(), field)
		}
		require.Equal(t, http.StatusUnsupportedMediaType, first.post("/fr/partner/mandates/new", form).StatusCode)
		require.Equal(t, http.StatusRequestEntityTooLarge,
			first.send("/fr/partner/mandates/new", form, "annex", "a.csv", make([]byte, draftSize+1)).StatusCode)
	})

	t.Run("from draft to download and end, D9, L18, L29", func(t *testing.T) {
		path := first.drafted(point)
		page := first.get(path)
		require.Contains(t, page.doc.Find(".note").Text(), "À vous")
		require.Contains(t, first.get(path+"/document.html").body, "Nordlicht SA")
		require.True(t, strings.HasPrefix(first.get(path+"/document.pdf").body, "%PDF-"))
		require.Contains(t, first.send(path+"/give", nil, "", "", nil).body, `id="document-error"`)
		require.Contains(t, first.send(path+"/give", nil, "document", "x.exe", []byte("MZ")).body, `id="document-error"`)
		require.Equal(t, path+"?done=given", first.send(path+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7")).Header.Get("Location"))
		again := first.send(path+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7"))
		require.Equal(t, http.StatusConflict, again.StatusCode)
		require.Contains(t, again.doc.Find(".note").Text(), "À nous", "where it stands is told with the refusal")
		require.Equal(t, path, first.get(path+"/edit").Header.Get("Location"), "no longer to be changed")

		// What became of a file is told, in words a partner may know: what the
		// scanner calls its find is not among them, nor what the register says.
		a.vault.verdict = evidence.Verdict{Reasons: []evidence.Reason{evidence.Unsigned}}
		for _, c := range []struct {
			status     evidence.Status
			word, turn string
		}{{evidence.Quarantined, "en attente", "Vous n’avez rien à faire"}, {evidence.Infected, "refusé", "en remettre un autre"}, {evidence.Clean, "accepté", "Vous n’avez rien à faire"}} {
			status := c.status
			a.vault.files[0].Status, a.vault.files[0].Found = status, "Eicar-Test"
			told := first.get(path)
			require.Contains(t, told.doc.Find(".note").Text(), c.turn)
			require.Equal(t, c.word, told.doc.Find("#files tbody .tag").Text())
			require.NotContains(t, told.body, "Eicar")
			require.Equal(t, status == evidence.Clean, strings.Contains(told.body, "Signature électronique"))
		}
		require.Contains(t, first.get(path).body, "ne porte pas de signature électronique")
		a.vault.verdict = evidence.Verdict{Signer: evidence.Signer{Name: "Marie Claes"}, SignedAt: fixtureNow}
		require.Contains(t, first.get(path).body, "Signé par Marie Claes")

		a.grant(g, idOf(path), a.known[0])
		shown := first.get(path + "/points/1/consumption?grain=month")
		require.Equal(t, http.StatusOK, shown.StatusCode)
		require.NotZero(t, shown.doc.Find("figure svg").Length())
		require.NotZero(t, shown.doc.Find("table tbody tr").Length())
		require.Zero(t, shown.doc.Find("table a").Length(), "no way into a customer's page")
		require.Contains(t, shown.doc.Find("main").Text(), "pour le seul but du mandat", "L20: as text")
		require.NotContains(t, shown.body, point, "G12")
		taken := shown.doc.Find("a[href*='consumption.csv']").AttrOr("href", "")
		require.Equal(t, path+"/points/1/consumption", first.get(path+"/points/1").doc.Find("[formaction]").First().AttrOr("formaction", ""))
		require.Equal(t, http.StatusUnprocessableEntity, first.get(path+"/points/1/consumption?grain=day").StatusCode, "not ticked")
		require.EqualValues(t, 1, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'delivery.made'`), "it was shown, and that is told (L18)")
		require.Equal(t, http.StatusOK, first.get(taken).StatusCode, "what is seen is what is taken")
		verifier, err := note.NewVerifier(a.h.ring.TrailVerifierKey())
		require.NoError(t, err)
		for ending, kind := range map[string]string{"csv": "text/csv; charset=utf-8", "json": "application/json", "xml": "application/atom+xml; charset=utf-8"} {
			file := first.get(path + "/points/1/consumption." + ending + "?grain=month")
			require.Equal(t, http.StatusOK, file.StatusCode, ending)
			require.Equal(t, kind, file.Header.Get("Content-Type"))
			require.Contains(t, file.body, idOf(path), "the mandate's number")
			require.Contains(t, file.body, "Confidentiel", "L20")
			require.NotContains(t, file.body, "Ma consommation", "it is not the partner's own")
			require.NotContains(t, file.body, point, "G12")
			leaf, err := api.CheckDelivery([]byte(file.body), verifier)
			require.NoError(t, err, "D9: %s carries its signed leaf", ending)
			require.Equal(t, idOf(path), leaf.Says["mandate"])
			_, err = api.CheckDelivery([]byte(strings.Replace(file.body, "2026", "2025", 1)), verifier)
			require.Error(t, err, "%s was changed", ending)
		}
		require.Equal(t, http.StatusUnprocessableEntity, first.get(path+"/points/1/consumption.csv?grain=day").StatusCode, "not ticked")
		require.Equal(t, http.StatusUnprocessableEntity, first.get(path+"/points/1/consumption.csv?grain=month&from=x").StatusCode)
		require.EqualValues(t, 5, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'delivery.made'`))

		renewed := first.send(path+"/renew", draftForm(point), "", "", nil)
		require.Equal(t, http.StatusSeeOther, renewed.StatusCode)
		anew, _, _ := strings.Cut(renewed.Header.Get("Location"), "?")
		first.send(anew+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7"))
		a.grant(g, idOf(anew), a.known[0])
		require.Equal(t, http.StatusForbidden, first.get(path+"/points/1/consumption.csv?grain=month").StatusCode, "the new one took its place")
		require.Contains(t, first.get(path).body, "remplacé par un autre mandat")
		require.Equal(t, http.StatusOK, first.get(anew+"/points/1/consumption.csv?grain=month").StatusCode)
		require.Equal(t, http.StatusSeeOther, first.post(anew+"/points/1/give-up", nil).StatusCode)
		require.Equal(t, http.StatusForbidden, first.get(anew+"/points/1/consumption.csv?grain=month").StatusCode)

		only := draftForm(point)
		only.Set("once", "yes")
		made := first.send("/fr/partner/mandates/new", only, "", "", nil)
		single, _, _ := strings.Cut(made.Header.Get("Location"), "?")
		first.send(single+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7"))
		a.grant(g, idOf(single), a.known[0])
		require.Equal(t, http.StatusConflict, first.get(single+"/points/1/consumption?grain=month").StatusCode)
		require.Equal(t, http.StatusOK, first.get(single+"/points/1/consumption.csv?grain=month").StatusCode, "looking did not spend the one delivery")

		gone := first.drafted(point)
		require.Equal(t, gone+"?done=withdrawn", first.post(gone+"/withdraw", nil).Header.Get("Location"))
	})

	t.Run("keys and colleagues", func(t *testing.T) {
		made := first.post("/fr/partner/keys", url.Values{"name": {"lecture"}, "scope_consumption": {"yes"}, "months": {"3"}})
		key := keys.Secret(made.doc.Find(".secret").Text())
		_, err := a.room.Authenticate(t.Context(), key, "", partner.ForConsumption)
		require.NoError(t, err)
		require.Zero(t, first.get("/fr/partner/keys").doc.Find(".secret").Length(), "shown once")
		require.Equal(t, http.StatusUnprocessableEntity, first.post("/fr/partner/keys", url.Values{"months": {"99"}}).StatusCode)
		end := first.get("/fr/partner/keys").doc.Find("form[action$='/end']").AttrOr("action", "")
		require.Equal(t, http.StatusSeeOther, first.post(end, nil).StatusCode)
		_, err = a.room.Authenticate(t.Context(), key, "", partner.ForConsumption)
		require.Error(t, err)
		invited := first.post("/fr/partner/people", url.Values{"name": {"Jean Dupont"}})
		require.Len(t, strings.Fields(invited.doc.Find(".secret").Text()), 4)
		end = first.get("/fr/partner/people").doc.Find("form[action$='/end']").AttrOr("action", "")
		require.Equal(t, http.StatusSeeOther, first.post(end, nil).StatusCode)
	})

	t.Run("L10 nothing of one tells anything of another", func(t *testing.T) {
		bystander(t, a, first, second, other)
	})

	t.Run("G11 a shut door lets nobody in", func(t *testing.T) {
		a.h.closed = map[doors.Door]bool{doors.Partners: true}
		defer func() { a.h.closed = nil }()
		for _, path := range []string{"/fr/partner", "/fr/partner/ask", "/fr/partner/sign-in"} {
			require.Equal(t, http.StatusServiceUnavailable, first.get(path).StatusCode, path)
		}
	})

	t.Run("T24 who left is out, and so is who was suspended", func(t *testing.T) {
		require.NoError(t, a.room.Suspend(t.Context(), testOfficer, other.PartnerID, "Enquête en cours."))
		require.Equal(t, "/fr/partner/sign-in", second.get("/fr/partner").Header.Get("Location"))
		require.Equal(t, http.StatusSeeOther, first.post("/fr/partner/sign-out", nil).StatusCode)
		require.Equal(t, "/fr/partner/sign-in", first.get("/fr/partner/keys").Header.Get("Location"))
	})
}

// bystander walks every page and action of partners with the ids of another
// partner and with ids of nobody: the same bytes but for the ids; and the
// partner's own lists stay as they were whatever the other does (must-show 4).
func bystander(t *testing.T, a *agency, first, second *browser, other partner.Guest) {
	own := func() (all []string) {
		for _, path := range []string{"/fr/partner", "/fr/partner/batches", "/fr/partner/keys", "/fr/partner/people"} {
			all = append(all, first.get(path).body)
		}
		return all
	}
	before := own()
	drafted := idOf(second.drafted(string(a.known[1].EAN)))
	granted := second.drafted(string(a.known[1].EAN))
	second.send(granted+"/give", nil, "document", "signé.pdf", []byte("%PDF-1.7"))
	a.grant(other, idOf(granted), a.known[1])
	second.post("/fr/partner/keys", url.Values{"name": {"lecture"}, "scope_mandates": {"yes"}, "months": {"3"}})
	second.post("/fr/partner/people", url.Values{"name": {"Anna Klein"}})
	asked := batch.Batch{ID: portal.NewID(a.h.clock()), PartnerID: other.PartnerID, Grain: metering.ByMonth, MadeAt: a.h.clock()}
	require.NoError(t, a.store.Do(t.Context(), func(t tx.Tx) error {
		_, err := a.store.PutBatch(t, asked, nil, idOf(granted))
		return err
	}))
	require.Contains(t, second.get("/fr/partner/batches").doc.Find("#batches").Text(), "0 sur 1", "must-show 6: progress")
	require.Equal(t, before, own(), "the other's work shows in nothing")
	require.Equal(t, http.StatusOK, second.get(granted+"/points/1/consumption.json?grain=month").StatusCode, "it is there, for whose it is")
	list, err := a.room.Keys(t.Context(), other)
	require.NoError(t, err)
	people, err := a.room.People(t.Context(), other)
	require.NoError(t, err)

	theirs := map[string][]string{":id": {drafted, idOf(granted), list[0].ID}, ":login": {people[1].Login, other.Login}}
	nobody := map[string]string{":id": portal.NewID(a.h.clock().Add(time.Hour)), ":login": "n.obody-000000"}
	// A list goes on behind what is another's as behind what is nobody's.
	for path, cursor := range map[string]string{"/fr/partner?before=": placeText(a.h.clock(), drafted), "/fr/partner/batches?before=": asked.ID} {
		got, none := first.get(path+cursor), first.get(path+cursor[:len(cursor)-1]+"z")
		require.Equal(t, http.StatusOK, got.StatusCode, path)
		require.Equal(t, strings.ReplaceAll(none.body, cursor[:len(cursor)-1]+"z", "ID"), strings.ReplaceAll(got.body, cursor, "ID"), path)
	}
	walked := 0
	for _, r := range tables(t)["public"] {
		if r.Policy.Name != "partner" || !strings.Contains(r.Path, "/:id") && !strings.Contains(r.Path, "/:login") {
			continue
		}
		ask := func(mark, id string) (int, http.Header, string) {
			path := strings.NewReplacer(":lang", "fr", ":n", "1", mark, id).Replace(r.Path)
			var got answer
			switch {
			case r.Method == http.MethodGet:
				got = first.get(path + "?grain=month")
			case r.Policy.Uploads > 0:
				got = first.send(path, draftForm(string(a.known[1].EAN)), "document", "signé.pdf", []byte("%PDF-1.7"))
			default:
				got = first.post(path, url.Values{})
			}
			got.Header.Del("Date")
			return got.StatusCode, got.Header, strings.ReplaceAll(got.body, id, "ID")
		}
		for mark, ids := range theirs {
			if !strings.Contains(r.Path, mark) {
				continue
			}
			status, header, body := ask(mark, nobody[mark])
			require.Equal(t, http.StatusNotFound, status, r.Path)
			for _, id := range ids {
				walked++
				s, h, b := ask(mark, id)
				header["Content-Length"], h["Content-Length"] = nil, nil // the ids differ in length
				require.Equal(t, status, s, r.Method+" "+r.Path)
				require.Equal(t, header, h, r.Method+" "+r.Path)
				require.Equal(t, body, b, r.Method+" "+r.Path)
			}
		}
	}
	require.GreaterOrEqual(t, walked, 45)
	require.Equal(t, before, own(), "nor what was tried on it")
	m, found, err := a.store.Mandate(t.Context(), other.PartnerID, drafted)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, mandates.Drafted, m.Status, "and nothing of the other's was changed")
}
