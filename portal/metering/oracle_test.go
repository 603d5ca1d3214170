package metering_test

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// oracle tells what one occupancy may see of a world by walking over every day
// and every slot of it. It is slow and shares nothing with History.
type oracle struct {
	*world
	stay registry.Occupancy
	seen map[monthSeen]counts // the same month is asked for many times
}

type monthSeen struct {
	month int64
	main  metering.Register
}

// oracleGrains are those the laws ask for.
var oracleGrains = []metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay, metering.ByHour, metering.ByQuarter}

// allowed tells whether a whole local day may be shown: L16, Ld1, D3.
func (o oracle) allowed(date time.Time) bool {
	next := date.AddDate(0, 0, 1)
	y, m, _ := o.now.In(portal.Brussels).Date()
	return !date.Before(o.stay.From) && (o.stay.To.IsZero() || !next.After(o.stay.To)) &&
		!date.Before(portal.Date(y-3, m, 1)) && !date.After(o.now)
}

// allowedDays are those of a period.
func (o oracle) allowedDays(p portal.Period) (days []time.Time) {
	for d := p.From; d.Before(p.To); d = d.AddDate(0, 0, 1) {
		if o.allowed(d) {
			days = append(days, d)
		}
	}
	return days
}

// everything is more time than any horizon leaves.
func (o oracle) everything() portal.Period {
	return portal.Period{From: o.today().AddDate(-4, 0, 0), To: o.today().AddDate(0, 0, 1)}
}

// around is the whole period of a grain that contains t.
func around(g metering.Grain, t time.Time) portal.Period {
	y, m, d := t.Date()
	switch g {
	case "year":
		return portal.Period{From: portal.Date(y, 1, 1), To: portal.Date(y+1, 1, 1)}
	case "month":
		return portal.Period{From: portal.Date(y, m, 1), To: portal.Date(y, m+1, 1)}
	case "day":
		return portal.Period{From: portal.Date(y, m, d), To: portal.Date(y, m, d+1)}
	}
	panic("no such grain: " + g)
}

// fine tells whether the values within a day may be shown to this stay: by the
// connection's power, or by its own choice as long as it lasts (D5).
func (o oracle) fine(date time.Time) bool {
	return o.allowed(date) && (o.point.PowerVA >= registry.DetailPower ||
		(chose(o.stay, date) && (o.stay.To.IsZero() || o.now.Before(o.stay.To))))
}

// kept gives a day's values as they may be kept: as they came, by power or the
// choice of who lived there then, or as one total. Load keeps all.
func (o oracle) kept(date time.Time, main metering.Register) (n int) {
	for r, day := range o.days[metering.DayNumber(date)] {
		switch {
		case r.Family() != main:
		case o.point.PowerVA >= registry.DetailPower || o.atOnce || keptFine(o.stays, date):
			n = max(n, len(day.Values))
		default:
			n = max(n, 1)
		}
	}
	if n > 1 && o.told && o.coarsened(date) {
		n = 1
	}
	return n
}

// coarsened tells whether the end of somebody's choice took a day's finer
// values: every day since that stay began that no choice keeps which lasts (D5),
// as the stays are known since the moves were told (D3).
func (w *world) coarsened(date time.Time) bool {
	if w.point.PowerVA >= registry.DetailPower {
		return false
	}
	ends, lasts := false, false
	for _, stay := range w.recut {
		over := !stay.To.IsZero() && !w.now.Before(stay.To)
		if over && !stay.DetailFrom.IsZero() && !date.Before(around("day", stay.From).From) {
			ends = true
		}
		if !over && !date.Before(stay.From) && (stay.To.IsZero() || date.Before(stay.To)) && chose(stay, date) {
			lasts = true
		}
	}
	return ends && !lasts
}

func chose(stay registry.Occupancy, date time.Time) bool {
	return !stay.DetailFrom.IsZero() && !date.Before(stay.DetailFrom)
}

func keptFine(stays []registry.Occupancy, date time.Time) bool {
	for _, stay := range stays {
		if !date.Before(stay.From) && (stay.To.IsZero() || date.Before(stay.To)) {
			return chose(stay, date)
		}
	}
	return false
}

