// Package town invents the demo's town: some 120 households and companies in
// real Walloon places, their access points, meters, moves and suppliers, and
// three years and a month of readings up to yesterday. It protects real people
// by construction: every name and street is made up, every EAN lies in a range
// that no address has (see numbers.go), and nothing here is a secret.
//
// The town is a pure function of the day and the seed. People, numbers and
// cases depend on the seed alone and the weather on the calendar alone, so
// that a town built tomorrow is the same town one day later.
package town

import (
	"iter"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// Seed is the demo's usual town.
const Seed = 2015

// Town is what the registry holds of it, and who is worth a first reference.
// Readings are not held: Days and Months make them as they are asked for.
type Town struct {
	Points      []registry.AccessPoint
	Meters      []registry.Meter
	Occupancies []registry.Occupancy
	Supplies    []registry.Supply
	// Featured are the access points whose present occupants get a reference
	// at the demo's first start, the most telling first.
	Featured []Featured

	today   time.Time // midnight in Brussels; readings end where it begins
	seed    uint64
	points  []*point // in the order of EAN
	weather weather
}

// Featured names one access point of the town that shows something.
type Featured struct {
	EAN portal.EAN
	Why string // for the terminal, in English
}

// Build lays out the town as it is on the day of now.
func Build(now time.Time, seed uint64) *Town {
	y, m, d := now.In(portal.Brussels).Date()
	t := &Town{today: portal.Date(y, m, d), seed: seed}
	t.weather = makeWeather(t.begin().AddDate(-1, 0, 0), t.today)
	t.enrol(t.settle())
	return t
}

// begin is the first day with readings: three whole years and a month back, so
// that the oldest month still shown has its whole beginning.
func (t *Town) begin() time.Time {
	y, m, _ := t.today.Date()
	return portal.Date(y-3, m-1, 1)
}

// Days gives every packed day, in the order of EAN, register and date, and
// holds no more than one access point's at a time.
func (t *Town) Days() iter.Seq[metering.Day] {
	return func(yield func(metering.Day) bool) {
		c := makeCalendar(t.begin(), t.today, t.weather)
		for _, p := range t.points {
			for _, d := range t.days(p, c) {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// Months gives the totals that were read as one: points, and times before a
// communicating meter, without daily values.
func (t *Town) Months() []metering.Month {
	var months []metering.Month
	c := makeCalendar(t.begin(), t.today, t.weather)
	for _, p := range t.points {
		months = append(months, t.months(p, c)...)
	}
	return months
}
