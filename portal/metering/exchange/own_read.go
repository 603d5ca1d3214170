package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// ReadOwn reads a CSV download of ours back, in any of its languages. The EAN
// in it is masked (G12), so Options.ForEAN is demanded, and must fit the mask; a
// file of several access points demands each of them, and masks that differ.
// Rows of a day or less become Days; a file of months or years becomes Totals,
// as it has no days to tell. A gap is a row without an amount and stays one; a row
// of a register that did not count says nothing.
func ReadOwn(r io.Reader, o Options) (File, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return File{}, fmt.Errorf("reading the file: %w", err)
	}
	text, err := decode(raw)
	if err != nil {
		return File{}, &Refused{Lines: []LineError{{Line: 1, Reason: "cannot be read as text: " + err.Error()}}}
	}
	if bad := endless(text); bad != nil {
		return File{}, &Refused{Lines: []LineError{*bad}}
	}
	p := ownParser{parser: newParser(o)}
	p.meterList = []string{""} // ours knows no meters
	if err := p.rows(text); err != nil {
		return File{}, err
	}
	rows := len(p.lines) + p.silent
	p.rivals()
	var f File
	switch {
	case p.refused != nil:
	case p.longest() > 25*time.Hour:
		f = p.totals()
	default:
		f = p.assemble()
		// A gap was nothing known: it is no news that nothing came.
		f.Days = slices.DeleteFunc(f.Days, func(d metering.Day) bool {
			return !slices.ContainsFunc(d.Values, func(v metering.Slot) bool { return !v.Absent && v.Quality != metering.Missing })
		})
		for i, d := range f.Days {
			f.Days[i].Perhaps = !slices.ContainsFunc(d.Values, func(v metering.Slot) bool { return v.Amount != 0 })
		}
	}
	if p.refused != nil {
		return File{}, p.refused
	}
	f.Summary.Rows = rows
	return f, nil
}

// ownParser reads our own columns with the family's words.
type ownParser struct {
	parser
	silent int // rows of registers that did not count
}

func (p *ownParser) rows(text []byte) error {
	header := text
	for bytes.HasPrefix(header, []byte("#")) {
		_, header, _ = bytes.Cut(header, []byte("\n"))
	}
	first, _, _ := bytes.Cut(header, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma, in.Comment = separatorOf(string(first)), '#'
	in.FieldsPerRecord = -1
	cells, err := in.Read()
	if err != nil {
		return &Refused{Lines: []LineError{{Line: 1, Reason: "the file is empty or its first line cannot be read"}}}
	}
	if err := p.titles(in, cells); err != nil {
		return err
	}
	width := len(cells)
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			p.refuse(bad.Line, unknown, "the line cannot be split into columns")
			break
		} else if err != nil {
			return fmt.Errorf("reading the file: %w", err)
		}
		no, _ := in.FieldPos(0)
		if len(cells) != width {
			p.refuse(no, unknown, fmt.Sprintf("has %d columns, the header has %d", len(cells), width))
			continue
		}
		if !p.row(no, cells) {
			break
		}
	}
	if len(p.lines) == 0 && p.refused == nil {
		p.refuse(2, unknown, "the file has no rows")
	}
	return p.refusedOrNil()
}

// titles finds our columns; the year before is for readers and not read.
func (p *ownParser) titles(in *csv.Reader, cells []string) error {
	no, _ := in.FieldPos(0)
	for r := range p.at {
		p.at[r] = -1
	}
	for i, title := range cells {
		r := meaning(title)
		if r == unknown {
			continue
		}
		if p.at[r] >= 0 {
			return &Refused{Lines: []LineError{{Line: no, Column: title, Reason: fmt.Sprintf("means the %s, and so does %q", roleNames[r], p.names[r])}}}
		}
		p.at[r], p.names[r] = i, title
	}
	var missing []string
	for _, r := range []role{fromMoment, untilMoment, eanCode, register, volume, unit, status} {
		if p.at[r] < 0 {
			missing = append(missing, roleNames[r])
		}
	}
	if missing != nil {
		return &Refused{Lines: []LineError{{Line: no, Reason: "not a CSV of this portal: no column for " + strings.Join(missing, ", ")}}}
	}
	return nil
}