// counts is what the oracle finds in a period.
type counts struct {
	amounts metering.Amounts
	// known: there is a value of the family that decides. Zeros on days that
	// all lack a part are none: a month's row cannot tell them from nothing.
	known bool
	// straddles: no value, and a total of the month that a move cuts
	straddles bool
	// days are those owed, up to yesterday. What is missing or estimated is
	// told by days from below and above: a month's row knows how many days of
	// each register lack a part, not whether they are the same ones.
	days, missingLow, missingHigh, estimatedLow, estimatedHigh int
	asOne                                                      bool // a month that came as one total
	awaited                                                    bool // the running month, whose total comes when it is over
	registers                                                  map[metering.Register]bool
}

// readAsOne gives the families of which a month came as one total, and the
// days, where there are some, do not make up the whole month.
func (o oracle) readAsOne(month portal.Period) map[metering.Register]bool {
	families := map[metering.Register]bool{}
	for r := range o.whole[metering.MonthNumber(month.From)] {
		all := true
		for d := month.From; d.Before(month.To); d = d.AddDate(0, 0, 1) {
			has := false
			for other := range o.days[metering.DayNumber(d)] {
				has = has || other.Family() == r.Family()
			}
			all = all && has
		}
		if !all {
			families[r.Family()] = true
		}
	}
	return families
}

// lasting tells whether all of a period is allowed and over.
func (o oracle) lasting(p portal.Period) bool {
	if p.To.After(o.today()) {
		return false
	}
	for d := p.From; d.Before(p.To); d = d.AddDate(0, 0, 1) {
		if !o.allowed(d) {
			return false
		}
	}
	return true
}

// month counts the allowed days of one month, or its one total where no move
// cuts it (Ld3). The days alone where that is asked for.
func (o oracle) month(whole portal.Period, main metering.Register, daysOnly bool) counts {
	key := monthSeen{metering.MonthNumber(whole.From), main}
	c, ok := o.seen[key]
	if daysOnly {
		return o.countMonth(whole, main, true)
	}
	if !ok {
		c = o.countMonth(whole, main, false)
		o.seen[key] = c
	}
	return c
}

func (o oracle) countMonth(whole portal.Period, main metering.Register, daysOnly bool) counts {
	c := counts{registers: map[metering.Register]bool{}}
	asOne, lasting := o.readAsOne(whole), o.lasting(whole)
	missing, estimated := map[metering.Register]int{}, map[metering.Register]int{}
	lacking, unknown, mainDays, mainLacking, mainAmount := 0, 0, 0, 0, int64(0)
	mine := o.allowedDays(whole)
	for _, d := range mine {
		over := d.Before(o.today())
		if over {
			c.days++
		}
		came, lacks, mainLacks, guessed := false, false, false, false
		for r, day := range o.days[metering.DayNumber(d)] {
			if !daysOnly && lasting && asOne[r.Family()] {
				continue
			}
			c.registers[r] = true
			came = came || r.Family() == main
			some, lack, guess := false, false, false
			for _, v := range day.Values {
				switch {
				case v.Absent:
				case v.Quality == metering.Missing:
					lack = true
				default:
					some = true
					guess = guess || v.Quality == metering.Estimated
					c.amounts[placeOf(r)] += v.Amount
					if r.Family() == main {
						mainAmount += v.Amount
					}
				}
			}
			c.known = c.known || (some && r.Family() == main)
			mainLacks = mainLacks || (lack && r.Family() == main)
			if lack {
				missing[r]++
			}
			if guess {
				estimated[r]++
			}
			lacks, guessed = lacks || lack, guessed || guess
		}
		if !came && over && (daysOnly || !lasting || !asOne[main]) {
			unknown++
			lacks = true
		}
		if came {
			mainDays++
		}
		if mainLacks {
			mainLacking++
		}
		if lacks {
			lacking++
		}
		if guessed {
			c.estimatedHigh++
		}
	}
	c.missingLow, c.missingHigh = unknown, lacking
	for r := range missing {
		c.missingLow = max(c.missingLow, missing[r])
	}
	for r := range estimated {
		c.estimatedLow = max(c.estimatedLow, estimated[r])
	}
	if mainAmount == 0 && mainLacking > 0 && mainLacking == mainDays {
		c.known = false
	}
	if daysOnly {
		return c
	}
	for r, total := range o.whole[metering.MonthNumber(whole.From)] {
		switch {
		case !asOne[r.Family()]:
		case lasting:
			c.registers[r] = true
			c.amounts[placeOf(r)] += total.Amount
			c.asOne = c.asOne || r.Family() == main
			c.known = c.known || (r.Family() == main && (total.Missing == 0))
			c.missingLow, c.missingHigh = max(c.missingLow, total.Missing), c.missingHigh+total.Missing
			c.estimatedLow, c.estimatedHigh = max(c.estimatedLow, total.Estimated), c.estimatedHigh+total.Estimated
		case len(mine) > 0:
			c.straddles = true
		}
	}
	c.straddles = c.straddles && len(c.registers) == 0
	return c
}

