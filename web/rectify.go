package web

import (
	"context"
	"errors"
	"net/http"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Rectifications keeps what people say is wrong; registry.Rectifications.
type Rectifications interface {
	Ask(ctx context.Context, occupancyID string, field registry.Field, text string, by audit.Entry) (id string, err error)
	// Of lists the requests of an occupancy, the newest first.
	Of(ctx context.Context, occupancyID string) ([]registry.Rectification, error)
}

// rectify shows the form (S4).
func (s *site) rectify(x *ctx) error { return s.showRectify(x, http.StatusOK, nil) }

// wrong takes a request: which field, and what is wrong with it.
func (s *site) wrong(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	_, err = s.Papers.Rectifications.Ask(x.context(), pass.Occupancy.ID, registry.Field(x.field("field")), x.field("wrong"), ownEntry(x, pass, "", nil))
	var e *portal.Error
	if errors.As(err, &e) && (e.Code == portal.Invalid || e.Code == portal.TooMany) {
		return s.showRectify(x, statusOf(err), e)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/rectify/asked" + ofQuery(index)))
}

func (s *site) showRectify(x *ctx, status int, e *portal.Error) error {
	_, index, err := x.holding()
	if err != nil {
		return err
	}
	x.at = "/rectify" + ofQuery(index)
	return x.show(status, public.RectifyPage(rectifyView(x, index, e)))
}

func rectifyView(x *ctx, index int, e *portal.Error) public.Rectify {
	of := ofQuery(index)
	v := public.Rectify{
		Base: x.base(x.T("rectify.title")), Bar: barView(x, index, of), Action: x.path("/rectify" + of),
		Wrong: x.field("wrong"), Field: component.Field{Name: "field", Label: x.T("rectify.which")},
		Text: component.Field{Name: "wrong", Label: x.T("rectify.wrong"), Hint: x.T("rectify.wrong.hint")},
		Back: layout.Link{Text: x.T("rectify.back"), Href: x.path("/mine" + of)},
	}
	for _, f := range registry.Fields {
		v.Options = append(v.Options, public.Option{Value: string(f), Text: x.T("rectify.field." + string(f)), Selected: string(f) == x.field("field")})
	}
	if e == nil {
		return v
	}
	text := x.T("error."+e.Key, e.Args...)
	v.Error = true
	v.Summary = &component.Summary{Title: x.T("rectify.summary"), Fields: []component.FieldLink{{Name: e.Field, Text: text}}}
	if e.Field == "field" {
		v.Field.Error = text
	} else {
		v.Text.Error = text
	}
	return v
}

// rectifyAsked confirms with receipt and due date.
func (s *site) rectifyAsked(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	all, err := s.Papers.Rectifications.Of(x.context(), pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return x.redirect(x.path("/rectify" + ofQuery(index)))
	}
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "rectify"}); err != nil {
		return err
	}
	return x.show(http.StatusOK, public.PostedPage(rectifyAskedView(x, index, all[0])))
}

func rectifyAskedView(x *ctx, index int, r registry.Rectification) public.Posted {
	of := ofQuery(index)
	return public.Posted{
		Base: x.base(x.T("rectify.asked.title")), Bar: barView(x, index, of),
		Text: []string{
			x.T("rectify.asked", x.T("rectify.field."+string(r.Field)), x.Date(r.AskedAt)),
			x.T("rectify.due", x.Date(registry.AnsweredBy(r.AskedAt))),
			x.T("rectify.receipt", r.ID),
		},
		Back: layout.Link{Text: x.T("rectify.back"), Href: x.path("/mine" + of)},
	}
}
