package web

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/state"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// sandbox draws the pages of all tests: under the race detector it takes twenty
// seconds to make one.
var sandbox = &evidence.Sandbox{Interpreted: true}

// officer is a mandates officer's room over the bureau's store.
func (b *bureau) officer(ring *keys.Ring, clock portal.Clock, short state.Store, passwords *login.Passwords) desk.Officer {
	b.vault = &evidence.Service{Clock: clock, Runner: b.store, Store: b.store, Sandbox: sandbox}
	b.deeds = &mandates.Service{Clock: clock, Runner: b.store, Store: b.store}
	return desk.Officer{Store: b.store, Deeds: b.deeds, Vault: b.vault, Runner: b.store, Clock: clock,
		Partners: partner.New(partner.Deps{Store: b.store, Runner: b.store, State: short, Ring: ring, Clock: clock, Passwords: passwords})}
}

// D9: beyond the sample a company's name grants, a person's does not: people
// share their names, and nobody looked at that line.
func TestD9BeyondTheSample(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]mandates.Outcome{"": mandates.Refused, "0403.170.701": mandates.Granted} {
		b := newBureau(t)
		storetest.Exec(t, b.dsn, insertPartner)
		stay, err := b.store.Occupancy(t.Context(), b.known.OccupancyID)
		require.NoError(t, err)
		points := ""
		for i := range desk.PageOfMandates {
			body := fmt.Sprintf("5414490099%07d", i)
			points += body + string(portal.EANCheckDigit(body)) + "\n"
		}
		by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}}
		m, err := b.deeds.Draft(t.Context(), by, mandates.Mandatary{ID: "p1"}, mandates.Draft{Name: stay.Name, CompanyNumber: number, Capacity: "occupant",
			Street: "Rue 1", Postcode: "5000", Town: "Namur", Language: "fr", Kinds: []string{"totals"}, Points: points + string(b.known.EAN), Purpose: "Comparer les offres"})
		require.NoError(t, err)
		file := b.giveIn(by, m.ID)
		require.NoError(t, b.vault.Release(t.Context(), by, file.Subject, file.ID))
		kept, _, err := b.store.GivenMandate(t.Context(), m.ID)
		require.NoError(t, err)
		room := b.officer(storetest.Keys(t), b.clock.Now, nil, nil)
		require.NoError(t, room.Decide(t.Context(), portal.Actor{Kind: portal.Staff, ID: "marie"}, m.ID,
			desk.DeedDecision{Signature: mandates.ByHand, Checks: mandates.Checks, Given: kept.GivenAt}))
		kept, _, err = b.store.GivenMandate(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, want, kept.Lines[desk.PageOfMandates].Outcome, number)
	}
}

const insertPartner = `INSERT INTO partners (id, name, company_number, mail, privacy_mail, language, street, postcode, town, supplier,
  manager, status, asked_us, decided_us, decided_by, reason)
  VALUES ('p1', 'Énergie SA', '0403170701', 'a@example.org', 'p@example.org', 'fr', 'Rue', '5000', 'Namur', '', 'Anna', 'approved', 1, 1, 'marie', '')`

// giveIn uploads a scan and gives it in for the text as it stands.
func (b *bureau) giveIn(by audit.Entry, id string) evidence.File {
	b.t.Helper()
	var scan bytes.Buffer
	require.NoError(b.t, png.Encode(&scan, image.NewGray(image.Rect(0, 0, 60, 80))))
	file, err := b.vault.Take(b.t.Context(), by, evidence.Upload{Subject: mandates.Subject(id), Name: "scan.png", Body: bytes.NewReader(scan.Bytes())})
	require.NoError(b.t, err)
	require.NoError(b.t, b.deeds.GiveIn(b.t.Context(), by, "p1", id, mandates.Document{ID: file.ID, EvidenceID: file.ID, Hash: file.Hash}))
	return file
}

