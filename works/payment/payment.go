// Package payment reads what the bank says was paid: files in CODA, the coded
// statement of account of the Belgian banks (Febelfin, version 2), and CSV of
// our own. It protects two things. A file enters whole or not at all: its
// sums, balances and counts must be right, and each wrong line is named. And
// of whoever paid nothing is kept but the communication and the text they sent
// with it: no account, name or address leaves the reader (W13), account
// numbers typed into the text are struck out, and what the operator itself
// spends is counted and passed over.
//
// It matches nothing: which request a payment is for, and what waits for an
// officer, is decided where requests are known.
package payment

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"guichet/portal"
)

// Payment is one movement towards the operator.
type Payment struct {
	// ID is the same whenever the same movement is read again, so that nothing
	// is booked twice. The same movement read from CODA and from CSV has two.
	ID        string
	Entry     time.Time // the Brussels day on which the bank booked it: it drives the clocks
	Value     time.Time // the value date; zero where the bank names none
	Cents     int64     // euro cents; negative where the bank took a payment back
	Reference string    // the bank's own, for questions to the bank; not always unique

	// Communication is empty where none was given or its check digits are wrong.
	Communication Communication
	// Text is the free text sent with it, for an officer; empty where there is a
	// Communication.
	Text string
}

// Statement is what one statement of account says.
type Statement struct {
	Account string // the operator's own, as the bank writes it; empty for CSV
	Day     time.Time
	Number  string // the bank's number of the statement
	Again   bool   // the bank says that it sends this one again

	Payments []Payment
	Passed   int // movements that pay the operator nothing: what it spends itself
}

// LineError is one reason to refuse a file. It quotes nothing that could name
// a person.
type LineError struct {
	Line   int    // from 1
	Record string // of CODA, as "2.1"; of CSV, the column
	Reason string // in English, for the operator at the command line
}

func (e LineError) Error() string {
	if e.Record == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Record, e.Reason)
}

// Refused says why a file was refused as a whole.
type Refused struct {
	Lines []LineError
	More  int // wrong lines beyond those told
}

func (r *Refused) Error() string {
	lines := make([]string, 0, len(r.Lines)+1)
	for _, l := range r.Lines {
		lines = append(lines, l.Error())
	}
	if r.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", r.More))
	}
	return strings.Join(lines, "\n")
}

// told is how many wrong lines are named.
const told = 100

// faults gathers the wrong lines of a file.
type faults struct{ refused *Refused }

func (f *faults) add(line int, record, reason string) {
	if f.refused == nil {
		f.refused = &Refused{}
	}
	if len(f.refused.Lines) == told {
		f.refused.More++
		return
	}
	f.refused.Lines = append(f.refused.Lines, LineError{line, record, reason})
}

// err is nil without a typed nil inside.
func (f *faults) err() error {
	if f.refused == nil {
		return nil
	}
	return f.refused
}

// largest is how big a file may be: a year of a busy account.
const largest = 64 << 20

// Read reads a file of either kind. The error is a *Refused where the file is
// wrong, anything else where it could not be read.
func Read(r io.Reader) ([]Statement, error) {
	raw, err := io.ReadAll(io.LimitReader(r, largest+1))
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	if len(raw) > largest {
		return nil, &Refused{Lines: []LineError{{Line: 1, Reason: fmt.Sprintf("the file is larger than %d MiB", largest>>20)}}}
	}
	text, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decoding the file: %w", err)
	}
	if strings.HasPrefix(text, columns[0]) {
		return readCSV(text)
	}
	return readCODA(text)
}

// Of refuses statements of another account than the operator's for works, which
// tell of people who have nothing to do with works.
func Of(statements []Statement, account portal.Account) error {
	for _, s := range statements {
		if account != "" && s.Account != "" && !account.Is(s.Account) {
			return fmt.Errorf("statement %s is not of the account that WORKS_ACCOUNT names", s.Number)
		}
	}
	return nil
}

// decode reads UTF-8, or the Windows code page in which the banks write.
func decode(raw []byte) (string, error) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	return string(text), err
}

// say gives a payment what was sent with it: a communication if the text is
// or has one, else the text.
func (p *Payment) say(text string) {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if c, ok := found(text); ok {
		p.Communication = c
		return
	}
	p.Text = strike(text)
}

var (
	perhaps   = regexp.MustCompile(`(?i)\b(?:BE|DE|FR|LU|NL)[ ]?[0-9]{2}(?:[ .-]?[A-Z0-9]){11,23}`)
	oldNumber = regexp.MustCompile(`\b\d{3}-\d{7}-\d{2}\b`)
)

// struck stands where an account number stood.
const struck = "****"

// strike takes account numbers out of what people typed (W13).
func strike(text string) string {
	text = perhaps.ReplaceAllStringFunc(text, func(s string) string {
		want := portal.AccountLength(s[:2])
		var plain []byte
		for i := range len(s) {
			if strings.IndexByte(" .-", s[i]) >= 0 {
				continue
			}
			if plain = append(plain, s[i]); len(plain) == want {
				if _, err := portal.ParseAccount(string(plain)); err != nil {
					return s
				}
				return struck + s[i+1:]
			}
		}
		return s
	})
	return oldNumber.ReplaceAllString(text, struck)
}
