package desk

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"

	"golang.org/x/text/unicode/norm"
)

// Question is one thing to ask a caller. None is about the meter's digits
// (G10). A new one needs: Questions, offer, expects, web/locales
// "desk.question."+name, and the test that counts them.
type Question string

// The questions.
const (
	MovedIn        Question = "moved-in"        // month and year the occupancy began
	MailingAddress Question = "mailing-address" // postcode and number, where they differ from the supply address
	FormerSupplier Question = "former-supplier" // the one before, within this occupancy
	OtherEnergy    Question = "other-energy"    // gas, electricity or none at the same address
	NameOnFile     Question = "name"
)

// Questions lists them all, the strong ones first.
var Questions = []Question{MovedIn, MailingAddress, FormerSupplier, OtherEnergy, NameOnFile}

// strong questions are not answered by a bill, nor guessed: one of the right
// answers must be to such a one (Cd1).
var strong = map[Question]bool{MovedIn: true, MailingAddress: true, FormerSupplier: true}

// offer gives the questions that this file can ask, three at most: what a day
// allows.
func offer(f File) []Question {
	var all []Question
	for _, q := range Questions {
		if f.Known && answerable(f, q) && len(all) < AnswersADay {
			all = append(all, q)
		}
	}
	return all
}

func answerable(f File, q Question) bool {
	switch q {
	case MovedIn:
		return !f.Occupancy.From.IsZero()
	case MailingAddress:
		o, p := f.Occupancy, f.Point
		return o.Postcode != "" && fold(o.Postcode+o.Street) != fold(p.Postcode+p.Street)
	case FormerSupplier:
		return formerSupplier(f) != ""
	case OtherEnergy:
		return f.Ground.ID == "" // of the house, whoever does not live there need not know
	}
	return true
}

// formerSupplier is who supplied this occupant before the present supplier.
func formerSupplier(f File) string {
	former, last := "", ""
	for _, s := range f.Supplies {
		if s.Period.Overlaps(f.Occupancy.Period) && s.Supplier != last {
			former, last = last, s.Supplier
		}
	}
	return former
}

// right compares what was heard with the register: case, accents, order of
// words and the ways to write a date do not matter.
func (f File) right(q Question, heard keys.Secret) bool {
	typed := heard.Reveal()
	switch q {
	case MovedIn:
		year, month, ok := monthOf(typed)
		from := f.Occupancy.From.In(portal.Brussels)
		return ok && year == from.Year() && month == from.Month()
	case MailingAddress:
		return sameWords(numbers(typed), numbers(f.Occupancy.Postcode+" "+houseNumber(f.Occupancy.Street)))
	case FormerSupplier:
		return sameWords(without(words(typed), legalForms), without(words(formerSupplier(f)), legalForms))
	case OtherEnergy:
		energy, ok := energyOf(typed)
		return ok && energy == f.Other
	case NameOnFile:
		return sameWords(without(words(typed), titles), without(words(f.Occupancy.Name), titles))
	}
	return false
}

var (
	legalForms = set("sa", "nv", "srl", "bv", "sprl", "bvba", "sc", "cv", "ag", "gmbh")
	titles     = set("m", "mr", "mme", "mlle", "monsieur", "madame", "herr", "frau", "dhr", "mevr")
)

func set(all ...string) map[string]bool {
	m := map[string]bool{}
	for _, s := range all {
		m[s] = true
	}
	return m
}

// fold takes away case, accents, blanks and signs.
func fold(s string) string { return strings.Join(words(s), "") }

