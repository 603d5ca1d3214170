package web

import (
	"net/http"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// W7, W8, C.4: an offer leaves once its officer has read what it comes to; a day
// on which nobody works, or that lies after the deadline, is planned once they
// know; and nobody ends a request at one click. What was typed stays, and a tick
// for other figures or another day counts for nothing.
func TestW8WhatIsFinalIsConfirmed(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	r := b.requested("phases", map[string]string{"ean": string(b.known.EAN), "supply": "three-400"})
	b.signIn("wim")
	b.done(r.ID, "no-study", "no-study-reason", "Le câble est déjà là")
	status := func() works.Status {
		kept, _, err := b.store.Works(t.Context(), r.ID)
		require.NoError(t, err)
		return kept.Status
	}
	asked := func(act desk.Act, pairs ...string) (deskAnswer, string) {
		t.Helper()
		before := status()
		answer := b.act(r.ID, act, pairs...)
		require.Equal(t, refusedStatus, answer.StatusCode)
		require.Equal(t, before, status())
		require.Contains(t, plainSpaces(answer.doc.Find("[role=alert]").Text()), "rien n’a été fait")
		box := answer.doc.Find("input[name='" + desk.ActField(act, "sure") + "']")
		require.Equal(t, 1, box.Length())
		require.Zero(t, box.Filter("[checked]").Length(), "nobody ticked this one")
		return answer, box.AttrOr("value", "")
	}
	offer := func(b string) []string {
		return []string{"offer-line-a", "0", "offer-line-b", b, "offer-line-c", "184", "offer-line-d", "48", "offer-study", "0", "offer-vat", "6", "offer-days", "10"}
	}
	require.Zero(t, b.get("/fr/desk/works/"+r.ID).doc.Find("input[name=offer-sure]").Length(), "what it comes to is not clear yet")
	page, small := asked("offer", offer("312")...)
	require.Contains(t, plainSpaces(page.text), "par courriel, et ne peut pas être reprise : 576,64 € au total, TVA 6 % comprise, acompte de 288,32 €, valable jusqu’au mardi 23 février 2027 inclus")
	require.Equal(t, "312", page.doc.Find("#offer-line-b").AttrOr("value", ""), "nothing typed is lost")
	_, large := asked("offer", append(offer("3120"), "offer-sure", small)...)
	require.NotEqual(t, small, large)
	require.Equal(t, http.StatusOK, b.act(r.ID, "offer", append(offer("3120"), "offer-sure", large)...).StatusCode)
	require.Equal(t, works.Offered, status())

	long := strings.TrimSpace(strings.Repeat("Trop cher, dit-il au téléphone. ", 9))
	page, _ = asked("decline", "decline-reason", long)
	require.Equal(t, long, page.doc.Find("#decline-reason").Text(), "nothing typed is lost, however long")
	for _, act := range []desk.Act{"offer", "refuse", "plan"} { // from an old page: what is in its fields no longer matters
		moved := b.post("/fr/desk/works/"+r.ID+"/"+string(act), append(brought(page.doc.Find("form[action$='/decline']")), string(act)+"-sure", "yes")...)
		require.Equal(t, http.StatusConflict, moved.StatusCode, act)
		require.Contains(t, plainSpaces(moved.doc.Find("[role=alert]").Text()), "La demande a avancé entre-temps", "said to an officer, not to a requester")
	}
	broken := b.act(r.ID, "team", "team-team", "Est\xff\x00")
	require.Equal(t, http.StatusOK, broken.StatusCode, "bytes that are no text")
	kept, _, err := b.store.Works(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, "Est", kept.Team)
	asked("cancel", "cancel-reason", "Plus besoin")
	asked("accept", "accept-who", "Anna Schmitz")
	b.done(r.ID, "accept", "accept-who", "Anna Schmitz")
	storetest.Exec(t, b.dsn, `UPDATE works SET status = 'preparing', turn = 'operator', offer = REPLACE(offer, '"Percent":50', '"Percent":0') WHERE id = $1`, r.ID)
	plan := func(day string) []string {
		return []string{"plan-day", day, "plan-half", "morning", "plan-team", "Verviers 3"}
	}
	require.Contains(t, plainSpaces(b.get("/fr/desk/works/"+r.ID).doc.Find("#act-plan .hint").Text()), "prend fin le lundi 7 décembre 2026")
	for day, says := range map[string]string{
		"2026-11-29": "Le dimanche 29 novembre 2026 n’est pas un jour ouvrable. Fixer",
		"2026-12-05": "Le samedi 5 décembre 2026 n’est pas un jour ouvrable. Fixer",
		"2026-12-08": "Le mardi 8 décembre 2026 vient après le délai d’exécution, qui prend fin le lundi 7 décembre 2026. Fixer",
		"2026-12-25": "Le vendredi 25 décembre 2026 est un jour férié : Noël. Le vendredi 25 décembre 2026 vient après",
	} {
		page, mark := asked("plan", plan(day)...)
		require.Contains(t, plainSpaces(page.text), says)
		require.Equal(t, []string{day, "Verviers 3"}, []string{page.doc.Find("#plan-day").AttrOr("value", ""), page.doc.Find("#plan-team").AttrOr("value", "")})
		other, _ := asked("plan", append(plan("2026-12-06"), "plan-sure", mark)...)
		require.Contains(t, plainSpaces(other.text), "Le dimanche 6 décembre 2026")
	}
	require.Equal(t, http.StatusOK, b.act(r.ID, "plan", plan("2026-12-07")...).StatusCode, "a working day in time needs no word")
	require.Equal(t, works.Planned, status())
	require.Contains(t, plainSpaces(b.get("/fr/desk/works/"+r.ID).text), "prévu le lundi 7 décembre 2026, matin")
	b.done(r.ID, "plan", plan("2026-12-06")...)
	require.Contains(t, plainSpaces(b.get("/fr/desk/works/"+r.ID).text), "prévu le dimanche 6 décembre 2026, matin")
}

// W5, D13: papers that a requester brings while it is their turn put the request
// on the officers' list until one has looked at them all, whoever is the master;
// the requester still sees whose turn it is.
func TestW5PapersOfARequesterWakeTheDesk(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	r := b.requested("two-rate", map[string]string{"ean": string(b.known.EAN)})
	b.works.Master = works.External
	b.signIn("wim")
	b.done(r.ID, desk.Act(works.EventAskMissing), "ask-missing-missing-photo", "yes")
	listed := func(query string) int {
		return b.get("/fr/desk/works" + query).doc.Find("#works a[href$='" + r.ID + "']").Length()
	}
	add := func(by portal.Actor, id string) {
		require.NoError(t, b.works.Add(t.Context(), audit.Entry{Actor: by, Ground: "works", Channel: "web"}, r.ID, works.Paper{ID: id, Document: works.SitePlan, EvidenceID: id}))
	}
	require.Zero(t, listed(""))
	add(portal.Actor{Kind: portal.Staff, ID: "wim"}, "p0")
	require.Zero(t, listed(""), "what an officer files wakes nobody")
	add(portal.Actor{Kind: portal.Household}, "p1")
	require.Equal(t, 1, listed(""))
	require.Equal(t, 1, listed("?turn=operator&kind=two-rate"))
	require.Zero(t, listed("?turn=operator&kind=phases"))
	require.Equal(t, 1, listed("?turn=requester"), "it waits for the requester, too")
	require.Contains(t, plainSpaces(b.get("/de/desk/works").doc.Find("#works").Text()), "Dokument zu prüfen")
	old := append(brought(b.get("/fr/desk/works/"+r.ID).doc.Find("form[action$='/papers']")), "x", "")
	add(portal.Actor{Kind: portal.Partner, ID: "zoe"}, "p2")
	again := b.post("/fr/desk/works/"+r.ID+"/papers", old...)
	require.Equal(t, http.StatusConflict, again.StatusCode)
	require.Contains(t, plainSpaces(again.text), "Un autre document est arrivé")
	require.Equal(t, 1, listed(""))
	b.done(r.ID, desk.SeePapers)
	require.Zero(t, listed(""))
	require.EqualValues(t, 1, storetest.Number(t, b.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.noted' AND subject = $1 AND details LIKE '%papers%'`, works.Subject(r.ID)))
	require.Equal(t, http.StatusConflict, b.post("/fr/desk/works/"+r.ID+"/papers", old...).StatusCode, "a colleague was faster")
}
