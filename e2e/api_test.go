package e2e

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

// apiDocument is must-show 5 of the mandates: the program's own OpenAPI
// document passes a public linter at its strictest.
func apiDocument(t *testing.T, p *rig.Portal) {
	res, err := http.Get(p.URL + "/api/v1/openapi.json")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	document, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "openapi.json")
	require.NoError(t, os.WriteFile(file, document, 0o600))
	tool, err := filepath.Abs("node_modules/.bin/redocly")
	require.NoError(t, err)
	lint := exec.CommandContext(t.Context(), tool, "lint", "--extends=recommended-strict", file)
	lint.Dir = dir
	lint.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
	said, err := lint.CombinedOutput()
	require.NoError(t, err, string(said))

	stranger, err := http.Get(p.URL + "/api/v1/mandates")
	require.NoError(t, err)
	defer stranger.Body.Close()
	require.Equal(t, http.StatusUnauthorized, stranger.StatusCode)
	require.Equal(t, "application/problem+json", stranger.Header.Get("Content-Type"))
}
