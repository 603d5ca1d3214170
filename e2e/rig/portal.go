package rig

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// Reference is one the demo gives.
type Reference struct {
	Reference  string `json:"reference"`
	Digits     string `json:"digits"`
	LetterCode string `json:"letter_code"`
	EAN        string `json:"ean"`
	Energy     string `json:"energy"`
	Language   string `json:"language"`
	// Shows is what the meter's registers show today; none where nobody reads it.
	Shows map[string]string `json:"shows"`
}

// Colleague is a member of the staff the demo gives.
type Colleague struct {
	Role      string `json:"role"`
	Login     string `json:"login"`
	Password  string `json:"password"`
	OTPSecret string `json:"otp_secret"`
}

// Partner is somebody of the third party the demo gives.
type Partner struct {
	Login     string `json:"login"`
	Password  string `json:"password"`
	OTPSecret string `json:"otp_secret"`
	APIKey    string `json:"api_key"`
}

// Request is the request for works that the demo gives.
type Request struct {
	Number string `json:"number"`
	Code   string `json:"code"`
}

// Access is what opens a demo: the first line of `guichet demo --json`.
type Access struct {
	URL        string      `json:"url"`
	DeskURL    string      `json:"desk_url"`
	AdminURL   string      `json:"admin_url"`
	References []Reference `json:"references"`
	Works      Request     `json:"works"`
	Staff      []Colleague `json:"staff"`
	Partner    Partner     `json:"partner"`
	Supplier   Partner     `json:"supplier"`
	Outbox     string      `json:"outbox"`
	Database   string      `json:"database"`
	Keys       string      `json:"keys"`
}

// Portal is a running program with its own folder, database and Redis.
type Portal struct {
	Access
	Dir      string
	Settings []string // "LISTEN=..." and so on
	RedisURL string
	Redis    *redis.Client

	args    []string
	program string
	cmd     *exec.Cmd
	done    chan struct{}
	logs    *log
	secrets secrets
	used    int // references handed out
	mu      sync.Mutex
}

// log is everything all lives of a portal wrote.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// New makes a portal that is not started: a folder, free addresses, a Redis
// database of its own. extra settings win over those. At the test's end it is
// stopped, and all it left behind is searched for secrets.
func New(t testing.TB, extra ...string) *Portal {
	t.Helper()
	p := &Portal{Dir: t.TempDir(), RedisURL: RedisURL(t), program: Program(t), logs: &log{}}
	options, err := redis.ParseURL(p.RedisURL)
	require.NoError(t, err)
	p.Redis = redis.NewClient(options)
	p.Settings = append([]string{
		"LISTEN=" + FreeAddress(t), "DESK_LISTEN=" + FreeAddress(t), "ADMIN_LISTEN=" + FreeAddress(t),
		"DATABASE=sqlite:" + filepath.Join(p.Dir, "guichet.db"), "REDIS=" + p.RedisURL,
		"KEYS=" + filepath.Join(p.Dir, "keys"), "TRAIL_HEADS=file:" + filepath.Join(p.Dir, "trail-heads.log"),
		"OUTBOX=" + filepath.Join(p.Dir, "outbox"), "LOG_LEVEL=info",
		// Many tests share a portal's budgets; those about budgets set their own.
		"HARM_AN_HOUR=100000", "HARM_A_DAY=100000", "NOISE_A_DAY=1000000",
	}, extra...)
	t.Cleanup(func() {
		p.Stop(t)
		p.search(t)
		p.Redis.Close()
		p.keepLog(t)
	})
	return p
}

// Demo starts a demo of its own: a copy of one town, which was built once for
// the whole run.
func Demo(t testing.TB, extra ...string) *Portal {
	t.Helper()
	p := New(t, extra...)
	p.Settle(t)
	p.Start(t, "demo", "--json", "--dir", p.Dir)
	return p
}

// town is a folder with a demo's database, keys and letters, made at the first
// start and ended in order.
var town = sync.OnceValues(func() (string, error) {
	program, err := plain()
	if err != nil {
		return "", err
	}
	parent, err := scratch()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(parent, "town")
	cmd := exec.Command(program, "demo", "--json", "--dir", dir)
	cmd.Env = environment([]string{"LISTEN=127.0.0.1:0", "DESK_LISTEN=127.0.0.1:0", "ADMIN_LISTEN=127.0.0.1:0"})
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	_, lineErr := bufio.NewReader(out).ReadBytes('\n')
	cmd.Process.Signal(syscall.SIGTERM)
	if err := errors.Join(lineErr, cmd.Wait()); err != nil {
		return "", fmt.Errorf("guichet demo: %w\n%s", err, &errOut)
	}
	return dir, nil
})

// Settle copies the town into the portal's folder.
func (p *Portal) Settle(t testing.TB) {
	t.Helper()
	dir, err := town()
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(p.Dir, os.DirFS(dir)))
	require.NoError(t, os.Chmod(filepath.Join(p.Dir, "keys"), 0o700))
	require.NoError(t, os.Chmod(filepath.Join(p.Dir, "access.json"), 0o600))
}

