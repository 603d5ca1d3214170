package evidence_test

import (
	"bytes"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// A file can be taken back by its own subject only; one that came with a
// capture of which no request was made is purged after two days, one that is a
// request's paper is not.
func TestFilesOfCaptures(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			h := open(t, b)
			known := storetest.Works(t, h.store, h.Clock, 1)[0]
			take := func(subject string) evidence.File {
				t.Helper()
				f, err := h.Take(t.Context(), partner, evidence.Upload{Subject: subject, Name: "plan.png", Body: bytes.NewReader(pngOf(t, grey(9, 9)))})
				require.NoError(t, err)
				return f
			}
			back, lost, kept := take("works:w1"), take("works:w2"), take("works:"+known.OccupancyID)
			storetest.Exec(t, h.dsn, `INSERT INTO works_papers (id, request_id, document, evidence_id, added_us, actor_kind, actor_id) VALUES ('p', $1, 'photo', $2, 1, 'visitor', '')`,
				known.OccupancyID, kept.ID)
			require.Equal(t, portal.NotFound, portal.CodeOf(h.Withdraw(t.Context(), partner, "works:w2", back.ID)))
			require.NoError(t, h.Withdraw(t.Context(), partner, "works:w1", back.ID))
			purged, err := h.Purge(t.Context())
			require.NoError(t, err)
			require.Zero(t, purged, "a capture may still be going on")
			h.now = h.now.Add(49 * time.Hour)
			purged, err = h.Purge(t.Context())
			require.NoError(t, err)
			require.Equal(t, 1, purged)
			for id, want := range map[string]int64{back.ID: 0, lost.ID: 0, kept.ID: 1} {
				require.Equal(t, want, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM evidence_content WHERE evidence_id = $1`, id))
			}
			require.EqualValues(t, 2, h.told(t, audit.EvidencePurged))
		})
	}
}
