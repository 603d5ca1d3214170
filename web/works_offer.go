package web

import (
	"net/http"

	"guichet/portal"
	"guichet/web/i18n"
	"guichet/web/letter"
	"guichet/works"

	ics "github.com/arran4/golang-ical"
)

// offer is the paper of the request that an address is about, once its showing
// is recorded (L18). A kind without an offer has none, whichever it is (D12).
func (f follower) offer(x *ctx, page string) (letter.Paper, error) {
	o, err := f.one(x)
	if err != nil {
		return letter.Paper{}, err
	}
	if o.Offer.SentAt.IsZero() || !o.Kind.Facts().Offer {
		return letter.Paper{}, &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	if err := f.worksShown(x, page, o.held()); err != nil {
		return letter.Paper{}, err
	}
	p := letter.Offer(o.View, communication(o.View), x.now, f.house())
	p.Back = letter.Back{Text: i18n.For(p.Language).T("letter.offer.back"), Href: x.path(requestPage(o.ID))}
	return p, nil
}

// offerPDF is the offer to print, sign and keep, in the requester's language.
func (f follower) offerPDF(x *ctx) error {
	p, err := f.offer(x, "offer.pdf")
	if err != nil {
		return err
	}
	pdf, err := p.PDF(f.house())
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-offer.pdf"`)
	x.send(http.StatusOK, "application/pdf", pdf)
	return nil
}

// offerHTML is its accessible twin (D18).
func (f follower) offerHTML(x *ctx) error {
	p, err := f.offer(x, "offer.html")
	if err != nil {
		return err
	}
	page, err := p.Page(f.house())
	if err != nil {
		return err
	}
	x.send(http.StatusOK, "text/html; charset=utf-8", page)
	return nil
}

// appointment is the planned day for a calendar.
func (f follower) appointment(x *ctx) error {
	o, err := f.one(x)
	if err != nil {
		return err
	}
	if o.Status != works.Planned || o.Day.IsZero() {
		return &portal.Error{Code: portal.NotFound, Key: "works.request"}
	}
	if err := f.worksShown(x, "appointment", o.held()); err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-appointment.ics"`)
	x.send(http.StatusOK, "text/calendar; charset=utf-8", []byte(appointmentFile(x, o.View)))
	return nil
}

// appointmentFile writes what the requester's page says of the day and nothing
// else (D12). A calendar that has it already replaces it when the day moves.
func appointmentFile(x *ctx, v works.View) string {
	plans := 0
	for _, s := range v.Steps {
		if s.Event == works.EventPlan {
			plans++
		}
	}
	cal := ics.NewCalendarFor("Guichet")
	cal.SetMethod(ics.MethodPublish)
	e := cal.AddEvent(v.ID + "@guichet")
	e.SetDtStampTime(v.Since)
	e.SetSequence(max(plans-1, 0))
	if works.WholeDay(v.Day) {
		day := v.Day.In(portal.Brussels)
		e.SetAllDayStartAt(day)
		e.SetAllDayEndAt(day.AddDate(0, 0, 1))
	} else {
		e.SetStartAt(v.Day)
		e.SetEndAt(v.Day.Add(works.HalfDay))
	}
	e.SetSummary(x.T("works.request.day.what", x.T("works.kind."+string(v.Kind))))
	e.SetLocation(siteWords(v.Site))
	e.SetDescription(x.T("works.request.day.about", worksNumber(v.Number), x.s.Contact.Phone, x.T("site.hours")))
	e.SetClass(ics.ClassificationConfidential)
	return cal.Serialize()
}
