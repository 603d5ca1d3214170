package web

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
	"guichet/works"
)

func worksFileView(x *ctx, f page.Frame, w desk.WorksFile, act desk.Act, wrong error) page.WorksFile {
	v := page.WorksFile{Frame: f, Back: layout.Link{Text: x.T("desk.works.title"), Href: x.path(yardPath)}, Lead: leadOf(x, w), Steps: worksSteps(x, w.Steps, w.Holders), Holders: worksHolders(x, w.Holders),
		Sections: []page.WorksFacts{{Title: x.T("works.kind." + string(w.Kind)), Facts: worksAsked(x, w.Request)}, {Title: x.T("desk.works.requester"), Facts: worksContact(x, w.Request)}}}
	if done := desk.Act(x.query("done")); slices.Contains(desk.Acts, done) {
		v.Done = x.T("desk.works.done", x.T("desk.works.act."+string(done)))
		if done == desk.Unlock && w.Closed != nil { // it still is: a second officer is needed
			v.Done = x.T("desk.done.asked")
		}
	}
	if w.Kind.Facts().Offer {
		v.Sections = append(v.Sections, page.WorksFacts{Title: x.T("desk.works.offer"), Facts: worksOffer(x, w)})
	}
	if w.Asset != nil {
		v.Sections = append(v.Sections, page.WorksFacts{Title: x.T("desk.works.asset"), Facts: worksAsset(x, *w.Asset)})
	}
	if w.Runs {
		v.Counted = page.WorksFacts{Title: x.T("desk.works.counted")}
		for i, line := range countedWords(x, w.Deadline) {
			v.Counted.Facts = append(v.Counted.Facts, page.Fact{Name: strconv.Itoa(i + 1), Value: line})
		}
	}
	for i, d := range w.Documents {
		v.Documents = append(v.Documents, worksDocument(x, w.ID, i, d))
	}
	unsure := new(desk.Unsure)
	asked := errors.As(wrong, &unsure)
	for _, a := range w.Acts {
		one := worksAct(x, w, a)
		if box := worksSure(x, w, a, unsure); box != nil {
			one.Controls = append(one.Controls, *box)
		}
		if a == act && wrong != nil {
			v.Error, v.Summary, one.Open = true, x.told(wrong, "", one.Controls), true
			if asked {
				v.Summary.Title = x.T("desk.works.unsure")
				v.Summary.Paragraphs = append(v.Summary.Paragraphs, one.Controls[len(one.Controls)-1].Options[0].Text)
			}
		}
		v.Acts = append(v.Acts, one)
	}
	if wrong != nil && v.Summary == nil { // it is possible no more: somebody was faster
		v.Error, v.Summary = true, x.told(wrong, "")
	}
	return v
}

// closedNote tells that a number opens with a second officer's word alone (G10).
func closedNote(x *ctx, c *desk.Closed) string {
	switch {
	case c.Asked != nil:
		return " " + x.T("desk.works.closed.asked", c.Asked.Login, x.Date(c.Asked.At), x.Time(c.Asked.At), c.Asked.Reason)
	case c.Second:
		return " " + x.T("desk.case.second")
	}
	return ""
}

// leadOf tells where it stands, whose turn it is, and until when.
func leadOf(x *ctx, w desk.WorksFile) string {
	parts := []string{x.T("desk.works.status." + string(w.Status)), x.T("desk.works.turn." + string(w.Status.Turn()))}
	switch {
	case w.Runs && !w.Deadline.Known():
		parts = append(parts, x.T("desk.works.still"))
	case !w.Due.IsZero():
		parts = append(parts, x.T("desk.works.until", x.Weekday(lastDay(w.Due))))
	}
	if !w.Day.IsZero() && (w.Status == works.Planned || w.Status == works.Working) {
		parts = append(parts, x.T("desk.works.planned", x.Weekday(w.Day), x.T("desk.works.half."+string(works.HalfOf(w.Day)))))
	}
	if w.Unread {
		parts = append(parts, x.T("desk.works.unread"))
	}
	if w.Master == works.External {
		parts = append(parts, x.T("desk.works.external"))
	}
	if w.Closed != nil {
		parts = append(parts, x.T("desk.works.closed"))
		if !slices.Contains(w.Acts, desk.Unlock) {
			parts = append(parts, x.T("desk.case.asked-by-you"))
		}
	}
	return strings.Join(parts, " · ")
}

