package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"
	"guichet/works/payment"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// yard is a works officer's room over the bureau's store.
func (b *bureau) yard(ring *keys.Ring, clock portal.Clock) desk.Yard {
	b.works = &works.Service{Clock: clock, Runner: b.store, Store: b.store, Ring: ring}
	return desk.Yard{Store: b.store, Service: b.works, Vault: b.vault, Runner: b.store, Clock: clock, Terms: "2026-01", TermsAt: "https://grid.example/{language}/{version}"}
}

// requested captures a request as an occupant in their own visit.
func (b *bureau) requested(kind string, values map[string]string) works.Request {
	b.t.Helper()
	made, err := b.works.Capture(b.t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}, works.Draft{Kind: kind, Energy: "electricity",
		Requester: "person", Name: "Anna Schmitz", Mail: "anna@example.org", Language: "de", Channel: "mail", Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen",
		Values: values, FirstOccupied: "1998", Dwelling: true, EndUser: true}, nil, b.known.OccupancyID, "")
	require.NoError(b.t, err)
	return made.Request
}

// act sends the form of one act as the page shows it.
func (b *bureau) act(id string, act desk.Act, pairs ...string) deskAnswer {
	b.t.Helper()
	path := "/fr/desk/works/" + id
	page := b.get(path)
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	form := page.doc.Find("form[action='" + path + "/" + string(act) + "']")
	require.Equal(b.t, 1, form.Length(), "%s is possible", act)
	return b.post(path+"/"+string(act), append(brought(form), pairs...)...)
}

// brought are the fields that a form brings by itself.
func brought(form *goquery.Selection) (pairs []string) {
	for _, field := range form.Find("input[type=hidden]").EachIter() {
		pairs = append(pairs, field.AttrOr("name", ""), field.AttrOr("value", ""))
	}
	return pairs
}

// done does an act, and confirms it where the page asks.
func (b *bureau) done(id string, act desk.Act, pairs ...string) {
	b.t.Helper()
	answer := b.act(id, act, pairs...)
	if box := answer.doc.Find("input[name='" + desk.ActField(act, "sure") + "']"); answer.StatusCode == refusedStatus && box.Length() == 1 {
		answer = b.act(id, act, append(pairs, box.AttrOr("name", ""), box.AttrOr("value", ""))...)
	}
	require.Equal(b.t, http.StatusOK, answer.StatusCode)
	require.Equal(b.t, "done="+url.QueryEscape(string(act)), answer.Request.URL.RawQuery, plainSpaces(answer.text))
}

