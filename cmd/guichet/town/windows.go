package town

import (
	"math"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
)

// Due is a reading window of a featured point, and what its registers show on
// the day of the town: what a household would type.
type Due struct {
	indexes.PlannedWindow
	Shows map[metering.Register]int64
}

// DegreeDays gives the sky of four years, for the judging of gas.
func (t *Town) DegreeDays() (days []indexes.DegreeDay) {
	for at := t.begin().AddDate(-1, 0, 0); at.Before(t.today); at = at.AddDate(0, 0, 1) {
		days = append(days, indexes.DegreeDay{Day: metering.DayNumber(at), Tenths: int64(math.Round(10 * t.weather.degree[t.weather.index(at)]))})
	}
	return days
}

// Windows lets each featured household read its meter, unless it is read at a
// distance: since a week ago, for two months. The last reading is a year old, or
// of the day they or the meter came. Where a meter is only read by its indexes,
// the windows of former years come first.
func (t *Town) Windows() (all []Due) {
	c := makeCalendar(t.begin(), t.today, t.weather)
	for _, f := range t.Featured {
		for _, p := range t.points {
			if now := p.home.staying(t.today); p.EAN == f.EAN && now != nil && indexes.CycleOf(p.AccessPoint) != indexes.Remote {
				for _, last := range t.visits(p, now) {
					all = append(all, t.due(p, now, c, last))
				}
			}
		}
	}
	return all
}

// visits are the days of the last readings of a household's windows. Where all
// that is known of a meter are its indexes, somebody came each year in spring.
func (t *Town) visits(p *point, now *stay) []time.Time {
	if !p.yearly {
		return []time.Time{t.ago(365)}
	}
	var days []time.Time
	for ago := 190 + 365*metering.HorizonYears; ago > 0; ago -= 365 {
		if !t.ago(ago).Before(now.From) {
			days = append(days, t.ago(ago))
		}
	}
	return days
}

// due is the window that follows a reading: the one that is open or, where the
// next visit has been made, the one around it.
func (t *Town) due(p *point, now *stay, c calendar, last time.Time) Due {
	visit, from := last.AddDate(0, 0, 365), time.Time{}
	meter := p.meters[len(p.meters)-1]
	for _, came := range []time.Time{now.From, meter.from, p.opened} {
		if came.After(last) {
			last = came
		}
	}
	d := Due{Shows: map[metering.Register]int64{}}
	d.EAN, d.Meter, d.Production = p.EAN, meter.number, p.Energy == portal.Electricity && begun(p.home.panelsOn, t.today) && p.home.panels > 0
	d.Period = portal.Period{From: t.ago(7), To: t.today.AddDate(0, 2, 0)}
	if p.yearly {
		from = t.begin()
		if visit.Before(d.From) {
			d.Period = portal.Period{From: visit.AddDate(0, 0, -10), To: visit.AddDate(0, 0, 20)}
		}
	}
	before, since := t.counted(p, c, from, last), t.counted(p, c, last, t.today)
	for i, r := range t.counting(p) {
		g := indexes.Register{Register: r, Digits: 6, LastOn: last, Last: 1_000 + int64(p.home.dice>>(8*i)%60_000) + before[r]/1000}
		if r == metering.GasVolume {
			g.Digits = 5
		}
		d.Shows[r] = g.Last + since[r]/1000
		d.Registers = append(d.Registers, g)
	}
	return d
}

// counted adds up what the registers counted from a day to another; nothing
// before the zero day.
func (t *Town) counted(p *point, c calendar, from, to time.Time) map[metering.Register]int64 {
	sums := map[metering.Register]int64{}
	for i := range c {
		day := &c[i]
		switch {
		case from.IsZero() || day.at.Before(from) || !day.at.Before(to):
		case p.Energy == portal.Gas:
			volume, _ := p.home.gas(t, day)
			sums[metering.GasVolume] += volume
		default:
			for k, s := range t.sums(p, day) {
				sums[registers[k]] += s.amount
			}
		}
	}
	return sums
}

// counting is which registers the present meter has: a communicating one has
// four whatever there is (facts B.4).
func (t *Town) counting(p *point) []metering.Register {
	switch {
	case p.Energy == portal.Gas:
		return []metering.Register{metering.GasVolume}
	case p.single && t.today.Before(p.bandsFrom):
		return []metering.Register{metering.OfftakeTotal}
	case t.today.Before(p.daily):
		return []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak}
	}
	return []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak, metering.InjectionOffPeak}
}

// Shown writes what the registers show for the file of the demo.
func (d Due) Shown() map[string]string {
	all := map[string]string{}
	for r, v := range d.Shows {
		all[string(r)] = strconv.FormatInt(v, 10)
	}
	return all
}
