package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/web/ui/component"
	"guichet/web/ui/layout"
	"guichet/web/ui/page/public"

	"github.com/ulule/limiter/v3"
)

// LetterRequests keeps what somebody without letter typed; registry.Requests.
type LetterRequests interface {
	// Ask reads nothing of the register (G13); its only error is Unavailable.
	Ask(ctx context.Context, ean portal.EAN) error
}

// Solver takes a challenge's answer, once; challenge.Service.
type Solver interface {
	Take(ctx context.Context, id string, answer keys.Secret) error
}

// LetterDeps is what "I have no letter" needs.
type LetterDeps struct {
	Requests LetterRequests
	Solver   Solver
	// A day's requests of one source, and of its network (/24 or /56).
	ADay, ADayNetwork int64
	// ADayAll is how many letters leave in a day; who asks after as many others
	// did is told that theirs may leave later. Requests are counted and not
	// letters, so that it tells nothing of the register (G13).
	ADayAll int64
	// WorkingDays is within how many a letter leaves, as the page promises.
	WorkingDays int
}

// letterDesk is the handlers of "I have no letter".
type letterDesk struct {
	*site
	requests *limits
	all      []window
}

func newLetterDesk(s *site) *letterDesk {
	return &letterDesk{s, newDayLimits(s.PublicDeps.Limits, "letter", s.Letters.ADay, s.Letters.ADayNetwork),
		dayWindow(s.PublicDeps.Limits, "letter:all:day:", s.Letters.ADayAll)}
}

// empty shows the form.
func (d *letterDesk) empty(x *ctx) error {
	if err := d.draws.spend(x); err != nil {
		return err
	}
	return d.show(x, http.StatusOK, nil)
}

// ask takes a request. What it answers depends on the form's own faults and on
// who asks how often, never on the register: known, unknown, vacant, just sent
// are the same bytes (G13).
func (d *letterDesk) ask(x *ctx) error {
	if err := d.draws.spend(x); err != nil {
		return err
	}
	if slices.Contains(choices, x.field("do")) {
		return d.show(x, http.StatusOK, nil)
	}
	ean, problems := typedEAN(x.field("ean"))
	if err := d.Letters.Solver.Take(x.context(), x.field("captcha_id"), x.secret("captcha")); err != nil {
		var e *portal.Error
		if !errors.As(err, &e) || e.Code != portal.Invalid {
			return err
		}
		problems = append(problems, e)
	}
	if len(problems) > 0 {
		return d.show(x, refusedStatus, problemsView(x, problems))
	}
	err := d.requests.spend(x)
	if portal.CodeOf(err) == portal.TooMany {
		return d.show(x, http.StatusTooManyRequests, tooManyLettersView(x))
	}
	if err != nil {
		return err
	}
	many := each(x.context(), d.all, "", (*limiter.Limiter).Get)
	if many != nil && portal.CodeOf(many) != portal.TooMany {
		return many
	}
	if err := d.Letters.Requests.Ask(x.context(), ean); err != nil {
		return err
	}
	if many != nil {
		return x.redirect(x.path("/letter/asked?later=1"))
	}
	return x.redirect(x.path("/letter/asked"))
}

func typedEAN(text string) (portal.EAN, lookup.Problems) {
	if strings.TrimSpace(text) == "" {
		return "", lookup.Problems{{Code: portal.Invalid, Key: "ean.empty", Field: "ean"}}
	}
	ean, err := portal.ParseEAN(text)
	var e *portal.Error
	if errors.As(err, &e) {
		return "", lookup.Problems{e}
	}
	return ean, nil
}

// show draws the form with a fresh picture; the EAN that was typed stays.
func (d *letterDesk) show(x *ctx, status int, f *fault) error {
	captcha, err := d.Challenges.Draw(x.context())
	if err != nil {
		return err
	}
	return x.show(status, public.NoLetterPage(noLetterView(x, f, captcha)))
}

// seenOrHeard leaves the choice between a picture and a sound: a letter costs
// more than a browser's work.
var seenOrHeard = lookup.Ask{Work: true}

func noLetterView(x *ctx, f *fault, captcha string) public.NoLetter {
	phone, hours := x.s.Contact.Phone, x.T("site.hours")
	choice := x.choice(seenOrHeard)
	x.at = "/letter"
	if choice != byPicture {
		x.at += "?with=" + choice
	}
	v := public.NoLetter{
		Base:   x.base(x.T("no-letter.title")),
		Action: x.path("/letter"),
		Choice: choice,
		Ways:   ways(x, choice, seenOrHeard),
		Call:   x.T("gate.ways.call", phone, hours),
		Note:   x.T("no-letter.note", phone, hours),
		EAN:    component.Field{Name: "ean", Label: x.T("no-letter.ean"), Hint: x.T("no-letter.ean.hint"), Value: typed(x.field("ean")), Class: "ean"},
	}
	if f == nil {
		f = &fault{}
	} else {
		v.Error, v.Summary = true, &f.summary
	}
	v.EAN.Error, v.Captcha = f.fields["ean"], *captchaView(x, choice, captcha, "captcha", f)
	return v
}

func tooManyLettersView(x *ctx) *fault {
	return &fault{summary: component.Summary{Title: x.T("no-letter.limit.title"),
		Paragraphs: []string{x.T("no-letter.limit.text", x.s.Contact.Phone, x.T("site.hours"))}}}
}

// asked is the one answer to every request.
func (d *letterDesk) asked(x *ctx) error {
	return x.show(http.StatusOK, public.LetterAskedPage(letterAskedView(x, d.Letters.WorkingDays, x.query("later") != "")))
}

func letterAskedView(x *ctx, days int, later bool) public.LetterAsked {
	v := public.LetterAsked{
		Base:    x.base(x.T("no-letter.asked.title")),
		Text:    x.N("no-letter.asked.text", days),
		Same:    x.T("no-letter.asked.same"),
		Nothing: x.T("no-letter.asked.nothing", x.s.Contact.Phone, x.T("site.hours")),
		Home:    layout.Link{Text: x.T("ended.home"), Href: x.path("/")},
	}
	if later {
		v.Text = x.T("no-letter.asked.later")
	}
	return v
}
