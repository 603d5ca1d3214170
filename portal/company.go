package portal

import (
	"strconv"
	"strings"
)

// CompanyNumber reads a Belgian company number as people write it ("BE
// 0123.456.749"): ten digits beginning with 0 or 1, of which the last two are
// 97 less the remainder of the first eight.
func CompanyNumber(text string) (string, bool) {
	text = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(text)), "BE")
	number := strings.NewReplacer(".", "", " ", "", "-", "", "\u00a0", "").Replace(text)
	if len(number) == 9 {
		number = "0" + number
	}
	if len(number) != 10 || (number[0] != '0' && number[0] != '1') {
		return "", false
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || 97-(n/100)%97 != n%100 {
		return "", false
	}
	return number, true
}

// FormatCompanyNumber writes a company number as people compare it:
// "0403.170.701". What is none stays as it is.
func FormatCompanyNumber(n string) string {
	if len(n) != 10 {
		return n
	}
	return n[:4] + "." + n[4:7] + "." + n[7:]
}
