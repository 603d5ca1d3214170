package challenge_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup/challenge"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/state/statetest"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func setUp(t testing.TB) (context.Context, *challenge.Service, *state.Memory, *statetest.Clock) {
	clock := statetest.NewClock(noon)
	st := state.NewMemory(clock.Now, 2*challenge.Cap)
	return context.Background(), challenge.New(storetest.Keys(t), st, clock.Now), st, clock
}

func says(t *testing.T, key string, err error) {
	t.Helper()
	if key == "" {
		require.NoError(t, err)
		return
	}
	var e *portal.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, portal.Error{Code: portal.Invalid, Key: key, Field: "captcha"}, *e)
}

// T9, T11: what is accepted, and that every answer uses the challenge up.
func TestT11Answers(t *testing.T) {
	for name, c := range map[string]struct {
		drawn, typed, want string
	}{
		"right":             {"123456", "123456", ""},
		"blanks around":     {"123456", "  123456\t", ""},
		"in groups":         {"123456", "123 456", ""},
		"full width":        {"123456", "１２３４５６", ""},
		"leading zero":      {"012345", "012345", ""},
		"no blank is a 0":   {"120345", "12 345", "captcha.wrong"},
		"wrong":             {"123456", "123457", "captcha.wrong"},
		"short":             {"123456", "12345", "captcha.wrong"},
		"long":              {"123456", "1234567", "captcha.wrong"},
		"letters":           {"123456", "12345x", "captcha.wrong"},
		"letters for zeros": {"120456", "12O456", "captcha.wrong"},
		"empty":             {"123456", "", "captcha.empty"},
		"blank":             {"123456", " \u00a0", "captcha.empty"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, s, st, _ := setUp(t)
			id, err := s.Draw(ctx)
			require.NoError(t, err)
			require.NoError(t, st.Set(ctx, "captcha:"+id, []byte(c.drawn), time.Minute))
			says(t, c.want, s.Take(ctx, id, keys.Secret(c.typed)))
			says(t, "captcha.old", s.Take(ctx, id, keys.Secret(c.drawn)))
		})
	}
}

func TestUnknownIsOld(t *testing.T) {
	ctx, s, _, _ := setUp(t)
	for _, id := range []string{"", "x", "-", "zz-" + portal.Token(), "mf6k0-" + portal.Token(), strings.Repeat("9", 5000) + "-" + portal.Token(), portal.Token()} {
		says(t, "captcha.old", s.Take(ctx, id, "123456"))
		_, err := s.Picture(ctx, id)
		require.Equal(t, portal.NotFound, portal.CodeOf(err))
	}
}

// T11: ten minutes and one second on a quiet site, with a state that does not
// forget by itself.
func TestT11AgeIsCheckedOnReading(t *testing.T) {
	ctx, s, st, clock := setUp(t)
	var ids [2]string
	for i := range ids {
		id, err := s.Draw(ctx)
		require.NoError(t, err)
		require.NoError(t, st.Set(ctx, "captcha:"+id, []byte("123456"), time.Hour))
		ids[i] = id
	}
	clock.Pass(challenge.Life - time.Second)
	says(t, "", s.Take(ctx, ids[0], "123456"))
	clock.Pass(2 * time.Second)
	says(t, "captcha.old", s.Take(ctx, ids[1], "123456"))
	_, err := s.Picture(ctx, ids[1])
	require.Equal(t, portal.NotFound, portal.CodeOf(err))
}

// T9: of many takers of one solution one gets in.
func TestT9OneTaker(t *testing.T) {
	ctx, s, st, _ := setUp(t)
	id, err := s.Draw(ctx)
	require.NoError(t, err)
	answer, _, err := st.Get(ctx, "captcha:"+id)
	require.NoError(t, err)
	require.Regexp(t, `^[0-9]{6}$`, string(answer))
	var in atomic.Int64
	var all errgroup.Group
	for range 50 {
		all.Go(func() error {
			if s.Take(ctx, id, keys.Secret(answer)) == nil {
				in.Add(1)
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 1, in.Load())
}

// T12: a flood of drawings is bounded; whoever has one can still answer it.
func TestT12Cap(t *testing.T) {
	ctx, s, st, clock := setUp(t)
	mine, err := s.Draw(ctx)
	require.NoError(t, err)
	require.NoError(t, st.Set(ctx, "captcha:"+mine, []byte("123456"), time.Minute))
	for range challenge.Cap - 1 {
		_, err := s.Draw(ctx)
		require.NoError(t, err)
	}
	for range 1000 {
		_, err = s.Draw(ctx)
		require.Equal(t, portal.TooMany, portal.CodeOf(err))
	}
	says(t, "", s.Take(ctx, mine, "123456"))
	_, err = s.Draw(ctx)
	require.NoError(t, err, "one left, one comes")
	clock.Pass(challenge.Life)
	n, err := st.Count(ctx, "captcha:")
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestPicture(t *testing.T) {
	ctx, s, _, _ := setUp(t)
	id, err := s.Draw(ctx)
	require.NoError(t, err)
	first, err := s.Picture(ctx, id)
	require.NoError(t, err)
	again, err := s.Picture(ctx, id)
	require.NoError(t, err)
	require.True(t, bytes.Equal(first, again), "asking again teaches nothing")
	img, err := png.Decode(bytes.NewReader(first))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 432, 144), img.Bounds())
	other, err := s.Draw(ctx)
	require.NoError(t, err)
	second, err := s.Picture(ctx, other)
	require.NoError(t, err)
	require.False(t, bytes.Equal(first, second))
}

// A lost state is no wrong answer.
func TestShutWithoutState(t *testing.T) {
	_, s, _, _ := setUp(t)
	id, err := s.Draw(context.Background())
	require.NoError(t, err)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = s.Draw(gone)
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	require.Equal(t, portal.Unavailable, portal.CodeOf(s.Take(gone, id, "1")))
	_, err = s.Picture(gone, id)
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
}

func BenchmarkPicture(b *testing.B) {
	ctx, s, _, _ := setUp(b)
	id, _ := s.Draw(ctx)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = s.Picture(ctx, id)
	}
}
