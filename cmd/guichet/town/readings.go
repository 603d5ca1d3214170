package town

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// days makes the days of one point, register by register.
func (t *Town) days(p *point, c calendar) []metering.Day {
	var made [metering.RegisterCount][]metering.Day // in the order of registersOf
	for i := range c {
		d := &c[i]
		if d.at.Before(p.daily) || d.at.Before(p.opened) {
			continue
		}
		for k, values := range t.values(p, d) {
			if values != nil {
				made[k] = append(made[k], metering.Day{EAN: p.EAN, Register: registers[k], Date: d.at,
					Meter: p.meter(d.at), Values: values})
			}
		}
	}
	var all []metering.Day
	for _, days := range made {
		all = append(all, days...)
	}
	return all
}

// registers in the order of their names, as the table has them.
var registers = [metering.RegisterCount]metering.Register{metering.GasEnergy, metering.GasVolume,
	metering.InjectionTotal, metering.InjectionOffPeak, metering.InjectionPeak,
	metering.OfftakeTotal, metering.OfftakeOffPeak, metering.OfftakePeak}

// The places in registers.
const (
	gasEnergy = iota
	gasVolume
	_
	injectionOffPeak
	injectionPeak
	offtakeTotal
	offtakeOffPeak
	offtakePeak
)

// values makes one day of all registers of a point; nil where a register has
// nothing to count that day.
func (t *Town) values(p *point, d *day) (v [metering.RegisterCount][]metering.Slot) {
	q := p.quality(d.at, t.today)
	if p.Energy == portal.Gas {
		volume, energy := p.home.gas(t, d)
		v[gasEnergy], v[gasVolume] = total(energy, q), total(volume, q)
		if p.detailed(d.at) {
			volumes, energies := p.home.gasHours(d, volume, energy)
			v[gasEnergy], v[gasVolume] = slotsOf(energies, q), slotsOf(volumes, q)
		}
		return v
	}
	if !p.detailed(d.at) {
		sums := t.sums(p, d)
		for k, n := range sums {
			if n.counts {
				v[k] = total(n.amount, q)
			}
		}
		return v
	}
	slots := cut(d.at, 15*time.Minute)
	flows := p.home.electricity(t, d, slots, nil)
	panels := begun(p.home.panelsOn, d.at)
	for i, s := range slots {
		t.lay(&v, i, len(slots), offtakePeak, offtakeOffPeak, s.peak, flows[i].offtake, q)
		if panels {
			t.lay(&v, i, len(slots), injectionPeak, injectionOffPeak, s.peak, flows[i].injection, q)
		}
	}
	return v
}

// lay puts one slot into the band that counts and marks the other absent; a
// band that never counts on the day has no row.
func (t *Town) lay(v *[metering.RegisterCount][]metering.Slot, i, n, peak, off int, isPeak bool, amount int64, q metering.Quality) {
	k := off
	if isPeak {
		k = peak
	}
	if v[k] == nil {
		v[k] = make([]metering.Slot, n)
		for j := range v[k] {
			v[k][j].Absent = true
		}
	}
	v[k][i] = slotOf(amount, q)
}

// sum is what one register counted in a day.
type sum struct {
	amount int64
	counts bool // some of the day is this register's band
}

// sums adds a day's hours up by register.
func (t *Town) sums(p *point, d *day) (sums [metering.RegisterCount]sum) {
	var room [25]flow
	panels := begun(p.home.panelsOn, d.at)
	for i, f := range p.home.electricity(t, d, d.hours, room[:0]) {
		off, in := offtakeOffPeak, injectionOffPeak
		if d.hours[i].peak {
			off, in = offtakePeak, injectionPeak
		}
		if p.single && d.at.Before(p.bandsFrom) {
			off = offtakeTotal
		}
		sums[off].amount, sums[off].counts = sums[off].amount+f.offtake, true
		if panels {
			sums[in].amount, sums[in].counts = sums[in].amount+f.injection, true
		}
	}
	return sums
}

func total(amount int64, q metering.Quality) []metering.Slot {
	return []metering.Slot{slotOf(amount, q)}
}

func slotsOf(amounts []int64, q metering.Quality) (slots []metering.Slot) {
	for _, a := range amounts {
		slots = append(slots, slotOf(a, q))
	}
	return slots
}

// slotOf is a value as the operator has it: nothing where it is missing.
func slotOf(amount int64, q metering.Quality) metering.Slot {
	if q == metering.Missing {
		amount = 0
	}
	return metering.Slot{Value: metering.Value{Amount: amount, Quality: q}}
}

// months adds up the whole months of a point that have no days. One in nine
// is an estimate: nobody was at home when the reader rang.
func (t *Town) months(p *point, c calendar) []metering.Month {
	var months []metering.Month
	var amounts [metering.RegisterCount]sum
	for i := range c {
		d := &c[i]
		if p.yearly || !d.at.Before(p.daily) {
			break
		}
		if d.at.Before(p.opened) {
			continue
		}
		if p.Energy == portal.Gas {
			volume, energy := p.home.gas(t, d)
			amounts[gasEnergy] = sum{amounts[gasEnergy].amount + energy, true}
			amounts[gasVolume] = sum{amounts[gasVolume].amount + volume, true}
		} else {
			for k, s := range t.sums(p, d) {
				amounts[k].amount += s.amount
				amounts[k].counts = amounts[k].counts || s.counts
			}
		}
		if d.at.AddDate(0, 0, 1).Day() != 1 {
			continue
		}
		first := d.at.AddDate(0, 0, 1-d.at.Day())
		for k, s := range amounts {
			if !s.counts {
				continue
			}
			m := metering.Month{EAN: p.EAN, Register: registers[k], Date: first, Amount: s.amount}
			if (p.home.dice+uint64(metering.MonthNumber(first)))%9 == 0 {
				m.Estimated = 1
			}
			months = append(months, m)
		}
		amounts = [metering.RegisterCount]sum{}
	}
	return months
}
