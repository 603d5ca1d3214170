package lookup

import (
	"guichet/portal"
)

// Problems are the faults of a submission that was not an attempt: malformed
// fields, or a challenge not solved. Nothing was looked up and nothing counted
// (Md1, T10). Each has Code Invalid and Field "reference", "digits" or
// "captcha".
type Problems = portal.Problems
