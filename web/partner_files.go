package web

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/web/api"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"

	"golang.org/x/mod/sumdb/note"
)

// point shows one access point of a mandate.
func (p *partners) point(x *ctx) error { return p.showPoint(x, nil) }

func (p *partners) showPoint(x *ctx, wrong error) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	l, n, err := nth(x.param("n"), m)
	if err != nil {
		return err
	}
	x.at = "/partner/mandates/" + m.ID + "/points/" + strconv.Itoa(n)
	return x.show(statusFor(wrong), page.LinePage(lineView(x, m, l, n, wrong)))
}

// grainsOf are the grains that kinds of data allow.
func grainsOf(kinds []mandates.Kind) (all []metering.Grain) {
	for _, g := range []metering.Grain{metering.ByMonth, metering.ByYear, metering.ByDay, metering.ByHour, metering.ByQuarter} {
		if slices.Contains(kinds, mandates.KindOf(g)) {
			all = append(all, g)
		}
	}
	return all
}

func lineView(x *ctx, m mandates.Mandate, l mandates.Line, n int, wrong error) page.Line {
	tag := lineWord(x, m, l)
	v := page.Line{Frame: x.partnerFrame(x.T("partner.point.title", n, m.Mandator.Name)), Tag: tag.Text, TagKind: tag.Tag, Turn: lineNote(x, m, l),
		Facts: []page.Fact{
			{Name: x.T("csv.ean"), Value: together(l.EAN.Masked())},
			{Name: x.T("partner.point.granted"), Value: x.dayOrNone(l.GrantedAt)},
			{Name: x.T("partner.point.told"), Value: x.dayOrNone(l.ToldAt)},
			{Name: x.T("partner.point.delivered"), Value: x.dayOrNone(l.DeliveredAt)},
		},
		Back: layout.Link{Text: x.T("partner.point.back"), Href: x.mandatePath(m.ID)}}
	if v.Turn == "" {
		v.Turn = turnOf(x, m)
	}
	if partnerDones[x.query("done")] {
		v.Done = x.T("partner.done." + x.query("done"))
	}
	status := l.StatusAt(x.now, m.Scope.Validity.To)
	if status == mandates.LineInForce || status == mandates.LineWaiting {
		v.GiveUp = &page.Button{Action: x.pointPath(m.ID, n) + "/give-up", Text: x.T("partner.give-up.submit"), Quiet: true}
	}
	if status != mandates.LineInForce {
		faulty(x, &v.Frame, nil, wrong)
		return v
	}
	v.Take = takeView(x, m.Scope.Kinds, "partner.take.text", "partner.take.from.hint", x.pointPath(m.ID, n))
	if !m.Scope.Once {
		v.Take.Title = x.T("partner.point.take")
		v.Take.Files = append([]layout.Link{{Text: x.T("partner.take.look"), Href: x.pointPath(m.ID, n) + "/consumption"}}, v.Take.Files...)
	}
	faulty(x, &v.Frame, v.Take.Controls, wrong)
	return v
}

// takeView is the form of the downloads below a path; text and whole are the keys
// of what they leave on, and of what leaves where no day is given.
func takeView(x *ctx, kinds []mandates.Kind, text, whole, path string) *page.Take {
	value := func(name string) string { return typed(x.query(name)) }
	grain := line(x, "grain", "partner.take.grain", "", "")
	grain.Kind = "select"
	for _, g := range grainsOf(kinds) {
		grain.Options = append(grain.Options, component.Option{Value: string(g), Text: x.T("grain." + string(g)), Selected: value("grain") == string(g)})
	}
	from, to := line(x, "from", "partner.take.from", whole, value("from")), line(x, "to", "partner.take.to", "partner.take.to.hint", value("to"))
	from.Kind, to.Kind = "date", "date"
	t := &page.Take{Title: x.T("partner.take.title"), Text: x.T(text), Controls: []component.Control{grain, from, to}}
	for _, f := range partnerFiles {
		t.Files = append(t.Files, layout.Link{Text: x.T("partner.take." + f.ending), Href: path + "/consumption." + f.ending})
	}
	return t
}

// giveUp ends a line that the mandatary needs no more.
func (p *partners) giveUp(x *ctx) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	l, n, err := nth(x.param("n"), m)
	if err != nil {
		return err
	}
	if err := p.Mandates.Stop(x.context(), x.by(), x.guest().PartnerID, m.ID, l.EAN, mandates.ByRelinquished); err != nil {
		return err
	}
	return x.redirect(x.pointPath(m.ID, n) + "?done=given-up")
}

