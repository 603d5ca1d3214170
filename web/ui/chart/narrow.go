package chart

import "unicode/utf8"

// The narrow drawing: a row for each period, its words above its bar.
const (
	narrowWidth = 256.0
	rowHeight   = 44.0
	ruleHeight  = 24.0
	barHeight   = 16.0
)

// Of many bars each has one line: its words, its bar and its amount beside
// each other, else a day of quarter-hours would be as long as a street.
const (
	many          = 40
	compactHeight = 24.0 // as high as what is touched must be (WCAG 2.5.8)
	compactRight  = 172.0
	compactLetter = 7.0   // about what one of the words takes
	compactMost   = 108.0 // of the words
)

// narrow is the computed drawing.
type narrow struct {
	Height  float64
	Compact bool
	Row     float64 // a row's height
	Rows    []narrowRow
	Rules   []narrowRule
}

type narrowRow struct {
	*Bar
	Y       float64 // of the row; what is drawn of it begins there
	Words   string  // Row or, of many, Short
	Rects   []rect
	Hole    *rect
	Earlier rect // where HasBefore
}

type narrowRule struct {
	Y    float64
	Text string
}

// compactLeft is where the bars of many begin, beside the longest words.
func (c *Chart) compactLeft() float64 {
	longest := 0
	for i := range c.Bars {
		longest = max(longest, utf8.RuneCountInString(c.Bars[i].Short))
	}
	return min(compactLetter*float64(longest)+9, compactMost)
}

func (c *Chart) narrow() (d narrow) {
	end, _ := scale(c.Bars)
	d.Compact, d.Row = len(c.Bars) > many, rowHeight
	left, right, top := 1.0, narrowWidth-1, 22.0
	if d.Compact {
		d.Row, left, right, top = compactHeight, c.compactLeft(), compactRight, 3
	}
	x := func(amount int64) float64 { return left + (right-left)*float64(amount)/float64(end) }
	marks := c.Marks
	rule := func(until float64) {
		for len(marks) > 0 && marks[0].At < until {
			d.Rules = append(d.Rules, narrowRule{d.Height, marks[0].Text})
			d.Height += ruleHeight
			marks = marks[1:]
		}
	}
	d.Rows = make([]narrowRow, 0, len(c.Bars))
	rects := make([]rect, 0, 2*len(c.Bars))
	for i := range c.Bars {
		b := &c.Bars[i]
		rule(float64(i) + 0.5) // what fell in a period's second half stands after it
		r := narrowRow{Bar: b, Y: d.Height, Words: b.Row}
		if d.Compact {
			r.Words = b.Short
		}
		thick := barHeight
		if b.Cut {
			thick /= 2
		}
		if len(b.Segments) == 0 {
			r.Hole = &rect{X: left, Y: top, W: (right - left) / 3, H: thick}
		}
		first := len(rects)
		var sum int64
		for _, s := range b.Segments {
			if s.Amount == 0 {
				continue
			}
			from := x(sum)
			sum += s.Amount
			rects = append(rects, rect{X: from, Y: top, W: x(sum) - from, H: thick, Class: class(b, s.Kind), Fill: c.fill(b, s.Kind, "n")})
		}
		r.Rects = rects[first:len(rects):len(rects)]
		if b.HasBefore {
			r.Earlier = rect{X: x(b.Before) - lineWidth/2, Y: top - 3, W: lineWidth, H: barHeight + 6}
		}
		d.Rows = append(d.Rows, r)
		d.Height += d.Row
	}
	rule(float64(len(c.Bars)) + 1)
	return d
}
