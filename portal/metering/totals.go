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

// PeriodTotal is a register's total over whole local days, more than one.
type PeriodTotal struct {
	EAN                portal.EAN
	Register           Register
	Period             portal.Period
	Amount             int64 // thousandths of the unit
	Estimated, Missing bool  // a part is
	Line               int   // in the file, for messages
}

// TotalError says by line why a total cannot be taken. Total is what is
// stored of its period.
type TotalError struct {
	Line  int
	Days  bool // the days of the period are known and say something else
	Total int64
}

func (e *TotalError) Error() string {
	if e.Days {
		return fmt.Sprintf("line %d: the days stored of this period add up to %d.%03d; import the days", e.Line, e.Total/1000, e.Total%1000)
	}
	return fmt.Sprintf("line %d: is no whole month, and a part of one cannot be kept as a total; import the days", e.Line)
}

// ImportTotals writes the totals of one file, all or nothing, in the order of
// Import's rules: a whole month becomes a month read as one total, unless its
// days are stored. Days say more than a total, so that a total which differs
// from them is a TotalError, and so is one that is no whole month and not the
// sum of what is stored.
func (i *Importer) ImportTotals(ctx context.Context, totals []PeriodTotal, o ImportOptions) (Report, error) {
	totals = slices.Clone(totals)
	slices.SortStableFunc(totals, func(a, b PeriodTotal) int { return cmp.Compare(a.EAN, b.EAN) })
	var report Report
	err := i.Runner.Do(ctx, func(t tx.Tx) error {
		report = Report{}
		w := work{archive: i.Archive, t: t, now: i.Clock(), total: len(totals), progress: i.Progress}
		var puts []Month
		for _, total := range totals {
			m, err := w.totalOf(total)
			if err != nil {
				return err
			}
			if m != nil {
				puts = append(puts, *m)
			}
		}
		if len(puts) == 0 {
			return nil
		}
		report.Months, report.Recorded = len(puts), true
		if err := i.Archive.PutReadingMonths(t, puts); err != nil {
			return err
		}
		t.Record(i.entry(o.Name, map[string]string{"months": strconv.Itoa(len(puts)), "points": w.points}))
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

// totalOf gives the month to write; nil where what is stored says the same.
func (w *work) totalOf(total PeriodTotal) (*Month, error) {
	if err := w.known(total); err != nil {
		return nil, err
	}
	from, last := total.Period.From, total.Period.To.Add(-1)
	months, err := w.archive.ReadingMonthsIn(w.t, total.EAN, MonthNumber(from), MonthNumber(last))
	if err != nil {
		return nil, err
	}
	month := bounds(ByMonth, from)
	if !month.From.Equal(from) || !month.To.Equal(total.Period.To) {
		sum, err := w.stored(total, months)
		if err == nil && sum != total.Amount {
			err = &TotalError{Line: total.Line}
		}
		return nil, err
	}
	m := Month{EAN: total.EAN, Register: total.Register, Date: month.From, Amount: total.Amount}
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
		return nil, nil // a zero that may count nothing (Day.Perhaps)
	}
	for _, old := range months {
		switch {
		case old.Register != total.Register:
		case old.Days > 0 && old.Amount != total.Amount:
			return nil, &TotalError{Line: total.Line, Days: true, Total: old.Amount}
		case old.Days > 0, sameMonth(old, m):
			return nil, nil
		}
	}
	return &m, nil
}

// known checks the point as Import does.
func (w *work) known(total PeriodTotal) error {
	point, _, found, err := w.archive.ReadingPoint(w.t, total.EAN)
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
	w.points = total.EAN.Masked()
	return nil
}

// stored adds up what is stored of a period: whole months, and days at its edges.
func (w *work) stored(total PeriodTotal, months []Month) (sum int64, err error) {
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
			return 0, err
		}
		for _, row := range rows {
			day, err := Sum(row.Packed)
			if err != nil {
				return 0, fmt.Errorf("%s of %d: %w", row.Register, row.Day, err)
			}
			if row.Register == total.Register {
				sum += day.Amount
			}
		}
	}
	return sum, nil
}

func within(inner, outer portal.Period) bool {
	return !inner.From.Before(outer.From) && !inner.To.After(outer.To)
}
