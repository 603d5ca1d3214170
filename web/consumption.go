package web

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/portal/tx"
)

// selection is what an address asks to see; History can only narrow it (L16).
type selection struct {
	of    int
	query metering.Query
}

// grains are those a page can show, the coarsest first.
var grains = []metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay, metering.ByHour, metering.ByQuarter}

// longest are how many days or months one page draws of a grain; downloads
// have no such end.
const (
	longestDays   = 62
	longestMonths = 48
)

// selected reads of, grain, from and to. Without dates it is the last twelve
// months, or the month of yesterday, or yesterday, or all years; never later
// than the occupancy's end.
func (x *ctx) selected() (selection, lookup.Pass, error) {
	pass, index, err := x.opened()
	if err != nil {
		return selection{}, pass, err
	}
	sel, err := x.selectedOf(pass, index)
	return sel, pass, err
}

// selectedOf reads the same for one of the references that are open.
func (x *ctx) selectedOf(pass lookup.Pass, index int) (sel selection, err error) {
	sel = selection{of: index, query: metering.Query{Grain: metering.ByMonth}}
	if g := metering.Grain(x.query("grain")); g != "" {
		sel.query.Grain = g
	}
	if !isGrain(sel.query.Grain) {
		return sel, &portal.Error{Code: portal.Invalid, Key: "grain"}
	}
	if sel.query.From, err = x.day("from"); err != nil {
		return sel, err
	}
	if sel.query.To, err = x.day("to"); err != nil {
		return sel, err
	}
	sel.query = complete(sel.query, x.now, pass.Occupancy.To)
	if !sel.query.From.IsZero() && !sel.query.To.IsZero() && !sel.query.From.Before(sel.query.To) {
		return sel, &portal.Error{Code: portal.Invalid, Key: "date.order"}
	}
	return sel, nil
}

// day reads a date of the address, zero where there is none.
func (x *ctx) day(name string) (time.Time, error) {
	text := x.query(name)
	if text == "" {
		return time.Time{}, nil
	}
	return portal.ParseDate(text)
}

func isGrain(g metering.Grain) bool {
	for _, known := range grains {
		if g == known {
			return true
		}
	}
	return false
}

// complete fills the dates that were not given. end is the occupancy's, zero
// where it lasts.
func complete(q metering.Query, now, end time.Time) metering.Query {
	if q.Grain == metering.ByYear {
		return q
	}
	if q.From.IsZero() && q.To.IsZero() {
		last := now.In(portal.Brussels)
		if !end.IsZero() && end.Before(last) {
			last = end.In(portal.Brussels)
		}
		last = last.AddDate(0, 0, -1) // yesterday: today has no reading yet
		q.To = portal.Date(last.Year(), last.Month()+1, 1)
		if q.Grain.Fine() {
			q.To = portal.Date(last.Year(), last.Month(), last.Day()+1)
		}
	}
	switch {
	case q.From.IsZero():
		q.From = step(q.Grain, q.To, -1)
	case q.To.IsZero():
		q.To = step(q.Grain, q.From, 1)
	}
	return q
}

// step is one page earlier or later: twelve months, one month of days, or one
// day of hours.
func step(g metering.Grain, t time.Time, n int) time.Time {
	switch {
	case g.Fine():
		return t.AddDate(0, 0, n)
	case g == metering.ByDay:
		return t.AddDate(0, n, 0)
	}
	return t.AddDate(n, 0, 0)
}

// bounded keeps a page from drawing a thousand bars.
func bounded(q metering.Query) metering.Query {
	var limit time.Time
	switch {
	case q.From.IsZero():
		return q
	case q.Grain.Fine():
		limit = q.From.AddDate(0, 0, 1)
	case q.Grain == metering.ByDay:
		limit = q.From.AddDate(0, 0, longestDays)
	case q.Grain == metering.ByMonth:
		limit = q.From.AddDate(0, longestMonths, 0)
	default:
		return q
	}
	if q.To.IsZero() || q.To.After(limit) {
		q.To = limit
	}
	return q
}

// values writes the selection as an address's query.
func (sel selection) values() string { return valuesOf(strconv.Itoa(sel.of), sel.query) }

// valuesOf writes the same for one reference or for several.
func valuesOf(of string, q metering.Query) string {
	var room [80]byte
	return string(appendValues(room[:0], of, q))
}

func appendValues(b []byte, of string, q metering.Query) []byte {
	b = append(b, '?')
	if !q.From.IsZero() {
		b = append(appendDay(append(b, "from="...), q.From), '&')
	}
	b = append(append(b, "grain="...), url.QueryEscape(string(q.Grain))...)
	b = append(append(b, "&of="...), url.QueryEscape(of)...)
	if !q.To.IsZero() {
		b = appendDay(append(b, "&to="...), q.To)
	}
	return b
}

func appendDay(b []byte, t time.Time) []byte {
	return t.In(portal.Brussels).AppendFormat(b, time.DateOnly)
}

func isoDay(t time.Time) string { return string(appendDay(nil, t)) }

