package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// trail is a store with a sealer and a heads file.
type trail struct {
	t     testing.TB
	dsn   string
	store *store.Store
	heads audit.Heads
	path  string
	clock portal.Clock
}

// ticking gives a clock that moves a millisecond at every look, so that ids
// are in the order of their making.
func ticking() portal.Clock {
	var n atomic.Int64
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	return func() time.Time { return start.Add(time.Duration(n.Add(1)) * time.Millisecond) }
}

func newTrail(t testing.TB, b storetest.Backend) *trail {
	t.Helper()
	tr := &trail{t: t, dsn: b.DSN(t), path: filepath.Join(t.TempDir(), "heads.log"), clock: ticking()}
	tr.open()
	// However many migrations there are, these tests count from one entry.
	db := tr.raw()
	tr.run(db, `DELETE FROM trail_entries WHERE id > (SELECT MIN(id) FROM trail_entries)`)
	require.NoError(t, db.Close())
	return tr
}

func (tr *trail) open() {
	tr.t.Helper()
	tr.store = storetest.Reopen(tr.t, tr.dsn, tr.clock)
	var err error
	tr.heads, err = audit.OpenHeads("file:" + tr.path)
	require.NoError(tr.t, err)
	tr.t.Cleanup(func() { _ = tr.heads.Close() })
}

func (tr *trail) add(n int) {
	tr.t.Helper()
	require.NoError(tr.t, tr.store.Do(context.Background(), func(t tx.Tx) error {
		for i := range n {
			t.Record(audit.Entry{Actor: portal.Actor{Kind: portal.Visitor}, Action: audit.LookupRefused, Ground: "reference",
				Channel: "web", Subject: fmt.Sprintf("reference:%d", i%10), Details: map[string]string{"n": fmt.Sprint(i)}})
		}
		return nil
	}))
}

func (tr *trail) sealer(signer note.Signer) *audit.Sealer {
	return audit.NewSealer(tr.store, tr.heads, signer, tr.clock, slog.New(slog.DiscardHandler)).Rounds(512)
}

func (tr *trail) seal() audit.Head {
	tr.t.Helper()
	head, err := tr.sealer(storetest.Keys(tr.t).TrailSigner()).SealNow(context.Background())
	require.NoError(tr.t, err)
	return head
}

func verifier(t testing.TB) note.Verifier {
	v, err := note.NewVerifier(storetest.Keys(t).TrailVerifierKey())
	require.NoError(t, err)
	return v
}

func (tr *trail) verify(withOutside bool) audit.Report {
	tr.t.Helper()
	var outside audit.Outside
	var err error
	if withOutside {
		outside, err = audit.ReadHeads(tr.path, verifier(tr.t))
		require.NoError(tr.t, err)
	}
	var report audit.Report
	require.NoError(tr.t, tr.store.Trail(context.Background(), func(r audit.Reader) (err error) {
		report, err = audit.Verify(context.Background(), r, verifier(tr.t), outside)
		return err
	}))
	return report
}

// raw opens the database as an intruder would.
func (tr *trail) raw() *sql.DB {
	tr.t.Helper()
	driver, name := "pgx", tr.dsn
	if path, ok := strings.CutPrefix(tr.dsn, "sqlite:"); ok {
		driver, name = "sqlite", path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, name)
	require.NoError(tr.t, err)
	tr.t.Cleanup(func() { _ = db.Close() })
	return db
}

func (tr *trail) run(db *sql.DB, statements ...string) {
	tr.t.Helper()
	for _, s := range statements {
		_, err := db.Exec(s)
		require.NoError(tr.t, err, s)
	}
}

// idAt is the id of the entry at a place.
func (tr *trail) idAt(db *sql.DB, idx int64) (id string) {
	tr.t.Helper()
	require.NoError(tr.t, db.QueryRow(`SELECT id FROM trail_entries WHERE idx = $1`, idx).Scan(&id))
	return id
}
