package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

func onEach(t *testing.T, test func(t *testing.T, tr *trail)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { test(t, newTrail(t, b)) })
	}
}

// T8: 10,000 appends from many callers, sealed meanwhile by two sealers: no
// gap, no fork, nothing left over.
func TestT8ParallelAppendsAndTwoSealers(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		other := &trail{t: t, dsn: tr.dsn, clock: tr.clock, heads: tr.heads, path: tr.path}
		other.store = storetest.Reopen(t, tr.dsn, tr.clock)
		ctx, stop := context.WithCancel(context.Background())
		var sealers, writers sync.WaitGroup
		sealed := [2]int{}
		for n, who := range []*trail{tr, other} {
			sealers.Go(func() {
				sealer := who.sealer(storetest.Keys(t).TrailSigner())
				for ctx.Err() == nil {
					_, err := sealer.SealNow(context.Background())
					switch {
					case err == nil:
						sealed[n]++
					// SQLite is not fair between processes: beside fifty writers of
					// another it gives up after five seconds. As in serve, it tries again.
					case n == 0 || portal.CodeOf(err) != portal.Unavailable:
						t.Error(err)
						return
					}
				}
			})
		}
		for w := range 50 {
			writers.Go(func() {
				for i := range 200 {
					err := tr.store.Do(context.Background(), func(t tx.Tx) error {
						t.Record(audit.Entry{Action: audit.HistoryShown, Subject: fmt.Sprintf("occupancy:%d", w), Details: map[string]string{"i": fmt.Sprint(i)}})
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		stop()
		sealers.Wait()
		require.Positive(t, sealed[0])
		require.Positive(t, sealed[1])
		require.EqualValues(t, 10_001, tr.seal().Size)
		report := tr.verify(false)
		require.True(t, report.OK(), "%v", report.Faults)
		require.EqualValues(t, 10_001, report.Entries)
		require.Zero(t, report.Unsealed)
		outside := tr.verify(true)
		for _, f := range outside.Faults { // two sealers, one file: heads may stand out of order, never of another log
			require.Contains(t, f.What, "set back")
		}
	})
}

// behind is the log as a sealer saw it before there was any head.
type behind struct{ *store.Store }

func (behind) TrailEdge(context.Context) (audit.Head, []audit.Tile, error) {
	return audit.Head{}, nil, nil
}

// T8: the second of two sealers that saw the same log changes nothing.
func TestT8SecondSealerFails(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		tr.add(3)
		ctx := context.Background()
		require.Len(t, storetest.Waiting(t, tr.store), 4)
		head := tr.seal()
		tr.add(2)
		for name, late := range map[string]audit.Head{"after the same head": {Size: 2, Prev: 0}, "of the same size": {Size: head.Size, Prev: 1}} {
			late.At, late.Signed = tr.clock(), "late"
			_, err := tr.store.SealTrail(ctx, 10, func([]audit.Recorded) ([]audit.Tile, audit.Head, error) { return nil, late, nil })
			require.Equal(t, portal.Conflict, portal.CodeOf(err), name)
			require.Len(t, storetest.Waiting(t, tr.store), 2, name)
		}
		beaten := audit.NewSealer(behind{tr.store}, tr.heads, storetest.Keys(t).TrailSigner(), tr.clock, slog.New(slog.DiscardHandler))
		_, err := beaten.SealNow(ctx)
		require.NoError(t, err, "the other one's head is as good")
		require.Len(t, storetest.Waiting(t, tr.store), 2)
		now, _, err := tr.store.TrailEdge(ctx)
		require.NoError(t, err)
		require.Equal(t, head.Size, now.Size)
		require.True(t, tr.verify(true).OK())
	})
}

// T8: what is done to an entry that still waits is named, before its sealing
// and after.
func TestT8TamperedWhileWaiting(t *testing.T) {
	const third = ` WHERE id = (SELECT id FROM trail_waiting ORDER BY id LIMIT 1 OFFSET 2)`
	for name, change := range map[string]string{
		"subject":      `UPDATE trail_waiting SET subject = 'reference:other'` + third,
		"details":      `UPDATE trail_waiting SET details = details || ' '` + third,
		"salt":         `UPDATE trail_waiting SET salt = commitment` + third,
		"commitment":   `UPDATE trail_waiting SET commitment = salt` + third,
		"opening":      `UPDATE trail_waiting SET salt = NULL, subject = NULL, details = NULL` + third,
		"half opening": `UPDATE trail_waiting SET salt = NULL` + third,
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, tr *trail) {
				tr.add(5)
				bad := storetest.Waiting(t, tr.store)[2].ID
				tr.run(tr.raw(), change)
				for _, idx := range []int64{audit.Unsealed, 2} {
					report := tr.verify(true)
					require.EqualValues(t, 1, report.FaultCount, "%v", report.Faults)
					require.Equal(t, bad, report.First().ID)
					require.Equal(t, idx, report.First().Idx)
					tr.seal()
				}
			})
		})
	}
	t.Run("contents swapped", func(t *testing.T) {
		onEach(t, func(t *testing.T, tr *trail) {
			tr.add(5)
			waiting := storetest.Waiting(t, tr.store)
			one, other := waiting[2].ID, waiting[4].ID
			_, err := tr.raw().Exec(`UPDATE trail_waiting SET subject = o.subject, details = o.details, salt = o.salt FROM trail_waiting AS o
  WHERE (trail_waiting.id = $1 AND o.id = $2) OR (trail_waiting.id = $2 AND o.id = $1)`, one, other)
			require.NoError(t, err)
			for range 2 {
				report := tr.verify(true)
				require.EqualValues(t, 2, report.FaultCount, "%v", report.Faults)
				require.ElementsMatch(t, []string{one, other}, []string{report.Faults[0].ID, report.Faults[1].ID})
				tr.seal()
			}
		})
	})
	t.Run("a sealed one put back to wait", func(t *testing.T) {
		onEach(t, func(t *testing.T, tr *trail) {
			tr.add(5)
			tr.seal()
			db := tr.raw()
			tr.run(db, `INSERT INTO trail_waiting SELECT id, at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details
  FROM trail_entries WHERE idx = 3`)
			report := tr.verify(true)
			require.EqualValues(t, 1, report.FaultCount, "%v", report.Faults)
			require.Equal(t, tr.idAt(db, 3), report.First().ID)
			_, err := tr.sealer(storetest.Keys(t).TrailSigner()).SealNow(context.Background())
			require.Error(t, err, "never in two places")
		})
	})
}

