package doors_test

import (
	"testing"
	"time"

	"guichet/portal/audit"
	"guichet/portal/doors"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// T17: the pure decision. Everything is told from noon; the process has run
// for an hour and its clock was right at the start.
func TestT17Tell(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	const s, m = time.Second, time.Minute
	peer := func(off time.Duration) doors.Peer { return doors.Peer{Wall: at(off), Least: 0, Most: 5 * s} }
	for name, c := range map[string]struct {
		wall  time.Duration // off noon
		mark  time.Duration // off noon
		base  bool
		peers []doors.Peer
		beat  time.Duration // ago
		now   time.Duration
		why   doors.Why
	}{
		"right":                              {mark: -5 * s, base: true},
		"a little ahead of what went by":     {wall: m, mark: -5 * s, base: true, now: m},
		"jumped ahead":                       {wall: m + 1, mark: -5 * s, base: true, now: 0, why: doors.ClockJumped},
		"a little back: time stands still":   {wall: -m, mark: 0, base: true, now: 0},
		"jumped back":                        {wall: -m - 1, mark: -5 * s, base: true, now: 0, why: doors.ClockJumped},
		"jumped back below the mark":         {wall: -time.Hour, mark: 2 * s, base: true, now: 2 * s, why: doors.ClockJumped},
		"starts below the mark":              {wall: -m, mark: 0, now: 0},
		"starts too far below the mark":      {wall: -m - 1, mark: 0, now: 0, why: doors.ClockBehind},
		"starts after a pause":               {wall: 0, mark: -240 * time.Hour, now: 0},
		"starts ahead, others unseen":        {mark: -m - 1, peers: []doors.Peer{{Wall: at(-m - 1), New: true}}, why: doors.ClockUnsure},
		"starts near the mark, others":       {mark: -m, peers: []doors.Peer{{Wall: at(-m), New: true}}},
		"the mark went on meanwhile":         {mark: 30 * s, base: true, now: 30 * s},
		"another process in step":            {mark: 0, base: true, peers: []doors.Peer{peer(-2 * s), peer(0)}},
		"another process a minute ahead":     {mark: 0, base: true, peers: []doors.Peer{peer(m)}},
		"another process too far ahead":      {mark: 0, base: true, peers: []doors.Peer{peer(m + 1)}, why: doors.ClockApart},
		"another process behind, seen late":  {mark: 0, base: true, peers: []doors.Peer{peer(-m - 5*s)}},
		"another process too far behind":     {mark: 0, base: true, peers: []doors.Peer{peer(-m - 5*s - 1)}, why: doors.ClockApart},
		"one of three apart":                 {mark: 0, base: true, peers: []doors.Peer{peer(0), peer(-time.Hour)}, why: doors.ClockApart},
		"a dead process apart":               {mark: 0, base: true, peers: []doors.Peer{{Wall: at(-time.Hour), Least: m, Most: m + 1}}},
		"a long silence of its own":          {mark: -m, base: true, beat: m + 1, why: doors.ClockUnsure},
		"a beat a minute ago":                {mark: -m, base: true, beat: m},
		"jumped, and apart: the jump is why": {wall: time.Hour, mark: 0, base: true, peers: []doors.Peer{peer(0)}, now: 0, why: doors.ClockJumped},
	} {
		r := doors.Reading{Wall: at(c.wall), Ran: time.Hour, Mark: at(c.mark), Peers: c.peers, Beat: time.Hour - c.beat}
		if c.base {
			r.Base = at(-time.Hour)
		}
		now, why := doors.Tell(r)
		require.Equal(t, c.why, why, name)
		require.Equal(t, at(c.now), now, name)
	}
}

// T17: whatever the clocks do, the time is never below the mark, and a clock
// that is off by more than the tolerance is never taken for right.
func TestT17TellLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(label string) time.Duration {
			return time.Duration(rapid.Int64Range(int64(-3*time.Minute), int64(3*time.Minute)).Draw(t, label))
		}
		r := doors.Reading{Wall: noon.Add(span("wall")), Ran: time.Hour, Base: noon.Add(-time.Hour), Mark: noon.Add(span("mark")), Beat: time.Hour}
		for range rapid.IntRange(0, 3).Draw(t, "peers") {
			r.Peers = append(r.Peers, doors.Peer{Wall: noon.Add(span("peer"))})
		}
		now, why := doors.Tell(r)
		require.False(t, now.Before(r.Mark))
		off := func(a, b time.Time) bool { return a.Sub(b).Abs() > doors.Tolerance }
		if why == "" {
			require.False(t, off(r.Wall, noon), "jumped")
			require.False(t, r.Mark.Sub(r.Wall) > doors.Tolerance, "behind")
			for _, p := range r.Peers {
				require.False(t, off(r.Wall, p.Wall), "apart")
			}
		}
		if off(r.Wall, noon) {
			require.False(t, now.After(noon) && now.After(r.Mark), "a jump is not followed")
		}
	})
}

