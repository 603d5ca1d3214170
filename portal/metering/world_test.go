package metering_test

import (
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"pgregory.net/rapid"
)

// world is an access point with all that ever happened at it, by day.
type world struct {
	now    time.Time
	point  registry.AccessPoint
	stays  []registry.Occupancy // as they were known when the readings came
	recut  []registry.Occupancy // as they are known since moves were learnt late (D3)
	meters []registry.Meter
	days   map[int64]map[metering.Register]metering.Day // by DayNumber
	whole  map[int64]map[metering.Register]metering.Month
	files  [][]metering.Day // the days in the files they come in
	atOnce bool             // loaded into a fresh database, not imported
	flawed bool             // whether values are missing in the stretch being read
	told   bool             // the late moves were told, and what they ended is coarser now
	chance func(below int) int
}

// today is the local day of now.
func (w *world) today() time.Time {
	y, m, d := w.now.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}

// chances gives numbers, all alike likely, from one draw: thousands of values drawn one by
// one would make the law slow, and rapid's own draws lean to the small, so that
// hardly any stay or reading would last for years.
func chances(seed uint32) func(below int) int {
	state := seed*2_654_435_761 ^ 0x9e3779b9 | 1
	return func(below int) int {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		return int(state>>8) % below
	}
}

func drawWorld(t *rapid.T, ean portal.EAN) *world {
	w := &world{chance: chances(rapid.Uint32().Draw(t, "values")), days: map[int64]map[metering.Register]metering.Day{},
		whole: map[int64]map[metering.Register]metering.Month{}}
	// Around both changes of the clock, a leap day, and any time.
	start := rapid.SampledFrom([]time.Time{portal.Date(2024, 10, 25), portal.Date(2024, 3, 28), portal.Date(2024, 2, 27), portal.Date(2025, 6, 1)}).Draw(t, "around")
	w.now = start.Add(time.Duration(rapid.IntRange(0, 70*24).Draw(t, "now")) * time.Hour)
	w.point = registry.AccessPoint{EAN: ean, Energy: portal.Electricity, Street: "a", Postcode: "5000", Town: "c", PowerVA: 9_200}
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		w.point.Energy, w.point.PowerVA = portal.Gas, 0
	case 1:
		w.point.PowerVA = registry.DetailPower
	}
	w.stays = drawStays(t, w, "stay")
	w.recut = w.stays
	if rapid.Bool().Draw(t, "learnt late") {
		w.recut = drawRecut(t, w)
	}
	w.drawReadings(t)
	w.atOnce = !w.daysBesideTotals() && rapid.Bool().Draw(t, "at once") // Load takes whole months
	return w
}

func (w *world) daysBesideTotals() bool {
	for day := range w.days {
		if len(w.whole[day/100]) > 0 {
			return true
		}
	}
	return false
}

// drawMoment is mostly a midnight, sometimes an hour of the day.
func drawMoment(t *rapid.T, label string, around time.Time, before, after int) time.Time {
	y, m, d := around.In(portal.Brussels).Date()
	at := portal.Date(y, m, d+rapid.IntRange(-before, after).Draw(t, label))
	if rapid.IntRange(0, 4).Draw(t, label+" in the day") == 0 {
		at = at.Add(time.Duration(rapid.IntRange(1, 22).Draw(t, label+" hour")) * time.Hour)
	}
	return at
}

// drawStays draws several stays in a row, some with a vacancy between; the
// last may be over, or end on a day to come.
func drawStays(t *rapid.T, w *world, id string) []registry.Occupancy {
	var stays []registry.Occupancy
	n := rapid.IntRange(1, 4).Draw(t, "stays")
	from := drawMoment(t, "first from", w.now.AddDate(0, 0, -w.chance(1500)), 20, 20)
	for i := range n {
		o := registry.Occupancy{ID: fmt.Sprint(w.point.EAN, id, i), EAN: w.point.EAN, Name: "n", Language: portal.French,
			Street: "s", Postcode: "5000", Town: "t", Period: portal.Period{From: from}}
		if w.chance(2) == 0 {
			o.DetailFrom = from.AddDate(0, 0, w.chance(300))
		}
		if i < n-1 || w.chance(3) == 0 {
			o.To = drawMoment(t, "to", from.AddDate(0, 0, 2+w.chance(700)), 0, 0)
			from = o.To
			if rapid.IntRange(0, 2).Draw(t, "vacant") == 0 {
				from = drawMoment(t, "next from", from.AddDate(0, 0, 1), 0, 90)
			}
		}
		stays = append(stays, o)
	}
	return stays
}