// row reads one line; false ends the reading: every line would say the same.
func (p *ownParser) row(no int, cells []string) bool {
	l, ok := line{no: no}, true
	fail := func(r role, reason string) {
		p.refuse(no, r, reason)
		ok = false
	}
	cell := func(r role) string { return bare(cells[p.at[r]]) }
	var err error
	if l.ean, err = p.point(cell(eanCode)); err != nil {
		fail(eanCode, err.Error())
		return false
	}
	l.start, l.day = p.moment(cell(fromMoment), fromMoment, fail)
	l.end, l.untilDay = p.moment(cell(untilMoment), untilMoment, fail)
	if ok && l.end <= l.start {
		fail(untilMoment, errOrder.Error())
	}
	if l.register, ok = p.counted(cell(register), ok, fail); ok && !strings.EqualFold(plain(cell(unit)), plain(l.register.Unit())) {
		fail(unit, fmt.Sprintf("%q is not the unit of this register, %s", cell(unit), l.register.Unit()))
	}
	word, amount := plain(cell(status)), cell(volume)
	switch {
	case partial[word] && amount != "":
		l.lost = true
	case between[word] && amount != "":
		l.indexed = true
	case daily[word] && amount != "":
		l.untold = true
	case valueless[word] && amount == "":
		p.silent++
		return true
	case (daily[word] || straddles[word] || unread[word]) && amount == "":
		l.quality = metering.Missing
	default:
		l.quality, l.amount = p.value(cell(status), amount, fail)
		amount = ""
	}
	if amount != "" {
		if l.amount, err = thousandths(amount); err != nil {
			fail(volume, err.Error())
		}
	}
	if ok {
		p.lines = append(p.lines, l)
	}
	return true
}

// Words of our qualities beyond the family's, as plain leaves them: a part is
// missing; hours were asked for, and this is the total of the day; there is an
// amount, but not of this period alone: one total for two occupants; the bounds
// are two readings of the meter, or no two readings bound it; another register
// counted.
var (
	partial   = map[string]bool{"partial": true, "incomplet": true, "luckenhaft": true, "onvolledig": true, "incomplete": true}
	daily     = map[string]bool{"daily": true, "total du jour": true, "tageswert": true, "dagtotaal": true, "total of the day": true}
	between   = map[string]bool{"indexes": true, "entre deux releves": true, "zwischen zwei ablesungen": true, "tussen twee meteropnames": true, "between two readings": true}
	unread    = map[string]bool{"unread": true, "non releve": true, "nicht abgelesen": true, "niet opgenomen": true, "not read": true}
	valueless = map[string]bool{noValue: true, "sans valeur": true, "ohne wert": true, "geen waarde": true, "no value": true}
	straddles = map[string]bool{"straddle": true, "non partage": true, "nicht teilbar": true, "niet te splitsen": true, "not divisible": true}
)

// point holds the EAN against --for, as far as the mask shows it, and tells
// which of the access points it is.
func (p *ownParser) point(text string) (int, error) {
	switch {
	case strings.Contains(text, "--") && p.options.ForEAN == "":
		return 0, errors.New("the EAN is masked; say with --for EAN which access point the file is of")
	case strings.Contains(text, "--"):
		p.eanList = append([]portal.EAN{p.options.ForEAN}, p.options.Also...)
		fits, first := -1, error(nil)
		for i, ean := range p.eanList {
			err := sameMask(text, ean)
			switch {
			case err == nil && fits >= 0:
				return 0, errors.New("its mask fits two access points that --for says: import them one by one")
			case err == nil:
				fits = i
			case first == nil:
				first = err
			}
		}
		if fits < 0 {
			return 0, first
		}
		return fits, nil
	}
	ean, err := portal.ParseEAN(text)
	switch {
	case err != nil:
		return 0, errors.New(eanReason(text, err))
	case p.options.ForEAN != "" && ean != p.options.ForEAN, len(p.eanList) > 0 && p.eanList[0] != ean:
		return 0, errors.New("another access point than --for says, or than on the lines before")
	}
	p.eanList = []portal.EAN{ean}
	return 0, nil
}

