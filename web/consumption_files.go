package web

import (
	"bytes"
	"net/http"
	"strings"

	"guichet/lookup"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/web/letter"
	"guichet/web/ui/layout"
)

// files are the other forms of a selection; CSV and JSON stand beside them.
func (sel selection) files(x *ctx) []layout.Link {
	return []layout.Link{
		{Text: x.T("consumption.xml"), Href: x.path("/consumption.xml") + sel.values()},
		{Text: x.T("consumption.pdf"), Href: x.path("/consumption.pdf") + sel.values()},
		{Text: x.T("consumption.html"), Href: x.path("/consumption.html") + sel.values()},
	}
}

// consumptionXML is the same selection as ESPI 4.0.
func (s *site) consumptionXML(x *ctx) error {
	return s.download(x, "xml", "application/atom+xml; charset=utf-8", func(b *bytes.Buffer, series metering.Series) error {
		return exchange.WriteESPI(b, series, feedWords(x, series))
	})
}

func feedWords(x *ctx, series metering.Series) exchange.FeedWords {
	words := exchange.FeedWords{
		Mark: x.T("confidential.mark"), Title: unbroken(x.T("consumption.title." + string(series.Energy))),
		Author: x.s.Contact.Operator, Made: x.now, Registers: map[metering.Register]string{},
	}
	for _, r := range metering.Registers {
		words.Registers[r] = unbroken(x.T("register." + string(r)))
	}
	return words
}

// consumptionPDF is the page's selection as a letter to keep: like the page
// it is bounded, as nobody prints three years of hours.
func (s *site) consumptionPDF(x *ctx) error {
	h, name, err := s.history(x, audit.HistoryTaken)
	if err != nil {
		return err
	}
	pdf, err := h.PDF(s.house())
	if err != nil {
		return err
	}
	x.header("Content-Disposition", `attachment; filename="`+name+`.pdf"`)
	x.send(http.StatusOK, "application/pdf", pdf)
	return nil
}

// consumptionLetter is the accessible twin of the PDF (D18).
func (s *site) consumptionLetter(x *ctx) error {
	h, _, err := s.history(x, audit.HistoryShown)
	if err != nil {
		return err
	}
	page, err := h.Page(s.house())
	if err != nil {
		return err
	}
	x.send(http.StatusOK, "text/html; charset=utf-8", page)
	return nil
}

func (c Common) house() letter.House {
	return letter.House{BaseURL: c.BaseURL, CallCentre: c.Contact.Phone, Operator: c.Contact.Operator, Contact: c.Contact.Privacy, Account: c.Account}
}

// history is the selection in words, once its disclosure is recorded (L18).
func (s *site) history(x *ctx, action audit.Action) (letter.Paper, string, error) {
	sel, pass, err := x.selected()
	if err != nil {
		return letter.Paper{}, "", err
	}
	sel.query = bounded(sel.query)
	series, err := s.disclose(x, sel, pass, action)
	if err != nil {
		return letter.Paper{}, "", err
	}
	return historyLetter(x, sel, pass, series), "guichet-" + string(series.Energy) + "-" + string(series.Grain), nil
}

// historyLetter takes the page's own words, so that the two cannot differ.
func historyLetter(x *ctx, sel selection, pass lookup.Pass, series metering.Series) letter.Paper {
	s := newSpeaker(x, shown{sel: sel, pass: pass, series: series})
	t := s.table(sel)
	h := letter.Paper{
		Language: x.Lang, Title: unbroken(x.T("consumption.title." + string(pass.Point.Energy))), Made: x.T("csv.made", x.Date(x.now)),
		Paragraphs: []string{lead(x, pass), x.T("consumption.point", together(series.EAN.Masked()))},
		Empty:      strings.Join(s.empty(), " "), Notes: s.remarks("note.cut.words"),
		Back: letter.Back{Text: x.T("history.back"), Href: x.path("/consumption") + sel.values()},
	}
	if len(series.Points) > 0 && series.Grain.Fine() {
		h.Caption = x.T("history.caption-day", x.Date(series.Period.From))
	} else if len(series.Points) > 0 {
		h.Caption = s.spanning("history.caption")
	}
	for _, c := range t.Columns {
		h.Columns = append(h.Columns, letter.Column{Text: c.Text, Numeric: c.Numeric})
	}
	for _, r := range t.Rows {
		cells := []string{r.Head}
		for _, c := range r.Cells {
			cells = append(cells, c.Text)
		}
		h.Rows = append(h.Rows, cells)
	}
	return h
}
