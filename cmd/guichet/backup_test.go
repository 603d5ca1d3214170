package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// A backup is the whole database as it was, readable by its owner alone, and
// told in the trail; put back with the keys, the trail verifies.
func TestBackupByCommand(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	into := filepath.Join(dir, "backups")
	require.NoError(t, os.Mkdir(into, 0o700))
	var made backedUp
	require.NoError(t, json.Unmarshal([]byte(must("backup", "--into", into, "--json").out), &made))
	about, err := os.Stat(made.File)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), about.Mode())
	require.Equal(t, made.Bytes, about.Size())
	left, err := os.ReadDir(into)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing half done stays")
	must("issue", "references")

	count := func(dsn, of string) int64 { return storetest.Number(t, dsn, `SELECT COUNT(*) FROM `+of) }
	now := "sqlite:" + filepath.Join(dir, "guichet.db")
	require.EqualValues(t, 1, count(now, `trail WHERE action = 'database.copied'`))
	back := t.TempDir()
	require.NoError(t, os.Rename(made.File, filepath.Join(back, "guichet.db")))
	require.NoError(t, os.CopyFS(filepath.Join(back, "keys"), os.DirFS(filepath.Join(dir, "keys"))))
	was := "sqlite:" + filepath.Join(back, "guichet.db")
	require.Equal(t, count(now, `occupancies`), count(was, `occupancies`))
	require.Zero(t, count(was, `issued_references`))
	require.Zero(t, count(was, `trail WHERE action = 'database.copied'`))
	require.Contains(t, guichet(t, back, nil, "", "audit", "verify").out, "the trail verifies")

	got := guichet(t, dir, nil, "", "backup", "--into", filepath.Join(dir, "nowhere"))
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "nowhere")
	require.EqualValues(t, 1, count(now, `trail WHERE action = 'database.copied'`))
}

// On PostgreSQL it is what pg_restore reads, and no password shows.
func TestBackupOfPostgreSQL(t *testing.T) {
	for _, b := range storetest.Backends(t)[1:] {
		backUp(t, b.DSN(t), b.DSN(t))
	}
}

func backUp(t *testing.T, dsn, other string) {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"GUICHET_DATABASE": dsn}
	must := func(args ...string) told {
		t.Helper()
		got := guichet(t, dir, env, "", args...)
		require.Zero(t, got.status, got.err)
		return got
	}
	must("migrate", "--new-keys")
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	var made backedUp
	require.NoError(t, json.Unmarshal([]byte(must("backup", "--into", dir, "--json").out), &made))
	says, err := exec.Command("pg_restore", "--exit-on-error", "--no-owner", "--dbname="+other, made.File).CombinedOutput()
	require.NoError(t, err, string(says))
	require.Equal(t, storetest.Number(t, dsn, `SELECT COUNT(*) FROM occupancies`), storetest.Number(t, other, `SELECT COUNT(*) FROM occupancies`))
	got := guichet(t, dir, map[string]string{"GUICHET_DATABASE": other}, "", "audit", "verify")
	require.Contains(t, got.out, "the trail verifies", got.err)

	t.Setenv("PATH", dir)
	got = guichet(t, dir, env, "", "backup", "--into", dir)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "pg_dump is needed")
}
