package web

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/works"

	"mime/multipart"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
)

// followYard is the public listener over a real store, with requests in it.
type followYard struct {
	*browser
	store *store.Store
	dsn   string
	room  *works.Service
}

func newFollowYard(t *testing.T) *followYard {
	h := newHouse(t)
	h.ring = storetest.Keys(t)
	y := &followYard{dsn: storetest.Backends(t)[0].DSN(t)}
	y.store = storetest.Reopen(t, y.dsn, h.clock)
	y.room = &works.Service{Clock: h.clock, Runner: y.store, Store: y.store, Ring: h.ring}
	h.numbers = map[string]storetest.Known{}
	y.browser = open(t, h, func(d *PublicDeps) {
		d.Runner, d.Follow = y.store, FollowDeps{Room: y.room, Evidence: &vault{}}
		d.Works.ADay, d.Works.ADayNetwork = 5, 30
	})
	return y
}

var (
	officer   = audit.Entry{Actor: portal.Actor{Kind: portal.Staff, ID: "otto"}, Channel: "desk"}
	requester = audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}
)

// capture makes a request of a kind and lets the gate know its number.
func (y *followYard) capture(kind works.Kind, occupancyID string) storetest.Known {
	y.t.Helper()
	d := works.Draft{Kind: string(kind), Energy: "electricity", Requester: "person", Name: "Anna Schmitz", Mail: "anna@example.org", Language: "de", Channel: "mail",
		Street: "Rotenberg 12", Postcode: "4700", Town: "Eupen", Dwelling: true, Values: map[string]string{"ean": string(fixtureEAN)}}
	switch kind {
	case works.Phases13:
		d.Values["supply"] = "three-400"
	case works.NewConnection:
		d.Values = map[string]string{"supply": "single", "power_wished": "9,2"}
	case works.EndOfContract, works.Drop, works.BudgetMeter:
		d.Requester, d.CompanyNumber = "supplier", "0403170701"
	}
	made, err := y.room.Capture(y.t.Context(), requester, d, nil, occupancyID, "")
	require.NoError(y.t, err)
	k := storetest.Known{Reference: made.Request.Number, Digits: made.Code, Key: made.Request.Key, OccupancyID: made.Request.ID}
	y.h.numbers[k.Reference.Reveal()] = k
	return k
}

func (y *followYard) move(id string, e works.Event, reason string, change func(*works.Request)) {
	y.t.Helper()
	_, err := y.room.Move(y.t.Context(), officer, id, works.Operator, e, reason, func(r *works.Request) error {
		if change != nil {
			change(r)
		}
		return nil
	})
	require.NoError(y.t, err, e)
}

// offer brings a request to its offer.
func (y *followYard) offer(id string) {
	y.t.Helper()
	y.move(id, works.EventStudy, "", nil)
	y.move(id, works.EventDraw, "", nil)
	y.move(id, works.EventOffer, "", func(r *works.Request) {
		r.Offer = works.Offer{Version: r.Offer.Version + 1, Said: true, Lines: [4]int64{0, 31200, 18400, 4800}, VAT: 6, Percent: 50, Terms: "2026-1", TermsAt: "https://grid.example/{language}/terms/{version}", Days: 25,
			SentAt: y.h.clock(), ValidTo: portal.Date(2027, time.February, 24)}
	})
}

// knock types number and code at the works' page of the gate.
func (b *browser) knock(lang, number, code string) answer {
	b.t.Helper()
	page := b.get("/" + lang + "/works/lookup")
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	hidden := func(name string) string { return page.doc.Find("input[name="+name+"]").AttrOr("value", "") }
	return b.post("/"+lang+"/works/lookup", url.Values{"number": {number}, "code": {code}, "captcha": {"123456"},
		"captcha_id": {hidden("captcha_id")}, "form": {hidden("form")}})
}

func (b *browser) follow(k storetest.Known) string {
	b.t.Helper()
	in := b.knock("de", k.Reference.Reveal(), k.Digits.Reveal())
	require.Equal(b.t, "/de/works/request?id="+k.OccupancyID, in.Header.Get("Location"))
	return k.OccupancyID
}

func (b *browser) act(id, what string, form url.Values) answer {
	b.t.Helper()
	return b.post("/de/works/request/"+what+"?id="+id, form)
}

// day is the planned one as the form on a page has it that puts it off.
func (b *browser) day(page string) string {
	b.t.Helper()
	return b.get(page).doc.Find("form[action*='/postpone'] input[name=day]").AttrOr("value", "")
}

func (a answer) text() string {
	return strings.Join(strings.Fields(plainSpaces(a.doc.Find("main").Text())), " ")
}

