package lookup

import (
	"strings"

	"guichet/portal"
)

// Problems are the faults of a submission that was not an attempt: malformed
// fields, or a challenge not solved. Nothing was looked up and nothing counted
// (Md1, T10). Each has Code Invalid and Field "reference", "digits" or
// "captcha", in the order of the form.
type Problems []*portal.Error

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "; ")
}

// Unwrap lets portal.CodeOf find the code.
func (p Problems) Unwrap() []error {
	errs := make([]error, len(p))
	for i, e := range p {
		errs[i] = e
	}
	return errs
}
