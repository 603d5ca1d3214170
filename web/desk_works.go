package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/desk"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
	"guichet/works"
)

const yardPath = "/desk/works"

// yard lists the requests that wait, the overdue ones first.
func (c counter) yard(x *ctx) error { return c.showYard(x, nil) }

// findWorks leads to the request of a number that somebody calls about.
func (c counter) findWorks(x *ctx) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	id, err := room.Find(x.context(), x.member().Actor(), x.field("number"))
	if portal.CodeOf(err) == portal.Invalid {
		return c.showYard(x, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path(yardPath + "/" + id))
}

func (c counter) showYard(x *ctx, wrong error) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	after, err := worksPlace(x.query("after"))
	if err != nil {
		return err
	}
	f := worksFilter(x)
	list, err := room.List(x.context(), x.member().Actor(), f, after)
	if err != nil {
		return err
	}
	x.at = yardPath
	frame, err := c.frame(x, "desk.works.title")
	if err != nil {
		return err
	}
	return x.show(statusFor(wrong), page.WorksPage(yardView(x, frame, f, list, wrong)))
}

// worksFilter reads the address; the officer's own turn where it names none.
func worksFilter(x *ctx) works.Filter {
	f := works.Filter{Turn: works.Operator, Team: x.query("team")}
	if x.query("turn") == string(works.Requester) {
		f.Turn = works.Requester
	}
	if k := works.Kind(x.query("kind")); k.Facts().Kind != "" {
		f.Kind = k
	}
	if !worksTeam(f.Team) {
		f.Team = ""
	}
	return f
}

// worksTeam tells whether a team can have that name; nothing else is looked for.
func worksTeam(name string) bool { return len(name) <= 160 && strings.ToValidUTF8(name, "") == name }

// worksPlace reads "after" as worksPlaceText writes it: a date, or "-" for none.
func worksPlace(text string) (p works.Place, err error) {
	at, id, _ := strings.Cut(text, ".")
	if text == "" {
		return p, nil
	}
	if !nameForm.MatchString(id) {
		return p, unspoken(http.StatusNotFound)
	}
	if at == "-" {
		return works.Place{ID: id}, nil
	}
	p.At, p.ID, err = cutPlace(text)
	return p, err
}

func worksPlaceText(due time.Time, id string) string {
	if due.IsZero() {
		return "-." + id
	}
	return placeText(due, id)
}

func yardView(x *ctx, f page.Frame, by works.Filter, list []works.Request, wrong error) page.Works {
	number := component.Control{Field: component.Field{Name: "number", Label: x.T("desk.works.request"), Value: typed(x.field("number")), Class: "w8"}}
	find := []component.Control{number}
	if wrong != nil {
		f.Error, f.Summary = true, x.told(wrong, "", find)
	}
	v := page.Works{Frame: f, Find: find, None: x.T("desk.works.none"), Action: x.path(yardPath), Filter: filterControls(x, by),
		Payments: layout.Link{Text: x.T("desk.works.payments"), Href: x.path(yardPath + "/payments")},
		Table: component.Table{ID: "works", Caption: x.T("desk.works.caption"), Region: x.T("desk.works.title"), Columns: []component.Column{
			{Text: x.T("desk.works.number")}, {Text: x.T("desk.works.kind")}, {Text: x.T("desk.works.status")},
			{Text: x.T("desk.works.due")}, {Text: x.T("desk.works.team")}}}}
	address := url.Values{"turn": {string(by.Turn)}, "team": {by.Team}, "kind": {string(by.Kind)}}
	if len(list) > desk.PageOfWorks {
		list = list[:desk.PageOfWorks]
		last := list[len(list)-1]
		address.Set("after", worksPlaceText(last.Due, last.ID))
		v.Next = x.path(yardPath + "?" + address.Encode())
	}
	if x.query("after") != "" {
		address.Del("after")
		v.First = x.path(yardPath + "?" + address.Encode())
	}
	for _, r := range list {
		due := component.Cell{Text: "–"}
		switch {
		case r.Due.IsZero():
		case !x.now.Before(r.Due):
			due = component.Cell{Text: x.Date(lastDay(r.Due)), Note: x.T("desk.works.overdue"), Tag: "stop"}
		default:
			due.Text = x.Date(lastDay(r.Due))
		}
		team := r.Team
		if team == "" {
			team = "–"
		}
		status := component.Cell{Text: x.T("desk.works.status." + string(r.Status)), Tag: "plain"}
		if r.Unread {
			status.Note, status.Tag = x.T("desk.works.unread"), "warn"
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: worksNumber(r.Number), Href: x.path(yardPath + "/" + r.ID), Cells: []component.Cell{
			{Text: x.T("works.kind."+string(r.Kind)) + " · " + r.Site.Town}, status, due, {Text: team}}})
	}
	return v
}

