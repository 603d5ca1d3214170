package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/outbox"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/web/i18n"
	"guichet/works"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// yard is the public listener with works over a real store.
type yard struct {
	*browser
	store     *store.Store
	dsn       string
	kept      [][]byte // all that was ever written into the state
	withdrawn []string
}

// drawer is the vault of works: it remembers what was taken back.
type drawer struct {
	*vault
	c *yard
}

func (d drawer) Withdraw(_ context.Context, _ audit.Entry, subject, id string) error {
	d.c.withdrawn = append(d.c.withdrawn, subject+" "+id)
	return nil
}

// tap is a state that shows what is written into it.
type tap struct {
	state.Store
	c *yard
}

func (s tap) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.c.h.mu.Lock()
	s.c.kept = append(s.c.kept, append([]byte(key), value...))
	s.c.h.mu.Unlock()
	return s.Store.Set(ctx, key, value, ttl)
}

func newYard(t *testing.T) *yard {
	h := newHouse(t)
	h.ring = storetest.Keys(t)
	c := &yard{dsn: storetest.Backends(t)[0].DSN(t)}
	c.store = storetest.Reopen(t, c.dsn, h.clock)
	c.browser = open(t, h, func(d *PublicDeps) {
		d.Captchas = CaptchaRates{300, 300} // a test's people post all in one minute
		d.Works = WorksDeps{ADay: 5, ADayNetwork: 30, Papers: drawer{&vault{}, c},
			Service: &works.Service{Clock: h.clock, Runner: c.store, Store: c.store, Ring: h.ring},
			Drafts:  &works.Drafts{Ring: h.ring, Clock: h.clock, State: tap{state.NewMemory(h.clock, 1000), c}}}
	})
	return c
}

var testPoint = "54144901100000001" + string(portal.EANCheckDigit("54144901100000001"))

// phases are the pages of a change from one phase to three, as typed.
func phases() map[works.Stage]url.Values {
	return map[works.Stage]url.Values{
		works.StageKind: {"kind": {"phases"}},
		works.StageYou:  {"requester": {"person"}, "name": {"Änne Schmitz"}, "mail": {"aenne@example.org"}, "telephone": {"087 12 34 56"}, "language": {"de"}, "channel": {"mail"}},
		works.StageSite: {"street": {"Am Nirgendwo 7"}, "postcode": {"4700"}, "town": {"Dorf, das es nicht gibt"}, "ean": {testPoint}, "meter_number": {""}},
		works.StageWorks: {"power_now": {"9,2"}, "power_wished": {"17,3"}, "supply": {"three-400"}, "production": {""}, "charging_point": {"11"}, "heat_pump": {""},
			"wished_day": {"2027-02-01"}},
		works.StageBill:   {"billing_name": {""}, "billing_street": {""}, "billing_postcode": {""}, "billing_town": {""}, "first_occupied": {"1998"}, "dwelling": {"yes"}, "end_user": {"yes"}},
		works.StagePapers: {},
	}
}

func (b *browser) page(stage works.Stage, form url.Values) answer {
	b.t.Helper()
	form = with(form, "step", string(stage))
	return b.post("/de/works/new", form)
}

// filledIn types all pages but the last.
func (b *browser) filledIn(pages map[works.Stage]url.Values) {
	b.t.Helper()
	for i, stage := range works.Stages[:len(works.Stages)-1] {
		done := b.page(stage, pages[stage])
		require.Equal(b.t, http.StatusSeeOther, done.StatusCode, "%s: %s", stage, done.doc.Find(".error").Text())
		require.Equal(b.t, "/de/works/new?step="+string(works.Stages[i+1]), done.Header.Get("Location"))
	}
}

func (b *browser) sent() answer {
	b.t.Helper()
	return b.page(works.StageCheck, url.Values{"do": {"send"}})
}

func (c *yard) requests() int64 { return storetest.Number(c.t, c.dsn, `SELECT COUNT(*) FROM works`) }

func (c *yard) mails() []outbox.Letter {
	mails, err := c.store.DueMails(c.t.Context(), c.h.clock(), 50)
	require.NoError(c.t, err)
	return mails
}

