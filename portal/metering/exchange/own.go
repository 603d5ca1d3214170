package exchange

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// Words are the texts of a download, in its reader's language.
type Words struct {
	// Mark is the confidentiality mark, the first line of the file (L20).
	Mark string
	// Lines follow it: what, whose (masked), which period, made when.
	Lines []string
	// The columns' titles.
	From, Until, EAN, Register, Amount, Unit, Quality, YearBefore string
	// Registers and Qualities give the words for registers and for
	// metering.Point's Quality; a missing one stands as its code.
	Registers map[metering.Register]string
	Qualities map[string]string
}

// WriteCSV writes a Series for spreadsheets: UTF-8 with byte-order mark, ";",
// decimal comma, one row per period and register, ISO 8601 times with their
// offset (D4), masked EAN (G12), no cell that a spreadsheet would run. A gap is
// one row for each register with an empty amount, and so is a register that did
// not count in a period and does in another; among hours a day of which only the
// total is kept is one with that.
func WriteCSV(w io.Writer, s metering.Series, words Words) error {
	return WriteCSVs(w, []metering.Series{s}, words)
}

// WriteCSVs writes several access points into one such file, one below the other.
func WriteCSVs(w io.Writer, all []metering.Series, words Words) error {
	buffered := bufio.NewWriter(w)
	buffered.WriteString("\ufeff")
	for _, l := range append([]string{words.Mark}, words.Lines...) {
		buffered.WriteString("# " + strings.NewReplacer("\r", " ", "\n", " ", ";", ",", `"`, "'").Replace(l) + "\r\n")
	}
	out := csv.NewWriter(buffered)
	out.Comma, out.UseCRLF = ';', true
	titles := []string{words.From, words.Until, words.EAN, words.Register, words.Amount, words.Unit, words.Quality, words.YearBefore}
	if err := out.Write(safe(titles)); err != nil {
		return err
	}
	for _, s := range all {
		if err := rows(out, s, words); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}

func rows(out *csv.Writer, s metering.Series, words Words) error {
	ean, registers := s.EAN.Masked(), heard(s)
	for _, p := range s.Points {
		for _, r := range registers {
			amount, before, quality := "", "", p.Quality()
			switch {
			case silent(&p, r):
				quality = noValue
			case p.Gap == metering.NoGap:
				amount = decimal(p.Amounts.Of(r))
			case p.OfDay != nil:
				amount = decimal(p.OfDay.Of(r))
			}
			if p.YearBefore != nil && !silentBefore(&p, r) {
				before = decimal(p.YearBefore.Of(r))
			}
			if word := words.Qualities[quality]; word != "" {
				quality = word
			}
			name := string(r)
			if word := words.Registers[r]; word != "" {
				name = word
			}
			if err := out.Write(safe([]string{iso(p.Period.From), iso(p.Period.To), ean, name, amount, r.Unit(), quality, before})); err != nil {
				return err
			}
		}
	}
	return nil
}

// noValue is the quality of a row whose register did not count in its period.
const noValue = "silent"

// silent tells that a register has no amount in a period that has one, which is
// not zero: the other band counted.
func silent(p *metering.Point, r metering.Register) bool {
	return p.Gap == metering.NoGap && p.Silent.Has(r) && p.Amounts.Of(r) == 0
}

func silentBefore(p *metering.Point, r metering.Register) bool {
	return p.SilentBefore.Has(r) && p.YearBefore.Of(r) == 0
}

// heard are the registers of a series but those that counted in none of its
// periods: the other band of a Sunday.
func heard(s metering.Series) (list []metering.Register) {
	for _, r := range s.Registers {
		idle, counts := false, false
		for i := range s.Points {
			p := &s.Points[i]
			if silent(p, r) {
				idle = true
			} else {
				counts = counts || p.Gap == metering.NoGap || p.OfDay != nil
			}
			counts = counts || p.YearBefore != nil && p.YearBefore.Of(r) != 0
		}
		if counts || !idle {
			list = append(list, r)
		}
	}
	return list
}

// safe keeps a spreadsheet from taking a cell for a formula.
func safe(cells []string) []string {
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r|%", rune(c[0])) {
			cells[i] = "'" + c
		}
	}
	return cells
}

// decimal writes thousandths with a comma; amounts are never negative.
func decimal(thousandths int64) string {
	return fmt.Sprintf("%d,%03d", thousandths/1000, thousandths%1000)
}

func iso(t time.Time) string { return t.In(portal.Brussels).Format(time.RFC3339) }

// The JSON download. Amounts are whole thousandths of the unit, by register.
type (
	document struct {
		Mark   string        `json:"confidentiality"`
		EAN    string        `json:"ean"` // masked
		Energy portal.Energy `json:"energy"`
		Grain  string        `json:"grain"`
		From   string        `json:"from,omitempty"`
		Until  string        `json:"until,omitempty"`
		Units  []unitOf      `json:"registers"`
		Values []period      `json:"values"`
	}
	unitOf struct {
		Register  metering.Register `json:"register"`
		Unit      string            `json:"unit"`
		Thousands int               `json:"amounts_per_unit"`
	}
	period struct {
		From    string `json:"from"`
		Until   string `json:"until"`
		Quality string `json:"quality"`
		// Days are those of a period that has whole days; an hour has none.
		Days          *int                        `json:"days,omitempty"`
		MissingDays   *int                        `json:"missing_days,omitempty"`
		EstimatedDays *int                        `json:"estimated_days,omitempty"`
		Amounts       map[metering.Register]int64 `json:"amounts,omitempty"`
		YearBefore    map[metering.Register]int64 `json:"year_before,omitempty"`
	}
)

// WriteJSON writes the same for programs: amounts are whole thousandths of the
// unit; a gap has no amounts, and a register that did not count none of its own.
// mark is the confidentiality mark (L20).
func WriteJSON(w io.Writer, s metering.Series, mark string) error {
	d := document{Mark: mark, EAN: s.EAN.Masked(), Energy: s.Energy, Grain: string(s.Grain), Units: []unitOf{}, Values: []period{}}
	if !s.Period.From.IsZero() {
		d.From, d.Until = iso(s.Period.From), iso(s.Period.To)
	}
	for _, r := range s.Registers {
		d.Units = append(d.Units, unitOf{r, r.Unit(), 1000})
	}
	amounts := func(a *metering.Amounts, none func(metering.Register) bool) map[metering.Register]int64 {
		m := make(map[metering.Register]int64, len(s.Registers))
		for _, r := range s.Registers {
			if !none(r) {
				m[r] = a.Of(r)
			}
		}
		return m
	}
	for _, p := range s.Points {
		v := period{From: iso(p.Period.From), Until: iso(p.Period.To), Quality: p.Quality()}
		if !s.Grain.Fine() {
			v.Days, v.MissingDays, v.EstimatedDays = &p.Days, &p.MissingDays, &p.EstimatedDays
		}
		if p.Gap == metering.NoGap {
			v.Amounts = amounts(&p.Amounts, func(r metering.Register) bool { return silent(&p, r) })
		}
		if p.YearBefore != nil {
			v.YearBefore = amounts(p.YearBefore, func(r metering.Register) bool { return silentBefore(&p, r) })
		}
		d.Values = append(d.Values, v)
	}
	return json.NewEncoder(w).Encode(d)
}
