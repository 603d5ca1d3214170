package exchange

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

func unix(seconds int64) time.Time { return time.Unix(seconds, 0).In(portal.Brussels) }

// counting is what a ReadingType says: which register, and by how much a
// value is multiplied or divided to give thousandths of its unit.
type counting struct {
	register    metering.Register
	times, over int64
}

// join gives each block's lines their register and amount. A block leads to
// its MeterReading by its link "up", and that to its ReadingType by a related
// link; in a file that has only one of either, nothing can be mistaken.
func (p *feed) join() {
	if len(p.points) > 1 {
		p.bad(p.points[1].resource, "a second access point; --for takes a file of exactly one")
		return
	}
	if len(p.points) == 1 {
		if err := sameMask(p.points[0].title, p.options.ForEAN); err != nil {
			p.bad(p.points[0].resource, err.Error())
		}
	}
	known := map[*element]*counting{}
	for _, b := range p.blocks {
		t := p.typeOf(b)
		if t == nil {
			p.refuseLine(LineError{Line: b.line, Element: "IntervalBlock", Reason: "its links lead to no ReadingType, or to several"})
			continue
		}
		c, seen := known[t]
		if !seen {
			c = p.counting(t)
			known[t] = c
		}
		if c == nil {
			continue
		}
		quality := metering.Read
		if e := t.child("defaultQuality"); e != nil {
			var ok bool
			if quality, ok = p.qualityOf(t, "defaultQuality"); !ok {
				continue
			}
		}
		p.count(p.lines[b.from:b.to], *c, quality)
	}
	p.backwards()
	if len(p.lines) == 0 && p.refused == nil {
		p.refuseLine(LineError{Line: 1, Element: "feed", Reason: "has no IntervalReading"})
	}
}

// maxValue keeps sums of a whole file from running over: a million kWh in one
// interval is no household.
const maxValue = 1_000_000_000

func (p *feed) count(lines []line, c counting, quality metering.Quality) {
	for i := range lines {
		l := &lines[i]
		l.register = c.register
		if l.quality == unstated {
			l.quality = quality
		}
		switch {
		case l.amount > maxValue*c.over/c.times:
			p.refuse(l.no, unknown, fmt.Sprintf("%d is too large", l.amount))
		case l.amount%c.over != 0:
			p.refuse(l.no, unknown, fmt.Sprintf("%d is finer than a thousandth of %s; it would have to be rounded", l.amount, c.register.Unit()))
		default:
			l.amount = l.amount / c.over * c.times
		}
	}
}

// backwards notes where the file goes back in time: its order tells nothing,
// but whoever made it may want to know.
func (p *feed) backwards() {
	last := map[metering.Register]*line{}
	for i := range p.lines {
		l := &p.lines[i]
		if before := last[l.register]; before != nil && l.start < before.start {
			p.note(p.lineError(l.no, unknown, fmt.Sprintf("goes back in time, behind line %d", before.no)))
		}
		last[l.register] = l
	}
}

