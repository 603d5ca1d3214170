package lookup_test

import (
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"

	"github.com/stretchr/testify/require"
)

// quantile gives the least number that a Poisson draw of the mean exceeds with
// probability below rest.
func quantile(mean, rest float64) int {
	p, all := math.Exp(-mean), math.Exp(-mean)
	for n := 0; ; n++ {
		if 1-all < rest {
			return n
		}
		p *= mean / float64(n+1)
		all += p
	}
}

// guess is an attacker's nth guess at a reference: any digits, right ones too.
func guess(reference, n int) keys.Secret {
	return keys.Secret(fmt.Sprintf("%04d", (reference*7919+n*4649+13)%10_000))
}

// T13: a sweep of 2,000 references from 1,000 sources for three days, every
// captcha solved, every proof of work done: the failures compared stay within
// the budgets and the disclosures under the 99.9 % quantile of the bound; an
// attacker who knows a tenth of the digits raises the alarm of the openings.
func TestT13Sweep(t *testing.T) {
	const references, sources, days = 2000, 1000, 3
	houses(t, references, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		bell := h.limited(limits)
		watch := lookup.NewWatch(h.Deps.Permits, h.store, h.clock.Now, slog.New(slog.DiscardHandler), bell.ring)
		compared, opened, tries := 0, 0, make([]int, references)
		next := 0
		for range days * 24 {
			inHour, refused := 0, 0
			for s := 0; s < sources && refused < 20; s++ {
				k := h.known[next%references]
				source := fmt.Sprint("s", (next+s)%sources)
				outcome := h.whateverAsked(from(h.claim(k.Reference, guess(next%references, tries[next%references])), source, "n"+source, ""))
				switch {
				case outcome.NotCounted:
					refused++
				case outcome.Opened:
					opened++
				default:
					inHour++
				}
				tries[next%references]++
				next++
			}
			require.LessOrEqual(t, inHour, limits.HarmAnHour)
			compared += inHour
			h.clock.Pass(time.Hour)
			require.NoError(t, watch.Look(h.ctx))
		}
		// The window slides: a day's budget fits once into each of the days, and
		// once more at most over the edges.
		bound := float64(limits.HarmADay*days) / 10_000
		t.Logf("T13: expected at most %d failures compared in %d days, observed %d; expected at most %.2f disclosures (99.9 %% quantile %d), observed %d",
			limits.HarmADay*days, days, compared, bound, quantile(bound, 0.001), opened)
		require.LessOrEqual(t, compared, limits.HarmADay*days)
		require.Greater(t, compared, limits.HarmADay, "the sweep goes on at all")
		require.LessOrEqual(t, opened, quantile(bound, 0.001))

		// A tenth of the digits is known: each of those opens, and rings.
		h.clock.Pass(48 * time.Hour)
		before := len(bell.names)
		knows := 0
		for i := 0; i < references; i += 10 {
			k := h.known[i]
			source := fmt.Sprint("k", i)
			if h.whateverAsked(from(h.claim(k.Reference, k.Digits), source, "n"+source, "")).Opened {
				knows++
			}
		}
		h.clock.Pass(time.Minute)
		require.NoError(t, watch.Look(h.ctx))
		t.Logf("T13: %d openings in an hour by one who knows a tenth; alarms: %v", knows, bell.names[before:])
		require.Greater(t, knows, 20)
		require.Contains(t, bell.names[before:], "openings-portal")
	})
}
