package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/web/api"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// register puts a supplier's registration on an access point.
func register(t *testing.T, s *store.Store, id string, ean portal.EAN, supplier string, p portal.Period, end registry.Scenario) {
	t.Helper()
	require.NoError(t, s.Do(t.Context(), func(u tx.Tx) error {
		return s.PutRegistrations(u, []registry.HeldRegistration{{Registration: registry.Registration{ID: id, EAN: ean, Supplier: supplier, Period: p}, End: end}})
	}))
}

// L10, L26: a supplier's pages list what it is registered on and nothing else,
// and give it from its own registration on.
func TestL26SuppliersPages(t *testing.T) {
	t.Parallel()
	a := newAgency(t, storetest.Backends(t)[0])
	first, g := a.guestOf("Vent du Nord SA", "0403.170.701")
	_, other := a.guestOf("Lumière Directe AG", "0417.497.106")
	require.Equal(t, http.StatusNotFound, first.get("/fr/partner/supplies").StatusCode, "no supplier, no page")
	require.Equal(t, http.StatusNotFound, first.post("/fr/partner/supplies", url.Values{"ean": {string(a.known[0].EAN)}}).StatusCode)
	require.NotContains(t, first.get("/fr/partner").body, "/partner/supplies")
	for code, guest := range map[string]partner.Guest{"NORD": g, "DIRECTE": other} {
		storetest.Exec(t, a.dsn, `UPDATE partners SET supplier = $1 WHERE id = $2`, code, guest.PartnerID)
	}
	since := a.h.clock().AddDate(-1, 0, 0)
	register(t, a.store, "mine", a.known[0].EAN, "NORD", portal.Period{From: since}, "")
	register(t, a.store, "theirs", a.known[1].EAN, "DIRECTE", portal.Period{From: since}, "")

	traced := func(action audit.Action, subject string) int64 {
		return storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND subject = $2`, string(action), subject)
	}
	page := first.get("/fr/partner/supplies")
	require.EqualValues(t, 1, traced(audit.SupplyRead, ""), "L18: a list is a disclosure")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Equal(t, 1, page.doc.Find("#supplies tbody tr").Length())
	require.NotContains(t, page.body, string(a.known[0].EAN), "G12")
	require.Equal(t, 1, page.doc.Find("nav a[aria-current=page][href='/fr/partner/supplies']").Length())
	find := func(ean string) answer { return first.post("/fr/partner/supplies", url.Values{"ean": {ean}}) }
	require.Equal(t, "/fr/partner/supplies/mine", find(string(a.known[0].EAN)).Header.Get("Location"))
	require.EqualValues(t, 1, traced(audit.SupplyRead, "registration:mine"), "L18: and so is that one is there")
	require.Contains(t, find("54144").doc.Find("#ean-error").Text(), "18 chiffres")
	nobody := "541449009999999990"[:17]
	nobody += string(portal.EANCheckDigit(nobody))
	theirs, none := find(string(a.known[1].EAN)), find(nobody)
	require.Equal(t, http.StatusUnprocessableEntity, theirs.StatusCode)
	require.Equal(t, strings.ReplaceAll(none.body, nobody, "EAN"), strings.ReplaceAll(theirs.body, string(a.known[1].EAN), "EAN"), "L10: not yours is not there")

	one := first.get("/fr/partner/supplies/mine")
	require.EqualValues(t, 2, traced(audit.SupplyRead, "registration:mine"), "L18")
	require.Equal(t, http.StatusNotFound, first.get("/fr/partner/supplies/theirs").StatusCode)
	require.Zero(t, traced(audit.SupplyRead, "registration:theirs"))
	require.Contains(t, plainSpaces(one.doc.Find(".note").Text()), "Votre enregistrement vaut depuis le")
	require.Equal(t, 2, one.doc.Find("#grain option[value=month], #grain option[value=year]").Length())
	require.Equal(t, 2, one.doc.Find("#grain option").Length(), "D5: no day without a mandate")
	verifier, err := note.NewVerifier(a.h.ring.TrailVerifierKey())
	require.NoError(t, err)
	for _, f := range partnerFiles {
		file := first.get("/fr/partner/supplies/mine/consumption." + f.ending + "?grain=month")
		require.Equal(t, http.StatusOK, file.StatusCode, f.ending)
		require.Equal(t, f.contentType, file.Header.Get("Content-Type"))
		require.Contains(t, file.body, "NORD")
		require.Contains(t, file.body, "Confidentiel – transmis au fournisseur enregistré", "L20")
		require.NotContains(t, file.body, string(a.known[0].EAN), "G12")
		leaf, err := api.CheckDelivery([]byte(file.body), verifier)
		require.NoError(t, err, f.ending)
		require.Equal(t, "mine", leaf.Says["registration"])
	}
	require.EqualValues(t, 3, storetest.Number(t, a.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'delivery.made' AND ground = 'registration:mine' AND subject = $1`,
		"occupancy:"+a.known[0].OccupancyID))
	require.EqualValues(t, 2, traced(audit.SupplyRead, "registration:mine"), "a file is read and recorded once")
	require.Equal(t, http.StatusUnprocessableEntity, first.get("/fr/partner/supplies/mine/consumption.csv?grain=month&from=x").StatusCode)
	for id, want := range map[string]int{"mine": http.StatusForbidden, "theirs": http.StatusNotFound, "nothing": http.StatusNotFound} {
		require.Equal(t, want, first.get("/fr/partner/supplies/"+id+"/consumption.csv?grain=day").StatusCode, id)
		require.EqualValues(t, 1, traced(audit.DeliveryRefused, "registration:"+id), "L29: what is refused is traced: "+id)
	}

}

