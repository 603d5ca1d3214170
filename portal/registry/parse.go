package registry

import (
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"guichet/portal"
)

// maxText is the longest text field in characters: what a letter can carry.
const maxText = 120

// Parse reads a registry file. The batch holds the good lines; the errors name
// every bad one, a line refused as a whole (L1, Ld1). The caller decides
// whether good lines may enter without the bad ones.
func Parse(r io.Reader, o Options) (Batch, []LineError) {
	s, wrong := openSheet(r, o, columns)
	if len(wrong) > 0 {
		return Batch{}, wrong
	}
	var f file
	if !s.lines(&f.wrong, f.add) {
		return Batch{}, f.wrong
	}
	return f.batch()
}

// part is a part of the register and the line that told it.
type part[T any] struct {
	value T
	line  int
}

type file struct {
	points      []part[AccessPoint]
	meters      []part[Meter]
	occupancies []part[Occupancy]
	supplies    []part[Supply]
	wrong       []LineError
}

// line is one record being read.
type line struct {
	sheet  *sheet
	record []string
	number int
	wrong  *[]LineError
	bad    bool
}

func (l *line) refuse(column, reason string) {
	l.bad = true
	*l.wrong = append(*l.wrong, LineError{l.number, column, reason})
}

// text gives a field without outer blanks. Its memory is its own: records are
// reused and would keep their whole line alive.
func (l *line) text(name string) string {
	at, there := l.sheet.at[name]
	if !there || at >= len(l.record) {
		return ""
	}
	s := strings.TrimSpace(l.record[at])
	switch {
	case !readable(s):
		l.refuse(name, "not readable in this encoding; name it with --map encoding=windows-1252")
	case strings.ContainsFunc(s, unicode.IsControl):
		l.refuse(name, "control character")
	case utf8.RuneCountInString(s) > maxText:
		l.refuse(name, "longer than "+strconv.Itoa(maxText)+" characters")
	}
	return strings.Clone(s)
}

// needed gives a field that must not be empty, with the reason why.
func (l *line) needed(name, why string) string {
	s := l.text(name)
	if s == "" {
		l.refuse(name, why)
	}
	return s
}

func (l *line) day(name string) time.Time {
	s := l.text(name)
	if s == "" {
		return time.Time{}
	}
	t, err := portal.ParseDate(s)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		l.refuse(name, "not a day written YYYY-MM-DD")
		return time.Time{}
	}
	return t
}

func (l *line) period(prefix string) portal.Period {
	p := portal.Period{From: l.day(prefix + "_from"), To: l.day(prefix + "_to")}
	switch {
	case l.bad:
	case p.From.IsZero():
		l.refuse(prefix+"_from", "missing")
	case !p.To.IsZero() && !p.From.Before(p.To):
		l.refuse(prefix+"_to", "not after "+prefix+"_from")
	}
	return p
}

// orphan refuses columns that say something of a part that is not there.
func (l *line) orphan(without string, names ...string) {
	for _, name := range names {
		if l.text(name) != "" {
			l.refuse(name, "given without "+without)
		}
	}
}

func (f *file) add(l *line) {
	p := l.point()
	var m Meter
	if m.Number = l.text("meter"); m.Number != "" {
		if _, _, ok := LastFour(m.Number); !ok {
			l.refuse("meter", "no four digits before a dash or slash")
		}
		m.EAN, m.Period = p.EAN, l.period("meter")
	} else {
		l.orphan("meter", "meter_from", "meter_to")
	}
	var sup Supply
	if sup.Supplier = l.text("supplier"); sup.Supplier != "" {
		sup.EAN, sup.Period = p.EAN, l.period("supplier")
	} else {
		l.orphan("supplier", "supplier_from", "supplier_to")
	}
	o := l.occupancy(p.EAN)
	if l.bad {
		return
	}
	f.points = append(f.points, part[AccessPoint]{p, l.number})
	if m.Number != "" {
		f.meters = append(f.meters, part[Meter]{m, l.number})
	}
	if o.Name != "" {
		f.occupancies = append(f.occupancies, part[Occupancy]{o, l.number})
	}
	if sup.Supplier != "" {
		f.supplies = append(f.supplies, part[Supply]{sup, l.number})
	}
}

func (l *line) point() AccessPoint {
	p := AccessPoint{Street: l.needed("street", "missing"), Postcode: l.needed("postcode", "missing"), Town: l.needed("town", "missing")}
	p.EAN = l.ean()
	switch strings.ToLower(l.text("energy")) {
	case "electricity", "e":
		p.Energy = portal.Electricity
	case "gas", "g":
		p.Energy = portal.Gas
	default:
		l.refuse("energy", "neither electricity nor gas")
	}
	if s := l.text("power_kva"); s != "" {
		kva, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
		va := kva * 1000
		switch {
		case err != nil, !(kva >= 0), kva > 1e6, math.Abs(va-math.Round(va)) > 1e-6:
			l.refuse("power_kva", "not a power in kVA with at most 3 decimals")
		case p.Energy == portal.Gas && va != 0:
			l.refuse("power_kva", "given for gas")
		default:
			p.PowerVA = int64(math.Round(va))
		}
	}
	return p
}

