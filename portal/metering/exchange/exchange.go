// Package exchange decides how readings enter and leave: files of the family
// that Belgian operators' customer portals export, recognised by what their
// headers mean; ESPI 4.0 (Green Button); and our own downloads, safe to open in
// a spreadsheet, marked as confidential (L20) and readable again. A file that
// cannot be read exactly is refused by line, never guessed at; what is only odd
// is noted by line.
package exchange

import (
	"fmt"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// Options say how a file is read.
type Options struct {
	// ForEAN replaces the file's access point, which then need not have a
	// right check digit; the file must name exactly one.
	ForEAN portal.EAN
	// Also are further access points that a CSV of ours is of: its rows are told
	// apart by what their masks show.
	Also []portal.EAN
}

// File is a file that was read to its end without an error.
type File struct {
	Days    []metering.Day         // in the order of EAN, register and date
	Totals  []metering.PeriodTotal // in the place of Days: a file of ours by month or year
	Summary Summary
}

// Summary is what a person needs to compare a file with its import.
type Summary struct {
	Rows     int
	From, To time.Time // [From, To) covered by rows
	Sums     []Sum     // in the order of EAN and register
	Interval time.Duration
	// Unusual are the days that have another number of intervals than the
	// ordinary: the changes of the clock.
	Unusual []DaySlots
	// Partial are the days of which the file has some intervals and lacks others.
	Partial []time.Time
	// Statuses counts the rows of each quality; Missing are rows without a value.
	Statuses map[metering.Quality]int
	// Named is the access point that the file names where Options.ForEAN replaces
	// it and it could be a real one; "" where it is a dummy or the same.
	Named portal.EAN
	// Notes are lines that were read and are odd: the first hundred.
	Notes []LineError
}

// Sum is the exact sum of the rows of one register.
type Sum struct {
	EAN      portal.EAN
	Register metering.Register
	Amount   int64 // thousandths of the unit
	Rows     int
}

// DaySlots is a day with its number of intervals.
type DaySlots struct {
	Date            time.Time
	Slots, Ordinary int // 100 or 92 of 96, 25 or 23 of 24
}

// LineError is one reason to refuse a file.
type LineError struct {
	Line    int    // 1 is the first, a table's header
	Column  string // as the file calls it; empty where the line as a whole is meant
	Reason  string // in English, for the operator at the command line
	Element string // of XML, in the place of a column
}

func (e LineError) Error() string {
	switch {
	case e.Element != "":
		return fmt.Sprintf("line %d, element %q: %s", e.Line, e.Element, e.Reason)
	case e.Column != "":
		return fmt.Sprintf("line %d, column %q: %s", e.Line, e.Column, e.Reason)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
}

// Refused says why a file was refused, the first hundred reasons by line.
type Refused struct {
	Lines []LineError
	More  int // reasons beyond those listed
}

func (r *Refused) Error() string {
	var b strings.Builder
	for i, l := range r.Lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l.Error())
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", r.More)
	}
	return b.String()
}
