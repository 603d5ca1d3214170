package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
)

// firm is an agency with requests for works in it.
type firm struct {
	*agency
	yard *followYard
}

func newFirm(t *testing.T) *firm {
	a := newAgency(t, storetest.Backends(t)[0])
	return &firm{a, &followYard{browser: a.browser, store: a.store, dsn: a.dsn, room: a.works}}
}

// claim types number and code at the installers' page of the gate.
func (b *browser) claim(number, code string) answer {
	b.t.Helper()
	page := b.get("/de/partner/works/claim")
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	hidden := func(name string) string { return page.doc.Find("input[name="+name+"]").AttrOr("value", "") }
	return b.post("/de/partner/works/claim", url.Values{"number": {number}, "code": {code}, "captcha": {"123456"},
		"captcha_id": {hidden("captcha_id")}, "form": {hidden("form")}})
}

func (b *browser) listed(query string) (ids []string) {
	b.t.Helper()
	page := b.get("/de/partner/works" + query)
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	page.doc.Find("#works tbody a").Each(func(_ int, s *goquery.Selection) { ids = append(ids, idOf(s.AttrOr("href", ""))) })
	return ids
}

// D10: an installer sees what it made, what it typed the code of once, and what
// a requester let it see, and its colleagues see the same; who is none, who
// ended and who was let go sees nothing (T24). Each look is traced (L18).
func TestD10Installers(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	y := f.yard
	in, g := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	other, _ := f.guestOf("Conseil SA", "0417.497.106")
	require.Equal(t, http.StatusNotFound, other.get("/de/partner/works").StatusCode, "no installer")
	require.Zero(t, other.get("/de/partner").doc.Find(`nav a[href="/de/partner/works"]`).Length())
	require.Contains(t, in.get("/de/partner/works").text(), "Noch kein Antrag")
	require.Equal(t, 1, in.get("/de/partner").doc.Find(`nav a[href="/de/partner/works"]`).Length())

	mine := y.capture(works.Phases13, "")
	storetest.Exec(t, f.dsn, `UPDATE works SET partner_id = $1 WHERE id = $2`, g.PartnerID, mine.OccupancyID)
	theirs, shut := y.capture(works.TwoRate, ""), y.capture(works.SmartMeter, "")
	require.Equal(t, []string{mine.OccupancyID}, in.listed(""))
	require.Equal(t, http.StatusNotFound, in.get("/de/partner/works/"+theirs.OccupancyID).StatusCode)

	// The code is asked once, by the gate itself: its refusals, its counters.
	wrong := "0" + theirs.Digits.Reveal()[1:]
	if wrong == theirs.Digits.Reveal() {
		wrong = "1" + wrong[1:]
	}
	require.Equal(t, http.StatusUnprocessableEntity, in.claim(theirs.Reference.Reveal(), wrong).StatusCode)
	compared := f.h.compared
	require.Equal(t, "/de/partner/works/"+theirs.OccupancyID+"?done=held", in.claim(theirs.Reference.Reveal(), theirs.Digits.Reveal()).Header.Get("Location"))
	require.Equal(t, compared+1, f.h.compared, "T1: the gate compared it and nobody else")
	require.Equal(t, "/de/ended", in.get("/de/works/request").Header.Get("Location"), "no visit comes of it")
	for range 3 {
		require.Equal(t, http.StatusUnprocessableEntity, in.claim(shut.Reference.Reveal(), "000000").StatusCode)
	}
	require.Equal(t, http.StatusUnprocessableEntity, in.claim(shut.Reference.Reveal(), shut.Digits.Reveal()).StatusCode, "T5: shut here, too")
	require.ElementsMatch(t, []string{mine.OccupancyID, theirs.OccupancyID}, in.listed(""))
	require.EqualValues(t, 1, y.entries(audit.WorksHeld, theirs.OccupancyID))
	require.EqualValues(t, 1, y.entries(audit.WorksShown, theirs.OccupancyID), "the list was a look")

	// What the page says, and what it does not.
	y.offer(mine.OccupancyID)
	page := in.get("/de/partner/works/" + mine.OccupancyID)
	require.Contains(t, page.text(), "Ihre Organisation hat diesen Antrag gestellt.")
	for _, kept := range []string{"Anna", "anna@example.org", "€", mine.Digits.Reveal(), string(fixtureEAN)} {
		require.NotContains(t, page.body, kept)
	}
	require.Zero(t, page.doc.Find("form[action*='accept'], form[action*='cancel'], form[action*='let-go']").Length())

	// A colleague sees the same, until they end.
	name, code, err := f.room.Invite(t.Context(), g, "Karl Klein", false)
	require.NoError(t, err)
	colleague := f.another()
	f.setUp(colleague, name, code.Reveal())
	require.ElementsMatch(t, in.listed(""), colleague.listed(""))
	require.NoError(t, f.room.EndPerson(t.Context(), g, name))
	require.Equal(t, "/de/partner/sign-in", colleague.get("/de/partner/works/"+theirs.OccupancyID).Header.Get("Location"))

	// The requester sees who follows, and ends it; then lets a company in again.
	home := y.another()
	id := home.follow(theirs)
	require.Contains(t, home.get("/de/works/request").text(), "Das Unternehmen 0403.170.701 hat seit")
	require.Contains(t, home.act(id, "unshare", url.Values{"of": {"0403170701"}}).Header.Get("Location"), "done=unshared")
	require.Equal(t, http.StatusNotFound, in.get("/de/partner/works/"+id).StatusCode)
	require.NotContains(t, in.listed(""), id)
	require.NotEmpty(t, home.act(id, "share", url.Values{"company": {"0403.170.702"}}).doc.Find("details[open] #company-error").Text())
	known, unknown := home.act(id, "share", url.Values{"company": {"0403.170.701"}}), home.act(id, "share", url.Values{"company": {"0881.334.476"}})
	require.Equal(t, known.Header.Get("Location"), unknown.Header.Get("Location"), "G13: who is a partner does not show")
	require.Equal(t, 3, home.get("/de/works/request").doc.Find("form[action*='share']").Length())
	require.Contains(t, in.get("/de/partner/works/"+id).text(), "Der Antragsteller hat Ihnen am")
	require.Contains(t, in.post("/de/partner/works/"+id+"/let-go", nil).Header.Get("Location"), "done=let-go")
	require.EqualValues(t, 2, y.entries(audit.WorksLetGo, id))

	// The role is an officer's to give and to take.
	require.NoError(t, f.room.Entitle(t.Context(), testOfficer, g.PartnerID, false))
	require.Equal(t, http.StatusNotFound, in.get("/de/partner/works/"+mine.OccupancyID).StatusCode)
	require.Equal(t, portal.Conflict, portal.CodeOf(f.room.Entitle(t.Context(), testOfficer, g.PartnerID, false)))
}

