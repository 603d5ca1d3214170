package audit

import (
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"guichet/portal"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// The tree grown from its edge has the roots and tiles of package tlog, also
// when it is put down and rebuilt in between.
func TestTreeIsTlogs(t *testing.T) {
	const most = 70_000 // reaches level 2
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = stored[at]
		}
		return out, nil
	})
	grow := &tree{}
	tiles := map[[2]int64]Tile{}
	keep := func(tile Tile) error { tiles[[2]int64{int64(tile.Level), tile.N}] = tile; return nil }
	check := func(t require.TestingT) {
		want, err := tlog.TreeHash(grow.size, reader)
		require.NoError(t, err)
		require.Equal(t, want, grow.root())
		for _, tile := range grow.partial() {
			_ = keep(tile)
		}
		again, err := grown(grow.size, grow.root(), grow.partial())
		require.NoError(t, err)
		require.Equal(t, grow.stack, again.stack)
	}
	check(t)
	for i := range int64(most) {
		h := tlog.RecordHash(fmt.Append(nil, i))
		more, err := tlog.StoredHashesForRecordHash(i, h, reader)
		require.NoError(t, err)
		stored = append(stored, more...)
		require.NoError(t, grow.add(h, keep))
		if i < 600 || i > 65_500 && i < 65_800 || i%997 == 0 {
			check(t)
		}
	}
	check(t)
	require.EqualValues(t, len(tiles), grow.tiles())
	for _, want := range tlog.NewTiles(tileHeight, 0, most) {
		data, err := tlog.ReadTileData(want, reader)
		require.NoError(t, err)
		require.Equal(t, data, tiles[[2]int64{int64(want.L), want.N}].Data, want.Path())
	}
}

// T8: no two entries share their bytes, wherever a field ends.
func TestLeafFramesItsFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[ab]{0,2}`)
		draw := func() Recorded {
			return Recorded{Entry: Entry{ID: word.Draw(t, "id"), Actor: portal.Actor{Kind: portal.ActorKind(word.Draw(t, "kind")), ID: word.Draw(t, "actor")},
				Action: Action(word.Draw(t, "action")), Ground: word.Draw(t, "ground"), Channel: word.Draw(t, "channel")}}
		}
		a, b := draw(), draw()
		require.Equal(t, fmt.Sprint(a.Entry) == fmt.Sprint(b.Entry), string(a.Leaf()) == string(b.Leaf()))
	})
}

// The bytes of a leaf and of a commitment never change: entries sealed years
// ago must still verify.
func TestBytesAreForEver(t *testing.T) {
	salt := []byte("0123456789abcdef")
	details := CanonicalDetails(map[string]string{"b": "2=3", "a": "1\n\\"})
	require.Equal(t, "a=1\\n\\\\\nb=2\\=3", details)
	e := Recorded{Entry: Entry{ID: "06e", At: time.UnixMicro(1_700_000_000_000_001), Actor: portal.Actor{Kind: portal.Staff, ID: "ann"},
		Action: Unblocked, Ground: "case 7", Channel: "desk"}, Commitment: Commitment(salt, "reference:x", details)}
	// Computed once by another program from the words of leaf and commitment.
	require.Equal(t, "e8e7d07a12d13b1b1b404b579eec4d3609f9d17c4092f166f381db942fd2c01f", hex.EncodeToString(e.Commitment))
	h := e.hash()
	require.Equal(t, "c237780fb39e6c99bf7870c09dec67b778155ffc6b16b11821629d9beb83bd5f", hex.EncodeToString(h[:]))
}

func TestDetailsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		details := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "details")
		delete(details, "")
		require.Equal(t, details, ParseDetails(CanonicalDetails(details)))
	})
}

// T8: whatever an entry holds stays inert on a terminal and in a log line.
func TestPrintable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"words", "Grâce à Zoë, Łódź 12:30", "Grâce à Zoë, Łódź 12:30"},
		{"line breaks", "a\nb\r\nc\u2028d\u2029e\u0085f", `a\u{a}b\u{d}\u{a}c\u{2028}d\u{2029}e\u{85}f`},
		{"escape codes", "\x1b[2J\x9b31m\u009b1m\a", `\u{1b}[2J\x9b31m\u{9b}1m\u{7}`},
		{"direction marks", "\u202eabc\u2066\u200f\ufeff", `\u{202e}abc\u{2066}\u{200f}\u{feff}`},
		{"broken UTF-8", "a\xffb\ufffd", `a\xffb` + "\ufffd"},
		{"backslash", `\u{a}`, `\\u{a}`},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, Printable(c.in)) })
	}
	f := Fault{Idx: 3, ID: "x\x1b[31m\n", What: "changed"}
	require.Equal(t, `entry 3 (x\u{1b}[31m\u{a}): changed`, f.String())
}
