package audit_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

func year(y int) time.Time { return time.Date(y, 6, 1, 12, 0, 0, 0, time.UTC) }

// addAt records an entry as it was made at a time.
func (tr *trail) addAt(at time.Time, action audit.Action) {
	tr.t.Helper()
	require.NoError(tr.t, tr.store.Do(context.Background(), func(t tx.Tx) error {
		t.Record(audit.Entry{At: at, Actor: portal.Actor{Kind: portal.Visitor}, Action: action, Ground: "reference",
			Channel: "web", Subject: "occupancy:a", Details: map[string]string{"n": "1"}})
		return nil
	}))
}

// mark sets the high-water mark of the clock.
func (tr *trail) mark(at time.Time) {
	tr.t.Helper()
	_, err := tr.raw().Exec(`UPDATE clock_mark SET mark_us = $1`, portal.Micros(at))
	require.NoError(tr.t, err)
}

// erase erases a term until nothing is left of it, so many places a round.
func (tr *trail) erase(term audit.Term, now time.Time, most int) (gone, rounds int) {
	tr.t.Helper()
	for more := true; more; rounds++ {
		n := 0
		require.NoError(tr.t, tr.store.Do(context.Background(), func(t tx.Tx) (err error) {
			n, more, err = tr.store.EraseTerm(t, term, now, most)
			return err
		}))
		gone += n
	}
	return gone, rounds
}

// actions gives those whose openings are still there, in the order of their places.
func (tr *trail) actions() (open []string) {
	tr.t.Helper()
	rows, err := tr.raw().Query(`SELECT action FROM trail_entries WHERE subject = 'occupancy:a' ORDER BY idx`)
	require.NoError(tr.t, err)
	defer rows.Close()
	for rows.Next() {
		var a string
		require.NoError(tr.t, rows.Scan(&a))
		open = append(open, a)
	}
	return open
}

// D16, T8: who came is kept for three years, what was shown for ten, what is of
// the house for good; what is over is erased some places at a time, each time
// with its entry, never beyond the high-water mark of the clock, and the trail
// verifies throughout.
func TestD16TermsOfTheTrail(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		for _, y := range []int{2022, 2025} {
			for i, a := range []audit.Action{audit.LookupOpened, audit.HistoryShown, audit.DoorClosed, audit.StaffSignedIn} {
				tr.addAt(year(y).Add(time.Duration(i)*time.Millisecond), a)
			}
		}
		tr.seal()
		verified := func(erased int) {
			t.Helper()
			for range 2 { // the erasures wait, and have their places
				report := tr.verify(true)
				require.True(t, report.OK(), "%v", report.Faults)
				require.EqualValues(t, erased, report.Erased)
				tr.seal()
			}
		}
		tr.mark(time.Time{})
		gone, _ := tr.erase(audit.Accesses, year(2026), 100)
		require.Zero(t, gone, "nothing was ever served")
		tr.mark(year(2025))
		gone, _ = tr.erase(audit.Accesses, year(2040), 100)
		require.Zero(t, gone, "2022 is not three years ago by the mark")
		verified(0)

		tr.mark(year(2026))
		gone, rounds := tr.erase(audit.Accesses, year(2040), 2)
		require.Equal(t, 2, gone)
		require.Equal(t, 3, rounds)
		require.Equal(t, []string{"history.shown", "door.closed", "lookup.opened", "history.shown", "door.closed", "staff.signed-in"}, tr.actions())
		gone, _ = tr.erase(audit.Disclosures, year(2026), 100)
		require.Zero(t, gone)
		verified(2)

		tr.mark(year(2036))
		for _, term := range audit.Terms {
			tr.erase(term, year(2035), 3)
		}
		require.Equal(t, []string{"door.closed", "history.shown", "door.closed"}, tr.actions())
		verified(5)
		gone, _ = tr.erase(audit.Disclosures, year(2036), 100)
		require.Equal(t, 1, gone)
		require.Equal(t, []string{"door.closed", "door.closed"}, tr.actions())
		verified(6)
	})
}

// T8: an opening that went without an erasure, before its time, or that is
// there again, is named.
func TestT8ErasureThatIsNone(t *testing.T) {
	const empty = `UPDATE trail_entries SET salt = NULL, subject = NULL, details = NULL WHERE idx = `
	for name, c := range map[string]struct {
		do   func(tr *trail)
		idx  int64
		what string
	}{
		"no erasure": {func(tr *trail) { tr.run(tr.raw(), empty+`2`) }, 2, "no erasure names it"},
		"another term's": {func(tr *trail) {
			tr.erase(audit.Accesses, year(2026), 100)
			tr.run(tr.raw(), empty+`2`)
		}, 2, "no erasure names it"},
		"before its time": {func(tr *trail) {
			require.NoError(tr.t, tr.store.Do(context.Background(), func(t tx.Tx) error {
				t.Record(audit.Erasure{Term: audit.Accesses, Before: 3}.Entry(year(2026)))
				return nil
			}))
			tr.run(tr.raw(), empty+`0`, empty+`2`)
		}, 2, "before its time"},
		"there again": {func(tr *trail) {
			db := tr.raw()
			tr.run(db, `CREATE TABLE kept AS SELECT id, salt, subject, details FROM trail_entries WHERE idx = 0`)
			tr.erase(audit.Accesses, year(2026), 100)
			tr.run(db, `UPDATE trail_entries SET salt = (SELECT salt FROM kept), subject = (SELECT subject FROM kept),
  details = (SELECT details FROM kept) WHERE id IN (SELECT id FROM kept)`)
		}, 0, "still there"},
		"of the house": {func(tr *trail) { tr.run(tr.raw(), empty+`3`) }, 3, "no erasure names it"},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, tr *trail) { // places in the order of their times; the house's own entry is the last
				tr.addAt(year(2022), audit.LookupOpened)
				tr.addAt(year(2022).Add(time.Second), audit.HistoryShown)
				tr.addAt(year(2024), audit.LookupOpened)
				tr.seal()
				tr.mark(year(2026))
				c.do(tr)
				report := tr.verify(true)
				require.EqualValues(t, 1, report.FaultCount, "%v", report.Faults)
				require.Equal(t, c.idx, report.First().Idx)
				require.Contains(t, report.First().What, c.what)
			})
		})
	}
}

// T8, D16: two processes that erase at once do it once.
func TestD16TwoErase(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		for range 40 {
			tr.addAt(year(2022), audit.LookupOpened)
		}
		tr.seal()
		tr.mark(year(2026))
		var all sync.WaitGroup
		var counts [4]int
		for i := range counts {
			all.Go(func() { counts[i], _ = tr.erase(audit.Accesses, year(2026), 3) })
		}
		all.Wait()
		require.Equal(t, 40, counts[0]+counts[1]+counts[2]+counts[3])
		for range 2 {
			report := tr.verify(true)
			require.True(t, report.OK(), "%v", report.Faults)
			require.EqualValues(t, 40, report.Erased)
			tr.seal()
		}
	})
}
