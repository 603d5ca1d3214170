package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/web/letter"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
	"guichet/works"
	"guichet/works/calendar"
	"guichet/works/payment"
)

// worksBack begins the VisitBar's Back of these pages; the request's id follows.
const worksBack = "?at=works&id="

// worksBar is the bar of a visit with its requests behind its references.
func worksBar(x *ctx, all []held, current string) public.VisitBar {
	v := barView(x, 0, worksBack+url.QueryEscape(x.query("id")))
	v.Another = layout.Link{Text: x.T("works.request.open"), Href: x.path(worksNumbers.path)}
	for _, h := range all {
		v.Files = append(v.Files, layout.Link{Text: requestName(x, h.Number, h.Kind.Masked()), Href: x.path(requestPage(h.ID)), Current: h.ID == current})
	}
	return v
}

func requestName(x *ctx, n keys.Secret, k works.Kind) string {
	return x.T("works.request.one", worksNumber(n), x.T("works.kind."+string(k)))
}

// requestsView lists the requests of a visit.
func requestsView(x *ctx, all []held) public.WorksRequests {
	v := public.WorksRequests{Base: x.base(x.T("works.request.list")), Bar: worksBar(x, all, ""), Lead: x.T("works.request.list.lead"),
		Open: layout.Link{Text: x.T("works.request.open"), Href: x.path(worksNumbers.path)},
		Table: component.Table{ID: "requests", Caption: x.T("works.request.list"), Region: x.T("works.request.list"), Columns: []component.Column{
			{Text: x.T("works.request.column.request")}, {Text: x.T("works.request.column.kind")}, {Text: x.T("works.request.column.turn")},
			{Text: x.T("works.request.column.state")}, {Text: x.T("works.request.column.since")}}}}
	if len(all) == 0 {
		v.Lead = x.T("works.request.list.none")
	}
	for _, h := range all {
		r := h.View(nil, x.now)
		turn := component.Cell{Text: x.T("works.turn." + string(r.Turn)), Tag: "plain"}
		if r.Turn == works.Requester {
			turn.Tag = "warn"
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: worksNumber(r.Number), Href: x.path(requestPage(r.ID)), Cells: []component.Cell{
			{Text: x.T("works.kind." + string(r.Kind))}, turn, {Text: x.T("works.phase."+string(r.Phase)) + " · " + x.T("works.status."+string(r.Status))}, {Text: x.Date(r.Since)}}})
	}
	return v
}

var requestDones = []string{"accepted", "declined", "added", "completed", "postponed", "cancelled", "well", "reopened", "shared", "unshared", "code", "feed-ended"}

// requestView is one request as its requester's page has it.
func requestView(x *ctx, o openedRequest, wrong error) public.WorksRequest {
	v := progressView(x, o, wrong)
	v.Bar = worksBar(x, o.all, o.ID)
	feedView(x, o, &v)
	shareView(x, o, &v)
	wrongView(x, &v, wrong)
	for _, p := range x.session().Passes {
		v.Others = append(v.Others, layout.Link{Text: x.T("consumption.title." + string(p.Point.Energy)), Href: x.path("/consumption" + ofQuery(p.Nth))})
	}
	return v
}

