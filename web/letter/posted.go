package letter

import (
	"slices"
	"strconv"
	"strings"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/i18n"
)

// newHistory is the letter with a consumption history, month by month, or from
// one reading to the next where no month is known (L28).
func newHistory(l outbox.Letter, p registry.AccessPoint, s metering.Series) Paper {
	c := i18n.For(l.Language)
	v := newPaper(c, l)
	intro, head, period := c.T("letter.history.intro"), c.T("letter.history.month"), func(p metering.Point) string { return c.Month(p.Period.From) }
	if s.Grain == metering.ByYear {
		intro, head, period = c.T("letter.history.intro.indexed"), c.T("letter.history.between"), func(p metering.Point) string {
			if !p.Own {
				return strconv.Itoa(p.Period.From.In(portal.Brussels).Year())
			}
			// Its column is narrow: a date may break.
			return strings.ReplaceAll(c.T("period.span", c.Date(p.Period.From), c.Date(p.Period.To)), "\u00a0", " ")
		}
	}
	v.Title = c.T("letter.history.title." + string(p.Energy))
	v.Paragraphs = []string{
		intro,
		c.T("letter.history.point", p.Street+", "+p.Postcode+" "+p.Town, strings.ReplaceAll(p.EAN.Masked(), " ", "\u00a0")),
	}
	v.After = []string{c.T("letter.history.not-you")}
	if len(s.Points) == 0 {
		v.Empty = c.T("letter.history.none")
		return v
	}
	v.After = []string{c.T("letter.history.words"), c.T("letter.history.not-you")}
	v.Caption = c.T("letter.history.caption", period(s.Points[0]), period(s.Points[len(s.Points)-1]))
	if s.Grain == metering.ByYear {
		v.After[0] = c.T("note.indexes")
		if slices.ContainsFunc(s.Points, func(p metering.Point) bool { return p.Gap == metering.GapUnread }) {
			v.After = slices.Insert(v.After, 1, c.T("note.unread"))
		}
		v.Caption = c.T("letter.history.caption", c.Date(s.Period.From), c.Date(s.Period.To))
	}
	columns := amounts(c, s)
	v.Columns = []Column{{Text: head}}
	for _, one := range columns {
		v.Columns = append(v.Columns, Column{one.head, true})
	}
	v.Columns = append(v.Columns, Column{Text: c.T("table.quality")})
	for _, p := range s.Points {
		cells := []string{period(p)}
		for _, one := range columns {
			cell := "–"
			if p.Gap == metering.NoGap {
				cell = c.Number(one.of(p.Amounts), 0)
			}
			cells = append(cells, cell)
		}
		v.Rows = append(v.Rows, append(cells, c.T("quality."+p.Quality())))
	}
	return v
}

// part is one column of amounts.
type part struct {
	head string
	of   func(metering.Amounts) int64
}

// amounts are the columns that a household's registers fill.
func amounts(c *i18n.Catalog, s metering.Series) (columns []part) {
	register := func(r metering.Register) func(metering.Amounts) int64 {
		return func(a metering.Amounts) int64 { return a.Of(r) }
	}
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
	return columns
}

func injects(s metering.Series) bool {
	for _, p := range s.Points {
		if p.Amounts.Injection() != 0 {
			return true
		}
	}
	return false
}
