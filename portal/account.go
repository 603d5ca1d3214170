package portal

import (
	"math/big"
	"strings"
)

// Account is the operator's own account number (IBAN), in capitals and without
// blanks. People's accounts are never held (W13).
type Account string

// accountLengths are those of the countries around.
var accountLengths = map[string]int{"BE": 16, "DE": 22, "FR": 27, "LU": 20, "NL": 18}

// AccountLength tells how long the account numbers of a country are that begins
// with these two letters; 0 where that is not known.
func AccountLength(country string) int { return accountLengths[strings.ToUpper(country)] }

// ParseAccount reads an account number as people write it; Invalid "account"
// where length or check digits are wrong.
func ParseAccount(typed string) (Account, error) {
	a := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	if len(a) < 4 || len(a) != AccountLength(a[:2]) || !checked(a) {
		return "", &Error{Code: Invalid, Key: "account", Field: "account"}
	}
	return Account(a), nil
}

// checked tells whether the check digits are right: read as a number, with the
// first four characters at its end and letters as 10 to 35, it leaves 1 by 97.
func checked(a string) bool {
	var b strings.Builder
	for _, r := range a[4:] + a[:4] {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= 'A' && r <= 'Z':
			b.WriteString(big.NewInt(int64(r-'A') + 10).String())
		default:
			return false
		}
	}
	n, _ := new(big.Int).SetString(b.String(), 10)
	return new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}

// String gives groups of four, as banks print them.
func (a Account) String() string {
	var groups []string
	for rest := string(a); rest != ""; {
		n := min(4, len(rest))
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	return strings.Join(groups, "\u00a0")
}

// Is tells whether a bank means this account: it writes an IBAN, or the twelve
// digits of a Belgian one without country and check digits.
func (a Account) Is(bank string) bool {
	bank = strings.ToUpper(strings.Join(strings.FieldsFunc(bank, func(r rune) bool { return r == ' ' || r == '-' }), ""))
	return bank == string(a) || (strings.HasPrefix(string(a), "BE") && bank == string(a[4:]))
}
