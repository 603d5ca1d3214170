package web

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/evidence"
	"guichet/web/letter"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
)

// How many rows a page of partners shows.
const (
	mandatesAPage = 25
	linesAPage    = 100
)

func (x *ctx) mandatePath(id string) string { return x.path("/partner/mandates/" + id) }

// errNoMandate is what is said of a mandate that is another's or nobody's.
var errNoMandate = &portal.Error{Code: portal.NotFound, Key: "mandate"}

// mine reads the partner's own mandate: another's and none are one answer (L10).
func (p *partners) mine(x *ctx) (mandates.Mandate, error) {
	m, found, err := p.Mandates.Store.Mandate(x.context(), x.guest().PartnerID, x.named("id"))
	if err == nil && !found {
		err = errNoMandate
	}
	return m, err
}

// home lists the mandates, newest first.
func (p *partners) home(x *ctx) error {
	before, err := place(x.query("before"))
	if err != nil {
		return err
	}
	list, err := p.Mandates.Store.MandatesOf(x.context(), x.guest().PartnerID, before, mandatesAPage+1)
	if err != nil {
		return err
	}
	return x.show(http.StatusOK, page.HomePage(partnerHomeView(x, list)))
}

func partnerHomeView(x *ctx, list []mandates.Summary) page.Home {
	v := page.Home{Frame: x.partnerFrame(x.T("partner.home.title")),
		New: layout.Link{Text: x.T("partner.home.new"), Href: x.path("/partner/mandates/new")},
		Table: component.Table{ID: "mandates", Caption: x.T("partner.home.caption"), Region: x.T("partner.home.title"), Columns: []component.Column{
			{Text: x.T("partner.home.mandator")}, {Text: x.T("partner.home.state")}, {Text: x.T("partner.home.points"), Numeric: true},
			{Text: x.T("partner.home.granted"), Numeric: true}, {Text: x.T("partner.home.until")}}}}
	if len(list) > mandatesAPage {
		list = list[:mandatesAPage]
		v.Next = x.path("/partner?before=" + placeText(list[len(list)-1].CreatedAt, list[len(list)-1].ID))
	}
	if x.query("before") != "" {
		v.First = x.path("/partner")
	}
	for _, m := range list {
		state := component.Cell{Text: x.T("mandate.status." + string(m.Status)), Tag: statusTag(m.Status)}
		switch {
		case m.Status != mandates.Decided:
		case m.Granted > 0 && m.Ended == m.Granted:
			state = component.Cell{Text: x.T("mandate.line.ended"), Tag: "stop"}
		case !x.now.Before(m.Scope.Validity.To):
			state = component.Cell{Text: x.T("mandate.line.expired"), Tag: "stop"}
		}
		v.Table.Rows = append(v.Table.Rows, component.Row{Head: m.Mandator.Name, Href: x.mandatePath(m.ID), Cells: []component.Cell{
			state, {Text: x.count(m.Points)}, {Text: x.count(m.Granted - m.Ended)}, {Text: x.Date(lastDay(m.Scope.Validity.To))}}})
	}
	return v
}

// mandate shows one.
func (p *partners) mandate(x *ctx) error { return p.showMandate(x, nil) }

func (p *partners) showMandate(x *ctx, wrong error) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	x.at = "/partner/mandates/" + m.ID
	v := partnerMandateView(x, m, documents(x, m), wrong)
	files, err := p.Evidence.List(x.context(), mandates.Subject(m.ID))
	if err != nil {
		return err
	}
	filesView(x, &v, m, files)
	if n := len(files); n > 0 && files[n-1].Cleared() && files[n-1].Type == evidence.PDF {
		verdict, err := p.Evidence.Signature(x.context(), x.by(), mandates.Subject(m.ID), files[n-1].ID)
		if err != nil {
			return err
		}
		v.Signature = signatureWords(x, verdict)
	}
	if v.Give != nil {
		p.Evidence.Expect()
	}
	return x.show(statusFor(wrong), page.MandatePage(v))
}