// D8, L18: an officer sees what a mandate says beside the register and the
// document as a picture made anew, must compare every point, and what is
// decided is granted to the very occupant, or refused with its reason.
func TestD8AnOfficerCompares(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	storetest.Exec(t, b.dsn, insertPartner)
	stay, err := b.store.Occupancy(t.Context(), b.known.OccupancyID)
	require.NoError(t, err)
	by := audit.Entry{Actor: portal.Actor{Kind: portal.Partner, ID: "anna"}}
	nobody := portal.EAN("541449000000099998")
	to := mandates.Mandatary{ID: "p1", Name: "Énergie SA", CompanyNumber: "0403170701"}
	draft := mandates.Draft{
		Name: stay.Name, Capacity: "occupant", Street: "Rue 1", Postcode: "5000", Town: "Namur", Language: "fr", Kinds: []string{"totals"},
		Points: string(b.known.EAN) + "\n" + string(nobody[:17]) + string(portal.EANCheckDigit(string(nobody[:17]))), DataFrom: "2026-01-01", Purpose: "Comparer les offres"}
	m, err := b.deeds.Draft(t.Context(), by, to, draft)
	require.NoError(t, err)
	file := b.giveIn(by, m.ID)

	for _, stranger := range []string{"anna", "carla", "lena"} {
		b.signIn(stranger)
		require.Equal(t, http.StatusForbidden, b.get("/fr/desk/mandates/"+m.ID).StatusCode, stranger)
		require.Equal(t, http.StatusForbidden, b.post("/fr/desk/mandates/"+m.ID+"/decide", "signature", "hand").StatusCode)
		b.fresh()
	}
	b.signIn("marie")
	read := func(subject string) int64 {
		return storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'mandate.read' AND actor_id = 'marie' AND subject = $1`, subject)
	}
	require.Contains(t, plainSpaces(b.get("/de/desk/mandates").text), "Énergie SA")
	require.EqualValues(t, 1, read(""), "L19: the list names people, too")
	path := "/fr/desk/mandates/" + m.ID
	page := b.get(path)
	require.EqualValues(t, 1, read(mandates.Subject(m.ID)), "L19: whoever lives at its points")
	require.EqualValues(t, 1, read("occupancy:"+stay.ID))
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, plainSpaces(page.text), "le mandant")
	require.Contains(t, plainSpaces(page.text), "point inconnu")
	require.Equal(t, 1, page.doc.Find("img.scan").Length(), "whoever lets it out of quarantine sees it, drawn anew (T25)")
	b.clock.Pass(time.Minute)
	given, ok := page.doc.Find("input[name=given]").Attr("value")
	require.True(t, ok)
	decide := []string{"signature", "hand", "given", given}
	for _, c := range mandates.Checks {
		decide = append(decide, "check_"+string(c), "yes")
	}
	require.Equal(t, http.StatusConflict, b.post(path+"/decide", decide...).StatusCode, "nobody has looked at it")
	require.Equal(t, path, b.post(path+"/documents/"+file.ID+"/release").Request.URL.Path)
	source, ok := b.get(path).doc.Find("img.scan").Attr("src")
	require.True(t, ok)
	picture := b.get(source)
	require.Equal(t, http.StatusOK, picture.StatusCode)
	require.Equal(t, "image/jpeg", picture.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", picture.Header.Get("X-Content-Type-Options"))

	unproven := append([]string{"signature", "electronic:" + file.ID, "given", given}, decide[4:]...)
	require.Contains(t, plainSpaces(b.post(path+"/decide", unproven...).text), "ne porte pas de signature électronique")
	unchecked := b.post(path+"/decide", "signature", "hand", "given", given, "check_name", "yes")
	require.Equal(t, http.StatusUnprocessableEntity, unchecked.StatusCode)
	require.Contains(t, plainSpaces(unchecked.text), "Comparez chaque élément")
	require.Contains(t, unchecked.doc.Find("title").Text(), "Erreur", "WCAG 2.4.2")
	require.Equal(t, 1, unchecked.doc.Find("input[name=check_name][checked]").Length(), "nothing ticked is lost")
	require.Equal(t, http.StatusUnprocessableEntity, b.post(path+"/decide").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, b.post(path+"/return", "reason", "").StatusCode)
	// What is written anew and given in meanwhile was compared by nobody, and
	// what was signed for the former text proves nothing of this one.
	officer := audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "marie"}}
	require.NoError(t, b.deeds.Return(t.Context(), officer, m.ID, "Page 2 manque"))
	late := b.post(path+"/decide", decide...) // the page was open when a colleague returned it
	require.Equal(t, http.StatusConflict, late.StatusCode)
	require.Contains(t, late.doc.Find("title").Text(), "Erreur")
	require.Contains(t, plainSpaces(late.doc.Find(".error[role=alert]").Text()), "La décision n’est pas prise")
	require.Zero(t, late.doc.Find(".error a").Length(), "it is about no field")
	for _, told := range []string{"à compléter", "Page 2 manque"} {
		require.Contains(t, plainSpaces(late.text), told)
	}
	wider := draft
	wider.Kinds = []string{"totals", "daily"}
	_, err = b.deeds.Edit(t.Context(), by, to, m.ID, wider)
	require.NoError(t, err)
	b.clock.Pass(time.Minute)
	again := b.giveIn(by, m.ID)
	require.Contains(t, plainSpaces(b.post(path+"/decide", decide...).text), "Aucun document n’est libéré", "the former text's is none")
	require.Equal(t, path, b.post(path+"/documents/"+again.ID+"/release").Request.URL.Path)
	require.Contains(t, plainSpaces(b.post(path+"/decide", decide...).text), "remis à nouveau")
	page = b.get(path)
	require.Equal(t, 1, page.doc.Find("img.scan").Length(), "the former text's document is not shown beside this one")
	decide[3] = page.doc.Find("input[name=given]").AttrOr("value", "")
	require.Equal(t, "/fr/desk/mandates?done=decided", b.post(path+"/decide", decide...).Request.URL.RequestURI())
	kept, found, err := b.store.GivenMandate(t.Context(), m.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, mandates.Granted, kept.Lines[0].Outcome)
	require.Equal(t, b.known.OccupancyID, kept.Lines[0].OccupancyID)
	require.Equal(t, mandates.Refused, kept.Lines[1].Outcome)
	require.Equal(t, desk.RefusedNobody, kept.Lines[1].Reason)
	require.Contains(t, plainSpaces(b.get("/fr/desk/mandates").text), "Aucun mandat n’attend")
	require.Positive(t, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'mandate.read' AND subject = $1`, "occupancy:"+b.known.OccupancyID))
	require.Equal(t, http.StatusNotFound, b.get("/fr/desk/mandates/nothing").StatusCode)
}
