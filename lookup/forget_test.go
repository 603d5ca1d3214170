package lookup_test

import (
	"fmt"
	"testing"
	"time"

	"guichet/lookup"
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
			require.NoError(t, forgetter.Forget(h.ctx))
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
			require.NoError(t, forgetter.Forget(h.ctx))
			d, err := h.store.Dossier(h.ctx, h.known[0].OccupancyID)
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
