package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// Must-show 7 of works: an officer's list, in each of its filters, and a
// requester's page read their rows by an index, in its order, on both databases:
// nobody searches or sorts all requests.
func TestWorksAreReadByIndex(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			dsn := b.DSN(t)
			now := time.Date(2026, 4, 20, 9, 0, 0, 0, portal.Brussels)
			s := storetest.Reopen(t, dsn, func() time.Time { return now })
			var list []store.DatedWorks
			for i := range 4_000 {
				r := works.Request{ID: portal.NewID(now), Key: fmt.Sprint("k", i), Number: keys.Secret(fmt.Sprintf("%010d", i)), Code: []byte{0}, Kind: works.Kinds[i%len(works.Kinds)],
					Status: works.Statuses[i/3%len(works.Statuses)], MadeAt: now, Since: now, Due: now.AddDate(0, 0, i%300), Team: fmt.Sprint("Team ", i%7),
					OccupancyID: fmt.Sprint("o", i), External: fmt.Sprint("x", i)}
				list = append(list, store.DatedWorks{Request: r, Steps: []works.Step{{At: now, To: r.Status}, {At: now, To: r.Status}}})
			}
			require.NoError(t, s.Do(t.Context(), func(t tx.Tx) error { return s.LoadWorks(t, list) }))
			kept, steps, err := s.Works(t.Context(), list[5].ID)
			require.NoError(t, err)
			require.Equal(t, list[5].Team, kept.Team)
			require.Len(t, steps, 2)
			driver, name, explain := "pgx", dsn, "EXPLAIN "
			if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
				driver, name, explain = "sqlite", path, "EXPLAIN QUERY PLAN "
			}
			db, err := sql.Open(driver, name)
			require.NoError(t, err)
			defer db.Close()
			_, err = db.Exec(`ANALYZE`)
			require.NoError(t, err)
			plan := func(text string, args ...any) string {
				t.Helper()
				rows, err := db.Query(explain+text, args...)
				require.NoError(t, err)
				columns, err := rows.Columns()
				require.NoError(t, err)
				var plan strings.Builder
				for rows.Next() {
					line := make([]any, len(columns))
					for i := range line {
						line[i] = new(sql.NullString)
					}
					require.NoError(t, rows.Scan(line...))
					plan.WriteString(line[len(line)-1].(*sql.NullString).String + "\n")
				}
				require.NoError(t, rows.Err())
				return plan.String()
			}
			indexed := func(told, index string) {
				t.Helper()
				require.Contains(t, told, index)
				slow := []string{"Seq Scan", "SCAN", "TEMP B-TREE", "Sort"}
				if index == "works_due_of_both" {
					slow = slow[:3] // a dozen rows may be sorted
				}
				for _, way := range slow {
					require.NotContains(t, told, way)
				}
			}
			for _, f := range []struct {
				works.Filter
				index string
			}{
				{works.Filter{Turn: works.Operator}, "works_due"},
				{works.Filter{Turn: works.Requester, Team: "Team 3"}, "works_due_of_team"},
				{works.Filter{Turn: works.Operator, Kind: works.MeterMove}, "works_due_of_kind"},
				{works.Filter{Turn: works.Operator, Team: "Team 3", Kind: works.MeterMove}, "works_due_of_both"},
			} {
				for _, after := range []works.Place{{}, {At: now.AddDate(0, 0, 9), ID: list[7].ID}} {
					text, args := store.WorksWaiting(f.Filter, after, 26)
					indexed(plan(store.SelectWorks+text, args...), f.index)
				}
			}
			pk := map[string]string{"pgx": "works_pkey", "sqlite": "sqlite_autoindex_works_1"}[driver]
			indexed(plan(store.SelectWorks+`id = $1`, list[9].ID), pk)
			for text, index := range map[string]string{store.SelectWorks + store.WorksOfStay: "works_of_occupancy", store.SelectWorksSteps: "works_steps", store.SelectWorksPapers: "works_papers",
				store.SelectWorks + `key = $1`: "key", store.SelectWorks + store.WorksExternal: "works_external"} {
				told := plan(text, list[9].OccupancyID)
				require.Contains(t, told, index, text)
				require.NotContains(t, told, "SCAN", text)
				if !strings.Contains(text, "works_papers") { // an empty table is read whole
					require.NotContains(t, told, "Seq Scan", text)
				}
			}
		})
	}
}
