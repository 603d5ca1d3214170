package letter

import (
	"strings"

	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/i18n"
)

// newHistory is the letter with a consumption history, month by month (L28).
func newHistory(l outbox.Letter, p registry.AccessPoint, s metering.Series, h House) paper {
	c := i18n.For(l.Language)
	v := newPaper(c, l, h)
	v.Title = c.T("letter.history.title." + string(p.Energy))
	v.Paragraphs = []string{
		c.T("letter.history.intro"),
		c.T("letter.history.point", p.Street+", "+p.Postcode+" "+p.Town, strings.ReplaceAll(p.EAN.Masked(), " ", "\u00a0")),
	}
	if len(s.Points) == 0 {
		v.Paragraphs = append(v.Paragraphs, c.T("letter.history.none"))
		return v
	}
	v.Table = monthGrid(c, s)
	v.After = []string{c.T("letter.history.words"), c.T("letter.history.not-you")}
	return v
}

// part is one column of amounts.
type part struct {
	head string
	of   func(metering.Amounts) int64
}

func monthGrid(c *i18n.Catalog, s metering.Series) grid {
	register := func(r metering.Register) func(metering.Amounts) int64 {
		return func(a metering.Amounts) int64 { return a.Of(r) }
	}
	var columns []part
	if s.Has(metering.OfftakePeak) || s.Has(metering.OfftakeOffPeak) {
		columns = append(columns, part{c.T("letter.history.peak"), register(metering.OfftakePeak)},
			part{c.T("letter.history.offpeak"), register(metering.OfftakeOffPeak)})
	}
	switch {
	case s.Has(metering.GasVolume) && !s.Has(metering.GasEnergy):
		columns = append(columns, part{"m³", metering.Amounts.Volume})
	case s.Has(metering.GasVolume):
		columns = append(columns, part{"m³", metering.Amounts.Volume}, part{"kWh", metering.Amounts.Offtake})
	default:
		columns = append(columns, part{c.T("letter.history.total"), metering.Amounts.Offtake})
	}
	if injects(s) {
		columns = append(columns, part{c.T("letter.history.injection"), metering.Amounts.Injection})
	}
	g := grid{Heads: []string{c.T("letter.history.month")}, Widths: []int{8},
		Caption: c.T("letter.history.caption", c.Month(s.Points[0].Period.From), c.Month(s.Points[len(s.Points)-1].Period.From))}
	for _, p := range columns {
		g.Heads, g.Widths = append(g.Heads, p.head), append(g.Widths, 0)
	}
	g.Heads, g.Widths = append(g.Heads, c.T("table.quality")), append(g.Widths, 8)
	spread(g.Widths)
	for _, p := range s.Points {
		cells := []string{c.Month(p.Period.From)}
		for _, one := range columns {
			cell := "–"
			if p.Gap == metering.NoGap {
				cell = c.Number(one.of(p.Amounts), 0)
			}
			cells = append(cells, cell)
		}
		g.Rows = append(g.Rows, append(cells, c.T("quality."+p.Quality())))
	}
	return g
}

func injects(s metering.Series) bool {
	for _, p := range s.Points {
		if p.Amounts.Injection() != 0 {
			return true
		}
	}
	return false
}

// spread gives the columns of amounts what the page's parts leave.
func spread(widths []int) {
	rest := parts
	for _, w := range widths {
		rest -= w
	}
	for at := 1; rest > 0; rest-- {
		widths[at]++
		if at++; at == len(widths)-1 {
			at = 1
		}
	}
}
