package metering_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// archive is what a world's readings go through: the shelf or a database.
type archive interface {
	metering.Archive
	metering.Ledger
	metering.ChoiceStore
	tx.Runner
}

// tellMoves tells the late moves, after the readings were stored, and lets the
// house's own job end what they end.
func (w *world) tellMoves(t require.TestingT, a archive, tell func([]registry.Occupancy)) {
	tell(w.recut)
	choices := &metering.Choices{Store: a, Runner: a, Clock: func() time.Time { return w.now }}
	require.NoError(t, choices.EndAfterMoves(ctx))
	w.told = true
	rows, err := a.ReadingDays(ctx, w.point.EAN, 0, 99999999)
	require.NoError(t, err)
	for _, row := range rows {
		values, _, err := metering.Unpack(nil, row.Packed)
		require.NoError(t, err)
		require.False(t, len(values) > 1 && w.coarsened(metering.DateOf(row.Day)), "%d keeps %d values", row.Day, len(values))
	}
}

// keep imports all that a world's meters delivered.
func (w *world) keep(t require.TestingT, a archive) *metering.History {
	clock := func() time.Time { return w.now }
	im := &metering.Importer{Archive: a, Runner: a, Clock: clock}
	var totals []metering.Month
	for _, month := range w.whole {
		for _, m := range month {
			totals = append(totals, m)
		}
	}
	// Totals come before the days and once more after them: a month that its
	// days make up keeps them.
	loadTotals := func() {
		if len(totals) > 0 {
			_, err := im.LoadMonths(ctx, totals)
			require.NoError(t, err)
		}
	}
	loadTotals()
	if w.atOnce {
		_, err := im.Load(ctx, slices.Values(slices.Concat(w.files[1:]...)))
		require.NoError(t, err)
	} else {
		for _, file := range w.files {
			_, err := im.Import(ctx, file, metering.ImportOptions{})
			require.NoError(t, err)
		}
	}
	loadTotals()
	return &metering.History{Ledger: a, Clock: clock}
}

// detailIsKeptByChoiceOnly: values within a day are kept only where power or
// the choice of who lived there asks for it (D5).
func (w *world) detailIsKeptByChoiceOnly(t require.TestingT, a archive) {
	rows, err := a.ReadingDays(ctx, w.point.EAN, 0, 99999999)
	require.NoError(t, err)
	for _, row := range rows {
		values, _, err := metering.Unpack(nil, row.Packed)
		require.NoError(t, err)
		if len(values) > 1 && !w.atOnce { // Load is told what may be kept
			date := metering.DateOf(row.Day)
			require.True(t, w.point.PowerVA >= registry.DetailPower || keptFine(w.stays, date), "%d keeps %d values", row.Day, len(values))
		}
	}
}

func drawQuery(t *rapid.T, w *world, stay registry.Occupancy, g metering.Grain) metering.Query {
	q := metering.Query{Grain: g}
	days := 500
	switch g {
	case metering.ByYear, metering.ByMonth, metering.ByDay:
		if rapid.Bool().Draw(t, "from given") {
			q.From = drawMoment(t, "asked from", w.now, 1400, 30)
		}
		if rapid.Bool().Draw(t, "to given") {
			q.To = drawMoment(t, "asked to", w.now, 1400, 30)
			if !q.From.IsZero() && rapid.Bool().Draw(t, "near") {
				q.To = q.From.AddDate(0, 0, rapid.IntRange(0, days).Draw(t, "days"))
			}
		}
	default: // some days where what may be seen begins or ends, or any
		edge := []time.Time{w.now, stay.From, stay.DetailFrom, stay.To, w.now.AddDate(0, 0, -w.chance(1200))}[w.chance(5)]
		if edge.IsZero() {
			edge = w.now
		}
		y, m, d := edge.In(portal.Brussels).Date()
		q.From = portal.Date(y, m, d-w.chance(6))
		q.To = q.From.AddDate(0, 0, 1+w.chance(6)).Add(-time.Duration(w.chance(24)) * time.Hour)
	}
	return q
}

// expected lists the periods of a grain that a query touches, cut to the
// allowed days, in the order of time.
func (o oracle) expected(q metering.Query) (cut, whole []portal.Period) {
	touches := func(p portal.Period) bool {
		if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
			return false
		}
		return (q.From.IsZero() || p.To.After(q.From)) && (q.To.IsZero() || p.From.Before(q.To))
	}
	for _, d := range o.allowedDays(o.everything()) {
		day := around("day", d)
		for at := d; at.Before(day.To); {
			p := around(q.Grain, at)
			part := portal.Period{From: at, To: day.To}
			at = part.To
			if !touches(p) {
				continue
			}
			if n := len(whole); n > 0 && whole[n-1].From.Equal(p.From) {
				cut[n-1].To = part.To
			} else {
				cut, whole = append(cut, part), append(whole, p)
			}
		}
	}
	return cut, whole
}

