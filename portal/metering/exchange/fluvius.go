package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"guichet/portal"
	"guichet/portal/metering"
)

// ReadFluvius reads a file of the family of Fluvius's customer portal: any
// order of columns, four languages, several separators and encodings. A file
// that is not of the family, or has one bad line, is *Refused as a whole.
func ReadFluvius(r io.Reader, o Options) (File, error) {
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
	p := newParser(o)
	if err := p.parse(text); err != nil {
		return File{}, err
	}
	p.order()
	p.place()
	p.nameGas()
	if p.refused != nil {
		return File{}, p.refused
	}
	f := p.assemble()
	if p.refused != nil {
		return File{}, p.refused
	}
	return f, nil
}

func newParser(o Options) parser {
	return parser{options: o, days: map[string]*localDay{}, eans: map[string]int{}, meters: map[string]int{},
		registers: map[string]metering.Register{}, units: map[string]string{}, statuses: map[string]metering.Quality{}}
}

// A refusal lists so many bad lines, each reason in so many characters.
const (
	maxReasons    = 100
	longestReason = 300
)

// line is one row of the file.
type line struct {
	no            int
	ean, meter    int // in parser.eanList, parser.meterList
	register      metering.Register
	cubic         bool // in m³
	quality       metering.Quality
	amount        int64
	day, untilDay *localDay
	from, to      int   // minutes of the wall clock
	second        bool  // of the two passes of the repeated hour, the winter one
	start, end    int64 // seconds since 1970, once placed
	lost          bool  // a part of the value is missing: a day's total in a file of ours
	untold        bool  // the file does not tell the total's quality
	indexed       bool  // counted between two readings of the meter: a file of ours
}

type parser struct {
	options   Options
	names     [roles]string // headers as the file writes them
	at        [roles]int    // their columns, -1 where there is none
	calorific bool
	lines     []line
	refused   *Refused
	notes     []LineError
	unnamed   string // the element of XML that is meant where no role is

	// What was recognised before, by the cell's own text: files repeat
	// themselves on every row.
	days      map[string]*localDay
	eans      map[string]int
	meters    map[string]int
	registers map[string]metering.Register
	units     map[string]string
	statuses  map[string]metering.Quality
	eanList   []portal.EAN
	meterList []string
	firstEAN  string
	named     portal.EAN // Summary.Named
}

func (p *parser) refuse(no int, r role, reason string) {
	p.refuseLine(p.lineError(no, r, reason))
}

func (p *parser) lineError(no int, r role, reason string) LineError {
	e := LineError{Line: no, Column: p.names[r], Reason: reason}
	if e.Column == "" {
		e.Element = p.unnamed
	}
	return e
}

// note keeps what is odd and was read all the same.
func (p *parser) note(e LineError) {
	if len(p.notes) < maxReasons {
		p.notes = append(p.notes, e)
	}
}

func (p *parser) refuseLine(e LineError) {
	if p.refused == nil {
		p.refused = &Refused{}
	}
	if len(p.refused.Lines) >= maxReasons {
		p.refused.More++
		return
	}
	if r := []rune(e.Reason); len(r) > longestReason { // a cell may be as long as the file
		e.Reason = string(r[:longestReason/2]) + "…" + string(r[len(r)-longestReason/2:])
	}
	p.refused.Lines = append(p.refused.Lines, e)
}