// moment reads a time with its offset, which leaves no doubt (D4).
func (p *ownParser) moment(text string, r role, fail func(role, string)) (int64, *localDay) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		fail(r, fmt.Sprintf("%q is not a time with its offset such as 2026-03-01T00:00:00+01:00", shortened(text)))
		return 0, nil
	}
	if t.Unix() < earliest || t.Unix() > latest {
		fail(r, fmt.Sprintf("%q is not in this century", text))
		return 0, nil
	}
	y, m, d := t.In(portal.Brussels).Date()
	key := fmt.Sprintf("%04d-%02d-%02d", y, int(m), d)
	if p.days[key] == nil {
		p.days[key] = dayOf(y, int(m), d)
	}
	return t.Unix(), p.days[key]
}

// counted recognises a register by its code or in a language of ours.
func (p *ownParser) counted(text string, ok bool, fail func(role, string)) (metering.Register, bool) {
	if r, seen := p.registers[text]; seen {
		return r, ok
	}
	r, known := metering.Register(text), true
	if !r.Valid() {
		switch words := plain(text); {
		case strings.Contains(words, "gas") || strings.Contains(words, "gaz"):
			r, known = metering.GasEnergy, strings.Contains(words, "energ")
			if !known {
				r, known = metering.GasVolume, strings.Contains(words, "volum")
			}
		default:
			r, known = counted(text)
		}
	}
	if !known {
		fail(register, fmt.Sprintf("%q is no register known here", shortened(text)))
		return r, false
	}
	p.registers[text] = r
	return r, ok
}

func (p *ownParser) longest() (length time.Duration) {
	for _, l := range p.lines {
		length = max(length, time.Duration(l.end-l.start)*time.Second)
	}
	return length
}

// rivals drops the zeros of the side that did not count: our files have a row
// for each register, also where a point went from one total to two bands.
func (p *ownParser) rivals() {
	type key struct {
		ean        int
		start, end int64
		family     metering.Register
	}
	type sides struct{ bands, total, bandRows, totalRows int64 }
	at := map[key]*sides{}
	for _, l := range p.lines {
		k := key{l.ean, l.start, l.end, l.register.Family()}
		s := at[k]
		if s == nil {
			s = &sides{}
			at[k] = s
		}
		if l.register == k.family {
			s.total, s.totalRows = s.total+l.amount, s.totalRows+1
		} else {
			s.bands, s.bandRows = s.bands+l.amount, s.bandRows+1
		}
	}
	kept := p.lines[:0]
	for _, l := range p.lines {
		s := at[key{l.ean, l.start, l.end, l.register.Family()}]
		isTotal := l.register == l.register.Family()
		if s.bandRows > 0 && s.totalRows > 0 && ((isTotal && s.total == 0) || (!isTotal && s.bands == 0 && s.total > 0)) {
			continue
		}
		kept = append(kept, l)
	}
	p.lines = kept
}

// totals are the rows of a file of months or years, which has no days.
func (p *ownParser) totals() File {
	f := File{Summary: Summary{Statuses: map[metering.Quality]int{}}}
	sort.SliceStable(p.lines, func(a, b int) bool {
		x, y := &p.lines[a], &p.lines[b]
		if x.ean != y.ean {
			return p.eanList[x.ean] < p.eanList[y.ean]
		}
		if x.register != y.register {
			return x.register < y.register
		}
		return x.start < y.start
	})
	for i := range p.lines {
		l := &p.lines[i]
		if i > 0 && p.lines[i-1].ean == l.ean && p.lines[i-1].register == l.register && l.start < p.lines[i-1].end {
			p.refuse(l.no, unknown, fmt.Sprintf("counts again what line %d counts", p.lines[i-1].no))
		}
		if l.start != l.day.start || l.end != l.untilDay.start {
			p.refuse(l.no, unknown, "a period longer than a day begins and ends at midnight in Brussels")
		}
		if l.quality == metering.Missing {
			continue // nothing was known, so nothing is said
		}
		f.Totals = append(f.Totals, metering.PeriodTotal{EAN: p.eanList[l.ean], Register: l.register, Amount: l.amount, Line: l.no,
			Period:    portal.Period{From: unix(l.start), To: unix(l.end)},
			Estimated: l.quality == metering.Estimated, Missing: l.lost, Indexed: l.indexed})
	}
	p.sums(&f.Summary)
	return f
}