// W4-W10, W14-W17: an officer takes a request through all phases with what each
// move needs, sees how the legal date is counted, and closes it with the asset
// record whose persons are the access register's.
func TestW10AnOfficerTakesARequestToItsEnd(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	storetest.Exec(t, b.dsn, `INSERT INTO supplies (ean, supplier, from_us, to_us) VALUES ($1, 'Énergie SA', $2, 0)`, string(b.known.EAN), portal.Micros(portal.Date(2025, 7, 1)))
	r := b.requested("phases", map[string]string{"ean": string(b.known.EAN), "supply": "three-400"})
	var scan bytes.Buffer
	require.NoError(t, png.Encode(&scan, image.NewGray(image.Rect(0, 0, 60, 80))))
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Household}}
	file, err := b.vault.Take(t.Context(), by, evidence.Upload{Subject: works.Subject(r.ID), Name: "plan.png", Body: bytes.NewReader(scan.Bytes())})
	require.NoError(t, err)
	require.NoError(t, b.works.Add(t.Context(), by, r.ID, works.Paper{ID: "p1", Document: works.Photo, EvidenceID: file.ID}))

	for _, stranger := range []string{"anna", "carla", "lena", "marie"} { // W18
		b.signIn(stranger)
		for _, path := range []string{"/fr/desk/works", "/fr/desk/works/" + r.ID, "/fr/desk/works/payments"} {
			require.Equal(t, http.StatusForbidden, b.get(path).StatusCode, stranger)
		}
		require.Equal(t, http.StatusForbidden, b.post("/fr/desk/works/"+r.ID+"/study", "since", "1").StatusCode)
		b.fresh()
	}
	b.signIn("wim")
	require.Contains(t, plainSpaces(b.get("/de/desk/works").text), "Eupen", b.log.String())
	require.Positive(t, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.read' AND subject IS NULL OR subject = ''`))
	path := "/fr/desk/works/" + r.ID
	page := b.get(path)
	require.Contains(t, plainSpaces(page.text), "Anna Schmitz")
	require.Positive(t, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.read' AND subject = $1`, works.Subject(r.ID)))
	require.Zero(t, page.doc.Find("form[action$='/offer'], form[action$='/plan'], form[action$='/close']").Length(), "nothing that is not possible now")
	require.Equal(t, 1, page.doc.Find("img.scan").Length(), "whoever lets it out of quarantine sees it, drawn anew (T25)")
	require.Equal(t, 1, page.doc.Find("form[action$='/release']").Length())
	require.Equal(t, path, b.post(path+"/documents/"+file.ID+"/release").Request.URL.Path)
	src, ok := b.get(path).doc.Find("img.scan").Attr("src")
	require.True(t, ok)
	require.Equal(t, http.StatusOK, b.get(src).StatusCode)

	// D10: who follows it, and who did, with way and times; the history tells both.
	require.Zero(t, page.doc.Find("#holders").Length())
	require.NoError(t, b.works.Hold(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "zoe"}}, r.ID, "0403170701", works.ByCode))
	require.NoError(t, b.works.LetGo(t.Context(), by, r.ID, "0403170701"))
	require.NoError(t, b.works.Hold(t.Context(), by, r.ID, "0417497106", works.ByConsent))
	page = b.get(path)
	var followed []string
	for _, row := range page.doc.Find("#holders tbody tr").EachIter() {
		followed = append(followed, plainSpaces(row.Text()))
	}
	require.Len(t, followed, 2)
	require.Regexp(t, "^0417.497.106avec l’accord du demandeur.*encore$", followed[0])
	require.Regexp(t, "^0403.170.701avec numéro et code.*[0-9]$", followed[1])
	for _, told := range []string{"l’entreprise 0403.170.701 suit la demande, avec numéro et code–tiers", "l’entreprise 0403.170.701 ne suit plus la demande–le demandeur", "l’entreprise 0417.497.106 suit la demande"} {
		require.Contains(t, plainSpaces(page.doc.Find("#steps").Text()), told)
	}

	empty := b.act(r.ID, "ask-missing")
	require.Equal(t, refusedStatus, empty.StatusCode)
	require.Contains(t, plainSpaces(empty.text), "Cochez au moins une chose")
	b.done(r.ID, "ask-missing", "ask-missing-missing-photo", "yes", "ask-missing-missing-power_now", "yes")
	kept, _, err := b.store.Works(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"photo", "power_now"}, kept.Missing)
	require.NoError(t, b.works.Note(t.Context(), by, r.ID, "given", func(r *works.Request) error { r.Missing = nil; return nil }))
	b.done(r.ID, "complete")
	require.Equal(t, refusedStatus, b.act(r.ID, "no-study", "no-study-reason", "").StatusCode, "W6: it is stated why")
	b.done(r.ID, "no-study", "no-study-reason", "Le câble est déjà là")

	wrong := b.act(r.ID, "offer", "offer-line-a", "0", "offer-line-b", "312,005", "offer-line-c", "184", "offer-study", "0", "offer-vat", "6")
	require.Equal(t, refusedStatus, wrong.StatusCode)
	require.Equal(t, "312,005", wrong.doc.Find("#offer-line-b").AttrOr("value", ""), "nothing typed is lost")
	require.Equal(t, "true", wrong.doc.Find("#offer-line-d").AttrOr("aria-invalid", ""), "also what is nothing is stated (W7)")
	require.Equal(t, "6", b.get(path).doc.Find("input[name=offer-vat][checked]").AttrOr("value", ""), "6 % by the declaration (C.5)")
	b.done(r.ID, "offer", "offer-line-a", "0", "offer-line-b", "312,00", "offer-line-c", "184", "offer-line-d", "48", "offer-study", "0", "offer-vat", "6", "offer-days", "20")
	kept, _, err = b.store.Works(t.Context(), r.ID)
	require.NoError(t, err)
	require.EqualValues(t, 57_664, kept.Offer.Total())
	require.EqualValues(t, 28_832, kept.Offer.Deposit())
	require.True(t, kept.Offer.ValidTo.Equal(portal.Date(2027, 2, 24)), "three months from 23 November 2026")
	require.Equal(t, "2026-01", kept.Offer.Terms)
	require.Equal(t, "https://grid.example/de/2026-01", kept.Offer.TermsLink("de"), "W21: with where they are read, as set when it left")
	b.done(r.ID, "accept", "accept-who", "Anna Schmitz")
	require.Zero(t, b.get(path).doc.Find("form[action$='/plan']").Length(), "not before the deposit (Wd3)")
	c, err := payment.CommunicationOf(r.Number.Reveal())
	require.NoError(t, err)
	_, err = b.works.File(t.Context(), "a.cod", []payment.Statement{{Payments: []payment.Payment{{ID: "1", Entry: portal.Date(2026, 11, 23), Cents: 28_832, Communication: c}}}}, false)
	require.NoError(t, err)
	page = b.get(path)
	require.Contains(t, plainSpaces(page.text), "Comment le délai légal est compté")
	old := page.doc.Find("form[action$='/plan'] input[name=since]").AttrOr("value", "")
	b.clock.Pass(time.Minute)
	b.done(r.ID, "await", "await-reason", "Permis de voirie")
	require.Contains(t, plainSpaces(b.get(path).text), "le délai est suspendu")
	late := b.post(path+"/plan", "since", old, "plan-day", "2026-12-10", "plan-half", "afternoon", "plan-team", "Est")
	require.Equal(t, http.StatusConflict, late.StatusCode, "somebody was faster")
	b.clock.Pass(time.Minute)
	b.done(r.ID, "resume")
	require.Equal(t, refusedStatus, b.act(r.ID, "plan", "plan-day", "2020-12-10", "plan-half", "afternoon", "plan-team", "Est").StatusCode)
	b.done(r.ID, "plan", "plan-day", "2026-12-10", "plan-half", "afternoon", "plan-team", "Est")
	again := b.post(path+"/plan", "since", old, "plan-day", "2026-12-11", "plan-half", "morning", "plan-team", "Ouest")
	require.Equal(t, http.StatusConflict, again.StatusCode, "what was decided was another state than this")
	require.Contains(t, plainSpaces(b.get("/fr/desk/works?team=Est").text), "Eupen")
	require.Contains(t, plainSpaces(b.get("/fr/desk/works?team=Ouest").text), "Aucune demande")
	b.done(r.ID, "start")
	b.done(r.ID, "carry-out", "carry-out-result", "Posé")
	require.Zero(t, b.get(path).doc.Find("form[action$='/close']").Length(), "not without both (W10)")
	b.done(r.ID, "asset")
	require.Contains(t, plainSpaces(b.get(path).text), "Claes")
	b.done(r.ID, "invoice")
	b.done(r.ID, "close")
	require.Equal(t, works.Closed, func() works.Status { r, _, _ := b.store.Works(t.Context(), r.ID); return r.Status }())
	require.Equal(t, http.StatusNotFound, b.get("/fr/desk/works/nothing").StatusCode)
	require.Equal(t, http.StatusNotFound, b.post(path+"/everything", "since", "1").StatusCode)
}

