package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// TestNewestOfTheGate: the newest first, no more than asked, and no other action.
func TestNewestOfTheGate(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
			s := b.Open(t, func() time.Time { return now })
			require.NoError(t, s.Do(t.Context(), func(t tx.Tx) error {
				for i := range 12 {
					for _, a := range []audit.Action{audit.GateMoved, audit.AlarmRaised, audit.LookupRefused} {
						t.Record(audit.Entry{At: now.Add(time.Duration(i) * time.Second), Action: a,
							Details: map[string]string{"name": fmt.Sprint(a, i)}})
					}
				}
				return nil
			}))
			for a, read := range map[audit.Action]func(context.Context, int) ([]audit.Recorded, error){
				audit.GateMoved: s.GateMoves, audit.AlarmRaised: s.GateAlarms} {
				got, err := read(t.Context(), 10)
				require.NoError(t, err)
				require.Len(t, got, 10)
				for i, e := range got {
					require.Equal(t, fmt.Sprint(a, 11-i), audit.ParseDetails(e.Text)["name"])
				}
			}
		})
	}
}

// TestNewestOfTheGateByIndex: among ten years of entries nobody searches row by row.
func TestNewestOfTheGateByIndex(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			dsn := b.DSN(t)
			storetest.Reopen(t, dsn, time.Now)
			driver, name, explain := "pgx", dsn, "EXPLAIN "
			if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
				driver, name, explain = "sqlite", path, "EXPLAIN QUERY PLAN "
			}
			db, err := sql.Open(driver, name)
			require.NoError(t, err)
			defer db.Close()
			db.SetMaxOpenConns(1)
			if driver == "pgx" { // a small table is read whole, unless this is off
				_, err := db.Exec(`SET enable_seqscan = off`)
				require.NoError(t, err)
			}
			for _, a := range []audit.Action{audit.GateMoved, audit.AlarmRaised} {
				rows, err := db.Query(explain + strings.Replace(store.NewestQuery(a), "$1", "10", 1))
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
				require.Contains(t, plan.String(), "trail_gate")
			}
		})
	}
}
