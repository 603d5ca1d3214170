package indexes

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"guichet/portal"
	"guichet/portal/metering"
)

// Field is the name of a register's field in a form.
func Field(r metering.Register) string { return "index-" + string(r) }

// DateField is the name of the date's field.
const DateField = "date"

// Faults are all that is wrong with what was typed, in the order of the form.
type Faults []*portal.Error

func (f Faults) Error() string {
	if len(f) == 0 {
		return "no faults"
	}
	return f[0].Error() + " and " + strconv.Itoa(len(f)-1) + " more"
}

func fault(field, key string, args ...any) *portal.Error {
	return &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args}
}

// parseValue reads a register's value as people type it: blanks and leading
// zeros are fine; a comma, a sign or more digits than the counter has are
// refused at the field (facts B.6, first line). The keys are "index."+....
func parseValue(text string, r Register) (int64, *portal.Error) {
	field := Field(r.Register)
	var digits strings.Builder
	for _, c := range text {
		switch {
		case unicode.IsSpace(c):
		case c == ',' || c == '.' || c == '\'':
			return 0, fault(field, "index.comma")
		case c == '-' || c == '−':
			return 0, fault(field, "index.negative")
		case c < '0' || c > '9':
			return 0, fault(field, "index.number")
		default:
			digits.WriteRune(c)
		}
	}
	typed := digits.String()
	if typed == "" {
		return 0, fault(field, "index.empty")
	}
	typed = strings.TrimLeft(typed, "0")
	if len(typed) > r.Digits {
		return 0, fault(field, "index.digits", r.Digits)
	}
	if typed == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil {
		return 0, fault(field, "index.number")
	}
	return n, nil
}

// parseDate reads the day of the reading: a form's YYYY-MM-DD, or day, month
// and year as people write them, and refuses one that is to come, before the
// last reading, outside the window, or before the occupancy. earliest is the
// first day that the customer may name, latest the last.
func parseDate(text string, w Window, stay portal.Period, now time.Time) (time.Time, *portal.Error) {
	day, ok := readDay(strings.TrimSpace(text))
	if strings.TrimSpace(text) == "" {
		return day, fault(DateField, "index.date.empty")
	}
	if !ok {
		return day, fault(DateField, "index.date.format")
	}
	first, last := Days(w, stay, now)
	switch {
	case day.After(midnight(now)):
		return day, fault(DateField, "index.date.future")
	case day.Before(first) || day.After(last):
		return day, fault(DateField, "index.date.window")
	}
	return day, nil
}

// Days are the first and the last day a reading may be of: inside the window
// and the occupancy, not before the last reading, not to come.
func Days(w Window, stay portal.Period, now time.Time) (first, last time.Time) {
	first, last = midnight(w.From), midnight(now)
	if f := midnight(stay.From); f.After(first) {
		first = f
	}
	for _, r := range w.Registers {
		if r.LastOn.After(first) { // so it lies in the occupancy, and may be told
			first = midnight(r.LastOn)
		}
	}
	if end := midnight(w.To.Add(-time.Second)); end.Before(last) {
		last = end
	}
	if !stay.To.IsZero() {
		if end := midnight(stay.To.Add(-time.Second)); end.Before(last) {
			last = end
		}
	}
	return first, last
}

// own tells whether a register's last reading lies within the occupancy.
func own(r Register, stay portal.Period) bool { return !r.LastOn.Before(midnight(stay.From)) }

func midnight(t time.Time) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}

// readDay reads 2026-11-25, 25/11/2026, 25.11.2026 or 25-11-2026.
func readDay(text string) (time.Time, bool) {
	if t, err := portal.ParseDate(text); err == nil {
		return t, sane(t)
	}
	t, err := time.ParseInLocation("2-1-2006", strings.NewReplacer("/", "-", ".", "-", " ", "").Replace(text), portal.Brussels)
	return t, err == nil && sane(t)
}

func sane(t time.Time) bool { return t.Year() >= 1990 && t.Year() < 2200 }