// T17: a clock that jumps shuts every door at the next request, moves neither
// the time nor the mark, and opens them when it is right again.
func TestT17ClockJumps(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		a.beat(t)
		clock := a.Clock()
		mark := func() int64 { return storetest.Number(t, dsn, `SELECT mark_us FROM clock_mark`) }
		for _, off := range []time.Duration{time.Hour, -time.Hour, 61 * time.Second, -61 * time.Second} {
			goOn(t, 10*time.Second, a)
			before, was := clock(), mark()
			a.shift(off)
			for _, d := range doors.All {
				require.Equal(t, doors.ClockJumped, a.why(t, d), "%s, no beat between", off)
			}
			require.Equal(t, before, clock(), off)
			a.beat(t)
			require.Equal(t, doors.ClockJumped, a.why(t, doors.Gate), off)
			require.Equal(t, was, mark(), "a wrong clock writes no mark")
			require.Error(t, a.Guard(t.Context()))
			a.shift(-off)
			require.Empty(t, a.why(t, doors.Gate), off)
			require.Equal(t, before, clock(), off)
		}
	})
}

// T17: the time never runs backwards nor below what any process has written,
// across restarts.
func TestT17HighWaterMark(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		a.beat(t)
		goOn(t, time.Minute, a)
		clock := a.Clock()
		last := clock()
		require.Equal(t, noon.Add(time.Minute), last)
		a.shift(-59 * time.Second)
		require.Empty(t, a.why(t, doors.Gate))
		require.Equal(t, last, clock(), "it stands still")
		a.pass(30 * time.Second)
		require.Equal(t, last, clock())
		a.pass(30 * time.Second)
		require.Equal(t, last.Add(time.Second), clock())
		require.NoError(t, a.Leave(t.Context()))

		back := start(t, dsn, noon.Add(-time.Hour))
		back.beat(t)
		require.Equal(t, doors.ClockBehind, back.why(t, doors.Gate), "set back while nobody ran")
		require.Equal(t, noon.Add(time.Minute), back.Clock()())
		back.shift(time.Hour)
		require.Empty(t, back.why(t, doors.Gate))
	})
}

// T17: two processes whose clocks differ by over a minute both shut, whoever
// is wrong; one that starts ahead never moves the mark; the dead are ignored.
func TestT17Skew(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		a.beat(t)
		b := start(t, dsn, noon.Add(30*time.Second))
		b.beat(t)
		goOn(t, 30*time.Second, a, b)
		require.Empty(t, a.why(t, doors.Gate))
		require.Empty(t, b.why(t, doors.Gate), "half a minute is allowed")
		mark := storetest.Number(t, dsn, `SELECT mark_us FROM clock_mark`)

		ahead := start(t, dsn, noon.Add(time.Hour))
		ahead.beat(t)
		require.Equal(t, doors.ClockUnsure, ahead.why(t, doors.Gate), "others may be live")
		require.Equal(t, mark, storetest.Number(t, dsn, `SELECT mark_us FROM clock_mark`))
		goOn(t, 5*time.Second, a, b, ahead)
		for _, m := range []*machine{a, b, ahead} {
			require.Equal(t, doors.ClockApart, m.why(t, doors.Gate))
		}
		require.Equal(t, mark, storetest.Number(t, dsn, `SELECT mark_us FROM clock_mark`), "nobody knows who is right")
		ahead.shift(30*time.Second - time.Hour)
		goOn(t, 10*time.Second, a, b, ahead)
		for _, m := range []*machine{a, b, ahead} {
			require.Empty(t, m.why(t, doors.Gate), "right again")
		}

		require.NoError(t, ahead.Leave(t.Context()))
		goOn(t, 10*time.Minute, a) // b hangs
		require.Empty(t, a.why(t, doors.Gate))
		late := start(t, dsn, a.Wall().Add(time.Hour))
		late.beat(t)
		require.Equal(t, doors.ClockUnsure, late.why(t, doors.Gate))
	})
}

