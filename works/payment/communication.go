package payment

import (
	"regexp"
	"strings"
	"unicode"

	"guichet/portal"
)

// Communication is the structured communication of Belgian transfers: ten
// digits and two check digits, the remainder by 97 with 97 in the place of 0.
// It is held as twelve digits and printed as +++ddd/dddd/ddddd+++. It says
// which request a payment is for; it opens nothing.
type Communication string

// CommunicationOf makes the communication of a ten-digit number.
func CommunicationOf(number string) (Communication, error) {
	if len(number) != 10 || !digits(number) {
		return "", &portal.Error{Code: portal.Internal, Key: "communication.number"}
	}
	return Communication(number + checkDigits(number)), nil
}

// ParseCommunication reads the usual writings: between +++ or ***, with
// strokes, dots, dashes, blanks or nothing between the groups, full-width
// digits. Its Invalid errors have Field "communication" and the keys
// communication.empty, .characters, .length and .check.
func ParseCommunication(typed string) (Communication, error) {
	var b strings.Builder
	wrong := func(key string, args ...any) (Communication, error) {
		return "", &portal.Error{Code: portal.Invalid, Key: "communication." + key, Field: "communication", Args: args}
	}
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune('0' + r - '０')
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune("+*/.\u2060\u200b\ufeff", r):
		default:
			return wrong("characters")
		}
	}
	switch c := b.String(); {
	case c == "":
		return wrong("empty")
	case len(c) != 12:
		return wrong("length", len(c))
	case checkDigits(c[:10]) != c[10:]:
		return wrong("check")
	default:
		return Communication(c), nil
	}
}

// Number gives the ten digits that the check digits are of.
func (c Communication) Number() string {
	if len(c) != 12 {
		return ""
	}
	return string(c[:10])
}

// String writes it as it stands on invoices and transfer forms.
func (c Communication) String() string {
	if len(c) != 12 {
		return ""
	}
	return "+++" + string(c[:3]) + "/" + string(c[3:7]) + "/" + string(c[7:]) + "+++"
}

// checkDigits takes ten ASCII digits.
func checkDigits(number string) string {
	rest := remainder(number)
	if rest == 0 {
		rest = 97
	}
	return string([]byte{'0' + byte(rest/10), '0' + byte(rest%10)})
}

// remainder is that of a number of ASCII digits by 97.
func remainder(number string) int {
	rest := 0
	for i := range len(number) {
		rest = (rest*10 + int(number[i]-'0')) % 97
	}
	return rest
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// stroked is a communication among other words: its strokes tell it apart.
var stroked = regexp.MustCompile(`(?:^|\D)(\d{3}\s*/\s*\d{4}\s*/\s*\d{5})(?:\D|$)`)

// found looks for the one communication that people typed into a free text:
// the text is nothing else, or has it with strokes among other words. Two
// different ones, or a wrong check digit, leave the text to an officer.
func found(text string) (Communication, bool) {
	if c, err := ParseCommunication(text); err == nil {
		return c, true
	}
	var one Communication
	for _, hit := range stroked.FindAllStringSubmatch(text, -1) {
		c, err := ParseCommunication(hit[1])
		if err != nil || one != "" && c != one {
			return "", false
		}
		one = c
	}
	return one, one != ""
}
