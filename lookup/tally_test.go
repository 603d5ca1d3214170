package lookup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// T16, T17, T19: how a source stands by what is remembered of it, mark by mark.
func TestT16Standing(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	limits := DefaultLimits()
	at := func(d deed, ago time.Duration, ref uint64) mark { return mark{d, now.Add(-ago).UnixMilli(), ref} }
	times := func(n int, m mark) (t tally) {
		for range n {
			t = append(t, m)
		}
		return t
	}
	refs := func(n int, d deed, ago time.Duration) (t tally) {
		for i := range n {
			t = append(t, at(d, ago, uint64(100+i)))
		}
		return t
	}
	for name, c := range map[string]struct {
		tally tally
		want  standing
	}{
		"nobody":                               {nil, free},
		"five failures":                        {times(5, at(failed, time.Hour, 1)), free},
		"six":                                  {times(6, at(failed, time.Hour, 1)), full},
		"six, the last a block":                {append(times(5, at(failed, time.Hour, 1)), at(blocked, 0, 1)), full},
		"six a day ago":                        {times(6, at(failed, day, 1)), free},
		"six almost a day ago":                 {times(6, at(failed, day-time.Millisecond, 1)), full},
		"six by a clock that was ahead":        {times(6, at(failed, -time.Hour, 1)), full},
		"nineteen in the week":                 {times(19, at(failed, 2*day, 1)), free},
		"twenty":                               {times(20, at(failed, 2*day, 1)), full},
		"twenty the week before":               {times(20, at(failed, week, 1)), free},
		"six that never ended":                 {times(6, at(pending, time.Hour, 1)), full},
		"five other references":                {refs(5, failed, time.Hour), full},
		"five, this one among them":            {append(refs(4, failed, time.Hour), at(failed, time.Hour, 1)), free},
		"five that never ended":                {refs(5, pending, time.Hour), full},
		"five other references a day ago":      {refs(5, failed, day), free},
		"many opened":                          {refs(50, opened, time.Hour), free},
		"one under way":                        {tally{at(pending, 0, 1)}, free},
		"two":                                  {times(2, at(pending, 0, 1)), busy},
		"two that began too long ago":          {times(2, at(pending, underWay, 1)), free},
		"five, and one under way":              {append(times(5, at(failed, time.Hour, 1)), at(pending, 0, 1)), busy},
		"six, and one under way":               {append(times(6, at(failed, time.Hour, 1)), at(pending, 0, 1)), full},
		"four others, and one under way":       {append(refs(4, failed, time.Hour), at(pending, 0, 9)), busy},
		"four others, and this one under way":  {append(refs(4, failed, time.Hour), at(pending, 0, 1)), free},
		"nineteen, and one under way":          {append(times(19, at(failed, 2*day, 1)), at(pending, 0, 1)), busy},
		"a block, and one under way":           {tally{at(blocked, time.Hour, 1), at(pending, 0, 2)}, busy},
		"a block":                              {tally{at(blocked, time.Hour, 1)}, free},
		"two blocks":                           {tally{at(blocked, time.Hour, 1), at(blocked, 0, 2)}, barred},
		"two blocks, one of them a day ago":    {tally{at(blocked, day, 1), at(blocked, 0, 2)}, free},
		"two blocks and all the failures":      {append(times(20, at(failed, 0, 1)), at(blocked, 0, 1), at(blocked, 0, 2)), barred},
		"two blocks by a clock that was ahead": {times(2, at(blocked, -day, 1)), barred},
	} {
		kept := decodeTally(nil, c.tally.encode()).pruned(now)
		require.Equal(t, c.want, limits.source(now, kept, 1), name)
	}
}

// T16: what is under way counts as failed, but is not yet: what nobody ended
// is, half a minute later.
func TestT16Settled(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(d deed, ago time.Duration) mark { return mark{d, now.Add(-ago).UnixMilli(), 1} }
	for name, c := range map[string]struct {
		mark           mark
		fails, settled int
	}{
		"failed":                         {at(failed, 0), 1, 1},
		"blocked":                        {at(blocked, 0), 1, 1},
		"opened":                         {at(opened, 0), 0, 0},
		"under way":                      {at(pending, 0), 1, 0},
		"by a clock that was ahead":      {at(pending, -time.Hour), 1, 0},
		"for almost half a minute":       {at(pending, underWay-time.Millisecond), 1, 0},
		"never ended":                    {at(pending, underWay), 1, 1},
		"never ended, a day ago":         {at(pending, day), 0, 0},
		"failed before the window began": {at(failed, day), 0, 0},
	} {
		one := tally{c.mark}
		require.Equal(t, c.fails, one.fails(now, day), name)
		require.Equal(t, c.settled, one.settled(now, day), name)
	}
}

// T12: what no window sees is dropped, and nothing else.
func TestT12Pruned(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	at := func(d deed, ago time.Duration) mark { return mark{d, now.Add(-ago).UnixMilli(), 1<<64 - 1} }
	kept := tally{at(failed, week-1e6), at(blocked, 6*day), at(pending, 2*day), at(opened, day-1e6), at(opened, -time.Hour)}
	gone := tally{at(failed, week), at(blocked, 8*day), at(pending, 9*day), at(opened, day)}
	require.Equal(t, kept, decodeTally(nil, append(gone, kept...).encode()).pruned(now))
	require.Equal(t, week, kept.life())
	require.Equal(t, day, kept[3:].life())
	require.Empty(t, gone.pruned(now).encode())
	// An opening counts once for each reference, and only the newest are kept.
	opens := tally{at(failed, 0)}
	for ref := range uint64(9) {
		opens = opens.opens(mark{opened, now.UnixMilli() + int64(ref), ref}, 3)
	}
	n, among := opens.references(now, 8, true)
	require.Equal(t, 4, n)
	require.True(t, among)
	require.Len(t, opens, 5)
	n, _ = append(opens, opens[4]).references(now, 0, true)
	require.Equal(t, 4, n)
}