// filesView shows the documents; where the one that waits for us was refused,
// whose turn it is says so.
func filesView(x *ctx, v *page.Mandate, m mandates.Mandate, files []evidence.File) {
	v.Files = filesTable(x, files)
	if n := len(files); n > 0 && m.Status == mandates.GivenIn && files[n-1].Status == evidence.Infected {
		v.Turn = x.T("partner.turn.rejected")
	}
}

// filesTable tells of each document what became of it; one that was refused is
// named with why.
func filesTable(x *ctx, files []evidence.File) component.Table {
	t := component.Table{ID: "files", Caption: x.T("partner.files.caption"), Region: x.T("partner.files.title"), Columns: []component.Column{
		{Text: x.T("partner.files.name")}, {Text: x.T("partner.files.added")}, {Text: x.T("partner.files.check")}, {Text: x.T("partner.lines.why")}}}
	for _, f := range files {
		check := component.Cell{Text: x.T("partner.file." + string(f.Status))}
		switch f.Status {
		case evidence.Quarantined:
			check.Tag = "warn"
		case evidence.Infected:
			check.Tag = "stop"
		case evidence.Clean, evidence.Released, evidence.Purged:
			check.Tag = "plain"
		}
		name := f.Name
		if name == "" {
			name = x.T("partner.files.nameless")
		}
		t.Rows = append(t.Rows, component.Row{Head: name, Cells: []component.Cell{{Text: x.moment(f.AddedAt)}, check, {Text: x.T("partner.file.why." + string(f.Status))}}})
	}
	return t
}

// signatureWords tells what was found in the file itself. Whether the signer is
// the occupant is the officer's to compare: the register answers nobody here (G13).
func signatureWords(x *ctx, v evidence.Verdict) (words []string) {
	if v.Holds() {
		return []string{x.T("partner.files.holds", v.Signer.Name, x.moment(v.SignedAt)), x.T("partner.files.holds.officer")}
	}
	for _, r := range v.Reasons {
		words = append(words, x.T("error.evidence.signature."+string(r)))
	}
	if len(words) > 0 {
		words = append(words, x.T("partner.files.by-hand"))
	}
	return words
}

// documents are where the mandate's document is had, as long as it may be signed.
func documents(x *ctx, m mandates.Mandate) []layout.Link {
	if m.Status == mandates.Withdrawn {
		return nil
	}
	return []layout.Link{{Text: x.T("partner.document.pdf"), Href: x.mandatePath(m.ID) + "/document.pdf"},
		{Text: x.T("partner.document.html"), Href: x.mandatePath(m.ID) + "/document.html"}}
}

// documentPDF is the text to sign, in the customer's language.
func (p *partners) documentPDF(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	pdf, err := letter.Mandate(m, x.guest().Organisation.Mandatary(), x.now, p.house()).PDF(p.house())
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-mandate-`+m.ID+`.pdf"`)
	x.send(http.StatusOK, "application/pdf", pdf)
	return nil
}

// documentHTML is its accessible twin (D18).
func (p *partners) documentHTML(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	text, err := letter.Mandate(m, x.guest().Organisation.Mandatary(), x.now, p.house()).Page(p.house())
	if err != nil {
		return err
	}
	x.send(http.StatusOK, "text/html; charset=utf-8", text)
	return nil
}

var partnerDones = map[string]bool{"drafted": true, "given": true, "withdrawn": true, "given-up": true}

// turnOf tells whose turn it is, and what to do.
func turnOf(x *ctx, m mandates.Mandate) string {
	key := "partner.turn." + string(m.Status)
	if m.Status == mandates.Drafted && m.WrittenBy != "" {
		return x.T("partner.turn.own")
	}
	if m.Status != mandates.Decided {
		return x.T(key)
	}
	counts := map[mandates.LineStatus]int{}
	for _, l := range m.Lines {
		counts[l.StatusAt(x.now, m.Scope.Validity.To)]++
	}
	for _, s := range []mandates.LineStatus{mandates.LineInForce, mandates.LineWaiting, mandates.LineExpired, mandates.LineEnded} {
		if counts[s] > 0 {
			return x.T(key + "." + string(s))
		}
	}
	return x.T(key + ".refused")
}