func filterControls(x *ctx, by works.Filter) []component.Control {
	turn := component.Control{Kind: "select", Field: component.Field{Name: "turn", Label: x.T("desk.works.turn")}}
	for _, t := range []works.Turn{works.Operator, works.Requester} {
		turn.Options = append(turn.Options, component.Option{Value: string(t), Text: x.T("desk.works.turn." + string(t)), Selected: t == by.Turn})
	}
	kind := component.Control{Kind: "select", Field: component.Field{Name: "kind", Label: x.T("desk.works.kind")},
		Options: []component.Option{{Text: x.T("desk.works.all")}}}
	for _, k := range works.Kinds {
		kind.Options = append(kind.Options, component.Option{Value: string(k), Text: x.T("works.kind." + string(k)), Selected: k == by.Kind})
	}
	return []component.Control{turn, kind, {Field: component.Field{Name: "team", Label: x.T("desk.works.team"), Value: by.Team}}}
}

// worksFile shows one with what can be done now.
func (c counter) worksFile(x *ctx) error { return c.showWorks(x, "", nil) }

func (c counter) showWorks(x *ctx, act desk.Act, wrong error) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	f, err := room.Open(x.context(), x.member().Actor(), x.named("id"))
	if err != nil {
		return err
	}
	x.at = yardPath + "/" + f.ID
	frame, err := c.frame(x, "desk.works.file", worksNumber(f.Number))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = statusOf(wrong)
		if p := (portal.Problems)(nil); errors.As(wrong, &p) {
			status = refusedStatus
		}
	}
	return x.show(status, page.WorksFilePage(worksFileView(x, frame, f, act, wrong)))
}

// doWorks does one act.
func (c counter) doWorks(x *ctx) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	id, act := x.named("id"), desk.Act(x.param("act"))
	us, _ := strconv.ParseInt(x.field("since"), 10, 64) // anything else is nothing that was shown
	err = room.Do(x.context(), x.member().Actor(), id, act, portal.FromMicros(us), func(field string) string {
		return x.field(desk.ActField(act, field))
	})
	var problems portal.Problems
	switch code := portal.CodeOf(err); {
	case err == nil:
		return x.redirect(x.path(yardPath + "/" + id + "?done=" + string(act)))
	case errors.As(err, &problems), code == portal.Invalid, code == portal.Conflict:
		return c.showWorks(x, act, err)
	}
	return err
}

// worksPage draws a page of a document: a picture made anew, never the file.
func (c counter) worksPage(x *ctx) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(x.param("page"))
	if err != nil || n < 1 {
		return unspoken(http.StatusNotFound)
	}
	p, err := room.Page(x.context(), x.member().Actor(), x.named("id"), x.named("file"), n)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, string(p.Type), p.Content)
	return nil
}

// releaseWorks lets a document out of quarantine.
func (c counter) releaseWorks(x *ctx) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	if x.param("page") != "release" {
		return unspoken(http.StatusNotFound)
	}
	if err := room.Release(x.context(), x.member().Actor(), x.named("id"), x.named("file")); err != nil {
		return err
	}
	return x.redirect(x.path(yardPath + "/" + x.named("id")))
}

// worksPayments lists the payments that wait for an officer.
func (c counter) worksPayments(x *ctx) error { return c.showPayments(x, "", nil) }

func (c counter) showPayments(x *ctx, id string, wrong error) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	after, err := paymentPlace(x.query("after"))
	if err != nil {
		return err
	}
	list, err := room.Payments(x.context(), x.member().Actor(), after)
	if err != nil {
		return err
	}
	x.at = yardPath + "/payments"
	frame, err := c.frame(x, "desk.works.payments")
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = statusOf(wrong)
	}
	return x.show(status, page.WorksPaymentsPage(paymentsView(x, frame, list, id, wrong)))
}

// A payment's id is the bank's and may hold anything: an address carries it in
// hexadecimal.
func paymentPlace(text string) (p works.Place, err error) {
	if p.At, p.ID, err = cutPlace(text); err != nil {
		return p, err
	}
	p.ID, err = plainID(p.ID)
	return p, err
}

