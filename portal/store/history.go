package store

import (
	"context"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/portal/metering"
)

// readingHistory is all that a page of months is made of, in one row: the
// hundred months of three years one by one, and a question for each table, took
// longer than everything else of the page. Each table is one text of words with
// spaces between them. Of a month, "register 202310DDEEMM amount": its number
// and how many days it has, are estimated and are missing.
var readingHistory = `SELECT
  COALESCE((SELECT string_agg(register || ' ' || (((month * 100 + days) * 100 + estimated) * 100 + missing) || ' ' || amount, ' ')
    FROM reading_months WHERE ean = $1 AND register IN (` + everyRegister() + `) AND month BETWEEN $2 AND $3), ''),
  COALESCE((SELECT string_agg(register || ' ' || from_day || ' ' || until_day || ' ' || amount ||
    CASE WHEN estimated THEN ' 1' ELSE ' 0' END || CASE WHEN missing THEN ' 1' ELSE ' 0' END, ' ')
    FROM reading_totals WHERE ean = $1 AND from_day >= $4 AND until_day <= $5), ''),
  COALESCE((SELECT string_agg(from_us || '', ' ') FROM meters WHERE ean = $1), '')`

// ReadingHistory implements metering.Ledger.
func (s *Store) ReadingHistory(ctx context.Context, ean portal.EAN, period portal.Period) (kept metering.Kept, err error) {
	var months, totals, meters words
	err = s.queryRow(ctx, readingHistory, string(ean),
		metering.MonthNumber(period.From), metering.MonthNumber(period.To.Add(-1)),
		metering.DayNumber(period.From), metering.DayNumber(period.To)).Scan(&months.text, &totals.text, &meters.text)
	if err != nil {
		return kept, shut(err)
	}
	kept.Months = make([]metering.MonthRow, 0, 1+strings.Count(months.text, " ")/3)
	for months.more() {
		m := metering.MonthRow{Register: metering.Register(months.word())}
		packed := months.number()
		m.Number, m.Days, m.Estimated, m.Missing = packed/1e6, int(packed/1e4%100), int(packed/100%100), int(packed%100)
		m.Amount = months.number()
		kept.Months = append(kept.Months, m)
	}
	for totals.more() {
		t := metering.PeriodTotal{EAN: ean, Register: metering.Register(totals.word())}
		t.Period.From = metering.DateOf(totals.number())
		t.Period.To = metering.DateOf(totals.number())
		t.Amount, t.Estimated, t.Missing = totals.number(), totals.number() == 1, totals.number() == 1
		kept.Totals = append(kept.Totals, t)
	}
	for meters.more() {
		kept.Meters = append(kept.Meters, portal.FromMicros(meters.number()))
	}
	for _, w := range []words{months, totals, meters} {
		if w.err != nil {
			return metering.Kept{}, shut(w.err)
		}
	}
	return kept, nil
}

// words reads a text of words and whole numbers with spaces between them.
type words struct {
	text string
	err  error
}

func (w *words) more() bool { return w.text != "" && w.err == nil }

func (w *words) word() (word string) {
	word, w.text, _ = strings.Cut(w.text, " ")
	return word
}

func (w *words) number() int64 {
	n, err := strconv.ParseInt(w.word(), 10, 64)
	if err != nil {
		w.err = err
	}
	return n
}