func partnerMandateView(x *ctx, m mandates.Mandate, documents []layout.Link, wrong error) page.Mandate {
	v := page.Mandate{Frame: x.partnerFrame(x.T("partner.mandate.title", m.Mandator.Name)), Tag: x.T("mandate.status." + string(m.Status)),
		TagKind: statusTag(m.Status), Turn: turnOf(x, m), Documents: documents, Facts: mandateFacts(x, m)}
	if m.Status == mandates.Returned {
		v.Reason = m.Reason
	}
	if partnerDones[x.query("done")] {
		v.Done = x.T("partner.done." + x.query("done"))
	}
	if _, err := m.Next(mandates.EventGiveIn); err == nil {
		file := line(x, "document", "partner.give.file", "partner.give.file.hint", "")
		file.Kind, file.Accept = "file", ".pdf,.png,.jpg,.jpeg,application/pdf,image/png,image/jpeg"
		v.Give = &page.Form{Action: x.mandatePath(m.ID) + "/give", Upload: true, Controls: []component.Control{file}, Submit: x.T("partner.give.submit")}
	}
	controls := []component.Control{}
	if v.Give != nil {
		controls = v.Give.Controls
	}
	faulty(x, &v.Frame, controls, wrong)
	if _, err := m.Next(mandates.EventEdit); err == nil {
		v.Links = append(v.Links, layout.Link{Text: x.T("partner.mandate.edit"), Href: x.mandatePath(m.ID) + "/edit"})
	}
	if m.Status == mandates.Decided && renewable(m, x.now) {
		v.Links = append(v.Links, layout.Link{Text: x.T("partner.mandate.renew"), Href: x.mandatePath(m.ID) + "/renew"})
	}
	if _, err := m.Next(mandates.EventWithdraw); err == nil {
		v.Withdraw = &page.Button{Action: x.mandatePath(m.ID) + "/withdraw", Text: x.T("partner.mandate.withdraw"), Quiet: true}
	}
	linesView(x, m, &v)
	return v
}

// renewable tells whether anything of a decided mandate goes on or ran out: what
// was revoked is not offered to be asked for again.
func renewable(m mandates.Mandate, now time.Time) bool {
	return !slices.ContainsFunc(m.Lines, func(l mandates.Line) bool { return l.Outcome == mandates.Granted }) ||
		slices.ContainsFunc(m.Lines, func(l mandates.Line) bool {
			return l.Outcome == mandates.Granted && l.StatusAt(now, m.Scope.Validity.To) != mandates.LineEnded
		})
}

func mandateFacts(x *ctx, m mandates.Mandate) []page.Fact {
	who, often := m.Mandator, x.T("partner.fact.often")
	if m.Scope.Once {
		often = x.T("partner.draft.once")
	}
	facts := []page.Fact{
		{Name: x.T("partner.home.mandator"), Value: who.Name},
		{Name: x.T("partner.fact.address"), Value: address(who.Street, who.Postcode, who.Town)},
		{Name: x.T("partner.draft.capacity"), Value: x.T("mandate.capacity." + string(who.Capacity))},
	}
	if who.SignedBy != "" {
		facts = append(facts, page.Fact{Name: x.T("partner.draft.signed-by"), Value: who.SignedBy})
	}
	if m.WrittenBy != "" {
		facts = append(facts, page.Fact{Name: x.T("partner.fact.agreed"), Value: x.moment(m.AgreedAt)})
	}
	return append(facts,
		page.Fact{Name: x.T("partner.draft.kinds"), Value: letter.KindWords(x.Catalog, m.Scope.Kinds)},
		page.Fact{Name: x.T("partner.fact.data"), Value: letter.DataWords(x.Catalog, m.Scope.Data)},
		page.Fact{Name: x.T("partner.fact.valid"), Value: x.T("mine.between", x.Date(m.Scope.Validity.From), x.Date(lastDay(m.Scope.Validity.To)))},
		page.Fact{Name: x.T("partner.draft.purpose"), Value: m.Scope.Purpose},
		page.Fact{Name: x.T("partner.draft.often"), Value: often},
		page.Fact{Name: x.T("partner.fact.version"), Value: strconv.FormatInt(m.Version, 10)},
		page.Fact{Name: x.T("partner.fact.id"), Value: m.ID, Mono: true},
		page.Fact{Name: x.T("partner.fact.text"), Value: hex.EncodeToString(m.Text), Mono: true},
	)
}

