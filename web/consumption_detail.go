package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Choices is the choice of what is finer than daily; metering.Choices.
type Choices interface {
	Choose(ctx context.Context, occupancyID, visitID string) error
	Withdraw(ctx context.Context, occupancyID, visitID string) error
}

// detail shows what is chosen for one opened reference.
func (s *site) detail(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	return s.showDetail(x, http.StatusOK, pass, index, nil)
}

// showDetail shows the page once that is recorded: what was chosen is a datum of
// its own (L18).
func (s *site) showDetail(x *ctx, status int, pass lookup.Pass, index int, wrong *portal.Error) error {
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "detail"}); err != nil {
		return err
	}
	return x.show(status, public.DetailPage(detailView(x, pass, index, wrong)))
}

// changeDetail chooses or withdraws. What is refused shows the same page, and
// why.
func (s *site) changeDetail(x *ctx) error {
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	switch do := x.field("do"); {
	case do == "choose":
		err = s.Choices.Choose(x.context(), pass.Occupancy.ID, pass.Visit.ID)
	case do == "withdraw" && x.field("sure") != "yes":
		err = &portal.Error{Code: portal.Invalid, Key: "detail.sure", Field: "sure"}
	case do == "withdraw":
		err = s.Choices.Withdraw(x.context(), pass.Occupancy.ID, pass.Visit.ID)
	default:
		err = &portal.Error{Code: portal.Invalid, Key: "detail.what"}
	}
	var e *portal.Error
	if errors.As(err, &e) && (e.Code == portal.Invalid || e.Code == portal.Conflict) {
		x.at = "/consumption/detail?of=" + strconv.Itoa(index)
		return s.showDetail(x, answers[e.Code], pass, index, e)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/consumption/detail?of=" + strconv.Itoa(index)))
}

func detailView(x *ctx, pass lookup.Pass, index int, wrong *portal.Error) public.Detail {
	own := selection{of: index, query: metering.Query{Grain: metering.ByMonth}}
	v := public.Detail{
		Base:   x.base(x.T("detail.title")),
		Bar:    barView(x, index, own.values()),
		Meter:  x.T("energy."+string(pass.Point.Energy)) + " · " + x.T("visit.meter", meterEnding(pass)),
		Texts:  []string{x.T("detail.what"), x.T("detail.tells"), x.T("detail.rules")},
		Action: x.path("/consumption/detail?of=" + strconv.Itoa(index)),
		Back:   layout.Link{Text: x.T("detail.back"), Href: x.path("/consumption") + own.values()},
	}
	hours := layout.Link{Text: x.T("detail.hours"), Href: x.path("/consumption") + selection{of: index, query: metering.Query{Grain: metering.ByHour}}.values()}
	stay := pass.Occupancy
	from, kept := metering.Detail(pass.Point, stay, x.now)
	switch {
	case pass.Point.PowerVA >= registry.DetailPower:
		v.State, v.Texts, v.Hours = x.T("detail.state.law"), nil, hours
	case !stay.Contains(x.now):
		v.State, v.Texts = x.T("detail.state.over"), nil
	case kept:
		v.State, v.Do, v.Hours = x.T("detail.state.chosen", x.Date(stay.DetailFrom), x.Date(from)), "withdraw", hours
	case !stay.DetailEnded.IsZero():
		v.State, v.Do = x.T("detail.state.withdrawn", x.Date(stay.DetailEnded)), "choose"
	default:
		v.State, v.Do = x.T("detail.state.none"), "choose"
	}
	if wrong != nil {
		text := x.T("error." + wrong.Key)
		v.Error, v.Summary = true, &component.Summary{Title: x.T("detail.not-done")}
		if wrong.Field != "" && v.Do == "withdraw" {
			v.Sure, v.Summary.Fields = text, []component.FieldLink{{Name: wrong.Field, Text: text}}
		} else {
			v.Summary.Paragraphs = []string{text}
		}
	}
	return v
}
