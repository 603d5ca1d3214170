package registry

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Options say how a file is read.
type Options struct {
	// Map renames the file's columns: its title -> ours, or "-" to ignore it.
	Map map[string]string
	// Encoding is utf-8 (the default), windows-1252, utf-16 or utf-16be. A byte order
	// mark wins over it.
	Encoding string
}

var encodings = map[string]encoding.Encoding{
	"": encoding.Nop, "utf-8": encoding.Nop, "utf8": encoding.Nop,
	"windows-1252": charmap.Windows1252, "latin1": charmap.Windows1252,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

// ParseMap reads --map: "Code EAN=ean,Remarque=-,encoding=windows-1252".
func ParseMap(text string) (Options, error) { return parseMap(text, columns) }

func parseMap(text string, columns []column) (Options, error) {
	return ParseMapOf(text, func(name string) bool {
		return slices.ContainsFunc(columns, func(c column) bool { return c.name == name })
	})
}

// ParseMapOf is ParseMap for files with other columns.
func ParseMapOf(text string, ours func(column string) bool) (Options, error) {
	o := Options{Map: map[string]string{}}
	for item := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(item) == "" {
			continue
		}
		title, name, found := strings.Cut(item, "=")
		title, name = normal(title), normal(name)
		switch {
		case !found || title == "" || name == "":
			return o, fmt.Errorf("%q is not TITLE=COLUMN", item)
		case title == "encoding":
			if _, known := encodings[name]; !known {
				return o, fmt.Errorf("encoding %q is not utf-8, windows-1252, utf-16 or utf-16be", name)
			}
			o.Encoding = name
		case name != "-" && !ours(name):
			return o, fmt.Errorf("%q is not a column of ours", name)
		default:
			o.Map[title] = name
		}
	}
	return o, nil
}

// Reader gives a file's text in UTF-8, without its byte order mark.
func (o Options) Reader(r io.Reader) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(encodings[strings.ToLower(o.Encoding)].NewDecoder())), 1<<16)
}

// Column is our name of a file's column, "-" for one that is ignored.
func (o Options) Column(title string) string {
	name := normal(title)
	if ours, mapped := o.Map[name]; mapped {
		return ours
	}
	return name
}

// LineError says why one line of a file is refused. It names the column, never
// the person.
type LineError struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
}

func (e LineError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Column, e.Reason)
}

// sheet is a CSV file whose header was understood.
type sheet struct {
	csv    *csv.Reader
	titles []string
	at     map[string]int // our column -> its place
}

func openSheet(r io.Reader, o Options, columns []column) (*sheet, []LineError) {
	if _, known := encodings[strings.ToLower(o.Encoding)]; !known {
		return nil, []LineError{{Line: 1, Reason: "encoding is not utf-8, windows-1252, utf-16 or utf-16be"}}
	}
	in := o.Reader(r)
	s := &sheet{csv: csv.NewReader(in), at: map[string]int{}}
	s.csv.FieldsPerRecord = -1
	s.csv.ReuseRecord = true
	s.csv.Comma = Separator(in)
	header, err := s.csv.Read()
	if bad := Header(header, err); bad != nil {
		return nil, []LineError{*bad}
	}
	s.titles = slices.Clone(header)
	var wrong []LineError
	for i, title := range header {
		name := o.Column(title)
		_, twice := s.at[name]
		switch {
		case name == "-":
		case !slices.ContainsFunc(columns, func(c column) bool { return c.name == name }):
			wrong = append(wrong, UnknownColumn(title))
		case twice:
			wrong = append(wrong, LineError{1, title, "column given twice"})
		default:
			s.at[name] = i
		}
	}
	for _, c := range columns {
		if _, there := s.at[c.name]; c.needed && !there {
			wrong = append(wrong, LineError{1, c.name, "column missing"})
		}
	}
	return s, wrong
}

// Header tells why a first line is none, nil where it may be one.
func Header(titles []string, err error) *LineError {
	switch {
	case err != nil:
		return &LineError{Line: 1, Reason: "no header: " + tell(err)}
	case strings.ContainsRune(strings.Join(titles, ""), 0):
		return &LineError{Line: 1, Reason: "no header: zero bytes in it; a file in UTF-16 without its mark is read with --map encoding=utf-16 or utf-16be"}
	}
	return nil
}

// longestTitle is how much of an unknown title is told, in characters.
const longestTitle = 60

