package indexes

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
	"guichet/portal/registry"
)

// Column is one column of a file that is imported here.
type Column struct {
	Name, Form, About string
	Needed            bool // the header must have it
}

// ParseMap reads the --map of a file with such columns.
func ParseMap(columns []Column) func(text string) (registry.Options, error) {
	return func(text string) (registry.Options, error) {
		return registry.ParseMapOf(text, func(name string) bool {
			return slices.ContainsFunc(columns, func(c Column) bool { return c.Name == name })
		})
	}
}

// Format explains a file for --help.
func Format(columns []Column) string {
	var b strings.Builder
	b.WriteString("CSV in UTF-8, separated by semicolons, commas or tabs, with a header of these columns in\nany order (* is needed):\n\n")
	for _, c := range columns {
		star := " "
		if c.Needed {
			star = "*"
		}
		fmt.Fprintf(&b, "  %s %-12s %-24s %s\n", star, c.Name, c.Form, c.About)
	}
	return b.String()
}

// row is a line being read; what is wrong with it is collected.
type row struct {
	fields map[string]string
	line   int
	wrong  *[]registry.LineError
	bad    bool
}

func (r *row) refuse(column, reason string) {
	r.bad = true
	*r.wrong = append(*r.wrong, registry.LineError{Line: r.line, Column: column, Reason: reason})
}

func (r *row) text(name string) string { return r.fields[name] }

// number reads a whole number of [0, limit); what is empty is missing, or 0
// where it may be.
func (r *row) number(name string, limit int64, optional bool) int64 {
	text := r.text(name)
	if text == "" && optional {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n >= limit {
		r.refuse(name, fmt.Sprintf("not a whole number from 0 to %d", limit-1))
		return 0
	}
	return n
}

func (r *row) day(name string) time.Time {
	t, err := portal.ParseDate(r.text(name))
	if err != nil || !sane(t) {
		r.refuse(name, "not a day written YYYY-MM-DD")
		return time.Time{}
	}
	return t
}

func (r *row) ean() portal.EAN {
	ean, err := portal.ParseEAN(r.text("ean"))
	if err != nil {
		r.refuse("ean", "not an EAN: 18 digits with their check digit, beginning with 54")
	}
	return ean
}

// readSheet calls each for every line of a file whose header it understands,
// and gives the lines that were refused.
func readSheet(in io.Reader, o registry.Options, columns []Column, each func(*row)) (wrong []registry.LineError) {
	buffer := o.Reader(in)
	sheet := csv.NewReader(buffer)
	sheet.Comma, sheet.FieldsPerRecord = registry.Separator(buffer), -1
	header, err := sheet.Read()
	if bad := registry.Header(header, err); bad != nil {
		return []registry.LineError{*bad}
	}
	names := make([]string, len(header))
	for i, title := range header {
		names[i] = o.Column(title)
		switch {
		case names[i] == "-":
		case !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == names[i] }):
			wrong = append(wrong, registry.UnknownColumn(title))
		case slices.Contains(names[:i], names[i]):
			wrong = append(wrong, registry.LineError{Line: 1, Column: title, Reason: "column given twice"})
		}
	}
	for _, c := range columns {
		if c.Needed && !slices.Contains(names, c.Name) {
			wrong = append(wrong, registry.LineError{Line: 1, Column: c.Name, Reason: "column missing"})
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	for {
		record, err := sheet.Read()
		if errors.Is(err, io.EOF) {
			return wrong
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			wrong = append(wrong, registry.LineError{Line: bad.StartLine, Reason: bad.Err.Error()})
			continue
		}
		if err != nil {
			return append(wrong, registry.LineError{Reason: "the file cannot be read"})
		}
		r := &row{fields: map[string]string{}, wrong: &wrong}
		r.line, _ = sheet.FieldPos(0)
		if len(record) > len(names) {
			r.refuse("", "more fields than the header has")
			continue
		}
		for i, field := range record {
			r.fields[names[i]] = strings.TrimSpace(field)
		}
		each(r)
	}
}

// DecisionColumns are those of a file of decisions.
var DecisionColumns = []Column{
	{"reading", "id", "as the hand-over file has it", true},
	{"status", "validated or corrected", "", true},
	{"value", "whole units", "the value that counts, where corrected", true},
}

// ParseDecisions reads what the validation service made of readings.
func ParseDecisions(in io.Reader, o registry.Options) (list []Decision, wrong []registry.LineError) {
	seen := map[string]bool{}
	wrong = readSheet(in, o, DecisionColumns, func(r *row) {
		d := Decision{ID: r.text("reading"), Status: Status(r.text("status")), line: r.line}
		switch {
		case d.ID == "":
			r.refuse("reading", "missing")
		case seen[d.ID]:
			r.refuse("reading", "decided twice in this file")
		}
		seen[d.ID] = true
		switch d.Status {
		case Validated:
		case Corrected:
			d.Value = r.number("value", 1e9, false)
		default:
			r.refuse("status", "neither validated nor corrected")
		}
		list = append(list, d)
	})
	return list, wrong
}

// DegreeDayColumns are those of a file of degree-days.
var DegreeDayColumns = []Column{
	{"date", "YYYY-MM-DD", "", true},
	{"degree_days", "degrees, 1 decimal", "base 16.5 °C, daily mean outside; 0 on warm days", true},
}

// ParseDegreeDays reads the weather.
func ParseDegreeDays(in io.Reader, o registry.Options) (list []DegreeDay, wrong []registry.LineError) {
	seen := map[time.Time]bool{}
	wrong = readSheet(in, o, DegreeDayColumns, func(r *row) {
		day := r.day("date")
		if seen[day] && !r.bad {
			r.refuse("date", "given twice")
		}
		seen[day] = true
		degrees, err := strconv.ParseFloat(strings.Replace(r.text("degree_days"), ",", ".", 1), 64)
		if err != nil || !(degrees >= 0 && degrees < 60) {
			r.refuse("degree_days", "not a number of degrees from 0 to 60")
		}
		if !r.bad {
			list = append(list, DegreeDay{Day: dayNumber(day), Tenths: int64(degrees*10 + 0.5)})
		}
	})
	return list, wrong
}
