package letter

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/web/i18n"
)

// renderMandate writes the letter that tells a customer that somebody may have
// their consumption on a mandate, from when on, and how to say yes or no (D8).
func renderMandate(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data mandates.Letter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	_, door := h.door(l.Language)
	when := c.T("letter.mandate.waits")
	switch {
	case data.Proven:
		when = c.T("letter.mandate.proven")
	case data.Confirmed:
		when = c.T("letter.mandate.confirmed")
	}
	p := newPaper(c, l)
	p.Title = c.T("letter.mandate")
	p.Paragraphs = []string{
		c.T("letter.mandate.who", data.Mandatary, c.Apart(data.At)),
		c.T("letter.mandate.what", KindWords(c, data.Kinds), DataWords(c, portal.Period{From: data.DataFrom, To: data.DataTo}), unended(data.Purpose),
			lastDay(c, data.Until), data.Mandate),
		when, c.T("letter.mandate.revoke", door, h.CallCentre), c.T("letter.mandate.contact", data.Mandatary, data.Contact),
	}
	return p.post(h)
}

// Mandate is the document that a customer signs: one text, whose hash it
// prints, in the customer's language (D8, D9, Ld4).
func Mandate(m mandates.Mandate, to mandates.Mandatary, made time.Time, h House) Paper {
	c := i18n.For(m.Language)
	_, door := h.door(m.Language)
	who := m.Mandator
	mandator := who.Name
	if who.CompanyNumber != "" {
		mandator += " (" + portal.FormatCompanyNumber(who.CompanyNumber) + ")"
	}
	mandator += ", " + who.Street + ", " + who.Postcode + " " + who.Town
	capacity := c.T("mandate.capacity." + string(who.Capacity))
	if who.SignedBy != "" {
		capacity = c.T("mandate.capacity.by", who.SignedBy, capacity)
	}
	p := Paper{Language: m.Language, Made: c.Date(made), Title: c.T("mandate.doc.title"),
		Paragraphs: []string{
			c.T("mandate.doc.mandator", mandator, capacity),
			c.T("mandate.doc.mandatary", to.Name, portal.FormatCompanyNumber(to.CompanyNumber), to.Contact),
			c.T("mandate.doc.gives", h.Operator),
			c.T("mandate.doc.kinds", KindWords(c, m.Scope.Kinds)),
			c.T("mandate.doc.data", DataWords(c, m.Scope.Data)),
			c.T("mandate.doc.valid", c.Date(m.Scope.Validity.From), lastDay(c, m.Scope.Validity.To)),
			c.T("mandate.doc.purpose", unended(m.Scope.Purpose)),
		},
		Caption: c.T("mandate.doc.points"), Columns: []Column{{Text: c.T("mandate.doc.no"), Numeric: true}, {Text: c.T("csv.ean")}},
	}
	if m.Scope.Once {
		p.Paragraphs = append(p.Paragraphs, c.T("mandate.doc.once"))
	}
	for i, l := range m.Lines {
		p.Rows = append(p.Rows, []string{strconv.Itoa(i + 1), spaced(string(l.EAN))})
	}
	p.After = []string{
		c.T("mandate.doc.rights", door, h.CallCentre), c.T("mandate.doc.told"),
		c.T("mandate.doc.place"), c.T("mandate.doc.signature", who.Name),
		c.T("mandate.doc.bound", m.ID, strconv.FormatInt(m.Version, 10), grouped(hex.EncodeToString(m.Text))),
	}
	p.CodeText = c.T("mandate.doc.code")
	p.Code = "guichet-mandate:" + m.ID + ":" + strconv.FormatInt(m.Version, 10) + ":" + hex.EncodeToString(m.Text)
	return p
}

// unended is a sentence without its full stop, which ours has.
func unended(s string) string { return strings.TrimRight(s, ". ") }

// grouped lets a long number break at the end of a line.
func grouped(s string) string {
	var parts []string
	for ; len(s) > 8; s = s[8:] {
		parts = append(parts, s[:8])
	}
	return strings.Join(append(parts, s), " ")
}

// spaced writes an EAN in groups, whole: the one who signs must know which
// point it is; only the mandatary's own document has it.
func spaced(ean string) string {
	if len(ean) != 18 {
		return ean
	}
	return ean[:2] + "\u00a0" + ean[2:6] + "\u00a0" + ean[6:10] + "\u00a0" + ean[10:14] + "\u00a0" + ean[14:]
}

// KindWords names the kinds of data of a mandate.
func KindWords(c *i18n.Catalog, kinds []mandates.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = c.T("mandate.kind." + string(k))
	}
	return c.Apart(words)
}

// DataWords tells of which period the consumption is.
func DataWords(c *i18n.Catalog, p portal.Period) string {
	if p.To.IsZero() {
		return c.T("mandates.data-open", c.Date(p.From))
	}
	return c.T("mine.between", c.Date(p.From), lastDay(c, p.To))
}

// lastDay writes the last whole day before a border.
func lastDay(c *i18n.Catalog, border time.Time) string {
	return c.Date(border.In(portal.Brussels).AddDate(0, 0, -1))
}