// partnerFile is a form in which a delivery is downloaded.
type partnerFile struct {
	ending, contentType string
	write               func(*ctx, *bytes.Buffer, metering.Series, leaving) error
}

// leaving says on what a file leaves: for whom it is (L20), and the mandate
// with the hash of its text, or the registration.
type leaving struct{ mark, ground string }

func leavesOn(x *ctx, m mandates.Mandate) leaving {
	return leaving{x.T("partner.take.mark"), x.T("partner.take.ground", m.ID, hex.EncodeToString(m.Text))}
}

var partnerFiles = []partnerFile{
	{"csv", "text/csv; charset=utf-8", func(x *ctx, b *bytes.Buffer, s metering.Series, on leaving) error {
		words := csvWords(x, s)
		words.Mark, words.Lines[0] = on.mark, x.T("energy."+string(s.Energy))
		words.Lines = append(words.Lines, on.ground)
		return exchange.WriteCSV(b, s, words)
	}},
	{"json", "application/json", func(_ *ctx, b *bytes.Buffer, s metering.Series, on leaving) error {
		err := exchange.WriteJSON(b, s, on.mark)
		b.Truncate(len(bytes.TrimSpace(b.Bytes()))) // it stands in the middle of the file
		return err
	}},
	{"xml", "application/atom+xml; charset=utf-8", func(x *ctx, b *bytes.Buffer, s metering.Series, on leaving) error {
		words := feedWords(x, s)
		words.Mark, words.Title, words.Subtitle = on.mark, x.T("energy."+string(s.Energy)), on.ground
		return exchange.WriteESPI(b, s, words)
	}},
}

// render is mandates.Asked.Render: the values as they leave in this form.
func (f partnerFile) render(x *ctx, on leaving) func(metering.Series) ([]byte, error) {
	return func(s metering.Series) ([]byte, error) {
		var b bytes.Buffer
		err := f.write(x, &b, s, on)
		return b.Bytes(), err
	}
}

// take delivers: computed anew, recorded, and only then answered (D9, L18).
func (p *partners) take(x *ctx, f partnerFile) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	l, _, err := nth(x.param("n"), m)
	if err != nil {
		return err
	}
	q, err := wanted(x, grainsOf(m.Scope.Kinds))
	if err != nil {
		return p.showPoint(x, err)
	}
	d, err := p.Mandates.Hand(x.context(), p.PartnerDeps.History, x.by(), x.guest().PartnerID, m.ID,
		mandates.Asked{EAN: l.EAN, Query: q, Render: f.render(x, leavesOn(x, m))})
	if portal.CodeOf(err) == portal.Denied {
		return p.showPoint(x, err)
	}
	if err != nil {
		return err
	}
	return f.send(x, d, p.Signer)
}

// send answers with a delivery that is recorded. The file is like the API's:
// whoever has it can prove where it came from.
func (f partnerFile) send(x *ctx, d mandates.Delivery, signer note.Signer) error {
	var file []byte
	var err error
	if f.ending == "json" {
		file, err = api.Write(d, signer)
	} else {
		file, err = api.WriteText(d, signer, f.ending == "csv")
	}
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-`+string(d.Series.Energy)+"-"+string(d.Series.Grain)+"."+f.ending+`"`)
	x.send(http.StatusOK, f.contentType, file)
	return nil
}

// wanted reads grain and period; To is the last day, as the form says.
func wanted(x *ctx, grains []metering.Grain) (q metering.Query, err error) {
	var problems portal.Problems
	for _, g := range grains {
		if string(g) == x.query("grain") {
			q.Grain = g
		}
	}
	if q.Grain == "" {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "partner.grain", Field: "grain"})
	}
	for _, name := range []string{"from", "to"} {
		text := x.query(name)
		if text == "" {
			continue
		}
		day, err := portal.ParseDate(text)
		if err != nil {
			problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "partner.day", Field: name})
			continue
		}
		if name == "from" {
			q.From = day
		} else {
			q.To = day.AddDate(0, 0, 1)
		}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: "mandate.order", Field: "to"})
	}
	if len(problems) > 0 {
		return q, problems
	}
	return q, nil
}
