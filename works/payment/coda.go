package payment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
)

// The records of a statement, one a line of 128 characters: 0 begins it, 1 is
// the old balance, each movement is a 2.1 with 2.2 and 2.3 where its text goes
// on, 3.1 to 3.3 inform about it, 8 is the new balance, 4 is for all to read,
// 9 ends it with its counts and sums. A file may hold several.
//
// A movement with detail number 0000 is a booking on the account; one with
// another number is a detail of it. The bank may book a day's transfers as one
// total with each as a detail (types 5, 6, 7); details of types 8 and 9 break a
// simple amount down into what was sent and what it cost, and pay nothing.
const width = 128

// record is one line, read by the positions of the standard, which count from 1.
type record struct {
	number int // of the line
	chars  []rune
}

func (r record) raw(from, to int) string { return string(r.chars[from-1 : to]) }

func (r record) text(from, to int) string { return strings.TrimSpace(r.raw(from, to)) }

// kind is "0", "2.1" and so on.
func (r record) kind() string {
	if first := r.raw(1, 1); first == "2" || first == "3" {
		return first + "." + r.raw(2, 2)
	}
	return r.raw(1, 1)
}

// amount reads a sign (0 is credit) and twelve digits with three decimals.
func (r record) amount(sign, from, to int) (int64, error) {
	var minus bool
	switch r.raw(sign, sign) {
	case "0":
	case "1":
		minus = true
	default:
		return 0, fmt.Errorf("position %d must be 0 for credit or 1 for debit", sign)
	}
	n, err := r.sum(from, to)
	if minus {
		n = -n
	}
	return n, err
}

// sum reads an amount without a sign.
func (r record) sum(from, to int) (int64, error) {
	s := r.raw(from, to)
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || !digits(s):
		return 0, fmt.Errorf("positions %d to %d are no amount", from, to)
	case n%10 != 0:
		return 0, fmt.Errorf("positions %d to %d are not whole cents", from, to)
	}
	return n / 10, nil
}

// day reads DDMMYY; 000000 is a day that is not known.
func (r record) day(from, to int) (time.Time, error) {
	s := r.raw(from, to)
	if s == "000000" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("020106", s, portal.Brussels)
	if err != nil {
		return t, fmt.Errorf("positions %d to %d are no day written DDMMYY", from, to)
	}
	return t, nil
}

// movement is a 2.1 with what its 2.2 and 2.3 add.
type movement struct {
	line             int
	sequence, detail string
	reference        string
	cents            int64
	value, entry     time.Time
	code             string // type 1, family 2, transaction 2, category 3
	structured       string // kind of structured communication, three digits
	said             string
}

// coda reads one statement after another.
type coda struct {
	faults
	all   []Statement
	known map[string]bool // statements read so far

	begun, clean bool // within a statement; no fault in it so far
	at           Statement
	last         string // kind of the line before, within the statement
	account      string // with its currency, as records 1 and 8 must both have it
	old, new     int64
	balances     [2]bool // record 1, record 8
	records      int     // those that record 9 counts
	in, out      int64
	booked       []movement // one booking and its details
	seen         map[string]bool
}