// A change to three phases, page by page, in German, without a script; the
// place is one that no register knows (facts C.2).
func TestACaptureFromKindToReceipt(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	first := c.get("/de/works/new")
	require.Equal(t, http.StatusOK, first.StatusCode)
	require.Contains(t, first.doc.Find("form .note").Text(), "vertraulich", "W20: the notice stands where something is asked first")
	require.Equal(t, "/de/works/lookup", first.doc.Find(`main a[href$="lookup"]`).AttrOr("href", ""))
	var offered []string
	first.doc.Find("input[name=kind]").Each(func(_ int, s *goquery.Selection) { offered = append(offered, s.AttrOr("value", "")) })
	require.Len(t, offered, len(works.PublicKinds()))
	for _, hidden := range []string{"drop", "budget-meter", "end-of-contract"} {
		require.NotContains(t, offered, hidden, "D12: nobody learns of it here")
		require.Equal(t, http.StatusUnprocessableEntity, c.page(works.StageKind, url.Values{"kind": {hidden}}).StatusCode)
	}
	require.Equal(t, "/de/works/new", c.another().get("/de/works/new?step=you").Header.Get("Location"), "every page is made from a kind")

	c.filledIn(phases())
	check := c.get("/de/works/new?step=check")
	text := check.doc.Find("main").Text()
	for _, said := range []string{"Änne Schmitz", "Am Nirgendwo 7", "Dreiphasig, 3 × 400 V + N", "17,3", "1. Februar 2027", "1998"} {
		require.Contains(t, strings.ReplaceAll(text, "\u00a0", " "), said)
	}
	require.NotContains(t, text, testPoint, "G12: an EAN is masked")
	require.Equal(t, 6, check.doc.Find(".answers a").Length(), "a way back to each page")
	require.Contains(t, text, "vertraulich")
	require.Zero(t, c.requests())

	require.Equal(t, "/de/works/made", c.sent().Header.Get("Location"))
	require.EqualValues(t, 1, c.requests(), "W11: recorded before anything is told")
	made := c.get("/de/works/made")
	number := strings.ReplaceAll(made.doc.Find("#number").Text(), "\u00a0", "")
	require.Len(t, number, works.NumberLength)
	require.Len(t, made.doc.Find("#code").Text(), works.CodeLength)
	require.Contains(t, made.doc.Find("main").Text(), "per E-Mail")

	t.Run("the receipt is on its way with the same numbers, W11, D10", func(t *testing.T) {
		mails := c.mails()
		require.Len(t, mails, 1)
		require.Equal(t, "aenne@example.org", mails[0].Mail)
		require.Equal(t, portal.German, mails[0].Language)
		var data works.ReceiptLetter
		require.NoError(t, json.Unmarshal(mails[0].Data, &data))
		require.Equal(t, number, data.Number)
		require.Equal(t, made.doc.Find("#code").Text(), data.Code)
	})
	t.Run("it is shown for two minutes, then no more; a second click makes no second request", func(t *testing.T) {
		require.Equal(t, "/de/works/made", c.sent().Header.Get("Location"))
		require.Equal(t, number, strings.ReplaceAll(c.get("/fr/works/made").doc.Find("#number").Text(), "\u00a0", ""))
		c.h.pass(121)
		gone := c.get("/de/works/made")
		require.Zero(t, gone.doc.Find("#number, #code").Length())
		require.EqualValues(t, 1, c.requests())
	})
	t.Run("the trail knows of it, and holds neither number nor code, G12", func(t *testing.T) {
		require.EqualValues(t, 1, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM trail_waiting WHERE action = 'works.made'`))
		for _, secret := range []string{number, made.doc.Find("#code").Text(), testPoint} {
			require.Zero(t, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM trail_waiting WHERE details LIKE '%`+secret+`%' OR subject LIKE '%`+secret+`%'`))
		}
	})
}

