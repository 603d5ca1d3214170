package web

import (
	"net/http"
	"testing"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store/storetest"

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