func (p *parser) parse(text []byte) error {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma = separatorOf(string(first))
	in.LazyQuotes = true // ="541..." has its quotes in the middle
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		return &Refused{Lines: []LineError{{Line: 1, Reason: "the file is empty or its first line cannot be read"}}}
	}
	if err := p.columns(header); err != nil {
		return err
	}
	width := len(header)
	p.lines = make([]line, 0, bytes.Count(text, []byte("\n")))
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var bad *csv.ParseError
			no := 0
			if errors.As(err, &bad) {
				no = bad.Line
			}
			p.refuse(no, unknown, "the line cannot be split into columns")
			break
		}
		no, _ := in.FieldPos(0)
		if len(cells) == 1 && strings.TrimSpace(cells[0]) == "" {
			continue
		}
		if len(cells) < width-1 || len(cells) > width+1 { // a last separator more or less does no harm
			p.refuse(no, unknown, fmt.Sprintf("has %d columns, the header has %d", len(cells), width))
			continue
		}
		p.row(no, cells)
	}
	if len(p.lines) == 0 && p.refused == nil {
		p.refuse(2, unknown, "the file has no rows")
	}
	if p.options.ForEAN == "" {
		return p.refusedOrNil()
	}
	p.eanList = []portal.EAN{p.options.ForEAN}
	return p.refusedOrNil()
}

// refusedOrNil keeps a nil *Refused from becoming a non-nil error.
func (p *parser) refusedOrNil() error {
	if p.refused == nil {
		return nil
	}
	return p.refused
}

// columns recognises the header and refuses a file of another kind.
func (p *parser) columns(header []string) error {
	for r := range p.at {
		p.at[r] = -1
	}
	for i, name := range header {
		r := meaning(name)
		p.calorific = p.calorific || isCalorific(plain(name))
		if r == unknown {
			continue
		}
		if p.at[r] >= 0 {
			return &Refused{Lines: []LineError{{Line: 1, Column: name, Reason: fmt.Sprintf("means the %s, and so does %q", roleNames[r], p.names[r])}}}
		}
		p.at[r], p.names[r] = i, strings.TrimSpace(strings.Clone(name))
	}
	var missing []string
	for _, r := range []role{fromDate, untilDate, eanCode, register, volume, unit, status} {
		if p.at[r] < 0 && !(r == fromDate && p.at[fromMoment] >= 0) && !(r == untilDate && p.at[untilMoment] >= 0) {
			missing = append(missing, roleNames[r])
		}
	}
	if missing != nil {
		return &Refused{Lines: []LineError{{Line: 1, Reason: "not a file of this kind: no column for " +
			strings.Join(missing, ", ") + "; expected start and end date and time, EAN, meter, register, volume, unit and status"}}}
	}
	return nil
}

