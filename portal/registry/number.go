package registry

import (
	"crypto/rand"
	"strings"
	"unicode"

	"guichet/portal"
	"guichet/portal/keys"
)

// ReferenceLength is how many digits a drawn reference has, its two check
// digits included.
const ReferenceLength = 14

// crockford is the alphabet of letter codes: no letter in it is read as a digit.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// DrawReference draws 12 digits from the operating system's random generator
// and adds the two check digits. Nothing else goes into it: no date, no EAN,
// no counter (G1, M1).
func DrawReference() keys.Secret {
	number := keys.Secret(drawText(12, "0123456789"))
	return number + CheckDigits(number)
}

// DrawLetterCode draws eight characters of Crockford's base 32, 40 bits (G2).
func DrawLetterCode() keys.Secret { return keys.Secret(drawText(8, crockford)) }

// drawText draws characters of an alphabet, each equally likely: a random byte
// from the uneven end of its range is thrown away.
func drawText(length int, alphabet string) string {
	fair := 256 - 256%len(alphabet)
	text := make([]byte, 0, length)
	var b [32]byte
	for {
		rand.Read(b[:]) // never fails: crypto/rand stops the program instead
		for _, c := range b {
			if int(c) >= fair {
				continue
			}
			if text = append(text, alphabet[int(c)%len(alphabet)]); len(text) == length {
				return string(text)
			}
		}
	}
}

// CheckDigits gives the two digits of ISO 7064 MOD 97-10 for a number of ASCII
// digits. They catch every wrong digit and every swap of neighbours, and carry
// no secret (G1).
func CheckDigits(number keys.Secret) keys.Secret {
	check := 98 - mod97(number.Reveal()+"00")
	return keys.Secret([]byte{'0' + byte(check/10), '0' + byte(check%10)})
}

// WellFormed tells whether cleaned digits are a reference of this portal: 14
// ASCII digits with the right check digits.
func WellFormed(number keys.Secret) bool {
	_, err := ParseReference(number)
	return err == nil && len(number) == ReferenceLength
}

// mod97 takes a text of ASCII digits.
func mod97(digits string) int {
	rest := 0
	for i := range len(digits) {
		rest = (rest*10 + int(digits[i]-'0')) % 97
	}
	return rest
}

// ParseReference cleans what people type: blanks, dashes and dots between the
// groups, no-break spaces, full-width digits, so that each spelling names one
// counter (T4). Its Invalid errors have Field "reference" and the keys
// reference.empty, reference.characters, reference.length, reference.check.
func ParseReference(typed keys.Secret) (keys.Secret, error) {
	digits, ok := CleanDigits(typed)
	wrong := func(key string, args ...any) (keys.Secret, error) {
		return "", &portal.Error{Code: portal.Invalid, Key: "reference." + key, Field: "reference", Args: args}
	}
	switch {
	case !ok:
		return wrong("characters")
	case digits == "":
		return wrong("empty")
	case len(digits) != ReferenceLength:
		return wrong("length", len(digits))
	case mod97(digits.Reveal()) != 1 || CheckDigits(digits[:12]) != digits[12:]:
		return wrong("check")
	}
	return digits, nil
}

// CleanDigits takes away what people put between digits and turns full-width
// digits into ASCII; ok is false where anything else is left.
func CleanDigits(typed keys.Secret) (digits keys.Secret, ok bool) {
	var b strings.Builder
	for _, r := range typed.Reveal() {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune('0' + r - '０')
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune(".\u200b\u2060\ufeff\u2212", r):
		default:
			return "", false
		}
	}
	return keys.Secret(b.String()), true
}

// FormatReference groups a reference as the letter prints it,
// "1234 5678 9012 34". The text is plain: only for letters and the form it was
// typed in.
func FormatReference(number keys.Secret) string {
	digits := number.Reveal()
	var groups []string
	for len(digits) > 4 {
		groups, digits = append(groups, digits[:4]), digits[4:]
	}
	return strings.Join(append(groups, digits), " ")
}

// LastFour gives the four digits that go with a reference: what stands before
// the first dash or slash, digits only, the last four of them (M3). at is the
// byte where they stand together in the number, -1 where something stands
// between them; ok is false where there are fewer than four.
func LastFour(meterNumber string) (digits keys.Secret, at int, ok bool) {
	if cut := strings.IndexAny(meterNumber, "-/"); cut >= 0 {
		meterNumber = meterNumber[:cut]
	}
	var four [4]byte
	last := len(four)
	var first, end int
	for i := len(meterNumber) - 1; i >= 0 && last > 0; i-- {
		if c := meterNumber[i]; c >= '0' && c <= '9' {
			if last == len(four) {
				end = i
			}
			last--
			four[last], first = c, i
		}
	}
	if last > 0 {
		return "", -1, false
	}
	if end-first != len(four)-1 {
		first = -1
	}
	return keys.Secret(four[:]), first, true
}

// DigitsHash is how the four digits are stored: keyed, and bound to the
// reference's counter key, so that equal digits of two references differ.
func DigitsHash(ring *keys.Ring, key string, digits keys.Secret) []byte {
	return ring.Hash(keys.ForDigits, key, digits.Reveal())
}

// LetterCodeHash is how a letter code is stored, bound to its reference. It
// reads a code as people type it: lower case, blanks, O for 0, I or L for 1.
func LetterCodeHash(ring *keys.Ring, key string, code keys.Secret) []byte {
	return ring.Hash(keys.ForLetterCode, key, cleanLetterCode(code).Reveal())
}

func cleanLetterCode(code keys.Secret) keys.Secret {
	return keys.Secret(strings.Map(func(r rune) rune {
		switch {
		case r == 'O':
			return '0'
		case r == 'I', r == 'L':
			return '1'
		case r == '-', unicode.IsSpace(r):
			return -1
		}
		return r
	}, strings.ToUpper(code.Reveal())))
}