// progressView is where a request stands and what can be done, for whoever may
// see that much of it.
func progressView(x *ctx, o openedRequest, wrong error) public.WorksRequest {
	shown := string(o.Status.Shown(o.Offer))
	if n := len(o.Steps); o.Status == works.Done && n > 0 && o.Steps[n-1].Event == works.EventReopen {
		shown = "reopened" // nobody who said that all is not well reads that the file is being closed
	}
	title := x.T("works.title." + shown)
	if o.Status == works.Planned {
		title = x.T("works.title.planned", strings.ReplaceAll(x.Date(o.Day), "\u00a0", " ")) // large letters on a phone need the break
	}
	if o.Status == works.Offered && o.Offer.Deposit() == 0 {
		shown = "free" // nobody is asked to transfer nothing
	}
	v := public.WorksRequest{Base: x.base(title), Next: o.said(x, "works.installer.next."+shown, "works.next."+shown), Asked: o.said(x, "works.installer.request.asked", "works.request.asked"),
		Phases: phasesView(x, o.View, o.said(x, "works.installer.status."+string(o.Status), "works.status."+string(o.Status))), Dates: datesView(x, o.View), Steps: stepsView(x, o.Steps), Lead: x.T("works.request.since", x.Date(o.Since)),
		Facts: [][2]string{
			{x.T("works.request.number"), worksNumber(o.Number)},
			{x.T("works.request.kind"), x.T("works.kind."+string(o.Kind)) + " · " + x.T("energy."+string(o.Energy))},
			{x.T("works.request.site"), siteWords(o.Site)},
			{x.T("works.request.made"), x.Date(o.MadeAt)},
		}}
	if len(v.Dates) > 0 {
		v.Lead = v.Dates[0].Text
	}
	if o.Status == works.Planned && !o.Day.IsZero() {
		v.Lead = letter.DayWords(x.Catalog, o.Day)
	}
	if n := len(o.Steps); n > 0 {
		v.Why = o.Steps[n-1].Reason
	}
	for _, f := range works.Fields {
		if kept := o.Values[f]; kept != "" {
			v.Facts = append(v.Facts, [2]string{x.T("works.field." + string(f)), fieldWords(x, f, kept)})
		}
	}
	for _, p := range o.papers {
		v.Papers = append(v.Papers, x.T("works.request.papers.added", x.T("works.document."+string(p.Document)), x.Date(p.AddedAt)))
	}
	if done := x.query("done"); wrong == nil && slices.Contains(requestDones, done) {
		v.Done = x.T("works.done." + done)
	}
	if o.Offer.SentAt.IsZero() || !o.Kind.Facts().Offer {
		v.Offer = nil
	} else {
		v.Offer = offerView(x, o)
	}
	if due := o.Offer.Deposit() - o.Offer.Paid; o.Status == works.Agreed && o.Runs && due > 0 {
		v.Pay = x.T("letter.works.news.pay", x.euros(due), x.Date(o.Deadline.Last), communication(o.View), letter.AccountWords(x.Catalog, x.s.house()))
	}
	tellView(x, o, &v)
	requestActs(x, o, &v)
	return v
}

// said is what a page says to the requester, or to an installer in words of its
// own where the requester's would not be true of it.
func (o openedRequest) said(x *ctx, own, key string) string {
	if o.installer {
		return x.saidOr(own, key)
	}
	return x.T(key)
}

// wrongView puts what is wrong at its field, whichever form it stands in: once,
// when all forms are there.
func wrongView(x *ctx, v *public.WorksRequest, wrong error) {
	problems := problemsOf(wrong)
	if len(problems) == 0 {
		return
	}
	var controls []component.Control
	forms := formsOf(v)
	for _, f := range forms {
		controls = append(controls, f.Controls...)
	}
	v.Error, v.Summary = true, spread(x, controls, problems)
	if len(v.Summary.Fields) == 0 { // no field can be corrected
		v.Summary.Title = x.T("detail.not-done")
	}
	for _, f := range forms {
		f.Controls, controls = controls[:len(f.Controls)], controls[len(f.Controls):]
		for i := range f.Controls { // what was typed is not lost
			if c := &f.Controls[i]; c.Kind != "hidden" && c.Kind != "file" && x.form.Has(c.Name) {
				c.Value = x.field(c.Name)
				for j := range c.Options {
					c.Options[j].Selected = c.Options[j].Value == c.Value
				}
			}
		}
	}
}

// formsOf lists the forms of the page.
func formsOf(v *public.WorksRequest) (forms []*public.WorksForm) {
	all := []*public.WorksForm{v.Tell, v.Well, v.Reopen, v.Add, v.Share}
	if v.Offer != nil {
		all = append(all, v.Offer.Accept, v.Offer.Decline)
	}
	if v.Day != nil {
		all = append(all, v.Day.Postpone)
	}
	for i := range v.Acts {
		all = append(all, &v.Acts[i])
	}
	for _, f := range all {
		if f != nil {
			forms = append(forms, f)
		}
	}
	return forms
}

