package town

import (
	"math"
	"math/rand/v2"
	"time"

	"guichet/portal/registry"
)

// pattern is how consumption spreads over a day: 24 weights whose mean is made
// 1, on working days and at weekends, and what share a weekend day has.
type pattern struct {
	work, rest [24]float64
	weekend    float64
	swing      float64 // winter over the mean, at mid-January
}

var (
	family = shape(pattern{
		work:    [24]float64{4, 3, 3, 3, 3, 4, 8, 12, 9, 7, 6, 7, 9, 7, 6, 7, 10, 15, 18, 17, 15, 13, 10, 6},
		rest:    [24]float64{5, 4, 3, 3, 3, 3, 4, 7, 10, 12, 13, 14, 14, 12, 10, 10, 11, 14, 17, 16, 14, 12, 10, 7},
		weekend: 1.1, swing: 0.22})
	worker = shape(pattern{
		work:    [24]float64{5, 4, 4, 4, 4, 5, 11, 12, 6, 5, 5, 5, 5, 5, 5, 5, 7, 14, 20, 20, 18, 16, 12, 8},
		rest:    [24]float64{7, 5, 4, 4, 4, 4, 4, 5, 8, 12, 13, 14, 14, 11, 10, 10, 11, 13, 17, 17, 15, 13, 11, 9},
		weekend: 1.2, swing: 0.2})
	retired = shape(pattern{
		work:    [24]float64{4, 3, 3, 3, 3, 4, 6, 9, 12, 13, 13, 15, 16, 11, 9, 9, 10, 13, 15, 14, 13, 11, 8, 5},
		rest:    [24]float64{4, 3, 3, 3, 3, 4, 6, 8, 12, 13, 14, 16, 16, 11, 9, 9, 10, 13, 15, 14, 13, 11, 8, 5},
		weekend: 1.02, swing: 0.18})
	office = shape(pattern{
		work:    [24]float64{4, 4, 4, 4, 4, 5, 9, 16, 22, 24, 24, 24, 22, 23, 24, 24, 22, 17, 10, 6, 5, 4, 4, 4},
		rest:    [24]float64{4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4},
		weekend: 0.3, swing: 0.06})
	bakery = shape(pattern{
		work:    [24]float64{14, 20, 26, 28, 28, 26, 22, 16, 12, 11, 11, 10, 10, 9, 9, 9, 9, 8, 6, 4, 4, 4, 5, 8},
		rest:    [24]float64{16, 22, 28, 30, 30, 28, 24, 18, 13, 11, 10, 9, 7, 5, 4, 4, 4, 4, 4, 4, 4, 4, 5, 8},
		weekend: 1.15, swing: 0.04})
)

func shape(p pattern) *pattern {
	for _, w := range []*[24]float64{&p.work, &p.rest} {
		var sum float64
		for _, x := range w {
			sum += x
		}
		for i := range w {
			w[i] *= 24 / sum
		}
	}
	return &p
}

// heatPumpYear is what a heat pump takes in an ordinary year, in kWh.
const heatPumpYear = 2600

// flow is what crosses the meter in one slot, in Wh.
type flow struct{ offtake, injection int64 }

