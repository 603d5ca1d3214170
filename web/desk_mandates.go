package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/desk"
	"guichet/portal/evidence"
	"guichet/web/letter"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/desk"
)

// deeds lists the mandates that an officer must decide.
func (c counter) deeds(x *ctx) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	after, err := place(x.query("after"))
	if err != nil {
		return err
	}
	list, err := room.Waiting(x.context(), x.member().Actor(), after)
	if err != nil {
		return err
	}
	x.at = "/desk/mandates"
	frame, err := c.frame(x, "desk.mandates.title")
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, page.MandatesPage(deedsView(x, frame, list)))
}

func deedsView(x *ctx, f page.Frame, list []mandates.Summary) page.Mandates {
	v := page.Mandates{Frame: f, None: x.T("desk.mandates.none"), Table: component.Table{ID: "mandates", Caption: x.T("desk.mandates.caption"),
		Region: x.T("desk.mandates.title"), Columns: []component.Column{{Text: x.T("partner.home.mandator")}, {Text: x.T("desk.mandates.partner")},
			{Text: x.T("partner.home.points"), Numeric: true}, {Text: x.T("desk.mandates.given")}}}}
	if done := x.query("done"); done == "decided" || done == "returned" {
		v.Done = x.T("desk.mandates.done." + done)
	}
	if len(list) > desk.PageOfMandates {
		list = list[:desk.PageOfMandates]
		last := list[len(list)-1]
		v.Next = x.path("/desk/mandates?after=" + placeText(last.GivenAt, last.ID))
	}
	if x.query("after") != "" {
		v.First = x.path("/desk/mandates")
	}
	for _, m := range list {
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: m.Mandator.Name, Href: x.path("/desk/mandates/" + m.ID), Cells: []component.Cell{
			{Text: m.PartnerName}, {Text: x.count(m.Points)}, {Text: x.moment(m.GivenAt)}}})
	}
	return v
}

// deed shows one beside the register (D8).
func (c counter) deed(x *ctx) error { return c.showDeed(x, nil) }

func (c counter) showDeed(x *ctx, wrong error) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	d, err := room.Open(x.context(), x.member().Actor(), x.param("id"))
	if err != nil {
		return err
	}
	x.at = "/desk/mandates/" + d.ID
	frame, err := c.frame(x, "desk.mandate.title", d.Mandator.Name)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = statusOf(wrong)
	}
	return x.show(status, page.MandatePage(deedView(x, frame, d, wrong)))
}

func deedView(x *ctx, f page.Frame, d desk.Deed, wrong error) page.Mandate {
	base := x.path("/desk/mandates/" + d.ID)
	who := d.Mandator
	signs := x.T("mandate.capacity." + string(who.Capacity))
	if who.SignedBy != "" {
		signs = x.T("mandate.capacity.by", who.SignedBy, signs)
	}
	v := page.Mandate{Frame: f, Back: layout.Link{Text: x.T("desk.mandates.title"), Href: x.path("/desk/mandates")}, Claimed: []page.Fact{
		{Name: x.T("desk.mandate.mandator"), Value: who.Name + ", " + address(who.Street, who.Postcode, who.Town)},
		{Name: x.T("desk.partner.company"), Value: portal.FormatCompanyNumber(who.CompanyNumber)},
		{Name: x.T("desk.mandate.signs"), Value: signs},
		{Name: x.T("desk.mandates.partner"), Value: d.Mandatary.Name + ", " + portal.FormatCompanyNumber(d.Mandatary.CompanyNumber)},
		{Name: x.T("mandates.what"), Value: letter.KindWords(x.Catalog, d.Scope.Kinds)},
		{Name: x.T("mandates.data"), Value: letter.DataWords(x.Catalog, d.Scope.Data)},
		{Name: x.T("mandates.valid"), Value: x.T("mine.between", x.Date(d.Scope.Validity.From), x.Date(lastDay(d.Scope.Validity.To)))},
		{Name: x.T("mandates.purpose"), Value: d.Scope.Purpose},
	}}
	if d.WrittenBy != "" {
		v.Claimed = append(v.Claimed, page.Fact{Name: x.T("desk.mandate.agreed"), Value: x.moment(d.AgreedAt)})
	}
	if who.CompanyNumber == "" {
		v.Claimed = append(v.Claimed[:1], v.Claimed[2:]...)
	}
	for i, doc := range d.Documents {
		v.Documents = append(v.Documents, documentView(x, base, i, doc))
	}
	v.Lines = deedLines(x, d)
	if d.More > 0 {
		key := "desk.mandate.sample"
		if who.CompanyNumber == "" {
			key = "desk.mandate.rest"
		}
		v.Sample = x.N(key, d.More)
	}
	v.Error = wrong != nil
	if d.Status != mandates.GivenIn { // decided or returned, perhaps while the page was open
		v.State, v.StateKind = x.T("mandate.status."+string(d.Status)), statusTag(d.Status)
		if d.Status == mandates.Returned {
			v.Missing = d.Reason
		}
		if wrong != nil {
			v.Summary = x.told(wrong, "")
			v.Summary.Title = x.T("desk.mandate.summary")
		}
		return v
	}
	v.Decide, v.Return = base+"/decide", base+"/return"
	v.Controls = deedControls(x, d)
	v.Reason = []component.Control{{Kind: "area", Rows: 4, Field: component.Field{Name: "reason", Label: x.T("desk.mandate.reason"), Value: x.field("reason")}}}
	if wrong != nil {
		v.Summary = x.told(wrong, "", v.Controls, v.Reason)
		v.Summary.Title = x.T("desk.mandate.summary")
	}
	return v
}

