package main

import (
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// TestExportLetters: letters wait where OUTBOX=export, leave as one sealed file,
// once; receipts of what happened can be proved and checked by command.
func TestExportLetters(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"GUICHET_OUTBOX": "export"}
	must := func(args ...string) string {
		t.Helper()
		got := guichet(t, dir, env, "", args...)
		require.Zero(t, got.status, got.err)
		return got.out
	}
	must("migrate", "--new-keys")
	file := filepath.Join(dir, "town.csv")
	require.NoError(t, os.WriteFile(file, []byte(registry.Example()), 0o600))
	must("import", "registry", file)
	require.Contains(t, must("issue", "references"), "0 letters written")
	require.NoDirExists(t, filepath.Join(dir, "outbox"))
	key, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	sealed := filepath.Join(dir, "letters.tar.age")
	require.Contains(t, must("export", "letters", "--key", key.Recipient().String(), sealed), "letters sealed in")
	require.FileExists(t, sealed)
	next := filepath.Join(dir, "next.tar.age")
	require.Contains(t, must("export", "letters", "--key", key.Recipient().String(), next), "no letter waits")
	require.NoFileExists(t, next)
	got := guichet(t, dir, env, "", "export", "letters", "--key", "AGE-SECRET-KEY-1", next)
	require.Equal(t, 2, got.status)
	require.NotContains(t, got.err, "SECRET", "what was typed may be a secret key")
}