// meddled is a log in which somebody changes rows while a sealer is between
// reading them and moving them.
type meddled struct {
	*store.Store
	meddle func()
}

func (m meddled) SealTrail(ctx context.Context, limit int, place func([]audit.Recorded) ([]audit.Tile, audit.Head, error)) (int, error) {
	return m.Store.SealTrail(ctx, limit, func(entries []audit.Recorded) ([]audit.Tile, audit.Head, error) {
		m.meddle()
		return place(entries)
	})
}

// T8: an entry that is taken out or replaced under the sealer's hands is not
// sealed as if nothing had happened: nothing is sealed until what waits is read
// anew. One whose row was changed in place is named by its leaf.
func TestT8TamperedWhileSealing(t *testing.T) {
	const third = ` WHERE id = (SELECT id FROM trail_waiting ORDER BY id LIMIT 1 OFFSET 2)`
	for name, c := range map[string]struct {
		change  string
		inPlace bool // SQLite's rows keep their handles
	}{
		"removed":    {`DELETE FROM trail_waiting` + third, false},
		"another id": {`UPDATE trail_waiting SET id = id || 'x'` + third, false},
		"put in":     {`INSERT INTO trail_waiting SELECT id || 'x', at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details FROM trail_waiting` + third, true},
		"ground":     {`UPDATE trail_waiting SET ground = 'another'` + third, true},
		"commitment": {`UPDATE trail_waiting SET commitment = salt, salt = NULL, subject = NULL, details = NULL` + third, true},
		"whole swapped": {`UPDATE trail_waiting SET subject = o.subject, details = o.details, salt = o.salt, commitment = o.commitment
  FROM (SELECT * FROM trail_waiting ORDER BY id LIMIT 1 OFFSET 4) AS o
  WHERE trail_waiting.id = (SELECT id FROM trail_waiting ORDER BY id LIMIT 1 OFFSET 2)`, true},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, tr *trail) {
				tr.add(5)
				bad := storetest.Waiting(t, tr.store)[2].ID
				db := tr.raw()
				under := meddled{tr.store, func() { tr.run(db, c.change) }}
				_, err := audit.NewSealer(under, tr.heads, storetest.Keys(t).TrailSigner(), tr.clock, slog.New(slog.DiscardHandler)).SealNow(t.Context())
				sealed, _, edgeErr := tr.store.TrailEdge(t.Context())
				require.NoError(t, edgeErr)
				if err != nil { // a row was missed
					require.Zero(t, sealed.Size)
					return
				}
				require.True(t, c.inPlace, "sealed without a row that was read")
				require.EqualValues(t, 6, sealed.Size)
				report := tr.verify(true)
				if name == "put in" { // it came too late for this round
					require.True(t, report.OK(), "%v", report.Faults)
					require.EqualValues(t, 1, report.Unsealed)
					return
				}
				require.NotZero(t, report.FaultCount)
				require.Equal(t, bad, report.First().ID)
				require.EqualValues(t, 2, report.First().Idx)
			})
		})
	}
}