// datesView are the dates that somebody must keep now, who and by when.
func datesView(x *ctx, v works.View) (dates []public.WorksDate) {
	switch v.Status {
	case works.Incomplete:
		if !v.MissingBy.IsZero() {
			dates = append(dates, public.WorksDate{Text: x.T("works.date.missing", x.Date(lastDay(v.MissingBy)))})
		}
	case works.Offered:
		date := public.WorksDate{Text: x.T("works.date.offer", x.Date(v.Offer.ValidTo.Add(-time.Second)))}
		if v.Runs && v.Deadline.Ends().Equal(v.Offer.ValidTo) { // else the offer itself names the day
			date = countedView(x, "works.date.offer", v.Deadline)
		}
		dates = append(dates, date)
	case works.Closed:
		if v.CanReopen() {
			dates = append(dates, countedView(x, "works.date.reopen", v.Reopening))
		}
	case works.Agreed:
		if v.Runs {
			dates = append(dates, countedView(x, "works.date.pay", v.Deadline))
		}
	default:
		if v.Runs {
			dates = append(dates, countedView(x, "works.date.works", v.Deadline))
		}
	}
	if v.Promised && (v.Status == works.Offered || v.Status == works.Agreed) {
		key := "works.date.promise.days"
		if v.Rule.Unit == calendar.Working {
			key = "works.date.promise.working"
		}
		dates = append(dates, public.WorksDate{Text: x.T(key, v.Rule.N), Title: x.T("works.count.title.still"),
			How: []string{x.T("works.date.promise.how"), x.T("works.count.rule", v.Rule.ID, v.Rule.Version)}})
	}
	return dates
}

func siteWords(a works.Address) string {
	if a.Street == "" {
		return a.Postcode + " " + a.Town
	}
	return address(a.Street, a.Postcode, a.Town)
}

// fieldWords writes a technical field as it was meant; the EAN masked (G12).
func fieldWords(x *ctx, f works.Field, kept string) string {
	n, err := strconv.ParseInt(kept, 10, 64)
	switch {
	case f == works.EAN:
		return together(portal.EAN(kept).Masked())
	case len(f.Choices()) > 0:
		return x.T("works.field." + string(f) + "." + kept)
	case f.Tenths() && err == nil:
		return x.Number(n*100, 1)
	case f == works.WishedDay || f == works.UntilDay:
		if day, err := portal.ParseDate(kept); err == nil {
			return x.Date(day)
		}
	}
	return kept
}

