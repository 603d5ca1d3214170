package metering_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// counter is what registers that somebody reads count, day by day, whatever else
// is known of the point: ever is the sum since the first day, shown what the dial
// shows at the beginning of a day.
type counter struct {
	*world
	registers []metering.Register
	ever      map[int64]metering.Amounts
	shown     map[int64]metering.Amounts
	visits    []visit
	windows   []indexes.Window
	entries   []indexes.Entry
}

// visit is a day on which somebody read.
type visit struct {
	on        time.Time
	stay      string // whose reading it is; "": nobody lived there
	counts    bool   // it was validated
	guess     bool   // and is an estimate
	named     bool   // the next window goes on from it
	exchanged bool   // a new meter came since the visit before
	mayGoBack bool   // a dial below the one of the visit before was found to be a roll-over
}

const dial = 100_000

func drawCounter(t *rapid.T, w *world) *counter {
	c := &counter{world: w, ever: map[int64]metering.Amounts{}, shown: map[int64]metering.Amounts{}}
	c.registers = []metering.Register{metering.GasVolume}
	if w.point.Energy == portal.Electricity {
		c.registers = rapid.SampledFrom([][]metering.Register{{metering.OfftakeTotal}, {metering.OfftakePeak, metering.OfftakeOffPeak},
			{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak, metering.InjectionOffPeak}}).Draw(t, "typed registers")
	}
	var ever, shown metering.Amounts
	for _, r := range c.registers {
		shown[placeOf(r)] = int64(w.chance(dial))
	}
	meter := 0
	var opening *metering.Amounts // since an exchange that nobody has read yet
	at := c.today().AddDate(0, 0, -1450)
	next, fresh := at, at.AddDate(0, 0, 60+w.chance(1400))
	for ; !at.After(c.today()); at = at.AddDate(0, 0, 1) {
		if at.Equal(fresh) {
			for _, r := range c.registers {
				shown[placeOf(r)] = int64(w.chance(50))
			}
			was := shown
			meter, opening = meter+1, &was
		}
		c.ever[metering.DayNumber(at)], c.shown[metering.DayNumber(at)] = ever, shown
		if !at.Before(next) {
			c.visit(at, meter, opening)
			opening = nil
			next = at.AddDate(0, 0, 20+w.chance(500))
			for _, o := range w.recut { // often of the day of a move
				if o.From.After(at) && o.From.Before(next) && w.chance(2) == 0 {
					next = around("day", o.From).From
				}
			}
		}
		for _, r := range c.registers {
			used := int64(w.chance(40))
			i := placeOf(r)
			ever[i], shown[i] = ever[i]+used, (shown[i]+used)%dial
		}
	}
	return c
}

// visit reads the meter in a window that goes on from the visit before, now and
// then from the one before that, where the operator's file is not up to date.
func (c *counter) visit(at time.Time, meter int, opening *metering.Amounts) {
	now := visit{on: at, counts: c.chance(4) != 0, guess: c.chance(8) == 0, exchanged: opening != nil}
	for _, o := range c.stays {
		if !at.Before(around("day", o.From).From) && (o.To.IsZero() || at.Before(o.To)) {
			now.stay = o.ID
		}
	}
	n := len(c.visits)
	c.visits = append(c.visits, now)
	if n == 0 {
		c.visits[0].counts, c.visits[0].guess = false, false // there is no window yet
		return
	}
	last := n - 1
	if n > 1 && !now.exchanged && !c.visits[n-1].exchanged && c.chance(4) == 0 {
		last = n - 2
	}
	c.visits[last].named = true
	before, today := metering.DayNumber(c.visits[last].on), metering.DayNumber(at)
	w := indexes.Window{ID: fmt.Sprint("w", n), EAN: c.point.EAN, Period: portal.Period{From: at}, MeterID: fmt.Sprint("m", meter)}
	me := &c.visits[n]
	me.mayGoBack = c.chance(5) != 0
	for _, r := range c.registers {
		i := placeOf(r)
		g := indexes.Register{Register: r, Digits: 5, Last: c.shown[before][i], LastOn: c.visits[last].on}
		if opening != nil {
			g.Exchange = &indexes.Exchange{Closing: g.Last + c.ever[today][i] - c.ever[before][i] - (c.shown[today][i] - opening[i]), Opening: opening[i]}
		}
		w.Registers = append(w.Registers, g)
		e := indexes.Entry{WindowID: w.ID, Round: 1, OccupancyID: me.stay, On: at, Status: indexes.Sent,
			Reading: indexes.Reading{Register: r, Value: c.shown[today][i], Finding: indexes.Plausible}}
		if me.counts {
			if e.Status = indexes.Validated; c.chance(3) == 0 {
				e.Status, e.Final, e.Value = indexes.Corrected, e.Value, 7
			}
		}
		switch {
		case me.guess:
			e.Finding = indexes.Guess
			if e.Status == indexes.Corrected {
				e.Status, e.Value = indexes.Validated, e.Final
			}
		case me.mayGoBack:
			e.Finding = indexes.RollOver
		}
		c.entries = append(c.entries, e)
	}
	c.windows = append(c.windows, w)
}

