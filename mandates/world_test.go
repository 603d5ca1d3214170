package mandates_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"pgregory.net/rapid"
)

const theEAN portal.EAN = "541449000000000010"

// world is one access point with its stays and its days, one mandate, and a
// moment; it stands for store and readings, so that a law can see many.
type world struct {
	mandates.Store // what a law does not call is not there
	now            time.Time
	point          registry.AccessPoint
	stays          []registry.Occupancy
	mandate        mandates.Mandate
	quarters       map[int64][]int64 // by day number: 92, 96 or 100 values
	entries        []audit.Entry
	letters        []outbox.Letter
	suspended      bool // the partner
}

func (w *world) Record(e audit.Entry)                             { w.entries = append(w.entries, e) }
func (w *world) Send(l outbox.Letter)                             { w.letters = append(w.letters, l) }
func (w *world) clock() time.Time                                 { return w.now }
func (w *world) Do(_ context.Context, fn func(tx.Tx) error) error { return fn(w) }

func (w *world) MandateLine(_ context.Context, partner, id string, ean portal.EAN) (mandates.Mandate, bool, error) {
	if partner != w.mandate.PartnerID || id != w.mandate.ID {
		return mandates.Mandate{}, false, nil
	}
	return w.copied(ean), true, nil
}

func (w *world) LockMandate(_ tx.Tx, partnerID, id string) (mandates.Mandate, error) {
	if id != w.mandate.ID || partnerID != "" && partnerID != w.mandate.PartnerID {
		return mandates.Mandate{}, &portal.Error{Code: portal.NotFound, Key: "not_found"}
	}
	m := w.mandate
	m.Lines = slices.Clone(m.Lines)
	return m, nil
}

func (w *world) LockMandateLine(_ tx.Tx, partner, id string, ean portal.EAN) (mandates.Mandate, error) {
	m, found, _ := w.MandateLine(context.Background(), partner, id, ean)
	if !found {
		return m, &portal.Error{Code: portal.NotFound, Key: "not_found"}
	}
	return m, nil
}

func (w *world) ApprovedIn(tx.Tx, string) (bool, error) { return !w.suspended, nil }

func (w *world) MandateDocuments(context.Context, string) ([]mandates.Document, error) {
	return nil, nil
}

func (w *world) copied(ean portal.EAN) mandates.Mandate {
	m := w.mandate
	m.Lines = slices.DeleteFunc(slices.Clone(m.Lines), func(l mandates.Line) bool { return l.EAN != ean })
	return m
}

func (w *world) SaveMandate(_ tx.Tx, m mandates.Mandate) error { w.mandate = m; return nil }

func (w *world) SaveMandateLine(_ tx.Tx, _ string, l mandates.Line) error {
	for i := range w.mandate.Lines {
		if w.mandate.Lines[i].EAN == l.EAN {
			w.mandate.Lines[i] = l
		}
	}
	return nil
}

func (w *world) Stay(_ context.Context, id string) (registry.Occupancy, registry.AccessPoint, error) {
	for _, o := range w.stays {
		if o.ID == id {
			return o, w.point, nil
		}
	}
	return registry.Occupancy{}, w.point, &portal.Error{Code: portal.NotFound, Key: "not_found"}
}

func (w *world) StayIn(_ tx.Tx, id string) (registry.Occupancy, registry.AccessPoint, error) {
	return w.Stay(context.Background(), id)
}

func (w *world) row(day int64) metering.DayRow {
	values := make([]metering.Slot, len(w.quarters[day]))
	for i, v := range w.quarters[day] {
		values[i].Amount = v
	}
	packed, err := metering.AppendPacked(nil, values, 0)
	if err != nil {
		panic(err)
	}
	return metering.DayRow{EAN: theEAN, Register: metering.OfftakeTotal, Day: day, Meter: "m", Packed: packed}
}

func (w *world) ReadingDays(_ context.Context, _ portal.EAN, from, to int64) (rows []metering.DayRow, _ error) {
	for day := range w.quarters {
		if from <= day && day <= to {
			rows = append(rows, w.row(day))
		}
	}
	slices.SortFunc(rows, func(a, b metering.DayRow) int { return cmp.Compare(a.Day, b.Day) })
	return rows, nil
}

// ReadingHistory: this world has days; totals with bounds of their own are held
// to the same law by portal/metering.
func (w *world) ReadingHistory(_ context.Context, _ portal.EAN, p portal.Period) (kept metering.Kept, err error) {
	by := map[int64]*metering.Month{}
	for day := range w.quarters {
		number := day / 100
		if number < metering.MonthNumber(p.From) || number > metering.MonthNumber(p.To.Add(-1)) {
			continue
		}
		if by[number] == nil {
			by[number] = &metering.Month{}
		}
		sum, err := metering.Sum(w.row(day).Packed)
		if err != nil {
			return kept, err
		}
		by[number].Add(sum)
	}
	for number, m := range by {
		kept.Months = append(kept.Months, metering.MonthRow{Register: metering.OfftakeTotal, Number: number,
			Amount: m.Amount, Days: m.Days, Estimated: m.Estimated, Missing: m.Missing})
	}
	return kept, nil
}

