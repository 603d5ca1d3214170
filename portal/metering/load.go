package metering

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"guichet/portal"
	"guichet/portal/tx"
)

// loadChunk is how many days one unit of work of Load carries: the commit's
// cost disappears and other writers wait a fraction of a second.
const loadChunk = 1 << 16

// Load writes many days fast, in a few large units of work, each with its
// trail entry: for a fresh database (the demo's town). It asks no register,
// applies no D5 and merges nothing: the days are taken as they are, never the
// same twice, whole months at a time, those of an EAN one after the other.
// Fastest in the order of EAN, register and date.
func (i *Importer) Load(ctx context.Context, days iter.Seq[Day]) (Report, error) {
	var report Report
	var l loading
	flush := func() error {
		if len(l.rows) == 0 && len(l.done) == 0 {
			return nil
		}
		err := i.Runner.Do(ctx, func(t tx.Tx) error {
			if err := i.Archive.PutReadingDays(t, l.rows); err != nil {
				return err
			}
			if err := i.Archive.PutReadingMonths(t, l.done); err != nil {
				return err
			}
			t.Record(i.entry("", map[string]string{"days": strconv.Itoa(len(l.rows)), "months": strconv.Itoa(len(l.done))}))
			return nil
		})
		if err != nil {
			return err
		}
		report.New += len(l.rows)
		report.Months += len(l.done)
		report.Recorded = true
		if i.Progress != nil {
			i.Progress(report.New, 0)
		}
		l.rows, l.done, l.bytes = l.rows[:0], l.done[:0], l.bytes[:0]
		return nil
	}
	for d := range days {
		if err := l.add(d); err != nil {
			return report, err
		}
		if len(l.rows) >= loadChunk {
			if err := flush(); err != nil {
				return report, err
			}
		}
	}
	l.endPoint()
	return report, flush()
}

// loading gathers a chunk: packed days in one piece of memory, and the months
// of the access point that is passing by.
type loading struct {
	rows   []DayRow
	bytes  []byte
	done   []Month
	ean    portal.EAN
	months []Month
	at     map[monthKey]int
}

func (l *loading) add(d Day) error {
	if d.EAN != l.ean {
		l.endPoint()
		l.ean = d.EAN
	}
	start := len(l.bytes)
	var err error
	if l.bytes, err = AppendPacked(l.bytes, d.Values, d.Lost); err != nil {
		return fmt.Errorf("%s of %s: %w", d.Register, d.Date.Format("2006-01-02"), err)
	}
	day := DayNumber(d.Date)
	l.rows = append(l.rows, DayRow{EAN: d.EAN, Register: d.Register, Day: day, Meter: d.Meter,
		Packed: l.bytes[start:len(l.bytes):len(l.bytes)]})
	key := monthKey{d.Register, day / 100}
	n, ok := l.at[key]
	if !ok {
		if l.at == nil {
			l.at = map[monthKey]int{}
		}
		n = len(l.months)
		l.at[key] = n
		l.months = append(l.months, Month{EAN: d.EAN, Register: d.Register, Date: MonthOf(day / 100)})
	}
	sum := total(d.Values)
	if sum.MissingNo == 0 {
		sum.MissingNo = d.Lost
	}
	l.months[n].Add(sum)
	return nil
}

func (l *loading) endPoint() {
	l.done = append(l.done, l.months...)
	l.months = l.months[:0]
	clear(l.at)
}

// LoadMonths writes totals of months that were read as one (points without
// daily values). A month that has days keeps them.
func (i *Importer) LoadMonths(ctx context.Context, months []Month) (Report, error) {
	for _, m := range months {
		if !m.Register.Valid() || m.Days != 0 || m.Amount < 0 {
			return Report{}, fmt.Errorf("%s of %s is not a month read as one total", m.Register, m.Date.Format("2006-01"))
		}
	}
	err := i.Runner.Do(ctx, func(t tx.Tx) error {
		if err := i.Archive.PutReadingMonths(t, months); err != nil {
			return err
		}
		t.Record(i.entry("", map[string]string{"months": strconv.Itoa(len(months))}))
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	return Report{Months: len(months), Recorded: true}, nil
}
