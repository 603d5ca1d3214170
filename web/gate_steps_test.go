package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"guichet/lookup"
	"guichet/portal"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// plain reads a page as a browser without scripts does: what stands in
// noscript counts.
func plain(t *testing.T, a answer) *goquery.Document {
	t.Helper()
	tree, err := html.ParseWithOptions(strings.NewReader(a.body), html.ParseOptionEnableScripting(false))
	require.NoError(t, err)
	return goquery.NewDocumentFromNode(tree)
}

// asked lists the fields that a document's form has, as somebody meets them.
func asked(doc *goquery.Document) string {
	var names []string
	doc.Find("main form input[type=text]").Each(func(_ int, s *goquery.Selection) {
		names = append(names, s.AttrOr("name", ""))
	})
	return strings.Join(names, " ")
}

// G7: what a form asks in each step, of a browser with scripts and of one without.
func TestG7EachStepAsksItsOwn(t *testing.T) {
	t.Parallel()
	const first = "reference digits captcha"
	for name, c := range map[string]struct {
		ask             lookup.Ask
		scripted, plain string
		work            bool
	}{
		"step 1":                {lookup.Ask{}, first, first, false},
		"step 2":                {lookup.Ask{Work: true}, first, first + " captcha2", true},
		"step 3":                {lookup.Ask{LetterCode: true}, "reference digits letter_code captcha", "reference digits letter_code captcha", false},
		"step 3 and still work": {lookup.Ask{Work: true, LetterCode: true}, "reference digits letter_code captcha", "reference digits letter_code captcha captcha2", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.ask = c.ask
			page := open(t, h).get("/fr/lookup")
			require.Equal(t, c.scripted, asked(page.doc))
			without := plain(t, page)
			require.Equal(t, c.plain, asked(without))
			form := page.doc.Find("main form")
			token := form.Find("input[name=form]").AttrOr("value", "")
			require.NotEmpty(t, token)
			challenge, has := form.Attr("data-challenge")
			require.Equal(t, c.work, has)
			require.Equal(t, c.work, strings.Contains(challenge, "for-"+token+"?"), "bound to this form")
			require.Equal(t, c.work, form.Find("input[name=altcha][type=hidden]").Length() == 1)
			second := without.Find("input[name=captcha2_id]")
			require.Equal(t, strings.Contains(c.plain, "captcha2"), second.Length() == 1)
			require.NotEqual(t, form.Find("input[name=captcha_id]").AttrOr("value", ""), second.AttrOr("value", ""), "two captchas")
			require.Equal(t, c.ask == lookup.Ask{}, form.Find("button[value=work]").Length() == 1, "work alone is for step 1")
			require.Equal(t, "submit", form.Find("button").First().AttrOr("type", ""))
			require.Empty(t, form.Find("button").First().AttrOr("name", ""), "the return key sends the form")
		})
	}
}

