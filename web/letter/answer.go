package letter

import (
	"encoding/json"
	"errors"

	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/i18n"
)

// renderAnswer writes the letter that tells what was decided on a rectification (S4).
func renderAnswer(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data registry.AnswerLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	v := newPaper(c, l)
	v.Title = c.T("letter.answer.title")
	v.Paragraphs = []string{
		c.T("letter.answer.asked", c.Date(data.AskedAt), c.T("rectify.field."+string(data.Field))),
		c.T("letter.answer." + string(data.Decision)),
	}
	if data.Words != "" {
		v.Paragraphs = append(v.Paragraphs, c.T("letter.answer.words"), data.Words)
	}
	v.Paragraphs = append(v.Paragraphs, c.T("letter.answer.appeal", h.Contact))
	return v.post(h)
}
