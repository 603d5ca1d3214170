// Package chart draws amounts over time as SVG that a page can carry without
// script or inline style: a wide drawing of standing bars and a narrow one of
// lying bars, of which the style sheet shows one. Every value can be reached
// by keyboard and is named in full; an estimate is hatched, a total between two readings
// dotted, a hole is an empty
// dashed box with its word, and never a zero (look, WCAG 1.1.1, 1.4.1, 1.4.11).
package chart

import (
	"slices"
	"strconv"
)

// Kind is what a segment counts; its name is its class in the style sheet.
type Kind string

// The kinds. A new one needs its class in guichet.css and a hatch in chart.templ.
const (
	Peak      Kind = "peak"
	OffPeak   Kind = "offpeak"
	Plain     Kind = "plain"
	Injection Kind = "injection"
)

// Kinds lists them all.
var Kinds = []Kind{Peak, OffPeak, Plain, Injection}

// Chart is one drawing with its words.
type Chart struct {
	ID      string // begins the ids inside, unique on the page
	Title   string // what and in which unit
	Desc    string // from when to when, highest and lowest
	Skip    Link   // to the table, before the values
	Bars    []Bar  // in the order of time
	Marks   []Mark
	Legend  []Key
	Ordered func(amount, step int64) string // writes an axis amount, all with the decimals of the step
}

// Link is a word and where it leads.
type Link struct{ Text, Href string }

// Bar is one period.
type Bar struct {
	Label, Under string    // on the axis, and a second line where the year begins
	Row          string    // the period in full, for the narrow drawing
	Short        string    // the same, short, for the narrow drawing of many bars
	Value        string    // the amount with its unit, or the word of the hole
	Name         string    // the whole sentence
	Segments     []Segment // from the axis on; empty: a hole
	Before       int64     // a year earlier; HasBefore tells whether it is known
	HasBefore    bool
	Estimated    bool
	Between      bool // counted between two readings: dotted
	Partial      bool // a part is missing: the outline is dashed
	Cut          bool // shorter than its period (a move, the horizon): half as thick
	Crossed      bool // a hole that is not merely empty: nobody may have its total
}

// Segment is an amount, 0 or more, in thousandths of the unit.
type Segment struct {
	Kind   Kind
	Amount int64
}

func (b *Bar) total() (sum int64) {
	for _, s := range b.Segments {
		sum += s.Amount
	}
	return sum
}

// Mark is a labelled rule across the chart: a move, a meter exchange. At
// counts bars: 2.5 is the middle of the third.
type Mark struct {
	At   float64
	Text string
}

// Key is one line of the legend. Kind, or one of those below.
type Key struct {
	Text  string
	Class string
}

// Classes of keys that are no Kind.
const (
	KeyBefore    = "before"
	KeyEstimated = "estimated"
	KeyBetween   = "between"
	KeyPartial   = "partial"
	KeyMissing   = "missing"
	KeyCut       = "cut"
	KeyCrossed   = "crossed"
)

// Shows tells whether the drawing of a bar has what a key's class names.
func (b *Bar) Shows(class string) bool {
	switch class {
	case KeyBefore:
		return b.HasBefore
	case KeyEstimated:
		return b.Estimated
	case KeyBetween:
		return b.Between && len(b.Segments) > 0
	case KeyPartial:
		return b.Partial
	case KeyMissing:
		return len(b.Segments) == 0 && !b.Crossed
	case KeyCut:
		return b.Cut
	case KeyCrossed:
		return b.Crossed
	}
	return slices.ContainsFunc(b.Segments, func(s Segment) bool { return string(s.Kind) == class && s.Amount > 0 })
}

// counts tells whether there is any amount to draw.
func (c *Chart) counts() bool {
	return slices.ContainsFunc(c.Bars, func(b Bar) bool { return len(b.Segments) > 0 || b.HasBefore })
}

// scale gives the axis: its end and the step between its ticks, both in
// thousandths, so that three to six ticks stand on round amounts.
func scale(bars []Bar) (end, step int64) {
	var top int64 = 1
	for i := range bars {
		b := &bars[i]
		top = max(top, b.total())
		if b.HasBefore {
			top = max(top, b.Before)
		}
	}
	step = 1
	for {
		for _, m := range []int64{1, 2, 5} {
			if top <= 5*m*step {
				step *= m
				return (top + step - 1) / step * step, step
			}
		}
		step *= 10
	}
}

func box(width, height float64) string {
	return "0 0 " + strconv.Itoa(int(width)) + " " + strconv.Itoa(int(height))
}

// rect is a drawn rectangle.
type rect struct {
	X, Y, W, H float64
	Class      string
	Fill       string // a hatch's reference, or ""
}

// lineWidth is that of the line of a year earlier. It is drawn as a rectangle,
// whose outline is the halo that keeps it off the bar.
const lineWidth = 2.5

// fill refers to the hatch of an estimated segment, or to the dots of one
// between two readings.
func (c *Chart) fill(b *Bar, k Kind, way string) string {
	switch {
	case b.Between:
		return "url(#" + c.dots(k, way) + ")"
	case b.Estimated:
		return "url(#" + c.hatch(k, way) + ")"
	}
	return ""
}

func (c *Chart) dots(k Kind, way string) string { return c.ID + "-" + way + "-dots-" + string(k) }

func (c *Chart) hatch(k Kind, way string) string { return c.ID + "-" + way + "-hatch-" + string(k) }

func class(b *Bar, k Kind) string {
	if plain, ok := plainClasses[k]; ok && !b.Estimated && !b.Between && !b.Partial {
		return plain
	}
	name := "c-" + string(k)
	if b.Estimated || b.Between {
		name = "c-hatched c-hatched-" + string(k)
	}
	if b.Partial {
		name += " c-partial"
	}
	return name
}

// plainClasses are those of most bars, put together once.
var plainClasses = map[Kind]string{Peak: "c-peak", OffPeak: "c-offpeak", Plain: "c-plain", Injection: "c-injection"}

// hatched lists the kinds of which a chart draws an estimate, dotted those of
// which it draws a total between two readings.
func (c *Chart) hatched() []Kind { return c.kinds(func(b *Bar) bool { return b.Estimated }) }
func (c *Chart) dotted() []Kind  { return c.kinds(func(b *Bar) bool { return b.Between }) }

func (c *Chart) kinds(of func(*Bar) bool) (kinds []Kind) {
	for _, k := range Kinds {
		if c.draws(k, of) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// own is the kind whose colour stands in the legend for all of the drawing.
func (c *Chart) own() string {
	if c.draws(Injection, func(*Bar) bool { return true }) {
		return string(Injection)
	}
	return string(Plain)
}

func (c *Chart) draws(k Kind, of func(*Bar) bool) bool {
	for i := range c.Bars {
		for _, s := range c.Bars[i].Segments {
			if s.Kind == k && of(&c.Bars[i]) {
				return true
			}
		}
	}
	return false
}
