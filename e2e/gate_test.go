package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// TestGate meets the gate of one demo as visitors and attackers do.
func TestGate(t *testing.T) {
	p := rig.Demo(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, *rig.Portal)
	}{
		{"T4 spellings share one counter", spellings},
		{"T4 other encodings are refused", encodings},
		{"T5 a form drawn before the block", formBeforeBlock},
		{"T6 every failure gets the same answer", sameAnswer},
		{"T9 a captcha is used once", captchaReplay},
		{"T9 50 parallel posts with one solution", captchaRace},
		{"T10 without the captcha nothing is counted", wrongCaptcha},
		{"T11 answers are cleaned, not guessed", captchaAnswers},
		{"T21 the same form and the same digits count once", doublePosts},
		{"G6 a success forgives the same browser only", forgiveness},
		{"T3 a client that hangs up is counted", hangUp},
		{"T24 a planted session is worth nothing", fixation},
		{"T24 back after leaving", backAfterLeaving},
		{"T24 skipped steps and foreign numbers", skippedSteps},
		{"T1 200 parallel guesses compare three", parallelGuesses},
		{"another site's page changes nothing", crossOrigin},
		{"a typing error is no attempt", typingError},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, p) })
	}
	p.Scrape(t)
}

// stillOpen proves that fewer than three failures were counted: one more wrong
// answer does not yet close the reference. closed proves the contrary.
func stillOpen(t *testing.T, p *rig.Portal, r rig.Reference) {
	t.Helper()
	visitor.Public(t, p).MustEnter(t, r)
}

func closed(t *testing.T, p *rig.Portal, r rig.Reference) {
	t.Helper()
	visitor.Public(t, p).Guess(t, r.Reference, r.Digits).MustRefuse(t)
}

func spellings(t *testing.T, p *rig.Portal) {
	spell := map[string]func(string) string{
		"as printed":      func(s string) string { return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:] },
		"dashes":          func(s string) string { return s[:4] + "-" + s[4:8] + "-" + s[8:] },
		"no-break spaces": func(s string) string { return s[:4] + "\u00a0" + s[4:8] + "\u202f" + s[8:] },
		"full width": func(s string) string {
			return strings.Map(func(r rune) rune { return r - '0' + '０' }, s)
		},
		"around": func(s string) string { return "  " + s + "\t" },
		"dots":   func(s string) string { return s[:6] + "." + s[6:] },
	}
	for name, as := range spell {
		r, counted := p.Take(t), 0
		for n := 1; counted < 3; n++ {
			spelt := r.Reference
			if n <= 3 {
				spelt = as(spelt)
			}
			answer := visitor.Public(t, p).Guess(t, spelt, wrong(r, n))
			require.False(t, answer.Opened(), name)
			if answer.Find(`[aria-invalid="true"]`).Length() == 0 {
				answer.MustRefuse(t)
				counted++
			}
		}
		closed(t, p, r)
	}
	// The right details open however they are spaced.
	r := p.Take(t)
	answer := visitor.Public(t, p).Guess(t, spell["as printed"](r.Reference), " "+r.Digits[:2]+" "+r.Digits[2:])
	require.True(t, answer.Opened(), answer.Text())
}