func (y *followYard) entries(action audit.Action, id string) int64 {
	return storetest.Number(y.t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND subject = $2`, string(action), works.Subject(id))
}

// The whole way of a requester through the pages (W7, W8, L18): number and
// code, the offer accepted by name, the day and its calendar file, postponed
// with a reason, closed, reopened; each showing and each act in the trail.
func TestARequestIsFollowed(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.Phases13, "")
	b := y.another()
	id := b.follow(k)
	page := b.get("/de/works/request")
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.text(), "Wir sind am Zug: Wir lesen Ihren Antrag")
	require.Equal(t, 6, page.doc.Find(".phases li").Length())
	require.Equal(t, int64(1), y.entries(audit.WorksShown, id))
	require.NotContains(t, page.body, string(fixtureEAN), "G12")

	y.offer(id)
	page = b.get("/de/works/request?id=" + id)
	text := page.text()
	for _, told := range []string{"Sie sind am Zug: Antworten Sie auf unser Angebot", "312,00 €", "Studienkosten0,00 €", "MwSt. 6 %32,64 €", "576,64 €", "288,32 €",
		"+++", "Fassung 2026-1", "23. Februar 2027", "25 Werktagen"} {
		require.Contains(t, text, told)
	}
	require.Contains(t, page.doc.Find("aside details").Text(), "Regel OFFER, Fassung 1", "the date opens")

	// No name, an old page's offer, an offer that is over: said at the field, nothing happens.
	require.Equal(t, "https://grid.example/de/terms/2026-1", b.get("/de/works/request").doc.Find("a[href^='https://grid']").AttrOr("href", ""), "W21")
	require.Contains(t, b.act(id, "accept", url.Values{"version": {"1"}}).doc.Find("#agreed_by-error").Text(), "Schreiben Sie Ihren Namen")
	old := b.act(id, "accept", url.Values{"version": {"0"}, "agreed_by": {"Anna Schmitz"}})
	require.Equal(t, http.StatusConflict, old.StatusCode)
	require.Equal(t, "Anna Schmitz", old.doc.Find("#agreed_by").AttrOr("value", ""), "what was typed stays")
	pdf := b.get("/de/works/request/offer.pdf?id=" + id)
	require.True(t, strings.HasPrefix(pdf.body, "%PDF-"))
	twin := b.get("/fr/works/request/offer.html?id=" + id)
	require.Equal(t, "de", twin.doc.Find("html").AttrOr("lang", ""), "the requester's language, whatever the page's")
	require.Contains(t, plainSpaces(twin.doc.Text()), "576,64 €")
	require.Contains(t, twin.doc.Text(), "Vertraulich", "L20")
	done := b.act(id, "accept", url.Values{"version": {"1"}, "agreed_by": {"  Anna  Schmitz "}})
	require.Equal(t, "/de/works/request?id="+id+"&done=accepted", done.Header.Get("Location"))
	require.EqualValues(t, 1, storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.moved' AND details LIKE '%accept%' AND details LIKE '%2026-1%'`), "W21: which conditions were accepted")
	r, _, err := y.store.Works(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, works.Agreed, r.Status)
	require.Equal(t, "Anna Schmitz", r.Offer.AgreedBy)
	require.Equal(t, works.OnLine, r.Offer.AgreedOn)
	require.True(t, r.Offer.AgreedAt.Equal(y.h.clock()))
	page = b.get(done.Header.Get("Location"))
	require.Contains(t, page.doc.Find("[role=status]").Text(), "Zustimmung ist eingetragen")
	require.Zero(t, page.doc.Find("form[action*='/accept']").Length())
	late := b.act(id, "decline", url.Values{"version": {"1"}, "decline_sure": {"yes"}})
	require.Equal(t, http.StatusConflict, late.StatusCode, "it was agreed to")
	require.Contains(t, late.doc.Find("[role=alert] h2").Text(), "Nichts wurde geändert", "where no field is wrong none is to be corrected")
	require.Contains(t, old.doc.Find("[role=alert] h2").Text(), "Nichts wurde geändert")

	_, err = y.room.Move(t.Context(), officer, id, works.Nobody, works.EventPay, "", func(r *works.Request) error {
		r.Offer.Paid, r.Offer.PaidAt = 28832, y.h.clock()
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, b.get("/de/works/request").text(), "Arbeiten auszuführen bis spätestens 29. Dezember 2026")
	y.move(id, works.EventAwait, "Die Rinne fehlt noch.", nil)
	page = b.get("/de/works/request")
	require.Contains(t, page.text(), "Die Frist steht still")
	require.Contains(t, page.text(), "Die Rinne fehlt noch.")
	y.move(id, works.EventResume, "", nil)
	require.Equal(t, http.StatusNotFound, b.get("/de/works/request/appointment.ics").StatusCode)
	day := portal.Date(2026, time.December, 8).Add(8 * time.Hour)
	y.move(id, works.EventPlan, "", func(r *works.Request) { r.Day = day })
	require.Contains(t, b.get("/de/works/request").text(), "Dienstag, 8. Dezember 2026, zwischen 8:00 und 12:00 Uhr.")
	file := b.get("/de/works/request/appointment.ics")
	require.Equal(t, "text/calendar; charset=utf-8", file.Header.Get("Content-Type"))
	cal, err := ics.ParseCalendar(strings.NewReader(file.body))
	require.NoError(t, err)
	start, err := cal.Events()[0].GetStartAt()
	require.NoError(t, err)
	require.True(t, start.Equal(day))
	require.NotContains(t, file.body, k.Digits.Reveal(), "G12: no code in it")

	require.Equal(t, "Sagen Sie uns kurz, warum.", b.act(id, "postpone", nil).doc.Find("details[open] #postpone_reason-error").Text(), "a reason is needed, which is said once")
	read := b.day("/de/works/request?id=" + id)
	y.move(id, works.EventPlan, "", func(r *works.Request) { r.Day = r.Day.AddDate(0, 0, 1) })
	moved := b.act(id, "postpone", url.Values{"postpone_reason": {"Ich bin verreist."}, "day": {read}})
	require.Equal(t, http.StatusConflict, moved.StatusCode, "another day than the one that was read")
	require.Contains(t, moved.text(), "Der Termin hat sich inzwischen geändert")
	require.Equal(t, "Ich bin verreist.", moved.doc.Find("#postpone_reason").Text(), "nothing typed is lost")
	require.Contains(t, b.act(id, "postpone", url.Values{"postpone_reason": {"Ich bin verreist."}, "day": {b.day("/de/works/request?id=" + id)}}).Header.Get("Location"), "done=postponed")
	require.Contains(t, b.get("/de/works/request").text(), "Ich bin verreist.")
	y.move(id, works.EventPlan, "", func(r *works.Request) { r.Day = day })
	for _, e := range []works.Event{works.EventStart, works.EventCarryOut, works.EventClose} {
		y.move(id, e, "", func(r *works.Request) { r.Result, r.AssetAt, r.InvoicedAt = "done", y.h.clock(), y.h.clock() })
	}
	require.Contains(t, b.get("/de/works/request").text(), "Ist alles in Ordnung?")
	require.Contains(t, b.act(id, "well", nil).Header.Get("Location"), "done=well")
	require.Equal(t, int64(1), y.entries(audit.WorksNoted, id))
	require.Contains(t, b.act(id, "reopen", url.Values{"reopen_reason": {"Die Sicherung springt heraus."}}).Header.Get("Location"), "done=reopened")
	require.Contains(t, b.get("/de/works/request").doc.Find("h1").Text(), "Wir sehen nach, was nicht stimmt", "not that the file is being closed")
	require.Equal(t, int64(3), storetest.Number(t, y.dsn, `SELECT COUNT(*) FROM trail WHERE action = $1 AND subject = $2 AND actor_kind = 'household'`,
		string(audit.WorksMoved), works.Subject(id)), "accepted, postponed, reopened")
}