// judge holds one Series against the oracle.
func (o oracle) judge(t require.TestingT, q metering.Query, s metering.Series) {
	main := o.main()
	if q.Grain == metering.ByHour || q.Grain == metering.ByQuarter {
		o.judgeFine(t, q, main, s)
		return
	}
	cut, whole := o.expected(q)
	if n := len(cut); n > 0 {
		if c := o.count(q.Grain, whole[n-1], main); !c.known && !c.straddles && whole[n-1].To.After(o.today()) && (c.days == 0 || c.awaited) {
			cut = cut[:n-1] // nothing has come, nothing is due yet
		}
	}
	require.Len(t, s.Points, len(cut), "%v", q)
	for i, got := range s.Points {
		say := fmt.Sprint(q.Grain, " ", cut[i].From, " of ", o.stay.From, " to ", o.stay.To)
		require.True(t, cut[i].From.Equal(got.Period.From) && cut[i].To.Equal(got.Period.To), "%s: %v", say, got.Period)
		c := o.count(q.Grain, whole[i], main)
		running := whole[i].To.After(o.today()) && cut[i].To.After(o.today())
		require.Equal(t, running, got.Running, say)
		require.Equal(t, cut[i].From.After(whole[i].From) || (cut[i].To.Before(whole[i].To) && !running), got.Cut, say)
		switch {
		case c.known:
			require.Equal(t, metering.NoGap, got.Gap, say)
			require.Equal(t, c.amounts, got.Amounts, say)
			between(t, c.estimatedLow, c.estimatedHigh, got.EstimatedDays, say)
			between(t, c.missingLow, c.missingHigh, got.MissingDays, say)
		case c.straddles:
			require.Equal(t, metering.GapStraddle, got.Gap, say)
		default:
			require.Equal(t, metering.GapMissing, got.Gap, say)
		}
		if !c.known {
			require.Zero(t, got.Amounts, say)
			require.Nil(t, got.YearBefore, say)
		}
		require.Equal(t, c.days, got.Days, say)
		judgeSums(t, got)
		o.judgeYearBefore(t, q.Grain, whole[i], main, c, got, say)
	}
	o.judgeTotals(t, main, s.Totals)
	o.judgeRest(t, s)
}

func between(t require.TestingT, low, high, got int, say string) {
	require.True(t, low <= got && got <= high, "%d is not between %d and %d: %s", got, low, high, say)
	require.Equal(t, high > 0, got > 0, say)
}

// judgeSums: what pages print of a point is made of its registers, each once,
// and of its worst day.
func judgeSums(t require.TestingT, p metering.Point) {
	byFamily := map[metering.Register]int64{}
	for i, r := range metering.Registers {
		byFamily[r.Family()] += p.Amounts[i]
		require.Equal(t, p.Amounts[i], p.Amounts.Of(r))
	}
	require.Equal(t, byFamily[metering.OfftakeTotal]+byFamily[metering.GasEnergy], p.Amounts.Offtake())
	require.Equal(t, byFamily[metering.InjectionTotal], p.Amounts.Injection())
	require.Equal(t, byFamily[metering.GasVolume], p.Amounts.Volume())
	word := "complete"
	switch {
	case p.Gap != metering.NoGap:
		word = string(p.Gap)
	case p.MissingDays > 0:
		word = "partial"
	case p.EstimatedDays > 0:
		word = "estimated"
	}
	require.Equal(t, word, p.Quality())
	require.Equal(t, p.EstimatedDays > 0, p.Estimated())
	require.Equal(t, p.MissingDays > 0 && p.Gap == metering.NoGap, p.Partial())
}

// judgeYearBefore: the same period a year earlier, where both are whole,
// complete and the occupant's.
func (o oracle) judgeYearBefore(t require.TestingT, g metering.Grain, whole portal.Period, main metering.Register, c counts, got metering.Point, say string) {
	earlier := around(g, whole.From.AddDate(-1, 0, 0))
	same := whole.From.Day() == earlier.From.Day() && whole.From.Month() == earlier.From.Month() // no 29 February a year before
	before := o.count(g, earlier, main)
	if same && o.lasting(whole) && o.lasting(earlier) && c.known && before.known && c.missingHigh == 0 && before.missingHigh == 0 {
		require.NotNil(t, got.YearBefore, say)
		require.Equal(t, before.amounts, *got.YearBefore, say)
	} else {
		require.Nil(t, got.YearBefore, say)
	}
}

