package web

import (
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/staff"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

// deskFrame fills the bar.
func deskFrame(x *ctx, g desk.Gate, title string, args ...any) page.Frame {
	m := x.member()
	f := page.Frame{
		Base:    x.deskBase(title, args...),
		SignOut: x.path("/desk/sign-out"),
		Member:  m.Name + ", " + x.T("desk.role."+string(m.Role)),
		Nav:     []layout.Link{{Text: x.T("desk.nav.list"), Href: x.path("/desk"), Lang: "l", Current: x.at == "/desk"}},
		Gate:    gateFacts(x, g),
	}
	if m.Role == staff.Agent {
		f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.find"), Href: x.path("/desk") + "#reference", Lang: "f"})
	}
	if m.Role == staff.Readings {
		f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.readings"), Href: x.path(heldPath), Lang: "v", Current: x.at == heldPath})
	}
	if m.Role == staff.Office {
		f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.rectify"), Href: x.path("/desk/rectifications"), Lang: "r", Current: x.at == "/desk/rectifications"},
			layout.Link{Text: x.T("desk.nav.moves"), Href: x.path("/desk/moves"), Lang: "m", Current: x.at == "/desk/moves"},
			layout.Link{Text: x.T("desk.nav.grounds"), Href: x.path("/desk/grounds"), Lang: "h", Current: strings.HasPrefix(x.at, "/desk/grounds")})
	}
	if m.Role == staff.Mandates {
		f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.mandates"), Href: x.path("/desk/mandates"), Lang: "m", Current: strings.HasPrefix(x.at, "/desk/mandates")},
			layout.Link{Text: x.T("desk.nav.partners"), Href: x.path("/desk/partners"), Lang: "p", Current: x.at == "/desk/partners"})
	}
	if m.Role == staff.Works {
		f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.works"), Href: x.path(yardPath), Lang: "w", Current: strings.HasPrefix(x.at, yardPath) && x.at != yardPath+"/payments"},
			layout.Link{Text: x.T("desk.nav.payments"), Href: x.path(yardPath + "/payments"), Lang: "p", Current: x.at == yardPath+"/payments"})
	}
	f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.doors"), Href: x.path("/desk/doors"), Lang: "d", Current: x.at == "/desk/doors"})
	f.Nav = append(f.Nav, layout.Link{Text: x.T("desk.nav.gate"), Href: x.path("/desk/gate"), Lang: "g", Current: x.at == "/desk/gate"})
	return f
}

func (x *ctx) count(n int) string { return x.Number(int64(n)*1000, 0) }

// moment writes a day and a time; none for the zero time.
func (x *ctx) moment(t time.Time) string {
	if t.IsZero() {
		return x.T("desk.never")
	}
	return x.Date(t) + ", " + x.Time(t)
}

// shortMoment leaves out the year where it is this one, for a table.
func (x *ctx) shortMoment(t time.Time) string {
	if t.In(portal.Brussels).Year() != x.now.In(portal.Brussels).Year() {
		return x.moment(t)
	}
	return x.ShortDate(t) + ", " + x.Time(t)
}

// since writes how long ago, up to a day; then the moment.
func (x *ctx) since(t time.Time) string {
	switch ago := x.now.Sub(t); {
	case ago < 0 || ago >= 24*time.Hour:
		return x.moment(t)
	case ago < time.Hour:
		return x.T("desk.minutes", int(ago.Minutes()))
	default:
		return x.T("desk.hours", int(ago.Hours()))
	}
}

func (x *ctx) wrong(e *portal.Error) *component.Summary {
	if e == nil {
		return nil
	}
	s := &component.Summary{Title: x.T("desk.wrong"), Paragraphs: []string{x.T("error."+e.Key, e.Args...)}}
	switch e.Field {
	case "reference", "interaction":
		s.Fields = []component.FieldLink{{Name: e.Field, Text: s.Paragraphs[0]}}
		s.Paragraphs = nil
	}
	return s
}