// between are the pairs of days on which a stay knows what the meter showed, one
// after the other, and between which it can be told what was counted.
func (c *counter) between(stay registry.Occupancy) (pairs []portal.Period) {
	var before *visit
	for i := range c.visits {
		v := &c.visits[i]
		theirs := v.stay == stay.ID || v.on.Equal(around("day", stay.From).From) || !stay.To.IsZero() && v.on.Equal(around("day", stay.To).From)
		typed := v.counts && theirs && !v.guess
		named := v.named && !v.guess
		if !typed && !named {
			continue
		}
		if before != nil {
			told := true
			exchange := slices.IndexFunc(c.visits[:i+1], func(o visit) bool { return o.exchanged && o.on.After(before.on) })
			for _, r := range c.registers {
				back := c.shown[metering.DayNumber(v.on)][placeOf(r)] < c.shown[metering.DayNumber(before.on)][placeOf(r)]
				told = told && (exchange >= 0 || !back || typed && v.mayGoBack)
			}
			if exchange >= 0 { // only the next window tells of it, and goes on from the visit before
				told = c.visits[exchange-1].on.Equal(before.on)
			}
			if told {
				pairs = append(pairs, portal.Period{From: before.on, To: v.on})
			}
		}
		before = v
	}
	return pairs
}

// others tells whether any value is known in a period, and whether there is any
// row at all of the months it touches.
func (c *counter) others(p portal.Period) (known, row bool) {
	for d := around("month", p.From).From; d.Before(around("month", p.To.Add(-1)).To); d = d.AddDate(0, 0, 1) {
		row = row || len(c.days[metering.DayNumber(d)]) > 0 || len(c.whole[metering.MonthNumber(d)]) > 0
		if d.Before(p.From) || !d.Before(p.To) {
			continue
		}
		for _, day := range c.days[metering.DayNumber(d)] {
			known = known || slices.ContainsFunc(day.Values, func(v metering.Slot) bool { return v.Amount > 0 })
		}
	}
	return known, row
}

// L4, L5, L16, Ld2, Ld3: what was counted between two readings that count is
// shown whole, with its own bounds, exactly once, only where every day of it is
// the occupancy's and nothing else is known of one; what else is shown stays.
func TestReadingsShowWhatWasCountedBetweenThem(t *testing.T) {
	seen := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		if rapid.Bool().Draw(t, "sends nothing") {
			w.files, w.days, w.whole = nil, map[int64]map[metering.Register]metering.Day{}, map[int64]map[metering.Register]metering.Month{}
			w.atOnce = false
		}
		c := drawCounter(t, w)
		s := newShelf(w)
		h := w.keep(t, s)
		stay := rapid.SampledFrom(w.everybody()).Draw(t, "stay")
		ask := func() metering.Series {
			series, err := h.Series(ctx, w.point, stay, metering.Query{Grain: metering.ByYear})
			require.NoError(t, err)
			return series
		}
		plain := ask()
		s.windows, s.entries = c.windows, c.entries
		seen += c.judge(t, stay, plain, ask())
	})
	require.Positive(t, seen, "the law must see what it is about")
}

