package exchange

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"

	"guichet/portal"
	"guichet/portal/metering"
)

// block reads an IntervalBlock's readings. What they count is joined later.
func (p *feed) block() error {
	b := block{line: p.xml.line(), from: len(p.lines)}
	var from, until int64
	err := p.children("IntervalBlock", func(t xml.StartElement) error {
		switch t.Name.Local {
		case "interval":
			e, err := p.xml.whole(t)
			if err == nil {
				from, until, _ = p.span(e)
			}
			return err
		case "IntervalReading":
			e, err := p.xml.whole(t)
			if err == nil {
				p.reading(e)
			}
			return err
		}
		return p.xml.skip()
	})
	b.to = len(p.lines)
	p.blocks = append(p.blocks, b)
	if err != nil || b.from == b.to || until == 0 {
		return err
	}
	first, last := p.lines[b.from].start, p.lines[b.from].end
	for _, l := range p.lines[b.from:b.to] {
		first, last = min(first, l.start), max(last, l.end)
		if l.start < from || l.end > until {
			p.refuse(l.no, unknown, "lies outside the interval of its IntervalBlock")
		}
	}
	if first != from || last != until {
		p.note(LineError{Line: b.line, Element: "IntervalBlock",
			Reason: fmt.Sprintf("its interval is %s; its readings are %s", spanned(from, until), spanned(first, last))})
	}
	return nil
}

func spanned(from, until int64) string {
	return iso(unix(from)) + " to " + iso(unix(until))
}

// The instants that a reading may have, 2000 to 2099 in Brussels.
var earliest, latest = portal.Date(2000, 1, 1).Unix(), portal.Date(2100, 1, 1).Unix()

// span reads a DateTimeInterval: start and duration in seconds.
func (p *feed) span(e *element) (from, until int64, ok bool) {
	start, ok := p.number(e, "start")
	duration, also := p.number(e, "duration")
	switch {
	case !ok || !also:
		return 0, 0, false
	case start < earliest || start >= latest:
		p.bad(e.child("start"), fmt.Sprintf("%d is no second of this century", start))
		return 0, 0, false
	case duration <= 0 || duration > math.MaxUint32:
		p.bad(e.child("duration"), fmt.Sprintf("%d is no length of time", duration))
		return 0, 0, false
	}
	return start, start + duration, true
}

func (p *feed) bad(e *element, reason string) {
	p.refuseLine(LineError{Line: e.line, Element: e.name.Local, Reason: reason})
}

// number reads a whole number that a child must hold.
func (p *feed) number(e *element, name string) (int64, bool) {
	c := e.child(name)
	if c == nil {
		p.bad(e, "has no "+name)
		return 0, false
	}
	n, err := strconv.ParseInt(c.text, 10, 64)
	if err != nil {
		p.bad(c, fmt.Sprintf("%q is not a whole number", shortened(c.text)))
	}
	return n, err == nil
}

// code reads a number of a list that a child may hold; none is -1.
func (p *feed) code(e *element, name string) int64 {
	if e.child(name) == nil {
		return -1
	}
	n, ok := p.number(e, name)
	if !ok {
		return -1
	}
	return n
}

// reading reads one IntervalReading; its amount is in the type's unit until joined.
func (p *feed) reading(e *element) {
	if e.text != "" {
		p.bad(e, fmt.Sprintf("has the text %q where only elements stand", shortened(e.text)))
		return
	}
	period := e.child("timePeriod")
	if period == nil {
		p.bad(e, "has no timePeriod")
		return
	}
	l := line{no: e.line, quality: unstated}
	var ok bool
	if l.start, l.end, ok = p.span(period); !ok {
		return
	}
	if l.amount, ok = p.number(e, "value"); !ok {
		return
	}
	if l.amount < 0 {
		p.bad(e.child("value"), fmt.Sprintf("%d is negative; a volume counts up, injection has a flowDirection of its own", l.amount))
		return
	}
	if tou := p.code(e, "tou"); tou > 0 {
		p.bad(e.child("tou"), "a band of a single reading is not read; bands have a ReadingType each")
		return
	}
	for _, c := range e.children {
		if c.name.Local != "ReadingQuality" {
			continue
		}
		q, ok := p.qualityOf(c, "quality")
		if !ok {
			return
		}
		if l.quality == unstated || q > l.quality {
			l.quality = q // the worst of several
		}
	}
	y, m, d := unix(l.start).Date()
	key := fmt.Sprintf("%04d-%02d-%02d", y, int(m), d)
	if p.days[key] == nil {
		p.days[key] = dayOf(y, int(m), d)
	}
	l.day = p.days[key]
	p.lines = append(p.lines, l)
}

// unstated is a reading that says nothing of its quality.
const unstated metering.Quality = 255

// qualityOf reads a code of QualityOfReading.
func (p *feed) qualityOf(e *element, name string) (metering.Quality, bool) {
	n, ok := p.number(e, name)
	if !ok {
		return 0, false
	}
	switch n {
	case 0, 17, 18, 19: // valid, validated, verified, revenue quality
		return metering.Validated, true
	case 14: // raw
		return metering.Read, true
	case 7, 8, 9, 10, 11, 13: // edited by hand, from a reference day, interpolated, questionable, derived, mixed
		return metering.Estimated, true
	}
	p.bad(e.child(name), fmt.Sprintf("%d is no quality of a value that was counted", n))
	return 0, false
}