// within draws a moment some days around another, at midnight or in the day.
func within(t *rapid.T, name string, around time.Time, back, on int) time.Time {
	at := around.AddDate(0, 0, rapid.IntRange(-back, on).Draw(t, name))
	if rapid.IntRange(0, 3).Draw(t, name+" in the day") == 0 {
		at = at.Add(time.Duration(rapid.IntRange(1, 22).Draw(t, name+" hour")) * time.Hour)
	}
	return at
}

// drawWorld draws three stays, the days of three months up to today (an import
// refuses what is to come) and a mandate of the
// second occupant, around a change of the clock or the end of a year.
func drawWorld(t *rapid.T) *world {
	centre := rapid.SampledFrom([]time.Time{
		portal.Date(2026, 10, 25), portal.Date(2026, 3, 29), portal.Date(2026, 1, 1), portal.Date(2026, 7, 10),
	}).Draw(t, "around")
	w := &world{now: within(t, "now", centre, 5, 40), quarters: map[int64][]int64{},
		point: registry.AccessPoint{EAN: theEAN, Energy: portal.Electricity,
			PowerVA: rapid.SampledFrom([]int64{9_200, 60_000}).Draw(t, "power")}}
	in := within(t, "moved in", centre, 60, 10)
	w.stays = []registry.Occupancy{
		{ID: "before", EAN: theEAN, Period: portal.Period{From: portal.Date(2020, 1, 1), To: in}},
		{ID: "mine", EAN: theEAN, Period: portal.Period{From: in}},
	}
	if rapid.Bool().Draw(t, "moves out") {
		w.stays[1].To = within(t, "moved out", in.AddDate(0, 0, 30), 28, 60)
		w.stays = append(w.stays, registry.Occupancy{ID: "after", EAN: theEAN, Period: portal.Period{From: w.stays[1].To}})
	}
	if rapid.Bool().Draw(t, "detail chosen") {
		w.stays[1].DetailFrom = within(t, "chosen", in, 10, 40)
	}
	seed := rapid.Int64Range(1, 1<<20).Draw(t, "values")
	for day := centre.AddDate(0, 0, -75); !day.After(w.now); day = day.AddDate(0, 0, 1) {
		w.fill(day, seed)
	}
	w.mandate = drawMandate(t, w.now)
	if rapid.Bool().Draw(t, "in force") { // else most worlds would deliver nothing
		w.force()
	}
	return w
}

// force makes the mandate one that delivers: all kinds, valid now, of whoever
// lives there now, over some of the days that are there.
func (w *world) force() {
	m := &w.mandate
	m.Scope.Kinds = mandates.Kinds
	m.Scope.Validity = portal.Period{From: w.now.AddDate(0, 0, -1), To: w.now.AddDate(0, 1, 0)}
	m.Scope.Data = portal.Period{From: w.now.AddDate(0, 0, -40)}
	for _, stay := range w.stays {
		if stay.Contains(w.now) {
			m.Lines[0] = mandates.Line{EAN: theEAN, Outcome: mandates.Granted, Proven: true, OccupancyID: stay.ID, LetterID: "l", GrantedAt: w.now.AddDate(0, 0, -20)}
		}
	}
}

func (w *world) fill(day time.Time, seed int64) {
	values := make([]int64, metering.SlotsIn(day, 15*time.Minute))
	for i := range values {
		seed = (seed*1103515245 + int64(i) + metering.DayNumber(day)) & (1<<31 - 1)
		values[i] = seed % 1000
	}
	w.quarters[metering.DayNumber(day)] = values
}

func drawMandate(t *rapid.T, now time.Time) mandates.Mandate {
	m := mandates.Mandate{ID: "m1", PartnerID: "p1", Status: mandates.Decided, Version: 1, Text: []byte("text")}
	for _, k := range mandates.Kinds {
		if rapid.IntRange(0, 3).Draw(t, string(k)) > 0 {
			m.Scope.Kinds = append(m.Scope.Kinds, k)
		}
	}
	m.Scope.Validity = portal.Period{From: within(t, "valid from", now, 40, 3), To: within(t, "valid to", now, 3, 60)}
	m.Scope.Data.From = within(t, "data from", now, 70, 3)
	if rapid.Bool().Draw(t, "data end") {
		m.Scope.Data.To = within(t, "data to", m.Scope.Data.From, 0, 60)
	}
	l := mandates.Line{EAN: theEAN, Outcome: mandates.Granted, OccupancyID: "mine", LetterID: "l", GrantedAt: now.AddDate(0, 0, -20)}
	switch rapid.IntRange(0, 5).Draw(t, "line") {
	case 5:
		l.ToldAt = within(t, "told", now, 25, 0)
	case 4:
		l.End, l.EndedAt, l.Proven = mandates.ByRevocation, now, true
	case 3:
		l.OccupancyID = rapid.SampledFrom([]string{"before", "after"}).Draw(t, "other stay")
		l.Proven = true
	default:
		l.Proven = true
	}
	m.Lines = []mandates.Line{l}
	return m
}

// IndexTotals: nobody types readings in this world.
func (w *world) IndexTotals(context.Context, registry.Occupancy) ([]metering.PeriodTotal, error) {
	return nil, nil
}

// ReadingChanges: this world asks for all.
func (w *world) ReadingChanges(context.Context, portal.EAN, time.Time, int64, int64) ([]portal.Period, error) {
	return nil, nil
}
