package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"time"

	"guichet/lookup"
	"guichet/portal/registry"
	"guichet/web"
)

// benchTiming measures whether a refusal's time tells its cause (T7): for each
// pair of causes, of the gate, of the API and of partners' pages, the AUC, the chance that a call of the one takes longer than a
// call of the other. 0.50 tells nothing apart.
type benchTiming struct {
	Calls   int
	Planted time.Duration
}

// late is a gate that takes longer.
type late struct {
	web.Gate
	by time.Duration
}

// Open implements web.Gate.
func (g late) Open(ctx context.Context, c lookup.Claim) (lookup.Outcome, error) {
	began := time.Now()
	outcome, err := g.Gate.Open(ctx, c)
	for end := time.Since(began) + g.by; time.Since(began) < end; { // a timer is too coarse
	}
	return outcome, err
}

// Run prints the figures; an error where a pair misses the goal.
func (c benchTiming) Run(ctx context.Context, t *terminal) error {
	ground, remove, err := throwAwayGround(ctx)
	if err != nil {
		return err
	}
	defer remove()
	delayed := ground.deps
	delayed.Gate = late{delayed.Gate, c.Planted}
	slow, err := ground.serve(delayed)
	if err != nil {
		return err
	}
	causes, err := ground.prepared(ctx, c.Calls)
	if err != nil {
		return err
	}
	if err := ground.prime(ctx, causes, c.Calls); err != nil {
		return err
	}
	callers := map[string]*benchCaller{}
	for _, cause := range causes {
		address := ground.guarded
		if cause.name == causePlanted {
			address = slow
		}
		if callers[cause.name], err = ground.caller(address); err != nil {
			return err
		}
		defer callers[cause.name].close()
	}
	spans := map[string][]time.Duration{}
	for n := range c.Calls {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, cause := range shuffled(causes) {
			took, err := callers[cause.name].guess(ctx, cause.guess(n))
			if err != nil {
				return fmt.Errorf("%s: %w", cause.name, err)
			}
			spans[cause.name] = append(spans[cause.name], took)
		}
	}
	t.printf("%d interleaved calls of each cause; AUC of each pair, goal 0.50 +- 0.03\n", c.Calls)
	missed := 0
	for i, one := range causes {
		for _, other := range causes[i+1:] {
			if !one.comparable(other) {
				continue
			}
			a, b := one.name, other.name
			if !judged(t, a, b, auc(spans[a], spans[b]), b == causePlanted) {
				missed++
			}
		}
	}
	of, err := c.timeAnother(ctx, ground, t, 6*c.Calls)
	if err != nil {
		return err
	}
	missed += of
	if missed > 0 {
		return fmt.Errorf("%d of the pairs miss the goal", missed)
	}
	return nil
}

// judged prints a pair's figure and tells whether it meets the goal.
func judged(t *terminal, a, b string, value float64, planted bool) bool {
	verdict, off := "met", value < 0.47 || value > 0.53
	switch {
	case planted && off:
		verdict = "the planted delay is found, as it must be"
	case planted:
		verdict = "NOT MET: the planted delay is not found"
	case off:
		verdict = "NOT MET"
	}
	t.printf("  %-26s / %-26s %.3f  %s\n", a, b, value, verdict)
	return planted == off
}

// shuffled gives a list in a chance order: none may always follow the same
// one, whose traces in the caches would be taken for its own.
func shuffled[T any](list []T) []T {
	mixed := slices.Clone(list)
	for i := len(mixed) - 1; i > 0; i-- {
		var b [8]byte
		rand.Read(b[:])
		j := int(binary.BigEndian.Uint64(b[:]) % uint64(i+1))
		mixed[i], mixed[j] = mixed[j], mixed[i]
	}
	return mixed
}

// auc is the chance that a draw of a exceeds a draw of b, ties for a half.
func auc(a, b []time.Duration) float64 {
	type draw struct {
		took time.Duration
		ofA  bool
	}
	all := make([]draw, 0, len(a)+len(b))
	for _, took := range a {
		all = append(all, draw{took, true})
	}
	for _, took := range b {
		all = append(all, draw{took, false})
	}
	slices.SortFunc(all, func(x, y draw) int { return int(x.took - y.took) })
	sum := 0.0
	for i := 0; i < len(all); {
		end := i
		for end < len(all) && all[end].took == all[i].took {
			end++
		}
		rank := float64(i+end+1) / 2
		for ; i < end; i++ {
			if all[i].ofA {
				sum += rank
			}
		}
	}
	n, m := float64(len(a)), float64(len(b))
	return (sum - n*(n+1)/2) / (n * m)
}

// benchCaller posts guesses over one connection, each from a source of its own.
type benchCaller struct {
	ground *benchGround
	client *leanClient
}

func (g *benchGround) caller(address string) (*benchCaller, error) {
	client, err := dialLean(address)
	return &benchCaller{g, client}, err
}

func (c *benchCaller) close() { c.client.close() }

// guess posts one and tells how long the answer took; anything but a refusal
// is an error.
func (c *benchCaller) guess(ctx context.Context, d registry.Drawn) (time.Duration, error) {
	c.client.posts = 0 // an address of its own: one that closes references is soon not heard
	form, from, err := c.ground.solvedForm(ctx, c.client, d.Reference, d.Digits)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	status, err := c.client.post("/en/lookup", from, form)
	took := time.Since(began)
	if err == nil && status != http.StatusUnprocessableEntity {
		err = fmt.Errorf("answered %d", status)
	}
	return took, err
}