// D18: picture, sound or work, by address and by button, with scripts or without.
func TestD18TheVisitorChooses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	for with, c := range map[string]struct{ choice, asks string }{
		"":        {"picture", "reference digits captcha"},
		"picture": {"picture", "reference digits captcha"},
		"sound":   {"sound", "reference digits captcha"},
		"work":    {"work", "reference digits"},
		"other":   {"picture", "reference digits captcha"},
	} {
		for _, page := range []answer{
			b.get("/de/lookup?with=" + with),
			b.post("/de/lookup", url.Values{"do": {chosen(with)}, "with": {"picture"}, "reference": {knownReference}, "digits": {"1234"}, "letter_code": {"7K3M9QXA"}}),
		} {
			require.Equal(t, http.StatusOK, page.StatusCode)
			require.Equal(t, c.choice, page.doc.Find("input[name=with]").AttrOr("value", ""))
			require.Equal(t, c.asks, strings.ReplaceAll(asked(plain(t, page)), " letter_code", ""))
			require.Equal(t, c.choice == "picture", page.doc.Find(".picture img").Length() == 1)
			player := page.doc.Find("audio")
			require.Equal(t, c.choice == "sound", player.Length() == 1)
			if c.choice == "sound" {
				id := page.doc.Find("input[name=captcha_id]").AttrOr("value", "")
				require.Equal(t, "/captcha/"+id+".wav?lang=de", player.AttrOr("src", ""))
				require.Equal(t, "none", player.AttrOr("preload", ""))
				_, plays := player.Attr("autoplay")
				require.False(t, plays, "sound never plays by itself")
				require.NotEmpty(t, player.AttrOr("aria-label", ""))
			}
			language := page.doc.Find(".langs a[lang=nl]").AttrOr("href", "")
			require.Equal(t, c.choice != "picture", strings.HasSuffix(language, "?with="+c.choice), language)
			for _, typed := range []string{"digits", "letter_code", "captcha"} {
				require.Empty(t, page.doc.Find("#"+typed).AttrOr("value", ""), typed)
			}
			if page.Request.Method == http.MethodPost {
				require.Equal(t, knownReference, page.doc.Find("#reference").AttrOr("value", ""))
			}
		}
	}
	page := b.post("/de/lookup?with=work", url.Values{"do": {"picture"}})
	require.Equal(t, "picture", page.doc.Find("input[name=with]").AttrOr("value", ""), "of a change only the form counts")
	require.Zero(t, h.claim, "choosing is no attempt")
	page = b.get("/de/lookup?with=work")
	require.Contains(t, plain(t, page).Find("#altcha noscript").Text(), "Bild oder den Ton")
	require.Zero(t, page.doc.Find("button[name=do]:not([hidden])[value=work]").Length())
	page = b.get("/de/lookup")
	require.Equal(t, 1, page.doc.Find("button[name=do][hidden][data-scripted][value=work]").Length(), "only a script shows it")
	h.ask = lookup.Ask{Work: true}
	page = b.get("/de/lookup?with=work")
	require.Equal(t, "picture", page.doc.Find("input[name=with]").AttrOr("value", ""), "in step 2 work is no challenge by itself")
	page = b.get("/de/lookup?with=sound")
	require.Equal(t, 2, plain(t, page).Find("audio").Length(), "who hears the first, hears the second")
}

// The room gets all that was brought, and of the address nothing.
func TestTheClaimIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	b.post("/fr/lookup?with=work&digits=9999", url.Values{"reference": {"r"}, "digits": {"d"}, "letter_code": {"l"}, "with": {"sound"},
		"captcha_id": {"i"}, "captcha": {"c"}, "captcha2_id": {"i2"}, "captcha2": {"c2"}, "altcha": {"w"}, "form": {"f"}})
	got := h.claim
	require.NotEmpty(t, got.Source)
	got.Source, got.Network = "", ""
	require.Equal(t, lookup.Claim{Kind: lookup.ByReference, Number: "r", Digits: "d", LetterCode: "l", Choice: "sound",
		CaptchaID: "i", Captcha: "c", Work: "w", SecondID: "i2", Second: "c2", Form: "f"}, got)
}

// G7: a try that a limit refused has one page, whatever the cause, and offers
// the letter code.
func TestG7UncountedIsOnePage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	require.Equal(t, "reference digits captcha", asked(b.get("/fr/lookup").doc))
	h.full = true
	unknown := b.try(unknownReference, "0000")
	require.Equal(t, http.StatusUnprocessableEntity, unknown.StatusCode)
	require.Equal(t, "Cet essai n’a pas été compté", unknown.doc.Find(".error h2").Text())
	require.Contains(t, unknown.doc.Find(".error").Text(), together(testContact.Phone))
	require.True(t, strings.HasPrefix(unknown.doc.Find("title").Text(), "Erreur"))
	require.Equal(t, "reference digits letter_code captcha", asked(unknown.doc))
	require.Equal(t, unknownReference, unknown.doc.Find("#reference").AttrOr("value", ""))
	want := essence(unknown, unknownReference)
	h.failures[knownReference] = 3
	for name, digits := range map[string]string{"wrong": "0001", "right": knownDigits} {
		require.Equal(t, want, essence(b.another().try(knownReference, digits), knownReference), name)
	}
	require.Zero(t, h.compared)

	h.full = false
	form := with(b.form(unknownReference, "0000", "123456"), "letter_code", "7K3M 9QXA")
	refused := b.post("/fr/lookup", form)
	require.Equal(t, "Ces informations n’ouvrent pas de dossier", refused.doc.Find(".error h2").Text())
	code := refused.doc.Find("#letter_code")
	require.Equal(t, 1, code.Length(), "who sent a code may send another")
	require.Empty(t, code.AttrOr("value", ""))
	require.Empty(t, code.AttrOr("inputmode", ""))
}

