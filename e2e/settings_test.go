package e2e

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// refused asserts that a command ended at once with one line that says why.
func refused(t *testing.T, r rig.Result, status int, why string) {
	t.Helper()
	require.Equal(t, status, r.Status, "%s%s", r.Out, r.Err)
	require.Contains(t, r.Err, why)
	require.NotContains(t, r.Err, "goroutine ", "a person reads this")
}

// founded is a portal of an operator: keys and empty tables, nothing started.
func founded(t *testing.T, extra ...string) *rig.Portal {
	t.Helper()
	p := rig.New(t, extra...)
	rig.Must(t, p.Dir, p.Settings, "migrate", "--new-keys")
	return p
}

// T29: demo and serve leave each other's databases alone, and keys that do not
// match shut the door.
func TestForeignDatabases(t *testing.T) {
	t.Parallel()
	own := founded(t)
	demo := rig.Demo(t)
	require.Zero(t, demo.Stop(t), demo.Tail())

	t.Run("demo refuses a database it did not make", func(t *testing.T) {
		refused(t, rig.Run(t, own.Dir, own.Settings, "demo", "--json"), 1, "DATABASE")
		foreign := filepath.Join(t.TempDir(), "foreign.db")
		rig.SQL(t, foreign, "CREATE TABLE notes (text TEXT)")
		settings := append(own.Settings, "DATABASE=sqlite:"+foreign, "KEYS="+filepath.Join(t.TempDir(), "keys"))
		refused(t, rig.Run(t, own.Dir, settings, "demo", "--json"), 1, "")
		require.Equal(t, "notes", rig.SQL(t, foreign, "SELECT group_concat(name) FROM sqlite_master"), "the foreign database was touched")
	})
	t.Run("serve refuses a demo's", func(t *testing.T) {
		refused(t, rig.Run(t, demo.Dir, demo.Settings, "serve"), 1, "demo")
	})
	t.Run("serve refuses other keys", func(t *testing.T) {
		other := founded(t)
		settings := append(own.Settings, "KEYS="+other.Setting("KEYS"))
		refused(t, rig.Run(t, own.Dir, settings, "serve"), 1, "KEYS")
	})
	t.Run("serve demands keys", func(t *testing.T) {
		settings := append(own.Settings, "KEYS="+filepath.Join(t.TempDir(), "none"))
		refused(t, rig.Run(t, own.Dir, settings, "serve"), 1, "KEYS")
	})
	t.Run("keys that others can read", func(t *testing.T) {
		other := founded(t)
		require.NoError(t, os.Chmod(other.Setting("KEYS"), 0o755))
		refused(t, rig.Run(t, other.Dir, other.Settings, "serve"), 1, "chmod 700")
	})
	t.Run("keys are never overwritten", func(t *testing.T) {
		refused(t, rig.Run(t, own.Dir, own.Settings, "migrate", "--new-keys"), 1, "KEYS")
	})
	t.Run("serve demands a database that is there", func(t *testing.T) {
		settings := append(own.Settings, "DATABASE=sqlite:"+filepath.Join(t.TempDir(), "none.db"))
		refused(t, rig.Run(t, own.Dir, settings, "serve"), 1, "guichet migrate")
	})
	t.Run("migrate twice changes nothing", func(t *testing.T) {
		before := rig.SQL(t, own.File(), "SELECT count(*) FROM sqlite_master")
		rig.Must(t, own.Dir, own.Settings, "migrate")
		require.Equal(t, before, rig.SQL(t, own.File(), "SELECT count(*) FROM sqlite_master"))
	})
	t.Run("a second start of demo shows the same", func(t *testing.T) {
		before := demo.Access
		demo.Restart(t)
		require.Equal(t, before.References, demo.References)
		require.Equal(t, before.Staff, demo.Staff)
		info, err := os.Stat(filepath.Join(demo.Dir, "access.json"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		visitor.Public(t, demo).MustEnter(t, demo.Take(t))
	})
}

// Without Redis one process is all there may be.
func TestSecondProcess(t *testing.T) {
	p := founded(t, "REDIS=")
	p.Start(t, "serve")
	second := append(p.Settings, "LISTEN="+rig.FreeAddress(t), "DESK_LISTEN="+rig.FreeAddress(t), "ADMIN_LISTEN="+rig.FreeAddress(t))
	refused(t, rig.Run(t, p.Dir, second, "serve"), 1, "without Redis only one may")
	p.Kill()
	p.Restart(t) // a power cut leaves no lock behind
	require.Zero(t, p.Stop(t), p.Tail())
}

func TestWrongSettings(t *testing.T) {
	t.Parallel()
	p := founded(t)
	for _, c := range []struct {
		setting, names string
		status         int
	}{
		{"LISTEN=8080", "LISTEN", 2},
		{"DESK_LISTEN=" + p.Setting("LISTEN"), "LISTEN", 2},
		{"DATABASE=mysql://x", "DATABASE", 2},
		{"DATABASE=postgres://nobody:hunter22@127.0.0.1:1/none", "DATABASE", 1},
		{"REDIS=memcached://x", "REDIS", 2},
		{"REDIS=redis://127.0.0.1:1", "REDIS", 1},
		{"TRAIL_HEADS=nowhere", "TRAIL_HEADS", 2},
		{"BASE_URL=ftp://x", "BASE_URL", 2},
		{"TRUSTED_PROXIES=everyone", "TRUSTED_PROXIES", 2},
		{"TLS_CERT=only", "TLS_CERT", 2},
		{"HARM_AN_HOUR=-1", "HARM_AN_HOUR", 2},
		{"HARM_A_DAY=10", "HARM_AN_HOUR", 2}, // the rig's hour is more than that
		{"LETTERS_A_DAY=-1", "LETTERS_A_DAY", 2},
		{"TRUSTED_SIGNERS=/nowhere.pem", "TRUSTED_SIGNERS", 1},
	} {
		t.Run(c.setting, func(t *testing.T) {
			r := rig.Run(t, p.Dir, append(p.Settings, c.setting), "serve")
			refused(t, r, c.status, c.names)
			require.NotContains(t, r.Err, "hunter22")
		})
	}
	t.Run("a file's line", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "guichet.toml")
		require.NoError(t, os.WriteFile(file, []byte("LISTEN = \"127.0.0.1:1\"\nLISTNE = 1\n"), 0o600))
		refused(t, rig.Run(t, p.Dir, p.Settings, "--config", file, "serve"), 2, "line 2")
	})
	t.Run("printed masked", func(t *testing.T) {
		r := rig.Must(t, p.Dir, append(p.Settings, "DATABASE=postgres://somebody:hunter22@db/guichet"), "config")
		require.Contains(t, r.Out, "somebody")
		require.NotContains(t, r.Out, "hunter22")
		require.Contains(t, r.Out, "LISTEN = "+p.Setting("LISTEN"))
	})
	t.Run("flags win over the environment", func(t *testing.T) {
		r := rig.Must(t, p.Dir, p.Settings, "config", "--listen", "127.0.0.1:4711")
		require.Contains(t, r.Out, "127.0.0.1:4711")
	})
	t.Run("used wrongly", func(t *testing.T) {
		require.Equal(t, 2, rig.Run(t, p.Dir, p.Settings, "fly").Status)
		require.Equal(t, 2, rig.Run(t, p.Dir, p.Settings, "serve", "--no-such-flag").Status)
	})
	t.Run("an address in use", func(t *testing.T) {
		running := founded(t)
		running.Start(t, "serve")
		refused(t, rig.Run(t, p.Dir, append(p.Settings, "LISTEN="+running.Setting("LISTEN")), "serve"), 1, "LISTEN")
	})
	for _, command := range []string{"serve", "demo", "migrate", "import registry", "import readings", "import references",
		"issue references", "staff add", "staff list", "staff end", "audit verify", "audit head", "audit accept-restore", "switch",
		"simulate attack", "simulate mailing", "bench", "config"} {
		t.Run("help of "+command, func(t *testing.T) {
			r := rig.Must(t, p.Dir, nil, append(strings.Fields(command), "--help")...)
			require.Contains(t, r.Out, "Usage:")
			if command != "config" {
				require.Contains(t, r.Out, "Example: ")
			}
		})
	}
}