func encodings(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	multipart := func(form url.Values) (string, string) {
		var b strings.Builder
		for name := range form {
			fmt.Fprintf(&b, "--x\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", name, form.Get(name))
		}
		return "multipart/form-data; boundary=x", b.String() + "--x--\r\n"
	}
	for name, encode := range map[string]func(url.Values) (string, string){
		"JSON": func(f url.Values) (string, string) {
			return "application/json", fmt.Sprintf(`{"reference":%q,"digits":%q,"captcha_id":%q,"captcha":%q}`,
				f.Get("reference"), f.Get("digits"), f.Get("captcha_id"), f.Get("captcha"))
		},
		"multipart": multipart,
		"no type":   func(f url.Values) (string, string) { return "", f.Encode() },
		"text":      func(f url.Values) (string, string) { return "text/plain", f.Encode() },
		"doubled reference": func(f url.Values) (string, string) {
			return "application/x-www-form-urlencoded", f.Encode() + "&reference=" + unknown().Reference
		},
		"doubled digits, same": func(f url.Values) (string, string) {
			return "application/x-www-form-urlencoded", f.Encode() + "&digits=" + f.Get("digits")
		},
		"a megabyte": func(f url.Values) (string, string) {
			return "application/x-www-form-urlencoded", f.Encode() + "&x=" + strings.Repeat("x", 1<<20)
		},
	} {
		for n := range 2 { // the right details, and wrong ones
			v := visitor.Public(t, p)
			form := v.Fill(t, r.Reference, wrong(r, n))
			kind, body := encode(form)
			answer, err := v.Try(http.MethodPost, v.Path("/lookup"), kind, strings.NewReader(body))
			require.NoError(t, err, name)
			require.False(t, answer.Opened(), name)
			require.GreaterOrEqual(t, answer.Status, 400, name)
			require.Less(t, answer.Status, 500, name)
		}
	}
	t.Run("in the address", func(t *testing.T) {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, r.Digits)
		answer := v.Post(t, v.Path("/lookup")+"?"+form.Encode(), nil)
		require.False(t, answer.Opened())
	})
	stillOpen(t, p, r)
}

func formBeforeBlock(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	var doors []*visitor.Visitor
	var forms []url.Values
	for _, lang := range languages {
		v := visitor.Public(t, p)
		v.Lang = lang
		doors, forms = append(doors, v), append(forms, v.Fill(t, r.Reference, r.Digits))
	}
	for n := 1; n <= 3; n++ {
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	for i, v := range doors {
		v.Post(t, v.Path("/lookup"), forms[i]).MustRefuse(t)
	}
}

func sameAnswer(t *testing.T, p *rig.Portal) {
	for _, lang := range languages {
		guess := func(r rig.Reference, digits string) string {
			v := visitor.Public(t, p)
			v.Lang = lang
			answer := v.Guess(t, r.Reference, digits)
			answer.MustRefuse(t)
			return answer.Fingerprint()
		}
		known, nobody := p.Take(t), unknown()
		want := guess(unknown(), "1234")
		for n := 1; n <= 4; n++ {
			require.Equal(t, want, guess(known, wrong(known, n)), "known, failure %d", n)
			require.Equal(t, want, guess(nobody, wrong(nobody, n)), "unknown, failure %d", n)
		}
		require.Equal(t, want, guess(known, known.Digits), "right digits while blocked")
	}
}

func captchaReplay(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	for _, digits := range []string{wrong(r, 1), r.Digits} { // after a failure, after a success
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, digits)
		v.Post(t, v.Path("/lookup"), form)
		require.Empty(t, v.Answer(form.Get("captcha_id")), "the answer outlived its use")
		again := url.Values{}
		for name := range form {
			again.Set(name, form.Get(name))
		}
		for n := 2; n <= 6; n++ {
			again.Set("digits", wrong(r, n))
			visitor.Public(t, p).Post(t, v.Path("/lookup"), again).MustNotCount(t)
		}
		again.Set("digits", r.Digits)
		again.Set("form", "")
		visitor.Public(t, p).Post(t, v.Path("/lookup"), again).MustNotCount(t)
	}
	stillOpen(t, p, r)
}

func captchaRace(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	v := visitor.Public(t, p)
	form := v.Fill(t, r.Reference, "")
	answers := make([]*visitor.Page, 50)
	var all sync.WaitGroup
	for i := range answers {
		body := url.Values{}
		for name := range form {
			body.Set(name, form.Get(name))
		}
		body.Set("digits", wrong(r, i+1))
		each := visitor.Public(t, p)
		all.Go(func() {
			answers[i], _ = each.Try(http.MethodPost, each.Path("/lookup"), "application/x-www-form-urlencoded", strings.NewReader(body.Encode()))
		})
	}
	all.Wait()
	evaluated := 0
	for i, a := range answers {
		require.NotNil(t, a, "post %d had no answer", i)
		require.Equal(t, http.StatusUnprocessableEntity, a.Status)
		if a.Find(`[aria-invalid="true"]`).Length() == 0 {
			evaluated++
		}
	}
	require.Equal(t, 1, evaluated, "of 50 posts with one solution")
	visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 100)).MustRefuse(t)
	stillOpen(t, p, r)
}

