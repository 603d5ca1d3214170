package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

const upsert = `INSERT INTO lookup_counters (key, kind, failures, blocked_us, case_id, changed_us) VALUES ($1, 'reference', $2, 0, '', $3)
  ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, changed_us = excluded.changed_us`

// The raw durable upsert by Do, against a transaction and a commit for each
// caller: the measure that the gate is held against.
func BenchmarkUpsert(b *testing.B) {
	for _, backend := range storetest.Backends(b) {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/joined/%d", backend.Name, callers), func(b *testing.B) {
				s := backend.Open(b, time.Now)
				run(b, callers, func(key string, n int) error {
					return s.Do(context.Background(), func(t tx.Tx) error {
						_, err := store.Exec(t, upsert, key, "x", int64(n))
						return err
					})
				})
			})
			b.Run(fmt.Sprintf("%s/naive/%d", backend.Name, callers), func(b *testing.B) {
				db := naive(b, backend)
				run(b, callers, func(key string, n int) error {
					t, err := db.Begin()
					if err != nil {
						return err
					}
					if _, err := t.Exec(upsert, key, "x", int64(n)); err != nil {
						_ = t.Rollback()
						return err
					}
					return t.Commit()
				})
			})
		}
	}
}

func naive(b *testing.B, backend storetest.Backend) *sql.DB {
	dsn := backend.DSN(b)
	storetest.Reopen(b, dsn, time.Now)
	driver, name := "pgx", dsn
	if path, ok := strings.CutPrefix(dsn, "sqlite:"); ok {
		driver, name = "sqlite", path+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)"
	}
	db, err := sql.Open(driver, name)
	require.NoError(b, err)
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	return db
}

func run(b *testing.B, callers int, one func(key string, n int) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for c := range callers {
		all.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				if err := one(fmt.Sprintf("k%d-%d", c, n%1000), int(n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "units/s")
}
