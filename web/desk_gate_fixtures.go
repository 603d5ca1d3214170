package web

import (
	"slices"
	"time"

	"guichet/lookup"
	"guichet/portal/desk"
	page "guichet/web/ui/page/desk"

	"github.com/a-h/templ"
)

// fixtureGate is a gate on a busy afternoon.
func fixtureGate() desk.Gate {
	day := 24 * time.Hour
	return desk.Gate{Blocked: 4, BlocksToday: 6, FailuresToday: 212, View: lookup.View{
		Gauge: lookup.Gauge{Step: lookup.Captcha}, Openings: 41, Usual: 38, Uses: []lookup.BudgetUse{
			{Budget: lookup.Harm, Lasting: time.Hour, Most: 150, Spent: 12, Left: 130},
			{Budget: lookup.Harm, Lasting: day, Most: 1000, Spent: 204, Left: 788},
			{Budget: lookup.Legacy, Lasting: day, Most: 100, Spent: 3, Left: 97},
			{Budget: lookup.Works, Lasting: day, Most: 300, Spent: 21, Left: 279},
			{Budget: lookup.Known, Lasting: day, Most: 300, Left: 300},
			{Budget: lookup.Noise, Lasting: day, Most: 20_000, Spent: 8, Left: 19_992},
		}}}
}

// overviewFixture is the page of the gate, changed from a quiet day's.
func overviewFixture(change func(*desk.Overview)) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		fixtureFrame(x, "desk.overview.title") // signs somebody in
		x.at = "/desk/gate"
		o := desk.Overview{Gate: fixtureGate()}
		change(&o)
		return page.OverviewPage(overviewView(x, deskFrame(x, o.Gate, "desk.overview.title"), o))
	}
}

// measured is a register of 1.9 million meters.
func measured(o *desk.Overview) {
	o.Measured, o.Share = true, desk.Share{MeasuredAt: fixtureNow.Add(-30 * time.Hour), Meters: 1_904_212,
		Overall: .000121, WorstPostcode: .0104, Postcode: "4837",
		Address: desk.Near{Meters: 61_870, Chance: .0871}, Batch: desk.Near{Meters: 402_115, Chance: .0533}}
	o.Bounds = o.Share.Bounds(desk.FailuresADay(o.View))
	o.Moves = []desk.Move{{At: fixtureNow.Add(-26 * time.Hour), From: lookup.Work, To: lookup.Captcha},
		{At: fixtureNow.Add(-31 * time.Hour), From: lookup.Captcha, To: lookup.Work}}
	o.View.MovedAt = o.Moves[0].At
	o.Alarms = []desk.Alarm{{At: fixtureNow.Add(-31 * time.Hour), Name: "step-2"}}
}

// attacked is the same gate in its third step.
func attacked(o *desk.Overview) {
	measured(o)
	o.View.Step, o.View.MovedAt, o.View.Openings = lookup.Letter, fixtureNow.Add(-24*time.Minute), 152
	o.Moves = append([]desk.Move{{At: o.View.MovedAt, From: lookup.Work, To: lookup.Letter},
		{At: fixtureNow.Add(-55 * time.Minute), From: lookup.Captcha, To: lookup.Work}}, o.Moves...)
	rung := []time.Duration{55, 24, 22, 31, 40, 11, 8} // minutes ago, as desk.Alarms
	o.Alarms = nil
	for i, name := range desk.Alarms {
		o.Alarms = append(o.Alarms, desk.Alarm{At: fixtureNow.Add(-rung[i] * time.Minute), Name: name})
	}
	slices.SortFunc(o.Alarms, func(a, b desk.Alarm) int { return b.At.Compare(a.At) })
	for i, spent := range []int{150, 655, 82, 21, 17, 20_811} {
		u := &o.View.Uses[i]
		u.Spent, u.Left = spent, max(0, u.Most-spent)
	}
}
