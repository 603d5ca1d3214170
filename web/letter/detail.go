package letter

import (
	"encoding/json"
	"errors"
	"strings"

	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/web/i18n"
)

// renderDetail writes the letter that tells that detail finer than daily was
// chosen or withdrawn, and what to do where it was somebody else (D5).
func renderDetail(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data metering.DetailLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	_, door := h.door(l.Language)
	v := newPaper(c, l)
	v.Paragraphs = []string{c.T("letter.detail.point", c.T("letter.energy."+string(data.Energy)), data.Supply, strings.ReplaceAll(data.EAN, " ", "\u00a0"))}
	if data.Chosen {
		v.Title = c.T("letter.detail.chosen")
		v.Paragraphs = append(v.Paragraphs, c.T("letter.detail.chosen.what", c.Date(metering.DateOf(data.From))),
			c.T("letter.detail.chosen.how"), c.T("letter.detail.chosen.end", door))
	} else {
		v.Title = c.T("letter.detail.withdrawn")
		v.Paragraphs = append(v.Paragraphs, c.T("letter.detail.withdrawn.what", v.Made), c.T("letter.detail.withdrawn.again"))
	}
	v.Paragraphs = append(v.Paragraphs, c.T("letter.detail.not-you", h.CallCentre))
	return v.post(h)
}
