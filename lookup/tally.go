package lookup

import (
	"encoding/binary"
	"slices"
	"time"
)

// deed is what one mark of a tally stands for.
type deed uint8

const (
	pending deed = iota + 1 // an attempt under way; one that never ended is a failure
	failed
	blocked // the failure that closed a reference
	opened
)

// mark is one deed of a source, a network or a browser.
type mark struct {
	deed deed
	at   int64  // milliseconds UTC
	ref  uint64 // part of the counter's key: tells references apart, names none
}

// tally is what the short-lived state remembers of one source, network or
// browser: its failures of the last week and its openings of the last day, in
// the order they came. It is a list and not a bucket, so that its windows slide
// exactly. It only shares the load out; what bounds harm lies in SQL.
type tally []mark

// life is how long some window may see a mark.
func (m mark) life() time.Duration {
	if m.deed == opened {
		return day
	}
	return week
}

// life is how long a tally is kept: who has a letter, and opens it from ever
// new addresses, must not fill the state for a week.
func (t tally) life() time.Duration {
	life := day
	for _, m := range t {
		life = max(life, m.life())
	}
	return life
}

// underWay is how long an attempt may take; a mark that is older belongs to a
// process that died.
const underWay = 30 * time.Second

const markSize = 16

// decodeTally reads a tally behind t, which it may use up.
func decodeTally(t tally, b []byte) tally {
	for ; len(b) >= markSize; b = b[markSize:] {
		first := binary.BigEndian.Uint64(b)
		t = append(t, mark{deed: deed(first >> 56), at: int64(first << 8 >> 8), ref: binary.BigEndian.Uint64(b[8:])})
	}
	return t
}

// encode gives nil for an empty tally, which then is not kept at all.
func (t tally) encode() []byte {
	if len(t) == 0 {
		return nil
	}
	b := make([]byte, 0, len(t)*markSize)
	for _, m := range t {
		b = binary.BigEndian.AppendUint64(b, uint64(m.deed)<<56|uint64(m.at)&(1<<56-1))
		b = binary.BigEndian.AppendUint64(b, m.ref)
	}
	return b
}

// pruned drops what no window sees any more.
func (t tally) pruned(now time.Time) tally {
	kept := t[:0]
	for _, m := range t {
		if m.within(now, m.life()) {
			kept = append(kept, m)
		}
	}
	return kept
}

// within also holds for a mark of the future: a clock set back forgives nothing.
func (m mark) within(now time.Time, window time.Duration) bool {
	return now.UnixMilli()-m.at < window.Milliseconds()
}

// pends tells whether an attempt is still under way.
func (m mark) pends(now time.Time) bool { return m.deed == pending && m.within(now, underWay) }

// fails counts failures in a window; an attempt under way counts as one.
func (t tally) fails(now time.Time, window time.Duration) (n int) {
	for _, m := range t {
		if m.deed != opened && m.within(now, window) {
			n++
		}
	}
	return n
}

// ended leaves out the attempts under way: what stands whatever becomes of them.
func (t tally) ended(now time.Time) tally {
	if t.underWay(now) == 0 {
		return t
	}
	return slices.DeleteFunc(slices.Clone(t), func(m mark) bool { return m.pends(now) })
}

// settled counts the failures in a window that are some.
func (t tally) settled(now time.Time, window time.Duration) (n int) {
	for _, m := range t {
		if m.deed != opened && m.within(now, window) && !m.pends(now) {
			n++
		}
	}
	return n
}

func (t tally) blocks(now time.Time, window time.Duration) (n int) {
	for _, m := range t {
		if m.deed == blocked && m.within(now, window) {
			n++
		}
	}
	return n
}

func (t tally) underWay(now time.Time) (n int) {
	for _, m := range t {
		if m.pends(now) {
			n++
		}
	}
	return n
}

// references counts the different references with such a deed in a day, and
// tells whether ref is among them.
func (t tally) references(now time.Time, ref uint64, open bool) (n int, among bool) {
	seen := make([]uint64, 0, 32) // as many as most tallies hold, without memory of their own
	for _, m := range t {
		if (m.deed == opened) == open && m.within(now, day) {
			seen = append(seen, m.ref)
			among = among || m.ref == ref
		}
	}
	slices.Sort(seen)
	return len(slices.Compact(seen)), among
}

// opens adds an opening of a reference. Beyond what asks for more (most) the
// oldest goes, so that a busy network's tally stays short.
func (t tally) opens(m mark, most int) tally {
	if n, _ := t.references(time.UnixMilli(m.at), 0, true); n > most {
		for i := range t {
			if t[i].deed == opened {
				t = append(t[:i:i], t[i+1:]...)
				break
			}
		}
	}
	return append(t, m)
}

// without drops one mark of a reference, the newest with that deed and time.
func (t tally) without(gone mark) tally {
	for i := len(t) - 1; i >= 0; i-- {
		if t[i] == gone {
			return append(t[:i:i], t[i+1:]...)
		}
	}
	return t
}

// standing is how a source stands when it tries.
type standing int

const (
	free   standing = iota
	full            // its failures are used up: step 2, and the shared overflow
	busy            // what is under way could close too many references, or use up its failures
	barred          // it closed as many references as a source may: refused altogether today
)

// source judges one more try of a source at a reference.
func (l Limits) source(now time.Time, t tally, ref uint64) standing {
	closed := t.blocks(now, day)
	switch {
	case closed >= l.SourceBlocks:
		return barred
	case closed+t.underWay(now) >= l.SourceBlocks:
		return busy
	case l.spent(now, t.ended(now), ref):
		return full
	case l.spent(now, t, ref):
		return busy
	}
	return free
}

// spent tells whether a source has used up its failures for one more at a
// reference.
func (l Limits) spent(now time.Time, t tally, ref uint64) bool {
	references, among := t.references(now, ref, false)
	return t.fails(now, day) >= l.SourceADay || t.fails(now, week) >= l.SourceAWeek || references >= l.SourceReferences && !among
}
