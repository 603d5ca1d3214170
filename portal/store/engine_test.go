package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/outbox"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func onEach(t *testing.T, test func(t *testing.T, s *store.Store)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { test(t, b.Open(t, time.Now)) })
	}
}

// set is the smallest unit of work.
func set(s *store.Store, name string) func(tx.Tx) error {
	return func(t tx.Tx) error { return s.SetInstallation(t, name, "x") }
}

func has(t *testing.T, s *store.Store, name string) bool {
	t.Helper()
	v, err := s.Installation(context.Background(), name)
	require.NoError(t, err)
	return v != ""
}

// hold occupies SQLite's writer until released, so that what comes next waits
// together; on PostgreSQL it is one transaction among others.
func hold(t *testing.T, s *store.Store) (release func()) {
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.Do(context.Background(), func(tx.Tx) error {
			close(begun)
			<-end
			return nil
		})
	}()
	<-begun
	return func() { close(end); require.NoError(t, <-done) }
}

// together runs units so that they share one commit on SQLite.
func together(t *testing.T, s *store.Store, fns ...func(tx.Tx) error) []error {
	release := hold(t, s)
	errs := make([]error, len(fns))
	var all sync.WaitGroup
	for i, fn := range fns {
		all.Go(func() { errs[i] = s.Do(context.Background(), fn) })
	}
	if s.Dialect() == "sqlite" {
		for s.Queued() < len(fns) {
			runtime.Gosched()
		}
	}
	release()
	all.Wait()
	return errs
}

// Members of a joined commit stand or fall alone.
func TestMembersFailAlone(t *testing.T) {
	refused := &portal.Error{Code: portal.Invalid, Key: "x"}
	entry := func(id string) func(tx.Tx) error {
		return func(t tx.Tx) error {
			t.Record(audit.Entry{ID: id, Action: audit.KeysMade})
			_, err := store.Exec(t, `INSERT INTO installation (name, value) VALUES ($1, $2)`, "with "+id, id)
			return err
		}
	}
	for _, c := range []struct {
		name string
		fn   func(s *store.Store) func(tx.Tx) error
		code portal.Code
	}{
		{"its own refusal", func(s *store.Store) func(tx.Tx) error {
			return func(t tx.Tx) error { return errors.Join(set(s, "bad")(t), refused) }
		}, portal.Invalid},
		{"a panic", func(s *store.Store) func(tx.Tx) error {
			return func(t tx.Tx) error { _ = set(s, "bad")(t); panic("oh") }
		}, portal.Internal},
		{"a statement's error let pass", func(s *store.Store) func(tx.Tx) error {
			return func(t tx.Tx) error {
				_ = set(s, "bad")(t)
				_, _ = store.Exec(t, `INSERT INTO installation (name, value) VALUES ($1, $2)`, "bad", "again")
				_, _ = store.Exec(t, `INSERT INTO installation (name, value) VALUES ($1, $2)`, "bad too", "x")
				return nil
			}
		}, portal.Unavailable},
		{"a letter refused at the commit", func(s *store.Store) func(tx.Tx) error {
			return func(t tx.Tx) error {
				t.Send(outbox.Letter{ID: "taken", Kind: outbox.References})
				return set(s, "bad")(t)
			}
		}, portal.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, s *store.Store) {
				require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
					t.Send(outbox.Letter{ID: "taken", Kind: outbox.References})
					return nil
				}))
				errs := together(t, s, set(s, "a"), c.fn(s), set(s, "b"), entry("e1"), set(s, "c"))
				for i, err := range errs {
					if i == 1 {
						require.Equal(t, c.code, portal.CodeOf(err), "%v", err)
						continue
					}
					require.NoError(t, err)
				}
				require.True(t, has(t, s, "a") && has(t, s, "b") && has(t, s, "c") && has(t, s, "with e1"))
				require.False(t, has(t, s, "bad") || has(t, s, "bad too"))
			})
		})
	}
}

// Do hands fn's own error back as it is.
func TestErrorComesBackAsItIs(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		mine := errors.New("mine")
		require.True(t, mine == s.Do(context.Background(), func(tx.Tx) error { return mine }))
	})
}

// N waiting callers share one commit.
func TestJoinedCommit(t *testing.T) {
	s := storetest.Backends(t)[0].Open(t, time.Now)
	var fns []func(tx.Tx) error
	for i := range 100 {
		fns = append(fns, set(s, fmt.Sprint(i)))
	}
	before := s.Commits()
	for _, err := range together(t, s, fns...) {
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, s.Commits()-before, "the holder's and one for all hundred")
}

// Where the commit itself fails, every member hears it and nothing happened.
func TestCommitFailureFailsAll(t *testing.T) {
	s := storetest.Backends(t)[0].Open(t, time.Now)
	require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
		_, err := store.Exec(t, `CREATE TABLE child (id TEXT NOT NULL REFERENCES installation (name) DEFERRABLE INITIALLY DEFERRED)`)
		return err
	}))
	orphan := func(t tx.Tx) error {
		_, err := store.Exec(t, `INSERT INTO child (id) VALUES ('nobody')`)
		return err
	}
	// SQLite leaves the transaction in mid-work: what follows must not be
	// committed by itself.
	leave := func(t tx.Tx) error {
		_, err := store.Exec(t, `ROLLBACK`)
		return errors.Join(err, set(s, "stray")(t))
	}
	for name, bad := range map[string]func(tx.Tx) error{"transaction left": leave} {
		for i, err := range together(t, s, set(s, "a"), bad, set(s, "b")) {
			require.Equal(t, portal.Unavailable, portal.CodeOf(err), "%s: member %d: %v", name, i, err)
		}
		require.False(t, has(t, s, "a") || has(t, s, "b"))
	}
	// A constraint that only the commit checks: nobody knows whose, so each
	// runs again alone.
	errs := together(t, s, set(s, "c"), orphan, set(s, "d"))
	require.NoError(t, errs[0])
	require.Equal(t, portal.Unavailable, portal.CodeOf(errs[1]))
	require.NoError(t, errs[2])
	require.True(t, has(t, s, "c") && has(t, s, "d"))
	require.NoError(t, s.Do(context.Background(), set(s, "after")))
}

