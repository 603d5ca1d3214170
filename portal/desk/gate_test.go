package desk_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/staff"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// TestG7OverviewOfAMove: a noisy day moves the gate; the bar, the page and the
// trail tell it, with its alarm.
func TestG7OverviewOfAMove(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		quiet, err := h.Overview(t.Context(), anna)
		require.NoError(t, err)
		require.Equal(t, lookup.Captcha, quiet.View.Step)
		require.Equal(t, 150, quiet.LeftAnHour())
		require.Equal(t, 1000, quiet.LeftADay())
		require.Empty(t, quiet.Moves)
		require.Empty(t, quiet.Alarms)
		require.False(t, quiet.Measured)

		h.block(h.known[0].Reference)
		h.wait(time.Minute) // the lease is settled
		for range 12_000 {
			h.permits.Missed()
		}
		require.NoError(t, h.permits.Look(t.Context()))
		o, err := h.Overview(t.Context(), carla)
		require.NoError(t, err)
		require.Equal(t, lookup.Work, o.View.Step)
		require.Equal(t, 147, o.LeftAnHour())
		require.Equal(t, 997, o.LeftADay())
		require.Equal(t, 1, o.BlocksToday)
		require.Equal(t, 3, o.FailuresToday)
		require.Equal(t, []desk.Move{{At: o.View.MovedAt, From: lookup.Captcha, To: lookup.Work}}, o.Moves)
		require.Equal(t, []desk.Alarm{{At: o.View.MovedAt, Name: "step-2"}}, o.Alarms)
		bar, err := h.Gate(t.Context(), anna)
		require.NoError(t, err)
		require.Equal(t, o.Gate, bar)
	})
}

// TestT23OverviewRoles: agents and security see it, nobody else, and a look at
// numbers leaves no entry.
func TestT23OverviewRoles(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		before := storetest.Waiting(t, h.store)
		for _, m := range []staff.Member{anna, carla} {
			_, err := h.Overview(t.Context(), m)
			require.NoError(t, err)
		}
		for _, m := range []staff.Member{{}, {Login: "x", Role: "boss"}, {Role: staff.Agent}} {
			_, err := h.Overview(t.Context(), m)
			require.Equal(t, portal.Denied, portal.CodeOf(err))
		}
		require.Equal(t, before, storetest.Waiting(t, h.store))
	})
}

// TestG8Bounds: failures allowed times the chance, of each kind of meters that
// there are.
func TestG8Bounds(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		h.measure.found = &desk.Share{MeasuredAt: h.clock(), Meters: 2_000_000, Overall: .0001, WorstPostcode: .01, Postcode: "4837",
			Address: desk.Near{Meters: 40, Chance: .05}, Batch: desk.Near{Meters: 90, Chance: .08}}
		o, err := h.Overview(t.Context(), anna)
		require.NoError(t, err)
		require.True(t, o.Measured)
		day := map[desk.Among]float64{}
		for _, b := range o.Bounds {
			day[b.Among] = b.ADay
			require.Equal(t, b.Among == desk.AmongPostcode, b.Place != "")
		}
		require.InDeltaMapValues(t, map[desk.Among]float64{desk.AmongAll: .1, desk.AmongPostcode: 10,
			desk.AmongAddress: 50, desk.AmongBatch: 80}, day, 1e-9)
	})
	require.Equal(t, []desk.Bound{{Among: desk.AmongAll, Meters: 3, Chance: .5, ADay: 500}},
		desk.Share{Meters: 3, Overall: .5}.Bounds(1000), "no postcode large enough, no neighbours")
}

// hours is an OpeningsStore that tells one number for the hour and one for
// each day before.
type hours struct{ hour, usual int }

func (h hours) Openings(_ context.Context, _ time.Time, days int) (int, []int, error) {
	before := make([]int, days)
	for i := range before {
		before[i] = h.usual
	}
	return h.hour, before, nil
}

// TestG9UnusualAsTheWatchRings: the page's alarm line stands where the watch
// rings, and nowhere else.
func TestG9UnusualAsTheWatchRings(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		said := map[bool]int{}
		for _, usual := range []int{0, 3, 6, 7, 8, 40} {
			for _, hour := range []int{0, 1, 19, 20, 21, 22, 24, 25, 119, 120, 121, 1000} {
				rang := false
				w := lookup.NewWatch(h.permits, hours{hour, usual}, h.clock, slog.New(slog.DiscardHandler), func(name string) {
					rang = name == "openings-portal"
				})
				require.NoError(t, w.Look(t.Context()))
				v, err := w.View(t.Context())
				require.NoError(t, err)
				require.Equal(t, rang, desk.Gate{View: v}.Unusual(), "%d openings, usually %d", hour, usual)
				said[rang]++
			}
		}
		require.NotZero(t, said[true])
		require.NotZero(t, said[false])
	})
}

// TestG9BellOnceAMinute: a thousand rings are one entry, of all processes
// together; the next minute has one again, and other names have their own.
func TestG9BellOnceAMinute(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		var mu sync.Mutex
		counted := map[string]int{}
		bell := func() *desk.Bell {
			return desk.NewBell(h.store, h.store, h.clock, slog.New(slog.DiscardHandler), func(name string) {
				mu.Lock()
				defer mu.Unlock()
				counted[name]++
			})
		}
		written := func() []string {
			var names []string
			o, err := h.Overview(t.Context(), anna)
			require.NoError(t, err)
			for _, a := range o.Alarms {
				names = append(names, a.Name)
			}
			return names
		}
		one, other := bell(), bell()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { one.Ring("openings-source") })
		}
		wg.Wait()
		other.Ring("openings-source")
		require.Equal(t, []string{"openings-source"}, written())
		require.Equal(t, 1001, counted["openings-source"], "each is counted")
		h.wait(59 * time.Second)
		one.Ring("openings-source")
		bell().Ring("openings-source")
		require.Len(t, written(), 1, "after a restart, too")
		one.Ring("openings-network")
		require.Equal(t, []string{"openings-network", "openings-source"}, written())
		h.wait(time.Second)
		one.Ring("openings-source")
		require.Equal(t, []string{"openings-source", "openings-network", "openings-source"}, written())
	})
}

// broken is a Runner that can do nothing.
type broken struct{ err error }

func (b *broken) Do(context.Context, func(tx.Tx) error) error { return b.err }

func (b *broken) GateAlarms(context.Context, int) ([]audit.Recorded, error) { return nil, nil }

// TestG9BellFailsNobody: what cannot be written is logged, and tried again at
// the next ring.
func TestG9BellFailsNobody(t *testing.T) {
	var log bytes.Buffer
	b := &broken{errors.New("no disk")}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	bell := desk.NewBell(b, b, func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil)), nil)
	bell.Ring("step-3")
	bell.Ring("step-3")
	require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("no disk")))
	require.Contains(t, log.String(), "step-3")
	b.err = nil
	bell.Ring("step-3")
	bell.Ring("step-3")
	require.Equal(t, 2, bytes.Count(log.Bytes(), []byte("no disk")))
}

// TestAlarmsListed: every step that rings is listed.
func TestAlarmsListed(t *testing.T) {
	for s := lookup.Work; s <= lookup.Letter; s++ {
		require.Contains(t, desk.Alarms, "step-"+s.String())
	}
}
