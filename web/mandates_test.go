package web

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// grantMandate gives a third party a mandate on an access point, as it stands
// after an officer's decision.
func grantMandate(t *testing.T, h *house, a strongroom, ean portal.EAN, stay string) (id string) {
	t.Helper()
	storetest.Exec(t, a.dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier,
  manager, status, asked_us, decided_us, decided_by, reason)
  VALUES ('p1', 'Énergie SA', '0403170701', 'a@example.org', 'p@example.org', 'fr', 'Rue', '5000', 'Namur', '', 'Anna', 'approved', 1, 1, 'otto', '')
  ON CONFLICT (id) DO NOTHING`)
	svc := &mandates.Service{Clock: h.clock, Runner: a.Store, Store: a.Store}
	to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}}
	m, err := svc.Draft(t.Context(), by, to, mandates.Draft{Name: "Claes", Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur",
		Language: "fr", Points: string(ean), Kinds: []string{"totals"}, DataFrom: "2026-01-01", Purpose: "Comparer les offres"})
	require.NoError(t, err)
	require.NoError(t, svc.GiveIn(t.Context(), by, "p1", m.ID, mandates.Document{ID: m.ID, EvidenceID: "e", Hash: []byte{1}}))
	require.NoError(t, svc.Decide(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}}, to, m.ID, mandates.Decision{Given: h.clock(),
		Signature: mandates.ByHand, Checks: mandates.Checks, Lines: map[portal.EAN]mandates.LineDecision{ean: {OccupancyID: stay}}}))
	return m.ID
}

// D8, Ld5: the customer sees each mandate on their access point behind the
// reference, says yes and no there, and nobody else's can be named (T24).
func TestD8TheCustomerDecides(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := newStrongroom(t, h, storetest.Backends(t)[0].DSN(t))
	svc := &mandates.Service{Clock: h.clock, Runner: a.Store, Store: a.Store}
	b := open(t, h, func(d *PublicDeps) { d.Runner, d.Papers, d.Mandates = a.Store, paperDeps(a, h), svc })
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	require.Contains(t, plainSpaces(b.get("/fr/mandates").doc.Find("main").Text()), "Aucun mandat")
	id := grantMandate(t, h, a, a.known[0].EAN, h.stay)
	theirs := grantMandate(t, h, a, a.known[1].EAN, a.known[1].OccupancyID)

	page := b.get("/fr/mandates")
	text := plainSpaces(page.doc.Find("main").Text())
	for _, told := range []string{"Énergie SA", "a@example.org", "totaux par mois", "Comparer les offres", "à partir du 1er janvier 2026", "en attente"} {
		require.Contains(t, text, told)
	}
	require.Equal(t, 1, page.doc.Find("main section h2").Length(), "no other household's")
	for _, act := range []string{"confirm", "revoke"} {
		other, none := b.post("/fr/mandates/"+theirs+"/"+act+"?of=1", nil), b.post("/fr/mandates/nothing/"+act+"?of=1", nil)
		require.Equal(t, http.StatusNotFound, other.StatusCode)
		require.Equal(t, none.body, other.body, "not yours is not there")
	}
	a.record(t, audit.Entry{At: h.clock(), Actor: portal.Actor{Kind: portal.Staff, ID: "e.martin"}, Action: audit.MandateRead, Ground: "mandate",
		Subject: "occupancy:" + a.known[0].OccupancyID, Details: map[string]string{"mandate": id}})
	require.Contains(t, b.get("/fr/seen").doc.Find(".looks").Text(), "Mandat "+id+" – Énergie SA", "L18: of which mandate, and whose")
	done := b.post("/fr/mandates/"+id+"/confirm?of=1", nil)
	require.Equal(t, "/fr/mandates?of=1&done=confirmed", done.Header.Get("Location"))
	page = b.get(done.Header.Get("Location"))
	require.Contains(t, plainSpaces(page.doc.Find("[role=status]").Text()), "dès maintenant")
	require.Contains(t, plainSpaces(page.doc.Find("main section").Text()), "en vigueur")
	require.Zero(t, page.doc.Find("form[action$='confirm?of=1']").Length())
	require.Equal(t, "/fr/mandates?of=1&done=revoked", b.post("/fr/mandates/"+id+"/revoke?of=1", nil).Header.Get("Location"))
	page = b.get("/fr/mandates")
	require.Contains(t, plainSpaces(page.doc.Find("main section").Text()), "révoqué")
	require.Zero(t, page.doc.Find("section.deed form").Length(), "what is over has no button")
	for action, want := range map[audit.Action]int64{audit.MandateConfirmed: 1, audit.MandateRevoked: 1} {
		require.Equal(t, want, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(action)))
	}
	require.Equal(t, "/fr/ended", b.another().get("/fr/mandates").Header.Get("Location"))
}

// Issue 5, D8, L29: the customer writes a mandate behind the reference, reads
// it over, says yes and signs it; the company sees it only then, cannot change
// it, and has nothing before an officer compared the signed document.
func TestD8TheCustomerWritesAMandate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := newStrongroom(t, h, storetest.Backends(t)[0].DSN(t))
	svc := &mandates.Service{Clock: h.clock, Runner: a.Store, Store: a.Store}
	b := open(t, h, func(d *PublicDeps) { d.Runner, d.Papers, d.Mandates = a.Store, paperDeps(a, h), svc })
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	granted := grantMandate(t, h, a, a.known[1].EAN, a.known[1].OccupancyID)
	other, err := svc.Write(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Household}}, a.known[1].OccupancyID, mandates.Own{Partner: "p1",
		Draft: mandates.Draft{Capacity: "occupant", Language: "fr", Kinds: []string{"totals"}, Purpose: "Comparer les offres"}})
	require.NoError(t, err)
	storetest.Exec(t, a.dsn, `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier,
  manager, status, asked_us, decided_us, decided_by, reason)
  VALUES ('p2', 'Pas Encore SA', '0123456749', 'a@example.org', 'p@example.org', 'fr', 'Rue', '5000', 'Namur', '', 'Anna', 'asked', 1, 0, '', '')`)

	require.Equal(t, "/fr/mandates/new?of=1", b.get("/fr/mandates").doc.Find("main a.btn").First().AttrOr("href", ""))
	form := b.get("/fr/mandates/new?of=1")
	require.Equal(t, "Choisissez une entrepriseÉnergie SA (0403.170.701)", form.doc.Find("#partner option").Text(), "the approved ones")
	typed := func(more ...string) url.Values {
		v := url.Values{"partner": {"p1"}, "kind_totals": {"yes"}, "data_from": {"2026-01-01"}, "purpose": {"Comparer les offres"}, "capacity": {"occupant"}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	for _, bad := range [][]string{{"partner", ""}, {"partner", "p2"}, {"company", "12"}, {"company", "0123456749"}, {"kind_totals", "", "kinds"}, {"data_from", "demain"},
		{"data_to", "2025-01-01"}, {"valid_to", "2035-01-01"}, {"purpose", "court"}, {"capacity", ""}, {"capacity", "representative", "signed_by"}} {
		page := b.post("/fr/mandates/new?of=1", typed(bad[:2]...))
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode, bad)
		field := bad[0]
		if len(bad) == 3 {
			field = bad[2]
		}
		at := page.doc.Find("[role=alert] a").AttrOr("href", "")
		require.Equal(t, "#"+field, at, bad)
		require.NotEmpty(t, page.doc.Find(at+"-error").Text(), "%v: told at the field", bad)
		if bad[0] != "purpose" {
			require.Equal(t, "Comparer les offres", page.doc.Find("#purpose").Text(), "nothing typed is lost")
		}
	}
	over := b.post("/fr/mandates/new?of=1", typed("partner", "", "company", "BE 0403.170.701"))
	require.Equal(t, http.StatusOK, over.StatusCode)
	text := plainSpaces(over.doc.Find("main").Text())
	for _, told := range []string{"Énergie SA", "0403.170.701", "Rien n’est encore enregistré", "totaux par mois", "à partir du 1er janvier 2026", "Comparer les offres"} {
		require.Contains(t, text, told)
	}
	require.EqualValues(t, 2, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM mandates`), "what is not confirmed is not kept")
	sent := url.Values{}
	over.doc.Find("main form[action*=new] input[type=hidden]").Each(func(_ int, s *goquery.Selection) { sent.Set(s.AttrOr("name", ""), s.AttrOr("value", "")) })
	sent.Set("do", "change")
	require.Equal(t, "BE 0403.170.701", b.post("/fr/mandates/new?of=1", sent).doc.Find("#company").AttrOr("value", ""))
	sent.Set("do", "confirm")
	to := b.post("/fr/mandates/new?of=1", sent).Header.Get("Location")
	id := to[strings.Index(to, "#m-")+3:]
	require.Equal(t, "/fr/mandates?of=1&done=written#m-"+id, to)
	page := b.get("/fr/mandates?of=1&done=written")
	require.Contains(t, page.doc.Find("[role=status]").Text(), "Imprimez le document")
	require.Contains(t, plainSpaces(page.doc.Find("main section").Text()), "Sans document signé, rien n’est transmis")

	kept, _, err := svc.Written(t.Context(), h.stay, id)
	require.NoError(t, err)
	stay, _, err := a.Stay(t.Context(), h.stay)
	require.NoError(t, err)
	require.Equal(t, stay.Name, kept.Mandator.Name, "who they are stands in the register")
	document := b.get("/fr/mandates/" + id + "/document.html?of=1")
	require.Contains(t, strings.ReplaceAll(document.body, " ", ""), hex.EncodeToString(kept.Text), "the hash of the text is on it")
	require.Contains(t, document.body, "Signature de")
	require.True(t, strings.HasPrefix(b.get("/fr/mandates/"+id+"/document.pdf?of=1").body, "%PDF-"))
	for _, theirs := range []string{granted, other.ID} {
		for _, path := range []string{"/document.html?of=1", "/document.pdf?of=1"} {
			got, none := b.get("/fr/mandates/"+theirs+path), b.get("/fr/mandates/nothing"+path)
			require.Equal(t, http.StatusNotFound, got.StatusCode)
			require.Equal(t, none.body, strings.ReplaceAll(got.body, theirs, "nothing"), "not yours is not there")
		}
		require.Equal(t, http.StatusNotFound, b.post("/fr/mandates/"+theirs+"/withdraw?of=1", nil).StatusCode)
	}

	// The company: it is there, as any other, but its text is not theirs.
	_, mine, err := a.Mandate(t.Context(), "p1", id)
	require.NoError(t, err)
	require.True(t, mine)
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}}
	org := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
	_, err = svc.Edit(t.Context(), by, org, id, kept.Draft())
	require.Equal(t, portal.Conflict, portal.CodeOf(err))
	require.NoError(t, svc.GiveIn(t.Context(), by, "p1", id, mandates.Document{ID: id, EvidenceID: "e", Hash: []byte{1}}))
	require.Contains(t, plainSpaces(b.get("/fr/mandates").doc.Find("main section").Text()), "Nous le comparons")
	require.NoError(t, svc.Decide(t.Context(), audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}}, org, id, mandates.Decision{Given: h.clock(),
		Signature: mandates.ByHand, Checks: mandates.Checks, Lines: map[portal.EAN]mandates.LineDecision{a.known[0].EAN: {OccupancyID: h.stay}}}))
	section := b.get("/fr/mandates").doc.Find("section.deed").First()
	require.Contains(t, section.Text(), "en vigueur", "D8: the customer knows of it, nothing is waited for")
	require.Equal(t, 1, section.Find("form[action*=revoke]").Length())
	require.Equal(t, http.StatusConflict, b.post("/fr/mandates/"+id+"/withdraw?of=1", nil).StatusCode)

	// A list of a company is not filled from behind one reference; nor by withdrawing what was written.
	sent.Set("do", "confirm")
	var last string
	for n := range 5 {
		sent.Set("purpose", "Comparer les offres de l’année "+strconv.Itoa(2026+n))
		last = b.post("/fr/mandates/new?of=1", sent).Header.Get("Location")
		require.NotEmpty(t, last)
		require.Equal(t, last, b.post("/fr/mandates/new?of=1", sent).Header.Get("Location"), "sent twice it is one")
	}
	sent.Set("purpose", "Comparer d’autres offres")
	full := b.post("/fr/mandates/new?of=1", sent)
	require.Equal(t, http.StatusTooManyRequests, full.StatusCode)
	require.Contains(t, full.doc.Find("[role=alert]").Text(), "Au plus 5")
	last = last[strings.Index(last, "#m-")+3:]
	require.Equal(t, "/fr/mandates?of=1&done=withdrawn", b.post("/fr/mandates/"+last+"/withdraw?of=1", nil).Header.Get("Location"))
	require.Equal(t, http.StatusTooManyRequests, b.post("/fr/mandates/new?of=1", sent).StatusCode)
	for action, want := range map[audit.Action]int64{audit.MandateDrafted: 8, audit.MandateConfirmed: 7, audit.MandateWithdrawn: 1} {
		require.Equal(t, want, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1`, string(action)))
	}

	// D7: whoever looks on another ground has no mandate to give, confirm or end.
	for _, passes := range h.sessions {
		for i := range passes {
			passes[i].Ground = registry.Ground{ID: "g", Kind: registry.Heir, Until: portal.Date(2027, 6, 1)}
		}
	}
	for _, path := range []string{"/fr/mandates", "/fr/mandates/new", "/fr/mandates/" + id + "/document.html"} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	for _, path := range []string{"/new", "/" + id + "/revoke", "/" + id + "/withdraw"} {
		require.Equal(t, http.StatusNotFound, b.post("/fr/mandates"+path, sent).StatusCode, path)
	}
}
