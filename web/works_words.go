package web

import (
	"slices"
	"time"

	"guichet/portal"
	"guichet/web/ui/component"
	"guichet/web/ui/page/public"
	"guichet/works"
	"guichet/works/calendar"
)

// euros writes cents as money.
func (x *ctx) euros(cents int64) string { return x.Amount(cents*10, 2, "€") }

// phasesView is the six phases as one line: what is done with its day, what is
// now with the words of its status, what was not needed (W4).
func phasesView(x *ctx, v works.View, now string) (line []public.WorksPhase) {
	left, been := map[works.Phase]time.Time{}, map[works.Phase]bool{}
	for i, s := range v.Steps {
		been[s.Phase] = true
		if i > 0 && v.Steps[i-1].Phase != s.Phase {
			left[v.Steps[i-1].Phase] = s.At
		}
	}
	at := slices.Index(works.Phases, v.Phase)
	for i, p := range works.Phases {
		w := public.WorksPhase{Name: x.count(i+1) + ". " + x.T("works.phase."+string(p)), State: x.T("works.phase-later")}
		switch {
		case i == at && v.Status == works.Closed:
			w.Class, w.State = "done", x.T("works.phase-done", x.ShortDate(v.Since))
		case i == at:
			w.Class, w.State = "now", now
		case i < at && been[p]:
			w.Class, w.State = "done", x.T("works.phase-done", x.ShortDate(left[p]))
		case i < at, p == works.Offering && !v.Kind.Facts().Offer:
			w.State = x.T("works.phase-none")
		case v.Turn == works.Nobody:
			w.State = "–"
		}
		line = append(line, w)
	}
	return line
}

// countedView is a legal date that can be opened to see how it was counted;
// without a date the clock stands still.
func countedView(x *ctx, key string, d calendar.Deadline) public.WorksDate {
	date := public.WorksDate{Text: x.T("works.date.still"), Title: x.T("works.count.title.still"), How: countedWords(x, d)}
	if d.Known() {
		date.Text, date.Title = x.T(key, x.Date(d.Last)), x.T("works.count.title")
	}
	return date
}

// countedWords tells how a legal date was counted, line by line (D.1).
func countedWords(x *ctx, d calendar.Deadline) (how []string) {
	if d.Rule.ID == calendar.SystemSays {
		return []string{x.T("works.count.told"), x.T("works.count.end", x.Date(d.Last))} // D13
	}
	how = append(how, x.T("works.count.event", x.Date(d.Event)))
	switch d.Rule.Unit {
	case calendar.Working:
		how = append(how, x.N("works.count.working", d.Counted))
	case calendar.Days:
		how = append(how, x.N("works.count.days", d.Counted))
	case calendar.Months, calendar.Years:
		months := d.Rule.N
		if d.Rule.Unit == calendar.Years {
			months *= 12
		}
		how = append(how, x.T("works.count.months", months, d.Counted))
	}
	if d.Rule.Unit == calendar.Working && d.Weekend > 0 {
		how = append(how, x.N("works.count.weekend", d.Weekend))
	}
	if len(d.Holidays) > 0 {
		names := make([]string, len(d.Holidays))
		for i, h := range d.Holidays {
			names[i] = x.T("works.count.holiday", x.Date(h.Day), x.T("works.holiday."+string(h.Name)))
		}
		how = append(how, x.T("works.count.holidays", x.List(names)))
	}
	if len(d.Suspended) > 0 {
		times := make([]string, len(d.Suspended))
		for i, p := range d.Suspended {
			times[i] = x.stretch(p)
		}
		how = append(how, x.T("works.count.stopped", x.Apart(times)))
	}
	if d.Moved() {
		how = append(how, x.T("works.count.moved", x.Date(d.Counting)))
	}
	if d.Known() {
		how = append(how, x.T("works.count.end", x.Date(d.Last)))
	}
	return append(how, x.T("works.count.rule", d.Rule.ID, d.Rule.Version))
}

// stepsView is a request's history.
func stepsView(x *ctx, steps []works.Step) component.Table {
	t := component.Table{ID: "steps", Caption: x.T("works.request.history.caption"), Region: x.T("works.request.history"), Columns: []component.Column{
		{Text: x.T("works.request.column.day")}, {Text: x.T("works.request.column.step")},
		{Text: x.T("works.request.column.by")}, {Text: x.T("works.request.column.reason")}}}
	for _, s := range slices.Backward(steps) {
		what := x.T("works.event-made")
		if s.Event != "" {
			what = x.T("works.event." + string(s.Event))
		}
		t.Rows = append(t.Rows, fact(x.Date(s.At), what, byWords(x, s.By), s.Reason))
	}
	return t
}

// byWords tells who took a step, as far as its requester may know (W19).
func byWords(x *ctx, by portal.Actor) string {
	switch by.Kind {
	case portal.Visitor, portal.Household, portal.Partner:
		return x.T("works.by.requester")
	case portal.Staff:
		return x.T("works.by.operator")
	case portal.System:
		return x.T("works.by.nobody")
	}
	return "–"
}