func (l *line) ean() portal.EAN {
	ean, err := portal.ParseEAN(l.text("ean"))
	if err != nil {
		l.refuse("ean", eanReason(err))
	}
	return ean
}

func eanReason(err error) string {
	var e *portal.Error
	if errors.As(err, &e) {
		switch e.Key {
		case "ean.check":
			return "wrong check digit"
		case "ean.prefix":
			return "does not begin with 54"
		case "ean.length":
			return "not 18 digits"
		}
	}
	return "not an EAN"
}

func (l *line) occupancy(ean portal.EAN) Occupancy {
	o := Occupancy{EAN: ean, Name: l.text("name")}
	if o.Name == "" {
		l.orphan("name", "language", "mail_street", "mail_postcode", "mail_town", "occupied_from", "occupied_to", "detail_from")
		return o
	}
	language, known := portal.ParseLanguage(strings.ToLower(l.text("language")))
	if !known {
		l.refuse("language", "not fr, de, nl or en")
	}
	o.Language = language
	const why = "an occupant needs a whole mailing address"
	o.Street, o.Postcode, o.Town = l.needed("mail_street", why), l.needed("mail_postcode", why), l.needed("mail_town", why)
	o.DetailFrom = l.day("detail_from")
	o.Period = l.period("occupied")
	return o
}

// batch checks the lines against each other and keeps the good ones.
func (f *file) batch() (Batch, []LineError) {
	bad := map[int]bool{}
	clash := func(e LineError) {
		if !bad[e.Line] {
			bad[e.Line] = true
			f.wrong = append(f.wrong, e)
		}
	}
	f.checkPoints(clash)
	checkDated(meters, f.meters, clash)
	checkDated(occupancies, f.occupancies, clash)
	checkDated(supplies, f.supplies, clash)

	var b Batch
	b.Points, b.pointLines = good(f.points, bad, func(a, b AccessPoint) bool { return a.EAN == b.EAN })
	b.Meters, b.meterLines = good(f.meters, bad, func(a, b Meter) bool { return meters.compare(a, b) == 0 })
	b.Occupancies, b.occupancyLines = good(f.occupancies, bad, func(a, b Occupancy) bool { return occupancies.compare(a, b) == 0 })
	b.Supplies, b.supplyLines = good(f.supplies, bad, func(a, b Supply) bool { return supplies.compare(a, b) == 0 })
	slices.SortStableFunc(f.wrong, func(a, b LineError) int { return cmp.Compare(a.Line, b.Line) })
	return b, f.wrong
}

func (f *file) checkPoints(clash func(LineError)) {
	slices.SortStableFunc(f.points, func(a, b part[AccessPoint]) int { return cmp.Compare(a.value.EAN, b.value.EAN) })
	for i, first := 1, 0; i < len(f.points); i++ {
		a, b := f.points[first], f.points[i]
		switch {
		case a.value.EAN != b.value.EAN:
			first = i
		case a.value != b.value:
			clash(LineError{b.line, "ean", "its access point is told otherwise on line " + strconv.Itoa(a.line)})
		}
	}
}

// checkDated refuses parts of one EAN that overlap or say different things of
// the same beginning: the later line is named, with the one it disagrees with.
func checkDated[T any](k kind[T], parts []part[T], clash func(LineError)) {
	slices.SortStableFunc(parts, func(a, b part[T]) int { return k.compare(a.value, b.value) })
	for i, last := 1, 0; i < len(parts); i++ {
		a, b := &parts[last], &parts[i]
		if k.ean(&a.value) != k.ean(&b.value) {
			last = i
			continue
		}
		p, q := *k.period(&a.value), *k.period(&b.value)
		if p.From.Equal(q.From) {
			if !k.same(&a.value, &b.value) {
				late, early := max(a.line, b.line), min(a.line, b.line)
				clash(LineError{late, k.column, k.name + " is told otherwise on line " + strconv.Itoa(early)})
			}
			continue
		}
		if p.Overlaps(q) && !(k.closes && p.To.IsZero()) {
			late, early := max(a.line, b.line), min(a.line, b.line)
			clash(LineError{late, k.column, k.name + " overlaps the one on line " + strconv.Itoa(early)})
			if late == b.line {
				continue
			}
		}
		last = i
	}
}

// good drops refused lines and says once what several lines say alike.
func good[T any](parts []part[T], bad map[int]bool, twice func(a, b T) bool) (values []T, lines []int) {
	values, lines = make([]T, 0, len(parts)), make([]int, 0, len(parts))
	for _, p := range parts {
		if bad[p.line] || len(values) > 0 && twice(values[len(values)-1], p.value) {
			continue
		}
		values, lines = append(values, p.value), append(lines, p.line)
	}
	return values, lines
}
