package town

import (
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// isPeak tells the band of a local instant.
func isPeak(local time.Time) bool { return metering.BandsAt(local).IsPeak(local) }

// slot is one interval of a day.
type slot struct {
	hour int // local, 0 to 23
	peak bool
	sun  float64 // at its middle, share of nominal power
}

// day is a local day as all homes share it.
type day struct {
	at      time.Time
	number  uint64 // for the dice
	weekend bool
	season  float64 // +1 mid-January, -1 mid-July
	degree  float64
	clear   float64
	years   float64 // since 2025, for growth
	hours   []slot  // 23, 24 or 25
}

// calendar holds the days from the beginning to yesterday.
type calendar []day

func makeCalendar(begin, today time.Time, w weather) calendar {
	var c calendar
	zero := portal.Date(2025, time.January, 1)
	for at := begin; at.Before(today); at = at.AddDate(0, 0, 1) {
		i := w.index(at)
		wd := at.Weekday()
		c = append(c, day{
			at: at, number: uint64(at.Unix() / 3600), weekend: wd == time.Saturday || wd == time.Sunday,
			season: season(at), degree: w.degree[i], clear: w.clear[i],
			years: at.Sub(zero).Hours() / 8766, hours: cut(at, time.Hour),
		})
	}
	return c
}

// cut divides a local day into equal slots; clock changes make it 23 or 25 hours.
func cut(at time.Time, width time.Duration) []slot {
	next := at.AddDate(0, 0, 1)
	slots := make([]slot, 0, next.Sub(at)/width)
	for t := at; t.Before(next); t = t.Add(width) {
		slots = append(slots, slot{hour: t.Hour(), peak: isPeak(t), sun: sun(t.Add(width / 2))})
	}
	return slots
}
