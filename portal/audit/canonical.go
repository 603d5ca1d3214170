package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"sort"
	"strings"
)

// SaltSize is the commitment's salt in bytes: 128 bits, so that an erased
// subject cannot be guessed back from its commitment.
const SaltSize = 16

// frame writes each part behind its length, so that no two lists of parts
// share their bytes: a moved field boundary changes them (T8).
func frame(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += 4 + len(p)
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// Commitment binds an entry to its personal part without showing it.
func Commitment(salt []byte, subject, details string) []byte {
	sum := sha256.Sum256(frame([]byte("guichet-opening-1"), salt, []byte(subject), []byte(details)))
	return sum[:]
}

// CanonicalDetails is the one text for a set of details: "key=value" lines in
// the order of the keys, with backslash and line breaks escaped.
func CanonicalDetails(details map[string]string) string {
	if len(details) == 0 {
		return ""
	}
	names := make([]string, 0, len(details))
	for name := range details {
		names = append(names, name)
	}
	sort.Strings(names)
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "=", `\=`)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(escape.Replace(name) + "=" + escape.Replace(details[name]))
	}
	return b.String()
}