func placeOf(r metering.Register) int {
	for i, known := range metering.Registers {
		if r == known {
			return i
		}
	}
	panic("no such register: " + r)
}

// slots counts what lies in a part of one day.
func (o oracle) slots(p portal.Period, main metering.Register) counts {
	c := counts{registers: map[metering.Register]bool{}}
	date := around("day", p.From).From
	amount, lacks := int64(0), false
	for r, day := range o.days[metering.DayNumber(date)] {
		length := date.AddDate(0, 0, 1).Sub(date) / time.Duration(len(day.Values))
		for i, v := range day.Values {
			from := date.Add(time.Duration(i) * length)
			if from.Before(p.From) || from.Add(length).After(p.To) || v.Absent {
				continue
			}
			if v.Quality == metering.Missing {
				c.missingHigh, lacks = 1, lacks || r.Family() == main
				continue
			}
			if v.Quality == metering.Estimated {
				c.estimatedHigh = 1
			}
			c.amounts[placeOf(r)] += v.Amount
			if r.Family() == main {
				c.known, amount = true, amount+v.Amount
			}
		}
	}
	c.known = c.known && !(amount == 0 && lacks)
	return c
}

// main is the first family of which anything may be seen.
func (o oracle) main() metering.Register {
	seen := map[metering.Register]bool{}
	for m := around("month", o.everything().From); m.From.Before(o.everything().To); m = around("month", m.To) {
		for r := range o.month(m, "", false).registers {
			seen[r.Family()] = true
		}
	}
	for _, f := range []metering.Register{metering.OfftakeTotal, metering.InjectionTotal, metering.GasEnergy} {
		if seen[f] {
			return f
		}
	}
	if seen[metering.GasVolume] {
		return metering.GasVolume
	}
	return metering.OfftakeTotal
}

// count counts a period of a grain.
func (o oracle) count(g metering.Grain, whole portal.Period, main metering.Register) counts {
	switch {
	case g == "month":
		c := o.month(whole, main, false)
		if before := o.month(around("month", whole.From.AddDate(0, 0, -1)), main, false); !c.known && whole.To.After(o.today()) && o.allowed(o.today()) && before.asOne {
			c.awaited = true
		}
		return c
	case g == "day":
		return o.oneDay(whole, main)
	}
	year := counts{registers: map[metering.Register]bool{}}
	for m := around("month", whole.From); m.From.Before(whole.To); m = around("month", m.To) {
		c := o.count("month", m, main)
		for i := range c.amounts {
			if c.known {
				year.amounts[i] += c.amounts[i]
			}
		}
		year.known = year.known || c.known
		year.straddles = year.straddles || c.straddles
		year.days += c.days
		switch {
		case c.awaited:
		case !c.known:
			year.missingLow, year.missingHigh = year.missingLow+c.days, year.missingHigh+c.days
		default:
			year.missingLow, year.missingHigh = year.missingLow+c.missingLow, year.missingHigh+c.missingHigh
			year.estimatedLow, year.estimatedHigh = year.estimatedLow+c.estimatedLow, year.estimatedHigh+c.estimatedHigh
		}
	}
	year.straddles = year.straddles && !year.known
	return year
}

// oneDay counts a day as a month of which only that day is lived in.
func (o oracle) oneDay(day portal.Period, main metering.Register) counts {
	only := o
	only.stay.Period = day
	if !o.allowed(day.From) {
		return counts{}
	}
	return only.month(around("month", day.From), main, true)
}