// UnknownColumn refuses a title that is none of ours.
func UnknownColumn(title string) LineError {
	if r := []rune(title); len(r) > longestTitle {
		return LineError{1, string(r[:longestTitle]) + "…", "unknown column"}
	}
	return LineError{1, title, "unknown column; rename it, or ignore it with --map '" + title + "=-'"}
}

// Separator is the likeliest one of the header line: ; , or a tab.
func Separator(in *bufio.Reader) rune {
	head, _ := in.Peek(4096) // shorter at the end of a small file
	line, _, _ := strings.Cut(string(head), "\n")
	best, most := ';', 0
	for _, r := range ";,\t" {
		if n := strings.Count(line, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// next gives the next record and its line; io.EOF at the end.
func (s *sheet) next() (record []string, line int, err error) {
	record, err = s.csv.Read()
	if err != nil {
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return nil, bad.StartLine, err
		}
		return nil, 0, err
	}
	line, _ = s.csv.FieldPos(0)
	return record, line, nil
}

// lines gives every record as a line that keeps its own refusals; whole is
// false where the file could not be read to its end.
func (s *sheet) lines(wrong *[]LineError, each func(*line)) (whole bool) {
	for {
		record, number, err := s.next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			var bad *csv.ParseError
			form, reason := errors.As(err, &bad), tell(err)
			if form && bad.Line > bad.StartLine { // a quote that is never closed takes what follows with it
				reason += fmt.Sprintf("; lines %d to %d were taken for one, and none of them is read", bad.StartLine, bad.Line)
			}
			*wrong = append(*wrong, LineError{number, "", reason})
			if form {
				continue
			}
			return false
		}
		l := &line{sheet: s, record: record, number: number, wrong: wrong}
		if len(record) > len(s.titles) {
			l.refuse("", "more fields than the header has")
			continue
		}
		each(l)
	}
}

// tell says what is wrong with the file's form without repeating its content.
func tell(err error) string {
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return bad.Err.Error()
	case errors.Is(err, io.EOF):
		return "the file is empty"
	}
	return "the file cannot be read: " + err.Error()
}

func normal(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.Trim(s, "\ufeff \t\"")), " "))
}

// readable tells whether a field is text in the encoding that was said.
func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, utf8.RuneError)
}

// WriteRejected reads a file again and writes the lines that were refused,
// each with its reason, as CSV that a spreadsheet can open safely. Lines that
// cannot be split stand in the first column, as they are.
func WriteRejected(w io.Writer, r io.Reader, o Options, refused []LineError) error {
	kept := &keptText{Reader: o.Reader(r)}
	s, wrong := openSheet(kept, Options{Map: o.Map}, columns)
	if len(wrong) > 0 {
		return wrong[0]
	}
	reasons := map[int]string{}
	for _, e := range refused {
		if reasons[e.Line] != "" {
			reasons[e.Line] += "; "
		}
		reasons[e.Line] += strings.TrimSpace(e.Column + " " + e.Reason)
	}
	out := csv.NewWriter(w)
	out.Comma = s.csv.Comma
	write := func(record []string, last string) {
		safe := make([]string, max(len(record), len(s.titles)), len(record)+len(s.titles)+1)
		for i, field := range record {
			safe[i] = inert(field)
		}
		safe = append(safe, inert(last))
		// csv.Writer keeps its first error for Flush.
		_ = out.Write(safe)
	}
	write(s.titles, "reason")
	for {
		kept.upTo(s.csv.InputOffset())
		record, line, err := s.next()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return out.Error()
		}
		if reason, bad := reasons[line]; bad && err != nil {
			text := strings.TrimRight(string(kept.upTo(s.csv.InputOffset())), "\r\n")
			for raw := range strings.SplitSeq(text, "\n") {
				write([]string{strings.TrimSuffix(raw, "\r")}, reason)
				reason = "as above"
			}
		} else if bad {
			write(record, reason)
		} else if err != nil && !errors.As(err, new(*csv.ParseError)) {
			return err
		}
	}
}

// keptText keeps what was read of a text until it is asked for.
type keptText struct {
	io.Reader
	text []byte
	from int64 // where text begins
}

// Read implements io.Reader.
func (k *keptText) Read(b []byte) (int, error) {
	n, err := k.Reader.Read(b)
	k.text = append(k.text, b[:n]...)
	return n, err
}

// upTo gives what was not asked for yet, up to a place, and forgets it.
func (k *keptText) upTo(place int64) []byte {
	text := k.text[:place-k.from]
	k.text, k.from = k.text[place-k.from:], place
	return text
}

// inert keeps a spreadsheet from taking text for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
