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
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/tx"
	"guichet/web"
)

// benchTiming measures whether a refusal's time tells its cause (T7): for each
// pair of causes the AUC, the chance that a call of the one takes longer than a
// call of the other. 0.50 tells nothing apart.
type benchTiming struct {
	Calls   int
	Planted time.Duration
}

// The causes of a refusal that must look alike, and one more with a delay.
const (
	causeUnknown = "unknown"
	causeWrong   = "wrong digits"
	causeThird   = "third failure"
	causeBlocked = "blocked"
	causeRight   = "right but blocked"
	causeEnded   = "ended"
	causePlanted = "unknown, delayed"
)

var causes = []string{causeUnknown, causeWrong, causeThird, causeBlocked, causeRight, causeEnded, causePlanted}

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
	// A reference bears two calls: the second failure and the third. The blocked
	// ones are few and asked again and again.
	known, err := ground.issue(ctx, 2*c.Calls+2)
	if err != nil {
		return err
	}
	numbers := map[string]func(call int) registry.Drawn{
		causeUnknown: func(int) registry.Drawn { return registry.Drawn{Reference: registry.DrawReference(), Digits: "0001"} },
		causePlanted: func(int) registry.Drawn { return registry.Drawn{Reference: registry.DrawReference(), Digits: "0001"} },
		causeWrong:   func(n int) registry.Drawn { return wrongly(known[n], 1) },
		causeThird:   func(n int) registry.Drawn { return wrongly(known[c.Calls+n], 3) },
		causeBlocked: func(n int) registry.Drawn { return wrongly(known[2*c.Calls], n) },
		causeRight:   func(int) registry.Drawn { return known[2*c.Calls] },
		causeEnded:   func(int) registry.Drawn { return known[2*c.Calls+1] },
	}
	addresses := map[string]string{}
	for _, cause := range causes {
		addresses[cause] = ground.guarded
	}
	addresses[causePlanted] = slow
	callers := map[string]*benchCaller{}
	for _, cause := range causes {
		if callers[cause], err = ground.caller(addresses[cause]); err != nil {
			return err
		}
		defer callers[cause].close()
	}
	// Prime: two failures for those whose third is measured, three for the
	// blocked one, an end for the ended one.
	prime := callers[causeUnknown]
	for n := range c.Calls {
		for try := 1; try <= 2; try++ {
			if _, err := prime.guess(ctx, wrongly(known[c.Calls+n], try)); err != nil {
				return err
			}
		}
	}
	for try := 1; try <= lookup.Tries; try++ {
		if _, err := prime.guess(ctx, wrongly(known[2*c.Calls], try)); err != nil {
			return err
		}
	}
	if err := ground.endReference(ctx, known[2*c.Calls+1].Reference); err != nil {
		return err
	}
	spans := map[string][]time.Duration{}
	for n := range c.Calls {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, cause := range shuffled(causes) {
			took, err := callers[cause].guess(ctx, numbers[cause](n))
			if err != nil {
				return fmt.Errorf("%s: %w", cause, err)
			}
			spans[cause] = append(spans[cause], took)
		}
	}
	t.printf("%d interleaved calls of each cause; AUC of each pair, goal 0.50 +- 0.03\n", c.Calls)
	missed := 0
	for i, a := range causes {
		for _, b := range causes[i+1:] {
			value := auc(spans[a], spans[b])
			verdict := "met"
			switch off := value < 0.47 || value > 0.53; {
			case b == causePlanted && off:
				verdict = "the planted delay is found, as it must be"
			case b == causePlanted:
				verdict, missed = "NOT MET: the planted delay is not found", missed+1
			case off:
				verdict, missed = "NOT MET", missed+1
			}
			t.printf("  %-18s / %-18s %.3f  %s\n", a, b, value, verdict)
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d of the pairs miss the goal", missed)
	}
	return nil
}

// shuffled gives the causes in a chance order: none may always follow the same
// one, whose traces in the caches would be taken for its own.
func shuffled(list []string) []string {
	mixed := slices.Clone(list)
	for i := len(mixed) - 1; i > 0; i-- {
		var b [8]byte
		rand.Read(b[:])
		j := int(binary.BigEndian.Uint64(b[:]) % uint64(i+1))
		mixed[i], mixed[j] = mixed[j], mixed[i]
	}
	return mixed
}

// wrongly gives a known reference with wrong digits, a different kind of wrong
// for each try.
func wrongly(d registry.Drawn, try int) registry.Drawn {
	var right int
	_, _ = fmt.Sscan("1"+d.Digits.Reveal(), &right)
	d.Digits = keys.Secret(fmt.Sprintf("%04d", (right+1+try%9000)%10_000))
	return d
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

// benchEAN is the access point of the nth household.
func benchEAN(n int) portal.EAN {
	first := fmt.Sprintf("541449%011d", n)
	return portal.EAN(first + string(portal.EANCheckDigit(first)))
}

// issue puts n households with a reference each into the register.
func (g *benchGround) issue(ctx context.Context, n int) ([]registry.Drawn, error) {
	now := g.clock()
	since := portal.Period{From: now.AddDate(-4, 0, 0)}
	drawn := make([]registry.Drawn, n)
	var batch registry.Batch
	refs := make([]registry.Reference, n)
	for i := range drawn {
		ean := benchEAN(i)
		meter := fmt.Sprintf("1SAG%010d", 1_100_000_000+i*37)
		digits, _, _ := registry.LastFour(meter)
		drawn[i] = registry.Drawn{Reference: registry.DrawReference(), Digits: digits, LetterCode: registry.DrawLetterCode()}
		key := g.ring.CounterKey(string(lookup.ByReference), drawn[i].Reference)
		occupancy, id := fmt.Sprint("o", i), fmt.Sprint("m", i)
		batch.Points = append(batch.Points, registry.AccessPoint{EAN: ean, Energy: portal.Electricity, Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", PowerVA: 9200})
		batch.Meters = append(batch.Meters, registry.Meter{ID: id, EAN: ean, Number: meter, Period: since})
		batch.Occupancies = append(batch.Occupancies, registry.Occupancy{ID: occupancy, EAN: ean, Name: "Claes", Language: portal.French,
			Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", DetailFrom: since.From, Period: since})
		refs[i] = registry.Reference{Key: key, OccupancyID: occupancy, MeterID: id, IssuedAt: now,
			Digits:     registry.DigitsHash(g.ring, key, digits),
			LetterCode: registry.LetterCodeHash(g.ring, key, drawn[i].LetterCode)}
	}
	return drawn, g.store.Do(ctx, func(t tx.Tx) error {
		if err := g.store.PutRegistry(t, batch); err != nil {
			return err
		}
		return g.store.PutReferences(t, refs)
	})
}

func (g *benchGround) endReference(ctx context.Context, number keys.Secret) error {
	return g.store.Do(ctx, func(t tx.Tx) error {
		return g.store.DeskEndReference(t, g.ring.CounterKey(string(lookup.ByReference), number), g.clock())
	})
}
