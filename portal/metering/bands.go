package metering

import (
	"time"

	"guichet/portal"
)

// Bands say when the two-rate tariff counts at peak, from a day on; all other
// hours are off-peak (D4, facts B.5). They explain what a meter has counted and
// are never applied to it: what was counted under former bands stays.
type Bands struct {
	From     time.Time // zero: as far back as history goes
	Weekdays bool      // peak from Monday to Friday only
	About    bool      // hours differ a little from place to place
	Peak     []Hours
}

// Hours are local hours of a day, [From, To).
type Hours struct{ From, To int }

// TimeBands are the bands of the Walloon two-rate tariff in the order of time.
// A change is one more line.
var TimeBands = []Bands{
	{Weekdays: true, About: true, Peak: []Hours{{7, 22}}},
	{From: portal.Date(2026, time.January, 1), Peak: []Hours{{7, 11}, {17, 22}}},
}

// IsPeak tells the band of an instant under these bands.
func (b Bands) IsPeak(at time.Time) bool {
	at = at.In(portal.Brussels)
	if day := at.Weekday(); b.Weekdays && (day == time.Saturday || day == time.Sunday) {
		return false
	}
	for _, h := range b.Peak {
		if at.Hour() >= h.From && at.Hour() < h.To {
			return true
		}
	}
	return false
}

// InForce is bands with the time for which they hold; To is zero for those of
// today.
type InForce struct {
	Bands
	To time.Time
}

// BandsIn gives the bands that hold in some part of a period, in the order of
// time.
func BandsIn(p portal.Period) (list []InForce) {
	for i, b := range TimeBands {
		f := InForce{Bands: b}
		if i+1 < len(TimeBands) {
			f.To = TimeBands[i+1].From
		}
		if p.Overlaps(portal.Period{From: f.From, To: f.To}) {
			list = append(list, f)
		}
	}
	return list
}

// BandsAt gives the bands that hold at an instant.
func BandsAt(at time.Time) Bands {
	for i := len(TimeBands) - 1; i > 0; i-- {
		if !at.Before(TimeBands[i].From) {
			return TimeBands[i]
		}
	}
	return TimeBands[0]
}
