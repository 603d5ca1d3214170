package exchange

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"guichet/portal"
)

// ReadESPI reads interval readings of one access point from a file of ESPI 4.0
// (Green Button): an Atom feed of UsagePoint, MeterReading, ReadingType and
// IntervalBlock, joined by their links. ESPI knows no EAN, so Options.ForEAN is
// demanded. What is no interval reading (summaries, costs) is passed over.
// A file with one bad element is *Refused as a whole.
func ReadESPI(r io.Reader, o Options) (File, error) {
	p := feed{parser: newParser(o), xml: newReader(r)}
	if o.ForEAN == "" {
		return File{}, &Refused{Lines: []LineError{{Line: 1, Reason: "ESPI carries no EAN; say with --for EAN which access point the file is of"}}}
	}
	p.eanList, p.meterList, p.unnamed = []portal.EAN{o.ForEAN}, []string{""}, "IntervalReading"
	if err := p.read(); err != nil {
		var bad *errXML
		if !errors.As(err, &bad) && !errors.Is(err, errTooLarge) {
			return File{}, fmt.Errorf("reading the file: %w", err)
		}
		if bad == nil {
			bad = &errXML{line: p.xml.line(), reason: err.Error()}
		}
		p.refuseLine(LineError{Line: bad.line, Element: bad.element, Reason: bad.reason})
	}
	if p.refused == nil {
		p.join()
	}
	if p.refused != nil {
		return File{}, p.refused
	}
	f := p.assemble()
	if p.refused != nil {
		return File{}, p.refused
	}
	return f, nil
}

// feed is a file of ESPI while it is read.
type feed struct {
	parser
	xml    *reader
	points []entry
	series []entry // MeterReading
	types  []entry // ReadingType
	blocks []block
}

// entry is an Atom entry with the resource that it carries.
type entry struct {
	line     int
	title    string
	self, up string
	related  []string
	resource *element
}

// block is an IntervalBlock: its lines stand in feed.lines[from:to].
type block struct {
	entry    entry
	line     int
	from, to int
}

func (p *feed) read() error {
	start, err := p.root()
	if err != nil {
		return err
	}
	if start.Name.Local != "feed" && start.Name.Local != "entry" {
		return p.xml.fail(start.Name.Local, "is not an Atom feed of ESPI")
	}
	if start.Name.Local == "entry" {
		err = p.entry()
	} else {
		err = p.children("feed", func(t xml.StartElement) error {
			if t.Name.Local == "entry" {
				return p.entry()
			}
			return p.xml.skip()
		})
	}
	if err != nil {
		return err
	}
	for {
		if _, err := p.xml.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (p *feed) root() (xml.StartElement, error) {
	for {
		t, err := p.xml.next()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, &errXML{line: 1, reason: "the file is empty or no XML"}
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// children calls one for each element inside parent; text there is a fault.
func (p *feed) children(parent string, one func(xml.StartElement) error) error {
	for {
		t, err := p.xml.next()
		if errors.Is(err, io.EOF) {
			return p.xml.fail(parent, "ends in the middle")
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := one(t); err != nil {
				return err
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); text != "" {
				p.refuseLine(LineError{Line: p.lineOf(t), Element: parent,
					Reason: fmt.Sprintf("has the text %q where only elements stand", shortened(text))})
			}
		case xml.EndElement:
			return nil
		}
	}
}

// lineOf is the line on which a text's first word stands; the reader is at its end.
func (p *feed) lineOf(text xml.CharData) int {
	words := strings.TrimLeft(string(text), " \t\r\n")
	return p.xml.line() - strings.Count(words, "\n")
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// entry reads one Atom entry. The links that join it may stand after its content.
func (p *feed) entry() error {
	e := entry{line: p.xml.line()}
	first := len(p.blocks)
	err := p.children("entry", func(t xml.StartElement) error {
		switch t.Name.Local {
		case "link":
			l, err := p.xml.whole(t)
			if err != nil {
				return err
			}
			href := strings.TrimSuffix(strings.TrimSpace(l.attr("href")), "/")
			switch l.attr("rel") {
			case "self":
				e.self = href
			case "up":
				e.up = href
			case "related":
				e.related = append(e.related, href)
			}
			return nil
		case "title":
			title, err := p.xml.whole(t)
			if err == nil {
				e.title = title.text
			}
			return err
		case "content":
			return p.content(&e)
		}
		return p.xml.skip()
	})
	for i := first; i < len(p.blocks); i++ {
		p.blocks[i].entry = e
	}
	if err != nil || e.resource == nil {
		return err
	}
	switch e.resource.name.Local {
	case "UsagePoint":
		p.points = append(p.points, e)
	case "MeterReading":
		p.series = append(p.series, e)
	case "ReadingType":
		p.types = append(p.types, e)
	}
	return nil
}

// content reads a resource. Which one is due is told by the entry's own links
// and title, so that a refusal can name it.
func (p *feed) content(e *entry) error {
	name := "content"
	for _, resource := range []string{"IntervalBlock", "ReadingType", "MeterReading", "UsagePoint"} {
		if e.title == resource || strings.Contains(e.self, "/"+resource+"/") || strings.HasPrefix(e.self, resource+"/") {
			name = "content of " + resource
			break
		}
	}
	return p.children(name, func(t xml.StartElement) error {
		if t.Name.Space != espiSpace {
			return p.xml.fail(t.Name.Local, "is not of ESPI's namespace %s", espiSpace)
		}
		switch t.Name.Local {
		case "IntervalBlock":
			return p.block()
		case "UsagePoint", "MeterReading", "ReadingType":
			resource, err := p.xml.whole(t)
			if e.resource == nil {
				e.resource = resource
			}
			return err
		}
		return p.xml.skip() // summaries, time parameters: no readings in them
	})
}
