package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// L10: suppliers' registrations come by file; wrong lines are named with their
// reason before anything changes, and again nothing changes.
func TestL10RegistrationsByCommand(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	require.Equal(t, registry.RegistrationExample(), must("import", "registrations", "--example").out)
	require.Contains(t, must("import", "registrations", "--help").out, "suppliers and partners never see which")

	good := written(t, dir, "good.csv", registry.RegistrationExample())
	bad := written(t, dir, "bad.csv", registry.RegistrationExample()+"541499000000123456;VENT-DU-NORD;2025-01-01;;\n549999000000000016;VENT-DU-NORD;2025-01-01;;drop\n")
	got := guichet(t, dir, nil, "", "import", "registrations", bad)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "line 5, ean: wrong check digit")
	require.Contains(t, got.err, "line 6, end: given without ended")
	require.Contains(t, must("import", "registrations", "--dry-run", good).out, "3 new")
	require.Contains(t, must("import", "registrations", "--dry-run", good).out, "dry run: nothing written")
	require.Contains(t, must("import", "registrations", "--map", "Code=ean", good).out, "3 new       0 changed       0 unchanged; 0 of the file's")
	require.Contains(t, must("import", "registrations", "--json", good).out, `"unchanged":3`)
	require.Contains(t, must("audit", "verify").out, "the trail verifies")
}
