package web

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"strconv"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/web/api"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	page "guichet/web/ui/page/partner"
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

// grainsOf are the grains that a mandate's kinds allow.
func grainsOf(s mandates.Scope) (all []metering.Grain) {
	for _, g := range []metering.Grain{metering.ByMonth, metering.ByYear, metering.ByDay, metering.ByHour, metering.ByQuarter} {
		if s.Has(mandates.KindOf(g)) {
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
	value := func(name string) string { return typed(x.query(name)) }
	grain := line(x, "grain", "partner.take.grain", "", "")
	grain.Kind = "select"
	for _, g := range grainsOf(m.Scope) {
		grain.Options = append(grain.Options, component.Option{Value: string(g), Text: x.T("grain." + string(g)), Selected: value("grain") == string(g)})
	}
	from, to := line(x, "from", "partner.take.from", "partner.take.from.hint", value("from")), line(x, "to", "partner.take.to", "partner.take.to.hint", value("to"))
	from.Kind, to.Kind = "date", "date"
	v.Take = &page.Take{Controls: []component.Control{grain, from, to}}
	for _, kind := range []string{"csv", "json", "xml"} {
		v.Take.Files = append(v.Take.Files, layout.Link{Text: x.T("partner.take." + kind), Href: x.pointPath(m.ID, n) + "/consumption." + kind})
	}
	faulty(x, &v.Frame, v.Take.Controls, wrong)
	return v
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

func (p *partners) takeCSV(x *ctx) error {
	return p.take(x, "csv", "text/csv; charset=utf-8", func(b *bytes.Buffer, m mandates.Mandate, s metering.Series) error {
		words := csvWords(x, s)
		words.Mark, words.Lines[0] = x.T("partner.take.mark"), x.T("energy."+string(s.Energy))
		words.Lines = append(words.Lines, groundText(x, m))
		return exchange.WriteCSV(b, s, words)
	})
}

func (p *partners) takeJSON(x *ctx) error {
	return p.take(x, "json", "application/json", func(b *bytes.Buffer, _ mandates.Mandate, s metering.Series) error {
		err := exchange.WriteJSON(b, s, x.T("partner.take.mark"))
		b.Truncate(len(bytes.TrimSpace(b.Bytes()))) // it stands in the middle of the file
		return err
	})
}

func (p *partners) takeXML(x *ctx) error {
	return p.take(x, "xml", "application/atom+xml; charset=utf-8", func(b *bytes.Buffer, m mandates.Mandate, s metering.Series) error {
		words := feedWords(x, s)
		words.Mark, words.Title, words.Subtitle = x.T("partner.take.mark"), x.T("energy."+string(s.Energy)), groundText(x, m)
		return exchange.WriteESPI(b, s, words)
	})
}

// groundText is on what a file left: the mandate and the hash of its text.
func groundText(x *ctx, m mandates.Mandate) string {
	return x.T("partner.take.ground", m.ID, hex.EncodeToString(m.Text))
}

// take delivers: computed anew, recorded, and only then answered (D9, L18). The
// file is like the API's: whoever has it can prove where it came from.
func (p *partners) take(x *ctx, ending, contentType string, write func(*bytes.Buffer, mandates.Mandate, metering.Series) error) error {
	m, err := p.mine(x)
	if err != nil {
		return err
	}
	l, _, err := nth(x.param("n"), m)
	if err != nil {
		return err
	}
	q, err := wanted(x, m.Scope)
	if err != nil {
		return p.showPoint(x, err)
	}
	d, err := p.Mandates.Hand(x.context(), p.PartnerDeps.History, x.by(), x.guest().PartnerID, m.ID, mandates.Asked{EAN: l.EAN, Query: q,
		Render: func(s metering.Series) ([]byte, error) {
			var b bytes.Buffer
			err := write(&b, m, s)
			return b.Bytes(), err
		}})
	if portal.CodeOf(err) == portal.Denied {
		return p.showPoint(x, err)
	}
	if err != nil {
		return err
	}
	var file []byte
	if ending == "json" {
		file, err = api.Write(d, p.Signer)
	} else {
		file, err = api.WriteText(d, p.Signer, ending == "csv")
	}
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="guichet-`+string(d.Series.Energy)+"-"+string(d.Series.Grain)+"."+ending+`"`)
	x.send(http.StatusOK, contentType, file)
	return nil
}

// wanted reads grain and period; To is the last day, as the form says.
func wanted(x *ctx, s mandates.Scope) (q metering.Query, err error) {
	var problems portal.Problems
	for _, g := range grainsOf(s) {
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