// judgeTotals: the last twelve whole months that have come.
func (o oracle) judgeTotals(t require.TestingT, main metering.Register, got metering.Totals) {
	var months []portal.Period
	for m := around("month", o.everything().From); m.From.Before(o.everything().To); m = around("month", m.To) {
		if o.lasting(m) {
			months = append(months, m)
		}
	}
	for len(months) > 0 && !o.count("month", months[len(months)-1], main).known {
		months = months[:len(months)-1]
	}
	all := len(months)
	months = months[max(0, all-12):]
	require.Equal(t, len(months), got.Months)
	if len(months) == 0 {
		require.Equal(t, metering.Totals{}, got)
		return
	}
	require.True(t, months[0].From.Equal(got.Period.From) && months[len(months)-1].To.Equal(got.Period.To))
	var amounts, before metering.Amounts
	days, low, high, estimated, comparable := 0, 0, 0, 0, all >= 12
	for _, m := range months {
		c, earlier := o.count("month", m, main), counts{}
		days += c.days
		if !c.known {
			low, high = low+c.days, high+c.days
		} else {
			low, high, estimated = low+c.missingLow, high+c.missingHigh, estimated+c.estimatedHigh
		}
		if y := around("month", m.From.AddDate(-1, 0, 0)); o.lasting(y) {
			earlier = o.count("month", y, main)
		}
		comparable = comparable && c.known && earlier.known && c.missingHigh == 0 && earlier.missingHigh == 0
		for i := range amounts {
			if c.known {
				amounts[i] += c.amounts[i]
			}
			before[i] += earlier.amounts[i]
		}
	}
	require.Equal(t, amounts, got.Amounts)
	require.Equal(t, days, got.Days, "every day of the totals is the occupant's")
	require.Equal(t, high > 0, got.Partial)
	require.Equal(t, estimated > 0, got.Estimated)
	if comparable {
		require.NotNil(t, got.Before)
		require.Equal(t, before, *got.Before)
	} else {
		require.Nil(t, got.Before)
	}
	if known := int64(days - low); low == high && known > 0 {
		for i, a := range amounts {
			require.Equal(t, (2*a+known)/(2*known), got.PerDay[i], "rounded half up")
		}
	}
}

// judgeRest: the registers and the notes tell nothing of other occupancies.
func (o oracle) judgeRest(t require.TestingT, s metering.Series) {
	may := map[metering.Register]bool{}
	for m := around("month", o.everything().From); m.From.Before(o.everything().To); m = around("month", m.To) {
		for _, daysOnly := range []bool{false, true} {
			for r := range o.month(m, "", daysOnly).registers {
				may[r] = true
			}
		}
	}
	for _, r := range s.Registers {
		require.True(t, may[r], "%s never counted for this occupant", r)
	}
	shown, estimated, missing, unread := false, false, false, false
	for _, p := range s.Points {
		shown = shown || p.Gap == metering.NoGap
		estimated, unread = estimated || p.EstimatedDays > 0, unread || p.Gap == metering.GapUnread
		missing = missing || p.MissingDays > 0 && p.Gap != metering.GapUnread
		for i, a := range p.Amounts {
			require.True(t, a == 0 || s.Has(metering.Registers[i]))
		}
	}
	require.Equal(t, shown, len(s.Registers) > 0)
	if len(s.Points) == 0 {
		require.Empty(t, s.Notes)
		return
	}
	var exchanges, told int
	for _, m := range o.meters {
		if m.From.After(s.Period.From) && m.From.Before(s.Period.To) {
			exchanges++
		}
	}
	kinds := map[metering.NoteKind]bool{}
	for _, n := range s.Notes {
		kinds[n.Kind] = true
		if n.Kind == metering.NoteMeterExchanged {
			told++
		}
		require.True(t, n.At.IsZero() || (!n.At.Before(s.Period.From) && !n.At.After(s.Period.To)), "%v", n)
	}
	require.Equal(t, exchanges, told, "exchanges in other occupancies are nobody else's")
	require.Equal(t, estimated, kinds[metering.NoteEstimated])
	require.Equal(t, missing, kinds[metering.NoteMissing])
	require.Equal(t, unread, kinds[metering.NoteUnread])
}

// everybody are the occupancies as known before and since moves were learnt late.
func (w *world) everybody() []registry.Occupancy {
	return append(append([]registry.Occupancy(nil), w.stays...), w.recut...)
}

