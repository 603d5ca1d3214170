package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

var (
	_ metering.Archive = (*Store)(nil)
	_ metering.Ledger  = (*Store)(nil)
)

// ReadingPoint reads what an import must know of an access point.
func (s *Store) ReadingPoint(t tx.Tx, ean portal.EAN) (registry.AccessPoint, []registry.Occupancy, bool, error) {
	u := inside(t)
	p := registry.AccessPoint{EAN: ean}
	err := u.queryRow(`SELECT energy, power_va FROM access_points WHERE ean = $1`, string(ean)).Scan(&p.Energy, &p.PowerVA)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil, false, nil
	}
	if err != nil {
		return p, nil, false, shut(err)
	}
	var stays []registry.Occupancy
	// The lock makes a withdrawal wait until what this import keeps is there to
	// be deleted (D5).
	rows, err := u.query(`SELECT id, detail_us, from_us, to_us FROM occupancies WHERE ean = $1 ORDER BY from_us`+s.lock, string(ean))
	err = each(rows, err, func(r scanner) error {
		var detail, from, to int64
		o := registry.Occupancy{EAN: ean}
		if err := r.Scan(&o.ID, &detail, &from, &to); err != nil {
			return err
		}
		o.DetailFrom = portal.FromMicros(detail)
		o.Period = portal.Period{From: portal.FromMicros(from), To: portal.FromMicros(to)}
		stays = append(stays, o)
		return nil
	})
	return p, stays, true, err
}

// The registers are named, so that the key (ean, register, day) leads straight
// to the days asked for, instead of past every day of the point.
var (
	readingDays = `SELECT register, day, meter, packed FROM reading_days
  WHERE ean = $1 AND register IN (` + everyRegister() + `) AND day BETWEEN $2 AND $3 ORDER BY register, day`
	readingMonths = `SELECT register, month, amount, days, estimated, missing, none FROM reading_months
  WHERE ean = $1 AND register IN (` + everyRegister() + `) AND month BETWEEN $2 AND $3 ORDER BY month, register`
)

func everyRegister() string {
	names := make([]string, len(metering.Registers))
	for i, r := range metering.Registers {
		names[i] = "'" + string(r) + "'"
	}
	return strings.Join(names, ", ")
}

func scanDays(ean portal.EAN, rows *sql.Rows, err error) ([]metering.DayRow, error) {
	var days []metering.DayRow
	err = each(rows, err, func(r scanner) error {
		d := metering.DayRow{EAN: ean}
		if err := r.Scan(&d.Register, &d.Day, &d.Meter, &d.Packed); err != nil {
			return err
		}
		days = append(days, d)
		return nil
	})
	return days, err
}

func scanMonths(ean portal.EAN, rows *sql.Rows, err error) ([]metering.Month, error) {
	var months []metering.Month
	err = each(rows, err, func(r scanner) error {
		m := metering.Month{EAN: ean}
		var month int64
		if err := r.Scan(&m.Register, &month, &m.Amount, &m.Days, &m.Estimated, &m.Missing, &m.None); err != nil {
			return err
		}
		m.Date = metering.MonthOf(month)
		months = append(months, m)
		return nil
	})
	return months, err
}

// ReadingDaysIn reads days inside a unit of work.
func (s *Store) ReadingDaysIn(t tx.Tx, ean portal.EAN, from, to int64) ([]metering.DayRow, error) {
	rows, err := inside(t).query(readingDays, string(ean), from, to)
	return scanDays(ean, rows, err)
}

// ReadingDays reads committed days.
func (s *Store) ReadingDays(ctx context.Context, ean portal.EAN, from, to int64) ([]metering.DayRow, error) {
	rows, err := s.query(ctx, readingDays, string(ean), from, to)
	return scanDays(ean, rows, err)
}

// ReadingMonthsIn reads months inside a unit of work.
func (s *Store) ReadingMonthsIn(t tx.Tx, ean portal.EAN, from, to int64) ([]metering.Month, error) {
	rows, err := inside(t).query(readingMonths, string(ean), from, to)
	return scanMonths(ean, rows, err)
}

// The days that a month or total covers stand behind it; a month that was added
// up changed with its days.
var readingChanges = `SELECT day, 0 FROM reading_days WHERE ean = $1 AND register IN (` + everyRegister() + `) AND day >= $2 AND day < $3 AND changed_us >= $4
  UNION SELECT month * 100 + 1, -1 FROM reading_months
  WHERE ean = $1 AND register IN (` + everyRegister() + `) AND month * 100 >= $2 - 99 AND month * 100 < $3 AND changed_us >= $4 AND days = 0
  UNION SELECT from_day, until_day FROM reading_totals WHERE ean = $1 AND from_day < $3 AND until_day > $2 AND changed_us >= $4`

// ReadingChanges implements metering.Ledger.
func (s *Store) ReadingChanges(ctx context.Context, ean portal.EAN, since time.Time, from, until int64) ([]portal.Period, error) {
	rows, err := s.query(ctx, readingChanges, string(ean), from, until, portal.Micros(since))
	return all(rows, err, func(r scanner) (p portal.Period, err error) {
		var first, end int64
		err = r.Scan(&first, &end)
		p.From = metering.DateOf(first)
		switch end {
		case 0:
			p.To = p.From.AddDate(0, 0, 1)
		case -1:
			p.To = p.From.AddDate(0, 1, 0)
		default:
			p.To = metering.DateOf(end)
		}
		return p, err
	})
}