// electricity fills one flow for each slot of a day; slots may be hours or
// quarters. The same home and day always give the same flows.
func (h *home) electricity(t *Town, d *day, slots []slot, flows []flow) []flow {
	var src rand.PCG
	src.Seed(t.seed^h.dice, d.number)
	r := rand.New(&src)
	flows = flows[:0]

	width, noise := 1.0, 0.35 // hours
	if len(slots) > 25 {
		width, noise = 0.25, 0.55 // a kettle shows in a quarter-hour
	}
	weights, mean, heat, charge := &family.rest, 0.25, 0.0, 0.0 // an empty home still hums
	if s := h.staying(d.at); s != nil {
		u, factor := s.use, 1.0
		weights = &u.pattern.work
		factor = 7 / (5 + 2*u.pattern.weekend)
		if d.weekend {
			weights = &u.pattern.rest
			factor *= u.pattern.weekend
		}
		factor *= (1 + u.pattern.swing*d.season) * (1 + u.growth*d.years) * math.Exp(0.13*r.NormFloat64())
		if !u.homebody && h.away(d.at) {
			factor *= 0.22
		}
		mean = u.power / 365.25 * factor
		if begun(u.heatPump, d.at) {
			heat = heatPumpYear * d.degree / t.weather.year
		}
		if begun(u.car, d.at) && r.IntN(5) < 2 {
			charge = 7 + 6*r.Float64()
		}
	}
	panels := 0.0
	if h.panels > 0 && begun(h.panelsOn, d.at) {
		panels = h.panels
	}
	for _, s := range slots {
		kwh := mean / 24 * weights[s.hour] * math.Max(0.25, 1+noise*r.NormFloat64())
		kwh += heat / 24
		if s.hour >= 1 && s.hour < 4 {
			kwh += charge / 3
		}
		kwh -= panels * s.sun * d.clear * math.Max(0.3, 1+0.2*r.NormFloat64())
		wh := int64(math.Round(kwh * width * 1000))
		if wh >= 0 {
			flows = append(flows, flow{offtake: wh})
		} else {
			flows = append(flows, flow{injection: -wh})
		}
	}
	return flows
}

func begun(from, at time.Time) bool { return !from.IsZero() && !at.Before(from) }

// gas gives a day's volume in dm3 and its energy in Wh: warm water every day,
// heating by degree-days.
func (h *home) gas(t *Town, d *day) (volume, energy int64) {
	var src rand.PCG
	src.Seed(t.seed^h.dice, ^d.number)
	r := rand.New(&src)
	year, water, heating := 9000.0, 0.0, 0.12 // frost guard in an empty home
	if s := h.staying(d.at); s != nil {
		year, water, heating = s.use.gas, 0.14, 0.86
		if !s.use.homebody && h.away(d.at) {
			water, heating = 0.01, 0.4
		}
	}
	kwh := year * (water/365.25*math.Exp(0.25*r.NormFloat64()) + heating*d.degree/t.weather.year*math.Exp(0.08*r.NormFloat64()))
	factor := calorific(d.at)
	volume = int64(math.Round(kwh * 1000 / factor))
	return volume, int64(math.Round(float64(volume) * factor))
}

// calorific is the month's factor in kWh/m3, four decimals: rich gas (facts B.5).
func calorific(at time.Time) float64 {
	y, m, _ := at.Date()
	var src rand.PCG
	src.Seed(uint64(y), uint64(m))
	return 11.25 + float64(src.Uint64()%3000)/10_000
}

// gasHours shares a day's gas out over its hours, as the people live there, to
// the same sums and factor.
func (h *home) gasHours(d *day, volume, energy int64) (volumes, energies []int64) {
	weights := &family.rest
	if s := h.staying(d.at); s != nil {
		weights = &s.use.pattern.work
		if d.weekend {
			weights = &s.use.pattern.rest
		}
	}
	var all float64
	for _, s := range d.hours {
		all += weights[s.hour]
	}
	share, v, e := 0.0, int64(0), int64(0)
	for _, s := range d.hours {
		share += weights[s.hour] / all
		upTo := int64(math.Round(float64(volume) * share))
		heat := int64(math.Round(float64(energy) * float64(upTo) / math.Max(1, float64(volume))))
		volumes, energies = append(volumes, upTo-v), append(energies, heat-e)
		v, e = upTo, heat
	}
	return volumes, energies
}

// detailed tells whether quarter-hours of a day, hours of gas, are kept (D5).
func (p *point) detailed(at time.Time) bool {
	s := p.home.staying(at)
	return p.PowerVA >= registry.DetailPower || s != nil && begun(s.detail, at)
}
