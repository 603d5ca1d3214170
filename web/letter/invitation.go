package letter

import (
	"encoding/json"
	"errors"

	"guichet/mandates/partner"
	"guichet/portal/outbox"
	"guichet/web/i18n"
)

// renderInvitation writes the letter with which an approved partner's first
// person sets up their account.
func renderInvitation(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data partner.Letter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	p := newPaper(c, l)
	p.Title = c.T("letter.invitation")
	p.Paragraphs = []string{
		c.T("letter.invitation.who", data.Organisation, data.Person),
		c.T("letter.invitation.login", data.Login), c.T("letter.invitation.code", data.Code),
		c.T("letter.invitation.how", h.BaseURL+"/"+string(l.Language)+"/partner/set-up", c.Date(data.Until)),
		c.T("letter.invitation.not-you", h.CallCentre),
	}
	return p.post(h)
}
