package web

import (
	"math"
	"slices"
	"time"

	"guichet/portal/metering"
)

// notes are what a reader of the page should know: what the series says of
// itself, then how its bars and columns came about.
func (s *speaker) notes() []string { return s.remarks("note.cut") }

// remarks are the notes with the words for a period cut short: a letter has no
// bar that is thinner.
func (s *speaker) remarks(cut string) (list []string) {
	for _, n := range s.series.Notes {
		if n.Kind == metering.NoteMissing && (s.series.AsOne || s.series.Indexed) {
			continue // a value that nobody takes is not missing
		}
		key := "note." + string(n.Kind)
		if n.Kind == metering.NoteMovedIn || n.Kind == metering.NoteMovedOut {
			key = voiced(s.shown.pass, key)
		}
		switch {
		case n.At.IsZero():
			list = append(list, s.T(key))
		case n.Kind == metering.NoteStraddle:
			list = append(list, s.T(key, s.Month(n.At)))
		case n.Kind == metering.NoteMovedOut: // At is the first instant not shown
			list = append(list, s.T(key, s.Date(n.At.Add(-time.Second))))
		default:
			list = append(list, s.T(key, s.Date(n.At)))
		}
	}
	if len(s.series.Points) == 0 {
		return list
	}
	if s.cut() {
		list = append(list, s.T(voiced(s.shown.pass, cut)))
	}
	if s.banded() {
		list = append(list, s.bands()...)
		if s.silentBand() {
			list = append(list, s.T("note.silent"))
		}
	}
	if s.injects() {
		list = append(list, s.T(voiced(s.shown.pass, "note.net")))
	}
	return append(list, s.factors()...)
}

// indexed tells whether there is a total between two readings.
func (s *speaker) indexed() bool {
	return slices.ContainsFunc(s.series.Points, func(p metering.Point) bool { return p.Own })
}

// cut tells whether a bar is drawn thinner because its period is cut short.
func (s *speaker) cut() bool {
	for i := range s.series.Points {
		p := &s.series.Points[i]
		if p.Cut && !p.Running && p.Gap == metering.NoGap {
			return true
		}
	}
	return false
}

// silentBand tells whether one of the two bands did not count in some period.
func (s *speaker) silentBand() bool {
	return slices.ContainsFunc(s.series.Points, func(p metering.Point) bool {
		return p.Gap == metering.NoGap && (silent(&p, metering.OfftakePeak) || silent(&p, metering.OfftakeOffPeak))
	})
}

// bands explain peak and off-peak, by date, for the time that is shown (D4).
func (s *speaker) bands() (list []string) {
	inForce := metering.BandsIn(s.series.Period)
	for _, b := range inForce {
		var hours []string
		for _, h := range b.Peak {
			hours = append(hours, s.T("bands.hours", h.From, h.To))
		}
		days := "bands.every-day"
		if b.Weekdays {
			days = "bands.weekdays"
		}
		times := s.List(hours)
		if b.About {
			times = s.T("bands.about", times)
		}
		if b.To.IsZero() {
			list = append(list, s.T("bands.since", s.Date(b.From), s.T(days), times))
		} else {
			list = append(list, s.T("bands.until", s.Date(b.To.Add(-time.Second)), s.T(days), times))
		}
	}
	if len(inForce) > 1 {
		list = append(list, s.T("bands.kept"))
	}
	return list
}

// measured tells whether gas has both its volume and its energy.
func (s *speaker) measured() bool {
	return s.series.Has(metering.GasVolume) && s.series.Has(metering.GasEnergy)
}

// leastVolume is how many dm³ it takes for an energy in whole Wh to tell a
// factor to a tenth; ten times as many for one decimal more.
const leastVolume = 10

// factor is what a period's m³ were multiplied by, in ten-thousandths of a
// kWh per m³, as the data have it; ok is false where next to no gas was used.
func factor(a metering.Amounts) (tenThousandths int64, ok bool) {
	volume, energy := a.Of(metering.GasVolume), a.Of(metering.GasEnergy)
	if volume < leastVolume || energy <= 0 {
		return 0, false
	}
	return (energy*10_000 + volume/2) / volume, true
}

// precision is how many decimals the factors of all periods have: four, as on a
// bill, or as few as the rounding of the least volume lets stand; an hour's
// would tell differences that no gas had.
func (s *speaker) precision() int {
	least := int64(math.MaxInt64)
	for i := range s.series.Points {
		p := &s.series.Points[i]
		if _, ok := factor(p.Amounts); ok && p.Gap == metering.NoGap {
			least = min(least, p.Amounts.Volume())
		}
	}
	decimals := 4
	for carries := int64(1000 * leastVolume); decimals > 1 && least < carries; carries /= 10 {
		decimals--
	}
	return decimals
}

// factors explain how m³ became kWh: the formula, and between which factors the
// periods shown lie (facts B.5). The operator sends no factor of its own, so
// this is the one that its volumes and energies contain.
func (s *speaker) factors() []string {
	if !s.measured() {
		return nil
	}
	var low, high int64
	precision := s.precision()
	for i := range s.series.Points {
		p := &s.series.Points[i]
		f, ok := factor(p.Amounts)
		if p.Gap != metering.NoGap || !ok {
			continue
		}
		if low == 0 || f < low {
			low = f
		}
		high = max(high, f)
	}
	if high == 0 {
		return nil
	}
	least, most := s.Factor(low, precision), s.Factor(high, precision)
	if least == most {
		return []string{s.T("note.factor", least)}
	}
	return []string{s.T("note.factors", least, most)}
}