func wrongCaptcha(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	for n := range 6 {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, wrong(r, n)) // 0 is the right one
		form.Set("captcha", otherDigits(form.Get("captcha")))
		v.Post(t, v.Path("/lookup"), form).MustNotCount(t)
		form = v.Fill(t, r.Reference, wrong(r, n))
		form.Del("captcha_id")
		v.Post(t, v.Path("/lookup"), form).MustNotCount(t)
	}
	stillOpen(t, p, r)
	// With the right captcha each counts exactly one.
	r = p.Take(t)
	for n := 1; n <= 2; n++ {
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	visitor.Public(t, p).MustEnter(t, r)
	visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 3)).MustRefuse(t)
	closed(t, p, r)
}

// otherDigits gives a wrong answer of the same form.
func otherDigits(answer string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, answer)
}

func captchaAnswers(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	t.Run("an empty or lettered answer consumes it", func(t *testing.T) {
		for _, answer := range []string{"", "abcdef", "12345", "1234567", "١٢٣٤٥٦"} {
			v := visitor.Public(t, p)
			form := v.Fill(t, r.Reference, r.Digits)
			right := form.Get("captcha")
			form.Set("captcha", answer)
			v.Post(t, v.Path("/lookup"), form).MustNotCount(t)
			form.Set("captcha", right)
			v.Post(t, v.Path("/lookup"), form).MustNotCount(t)
		}
	})
	t.Run("a blank is no digit", func(t *testing.T) {
		for _, zero := range []int{1, 2, 3, 4} {
			v := visitor.Public(t, p)
			form := v.Fill(t, r.Reference, r.Digits)
			a := form.Get("captcha")
			form.Set("captcha", a[:zero]+" "+a[zero+1:])
			v.Post(t, v.Path("/lookup"), form).MustNotCount(t)
		}
	})
	t.Run("a blank between digits is nothing", func(t *testing.T) {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, r.Digits)
		a := form.Get("captcha")
		form.Set("captcha", a[:3]+" "+a[3:])
		require.True(t, v.Post(t, v.Path("/lookup"), form).Opened())
	})
	t.Run("it lives ten minutes", func(t *testing.T) {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, r.Digits)
		life := p.Redis.TTL(t.Context(), visitor.CaptchaKey(form.Get("captcha_id"))).Val().Minutes()
		require.InDelta(t, 10, life, 0.5)
	})
	t.Run("the picture alone says nothing more", func(t *testing.T) {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, r.Digits)
		picture := v.Open(t, "/captcha/"+form.Get("captcha_id")+".png")
		require.Equal(t, "image/png", picture.Header.Get("Content-Type"))
		require.Equal(t, "no-store", picture.Header.Get("Cache-Control"))
		require.Equal(t, http.StatusNotFound, v.Get(t, "/captcha/nosuchcaptcha.png").Status)
	})
}

func doublePosts(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	v := visitor.Public(t, p)
	form := v.Fill(t, r.Reference, wrong(r, 1))
	first := v.Post(t, v.Path("/lookup"), form)
	first.MustRefuse(t)
	for range 4 {
		require.Equal(t, first.Fingerprint(), v.Post(t, v.Path("/lookup"), form).Fingerprint())
	}
	for range 4 { // the same wrong digits with fresh forms
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 1)).MustRefuse(t)
	}
	visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 2)).MustRefuse(t)
	owner := visitor.Public(t, p) // another browser: a success forgives its own failures only (G6)
	form = owner.Fill(t, r.Reference, r.Digits)
	require.True(t, owner.Post(t, owner.Path("/lookup"), form).Opened())
	require.True(t, owner.Post(t, owner.Path("/lookup"), form).Opened(), "a double click is not let in")
	visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 3)).MustRefuse(t)
	closed(t, p, r)
}

func forgiveness(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	clumsy := visitor.Public(t, p)
	for round := range 3 { // twice wrong, then right, as often as one likes, from wherever one is
		clumsy.Elsewhere() // the failures stay those of their source
		for n := 1; n <= 2; n++ {
			clumsy.Guess(t, r.Reference, wrong(r, 10*round+n)).MustRefuse(t)
		}
		clumsy.MustEnter(t, r)
	}
	for n := 1; n <= 2; n++ { // a stranger's two failures stay
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 50+n)).MustRefuse(t)
	}
	clumsy.MustEnter(t, r)
	clumsy.Guess(t, r.Reference, wrong(r, 60)).MustRefuse(t)
	clumsy.Guess(t, r.Reference, r.Digits).MustRefuse(t)
}

