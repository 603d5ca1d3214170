package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// What a file of XML may be: a year of quarter-hours of four registers is 35
// million bytes of ESPI, 8 elements deep.
const (
	maxXML      = 256 << 20 // bytes
	maxDepth    = 32        // elements within one another
	maxXMLText  = 4096      // bytes of text in an element that is read
	maxElements = 16 << 20
)

// Namespaces of a feed.
const (
	atomSpace = "http://www.w3.org/2005/Atom"
	espiSpace = "http://naesb.org/espi"
)

// element is a small piece of XML with the line that it begins on.
type element struct {
	name     xml.Name
	line     int
	text     string
	attrs    []xml.Attr
	children []*element
}

// child is the first child of a name, nil where there is none.
func (e *element) child(local string) *element {
	if e == nil {
		return nil
	}
	for _, c := range e.children {
		if c.name.Local == local {
			return c
		}
	}
	return nil
}

func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// reader reads XML element by element. It protects the importer: no document
// type, so no entity of anybody's making; no instruction; bounded in bytes,
// elements and depth.
type reader struct {
	in       *xml.Decoder
	depth    int
	elements int
}

// errXML is what a reader refuses, with its line.
type errXML struct {
	line    int
	element string
	reason  string
}

func (e *errXML) Error() string { return e.reason }

func newReader(r io.Reader) *reader {
	in := xml.NewDecoder(&bounded{in: r, left: maxXML})
	in.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("is written in %q; only UTF-8 is read", charset)
	}
	return &reader{in: in}
}

// bounded is an io.Reader that fails beyond its end, where a LimitedReader
// would cut the file in silence.
type bounded struct {
	in   io.Reader
	left int64
}

var errTooLarge = fmt.Errorf("is larger than %d million bytes", maxXML>>20)

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (r *reader) line() int {
	line, _ := r.in.InputPos()
	return line
}

func (r *reader) fail(name, reason string, args ...any) error {
	return &errXML{r.line(), name, fmt.Sprintf(reason, args...)}
}

// next gives the next start, end or text; io.EOF after the last.
func (r *reader) next() (xml.Token, error) {
	for {
		t, err := r.in.Token()
		if err != nil {
			return nil, r.failed(err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, r.fail("", "has a document type or another declaration; entities are not read")
		case xml.StartElement:
			r.depth++
			r.elements++
			switch {
			case r.depth > maxDepth:
				return nil, r.fail(t.Name.Local, "elements stand within one another more than %d deep", maxDepth)
			case r.elements > maxElements:
				return nil, r.fail(t.Name.Local, "has more than %d elements", maxElements)
			}
			return t, nil
		case xml.EndElement:
			r.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		}
	}
}

// failed puts the decoder's error into words of ours: it may quote the file.
func (r *reader) failed(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errTooLarge):
		return err
	case errors.As(err, &syntax) && strings.Contains(syntax.Msg, "entity"):
		return &errXML{syntax.Line, "", "has an entity that XML does not know; only &amp; &lt; &gt; &quot; &apos; are read"}
	case errors.As(err, &syntax):
		return &errXML{syntax.Line, "", "is not well-formed XML: " + syntax.Msg}
	}
	return r.fail("", "%s", err.Error())
}

// whole reads the rest of an element that has begun.
func (r *reader) whole(start xml.StartElement) (*element, error) {
	e := &element{name: start.Name, line: r.line(), attrs: start.Attr}
	var text []byte
	for {
		t, err := r.next()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			c, err := r.whole(t)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, c)
		case xml.CharData:
			if text = append(text, t...); len(text) > maxXMLText {
				return nil, r.fail(start.Name.Local, "has more than %d bytes of text", maxXMLText)
			}
		case xml.EndElement:
			e.text = string(bytes.TrimSpace(text))
			return e, nil
		}
	}
}

// skip reads past an element that nobody asks.
func (r *reader) skip() error {
	for depth := r.depth; r.depth >= depth; {
		if _, err := r.next(); err != nil {
			return err
		}
	}
	return nil
}
