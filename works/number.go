package works

import (
	"crypto/rand"
	"math/big"
	"strings"
	"unicode"

	"guichet/portal/keys"
)

// NumberLength and CodeLength are in digits (D10).
const (
	NumberLength = 10
	CodeLength   = 6
)

// CodeHash is what is kept of a code, bound to its request.
func CodeHash(ring *keys.Ring, key string, code keys.Secret) []byte {
	return ring.Hash(keys.ForWorksCode, key, code.Reveal())
}

// draw gives digits from the operating system's random generator, each as
// likely as any other. Nothing else goes into them: no date and no counter.
func draw(length int) keys.Secret {
	ten := big.NewInt(10)
	var text strings.Builder
	for range length {
		n, err := rand.Int(rand.Reader, ten)
		if err != nil {
			panic(err) // crypto/rand stops the program itself
		}
		text.WriteByte(byte('0' + n.Int64()))
	}
	return keys.Secret(text.String())
}

// CleanNumber reads a number or a code as people type it, with blanks, points
// and dashes; "" where it has not the right digits.
func CleanNumber(typed keys.Secret, length int) keys.Secret {
	var digits strings.Builder
	for _, c := range typed.Reveal() {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
		case unicode.IsSpace(c), strings.ContainsRune(".-/\u00a0\u202f", c):
		default:
			return ""
		}
	}
	if digits.Len() != length {
		return ""
	}
	return keys.Secret(digits.String())
}
