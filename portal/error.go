package portal

import (
	"errors"
	"fmt"
	"strings"
)

// Code is the closed set of ways to say no. A new code needs: web's table of
// code -> status -> page, and the test that walks all codes.
type Code string

// The codes.
const (
	Invalid     Code = "invalid"     // what was given cannot be used; the field says why
	NotFound    Code = "not_found"   // nothing there, or not yours: the same answer (L10)
	Denied      Code = "denied"      // signed in, but this right is missing
	SignedOut   Code = "signed_out"  // no live visit or session
	Conflict    Code = "conflict"    // somebody changed it meanwhile
	TooMany     Code = "too_many"    // a rate limit; nothing was compared
	Unavailable Code = "unavailable" // store, state, keys or clock cannot be trusted: shut
	Internal    Code = "internal"    // our fault
)

// Codes lists them all, for the tests that walk them.
var Codes = []Code{Invalid, NotFound, Denied, SignedOut, Conflict, TooMany, Unavailable, Internal}

// Error is the one error a room returns on purpose. Key and Args are for
// people (a message of web/locales under "error."+Key); Err is for the log
// only and never reaches a person.
type Error struct {
	Code  Code
	Key   string
	Field string // the form field or column it is about, where there is one
	Args  []any  // safe to show and to log: numbers, column names; never a secret (G12)
	Err   error
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Key
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if len(e.Args) > 0 {
		s += fmt.Sprint(" ", e.Args)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of an error, Internal for one that is not ours.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Shut wraps a failure of store, state, keys or clock: the door stays closed.
func Shut(what string, err error) error {
	return &Error{Code: Unavailable, Key: "shut", Args: []any{what}, Err: err}
}

// Problems are several faults of one form, each with its field, in the order
// of the form.
type Problems []*Error

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap lets CodeOf find the code.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, e := range p {
		errs[i] = e
	}
	return errs
}
