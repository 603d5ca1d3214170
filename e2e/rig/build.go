// Package rig runs the real program for the end-to-end tests: it builds
// guichet, starts it with settings of its own beside a real Redis and a real
// PostgreSQL, kills and restarts it, and searches everything it leaves behind
// for what must never be there (G12). It knows the program from outside only.
package rig

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Root is the project's folder.
var Root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}()

// Out is where logs and pictures of a run stay; git ignores it.
var Out = filepath.Join(Root, "e2e", "out")

// scratch is gone with the test program.
var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "guichet-e2e-") })

// Sweep removes what a run left in temporary folders.
func Sweep() {
	if dir, err := scratch(); err == nil {
		os.RemoveAll(dir)
	}
	if apart != "" {
		os.RemoveAll(apart)
	}
}

// unwatched is what the race detector is kept out of, as in e2e/test.sh.
var unwatched = []string{"modernc.org/sqlite/lib", "modernc.org/libc", "modernc.org/memory", "golang.org/x/crypto/argon2"}

var (
	racing = sync.OnceValues(func() (string, error) {
		flags := []string{"-race"}
		for _, pkg := range unwatched {
			flags = append(flags, "-gcflags="+pkg+"=-race=false")
		}
		return build("guichet-race", flags...)
	})
	plain = sync.OnceValues(func() (string, error) { return build("guichet") })
)

func build(name string, flags ...string) (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, name)
	args := append([]string{"build", "-o", file}, flags...)
	cmd := exec.Command("go", append(args, "./cmd/guichet")...)
	cmd.Dir = Root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/guichet: %w\n%s", err, out)
	}
	return file, nil
}

// Program gives the built program, with the race detector in it.
func Program(t testing.TB) string {
	t.Helper()
	file, err := racing()
	require.NoError(t, err)
	return file
}

// Result is how a command ended.
type Result struct {
	Status int
	Out    string
	Err    string
}

// commandTime bounds a command that should end by itself.
const commandTime = 3 * time.Minute

// Run runs a command of the program in dir, with only the given settings
// ("LISTEN=..."), and waits for its end.
func Run(t testing.TB, dir string, settings []string, args ...string) Result {
	t.Helper()
	return RunTyping(t, "", dir, settings, args...)
}

// RunTyping is Run with somebody typing these lines, such as a password and a
// one-time code.
func RunTyping(t testing.TB, lines, dir string, settings []string, args ...string) Result {
	t.Helper()
	return run(t, Program(t), lines, dir, settings, args...)
}

func run(t testing.TB, program, lines, dir string, settings []string, args ...string) Result {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(lines)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, environment(settings), &out, &errOut
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(commandTime, func() { cmd.Process.Kill() })
	err := cmd.Wait()
	require.True(t, timer.Stop(), "guichet %s did not end in %s\n%s%s", strings.Join(args, " "), commandTime, &out, &errOut)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return Result{Status: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errOut.String()}
}

// Command is what runs a command of the program beside this portal.
func (p *Portal) Command() (program, dir string, env map[string]string) {
	env = map[string]string{}
	for _, s := range environment(p.Settings) {
		name, value, _ := strings.Cut(s, "=")
		env[name] = value
	}
	return p.program, p.Dir, env
}

// Must is Run for a command that has to succeed.
func Must(t testing.TB, dir string, settings []string, args ...string) Result {
	t.Helper()
	r := Run(t, dir, settings, args...)
	require.Zero(t, r.Status, "guichet %s\n%s%s", strings.Join(args, " "), r.Out, r.Err)
	return r
}

// environment keeps what a program needs to live and none of the tester's own
// settings.
func environment(settings []string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"GORACE=exitcode=66 atexit_sleep_ms=0"}
	for _, s := range settings {
		env = append(env, "GUICHET_"+s)
	}
	return env
}

// ports are handed out once each, below those that the system lends to whoever
// connects: between its choice and its use nobody else takes one. Runs beside
// this one begin elsewhere.
const firstPort, ports = 10_000, 22_000

var portsAsked atomic.Int64

func freePort() (string, error) {
	for range ports {
		port := strconv.FormatInt(firstPort+(int64(os.Getpid())*997+portsAsked.Add(1))%ports, 10)
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, l.Close()
		}
	}
	return "", errors.New("no port is free")
}

// FreeAddress gives an address on which nothing listens now.
func FreeAddress(t testing.TB) string {
	t.Helper()
	port, err := freePort()
	require.NoError(t, err)
	return "127.0.0.1:" + port
}

// SQL asks the database file through the sqlite3 program, as somebody would
// who holds the file.
func SQL(t testing.TB, file, statement string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.Command("sqlite3", "-batch", "-cmd", ".timeout 10000", file, statement)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	require.NoError(t, cmd.Run(), "sqlite3 %q: %s", statement, &errOut)
	return strings.TrimSpace(out.String())
}