// offerView is the offer in brief, and how it is answered.
func offerView(x *ctx, o openedRequest) *public.WorksOffer {
	f := o.Offer
	v := &public.WorksOffer{Sent: x.T("works.offer.sent", x.Date(f.SentAt)),
		Table: component.Table{ID: "offer", Narrow: true, Caption: x.T("works.offer.caption", f.Version), Region: x.T("works.offer.title"),
			Columns: []component.Column{{Text: x.T("works.offer.column.line")}, {Text: x.T("works.offer.column.amount"), Numeric: true}}},
		Files: []layout.Link{{Text: x.T("works.offer.pdf"), Href: x.path("/works/request/offer.pdf" + idQuery(o.ID))},
			{Text: x.T("works.offer.html"), Href: x.path("/works/request/offer.html" + idQuery(o.ID))}}}
	for i, key := range offerLines {
		v.Table.Rows = append(v.Table.Rows, fact(x.T(key), x.euros(f.Lines[i])))
	}
	v.Table.Rows = append(v.Table.Rows, fact(x.T("works.offer.study"), x.euros(f.Study)),
		fact(x.T("works.offer.vat", f.VAT), x.euros(f.Tax())), fact(x.T("works.offer.total"), x.euros(f.Total())))
	if f.Deposit() > 0 {
		v.Facts = append(v.Facts, [2]string{x.T("works.offer.deposit"), x.euros(f.Deposit())})
	}
	if f.Paid > 0 {
		v.Facts = append(v.Facts, [2]string{x.T("works.offer.paid"), x.euros(f.Paid)})
		if left := f.Total() - f.Paid; left > 0 {
			v.Facts = append(v.Facts, [2]string{x.T("works.offer.left"), x.euros(left)})
		}
	}
	if c := communication(o.View); c != "" && f.Total() > 0 {
		v.Facts = append(v.Facts, [2]string{x.T("works.offer.communication"), c + " – " + x.T("works.offer.communication.hint") + " " + letter.AccountWords(x.Catalog, x.s.house())})
	}
	v.Terms = layout.Link{Text: x.T("works.offer.terms.version", f.Terms), Href: f.TermsLink(x.Lang)}
	if !f.AgreedAt.IsZero() && f.AgreedOn != "" {
		key := "works.offer.agreed.line"
		if f.AgreedOn == works.OnPaper {
			key = "works.offer.agreed.paper"
		}
		v.Facts = append(v.Facts, [2]string{x.T("works.offer.agreed"), x.T(key, f.AgreedBy, x.Date(f.AgreedAt))})
	}
	version := component.Control{Kind: "hidden", Field: component.Field{Name: "version", Value: strconv.FormatInt(f.Version, 10)}}
	if slices.Contains(o.May, works.EventAccept) {
		name := line(x, "agreed_by", "works.offer.name", "works.offer.name.hint", "")
		name.Auto = "name"
		v.Accept = &public.WorksForm{Text: x.T("works.offer.accept.terms", f.Terms), Action: x.act(o, "accept"), Controls: []component.Control{version, name}, Submit: x.T("works.offer.accept")}
	} else if o.Status == works.Offered && !x.now.Before(f.ValidTo) {
		v.User = x.T("error.works.expired")
	} else if o.Status == works.Offered && !o.NetworkYes {
		v.User = x.T("works.offer.user")
	}
	if slices.Contains(o.May, works.EventDecline) {
		v.Decline = &public.WorksForm{Title: x.T("works.offer.decline"), Text: x.T("works.offer.decline.what"), Action: x.act(o, "decline"), Quiet: true,
			Controls: []component.Control{version, area(x, "decline_reason", "works.offer.decline.reason"), sure(x, "decline")}, Submit: x.T("works.offer.decline.now")}
	}
	return v
}

// offerLines are the keys of the lines A to D (C.4).
var offerLines = [4]string{"works.offer.line.a", "works.offer.line.b", "works.offer.line.c", "works.offer.line.d"}

// communication is what a transfer for this request must carry, "" where it
// has no number.
func communication(v works.View) string {
	c, err := payment.CommunicationOf(v.Number.Reveal())
	if err != nil {
		return ""
	}
	return c.String()
}

func idQuery(id string) string { return "?id=" + id }

// act is the address of something that is done to a request.
func (x *ctx) act(o openedRequest, what string) string {
	if o.installer {
		return x.path(installerPath + "/" + o.ID + "/" + what)
	}
	return x.path("/works/request/" + what + idQuery(o.ID))
}

func area(x *ctx, name, label string) component.Control {
	c := line(x, name, label, "", "")
	c.Kind, c.Rows = "area", 3
	return c
}

// sure is the box without which nothing happens that cannot be taken back.
func sure(x *ctx, what string) component.Control {
	name := what + "_sure"
	c := line(x, name, "works.request.sure", "", "")
	c.Kind, c.Options = "checks", []component.Option{{Name: name, Value: "yes", Text: x.T("works.request.sure." + what)}}
	return c
}

