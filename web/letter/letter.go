// Package letter decides how letters look: A4 pages as PDF for the printer
// and the same words as an accessible HTML page, in the person's language, set
// in 14 points, with the confidentiality mark as text (L20), how to get help
// first and the contact point for data protection (S5, D18). It protects what
// letters carry: nothing of them is logged, and the Clerk's files are readable
// by their owner alone.
package letter

import (
	"encoding/json"
	"fmt"
	"net/url"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/i18n"
)

// House is who writes: what every letter prints of the operator.
type House struct {
	BaseURL    string // the portal's address, without a slash at its end
	CallCentre string // telephone number
	Operator   string
	Contact    string         // mail address of the contact point for data protection (S5)
	Account    portal.Account // for payments of works; empty: it stands on the invoice
}

// Late is what a letter tells that is read when it leaves, not when it is
// queued; nil for letters that carry everything themselves.
type Late struct {
	Point  registry.AccessPoint
	Series metering.Series
}

// Render writes a letter as PDF and as HTML. A new kind needs a case here.
func Render(l outbox.Letter, late *Late, h House) (pdf, html []byte, err error) {
	switch {
	case l.Kind == outbox.References:
		return renderReferences(l, h)
	case l.Kind == outbox.Detail:
		return renderDetail(l, h)
	case l.Kind == outbox.Mandate:
		return renderMandate(l, h)
	case l.Kind == outbox.Invitation:
		return renderInvitation(l, h)
	case l.Kind == outbox.WorksReceipt:
		p, err := worksReceipt(l, h)
		if err != nil {
			return nil, nil, err
		}
		return p.post(h)
	case l.Kind == outbox.WorksNews:
		p, err := worksNews(l, h)
		if err != nil {
			return nil, nil, err
		}
		return p.post(h)
	case l.Kind == outbox.WorksDigest:
		p, err := worksDigest(l, h)
		if err != nil {
			return nil, nil, err
		}
		return p.post(h)
	case l.Kind == outbox.History && late != nil:
		return newHistory(l, late.Point, late.Series).post(h)
	case l.Kind == outbox.Answer:
		return renderAnswer(l, h)
	}
	return nil, nil, fmt.Errorf("no letter of kind %q is known", l.Kind)
}

func renderReferences(l outbox.Letter, h House) (pdf, html []byte, err error) {
	var data registry.ReferenceLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return nil, nil, fmt.Errorf("letter's data cannot be read")
	}
	if n := len(data.Lines); n < 1 || n > 2 {
		return nil, nil, fmt.Errorf("letter has %d meters; a page carries one or two", n)
	}
	v := newView(l, data, h)
	if pdf, err = v.pdf(); err != nil {
		return nil, nil, err
	}
	html, err = v.html()
	return pdf, html, err
}

// view is the letter with references in words, the same for both forms.
type view struct {
	letterhead
	To                        []string
	Date, Title, Intro        string
	Boxes                     []box
	StepsTitle                string
	Steps                     []string
	Address                   string // shown: without https://
	URL                       string
	MeterCaption, MeterPlate  string
	ReferenceIs, MeterIs      string
	DigitsIs, CodeIs, CodeHow string
	Keep                      string
}

// box is one meter's part of the letter.
type box struct {
	Energy, Supply      string
	Reference           string
	Before, Four, After string // the meter number around its four digits; Four alone where they do not stand together
	Apart               bool   // the digits do not stand together in the number
	Code                string
	Gas                 bool
}

// letterhead is what every letter has around its own words.
type letterhead struct {
	Lang, Operator, Confidential string
	HelpTitle, Help, Hours       string
	Phone, Contact               string
	Holder                       string // whom it is for, where the fonts cannot set the name
}

func (h House) head(c *i18n.Catalog, lang portal.Language) letterhead {
	return letterhead{Lang: string(lang), Operator: h.Operator, Confidential: c.T("letter.confidential"),
		HelpTitle: c.T("letter.help.title"), Help: c.T("letter.help.text"), Hours: c.T("letter.help.hours"), Phone: h.CallCentre,
		Contact: c.T("letter.contact", h.Contact), Holder: c.T("letter.holder")}
}

// door is the gate's address in a language, and how it is printed: without https://.
func (h House) door(lang portal.Language) (link, shown string) {
	link = h.BaseURL + "/" + string(lang) + "/lookup"
	if u, err := url.Parse(link); err == nil {
		return link, u.Host + u.Path
	}
	return link, link
}

func newView(l outbox.Letter, data registry.ReferenceLetter, h House) view {
	c := i18n.For(l.Language)
	v := view{letterhead: h.head(c, l.Language), Date: c.Date(l.QueuedAt), To: window(l.To)}
	v.URL, v.Address = h.door(l.Language)
	v.Title, v.Intro, v.StepsTitle = c.T("letter.title"), c.T("letter.intro"), c.T("letter.steps.title")
	v.MeterCaption, v.MeterPlate = c.T("letter.meter.where"), c.T("letter.meter.plate")
	v.ReferenceIs, v.MeterIs, v.DigitsIs = c.T("letter.reference"), c.T("letter.meter"), c.T("letter.digits")
	v.CodeIs, v.CodeHow, v.Keep = c.T("letter.code"), c.T("letter.code.how"), c.T("letter.keep")
	v.Steps = []string{c.T("letter.steps.open"), c.T("letter.steps.type"), c.T("letter.steps.see")}
	if data.Ground != "" {
		v.Title, v.Intro = c.T("letter.ground.title"), c.T("letter.ground."+string(data.Ground))
	}
	for _, line := range data.Lines {
		b := box{Energy: c.T("letter.energy.electricity"), Supply: line.Supply, Reference: line.Reference,
			Four: line.Digits, Code: line.LetterCode, Gas: line.Energy == portal.Gas}
		if b.Gas {
			b.Energy = c.T("letter.energy.gas")
		}
		if at := line.DigitsAt; at >= 0 && at+len(line.Digits) <= len(line.MeterNumber) {
			b.Before, b.After = line.MeterNumber[:at], line.MeterNumber[at+len(line.Digits):]
		} else {
			b.Before, b.Apart = line.MeterNumber, true
		}
		v.Boxes = append(v.Boxes, b)
	}
	return v
}
