package mandates

import (
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
)

// What a draft may hold.
const (
	LongestValidity = 36 // months (D9)
	UsualValidity   = 12 // months, where nothing is typed
	MostLines       = 10_000
	longestName     = 120 // characters, as every short text here
	shortestPurpose = 10
	longestPurpose  = 500
)

// Draft is a mandate as a partner types it: every field is text, so that a
// form comes back as it was sent.
type Draft struct {
	Name, CompanyNumber    string
	Capacity, SignedBy     string
	Street, Postcode, Town string
	Language               string
	Points                 string // one EAN a line; what follows a ; or a comma is a remark
	Kinds                  []string
	DataFrom, DataTo       string // YYYY-MM-DD, To is the last day; empty: for as long as it is valid
	ValidFrom, ValidTo     string // the same; empty: today, and UsualValidity months
	Purpose                string
	Once                   bool
}

// Mandate reads a draft. Nothing of it is compared with the register: what
// comes back is the same whoever lives there, and whether the point exists
// (G13). The error is portal.Problems, each with the Field it is about.
func (d Draft) Mandate(now time.Time) (Mandate, error) {
	r := reader{}
	m := Mandate{
		Mandator: Mandator{
			Name: r.short("name", d.Name), Capacity: Capacity(d.Capacity),
			Street: r.short("street", d.Street), Postcode: r.short("postcode", d.Postcode), Town: r.short("town", d.Town),
		},
		Status: Drafted, CreatedAt: now,
	}
	m.Mandator.CompanyNumber = r.company(d.CompanyNumber)
	switch m.Mandator.Capacity {
	case Occupant:
	case Representative:
		m.Mandator.SignedBy = r.short("signed_by", d.SignedBy)
	default:
		r.wrong("capacity", "mandate.capacity")
	}
	var ok bool
	if m.Language, ok = portal.ParseLanguage(d.Language); !ok {
		r.wrong("language", "mandate.language")
	}
	m.Lines = r.points(d.Points)
	m.Scope = r.scope(d, now)
	if len(r.problems) > 0 {
		return Mandate{}, r.problems
	}
	return m, nil
}

// Draft gives a mandate back as its form: what Mandate reads of it is the same.
func (m Mandate) Draft() Draft {
	data, valid := days(m.Scope.Data), days(m.Scope.Validity)
	d := Draft{Name: m.Mandator.Name, CompanyNumber: m.Mandator.CompanyNumber, Capacity: string(m.Mandator.Capacity), SignedBy: m.Mandator.SignedBy,
		Street: m.Mandator.Street, Postcode: m.Mandator.Postcode, Town: m.Mandator.Town, Language: string(m.Language),
		DataFrom: data[0], DataTo: data[1], ValidFrom: valid[0], ValidTo: valid[1], Purpose: m.Scope.Purpose, Once: m.Scope.Once}
	for _, k := range m.Scope.Kinds {
		d.Kinds = append(d.Kinds, string(k))
	}
	points := make([]string, len(m.Lines))
	for i, l := range m.Lines {
		points[i] = string(l.EAN)
	}
	d.Points = strings.Join(points, "\n")
	return d
}

type reader struct{ problems portal.Problems }

func (r *reader) wrong(field, key string, args ...any) {
	r.problems = append(r.problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
}

// short reads one line of text that must be there.
func (r *reader) short(field, text string) string {
	text = strings.Join(strings.Fields(text), " ")
	switch {
	case text == "":
		r.wrong(field, "mandate.empty")
	case utf8.RuneCountInString(text) > longestName:
		r.wrong(field, "mandate.long", longestName)
	}
	return text
}

// company reads a Belgian company number; none is a person's.
func (r *reader) company(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	number, ok := portal.CompanyNumber(text)
	if !ok {
		r.wrong("company_number", "mandate.company")
	}
	return number
}

// points reads one EAN a line. Twice the same is a mistake: a person listing
// many should learn of it.
func (r *reader) points(text string) (lines []Line) {
	at := map[portal.EAN]int{}
	for i, row := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		row, _, _ = strings.Cut(row, ";")
		row, _, _ = strings.Cut(row, ",")
		if strings.TrimSpace(row) == "" {
			continue
		}
		ean, err := portal.ParseEAN(row)
		if err != nil {
			r.wrong("points", "mandate.point", i+1)
			continue
		}
		if first, twice := at[ean]; twice {
			r.wrong("points", "mandate.twice", i+1, first)
			continue
		}
		at[ean] = i + 1
		lines = append(lines, Line{EAN: ean, Outcome: Proposed})
	}
	switch {
	case len(lines) == 0 && len(at) == 0 && strings.TrimSpace(text) == "":
		r.wrong("points", "mandate.empty")
	case len(lines) > MostLines:
		r.wrong("points", "mandate.many", MostLines)
	}
	return lines
}

func (r *reader) scope(d Draft, now time.Time) Scope {
	s := Scope{Once: d.Once, Purpose: strings.Join(strings.Fields(d.Purpose), " ")}
	for _, k := range Kinds { // in the order of the document, whatever was sent
		for _, typed := range d.Kinds {
			if typed == string(k) && !s.Has(k) {
				s.Kinds = append(s.Kinds, k)
			}
		}
	}
	if len(s.Kinds) == 0 {
		r.wrong("kinds", "mandate.kinds")
	}
	local := now.In(portal.Brussels)
	today := portal.Date(local.Year(), local.Month(), local.Day())
	s.Validity.From = r.day("valid_from", d.ValidFrom, today)
	s.Validity.To = r.end("valid_to", d.ValidTo, s.Validity.From.AddDate(0, UsualValidity, 0))
	switch {
	case !s.Validity.From.Before(s.Validity.To):
		r.wrong("valid_to", "mandate.order")
	case s.Validity.To.After(s.Validity.From.AddDate(0, LongestValidity, 0)):
		r.wrong("valid_to", "mandate.validity", LongestValidity)
	case !today.Before(s.Validity.To):
		r.wrong("valid_to", "mandate.over")
	}
	s.Data.From = r.day("data_from", d.DataFrom, s.Validity.From)
	s.Data.To = r.end("data_to", d.DataTo, time.Time{})
	if !s.Data.To.IsZero() && !s.Data.From.Before(s.Data.To) {
		r.wrong("data_to", "mandate.order")
	}
	switch n := utf8.RuneCountInString(s.Purpose); {
	case n < shortestPurpose:
		r.wrong("purpose", "mandate.purpose", shortestPurpose)
	case n > longestPurpose:
		r.wrong("purpose", "mandate.long", longestPurpose)
	}
	return s
}

// day reads a day, or takes what it is where nothing was typed.
func (r *reader) day(field, text string, otherwise time.Time) time.Time {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	t, err := portal.ParseDate(strings.TrimSpace(text))
	if err != nil {
		r.wrong(field, "date.format", text)
		return otherwise
	}
	return t
}

// end reads a last day as the border after it.
func (r *reader) end(field, text string, otherwise time.Time) time.Time {
	if strings.TrimSpace(text) == "" {
		return otherwise
	}
	if t := r.day(field, text, time.Time{}); !t.IsZero() {
		return t.AddDate(0, 0, 1)
	}
	return otherwise
}
