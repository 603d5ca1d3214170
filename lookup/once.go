package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
)

const (
	// onceLife is how long a second post of a form gets the first's outcome (T21).
	onceLife = 2 * time.Minute
	// onceWait bounds how long it waits for an outcome that another process is
	// still working on, onceStep how often it looks.
	onceWait = 5 * time.Second
	onceStep = 20 * time.Millisecond
)

// posted is what is remembered of a form's post.
type posted struct {
	Done     bool      `json:"done"` // false: somebody is working on it
	Outcome  Outcome   `json:"outcome,omitzero"`
	Problems []problem `json:"problems,omitempty"`
}

// problem is one of Problems as it is remembered.
type problem struct {
	Key   string `json:"key"`
	Field string `json:"field"`
	Args  []int  `json:"args,omitempty"`
}

// once lets one of several equal posts of a form be evaluated and gives its
// outcome to all (T21): within the process they share one flight, across
// processes the first to write a mark. A form posted with anything else in it
// is another attempt. A failure is not remembered.
func (g *Gate) once(ctx context.Context, c Claim, evaluate func(context.Context, Claim) (Outcome, error)) (Outcome, error) {
	if c.Form == "" {
		return evaluate(ctx, c)
	}
	key := "post:" + g.Ring.HashText(keys.ForForm, c.Form, string(c.Kind), c.Number.Reveal(), c.Digits.Reveal(),
		c.LetterCode.Reveal(), c.CaptchaID, c.Captcha.Reveal(), c.Choice, c.SecondID, c.Second.Reveal(), c.Work.Reveal())
	v, err, _ := g.posts.Do(key, func() (any, error) {
		first, err := g.State.Add(ctx, key, begun, onceLife)
		if err != nil {
			return Outcome{}, err
		}
		if !first {
			return g.recall(ctx, key)
		}
		outcome, err := evaluate(ctx, c)
		var problems Problems
		if err != nil && !errors.As(err, &problems) {
			return Outcome{}, errors.Join(err, g.State.Delete(ctx, key))
		}
		p := posted{Done: true, Outcome: outcome, Problems: written(problems)}
		if err := g.State.Set(ctx, key, remember(p), onceLife); err != nil {
			return Outcome{}, err
		}
		return outcome, err
	})
	return v.(Outcome), err
}

// recall waits for the outcome of a post that was there first.
func (g *Gate) recall(ctx context.Context, key string) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, onceWait)
	defer cancel()
	tick := time.NewTicker(onceStep)
	defer tick.Stop()
	for {
		value, ok, err := g.State.Get(ctx, key)
		if err != nil {
			return Outcome{}, err
		}
		if !ok {
			return Outcome{}, portal.Shut("form", errors.New("the first post of this form failed"))
		}
		var p posted
		if err := json.Unmarshal(value, &p); err != nil {
			return Outcome{}, portal.Shut("form", err)
		}
		if p.Done {
			if len(p.Problems) > 0 {
				return Outcome{}, read(p.Problems)
			}
			return p.Outcome, nil
		}
		select {
		case <-ctx.Done():
			return Outcome{}, portal.Shut("form", ctx.Err())
		case <-tick.C:
		}
	}
}

// begun is what is remembered while somebody works on a form's post.
var begun = remember(posted{})

func remember(p posted) []byte {
	b, err := json.Marshal(p)
	if err != nil {
		panic("lookup: an outcome always encodes: " + err.Error())
	}
	return b
}

func written(problems Problems) []problem {
	list := make([]problem, len(problems))
	for i, e := range problems {
		list[i] = problem{Key: e.Key, Field: e.Field}
		for _, arg := range e.Args {
			if n, ok := arg.(int); ok {
				list[i].Args = append(list[i].Args, n)
			}
		}
	}
	return list
}

func read(list []problem) Problems {
	problems := make(Problems, len(list))
	for i, p := range list {
		problems[i] = &portal.Error{Code: portal.Invalid, Key: p.Key, Field: p.Field}
		for _, arg := range p.Args {
			problems[i].Args = append(problems[i].Args, arg)
		}
	}
	return problems
}