// endsMeanwhile ends something once it was asked whether it stands.
type endsMeanwhile struct {
	works.Store
	end func()
}

func (s endsMeanwhile) WorksIsOf(ctx context.Context, of works.Installer, id string) (bool, error) {
	mine, err := s.Store.WorksIsOf(ctx, of, id)
	s.end()
	return mine, err
}

// T24: a hold that its requester ends while an installer's request is on its way
// is used no more by any page that shows or changes one; and the code that was
// typed once is no way back.
func TestT24AHoldEndsMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	y := f.yard
	in, _ := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	k := y.capture(works.SmartMeter, "")
	id := k.OccupancyID
	at := "/de/partner/works/" + id
	require.Equal(t, at+"?done=held", in.claim(k.Reference.Reveal(), k.Digits.Reveal()).Header.Get("Location"))
	y.move(id, works.EventPrepare, "", func(r *works.Request) { r.StudyNotNeeded = true })
	y.move(id, works.EventPlan, "", func(r *works.Request) { r.Day, r.Team = f.h.clock().AddDate(0, 0, 3), "Verviers 2" })
	plain := f.works.Store
	f.works.Store = endsMeanwhile{plain, func() { require.NoError(t, f.works.LetGo(t.Context(), requester, id, "0403170701")) }}
	looks := y.entries(audit.WorksShown, id)
	for what, act := range map[string]func() answer{
		"page":        func() answer { return in.get(at) },
		"appointment": func() answer { return in.get(at + "/appointment.ics") },
		"postpone":    func() answer { return in.post(at+"/postpone", url.Values{"postpone_reason": {"nass"}}) },
		"paper": func() answer {
			return in.send(at+"/papers", url.Values{"paper_kind": {"photo"}}, "document", "p.pdf", []byte("%PDF-1"))
		},
		"let go": func() answer { return in.post(at+"/let-go", nil) },
	} {
		require.NoError(t, f.works.Hold(t.Context(), requester, id, "0403170701", works.ByConsent))
		require.Equal(t, http.StatusNotFound, act().StatusCode, what)
	}
	f.works.Store = plain
	require.Equal(t, looks, y.entries(audit.WorksShown, id))
	r, _, err := f.store.Works(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, works.Planned, r.Status)
	papers, err := f.store.WorksPapers(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, papers)

	back := in.claim(k.Reference.Reveal(), k.Digits.Reveal())
	require.Equal(t, http.StatusUnprocessableEntity, back.StatusCode)
	require.Contains(t, back.text(), "Der Antragsteller hat Ihren Zugang zu diesem Antrag beendet.")
	require.Empty(t, in.listed(""))
}

