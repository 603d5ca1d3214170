// Package desk holds the pages of the staff's listener: one view struct and
// one template a file. Values arrive formatted; nothing here reads or decides.
package desk

import (
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
)

// Frame is what every page behind the sign-in carries.
type Frame struct {
	layout.Base
	Gate    []Fact // the bar: state of the gate, today's counts
	Nav     []layout.Link
	SignOut string
	Member  string
	Summary *component.Summary
	Done    string // what was just done, or ""
}

// Fact is a word with its value.
type Fact struct{ Name, Value, Href string }

// SignIn is the view of the sign-in: the form of local accounts, or the way to
// the provider where there is one.
type SignIn struct {
	layout.Base
	Action   string
	Login    string
	Provider string // address of the way to the provider, or ""
	Summary  *component.Summary
}

// SignedIn is the view of who came back from the provider.
type SignedIn struct {
	layout.Base
	On string // address of the desk
}

// List is the view of the blocked references.
type List struct {
	Frame
	Table   component.Table
	Unknown string // how many blocked numbers were never issued, and since when
	Next    string // address of the next page, or ""
	First   string // address of the first page, or "" on it
	Find    Find
}

// Find is the form for the reference that a caller reads out; nil Action where
// the role has no right to it.
type Find struct {
	Action string
	Error  string
}

// Ground is the view that asks why a case is opened.
type Ground struct {
	Frame
	ID          string
	Action      string
	Interaction string
	Reason      string
	Errors      map[string]string
}

// Case is the view of one blocked reference.
type Case struct {
	Frame
	ID       string
	State    []Fact
	Tag      Tag
	Note     string // what matters first: unknown number, second agent needed
	History  component.Table
	Customer []Fact // empty until the check passed
	Check    Check
	Unblock  *Act
	Grant    *Act
	Replace  *Act
}

// Tag is a coloured word: kind "", "warn" or "stop".
type Tag struct{ Text, Kind string }

// Check is the caller check.
type Check struct {
	Action string
	Text   string
	Told   []Answer
	Ask    []component.Field
}

// Answer is a question that was answered today.
type Answer struct {
	Question string
	Tag      Tag
}

// Act is a form with a reason that changes the case.
type Act struct {
	Name, Title, Text, Action, Submit, Key string
	Quiet                                  bool
	Why                                    []Option
	Reason, Error                          string // of the reason
}

// Option is one choice of a list.
type Option struct {
	Value, Text string
	Selected    bool
}
