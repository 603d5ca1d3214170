package works

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
)

// Field is one technical thing that a request says about the works. Personal
// data are no fields: they are those of Contact, and there is no place for
// others (W13). A new one needs: fields below, web/locales "works.field."+name.
type Field string

// The fields.
const (
	EAN             Field = "ean"
	MeterNumber     Field = "meter_number"
	Parcel          Field = "parcel" // parcel or coordinates, where there is no address yet
	Description     Field = "description"
	PowerNow        Field = "power_now"    // VA
	PowerWished     Field = "power_wished" // VA
	Supply          Field = "supply"       // single or three phases, and their voltage (W12)
	GasFlow         Field = "gas_flow"     // m3/h
	Units           Field = "units"        // dwellings, meters or plots
	Production      Field = "production"
	Battery         Field = "battery"
	ChargingPoint   Field = "charging_point"
	HeatPump        Field = "heat_pump"
	WishedDay       Field = "wished_day"
	UntilDay        Field = "until_day"
	PermitReference Field = "permit_reference"
	PortOpen        Field = "port_open"
)

// form is how a field is written.
type form int

const (
	line   form = iota // one line of text
	text               // several
	code               // an EAN
	tenths             // a positive amount with one decimal, kept in tenths
	count
	choice
	day
)

type fieldFacts struct {
	field   Field
	form    form
	least   int64 // in tenths, or as counted
	most    int64
	choices []string
}

var fields = []fieldFacts{
	{EAN, code, 0, 0, nil},
	{MeterNumber, line, 0, 40, nil},
	{Parcel, line, 0, 120, nil},
	{Description, text, 0, 2000, nil},
	{PowerNow, tenths, 1, 100_000, nil}, // kVA
	{PowerWished, tenths, 1, 100_000, nil},
	{Supply, choice, 0, 0, []string{"single", "three-230", "three-400"}},
	{GasFlow, tenths, 1, 100_000, nil}, // m3/h
	{Units, count, 1, 500, nil},
	{Production, tenths, 1, 100_000, nil}, // kW
	{Battery, tenths, 1, 100_000, nil},
	{ChargingPoint, tenths, 1, 100_000, nil},
	{HeatPump, tenths, 1, 100_000, nil},
	{WishedDay, day, 0, 0, nil},
	{UntilDay, day, 0, 0, nil},
	{PermitReference, line, 0, 60, nil},
	{PortOpen, choice, 0, 0, []string{"open", "close"}},
}

// Fields lists them all, in the order of a form.
var Fields = func() (all []Field) {
	for _, f := range fields {
		all = append(all, f.field)
	}
	return all
}()

func (f Field) facts() fieldFacts {
	for _, ff := range fields {
		if ff.field == f {
			return ff
		}
	}
	return fieldFacts{}
}

// Choices are what a field can be, where it is a choice.
func (f Field) Choices() []string { return f.facts().choices }

// Tenths tells whether a field is kept in tenths of its unit.
func (f Field) Tenths() bool { return f.facts().form == tenths }

// IsDay tells a day, written YYYY-MM-DD.
func (f Field) IsDay() bool { return f.facts().form == day }

// IsText tells a field of several lines.
func (f Field) IsText() bool { return f.facts().form == text }

// Document is a paper of a request. A new one needs: Documents, web/locales
// "works.document."+name.
type Document string

// The documents.
const (
	SitePlan   Document = "site-plan"
	GroundPlan Document = "ground-plan"
	Permit     Document = "permit"
	Conformity Document = "conformity" // report of the indoor installation by an approved body
	Photo      Document = "photo"
	WorksPaper Document = "mandate" // for works, which is another than one for data (Wd2)
	Agreement  Document = "agreement"
	Other      Document = "other"
)

// Documents lists them all.
var Documents = []Document{SitePlan, GroundPlan, Permit, Conformity, Photo, WorksPaper, Agreement, Other}

// Holds tells whether a kind has a place for a field (W12, W13).
func (f Facts) Holds(field Field) bool {
	return slices.Contains(f.Need, field) || slices.Contains(f.May, field)
}

// Fields lists those of a kind, in the order of a form.
func (f Facts) Fields() (all []Field) {
	for _, field := range Fields {
		if f.Holds(field) {
			all = append(all, field)
		}
	}
	return all
}

type reader struct {
	now      time.Time
	problems portal.Problems
}

