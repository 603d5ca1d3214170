package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// settled is a folder with keys, tables and the example's town.
func settled(t *testing.T) (dir string, must func(args ...string) told) {
	t.Helper()
	dir = t.TempDir()
	must = func(args ...string) told {
		t.Helper()
		got := guichet(t, dir, nil, "", args...)
		require.Zero(t, got.status, got.err)
		return got
	}
	must("migrate", "--new-keys")
	return dir, must
}

func written(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// G1: references of another system are taken over, listed for replacement and
// replaced; no command prints a number.
func TestG1LegacyReferencesByCommand(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	require.Equal(t, registry.LegacyExample(), must("import", "references", "--example").out)
	require.Contains(t, must("import", "references", "--help").out, "never 14")

	good := written(t, dir, "old.csv", registry.LegacyExample())
	bad := written(t, dir, "bad.csv", registry.LegacyExample()+"541499000000123455;00417300999;\n541449000000000010;41730;\n")
	got := guichet(t, dir, nil, "", "import", "references", bad)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "line 4, ean: has another reference on line 2")
	require.Contains(t, got.err, "line 5, reference: 5 digits, not 8 to 20")
	require.NotContains(t, got.err, "417300", "G12")
	require.Contains(t, must("issue", "references", "--replace-legacy", "--dry-run").out, "0 references would be drawn", "all or nothing")

	require.Contains(t, must("import", "references", "--dry-run", good).out, "2 new       0 unchanged\n  dry run: nothing written")
	require.Contains(t, must("import", "references", good).out, "2 new")
	require.Contains(t, must("import", "references", good).out, "2 unchanged\n  nothing changed")
	require.Contains(t, must("issue", "references").out, "0 references drawn")

	foreseen := must("issue", "references", "--replace-legacy", "--dry-run").out
	require.Contains(t, foreseen, "54-- ---- ---- --34 55\n")
	require.Contains(t, foreseen, "2 references would be drawn, 1 envelopes")
	require.NotContains(t, foreseen, "541499000000123455", "G12")
	require.Contains(t, must("issue", "references", "--replace-legacy").out, "2 references drawn, 1 envelopes; 1 letters written")
	require.Contains(t, must("issue", "references", "--replace-legacy").out, "0 references drawn")
	require.Contains(t, must("audit", "verify").out, "the trail verifies")
}

// G8: an import measures the digits and prints what it found; a dry run and a
// refused file do not.
func TestG8ImportMeasuresTheDigits(t *testing.T) {
	dir, must := settled(t)
	town := written(t, dir, "town.csv", registry.Example())
	require.NotContains(t, must("import", "registry", "--dry-run", town).out, "one guess")
	out := must("import", "registry", town).out
	require.Contains(t, out, "of 2 meters\n")
	require.Regexp(t, `anywhere +50\.0000 %`, out)
	lines := strings.Split(strings.TrimSpace(must("import", "registry", "--json", town).out), "\n")
	require.Len(t, lines, 2)
	var measured struct{ Digits registry.Share }
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &measured))
	require.EqualValues(t, 2, measured.Digits.Meters)
	require.InDelta(t, .5, measured.Digits.Overall, 1e-9)
	require.False(t, measured.Digits.MeasuredAt.IsZero())

	got := guichet(t, dir, nil, "", "import", "registry", written(t, dir, "bad.csv", "ean\n"))
	require.Equal(t, 1, got.status)
	require.NotContains(t, got.out, "one guess")
}
