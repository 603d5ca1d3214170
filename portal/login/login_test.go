package login

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestT26Waits: five failures cost nothing, then one second doubling to an hour.
func TestT26Waits(t *testing.T) {
	for _, c := range []struct {
		failures int64
		wait     time.Duration
	}{
		{0, 0}, {4, 0}, {5, time.Second}, {6, 2 * time.Second}, {10, 32 * time.Second},
		{16, 2048 * time.Second}, {17, time.Hour}, {18, time.Hour}, {1 << 40, time.Hour},
	} {
		require.Equal(t, c.wait, Failures{Count: c.failures, Last: noon}.Wait(), "%d failures", c.failures)
	}
	f := Failures{Count: 6, Last: noon}
	require.True(t, f.Waiting(noon.Add(2*time.Second-time.Microsecond)))
	require.False(t, f.Waiting(noon.Add(2*time.Second)))
	require.True(t, f.Waiting(noon.Add(-time.Hour)), "a clock set back gives nothing away")
}

func TestWaitsNeverShrink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<50).Draw(t, "failures")
		a, b := Failures{Count: n}.Wait(), Failures{Count: n + 1}.Wait()
		require.LessOrEqual(t, a, b)
		require.LessOrEqual(t, b, LongestWait)
	})
}

// TestT26CodeWorksOnce also for the codes before it, and only around now.
func TestT26CodeWorksOnce(t *testing.T) {
	seed := NewSeed()
	code := func(steps int) keys.Secret {
		c, err := Code(seed, noon.Add(time.Duration(steps)*stepLength))
		require.NoError(t, err)
		return c
	}
	now := noon.Unix() / 30
	for _, c := range []struct {
		name  string
		typed keys.Secret
		used  int64
		ok    bool
	}{
		{"this step", code(0), 0, true},
		{"one behind", code(-1), 0, true},
		{"one ahead", code(1), 0, true},
		{"two behind", code(-2), 0, false},
		{"two ahead", code(2), 0, false},
		{"used", code(0), now, false},
		{"before the used one", code(-1), now, false},
		{"after the used one", code(1), now, true},
		{"empty", "", 0, false},
	} {
		step, ok, err := MatchCode(seed, c.typed, noon, c.used)
		require.NoError(t, err)
		require.Equal(t, c.ok, ok, c.name)
		if ok {
			require.Greater(t, step, c.used)
		}
	}
}

func TestPasswordsMatchThemselvesOnly(t *testing.T) {
	p, err := NewPasswords()
	require.NoError(t, err)
	hash, err := p.Hash(context.Background(), "correct horse battery")
	require.NoError(t, err)
	turn, err := p.Turn(context.Background())
	require.NoError(t, err)
	defer turn.End()
	for _, c := range []struct {
		typed keys.Secret
		hash  string
		same  bool
	}{
		{"correct horse battery", hash, true},
		{"correct horse battery ", hash, false},
		{"", hash, false},
		{"correct horse battery", "", false},
		{keys.Secret(strings.Repeat("x", 1<<20)), hash, false},
	} {
		same, err := turn.Matches(c.typed, c.hash)
		require.NoError(t, err)
		require.Equal(t, c.same, same)
	}
	_, err = turn.Matches("x", "not a hash")
	require.Equal(t, portal.Unavailable, portal.CodeOf(err), "a row that cannot be read shuts")
}

// TestManySignInsTakeLittleMemory: never more than two hashes at once, and a
// full queue is refused.
func TestManySignInsTakeLittleMemory(t *testing.T) {
	p, err := NewPasswords()
	require.NoError(t, err)
	release := make(chan struct{})
	var mu sync.Mutex
	var wg sync.WaitGroup
	running, most, refused := 0, 0, 0
	started := make(chan struct{}, 1000)
	for range waitingAtMost {
		wg.Go(func() {
			turn, err := p.Turn(context.Background())
			if err != nil {
				return
			}
			defer turn.End()
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			started <- struct{}{}
			<-release
			mu.Lock()
			running--
			mu.Unlock()
		})
	}
	for range hashesAtOnce {
		<-started
	}
	for len(p.queue) < waitingAtMost {
		runtime.Gosched() // they are on their way to the queue
	}
	if _, err := p.Turn(context.Background()); portal.CodeOf(err) == portal.TooMany {
		refused++
	}
	close(release)
	wg.Wait()
	require.Equal(t, hashesAtOnce, most)
	require.Equal(t, 1, refused)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	p.slots <- struct{}{}
	p.slots <- struct{}{}
	_, err = p.Hash(done, "x")
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
}

func TestPasswordPolicy(t *testing.T) {
	for _, c := range []struct{ name, password, key string }{
		{"good", "correct horse battery", ""},
		{"accents count once", "éééééèèèèèàà", ""},
		{"short", "elevenchars", "password.short"},
		{"blanks are no length", "abc         ", "password.short"},
		{"long", strings.Repeat("ab", 129), "password.long"},
		{"common", "Motdepasse123", "password.common"},
		{"one character", "zzzzzzzzzzzzzz", "password.common"},
		{"login inside", "xx-Anna.K-2026!", "password.login"},
		{"product inside", "guichet-2026-ok", "password.login"},
	} {
		err := Acceptable("anna.k", keys.Secret(c.password))
		if c.key == "" {
			require.NoError(t, err, c.name)
			continue
		}
		var e *portal.Error
		require.ErrorAs(t, err, &e, c.name)
		require.Equal(t, c.key, e.Key, c.name)
		require.NotContains(t, err.Error(), c.password)
	}
}
