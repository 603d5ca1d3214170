package component

import "github.com/a-h/templ"

// Control is one part of a longer form, as its page lists them. Kind is "" for
// a line of text, "date", "area", "select", "radios", "checks", "file",
// "hidden", or "heading", which is no field. Another one needs: controls.templ.
type Control struct {
	Field
	Kind    string
	Options []Option // of select, radios and checks
	Rows    int      // of an area
	Accept  string   // of a file
}

// Option is one choice. Name is a box's own, as each field stands once in a form.
type Option struct {
	Value, Text, Name string
	Hint              string // what it means, in a few words
	Group             string // above the first of several that belong together
	Selected          bool
}

// sent is what a ticked box sends.
func (o Option) sent() string {
	if o.Value == "" {
		return "yes"
	}
	return o.Value
}

// attributes tie hint and error to the field.
func (c Control) attributes() templ.Attributes {
	a := templ.Attributes{}
	if by := c.DescribedBy(); by != "" {
		a["aria-describedby"] = by
	}
	if c.Error != "" && c.Kind != "radios" && c.Kind != "checks" {
		a["aria-invalid"] = "true"
	}
	return a
}

func (c Control) inputType() string {
	if c.Type != "" {
		return c.Type
	}
	return "text"
}

func (c Control) auto() string {
	if c.Auto != "" {
		return c.Auto
	}
	return "off"
}