// Quick makes p run the program without the race detector, for tests that
// start it a hundred times.
func (p *Portal) Quick(t testing.TB) *Portal {
	t.Helper()
	file, err := plain()
	require.NoError(t, err)
	p.program = file
	return p
}

// Setting gives a setting in force.
func (p *Portal) Setting(name string) string {
	for i := len(p.Settings) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.Settings[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// File is the SQLite database's file.
func (p *Portal) File() string { return strings.TrimPrefix(p.Setting("DATABASE"), "sqlite:") }

// startTime bounds a start, the building of the town under the race detector
// included.
const startTime = 90 * time.Second

// Start runs a command that serves (demo or serve), and returns once it does.
func (p *Portal) Start(t testing.TB, args ...string) {
	t.Helper()
	p.args = args
	p.cmd = exec.Command(p.program, args...)
	p.cmd.Dir, p.cmd.Env = p.Dir, environment(p.Settings)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = p.logs
	require.NoError(t, p.cmd.Start())
	p.done = make(chan struct{})
	first := make(chan []byte, 1)
	go func(cmd *exec.Cmd, done chan struct{}) {
		r := bufio.NewReader(stdout)
		if line, err := r.ReadBytes('\n'); err == nil {
			first <- line
		}
		io.Copy(p.logs, r)
		cmd.Wait()
		close(done)
	}(p.cmd, p.done)

	if args[0] == "demo" {
		select {
		case line := <-first:
			require.NoError(t, json.Unmarshal(line, &p.Access), "first line of %v: %s", args, line)
			p.learn()
		case <-p.done:
			require.FailNow(t, "the program ended at its start", "guichet %v\n%s", args, p.Tail())
		case <-time.After(startTime):
			require.FailNow(t, "the program did not start in time", "guichet %v\n%s", args, p.Tail())
		}
	}
	if p.URL == "" {
		p.URL, p.DeskURL, p.AdminURL = "http://"+p.Setting("LISTEN"), "http://"+p.Setting("DESK_LISTEN"), "http://"+p.Setting("ADMIN_LISTEN")
	}
	p.awaitReady(t)
}

func (p *Portal) awaitReady(t testing.TB) {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Second}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(startTime)
	for {
		if r, err := client.Get(p.AdminURL + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.done:
			require.FailNow(t, "the program ended at its start", "guichet %v\n%s", p.args, p.Tail())
		case <-end:
			require.FailNow(t, "the program is not ready", "guichet %v\n%s", p.args, p.Tail())
		case <-tick.C:
		}
	}
}

// Kill ends the program as a power cut would.
func (p *Portal) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Restart starts the same command again; the former life must be over.
func (p *Portal) Restart(t testing.TB) {
	t.Helper()
	p.Start(t, p.args...)
}

// Stop asks the program to end and gives its exit status; it fails the test
// where the race detector found something.
func (p *Portal) Stop(t testing.TB) int {
	t.Helper()
	if p.cmd == nil {
		return 0
	}
	select {
	case <-p.done:
	default:
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(30 * time.Second):
			t.Errorf("the program did not end within 30 s of SIGTERM\n%s", p.Tail())
			p.Kill()
		}
	}
	if strings.Contains(p.logs.String(), "WARNING: DATA RACE") {
		t.Errorf("the race detector found something; see %s", p.keepLog(t))
	}
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends a signal to the program.
func (p *Portal) Signal(s os.Signal) { p.cmd.Process.Signal(s) }

// Ended is closed when the program's present life is over.
func (p *Portal) Ended() <-chan struct{} { return p.done }

// Status is the exit status of the life that ended last.
func (p *Portal) Status() int { return p.cmd.ProcessState.ExitCode() }

// Log is everything the program wrote but a demo's first line.
func (p *Portal) Log() string { return p.logs.String() }

// Tail is the log's end, for a failure's message.
func (p *Portal) Tail() string {
	text := p.Log()
	return text[max(0, len(text)-3000):]
}

var logNumber atomic.Int64

// keepLog writes the log where it can be read after the run.
func (p *Portal) keepLog(t testing.TB) string {
	t.Helper()
	name := strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())
	file := filepath.Join(Out, "logs", fmt.Sprintf("%s-%d.log", name, logNumber.Add(1)))
	err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(p.Log()), 0o600))
	require.NoError(t, err)
	return file
}

// Take hands out a reference that no other caller of this portal got: those of
// the demo first, then new ones from their letters.
func (p *Portal) Take(t testing.TB) Reference {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == len(p.References) {
		p.draw(t)
	}
	require.Less(t, p.used, len(p.References), "the town has no reference left")
	p.used++
	return p.References[p.used-1]
}

// Colleague gives the demo's member of staff in that role.
func (p *Portal) Colleague(t testing.TB, role string) Colleague {
	t.Helper()
	for _, c := range p.Staff {
		if c.Role == role {
			return c
		}
	}
	require.FailNow(t, "no such colleague", "role %q among %d", role, len(p.Staff))
	return Colleague{}
}

// Verify runs `guichet audit verify` over the portal's database.
func (p *Portal) Verify(t testing.TB) Result {
	t.Helper()
	return Run(t, p.Dir, p.Settings, "audit", "verify")
}