// An installer brings what is missing and says that a day does not hold; the
// list is narrowed by turn, status and date, and goes on over pages.
func TestInstallersActAndSeek(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	y := f.yard
	in, g := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	own := func(k storetest.Known) string {
		storetest.Exec(t, f.dsn, `UPDATE works SET partner_id = $1 WHERE id = $2`, g.PartnerID, k.OccupancyID)
		return k.OccupancyID
	}
	id := own(y.capture(works.NewConnection, ""))
	at := "/de/partner/works/" + id
	require.NotEmpty(t, in.send(at+"/papers", url.Values{"paper_kind": {"site-plan"}}, "document", "x.exe", []byte("MZ")).doc.Find("#document-error").Text())
	require.Equal(t, at+"?done=added", in.send(at+"/papers", url.Values{"paper_kind": {"site-plan"}}, "document", "plan.pdf", []byte("%PDF-1")).Header.Get("Location"))
	require.Equal(t, at+"?done=completed", in.post(at+"/complete", nil).Header.Get("Location"))
	require.Equal(t, http.StatusConflict, in.post(at+"/complete", nil).StatusCode)
	require.Equal(t, http.StatusNotFound, in.post(at+"/accept", url.Values{"version": {"1"}, "agreed_by": {"Eve"}}).StatusCode, "an answer is the requester's")

	planned := own(y.capture(works.SmartMeter, ""))
	y.move(planned, works.EventPrepare, "", func(r *works.Request) { r.StudyNotNeeded = true })
	y.move(planned, works.EventPlan, "", func(r *works.Request) { r.Day, r.Team = f.h.clock().AddDate(0, 0, 3), "Verviers 2" })
	at = "/de/partner/works/" + planned
	require.Contains(t, in.get(at).text(), "Verviers 2")
	require.Contains(t, in.get(at+"/appointment.ics").body, "BEGIN:VEVENT")

	require.NotEmpty(t, in.post(at+"/postpone", nil).doc.Find("#postpone_reason-error").Text())
	require.Equal(t, at+"?done=postponed", in.post(at+"/postpone", url.Values{"postpone_reason": {"Die Wand ist noch nass."}, "day": {in.day(at)}}).Header.Get("Location"))
	require.Equal(t, http.StatusNotFound, in.get(at+"/appointment.ics").StatusCode)

	missing := own(y.capture(works.NewConnection, ""))
	require.Equal(t, []string{missing}, in.listed("?turn=requester"))
	require.Equal(t, []string{planned}, in.listed("?status=postponed"))
	require.Equal(t, []string{missing}, in.listed("?due=month"))
	require.Empty(t, in.listed("?due=late"))
	require.Contains(t, in.get("/de/partner/works?due=late").text(), "Kein Antrag mit diesen Kriterien")
	storetest.Exec(t, f.dsn, `UPDATE works SET due_us = $1 WHERE id = $2`, portal.Micros(f.h.clock().Add(-time.Hour)), missing)
	require.Equal(t, []string{missing}, in.listed("?due=late"))

	for range installerPage {
		own(y.capture(works.TwoRate, ""))
	}
	first := in.get("/de/partner/works")
	next := first.doc.Find("a[rel=next]").AttrOr("href", "")
	all := append(in.listed(""), in.listed(strings.TrimPrefix(next, "/de/partner/works"))...)
	require.Len(t, all, installerPage+3)
	slices.Sort(all)
	require.Len(t, slices.Compact(all), installerPage+3)
}

