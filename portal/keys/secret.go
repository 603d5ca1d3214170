package keys

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Secret is text that prints as **** in every verb, log, JSON and error
// (G12): digits, captcha answers, references, letter codes, tokens, passwords.
// Only Reveal gives it back; each use of Reveal is a place to review. (One hole
// is not ours to close: as the key of a map, encoding/json writes it plain.)
type Secret string

const masked = "****"

// Reveal gives the text itself.
func (s Secret) Reveal() string { return string(s) }

// Equal compares in constant time (Md4).
func (s Secret) Equal(t Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(t)) == 1
}

// String masks.
func (s Secret) String() string { return masked }

// GoString masks %#v.
func (s Secret) GoString() string { return masked }

// Format masks every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue masks in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText masks in JSON, XML and TOML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }
