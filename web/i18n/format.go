package i18n

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
)

// writing is how a language writes dates and numbers.
type writing struct {
	group, decimal string
	first, day     string // the first of a month, and any other day
	hours          string // between hours and minutes
	months, short  [12]string
	week           [7]string // from Sunday, with what stands before the day
}

// noBreak keeps a number and its unit, or a day and its month, on one line.
const noBreak = "\u00a0"

// typeset keeps French signs beside their word, however the text was typed.
func typeset(lang portal.Language, text string) string {
	if lang != portal.French {
		return text
	}
	return frenchSigns.Replace(text)
}

var frenchSigns = strings.NewReplacer(" :", noBreak+":", " ;", noBreak+";", " ?", noBreak+"?", " !", noBreak+"!",
	" %", noBreak+"%", " »", noBreak+"»", "« ", "«"+noBreak)

var writings = map[portal.Language]writing{
	portal.French: {
		group: "\u202f", decimal: ",", first: "1er", day: "%d", hours: noBreak + "h" + noBreak,
		months: [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		short:  [12]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
		week:   [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
	},
	portal.German: {
		group: ".", decimal: ",", first: "1.", day: "%d.", hours: ":",
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		short:  [12]string{"Jan.", "Febr.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
		week:   [7]string{"Sonntag,", "Montag,", "Dienstag,", "Mittwoch,", "Donnerstag,", "Freitag,", "Samstag,"},
	},
	portal.Dutch: {
		group: ".", decimal: ",", first: "1", day: "%d", hours: ".",
		months: [12]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"},
		short:  [12]string{"jan.", "feb.", "mrt.", "apr.", "mei", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec."},
		week:   [7]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
	},
	portal.English: {
		group: ",", decimal: ".", first: "1", day: "%d", hours: ":",
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		short:  [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		week:   [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
	},
}

// Date writes a day in full: "1er mars 2024", "1. März 2024".
func (c *Catalog) Date(t time.Time) string {
	t = t.In(portal.Brussels)
	return c.dayOf(t) + noBreak + c.way.months[t.Month()-1] + noBreak + strconv.Itoa(t.Year())
}

// Weekday writes a day in full with its name: "mardi 1er mars 2024",
// "Dienstag, 1. März 2024".
func (c *Catalog) Weekday(t time.Time) string {
	return c.way.week[t.In(portal.Brussels).Weekday()] + " " + c.Date(t)
}

// ShortDate writes a day without its year, for a narrow place: "1er mars".
func (c *Catalog) ShortDate(t time.Time) string {
	t = t.In(portal.Brussels)
	return c.dayOf(t) + noBreak + c.way.short[t.Month()-1]
}

func (c *Catalog) dayOf(t time.Time) string {
	if t.Day() == 1 {
		return c.way.first
	}
	return fmt.Sprintf(c.way.day, t.Day())
}

// Month writes a month in full with its year: "mars 2024".
func (c *Catalog) Month(t time.Time) string {
	y, m, _ := t.In(portal.Brussels).Date()
	return c.way.months[m-1] + noBreak + strconv.Itoa(y)
}

// ShortMonth writes a month alone, abbreviated: "févr.".
func (c *Catalog) ShortMonth(t time.Time) string {
	return c.way.short[t.In(portal.Brussels).Month()-1]
}

// Time writes hours and minutes: "14 h 05", "14:05", "14.05".
func (c *Catalog) Time(t time.Time) string {
	t = t.In(portal.Brussels)
	return fmt.Sprintf("%d%s%02d", t.Hour(), c.way.hours, t.Minute())
}

// Number writes thousandths of a unit with 0 to 3 decimals, rounded half away
// from zero, with the language's separators and a true minus sign.
func (c *Catalog) Number(thousandths int64, decimals int) string {
	var room [64]byte
	return string(c.number(room[:0], thousandths, decimals))
}

// Amount is a Number with its unit, on one line.
func (c *Catalog) Amount(thousandths int64, decimals int, unit string) string {
	var room [64]byte
	return string(append(append(c.number(room[:0], thousandths, decimals), noBreak...), unit...))
}

func (c *Catalog) number(b []byte, thousandths int64, decimals int) []byte {
	decimals = min(max(decimals, 0), 3)
	step := uint64(1)
	for range 3 - decimals {
		step *= 10
	}
	size := uint64(thousandths)
	if thousandths < 0 {
		size = -size
	}
	size = (size + step/2) / step
	var rounded [24]byte
	digits := strconv.AppendUint(rounded[:0], size, 10)
	for len(digits) <= decimals {
		digits = slices.Insert(digits, 0, '0')
	}
	whole, part := digits[:len(digits)-decimals], digits[len(digits)-decimals:]
	if thousandths < 0 && size != 0 {
		b = append(b, "\u2212"...)
	}
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b = append(b, c.way.group...)
		}
		b = append(b, d)
	}
	if decimals > 0 {
		b = append(append(b, c.way.decimal...), part...)
	}
	return b
}

// Factor writes ten-thousandths with four decimals, as a bill has its
// conversion factors, or with fewer: "11,4023".
func (c *Catalog) Factor(tenThousandths int64, decimals int) string {
	step := int64(1)
	for range 4 - decimals {
		step *= 10
	}
	rounded, parts := (tenThousandths+step/2)/step, 10_000/step
	return fmt.Sprintf("%s%s%0*d", c.Number(rounded/parts*1000, 0), c.way.decimal, decimals, rounded%parts)
}

// List joins words as a sentence does: "a, b et c".
func (c *Catalog) List(words []string) string {
	if n := len(words) - 1; n > 0 {
		return strings.Join(words[:n], ", ") + c.T("list.and") + words[n]
	}
	return strings.Join(words, "")
}

// Apart joins what may have commas or an "and" of its own.
func (c *Catalog) Apart(parts []string) string {
	sign := "; "
	if c.Lang == portal.French {
		sign = noBreak + sign
	}
	return strings.Join(parts, sign)
}
