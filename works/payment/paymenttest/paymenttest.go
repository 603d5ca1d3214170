// Package paymenttest writes the bank's files: what works/payment reads, made
// from a list of movements, with the counts and sums that a bank puts in them.
// It serves tests and the demo; no bank is asked.
package paymenttest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/works/payment"

	"golang.org/x/text/encoding/charmap"
)

// Movement is a payment with what else the bank tells of it. Its ID is not
// written.
type Movement struct {
	payment.Payment
	Code    string // transaction code; a simple credit or debit transfer where empty
	Account string // of the counterparty
	Name    string
	Street  string     // tells a record 3.1 and 3.2 beside the movement
	Details []Movement // what a total is made of, or what it cost
}

// Transfer is a payment that came in, with a communication as people type it
// or, where that is empty, with a free text.
func Transfer(day time.Time, cents int64, reference, communication, text string) (m Movement, err error) {
	m.Entry, m.Value, m.Cents, m.Reference, m.Text = day, day, cents, reference, text
	if communication != "" {
		m.Communication, err = payment.ParseCommunication(communication)
	}
	return m, err
}

// Statement is one statement of account.
type Statement struct {
	Account   string // a Belgian IBAN
	Number    string // three digits
	Day       time.Time
	Old       int64 // cents
	Again     bool
	Movements []Movement
	Notice    string // for all to read
}

// writer counts while it writes.
type writer struct {
	bytes.Buffer
	records int
	in, out int64
}

// CODA writes statements into one file, in the Windows code page as the banks
// do. It fails for text that the code page cannot hold.
func CODA(statements ...Statement) ([]byte, error) {
	var w writer
	for i, s := range statements {
		w.statement(s, i == len(statements)-1)
	}
	return charmap.Windows1252.NewEncoder().Bytes(w.Bytes())
}

// line writes fields, each padded or cut to its width.
func (w *writer) line(fields ...any) {
	var b strings.Builder
	for i := 0; i < len(fields); i += 2 {
		b.WriteString(fit(fields[i+1].(string), fields[i].(int)))
	}
	w.WriteString(fit(b.String(), 128) + "\r\n")
	if kind := b.String()[0]; kind != '0' && kind != '4' && kind != '9' {
		w.records++
	}
}

func fit(s string, width int) string {
	r := []rune(s)
	return string(r[:min(width, len(r))]) + strings.Repeat(" ", max(0, width-len(r)))
}

func (w *writer) statement(s Statement, last bool) {
	w.records, w.in, w.out = 0, 0, 0
	again := map[bool]string{true: "D"}[s.Again]
	w.line(5, "00000", 6, date(s.Day), 3, "999", 2, "05", 1, again, 7, "", 10, s.Number, 26, "RESEAU D'EXEMPLE", 11, "EXEMBEBB", 11, "00123456749", 1, "", 5, "00000", 39, "", 1, "2")
	w.line(2, "12", 3, s.Number, 34, s.Account, 3, "EUR", 1, sign(s.Old), 15, thousandths(s.Old), 6, date(s.Day.AddDate(0, 0, -1)), 26, "RESEAU D'EXEMPLE", 35, "TRAVAUX", 3, s.Number)
	for i, m := range s.Movements {
		if m.Cents < 0 {
			w.out -= m.Cents
		} else {
			w.in += m.Cents
		}
		w.movement(m, i+1, 0)
		detail := 0
		for _, d := range m.Details {
			detail++
			w.movement(d, i+1, detail)
		}
	}
	balance := s.Old + w.in - w.out
	notice := map[bool]string{true: "1", false: "0"}[s.Notice != ""]
	w.line(1, "8", 3, s.Number, 34, s.Account, 3, "EUR", 1, sign(balance), 15, thousandths(balance), 6, date(s.Day), 64, "", 1, notice)
	if s.Notice != "" {
		w.line(2, "4", 4, "0001", 4, "0000", 22, "", 80, s.Notice, 15, "", 1, "0")
	}
	file := map[bool]string{true: "2", false: "1"}[last]
	w.line(16, "9", 6, fmt.Sprintf("%06d", w.records), 15, thousandths(w.out), 15, thousandths(w.in), 75, "", 1, file)
}

// movement writes a 2.1 and as many lines after it as it needs.
func (w *writer) movement(m Movement, sequence, detail int) {
	place := fmt.Sprintf("%04d%04d", sequence, detail)
	code := m.Code
	if code == "" {
		code = map[bool]string{true: "00101000", false: "00150000"}[m.Cents < 0]
	}
	text := "0" + m.Text
	if m.Communication != "" {
		text = "1101" + string(m.Communication)
	}
	all := fit(text, 54+53+43)
	first, second, third := cut(all, 0, 54), cut(all, 54, 107), cut(all, 107, 150)
	more3 := m.Account != "" || m.Name != "" || strings.TrimSpace(third) != ""
	more2 := more3 || strings.TrimSpace(second) != ""
	flag := map[bool]string{true: "1", false: "0"}
	about := m.Street != ""
	link := func(last bool) string { return flag[last && about] }

	w.line(2, "21", 8, place, 21, m.Reference, 1, sign(m.Cents), 15, thousandths(m.Cents), 6, date(m.Value), 8, code, 54, first, 6, date(m.Entry), 3, "001", 1, flag[len(m.Details) > 0], 1, flag[more2], 1, "", 1, link(!more2))
	if more2 {
		w.line(2, "22", 8, place, 53, second, 35, "", 11, "EXEMBEBB", 16, "", 1, flag[more3], 1, "", 1, link(!more3))
	}
	if more3 {
		w.line(2, "23", 8, place, 34, m.Account, 3, "EUR", 35, m.Name, 43, third, 1, "0", 1, "", 1, link(true))
	}
	if about {
		next := fmt.Sprintf("%04d%04d", sequence, detail+5000) // a number of its own, after every movement's
		w.line(2, "31", 8, next, 21, m.Reference, 8, code, 4, "1001", 70, m.Name, 12, "", 1, "1", 1, "", 1, "0")
		w.line(2, "32", 8, next, 35, m.Street, 35, "4700 EUPEN", 45, "", 1, "0", 1, "", 1, "0")
	}
}

func cut(s string, from, to int) string { return string([]rune(s)[from:to]) }

func date(t time.Time) string {
	if t.IsZero() {
		return "000000"
	}
	return t.In(portal.Brussels).Format("020106")
}

func sign(cents int64) string {
	if cents < 0 {
		return "1"
	}
	return "0"
}

func thousandths(cents int64) string { return fmt.Sprintf("%015d", max(cents, -cents)*10) }

// CSV writes payments in our own columns, with the line of the total.
func CSV(payments ...payment.Payment) []byte {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	out.Comma = ';'
	out.Write([]string{"bank_reference", "entry_date", "value_date", "amount", "communication"})
	var sum int64
	for _, p := range payments {
		value := ""
		if !p.Value.IsZero() {
			value = p.Value.Format(time.DateOnly)
		}
		text := p.Text
		if p.Communication != "" {
			text = p.Communication.String()
		}
		out.Write([]string{p.Reference, p.Entry.Format(time.DateOnly), value, euro(p.Cents), text})
		sum += p.Cents
	}
	out.Write([]string{"total", "", "", euro(sum), strconv.Itoa(len(payments))})
	out.Flush() // into memory: it cannot fail
	return b.Bytes()
}

func euro(cents int64) string {
	minus := ""
	if cents < 0 {
		minus, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d,%02d", minus, cents/100, cents%100)
}