// Nothing that was typed is lost: not by a fault, not by going back, not by
// another kind; and what is wrong stands at its field.
func TestNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	pages := phases()
	require.Equal(t, http.StatusUnprocessableEntity, c.page(works.StageKind, url.Values{"kind": {"phases"}, "energy": {"gas"}}).StatusCode, "no gas has phases")
	require.Equal(t, http.StatusSeeOther, c.page(works.StageKind, with(pages[works.StageKind], "energy", "")).StatusCode)

	wrong := c.page(works.StageYou, with(with(pages[works.StageYou], "mail", "aenne"), "telephone", "12"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	for _, field := range []string{"mail", "telephone"} {
		require.Equal(t, 1, wrong.doc.Find("#"+field+"-error").Length(), field)
		require.Equal(t, "true", wrong.doc.Find("#"+field).AttrOr("aria-invalid", ""))
		require.Equal(t, 1, wrong.doc.Find(`.error a[href="#`+field+`"]`).Length())
	}
	require.Equal(t, "Änne Schmitz", wrong.doc.Find("#name").AttrOr("value", ""))
	require.Equal(t, "aenne", wrong.doc.Find("#mail").AttrOr("value", ""))

	back := c.page(works.StageYou, with(with(pages[works.StageYou], "mail", "aenne"), "do", "back"))
	require.Equal(t, "/de/works/new?step=kind", back.Header.Get("Location"), "who goes back is not held up")
	require.Equal(t, "aenne", c.get("/de/works/new?step=you").doc.Find("#mail").AttrOr("value", ""))
	require.Equal(t, "phases", c.get("/fr/works/new").doc.Find("input[name=kind][checked]").AttrOr("value", ""), "in another language, too")

	c.filledIn(pages)
	require.Equal(t, http.StatusOK, c.get("/de/works/new?step=check").StatusCode)
	require.Equal(t, "/de/works/new?step=check", c.page(works.StageKind, url.Values{"kind": {"removal"}, "energy": {"electricity"}}).Header.Get("Location"),
		"who changes one page comes back to the last")
	removal := c.get("/de/works/new?step=works")
	require.Zero(t, removal.doc.Find("#power_wished").Length(), "a page has what its kind asks")
	c.page(works.StageKind, pages[works.StageKind])
	require.Equal(t, "17,3", c.get("/de/works/new?step=works").doc.Find("#power_wished").AttrOr("value", ""), "and what it asked before is still there")

	c.page(works.StageSite, with(with(pages[works.StageSite], "ean", "54144"), "do", "back"))
	refused := c.sent()
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	require.Equal(t, 1, refused.doc.Find(`.error a[href="#part-site"]`).Length())
	require.Equal(t, 1, refused.doc.Find("#part-site").Length())
	require.Zero(t, c.requests())

	c.h.pass(24 * 3600)
	require.Equal(t, "/de/works/new", c.get("/de/works/new?step=check").Header.Get("Location"), "a day is its life")
}

// W13: for each page of each kind, what is not of it is refused and traced,
// and nothing of it is kept.
func TestW13AForeignFieldIsRefused(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	c.filledIn(phases())
	for _, stage := range works.Stages {
		form := url.Values{"do": {"send"}, "iban": {"BE68539007547034"}}
		if stage != works.StageCheck {
			form = with(phases()[stage], "birth_date", "1950-01-01")
		}
		answer := c.page(stage, form)
		require.Equal(t, http.StatusUnprocessableEntity, answer.StatusCode, stage)
		require.NotContains(t, answer.body, "1950-01-01")
	}
	require.Equal(t, http.StatusUnprocessableEntity, c.page(works.StageWorks, with(phases()[works.StageWorks], "gas_flow", "4")).StatusCode, "another kind's")
	require.EqualValues(t, len(works.Stages)+1, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM trail_waiting WHERE action = 'works.foreign'`))
	require.Zero(t, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM trail_waiting WHERE details LIKE '%1950%'`))
	require.Zero(t, c.requests())
	require.Equal(t, "/de/works/made", c.sent().Header.Get("Location"), "the same request without it is made")
	require.Zero(t, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM works WHERE facts LIKE '%1950%'`))
}

// T5, G13: a point and an address that the register knows, and ones that it
// does not, are answered with the same bytes and statements of the same kind.
func TestG13NothingIsComparedWhileTyping(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	known := storetest.References(t, c.dsn, 1)[0]
	bodies := map[string]bool{}
	for _, ean := range []string{string(known.EAN), testPoint} {
		b := c.another()
		pages := phases()
		pages[works.StageSite] = with(pages[works.StageSite], "ean", ean)
		b.filledIn(pages)
		page := b.get("/de/works/new?step=check").body
		masked := portal.EAN(ean).Masked()
		bodies[strings.ReplaceAll(page, strings.ReplaceAll(masked, " ", "\u00a0"), "EAN")] = true
	}
	require.Len(t, bodies, 1)
}

// W5, T25: papers come one by one, can be taken back, and what is missing is
// told with its date.
func TestPapersOfACapture(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	require.Equal(t, "/de/works/new", c.send("/de/works/new/paper", url.Values{"document": {"site-plan"}}, "file", "plan.pdf", []byte("%PDF-1.7")).Header.Get("Location"),
		"no file is taken from somebody who began nothing")
	pages := phases()
	pages[works.StageKind] = url.Values{"kind": {"provisional"}}
	pages[works.StageYou] = with(pages[works.StageYou], "channel", "post")
	pages[works.StageSite] = url.Values{"street": {""}, "postcode": {""}, "town": {"Lontzen"}, "parcel": {"50.6272, 6.0363"}}
	pages[works.StageWorks] = url.Values{"power_wished": {"40"}, "wished_day": {"2027-02-01"}, "until_day": {"2027-05-01"}}
	pages[works.StageBill] = url.Values{"billing_street": {"Hochstraße 1"}, "billing_postcode": {"4700"}, "billing_town": {"Eupen"}}
	c.filledIn(pages)
	add := func(document, name string, file []byte) answer {
		return c.send("/de/works/new/paper", url.Values{"document": {document}}, "file", name, file)
	}
	require.Contains(t, add("", "plan.pdf", []byte("%PDF-1.7")).body, `id="document-error"`)
	require.Contains(t, add("site-plan", "x.exe", []byte("MZ")).body, `id="file-error"`)
	for why, body := range map[string][]byte{"Diese ist leer": {}, "höchstens 10 MB": make([]byte, documentSize+1)} {
		wrong := add("site-plan", "x.pdf", body)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
		require.Contains(t, strings.ReplaceAll(wrong.doc.Find("#file-error").Text(), "\u00a0", " "), why)
	}
	require.Contains(t, add("agreement", "x.pdf", []byte("%PDF-1.7")).body, `id="document-error"`, "this kind has no place for it here")
	for range 2 {
		require.Equal(t, "/de/works/new?step=papers", add("photo", "foto.pdf", []byte("%PDF-1.7")).Header.Get("Location"))
		c.h.pass(1)
	}
	page := c.get("/de/works/new?step=papers")
	require.Equal(t, 2, page.doc.Find(".papers li").Length())
	require.Contains(t, page.doc.Find("main").Text(), "Dafür brauchen wir: Lageplan")
	require.Equal(t, "/de/works/new?step=papers", c.page(works.StagePapers, url.Values{"do": {"remove"}, "paper": {page.doc.Find("input[name=paper]").First().AttrOr("value", "")}}).Header.Get("Location"))
	require.Equal(t, 1, c.get("/de/works/new?step=papers").doc.Find(".papers li").Length())
	require.Len(t, c.withdrawn, 1)
	require.Contains(t, c.get("/de/works/new?step=check").doc.Find("main").Text(), "Es fehlt noch: Lageplan")
	require.Equal(t, "/de/works/made", c.sent().Header.Get("Location"))
	made := strings.ReplaceAll(c.get("/de/works/made").doc.Find("main").Text(), "\u00a0", " ")
	require.Contains(t, made, "bis zum 23. Dezember 2026: Lageplan")
	require.Contains(t, made, "per Post")
	require.EqualValues(t, 1, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM works w JOIN works_papers p ON p.request_id = w.id WHERE w.status = 'incomplete' AND p.document = 'photo'`))
	letters, err := c.store.WaitingLetters(t.Context(), "", 5)
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, "Hochstraße 1", letters[0].To.Street)
}