// drawRecut is what is known later: a border of two stays moved either way, a
// stay that was over already, or somebody in between.
func drawRecut(t *rapid.T, w *world) []registry.Occupancy {
	stays := append([]registry.Occupancy(nil), w.stays...)
	n := rapid.IntRange(0, len(stays)-1).Draw(t, "moved stay")
	o := &stays[n]
	end := o.To
	if end.IsZero() {
		end = w.now
	}
	length := int(end.Sub(o.From).Hours()/24) - 1
	if length < 1 {
		return stays
	}
	cut := drawMoment(t, "moved on", o.From, 0, length)
	if !cut.After(o.From) {
		return stays
	}
	next := registry.Occupancy{ID: string(w.point.EAN) + "late", EAN: w.point.EAN, Name: "l", Language: portal.German,
		Street: "s", Postcode: "5000", Town: "t", Period: portal.Period{From: cut, To: o.To}}
	o.To = cut
	switch {
	case n+1 < len(stays) && rapid.Bool().Draw(t, "the next came early"):
		stays[n+1].From = cut
	case rapid.Bool().Draw(t, "somebody between"):
		stays = append(stays, next)
	}
	return stays
}

// registersOf are how an access point may be counted: by one register or two
// bands, with what it injects, gas with its energy or its volume alone.
var registersOf = map[portal.Energy][][]metering.Register{
	portal.Electricity: {
		{metering.OfftakeTotal},
		{metering.OfftakePeak, metering.OfftakeOffPeak},
		{metering.OfftakeTotal, metering.InjectionTotal},
		{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak, metering.InjectionOffPeak},
	},
	portal.Gas: {{metering.GasEnergy, metering.GasVolume}, {metering.GasVolume}, {metering.GasEnergy}},
}

// drawReadings draws stretches of time, each with a way of counting and of
// reading it, and with holes; a new stretch often is a new meter.
func (w *world) drawReadings(t *rapid.T) {
	today := w.today()
	at := today.AddDate(0, 0, -1-w.chance(1400))
	ways := registersOf[w.point.Energy]
	steady := rapid.IntRange(0, 2).Draw(t, "steady") == 0 // one meter, and never a value missing
	for at.Before(today.AddDate(0, 0, 1)) {
		end := at.AddDate(0, 0, 10+w.chance(600))
		if steady || rapid.IntRange(0, 3).Draw(t, "to the end") == 0 {
			end = today.AddDate(0, 0, 1)
		}
		registers := rapid.SampledFrom(ways).Draw(t, "registers")
		w.flawed = !steady && rapid.Bool().Draw(t, "flawed")
		if len(w.meters) == 0 || rapid.Bool().Draw(t, "exchanged") {
			w.exchange(at)
		}
		switch rapid.IntRange(0, 5).Draw(t, "read as") {
		case 0: // nothing comes
		case 1, 2:
			w.readMonthly(at, end, registers, rapid.IntRange(0, 2).Draw(t, "days beside") == 0, ways)
		default:
			length := rapid.SampledFrom([]time.Duration{24 * time.Hour, time.Hour, 15 * time.Minute}).Draw(t, "interval")
			holes := rapid.SampledFrom([]int{0, 0, 20, 3}).Draw(t, "holes")
			if steady {
				holes = 0
			}
			for d := at; d.Before(end) && !d.After(today); d = d.AddDate(0, 0, 1) {
				if holes == 0 || w.chance(holes) != 0 {
					w.readDay(d, registers, length)
				}
			}
		}
		at = end
	}
	w.deliver(t)
}

func (w *world) exchange(at time.Time) {
	if n := len(w.meters); n > 0 {
		w.meters[n-1].To = at.Add(10 * time.Hour)
	}
	n := len(w.meters)
	w.meters = append(w.meters, registry.Meter{ID: fmt.Sprint(w.point.EAN, "m", n), EAN: w.point.EAN,
		Number: fmt.Sprintf("1SAG%010d", 1_100_000_000+n), Period: portal.Period{From: at.Add(10 * time.Hour)}})
}