// T8: entries that a program from before trail_waiting left without a place
// are sealed with the others.
func TestT8EntriesFromBefore(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		tr.add(700)
		db := tr.raw()
		tr.run(db, `INSERT INTO trail_entries SELECT * FROM trail WHERE subject = 'reference:7'`, `DELETE FROM trail_waiting WHERE subject = 'reference:7'`)
		require.EqualValues(t, 701, tr.verify(true).Unsealed)
		require.EqualValues(t, 701, tr.seal().Size)
		report := tr.verify(true)
		require.True(t, report.OK(), "%v", report.Faults)
		require.Zero(t, report.Unsealed)
	})
}

// What happened to a subject comes back newest first, page by page.
func TestEntriesOfASubject(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		tr.add(250) // 25 about reference:3
		var seen []string
		var last audit.Recorded
		for {
			page, err := tr.store.Entries(context.Background(), "reference:3", 10, last.At, last.ID)
			require.NoError(t, err)
			for _, e := range page {
				seen = append(seen, audit.ParseDetails(e.Text)["n"])
				require.True(t, last.ID == "" || !e.At.After(last.At))
				last = e
			}
			if len(page) < 10 {
				break
			}
			tr.seal() // the next page lies elsewhere
		}
		require.Len(t, seen, 25)
		require.Equal(t, "243", seen[0])
		require.Equal(t, "3", seen[24])
	})
}

// T8: text that a visitor made up can neither fail a unit nor the trail.
func TestT8HostileText(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		hostile := "a\x00b\n\x1b[2J\u202e\xff'; DROP TABLE trail_entries;--"
		require.NoError(t, tr.store.Do(context.Background(), func(t tx.Tx) error {
			t.Record(audit.Entry{Action: audit.LookupRefused, Ground: hostile, Channel: hostile, Subject: hostile,
				Actor: portal.Actor{Kind: "visitor", ID: hostile}, Details: map[string]string{hostile: hostile}})
			return nil
		}))
		tr.seal()
		report := tr.verify(true)
		require.True(t, report.OK(), "%v", report.Faults)
		tr.run(tr.raw(), "UPDATE trail_entries SET id = 'x\x1b[31m\ny', ground = 'z' WHERE idx = 1")
		line := tr.verify(true).First().String()
		require.False(t, strings.ContainsAny(line, "\x1b\n"), "%q", line)
	})
}

// An entry's proof holds for anybody with the public key, for no other entry.
func TestProve(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		tr.add(700)
		tr.seal()
		db := tr.raw()
		for _, idx := range []int64{0, 255, 256, 511, 700} {
			var proof audit.Proof
			require.NoError(t, tr.store.Trail(context.Background(), func(r audit.Reader) (err error) {
				proof, err = audit.Prove(context.Background(), r, tr.idAt(db, idx))
				return err
			}))
			require.NoError(t, proof.Check(verifier(t)))
			proof.Leaf[20] ^= 1
			require.Error(t, proof.Check(verifier(t)))
		}
	})
}

// The heads file lags after a crash between commit and append: the next round
// mends it, also after a torn line; others cannot read it.
func TestHeadsFile(t *testing.T) {
	tr := newTrail(t, storetest.Backends(t)[0])
	tr.seal()
	text, err := os.ReadFile(tr.path)
	require.NoError(t, err)
	info, err := os.Stat(tr.path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	require.NoError(t, os.WriteFile(tr.path, text[:len(text)/2], 0o600))
	tr.heads, err = audit.OpenHeads("file:" + tr.path)
	require.NoError(t, err)
	defer tr.heads.Close()
	require.Zero(t, tr.heads.Newest().Size)
	head := tr.seal()
	require.Equal(t, head, tr.heads.Newest())
	report := tr.verify(true)
	require.Equal(t, head.Size, report.OutsideNewest)
	again, err := audit.OpenHeads("file:" + tr.path)
	require.NoError(t, err)
	defer again.Close()
	require.Equal(t, head.Size, again.Newest().Size)
	for _, bad := range []string{"", "file:", "heads.log", "http:x"} {
		_, err := audit.OpenHeads(bad)
		require.Error(t, err, bad)
	}
}

// TestT8SealedWhileVerifying: a head that is kept outside after the trail was
// read is no fault of the trail.
func TestT8SealedWhileVerifying(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			tr := newTrail(t, b)
			tr.add(3)
			first := tr.seal()
			outside, err := audit.ReadHeads(tr.path, verifier(t))
			require.NoError(t, err)
			require.NoError(t, tr.store.Trail(t.Context(), func(r audit.Reader) error {
				_, err := r.NewestHead(t.Context()) // what is read is settled here
				require.NoError(t, err)
				tr.add(2)
				tr.seal()
				report, err := audit.Verify(t.Context(), r, verifier(t), outside)
				require.Empty(t, report.Faults)
				require.Equal(t, first.Size, report.OutsideNewest)
				return err
			}))
			require.Equal(t, first.Size+2, tr.verify(true).OutsideNewest)
		})
	}
}

// A device that never ends would be read until the machine has no memory left.
func TestHeadsArePlainFiles(t *testing.T) {
	_, err := audit.OpenHeads("file:/dev/full")
	require.ErrorContains(t, err, "not a plain file")
}
