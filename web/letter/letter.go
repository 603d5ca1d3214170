// Package letter decides how letters look: one A4 page as PDF for the printer
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
	Contact    string // mail address of the contact point for data protection (S5)
}

// Late is what a letter tells that is read when it leaves, not when it is
// queued; nil for letters that carry everything themselves.
type Late struct {
	Point  registry.AccessPoint
	Series metering.Series
}

// Render writes a letter as PDF and as HTML. A new kind needs a case here.
func Render(l outbox.Letter, late *Late, h House) (pdf, html []byte, err error) {
	var form interface {
		pdf() ([]byte, error)
		html() ([]byte, error)
	}
	switch {
	case l.Kind == outbox.References:
		form, err = referencesView(l, h)
	case l.Kind == outbox.History && late != nil:
		form = newHistory(l, late.Point, late.Series, h)
	case l.Kind == outbox.Answer:
		form, err = newAnswer(l, h)
	default:
		err = fmt.Errorf("no letter of kind %q is known", l.Kind)
	}
	if err != nil {
		return nil, nil, err
	}
	if pdf, err = form.pdf(); err != nil {
		return nil, nil, err
	}
	html, err = form.html()
	return pdf, html, err
}

func referencesView(l outbox.Letter, h House) (view, error) {
	var data registry.ReferenceLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return view{}, fmt.Errorf("letter's data cannot be read")
	}
	if n := len(data.Lines); n < 1 || n > 2 {
		return view{}, fmt.Errorf("letter has %d meters; a page carries one or two", n)
	}
	return newView(l, data, h), nil
}

// view is a letter in words, the same for both forms.
type view struct {
	Lang                      string
	Operator, Confidential    string
	To                        []string
	Date, Title, Intro        string
	HelpTitle, Help, Hours    string
	Phone                     string
	Boxes                     []box
	StepsTitle                string
	Steps                     []string
	Address                   string // shown: without https://
	URL                       string
	MeterCaption, MeterPlate  string
	ReferenceIs, MeterIs      string
	DigitsIs, CodeIs, CodeHow string
	Contact, Keep             string
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

func newView(l outbox.Letter, data registry.ReferenceLetter, h House) view {
	c := i18n.For(l.Language)
	link := h.BaseURL + "/" + string(l.Language) + "/lookup"
	shown := link
	if u, err := url.Parse(link); err == nil {
		shown = u.Host + u.Path
	}
	v := view{
		Lang: string(l.Language), Operator: h.Operator, Confidential: c.T("letter.confidential"),
		Date: c.Date(l.QueuedAt), Title: c.T("letter.title"), Intro: c.T("letter.intro"),
		HelpTitle: c.T("letter.help.title"), Help: c.T("letter.help.text"), Hours: c.T("letter.help.hours"), Phone: h.CallCentre,
		StepsTitle: c.T("letter.steps.title"), Address: shown, URL: link,
		MeterCaption: c.T("letter.meter.where"), MeterPlate: c.T("letter.meter.plate"),
		ReferenceIs: c.T("letter.reference"), MeterIs: c.T("letter.meter"), DigitsIs: c.T("letter.digits"),
		CodeIs: c.T("letter.code"), CodeHow: c.T("letter.code.how"),
		Contact: c.T("letter.contact", h.Contact), Keep: c.T("letter.keep"),
	}
	v.Steps = []string{c.T("letter.steps.open"), c.T("letter.steps.type"), c.T("letter.steps.see")}
	v.To = window(l.To)
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
