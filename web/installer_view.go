package web

import (
	"net/url"
	"slices"
	"time"

	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
	"guichet/works"
)

func installerListView(x *ctx, f works.Sought, due string, list []works.Request, wrong error) page.Works {
	v := page.Works{Frame: x.partnerFrame(x.T("works.installer.title")), Action: x.path(installerPath), None: x.T("works.installer.none"),
		Filter: installerControls(x, f, due), Submit: x.T("works.installer.filter"),
		Links: []layout.Link{{Text: x.T("works.installer.new"), Href: x.path("/works/new")}, {Text: x.T("works.installer.claim"), Href: x.path(claimNumbers.path)},
			{Text: x.T("works.bulk.title"), Href: x.path(installerPath + "/upload")},
			{Text: x.T("works.calendar.title"), Href: x.path(installerPath + "/calendar")}},
		Table: component.Table{ID: "works", Caption: x.T("works.installer.caption"), Region: x.T("works.installer.title"), Columns: []component.Column{
			{Text: x.T("works.request.column.request")}, {Text: x.T("works.request.column.kind")}, {Text: x.T("works.request.site")},
			{Text: x.T("works.request.column.turn")}, {Text: x.T("works.request.column.state")}, {Text: x.T("works.installer.due")}}}}
	v.Lead = x.T("works.installer.lead")
	switch x.query("done") {
	case "let-go":
		v.Done = x.T("works.installer.let-go.done")
	case "made":
		v.Done = x.T("works.bulk.made")
	}
	address := url.Values{"turn": {string(f.Turn)}, "status": {string(f.Status)}, "due": {due}}
	if f != (works.Sought{}) {
		v.None = x.T("works.installer.none.filter")
	}
	if len(list) > installerPage {
		list = list[:installerPage]
		last := list[len(list)-1]
		address.Set("after", worksPlaceText(last.Due, last.ID))
		v.Next = x.path(installerPath + "?" + address.Encode())
	}
	if x.query("after") != "" {
		address.Del("after")
		v.First = x.path(installerPath + "?" + address.Encode())
	}
	for _, r := range list {
		seen := r.ForInstaller(nil, x.now)
		turn := component.Cell{Text: x.T("works.installer.turn." + string(seen.Turn)), Tag: "plain"}
		if seen.Turn == works.Requester {
			turn.Tag = "warn"
		}
		state := component.Cell{Text: x.saidOr("works.installer.status."+string(seen.Status), "works.status."+string(seen.Status))}
		if seen.Status == works.Planned {
			state.Note = x.Date(seen.Day)
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: worksNumber(seen.Number), Href: x.path(installerPath + "/" + r.ID), Cells: []component.Cell{
			{Text: x.T("works.kind." + string(seen.Kind))}, {Text: siteWords(seen.Site)}, turn, state, dueCell(x, r.Due)}})
	}
	faulty(x, &v.Frame, nil, wrong)
	return v
}

// dueCell is the next date of a request.
func dueCell(x *ctx, due time.Time) component.Cell {
	switch {
	case due.IsZero():
		return component.Cell{Text: "–"}
	case !x.now.Before(due):
		return component.Cell{Text: x.Date(lastDay(due)), Note: x.T("works.installer.late"), Tag: "stop"}
	}
	return component.Cell{Text: x.Date(lastDay(due))}
}

func installerControls(x *ctx, f works.Sought, due string) []component.Control {
	choice := func(name, label, chosen string, options []component.Option) component.Control {
		for n := range options {
			options[n].Selected = options[n].Value == chosen
		}
		return component.Control{Kind: "select", Field: component.Field{Name: name, Label: x.T(label)},
			Options: append([]component.Option{{Text: x.T("works.installer.all")}}, options...)}
	}
	dues := []component.Option{{Value: "late", Text: x.T("works.installer.late")}, {Value: "week", Text: x.T("works.installer.due.days", installerDues["week"])},
		{Value: "month", Text: x.T("works.installer.due.days", installerDues["month"])}}
	states := worksOptions(x, "works.status.", "", works.Statuses...)
	for n := range states {
		states[n].Text = x.saidOr("works.installer.status."+states[n].Value, "works.status."+states[n].Value)
	}
	return []component.Control{
		choice("turn", "works.request.column.turn", string(f.Turn), worksOptions(x, "works.installer.turn.", "", works.Turns...)),
		choice("status", "works.request.column.state", string(f.Status), states),
		choice("due", "works.installer.due", due, dues),
	}
}

var installerDones = []string{"held", "completed", "postponed", "added"}

// installerOneView is one request; held is how it came into the list, nil for
// one that the partner made.
func installerOneView(x *ctx, o openedRequest, held *works.Holder, wrong error) page.WorksOne {
	v := page.WorksOne{Request: progressView(x, o, wrong), Back: layout.Link{Text: x.T("works.installer.back"), Href: x.path(installerPath)}}
	v.Frame = x.partnerFrame(x.T("works.installer.one", worksNumber(o.Number), o.said(x, "works.installer.status."+string(o.Status), "works.status."+string(o.Status))))
	wrongView(x, &v.Request, wrong)
	v.Frame.Error, v.Frame.Summary = v.Request.Error, v.Request.Summary
	if done := x.query("done"); wrong == nil && slices.Contains(installerDones, done) {
		v.Frame.Done = x.saidOr("works.installer.done."+done, "works.done."+done)
	}
	v.Note = x.T("works.installer.note.made")
	if held != nil {
		v.Note = x.T("works.installer.note."+string(held.Way), x.Date(held.Since))
		v.LetGo = &page.Button{Action: x.act(o, "let-go"), Text: x.T("works.installer.let-go"), Quiet: true}
	}
	if o.Status == works.Offered {
		v.Answer = x.T("works.installer.answer")
		v.Gate = layout.Link{Text: x.T("works.request.open"), Href: x.path(worksNumbers.path)}
	}
	if o.Team != "" && o.Status == works.Planned {
		v.Request.Facts = append(v.Request.Facts, [2]string{x.T("works.installer.team"), o.Team})
	}
	return v
}