// threats.md: five captures a day of one source; what was typed waits. One
// that is thrown away is gone with its papers.
func TestWorksCapturesADay(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	for range 5 {
		b := c.another()
		b.filledIn(phases())
		require.Equal(t, "/de/works/made", b.sent().Header.Get("Location"))
	}
	sixth := c.another()
	sixth.filledIn(phases())
	refused := sixth.sent()
	require.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
	require.Contains(t, refused.doc.Find(".answers").Text(), "Änne Schmitz")
	require.EqualValues(t, 5, c.requests())
	asked := sixth.page(works.StageCheck, url.Values{"do": {"discard"}})
	require.Equal(t, http.StatusOK, asked.StatusCode)
	require.Contains(t, asked.text(), "Noch ist nichts gelöscht")
	require.Equal(t, http.StatusOK, sixth.get("/de/works/new?step=check").StatusCode, "nor is it")
	require.Equal(t, "/de/works/new", sixth.page(works.StageCheck, url.Values{"do": {"discard-now"}}).Header.Get("Location"))
	require.Equal(t, "/de/works/new", sixth.get("/de/works/new?step=check").Header.Get("Location"))
}

// D10: made in an occupancy's own visit it belongs to it; elsewhere to none.
func TestD10ARequestOfAVisit(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	require.Equal(t, http.StatusSeeOther, c.try(knownReference, knownDigits).StatusCode)
	c.filledIn(phases())
	require.Contains(t, c.get("/de/works/new?step=check").doc.Find("main").Text(), "in der Akte, die Sie geöffnet haben")
	c.sent()
	other := c.another()
	other.filledIn(phases())
	other.sent()
	require.EqualValues(t, 1, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM works WHERE occupancy_id = 'occ-1'`))
	require.EqualValues(t, 1, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM works WHERE occupancy_id = ''`))
}

