package metering

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// DayRow is a Day as it is stored.
type DayRow struct {
	EAN      portal.EAN
	Register Register
	Day      int64 // DayNumber
	Meter    string
	Packed   []byte
}

// Archive is what the Importer needs of the store. All but the reads of the
// register run inside the unit of work that records the import.
type Archive interface {
	// ReadingPoint gives an access point and all its occupancies; found is
	// false where the register does not know the EAN.
	ReadingPoint(t tx.Tx, ean portal.EAN) (point registry.AccessPoint, stays []registry.Occupancy, found bool, err error)
	// ReadingDaysIn gives all registers' days in [from, to], both DayNumbers,
	// in the order of register and day.
	ReadingDaysIn(t tx.Tx, ean portal.EAN, from, to int64) ([]DayRow, error)
	// ReadingMonthsIn gives all registers' months in [from, to], MonthNumbers.
	ReadingMonthsIn(t tx.Tx, ean portal.EAN, from, to int64) ([]Month, error)
	// ReadingTotalsIn is Ledger's ReadingTotals inside the unit of work.
	ReadingTotalsIn(t tx.Tx, ean portal.EAN, from, until int64) ([]PeriodTotal, error)
	// IndexTotalsIn is Ledger's IndexTotals inside the unit of work.
	IndexTotalsIn(t tx.Tx, occ registry.Occupancy) ([]PeriodTotal, error)
	// PutReadingTotals inserts totals or replaces those of the same bounds.
	PutReadingTotals(t tx.Tx, totals []PeriodTotal) error
	// PutReadingDays inserts or replaces days; no two may be the same.
	PutReadingDays(t tx.Tx, days []DayRow) error
	// DropReadingDays deletes days by EAN, Register and Day.
	DropReadingDays(t tx.Tx, days []DayRow) error
	// PutReadingMonths inserts or replaces months; no two may be the same.
	PutReadingMonths(t tx.Tx, months []Month) error
	// DropReadingMonths deletes months by EAN, Register and Date.
	DropReadingMonths(t tx.Tx, months []Month) error
}