// mark puts each fault at its control and gives the summary that leads there.
func (x *ctx) mark(wrong error, groups ...[]component.Control) *component.Summary {
	s := &component.Summary{}
	var problems portal.Problems
	if e := new(portal.Error); !errors.As(wrong, &problems) && errors.As(wrong, &e) {
		problems = portal.Problems{e}
	}
	for _, e := range problems {
		text := x.T("error."+e.Key, e.Args...)
		name, label := e.Field, ""
		for _, controls := range groups {
			for i := range controls {
				if controls[i].Name == name {
					controls[i].Error, label = text, controls[i].Label
				}
				for _, o := range controls[i].Options {
					if o.Name == name && o.Name != controls[i].Name && name != "" { // one of several
						label = o.Text
						controls[i].Error, name = text, controls[i].Name
					}
				}
			}
		}
		if label != "" { // five times "fill in this field" tell nobody which
			text = x.T("partner.problem", strings.TrimRight(label, "?\u00a0 "), text)
		}
		s.Fields = append(s.Fields, component.FieldLink{Name: name, Text: text})
	}
	return s
}

func documentView(x *ctx, base string, i int, doc desk.Signed) page.MandateDocument {
	v := page.MandateDocument{Title: x.T("desk.mandate.document", strconv.Itoa(i+1)), State: x.T("desk.mandate.file." + string(doc.Status))}
	address := base + "/documents/" + doc.ID
	switch {
	case doc.Status == evidence.Quarantined:
		if v.Tag = "warn"; doc.Waits {
			v.Release = address + "/release"
		}
	case !doc.Cleared():
		v.Tag = "stop"
	}
	for n := range doc.Pages {
		v.Pages = append(v.Pages, layout.Link{Text: x.T("desk.mandate.page", strconv.Itoa(n+1), strconv.Itoa(doc.Pages)), Href: address + "/" + strconv.Itoa(n+1)})
	}
	if !doc.Cleared() {
		return v
	}
	if doc.Verdict.Holds() {
		v.Verdict = []string{x.T("desk.mandate.verified", doc.Verdict.Signer.Name, x.moment(doc.Verdict.SignedAt)), x.T("error.evidence.signature.revocation")}
	}
	for _, r := range doc.Verdict.Reasons {
		v.Verdict = append(v.Verdict, x.T("error.evidence.signature."+string(r)))
	}
	return v
}

