package town

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// tale is a home that shows something, told on purpose and not drawn.
type tale struct {
	power, gas string // why its access points are featured; empty: not
	tell       func(*Town, *plan)
}

// tales are the town's first homes. Their first eight featured points are
// promised to whoever drives the demo from outside: both energies, a move, a
// meter exchange, solar panels with detail chosen.
var tales = []tale{
	{"an ordinary household, peak and off-peak", "the same household's gas", func(t *Town, p *plan) {
		p.settle(namur, portal.French)
		p.gas, p.detail = true, t.ago(21)
		p.now.power, p.now.gas, p.now.pattern = 3_650, 15_800, family
	}},
	{"moved in fourteen months ago; the people before had other numbers", "", func(t *Town, p *plan) {
		p.settle(eupen, portal.German)
		p.gas, p.movedIn, p.detail = true, t.ago(425), t.ago(425)
		p.now.power, p.then.power = 2_450, 4_700
	}},
	{"solar panels, quarter-hours chosen sixty days ago", "", func(t *Town, p *plan) {
		p.settle(wavre, portal.English)
		p.panels, p.panelsOn, p.detail = 5.4, t.begin().AddDate(-2, 0, 0), t.ago(60)
		p.now.power, p.now.pattern = 4_300, family
	}},
	{"meter exchanged eight months ago", "", func(t *Town, p *plan) {
		p.settle(enghien, portal.Dutch)
		p.gas, p.exchanged, p.detail = true, t.ago(243), t.ago(250)
	}},
	{"", "gas: meter exchanged, and empty for six weeks between two households", func(t *Town, p *plan) {
		p.settle(kelmis, portal.German)
		p.gas, p.exchanged, p.movedIn, p.vacant = true, t.ago(500), t.ago(300), 43
		p.now.gas, p.then.gas = 12_400, 19_600
	}},
	{"estimated and missing days", "", func(t *Town, p *plan) {
		p.settle(verviers, portal.French)
		p.holes = []hole{t.hole(210, 12, metering.Estimated), t.hole(95, 3, metering.Missing),
			t.hole(40, 5, metering.Estimated), t.hole(18, 1, metering.Missing)}
	}},
	{"moved in last month", "", func(t *Town, p *plan) {
		p.settle(mons, portal.French)
		y, m, _ := t.today.Date()
		p.gas, p.movedIn = true, portal.Date(y, m-1, 12)
	}},
	{"a firm of 160 kVA: quarter-hours by law", "", func(t *Town, p *plan) {
		p.settle(dinant, portal.French)
		p.firm, p.power = "Scierie Bois-Dansant", 160_000
		p.now = use{pattern: office, power: 148_000, homebody: true}
	}},
	{"an old meter, read by the month", "", func(t *Town, p *plan) {
		p.settle(marche, portal.French)
		p.kit, p.single = old, true
	}},
	{"a new connection, four months old", "", func(t *Town, p *plan) {
		p.settle(namur, portal.French)
		p.connected = t.ago(124)
	}},
	{"a heat pump and an electric car came", "", func(t *Town, p *plan) {
		p.settle(wavre, portal.French)
		p.now.power, p.now.heatPump, p.now.car = 3_100, t.ago(640), t.ago(290)
	}},
	{"an old meter gave way to a communicating one: months, then days", "", func(t *Town, p *plan) {
		p.settle(stVith, portal.German)
		p.kit, p.single, p.exchanged = rollout, true, t.ago(330)
	}},
	{"an old meter, and a move in the middle of a month: that month is nobody's", "", func(t *Town, p *plan) {
		p.settle(dinant, portal.French)
		p.kit, p.movedIn, p.straddle = old, monthOf(t.ago(270)).AddDate(0, 0, 13), true
	}},
	{"an old meter, read once a year by its indexes, not yet at the move", "", func(t *Town, p *plan) {
		p.settle(eupen, portal.German)
		p.kit, p.movedIn = yearly, t.ago(1_060)
		p.now.power = 3_200
	}},
	{"", "", func(t *Town, p *plan) { // nobody lives there now
		p.settle(verviers, portal.French)
		p.gas, p.leftOn = true, t.ago(75)
	}},
}

// settle wipes what the dice decided but how the people live.
func (p *plan) settle(at *place, l portal.Language) {
	now, then := p.now, p.then
	now.heatPump, now.car = time.Time{}, time.Time{}
	*p = plan{place: at, language: l, power: 9_200, now: now, then: then}
}