// tellView says what is missing and how it is given (W5).
func tellView(x *ctx, o openedRequest, v *public.WorksRequest) {
	if !o.Status.Over() {
		kind, file := line(x, "paper_kind", "works.request.paper.kind", "", ""), line(x, "document", "works.request.paper.file", "works.request.paper.file.hint", "")
		kind.Kind, file.Kind, file.Accept = "select", "file", ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
		for _, d := range works.Documents {
			kind.Options = append(kind.Options, component.Option{Value: string(d), Text: x.T("works.document." + string(d)), Selected: slices.Contains(o.Missing, string(d))})
		}
		v.Add = &public.WorksForm{Title: x.T("works.request.paper.another"), Action: x.act(o, "papers"), Upload: true, Quiet: true,
			Controls: []component.Control{kind, file}, Submit: x.T("works.request.paper.add")}
	}
	if o.Status != works.Incomplete {
		return
	}
	tell := public.WorksForm{Action: x.act(o, "complete"), Submit: x.T("works.request.complete")}
	for _, name := range o.Missing {
		f := works.Field(name)
		switch {
		case slices.Contains(works.Documents, works.Document(name)):
			v.Bring = true
			v.Missing = append(v.Missing, x.T("works.document."+name))
		case o.Kind.Facts().Holds(f):
			tell.Controls = append(tell.Controls, worksControls(x, nil, name)...)
			v.Missing = append(v.Missing, x.T("works.field."+name))
		default:
			v.Missing = append(v.Missing, x.T("works.field."+name))
			v.Call = x.T("works.request.missing.call", x.s.Contact.Phone, x.T("site.hours"))
		}
	}
	if len(o.Missing) == 0 {
		tell.Text = x.T("works.request.missing.none")
	}
	if !v.Bring && v.Call == "" {
		v.Tell = &tell // as long as a document is missing it cannot be complete
	}
}

// requestActs is what the requester can do beside the next thing.
func requestActs(x *ctx, o openedRequest, v *public.WorksRequest) {
	may := func(e works.Event) bool { return slices.Contains(o.May, e) }
	phone, hours := x.s.Contact.Phone, x.T("site.hours")
	if o.Status == works.Planned && !o.Day.IsZero() {
		v.Day = &public.WorksDay{Text: letter.DayWords(x.Catalog, o.Day), File: layout.Link{Text: x.T("works.request.day.ics"), Href: x.act(o, "appointment.ics")}}
		if may(works.EventPostpone) {
			v.Day.Postpone = &public.WorksForm{Title: x.T("works.request.postpone"), Text: x.T("works.request.postpone.what"), Action: x.act(o, "postpone"), Quiet: true,
				Controls: []component.Control{{Kind: "hidden", Field: component.Field{Name: "day", Value: strconv.FormatInt(portal.Micros(o.Day), 10)}},
					area(x, "postpone_reason", "works.request.postpone.reason")}, Submit: x.T("works.request.postpone.now")}
		} else {
			v.Day.Call = x.T("works.request.postpone.call", phone, hours)
		}
	}
	if o.Status == works.Closed && !o.installer { // whether all is well is the requester's to say
		v.Well = &public.WorksForm{Action: x.act(o, "well"), Submit: x.T("works.request.well")}
		if may(works.EventReopen) {
			v.Reopen = &public.WorksForm{Title: x.T("works.request.reopen"), Action: x.act(o, "reopen"), Quiet: true,
				Controls: []component.Control{area(x, "reopen_reason", "works.request.reopen.reason")}, Submit: x.T("works.request.reopen.now")}
		} else {
			v.Late = x.T("works.request.late", phone, hours)
		}
	}
	if o.changes {
		v.Change = x.T("works.request.change.what", phone, hours)
	}
	if may(works.EventCancel) {
		v.Acts = append(v.Acts, public.WorksForm{Title: x.T("works.request.cancel"), Text: x.T("works.request.cancel.what"), Action: x.act(o, "cancel"), Quiet: true,
			Controls: []component.Control{area(x, "cancel_reason", "works.request.cancel.reason"), sure(x, "cancel")}, Submit: x.T("works.request.cancel.now")})
	}
}

// followLinks lead from an opened reference's bar to the requests of this
// visit, where there are some.
func followLinks(x *ctx, any bool) []layout.Link {
	if !any {
		return nil
	}
	return []layout.Link{{Text: x.T("works.request.link"), Href: x.path("/works/request")}}
}
