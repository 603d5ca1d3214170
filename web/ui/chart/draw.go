package chart

import (
	"guichet/web/ui/pen"

	"github.com/a-h/templ"
)

// drawing is a pen with the shapes of a chart.
type drawing struct{ *pen.Pen }

// box writes a rectangle as a path of a class: one attribute instead of four.
func (p drawing) box(class string, r rect) {
	p.Mark(`<path class="`)
	p.Text(class)
	p.Mark(`" d="M`)
	p.Length(r.X)
	p.Mark(" ")
	p.Length(r.Y)
	p.Mark("h")
	p.Length(r.W)
	p.Mark("v")
	p.Length(r.H)
	p.Mark("h")
	p.Length(-r.W)
	if r.Fill != "" {
		p.Mark(`z" fill="`)
		p.Text(r.Fill)
		p.Mark(`"/>`)
		return
	}
	p.Mark(`z"/>`)
}

// hole is an empty dashed box, struck through where nobody may have its total.
func (p drawing) hole(r rect, crossed bool) {
	p.box("c-hole", r)
	if crossed {
		p.Mark(`<path class="c-hole" d="M`)
		p.Length(r.X)
		p.Mark(" ")
		p.Length(r.Y + r.H)
		p.Mark("L")
		p.Length(r.X + r.W)
		p.Mark(" ")
		p.Length(r.Y)
		p.Mark(`"/>`)
	}
}

// bar goes on with a bar's group that is opened: it can be reached by keyboard and is named in full,
// once; what is drawn of it would be read a second time.
func (p drawing) bar(name string, touch rect) {
	p.Mark(`tabindex="0" role="img"><title>`)
	p.Text(name)
	p.Mark(`</title><g aria-hidden="true">`)
	p.box("c-hit", touch)
}

func (p drawing) endBar() { p.Mark(`</g></g>`) }

func (p drawing) wideBar(b *wideBar) {
	p.Mark(`<g class="c-bar" `)
	p.bar(b.Name, rect{X: b.X, Y: plotTop - 6, W: b.W, H: plotFloor - plotTop + 8})
	for _, r := range b.Rects {
		p.box(r.Class, r)
	}
	if b.Hole != nil {
		p.hole(*b.Hole, b.Crossed)
		p.Mark(`<text class="c-word" text-anchor="start" x="`)
		p.Length(b.Middle)
		p.Mark(`" y="`)
		p.Length(plotFloor - 10)
		p.Mark(`" transform="rotate(-90 `)
		p.Length(b.Middle)
		p.Mark(" ")
		p.Length(plotFloor - 10)
		p.Mark(`)" dx="0" dy="4">`)
		p.Text(b.Value)
		p.Mark(`</text>`)
	}
	if b.HasBefore {
		p.box("c-before", b.Earlier)
	}
	p.words(`<text x="`, b.Middle, 272, b.Label)
	if b.Under != "" {
		p.words(`<text x="`, b.Middle, 290, b.Under)
	}
	p.endBar()
}

// words writes a text at a place; open ends before the value of its x.
func (p drawing) words(open pen.Markup, x, y float64, text string) {
	p.Mark(open)
	p.Length(x)
	p.Mark(`" y="`)
	p.Length(y)
	p.Mark(`">`)
	p.Text(text)
	p.Mark(`</text>`)
}

// rule is a line as far as a place, the way of a letter.
func (p drawing) rule(class string, x, y float64, way pen.Markup, to float64) {
	p.Mark(`<path class="`)
	p.Text(class)
	p.Mark(`" d="M`)
	p.Length(x)
	p.Mark(" ")
	p.Length(y)
	p.Mark(way)
	p.Length(to)
	p.Mark(`"/>`)
}

func (p drawing) narrowRow(r *narrowRow, height float64) {
	p.Mark(`<g class="c-bar" transform="translate(0 `)
	p.Length(r.Y)
	p.Mark(`)" `)
	p.bar(r.Name, rect{W: narrowWidth, H: height - 2})
	p.words(`<text x="`, 0, 15, r.Words)
	p.words(`<text class="c-value" text-anchor="end" x="`, narrowWidth, 15, r.Value)
	for _, box := range r.Rects {
		p.box(box.Class, box)
	}
	if r.Hole != nil {
		p.hole(*r.Hole, r.Crossed)
	}
	if r.HasBefore {
		p.box("c-before", r.Earlier)
	}
	p.endBar()
}

func wideBars(d wide) templ.Component {
	return pen.Written(func(p *pen.Pen) {
		draw := drawing{p}
		p.Mark(`<g aria-hidden="true">`)
		for _, t := range d.Ticks {
			draw.rule("c-grid", plotLeft, t.Y, "H", plotRight)
			draw.words(`<text text-anchor="end" x="`, plotLeft-8, t.Y+4, t.Text)
		}
		for _, m := range d.Marks {
			draw.rule("c-rule", m.X, 8, "V", plotFloor)
			if x := m.nudge(); m.Before {
				draw.words(`<text class="c-mark" text-anchor="end" x="`, x, 18, m.Text)
			} else {
				draw.words(`<text class="c-mark" text-anchor="start" x="`, x, 18, m.Text)
			}
		}
		p.Mark(`</g>`)
		for i := range d.Bars {
			draw.wideBar(&d.Bars[i])
		}
	})
}

func narrowRows(d narrow) templ.Component {
	return pen.Written(func(p *pen.Pen) {
		draw := drawing{p}
		p.Mark(`<g aria-hidden="true">`)
		for _, r := range d.Rules {
			draw.rule("c-rule", 0, r.Y+18, "H", narrowWidth)
			draw.words(`<text class="c-mark" x="`, 0, r.Y+13, r.Text)
		}
		p.Mark(`</g>`)
		for i := range d.Rows {
			draw.narrowRow(&d.Rows[i], d.Row)
		}
	})
}
