package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// anHour is the harm budget of an hour in these tests: four failures lead to
// step 2 wherever its threshold was drawn, all of them to step 3.
const anHour = 6

func smallBudgets(t *testing.T) *rig.Portal {
	t.Helper()
	return rig.Demo(t, "HARM_AN_HOUR=6", "HARM_A_DAY=60")
}

const (
	stepNow  = "guichet_gate_step"
	leftHour = `guichet_gate_budget_left{budget="harm",window="hour"}`
)

// inStep waits until the gate asks what it asks in step 2 or 3.
func inStep(t *testing.T, p *rig.Portal, step int) {
	t.Helper()
	require.Eventually(t, func() bool {
		page := visitor.Public(t, p).Open(t, "/fr/lookup")
		_, work := page.Work()
		return work && (step < 3 || page.Find(`input[name="letter_code"]`).Length() == 1)
	}, longer, slower, "the gate stays below step %d", step)
	require.Eventually(t, func() bool { return p.Metric(t, stepNow) == float64(step) }, longer, slower, "metrics")
}

// tries counts the attempts that the trail tells, compared or not.
func tries(t *testing.T, p *rig.Portal) string {
	t.Helper()
	return rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action LIKE 'lookup.%'`)
}

// overview is the gate's state as an agent sees it.
func overview(t *testing.T, p *rig.Portal) string {
	t.Helper()
	v := atWork(t, p, "agent")
	page := v.Open(t, "/de/desk/gate")
	safe(t, page)
	return strings.Join(strings.Fields(page.Find("main").Text()), " ")
}

// G7: half of the budget spent, the gate asks for work on top: a browser with
// scripts computes, one without reads a second captcha, and who brings neither
// is told which field is missing, without anything being looked at.
func TestSteps(t *testing.T) {
	p := smallBudgets(t)
	require.EqualValues(t, 1, p.Metric(t, stepNow))
	require.EqualValues(t, anHour, p.Metric(t, leftHour))
	_, asked := visitor.Public(t, p).Open(t, "/fr/lookup").Work()
	require.False(t, asked, "work is asked on a quiet day")
	for range 4 {
		r := p.Take(t)
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 1)).MustRefuse(t)
	}
	inStep(t, p, 2)

	t.Run("without either nothing is counted", func(t *testing.T) { unworked(t, p) })
	t.Run("a browser that computes", func(t *testing.T) {
		visitor.Public(t, p).MustEnter(t, p.Take(t))
		visitor.Public(t, p).Guess(t, unknown().Reference, "0000").MustRefuse(t)
	})
	t.Run("a browser without scripts", func(t *testing.T) {
		for _, lang := range languages {
			v := visitor.Public(t, p)
			v.Scriptless, v.Lang = true, lang
			require.Equal(t, 1, v.Open(t, v.Path("/lookup")).Find(`noscript input[name="captcha2"]`).Length())
			v.MustEnter(t, p.Take(t))
		}
	})
	t.Run("T28 work is used once, and by its own form", func(t *testing.T) { reworked(t, p) })
	t.Run("staff see it", func(t *testing.T) {
		text := overview(t, p)
		require.Contains(t, text, "Stufe 2")
		require.Contains(t, text, "66 %")
		// What was leased for those who got in comes back when nobody wants it.
		require.Eventually(t, func() bool { return p.Metric(t, leftHour) == 2 }, longer, slower, "the hour's budget")
	})
	t.Run("T18 the budget ends before the step may move", func(t *testing.T) {
		for range 2 {
			r := p.Take(t)
			visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 1)).MustRefuse(t)
		}
		r := p.Take(t)
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, 1)).MustNotHear(t)
		visitor.Public(t, p).Guess(t, r.Reference, r.Digits).MustNotHear(t)
		require.True(t, visitor.Public(t, p).GuessWithCode(t, r, r.Digits).Opened(), "the letter's code does not open")
	})
	verified(t, p)
}

func unworked(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	before := tries(t, p)
	for name, c := range map[string]struct {
		scriptless bool
		change     func(url.Values)
		blamed     string
	}{
		"no work":           {false, func(f url.Values) { f.Set("altcha", "") }, "altcha"},
		"made up":           {false, func(f url.Values) { f.Set("altcha", "bm8=") }, "altcha"},
		"neither":           {true, func(f url.Values) { f.Del("captcha2_id") }, "altcha"},
		"no second answer":  {true, func(f url.Values) { f.Set("captcha2", "") }, "captcha2"},
		"a wrong second":    {true, func(f url.Values) { f.Set("captcha2", otherDigits(f.Get("captcha2"))) }, "captcha2"},
		"the first twice":   {true, func(f url.Values) { f.Set("captcha2_id", f.Get("captcha_id")); f.Set("captcha2", f.Get("captcha")) }, "captcha2"},
		"a wrong first":     {true, func(f url.Values) { f.Set("captcha", otherDigits(f.Get("captcha"))) }, "captcha"},
		"work, wrong first": {false, func(f url.Values) { f.Set("captcha", otherDigits(f.Get("captcha"))) }, "captcha"},
		"chosen instead":    {false, func(f url.Values) { f.Set("with", "work"); f.Del("captcha") }, "captcha"},
	} {
		for _, digits := range []string{r.Digits, wrong(r, 1)} {
			v := visitor.Public(t, p)
			v.Scriptless = c.scriptless
			form := v.Fill(t, r.Reference, digits)
			c.change(form)
			answer := v.Post(t, v.Path("/lookup"), form)
			require.False(t, answer.Opened(), name)
			answer.MustBlame(t, c.blamed)
		}
	}
	require.Equal(t, before, tries(t, p), "something was counted")
	stillOpen(t, p, r)
}

func reworked(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	v := visitor.Public(t, p)
	form := v.Fill(t, r.Reference, r.Digits)
	require.True(t, v.Post(t, v.Path("/lookup"), form).Opened())
	for _, own := range []bool{false, true} { // the next form with the former's work; and under the former's token
		next := v.Fill(t, r.Reference, r.Digits)
		next.Set("altcha", form.Get("altcha"))
		if own {
			next.Set("form", form.Get("form"))
		}
		v.Post(t, v.Path("/lookup"), next).MustBlame(t, "altcha")
	}
}

// T18, T20, G7: all of the budget spent, only browsers that opened this very
// reference before are compared, and those who type their letter's code; also
// after a power cut. Nobody learns from the answer whether a reference lives.
func TestLastStep(t *testing.T) {
	t.Parallel() // half a minute of it is waiting for permits to come back
	p := smallBudgets(t)
	mine, theirs := p.Take(t), p.Take(t)
	owner, neighbour := visitor.Public(t, p), visitor.Public(t, p)
	owner.MustEnter(t, mine)
	neighbour.MustEnter(t, theirs)
	spendAll(t, p)
	inStep(t, p, 3)
	closedReference := func() {
		t.Helper()
		for _, lang := range languages {
			uncompared(t, p, lang, mine)
		}
		require.True(t, owner.Elsewhere().Guess(t, mine.Reference, mine.Digits).Opened(), "the owner's browser is not let in")
		for name, v := range strangers(t, p, owner, neighbour) {
			answer := v.Guess(t, mine.Reference, mine.Digits)
			require.False(t, answer.Opened(), name)
			answer.MustNotHear(t)
		}
	}
	closedReference()
	require.EqualValues(t, 0, p.Metric(t, leftHour))
	t.Run("the letter's code", func(t *testing.T) { codes(t, p) })
	t.Run("one alarm, not a thousand", func(t *testing.T) {
		require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'gate.moved'`))
		require.Equal(t, "1", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE action = 'gate.alarm'`))
		require.EqualValues(t, 1, p.Metric(t, `guichet_alarms_total{alarm="step-3"}`))
	})
	t.Run("staff see it", func(t *testing.T) {
		text := overview(t, p)
		require.Contains(t, text, "Stufe 3")
		require.Contains(t, text, "100 %")
	})
	p.Scrape(t)
	p.Kill()
	p.Restart(t)
	inStep(t, p, 3)
	closedReference()
	visitor.Public(t, p).GuessWithCode(t, mine, wrong(mine, 1)).MustRefuse(t)
	verified(t, p)
}

// spendAll spends the budget of an hour at once, so that no look at the gate
// falls between two failures.
func spendAll(t *testing.T, p *rig.Portal) {
	t.Helper()
	require.Eventually(t, func() bool { // no lease that is half over
		return rig.SQL(t, p.File(), `SELECT count(*) FROM permit_leases`) == "0"
	}, longer, slower, "permits were not given back")
	guessers, forms := make([]*visitor.Visitor, anHour), make([]url.Values, anHour)
	for i := range guessers {
		r := p.Take(t)
		guessers[i] = visitor.Public(t, p)
		forms[i] = guessers[i].Fill(t, r.Reference, wrong(r, 1))
	}
	answers := make([]*visitor.Page, anHour)
	var all sync.WaitGroup
	for i, v := range guessers {
		all.Go(func() {
			answers[i], _ = v.Try(http.MethodPost, v.Path("/lookup"), "application/x-www-form-urlencoded", strings.NewReader(forms[i].Encode()))
		})
	}
	all.Wait()
	for _, a := range answers {
		require.NotNil(t, a)
		a.MustRefuse(t)
	}
}

// uncompared: whatever a stranger types, the answer is the same and nothing
// was compared (T6, T18).
func uncompared(t *testing.T, p *rig.Portal, lang string, known rig.Reference) {
	t.Helper()
	before := refusals(t, p)
	guess := func(reference, digits, code string) string {
		v := visitor.Public(t, p)
		v.Lang = lang
		form := v.Fill(t, reference, digits)
		if code != "" {
			form.Set("letter_code", code)
		}
		answer := v.Post(t, v.Path("/lookup"), form)
		answer.MustNotHear(t)
		return answer.Fingerprint()
	}
	want := guess(unknown().Reference, "0000", "")
	require.Equal(t, want, guess(known.Reference, wrong(known, 1), ""), "wrong digits")
	require.Equal(t, want, guess(known.Reference, known.Digits, ""), "right digits")
	require.Equal(t, want, guess(known.Reference, known.Digits, "00000000"), "another code")
	require.Equal(t, want, guess(unknown().Reference, "0000", known.LetterCode), "an unknown reference with a code")
	require.Equal(t, before, refusals(t, p), "something was compared")
}

// strangers are those whom no cookie makes known for the owner's reference.
func strangers(t *testing.T, p *rig.Portal, owner, neighbour *visitor.Visitor) map[string]*visitor.Visitor {
	t.Helper()
	with := func(cookie string) *visitor.Visitor {
		v := visitor.Public(t, p)
		v.SetCookie("guichet-device", cookie)
		return v
	}
	own := owner.Cookie("device")
	require.NotEmpty(t, own)
	parts := strings.Split(own, ".")
	require.Len(t, parts, 3)
	return map[string]*visitor.Visitor{
		"T20 a browser known for another reference": neighbour.Elsewhere(),
		"T20 a cookie of another time":              with(parts[0] + ".1" + parts[1] + "." + parts[2]),
		"T20 another's signature":                   with(parts[0] + "." + parts[1] + "." + strings.Split(neighbour.Cookie("device"), ".")[2]),
		"T20 no signature":                          with(parts[0] + "." + parts[1] + "."),
	}
}

// codes: the code of the letter opens with the right digits; with wrong ones it
// is an attempt like any other, three of which close the reference (T20).
func codes(t *testing.T, p *rig.Portal) {
	r := p.Take(t)
	before := refusals(t, p)
	for n := 1; n <= 2; n++ {
		visitor.Public(t, p).GuessWithCode(t, r, wrong(r, n)).MustRefuse(t)
	}
	require.Equal(t, before+2, refusals(t, p))
	spelt := r
	spelt.LetterCode = strings.ToLower(r.LetterCode[:4]) + " " + r.LetterCode[4:]
	in := visitor.Public(t, p)
	require.True(t, in.GuessWithCode(t, spelt, r.Digits).Opened(), "the code as printed does not open")
	require.True(t, in.Elsewhere().Guess(t, r.Reference, r.Digits).Opened(), "the browser is known from now on")
	visitor.Public(t, p).GuessWithCode(t, r, wrong(r, 3)).MustRefuse(t)
	visitor.Public(t, p).GuessWithCode(t, r, r.Digits).MustRefuse(t)
	in.Guess(t, r.Reference, r.Digits).MustRefuse(t)
}
