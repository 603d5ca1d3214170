package registry

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/portal/keys"
)

// Legacy references were printed by another system and are presumed
// predictable (G1). They have 8 to 20 digits, never 14, so that none can be
// taken for one of ours.
const (
	legacyShortest = 8
	legacyLongest  = 20
)

// legacyLength tells whether a legacy reference may have so many digits.
func legacyLength(n int) bool {
	return n >= legacyShortest && n <= legacyLongest && n != ReferenceLength
}

// LegacyReference is one line of a file of legacy references.
type LegacyReference struct {
	EAN    portal.EAN
	Number keys.Secret // digits only
	Meter  string      // as the file has it; "": not given
	line   int
}

// legacyColumns is the format of a file of legacy references.
var legacyColumns = []column{
	{"ean", "18 digits", "the access point; the reference goes to its present occupant and meter", true},
	{"reference", "8 to 20 digits, never 14", "as the letters of the other system print it; blanks, dots and dashes are fine", true},
	{"meter", "text", "the meter's number, where known: a line with another meter than the register's is refused", false},
}

// LegacyFormat explains the file, for --help and the manual.
func LegacyFormat() string {
	return "Files of references are CSV (; or , or tab) with a header; columns in any order. Have them\n" +
		"written as text: a spreadsheet drops leading zeros and rounds long numbers.\n\n" + explain(legacyColumns)
}

// LegacyExample is a small file that imports over the town of Example.
func LegacyExample() string {
	return `ean;reference;meter
541499000000123455;00417300925;1SAG1100076616
549999000000000016;00417300926;
`
}

// ParseLegacyMap is ParseMap for files of legacy references.
func ParseLegacyMap(text string) (Options, error) { return parseMap(text, legacyColumns) }

// ParseLegacy reads a file of legacy references, in the order of EAN; the
// errors name every bad line and never a number (G12).
func ParseLegacy(r io.Reader, o Options) ([]LegacyReference, []LineError) {
	s, wrong := openSheet(r, o, legacyColumns)
	if len(wrong) > 0 {
		return nil, wrong
	}
	var refs []LegacyReference
	if !s.lines(&wrong, func(l *line) {
		ref := LegacyReference{EAN: l.ean(), Number: l.legacyNumber(), Meter: l.text("meter"), line: l.number}
		if !l.bad {
			refs = append(refs, ref)
		}
	}) {
		return nil, wrong
	}
	refs, clashes := distinct(refs)
	wrong = append(wrong, clashes...)
	slices.SortStableFunc(wrong, func(a, b LineError) int { return cmp.Compare(a.Line, b.Line) })
	return refs, wrong
}

func (l *line) legacyNumber() keys.Secret {
	digits, ok := CleanDigits(keys.Secret(l.text("reference")))
	switch {
	case !ok:
		l.refuse("reference", "not digits only")
	case digits == "":
		l.refuse("reference", "missing")
	case len(digits) == ReferenceLength:
		l.refuse("reference", "14 digits: that is the portal's own length")
	case !legacyLength(len(digits)):
		l.refuse("reference", strconv.Itoa(len(digits))+" digits, not 8 to 20")
	}
	return digits
}

// distinct says once what several lines say alike, and names the lines that
// give one access point two numbers, or one number to two access points.
func distinct(refs []LegacyReference) (good []LegacyReference, clashes []LineError) {
	slices.SortStableFunc(refs, func(a, b LegacyReference) int { return cmp.Compare(a.EAN, b.EAN) })
	byNumber := make(map[keys.Secret]LegacyReference, len(refs))
	for _, ref := range refs {
		if n := len(good); n > 0 && good[n-1].EAN == ref.EAN {
			if former := &good[n-1]; former.Number != ref.Number || !sameMeter(former.Meter, ref.Meter) {
				clashes = append(clashes, LineError{ref.line, "ean", "has another reference on line " + strconv.Itoa(former.line)})
			} else {
				former.Meter = cmp.Or(former.Meter, ref.Meter)
			}
			continue
		}
		if former, twice := byNumber[ref.Number]; twice {
			late, early := max(ref.line, former.line), min(ref.line, former.line)
			clashes = append(clashes, LineError{late, "reference", "is another access point's on line " + strconv.Itoa(early)})
			continue
		}
		byNumber[ref.Number] = ref
		good = append(good, ref)
	}
	return good, clashes
}

// sameMeter compares meter numbers as two systems may write them; a number
// that is not given contradicts none.
func sameMeter(a, b string) bool {
	plain := func(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }
	return a == "" || b == "" || plain(a) == plain(b)
}

// ParseNumber cleans what somebody typed at the gate: a reference of ours, as
// ParseReference has it, or a legacy one of a length that is in use
// (LegacyLengths). Its errors are those of ParseReference, whatever the
// lengths: nobody is told that there are others. G1, T4.
func ParseNumber(typed keys.Secret, legacyLengths []int) (number keys.Secret, legacy bool, err error) {
	if digits, ok := CleanDigits(typed); ok && legacyLength(len(digits)) && slices.Contains(legacyLengths, len(digits)) {
		return digits, true, nil
	}
	number, err = ParseReference(typed)
	return number, false, err
}
