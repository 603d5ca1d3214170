package web

import (
	"math"
	"net/http"
	"time"

	"guichet/lookup"
	"guichet/portal/desk"
	"guichet/web/ui/component"
	page "guichet/web/ui/page/desk"
)

// overview shows how the gate stands. It is a page to look at again: a plain
// link does that, nothing moves by itself (WCAG 2.2.2).
func (c counter) overview(x *ctx) error {
	frame, err := c.frame(x, "desk.overview.title")
	if err != nil {
		return err
	}
	o, err := c.Desk.Overview(x.context(), x.member())
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, page.OverviewPage(overviewView(x, frame, o)))
}

// gateFacts is the bar on top of every page.
func gateFacts(x *ctx, g desk.Gate) []page.Fact {
	return []page.Fact{
		{Name: x.T("desk.gate"), Value: x.step(g.View.Step)},
		{Name: x.T("desk.gate.left"), Value: x.T("desk.gate.left.both", x.count(g.LeftAnHour()), x.count(g.LeftADay()))},
		{Name: x.T("desk.gate.openings"), Value: x.count(g.View.Openings)},
		{Name: x.T("desk.gate.blocked"), Value: x.count(g.Blocked)},
		{Name: x.T("desk.gate.blocks"), Value: x.count(g.BlocksToday)},
		{Name: x.T("desk.gate.failures"), Value: x.count(g.FailuresToday)},
	}
}

// step names one; the trail may hold one that cannot be read.
func (x *ctx) step(s lookup.Step) string {
	if s == 0 {
		return x.T("desk.moves.unread")
	}
	return x.T("desk.gate.step." + s.String())
}

func overviewView(x *ctx, f page.Frame, o desk.Overview) page.Overview {
	v := page.Overview{
		Frame:   f,
		At:      x.T("desk.overview.at", x.Time(x.now)),
		Refresh: x.path("/desk/gate"),
		Asks:    x.T("desk.gate.asks." + o.View.Step.String()),
		Say:     x.T("desk.gate.say." + o.View.Step.String()),
		Budgets: budgetsTable(x, o.View.Uses),
		Bound:   boundView(x, o),
		Moves:   movesTable(x, o.Moves),
		Alarms:  alarmsTable(x, o.Alarms),
	}
	since := x.T("desk.overview.since.never")
	if !o.View.MovedAt.IsZero() {
		since = x.moment(o.View.MovedAt)
	}
	openings, usual := x.count(o.View.Openings), x.count(o.View.Usual)
	v.Step = []page.Fact{
		{Name: x.T("desk.overview.step"), Value: x.step(o.View.Step)},
		{Name: x.T("desk.overview.since"), Value: since},
		{Name: x.T("desk.overview.openings"), Value: x.T("desk.overview.openings.usual", openings, usual)},
		{Name: x.T("desk.overview.today"), Value: x.T("desk.overview.today.counts", x.count(o.FailuresToday), x.count(o.BlocksToday))},
	}
	if o.Unusual() {
		v.Unusual = x.T("desk.overview.unusual", openings, usual)
	}
	return v
}

// From which share of a budget it is told in another word, in percent.
const halfSpent, nearlySpent = 50, 80

// budgetsTable tells each share as a number and a word, where a phone still
// shows it: the colour only repeats it.
func budgetsTable(x *ctx, uses []lookup.BudgetUse) component.Table {
	t := component.Table{ID: "budgets", Caption: x.T("desk.budgets.caption"), Region: x.T("desk.budgets.title"),
		Columns: []component.Column{{Text: x.T("desk.budgets.budget")}, {Text: x.T("desk.budgets.share")},
			{Text: x.T("desk.budgets.left"), Numeric: true}, {Text: x.T("desk.budgets.spent"), Numeric: true},
			{Text: x.T("desk.budgets.most"), Numeric: true}}}
	for _, u := range uses {
		window := "desk.window.day"
		if u.Lasting == time.Hour {
			window = "desk.window.hour"
		}
		percent := 100 * u.Spent / max(1, u.Most)
		word, kind := "calm", "plain"
		switch {
		case u.Left == 0:
			word, kind = "out", "stop"
		case percent >= nearlySpent:
			word, kind = "low", "stop"
		case percent >= halfSpent:
			word, kind = "half", "warn"
		}
		t.Rows = append(t.Rows, component.Row{Head: x.T("desk.budget."+string(u.Budget), x.T(window)), Cells: []component.Cell{
			{Text: x.T("desk.share.of", x.count(percent), x.T("desk.share."+word)), Tag: kind},
			{Text: x.count(u.Left)}, {Text: x.count(u.Spent)}, {Text: x.count(u.Most)}}})
	}
	return t
}

