package lookup

import (
	"strconv"
	"time"
)

// Step is how much the gate asks of strangers (G7). A new step needs Ask, hear,
// the desk's words "desk.gate.step."+n, and the test that counts them.
type Step int

// The steps.
const (
	Captcha Step = 1 // a captcha
	Work    Step = 2 // and proof of work, or a second captcha and half the source's limit
	Letter  Step = 3 // only browsers known for the reference, or the letter code
)

// StepLife is how long a step lasts at least.
const StepLife = 10 * time.Minute

// Load is how far the budgets are spent, 1 where all is gone.
type Load struct {
	Harm  float64 // the fuller of the hour's and the day's
	Noise float64
}

// calm is how far below its threshold a load must be before a step is left, so
// that one that stays near does not ring every ten minutes.
const calm = 0.1

// near tells whether a load still lies near the threshold of the step.
func (l Load) near(g Gauge) bool {
	if g.Step == Letter {
		return l.Harm >= g.Whole-calm
	}
	return l.Harm >= g.Half-calm || l.Noise >= g.Half-calm
}

// Gauge is the step the whole portal is in, and the thresholds of its next
// move: they are drawn anew at each move, so that what moves it tells nobody
// how many of their guesses met a live reference.
type Gauge struct {
	Step    Step
	MovedAt time.Time
	Half    float64 // of a budget: from here on step 2, between 0.45 and 0.55
	Whole   float64 // of the harm budget: from here on step 3, between 0.96 and 1
}

// Rest is the gauge of a portal where nothing ever happened.
func Rest(draw func() float64) Gauge {
	return Gauge{Step: Captcha, Half: 0.45 + draw()/10, Whole: 0.96 + draw()/25}
}

// Move gives the gauge after a look at the budgets; moved tells whether the
// step changed, which it does at most every StepLife. draw gives chance in
// [0, 1). That the harm budget is never exceeded does not hang on the step: who
// has no permit is not compared, whatever the step.
func (g Gauge) Move(now time.Time, load Load, draw func() float64) (next Gauge, moved bool) {
	want := Captcha
	if load.Harm >= g.Half || load.Noise >= g.Half {
		want = Work
	}
	if load.Harm >= g.Whole {
		want = Letter
	}
	if want < g.Step && load.near(g) {
		want = g.Step
	}
	if want == g.Step || !g.MovedAt.IsZero() && now.Sub(g.MovedAt) < StepLife {
		return g, false
	}
	next = Rest(draw)
	next.Step, next.MovedAt = want, now
	return next, true
}

func (s Step) String() string { return strconv.Itoa(int(s)) }
