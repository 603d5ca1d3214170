package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/web/ui/component"
	"guichet/web/ui/page/public"
)

// refusedStatus is the status of every submission that did not open a file,
// whatever its cause (G5).
const refusedStatus = http.StatusUnprocessableEntity

// gate shows the empty form.
func (s *site) gate(x *ctx) error {
	if err := s.draws.spend(x); err != nil {
		return err
	}
	return s.showGate(x, http.StatusOK, nil)
}

// open takes a submission. The next picture is paid for before anything is
// compared, so that a limit never changes the answer of an attempt.
func (s *site) open(x *ctx) error {
	if err := s.draws.spend(x); err != nil {
		return err
	}
	if x.field("do") == "picture" {
		return s.showGate(x, http.StatusOK, nil)
	}
	outcome, err := s.Gate.Open(x.context(), lookup.Claim{
		Kind:      lookup.ByReference,
		Number:    x.secret("reference"),
		Digits:    x.secret("digits"),
		CaptchaID: x.field("captcha_id"),
		Captcha:   x.secret("captcha"),
		Form:      x.field("form"),
		Device:    s.Devices.Hash(x.cookie(deviceCookie)),
		Source:    x.source(),
	})
	var problems lookup.Problems
	switch {
	case errors.As(err, &problems):
		return s.showGate(x, refusedStatus, problemsView(x, problems))
	case err != nil:
		return err
	case !outcome.Opened:
		return s.showGate(x, refusedStatus, refusedView(x))
	}
	session, err := s.Visits.Admit(x.context(), x.cookie(visitCookie), outcome.Visit)
	if err != nil {
		return err
	}
	x.letIn(session, s.Devices.Issue(x.cookie(deviceCookie)))
	return x.redirect(x.path("/consumption"))
}

// fault is what a page of the gate says went wrong.
type fault struct {
	summary component.Summary
	fields  map[string]string
}

// refusedView is the one failure (G5).
func refusedView(x *ctx) *fault {
	return &fault{summary: component.Summary{
		Title: x.T("gate.refused.title"),
		Paragraphs: []string{
			x.T("gate.refused.what"),
			x.T("gate.refused.closed", x.s.Contact.Phone, x.T("site.hours")),
		},
	}}
}

// problemsView names each field that could not be an attempt.
func problemsView(x *ctx, problems lookup.Problems) *fault {
	f := &fault{fields: map[string]string{}}
	for _, p := range problems {
		text := x.T("error."+p.Key, p.Args...)
		f.fields[p.Field] = text
		f.summary.Fields = append(f.summary.Fields, component.FieldLink{Name: p.Field, Text: text})
	}
	f.summary.Title = x.N("gate.errors", len(problems))
	return f
}

// showGate draws the form with a fresh picture and a fresh token. What was
// typed stays, but for digits and captcha (G5).
func (s *site) showGate(x *ctx, status int, f *fault) error {
	captcha, err := s.Challenges.Draw(x.context())
	if err != nil {
		return err
	}
	// A browser has its name before it fails, so that its success can forgive
	// that (G6). It depends on the request alone, never on the outcome (T6).
	if s.Devices.Hash(x.cookie(deviceCookie)) == "" {
		x.setCookie(deviceCookie, s.Devices.Issue(""), lookup.DeviceLife)
	}
	return x.show(status, public.GatePage(gateView(x, f, captcha, portal.Token())))
}

func gateView(x *ctx, f *fault, captcha, form string) public.Gate {
	phone, hours := x.s.Contact.Phone, x.T("site.hours")
	x.at = "/lookup"
	v := public.Gate{
		Base:         x.base(x.T("gate.title")),
		Action:       x.path("/lookup"),
		CaptchaID:    captcha,
		CaptchaImage: "/captcha/" + captcha + ".png",
		Form:         form,
		Unseen:       x.T("gate.captcha.unseen", phone, hours),
		NoLetter:     x.T("gate.none", phone, hours),
		Reference:    component.Field{Name: "reference", Label: x.T("gate.reference"), Hint: x.T("gate.reference.hint"), Value: typed(x.field("reference"))},
		Digits:       component.Field{Name: "digits", Label: x.T("gate.digits"), Hint: x.T("gate.digits.hint"), Class: "w4"},
		Captcha:      component.Field{Name: "captcha", Label: x.T("gate.captcha"), Hint: x.T("gate.captcha.hint"), Class: "w6"},
	}
	if f != nil {
		v.Error, v.Summary = true, &f.summary
		v.Reference.Error, v.Digits.Error, v.Captcha.Error = f.fields["reference"], f.fields["digits"], f.fields["captcha"]
	}
	return v
}

// typed bounds what is written back into the form.
func typed(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// picture serves a challenge's picture or its sound.
func (s *site) picture(x *ctx) error {
	file := x.param("file")
	if id, ok := strings.CutSuffix(file, ".wav"); ok {
		return s.sound(x, id)
	}
	id, ok := strings.CutSuffix(file, ".png")
	if !ok {
		return unspoken(http.StatusNotFound)
	}
	if err := s.pictures.spend(x); err != nil {
		return err
	}
	png, err := s.Challenges.Picture(x.context(), id)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, "image/png", png)
	return nil
}

// sound serves a challenge spoken in the language asked for. Some browsers play
// only what they may ask for in parts.
func (s *site) sound(x *ctx, id string) error {
	lang, ok := portal.ParseLanguage(x.query("lang"))
	if !ok {
		return unspoken(http.StatusNotFound)
	}
	if err := s.sounds.spend(x); err != nil {
		return err
	}
	wav, err := s.Challenges.Sound(x.context(), id, lang)
	if err != nil {
		return err
	}
	x.header("Content-Type", "audio/wav")
	http.ServeContent(x.gin.Writer, x.gin.Request, "", time.Time{}, bytes.NewReader(wav))
	return nil
}
