package town

import (
	"math"
	"math/rand/v2"
	"time"

	"guichet/portal"
)

// epoch is where the synthetic weather starts: a date's weather does not
// depend on the day the town is built.
var epoch = portal.Date(2012, time.January, 1)

// weather is the town's shared sky, one entry a day.
type weather struct {
	from   time.Time
	degree []float64 // degree-days, base 16.5 °C daily mean (facts B.6)
	clear  []float64 // share of a clear day's sun that reaches the roofs
	year   float64   // mean degree-days a year
}

// makeWeather draws every day up to the end: a yearly cosine, and deviations
// that last some days, as fronts and highs do.
func makeWeather(begin, end time.Time) weather {
	from := epoch
	if begin.Before(from) {
		from = begin
	}
	w := weather{from: from}
	r := rand.New(rand.NewPCG(1, 165))
	var front, haze, sum float64
	for at := from; at.Before(end); at = at.AddDate(0, 0, 1) {
		turn := season(at)
		front = 0.82*front + 1.9*r.NormFloat64()
		haze = 0.45*haze + 0.9*r.NormFloat64()
		mean := 10.3 - 7.4*turn + front
		dd := math.Max(0, 16.5-mean)
		w.degree = append(w.degree, dd)
		w.clear = append(w.clear, 0.12+0.83/(1+math.Exp(-haze+0.55*turn)))
		sum += dd
	}
	if n := len(w.degree); n > 0 {
		w.year = sum / float64(n) * 365.25
	}
	return w
}

// season is +1 in mid-January, -1 in mid-July.
func season(at time.Time) float64 {
	return math.Cos(2 * math.Pi * float64(at.YearDay()-17) / 365.25)
}

// index is a date's place in the sky's days.
func (w weather) index(at time.Time) int {
	return int(math.Round(at.Sub(w.from).Hours() / 24))
}

// sun is the share of a panel's nominal power under a clear sky at an instant,
// for 50.4° N 5.3° E and panels that lie as roofs do.
func sun(at time.Time) float64 {
	u := at.UTC()
	hour := float64(u.Hour()) + float64(u.Minute())/60 + 5.3/15
	decl := -23.44 * math.Pi / 180 * math.Cos(2*math.Pi*(float64(u.YearDay())+10)/365.25)
	const lat = 50.4 * math.Pi / 180
	s := math.Sin(lat)*math.Sin(decl) + math.Cos(lat)*math.Cos(decl)*math.Cos(math.Pi*(hour-12)/12)
	if s <= 0 {
		return 0
	}
	return math.Min(1, 0.89*math.Pow(s, 0.85))
}
