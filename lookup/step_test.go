package lookup_test

import (
	"testing"
	"time"

	"guichet/lookup"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// G7: whatever the load does, the step moves at most every ten minutes, noise
// never leads beyond step 2, and the thresholds stay in their jitter.
func TestG7StepsMove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func() float64 { return rapid.Float64Range(0, 0.999999).Draw(t, "chance") }
		now, g := noon, lookup.Rest(draw)
		last := time.Time{}
		for range rapid.IntRange(1, 40).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(-5, 700).Draw(t, "seconds")) * time.Second)
			load := lookup.Load{Harm: rapid.Float64Range(0, 1.1).Draw(t, "harm"), Noise: rapid.Float64Range(0, 3).Draw(t, "noise")}
			next, moved := g.Move(now, load, draw)
			require.Equal(t, moved, next.Step != g.Step)
			require.True(t, next.Half >= 0.45 && next.Half <= 0.55 && next.Whole >= 0.96 && next.Whole <= 1)
			if !moved {
				require.Equal(t, g, next)
				continue
			}
			require.True(t, last.IsZero() || now.Sub(last) >= lookup.StepLife)
			switch next.Step {
			case lookup.Letter:
				require.GreaterOrEqual(t, load.Harm, g.Whole)
			case lookup.Work:
				require.True(t, load.Harm >= g.Half || load.Noise >= g.Half)
			case lookup.Captcha:
				require.True(t, load.Harm < g.Half && load.Noise < g.Half)
			default:
				require.Fail(t, "no such step", "%d", next.Step)
			}
			g, last = next, now
		}
	})
}

func TestG7Steps(t *testing.T) {
	rest := lookup.Rest(func() float64 { return 0.5 })
	require.Equal(t, lookup.Gauge{Step: lookup.Captcha, Half: 0.5, Whole: 0.98}, rest)
	at := func(step lookup.Step, ago time.Duration) lookup.Gauge {
		return lookup.Gauge{Step: step, MovedAt: noon.Add(-ago), Half: 0.5, Whole: 0.98}
	}
	for name, c := range map[string]struct {
		gauge lookup.Gauge
		load  lookup.Load
		want  lookup.Step
	}{
		"quiet":                       {rest, lookup.Load{}, lookup.Captcha},
		"below half":                  {rest, lookup.Load{Harm: 0.49, Noise: 0.49}, lookup.Captcha},
		"half the harm":               {rest, lookup.Load{Harm: 0.5}, lookup.Work},
		"half the noise":              {rest, lookup.Load{Noise: 0.5}, lookup.Work},
		"all the noise and ten times": {rest, lookup.Load{Noise: 10}, lookup.Work},
		"all the harm":                {rest, lookup.Load{Harm: 1}, lookup.Letter},
		"moved nine minutes ago":      {at(lookup.Work, 9*time.Minute), lookup.Load{Harm: 1}, lookup.Work},
		"moved ten minutes ago":       {at(lookup.Work, 10*time.Minute), lookup.Load{Harm: 1}, lookup.Letter},
		"comes down":                  {at(lookup.Letter, 10*time.Minute), lookup.Load{Harm: 0.7}, lookup.Work},
		"stays near all":              {at(lookup.Letter, time.Hour), lookup.Load{Harm: 0.9}, lookup.Letter},
		"stays near half":             {at(lookup.Work, time.Hour), lookup.Load{Noise: 0.45}, lookup.Work},
		"all the way":                 {at(lookup.Letter, time.Hour), lookup.Load{}, lookup.Captcha},
		"a clock set back moves not":  {at(lookup.Work, -time.Hour), lookup.Load{}, lookup.Work},
	} {
		next, moved := c.gauge.Move(noon, c.load, func() float64 { return 0 })
		require.Equal(t, c.want, next.Step, name)
		require.Equal(t, c.want != c.gauge.Step, moved, name)
		if moved { // thresholds are drawn anew at each move
			require.Equal(t, lookup.Gauge{Step: c.want, MovedAt: noon, Half: 0.45, Whole: 0.96}, next, name)
		}
	}
}
