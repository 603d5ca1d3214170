package exchange

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// decode gives UTF-8 without byte-order mark. Without a mark and not UTF-8 it
// is what Windows writes in Western Europe.
func decode(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		b = b[3:]
		if !utf8.Valid(b) {
			return nil, fmt.Errorf("begins as UTF-8 and is not")
		}
		return b, nil
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder().Bytes(b)
	case utf8.Valid(b):
		return b, nil
	}
	return charmap.Windows1252.NewDecoder().Bytes(b)
}

// longestLine is more than a row of any kind has, in bytes.
const longestLine = 64 << 10

// endless names the first line that is no row, however it goes on: what is read
// of it would take many times its length.
func endless(text []byte) *LineError {
	for no := 1; len(text) > 0; no++ {
		end := bytes.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		if end > longestLine {
			return &LineError{Line: no, Reason: fmt.Sprintf("is longer than %d bytes: no row of such a file is", longestLine)}
		}
		text = text[end:]
	}
	return nil
}

// separatorOf chooses the separator under which most of the header means
// something.
func separatorOf(header string) rune {
	best, most := ';', -1
	for _, sep := range ";,\t|" {
		n := 0
		for _, cell := range strings.Split(header, string(sep)) {
			if meaning(cell) != unknown {
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// bare takes the dress off a cell: blanks, quotes, and the ="..." that keeps
// a spreadsheet from rounding.
func bare(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "=") {
		s = strings.TrimSpace(s[1:])
	}
	return strings.TrimSpace(strings.Trim(s, `"'`))
}

// thousandths reads a number exactly: decimal comma or point, groups of three
// only where both are there and leave no doubt. Empty is for the caller.
func thousandths(s string) (int64, error) {
	text := strings.TrimPrefix(strings.TrimSpace(s), "+")
	if strings.HasPrefix(text, "-") {
		return 0, fmt.Errorf("%q is negative; a volume counts up, injection has registers of its own", s)
	}
	whole, part := text, ""
	if i := strings.LastIndexAny(text, ".,"); i >= 0 {
		whole, part = text[:i], text[i+1:]
		if strings.ContainsAny(whole, ".,") {
			group := "."
			if text[i] == '.' {
				group = ","
			}
			pieces := strings.Split(whole, group)
			for n, piece := range pieces {
				if (n > 0 && len(piece) != 3) || len(piece) > 3 || piece == "" {
					return 0, fmt.Errorf("%q is not a number", s)
				}
			}
			whole = strings.Join(pieces, "")
		}
	}
	if part = strings.TrimRight(part, "0"); len(part) > 3 {
		return 0, fmt.Errorf("%q has more than three decimals; it would have to be rounded", s)
	}
	if whole == "" || len(whole) > 9 {
		return 0, fmt.Errorf("%q is not a number, or too large", s)
	}
	n := int64(0)
	for _, c := range []byte(whole) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is not a number", s)
		}
		n = n*10 + int64(c-'0')
	}
	for i := range 3 {
		n *= 10
		if i < len(part) {
			if part[i] < '0' || part[i] > '9' {
				return 0, fmt.Errorf("%q is not a number", s)
			}
			n += int64(part[i] - '0')
		}
	}
	return n, nil
}

// wallDate reads a date in one of the family's forms.
func wallDate(s string) (year, month, day int, err error) {
	fail := func() (int, int, int, error) {
		return 0, 0, 0, fmt.Errorf("%q is not a date such as 31/12/2026 or 2026-12-31", s)
	}
	var n [3]int
	var digits [3]int
	i := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			n[i] = n[i]*10 + int(c-'0')
			digits[i]++
			if digits[i] > 4 {
				return fail()
			}
		case (c == '/' || c == '-' || c == '.') && i < 2:
			i++
		default:
			return fail()
		}
	}
	year, month, day = n[2], n[1], n[0]
	if digits[0] == 4 {
		year, day = n[0], n[2]
		digits[0], digits[2] = digits[2], digits[0]
	}
	if i != 2 || digits[2] != 4 || digits[0] < 1 || digits[0] > 2 || digits[1] < 1 || digits[1] > 2 ||
		month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return fail()
	}
	if year < 2000 || year > 2099 {
		return 0, 0, 0, fmt.Errorf("%q is not in this century", s)
	}
	return year, month, day, nil
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// wallClock reads hh:mm or hh:mm:ss as minutes; 24:00 ends a day. Empty is 0.
func wallClock(s string) (minutes int, err error) {
	if s == "" {
		return 0, nil
	}
	var n [3]int
	i, digits := 0, 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9' && digits < 2:
			n[i] = n[i]*10 + int(c-'0')
			digits++
		case c == ':' && i < 2 && digits > 0:
			i, digits = i+1, 0
		default:
			return 0, fmt.Errorf("%q is not a time such as 23:45", s)
		}
	}
	minutes = n[0]*60 + n[1]
	if i == 0 || digits != 2 || n[1] > 59 || minutes > 24*60 {
		return 0, fmt.Errorf("%q is not a time such as 23:45", s)
	}
	if n[2] != 0 {
		return 0, fmt.Errorf("%q does not fall on a whole minute", s)
	}
	return minutes, nil
}