func linesView(x *ctx, m mandates.Mandate, v *page.Mandate) {
	v.Lines = component.Table{ID: "lines", Caption: x.N("partner.lines.caption", len(m.Lines)), Region: x.T("partner.lines.title"), Columns: []component.Column{
		{Text: x.T("partner.lines.number")}, {Text: x.T("csv.ean")}, {Text: x.T("partner.home.state")}, {Text: x.T("partner.lines.why")}}}
	from, _ := strconv.Atoi(x.query("from")) // anything else is the beginning
	if from < 0 || from >= len(m.Lines) {
		from = 0
	}
	to := min(from+linesAPage, len(m.Lines))
	if from > 0 {
		v.First = x.mandatePath(m.ID)
	}
	if to < len(m.Lines) {
		v.Next = x.mandatePath(m.ID) + "?from=" + strconv.Itoa(to)
	}
	for i := from; i < to; i++ {
		l := m.Lines[i]
		v.Lines.Rows = append(v.Lines.Rows, component.Row{Head: strconv.Itoa(i + 1), Href: x.pointPath(m.ID, i+1), Cells: []component.Cell{
			{Text: together(l.EAN.Masked())}, lineWord(x, m, l), {Text: lineNote(x, m, l)}}})
	}
}

func (x *ctx) pointPath(id string, n int) string {
	return x.mandatePath(id) + "/points/" + strconv.Itoa(n)
}

// give takes in the signed document.
func (p *partners) give(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	if _, err := m.Next(mandates.EventGiveIn); err != nil {
		return p.showMandate(x, err)
	}
	if none := x.noFile("document"); none != nil {
		return p.showMandate(x, none)
	}
	kept, err := p.Evidence.Take(x.context(), x.by(), evidence.Upload{Subject: mandates.Subject(m.ID), Name: x.file.name, Body: bytes.NewReader(x.file.data)})
	if err == nil {
		err = p.Mandates.GiveIn(x.context(), x.by(), x.guest().PartnerID, m.ID,
			mandates.Document{ID: portal.NewID(x.now), EvidenceID: kept.ID, Hash: kept.Hash})
	}
	return p.done(x, err, "given")
}

func (p *partners) withdraw(x *ctx) error {
	return p.done(x, p.Mandates.Withdraw(x.context(), x.by(), x.guest().PartnerID, x.named("id")), "withdrawn")
}

// done leads back to the mandate: with what was done, or with why it was not.
func (p *partners) done(x *ctx, err error, what string) error {
	if problemsOf(err) != nil {
		return p.showMandate(x, err)
	}
	if err != nil {
		return err
	}
	return x.redirect(x.mandatePath(x.named("id")) + "?done=" + what)
}

// nth reads which of a mandate's access points is meant.
func nth(text string, m mandates.Mandate) (mandates.Line, int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(m.Lines) || strings.TrimLeft(text, "0") != text {
		return mandates.Line{}, 0, errNoMandate
	}
	return m.Lines[n-1], n, nil
}