// L18, D12: the customer sees each delivery to their supplier where they see
// every other, with whose registration it was; and how a registration ended.
func TestL18TheCustomerSeesTheirSupplier(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := newStrongroom(t, h, storetest.Backends(t)[0].DSN(t))
	svc := &mandates.Service{Clock: h.clock, Runner: a.Store, Store: a.Store}
	b := open(t, h, func(d *PublicDeps) { d.Runner, d.Papers, d.Mandates = a.Store, paperDeps(a, h), svc })
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	now := h.clock()
	former, present := portal.Period{From: portal.Date(2024, 1, 1), To: now.AddDate(-1, 0, 0)}, portal.Period{From: now.AddDate(-1, 0, 0)}
	register(t, a.Store, "former", a.known[0].EAN, "NORD", former, registry.Drop)
	register(t, a.Store, "present", a.known[0].EAN, "DIRECTE", present, "")
	require.NoError(t, a.Do(t.Context(), func(u tx.Tx) error {
		return a.PutPartner(u, partner.Organisation{ID: "p1", CompanyNumber: "0403170701", Language: portal.French, Supplier: "DIRECTE", Status: partner.Approved, AskedAt: now})
	}))
	_, err := svc.Supply(t.Context(), h, audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "p"}, Ground: "partner", Channel: "api"},
		mandates.Supplier{PartnerID: "p1", Code: "DIRECTE"}, "present", mandates.Asked{Query: metering.Query{Grain: metering.ByMonth}})
	require.NoError(t, err)
	text := plainSpaces(b.get("/fr/seen").doc.Find("main").Text())
	require.Contains(t, text, "Consommation transmise à un tiers")
	require.Contains(t, text, "Votre fournisseur d’énergie")
	require.Contains(t, text, "Enregistrement accepté du fournisseur DIRECTE")
	require.NotContains(t, text, "sur votre mandat")
	mine := plainSpaces(b.get("/fr/mine").doc.Find("#registrations").Text())
	require.Contains(t, mine, "NORD")
	require.Contains(t, mine, "« drop »", "D12: the network user may know")
	require.Contains(t, b.get("/fr/mine.json").body, `"end": "drop"`)
}