// T17: after the whole portal was down, with a beat left behind by a process
// that was killed, the doors open once nobody has shown for two beats; at once
// where nobody else may serve.
func TestT17AfterACrash(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		start(t, dsn, noon).beat(t)
		alone := start(t, dsn, noon.Add(time.Hour), func(d *doors.Deps) { d.Alone = true })
		alone.beat(t)
		require.Empty(t, alone.why(t, doors.Gate))
		again := start(t, dsn, noon.Add(3*time.Hour))
		again.beat(t)
		require.Equal(t, doors.ClockUnsure, again.why(t, doors.Gate))
		goOn(t, 5*time.Second, again)
		require.Equal(t, doors.ClockUnsure, again.why(t, doors.Gate), "one beat shows nothing")
		goOn(t, 5*time.Second, again)
		require.Empty(t, again.why(t, doors.Gate))
	})
}

// T17: without beats for a minute a process knows nothing of the others.
func TestT17Silence(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		a.beat(t)
		a.pass(doors.Silence)
		require.Empty(t, a.why(t, doors.Gate))
		a.pass(1)
		require.Equal(t, doors.ClockUnsure, a.why(t, doors.Gate))
		a.beat(t)
		require.Empty(t, a.why(t, doors.Gate))
	})
}

// T17: a mark that was pushed into the future is set right by an officer, in
// the trail, and every process begins anew from it.
func TestT17ClockSetByHand(t *testing.T) {
	everywhere(t, func(t *testing.T, dsn string) {
		a := start(t, dsn, noon)
		people(t, a.store)
		storetest.Exec(t, dsn, `UPDATE clock_mark SET mark_us = $1`, noon.Add(240*time.Hour).UnixMicro())
		a.beat(t)
		require.Equal(t, doors.ClockBehind, a.why(t, doors.Gate))
		require.Equal(t, noon.Add(240*time.Hour), a.Clock()())
		console := start(t, dsn, noon)
		for _, who := range []string{"anna", "gone", "nobody"} {
			_, _, err := console.SetClock(t.Context(), by(who))
			require.Equal(t, "desk.door.role", key(err))
		}
		before, after, err := console.SetClock(t.Context(), by("carla"))
		require.NoError(t, err)
		require.Equal(t, noon.Add(240*time.Hour), before)
		require.Equal(t, noon, after)
		goOn(t, 5*time.Second, a)
		require.Empty(t, a.why(t, doors.Gate))
		require.Equal(t, noon.Add(5*time.Second), a.Clock()())
		entries, err := a.store.Entries(t.Context(), "clock", 5, time.Time{}, "")
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, audit.ClockSet, entries[0].Action)
		require.Equal(t, map[string]string{"reason": "somebody sweeps the gate", "before": "2026-12-03T12:00:00Z",
			"after": "2026-11-23T12:00:00Z"}, audit.ParseDetails(entries[0].Text))

		// So is a clock that was put right by more than a minute.
		a.shift(time.Hour)
		require.Equal(t, doors.ClockJumped, a.why(t, doors.Gate))
		console.shift(time.Hour)
		_, _, err = console.SetClock(t.Context(), by("carla"))
		require.NoError(t, err)
		goOn(t, 5*time.Second, a)
		require.Empty(t, a.why(t, doors.Gate))
		require.Equal(t, a.Wall(), a.Clock()())
	})
}
