package registry

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet/portal"
)

// Column is one column of a file that another room imports.
type Column struct {
	Name, Form, About string
	Needed            bool // the header must have it
	Longest           int  // characters; 0: as many as a letter can carry
	Lines             bool // may have several lines
}

// Row is one line of such a file; what is wrong with it is collected.
type Row struct {
	l       *line
	columns []Column
}

// Line is where the row stands in the file.
func (r Row) Line() int { return r.l.number }

// Refuse says what is wrong with the row; it is then no good as a whole.
func (r Row) Refuse(column, reason string) { r.l.refuse(column, reason) }

// Bad tells whether anything was refused.
func (r Row) Bad() bool { return r.l.bad }

// Text gives a field without outer blanks, "" for a column that is not there.
func (r Row) Text(name string) string {
	at := slices.IndexFunc(r.columns, func(c Column) bool { return c.Name == name })
	c := r.columns[at]
	if c.Longest == 0 && !c.Lines {
		return r.l.text(name)
	}
	place, there := r.l.sheet.at[name]
	if !there || place >= len(r.l.record) {
		return ""
	}
	s := strings.TrimSpace(r.l.record[place])
	switch {
	case !readable(s):
		r.l.refuse(name, "not readable in this encoding; name it with --map encoding=windows-1252")
	case strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) && (c != '\n' && c != '\r' || !r.columns[at].Lines) }):
		r.l.refuse(name, "control character")
	case utf8.RuneCountInString(s) > c.Longest:
		r.l.refuse(name, "longer than "+strconv.Itoa(c.Longest)+" characters")
	}
	return strings.Clone(s)
}

// Day reads a day in Brussels, zero for an empty field.
func (r Row) Day(name string) time.Time { return r.l.day(name) }

// Moment reads a date with its time, in Brussels where it names no other place;
// zero for an empty field. A day alone would not tell what came first.
func (r Row) Moment(name string) time.Time {
	s := r.Text(name)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	for _, form := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(form, s, portal.Brussels); err == nil {
			return t
		}
	}
	r.Refuse(name, "not a date with its time, YYYY-MM-DD HH:MM:SS")
	return time.Time{}
}

// Explain lists columns, for --help and the manual.
func Explain(columns []Column) string { return explain(plain(columns)) }

func plain(columns []Column) (all []column) {
	for _, c := range columns {
		all = append(all, column{c.Name, c.Form, c.About, c.Needed})
	}
	return all
}

// ParseColumnMap gives the reader of --map of a file with such columns.
func ParseColumnMap(columns []Column) func(text string) (Options, error) {
	return func(text string) (Options, error) { return parseMap(text, plain(columns)) }
}

// ReadSheet calls each for every line of a file whose header it understands. The
// errors are those of the header and of the file's form, and what each refused;
// unknown are the titles that no column has.
func ReadSheet(in io.Reader, o Options, columns []Column, each func(Row)) (wrong []LineError, unknown []string) {
	s, wrong := openSheet(in, o, plain(columns))
	if len(wrong) > 0 {
		for _, e := range wrong {
			if strings.HasPrefix(e.Reason, "unknown column") {
				unknown = append(unknown, e.Column)
			}
		}
		return wrong, unknown
	}
	s.lines(&wrong, func(l *line) { each(Row{l, columns}) })
	return wrong, nil
}
