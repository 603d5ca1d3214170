package main

import (
	"context"
	"fmt"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// The causes of a refusal that must look alike, and one more with a delay.
const (
	causeUnknown = "unknown"
	causeWrong   = "wrong digits"
	causeThird   = "third failure"
	causeBlocked = "blocked"
	causeRight   = "right but blocked"
	causeEnded   = "ended"
	causePlanted = "unknown, delayed"

	causeFirstUnknown = "unknown, first try"
	causeFirstWrong   = "wrong, first try"
)

// cause is why a gate refuses, with a number for each call that it refuses for
// it. First tries are compared with first tries, later ones with later ones:
// which it is, whoever makes it knows.
type cause struct {
	name    string
	numbers []registry.Drawn
	tries   int // of each number before
	right   bool
}

// guess is what the nth measured call tries.
func (c cause) guess(n int) registry.Drawn {
	if c.right {
		return c.numbers[n]
	}
	return wrongly(c.numbers[n], c.tries+1)
}

// comparable tells whether the time of one must not differ from the other's.
func (c cause) comparable(other cause) bool { return (c.tries == 0) == (other.tries == 0) }

// prepared draws the numbers of all causes and puts into the register what
// belongs there.
func (g *benchGround) prepared(ctx context.Context, calls int) ([]cause, error) {
	known, err := g.issue(ctx, 6*calls)
	if err != nil {
		return nil, err
	}
	part := func(i int) []registry.Drawn { return known[i*calls : (i+1)*calls] }
	unknown := func() []registry.Drawn {
		drawn := make([]registry.Drawn, calls)
		for i := range drawn {
			drawn[i] = registry.Drawn{Reference: registry.DrawReference(), Digits: "0001"}
		}
		return drawn
	}
	return []cause{
		{name: causeUnknown, numbers: unknown(), tries: 1},
		{name: causeWrong, numbers: part(0), tries: 1},
		{name: causeThird, numbers: part(1), tries: lookup.Tries - 1},
		{name: causeBlocked, numbers: part(2), tries: lookup.Tries},
		{name: causeRight, numbers: part(3), tries: lookup.Tries, right: true},
		{name: causeEnded, numbers: part(4), tries: 1},
		{name: causePlanted, numbers: unknown(), tries: 1},
		{name: causeFirstUnknown, numbers: unknown()},
		{name: causeFirstWrong, numbers: part(5)},
	}, g.end(ctx, part(4))
}

// prime makes the tries before, those of all causes in turn: none is fresher in
// the caches than another.
func (g *benchGround) prime(ctx context.Context, causes []cause, calls int) error {
	by, err := g.caller(g.guarded)
	if err != nil {
		return err
	}
	defer by.close()
	for n := range calls {
		for _, cause := range shuffled(causes) {
			for try := 1; try <= cause.tries; try++ {
				if _, err := by.guess(ctx, wrongly(cause.numbers[n], try)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// wrongly gives a reference with wrong digits, others for each try.
func wrongly(d registry.Drawn, try int) registry.Drawn {
	var right int
	_, _ = fmt.Sscan("1"+d.Digits.Reveal(), &right)
	d.Digits = keys.Secret(fmt.Sprintf("%04d", (right+1+try%9000)%10_000))
	return d
}

// benchEAN is the access point of the nth household.
func benchEAN(n int) portal.EAN {
	first := fmt.Sprintf("541449%011d", n)
	return portal.EAN(first + string(portal.EANCheckDigit(first)))
}

// issue puts n households with a reference each into the register.
func (g *benchGround) issue(ctx context.Context, n int) ([]registry.Drawn, error) {
	return g.issueFrom(ctx, 0, n)
}

// issueFrom puts n more, of which the first is household number first.
func (g *benchGround) issueFrom(ctx context.Context, first, n int) ([]registry.Drawn, error) {
	now := g.clock()
	since := portal.Period{From: now.AddDate(-4, 0, 0)}
	drawn := make([]registry.Drawn, n)
	var batch registry.Batch
	refs, asked := make([]registry.Reference, n), make([]string, n)
	for i := range drawn {
		ean, nth := benchEAN(first+i), fmt.Sprint(first+i)
		meter := fmt.Sprintf("1SAG%010d", 1_100_000_000+(first+i)*37)
		digits, _, _ := registry.LastFour(meter)
		drawn[i] = registry.Drawn{Reference: registry.DrawReference(), Digits: digits, LetterCode: registry.DrawLetterCode()}
		key := g.ring.CounterKey(string(lookup.ByReference), drawn[i].Reference)
		occupancy, id := "o"+nth, "m"+nth
		asked[i] = key
		batch.Points = append(batch.Points, registry.AccessPoint{EAN: ean, Energy: portal.Electricity, Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", PowerVA: 9200})
		batch.Meters = append(batch.Meters, registry.Meter{ID: id, EAN: ean, Number: meter, Period: since})
		batch.Occupancies = append(batch.Occupancies, registry.Occupancy{ID: occupancy, EAN: ean, Name: "Claes", Language: portal.French,
			Street: "Rue Haute 1", Postcode: "5000", Town: "Namur", DetailFrom: since.From, Period: since})
		refs[i] = registry.Reference{Key: key, OccupancyID: occupancy, MeterID: id, IssuedAt: now,
			Digits:     registry.DigitsHash(g.ring, key, digits),
			LetterCode: registry.LetterCodeHash(g.ring, key, drawn[i].LetterCode)}
	}
	taken := map[string]bool{}
	err := g.store.Do(ctx, func(t tx.Tx) (err error) {
		if taken, err = g.store.TakenReferences(t, asked); err != nil || len(taken) > 0 {
			return err
		}
		if err := g.store.PutRegistry(t, batch); err != nil {
			return err
		}
		return g.store.PutReferences(t, refs)
	})
	if len(taken) > 0 && err == nil {
		return g.issueFrom(ctx, first, n) // one is drawn already: all anew
	}
	return drawn, err
}

func (g *benchGround) end(ctx context.Context, all []registry.Drawn) error {
	return g.store.Do(ctx, func(t tx.Tx) error {
		for _, d := range all {
			if err := g.store.DeskEndReference(t, g.ring.CounterKey(string(lookup.ByReference), d.Reference), g.clock()); err != nil {
				return err
			}
		}
		return nil
	})
}
