package town

import (
	"math/rand/v2"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// home is a dwelling or a workplace: one address, one or two access points,
// and the people who lived there one after another.
type home struct {
	dice     uint64 // what its days are drawn from
	place    *place
	street   string
	points   []*point
	stays    []*stay // in the order of time, gaps are vacancies
	panels   float64 // nominal power of the solar panels in kW, 0: none
	panelsOn time.Time
}

// point is an access point with what its meters can do.
type point struct {
	registry.AccessPoint
	home *home
	// opened is when a new connection began to count; zero: long ago.
	opened time.Time
	// daily is when daily values begin; before it only months are read.
	// A date in the future: an old meter to this day.
	daily time.Time
	// yearly: not even months are read, only its indexes, once a year.
	yearly bool
	// single: until bandsFrom the meter counts one register.
	single    bool
	bandsFrom time.Time
	meters    []device
	holes     []hole
}

// device is a meter and the day it came.
type device struct {
	number string
	from   time.Time
}

// hole is a stretch of days whose values are estimated or missing.
type hole struct {
	portal.Period
	quality metering.Quality
}

// stay is an occupancy with what those people need.
type stay struct {
	portal.Period
	name     string
	language portal.Language
	mail     *place // where the letters go; nil: the home
	street   string
	detail   time.Time // D5
	use      use
	supplier string
	// then and since: another supplier from a day on; empty: none.
	then  string
	since time.Time
}

// use is how somebody lives, in kWh and dates.
type use struct {
	pattern  *pattern
	power    float64 // electricity in an ordinary year, without what follows
	growth   float64 // a year, 0.02 is two per cent
	gas      float64 // in an ordinary year
	heatPump time.Time
	car      time.Time // an electric one, charged at home at night
	homebody bool      // never away
}

// staying gives who lives there on a day, nil in a vacancy.
func (h *home) staying(at time.Time) *stay {
	for _, s := range h.stays {
		if s.Contains(at) {
			return s
		}
	}
	return nil
}

// away tells whether the people are on holiday: a stretch in summer that
// three homes in five have, and one at the end of the year that one in six has.
func (h *home) away(at time.Time) bool {
	y, m, d := at.Date()
	var src rand.PCG
	src.Seed(h.dice, uint64(y))
	summer, winter := src.Uint64(), src.Uint64()
	switch {
	case m == time.July || m == time.August:
		first, long := int(summer%46), 7+int(summer>>8%10)
		n := at.YearDay() - 182
		return summer>>16%5 < 3 && n >= first && n < first+long
	case m == time.December && d >= 23 && d <= 29:
		return winter%6 == 0
	}
	return false
}

// meter gives the number on the device on a day.
func (p *point) meter(at time.Time) string {
	number := p.meters[0].number
	for _, m := range p.meters[1:] {
		if !at.Before(m.from) {
			number = m.number
		}
	}
	return number
}

// quality is the state of a day's values: the last week is as read, older
// days are validated, unless something went wrong.
func (p *point) quality(at, today time.Time) metering.Quality {
	for _, h := range p.holes {
		if h.Contains(at) {
			return h.quality
		}
	}
	if at.Before(today.AddDate(0, 0, -7)) {
		return metering.Validated
	}
	return metering.Read
}
