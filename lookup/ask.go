package lookup

import (
	"context"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

// Ask is what a visitor must bring now, beyond the first challenge (G7).
type Ask struct {
	Work       bool // proof of work on top, or a second captcha from a browser without scripts
	LetterCode bool // strangers are compared only with the letter's code
}

// Worker takes proofs of work (ALTCHA): TakeWork uses one up and returns an
// Invalid error with Field "altcha" where it does not hold for this form.
type Worker interface {
	TakeWork(ctx context.Context, form string, payload keys.Secret) error
}

// Ask tells what a visitor must bring now; of the claim it reads Device,
// Source, Network and Wide.
func (g *Gate) Ask(ctx context.Context, c Claim) (Ask, error) {
	ask, _, err := g.ask(ctx, g.Clock(), c)
	return ask, err
}

func (g *Gate) ask(ctx context.Context, now time.Time, c Claim) (ask Ask, at *place, err error) {
	step, err := g.Permits.Step(ctx)
	if err != nil {
		return ask, nil, err
	}
	if at, err = g.sources.stand(ctx, now, c); err != nil {
		return ask, nil, err
	}
	return Ask{Work: step >= Work || at.more, LetterCode: step >= Letter || g.Permits.Dry(Harm)}, at, nil
}

// challenge uses up all that the visitor brought against robots, whatever else
// is wrong, and gives the problems. bare is a browser that brought a second
// captcha instead of work.
func (g *Gate) challenge(ctx context.Context, c Claim, ask Ask) (problems Problems, bare bool, err error) {
	take := func(err error) error {
		var e *portal.Error
		if err == nil {
			return nil
		}
		if !errors.As(err, &e) || e.Code != portal.Invalid {
			return err
		}
		problems = append(problems, e)
		return nil
	}
	chose := c.Choice == ChoseWork && !ask.Work
	bare = ask.Work && c.Work == "" && c.SecondID != ""
	if chose || ask.Work && !bare {
		if err := take(g.Worker.TakeWork(ctx, c.Form, c.Work)); err != nil {
			return nil, false, err
		}
	}
	if !chose {
		if err := take(g.Challenge.Take(ctx, c.CaptchaID, c.Captcha)); err != nil {
			return nil, false, err
		}
	}
	if bare {
		if err := take(second(g.Challenge.Take(ctx, c.SecondID, c.Second))); err != nil {
			return nil, false, err
		}
	}
	return problems, bare, nil
}

// second names the second captcha's field in what is wrong with it.
func second(err error) error {
	var e *portal.Error
	if errors.As(err, &e) && e.Code == portal.Invalid {
		return &portal.Error{Code: e.Code, Key: e.Key, Field: "captcha2", Args: e.Args}
	}
	return err
}
