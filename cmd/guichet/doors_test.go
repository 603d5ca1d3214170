package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/portal/keys"
	"guichet/portal/login"
)

const officersPassword = "a long walk by the river"

// officers adds colleagues and gives the seeds of their one-time codes.
func officers(t *testing.T, dir string, roles map[string]string) map[string]keys.Secret {
	t.Helper()
	seeds := map[string]keys.Secret{}
	for name, role := range roles {
		got := guichet(t, dir, nil, officersPassword+"\n", "staff", "add", name, "--name", name, "--role", role, "--json")
		require.Zero(t, got.status, got.err)
		var added map[string]string
		require.NoError(t, json.Unmarshal([]byte(got.out), &added))
		seeds[name] = keys.Secret(added["otp_secret"])
	}
	return seeds
}

// typed is what an officer types: the code of now, or with 1 the next one, which
// works already. Both work also where half a minute ends on the way.
func typed(t *testing.T, seed keys.Secret, n int) string {
	t.Helper()
	code, err := login.Code(seed, time.Now().Add(time.Duration(n)*30*time.Second))
	require.NoError(t, err)
	return officersPassword + "\n" + code.Reveal() + "\n"
}

// G11: the shell closes for an officer; opening takes two, each proven.
func TestG11SwitchByCommand(t *testing.T) {
	dir := t.TempDir()
	require.Zero(t, guichet(t, dir, nil, "", "migrate", "--new-keys").status)
	seeds := officers(t, dir, map[string]string{"anna": "agent", "carla": "security", "dirk": "security", "emma": "security"})
	turn := func(in string, args ...string) told {
		t.Helper()
		return guichet(t, dir, nil, in, append([]string{"switch"}, args...)...)
	}
	why := "--reason=somebody sweeps the gate"
	refused := func(got told, status int, says string) {
		t.Helper()
		require.Equal(t, status, got.status, got.out)
		require.Contains(t, got.err, says)
	}
	refused(turn("", "gate", "now", "--by=carla", why), 2, "the clock is now")
	refused(turn("", "clock", "closed", "--by=carla", why), 2, "the clock is now")
	refused(turn("", "window", "closed", "--by=carla", why), 2, "must be one of")
	refused(turn("", "gate", "closed", "--by=carla"), 2, "missing flags")
	refused(turn("", "gate", "closed", "--by=anna", why), 1, "only a security officer")
	refused(turn("", "gate", "closed", "--by=carla", "--reason=x"), 1, "at least five")
	refused(turn(typed(t, seeds["emma"], 0), "gate", "open", "--by=emma", why), 1, "not closed")

	got := turn("", "gate", "closed", "--by=Carla", why)
	require.Zero(t, got.status, got.err)
	require.Regexp(t, `(?m)^gate +closed by carla on .*: somebody sweeps the gate$`, got.out)
	require.Regexp(t, `(?m)^works +open$`, got.out)
	refused(turn(officersPassword+"\n000000\n", "gate", "open", "--by=dirk", why), 1, "nobody signs in")
	refused(turn("", "gate", "open", "--by=dirk", why), 1, "nobody signs in")
	refused(turn(typed(t, seeds["anna"], 0), "gate", "open", "--by=anna", why), 1, "only a security officer")
	got = turn(typed(t, seeds["carla"], 0), "gate", "open", "--by=carla", why)
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "another officer confirms")
	refused(turn(typed(t, seeds["carla"], 1), "gate", "open", "--by=carla", why), 1, "asked for already")
	got = turn(typed(t, seeds["dirk"], 0), "gate", "open", "--by=dirk", why)
	require.Zero(t, got.status, got.err)
	require.Regexp(t, `(?m)^gate +open$`, got.out)

	refused(turn(typed(t, seeds["anna"], 1), "clock", "now", "--by=anna", why), 1, "only a security officer")
	got = turn(typed(t, seeds["dirk"], 1), "clock", "now", "--by=dirk", why)
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "the high-water mark was not set and is ")
	require.Contains(t, guichet(t, dir, nil, "", "audit", "verify").out, "the trail verifies")
}

// page is what a serving portal answers.
type page struct {
	status int
	text   string
}

// serving runs serve in a folder until stop.
type serving struct {
	t                   *testing.T
	public, desk, admin string
	stop                func()
}

