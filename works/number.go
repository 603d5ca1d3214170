package works

import (
	"crypto/rand"
	"math/big"
	"strings"

	"guichet/portal/keys"
)

// NumberLength and CodeLength are in digits (D10); the gate reads as many.
// OpensFor is for how many days its number opens a request that is over.
const (
	OpensFor     = 365
	NumberLength = 10
	CodeLength   = 6
)

// FormatNumber groups a request's number as people read it: "40 2817 6655".
// What is none stays as it is.
func FormatNumber(n string) string {
	if len(n) != NumberLength {
		return n
	}
	return n[:2] + "\u00a0" + n[2:6] + "\u00a0" + n[6:]
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
