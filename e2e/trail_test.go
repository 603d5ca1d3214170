package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

var killed = syscall.SIGKILL

// verified waits until the sealer has placed every entry, then verifies.
func verified(t *testing.T, p *rig.Portal) {
	t.Helper()
	require.Eventually(t, func() bool {
		return rig.SQL(t, p.File(), `SELECT count(*) FROM trail WHERE idx IS NULL`) == "0"
	}, patience, tick, "entries wait for their place")
	r := p.Verify(t)
	require.Zero(t, r.Status, "%s%s", r.Out, r.Err)
	require.Contains(t, r.Out, "the trail verifies")
}

// T8 and must-show 3: whatever is changed with the sqlite3 program, audit
// verify names the first bad entry.
func TestTrailTampered(t *testing.T) {
	t.Parallel()
	p := quick(t)
	r := p.Take(t)
	for n := 1; n <= 3; n++ {
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	visitor.Public(t, p).MustEnter(t, p.Take(t))
	verified(t, p)
	require.Zero(t, p.Stop(t), p.Tail())
	rig.SQL(t, p.File(), "PRAGMA wal_checkpoint(TRUNCATE)")
	whole, err := os.ReadFile(p.File())
	require.NoError(t, err)

	require.Zero(t, p.Verify(t).Status, "the untouched copy does not verify")
	bad := rig.SQL(t, p.File(), `SELECT idx FROM trail_entries WHERE action = 'lookup.blocked'`)
	id := rig.SQL(t, p.File(), `SELECT id FROM trail_entries WHERE action = 'lookup.blocked'`)
	require.NotEmpty(t, bad)
	for _, c := range []struct{ name, change, names string }{
		{"an action", `UPDATE trail_entries SET action = 'lookup.refused' WHERE idx = ` + bad, "entry " + bad},
		{"a time", `UPDATE trail_entries SET at_us = at_us + 1 WHERE idx = ` + bad, "entry " + bad},
		{"an actor", `UPDATE trail_entries SET actor_id = 'somebody' WHERE idx = ` + bad, "entry " + bad},
		{"a ground", `UPDATE trail_entries SET ground = ground || ' ' WHERE idx = ` + bad, "entry " + bad},
		{"a field boundary", `UPDATE trail_entries SET ground = ground || channel, channel = '' WHERE idx = ` + bad, "entry " + bad},
		{"a subject", `UPDATE trail_entries SET subject = 'reference:0' WHERE idx = ` + bad, "entry " + bad},
		{"details", `UPDATE trail_entries SET details = '{"x":"y"}' WHERE idx = ` + bad, "entry " + bad},
		{"a salt", `UPDATE trail_entries SET salt = zeroblob(16) WHERE idx = ` + bad, "entry " + bad},
		{"a commitment", `UPDATE trail_entries SET commitment = zeroblob(32) WHERE idx = ` + bad, "entry " + bad},
		{"erased without its entry", `UPDATE trail_entries SET salt = NULL, subject = NULL, details = NULL WHERE idx = ` + bad, "entry " + bad},
		{"a removed row", `DELETE FROM trail_entries WHERE idx = ` + bad, "entry " + bad},
		{"the first row removed", `DELETE FROM trail_entries WHERE idx = 0`, "entry 0"},
		{"the last row removed", `DELETE FROM trail_entries WHERE idx = (SELECT max(idx) FROM trail_entries)`, "entr"},
		{"two rows swapped", `UPDATE trail_entries SET idx = -1 WHERE idx = ` + bad + `;
			UPDATE trail_entries SET idx = ` + bad + ` WHERE idx = ` + bad + ` + 1;
			UPDATE trail_entries SET idx = ` + bad + ` + 1 WHERE idx = -1`, "entry " + bad},
		{"a row inserted at the end", `INSERT INTO trail_entries SELECT 'zz' || substr(id, 3), at_us, actor_kind, actor_id, action, ground, channel, commitment, salt, subject, details,
			(SELECT max(idx) + 1 FROM trail_entries) FROM trail_entries WHERE idx = ` + bad, "entr"},
		{"all heads removed", `DELETE FROM trail_heads`, "head"},
		{"a head cut", `DELETE FROM trail_heads WHERE size = (SELECT max(size) FROM trail_heads)`, ""},
		{"a head's text", `UPDATE trail_heads SET signed = replace(signed, 'g', 'h') WHERE size = (SELECT max(size) FROM trail_heads)`, ""},
		{"a tile", `UPDATE trail_tiles SET data = zeroblob(length(data)) WHERE level = 0 AND n = 0`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			removeSidecars(t, p)
			require.NoError(t, os.WriteFile(p.File(), whole, 0o600))
			rig.SQL(t, p.File(), c.change)
			r := p.Verify(t)
			require.Equal(t, 1, r.Status, "%s%s", r.Out, r.Err)
			last := strings.TrimSpace(r.Err)
			require.Contains(t, last, "does not verify", r.Out)
			require.Contains(t, last, c.names, "what is named first")
			if strings.HasPrefix(c.names, "entry "+bad) && !strings.Contains(c.name, "removed") && !strings.Contains(c.name, "swapped") {
				require.Contains(t, last, id)
			}
		})
	}
	t.Run("the heads kept outside are ahead of the database", func(t *testing.T) {
		removeSidecars(t, p)
		require.NoError(t, os.WriteFile(p.File(), whole, 0o600))
		last := rig.SQL(t, p.File(), `SELECT max(size) FROM trail_heads`)
		rig.SQL(t, p.File(), `DELETE FROM trail_entries WHERE idx >= (SELECT prev_size FROM trail_heads WHERE size = `+last+`);
			DELETE FROM trail_heads WHERE size = `+last+`; DELETE FROM trail_tiles`)
		require.Equal(t, 1, p.Verify(t).Status)
	})
	t.Run("another public key", func(t *testing.T) {
		removeSidecars(t, p)
		require.NoError(t, os.WriteFile(p.File(), whole, 0o600))
		other := rig.New(t)
		rig.Must(t, other.Dir, other.Settings, "migrate", "--new-keys")
		r := rig.Run(t, p.Dir, p.Settings, "audit", "verify", "--public-key", filepath.Join(other.Setting("KEYS"), "trail.pub"))
		require.Equal(t, 1, r.Status, r.Out)
	})
	require.NoError(t, os.WriteFile(p.File(), whole, 0o600))
}

func removeSidecars(t *testing.T, p *rig.Portal) {
	t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(p.File() + end); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
	}
}
