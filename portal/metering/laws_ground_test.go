package metering_test

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// drawGround draws somebody's right to a part of a stay or of a vacancy, often
// beyond its borders (D7).
func drawGround(t *rapid.T, w *world) registry.Ground {
	g := registry.Ground{ID: "ground", EAN: w.point.EAN, Kind: rapid.SampledFrom(registry.GroundKinds).Draw(t, "ground")}
	around := w.now.AddDate(0, 0, -w.chance(1400))
	if g.Kind != registry.Owner {
		stay := w.everybody()[w.chance(len(w.everybody()))]
		g.OccupancyID, around = stay.ID, stay.From
	} else if ended := w.recut[w.chance(len(w.recut))].To; !ended.IsZero() && w.chance(2) == 0 {
		around = ended
	}
	g.From = drawMoment(t, "ground from", around, 30, 300)
	if rapid.Bool().Draw(t, "ground ends") {
		g.To = g.From.AddDate(0, 0, 1+w.chance(500))
	}
	return g
}

// granted walks every hour since a ground began and gives those it may show: its
// own, of that one stay; or of the vacancy it begins in, past a stay that turned
// out to last into it, up to the next one.
func (w *world) granted(g registry.Ground, until time.Time) map[int64]bool {
	hours := map[int64]bool{}
	started := false
	for at := g.From; at.Before(until); at = at.Add(time.Hour) {
		livedIn, theirs := false, false
		for _, stay := range w.recut {
			if !at.Before(stay.From) && (stay.To.IsZero() || at.Before(stay.To)) {
				livedIn, theirs = true, theirs || stay.ID == g.OccupancyID
			}
		}
		mine := g.To.IsZero() || at.Before(g.To)
		switch {
		case g.Kind != registry.Owner:
			hours[at.Unix()] = theirs && mine
		case livedIn && started:
			return hours
		case !livedIn:
			started = true
			hours[at.Unix()] = mine
		}
	}
	return hours
}

// D7, L16, D3: on a ground nobody ever sees a day of which not every hour is
// granted, nor a reading of another stay, totals included; in every grain it is
// what just these days sum up to.
func TestGroundsShowTheirOwnDaysAndNoOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		s := newShelf(w)
		h := w.keep(t, s)
		if rapid.Bool().Draw(t, "told") {
			w.tellMoves(t, s, s.tell)
		}
		g := drawGround(t, w)
		shown := g.Shows(w.recut)
		o := oracle{w, shown, map[monthSeen]counts{}}
		all := o.everything()
		hours := w.granted(g, all.To)
		for day := range o.eachDay(all) {
			whole := true
			for at := day; at.Before(day.AddDate(0, 0, 1)); at = at.Add(time.Hour) {
				whole = whole && hours[at.Unix()]
			}
			inside := !day.Before(shown.From) && (shown.To.IsZero() || !day.AddDate(0, 0, 1).After(shown.To))
			require.Equal(t, whole, inside, "%s on %v, shown %v", day, g.Period, shown.Period)
		}
		w.look(t, h, shown)
	})
}

// eachDay gives the local days of a period.
func (o oracle) eachDay(p portal.Period) func(yield func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		for d := p.From; d.Before(p.To) && yield(d); d = d.AddDate(0, 0, 1) {
		}
	}
}

// counting lists the registers that counted on any day.
func (w *world) counting() (list []metering.Register) {
	for _, r := range metering.Registers {
		for _, day := range w.days {
			if _, ok := day[r]; ok {
				list = append(list, r)
				break
			}
		}
	}
	return append(list, metering.OfftakeTotal) // also where none did
}

// Facts B.6, D6: a counter that is wound on day by day by what a world's days
// sum up to, over the end of its digits and over a meter exchange, is judged to
// have counted just that.
func TestCountersRollOverInAWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		digits := rapid.IntRange(4, 6).Draw(t, "digits")
		span := int64(1)
		for range digits {
			span *= 10
		}
		register := rapid.SampledFrom(w.counting()).Draw(t, "register")
		from := w.today().AddDate(0, 0, -1-w.chance(600))
		to := from.AddDate(0, 0, 1+w.chance(400))
		exchanged := time.Time{}
		if rapid.Bool().Draw(t, "exchanged") {
			exchanged = from.AddDate(0, 0, w.chance(1+int(to.Sub(from).Hours()/24)))
		}
		r := indexes.Register{Register: register, Digits: digits, Last: span - 1 - int64(w.chance(int(span/10)))} // it soon begins again
		counter, counted := r.Last, int64(0)
		for day := range (oracle{}).eachDay(portal.Period{From: from, To: to}) {
			if day.Equal(exchanged) {
				if counter < r.Last {
					return // the plan refuses a closing value below the last reading
				}
				r.Exchange = &indexes.Exchange{Closing: counter, Opening: int64(w.chance(int(span)))}
				counter = r.Exchange.Opening
			}
			for _, v := range w.days[metering.DayNumber(day)][register].Values {
				if !v.Absent && v.Quality != metering.Missing {
					units := v.Amount / 100 // so that few days wind it on
					counter, counted = (counter+units)%span, counted+units
				}
			}
		}
		if counted >= span/2 {
			return // more than a counter of so few digits can tell
		}
		expected := indexes.Expected{Amount: counted * 1000, Reference: 1, Load: 1}
		j := indexes.Judge(indexes.Window{Production: true, Registers: []indexes.Register{r}}, []int64{counter}, []indexes.Expected{expected}, true)
		require.Equal(t, counted, j.Readings[0].Consumed)
		require.Equal(t, indexes.Received, j.Readings[0].Finding.Status(), j.Readings[0].Finding)
	})
}
