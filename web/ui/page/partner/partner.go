// Package partner holds the pages of third parties: one view struct and one
// template a file. Values arrive formatted; nothing here reads or decides.
package partner

import (
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
)

// Frame is what every page carries. Nav and SignOut are empty before the sign-in.
type Frame struct {
	layout.Base
	Nav     []layout.Link
	SignOut string
	Member  string
	Lead    string
	Summary *component.Summary // nil where nothing is wrong
	Done    string             // what was just done, or ""
}

// Form is a page that is one form.
type Form struct {
	Frame
	Action   string
	Upload   bool // it may bring a file
	Controls []component.Control
	Submit   string
	Notes    []string
	Links    []layout.Link
}

// SetUp is the view that shows the seed of the one-time codes.
type SetUp struct {
	Form
	Seed, URI string // for those who type it, and for the program on this machine
	Picture   string // path of the QR code's dark squares
	Size      string // its side, in squares
}

// Home is the list of mandates.
type Home struct {
	Frame
	New         layout.Link
	Table       component.Table
	First, Next string
}

// Supplies is the list of a supplier's registrations, with the way to one.
type Supplies struct {
	Frame
	Find        Form
	FindTitle   string
	Table       component.Table
	None        string
	First, Next string
}

// Fact is a word with its value.
type Fact struct {
	Name, Value string
	Mono        bool
}

// Button is a form without fields, or with hidden ones.
type Button struct {
	Action, Text string
	Quiet        bool
	Hidden       []component.Control
}

// Mandate is one mandate as its mandatary sees it.
type Mandate struct {
	Frame
	Tag         string
	TagKind     string // "", "warn" or "stop"
	Turn        string // whose turn it is, and what to do
	Reason      string // what the officer wrote, or ""
	Facts       []Fact
	Documents   []layout.Link
	Give        *Form // nil where nothing can be given in
	Files       component.Table
	Signature   []string // what the electronic signature of the last one proves
	Links       []layout.Link
	Withdraw    *Button
	Lines       component.Table
	First, Next string
}

// Line is one access point of a mandate.
type Line struct {
	Frame
	Tag, TagKind string
	Turn         string
	Facts        []Fact
	Take         *Take // nil where nothing may be had
	GiveUp       *Button
	Back         layout.Link
}

// Take is the form of the downloads: one button for each form of file.
type Take struct {
	Title    string
	Text     string
	Controls []component.Control
	Files    []layout.Link
}

// Listing is a table with a form below: keys, colleagues.
type Listing struct {
	Frame
	Secret, SecretText string // shown once
	More               []Fact
	Table              component.Table
	None               string
	Ends               []End
	Form               *Form // nil where the right is missing
	FormTitle          string
	Note               string
	First, Next        string
}

// End is a button that ends a row of the table.
type End struct {
	Button
	Of string // which row
}