// Importer writes readings: days, and the monthly totals they make, in one
// unit of work with one trail entry.
type Importer struct {
	Archive Archive
	Runner  tx.Runner
	Clock   portal.Clock
	// Progress, where set, hears how many of how many days are done. It is
	// called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// ImportOptions say how one file is imported.
type ImportOptions struct {
	Name   string // the file's base name, for the trail
	DryRun bool   // do everything but keep nothing
}

// Report is what an import did, or would do.
type Report struct {
	New, Changed, Unchanged int // days of a register
	Months                  int // monthly totals written
	// ByDay counts the days kept as one daily total because detail was not
	// chosen (D5).
	ByDay int
	// Replaced counts days of a total register dropped because the file has
	// the bands of that day, or the other way round.
	Replaced int
	Recorded bool // false: nothing changed, so the trail has no entry
}

// errDryRun rolls a finished import back.
var errDryRun = errors.New("dry run")

// Import writes the days of one file, all or nothing. Importing the same
// again changes nothing and records nothing. An EAN that the register does
// not know, or of the other energy, or a day in the future, is an Invalid error that names it.
//
//   - Values finer than daily are kept where the point's power demands it or
//     the occupant of that day chose it; else one total a day is kept (D5).
//   - A stored day is replaced where the file differs, but a value that the
//     file lacks never erases one that is known, and a daily total never
//     replaces finer values of the same sum.
//   - Zeros that may count nothing (Day.Perhaps) are written only where nothing
//     is stored of their day.
//   - A day's bands replace its stored total, and its total the bands.
//   - The months touched are added up again from all their days; a month that
//     was read as one total gives way only to a whole month of days.
//   - Days outside every occupancy are kept; History shows them to nobody (Ld1).
func (i *Importer) Import(ctx context.Context, days []Day, o ImportOptions) (Report, error) {
	days = slices.Clone(days)
	slices.SortStableFunc(days, func(a, b Day) int {
		return cmp.Or(cmp.Compare(a.EAN, b.EAN), cmp.Compare(a.Register, b.Register), a.Date.Compare(b.Date))
	})
	var report Report
	err := i.Runner.Do(ctx, func(t tx.Tx) error {
		w := work{archive: i.Archive, t: t, now: i.Clock(), total: len(days), progress: i.Progress}
		for from := 0; from < len(days); {
			to := from + 1
			for to < len(days) && days[to].EAN == days[from].EAN {
				to++
			}
			if err := w.point(days[from:to]); err != nil {
				return err
			}
			from = to
		}
		report = w.report
		if w.report.New+w.report.Changed+w.report.Replaced+w.report.Months == 0 {
			return nil
		}
		report.Recorded = true
		t.Record(i.entry(o.Name, map[string]string{
			"days": strconv.Itoa(len(days)), "new": strconv.Itoa(report.New), "changed": strconv.Itoa(report.Changed),
			"months": strconv.Itoa(report.Months), "points": w.points}))
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

func (i *Importer) entry(name string, details map[string]string) audit.Entry {
	if name != "" {
		details["file"] = name
	}
	return audit.Entry{At: i.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "import"},
		Action: audit.ReadingsLoaded, Channel: "command", Details: details}
}

// work is one import in progress.
type work struct {
	archive  Archive
	t        tx.Tx
	now      time.Time
	total    int
	done     int
	progress func(done, total int)
	report   Report
	points   string               // masked, for the trail
	stays    []registry.Occupancy // of the point that was last asked for
}

type dayKey struct {
	register Register
	day      int64
}

// point imports the days of one access point, sorted by register and date.
func (w *work) point(days []Day) error {
	ean := days[0].EAN
	point, stays, found, err := w.archive.ReadingPoint(w.t, ean)
	if err != nil {
		return err
	}
	if !found {
		return &portal.Error{Code: portal.Invalid, Key: "readings.point.unknown", Field: "ean", Args: []any{string(ean)}}
	}
	if len(w.points) < 400 {
		w.points = strings.TrimPrefix(w.points+", "+ean.Masked(), ", ")
	}
	first, last := days[0].Date, days[0].Date
	for _, d := range days {
		if !d.Register.Valid() || d.Register.Energy() != point.Energy {
			return &portal.Error{Code: portal.Invalid, Key: "readings.energy", Field: "register",
				Args: []any{string(ean), string(d.Register), string(point.Energy)}}
		}
		if d.Date.After(w.now) {
			return &portal.Error{Code: portal.Invalid, Key: "readings.future", Field: "date",
				Args: []any{string(ean), d.Date.Format("2006-01-02")}}
		}
		if d.Date.Before(first) {
			first = d.Date
		}
		if d.Date.After(last) {
			last = d.Date
		}
	}
	// Whole months, so that the months touched can be added up again.
	rows, err := w.archive.ReadingDaysIn(w.t, ean, MonthNumber(first)*100+1, MonthNumber(last)*100+31)
	if err != nil {
		return err
	}
	stored := make(map[dayKey]DayRow, len(rows)+len(days))
	known := map[int64]bool{}
	for _, r := range rows {
		stored[dayKey{r.Register, r.Day}] = r
		known[r.Day] = true
	}
	p := merging{stored: stored, touched: map[monthKey]bool{}}
	for _, d := range days {
		if len(d.Values) > 1 && !detailKept(point, stays, d.Date, w.now) {
			d = d.Daily()
			w.report.ByDay++
		}
		day := DayNumber(d.Date)
		if _, was := stored[dayKey{d.Register, day}]; d.Perhaps && !was && known[day] {
			w.report.Unchanged++
		} else if err := p.merge(d, &w.report); err != nil {
			return err
		}
		if w.done++; w.progress != nil && (w.done%256 == 0 || w.done == w.total) {
			w.progress(w.done, w.total)
		}
	}
	p.exclude(days, &w.report)
	if err := w.archive.DropReadingDays(w.t, p.drops); err != nil {
		return err
	}
	if err := w.archive.PutReadingDays(w.t, p.puts); err != nil {
		return err
	}
	return w.months(ean, &p)
}

// detailKept tells whether values finer than daily may be kept. D5.
func detailKept(point registry.AccessPoint, stays []registry.Occupancy, date, now time.Time) bool {
	if point.PowerVA >= registry.DetailPower {
		return true
	}
	for _, stay := range stays {
		if stay.Contains(date) {
			from, ok := Detail(point, stay, now)
			return ok && !from.After(date)
		}
	}
	return false
}

// months adds up the touched months again.
func (w *work) months(ean portal.EAN, p *merging) error {
	if len(p.touched) == 0 {
		return nil
	}
	sums := map[monthKey]*Month{}
	from, to := int64(math.MaxInt64), int64(0)
	for key := range p.touched {
		sums[key] = &Month{EAN: ean, Register: key.register, Date: MonthOf(key.month)}
		from, to = min(from, key.month), max(to, key.month)
	}
	for key, row := range p.stored {
		m := sums[monthKey{key.register, key.day / 100}]
		if m == nil {
			continue
		}
		sum, err := Sum(row.Packed)
		if err != nil {
			return fmt.Errorf("%s of %d: %w", row.Register, row.Day, err)
		}
		m.Add(sum)
	}
	before, err := w.archive.ReadingMonthsIn(w.t, ean, from, to)
	if err != nil {
		return err
	}
	stored := map[monthKey]Month{}
	for _, m := range before {
		stored[monthKey{m.Register, MonthNumber(m.Date)}] = m
	}
	var puts, drops []Month
	for key, m := range sums {
		old, was := stored[key]
		switch {
		case was && old.Days == 0 && m.Days < m.Date.AddDate(0, 1, -1).Day():
			// read as one total, and the days are fewer than the month
		case was && m.Days == 0:
			drops = append(drops, *m)
		case m.Days > 0 && (!was || !sameMonth(old, *m)):
			puts = append(puts, *m)
		}
	}
	slices.SortFunc(puts, func(a, b Month) int {
		return cmp.Or(cmp.Compare(a.Register, b.Register), a.Date.Compare(b.Date))
	})
	w.report.Months += len(puts) + len(drops)
	if err := w.archive.DropReadingMonths(w.t, drops); err != nil {
		return err
	}
	return w.archive.PutReadingMonths(w.t, puts)
}

func sameMonth(a, b Month) bool {
	a.Date, b.Date = time.Time{}, time.Time{}
	return a == b
}

// Add counts one more day into the month.
func (m *Month) Add(day Total) {
	m.Days++
	m.Amount += day.Amount
	if day.Estimated > 0 {
		m.Estimated++
	}
	if day.MissingNo > 0 {
		m.Missing++
	}
	if day.None > 0 && day.Read+day.Validated+day.Estimated+day.MissingNo == 0 {
		m.None++
	}
}
