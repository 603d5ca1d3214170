package visitor

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

// GateForm is the selector of the gate's form.
const GateForm = `form:has(input[name="reference"])`

// Fill fetches the gate and fills its form rightly but for what is given.
func (v *Visitor) Fill(t testing.TB, reference, digits string) url.Values {
	t.Helper()
	form, err := v.TryFill(reference, digits)
	require.NoError(t, err)
	return form
}

// TryFill is Fill while the portal may die.
func (v *Visitor) TryFill(reference, digits string) (url.Values, error) {
	p, err := v.Try(http.MethodGet, v.Path("/lookup"), "", nil)
	if err != nil {
		return nil, err
	}
	if p.Status != http.StatusOK {
		return nil, fmt.Errorf("the gate answers %d", p.Status)
	}
	form := url.Values{}
	p.Find(GateForm + ` input[type="hidden"]`).Each(func(_ int, s *goquery.Selection) {
		form.Set(s.AttrOr("name", ""), s.AttrOr("value", ""))
	})
	for _, captcha := range []string{"captcha", "captcha2"} { // the second only where the gate asks it of this browser
		if !form.Has(captcha + "_id") {
			continue
		}
		answer := v.Answer(form.Get(captcha + "_id"))
		if answer == "" {
			return nil, fmt.Errorf("no answer in Redis for %s %q", captcha, form.Get(captcha+"_id"))
		}
		form.Set(captcha, answer)
	}
	if challenge, asked := p.Work(); asked && !v.Scriptless {
		solution, err := Solve(challenge)
		if err != nil {
			return nil, err
		}
		form.Set("altcha", solution)
	}
	form.Set("reference", reference)
	form.Set("digits", digits)
	v.portal.Secret("reference", reference)
	v.portal.Secret("form token", form.Get("form"))
	return form, nil
}

// Work is the proof of work that the gate's page asks for, if it does.
func (p *Page) Work() (challenge string, asked bool) { return p.Find(GateForm).Attr("data-challenge") }

// Guess fills the gate's form and posts it.
func (v *Visitor) Guess(t testing.TB, reference, digits string) *Page {
	t.Helper()
	return v.Post(t, v.Path("/lookup"), v.Fill(t, reference, digits))
}

// Opened tells whether an answer of the gate let somebody in.
func (p *Page) Opened() bool {
	return p.Status == http.StatusSeeOther && strings.HasSuffix(p.Header.Get("Location"), "/consumption")
}

// GuessWithCode is Guess by somebody who also types the letter's code.
func (v *Visitor) GuessWithCode(t testing.TB, r rig.Reference, digits string) *Page {
	t.Helper()
	form := v.Fill(t, r.Reference, digits)
	form.Set("letter_code", r.LetterCode)
	return v.Post(t, v.Path("/lookup"), form)
}

// MustEnter opens a reference and gives the page behind the gate.
func (v *Visitor) MustEnter(t testing.TB, r rig.Reference) *Page {
	t.Helper()
	p := v.Guess(t, r.Reference, r.Digits)
	require.True(t, p.Opened(), "the owner is not let in: %d\n%s", p.Status, p.Text())
	return v.Follow(t, p)
}

// blamed is the fields that an answer names, so that nothing was looked at.
func (p *Page) blamed() *Selection { return p.Find(`[role="alert"] a[href^="#"]`) }

// uncounted is how the page says, in its four languages, that a limit did not
// let a try be compared.
var uncounted = regexp.MustCompile(`pas été compté|nicht gezählt|niet geteld|not counted`)

// MustRefuse asserts that an answer is the gate's one failure.
func (p *Page) MustRefuse(t testing.TB) {
	t.Helper()
	p.mustStayOut(t)
	require.NotRegexp(t, uncounted, p.Find(`[role="alert"]`).Text(), "a limit refused the try: nothing was compared")
}

// MustNotHear asserts that a limit refused the try: it was not compared, and
// the page offers the letter's code.
func (p *Page) MustNotHear(t testing.TB) {
	t.Helper()
	p.mustStayOut(t)
	require.Regexp(t, uncounted, p.Find(`[role="alert"]`).Text())
	require.Equal(t, 1, p.Find(`input[name="letter_code"]`).Length(), "the letter's code is not offered")
}

func (p *Page) mustStayOut(t testing.TB) {
	t.Helper()
	require.False(t, p.Opened(), "a guess opened the gate")
	require.Equal(t, http.StatusUnprocessableEntity, p.Status, "%s", p.Text())
	require.Zero(t, p.blamed().Length(), "a field is blamed, so nothing was compared:\n%s", p.Text())
	require.Equal(t, 1, p.Find(`[role="alert"]`).Length(), "%s", p.Body)
}

// MustNotCount asserts that an answer blames a field, so that nothing was
// looked at.
func (p *Page) MustNotCount(t testing.TB) {
	t.Helper()
	require.False(t, p.Opened(), "a guess opened the gate")
	require.Contains(t, []int{http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusBadRequest, http.StatusForbidden}, p.Status, "%s", p.Text())
	if p.Status == http.StatusUnprocessableEntity && p.Find(GateForm).Length() > 0 {
		require.NotZero(t, p.blamed().Length(), "no field is blamed:\n%s", p.Text())
	}
}

// MustBlame is MustNotCount for one field and no other.
func (p *Page) MustBlame(t testing.TB, field string) {
	t.Helper()
	p.MustNotCount(t)
	require.Equal(t, 1, p.blamed().Length(), "%s", p.blamed().Text())
	require.Equal(t, "#"+field, p.blamed().AttrOr("href", ""))
}
