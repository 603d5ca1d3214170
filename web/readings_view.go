package web

import (
	"strconv"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/metering/indexes"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// readingsView is the page of one meter. f is what is wrong with, or to be
// confirmed of, what was typed; nil the first time.
func readingsView(x *ctx, of int, pass lookup.Pass, page indexes.Page, sent indexes.Typed, f *fault) public.Readings {
	number := strconv.Itoa(of)
	x.at = "/readings/new?of=" + number
	v := public.Readings{
		Base:    x.base(x.T("reading.title")),
		Bar:     barView(x, of, readingsBack+"of="+number),
		Lead:    x.T("reading.lead", x.T("energy."+string(pass.Point.Energy)), meterEnding(pass)),
		Tables:  readingsTables(x, page.Entries),
		History: layout.Link{Text: x.T("reading.history"), Href: x.path("/consumption?of=" + number)},
	}
	for i := range v.Bar.Files {
		v.Bar.Files[i].Href = x.path("/readings/new?of=" + strconv.Itoa(i+1))
	}
	if f != nil {
		v.Error, v.Summary = f.sure == "", &f.summary
		if f.sure != "" { // who hears the page begins with its title (WCAG 2.4.2)
			v.Title = f.summary.Title
		}
	} else {
		f = &fault{}
	}
	if page.Window.ID == "" {
		v.Closed = []string{x.T("reading.closed")}
		if !page.Next.IsZero() {
			v.Closed = []string{x.T("reading.closed.next", x.Date(page.Next))}
		}
		v.Closed = append(v.Closed, x.T("reading.closed.call", x.s.Contact.Phone, x.T("site.hours")))
		return v
	}
	form := public.ReadingForm{
		Action: x.path("/readings/new?of=" + number), Window: page.Window.ID, Sure: f.sure,
		Legend: x.T("reading.registers"), Submit: x.T("reading.submit"),
		Date: component.Field{Name: indexes.DateField, Label: x.T("reading.date"), Date: true, Class: "day", Value: typed(sent.Date), Error: f.fields[indexes.DateField],
			Hint: x.T("reading.date.hint", x.Date(page.First), x.Date(page.Last))},
	}
	if sent.Date == "" {
		form.Date.Value = isoDay(page.Last)
	}
	if f.sure != "" {
		form.Confirm, form.Submit = x.T("reading.confirm"), x.T("reading.change")
	}
	switch {
	case page.Late:
		form.Remarks = append(form.Remarks, x.T("reading.late"))
	case len(page.Typed) > 0:
		form.Remarks = append(form.Remarks, x.T("reading.replaces"))
	}
	for _, r := range page.Window.Registers {
		name := indexes.Field(r.Register)
		form.Registers = append(form.Registers, component.Field{Name: name, Label: x.T("register." + string(r.Register)),
			Hint: x.T("reading.value.hint", r.Digits, r.Register.Unit()), Unit: r.Register.Unit(), Class: "w9",
			Value: typed(sent.Values[r.Register]), Error: f.fields[name]})
	}
	v.Form = &form
	return v
}

// readingsTables are the occupancy's own readings, the newest first: a table for
// each time that the registers of the meter were read, so that two columns do
// and a telephone shows the status, too.
func readingsTables(x *ctx, entries []indexes.Entry) (tables []component.Table) {
	for i, e := range entries {
		if i == 0 || e.WindowID != entries[i-1].WindowID || e.Round != entries[i-1].Round {
			caption := x.T("reading.caption", x.Date(e.On), x.Date(e.At))
			if e.Who == portal.System {
				caption = x.T("reading.caption.us", x.Date(e.On))
			}
			tables = append(tables, component.Table{ID: "reading-" + strconv.Itoa(len(tables)+1), Caption: caption, Region: caption, Narrow: true,
				Columns: []component.Column{{Text: x.T("reading.table.register")}, {Text: x.T("reading.table.value")}}})
		}
		status := e.Status.Shown()
		tag := "plain"
		if status == indexes.Estimated || status == indexes.Corrected || status == indexes.Refused {
			tag = "warn"
		}
		t := &tables[len(tables)-1]
		t.Rows = append(t.Rows, component.Row{Head: x.T("register." + string(e.Register)), Cells: []component.Cell{
			{Text: together(x.Number(e.Shown()*1000, 0) + " " + e.Register.Unit()), Note: statusText(x, e, status), Tag: tag},
		}})
	}
	return tables
}

func statusText(x *ctx, e indexes.Entry, shown indexes.Status) string {
	switch shown {
	case indexes.Corrected:
		return x.T("reading.corrected", x.Number(e.Noted()*1000, 0))
	case indexes.Refused:
		return x.T("reading.refused." + string(e.Refusal))
	}
	return x.T("reading.status." + string(shown))
}
