package lookup_test

import (
	"fmt"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// G7, D16: a browser is known for DeviceLife after its last success and then
// forgotten, however many are; how many were stands in the trail.
func TestG7OldBrowsersAreForgotten(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		forgetter := &lookup.Forgetter{Store: h.store, Runner: h.store, Clock: h.clock.Now}
		kept := func() int64 {
			t.Helper()
			_, err := forgetter.Forget(h.ctx)
			require.NoError(t, err)
			return storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM known_browsers`)
		}
		opens := func(k storetest.Known) {
			c := h.claim(k.Reference, k.Digits)
			c.Device = "mine"
			require.True(t, h.openWhateverAsked(c))
		}
		opens(h.known[0])
		opens(h.known[1])
		h.clock.Pass(lookup.DeviceLife - time.Hour)
		opens(h.known[1])
		h.clock.Pass(time.Hour - time.Microsecond)
		require.EqualValues(t, 2, kept())
		require.Zero(t, h.entries("browsers.gone", ""))
		h.clock.Pass(time.Microsecond)
		require.EqualValues(t, 1, kept())
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM known_browsers WHERE reference_key = $1`, h.known[1].Key))
		require.Equal(t, 1, h.entries("browsers.gone", ""))
		for i := range 501 { // more than one round
			storetest.Exec(t, h.dsn, `INSERT INTO known_browsers (reference_key, device, opened_us) VALUES ($1, $2, $3)`, "old", fmt.Sprint(i), 1)
		}
		require.EqualValues(t, 1, kept())
		require.Equal(t, 3, h.entries("browsers.gone", ""))
	})
}

// D16: a visit stays on its file's list for VisitKept and then goes, however
// many there are, some a round; that it was stays in the trail, and so does how
// many went.
func TestD16OldVisitsAreForgotten(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		forgetter := &lookup.Forgetter{Store: h.store, Runner: h.store, Clock: h.clock.Now}
		listed := func() int {
			t.Helper()
			_, err := forgetter.Forget(h.ctx)
			require.NoError(t, err)
			var d registry.Dossier
			d, err = h.store.Dossier(h.ctx, h.known[0].OccupancyID)
			require.NoError(t, err)
			return len(d.Visits)
		}
		opens := func(k storetest.Known) { require.True(t, h.openWhateverAsked(h.claim(k.Reference, k.Digits))) }
		opens(h.known[0])
		first := h.clock.Now()
		h.clock.Pass(lookup.VisitKept - time.Minute)
		opens(h.known[0])
		opens(h.known[1])
		h.clock.Pass(first.Add(lookup.VisitKept).Sub(h.clock.Now()) - time.Microsecond)
		require.Equal(t, 2, listed())
		require.Zero(t, h.entries("visits.gone", ""))
		h.clock.Pass(time.Microsecond)
		require.Equal(t, 1, listed())
		require.Equal(t, 1, h.entries("visits.gone", ""))
		require.EqualValues(t, 2, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM visits`), "the other file's stays")
		require.EqualValues(t, 3, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'lookup.opened'`))
		for i := range 501 { // more than one round
			storetest.Exec(t, h.dsn, `INSERT INTO visits (id, reference_key, occupancy_id, opened_us, ends_us, ended_us) VALUES ($1, 'old', 'old', 1, 2, 0)`, fmt.Sprint(i))
		}
		require.Equal(t, 1, listed())
		require.EqualValues(t, 2, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM visits`))
		require.Equal(t, 3, h.entries("visits.gone", ""))
	})
}

// G6, T17: failures stay for as long as they count, of whatever number; what
// has lapsed goes, a block never does.
func TestG6LapsedFailuresAreForgotten(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		forgetter := &lookup.Forgetter{Store: h.store, Runner: h.store, Clock: h.clock.Now}
		left := func(of string) (failures int) {
			t.Helper()
			_, err := forgetter.Forget(h.ctx)
			require.NoError(t, err)
			return len(h.counter(of).Failures)
		}
		wrong := func(number keys.Secret, times int) {
			for i := range times {
				require.False(t, h.openWhateverAsked(h.claim(number, keys.Secret(fmt.Sprintf("999%d", i)))))
			}
		}
		unknown := registry.DrawReference()
		key := h.Ring.CounterKey("reference", unknown)
		wrong(h.known[0].Reference, 1)
		wrong(unknown, 1)
		wrong(h.known[1].Reference, lookup.Tries)
		first := h.clock.Now()
		h.clock.Pass(lookup.Lapse / 2)
		wrong(h.known[0].Reference, 2) // the first of the two is the same again
		h.clock.Pass(first.Add(lookup.Lapse).Sub(h.clock.Now()) - time.Minute)
		require.Equal(t, 1, left(key))
		require.Zero(t, h.entries("tries.gone", ""))
		h.clock.Pass(2 * time.Minute)
		require.Zero(t, left(key))
		require.Equal(t, 1, h.entries("tries.gone", ""))
		require.EqualValues(t, 2, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM lookup_counters WHERE changed_us > 0`))
		require.Positive(t, left(h.known[0].Key), "it was tried since")
		h.clock.Pass(10 * lookup.Lapse)
		require.Zero(t, left(h.known[0].Key))
		require.False(t, h.counter(h.known[1].Key).BlockedAt.IsZero(), "a block stays")
		for i := range 501 { // more than one round
			storetest.Exec(t, h.dsn, `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ($1, 'reference', '', 0, '', 1)`, fmt.Sprint("old", i))
		}
		require.Zero(t, left(key))
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM lookup_counters WHERE changed_us > 0`))
	})
}
