package main

import (
	"encoding/json"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// D16: the command deletes what is kept no longer and tells how much; daily does
// it, too; again, nothing; and the trail verifies.
func TestD16PurgeByCommand(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	must("issue", "references")
	dsn := "sqlite:" + dir + "/guichet.db"
	old, now := portal.Micros(time.Now().AddDate(-4, 0, 0)), portal.Micros(time.Now())
	storetest.Exec(t, dsn, `UPDATE issued_references SET ended_us = $1 WHERE key = (SELECT MIN(key) FROM issued_references)`, old)
	storetest.Exec(t, dsn, `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ('old', 'reference', '', 0, '', $1)`, old)
	storetest.Exec(t, dsn, `INSERT INTO visits (id, reference_key, occupancy_id, opened_us, ends_us, ended_us) VALUES ('old', 'old', 'old', $1, $1, 0)`, old)
	storetest.Exec(t, dsn, `UPDATE clock_mark SET mark_us = $1`, now)

	var gone purged
	require.NoError(t, json.Unmarshal([]byte(must("purge", "--json").out), &gone))
	require.Equal(t, purged{References: 1, Tries: 1, Visits: 1}, gone)
	out := must("daily").out
	require.Contains(t, out, "ended references forgotten: 0; visits: 0; browsers: 0; lapsed failures: 0\n")
	require.Contains(t, out, "entries of the trail emptied: 0 of accesses, 0 of disclosures\n")
	require.Contains(t, must("audit", "verify").out, "the trail verifies")
	require.Contains(t, must("purge", "--help").out, "a block stays")
}
