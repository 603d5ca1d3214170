package web

import (
	"slices"
	"strings"

	"guichet/lookup"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"
)

// The ways to meet the first challenge (D18), as forms and addresses name
// them; the default first. Another one needs: draw, gateView, ways, texts.
const (
	byPicture = "picture"
	bySound   = "sound"
	byWork    = "work" // for scripts only, and only in the gate's first step
)

var choices = []string{byPicture, bySound, byWork}

// chosen reads a choice, the default for anything else.
func chosen(s string) string {
	if slices.Contains(choices, s) {
		return s
	}
	return byPicture
}

// choice is how the next form asks: as the visitor chose now, or before, as
// far as the gate leaves the choice. Of a change only its form counts.
func (x *ctx) choice(ask lookup.Ask) string {
	way := x.field("do")
	switch {
	case x.form == nil:
		way = x.query("with")
	case !slices.Contains(choices, way):
		way = x.field("with")
	}
	if way = chosen(way); way == byWork && ask != (lookup.Ask{}) {
		return byPicture
	}
	return way
}

// asksSecond tells whether a form comes with a second captcha. Where work is
// asked it is for browsers without scripts, and nobody knows which those are
// until they have posted.
func asksSecond(ask lookup.Ask) bool { return ask.Work }

// fault is what a page of the gate says went wrong.
type fault struct {
	summary component.Summary
	fields  map[string]string
	code    bool   // it offers the letter code, whatever the form asked
	same    string // its name where it says the same to everybody in one language
	sure    string // nothing is wrong: these readings are to be confirmed
}

// refusedView is the one failure (G5).
func refusedView(x *ctx, n numbers) *fault {
	return &fault{same: "refused", summary: component.Summary{
		Title: x.T("gate.refused.title"),
		Paragraphs: []string{
			x.T(n.words.refused),
			x.T(n.words.closed, x.s.Contact.Phone, x.T("site.hours")),
		},
	}}
}

// uncountedView is the one page of a try that a limit refused, whichever it
// was: it says that nothing was compared, and that the letter code helps (G7).
func uncountedView(x *ctx, n numbers) *fault {
	return &fault{same: "uncounted", code: n.lettered(), summary: component.Summary{
		Title: x.T("gate.uncounted.title"),
		Paragraphs: []string{
			x.T("gate.uncounted.why"),
			x.T(n.words.onward),
			x.T("gate.uncounted.call", x.s.Contact.Phone, x.T("site.hours")),
		},
	}}
}

// problemsView names each field that could not be an attempt. A captcha's
// problem has words of its own where it was heard, or was the second.
func problemsView(x *ctx, problems lookup.Problems) *fault {
	f := &fault{fields: map[string]string{}}
	for _, p := range problems {
		key := "error." + p.Key
		if p.Field == "captcha2" {
			key += ".second"
		} else if chosen(x.field("with")) == bySound && x.Has(key+".sound") {
			key += ".sound"
		}
		text := x.T(key, p.Args...)
		f.fields[p.Field] = text
		f.summary.Fields = append(f.summary.Fields, component.FieldLink{Name: p.Field, Text: text})
	}
	f.summary.Title = x.N("gate.errors", len(problems))
	return f
}

