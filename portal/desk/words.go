package desk

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/registry"

	"golang.org/x/text/unicode/norm"
)

// interactionForm is a telephone system's prefix and its number. A number of
// a customer, or a letter code, rarely looks like it; where one does, telltale
// refuses it.
var interactionForm = regexp.MustCompile(`^[A-Za-z]{1,6}-?[0-9]{1,6}$`)

// Ground is why a case is opened (Cd3): an interaction's number, or a reason.
type Ground struct {
	Interaction string
	Reason      string
}

// check refuses empty grounds and what must not enter the trail.
func (g Ground) check() error {
	switch {
	case g.Interaction == "":
		return freeText(g.Reason, 5)
	case !interactionForm.MatchString(g.Interaction), telltale(g.Interaction):
		return &portal.Error{Code: portal.Invalid, Key: "desk.interaction", Field: "interaction"}
	}
	return nil
}

// Words refuses a written reason that is too short or long, or holds what must
// not enter the trail.
func Words(reason string) error { return freeText(reason, 5) }

// freeText checks what an agent typed as a reason.
func freeText(s string, shortest int) error {
	wrong := func(key string) error {
		return &portal.Error{Code: portal.Invalid, Key: key, Field: "reason"}
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(s)); {
	case n < shortest:
		return wrong("desk.reason.empty")
	case n > longestText:
		return wrong("desk.reason.long")
	case telltale(s):
		return wrong("desk.reason.number")
	}
	return nil
}

// longestRun is how many digits may follow each other without a letter
// between: more may be a reference, an access point or a telephone.
const longestRun = 6

// telltale tells whether a text may hold a number or a code of a customer,
// none of which belongs in the trail (G12). It reads as a person would: wide
// and circled digits are digits, and what is no letter separates nothing. It
// refuses too much rather than too little: an agent can say it otherwise.
func telltale(s string) bool {
	s = strings.ToUpper(norm.NFKC.String(s))
	all := 0
	for _, r := range s {
		if unicode.IsNumber(r) {
			all++
		}
	}
	return digitsTogether(s) > longestRun || all >= registry.ReferenceLength || holdsCode(s)
}

// digitsTogether is how many digits at most follow each other in a text without
// a letter between, as telltale reads them.
func digitsTogether(s string) (most int) {
	run := 0
	for _, r := range norm.NFKC.String(s) {
		switch {
		case unicode.IsNumber(r):
			run++
		case unicode.IsLetter(r):
			run = 0
		}
		most = max(most, run)
	}
	return most
}

var (
	// codeForm takes also the letters that are misread for digits.
	codeForm = regexp.MustCompile(`^[0-9A-TV-Z]{8}$`)
	hourForm = regexp.MustCompile(`^[0-9]{1,2}H[0-9]{2}$`)
)

// holdsCode tells whether a folded text may hold a letter code: eight
// characters together, or four and four as the letter prints them. Of four and
// four, one mixes letters and digits and is no hour: "avec 4821" and "vers
// 9h30" are words.
func holdsCode(s string) bool {
	visible := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
	before := ""
	for _, word := range strings.FieldsFunc(visible, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		if codeForm.MatchString(word) && mixed(word) {
			return true
		}
		if len(before) == 4 && len(word) == 4 && codeForm.MatchString(before+word) && (mixed(before) || mixed(word)) {
			return true
		}
		before = word
	}
	return false
}

// mixed tells whether a word of codeForm's characters has letters and digits.
func mixed(word string) bool {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTVWXYZ"
	return strings.ContainsAny(word, digits) && strings.ContainsAny(word, letters) && !hourForm.MatchString(word)
}