func hangUp(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	before := refusals(t, p)
	for n := 1; n <= 3; n++ {
		v := visitor.Public(t, p)
		body := v.Fill(t, r.Reference, wrong(r, n)).Encode()
		c := v.Dial(t)
		_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			v.Path("/lookup"), len(body), body)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		require.Eventually(t, func() bool { return refusals(t, p) == before+n }, patience, tick, "hang-up %d was not counted", n)
	}
	closed(t, p, r)
}

func parallelGuesses(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	elsewhere := visitor.Public(t, p).Guess(t, unknown().Reference, "0000").Fingerprint()
	before := refusals(t, p)
	forms := make([]url.Values, 200)
	guessers := make([]*visitor.Visitor, len(forms))
	for i := range forms {
		guessers[i] = visitor.Public(t, p)
		forms[i] = guessers[i].Fill(t, r.Reference, wrong(r, i+1))
	}
	answers := make([]*visitor.Page, len(forms))
	var all sync.WaitGroup
	for i, v := range guessers {
		all.Go(func() {
			answers[i], _ = v.Try(http.MethodPost, v.Path("/lookup"), "application/x-www-form-urlencoded", strings.NewReader(forms[i].Encode()))
		})
	}
	all.Wait()
	// One that the state under this load could not serve in time got 503, which
	// tells nothing and may have been counted.
	refusedOnes := 0
	for i, a := range answers {
		require.NotNil(t, a, "guess %d had no answer", i)
		if a.Status == http.StatusServiceUnavailable {
			continue
		}
		refusedOnes++
		a.MustRefuse(t)
		require.Equal(t, elsewhere, a.Fingerprint())
	}
	counted := refusals(t, p) - before
	require.GreaterOrEqual(t, refusedOnes, 3)
	require.GreaterOrEqual(t, counted, refusedOnes, "answered, but not in the trail")
	require.LessOrEqual(t, counted, len(forms))
	require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'lookup.blocked'
		AND subject = (SELECT subject FROM trail WHERE action LIKE 'lookup.%' ORDER BY id DESC LIMIT 1)`), "blocks of one reference")
	closed(t, p, r)
}

func crossOrigin(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	for name, header := range map[string]http.Header{
		"cross-site":  {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"same-site":   {"Sec-Fetch-Site": {"same-site"}, "Origin": {p.DeskURL}},
		"no origin":   {"Sec-Fetch-Site": {"cross-site"}, "Origin": {""}},
		"old browser": {"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}},
		"null":        {"Sec-Fetch-Site": {""}, "Origin": {"null"}},
	} {
		v := visitor.Public(t, p)
		form := v.Fill(t, r.Reference, r.Digits)
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := v.TryWith(header, http.MethodPost, v.Path("/lookup"), strings.NewReader(form.Encode()))
		require.NoError(t, err, name)
		require.Equal(t, http.StatusForbidden, answer.Status, name)
		require.Empty(t, v.Cookie("visit"), name)
	}
	v := visitor.Public(t, p)
	require.Equal(t, http.StatusMethodNotAllowed, v.Post(t, v.Path("/consumption"), nil).Status)
}

func typingError(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	for n := range 5 {
		typo := []byte(r.Reference)
		typo[n] = '0' + (typo[n]-'0'+1)%10
		answer := visitor.Public(t, p).Guess(t, string(typo), wrong(r, n+1))
		answer.MustNotCount(t)
		require.Equal(t, 1, answer.Find(`input[name="reference"][aria-invalid="true"]`).Length())
		require.Equal(t, string(typo), answer.Find(`input[name="reference"]`).AttrOr("value", ""), "what was typed is kept")
		require.Empty(t, answer.Find(`input[name="digits"]`).AttrOr("value", ""))
		require.Empty(t, answer.Find(`input[name="captcha"]`).AttrOr("value", ""))
	}
	stillOpen(t, p, r)
}