// lines is a writer that several goroutines may use.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func startServing(t *testing.T, dir string) *serving {
	t.Helper()
	t.Chdir(dir)
	s := &serving{t: t, public: free(t), desk: free(t), admin: free(t)}
	ctx, cancel := context.WithCancel(context.Background())
	var out, log lines
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", s.public, "--desk-listen", s.desk, "--admin-listen", s.admin},
			strings.NewReader(""), &out, &log, nil)
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		require.Zero(t, <-ended, log.String())
	})
	t.Cleanup(s.stop)
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "serving on") }, 20*time.Second, 10*time.Millisecond, log.String())
	return s
}

func (s *serving) get(address, path string) page {
	s.t.Helper()
	res, err := http.Get("http://" + address + path)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return page{res.StatusCode, string(text)}
}

// T17, G11: the whole program over a backup that was put back: notice page,
// readiness and metrics say why, the desk is up; accepted, it opens without a
// restart, and so do the kill switch's doors close.
func TestT17RestoreByCommand(t *testing.T) {
	dir := t.TempDir()
	require.Zero(t, guichet(t, dir, nil, "", "migrate", "--new-keys").status)
	seeds := officers(t, dir, map[string]string{"carla": "security"})
	db := filepath.Join(dir, "guichet.db")
	accept := func(n int) told {
		return guichet(t, dir, nil, typed(t, seeds["carla"], n), "audit", "accept-restore", "--by=carla", "--reason=disk lost, backup put back")
	}
	s := startServing(t, dir)
	require.Equal(t, http.StatusOK, s.get(s.public, "/fr/lookup").status)
	require.Equal(t, "ready\n", s.get(s.admin, "/readyz").text)
	require.Contains(t, s.get(s.admin, "/metrics").text, `guichet_door_open{door="gate"} 1`)
	s.stop()
	require.Contains(t, accept(0).err, "nothing to accept")

	backup, err := os.ReadFile(db)
	require.NoError(t, err)
	officers(t, dir, map[string]string{"anna": "agent", "bert": "agent"})
	startServing(t, dir).stop()
	for _, rest := range []string{"-wal", "-shm"} {
		require.NoError(t, os.RemoveAll(db+rest))
	}
	require.NoError(t, os.WriteFile(db, backup, 0o600))

	s = startServing(t, dir)
	shut := s.get(s.public, "/de/lookup")
	require.Equal(t, http.StatusServiceUnavailable, shut.status)
	require.Contains(t, shut.text, "Die Abfrage im Internet ist zurzeit geschlossen")
	require.Equal(t, http.StatusOK, s.get(s.public, "/de/").status)
	require.Equal(t, http.StatusOK, s.get(s.desk, "/fr/desk/sign-in").status)
	ready := s.get(s.admin, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, ready.status)
	require.Contains(t, ready.text, "doors is not ready: the database does not hold the newest head kept outside")
	require.Contains(t, s.get(s.admin, "/metrics").text, `guichet_door_open{door="gate"} 0`)
	require.Equal(t, 1, guichet(t, dir, nil, "", "audit", "verify").status)

	got := guichet(t, dir, nil, "wrong\n000000\n", "audit", "accept-restore", "--by=carla", "--reason=disk lost, backup put back")
	require.Equal(t, 1, got.status)
	got = accept(1)
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "accepted by carla")
	require.Eventually(t, func() bool { return s.get(s.public, "/de/lookup").status == http.StatusOK }, 20*time.Second, 50*time.Millisecond)
	require.Equal(t, "ready\n", s.get(s.admin, "/readyz").text)

	require.Zero(t, guichet(t, dir, nil, "", "switch", "all", "closed", "--by=carla", "--reason=somebody sweeps the gate").status)
	require.Eventually(t, func() bool { return s.get(s.public, "/de/lookup").status == http.StatusServiceUnavailable },
		2*time.Second, 20*time.Millisecond, "at once, no restart")
	require.Equal(t, "ready\n", s.get(s.admin, "/readyz").text, "a closed door's notice needs somebody who serves it")
	s.stop()
	got = guichet(t, dir, nil, "", "audit", "verify")
	require.Zero(t, got.status, got.out)
	require.Regexp(t, `accepted by carla on .*: entries \d+ to \d+ of the log before are lost`, got.out)
	require.Contains(t, got.out, "the trail verifies")
}
