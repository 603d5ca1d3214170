package chart

// The narrow drawing: a row for each period, its words above its bar.
const (
	narrowWidth = 256.0
	rowHeight   = 44.0
	ruleHeight  = 24.0
	barHeight   = 16.0
)

// narrow is the computed drawing.
type narrow struct {
	Height float64
	Rows   []narrowRow
	Rules  []narrowRule
}

type narrowRow struct {
	Bar
	Y       float64
	Rects   []rect
	Hole    *rect
	BeforeX float64
}

type narrowRule struct {
	Y    float64
	Text string
}

func (c Chart) narrow() (d narrow) {
	end, _ := scale(c.Bars)
	x := func(amount int64) float64 { return 1 + (narrowWidth-2)*float64(amount)/float64(end) }
	marks := c.Marks
	rule := func(until float64) {
		for len(marks) > 0 && marks[0].At < until {
			d.Rules = append(d.Rules, narrowRule{d.Height, marks[0].Text})
			d.Height += ruleHeight
			marks = marks[1:]
		}
	}
	for i, b := range c.Bars {
		rule(float64(i) + 1)
		top := d.Height + 22
		r := narrowRow{Bar: b, Y: d.Height}
		if len(b.Segments) == 0 {
			r.Hole = &rect{X: 1, Y: top, W: narrowWidth / 3, H: barHeight}
		}
		var sum int64
		for _, s := range b.Segments {
			if s.Amount == 0 {
				continue
			}
			left := x(sum)
			sum += s.Amount
			r.Rects = append(r.Rects, rect{X: left, Y: top, W: x(sum) - left, H: barHeight, Class: class(b, s.Kind), Fill: c.fill(b, s.Kind, "n")})
		}
		if b.HasBefore {
			r.BeforeX = x(b.Before)
		}
		d.Rows = append(d.Rows, r)
		d.Height += rowHeight
	}
	rule(float64(len(c.Bars)) + 1)
	return d
}