func readCODA(text string) ([]Statement, error) {
	c := coda{known: map[string]bool{}}
	lines := strings.Split(strings.TrimRight(text, "\r\n \x1a"), "\n")
	for i, line := range lines {
		r := record{i + 1, []rune(strings.TrimSuffix(line, "\r"))}
		if len(r.chars) != width {
			c.wrong(r.number, "", fmt.Sprintf("has %d characters; a file in CODA has %d in each line, one of ours begins with %s", len(r.chars), width, columns[0]))
			continue
		}
		c.record(r)
	}
	if c.begun {
		c.wrong(len(lines), "", "the file ends within a statement: it may have been cut short")
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return c.all, nil
}

func (c *coda) wrong(line int, kind, reason string) {
	if kind != "" {
		kind = "record " + kind
	}
	c.clean = false
	c.add(line, kind, reason)
}

// follows tells which kinds may stand before each.
var follows = map[string][]string{
	"1":   {"0"},
	"2.1": {"1", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4"},
	"2.2": {"2.1"},
	"2.3": {"2.1", "2.2"},
	"3.1": {"2.1", "2.2", "2.3", "3.1", "3.2", "3.3"},
	"3.2": {"3.1"},
	"3.3": {"3.1", "3.2"},
	"4":   {"1", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4", "8"},
	"8":   {"1", "2.1", "2.2", "2.3", "3.1", "3.2", "3.3", "4"},
	"9":   {"0", "8", "4"},
}

// record takes one line of the right length.
func (c *coda) record(r record) {
	kind := r.kind()
	before := follows[kind]
	switch {
	case kind == "0" && c.begun:
		c.wrong(r.number, kind, "a statement begins before the one before has ended")
	case kind != "0" && before == nil:
		c.wrong(r.number, "", "no record of this kind is known")
		return
	case kind != "0" && !c.begun:
		c.wrong(r.number, kind, "stands outside a statement: record 0 is missing")
		return
	case kind != "0" && c.last != "" && !slices.Contains(before, c.last):
		c.wrong(r.number, kind, "must not follow record "+c.last)
	}
	if kind != "0" && kind != "4" && kind != "9" {
		c.records++
	}
	var err error
	switch kind {
	case "0":
		err = c.header(r)
	case "1":
		err = c.oldBalance(r)
	case "2.1":
		err = c.movement(r)
	case "2.2", "2.3", "3.1", "3.2", "3.3":
		err = c.goesOn(r, kind)
	case "8":
		err = c.newBalance(r)
	case "9":
		err = c.trailer(r)
	}
	if err != nil {
		c.wrong(r.number, kind, err.Error())
	}
	c.last = kind
}

func (c *coda) header(r record) error {
	*c = coda{faults: c.faults, all: c.all, known: c.known, begun: true, clean: true, seen: map[string]bool{}}
	c.at.Again = r.raw(17, 17) == "D"
	if v := r.raw(128, 128); v != "2" {
		return fmt.Errorf("is version %q of the standard; version 2 is read", v)
	}
	return nil
}

func (c *coda) oldBalance(r record) (err error) {
	c.balances[0] = true
	c.account = r.raw(6, 42)
	currency := r.raw(40, 42)
	switch r.raw(2, 2) {
	case "0":
		c.at.Account, currency = r.text(6, 17), r.raw(19, 21)
	case "1", "3":
		c.at.Account = r.text(6, 39)
	case "2":
		c.at.Account = r.text(6, 36)
	default:
		return fmt.Errorf("position 2 is no known way to write an account")
	}
	if currency != "EUR" {
		return fmt.Errorf("the account is not kept in euro")
	}
	c.at.Number = r.raw(126, 128)
	c.old, err = r.amount(43, 44, 58)
	return err
}

func (c *coda) movement(r record) error {
	m := movement{line: r.number, sequence: r.raw(3, 6), detail: r.raw(7, 10), reference: r.text(11, 31), code: r.raw(54, 61)}
	if m.detail == "0000" {
		c.settle()
	} else if len(c.booked) == 0 || c.booked[0].sequence != m.sequence {
		return fmt.Errorf("is a detail of a movement that does not stand before it")
	}
	place := m.sequence + m.detail
	if !digits(place) || !digits(m.code) {
		return fmt.Errorf("positions 3 to 10 and 54 to 61 must be digits")
	}
	if c.seen[place] {
		return fmt.Errorf("this sequence and detail number stand in an earlier record")
	}
	c.seen[place] = true
	// It is kept even where its fields are wrong: the lines that go on belong to it.
	c.booked = append(c.booked, m)
	return c.fields(r, &c.booked[len(c.booked)-1])
}

// fields reads the rest of a 2.1.
func (c *coda) fields(r record, m *movement) (err error) {
	if m.cents, err = r.amount(32, 33, 47); err != nil {
		return err
	}
	if m.value, err = r.day(48, 53); err != nil {
		return err
	}
	if m.entry, err = r.day(116, 121); err != nil {
		return err
	}
	if m.entry.IsZero() {
		return fmt.Errorf("has no entry date in positions 116 to 121")
	}
	switch r.raw(62, 62) {
	case "0":
		m.said = r.raw(63, 115)
	case "1":
		m.structured, m.said = r.raw(63, 65), r.raw(66, 115)
	default:
		return fmt.Errorf("position 62 must be 0 for a free or 1 for a structured communication")
	}
	if m.detail == "0000" {
		if m.cents < 0 {
			c.out -= m.cents
		} else {
			c.in += m.cents
		}
	}
	return nil
}

// goesOn takes the text that 2.2 and 2.3 add; their counterparty, its account,
// name and address (also in 3.x) are not looked at (W13).
func (c *coda) goesOn(r record, kind string) error {
	if len(c.booked) == 0 {
		return fmt.Errorf("belongs to no movement")
	}
	m := &c.booked[len(c.booked)-1]
	if r.raw(3, 6) != m.sequence || kind < "3" && r.raw(7, 10) != m.detail {
		return fmt.Errorf("has another sequence or detail number than the movement before it")
	}
	switch kind {
	case "2.2":
		m.said += r.raw(11, 63)
	case "2.3":
		m.said += r.raw(83, 125)
	}
	return nil
}

func (c *coda) newBalance(r record) (err error) {
	c.settle()
	c.balances[1] = true
	if r.raw(5, 41) != c.account {
		return fmt.Errorf("is of another account than record 1")
	}
	if c.new, err = r.amount(42, 43, 57); err != nil {
		return err
	}
	if c.at.Day, err = r.day(58, 63); err == nil && c.at.Day.IsZero() {
		err = fmt.Errorf("has no day in positions 58 to 63")
	}
	return err
}

// trailer ends the statement and holds it against its sums. Where a line was
// wrong they would only say so again.
func (c *coda) trailer(r record) error {
	c.begun = false
	records, err := strconv.Atoi(r.raw(17, 22))
	if err != nil {
		return fmt.Errorf("positions 17 to 22 are no number of records")
	}
	out, err := r.sum(23, 37)
	if err != nil {
		return err
	}
	in, err := r.sum(38, 52)
	if err != nil {
		return err
	}
	switch {
	case !c.clean:
	case c.balances[0] != c.balances[1]:
		return fmt.Errorf("the statement has one balance only: record 1 or 8 is missing")
	case records != c.records:
		return fmt.Errorf("the statement has %d records, it says %d", c.records, records)
	case out != c.out:
		return fmt.Errorf("the debits add up to %s, the statement says %s", euro(c.out), euro(out))
	case in != c.in:
		return fmt.Errorf("the credits add up to %s, the statement says %s", euro(c.in), euro(in))
	case c.new-c.old != in-out:
		return fmt.Errorf("the old balance of %s and the movements make %s, the new balance is %s", euro(c.old), euro(c.old+in-out), euro(c.new))
	case c.balances[0]: // a statement without balances is empty
		return c.take()
	}
	return nil
}

// take adds a statement that is right, and gives each payment its ID: account,
// day and number of the statement, and the place in it. A statement sent again
// has the same.
func (c *coda) take() error {
	prefix := strings.Join([]string{c.at.Account, c.at.Day.Format(time.DateOnly), c.at.Number, ""}, "/")
	if c.known[prefix] {
		return fmt.Errorf("the same statement stands earlier in this file")
	}
	c.known[prefix] = true
	for i := range c.at.Payments {
		c.at.Payments[i].ID = prefix + c.at.Payments[i].ID
	}
	c.all = append(c.all, c.at)
	return nil
}

// settle takes the payments out of a booking and its details: the details
// where they are its parts, else the booking itself.
func (c *coda) settle() {
	booked := c.booked
	c.booked = nil
	if len(booked) == 0 || !c.clean {
		return
	}
	var parts []movement
	var sum int64
	for _, m := range booked[1:] {
		if kind := m.code[0]; kind != '8' && kind != '9' {
			parts, sum = append(parts, m), sum+m.cents
		}
	}
	switch {
	case parts == nil:
		parts = booked[:1]
	case sum != booked[0].cents:
		c.wrong(booked[0].line, "2.1", fmt.Sprintf("is a booking of %s, its details add up to %s", euro(booked[0].cents), euro(sum)))
		return
	}
	for _, m := range parts {
		p := m.payment()
		if m.cents > 0 || m.cents < 0 && m.takenBack() {
			c.at.Payments = append(c.at.Payments, p)
		} else {
			c.at.Passed++
		}
	}
}

// takenBack tells a cancellation or correction by the bank from what the
// operator spends.
func (m movement) takenBack() bool {
	transaction := m.code[3:5]
	return transaction == "49" || transaction == "99"
}

// payment reads what was sent with a movement. Of the structured kinds only a
// number to the payee is kept: others carry cards, mandates and accounts.
func (m movement) payment() Payment {
	p := Payment{
		ID:    m.sequence + "-" + m.detail,
		Entry: m.entry, Value: m.value, Cents: m.cents, Reference: m.reference,
	}
	switch m.structured {
	case "", "100": // free, or a reference of ISO 11649 (RF...)
		p.say(m.said)
	case "101", "102":
		number := []rune(strings.TrimSpace(m.said))
		p.say(string(number[:min(12, len(number))]))
	}
	return p
}
