package web

import (
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web/ui/page/public"

	"github.com/a-h/templ"
)

// detailFixtures are the pages of what is finer than daily, and of several
// references below each other.
func detailFixtures() []fixture {
	return []fixture{
		{"consumption-hour", consumptionFixture(metering.ByHour, func() metering.Series { return autumnDay(metering.ByHour, time.Hour) })},
		{"consumption-quarter", consumptionFixture(metering.ByQuarter, func() metering.Series { return autumnDay(metering.ByQuarter, 15*time.Minute) })},
		{"consumption-not-chosen", consumptionFixture(metering.ByHour, func() metering.Series {
			return metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: metering.ByHour, Unit: "kWh"}
		})},
		{"consumption-several", severalFixture},
		{"consumption-heir", byGroundFixture(registry.Heir)},
		{"consumption-guardian", byGroundFixture(registry.Guardian)},
		{"consumption-owner", byGroundFixture(registry.Owner)},
		{"detail", detailFixture(registry.Occupancy{}, 9_200, nil)},
		{"detail-withdrawn", detailFixture(registry.Occupancy{DetailEnded: fixtureNow}, 9_200,
			&portal.Error{Code: portal.Conflict, Key: "detail.again"})},
		{"detail-chosen", detailFixture(registry.Occupancy{DetailFrom: portal.Date(2026, time.September, 1)}, 9_200, nil)},
		{"detail-unsure", detailFixture(registry.Occupancy{DetailFrom: portal.Date(2026, time.September, 1)}, 9_200,
			&portal.Error{Code: portal.Invalid, Key: "detail.sure", Field: "sure"})},
		{"detail-law", detailFixture(registry.Occupancy{}, registry.DetailPower, nil)},
		{"detail-over", detailFixture(registry.Occupancy{Period: portal.Period{To: portal.Date(2026, time.November, 1)}}, 9_200, nil)},
	}
}

// detailFixture is the choice as somebody sees it whose stay is like this one.
func detailFixture(stay registry.Occupancy, power int64, wrong *portal.Error) func(*ctx) templ.Component {
	return func(x *ctx) templ.Component {
		stay.ID, stay.From = "fixture", portal.Date(2024, time.March, 1)
		pass := lookup.Pass{Occupancy: stay, Meter: registry.Meter{Number: "1SAG1100076616"},
			Point: registry.AccessPoint{EAN: fixtureEAN, Energy: portal.Electricity, PowerVA: power}}
		x.pass = insideFixture(x, pass)
		return public.DetailPage(detailView(x, pass, 1, wrong))
	}
}

// autumnDay is the day of 25 hours of 2026, with bands, a missing and an
// estimated interval.
func autumnDay(grain metering.Grain, length time.Duration) metering.Series {
	date := portal.Date(2026, time.October, 25)
	s := metering.Series{EAN: fixtureEAN, Energy: portal.Electricity, Grain: grain, Unit: "kWh", Detail: portal.Date(2026, time.September, 1),
		Registers: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak}}
	for i := range metering.SlotsIn(date, length) {
		from := date.Add(time.Duration(i) * length)
		hour := from.In(portal.Brussels).Hour()
		register, other := metering.OfftakeOffPeak, metering.OfftakePeak
		if hour >= 7 && hour < 11 || hour >= 17 && hour < 22 {
			register, other = other, register
		}
		p := metering.Point{Period: portal.Period{From: from, To: from.Add(length)}, Days: 1, Silent: metering.RegisterSet(0).With(other)}
		switch {
		case hour == 5:
			p.Gap, p.MissingDays = metering.GapMissing, 1
		default:
			p.Amounts = amounts(map[metering.Register]int64{register: int64(length/time.Minute) * int64(2+hour*7%13)})
		}
		if hour == 20 {
			p.EstimatedDays = 1
		}
		s.Points = append(s.Points, p)
	}
	s.Period = portal.Period{From: date, To: date.AddDate(0, 0, 1)}
	s.Notes = []metering.Note{{Kind: metering.NoteEstimated}, {Kind: metering.NoteMissing}, {Kind: metering.NoteClockBack, At: date}}
	return s
}

// severalFixture is a household's electricity and gas, one below the other.
func severalFixture(x *ctx) templ.Component {
	stay := portal.Period{From: portal.Date(2024, time.March, 1)}
	pass := func(energy portal.Energy, meter string) lookup.Pass {
		return lookup.Pass{Occupancy: registry.Occupancy{ID: "fixture", Period: stay},
			Point: registry.AccessPoint{EAN: fixtureEAN, Energy: energy}, Meter: registry.Meter{Number: meter}}
	}
	x.pass = insideFixture(x, pass(portal.Gas, "7FLO2120047193"), pass(portal.Electricity, "1SAG1100076616"))
	var parts []shown
	for i, series := range []metering.Series{gasYears(), electricityMonths()} {
		parts = append(parts, shown{several: true, pass: x.session().Passes[i], series: series,
			sel: selection{of: i + 1, query: metering.Query{Grain: metering.ByYear}}})
	}
	return public.ConsumptionPage(consumptionView(x, parts))
}