// W5: what is missing is brought or typed, then the requester says so.
func TestWhatIsMissingIsGiven(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	id := y.another().follow(y.capture(works.NewConnection, ""))
	b := y.another()
	b.follow(y.numbersOf(id))
	page := b.get("/de/works/request")
	require.Contains(t, page.text(), "Sie sind am Zug: Ergänzen Sie Ihren Antrag")
	require.Zero(t, page.doc.Find("form[action*='/complete']").Length(), "a document is missing")
	require.Equal(t, http.StatusConflict, b.act(id, "complete", nil).StatusCode)

	send := func(kind, content string) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		require.NoError(t, form.WriteField("paper_kind", kind))
		part, err := form.CreateFormFile("document", "plan.pdf")
		require.NoError(t, err)
		_, err = io.WriteString(part, content)
		require.NoError(t, err)
		require.NoError(t, form.Close())
		r, err := http.NewRequest(http.MethodPost, y.server.URL+"/de/works/request/papers?id="+id, &body)
		require.NoError(t, err)
		r.Header.Set("Content-Type", form.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		return b.do(r)
	}
	require.NotEmpty(t, send("site-plan", "").doc.Find("#document-error").Text())
	require.NotEmpty(t, send("site-plan", "<html>").doc.Find("#document-error").Text(), "T25")
	require.NotEmpty(t, send("passport", "%PDF-1").doc.Find("#paper_kind-error").Text())
	require.Contains(t, send("site-plan", "%PDF-1").Header.Get("Location"), "done=added")
	require.Equal(t, int64(1), y.entries(audit.WorksPaper, id))

	require.NoError(t, y.room.Note(t.Context(), officer, id, "missing", func(r *works.Request) error {
		r.Missing = []string{"power_wished"}
		return nil
	}))
	wrong := b.act(id, "complete", url.Values{"power_wished": {"viel"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.NotEmpty(t, wrong.doc.Find("#power_wished-error").Text())
	require.Equal(t, "viel", wrong.doc.Find("#power_wished").AttrOr("value", ""))
	require.Contains(t, b.act(id, "complete", url.Values{"power_wished": {"17,3"}}).Header.Get("Location"), "done=completed")
	require.Contains(t, b.get("/de/works/request").text(), "17,3")
	wrong = b.act(id, "cancel", url.Values{"cancel_reason": {"Wir bauen nicht."}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode, "what cannot be taken back is confirmed")
	require.NotEmpty(t, wrong.doc.Find("#cancel_sure-error").Text())
	require.Equal(t, "Wir bauen nicht.", wrong.doc.Find("#cancel_reason").Text(), "nothing typed is lost")
	wrong = b.act(id, "cancel", url.Values{"cancel_reason": {strings.Repeat("x", 501)}, "cancel_sure": {"yes"}})
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Equal(t, 1, wrong.doc.Find("input[name=cancel_sure][checked]").Length(), "nor what was ticked")
	require.Contains(t, b.act(id, "cancel", url.Values{"cancel_sure": {"yes"}}).Header.Get("Location"), "done=cancelled")
	require.Equal(t, http.StatusConflict, send("site-plan", "%PDF-1").StatusCode, "what is over takes no document")
}

func (y *followYard) numbersOf(id string) storetest.Known {
	for _, k := range y.h.numbers {
		if k.OccupancyID == id {
			return k
		}
	}
	y.t.Fatal("no such request")
	return storetest.Known{}
}

// T6, T5 at the works' page: unknown, wrong, third failure, blocked and right
// while blocked are one answer, which keeps the number and nothing else (G5).
func TestT6WorksNumbersFailAlike(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.Phases13, "")
	wrong := func(n string) string { return n + k.Digits.Reveal()[1:] }
	first := "1"
	if k.Digits.Reveal()[0] == '1' {
		first = "2"
	}
	want := essence(y.another().knock("fr", "0123456789", "000000"), "0123456789")
	require.Contains(t, want, "422")
	for _, code := range []string{wrong(first), wrong(first), wrong(first), k.Digits.Reveal()} {
		got := y.another().knock("fr", k.Reference.Reveal(), code)
		require.Equal(t, want, essence(got, k.Reference.Reveal()))
		require.Equal(t, k.Reference.Reveal(), got.doc.Find("#number").AttrOr("value", ""))
		require.Empty(t, got.doc.Find("#code").AttrOr("value", ""))
	}
	require.Equal(t, "/fr/ended", y.another().get("/fr/works/request?id="+k.OccupancyID).Header.Get("Location"))
}

// T24, Wd1, D10: an id in an address chooses among what is open and opens
// nothing; another's and nobody's are one answer; after leaving, none. A works
// number opens no consumption, a reference the requests of its own visits.
func TestT24SomeoneElsesRequest(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	mine, theirs, home := y.capture(works.Phases13, ""), y.capture(works.Phases13, "other"), y.capture(works.TwoRate, y.h.stay)
	y.offer(theirs.OccupancyID)
	b := y.another()
	id := b.follow(mine)
	require.Equal(t, "/de/ended", b.get("/de/consumption").Header.Get("Location"), "Wd1")
	for _, path := range []string{"", "/offer.pdf", "/offer.html", "/appointment.ics"} {
		other, none := b.get("/de/works/request"+path+"?id="+theirs.OccupancyID), b.get("/de/works/request"+path+"?id=nothing")
		require.Equal(t, http.StatusNotFound, other.StatusCode, path)
		require.Equal(t, strings.ReplaceAll(none.body, "nothing", ""), strings.ReplaceAll(other.body, theirs.OccupancyID, ""), path)
	}
	for _, what := range []string{"accept", "decline", "complete", "postpone", "cancel", "well", "reopen", "code"} {
		form := url.Values{"version": {"1"}, "agreed_by": {"Eve"}, "postpone_reason": {"x"}, "reopen_reason": {"x"}}
		require.Equal(t, http.StatusNotFound, b.act(theirs.OccupancyID, what, form).StatusCode, what)
	}
	require.Zero(t, y.entries(audit.WorksShown, theirs.OccupancyID))
	require.Equal(t, http.StatusSeeOther, b.try(knownReference, knownDigits).StatusCode)
	list := b.get("/de/works/request")
	require.Equal(t, 2, list.doc.Find("#requests tbody tr").Length(), "the one typed and the one of the occupancy")
	require.Equal(t, int64(1), y.entries(audit.WorksShown, home.OccupancyID))
	require.NotContains(t, list.body, theirs.OccupancyID)
	require.Equal(t, "/de/works/request", b.get("/de/consumption").doc.Find(".files a").Last().AttrOr("href", ""))
	require.Equal(t, http.StatusOK, b.get("/de/works/request?id="+home.OccupancyID).StatusCode)
	b.post("/de/leave", nil)
	require.Equal(t, "/de/ended", b.get("/de/works/request?id="+id).Header.Get("Location"))
	require.Equal(t, "/de/ended", b.act(id, "cancel", url.Values{"cancel_sure": {"yes"}}).Header.Get("Location"))
}

// Whoever follows a request may stay as long as who looks at a consumption, and
// comes back to the same request.
func TestARequesterStays(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.Phases13, "")
	b := y.another()
	id := b.follow(k)
	stay := b.get("/de/works/request?id="+id).doc.Find("form[action='/de/visit/extend'] [name=back]").AttrOr("value", "")
	require.Equal(t, "/de/works/request?id="+id, b.post("/de/visit/extend", url.Values{"back": {stay}}).Header.Get("Location"))
	for _, elsewhere := range []string{"", "?at=works&id=//evil.example", "?at=works&id=x%0d%0aSet-Cookie", "//evil.example", "?at=works&id=" + id + "&of=1"} {
		to := b.post("/de/visit/extend", url.Values{"back": {elsewhere}}).Header.Get("Location")
		require.True(t, strings.HasPrefix(to, "/de/consumption") || strings.HasPrefix(to, "/de/works/request"), to)
		require.NotContains(t, to, "//")
	}
	require.Equal(t, "/de/ended", y.another().post("/de/visit/extend", url.Values{"back": {stay}}).Header.Get("Location"))
}

// T19: a request takes thirty documents and no more, and its source acts and
// brings only so much; what is refused is told, and nothing is lost.
func TestMostPapersOfARequest(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.Phases13, "")
	paper := func() error {
		return y.room.Add(t.Context(), requester, k.OccupancyID, works.Paper{ID: portal.NewID(y.h.clock()), Document: works.Other, EvidenceID: "e"})
	}
	for range works.MostPapers {
		require.NoError(t, paper())
	}
	require.ErrorContains(t, paper(), "works.papers")
	b := y.another()
	id := b.follow(k)
	require.Equal(t, int64(works.MostPapers), y.entries(audit.WorksPaper, id))
	y.offer(id)
	refused := 0
	for range 40 {
		if b.act(id, "accept", url.Values{"version": {"1"}}).StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	require.Positive(t, refused)
	require.Zero(t, y.entries(audit.WorksMoved, id)-3, "and nothing was accepted")
}

// D10, T24: whoever came in with a code that is replaced is out by every way,
// also by the secret address of a calendar made meanwhile; the trail tells.
func TestT24ANewCodeEndsTheCalendarToo(t *testing.T) {
	t.Parallel()
	y := newFollowYard(t)
	k := y.capture(works.SmartMeter, "")
	y.move(k.OccupancyID, works.EventPrepare, "", func(r *works.Request) { r.StudyNotNeeded = true })
	y.move(k.OccupancyID, works.EventPlan, "", func(r *works.Request) {
		r.Day = portal.Date(2026, time.December, 8).Add(8 * time.Hour)
	})
	thief := y.another()
	id := thief.follow(k)
	text := thief.act(id, "feed", nil).doc.Find(".secret").Text()
	address := text[strings.Index(text, "/de/calendar/"):]
	require.Contains(t, y.another().get(address).body, "BEGIN:VEVENT")

	require.Contains(t, y.follow(k), id)
	require.Contains(t, y.act(id, "code", nil).Header.Get("Location"), "done=code")
	require.Equal(t, http.StatusNotFound, y.another().get(address).StatusCode)
	require.EqualValues(t, 1, y.entries(audit.WorksFeedEnded, id))
}