// ReadingTotalsIn reads totals with their own bounds inside a unit of work.
func (s *Store) ReadingTotalsIn(t tx.Tx, ean portal.EAN, from, until int64) ([]metering.PeriodTotal, error) {
	rows, err := inside(t).query(`SELECT register, from_day, until_day, amount, estimated, missing FROM reading_totals
  WHERE ean = $1 AND from_day >= $2 AND until_day <= $3 ORDER BY register, from_day, until_day`, string(ean), from, until)
	return all(rows, err, func(r scanner) (metering.PeriodTotal, error) {
		t := metering.PeriodTotal{EAN: ean}
		var from, until int64
		err := r.Scan(&t.Register, &from, &until, &t.Amount, &t.Estimated, &t.Missing)
		t.Period = portal.Period{From: metering.DateOf(from), To: metering.DateOf(until)}
		return t, err
	})
}

// PutReadingTotals inserts totals or replaces those of the same bounds.
func (s *Store) PutReadingTotals(t tx.Tx, totals []metering.PeriodTotal) error {
	now := portal.Micros(s.clock())
	for _, one := range totals {
		if _, err := inside(t).exec(`INSERT INTO reading_totals (ean, register, from_day, until_day, amount, estimated, missing, changed_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (ean, register, from_day, until_day) DO UPDATE SET amount = excluded.amount, estimated = excluded.estimated, missing = excluded.missing,
  changed_us = excluded.changed_us`,
			string(one.EAN), string(one.Register), metering.DayNumber(one.Period.From), metering.DayNumber(one.Period.To), one.Amount, one.Estimated, one.Missing, now); err != nil {
			return shut(err)
		}
	}
	return nil
}

// PutReadingDays inserts or replaces days, and dates the change.
func (s *Store) PutReadingDays(t tx.Tx, days []metering.DayRow) error {
	const columns = 6
	u, now := inside(t), portal.Micros(s.clock())
	args := make([]any, 0, rowsAStatement*columns)
	full := ""
	for start := 0; start < len(days); start += rowsAStatement {
		part := days[start:min(start+rowsAStatement, len(days))]
		args = args[:0]
		for _, d := range part {
			args = append(args, string(d.EAN), string(d.Register), d.Day, d.Meter, d.Packed, now)
		}
		text := full
		if text == "" || len(part) < rowsAStatement {
			text = `INSERT INTO reading_days (ean, register, day, meter, packed, changed_us) VALUES ` + values(len(part), columns) +
				` ON CONFLICT (ean, register, day) DO UPDATE SET meter = excluded.meter, packed = excluded.packed, changed_us = excluded.changed_us`
		}
		if len(part) == rowsAStatement {
			full = text
		}
		if _, err := u.exec(text, args...); err != nil {
			return shut(err)
		}
	}
	return nil
}

// PutReadingMonths inserts or replaces months; one read as one total never
// replaces one that was added up from days.
func (s *Store) PutReadingMonths(t tx.Tx, months []metering.Month) error {
	const columns = 9
	u, now := inside(t), portal.Micros(s.clock())
	for start := 0; start < len(months); start += rowsAStatement {
		part := months[start:min(start+rowsAStatement, len(months))]
		args := make([]any, 0, len(part)*columns)
		for _, m := range part {
			args = append(args, string(m.EAN), string(m.Register), metering.MonthNumber(m.Date), m.Amount,
				int64(m.Days), int64(m.Estimated), int64(m.Missing), int64(m.None), now)
		}
		if _, err := u.exec(`INSERT INTO reading_months (ean, register, month, amount, days, estimated, missing, none, changed_us) VALUES `+
			values(len(part), columns)+` ON CONFLICT (ean, register, month) DO UPDATE SET amount = excluded.amount, days = excluded.days,
  estimated = excluded.estimated, missing = excluded.missing, none = excluded.none, changed_us = excluded.changed_us
  WHERE excluded.days > 0 OR reading_months.days = 0`, args...); err != nil {
			return shut(err)
		}
	}
	return nil
}

// DropReadingDays deletes days; what is left of each is dated as changed.
func (s *Store) DropReadingDays(t tx.Tx, days []metering.DayRow) error {
	now := portal.Micros(s.clock())
	for _, d := range days {
		if _, err := inside(t).exec(`UPDATE reading_days SET changed_us = $1 WHERE ean = $2 AND register IN (`+everyRegister()+`) AND day = $3`,
			now, string(d.EAN), d.Day); err != nil {
			return shut(err)
		}
		if _, err := inside(t).exec(`DELETE FROM reading_days WHERE ean = $1 AND register = $2 AND day = $3`,
			string(d.EAN), string(d.Register), d.Day); err != nil {
			return shut(err)
		}
	}
	return nil
}

// DropReadingMonths deletes months.
func (s *Store) DropReadingMonths(t tx.Tx, months []metering.Month) error {
	for _, m := range months {
		if _, err := inside(t).exec(`DELETE FROM reading_months WHERE ean = $1 AND register = $2 AND month = $3`,
			string(m.EAN), string(m.Register), metering.MonthNumber(m.Date)); err != nil {
			return shut(err)
		}
	}
	return nil
}
