package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

const otherEAN = "541449000000000027"

// letterForm fetches the form for people without a letter and fills it in.
func (b *browser) letterForm(ean, captcha string) url.Values {
	b.t.Helper()
	page := b.get("/fr/letter")
	require.Equal(b.t, http.StatusOK, page.StatusCode)
	return url.Values{"ean": {ean}, "captcha": {captcha},
		"captcha_id": {page.doc.Find("input[name=captcha_id]").AttrOr("value", "")}}
}

func (b *browser) askLetter(ean string) answer {
	b.t.Helper()
	return b.post("/fr/letter", b.letterForm(ean, "123456"))
}

// G13: whatever the register says of an EAN, the answer and the page behind it
// are the same bytes, and one trail entry tells of it. The store is the real one.
func TestG13ALetterIsAskedForAlike(t *testing.T) {
	t.Parallel()
	clock := func() time.Time { return fixtureNow }
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			dsn := backend.DSN(t)
			s := storetest.Reopen(t, dsn, clock)
			known := storetest.References(t, dsn, 3)
			occupied, sent, vacant := known[0], known[1], known[2]
			storetest.Exec(t, dsn, `UPDATE issued_references SET issued_us = $1 WHERE key = $2`, portal.Micros(fixtureNow.Add(-time.Hour)), sent.Key)
			storetest.Exec(t, dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(fixtureNow.Add(-time.Hour)), vacant.OccupancyID)
			h := newHouse(t)
			b := open(t, h, func(d *PublicDeps) {
				d.Letters.Requests = &registry.Requests{Ring: h.ring, Clock: clock, Runner: s, Store: s}
			})
			whole := func(ean portal.EAN) string {
				asked := b.askLetter(string(ean))
				return essence(asked, string(ean)) + "\n\n" + essence(b.get(asked.Header.Get("Location")), string(ean))
			}
			want := whole(occupied.EAN)
			require.Contains(t, want, "303 See Other")
			require.Contains(t, want, "Si ce code EAN a un occupant")
			for name, ean := range map[string]portal.EAN{"sent an hour ago": sent.EAN, "vacant": vacant.EAN,
				"unknown": "541499000000123455", "the same again": occupied.EAN} {
				require.Equal(t, want, whole(ean), name)
			}
			require.EqualValues(t, 5, storetest.Number(t, dsn, `SELECT COUNT(*) FROM letter_requests`))
			require.EqualValues(t, 5, storetest.Number(t, dsn, `SELECT COUNT(*) FROM trail WHERE action = 'letter.asked'`))
			require.Zero(t, storetest.Number(t, dsn, `SELECT COUNT(*) FROM outbox`), "nothing is decided while they wait")
		})
	}
}

// G13: malformed is a field's error; nothing is kept, and what was typed stays.
func TestMalformedEANIsNamedAtItsField(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	for typed, says := range map[string]string{
		"":                        "Indiquez le code EAN",
		"5414 4900 0000":          "vous en avez écrit 12",
		"541449000000000011":      "faute de frappe",
		"871449000000000010":      "commence par 54",
		"EAN 54144900000000001x":  "que des chiffres",
		"541449000000000010<b>":   "que des chiffres",
		strings.Repeat("5", 9000): "vous en avez écrit 9000",
	} {
		page := b.another().post("/fr/letter", b.letterForm(typed, "123456"))
		require.Equal(t, http.StatusUnprocessableEntity, page.StatusCode)
		input := page.doc.Find("#ean")
		require.Equal(t, "true", input.AttrOr("aria-invalid", ""))
		require.Contains(t, input.AttrOr("aria-describedby", ""), "ean-error")
		require.Contains(t, page.doc.Find("#ean-error").Text(), says)
		require.Equal(t, 1, page.doc.Find(`.error a[href="#ean"]`).Length())
		require.Equal(t, typed[:min(len(typed), 64)], input.AttrOr("value", ""))
		require.Empty(t, page.doc.Find("#captcha").AttrOr("value", ""))
		require.True(t, strings.HasPrefix(page.doc.Find("title").Text(), "Erreur"))
	}
	require.Empty(t, h.asked)
}

// T9, T10: without a solved captcha nothing is kept, and one serves once.
func TestT9ALetterTakesItsOwnCaptcha(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h)
	wrong := b.post("/fr/letter", b.letterForm(otherEAN, "000000"))
	require.Equal(t, http.StatusUnprocessableEntity, wrong.StatusCode)
	require.NotEmpty(t, wrong.doc.Find("#captcha-error").Text())
	require.Empty(t, h.asked)
	form := b.letterForm(otherEAN, "123456")
	require.Equal(t, http.StatusSeeOther, b.post("/fr/letter", form).StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, b.post("/fr/letter", form).StatusCode)
	require.Equal(t, []portal.EAN{otherEAN}, h.asked)

	picture := b.post("/fr/letter", with(b.letterForm(otherEAN, ""), "do", "picture"))
	require.Equal(t, http.StatusOK, picture.StatusCode)
	require.Equal(t, otherEAN, picture.doc.Find("#ean").AttrOr("value", ""))
	require.Zero(t, picture.doc.Find(".error").Length())
}

