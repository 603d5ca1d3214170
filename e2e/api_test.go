package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

// apiDocument is must-show 5 of the mandates: the program's own OpenAPI
// document passes a public linter at its strictest, and a client that a public
// generator makes of it gets a delivery.
func apiDocument(t *testing.T, p *rig.Portal) {
	document := filepath.Join(rig.Out, "client", "openapi.json") // beside the Node tools
	require.NoError(t, os.MkdirAll(filepath.Dir(document), 0o755))
	fetch := func(path string) []byte {
		text, err := http.Get(p.URL + path)
		require.NoError(t, err)
		defer text.Body.Close()
		require.Equal(t, http.StatusOK, text.StatusCode)
		content, err := io.ReadAll(text.Body)
		require.NoError(t, err)
		return content
	}
	system := fetch("/api/v1/works-system/openapi.json") // the operator's own (D13)
	content := fetch("/api/v1/openapi.json")
	require.NoError(t, os.WriteFile(document, content, 0o600))
	in := system
	tool := func(name string, args ...string) []byte {
		t.Helper()
		var out, told bytes.Buffer
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &told
		require.NoError(t, cmd.Run(), "%s %v\n%s%s", name, args, &out, &told)
		return out.Bytes()
	}
	tool("node", "lint.mjs")
	in = content
	tool("node", "lint.mjs")

	program, err := os.ReadFile("client/takes.ts")
	require.NoError(t, err)
	copied := filepath.Join(filepath.Dir(document), "takes.ts")
	require.NoError(t, os.WriteFile(copied, program, 0o600))
	tool("node_modules/.bin/openapi-typescript", document, "--output", filepath.Join(filepath.Dir(document), "api.d.ts"))
	tool("node_modules/.bin/tsc", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", copied)
	var taken struct {
		Mandate string
		EAN     string
		Months  int
		File    json.RawMessage
	}
	said := tool("node", strings.TrimSuffix(copied, ".ts")+".js", p.URL, p.Partner.APIKey)
	require.NoError(t, json.Unmarshal(said, &taken), "%s", said)
	require.Equal(t, p.References[0].EAN, taken.EAN)
	require.Greater(t, taken.Months, 12)
	delivery := filepath.Join(t.TempDir(), "delivery.json")
	require.NoError(t, os.WriteFile(delivery, taken.File, 0o600))
	require.Contains(t, rig.Must(t, p.Dir, p.Settings, "audit", "verify-mandate", delivery).Out, taken.Mandate)

	stranger, err := http.Get(p.URL + "/api/v1/mandates")
	require.NoError(t, err)
	defer stranger.Body.Close()
	require.Equal(t, http.StatusUnauthorized, stranger.StatusCode)
	require.Equal(t, "application/problem+json", stranger.Header.Get("Content-Type"))
}
