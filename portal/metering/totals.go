package metering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"guichet/portal"
	"guichet/portal/tx"
)

// PeriodTotal is a register's total over whole local days.
type PeriodTotal struct {
	EAN                portal.EAN
	Register           Register
	Period             portal.Period
	Amount             int64 // thousandths of the unit
	Estimated, Missing bool  // a part is
	// Indexed: it was counted between two readings of the meter, as
	// indexes.Between decides.
	Indexed bool
	Line    int // in the file, for messages
}

// TotalError says by line that a total cannot be taken: what is stored of its
// period adds up to Total.
type TotalError struct {
	Line  int
	Total int64
}

func (e *TotalError) Error() string {
	return fmt.Sprintf("line %d: what is stored of this period adds up to %d.%03d; import the days", e.Line, e.Total/1000, e.Total%1000)
}

// ImportTotals writes the totals of one file, all or nothing, in the order of
// Import's rules: a whole month becomes a month read as one total, unless its
// days are stored. Days say more than a total, so that a total which differs
// from them is a TotalError. One that is no whole month, a part of one or a
// year, is kept with its own bounds where nothing of its period is stored; else
// it must be the sum of what is. That of a period still running stands until
// the period has a day more: then it is one of another period. One counted between
// two readings of the meter keeps its bounds, whatever they are.
func (i *Importer) ImportTotals(ctx context.Context, totals []PeriodTotal, o ImportOptions) (Report, error) {
	totals = slices.Clone(totals)
	slices.SortStableFunc(totals, func(a, b PeriodTotal) int { return cmp.Compare(a.EAN, b.EAN) })
	var report Report
	err := i.Runner.Do(ctx, func(t tx.Tx) error {
		report = Report{}
		w := work{archive: i.Archive, t: t, now: i.Clock(), total: len(totals), progress: i.Progress}
		var puts []Month
		var parts []PeriodTotal
		for _, total := range totals {
			m, part, err := w.totalOf(total)
			switch {
			case err != nil:
				return err
			case m != nil:
				puts = append(puts, *m)
			case part:
				parts = append(parts, total)
			}
			if w.done++; w.progress != nil {
				w.progress(w.done, w.total)
			}
		}
		if len(puts)+len(parts) == 0 {
			return nil
		}
		report.Months, report.Recorded = len(puts)+len(parts), true
		if err := errors.Join(i.Archive.PutReadingMonths(t, puts), i.Archive.PutReadingTotals(t, parts)); err != nil {
			return err
		}
		t.Record(i.entry(o.Name, map[string]string{"months": strconv.Itoa(report.Months), "points": w.points}))
		if o.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		report.Recorded, err = false, nil
	}
	return report, err
}

// totalOf gives the month to write, or tells that the total is to be kept with
// its own bounds; neither where what is stored says the same.
func (w *work) totalOf(total PeriodTotal) (m *Month, part bool, err error) {
	if err := w.known(total); err != nil {
		return nil, false, err
	}
	from, last := total.Period.From, total.Period.To.Add(-1)
	months, err := w.archive.ReadingMonthsIn(w.t, total.EAN, MonthNumber(from), MonthNumber(last))
	if err != nil {
		return nil, false, err
	}
	if total.Indexed {
		fresh, err := w.indexed(total)
		return nil, fresh, err
	}
	month := bounds(ByMonth, from)
	if !month.From.Equal(from) || !month.To.Equal(total.Period.To) {
		sum, known, err := w.stored(total, months)
		switch {
		case err != nil || sum == total.Amount && known:
			return nil, false, err
		case known:
			return nil, false, &TotalError{Line: total.Line, Total: sum}
		}
		return nil, true, nil
	}
	return w.monthOf(total, months)
}

// monthOf lays a total of a whole month beside the months that are stored.
func (w *work) monthOf(total PeriodTotal, months []Month) (*Month, bool, error) {
	m := Month{EAN: total.EAN, Register: total.Register, Date: total.Period.From, Amount: total.Amount}
	if total.Estimated {
		m.Estimated = 1
	}
	if total.Missing {
		m.Missing = 1
	}
	stored := false
	for _, old := range months {
		stored = stored || old.Register == total.Register
	}
	if !stored && total.Amount == 0 && len(months) > 0 {
		return nil, false, nil // a zero that may count nothing (Day.Perhaps)
	}
	for _, old := range months {
		switch {
		case old.Register != total.Register:
		case old.Days > 0 && old.Amount != total.Amount:
			return nil, false, &TotalError{Line: total.Line, Total: old.Amount}
		case old.Days > 0, sameMonth(old, m):
			return nil, false, nil
		}
	}
	return &m, false, nil
}

// indexed tells whether a total between two readings is to be kept. Where the
// readings are here, what they tell stands; where anything else is known of its
// days, it is not shown (History).
func (w *work) indexed(total PeriodTotal) (fresh bool, err error) {
	known, err := w.archive.ReadingTotalsIn(w.t, total.EAN, DayNumber(total.Period.From), DayNumber(total.Period.To))
	if err != nil {
		return false, err
	}
	typed := len(known)
	for _, stay := range w.stays {
		stay.EAN = total.EAN
		more, err := w.archive.IndexTotalsIn(w.t, stay)
		if err != nil {
			return false, err
		}
		known = append(known, more...)
	}
	for i, k := range known {
		same := k.Period.From.Equal(total.Period.From) && k.Period.To.Equal(total.Period.To)
		switch {
		case !k.Indexed || k.Register != total.Register || !k.Period.Overlaps(total.Period):
		case same && k.Amount == total.Amount:
			return false, nil
		case i >= typed:
			return false, &TotalError{Line: total.Line, Total: k.Amount}
		}
	}
	return true, nil
}

// known checks the point as Import does.
func (w *work) known(total PeriodTotal) error {
	point, stays, found, err := w.archive.ReadingPoint(w.t, total.EAN)
	switch {
	case err != nil:
		return err
	case !found:
		return &portal.Error{Code: portal.Invalid, Key: "readings.point.unknown", Field: "ean", Args: []any{string(total.EAN)}}
	case !total.Register.Valid() || total.Register.Energy() != point.Energy:
		return &portal.Error{Code: portal.Invalid, Key: "readings.energy", Field: "register",
			Args: []any{string(total.EAN), string(total.Register), string(point.Energy)}}
	case dayStart(w.now).Before(total.Period.To.AddDate(0, 0, -1)):
		return &portal.Error{Code: portal.Invalid, Key: "readings.future", Field: "date",
			Args: []any{string(total.EAN), total.Period.To.Format("2006-01-02")}}
	}
	w.points, w.stays = total.EAN.Masked(), stays
	return nil
}

// stored adds up what is stored of a period: whole months, days at its edges, or
// totals with just those bounds. known is false where nothing is, of any register.
func (w *work) stored(total PeriodTotal, months []Month) (sum int64, known bool, err error) {
	kept, err := w.archive.ReadingTotalsIn(w.t, total.EAN, DayNumber(total.Period.From), DayNumber(total.Period.To))
	if err != nil {
		return 0, false, err
	}
	of := func(p portal.Period) (sum int64, there bool) {
		for _, k := range kept {
			if k.Register == total.Register && k.Period.From.Equal(p.From) && k.Period.To.Equal(p.To) {
				return k.Amount, true
			}
		}
		return 0, false
	}
	known = len(months) > 0
	for _, m := range months {
		if m.Register == total.Register && within(bounds(ByMonth, m.Date), total.Period) {
			sum += m.Amount
		}
	}
	for at := total.Period.From; at.Before(total.Period.To); at = bounds(ByMonth, at).To {
		if within(bounds(ByMonth, at), total.Period) {
			continue
		}
		part, _ := bounds(ByMonth, at).Intersect(total.Period)
		rows, err := w.archive.ReadingDaysIn(w.t, total.EAN, DayNumber(part.From), DayNumber(part.To.Add(-1)))
		if err != nil {
			return 0, false, err
		}
		if kept, there := of(part); len(rows) == 0 && there {
			sum, known = sum+kept, true
		}
		known = known || len(rows) > 0
		for _, row := range rows {
			day, err := Sum(row.Packed)
			if err != nil {
				return 0, false, fmt.Errorf("%s of %d: %w", row.Register, row.Day, err)
			}
			if row.Register == total.Register {
				sum += day.Amount
			}
		}
	}
	if whole, there := of(total.Period); there && !known {
		return whole, whole == total.Amount, nil // another one of the same bounds replaces it
	}
	return sum, known, nil
}

func within(inner, outer portal.Period) bool {
	return !inner.From.Before(outer.From) && !inner.To.After(outer.To)
}