// G4: a caller may give up while queued, never once begun.
func TestCancelled(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		require.Equal(t, portal.Unavailable, portal.CodeOf(s.Do(gone, set(s, "never"))))
		require.False(t, has(t, s, "never"))

		begun, cancel := context.WithCancel(context.Background())
		require.NoError(t, s.Do(begun, func(t tx.Tx) error {
			cancel()
			return set(s, "begun")(t)
		}))
		require.True(t, has(t, s, "begun"))
	})
	s := storetest.Backends(t)[0].Open(t, time.Now)
	release := hold(t, s)
	queued, cancel := context.WithCancel(context.Background())
	answer := make(chan error)
	go func() { answer <- s.Do(queued, set(s, "queued")) }()
	for s.Queued() == 0 {
		runtime.Gosched()
	}
	cancel()
	require.Equal(t, portal.Unavailable, portal.CodeOf(<-answer), "answered while the writer is still busy")
	release()
	require.NoError(t, s.Do(context.Background(), set(s, "later")))
	require.False(t, has(t, s, "queued"))
}

// The queue is bounded: beyond it a unit is refused at once.
func TestQueueIsBounded(t *testing.T) {
	s := storetest.Backends(t)[0].Open(t, time.Now)
	release := hold(t, s)
	var all sync.WaitGroup
	for i := range store.QueueCap {
		all.Go(func() { require.NoError(t, s.Do(context.Background(), set(s, fmt.Sprint(i%7)))) })
	}
	for s.Queued() < store.QueueCap {
		runtime.Gosched()
	}
	require.Equal(t, portal.Unavailable, portal.CodeOf(s.Do(context.Background(), set(s, "refused"))))
	release()
	all.Wait()
	require.False(t, has(t, s, "refused"))
}

// Closing answers everybody, leaves no goroutine, and may be done twice.
func TestClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			s, err := store.Open(context.Background(), b.DSN(t), storetest.Keys(t), time.Now)
			require.NoError(t, err)
			_, err = s.Migrate(context.Background())
			require.NoError(t, err)
			var all sync.WaitGroup
			for i := range 200 {
				all.Go(func() {
					for {
						if err := s.Do(context.Background(), set(s, fmt.Sprint(i))); err != nil {
							if portal.CodeOf(err) != portal.Unavailable {
								t.Error(err)
							}
							return
						}
					}
				})
			}
			require.NoError(t, s.Close())
			all.Wait()
			require.NoError(t, s.Close())
			goleak.VerifyNone(t, before)
		})
	}
}

// A unit that ends its goroutine takes the writer with it: everybody is told
// so, nobody hangs, nothing is committed.
func TestGoexit(t *testing.T) {
	s, err := store.Open(context.Background(), storetest.Backends(t)[0].DSN(t), storetest.Keys(t), time.Now)
	require.NoError(t, err)
	_, err = s.Migrate(context.Background())
	require.NoError(t, err)
	for _, err := range together(t, s, set(s, "a"), func(tx.Tx) error { runtime.Goexit(); return nil }, set(s, "b")) {
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	}
	require.Equal(t, portal.Unavailable, portal.CodeOf(s.Do(context.Background(), set(s, "c"))))
	require.False(t, has(t, s, "a"))
	require.NoError(t, s.Close())
}

// Two units that lock in opposite order: PostgreSQL ends one, Do runs it again.
func TestDeadlockIsRetried(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error { return errors.Join(set(s, "a")(t), set(s, "b")(t)) }))
		var all, first sync.WaitGroup
		if s.Dialect() == "postgres" {
			first.Add(2)
		}
		for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
			var once sync.Once
			all.Go(func() {
				require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
					for _, name := range order {
						if _, err := store.Exec(t, `UPDATE installation SET value = value || 'y' WHERE name = $1`, name); err != nil {
							return err
						}
						if s.Dialect() == "postgres" {
							once.Do(func() { first.Done(); first.Wait() })
						}
					}
					return nil
				}))
			})
		}
		all.Wait()
		for _, name := range []string{"a", "b"} {
			v, err := s.Installation(context.Background(), name)
			require.NoError(t, err)
			require.Equal(t, "xyy", v)
		}
	})
}

// Letters lie sealed, in the transaction that sends them.
func TestLettersLieSealed(t *testing.T) {
	onEach(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.Do(context.Background(), func(t tx.Tx) error {
			t.Send(outbox.Letter{Kind: outbox.References, Language: portal.Dutch, To: outbox.Address{Name: "Somebody"}})
			return nil
		}))
		require.Error(t, s.Do(context.Background(), func(t tx.Tx) error {
			t.Send(outbox.Letter{Kind: outbox.References})
			return errors.New("no")
		}))
		var n, clear int
		require.NoError(t, s.QueryOne(`SELECT count(*) FROM outbox`, &n))
		require.Equal(t, 1, n)
		var sealed []byte
		require.NoError(t, s.QueryOne(`SELECT sealed FROM outbox`, &sealed))
		clear = strings.Index(string(sealed), "Somebody")
		require.Negative(t, clear)
	})
}
