package town

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// homes is how many the town has, workplaces included.
const homes = 120

// settle builds every home and remembers whom to feature.
func (t *Town) settle() []*home {
	n := newNumbers(rand.New(rand.NewPCG(t.seed, 1)))
	who := names{rand.New(rand.NewPCG(t.seed, 2)), map[string]bool{}}
	all := make([]*home, homes)
	for i := range all {
		r := rand.New(rand.NewPCG(t.seed, uint64(100+i)))
		p := t.draw(r, i)
		var told tale
		if i < len(tales) {
			told = tales[i]
			told.tell(t, &p)
		}
		h := t.raise(p, r, who, n)
		h.dice = r.Uint64()
		all[i] = h
		for _, pt := range h.points {
			why := told.power
			if pt.Energy == portal.Gas {
				why = told.gas
			}
			if why != "" {
				t.Featured = append(t.Featured, Featured{pt.EAN, why})
			}
		}
	}
	return all
}

// raise builds a planned home.
func (t *Town) raise(p plan, r *rand.Rand, who names, n *numbers) *home {
	h := &home{place: p.place, street: who.address(p.place), panels: p.panels, panelsOn: p.panelsOn}
	t.inhabit(h, p, r, who)
	h.points = append(h.points, t.connect(h, p, portal.Electricity, n))
	if p.gas {
		h.points = append(h.points, t.connect(h, p, portal.Gas, n))
	}
	return h
}

// connect makes one access point and its meters.
func (t *Town) connect(h *home, p plan, e portal.Energy, n *numbers) *point {
	pt := &point{home: h, opened: p.connected, holes: p.holes, single: p.single && p.kit != smart}
	pt.AccessPoint = registry.AccessPoint{EAN: n.ean(), Energy: e, Street: h.street,
		Postcode: h.place.postcode, Town: h.place.name}
	if e == portal.Electricity {
		pt.PowerVA = p.power
	}
	came := t.begin().AddDate(-1, -n.r.IntN(36), 0)
	if !p.connected.IsZero() {
		came = p.connected
	}
	number := n.smart
	if p.kit != smart {
		number, came = n.old, came.AddDate(-14, 0, 0)
	}
	pt.meters = []device{{number(e), came}}
	if !p.exchanged.IsZero() && p.kit != old {
		pt.meters = append(pt.meters, device{n.smart(e), p.exchanged})
	}
	switch p.kit {
	case rollout:
		// The month of the exchange is shared out over its days as an
		// estimate, so that no month is half a total and half days.
		pt.daily, pt.bandsFrom = monthOf(p.exchanged), p.exchanged
		pt.holes = append(pt.holes, hole{portal.Period{From: pt.daily, To: p.exchanged}, metering.Estimated})
	case old, yearly:
		pt.daily, pt.bandsFrom, pt.yearly = never, never, p.kit == yearly
	}
	return pt
}

// inhabit moves people in: one household, or two with or without a vacancy.
func (t *Town) inhabit(h *home, p plan, r *rand.Rand, who names) {
	years, away, post, drift := 1+r.IntN(14), r.IntN(365), r.Float64(), 60+r.IntN(700)
	first := t.begin().AddDate(-years, 0, -away)
	if !p.connected.IsZero() {
		first = p.connected
	}
	now := &stay{name: p.firm, language: p.language, use: p.now, detail: p.detail, supplier: pick(r, suppliers)}
	if p.firm == "" {
		now.name = who.person(p.language)
	}
	now.From, now.To = first, p.leftOn
	then := &stay{language: pick(r, p.place.speak), use: p.then, supplier: pick(r, suppliers)}
	then.name = who.person(then.language)
	if other := pick(r, suppliers); drift%4 == 0 && other != now.supplier && p.leftOn.IsZero() {
		now.then, now.since = other, monthOf(t.ago(drift))
	}
	if p.movedIn.IsZero() {
		h.stays = []*stay{now}
	} else {
		in, out := p.movedIn, p.movedIn.AddDate(0, 0, -p.vacant)
		if p.kit != smart && !p.straddle {
			// A month read as one total can't be cut (Ld3): they moved between two.
			in, out = monthOf(in), monthOf(out)
		}
		then.From, then.To, now.From = first, out, in
		h.stays = []*stay{then, now}
	}
	for _, s := range h.stays {
		if !s.To.IsZero() && post < 0.7 { // three in ten left no address
			s.mail = pick(r, places)
			s.street = who.address(s.mail)
		}
		if !s.since.After(s.From.AddDate(0, 1, 0)) {
			s.then = ""
		}
	}
}

// enrol writes the homes down as the registry has them.
func (t *Town) enrol(all []*home) {
	for _, h := range all {
		for _, p := range h.points {
			t.points = append(t.points, p)
			t.Points = append(t.Points, p.AccessPoint)
			for i, m := range p.meters {
				meter := registry.Meter{ID: fmt.Sprintf("town-meter-%04d", len(t.Meters)+1), EAN: p.EAN, Number: m.number}
				meter.From = m.from
				if i+1 < len(p.meters) {
					meter.To = p.meters[i+1].from
				}
				t.Meters = append(t.Meters, meter)
			}
			for _, s := range h.stays {
				t.occupy(p, s)
			}
		}
	}
	slices.SortFunc(t.points, func(a, b *point) int { return cmp.Compare(a.EAN, b.EAN) })
}

func (t *Town) occupy(p *point, s *stay) {
	o := registry.Occupancy{ID: fmt.Sprintf("town-stay-%04d", len(t.Occupancies)+1), EAN: p.EAN, Name: s.name,
		Language: s.language, Street: p.Street, Postcode: p.Postcode, Town: p.Town, Period: s.Period, DetailFrom: s.detail}
	if s.mail != nil {
		o.Street, o.Postcode, o.Town = s.street, s.mail.postcode, s.mail.name
	}
	t.Occupancies = append(t.Occupancies, o)
	supply := registry.Supply{EAN: p.EAN, Supplier: s.supplier, Period: s.Period}
	if s.then != "" {
		supply.To = s.since
		t.Supplies = append(t.Supplies, supply)
		supply = registry.Supply{EAN: p.EAN, Supplier: s.then, Period: portal.Period{From: s.since, To: s.To}}
	}
	t.Supplies = append(t.Supplies, supply)
}

func monthOf(at time.Time) time.Time {
	y, m, _ := at.Date()
	return portal.Date(y, m, 1)
}
