package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// named are the metrics that a rule or a panel asks for.
var named = regexp.MustCompile(`\b(?:guichet|process|go)_[a-z_]+`)

// The operator's files name what the program has: each metric of alarms and
// panels is exported, or the alarm never rings; each of ours has one.
func TestOpsFilesNameMetricsThatExist(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example())) // measures the digits
	s := startServing(t, dir)
	s.get(s.public, "/fr/lookup") // the first request begins the counters of requests
	exported := map[string]bool{}
	for _, line := range strings.Split(s.get(s.admin, "/metrics").text, "\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(line, "# TYPE "), " ")
		if name, _, _ = strings.Cut(name, "{"); name != "" {
			exported[name] = true
		}
	}
	used := map[string]bool{}
	for _, file := range []string{"alerts.yml", "dashboard.json"} {
		text, err := os.ReadFile(filepath.Join(ops, file))
		require.NoError(t, err)
		for _, name := range named.FindAllString(string(text), -1) {
			require.True(t, exported[name] || name == "go_goroutines", "%s asks for %s, which nothing exports", file, name)
			used[strings.TrimSuffix(name, "_bucket")] = true
		}
	}
	for name := range exported {
		if name = strings.TrimSuffix(name, "_bucket"); strings.HasPrefix(name, "guichet_") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			require.True(t, used[name] || name == "guichet_http_request_seconds", "no alarm and no panel looks at %s", name)
		}
	}
}

// ops is the folder of the operator's files, wherever a test stands.
var ops = func() string {
	dir, err := filepath.Abs("ops")
	if err != nil {
		panic(err)
	}
	return dir
}()

// Each setting that unit and container give is one.
func TestOpsFilesNameSettingsThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(ops, "Containerfile"))
	require.NoError(t, err)
	env := map[string]string{}
	for _, pair := range regexp.MustCompile(`GUICHET_[A-Z_]+=\S+`).FindAllString(string(text), -1) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	require.NotEmpty(t, env)
	got := guichet(t, t.TempDir(), env, "", "config")
	require.Zero(t, got.status, got.err)
}