// Two submissions at once make one request; what a store that cannot answer
// refuses is kept; G11: a shut door takes nothing in.
func TestACaptureIsSentOnce(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	c.filledIn(phases())
	done := make(chan string)
	for range 4 {
		go func() { done <- c.sent().Header.Get("Location") }()
	}
	for range 4 {
		require.Equal(t, "/de/works/made", <-done)
	}
	require.EqualValues(t, 1, c.requests())
	require.Len(t, c.mails(), 1)

	shut := c.another()
	shut.filledIn(phases())
	c.h.closed = map[doors.Door]bool{doors.Works: true}
	for _, path := range []string{"/de/works/new", "/de/works/made"} {
		require.Equal(t, http.StatusServiceUnavailable, shut.get(path).StatusCode)
	}
	require.Equal(t, http.StatusServiceUnavailable, shut.sent().StatusCode)
	require.Equal(t, http.StatusServiceUnavailable, shut.send("/de/works/new/paper", nil, "file", "a.pdf", []byte("%PDF-")).StatusCode)
	c.h.closed = nil
	require.Equal(t, "Änne Schmitz", shut.get("/de/works/new?step=you").doc.Find("#name").AttrOr("value", ""))
	require.EqualValues(t, 1, c.requests())
}

// What is kept of a capture is sealed: whoever reads the state learns nothing.
func TestACaptureIsSealed(t *testing.T) {
	t.Parallel()
	c := newYard(t)
	c.filledIn(phases())
	token := ""
	u, err := url.Parse(c.server.URL)
	require.NoError(t, err)
	for _, cookie := range c.client.Jar.Cookies(u) {
		if cookie.Name == worksCookie {
			token = cookie.Value
		}
	}
	require.NotEmpty(t, token)
	require.NotEmpty(t, c.kept)
	require.False(t, slices.ContainsFunc(c.kept, func(b []byte) bool {
		return bytes.Contains(b, []byte("Schmitz")) || bytes.Contains(b, []byte(token))
	}))
}

// Every kind, requester, field, choice, paper and page has its name in every
// language.
func TestEverythingAskedHasAName(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		c := i18n.For(lang)
		named := func(prefix, name string) { require.True(t, c.Has(prefix+name), "%s: %s%s", lang, prefix, name) }
		for _, k := range works.Kinds {
			named("works.kind.", string(k))
		}
		for _, r := range works.RequesterKinds {
			named("works.requester.", string(r))
		}
		for _, d := range works.Documents {
			named("works.document.", string(d))
		}
		for _, s := range works.Stages {
			named("works.stage.", string(s))
			for _, k := range works.Kinds {
				for _, f := range k.Facts().Page(s, works.Company) {
					named("works.field.", f)
					for _, choice := range works.Field(f).Choices() {
						named("works.field."+f+".", choice)
					}
				}
			}
		}
	}
}