// disclose reads a series and records that it is about to be shown or taken;
// only then may it be answered (L18).
func (s *site) disclose(x *ctx, sel selection, pass lookup.Pass, action audit.Action) (metering.Series, error) {
	series, err := s.History.Series(x.context(), pass.Point, pass.Occupancy, sel.query)
	if err != nil {
		return series, err
	}
	return series, s.disclosed(x, series, pass, action)
}

// disclosed records that a series is about to be shown or taken.
func (s *site) disclosed(x *ctx, series metering.Series, pass lookup.Pass, action audit.Action) error {
	details := map[string]string{"grain": string(series.Grain), "visit": pass.Visit.ID}
	if len(series.Points) > 0 {
		details["from"], details["to"] = isoDay(series.Period.From), isoDay(series.Period.To)
	}
	return s.Runner.Do(x.context(), func(t tx.Tx) error {
		t.Record(audit.Entry{
			At: x.now, Actor: portal.Actor{Kind: portal.Household}, Action: action,
			Ground: pass.Why(), Channel: "web", Subject: "occupancy:" + pass.Occupancy.ID, Details: details,
		})
		return nil
	})
}

// consumptionCSV and consumptionJSON are the same selection to take away.
func (s *site) consumptionCSV(x *ctx) error {
	if strings.Contains(x.query("of"), ",") {
		return s.togetherCSV(x)
	}
	return s.download(x, "csv", "text/csv; charset=utf-8", func(b *bytes.Buffer, series metering.Series) error {
		return exchange.WriteCSV(b, series, csvWords(x, series))
	})
}

func (s *site) consumptionJSON(x *ctx) error {
	return s.download(x, "json", "application/json", func(b *bytes.Buffer, series metering.Series) error {
		return exchange.WriteJSON(b, series, x.T("confidential.mark"))
	})
}

// togetherCSV is one file of several opened references, each disclosed on its
// own ground.
func (s *site) togetherCSV(x *ctx) error {
	indices, err := x.chosen()
	if err != nil {
		return err
	}
	var all []metering.Series
	for _, index := range indices {
		pass, _ := x.session().Pass(index)
		sel, err := x.selectedOf(pass, index)
		if err != nil {
			return err
		}
		if x.query("from") == "" && x.query("to") == "" {
			sel.query.From, sel.query.To = time.Time{}, time.Time{}
		}
		series, err := s.disclose(x, sel, pass, audit.HistoryTaken)
		if err != nil {
			return err
		}
		all = append(all, series)
	}
	var b bytes.Buffer
	if err := exchange.WriteCSVs(&b, all, togetherWords(x, all)); err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-`+string(all[0].Grain)+`.csv"`)
	x.send(http.StatusOK, "text/csv; charset=utf-8", b.Bytes())
	return nil
}

// togetherWords names each of several access points at the head of the file.
func togetherWords(x *ctx, all []metering.Series) exchange.Words {
	words := csvWords(x, all[0])
	var lines []string
	for _, series := range all {
		lines = append(lines, csvWords(x, series).Lines[:2]...)
	}
	words.Lines = append(lines, words.Lines[2:]...)
	return words
}

func (s *site) download(x *ctx, ending, contentType string, write func(*bytes.Buffer, metering.Series) error) error {
	sel, pass, err := x.selected()
	if err != nil {
		return err
	}
	if x.query("from") == "" && x.query("to") == "" {
		sel.query.From, sel.query.To = time.Time{}, time.Time{} // without dates a download is all there is
	}
	series, err := s.disclose(x, sel, pass, audit.HistoryTaken)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&b, series); err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-`+string(series.Energy)+"-"+string(series.Grain)+"."+ending+`"`)
	x.send(http.StatusOK, contentType, b.Bytes())
	return nil
}

// unbroken takes out where a narrow page may break a long word: a file's reader
// would find a character that nobody sees.
func unbroken(text string) string { return strings.ReplaceAll(text, "\u00ad", "") }

func csvWords(x *ctx, series metering.Series) exchange.Words {
	w := exchange.Words{
		Mark: x.T("confidential.mark"),
		Lines: []string{
			unbroken(x.T("consumption.title." + string(series.Energy))),
			x.T("consumption.point", series.EAN.Masked()),
			x.T("csv.made", x.Date(x.now)),
		},
		From: x.T("csv.from"), Until: x.T("csv.to"), EAN: x.T("csv.ean"), Register: x.T("csv.register"),
		Amount: x.T("csv.amount"), Unit: x.T("csv.unit"), Quality: x.T("table.quality"), YearBefore: x.T("legend.before"),
		Registers: map[metering.Register]string{}, Qualities: map[string]string{},
	}
	for _, r := range metering.Registers {
		w.Registers[r] = unbroken(x.T("register." + string(r)))
	}
	for _, q := range qualities {
		w.Qualities[q] = x.T("quality." + q)
	}
	return w
}

// qualities are metering.Point.Quality's words, and a download's for a register
// that did not count.
var qualities = []string{"complete", "indexes", "estimated", "partial", "missing", "unread", "straddle", "daily", "silent"}