// doPayment assigns one to a request or sets it aside.
func (c counter) doPayment(x *ctx) error {
	room, err := c.Desk.Yard(x.member())
	if err != nil {
		return err
	}
	id, err := plainID(x.param("payment"))
	if err != nil {
		return err
	}
	act := x.param("act")
	switch act {
	case "assign":
		err = room.Assign(x.context(), x.member().Actor(), id, x.field(paymentField("number", id)))
	case "aside":
		err = room.SetAside(x.context(), x.member().Actor(), id, x.field(paymentField("reason", id)))
	default:
		return unspoken(http.StatusNotFound)
	}
	switch code := portal.CodeOf(err); {
	case err == nil:
		return x.redirect(x.path(yardPath + "/payments?done=" + act))
	case code == portal.Invalid, code == portal.Conflict:
		return c.showPayments(x, id, err)
	}
	return err
}

func paymentsView(x *ctx, f page.Frame, list []works.Booking, id string, wrong error) page.WorksPayments {
	v := page.WorksPayments{Frame: f, None: x.T("desk.works.payments.none"), Back: layout.Link{Text: x.T("desk.works.title"), Href: x.path(yardPath)}}
	if done := x.query("done"); slices.Contains([]string{"assign", "aside"}, done) {
		v.Done = x.T("desk.works.payments.done." + done)
	}
	if len(list) > desk.PageOfWorks {
		list = list[:desk.PageOfWorks]
		last := list[len(list)-1]
		v.Next = x.path(yardPath + "/payments?after=" + placeText(last.Entry, hexID(last.ID)))
	}
	if x.query("after") != "" {
		v.First = x.path(yardPath + "/payments")
	}
	for i, b := range list {
		base := x.path(yardPath + "/payments/" + hexID(b.ID))
		p := page.WorksPayment{ID: strconv.Itoa(i + 1), Title: x.T("desk.works.payment", x.euros(b.Cents), x.Date(b.Entry)), Why: x.T("desk.works.wait." + string(b.Wait)),
			Assign: base + "/assign", Aside: base + "/aside", Facts: []page.Fact{{Name: x.T("desk.works.bank"), Value: b.Reference}, {Name: x.T("desk.works.from"), Value: b.File}}}
		if b.Communication != "" {
			p.Facts = append(p.Facts, page.Fact{Name: x.T("desk.works.communication"), Value: b.Communication.String()})
		}
		if b.Text != "" {
			p.Facts = append(p.Facts, page.Fact{Name: x.T("desk.works.text"), Value: b.Text})
		}
		number := component.Control{Field: component.Field{Name: paymentField("number", b.ID), Label: x.T("desk.works.request"), Class: "w8"}}
		reason := component.Control{Kind: "area", Rows: 2, Field: component.Field{Name: paymentField("reason", b.ID), Label: x.T("desk.works.aside.reason")}}
		number.Value, reason.Value = typed(x.field(number.Name)), x.field(reason.Name)
		p.Number, p.Reasons = []component.Control{number}, []component.Control{reason}
		if b.ID == id && wrong != nil {
			v.Error, v.Summary = true, x.told(wrong, paymentField("", b.ID), p.Number, p.Reasons)
		}
		v.List = append(v.List, p)
	}
	return v
}

// told is what went wrong with a form whose fields' names end in suffix: at the
// fields, and above where it is about none.
func (x *ctx) told(wrong error, suffix string, groups ...[]component.Control) *component.Summary {
	var problems portal.Problems
	if e := new(portal.Error); !errors.As(wrong, &problems) && errors.As(wrong, &e) {
		problems = portal.Problems{e}
	}
	named := make(portal.Problems, len(problems))
	for i, p := range problems {
		e := *p
		if e.Field != "" {
			e.Field += suffix
		}
		named[i] = &e
	}
	s := x.mark(named, groups...)
	s.Title = x.T("desk.wrong")
	s.Fields = slices.DeleteFunc(s.Fields, func(l component.FieldLink) bool {
		if l.Name == "" {
			s.Paragraphs = append(s.Paragraphs, l.Text)
		}
		return l.Name == ""
	})
	return s
}

// paymentField is the name of a field in the form of one payment: the bank's ids
// are longer than a field's name may be.
func paymentField(name, id string) string {
	sum := sha256.Sum256([]byte(id))
	return name + "-" + hex.EncodeToString(sum[:6])
}

func hexID(id string) string { return hex.EncodeToString([]byte(id)) }

func plainID(text string) (string, error) {
	id, err := hex.DecodeString(text)
	if err != nil || len(id) > 200 || !utf8.Valid(id) || strings.ContainsRune(string(id), 0) {
		return "", unspoken(http.StatusNotFound)
	}
	return string(id), nil
}
