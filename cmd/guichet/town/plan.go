package town

import (
	"math/rand/v2"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// never is a day that does not come.
var never = portal.Date(9999, time.January, 1)

// kit is what stands in the meter cupboard.
type kit int

const (
	smart   kit = iota // communicating all along: daily values
	rollout            // an old meter until the exchange: months, then days
	old                // to this day: months only
	yearly             // an old one that somebody reads once a year: its indexes only
)

// plan is a home on paper: the dice draw it, a case of cases.go changes it,
// raise builds it. Zero dates: it did not happen.
type plan struct {
	place     *place
	language  portal.Language
	firm      string
	kit       kit
	single    bool // the old meter has one register
	gas       bool
	power     int64     // VA
	connected time.Time // a new connection
	exchanged time.Time
	movedIn   time.Time // the present people; others lived there before
	vacant    int       // days empty before movedIn
	straddle  bool      // the move stays within a month that is read as one
	leftOn    time.Time // nobody since
	panels    float64   // kW
	panelsOn  time.Time
	detail    time.Time
	holes     []hole
	now, then use // the present people's, the former ones'
}

// draw rolls an ordinary home. The dice know the home's number only, and
// each fall is taken whether it is used or not: a case changes one home and
// leaves its neighbours alone.
func (t *Town) draw(r *rand.Rand, i int) plan {
	p := plan{place: places[i%len(places)], power: pick(r, []int64{9_200, 9_200, 11_500, 13_900, 17_300})}
	p.language = pick(r, p.place.speak)
	p.kit = pick(r, []kit{smart, smart, smart, smart, smart, rollout, rollout, old, old, old})
	p.single = r.IntN(3) == 0
	p.gas = r.Float64() < 0.78 && p.place.gas
	p.now, p.then = household(r), household(r)

	exchange, coin := 60+r.IntN(840), r.Float64()
	if p.kit == rollout || p.kit == smart && coin < 0.06 {
		p.exchanged = t.ago(exchange)
	}
	moved, empty, coin := 45+r.IntN(900), 20+r.IntN(60), r.Float64()
	if coin < 0.22 {
		p.movedIn = t.ago(moved)
	}
	if coin < 0.07 {
		p.vacant = empty
	}
	size, on, coin := p.now.power/1000*(0.8+0.6*r.Float64()), 30+r.IntN(800), r.Float64()
	if p.kit == smart && coin < 0.4 {
		p.panels, p.panelsOn = size, t.begin().AddDate(-2, 0, 0)
		if coin < 0.1 {
			p.panelsOn = t.ago(on)
		}
	}
	pump, car, coin := 100+r.IntN(700), 60+r.IntN(600), r.Float64()
	if coin < 0.06 && !p.gas {
		p.now.heatPump = t.ago(pump)
	}
	if coin > 0.92 {
		p.now.car = t.ago(car)
	}
	chosen, coin := 30+r.IntN(60), r.Float64()
	if p.kit == smart && coin < 0.05 {
		p.detail = t.ago(chosen)
	}
	at, days, coin := 15+r.IntN(950), 3+r.IntN(10), r.Float64()
	switch {
	case coin < 0.2:
		p.holes = []hole{t.hole(at, days, metering.Estimated)}
	case coin < 0.28:
		p.holes = []hole{t.hole(at, 1+days%3, metering.Missing)}
	}
	if i%17 == 16 { // beyond the tales
		p.firm = firms[i/17%len(firms)]
		p.now, p.movedIn, p.vacant = business(r), time.Time{}, 0
		p.power = 43_600
	}
	return p
}

// household is how one of some size lives: 1 to 5 people.
func household(r *rand.Rand) use {
	size := pick(r, []int{1, 1, 2, 2, 2, 3, 3, 4, 4, 5})
	power := []float64{1950, 2600, 3300, 3900, 4600}[size-1]
	u := use{
		power:   power * (0.9 + 0.22*r.Float64()),
		growth:  -0.03 + 0.05*r.Float64(),
		gas:     (9_800 + 1_900*float64(size)) * (0.85 + 0.3*r.Float64()),
		pattern: family,
	}
	if coin := r.Float64(); size <= 2 && coin < 0.4 {
		u.pattern = retired
	} else if size <= 2 {
		u.pattern = worker
	}
	return u
}

// business is an office's or a bakery's.
func business(r *rand.Rand) use {
	return use{pattern: pick(r, []*pattern{office, bakery}), power: 12_000 + 30_000*r.Float64(),
		gas: 14_000 + 20_000*r.Float64(), homebody: true}
}

func (t *Town) ago(days int) time.Time { return t.today.AddDate(0, 0, -days) }

func (t *Town) hole(ago, days int, q metering.Quality) hole {
	from := t.ago(ago)
	return hole{portal.Period{From: from, To: from.AddDate(0, 0, days)}, q}
}