func (c *counter) judge(t *rapid.T, stay registry.Occupancy, plain, with metering.Series) (seen int) {
	o := oracle{c.world, stay, map[monthSeen]counts{}}
	pairs := c.between(stay)
	var rest metering.Amounts
	end := time.Time{}
	for _, p := range with.Points {
		say := fmt.Sprint(p.Period.From, " to ", p.Period.To, " of ", stay.From, " to ", stay.To)
		require.False(t, p.Period.From.Before(end), "in the order of time, no day twice: %s", say)
		end = p.Period.To
		require.Equal(t, p.Own && p.Gap != metering.NoGap, p.Gap == metering.GapUnread, say)
		if !p.Own || p.Gap != metering.NoGap {
			for i, a := range p.Amounts {
				rest[i] += a
			}
			continue
		}
		seen++
		require.Contains(t, pairs, p.Period, say)
		var want metering.Amounts
		for _, r := range c.registers {
			i := placeOf(r)
			want[i] = 1000 * (c.ever[metering.DayNumber(p.Period.To)][i] - c.ever[metering.DayNumber(p.Period.From)][i])
		}
		require.Equal(t, want, p.Amounts, say)
		require.Equal(t, "indexes", p.Quality())
		for d := p.Period.From; d.Before(p.Period.To); d = d.AddDate(0, 0, 1) {
			require.True(t, o.allowed(d), "%v of %s", d, say)
		}
		known, _ := c.others(p.Period)
		require.False(t, known, say)
	}
	for i, a := range rest {
		for _, p := range plain.Points {
			a -= p.Amounts[i]
		}
		require.Zero(t, a, "what else is known is neither lost nor counted twice")
	}
	shown := func(p portal.Period) bool {
		return slices.ContainsFunc(with.Points, func(q metering.Point) bool { return q.Own && q.Gap == metering.NoGap && q.Period == p })
	}
	for _, p := range pairs {
		days := len(o.allowedDays(p))
		_, row := c.others(p)
		if whole := int((p.To.Sub(p.From) + 12*time.Hour) / (24 * time.Hour)); days == whole && !row && (c.point.Energy == portal.Electricity || o.main() == metering.GasVolume || len(c.days)+len(c.whole) == 0) {
			require.True(t, shown(p), "%v to %v is all of %s's and is not shown", p.From, p.To, stay.ID)
		}
	}
	return seen
}

// L16: what the meter showed outside an occupancy changes nothing of what is
// shown of it, not even where a total begins.
func TestReadingsOfOthersChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		c := drawCounter(t, w)
		stay := rapid.SampledFrom(w.everybody()).Draw(t, "stay")
		s := newShelf(w)
		h := w.keep(t, s)
		ask := func() metering.Series {
			s.windows, s.entries = c.windows, c.entries
			series, err := h.Series(ctx, w.point, stay, metering.Query{Grain: metering.ByYear})
			require.NoError(t, err)
			return series
		}
		before := ask()
		outside := func(on time.Time) bool {
			return on.Before(around("day", stay.From).From) || !stay.To.IsZero() && on.After(stay.To)
		}
		for i := range c.windows {
			for j := range c.windows[i].Registers {
				if g := &c.windows[i].Registers[j]; outside(g.LastOn) {
					g.Last = (g.Last + 7_777) % dial
				}
			}
		}
		for i := range c.entries {
			if e := &c.entries[i]; outside(e.On) {
				e.Value, e.Final = (e.Value+7_777)%dial, (e.Final+7_777)%dial
			}
		}
		require.Equal(t, before, ask())
	})
}
