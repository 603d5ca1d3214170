package lookup_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"guichet/lookup"

	"github.com/stretchr/testify/require"
)

// openings is a store that was told what to count.
type openings struct {
	hour   int
	before []int
	asked  int
	days   int
}

func (o *openings) Openings(_ context.Context, _ time.Time, days int) (int, []int, error) {
	o.asked, o.days = o.asked+1, days
	return o.hour, append([]int(nil), o.before...), nil
}

// G9: above three times the median of this hour one alarm rings, and not again
// until the openings have come down; a quiet portal's first twenty are nothing.
func TestG9PortalWideOpenings(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		days := func(n ...int) []int { // of 28 days, the rest without any opening
			return append(n, make([]int, 28-len(n))...)
		}
		usual := days(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 500, 700)
		for _, c := range []struct {
			name  string
			steps []int
			usual []int
			rings int
		}{
			{"twenty on a quiet portal", []int{20}, days(), 0},
			{"21", []int{21}, days(), 1},
			{"three times the median", []int{27}, usual, 0},
			{"more", []int{28}, usual, 1},
			{"a day of 700 is not usual", []int{100}, usual, 1},
			{"most days without any", []int{21}, days(100, 100, 100), 1},
			{"goes on", []int{28, 40, 400}, usual, 1},
			{"comes down, and again", []int{28, 27, 28, 5, 300}, usual, 3},
		} {
			bell, store := &alarms{}, &openings{before: c.usual}
			w := lookup.NewWatch(h.permits(lookup.DefaultLimits(), nil), store, h.clock.Now, slog.New(slog.DiscardHandler), bell.ring)
			for _, n := range c.steps {
				store.hour = n
				for range 3 { // counted once a minute
					require.NoError(t, w.Look(h.ctx))
					h.clock.Pass(20 * time.Second)
				}
			}
			require.Len(t, bell.names, c.rings, c.name)
			require.Equal(t, len(c.steps), store.asked, c.name)
			require.Equal(t, 28, store.days)
			v, err := w.View(h.ctx)
			require.NoError(t, err)
			require.Equal(t, c.steps[len(c.steps)-1], v.Openings)
		}
	})
}