// readMonthly reads whole months as one total; some have values of a few days too.
func (w *world) readMonthly(from, to time.Time, registers []metering.Register, beside bool, ways [][]metering.Register) {
	for m := metering.MonthOf(metering.MonthNumber(from.AddDate(0, 1, -1))); ; m = m.AddDate(0, 1, 0) {
		next := m.AddDate(0, 1, 0)
		if next.After(to) || next.After(w.today()) {
			return
		}
		number := metering.MonthNumber(m)
		w.whole[number] = map[metering.Register]metering.Month{}
		for _, r := range registers {
			total := metering.Month{EAN: w.point.EAN, Register: r, Date: m, Amount: int64(w.chance(900_000))}
			switch w.chance(8) {
			case 0:
				total.Estimated = 1
			case 1:
				if !w.flawed {
					break
				}
				total.Missing, total.Amount = 1, 0
			}
			w.whole[number][r] = total
		}
		if !beside {
			continue
		}
		way := registers
		if w.chance(2) == 0 {
			way = ways[w.chance(len(ways))]
		}
		few := w.chance(40) // more than 31: all days, and the total gives way
		for d := m; d.Before(next); d = d.AddDate(0, 0, 1) {
			if few > 31 || w.chance(40) < few/2 {
				w.readDay(d, way, 24*time.Hour)
			}
		}
	}
}

// readDay makes the values of one day; at each instant one band counts.
func (w *world) readDay(date time.Time, registers []metering.Register, length time.Duration) {
	slots := 1
	if length < 24*time.Hour {
		slots = metering.SlotsIn(date, length)
	}
	bad, estimated := w.chance(15), w.chance(12) == 0
	if !w.flawed {
		bad = -1
	}
	made := map[metering.Register]metering.Day{}
	for _, r := range registers {
		day := metering.Day{EAN: w.point.EAN, Register: r, Date: date, Meter: w.meters[len(w.meters)-1].Number, Values: make([]metering.Slot, slots)}
		for i := range day.Values {
			v := &day.Values[i]
			off := i*24 >= 22*slots || i*24 < 7*slots
			band := r != r.Family() && slots > 1
			switch offBand := r == metering.OfftakeOffPeak || r == metering.InjectionOffPeak; {
			case band && off != offBand, r != r.Family() && slots == 1 && date.Weekday() == time.Sunday && !offBand:
				v.Absent = true
			case bad == 0 && w.chance(3) == 0, bad == 1:
				v.Quality = metering.Missing
			case w.chance(30) == 0:
				v.Quality = metering.NoConsumption
			default:
				v.Amount = int64(w.chance(5000))
				if estimated {
					v.Quality = metering.Estimated
				} else {
					v.Quality = metering.Quality(w.chance(2)) // read, validated
				}
			}
		}
		made[r] = day
	}
	w.days[metering.DayNumber(date)] = made
}

// deliver puts the days into one file or several, in any order; some days come
// twice, first as one wrong total of their family.
func (w *world) deliver(t *rapid.T) {
	files := make([][]metering.Day, rapid.IntRange(1, 3).Draw(t, "files"))
	wrong := rapid.Bool().Draw(t, "corrections")
	var first []metering.Day
	for d := w.today().AddDate(0, 0, -1500); !d.After(w.today()); d = d.AddDate(0, 0, 1) {
		made := w.days[metering.DayNumber(d)]
		file, known := w.chance(len(files)), len(made) > 0
		families := map[metering.Register]bool{}
		for _, r := range metering.Registers {
			if day, ok := made[r]; ok {
				files[file] = append(files[file], day)
				families[r.Family()] = true
				for _, v := range day.Values {
					known = known && (v.Absent || v.Quality != metering.Missing)
				}
			}
		}
		if wrong && known && w.chance(3) == 0 {
			for r := range families {
				first = append(first, daily(w.point.EAN, r, d, 77_777, metering.Estimated))
			}
		}
	}
	w.files = append([][]metering.Day{first}, files...)
}