func (r *reader) wrong(field, key string, args ...any) {
	r.problems = append(r.problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
}

// short reads one line of text.
func (r *reader) short(field, given string, needed bool, longest int) string {
	given = strings.Join(strings.Fields(given), " ")
	switch {
	case given == "" && needed:
		r.wrong(field, "works.empty")
	case utf8.RuneCountInString(given) > longest:
		r.wrong(field, "works.long", longest)
	}
	return given
}

// values reads what was given for the fields of a kind into how they are kept.
// A field that the kind has no place for is refused, whatever it holds (W13).
func (r *reader) values(kind Facts, given map[string]string) map[Field]string {
	kept := map[Field]string{}
	for name := range given {
		if !kind.Holds(Field(name)) {
			r.wrong(name, "works.foreign")
		}
	}
	for _, f := range kind.Fields() {
		v := strings.TrimSpace(given[string(f)])
		if v == "" {
			if slices.Contains(kind.Need, f) && len(f.Choices()) > 0 {
				r.wrong(string(f), "works.choice")
			} else if slices.Contains(kind.Need, f) {
				r.wrong(string(f), "works.empty")
			}
			continue
		}
		if v = r.value(f.facts(), v); v != "" {
			kept[f] = v
		}
	}
	from, until := kept[WishedDay], kept[UntilDay]
	if from != "" && until != "" && until < from {
		r.wrong(string(UntilDay), "works.order")
	}
	return kept
}

func (r *reader) value(f fieldFacts, given string) string {
	name := string(f.field)
	switch f.form {
	case line:
		return r.short(name, given, false, int(f.most))
	case text:
		if utf8.RuneCountInString(given) > int(f.most) {
			r.wrong(name, "works.long", f.most)
		}
		return given
	case code:
		ean, err := portal.ParseEAN(given)
		if err != nil {
			r.problems = append(r.problems, err.(*portal.Error))
		}
		return string(ean)
	case choice:
		if slices.Contains(f.choices, given) {
			return given
		}
		r.wrong(name, "works.choice")
	case count:
		if n, err := strconv.ParseInt(given, 10, 64); err == nil && n >= f.least && n <= f.most {
			return strconv.FormatInt(n, 10)
		}
		r.wrong(name, "works.count", f.least, f.most)
	case tenths:
		if n, ok := parseTenths(given); ok && n >= f.least && n <= f.most {
			return strconv.FormatInt(n, 10)
		}
		r.wrong(name, "works.amount", f.most/10)
	case day:
		d, err := portal.ParseDate(given)
		switch {
		case err != nil:
			r.wrong(name, "works.date")
		case d.Before(r.now):
			r.wrong(name, "works.past")
		default:
			return d.In(portal.Brussels).Format(time.DateOnly)
		}
	}
	return ""
}

// Supply takes what was missing of the technical fields (W5). Problems name
// the fields; then nothing was taken.
func (r *Request) Supply(given map[string]string, now time.Time) error {
	rd, kind, kept := reader{now: now}, r.Kind.Facts(), map[Field]string{}
	for _, name := range r.Missing {
		f := Field(name)
		if !kind.Holds(f) {
			continue // a document, or what somebody else notes
		}
		typed := strings.TrimSpace(given[name])
		if typed == "" {
			rd.wrong(name, "works.empty")
		} else if v := rd.value(f.facts(), typed); v != "" {
			kept[f] = v
		}
	}
	if len(rd.problems) > 0 {
		return rd.problems
	}
	values := maps.Clone(r.Values)
	if values == nil {
		values = map[Field]string{}
	}
	maps.Copy(values, kept)
	r.Values = values
	r.Missing = slices.DeleteFunc(slices.Clone(r.Missing), func(name string) bool { return kept[Field(name)] != "" })
	return nil
}

// parseTenths reads an amount of at most one decimal, with a comma or a point.
func parseTenths(given string) (int64, bool) {
	whole, part, cut := strings.Cut(strings.Replace(given, ",", ".", 1), ".")
	if cut && len(part) != 1 {
		return 0, false
	}
	if !cut {
		part = "0"
	}
	n, err := strconv.ParseUint(whole+part, 10, 32)
	return int64(n), err == nil
}

// Written is a field's kept value as somebody types it.
func Written(f Field, kept string) string {
	if n := len(kept) - 1; f.Tenths() && n >= 0 {
		whole := kept[:n]
		if whole == "" {
			whole = "0"
		}
		return whole + "." + kept[n:]
	}
	return kept
}
