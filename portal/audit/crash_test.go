package audit_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"guichet/portal/audit"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// crashDSN tells this test program that it is the one to be killed.
const crashDSN = "AUDIT_CRASH_DSN"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(crashDSN); dsn != "" {
		if err := writeForEver(dsn); err != nil {
			fmt.Println("failed:", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForEver makes changes, each with its entry, in 16 callers, and says
// each one that was answered.
func writeForEver(dsn string) error {
	t := &testing.T{} // only for its Helper and Cleanup
	ctx := context.Background()
	clock := ticking()
	s, err := store.Open(ctx, dsn, storetest.Keys(t), clock)
	if err != nil {
		return err
	}
	errs := make(chan error)
	said := make(chan string)
	for w := range 16 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				if err := s.Do(ctx, func(t tx.Tx) error {
					t.Record(audit.Entry{Action: audit.KeysMade, Subject: "installation:" + name})
					return s.SetInstallation(t, name, "x")
				}); err != nil {
					errs <- err
					return
				}
				said <- name
			}
		}()
	}
	for {
		select {
		case err := <-errs:
			return err
		case name := <-said:
			fmt.Println(name)
		}
	}
}

// T8, T3: killed at random moments, twenty times: a change and its entry are
// both there or neither, and what was answered is there.
func TestT8Crash(t *testing.T) {
	onEach(t, func(t *testing.T, tr *trail) {
		r := rand.New(rand.NewPCG(8, 8))
		answered := map[string]bool{}
		for range 20 {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), crashDSN+"="+tr.dsn)
			out, err := child.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, child.Start())
			lines := bufio.NewScanner(out)
			for left := 1 + r.IntN(400); left > 0 && lines.Scan(); left-- {
				require.NotContains(t, lines.Text(), "failed")
				answered[lines.Text()] = true
			}
			require.NoError(t, child.Process.Kill())
			for lines.Scan() { // what it had said before it died
				if name := lines.Text(); strings.Count(name, "-") == 2 {
					answered[name] = true
				}
			}
			_ = child.Wait()
		}
		tr.seal()
		changes, entries := map[string]bool{}, map[string]bool{}
		db := tr.raw()
		for query, into := range map[string]map[string]bool{
			`SELECT name FROM installation WHERE value = 'x'`:                                              changes,
			`SELECT substr(subject, 14) FROM trail_entries WHERE action = 'keys.made' AND idx IS NOT NULL`: entries,
		} {
			rows, err := db.Query(query)
			require.NoError(t, err)
			for rows.Next() {
				var name string
				require.NoError(t, rows.Scan(&name))
				into[name] = true
			}
			require.NoError(t, rows.Err())
		}
		require.Equal(t, changes, entries)
		require.Greater(t, len(answered), 1000)
		for name := range answered {
			require.True(t, changes[name], "answered, then lost: %s", name)
		}
		report := tr.verify(true)
		require.True(t, report.OK(), "%v", report.Faults)
	})
}
