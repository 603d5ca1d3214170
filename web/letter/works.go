package letter

import (
	"encoding/json"
	"errors"
	"strings"

	"guichet/portal/outbox"
	"guichet/web/i18n"
	"guichet/works"
)

// worksReceipt writes what a requester keeps: number and code of their request
// (D10), and what is missing until when (W5).
func worksReceipt(l outbox.Letter, h House) (Paper, error) {
	var data works.ReceiptLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return Paper{}, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	p := newPaper(c, l)
	p.Title = c.T("letter.works")
	p.Paragraphs = []string{c.T("letter.works.what", c.Date(data.MadeAt), c.T("works.kind."+string(data.Kind)), c.T("energy."+string(data.Energy)))}
	p.Caption = c.T("letter.works.table")
	p.Columns = []Column{{Text: c.T("works.made.number")}, {Text: c.T("works.made.code")}}
	p.Rows = [][]string{{worksNumber(data.Number), data.Code}}
	if len(data.Missing) > 0 {
		words := make([]string, len(data.Missing))
		for i, m := range data.Missing {
			if words[i] = "works.field." + m; !c.Has(words[i]) {
				words[i] = "works.document." + m
			}
			words[i] = c.T(words[i])
		}
		p.After = append(p.After, c.T("letter.works.missing", strings.Join(words, ", "), c.Date(data.MissingBy)))
	}
	p.After = append(p.After, c.T("letter.works.how", h.BaseURL+"/"+string(l.Language)+"/works/lookup"), c.T("letter.works.not-you", h.CallCentre))
	return p, nil
}

// worksNumber groups a request's number.
func worksNumber(n string) string {
	if len(n) != works.NumberLength {
		return n
	}
	return n[:2] + "\u00a0" + n[2:6] + "\u00a0" + n[6:]
}
