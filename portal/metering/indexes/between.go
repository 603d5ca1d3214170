package indexes

import (
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// Between gives what a point counted between two readings that count, of the
// same meter and registers, as totals with bounds of their own. It is the
// decision that validated readings enter the history (L4, L5, D6):
//
//   - A reading counts where all registers of the meter were validated or
//     corrected, or where a window names it as the last one: that is the
//     operator's own. An estimate is no reading: what lies around it is one total,
//     from the reading before to the one after.
//   - A customer's reading counts in their own stay, and in another where it is of
//     the very day on which that begins or ends: a move's reading bounds both (Ld2).
//   - A value below the one before is a roll-over where it was found to be one, or
//     a colleague wrote it; else nothing can be told. At an exchange each meter is
//     subtracted for itself, and there is one total of both (facts B.6).
//   - A reading is of the beginning of its day.
//
// metering.History shows one only where both its bounds lie in what the stay may
// see and nothing else is known of a day between them (L16, Ld3). They are worked
// out anew each time, so that a correction and a move learnt late re-cut them.
func Between(windows []Window, entries []Entry, occ registry.Occupancy) (totals []metering.PeriodTotal) {
	nodes := nodesOf(windows, entries, occ)
	for i := 1; i < len(nodes); i++ {
		totals = append(totals, between(nodes[i-1], nodes[i], occ.EAN)...)
	}
	return totals
}

// node is what all registers of a point showed on one day. At the last reading
// before an exchange the meter that was read is another than the one that goes on.
type node struct {
	read, goes string // ids of meters
	on         time.Time
	shown      map[metering.Register]shown
	typed      bool // by a customer: it stands before what a window says of that day
}

// shown is one register in a node.
type shown struct {
	value, span    int64
	start, carried int64 // what counting goes on from, and what a former meter counted since
	rolled         bool  // a value below the one before is a roll-over, and no mistake
}

// between is nil where it cannot be told.
func between(from, to node, ean portal.EAN) (all []metering.PeriodTotal) {
	if from.goes != to.read || len(from.shown) != len(to.shown) {
		return nil
	}
	for _, r := range metering.Registers {
		end, counts := to.shown[r]
		begin, there := from.shown[r]
		if !counts && !there {
			continue
		}
		counted := end.value - begin.start
		if counted < 0 && end.rolled {
			counted += end.span
		}
		if !counts || !there || counted < 0 || begin.carried < 0 {
			return nil
		}
		all = append(all, metering.PeriodTotal{EAN: ean, Register: r, Indexed: true,
			Period: portal.Period{From: from.on, To: to.on}, Amount: (begin.carried + counted) * 1000})
	}
	return all
}

// nodesOf are the readings that count for a stay, one a day, in the order of time.
func nodesOf(windows []Window, entries []Entry, occ registry.Occupancy) (nodes []node) {
	windows = slices.SortedStableFunc(slices.Values(windows), func(a, b Window) int { return a.From.Compare(b.From) })
	guessed := map[int64]bool{} // days
	meter, former := "", ""     // of the windows up to now
	for _, w := range windows {
		if w.MeterID != meter {
			meter, former = w.MeterID, meter
		}
		last := node{read: meter, goes: meter, shown: map[metering.Register]shown{}}
		for _, r := range w.Registers {
			if len(last.shown) > 0 && !last.on.Equal(r.LastOn) {
				break // its registers were not read together
			}
			one := shown{value: r.Last, span: r.span()}
			if one.start, one.carried = r.start(); r.Exchange != nil {
				last.read = former
			}
			last.on, last.shown[r.Register] = r.LastOn, one
		}
		if len(last.shown) == len(w.Registers) {
			nodes = append(nodes, last)
		}
		if typed, there := typedIn(w, entries, occ, guessed); there {
			nodes = append(nodes, typed)
		}
	}
	nodes = slices.DeleteFunc(nodes, func(n node) bool { return !n.typed && guessed[dayNumber(n.on)] })
	slices.SortStableFunc(nodes, func(a, b node) int { return a.on.Compare(b.on) })
	var days []node
	for _, n := range nodes {
		if last := len(days) - 1; last >= 0 && days[last].on.Equal(n.on) {
			days[last] = sameDay(days[last], n)
			continue
		}
		days = append(days, n)
	}
	return days
}

// typedIn is the newest reading of a window that counts for a stay. It notes the
// days of estimates.
func typedIn(w Window, entries []Entry, occ registry.Occupancy, guessed map[int64]bool) (n node, there bool) {
	rounds := map[int]node{}
	newest := 0
	for _, e := range entries {
		i := slices.IndexFunc(w.Registers, func(r Register) bool { return r.Register == e.Register })
		switch {
		case e.WindowID != w.ID || i < 0:
		case e.Finding == Guess && e.Status != Corrected:
			guessed[dayNumber(e.On)] = true
		case e.Status != Validated && e.Status != Corrected:
		case e.OccupancyID == occ.ID, e.On.Equal(midnight(occ.From)), !occ.To.IsZero() && e.On.Equal(midnight(occ.To)):
			n, known := rounds[e.Round]
			if !known {
				n = node{read: w.MeterID, goes: w.MeterID, on: e.On, shown: map[metering.Register]shown{}, typed: true}
			}
			n.shown[e.Register] = shown{value: e.Shown(), start: e.Shown(), span: w.Registers[i].span(), rolled: e.Finding == RollOver || e.Typed != nil}
			if rounds[e.Round] = n; len(n.shown) == len(w.Registers) {
				newest = max(newest, e.Round)
			}
		}
	}
	n, there = rounds[newest]
	return n, there
}

// sameDay makes one of two readings of a day: what a customer typed stands, and
// the next meter goes on from it where there was an exchange since.
func sameDay(a, b node) node {
	if b.typed && !a.typed || a.read != a.goes {
		a, b = b, a
	}
	if b.read == b.goes || a.goes != b.read || len(a.shown) != len(b.shown) {
		return a
	}
	a.goes = b.goes
	for r, one := range a.shown {
		next := b.shown[r]
		one.start, one.carried = next.start, next.carried+next.value-one.value
		a.shown[r] = one
	}
	return a
}
