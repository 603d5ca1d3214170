// Package component holds the parts that pages share: a field with its hint
// and its error tied to it, the summary of errors, a table that scrolls inside
// itself. Texts come in translated; nothing here decides.
package component

// Field is one input of a form.
type Field struct {
	Name, Label, Hint string
	Value             string // what was typed, only where it may be shown again
	Error             string // "" where nothing is wrong
	Class             string // width: w4, w6, w8, ean or ""
	Letters           bool   // capital letters, too; else digits only
	Date              bool   // a day, YYYY-MM-DD, with the browser's calendar where it has one
	Type, Auto        string // of a Text: "password", "email"; and what a browser may offer
	Unit              string // written behind the input, where the value has one
}

// HintID and ErrorID name the texts that describe the input.
func (f Field) HintID() string { return f.Name + "-hint" }

// ErrorID is the id of the error's text.
func (f Field) ErrorID() string { return f.Name + "-error" }

// DescribedBy lists them for aria-describedby.
func (f Field) DescribedBy() string {
	switch {
	case f.Error != "" && f.Hint != "":
		return f.HintID() + " " + f.ErrorID()
	case f.Error != "":
		return f.ErrorID()
	case f.Hint != "":
		return f.HintID()
	}
	return ""
}

// Summary stands above a form that could not be taken: what happened, then
// either a link to each field or what to do.
type Summary struct {
	Title      string
	Paragraphs []string
	Fields     []FieldLink
}

// FieldLink leads from the summary to a field.
type FieldLink struct{ Name, Text string }

// Table is a table of formatted values.
type Table struct {
	ID      string
	Caption string
	Region  string // accessible name of the scrolling region
	Narrow  bool   // words may wrap, so that few columns fit a telephone
	Columns []Column
	Rows    []Row
}

// Column is a column's title; Numeric ones are aligned to the right.
type Column struct {
	Text    string
	Numeric bool
}

// Row begins with its header cell.
type Row struct {
	Head  string
	Href  string // where the header leads, or ""
	Cells []Cell
}

// Cell is a text, or a tag where Tag is its kind: "plain", "warn" or "stop".
type Cell struct {
	Text, Tag string
	Note      string // a tag of kind Tag behind the plain Text
}
