package web

import (
	"net/http"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/registry"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

// wrongs lists what people say is wrong in their files.
func (c counter) wrongs(x *ctx) error { return c.showWrongs(x, http.StatusOK, "", nil) }

func (c counter) showWrongs(x *ctx, status int, id string, wrong *portal.Error) error {
	x.at = "/desk/rectifications"
	frame, err := c.frame(x, "desk.rectify.title")
	if err != nil {
		return err
	}
	list, err := c.Desk.Wrongs(x.context(), x.member())
	if err != nil {
		return err
	}
	v := wrongsView(x, frame, list, id, wrong)
	if x.query("done") == "decided" {
		v.Done = x.T("desk.rectify.done")
	}
	return x.show(status, page.WrongsPage(v))
}

// decide writes a decision on one request.
func (c counter) decide(x *ctx) error {
	id := x.param("id")
	err := c.Desk.DecideWrong(x.context(), x.member(), id, registry.Decision(x.field("decision")), x.field("words"))
	if wrong := forPerson(err); wrong != nil {
		return c.showWrongs(x, statusOf(err), id, wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/rectifications?done=decided"))
}

func wrongsView(x *ctx, f page.Frame, list []desk.Wrong, id string, wrong *portal.Error) page.Wrongs {
	v := page.Wrongs{Frame: f, None: x.T("desk.rectify.none")}
	for _, w := range list {
		o, p := w.Posting.Occupancy, w.Posting.Point
		one := page.Wrong{ID: w.ID, Title: x.T("rectify.field." + string(w.Field)), Text: w.Text,
			Action: x.path("/desk/rectifications/" + w.ID),
			Facts: []page.Fact{
				{Name: x.T("desk.rectify.asked"), Value: x.moment(w.AskedAt)},
				{Name: x.T("desk.rectify.due"), Value: x.Date(registry.AnsweredBy(w.AskedAt))},
				{Name: x.T("desk.customer.name"), Value: o.Name},
				{Name: x.T("desk.customer.language"), Value: layout.LanguageName(o.Language)},
				{Name: x.T("desk.customer.mail"), Value: address(o.Street, o.Postcode, o.Town)},
				{Name: x.T("desk.customer.supply"), Value: address(p.Street, p.Postcode, p.Town)},
				{Name: x.T("desk.customer.point"), Value: p.EAN.Masked()},
			}}
		if registry.Postable(p, o, x.now) != registry.PostFree {
			one.Note = x.T("desk.rectify.no-letter")
		}
		mine := wrong != nil && id == w.ID
		for _, d := range registry.Decisions {
			one.Options = append(one.Options, page.Option{Value: string(d), Text: x.T("desk.rectify.decision." + string(d)),
				Selected: mine && string(d) == x.field("decision")})
		}
		if mine {
			one.Words = x.field("words")
			text := x.T("error."+wrong.Key, wrong.Args...)
			one.Errors = map[string]string{wrong.Field: text}
			v.Error, v.Summary = true, &component.Summary{Title: x.T("desk.wrong"),
				Fields: []component.FieldLink{{Name: wrong.Field + "-" + w.ID, Text: text}}}
		}
		v.List = append(v.List, one)
	}
	if wrong != nil && v.Summary == nil { // decided or gone meanwhile
		v.Error, v.Summary = true, x.wrong(wrong)
	}
	return v
}

// moves lists moves learnt late and what they made wrong (D3).
func (c counter) moves(x *ctx) error { return c.showMoves(x, http.StatusOK, nil) }

func (c counter) showMoves(x *ctx, status int, wrong *portal.Error) error {
	x.at = "/desk/moves"
	frame, err := c.frame(x, "desk.late.title")
	if err != nil {
		return err
	}
	list, err := c.Desk.Moves(x.context(), x.member())
	if err != nil {
		return err
	}
	v := lateMovesView(x, frame, list, wrong)
	if x.query("done") == "seen" {
		v.Done = x.T("desk.late.done")
	}
	return x.show(status, page.MovesPage(v))
}

func (c counter) seeMove(x *ctx) error {
	err := c.Desk.SeeMove(x.context(), x.member(), x.param("id"))
	if wrong := forPerson(err); wrong != nil {
		return c.showMoves(x, statusOf(err), wrong)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/moves?done=seen"))
}

func lateMovesView(x *ctx, f page.Frame, list []desk.Gone, wrong *portal.Error) page.Moves {
	v := page.Moves{Frame: f}
	v.Summary, v.Error = x.wrong(wrong), wrong != nil
	for _, m := range list {
		o, p := m.Posting.Occupancy, m.Posting.Point
		one := page.Move{ID: m.ID, Title: x.T("desk.late.moved", x.Date(m.MovedAt)), Action: x.path("/desk/moves/" + m.ID), Facts: []page.Fact{
			{Name: x.T("desk.late.learnt"), Value: x.moment(m.LearntAt)},
			{Name: x.T("desk.customer.name"), Value: o.Name},
			{Name: x.T("desk.customer.supply"), Value: address(p.Street, p.Postcode, p.Town)},
			{Name: x.T("desk.customer.point"), Value: m.EAN},
		}}
		if m.Case != "" {
			one.Facts = append(one.Facts, page.Fact{Name: x.T("desk.late.case"), Value: m.Case, Href: x.caseLink(m.Case)})
		}
		for _, k := range registry.WrongKinds {
			one.Facts = append(one.Facts, page.Fact{Name: x.T("desk.late.kind." + string(k)), Value: x.count(m.Count(k))})
		}
		if len(m.Wrong) > 0 {
			t := &component.Table{ID: "wrong-" + m.ID, Caption: x.T("desk.late.caption"), Region: x.T("desk.late.caption") + " – " + o.Name + ", " + m.EAN,
				Columns: []component.Column{{Text: x.T("desk.history.when")}, {Text: x.T("desk.history.what")}, {Text: x.T("desk.late.where")}}}
			for _, w := range m.Wrong {
				where := w.What
				if w.Kind == registry.WrongReference {
					where = "–" // the key of a reference is for machines
				}
				t.Rows = append(t.Rows, fact(x.moment(w.At), x.T("desk.late.one."+string(w.Kind)), where))
			}
			one.Table = t
		}
		v.List = append(v.List, one)
	}
	return v
}
