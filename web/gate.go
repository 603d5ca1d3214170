package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet/lookup"
	"guichet/portal"
)

// refusedStatus is the status of every submission that did not open a file,
// whatever its cause (G5).
const refusedStatus = http.StatusUnprocessableEntity

// entrance is one page of the gate: references and works numbers are judged
// alike, each on its own page.
type entrance struct {
	*site
	asks numbers
	// then is what an opened number is for, instead of a visit; nil: a visit.
	then func(*ctx, lookup.Visit) error
}

// gate shows the empty form.
func (s entrance) gate(x *ctx) error {
	ask, err := s.prepare(x, s.visitor(x))
	if err != nil {
		return err
	}
	return s.showGate(x, http.StatusOK, ask, nil)
}

// open takes a submission, or draws the form anew with another challenge.
func (s entrance) open(x *ctx) error {
	claim := s.visitor(x)
	ask, err := s.prepare(x, claim)
	if err != nil {
		return err
	}
	if slices.Contains(choices, x.field("do")) {
		return s.showGate(x, http.StatusOK, ask, nil)
	}
	claim.Number, claim.Digits = x.secret(s.asks.number), x.secret(s.asks.secret)
	if s.asks.lettered() {
		claim.LetterCode = x.secret("letter_code")
	}
	claim.Choice = chosen(x.field("with"))
	claim.CaptchaID, claim.Captcha = x.field("captcha_id"), x.secret("captcha")
	claim.SecondID, claim.Second = x.field("captcha2_id"), x.secret("captcha2")
	claim.Work, claim.Form = x.secret("altcha"), x.field("form")
	outcome, err := s.Gate.Open(x.context(), claim)
	var problems lookup.Problems
	switch {
	case errors.As(err, &problems):
		return s.showGate(x, refusedStatus, ask, problemsView(x, problems))
	case err != nil:
		return err
	case outcome.NotCounted:
		return s.showGate(x, refusedStatus, ask, uncountedView(x, s.asks))
	case !outcome.Opened:
		return s.showGate(x, refusedStatus, ask, refusedView(x, s.asks))
	}
	if s.then != nil {
		return s.then(x, outcome.Visit)
	}
	session, err := s.Visits.Admit(x.context(), x.cookie(visitCookie), outcome.Visit)
	if err != nil {
		return err
	}
	x.letIn(session, s.Devices.Issue(x.cookie(deviceCookie)))
	return x.redirect(x.path(s.asks.inside(outcome.Visit)))
}

// visitor is a claim that says only who asks, as far as limits can tell.
func (s entrance) visitor(x *ctx) lookup.Claim {
	from := x.origin()
	return lookup.Claim{
		Kind:   s.asks.kind,
		Device: s.Devices.Hash(x.cookie(deviceCookie)),
		Source: from.Source, Network: from.Network, Wide: from.Wide,
	}
}

// prepare learns what the next form asks of this visitor and pays for it,
// both before anything is compared: so neither a limit nor a step that moves
// ever changes the answer of an attempt. A form without a captcha pays, too.
func (s entrance) prepare(x *ctx, visitor lookup.Claim) (lookup.Ask, error) {
	ask, err := s.Gate.Ask(x.context(), visitor)
	if err != nil {
		return ask, err
	}
	if err := s.draws.spend(x); err != nil {
		return ask, err
	}
	if asksSecond(ask) {
		return ask, s.draws.spend(x)
	}
	return ask, nil
}

// drawn is what a form is drawn with: its own token and its challenges, ""
// for those it has not.
type drawn struct{ form, captcha, second, work string }

// draw makes the challenges of a form. The proof of work is bound to its token.
func (s *site) draw(ctx context.Context, choice string, ask lookup.Ask) (d drawn, err error) {
	d.form = portal.Token()
	if choice != byWork {
		if d.captcha, err = s.Challenges.Draw(ctx); err != nil {
			return d, err
		}
	}
	if asksSecond(ask) {
		if d.second, err = s.Challenges.Draw(ctx); err != nil {
			return d, err
		}
	}
	if ask.Work || choice == byWork {
		d.work, err = s.Proofs.Draw(ctx, d.form)
	}
	return d, err
}

// showGate draws the form with fresh challenges and a fresh token. What was
// typed stays, but for digits, captchas and letter code (G5).
func (s entrance) showGate(x *ctx, status int, ask lookup.Ask, f *fault) error {
	choice := x.choice(ask)
	d, err := s.draw(x.context(), choice, ask)
	if err != nil {
		return err
	}
	own := ownWords{d, typed(x.field(s.asks.number))}
	// A browser has its name before it fails, so that its success can forgive
	// that (G6). It depends on the request alone, never on the outcome (T6).
	if s.Devices.Hash(x.cookie(deviceCookie)) == "" {
		x.setCookie(deviceCookie, s.Devices.Issue(""), lookup.DeviceLife)
	}
	page, err := s.faces.page(x, s.asks, f, choice, ask, own)
	if err != nil {
		return err
	}
	return x.show(status, page)
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