// M6, D10: an officer finds a request by the number that a caller reads out, and
// opens the number again that the gate closed, with the reason in the trail.
func TestM6AnOfficerUnlocksAWorksNumber(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	r := b.requested("phases", map[string]string{"ean": string(b.known.EAN), "supply": "three-400"})
	b.signIn("wim")
	path := "/fr/desk/works/" + r.ID
	for typed, told := range map[string]string{"12": "Écrivez les 10 chiffres", "0000000000": "Aucune demande"} {
		wrong := b.post("/fr/desk/works", "number", typed)
		require.Equal(t, refusedStatus, wrong.StatusCode, typed)
		require.Contains(t, plainSpaces(wrong.text), told)
		require.Equal(t, typed, strings.ReplaceAll(plainSpaces(wrong.doc.Find("#number").AttrOr("value", "")), " ", ""), "nothing typed is lost")
	}
	require.Equal(t, path, b.post("/fr/desk/works", "number", worksNumber(r.Number)).Request.URL.Path)
	sought := func(subject string) int64 {
		return storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'desk.sought' AND ground = 'works' AND actor_id = 'wim' AND subject = $1`, subject)
	}
	require.EqualValues(t, 1, sought(""), "L19: also what was not found")
	require.EqualValues(t, 1, sought(works.Subject(r.ID)))
	require.Zero(t, b.get(path).doc.Find("form[action$='/unlock']").Length(), "it is open")
	require.Equal(t, http.StatusConflict, b.post(path+"/unlock", "since", strconv.FormatInt(portal.Micros(r.Since), 10), "unlock-reason", "x").StatusCode)

	closes := func() {
		t.Helper()
		require.NoError(t, b.store.Do(t.Context(), func(u tx.Tx) error {
			return b.store.SaveAttempt(u, lookup.ByWorks, r.Key, b.clock.Now(), lookup.Counter{BlockedAt: b.clock.Now(), CaseID: "case-1"})
		}))
	}
	closes()
	require.Equal(t, refusedStatus, b.act(r.ID, desk.Unlock, "unlock-reason", "").StatusCode, "it is stated why")
	for _, telltale := range []string{"a lu " + r.Number.Reveal(), "code 482913", "code 482 913", "code ４８２９１３"} { // G12
		wrong := b.act(r.ID, desk.Unlock, "unlock-reason", telltale)
		require.Equal(t, refusedStatus, wrong.StatusCode, telltale)
		require.Contains(t, plainSpaces(wrong.text), "ni long numéro ni code")
	}
	b.done(r.ID, desk.Unlock, "unlock-reason", "Rappelé, identité vérifiée")
	blocked, err := b.store.WorksBlocked(t.Context(), r.Key)
	require.NoError(t, err)
	require.False(t, blocked)
	require.EqualValues(t, 1, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'reference.unblocked' AND subject = $1 AND details LIKE '%reason=Rappel%'`, works.Subject(r.ID)))
	require.Zero(t, b.get(path).doc.Find("form[action$='/unlock']").Length())

	// G10: the third time in twelve months another officer opens it.
	closes()
	b.done(r.ID, desk.Unlock, "unlock-reason", "Rappelé, identité vérifiée")
	closes()
	require.Contains(t, plainSpaces(b.get(path).text), "demande un second agent")
	b.done(r.ID, desk.Unlock, "unlock-reason", "Rappelé une troisième fois")
	asked := b.get(path + "?done=unlock")
	require.Contains(t, plainSpaces(asked.text), "Le déblocage attend un second agent.")
	require.Contains(t, plainSpaces(asked.text), "Vous avez demandé ce déblocage.")
	require.Zero(t, asked.doc.Find("form[action$='/unlock']").Length())
	storetest.Exec(t, b.dsn, `UPDATE unblocks SET login = 'eva' WHERE kind = 'asked'`)
	require.Contains(t, plainSpaces(b.get(path).text), "« Rappelé une troisième fois ». Votre accord rouvre le numéro.")
	b.done(r.ID, desk.Unlock, "unlock-reason", "D’accord avec Eva")
	require.Zero(t, b.get(path).doc.Find("form[action$='/unlock']").Length())

	require.Equal(t, refusedStatus, b.act(r.ID, desk.NewCode, "code-reason", "").StatusCode, "it is stated why")
	require.Equal(t, refusedStatus, b.act(r.ID, desk.NewCode, "code-reason", "code 482913 perdu").StatusCode, "G12")
	b.done(r.ID, desk.NewCode, "code-reason", "Reçu perdu, identité vérifiée")
	require.EqualValues(t, 1, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.code' AND subject = $1 AND details LIKE '%reason=Re%'`, works.Subject(r.ID)))

	// The same form sent twice sends one letter: of two only the later one opens.
	letters := `SELECT COUNT(*) FROM outbox WHERE kind = 'works-receipt'`
	twice := append(brought(b.get(path).doc.Find("form[action$='/code']")), "code-reason", "Perdu une seconde fois")
	b.clock.Pass(time.Minute)
	before := storetest.Number(t, b.dsn, letters)
	require.Equal(t, "done=code", b.post(path+"/code", twice...).Request.URL.RawQuery)
	require.EqualValues(t, before+1, storetest.Number(t, b.dsn, letters))
	b.clock.Pass(time.Second)
	again := b.post(path+"/code", twice...)
	require.Equal(t, http.StatusConflict, again.StatusCode)
	require.Contains(t, plainSpaces(again.text), "un second n’a pas été envoyé")
	require.EqualValues(t, before+1, storetest.Number(t, b.dsn, letters))
	b.done(r.ID, desk.NewCode, "code-reason", "Lu, et voulu encore")
	require.EqualValues(t, before+2, storetest.Number(t, b.dsn, letters))
}