// gateView is the form as one visitor sees it. What it asks depends on the
// choice, on ask and on the request, never on how an attempt went (T6), but
// for the letter code, which the page of an uncounted try offers. Whatever else
// it comes to depend on belongs into face.
func gateView(x *ctx, n numbers, f *fault, choice string, ask lookup.Ask, own ownWords) public.Gate {
	phone, hours, d := x.s.Contact.Phone, x.T("site.hours"), own.drawn
	if f == nil {
		f = &fault{}
	}
	code := x.offersCode(n, f, ask)
	x.at = n.path
	if choice != byPicture {
		x.at += "?with=" + choice
	}
	v := public.Gate{
		Base:      x.base(x.T(n.words.title)),
		Action:    x.path(n.path),
		Lead:      x.T(n.words.lead),
		Submit:    x.T(n.words.submit),
		Works:     n.kind == lookup.ByWorks,
		Form:      d.form,
		Choice:    choice,
		Call:      x.T("gate.ways.call", phone, hours),
		NoLetter:  layout.Link{Text: x.T("no-letter.title"), Href: x.path("/letter")},
		NewLetter: x.T(n.words.none, phone, hours),
		Ways:      ways(x, choice, ask),
		Reference: component.Field{Name: n.number, Label: x.T(n.words.number), Hint: x.T(n.words.numberHint), Value: own.number, Error: f.fields[n.number]},
		Digits:    component.Field{Name: n.secret, Label: x.T(n.words.secret), Hint: x.T(n.words.secretHint), Class: n.width, Error: f.fields[n.secret]},
	}
	if n.home != "" {
		v.Home = x.path(n.home)
	}
	if len(f.summary.Title) > 0 {
		v.Error, v.Summary = true, &f.summary
	}
	if d.second != "" {
		v.Lead = x.T(n.words.more)
	}
	if ask.LetterCode && !n.lettered() {
		v.Lead = x.T(n.words.onward)
	}
	if code {
		v.Lead = x.T("gate.lead.code")
		v.LetterCode = &component.Field{Name: "letter_code", Label: x.T("gate.code"), Hint: x.T("gate.code.hint"), Letters: true, Class: "w8", Error: f.fields["letter_code"]}
	}
	if d.captcha != "" {
		v.First = captchaView(x, choice, d.captcha, "captcha", f)
	}
	if d.second != "" {
		v.Second = captchaView(x, choice, d.second, "captcha2", f)
	}
	if d.work != "" {
		v.Work = &public.Work{Challenge: d.work, Why: x.T("gate.work.more"), Error: f.fields["altcha"]}
	}
	if choice == byWork {
		v.Lead, v.Work.Why = x.T(n.words.work), x.T("gate.work.first")
	}
	return v
}

// offersCode tells whether the form has a field for the letter code. Who sent
// one once goes on seeing it.
func (x *ctx) offersCode(n numbers, f *fault, ask lookup.Ask) bool {
	return n.lettered() && (ask.LetterCode || f != nil && f.code || x.form.Has("letter_code"))
}

// captchaView is the six digits of a challenge, to be seen or heard.
func captchaView(x *ctx, choice, id, field string, f *fault) *public.Captcha {
	c := &public.Captcha{ID: id, Digits: component.Field{Name: field, Class: "w6", Error: f.fields[field]}}
	if choice == bySound {
		c.Digits.Label, c.Digits.Hint = x.T("gate.sound"), x.T("gate.sound.hint")
		c.Sound, c.Name = "/captcha/"+id+".wav?lang="+string(x.Lang), x.T("gate.sound.player")
	} else {
		c.Digits.Label, c.Digits.Hint = x.T("gate.captcha"), x.T("gate.captcha.hint")
		c.Picture, c.Name = "/captcha/"+id+".png", x.T("gate.captcha.image")
	}
	if field == "captcha2" {
		c.Digits.Label, c.Digits.Hint = x.T("gate.second."+choice), x.T("gate.second.why")
		c.Name = x.T("gate.second.name." + choice)
	}
	return c
}

// ways are the buttons that draw the form anew: the same way with another
// challenge first, then the others that are open.
func ways(x *ctx, choice string, ask lookup.Ask) []public.Way {
	var list []public.Way
	if choice != byWork {
		list = append(list, public.Way{Choice: choice, Text: x.T("gate.again." + choice)}) // work needs none
	}
	for _, c := range choices {
		if c != choice && (c != byWork || ask == (lookup.Ask{})) {
			list = append(list, public.Way{Choice: c, Text: x.T("gate.ways." + c), Scripted: c == byWork})
		}
	}
	return list
}

// typed bounds what is written back into the form.
func typed(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}