// look asks for every grain of some occupancies.
func (w *world) look(t *rapid.T, h *metering.History, stays ...registry.Occupancy) {
	for _, stay := range stays {
		o := oracle{w, stay, map[monthSeen]counts{}}
		for _, g := range append(oracleGrains, metering.ByHour, metering.ByQuarter, metering.ByHour) {
			q := drawQuery(t, w, stay, g)
			s, err := h.Series(ctx, w.point, stay, q)
			require.NoError(t, err)
			o.judge(t, q, s)
		}
	}
}

// L16, Ld1-Ld3, D3, D5: whatever was read, exchanged, missed or learnt late,
// each occupancy sees what its own days sum up to, in every grain.
func TestHistoryIsWhatItsOwnDaysSumUpTo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		s := newShelf(w)
		h := w.keep(t, s)
		w.detailIsKeptByChoiceOnly(t, s)
		if rapid.Bool().Draw(t, "told") {
			w.tellMoves(t, s, s.tell)
		}
		w.look(t, h, w.everybody()...)
	})
}

// The same through SQL.
func TestHistoryOnDatabases(t *testing.T) {
	for _, backend := range storetest.Backends(t) {
		t.Run(backend.Name, func(t *testing.T) {
			now, n := portal.Date(2024, 1, 1), 0
			db := backend.Open(t, func() time.Time { return now })
			rapid.Check(t, func(t *rapid.T) {
				n++ // a point of its own each time, beside all the others
				w := drawWorld(t, eanOf(n))
				now = w.now
				w.register(t, db)
				h := w.keep(t, db)
				w.detailIsKeptByChoiceOnly(t, db)
				if rapid.Bool().Draw(t, "told") {
					w.tellMoves(t, db, func(stays []registry.Occupancy) { w.registerStays(t, db, stays) })
				}
				w.look(t, h, rapid.SampledFrom(w.everybody()).Draw(t, "stay"))
			})
		})
	}
}

func (w *world) registerStays(t require.TestingT, db *store.Store, stays []registry.Occupancy) {
	require.NoError(t, db.Do(ctx, func(t tx.Tx) error { return db.PutRegistry(t, registry.Batch{Occupancies: stays}) }))
}

func (w *world) register(t require.TestingT, db *store.Store) {
	require.NoError(t, db.Do(ctx, func(t tx.Tx) error {
		return db.PutRegistry(t, registry.Batch{Points: []registry.AccessPoint{w.point}, Meters: w.meters, Occupancies: w.stays})
	}))
}

// L16: what lies outside an occupancy changes nothing that is shown of it, not
// by a digit and not by a word: neither other people's values and registers,
// nor a total that a move cuts, nor their meters.
func TestOtherOccupanciesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, eanOf(1))
		stay := rapid.SampledFrom(w.everybody()).Draw(t, "stay")
		q := drawQuery(t, w, stay, rapid.SampledFrom(oracleGrains).Draw(t, "grain"))
		o := oracle{w, stay, map[monthSeen]counts{}}
		ask := func() metering.Series {
			s, err := w.keep(t, newShelf(w)).Series(ctx, w.point, stay, q)
			require.NoError(t, err)
			return s
		}
		before := ask()
		o.replaceOthers(rapid.Bool().Draw(t, "emptied"))
		require.Equal(t, before, ask())
	})
}

// replaceOthers changes every reading that the stay may not see. Where a month
// came as one total whether it came is no secret, what it was is.
func (o oracle) replaceOthers(emptied bool) {
	for number, month := range o.whole {
		for r, total := range month {
			if whole := around("month", metering.MonthOf(number)); !o.lasting(whole) {
				total.Amount, total.Missing, total.Estimated = total.Amount+1_000_000_007, 0, 1-total.Estimated
				month[r] = total
			}
		}
	}
	for i, file := range o.files {
		var kept []metering.Day
		for _, day := range file {
			_, asOne := o.whole[metering.MonthNumber(day.Date)]
			switch {
			case o.allowed(day.Date):
				kept = append(kept, day)
			case !asOne && emptied:
			default:
				other := daily(day.EAN, day.Register, day.Date, 3_000_017, metering.Estimated)
				other.Meter = "1SAG9999999999"
				kept = append(kept, other)
				if !asOne && day.Register == metering.OfftakeTotal { // and what they count, he may not
					other.Register = metering.InjectionTotal
					kept = append(kept, other)
				}
			}
		}
		o.files[i] = kept
	}
	var meters []registry.Meter
	for _, m := range o.meters {
		if days := o.allowedDays(around("day", m.From)); len(days) > 0 {
			meters = append(meters, m)
		}
	}
	o.world.meters = meters
}