// dones are what a change may say on the list: the address names one of these
// or nothing.
var dones = map[string]bool{"cleared": true, "asked": true, "granted": true, "replaced": true, "handled": true}

func listView(x *ctx, f page.Frame, list desk.List, wrong *portal.Error) page.List {
	v := page.List{Frame: f, Table: component.Table{
		ID: "cases", Caption: x.T("desk.list.caption"), Region: x.T("desk.list.title"),
		Columns: []component.Column{{Text: x.T("desk.list.case")}, {Text: x.T("desk.list.place")},
			{Text: x.T("desk.list.since")}, {Text: x.T("desk.list.state")}},
	}}
	for _, p := range list.Cases {
		state := component.Cell{Text: x.T("desk.state.blocked"), Tag: "stop"}
		if p.Asked {
			state = component.Cell{Text: x.T("desk.state.asked"), Tag: "warn"}
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: p.CaseID, Href: x.caseLink(p.CaseID), Cells: []component.Cell{
			{Text: p.Town + " · " + x.T("energy."+string(p.Energy))}, {Text: x.since(p.BlockedAt)}, state}})
	}
	if list.More {
		last := list.Cases[len(list.Cases)-1]
		v.Next = x.path("/desk?after=" + placeText(last.BlockedAt, last.CaseID))
	}
	if list.Unknown > 0 {
		v.Unknown = x.N("desk.list.unknown", list.Unknown, x.since(list.OldestUnknown))
	}
	if desk.Opens(x.member()) {
		v.Find.Action = x.path("/desk/find")
	}
	if wrong != nil {
		v.Error, v.Summary, v.Find.Error = true, x.wrong(wrong), x.T("error."+wrong.Key, wrong.Args...)
	}
	return v
}

func groundView(x *ctx, f page.Frame, id string, wrong *portal.Error) page.Ground {
	v := page.Ground{Frame: f, ID: id, Action: x.casePath(id) + "/open",
		Interaction: typed(x.field("interaction")), Reason: x.field("reason"), Errors: map[string]string{}}
	if wrong != nil {
		v.Error, v.Summary = true, x.wrong(wrong)
		v.Errors[wrong.Field] = x.T("error."+wrong.Key, wrong.Args...)
		if wrong.Field == "reason" {
			v.Summary.Fields = []component.FieldLink{{Name: "reason", Text: v.Errors["reason"]}}
			v.Summary.Paragraphs = nil
		}
	}
	return v
}

func caseView(x *ctx, f page.Frame, c desk.Case, wrong *portal.Error) page.Case {
	v := page.Case{Frame: f, ID: c.ID, Tag: page.Tag{Text: x.T("desk.state.blocked"), Kind: "stop"},
		State:   []page.Fact{{Name: x.T("desk.case.since"), Value: x.moment(c.BlockedAt)}},
		History: historyView(x, c.History)}
	v.Summary, v.Error = x.wrong(wrong), wrong != nil
	if !c.Known {
		v.Tag, v.Note = page.Tag{Text: x.T("desk.state.unknown"), Kind: "warn"}, x.T("desk.case.unknown")
		return v
	}
	v.State = append(v.State,
		page.Fact{Name: x.T("desk.list.place"), Value: c.Town + " · " + x.T("energy."+string(c.Energy))},
		page.Fact{Name: x.T("desk.case.issued"), Value: x.moment(c.IssuedAt)},
		page.Fact{Name: x.T("desk.case.used"), Value: x.moment(c.UsedAt)},
		page.Fact{Name: x.T("desk.case.unblocks"), Value: x.count(unblocksOf(c))})
	if c.Customer != nil {
		v.Customer = customerView(x, *c.Customer)
	}
	v.Check = checkView(x, c, wrong, v.Summary)
	actsView(x, c, wrong, &v)
	return v
}