func boundView(x *ctx, o desk.Overview) page.Bound {
	if !o.Measured {
		return page.Bound{Text: x.T("desk.bound.none")}
	}
	b := page.Bound{
		Text: x.T("desk.bound.lead", x.count(desk.FailuresADay(o.View)), x.Date(o.Share.MeasuredAt), x.count(int(o.Share.Meters))),
		Table: component.Table{ID: "bound", Caption: x.T("desk.bound.caption"), Region: x.T("desk.bound.title"),
			Columns: []component.Column{{Text: x.T("desk.bound.among")}, {Text: x.T("desk.bound.day"), Numeric: true},
				{Text: x.T("desk.bound.chance"), Numeric: true}, {Text: x.T("desk.bound.meters"), Numeric: true}}},
	}
	for _, one := range o.Bounds {
		meters := "–"
		if one.Meters > 0 {
			meters = x.count(int(one.Meters))
		}
		chance := x.T("desk.bound.zero")
		if one.Chance > 0 {
			chance = x.T("desk.bound.one-in", x.count(int(math.Round(1/one.Chance))))
		}
		if one.Among == desk.AmongAddress || one.Among == desk.AmongBatch {
			b.Near = x.T("desk.bound.near")
		}
		b.Table.Rows = append(b.Table.Rows, component.Row{Head: x.T("desk.bound."+string(one.Among), one.Place),
			Cells: []component.Cell{{Text: x.small(one.ADay)}, {Text: chance}, {Text: meters}}})
	}
	return b
}

// small writes a quantity that may be large or a small part of one, with three
// figures; never 0 where it is not.
func (x *ctx) small(n float64) string {
	thousandths := int64(math.Round(n * 1000))
	switch {
	case n > 0 && thousandths == 0:
		return x.T("desk.bound.under", x.Number(1, 3))
	case n >= 100 || n == 0:
		return x.Number(thousandths, 0)
	case n >= 10:
		return x.Number(thousandths, 1)
	case n >= 1:
		return x.Number(thousandths, 2)
	}
	return x.Number(thousandths, 3)
}

func movesTable(x *ctx, moves []desk.Move) component.Table {
	t := component.Table{ID: "moves", Caption: x.T("desk.moves.caption"), Region: x.T("desk.moves.title"),
		Columns: []component.Column{{Text: x.T("desk.moves.when")}, {Text: x.T("desk.moves.from")}, {Text: x.T("desk.moves.to")}}}
	for _, m := range moves {
		t.Rows = append(t.Rows, component.Row{Head: x.shortMoment(m.At),
			Cells: []component.Cell{{Text: x.step(m.From)}, {Text: x.step(m.To)}}})
	}
	return t
}

func alarmsTable(x *ctx, alarms []desk.Alarm) component.Table {
	t := component.Table{ID: "alarms", Caption: x.T("desk.alarms.caption"), Region: x.T("desk.alarms.title"),
		Columns: []component.Column{{Text: x.T("desk.alarms.when")}, {Text: x.T("desk.alarms.what")}}}
	for _, a := range alarms {
		what := a.Name
		if key := "desk.alarm." + a.Name; x.Has(key) {
			what = x.T(key)
		}
		t.Rows = append(t.Rows, component.Row{Head: x.shortMoment(a.At), Cells: []component.Cell{{Text: what}}})
	}
	return t
}