// row reads one line; each bad cell is a reason of its own.
func (p *parser) row(no int, cells []string) {
	l, ok := line{no: no}, true
	cell := func(r role) string {
		if i := p.at[r]; i >= 0 && i < len(cells) {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	fail := func(r role, reason string) {
		p.refuse(no, r, reason)
		ok = false
	}
	moment := func(date, clock, both role) (*localDay, int) {
		dateText, clockText, named := cell(date), cell(clock), clock
		if p.at[date] < 0 {
			dateText, clockText, _ = strings.Cut(strings.Replace(cell(both), "T", " ", 1), " ")
			date, named = both, both
		}
		day, err := p.day(dateText)
		if err != nil {
			fail(date, err.Error())
			return nil, 0
		}
		minute, err := wallClock(strings.TrimSpace(clockText))
		if err != nil {
			fail(named, err.Error())
		}
		return day, minute
	}
	l.day, l.from = moment(fromDate, fromTime, fromMoment)
	l.untilDay, l.to = moment(untilDate, untilTime, untilMoment)
	l.ean = p.ean(cell(eanCode), fail)
	l.meter = p.meter(cell(meterNumber))
	l.register = p.register(cell(register), fail)
	l.cubic = p.unit(cell(unit), fail) == cubic
	if l.cubic && ok && l.register != metering.OfftakeTotal {
		fail(register, "gas has no bands and no injection")
	}
	l.quality, l.amount = p.value(cell(status), cell(volume), fail)
	if ok {
		p.lines = append(p.lines, l)
	}
}

func (p *parser) day(text string) (*localDay, error) {
	if d := p.days[text]; d != nil {
		return d, nil
	}
	y, m, d, err := wallDate(text)
	if err != nil {
		return nil, err
	}
	// One pointer a date, however it was written.
	key := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	day := p.days[key]
	if day == nil {
		day = dayOf(y, m, d)
		p.days[key] = day
	}
	p.days[strings.Clone(text)] = day
	return day, nil
}

func (p *parser) ean(text string, fail func(role, string)) int {
	if i, ok := p.eans[text]; ok {
		return i
	}
	code := bare(text)
	text = strings.Clone(text)
	if p.options.ForEAN != "" {
		if len(p.eans) == 0 {
			p.firstEAN = code
		} else if code != p.firstEAN {
			fail(eanCode, "another access point than on the lines before; --for takes a file of exactly one")
		}
		if ean, err := portal.ParseEAN(code); err == nil && ean != p.options.ForEAN {
			p.named = ean
		}
		p.eans[text] = 0
		return 0
	}
	ean, err := portal.ParseEAN(code)
	if err != nil {
		fail(eanCode, eanReason(code, err)+"; if you know which access point the file is of, say so with --for EAN")
	}
	p.eans[text] = len(p.eanList)
	for i, known := range p.eanList {
		if known == ean {
			p.eans[text] = i
			return i
		}
	}
	p.eanList = append(p.eanList, ean)
	return p.eans[text]
}

// eanReason says what is wrong without repeating the code (G12).
func eanReason(code string, err error) string {
	var ours *portal.Error
	if !errors.As(err, &ours) {
		return "the EAN cannot be read"
	}
	switch ours.Key {
	case "ean.length":
		return fmt.Sprintf("the EAN has %v digits, not 18", ours.Args[0])
	case "ean.check", "ean.prefix":
		if len(code) == 18 && portal.EANCheckDigit(code[:17]) != code[17] {
			return "the EAN's check digit is wrong"
		}
		return "the EAN does not begin with 54"
	}
	return "the EAN has other characters than digits"
}

func (p *parser) meter(text string) int {
	if i, ok := p.meters[text]; ok {
		return i
	}
	p.meterList = append(p.meterList, strings.Clone(bare(text)))
	p.meters[strings.Clone(text)] = len(p.meterList) - 1
	return len(p.meterList) - 1
}

func (p *parser) register(text string, fail func(role, string)) metering.Register {
	if r, ok := p.registers[text]; ok {
		return r
	}
	r, ok := counted(text)
	if !ok {
		fail(register, fmt.Sprintf("%q is no register known here", text))
		return r
	}
	p.registers[strings.Clone(text)] = r
	return r
}

const cubic = "m3"

func (p *parser) unit(text string, fail func(role, string)) string {
	if u, ok := p.units[text]; ok {
		return u
	}
	u := plain(text)
	if u != "kwh" && u != cubic {
		fail(unit, fmt.Sprintf("%q is not kWh or m³", text))
		return u
	}
	p.units[strings.Clone(text)] = u
	return u
}

// value reads status and volume together: an empty volume is a zero only
// where somebody vouches for it.
func (p *parser) value(statusText, volumeText string, fail func(role, string)) (metering.Quality, int64) {
	q, ok := p.statuses[statusText]
	if !ok {
		if q, ok = qualities[plain(statusText)]; !ok && statusText != "" {
			fail(status, fmt.Sprintf("%q is no status known here", statusText))
			return q, 0
		}
		if statusText == "" {
			q = metering.Missing
		}
		p.statuses[strings.Clone(statusText)] = q
	}
	text := bare(volumeText)
	if text == "" {
		if q != metering.NoConsumption {
			q = metering.Missing
		}
		return q, 0
	}
	amount, err := thousandths(text)
	switch {
	case err != nil:
		fail(volume, err.Error())
	case q == metering.Missing:
		fail(status, "a volume without a status")
	case q == metering.NoConsumption && amount != 0:
		fail(volume, fmt.Sprintf("%q contradicts the status %q", volumeText, statusText))
	}
	return q, amount
}