func worksAsked(x *ctx, r works.Request) []page.Fact {
	facts := []page.Fact{
		{Name: x.T("desk.works.number"), Value: worksNumber(r.Number)},
		{Name: x.T("desk.works.made"), Value: x.moment(r.MadeAt)},
		{Name: x.T("desk.works.energy"), Value: x.T("energy." + string(r.Energy))},
		{Name: x.T("desk.works.site"), Value: address(r.Site.Street, r.Site.Postcode, r.Site.Town)},
	}
	facts = append(facts, worksValues(x, r.Kind, r.Values)...)
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, page.Fact{Name: x.T("desk.works." + key), Value: value})
		}
	}
	var missing []string
	for _, name := range r.Missing {
		missing = append(missing, worksMissable(x, name))
	}
	add("lacking", x.List(missing))
	add("team", r.Team)
	add("result", r.Result)
	if !r.UserAgreedAt.IsZero() {
		add("user-agreed", x.moment(r.UserAgreedAt))
	}
	if !r.InvoicedAt.IsZero() {
		add("invoiced", x.moment(r.InvoicedAt))
	}
	return facts
}

// worksValues are technical fields as they are kept, each with its words.
func worksValues(x *ctx, k works.Kind, values map[works.Field]string) (facts []page.Fact) {
	for _, f := range k.Facts().Fields() {
		if v, ok := values[f]; ok {
			facts = append(facts, page.Fact{Name: x.T("works.field." + string(f)), Value: fieldWords(x, f, v)})
		}
	}
	return facts
}

func worksMissable(x *ctx, name string) string {
	if slices.Contains(works.Documents, works.Document(name)) {
		return x.T("works.document." + name)
	}
	return x.T("works.field." + name)
}

