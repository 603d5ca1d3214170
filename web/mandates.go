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
	// Partners lists whom a mandate can be for. Read tells how one would stand
	// that a customer typed, Write keeps it; what is wrong is portal.Problems.
	// Written reads it back, Unwrite withdraws it.
	Partners(ctx context.Context) ([]mandates.Mandatary, error)
	Read(ctx context.Context, occupancyID string, o mandates.Own) (mandates.Mandate, mandates.Mandatary, error)
	Write(ctx context.Context, by audit.Entry, occupancyID string, o mandates.Own) (mandates.Mandate, error)
	Written(ctx context.Context, occupancyID, id string) (mandates.Mandate, mandates.Mandatary, error)
	Unwrite(ctx context.Context, by audit.Entry, occupancyID, id string) error
}

// mandateRoutes are the customer's pages about mandates, behind an opened
// reference (D8): whoever looks on another ground has none to give (D7).
func (s *site) mandateRoutes(visitor Policy) []Route {
	return []Route{
		{http.MethodGet, "/:lang/mandates", visitor, s.mandates},
		{http.MethodGet, "/:lang/mandates/new", visitor, s.writeMandate},
		{http.MethodPost, "/:lang/mandates/new", visitor, s.written},
		{http.MethodGet, "/:lang/mandates/:id/document.pdf", visitor, s.ownMandatePDF},
		{http.MethodGet, "/:lang/mandates/:id/document.html", visitor, s.ownMandateHTML},
		{http.MethodPost, "/:lang/mandates/:id/withdraw", visitor, s.unwrite},
		{http.MethodPost, "/:lang/mandates/:id/confirm", visitor, s.confirmMandate},
		{http.MethodPost, "/:lang/mandates/:id/revoke", visitor, s.revokeMandate},
	}
}

// mandates shows who may have the data of the opened reference, and who could.
func (s *site) mandates(x *ctx) error {
	pass, index, err := x.holding()
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
	pass, index, err := x.holding()
	if err != nil {
		return err
	}
	if err := decide(x.context(), ownEntry(x, pass, "", nil), pass.Occupancy.ID, x.named("id")); err != nil {
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
		New:  layout.Link{Text: x.T("mandates.new"), Href: x.path("/mandates/new" + of)},
	}
	if done := x.query("done"); mandateDones[done] {
		v.Done = x.T("mandates.done." + done)
	}
	for _, m := range list {
		if m.Status != mandates.Decided {
			v.List = append(v.List, ownView(x, of, m))
			continue
		}
		v.List = append(v.List, mandateView(x, of, m))
	}
	return v
}

var mandateDones = map[string]bool{"confirmed": true, "revoked": true, "written": true, "withdrawn": true}

// scopeFacts are what a mandate says of the data, and of itself.
func scopeFacts(x *ctx, m mandates.Summary) [][2]string {
	return [][2]string{
		{x.T("mandates.contact"), m.PartnerContact},
		{x.T("mandates.what"), letter.KindWords(x.Catalog, m.Scope.Kinds)},
		{x.T("mandates.data"), letter.DataWords(x.Catalog, m.Scope.Data)},
		{x.T("mandates.purpose"), m.Scope.Purpose},
		{x.T("mandates.valid"), x.T("mine.between", x.Date(m.Scope.Validity.From), x.Date(lastDay(m.Scope.Validity.To)))},
		{x.T("mandates.number"), m.ID},
	}
}

func mandateView(x *ctx, of string, m mandates.Summary) public.Mandate {
	l, until := m.Lines[0], m.Scope.Validity.To
	status, word := l.StatusAt(x.now, until), lineWord(x, m.Mandate, l)
	v := public.Mandate{
		ID: m.ID, Name: m.PartnerName, State: word.Text, Tone: word.Tag,
		Facts: scopeFacts(x, m),
	}
	v.Facts = append(v.Facts, [2]string{x.T("mandates.signed"), x.T("mandate.signature." + string(m.Signature))})
	delivered := x.T("mine.never")
	if !l.DeliveredAt.IsZero() {
		delivered = x.Date(l.DeliveredAt)
	}
	v.Facts = append(v.Facts, [2]string{x.T("mandates.delivered"), delivered})
	switch status {
	case mandates.LineRefused:
		v.Note = lineNote(x, m.Mandate, l)
	case mandates.LineEnded:
		end, at := l.Over()
		v.State = x.T("mandate.end." + string(end))
		v.Note = x.T("mandates.ended", x.Date(at))
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
func lastDay(end time.Time) time.Time { return end.In(portal.Brussels).Add(-time.Second) }