// T6: in every step every failure is the same answer.
func TestT6InEveryStep(t *testing.T) {
	t.Parallel()
	for _, ask := range []lookup.Ask{{Work: true}, {LetterCode: true}, {Work: true, LetterCode: true}} {
		h := newHouse(t)
		h.ask = ask
		b := open(t, h)
		want := essence(b.try(unknownReference, "0000"), unknownReference)
		for _, digits := range []string{"0001", "0002", "0003", "0004", knownDigits} {
			require.Equal(t, want, essence(b.another().try(knownReference, digits), knownReference))
		}
	}
}

// What the next form asks is known before anything is compared: the gate that
// cannot tell compares nothing.
func TestAskComesFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	form := b.form(knownReference, knownDigits, "123456")
	h.shut = portal.Shut("budget", nil)
	require.Equal(t, http.StatusServiceUnavailable, b.post("/fr/lookup", form).StatusCode)
	require.Zero(t, h.claim)
}

// Each captcha of a form is paid for, and a form without one like one with.
func TestFormsArePaidFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ask  lookup.Ask
		path string
		most int
	}{
		"picture": {lookup.Ask{}, "/fr/lookup", 30},
		"work":    {lookup.Ask{}, "/fr/lookup?with=work", 30},
		"second":  {lookup.Ask{Work: true}, "/fr/lookup", 15},
	} {
		h := newHouse(t)
		h.ask = c.ask
		b := open(t, h)
		for range c.most {
			require.Equal(t, http.StatusOK, b.get(c.path).StatusCode, name)
		}
		require.Equal(t, http.StatusTooManyRequests, b.get(c.path).StatusCode, name)
	}
}

// Every problem stands at its field and leads there, in the words of what was
// seen or heard.
func TestProblemsOfTheSteps(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		doc := render(t, fixtureNamed(t, "gate-step3-problems"), lang)
		tree, err := html.ParseWithOptions(strings.NewReader(outer(t, doc)), html.ParseOptionEnableScripting(false))
		require.NoError(t, err)
		doc = goquery.NewDocumentFromNode(tree)
		for _, field := range []string{"letter_code", "captcha", "captcha2", "altcha"} {
			link := doc.Find(`.error a[href="#` + field + `"]`)
			require.Equal(t, 1, link.Length(), field)
			place := doc.Find("#" + field)
			require.Equal(t, 1, place.Length(), field)
			require.Contains(t, place.Closest(".field").Text(), link.Text())
			if field != "altcha" {
				require.Equal(t, "true", place.AttrOr("aria-invalid", ""))
				for _, id := range strings.Fields(place.AttrOr("aria-describedby", "")) {
					require.NotEmpty(t, doc.Find("#"+id).Text(), id)
				}
			}
		}
	}
	x := exhibit(testCommon(newHouse(t).clock), portal.English)
	x.form = url.Values{"with": {"sound"}}
	for _, kind := range []string{"empty", "wrong", "old"} {
		said := map[string]bool{}
		for _, p := range []struct{ with, field string }{{"picture", "captcha"}, {"sound", "captcha"}, {"sound", "captcha2"}} {
			x.form.Set("with", p.with)
			f := problemsView(x, lookup.Problems{{Code: portal.Invalid, Key: "captcha." + kind, Field: p.field}})
			said[f.fields[p.field]] = true
		}
		require.Len(t, said, 3, "picture, sound and second have words of their own")
		for _, key := range []string{"work.missing", "work.wrong", "work.old", "letter_code.empty", "letter_code.characters", "letter_code.length"} {
			require.True(t, x.Has("error."+key), key)
		}
	}
}

func outer(t *testing.T, doc *goquery.Document) string {
	t.Helper()
	text, err := goquery.OuterHtml(doc.Selection)
	require.NoError(t, err)
	return text
}
