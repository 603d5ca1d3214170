package registry

import (
	"cmp"
	"io"
	"regexp"
	"slices"
	"time"

	"guichet/portal"
)

// Registration is a supplier's registration on an access point that the
// register accepted (L10): From is the day from which its acceptance holds. Those
// that are asked for, refused or withdrawn are nobody's business here and stand
// in no file. How it ends is left out of this type on purpose: who reads a
// registration for a supplier cannot tell a customer with payment difficulties
// from any other (L14, L15).
type Registration struct {
	ID       string
	EAN      portal.EAN
	Supplier string // the code by which the market knows it
	portal.Period
}

// Scenario is how a registration ends, where that is known. Only the network
// user and the operator's staff may know which it is (D12). A new one needs:
// Scenarios, web/locales "mine.scenario."+name.
type Scenario string

// The scenarios.
const (
	UnknownEnd    Scenario = ""
	EndOfContract Scenario = "end-of-contract"
	Drop          Scenario = "drop"         // the supplier leaves a customer who does not pay to the operator
	BudgetMeter   Scenario = "budget-meter" // a prepayment meter was asked for
)

// Scenarios lists those that a file may name.
var Scenarios = []Scenario{EndOfContract, Drop, BudgetMeter}

// HeldRegistration is a registration with how it ends, as the operator's side
// holds it.
type HeldRegistration struct {
	Registration
	End Scenario
}

var registrations = kind[HeldRegistration]{
	name: "registration", column: "accepted", closes: true,
	ean:    func(r *HeldRegistration) portal.EAN { return r.EAN },
	period: func(r *HeldRegistration) *portal.Period { return &r.Period },
	same: func(a, b *HeldRegistration) bool {
		return a.Supplier == b.Supplier && a.End == b.End && samePeriod(a.Period, b.Period)
	},
	keep: func(held, told *HeldRegistration) { told.ID = held.ID },
}

// registrationColumns is the format of a file of registrations.
var registrationColumns = []column{
	{"ean", "18 digits", "the access point; the registry must know it", true},
	{"supplier", "code", "the supplier's code in the market, as its partner account has it: letters, digits, dots, dashes", true},
	{"accepted", "YYYY-MM-DD", "first day on which its accepted registration holds; a later one ends an open one", true},
	{"ended", "YYYY-MM-DD", "first day without it; empty: it is still registered", false},
	{"end", "end-of-contract, drop or budget-meter", "the scenario of the end, where known; suppliers and partners never see which", false},
}

// RegistrationFormat explains the file, for --help and the manual.
func RegistrationFormat() string {
	return "Files of registrations are CSV (; or , or tab) with a header; columns in any order. Dates are\n" +
		"days in Brussels, from included, to not. Only registrations that the access register accepted\n" +
		"stand in them. What a file does not name stays as it is.\n\n" + explain(registrationColumns)
}

// RegistrationExample is a small file that imports over the town of Example.
func RegistrationExample() string {
	return `ean;supplier;accepted;ended;end
541499000000123455;LUMIERE-DIRECTE;2019-02-01;2024-07-01;end-of-contract
541499000000123455;VENT-DU-NORD;2024-07-01;;
549999000000000016;VENT-DU-NORD;2024-07-01;;
`
}

// ParseRegistrationMap is ParseMap for files of registrations.
func ParseRegistrationMap(text string) (Options, error) { return parseMap(text, registrationColumns) }

// SupplierForm is what a supplier's code looks like.
var SupplierForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,40}$`)

// ToldRegistration is one line of a file.
type ToldRegistration struct {
	HeldRegistration
	line int
}

// ParseRegistrations reads a file of registrations, in the order of EAN and
// beginning; the errors name every bad line.
func ParseRegistrations(r io.Reader, o Options) ([]ToldRegistration, []LineError) {
	s, wrong := openSheet(r, o, registrationColumns)
	if len(wrong) > 0 {
		return nil, wrong
	}
	var parts []part[HeldRegistration]
	if !s.lines(&wrong, func(l *line) {
		if one := l.registration(); !l.bad {
			parts = append(parts, part[HeldRegistration]{one, l.number})
		}
	}) {
		return nil, wrong
	}
	bad := map[int]bool{}
	checkDated(registrations, parts, func(e LineError) {
		if !bad[e.Line] {
			bad[e.Line] = true
			wrong = append(wrong, e)
		}
	})
	values, lines := good(parts, bad, func(a, b HeldRegistration) bool { return registrations.compare(a, b) == 0 })
	told := make([]ToldRegistration, len(values))
	for i := range values {
		told[i] = ToldRegistration{values[i], lines[i]}
	}
	slices.SortStableFunc(wrong, func(a, b LineError) int { return cmp.Compare(a.Line, b.Line) })
	return told, wrong
}

func (l *line) registration() HeldRegistration {
	var one HeldRegistration
	one.EAN, one.Supplier = l.ean(), l.text("supplier")
	if !SupplierForm.MatchString(one.Supplier) {
		l.refuse("supplier", "not a code of letters, digits, dots and dashes, 40 at most")
	}
	one.Period = portal.Period{From: l.day("accepted"), To: l.day("ended")}
	switch {
	case l.bad:
	case one.From.IsZero():
		l.refuse("accepted", "missing")
	case !one.To.IsZero() && !one.From.Before(one.To):
		l.refuse("ended", "not after accepted")
	}
	one.End = Scenario(l.text("end"))
	switch {
	case one.End == UnknownEnd:
	case !slices.Contains(Scenarios, one.End):
		l.refuse("end", "neither end-of-contract, drop nor budget-meter")
	case l.text("ended") == "":
		l.refuse("end", "given without ended")
	}
	return one
}

// EndedIn gives of an access point's registrations what the occupant of a stay
// may know: those of the stay, cut to it, and how they end only where they began
// and end within it. What became of a contract that somebody before or after
// them made is not theirs (L16): the former occupant's drop may well take effect
// after the move.
func EndedIn(stay portal.Period, held []HeldRegistration) (own []HeldRegistration) {
	for _, one := range held {
		both, ok := one.Intersect(stay)
		if !ok {
			continue
		}
		if !both.From.Equal(one.From) || !sameEnd(both.To, one.To) {
			one.End = UnknownEnd
		}
		one.Period = both
		own = append(own, one)
	}
	return own
}

func sameEnd(a, b time.Time) bool { return !a.IsZero() && a.Equal(b) }
