package portal

import (
	"strings"
	"unicode"
)

// EAN is the 18-digit code (GSRN) of an access point, check digit included.
// It is text, never a number: 18 digits exceed 2^53. It is confidential but
// proves nothing about who types it, so it never authenticates (facts B.1).
type EAN string

// ParseEAN accepts what people paste: blanks, dots, dashes, an apostrophe, a
// leading "EAN". It returns an Invalid error where the rest is not 18 digits
// beginning with 54 with the right check digit. L1.
func ParseEAN(s string) (EAN, error) {
	s = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "EAN")
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case unicode.IsSpace(r), strings.ContainsRune(".-'’:\u00a0\u202f", r):
		default:
			return "", &Error{Code: Invalid, Key: "ean.characters", Field: "ean"}
		}
	}
	ean := digits.String()
	switch {
	case len(ean) != 18:
		return "", &Error{Code: Invalid, Key: "ean.length", Field: "ean", Args: []any{len(ean)}}
	case !strings.HasPrefix(ean, "54"):
		return "", &Error{Code: Invalid, Key: "ean.prefix", Field: "ean"}
	case EANCheckDigit(ean[:17]) != ean[17]:
		return "", &Error{Code: Invalid, Key: "ean.check", Field: "ean"}
	}
	return EAN(ean), nil
}

// EANCheckDigit gives the GS1 modulo-10 digit for the first 17 digits.
func EANCheckDigit(first17 string) byte {
	sum, weight := 0, 3
	for i := len(first17) - 1; i >= 0; i-- {
		sum += int(first17[i]-'0') * weight
		weight = 4 - weight
	}
	return byte('0' + (10-sum%10)%10)
}

// Masked is the only form the customer or the public sees (G12): the first
// two and last four digits, "54-- ---- ---- --34 55".
func (e EAN) Masked() string {
	if len(e) != 18 {
		return "-- unreadable --"
	}
	return string(e[:2]) + "-- ---- ---- --" + string(e[14:16]) + " " + string(e[16:])
}
