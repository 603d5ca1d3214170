package metering_test

import (
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// told is what a poller keeps of a point.
type told struct {
	period                  portal.Period
	amounts                 metering.Amounts
	quality                 string
	days, missing, estimate int
	ofDay                   metering.Amounts
}

func tell(p metering.Point) told {
	one := told{portal.Period{From: p.Period.From.UTC(), To: p.Period.To.UTC()}, p.Amounts, p.Quality(), p.Days, p.MissingDays, p.EstimatedDays, metering.Amounts{}}
	if p.OfDay != nil {
		one.ofDay = *p.OfDay
	}
	return one
}

// poller keeps a series by asking only for what changed since it asked last,
// as the API's document tells it to.
type poller struct {
	stay  registry.Occupancy
	query metering.Query
	held  []told
	from  time.Time
	last  time.Time
	saved int // points it was spared
}

func (c *poller) poll(t require.TestingT, h *metering.History, point registry.AccessPoint) {
	whole, err := h.Series(ctx, point, c.stay, c.query)
	require.NoError(t, err)
	changed := c.query
	changed.Since = c.last
	s, err := h.Series(ctx, point, c.stay, changed)
	require.NoError(t, err)
	if c.last.IsZero() || c.from.IsZero() || !s.Period.From.IsZero() && s.Period.From.Before(c.from) {
		c.held = nil
		for _, p := range whole.Points {
			c.held = append(c.held, tell(p))
		}
	} else {
		var came []told // in the order of time, as they are delivered
		for _, p := range s.Points {
			require.Nil(t, p.YearBefore)
			if !p.Changed {
				c.saved++
				continue
			}
			came = append(came, tell(p))
		}
		c.held = slices.DeleteFunc(c.held, func(p told) bool {
			n, _ := slices.BinarySearchFunc(came, p, func(new, old told) int {
				if new.period.To.After(old.period.From) {
					return 1
				}
				return -1
			})
			overlaps := n < len(came) && came[n].period.From.Before(p.period.To)
			return overlaps || p.period.From.Before(s.Period.From) || p.period.To.After(s.Period.To)
		})
		c.held = append(c.held, came...)
		slices.SortFunc(c.held, func(a, b told) int { return a.period.From.Compare(b.period.From) })
	}
	c.from, c.last = s.Period.From, h.Clock()
	var all []told
	for _, p := range whole.Points {
		all = append(all, tell(p))
	}
	if len(all)+len(c.held) > 0 {
		require.Equal(t, all, c.held)
	}
}

// Who polls with Since ends with the same data as who reads all, whatever came,
// was corrected or went meanwhile, and however time passed.
func TestWhatChangedSince(t *testing.T) {
	saved := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, "541449000000000010")
		s := newShelf(w)
		clock := func() time.Time { return w.now }
		h, im := &metering.History{Ledger: s, Clock: clock}, &metering.Importer{Archive: s, Runner: s, Clock: clock}
		g := rapid.SampledFrom([]metering.Grain{metering.ByYear, metering.ByMonth, metering.ByMonth, metering.ByDay, metering.ByDay, metering.ByHour, metering.ByQuarter}).Draw(t, "grain")
		c := &poller{stay: rapid.SampledFrom(w.stays).Draw(t, "stay"), query: metering.Query{Grain: g}}
		if g.Fine() {
			c.query.From = w.today().AddDate(0, 0, -w.chance(12))
		}
		pass := func() {
			if rapid.Bool().Draw(t, "time passes") {
				w.now = w.now.Add(time.Duration(w.chance(40*24*60)) * time.Minute)
			}
			if rapid.IntRange(0, 3).Draw(t, "polls") > 0 {
				c.poll(t, h, w.point)
			}
		}
		for _, month := range w.whole {
			for _, m := range month {
				_, err := im.LoadMonths(ctx, []metering.Month{m})
				require.NoError(t, err)
			}
		}
		files := w.files
		for i := range files { // some of each file again, corrected
			var corrected []metering.Day
			for _, d := range files[i] {
				if w.chance(60) == 0 {
					d.Values = slices.Clone(d.Values)
					d.Values[w.chance(len(d.Values))] = metering.Slot{Value: metering.Value{Amount: int64(w.chance(9000)), Quality: metering.Validated}}
					corrected = append(corrected, d)
				}
			}
			files = append(files, corrected)
		}
		for _, file := range files {
			pass()
			_, err := im.Import(ctx, file, metering.ImportOptions{})
			require.NoError(t, err)
		}
		for range 2 {
			pass()
			c.poll(t, h, w.point)
		}
		saved += c.saved
	})
	require.Positive(t, saved, "a poller is spared something")
}

// A register that comes late may change what the others' months are taken for,
// though nothing of them changed: then all is marked.
func TestWhatALateRegisterChanges(t *testing.T) {
	w := &world{now: portal.Date(2026, 6, 10), point: registry.AccessPoint{EAN: "541449000000000010", Energy: portal.Electricity}}
	s := newShelf(w)
	clock := func() time.Time { return w.now }
	h, im := &metering.History{Ledger: s, Clock: clock}, &metering.Importer{Archive: s, Runner: s, Clock: clock}
	c := &poller{stay: registry.Occupancy{ID: "o", EAN: w.point.EAN, Period: portal.Period{From: portal.Date(2024, 1, 1)}}, query: metering.Query{Grain: metering.ByMonth}}
	for _, come := range []struct {
		register metering.Register
		month    time.Time
	}{{metering.InjectionTotal, portal.Date(2026, 2, 1)}, {metering.InjectionTotal, portal.Date(2026, 3, 1)}, {metering.OfftakeTotal, portal.Date(2026, 4, 1)}, {metering.OfftakeTotal, portal.Date(2026, 5, 1)}} {
		_, err := im.LoadMonths(ctx, []metering.Month{{EAN: w.point.EAN, Register: come.register, Date: come.month, Amount: 9}})
		require.NoError(t, err)
		c.poll(t, h, w.point)
		w.now = w.now.Add(24 * time.Hour)
	}
	c.poll(t, h, w.point)
	require.Positive(t, c.saved, "once it is known, only what changed is marked again")
}