// A file of requests is shown before anything is recorded: each wrong line with
// its reason, or all of them; then all are recorded, once, or none (W13).
func TestInstallersBringAFile(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	in, _ := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	requests := func() int64 { return storetest.Number(t, f.dsn, `SELECT COUNT(*) FROM works`) }
	bring := func(text string) answer {
		return in.send("/de/partner/works/upload", nil, "file", "a.csv", []byte(text))
	}
	example := in.get("/de/partner/works/example.csv")
	require.Equal(t, works.BulkExample(), strings.TrimPrefix(example.body, "\ufeff"))
	require.NotEmpty(t, bring("").doc.Find("#file-error").Text())
	wrong := bring(works.BulkExample() + "drop;gas;A 1;4700;Eupen;;;;;;;;\n")
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.Equal(t, 1, wrong.doc.Find("#rows tbody tr").Length())
	require.Contains(t, wrong.doc.Find("#rows tbody tr").Text(), "4kindWählen Sie")
	require.Equal(t, http.StatusUnprocessableEntity, bring("kind;town;national_number\n").StatusCode)
	require.EqualValues(t, 1, storetest.Number(t, f.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'works.foreign' AND details LIKE '%national_number%'`))

	fine := bring(works.BulkExample())
	require.Equal(t, http.StatusOK, fine.StatusCode)
	require.Equal(t, 2, fine.doc.Find("#rows tbody tr").Length())
	require.Zero(t, requests(), "nothing before the yes")
	yes := url.Values{"batch": {fine.doc.Find("input[name=batch]").AttrOr("value", "")}}
	stranger, _ := f.guestOf("Sonnenwind AG", "0417.497.106", "installer")
	require.Equal(t, http.StatusConflict, stranger.post("/de/partner/works/upload/make", yes).StatusCode, "another's file")
	require.Equal(t, "/de/partner/works?done=made", in.post("/de/partner/works/upload/make", yes).Header.Get("Location"))
	require.Equal(t, http.StatusConflict, in.post("/de/partner/works/upload/make", yes).StatusCode)
	require.EqualValues(t, 2, requests())
	require.Len(t, in.listed(""), 2)
	require.Empty(t, stranger.listed(""))
	mails, err := f.store.DueMails(t.Context(), f.h.clock(), 10)
	require.NoError(t, err)
	require.Len(t, mails, 1, "one receipt for all")
	require.Equal(t, "info@partner.example", mails[0].Mail)

	// All or none: one that exists stops the others.
	b := works.ReadBulk([]byte(works.BulkExample()), works.Contact{Name: "X", Mail: "x@example.org", Language: "fr", CompanyNumber: "0403170701"}, f.h.clock())
	require.NoError(t, f.works.CaptureAll(t.Context(), requester, []works.Draft{b.Rows[1].Draft}, "p"))
	err = f.works.CaptureAll(t.Context(), requester, []works.Draft{b.Rows[0].Draft, b.Rows[1].Draft}, "p")
	require.Equal(t, portal.Conflict, portal.CodeOf(err))
	require.EqualValues(t, 3, requests())
}

// feedsRead counts how often an address is looked for.
type feedsRead struct {
	works.Store
	n *int
}

func (s feedsRead) WorksFeed(ctx context.Context, hash string) (works.Agenda, error) {
	*s.n++
	return s.Store.WorksFeed(ctx, hash)
}

// A calendar at a secret address says number, place, day and team of what is
// planned, of a drop no team (D12); a new address ends the old one, and a person
// who ended, a partner without its role and a request that is over have none.
func TestCalendarsAtSecretAddresses(t *testing.T) {
	t.Parallel()
	f := newFirm(t)
	y := f.yard
	in, g := f.guestOf("Elektro Rotenberg", "0403.170.701", "installer")
	day := portal.Date(2026, time.December, 8).Add(8 * time.Hour)
	plan := func(kind works.Kind) storetest.Known {
		k := y.capture(kind, "")
		y.move(k.OccupancyID, works.EventPrepare, "", func(r *works.Request) { r.StudyNotNeeded = true })
		y.move(k.OccupancyID, works.EventPlan, "", func(r *works.Request) { r.Day, r.Team = day, "Verviers 2" })
		require.NoError(t, f.works.Hold(t.Context(), requester, k.OccupancyID, "0403170701", works.ByConsent))
		return k
	}
	k, drop := plan(works.SmartMeter), plan(works.Drop)
	address := func(page answer) string {
		text := page.doc.Find(".secret").Text()
		require.Contains(t, text, "/de/calendar/")
		return text[strings.Index(text, "/de/calendar/"):]
	}
	program := func(at string) answer { return y.another().get(at) }
	require.Equal(t, http.StatusNotFound, program("/de/calendar/none.ics").StatusCode)
	first := address(in.post("/de/partner/works/calendar/make", nil))
	file := program(first)
	require.Equal(t, "text/calendar; charset=utf-8", file.Header.Get("Content-Type"))
	cal, err := ics.ParseCalendar(strings.NewReader(file.body))
	require.NoError(t, err)
	require.Len(t, cal.Events(), 2)
	start, err := cal.Events()[0].GetStartAt()
	require.NoError(t, err)
	require.True(t, start.Equal(day))
	require.Equal(t, 1, strings.Count(file.body, "Verviers 2"), "of a drop no team")
	for _, kept := range []string{"Anna", "anna@", string(fixtureEAN), k.Digits.Reveal(), drop.Digits.Reveal(), "Smart"} {
		require.NotContains(t, file.body, kept)
	}
	require.EqualValues(t, 1, y.entries(audit.WorksShown, k.OccupancyID), "L18")
	require.Equal(t, file.body, in.get("/de/partner/works/appointments.ics").body)
	require.NotContains(t, in.get("/de/partner/works/calendar").body, first, "shown once")
	token := strings.TrimSuffix(strings.TrimPrefix(first, "/de/calendar/"), ".ics")
	require.EqualValues(t, 0, storetest.Number(t, f.dsn, `SELECT COUNT(*) FROM works_feeds WHERE hash LIKE '%`+token+`%'`))

	second := address(in.post("/de/partner/works/calendar/make", nil))
	require.Equal(t, http.StatusNotFound, program(first).StatusCode, "renewed")
	in.post("/de/partner/works/calendar/end", nil)
	require.Equal(t, http.StatusNotFound, program(second).StatusCode, "ended")
	third := address(in.post("/de/partner/works/calendar/make", nil))
	for change, back := range map[string]string{
		`UPDATE partners SET installer = FALSE`:       `UPDATE partners SET installer = TRUE`,
		`UPDATE partners SET status = 'suspended'`:    `UPDATE partners SET status = 'approved'`,
		`UPDATE partner_people SET ended_us = 1`:      `UPDATE partner_people SET ended_us = 0`,
		`UPDATE works_feeds SET login = 'somebody-x'`: `UPDATE works_feeds SET login = '` + g.Login + `'`,
	} {
		storetest.Exec(t, f.dsn, change)
		require.Equal(t, http.StatusNotFound, program(third).StatusCode, change)
		storetest.Exec(t, f.dsn, back)
		require.Equal(t, http.StatusOK, program(third).StatusCode, back)
	}
	require.NoError(t, f.works.LetGo(t.Context(), requester, drop.OccupancyID, "0403170701"))
	require.Equal(t, 1, strings.Count(program(third).body, "BEGIN:VEVENT"))

	// One request's own.
	home := y.another()
	id := home.follow(k)
	own := address(home.act(id, "feed", nil))
	require.Equal(t, 1, strings.Count(program(own).body, "BEGIN:VEVENT"))
	require.NotContains(t, program(own).body, "Verviers", "who comes is the installer's to know")
	y.move(id, works.EventPostpone, "", nil)
	require.Equal(t, 0, strings.Count(program(own).body, "BEGIN:VEVENT"))
	require.Contains(t, home.act(id, "feed-end", nil).Header.Get("Location"), "done=feed-ended")
	require.Equal(t, http.StatusNotFound, program(own).StatusCode)
	own = address(home.act(id, "feed", nil))
	home.act(id, "cancel", url.Values{"cancel_sure": {"yes"}})
	require.Equal(t, http.StatusNotFound, program(own).StatusCode, "over")

	// The daily mail is the partner's wish.
	in.post("/de/partner/works/calendar/digest", url.Values{"wanted": {"yes"}})
	require.Contains(t, in.get("/de/partner/works/calendar").text(), "Wir schreiben einmal am Tag an info@partner.example")
	in.post("/de/partner/works/calendar/digest", nil)
	require.Contains(t, in.get("/de/partner/works/calendar").text(), "Wir können Ihnen einmal am Tag")
	// A calendar that is there costs its source nothing; one that is not does (T19).
	misses := 0
	for ; misses < 100 && program("/de/calendar/nobody.ics").StatusCode == http.StatusNotFound; misses++ {
	}
	require.Less(t, misses, 100)
	lookups := 0
	f.works.Store = feedsRead{f.works.Store, &lookups}
	require.Equal(t, http.StatusTooManyRequests, program(third).StatusCode, "nothing is looked for once they are spent")
	require.Zero(t, lookups)
	f.h.now = f.h.now.Add(24 * time.Hour)
	require.Equal(t, http.StatusOK, program(third).StatusCode)
	require.Equal(t, 1, lookups)
	for range 100 { // one that is over, and read on, takes nothing from its source
		require.NotEqual(t, http.StatusOK, program(own).StatusCode)
	}
	require.Equal(t, http.StatusOK, program(third).StatusCode)
	counted := strings.Join(f.limits.keys, " ")
	require.Contains(t, counted, "works-feed:one:")
	for _, plain := range []string{g.Login, g.PartnerID, id, token} {
		require.NotContains(t, counted, plain, "G12")
	}
}
