package challenge_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"guichet/lookup/challenge"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/state/statetest"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// heard checks a wave file's header (8 bits, one channel, 8 kHz) and gives its samples.
func heard(t *testing.T, file []byte) []byte {
	t.Helper()
	require.Greater(t, len(file), 44)
	u16 := func(at int) int { return int(binary.LittleEndian.Uint16(file[at:])) }
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(file[at:])) }
	require.Equal(t, "RIFF", string(file[:4]))
	require.Equal(t, "WAVEfmt ", string(file[8:16]))
	require.Equal(t, "data", string(file[36:40]))
	require.Equal(t, []int{len(file) - 8, 16, 8000, 8000, len(file) - 44}, []int{u32(4), u32(16), u32(24), u32(28), u32(40)})
	require.Equal(t, []int{1, 1, 1, 8}, []int{u16(20), u16(22), u16(32), u16(34)})
	return file[44:]
}

// alike is the highest correlation of two sounds' samples at any shift of up
// to half a second, in steps of an eighth of a millisecond.
//
//go:norace
func alike(a, b []byte) (best float64) {
	for shift := -4000; shift <= 4000; shift++ {
		var ab, aa, bb float64
		for i := max(0, -shift); i < len(a) && i+shift < len(b); i += 7 {
			x, y := float64(a[i])-128, float64(b[i+shift])-128
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
		best = max(best, math.Abs(ab)/math.Sqrt(aa*bb+1))
	}
	return best
}

// M2: each digit is recorded in each language, and no two recordings are the same.
func TestM2EveryDigitIsRecorded(t *testing.T) {
	seen := map[string]string{}
	for _, l := range portal.Languages {
		for d := range 10 {
			name := fmt.Sprintf("voice/%s/%d.wav", l, d)
			file, err := os.ReadFile(name)
			require.NoError(t, err)
			require.Greater(t, len(file), 44+2*8000/5, "%s: a digit lasts over a fifth of a second", name)
			require.Equal(t, uint16(16), binary.LittleEndian.Uint16(file[34:]), name)
			loud := 0.0
			for at := 44; at+1 < len(file); at += 2 {
				s := float64(int16(binary.LittleEndian.Uint16(file[at:]))) / 32768
				loud += s * s
			}
			require.Greater(t, math.Sqrt(loud/float64(len(file)/2)), 0.05, "%s is nearly silent", name)
			require.Empty(t, seen[string(file)], name)
			seen[string(file)] = name
		}
	}
}

// M2: the same challenge is the same sound each time, in this process and in
// any other with these keys; other keys, another language and another challenge
// with the same digits sound otherwise.
func TestM2SoundsAreTheirChallengesOwn(t *testing.T) {
	ctx, s, st, clock := setUp(t)
	ids := [2]string{}
	for i := range ids {
		id, err := s.Draw(ctx)
		require.NoError(t, err)
		require.NoError(t, st.Set(ctx, "captcha:"+id, []byte("777777"), time.Minute))
		ids[i] = id
	}
	otherKeys, err := keys.Create(t.TempDir() + "/keys")
	require.NoError(t, err)
	stranger := challenge.New(otherKeys, st, clock.Now)
	for _, l := range portal.Languages {
		first, err := s.Sound(ctx, ids[0], l)
		require.NoError(t, err)
		require.Less(t, len(first), 100_000)
		require.Greater(t, len(heard(t, first)), 3*8000)
		again, err := s.Sound(ctx, ids[0], l)
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, again), "asking again teaches nothing")
		second, err := s.Sound(ctx, ids[1], l)
		require.NoError(t, err)
		require.Less(t, alike(heard(t, first), heard(t, second)), 0.3, "the same digits, another drawing")
		theirs, err := stranger.Sound(ctx, ids[0], l)
		require.NoError(t, err)
		require.Less(t, alike(heard(t, first), heard(t, theirs)), 0.3, "who knows the id cannot draw it")
	}
	picture, err := s.Picture(ctx, ids[0])
	require.NoError(t, err)
	theirs, err := stranger.Picture(ctx, ids[0])
	require.NoError(t, err)
	require.False(t, bytes.Equal(picture, theirs))
	says(t, "", s.Take(ctx, ids[0], "777777"))
}

// No sound is longer than its bound, whatever is drawn.
func TestM2LongestSound(t *testing.T) {
	ctx, s, st, _ := setUp(t)
	for _, l := range portal.Languages {
		for n := range 20 {
			id, err := s.Draw(ctx)
			require.NoError(t, err)
			require.NoError(t, st.Set(ctx, "captcha:"+id, bytes.Repeat([]byte{'0' + byte(n%10)}, 6), time.Minute))
			sound, err := s.Sound(ctx, id, l)
			require.NoError(t, err)
			require.Less(t, len(sound), 100_000)
		}
	}
}

func TestSoundOfNothing(t *testing.T) {
	ctx, s, st, clock := setUp(t)
	id, err := s.Draw(ctx)
	require.NoError(t, err)
	for _, l := range []portal.Language{"", "it", "FR", "../fr"} {
		_, err := s.Sound(ctx, id, l)
		require.Equal(t, portal.NotFound, portal.CodeOf(err), l)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.Sound(gone, id, portal.French)
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	require.NoError(t, st.Set(ctx, "captcha:"+id, []byte("123456"), time.Hour))
	clock.Pass(challenge.Life + time.Second)
	_, err = s.Sound(ctx, id, portal.French)
	require.Equal(t, portal.NotFound, portal.CodeOf(err))
}

// T12: a million drawn: memory is bounded, those who come too late are refused
// politely, those who have one can answer it.
func TestT12AMillionDrawn(t *testing.T) {
	clock := statetest.NewClock(noon)
	st := state.NewMemory(clock.Now, 2*challenge.Cap)
	ctx, s := context.Background(), challenge.New(storetest.Keys(t), st, clock.Now)
	mine, err := s.Draw(ctx)
	require.NoError(t, err)
	answer, _, err := st.Get(ctx, "captcha:"+mine)
	require.NoError(t, err)
	before, refused := heap(), 0
	for range 1_000_000 {
		if _, err := s.Draw(ctx); err != nil {
			require.Equal(t, portal.TooMany, portal.CodeOf(err))
			refused++
		}
	}
	grown := heap() - before
	t.Logf("%d refused; %d MB for %d alive", refused, grown>>20, challenge.Cap)
	require.Equal(t, 1_000_000-challenge.Cap+1, refused)
	require.Less(t, grown, int64(challenge.Cap)*512, "half a kilobyte each")
	_, err = s.Picture(ctx, mine)
	require.NoError(t, err)
	_, err = s.Sound(ctx, mine, portal.German)
	require.NoError(t, err)
	says(t, "", s.Take(ctx, mine, keys.Secret(answer)))
}

// heap is the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkSound(b *testing.B) {
	ctx, s, _, _ := setUp(b)
	id, _ := s.Draw(ctx)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.Sound(ctx, id, portal.French)
	}
}