func worksContact(x *ctx, r works.Request) []page.Fact {
	facts := []page.Fact{{Name: x.T("desk.customer.name"), Value: r.Name + ", " + x.T("desk.works.requester."+string(r.Contact.Kind))}}
	for _, f := range []page.Fact{{Name: x.T("desk.works.mail"), Value: r.Mail}, {Name: x.T("desk.works.telephone"), Value: r.Telephone}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	facts = append(facts, page.Fact{Name: x.T("desk.customer.language"), Value: layout.LanguageName(r.Language)},
		page.Fact{Name: x.T("desk.works.channel"), Value: x.T("desk.works.channel." + string(r.Channel))},
		page.Fact{Name: x.T("desk.works.billing"), Value: r.BillingName + ", " + address(r.Billing.Street, r.Billing.Postcode, r.Billing.Town)})
	if r.CompanyNumber != "" {
		facts = append(facts, page.Fact{Name: x.T("desk.partner.company"), Value: portal.FormatCompanyNumber(r.CompanyNumber)})
	}
	return facts
}

func worksOffer(x *ctx, w desk.WorksFile) []page.Fact {
	o := w.Offer
	facts := []page.Fact{{Name: x.T("desk.works.declared"), Value: declared(x, w)}}
	if o.SentAt.IsZero() {
		return facts
	}
	for i, letter := range works.LineNames {
		facts = append(facts, page.Fact{Name: x.T("desk.works.line." + strings.ToLower(letter)), Value: x.euros(o.Lines[i])})
	}
	facts = append(facts, page.Fact{Name: x.T("desk.works.study"), Value: x.euros(o.Study)},
		page.Fact{Name: x.T("desk.works.vat", int(o.VAT)), Value: x.euros(o.Tax())}, page.Fact{Name: x.T("desk.works.total"), Value: x.euros(o.Total())},
		page.Fact{Name: x.T("desk.works.deposit", int(o.Percent)), Value: x.euros(o.Deposit())}, page.Fact{Name: x.T("desk.works.paid"), Value: x.euros(o.Paid)}, page.Fact{Name: x.T("desk.works.left"), Value: x.euros(o.Total() - o.Paid)},
		page.Fact{Name: x.T("desk.works.terms"), Value: o.Terms}, page.Fact{Name: x.T("desk.works.sent"), Value: x.moment(o.SentAt)})
	if !o.AgreedAt.IsZero() {
		facts = append(facts, page.Fact{Name: x.T("desk.works.agreed"), Value: x.T("desk.works.agreed."+string(o.AgreedOn), o.AgreedBy, x.moment(o.AgreedAt))})
	}
	for _, b := range w.Payments {
		facts = append(facts, page.Fact{Name: x.T("desk.works.booked", x.Date(b.Entry)), Value: x.euros(b.Cents)})
	}
	return facts
}

// declared is the VAT proposed, with every reason against the reduced rate (C.5).
func declared(x *ctx, w desk.WorksFile) string {
	if w.Rate.Kind {
		return x.T("desk.works.rate.kind", w.Rate.Percent)
	}
	if len(w.Rate.Against) == 0 {
		return x.T("desk.works.rate.reduced", w.Rate.Percent, strconv.Itoa(w.Declared.FirstOccupied))
	}
	var why []string
	for _, r := range w.Rate.Against {
		why = append(why, x.T("desk.works.vat."+string(r)))
	}
	return x.T("desk.works.rate.standard", w.Rate.Percent, x.Apart(why))
}

func worksAsset(x *ctx, a works.Asset) []page.Fact {
	facts := []page.Fact{{Name: x.T("desk.works.asset.made"), Value: x.moment(a.MadeAt)}}
	if a.EAN != "" {
		facts = append(facts, page.Fact{Name: x.T("desk.customer.point"), Value: a.EAN.Masked()})
	}
	user, from := x.T("desk.works.asset.nobody"), "–"
	if a.NetworkUser != "" {
		user = a.NetworkUser
	}
	if !a.SupplyFrom.IsZero() {
		from = x.Date(a.SupplyFrom)
	}
	facts = append(facts, page.Fact{Name: x.T("desk.works.asset.user"), Value: user}, page.Fact{Name: x.T("desk.works.asset.supply"), Value: from})
	return append(facts, worksValues(x, a.Kind, a.Values)...)
}

// worksSteps is what happened to a request, with when a company began to follow
// it and when that ended.
func worksSteps(x *ctx, steps []works.Step, holders []works.Holder) component.Table {
	t := component.Table{ID: "steps", Caption: x.T("desk.works.steps"), Region: x.T("desk.works.steps"), Columns: []component.Column{
		{Text: x.T("desk.history.when")}, {Text: x.T("desk.history.what")}, {Text: x.T("desk.works.status")}, {Text: x.T("desk.history.who")}, {Text: x.T("desk.works.reason")}}}
	type line struct {
		at  time.Time
		row component.Row
	}
	var lines []line
	add := func(at time.Time, what, status string, by portal.Actor, why string) {
		who := by.ID
		switch {
		case by.Kind == portal.Household || by.Kind == portal.Visitor: // who asks for works holds no contract
			who = x.T("works.by.requester")
		case who == "" || by.Kind == portal.System:
			who = x.T("desk.actor." + string(by.Kind))
		}
		lines = append(lines, line{at, component.Row{Head: x.shortMoment(at), Cells: []component.Cell{{Text: what}, {Text: status}, {Text: who}, {Text: why}}}})
	}
	for _, s := range steps {
		what, why := x.T("desk.works.captured"), s.Reason
		if s.Event != "" {
			what = x.saidOr("desk.works.event."+string(s.Event), "works.event."+string(s.Event))
		}
		if why == "" {
			why = "–"
		}
		add(s.At, what, x.T("desk.works.status."+string(s.To)), s.By, why)
	}
	for _, h := range holders {
		company := portal.FormatCompanyNumber(h.Company)
		began := portal.Actor{Kind: portal.Household}
		if h.Way == works.ByCode {
			began.Kind = portal.Partner
		}
		add(h.Since, x.T("desk.works.holder.began", company, x.T("desk.works.holder.way."+string(h.Way))), "–", began, "–")
		if h.Ended() {
			add(h.EndedAt, x.T("desk.works.holder.ended", company), "–", h.EndedBy, "–")
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for _, l := range slices.Backward(lines) {
		t.Rows = append(t.Rows, l.row)
	}
	return t
}

// worksHolders are the companies that follow a request, and those that did (D10).
func worksHolders(x *ctx, holders []works.Holder) component.Table {
	t := component.Table{ID: "holders", Caption: x.T("desk.works.holders"), Region: x.T("desk.works.holders"), Columns: []component.Column{
		{Text: x.T("desk.works.holder")}, {Text: x.T("desk.works.holder.way")}, {Text: x.T("desk.works.holder.since")}, {Text: x.T("desk.works.holder.until")}}}
	for _, h := range slices.Backward(holders) {
		until := component.Cell{Text: x.T("desk.works.holder.now"), Tag: "ok"}
		if h.Ended() {
			until = component.Cell{Text: x.shortMoment(h.EndedAt)}
		}
		t.Rows = append(t.Rows, component.Row{Head: portal.FormatCompanyNumber(h.Company), Cells: []component.Cell{
			{Text: x.T("desk.works.holder.way." + string(h.Way))}, {Text: x.shortMoment(h.Since)}, until}})
	}
	return t
}

func worksDocument(x *ctx, id string, i int, d desk.WorksDocument) page.MandateDocument {
	v := page.MandateDocument{Title: strconv.Itoa(i+1) + ". " + x.T("works.document."+string(d.Document)), State: x.T("desk.works.document.gone"), Tag: "stop"}
	if d.Status == "" {
		return v // the file is there no more
	}
	v.State, v.Tag = x.T("desk.mandate.file."+string(d.Status)), ""
	address := x.path(yardPath + "/" + id + "/documents/" + d.File.ID)
	switch {
	case d.Status == evidence.Quarantined:
		if v.Tag = "warn"; d.Waits {
			v.Release = address + "/release"
		}
	case !d.File.Cleared():
		v.Tag = "stop"
	}
	for n := range d.Pages {
		v.Pages = append(v.Pages, layout.Link{Text: x.T("desk.mandate.page", strconv.Itoa(n+1), strconv.Itoa(d.Pages)), Href: address + "/" + strconv.Itoa(n+1)})
	}
	return v
}

// apart are the acts that stand folded: they go back, stop, or end.
var apart = []desk.Act{desk.GiveTeam, desk.NewCode, desk.Act(works.EventAwait), desk.Act(works.EventPostpone), desk.Act(works.EventBreakOff), desk.Act(works.EventAskMissing),
	desk.Act(works.EventChange), desk.Act(works.EventReopen), desk.Act(works.EventCancel), desk.Act(works.EventRefuse), desk.Act(works.EventDecline), desk.NoStudy}

// worksAct is the form of one act with what it needs.
func worksAct(x *ctx, w desk.WorksFile, a desk.Act) page.WorksAct {
	name := string(a)
	v := page.WorksAct{ID: name, Title: x.T("desk.works.act." + name), Action: x.path(yardPath + "/" + w.ID + "/" + name), Apart: slices.Contains(apart, a),
		Submit: x.T("desk.works.submit." + name)}
	if key := "desk.works.text." + name; x.Has(key) {
		v.Text = x.T(key)
	}
	v.Controls = append(v.Controls, component.Control{Kind: "hidden", Field: component.Field{Name: "since", Value: strconv.FormatInt(portal.Micros(w.Since), 10)}})
	if a == desk.Unlock && w.Closed != nil {
		v.Text += closedNote(x, w.Closed)
	}
	if a == desk.NewCode { // its form says which code it is to replace
		v.Controls = append(v.Controls, component.Control{Kind: "hidden", Field: component.Field{Name: desk.ActField(a, "seen"), Value: strconv.FormatInt(portal.Micros(w.CodeAt), 10)}})
	}
	if a == desk.SeePapers { // and this one, which papers were there to be looked at
		shown := 0
		for _, d := range w.Documents {
			if d.External == "" {
				shown++
			}
		}
		v.Controls = append(v.Controls, component.Control{Kind: "hidden", Field: component.Field{Name: desk.ActField(a, "shown"), Value: strconv.Itoa(shown)}})
	}
	field := func(kind, field, label, proposed string) *component.Control {
		c := component.Control{Kind: kind, Rows: 3, Field: component.Field{Name: desk.ActField(a, field), Label: x.T(label), Value: proposed}}
		if x.form.Has(c.Name) {
			c.Value = x.field(c.Name)
		}
		v.Controls = append(v.Controls, c)
		return &v.Controls[len(v.Controls)-1]
	}
	radios := func(name, label, proposed string, values, texts []string) {
		c := field("radios", name, label, proposed)
		for i, value := range values {
			c.Options = append(c.Options, component.Option{Value: value, Text: texts[i], Selected: c.Value == value})
		}
	}
	switch works.Event(a) {
	case works.EventAskMissing:
		c := field("checks", "missing", "desk.works.what", "")
		for _, m := range w.Kind.Missable() {
			box := desk.ActField(a, "missing-"+m)
			c.Options = append(c.Options, component.Option{Name: box, Value: "yes", Text: worksMissable(x, m), Selected: x.field(box) != ""})
		}
	case works.EventComplete:
		completeFields(x, w, a, field)
	case works.EventOffer:
		offerFields(x, w, field, radios)
	case works.EventAccept:
		field("", "who", "desk.works.who", "")
	case works.EventPlan:
		day := field("date", "day", "desk.works.day", "")
		if w.Runs && w.Deadline.Known() {
			day.Hint = x.T("desk.works.day.hint", x.Weekday(w.Deadline.Last))
		}
		half := ""
		if !w.Day.IsZero() {
			half = string(works.HalfOf(w.Day))
		}
		if w.Status == works.Done {
			v.Text, v.Apart = x.T("desk.works.text.plan-again"), true
		}
		radios("half", "desk.works.half", half, []string{"morning", "afternoon"}, []string{x.T("desk.works.half.morning"), x.T("desk.works.half.afternoon")})
		field("", "team", "desk.works.team", w.Team)
	case works.EventCarryOut:
		field("area", "result", "desk.works.result", "")
	}
	switch a {
	case desk.GiveTeam:
		field("", "team", "desk.works.team", w.Team)
	case desk.Asset:
		if w.Values[works.EAN] == "" {
			field("", "ean", "desk.works.ean", "").Class = "ean"
		}
	}
	switch {
	case a == desk.Unlock, a == desk.NewCode: // for the trail: no step tells it
		field("area", "reason", "desk.works.compared", "")
	case slices.Contains(desk.WithReason, a):
		field("area", "reason", "desk.works.reason.read", "")
	}
	return v
}

// worksSure is the box without which an act does not happen that nobody can take
// back: there from the beginning, or once it is clear what is asked.
func worksSure(x *ctx, w desk.WorksFile, a desk.Act, unsure *desk.Unsure) *component.Control {
	name := string(a)
	box := component.Option{Name: desk.ActField(a, "sure"), Value: "yes", Text: x.saidOr("desk.works.sure."+name, "desk.works.unsure")}
	switch {
	case unsure.Act == a && a == desk.Act(works.EventOffer):
		o := unsure.Would.Offer
		box.Text = x.T("desk.works.sure.offer", x.euros(o.Total()), o.VAT, x.euros(o.Deposit()), x.Weekday(lastDay(o.ValidTo)), x.T("desk.works.channel."+string(w.Channel)))
	case unsure.Act == a && a == desk.Act(works.EventPlan):
		box.Text = worksAgainstDay(x, unsure)
	case a == desk.Act(works.EventOffer), !slices.Contains(desk.Final, a):
		return nil
	case w.Offer.Paid > 0 && (a == desk.Act(works.EventCancel) || a == desk.Act(works.EventDecline)):
		box.Text += " " + x.T("desk.works.sure.paid", x.euros(w.Offer.Paid))
	}
	if unsure.Act == a {
		box.Value = unsure.Mark
	}
	box.Selected = x.field(box.Name) == box.Value
	return &component.Control{Kind: "checks", Options: []component.Option{box}, Field: component.Field{Name: box.Name, Label: x.T("desk.works.sure")}}
}

// worksAgainstDay is what speaks against a planned day.
func worksAgainstDay(x *ctx, q *desk.Unsure) string {
	day := x.Weekday(q.Would.Day)
	var against []string
	switch {
	case q.Holiday != "":
		against = append(against, x.T("desk.works.sure.holiday", day, x.T("works.holiday."+string(q.Holiday))))
	case q.Idle:
		against = append(against, x.T("desk.works.sure.idle", day))
	}
	if !q.Late.IsZero() {
		against = append(against, x.T("desk.works.sure.late", day, x.Weekday(q.Late)))
	}
	return strings.Join(append(against, x.T("desk.works.sure.plan")), " ")
}

// completeFields are what is missing: fields to type, documents to tick that
// came on paper.
func completeFields(x *ctx, w desk.WorksFile, a desk.Act, field func(kind, name, label, proposed string) *component.Control) {
	var papers []component.Option
	for _, name := range w.Missing {
		if f := works.Field(name); w.Kind.Facts().Holds(f) {
			c := field("", "value-"+name, "works.field."+name, "")
			like := worksControls(x, nil, name)[0]
			c.Kind, c.Rows, c.Options, c.Hint = like.Kind, like.Rows, like.Options, like.Hint
			for i := range c.Options {
				c.Options[i].Selected = c.Options[i].Value == c.Value
			}
			continue
		}
		box := desk.ActField(a, "paper-"+name)
		papers = append(papers, component.Option{Name: box, Value: "yes", Text: worksMissable(x, name), Selected: x.field(box) != ""})
	}
	if papers != nil {
		field("checks", "papers", "desk.works.on-paper", "").Options = papers
	}
}

// offerFields are the lines, the study, the rate as it follows from the
// declaration, and the time promised where no law says it.
func offerFields(x *ctx, w desk.WorksFile, field func(kind, name, label, proposed string) *component.Control, radios func(name, label, proposed string, values, texts []string)) {
	for _, letter := range works.LineNames {
		name := "line-" + strings.ToLower(letter)
		c := field("", name, "desk.works."+strings.Replace(name, "-", ".", 1), "")
		c.Class = "w8"
	}
	field("", "study", "desk.works.study", "").Class = "w8"
	radios("vat", "desk.works.rate", strconv.Itoa(w.Rate.Percent), []string{"6", "21"}, []string{x.T("desk.works.percent", 6), x.T("desk.works.percent", 21)})
	switch {
	case w.Kind == works.GasConnection:
		box := desk.ActField(desk.Act(works.EventOffer), "extension")
		field("checks", "extent", "desk.works.extent", "").Options = []component.Option{{Name: box, Value: "yes", Text: x.T("desk.works.extension"), Selected: x.field(box) != ""}}
	case !w.LegalDays():
		c := field("", "days", "desk.works.days", "")
		c.Class, c.Hint = "w4", x.T("desk.works.days.hint")
	}
}
