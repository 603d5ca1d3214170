package chart

import "unicode/utf8"

// The wide drawing, in units of its own; the style sheet stretches it.
const (
	wideWidth  = 760.0
	wideHeight = 300.0
	plotLeft   = 54.0
	plotRight  = 748.0 // leaves room for the words under the last bar
	plotTop    = 30.0
	plotFloor  = 252.0
	holeHeight = 88.0
	holeLetter = 8.0 // about what a letter of its word takes, which stands in it
)

// wide is the computed drawing.
type wide struct {
	Ticks []tick
	Bars  []wideBar
	Marks []wideMark
}

type tick struct {
	Y    float64
	Text string
}

type wideBar struct {
	*Bar
	X, W, Middle float64 // of the slot
	Rects        []rect
	Hole         *rect
	Earlier      rect // where HasBefore
}

type wideMark struct {
	X      float64
	Text   string
	Before bool // its words stand before its rule
}

func (c *Chart) wide() (d wide) {
	end, step := scale(c.Bars)
	y := func(amount int64) float64 {
		return plotFloor - (plotFloor-plotTop)*float64(amount)/float64(end)
	}
	for at := int64(0); at <= end; at += step {
		if d.Ticks = append(d.Ticks, tick{y(at), c.Ordered(at, step)}); !c.counts() {
			break // an axis without an amount has nothing to measure
		}
	}
	slot := (plotRight - plotLeft) / float64(max(len(c.Bars), 1))
	width := min(slot*0.66, 56)
	d.Bars = make([]wideBar, 0, len(c.Bars))
	rects := make([]rect, 0, 2*len(c.Bars))
	for i := range c.Bars {
		b := &c.Bars[i]
		x := plotLeft + slot*float64(i)
		w := wideBar{Bar: b, X: x, W: slot, Middle: x + slot/2}
		width := width
		if b.Cut {
			width /= 2
		}
		left := w.Middle - width/2
		if len(b.Segments) == 0 {
			height := max(holeHeight, 20+holeLetter*float64(utf8.RuneCountInString(b.Value)))
			w.Hole = &rect{X: left, Y: plotFloor - height, W: width, H: height}
		}
		first := len(rects)
		var sum int64
		for _, s := range b.Segments {
			if s.Amount == 0 {
				continue
			}
			bottom := y(sum)
			sum += s.Amount
			rects = append(rects, rect{X: left, Y: y(sum), W: width, H: bottom - y(sum), Class: class(b, s.Kind), Fill: c.fill(b, s.Kind, "w")})
		}
		w.Rects = rects[first:len(rects):len(rects)]
		if b.HasBefore {
			w.Earlier = rect{X: left - slot*0.08, Y: y(b.Before) - lineWidth/2, W: width + slot*0.16, H: lineWidth}
		}
		d.Bars = append(d.Bars, w)
	}
	for _, m := range c.Marks {
		x := plotLeft + slot*m.At
		d.Marks = append(d.Marks, wideMark{x, m.Text, x > (plotLeft+plotRight)/2})
	}
	return d
}

// nudge keeps a mark's word off its rule.
func (m wideMark) nudge() float64 {
	if m.Before {
		return m.X - 6
	}
	return m.X + 6
}
