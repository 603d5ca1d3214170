package web

import (
	"context"
	"net/http"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/web/letter"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// Mandates keeps what customers signed for; mandates.Service.
type Mandates interface {
	// Here lists the mandates about an occupancy, the newest first.
	Here(ctx context.Context, occupancyID string) ([]mandates.Summary, error)
	// Confirm and Revoke are the customer's yes and no, behind the reference.
	Confirm(ctx context.Context, by audit.Entry, occupancyID, id string) error
	Revoke(ctx context.Context, by audit.Entry, occupancyID, id string) error
}

// mandateRoutes are the customer's pages about mandates, behind an opened
// reference (D8).
func (s *site) mandateRoutes(visitor Policy) []Route {
	return []Route{
		{http.MethodGet, "/:lang/mandates", visitor, s.mandates},
		{http.MethodPost, "/:lang/mandates/:id/confirm", visitor, s.confirmMandate},
		{http.MethodPost, "/:lang/mandates/:id/revoke", visitor, s.revokeMandate},
	}
}

// mandates shows who may have the data of the opened reference, and who could.
func (s *site) mandates(x *ctx) error {
	pass, index, err := x.opened()
	if err != nil {
		return err
	}
	list, err := s.Mandates.Here(x.context(), pass.Occupancy.ID)
	if err != nil {
		return err
	}
	if err := s.record(x, pass, audit.FileShown, map[string]string{"page": "mandates"}); err != nil {
		return err
	}
	return x.show(http.StatusOK, public.MandatesPage(mandatesView(x, index, list)))
}

func (s *site) confirmMandate(x *ctx) error {
	return s.decideMandate(x, s.Mandates.Confirm, "confirmed")
}

func (s *site) revokeMandate(x *ctx) error { return s.decideMandate(x, s.Mandates.Revoke, "revoked") }

func (s *site) decideMandate(x *ctx, decide func(context.Context, audit.Entry, string, string) error, done string) error {
	pass, index, err := x.opened()
	if err != nil {
		return err
	}
	if err := decide(x.context(), ownEntry(x, pass, "", nil), pass.Occupancy.ID, x.param("id")); err != nil {
		return err
	}
	return x.redirect(x.path("/mandates" + ofQuery(index) + "&done=" + done))
}

func mandatesView(x *ctx, index int, list []mandates.Summary) public.Mandates {
	of := ofQuery(index)
	v := public.Mandates{
		Base: x.base(x.T("mandates.title")), Bar: barView(x, index, of),
		Seen: layout.Link{Text: x.T("seen.link"), Href: x.path("/seen" + of)},
		Back: layout.Link{Text: x.T("seen.back"), Href: x.path("/consumption" + of)},
	}
	if done := x.query("done"); done == "confirmed" || done == "revoked" {
		v.Done = x.T("mandates.done." + done)
	}
	for _, m := range list {
		v.List = append(v.List, mandateView(x, of, m))
	}
	return v
}

func mandateView(x *ctx, of string, m mandates.Summary) public.Mandate {
	l, until := m.Lines[0], m.Scope.Validity.To
	status, word := l.StatusAt(x.now, until), lineWord(x, m.Mandate, l)
	v := public.Mandate{
		ID: m.ID, Name: m.PartnerName, State: word.Text, Tone: word.Tag,
		Facts: [][2]string{
			{x.T("mandates.contact"), m.PartnerContact},
			{x.T("mandates.what"), letter.KindWords(x.Catalog, m.Scope.Kinds)},
			{x.T("mandates.data"), letter.DataWords(x.Catalog, m.Scope.Data)},
			{x.T("mandates.purpose"), m.Scope.Purpose},
			{x.T("mandates.valid"), x.T("mine.between", x.Date(m.Scope.Validity.From), x.Date(lastDay(until)))},
			{x.T("mandates.signed"), x.T("mandate.signature." + string(m.Signature))},
			{x.T("mandates.number"), m.ID},
		},
	}
	delivered := x.T("mine.never")
	if !l.DeliveredAt.IsZero() {
		delivered = x.Date(l.DeliveredAt)
	}
	v.Facts = append(v.Facts, [2]string{x.T("mandates.delivered"), delivered})
	switch status {
	case mandates.LineEnded:
		v.State = x.T("mandate.end." + string(l.End))
		v.Note = x.T("mandates.ended", x.Date(l.EndedAt))
	case mandates.LineWaiting:
		v.Confirm = x.path("/mandates/" + m.ID + "/confirm" + of)
		v.Note = x.T("mandates.waits-letter")
		if begins := l.Begins(); !begins.IsZero() {
			v.Note = x.T("mandates.waits", x.Date(begins))
		}
		fallthrough
	case mandates.LineInForce:
		v.Revoke = x.path("/mandates/" + m.ID + "/revoke" + of)
	}
	return v
}

// lastDay is the last whole day before a border.
func lastDay(border time.Time) time.Time { return border.In(portal.Brussels).AddDate(0, 0, -1) }
