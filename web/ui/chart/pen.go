package chart

import (
	"context"
	"html"
	"io"
	"math"
	"strconv"

	"github.com/a-h/templ"
)

// pen writes the bars, which are nine tenths of a page of three years: a
// template asks the memory for each of their thousand attributes. What is
// written is markup known when the program is built, a length, or text that
// is escaped; nothing else has a way in.
type pen struct{ b []byte }

// markup is a constant of the source, never a value.
type markup string

func (p *pen) mark(m markup) { p.b = append(p.b, m...) }

// text writes words, escaped for content and for attributes between quotes.
func (p *pen) text(s string) { p.b = append(p.b, html.EscapeString(s)...) }

// px writes a length with one decimal.
func (p *pen) px(v float64) {
	tenths := int64(math.Round(v * 10))
	if tenths < 0 {
		p.b, tenths = append(p.b, '-'), -tenths
	}
	p.b = strconv.AppendInt(p.b, tenths/10, 10)
	p.b = append(p.b, '.', byte('0'+tenths%10))
}

// box writes a rectangle as a path of a class: one attribute instead of four.
func (p *pen) box(class string, r rect) {
	p.mark(`<path class="`)
	p.text(class)
	p.mark(`" d="M`)
	p.px(r.X)
	p.mark(" ")
	p.px(r.Y)
	p.mark("h")
	p.px(r.W)
	p.mark("v")
	p.px(r.H)
	p.mark("h")
	p.px(-r.W)
	if r.Fill != "" {
		p.mark(`z" fill="`)
		p.text(r.Fill)
		p.mark(`"></path>`)
		return
	}
	p.mark(`z"></path>`)
}

// hole is an empty dashed box, struck through where nobody may have its total.
func (p *pen) hole(r rect, crossed bool) {
	p.box("c-hole", r)
	if crossed {
		p.mark(`<path class="c-hole" d="M`)
		p.px(r.X)
		p.mark(" ")
		p.px(r.Y + r.H)
		p.mark("L")
		p.px(r.X + r.W)
		p.mark(" ")
		p.px(r.Y)
		p.mark(`"></path>`)
	}
}

// before is the line of a year earlier, on a halo that keeps it off the bar.
func (p *pen) before(l line) {
	for _, class := range [...]markup{`<path class="c-halo" d="M`, `<path class="c-before" d="M`} {
		p.mark(class)
		p.px(l.X)
		p.mark(" ")
		p.px(l.Y)
		p.mark(l.Way)
		p.px(l.Length)
		p.mark(`"></path>`)
	}
}

// bar opens a bar's group: it can be reached by keyboard and is named in full,
// once; what is drawn of it would be read a second time.
func (p *pen) bar(name string, touch rect) {
	p.mark(`<g class="c-bar" tabindex="0" role="img"><title>`)
	p.text(name)
	p.mark(`</title><g aria-hidden="true">`)
	p.box("c-hit", touch)
}

func (p *pen) endBar() { p.mark(`</g></g>`) }

func (p *pen) wideBar(b wideBar) {
	p.bar(b.Name, rect{X: b.X, Y: plotTop - 6, W: b.W, H: plotFloor - plotTop + 8})
	for _, r := range b.Rects {
		p.box(r.Class, r)
	}
	if b.Hole != nil {
		p.hole(*b.Hole, b.Crossed)
		p.mark(`<text class="c-text c-word" x="`)
		p.px(b.Middle)
		p.mark(`" y="`)
		p.px(plotFloor - 10)
		p.mark(`" transform="rotate(-90 `)
		p.px(b.Middle)
		p.mark(" ")
		p.px(plotFloor - 10)
		p.mark(`)" dx="0" dy="4">`)
		p.text(b.Value)
		p.mark(`</text>`)
	}
	if b.HasBefore {
		p.before(b.Earlier)
	}
	p.under(b.Middle, `" y="272" text-anchor="middle">`, b.Label)
	if b.Under != "" {
		p.under(b.Middle, `" y="290" text-anchor="middle">`, b.Under)
	}
	p.endBar()
}

func (p *pen) under(x float64, place markup, text string) {
	p.mark(`<text class="c-text" x="`)
	p.px(x)
	p.mark(place)
	p.text(text)
	p.mark(`</text>`)
}

func (p *pen) narrowRow(r narrowRow, height float64) {
	p.bar(r.Name, rect{Y: r.Y, W: narrowWidth, H: height - 2})
	p.mark(`<text class="c-text" x="0" y="`)
	p.px(r.Y + 15)
	p.mark(`">`)
	p.text(r.Words)
	p.mark(`</text><text class="c-value" x="`)
	p.px(narrowWidth)
	p.mark(`" y="`)
	p.px(r.Y + 15)
	p.mark(`" text-anchor="end">`)
	p.text(r.Value)
	p.mark(`</text>`)
	for _, box := range r.Rects {
		p.box(box.Class, box)
	}
	if r.Hole != nil {
		p.hole(*r.Hole, r.Crossed)
	}
	if r.HasBefore {
		p.before(r.Earlier)
	}
	p.endBar()
}

// room is about what a bar takes, so that the pen seldom asks for more.
const room = 700

func drawn(bars int, draw func(*pen)) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		p := pen{make([]byte, 0, bars*room)}
		draw(&p)
		_, err := w.Write(p.b)
		return err
	})
}

func wideBars(d wide) templ.Component {
	return drawn(len(d.Bars), func(p *pen) {
		for _, b := range d.Bars {
			p.wideBar(b)
		}
	})
}

func narrowRows(d narrow) templ.Component {
	return drawn(len(d.Rows), func(p *pen) {
		for _, r := range d.Rows {
			p.narrowRow(r, d.Row)
		}
	})
}
