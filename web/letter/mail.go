package letter

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"guichet/portal/outbox"
	"guichet/web/i18n"

	"github.com/wneessen/go-mail"
)

// Mail writes a letter as a mail: plain text, and the page as its twin. A kind
// that may go by mail needs a case here; nothing of a reference ever does.
func Mail(l outbox.Letter, h House) (*mail.Msg, error) {
	var p Paper
	var err error
	switch l.Kind {
	case outbox.WorksReceipt:
		p, err = worksReceipt(l, h)
	case outbox.WorksNews:
		p, err = worksNews(l, h)
	case outbox.WorksDigest:
		p, err = worksDigest(l, h)
	default:
		err = fmt.Errorf("no mail of kind %q is known", l.Kind)
	}
	if err != nil {
		return nil, err
	}
	p.To = nil // an envelope has no place in a mail
	html, err := p.alone(h)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.To(l.Mail); err != nil {
		return nil, fmt.Errorf("the mail address cannot be written to")
	}
	m.Subject(p.Title)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no machine answers it
	m.SetGenHeader("Content-Language", string(l.Language))
	m.SetBodyString(mail.TypeTextPlain, p.text(h))
	m.AddAlternativeString(mail.TypeTextHTML, string(html))
	return m, nil
}

// stamp says who writes and when. A second sending after a crash has the same
// id, so that a mailbox can tell it is the same.
func stamp(m *mail.Msg, l outbox.Letter, h House, from string, now time.Time) error {
	if err := m.FromFormat(h.Operator, from); err != nil {
		return fmt.Errorf("MAIL_FROM: %w", err)
	}
	host := "guichet"
	if u, err := url.Parse(h.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	m.SetMessageIDWithValue(l.ID + "@" + host)
	m.SetDateWithValue(now)
	return nil
}

// text is the letter's words as they read without any form.
func (p Paper) text(house House) string {
	v, c := p.view(house), i18n.For(p.Language)
	parts := []string{v.Operator + " – " + v.Confidential, p.Made, p.Title}
	parts = append(parts, p.Paragraphs...)
	var table []string
	for _, row := range p.Rows {
		if len(row) == 2 && p.Columns[1].Numeric { // what, and how much
			table = append(table, c.T("partner.problem", row[0], row[1]))
			continue
		}
		for i, cell := range row {
			table = append(table, c.T("partner.problem", p.Columns[i].Text, cell))
		}
	}
	if len(table) > 0 {
		parts = append(parts, p.Caption+"\n"+strings.Join(table, "\n"))
	}
	parts = append(parts, p.After...)
	parts = append(parts, p.Notes...)
	parts = append(parts, v.HelpTitle+"\n"+v.Phone+"\n"+v.Hours+"\n"+v.Help, v.Contact)
	return strings.Join(parts, "\n\n") + "\n"
}