// words gives the folded words and numbers of a text.
func words(s string) []string {
	s = strings.ReplaceAll(strings.ToLower(s), "ß", "ss")
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

func without(all []string, noise map[string]bool) []string {
	var kept []string
	for _, w := range all {
		if !noise[w] {
			kept = append(kept, w)
		}
	}
	return kept
}

// sameWords compares as sets; nothing is never the same as nothing.
func sameWords(a, b []string) bool {
	x, y := set(a...), set(b...)
	if len(x) == 0 || len(x) != len(y) {
		return false
	}
	for w := range x {
		if !y[w] {
			return false
		}
	}
	return true
}

// numbers keeps the words with a digit, a lone letter after a number joined to
// it: "12 B" is "12b".
func numbers(s string) []string {
	var kept []string
	number := false
	for _, w := range words(s) {
		switch {
		case strings.ContainsFunc(w, unicode.IsDigit):
			kept, number = append(kept, w), true
			continue
		case number && len(w) == 1:
			kept[len(kept)-1] += w
		}
		number = false
	}
	return kept
}

// houseNumber is the first number of a street's line, its letter included.
func houseNumber(street string) string {
	if all := numbers(street); len(all) > 0 {
		return all[0]
	}
	return ""
}

// energyOf reads an energy in the four languages; "" is "none".
func energyOf(s string) (portal.Energy, bool) {
	switch fold(s) {
	case "gaz", "gas", "erdgas", "aardgas", "gaznaturel":
		return portal.Gas, true
	case "electricite", "courant", "strom", "elektrizitat", "elektriciteit", "stroom", "electricity":
		return portal.Electricity, true
	case "aucune", "aucun", "rien", "non", "keine", "keiner", "nein", "nichts", "geen", "nee", "none", "no":
		return "", true
	}
	return "", false
}

// months by their first letters, folded, long enough to be told apart in
// French, German, Dutch and English.
var months = []struct {
	prefix string
	month  time.Month
}{
	{"jan", 1}, {"fev", 2}, {"feb", 2}, {"mar", 3}, {"maa", 3}, {"mrt", 3},
	{"avr", 4}, {"apr", 4}, {"mai", 5}, {"mei", 5}, {"may", 5}, {"juin", 6}, {"jun", 6}, {"juil", 7}, {"jul", 7},
	{"aou", 8}, {"aug", 8}, {"sep", 9}, {"oct", 10}, {"okt", 10}, {"nov", 11}, {"dec", 12}, {"dez", 12},
}

// monthOf reads "03/2019", "3.19", "2019-03", "15/03/2019" and "mars 2019".
func monthOf(s string) (year int, month time.Month, ok bool) {
	var figures []int
	for _, w := range words(s) {
		if n, err := strconv.Atoi(w); err == nil {
			figures = append(figures, n)
			continue
		}
		for _, m := range months {
			if strings.HasPrefix(w, m.prefix) {
				month = m.month
				break
			}
		}
	}
	if n := len(figures); n > 0 && figures[0] >= 1000 { // 2019-03(-15)
		year, figures = figures[0], figures[1:]
	} else if n > 0 {
		year, figures = figures[n-1], figures[:n-1]
	}
	if year > 0 && year < 100 {
		year += 2000
	}
	if month == 0 && len(figures) > 0 {
		i := len(figures) - 1
		if strings.HasPrefix(strings.TrimSpace(s), strconv.Itoa(year)) {
			i = 0
		}
		month = time.Month(figures[i])
	}
	return year, month, year > 0 && month >= time.January && month <= time.December
}

// Customer is what an agent sees once the check passed.
type Customer struct {
	Ground   registry.GroundKind // on what the reference was issued; "" for an occupant's (D7)
	Name     string
	Language portal.Language
	EAN      string // masked (G12)
	Supply   registry.AccessPoint
	Street   string // of the address on record
	Postcode string
	Town     string
	Since    time.Time
	Works    []WorksCase // open, and whose team a call about them goes to (C8)
}

func (f File) customer() *Customer {
	o := f.Occupancy
	point := f.Point
	point.EAN = ""
	return &Customer{Name: o.Name, Language: o.Language, EAN: f.Point.EAN.Masked(), Supply: point,
		Street: o.Street, Postcode: o.Postcode, Town: o.Town, Since: o.From, Ground: f.Ground.Kind}
}
