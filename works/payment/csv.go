package payment

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
)

// columns is the header of our own CSV, for banks or ledgers that give no CODA.
var columns = []string{"bank_reference", "entry_date", "value_date", "amount", "communication"}

// Format describes the files that Read takes, for a command's help.
const Format = `CODA, version 2, of the Belgian banks; or CSV of our own, separated by
semicolons, in UTF-8 or the Windows code page, with this header:

  bank_reference;entry_date;value_date;amount;communication
  2026-0231-0007;2026-06-03;2026-06-03;1250,00;+++123/4567/89002+++
  2026-0231-0008;2026-06-03;;-80,50;a payment the bank took back
  total;;;1169,50;2

The reference is unique within the file and stays the same for ever; dates are
YYYY-MM-DD, the value date may be missing; amounts are in euro with two decimals
after a comma or a dot, no thousands apart, negative where the bank took a
payment back. The last line holds the sum and, in the place of the
communication, the number of payments: a file cut short is refused.
`

// Example is a CSV file of our own.
func Example() string {
	return strings.Join(columns, ";") + `
2026-0231-0007;2026-06-03;2026-06-03;1250,00;+++123/4567/89002+++
2026-0231-0008;2026-06-03;;-80,50;a payment the bank took back
total;;;1169,50;2
`
}

// total begins the last line.
const total = "total"

type csvReader struct {
	faults
	line     int
	payments []Payment
	seen     map[string]bool
	sum      int64
	closed   bool
}

func readCSV(text string) ([]Statement, error) {
	in := csv.NewReader(strings.NewReader(text))
	in.Comma, in.FieldsPerRecord = ';', -1
	c := csvReader{seen: map[string]bool{}}
	for first := true; ; first = false {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			c.add(bad.Line, "", "the line cannot be split into columns")
			return nil, c.err()
		} else if err != nil {
			return nil, fmt.Errorf("reading the file: %w", err)
		}
		c.line, _ = in.FieldPos(0)
		switch {
		case first && !slices.Equal(cells, columns):
			c.add(c.line, "", "the first line must be "+strings.Join(columns, ";"))
			return nil, c.err()
		case first:
		case len(cells) != len(columns):
			c.add(c.line, "", fmt.Sprintf("has %d columns, the header has %d", len(cells), len(columns)))
		case c.closed:
			c.add(c.line, "", "comes after the line of the total")
		case cells[0] == total:
			c.close(cells)
		default:
			c.row(cells)
		}
	}
	if !c.closed {
		c.add(c.line, "", "the file ends without the line of the total: it may have been cut short")
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return []Statement{{Payments: c.payments}}, nil
}

func (c *csvReader) row(cells []string) {
	wrong := func(i int, reason string) { c.add(c.line, columns[i], reason) }
	p := Payment{Reference: strings.TrimSpace(cells[0])}
	p.ID = "csv/" + p.Reference
	switch {
	case p.Reference == "" || len(p.Reference) > 64:
		wrong(0, "the bank's reference is missing or longer than 64 characters")
	case c.seen[p.Reference]:
		wrong(0, "this reference stands in an earlier line")
	}
	c.seen[p.Reference] = true
	var err error
	if p.Entry, err = portal.ParseDate(cells[1]); err != nil {
		wrong(1, "not a day written YYYY-MM-DD")
	}
	if cells[2] == "" {
		p.Value = time.Time{}
	} else if p.Value, err = portal.ParseDate(cells[2]); err != nil {
		wrong(2, "not a day written YYYY-MM-DD")
	}
	var ok bool
	if p.Cents, ok = cents(cells[3]); !ok || p.Cents == 0 {
		wrong(3, "not an amount in euro with two decimals, other than 0")
	}
	p.say(cells[4])
	c.sum += p.Cents
	c.payments = append(c.payments, p)
}

// close compares the last line with what was read, unless wrong lines made the
// sum meaningless.
func (c *csvReader) close(cells []string) {
	c.closed = true
	sum, ok := cents(cells[3])
	n, err := strconv.Atoi(cells[4])
	switch {
	case !ok || err != nil:
		c.add(c.line, "", "the last line must be total;;;SUM;NUMBER OF PAYMENTS")
	case c.refused != nil:
	case sum != c.sum:
		c.add(c.line, columns[3], fmt.Sprintf("the payments add up to %s, the file says %s", euro(c.sum), euro(sum)))
	case n != len(c.payments):
		c.add(c.line, columns[4], fmt.Sprintf("there are %d payments, the file says %d", len(c.payments), n))
	}
}

// cents reads 1234,56 or -80.50.
func cents(s string) (int64, bool) {
	digit, minus := strings.CutPrefix(s, "-")
	whole, part, _ := strings.Cut(strings.Replace(digit, ",", ".", 1), ".")
	if !digits(whole) || !digits(part) || len(part) != 2 || len(whole) > 12 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if minus {
		n = -n
	}
	return n, err == nil
}

// euro writes cents for the operator at the command line.
func euro(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d,%02d", sign, n/100, n%100)
}
