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
