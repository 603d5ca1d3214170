// Package pen writes what a page repeats hundreds of times: the bars of a chart,
// the rows of a table, nine tenths of a page of three years. A template asks
// the memory for each of their thousand values. What is written is markup known
// when the program is built, or drawn by a template of nobody's words (stencil), a
// length, or text that is escaped; nothing else has a way in.
package pen

import (
	"context"
	"io"
	"math"
	"strconv"
	"sync"

	"github.com/a-h/templ"
)

// Pen holds what was written so far.
type Pen struct{ b []byte }

// Markup is a constant of the source, or what a stencil holds; never a value.
type Markup string

// Mark writes markup.
func (p *Pen) Mark(m Markup) { p.b = append(p.b, m...) }

// Text writes words, escaped for content and for attributes between quotes, as
// html.EscapeString does, which asks for memory where there is anything to escape.
func (p *Pen) Text(s string) {
	done := 0
	for i := range len(s) {
		var escaped string
		switch s[i] {
		case '&':
			escaped = "&amp;"
		case '<':
			escaped = "&lt;"
		case '>':
			escaped = "&gt;"
		case '"':
			escaped = "&#34;"
		case '\'':
			escaped = "&#39;"
		default:
			continue
		}
		p.b = append(append(p.b, s[done:i]...), escaped...)
		done = i + 1
	}
	p.b = append(p.b, s[done:]...)
}

// Length writes a length of a drawing, with one decimal where it has one.
func (p *Pen) Length(v float64) {
	tenths := int64(math.Abs(v)*10 + 0.5)
	if v < 0 && tenths > 0 {
		p.b = append(p.b, '-')
	}
	p.b = strconv.AppendInt(p.b, tenths/10, 10)
	if tenths%10 != 0 {
		p.b = append(p.b, '.', byte('0'+tenths%10))
	}
}

// Written is what a function writes, as a part of a page.
func Written(write func(*Pen)) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		p := pens.Get().(*Pen)
		defer pens.Put(p)
		p.b = p.b[:0]
		write(p)
		_, err := w.Write(p.b)
		return err
	})
}

var pens = sync.Pool{New: func() any { return new(Pen) }}