// C.4: an officer assigns a payment that fits no request, or sets it aside.
func TestOfficerSettlesPayments(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	r := b.requested("two-rate", map[string]string{"ean": string(b.known.EAN)})
	none := b.requested("smart-meter", map[string]string{"ean": string(b.known.EAN)})
	b.signIn("wim")
	b.done(r.ID, "no-study", "no-study-reason", "Rien à étudier")
	b.done(r.ID, "offer", "offer-line-a", "0", "offer-line-b", "0", "offer-line-c", "100", "offer-line-d", "0", "offer-study", "0", "offer-vat", "21")
	day := portal.Date(2026, 11, 23)
	_, err := b.works.File(t.Context(), "a.csv", []payment.Statement{{Payments: []payment.Payment{
		{ID: "csv/é 1 BE68539007547034/2026-11-23/231/0001-0000", Entry: day, Cents: 6_050, Text: "compteur bihoraire"}, {ID: "csv/2", Entry: day, Cents: 100}}}}, false)
	require.NoError(t, err)
	list := b.get("/fr/desk/works/payments")
	require.Contains(t, plainSpaces(list.text), "compteur bihoraire")
	assign, _ := list.doc.Find("form[action$='/assign']").Last().Attr("action")
	number, _ := list.doc.Find("form[action$='/assign'] input").Last().Attr("name")
	aside, _ := list.doc.Find("form[action$='/aside']").First().Attr("action")
	reason, _ := list.doc.Find("form[action$='/aside'] textarea").First().Attr("name")
	short := b.post(assign, number, "12 34")
	require.Equal(t, http.StatusUnprocessableEntity, short.StatusCode)
	require.Equal(t, "12 34", short.doc.Find("#"+number).AttrOr("value", ""))
	require.Contains(t, plainSpaces(short.text), "Écrivez les 10 chiffres")
	require.Equal(t, http.StatusConflict, b.post(assign, number, none.Number.Reveal()).StatusCode)
	require.Equal(t, "/fr/desk/works/payments?done=assign", b.post(assign, number, worksNumber(r.Number)).Request.URL.RequestURI())
	kept, _, err := b.store.Works(t.Context(), r.ID)
	require.NoError(t, err)
	require.EqualValues(t, 6_050, kept.Offer.Paid)
	require.Equal(t, http.StatusConflict, b.post(assign, number, r.Number.Reveal()).StatusCode, "a colleague was faster")
	require.Equal(t, http.StatusUnprocessableEntity, b.post(aside, reason, "").StatusCode)
	require.Equal(t, "/fr/desk/works/payments?done=aside", b.post(aside, reason, "Remboursé par la banque").Request.URL.RequestURI())
	require.Contains(t, plainSpaces(b.get("/fr/desk/works/payments").text), "Aucun paiement")
	require.Equal(t, http.StatusNotFound, b.post("/fr/desk/works/payments/zz/assign").StatusCode)
}