// At most five requests a day from one source, thirty from its network; the
// page says so alike for every EAN, tells nothing of what is left (T16), and
// who has none left takes nothing from the neighbours.
func TestLettersASourceAndANetworkMayAskFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h, func(d *PublicDeps) { d.TrustedProxies = []string{"127.0.0.1"}; d.Captchas = CaptchaRates{1000, 1000} })
	ask := func(from, ean string) answer {
		form := b.letterForm(ean, "123456")
		r, err := http.NewRequest(http.MethodPost, b.server.URL+"/fr/letter", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", from)
		return b.do(r)
	}
	for range 5 {
		require.Equal(t, http.StatusSeeOther, ask("203.0.113.1", otherEAN).StatusCode)
	}
	var refused []string
	for range 30 {
		a := ask("203.0.113.1", otherEAN)
		require.Equal(t, http.StatusTooManyRequests, a.StatusCode)
		for name := range a.Header {
			require.NotContains(t, strings.ToLower(name), "ratelimit")
		}
		refused = append(refused, essence(a, otherEAN))
	}
	refused = append(refused, essence(ask("203.0.113.1", "541499000000123455"), "541499000000123455"))
	require.Len(t, slices.Compact(refused), 1)
	require.Contains(t, refused[0], "Trop de lettres")
	for i, neighbour := range []string{"203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5", "203.0.113.6"} {
		for range 5 {
			require.Equal(t, http.StatusSeeOther, ask(neighbour, otherEAN).StatusCode, i)
		}
	}
	require.Equal(t, http.StatusTooManyRequests, ask("203.0.113.7", otherEAN).StatusCode, "T15: the /24 is full")
	require.Equal(t, http.StatusSeeOther, ask("203.0.114.7", otherEAN).StatusCode)
	require.Equal(t, http.StatusTooManyRequests, ask("::ffff:203.0.113.8", otherEAN).StatusCode, "T15")
	for i := range 6 { // /64s of one /56
		for range 5 {
			require.Equal(t, http.StatusSeeOther, ask(fmt.Sprintf("2001:db8:1:1%02x::1", 0x50+i), otherEAN).StatusCode, i)
		}
	}
	require.Equal(t, http.StatusTooManyRequests, ask("2001:db8:1:1ff::1", otherEAN).StatusCode, "the /56 is full")
	require.Equal(t, http.StatusSeeOther, ask("2001:db8:1:200::1", otherEAN).StatusCode)
	require.Len(t, h.asked, 30+1+30+1)
}

// Who asks after as many others did as letters leave in a day is heard all the
// same, and told that theirs may leave later: alike for every EAN (G13).
func TestLettersThatLeaveLaterAreToldSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h, func(d *PublicDeps) { d.Letters.ADayAll = 2 })
	for range 2 {
		require.Equal(t, "/fr/letter/asked", b.askLetter(otherEAN).Header.Get("Location"))
	}
	for _, ean := range []string{otherEAN, "541499000000123455"} {
		require.Equal(t, "/fr/letter/asked?later=1", b.askLetter(ean).Header.Get("Location"))
	}
	require.Len(t, h.asked, 4, "kept, in their order")
	page := b.get("/fr/letter/asked?later=1")
	require.Contains(t, page.doc.Find(".lead").Text(), "dans l’ordre des demandes")
	require.NotContains(t, page.doc.Find("main").Text(), "3 jours ouvrables", "which would not be kept")
	require.Contains(t, b.get("/fr/letter/asked").doc.Find(".lead").Text(), "3 jours ouvrables")
}

// Where the store cannot be trusted, nothing is said to be kept.
func TestALetterIsNotPromisedWhileShut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := open(t, h, func(d *PublicDeps) { d.Letters.Requests = shutRequests{} })
	require.Equal(t, http.StatusServiceUnavailable, b.askLetter(otherEAN).StatusCode)
}

type shutRequests struct{}

func (shutRequests) Ask(context.Context, portal.EAN) error { return portal.Shut("store", nil) }

// The first page leads there, in each language.
func TestHomeLeadsToTheLetter(t *testing.T) {
	t.Parallel()
	b := open(t, newHouse(t))
	for _, lang := range portal.Languages {
		link := b.get("/" + string(lang) + "/").doc.Find(`a[href="/` + string(lang) + `/letter"]`)
		require.Equal(t, 1, link.Length())
		require.Equal(t, link.Text(), b.get("/"+string(lang)+"/letter").doc.Find("h1").Text())
	}
}