func (p *feed) typeOf(b block) *element {
	var of []entry
	for _, s := range p.series {
		if s.self != "" && (strings.TrimSuffix(b.entry.up, "/IntervalBlock") == s.self || slices.Contains(b.entry.related, s.self)) {
			of = append(of, s)
		}
	}
	if len(of) == 0 && len(p.series) == 1 {
		of = p.series
	}
	var found []*element
	for _, t := range p.types {
		for _, s := range of {
			if t.self != "" && (slices.Contains(s.related, t.self) || slices.Contains(t.related, s.self)) {
				found = append(found, t.resource)
			}
		}
	}
	if len(found) == 0 && len(p.types) == 1 && len(p.series) <= 1 {
		found = append(found, p.types[0].resource)
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// energy is what the access point says of itself; empty where it says nothing.
func (p *feed) energy() portal.Energy {
	if len(p.points) == 1 {
		switch kind := p.points[0].resource.child("ServiceCategory").child("kind"); {
		case kind == nil:
		case kind.text == "0":
			return portal.Electricity
		case kind.text == "1":
			return portal.Gas
		default:
			p.bad(kind, fmt.Sprintf("%q is neither electricity (0) nor gas (1)", shortened(kind.text)))
		}
	}
	return ""
}

// Codes of ESPI, as its schema 4.0 gives them.
const (
	deltaData                    = 4
	forward, reverse             = 1, 19
	wattHour, watt               = 72, 38
	cubicMetre, cubicUncorrected = 42, 166
	cubicCorrected, cubicFoot    = 167, 119
	naturalGas                   = 7
)

// counting reads a ReadingType; nil where it counts what is not read here.
func (p *feed) counting(t *element) *counting {
	before := p.refused
	energy := p.energy()
	switch commodity := p.code(t, "commodity"); {
	case commodity < 0:
	case commodity == 1, commodity == 2: // electricity, secondary and primary metered
		energy = p.agreed(t, energy, portal.Electricity)
	case commodity == naturalGas:
		energy = p.agreed(t, energy, portal.Gas)
	default:
		p.bad(t.child("commodity"), fmt.Sprintf("%d is neither electricity (1) nor natural gas (7)", commodity))
	}
	if energy == "" && p.refused == before {
		p.bad(t, "says not whether electricity or gas is counted, nor does the UsagePoint")
	}
	if a := p.code(t, "accumulationBehaviour"); a < 0 {
		p.bad(t, "has no accumulationBehaviour: intervals (4) or an index cannot be told apart")
	} else if a != deltaData {
		p.bad(t.child("accumulationBehaviour"), fmt.Sprintf("%d is not interval volumes (4)", a))
	}
	unit := p.code(t, "uom")
	switch unit {
	case wattHour, cubicMetre, cubicUncorrected:
	case -1:
		p.bad(t, "has no uom")
	case watt:
		p.bad(t.child("uom"), "38 is power (W), not energy (Wh, 72)")
	case cubicCorrected:
		p.bad(t.child("uom"), "167 is a compensated volume, not what the meter counted (42)")
	case cubicFoot:
		p.bad(t.child("uom"), "119 is cubic feet, not m³ (42)")
	default:
		p.bad(t.child("uom"), fmt.Sprintf("%d is neither Wh (72) nor m³ (42)", unit))
	}
	if unit != wattHour && unit > 0 && energy == portal.Electricity {
		p.bad(t, "counts electricity in another unit than Wh (72)")
	}
	c := counting{times: 1, over: 1}
	c.register = p.directed(t, energy, unit)
	power := p.code(t, "powerOfTenMultiplier")
	if t.child("powerOfTenMultiplier") == nil {
		power = 0
	}
	if unit != wattHour {
		power += 3 // thousandths of a m³; a Wh is one of a kWh
	}
	if power < -9 || power > 9 {
		p.bad(t.child("powerOfTenMultiplier"), "is no power of ten that can be read")
	}
	if p.refused != before || before != nil {
		return nil
	}
	for ; power > 0; power-- {
		c.times *= 10
	}
	for ; power < 0; power++ {
		c.over *= 10
	}
	return &c
}

func (p *feed) agreed(t *element, point, said portal.Energy) portal.Energy {
	if point != "" && point != said {
		p.bad(t.child("commodity"), "is another energy than the UsagePoint's")
	}
	return said
}

// directed is the register of a type: direction by flowDirection, band by tou,
// where 1 is peak and 2 off-peak, as our own files have them.
func (p *feed) directed(t *element, energy portal.Energy, unit int64) metering.Register {
	direction, band := p.code(t, "flowDirection"), p.code(t, "tou")
	if band > 2 {
		p.bad(t.child("tou"), fmt.Sprintf("%d is no band known here: 1 is peak, 2 off-peak", band))
	}
	if energy == portal.Gas {
		if direction > 0 && direction != forward || band > 0 {
			p.bad(t, "gas has no bands and no injection")
		}
		if unit == wattHour {
			return metering.GasEnergy
		}
		return metering.GasVolume
	}
	registers := [3]metering.Register{metering.OfftakeTotal, metering.OfftakePeak, metering.OfftakeOffPeak}
	switch direction {
	case forward:
	case reverse:
		registers = [3]metering.Register{metering.InjectionTotal, metering.InjectionPeak, metering.InjectionOffPeak}
	default:
		p.bad(t, "has no flowDirection of off-take (1) or injection (19)")
	}
	return registers[min(max(band, 0), 2)]
}

// sameMask compares a masked EAN, where a text has one, with an EAN: only the
// digits that stand there. It never tells which digit differs (G12).
func sameMask(text string, ean portal.EAN) error {
	at := strings.Index(text, "-- ----")
	if at < 2 {
		return nil
	}
	masked := text[at-2:]
	if len(masked) < len(ean.Masked()) || masked[:len(ean.Masked())] == ean.Masked() {
		return nil
	}
	return fmt.Errorf("is of another access point than --for says")
}