// On SIGTERM what was sent is still answered and counted, nothing new is let
// in, and the program ends with 0.
func TestShutdown(t *testing.T) {
	p := rig.Demo(t)
	r := p.Take(t)
	forms := visitor.Public(t, p)
	form := forms.Fill(t, r.Reference, r.Digits).Encode()
	v := visitor.Public(t, p)
	c := v.Dial(t)
	_, err := fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", v.Path("/lookup"), len(form))
	require.NoError(t, err)
	answers := bufio.NewReader(c)
	line, err := answers.ReadString('\n') // the server asks for the body: it is at work
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue")
	_, err = answers.ReadString('\n')
	require.NoError(t, err)
	p.Signal(syscall.SIGTERM)
	require.Eventually(t, func() bool {
		_, err := visitor.Public(t, p).Try(http.MethodGet, "/fr/", "", nil)
		return err != nil
	}, patience, tick, "a closing program lets visitors in")
	_, err = c.Write([]byte(form))
	require.NoError(t, err)
	line, err = answers.ReadString('\n')
	require.NoError(t, err, p.Tail())
	require.Contains(t, line, "303 See Other")
	<-p.Ended()
	require.Zero(t, p.Status(), p.Tail())
	require.Equal(t, "0", rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE idx IS NULL`), "entries left without their place")
	require.Zero(t, p.Verify(t).Status)
}
