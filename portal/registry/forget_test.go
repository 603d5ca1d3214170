package registry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// D16, D2, D7: a reference goes three months after it last could open anything:
// after it was ended, sixty days after its occupancy, or after the end of the
// ground it was issued on; of one that another system printed the key stays, so
// that its file does not bring it again. Live ones stay.
func TestD16OldReferencesAreForgotten(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, ctx := newStreet(t, b), context.Background()
			known := storetest.References(t, s.dsn, 5)
			live, ended, legacy, moved, free := known[0], known[1], known[2], known[3], known[4]
			end := portal.Date(2024, time.March, 10).Add(9 * time.Hour)
			heir := storetest.OnGround(t, s.dsn, free, end)
			cancelled := storetest.OnGround(t, s.dsn, live, end.AddDate(5, 0, 0))
			storetest.Exec(t, s.dsn, `UPDATE issued_references SET ended_us = $1 WHERE key = $2 OR key = $3`, portal.Micros(end), ended.Key, legacy.Key)
			storetest.Exec(t, s.dsn, `UPDATE issued_references SET legacy = $1 WHERE key = $2`, true, legacy.Key)
			storetest.Exec(t, s.dsn, `UPDATE ground_references SET ended_us = $1 WHERE key = $2`, portal.Micros(end), cancelled.Key)
			storetest.Exec(t, s.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(end), moved.OccupancyID)

			forget := func(now time.Time) int {
				t.Helper()
				n, err := (&registry.Forgetter{Store: s.Store, Runner: s.Store, Clock: func() time.Time { return now }}).Forget(ctx)
				require.NoError(t, err)
				return n
			}
			rows := func(table, key string) int64 {
				t.Helper()
				return storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM `+table+` WHERE key = $1 AND LENGTH(digits) > 0`, key)
			}
			entries := func() int64 {
				return storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'references.gone'`)
			}
			for _, key := range []string{ended.Key, live.Key, "never issued"} {
				storetest.Exec(t, s.dsn, `INSERT INTO gate_cases (key, case_id, blocked_us) VALUES ($1, $1, 1)`, key)
			}
			over := end.AddDate(0, registry.ReferenceKept, 0)
			require.Zero(t, forget(over.Add(-time.Minute)))
			require.Zero(t, entries())
			require.Equal(t, 4, forget(over))
			require.EqualValues(t, 2, entries(), "for each whose they were")
			require.EqualValues(t, 2, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM gate_cases`), "no closed number that nobody issued comes of it")
			for _, key := range []string{ended.Key, legacy.Key} {
				require.Zero(t, rows("issued_references", key))
			}
			for _, key := range []string{heir.Key, cancelled.Key} {
				require.Zero(t, rows("ground_references", key))
			}
			require.EqualValues(t, 1, storetest.Number(t, s.dsn, `SELECT COUNT(*) FROM issued_references WHERE legacy`), "its file does not bring it again")
			require.EqualValues(t, 1, rows("issued_references", moved.Key))
			require.Equal(t, 1, forget(end.AddDate(0, 0, registry.OpensAfterMove).AddDate(0, registry.ReferenceKept, 1)))
			require.Zero(t, rows("issued_references", moved.Key))
			require.Zero(t, forget(end.AddDate(50, 0, 0)))
			for _, key := range []string{live.Key, free.Key} {
				require.EqualValues(t, 1, rows("issued_references", key))
			}
			for i := range 501 { // more than one round
				storetest.Exec(t, s.dsn, `INSERT INTO issued_references (key, occupancy_id, meter_id, digits, letter_code, legacy, issued_us, first_used_us, ended_us)
  VALUES ($1, $2, $3, $4, $4, $5, 1, 0, 2)`, fmt.Sprint("old", i), live.OccupancyID, live.MeterID, []byte{1}, false)
			}
			require.Equal(t, 501, forget(over))
			require.EqualValues(t, 5, entries())
		})
	}
}
