package web

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// D13: where the works system is the master an officer asks for what is missing
// and notes what came; the other forms are not there, and whoever sends one is
// told why and changes nothing.
func TestD13OfficersOnlyAskAndReview(t *testing.T) {
	t.Parallel()
	b := newBureau(t)
	r := b.requested("two-rate", map[string]string{"ean": string(b.known.EAN)})
	b.works.Master = works.External
	b.signIn("wim")
	path := "/fr/desk/works/" + r.ID
	page := b.get(path)
	require.Contains(t, plainSpaces(page.text), "phases et dates viennent du système des travaux")
	require.Equal(t, 2, page.doc.Find("form[action^='"+path+"/']").Length(), "to ask, to send another code, and nothing else")
	since := page.doc.Find("form[action$='/ask-missing'] input[name=since]").AttrOr("value", "")
	require.NotEmpty(t, since)
	for _, a := range desk.Acts {
		if a == desk.Unlock || a == desk.NewCode || a == desk.UserAgrees || a == desk.SeePapers || a == desk.Act(works.EventAskMissing) || a == desk.Act(works.EventComplete) {
			continue
		}
		answer := b.post(path+"/"+string(a), "since", since)
		require.Equal(t, http.StatusConflict, answer.StatusCode, a)
		require.Contains(t, plainSpaces(answer.text), "du seul système des travaux", a)
	}
	b.done(r.ID, desk.Act(works.EventAskMissing), "ask-missing-missing-photo", "yes")
	b.done(r.ID, desk.Act(works.EventComplete), "complete-paper-photo", "yes")
	kept, steps, err := b.store.Works(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, works.Received, kept.Status)
	require.Len(t, steps, 3)
}

// D13: the requester still answers the offer and may cancel, and finds no form
// that would move the day.
func TestD13TheRequesterAnswersAndMovesNoDay(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.Phases13, "")
	id := k.OccupancyID
	offer := func(r *works.Request) {
		r.StudyNotNeeded = true
		r.Offer = works.Offer{Version: 1, Said: true, VAT: 21, Percent: 0, Terms: "2026-01", SentAt: y.h.clock(), ValidTo: y.h.clock().AddDate(0, 3, 0)}
	}
	y.move(id, works.EventDraw, "", offer)
	y.move(id, works.EventOffer, "", nil)
	y.room.Master = works.External
	y.follow(k)
	y.browser.act(id, "accept", url.Values{"version": {"1"}, "agreed_by": {"Anna Schmitz"}})
	kept, _, err := y.store.Works(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, works.Agreed, kept.Status, "its deposit is nothing, and yet the phase is the works system's")

	y.room.Master = works.InPortal
	y.move(id, works.EventChange, "", offer)
	y.move(id, works.EventDraw, "", offer)
	y.move(id, works.EventOffer, "", nil)
	y.move(id, works.EventAccept, "", nil)
	y.move(id, works.EventPlan, "", func(r *works.Request) { r.Day = y.h.clock().Add(72 * time.Hour) })
	y.room.Master = works.External
	page := y.get("/de/works/request?id=" + id)
	require.Zero(t, page.doc.Find("form[action*='/postpone']").Length())
	require.Contains(t, page.text(), "Dieser Tag passt Ihnen nicht? Rufen Sie")
	require.Equal(t, 1, page.doc.Find("form[action*='/cancel']").Length())
	answer := y.browser.act(id, "postpone", url.Values{})
	require.Equal(t, http.StatusConflict, answer.StatusCode)
	require.Contains(t, answer.text(), "allein aus dem Arbeitensystem")
	kept, _, err = y.store.Works(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, works.Planned, kept.Status)
	require.False(t, kept.Day.IsZero())
}

// D13: wherever a request stands, no page of its requester's, of an installer's
// or of an officer's offers what the works system alone does: each of its forms
// is taken, or refused for what was typed.
func TestD13NoPageOffersWhatIsTheWorksSystems(t *testing.T) {
	t.Parallel()
	at := func(dsn, id string, s works.Status, now time.Time) {
		storetest.Exec(t, dsn, `UPDATE works SET status = $1, missing = '', day_us = $2, closed_us = $3 WHERE id = $4`,
			string(s), portal.Micros(now.AddDate(0, 0, 9)), portal.Micros(now.AddDate(0, 0, -9)), id)
	}
	sent := func(who string, s works.Status, answer *http.Response, text string) {
		require.NotContains(t, text, "Arbeitensystem des Netzbetreibers", "%s at %s", who, s)
		require.Contains(t, []int{http.StatusOK, http.StatusSeeOther, http.StatusUnprocessableEntity}, answer.StatusCode, "%s at %s: %s", who, s, text)
	}
	offered := map[string]int{}

	f := newFirm(t)
	in, g := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	k := f.yard.capture(works.Phases13, "")
	id := k.OccupancyID
	storetest.Exec(t, f.dsn, `UPDATE works SET partner_id = $1 WHERE id = $2`, g.PartnerID, id)
	f.yard.offer(id)
	home := f.yard.another()
	home.follow(k)
	f.works.Master = works.External
	for _, s := range works.Statuses {
		f.h.pass(60) // so many acts a minute
		for who, b := range map[string]*browser{"/de/works/request": home, "/de/partner/works/" + id: in} {
			at(f.dsn, id, s, f.h.clock())
			b.get(who).doc.Find(`main form[action*="/works/"]:not([enctype])`).Each(func(_ int, form *goquery.Selection) {
				at(f.dsn, id, s, f.h.clock()) // as the page was
				typed := url.Values{}
				form.Find("[name]").Each(func(_ int, e *goquery.Selection) { typed.Set(e.AttrOr("name", ""), e.AttrOr("value", "Anna Schmitz")) })
				answer := b.post(form.AttrOr("action", ""), typed)
				sent(form.AttrOr("action", ""), s, answer.Response, answer.text())
				offered[who]++
			})
		}
	}

	d := newBureau(t)
	r := d.requested(string(works.TwoRate), map[string]string{"ean": string(d.known.EAN)})
	d.works.Master = works.External
	d.signIn("wim")
	path := "/de/desk/works/" + r.ID
	for _, s := range works.Statuses {
		at(d.dsn, r.ID, s, d.clock.Now())
		d.get(path).doc.Find(`form[action^="` + path + `/"]`).Each(func(_ int, form *goquery.Selection) {
			at(d.dsn, r.ID, s, d.clock.Now())
			answer := d.post(form.AttrOr("action", ""), "since", form.Find("input[name=since]").AttrOr("value", ""))
			sent(form.AttrOr("action", ""), s, answer.Response, answer.text)
			offered["desk"]++
		})
	}
	require.Len(t, offered, 3, "a page offers nothing at all: %v", offered)
}