// deedLines sets each access point beside who lives there.
func deedLines(x *ctx, d desk.Deed) component.Table {
	t := component.Table{ID: "deed-lines", Caption: x.T("desk.mandate.lines"), Region: x.T("desk.mandate.lines"), Columns: []component.Column{
		{Text: x.T("desk.mandate.point")}, {Text: x.T("desk.mandate.occupant")}, {Text: x.T("desk.mandate.supply")}, {Text: x.T("desk.mandate.compared")}}}
	for i, l := range d.Lines {
		row := component.Row{Head: numbered(i, l.EAN), Cells: []component.Cell{{Text: "–"}, {Text: "–"}, {Text: x.T("mandate.refused.nobody"), Tag: "stop"}}}
		if l.Stay.ID != "" {
			row.Cells[0].Text, row.Cells[1].Text = l.Stay.Name, address(l.Point.Street, l.Point.Postcode, l.Point.Town)
			row.Cells[2] = component.Cell{Text: x.T("mandate.refused.not-theirs"), Tag: "stop"}
			if l.Same {
				row.Cells[2] = component.Cell{Text: x.T("desk.mandate.same"), Tag: "plain"}
			}
		}
		if l.Outcome != mandates.Proposed {
			row.Cells[2] = component.Cell{Text: x.T("mandate.line." + string(l.StatusAt(x.now, d.Scope.Validity.To))), Tag: "plain"}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// numbered names an access point by its place in the document, where it stands
// whole, and by what anybody may see of it (G12).
func numbered(i int, ean portal.EAN) string { return strconv.Itoa(i+1) + ". " + ean.Masked() }

// deedControls are how it is signed, what was compared, and which lines are
// refused all the same.
func deedControls(x *ctx, d desk.Deed) []component.Control {
	given := component.Control{Kind: "hidden", Field: component.Field{Name: "given", Value: strconv.FormatInt(portal.Micros(d.GivenAt), 10)}}
	signature := component.Control{Kind: "radios", Field: component.Field{Name: "signature", Label: x.T("desk.mandate.signature")}, Options: []component.Option{
		{Value: string(mandates.ByHand), Text: x.T("mandate.signature.hand"), Selected: x.field("signature") == string(mandates.ByHand)}}}
	for i, doc := range d.Documents {
		if doc.Verdict.Holds() {
			value := string(mandates.Electronic) + ":" + doc.ID
			signature.Options = append(signature.Options, component.Option{Value: value, Selected: x.field("signature") == value,
				Text: x.T("desk.mandate.electronic", x.T("desk.mandate.document", strconv.Itoa(i+1)), doc.Verdict.Signer.Name)})
		}
	}
	checks := component.Control{Kind: "checks", Field: component.Field{Name: "checks", Label: x.T("desk.mandate.checks")}}
	for _, c := range mandates.Checks {
		name := "check_" + string(c)
		checks.Options = append(checks.Options, component.Option{Name: name, Value: "yes", Text: x.T("mandate.check." + string(c)), Selected: x.field(name) != ""})
	}
	refuse := component.Control{Kind: "checks", Field: component.Field{Name: "refuse", Label: x.T("desk.mandate.refuse")}}
	for i, l := range d.Lines {
		if l.Same {
			name := "refuse_" + strconv.Itoa(i+1)
			refuse.Options = append(refuse.Options, component.Option{Name: name, Value: "yes", Text: numbered(i, l.EAN), Selected: x.field(name) != ""})
		}
	}
	if len(refuse.Options) == 0 {
		return []component.Control{given, signature, checks}
	}
	return []component.Control{given, signature, checks, refuse}
}

// decideDeed grants and refuses its lines.
func (c counter) decideDeed(x *ctx) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	j := desk.DeedDecision{Refused: map[int]bool{}}
	if us, err := strconv.ParseInt(x.field("given"), 10, 64); err == nil {
		j.Given = portal.FromMicros(us) // anything else is nothing that was given in
	}
	signature := x.field("signature")
	if kind := string(mandates.Electronic) + ":"; len(signature) > len(kind) && signature[:len(kind)] == kind {
		j.Signature, j.Document = mandates.Electronic, signature[len(kind):]
	} else if signature == string(mandates.ByHand) {
		j.Signature = mandates.ByHand
	}
	for _, check := range mandates.Checks {
		if x.field("check_"+string(check)) != "" {
			j.Checks = append(j.Checks, check)
		}
	}
	for name := range x.form {
		if place, ok := strings.CutPrefix(name, "refuse_"); ok {
			n, _ := strconv.Atoi(place) // 0 is no line's
			j.Refused[n] = true
		}
	}
	return c.deedDone(x, room.Decide(x.context(), x.member().Actor(), x.param("id"), j), "decided")
}

// returnDeed asks the partner for what is missing.
func (c counter) returnDeed(x *ctx) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	return c.deedDone(x, room.Return(x.context(), x.member().Actor(), x.param("id"), x.field("reason")), "returned")
}

func (c counter) deedDone(x *ctx, err error, done string) error {
	switch portal.CodeOf(err) {
	case portal.Invalid, portal.Conflict:
		return c.showDeed(x, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.path("/desk/mandates?done=" + done))
}

// deedPage draws a page of a document: a picture made anew, never the file.
func (c counter) deedPage(x *ctx) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(x.param("act"))
	if err != nil || n < 1 {
		return unspoken(http.StatusNotFound)
	}
	p, err := room.Page(x.context(), x.member().Actor(), x.param("id"), x.param("file"), n)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, string(p.Type), p.Content)
	return nil
}

// releaseDeed lets a document out of quarantine.
func (c counter) releaseDeed(x *ctx) error {
	room, err := c.Desk.Deeds(x.member())
	if err != nil {
		return err
	}
	if x.param("act") != "release" {
		return unspoken(http.StatusNotFound)
	}
	if err := room.Release(x.context(), x.member().Actor(), x.param("id"), x.param("file")); err != nil {
		return err
	}
	return x.redirect(x.path("/desk/mandates/" + x.param("id")))
}
