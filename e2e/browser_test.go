package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
)

// tapLine is one result in the words of the Test Anything Protocol.
var tapLine = regexp.MustCompile(`^(\s*)(not ok|ok) \d+ - (.*?)( # .*)?$`)

// TestBrowser meets the portal with a real browser: e2e/browser. It is split by
// file, so that each runs against a portal of its own.
func TestBrowser(t *testing.T) {
	files, err := filepath.Glob("browser/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".test.mjs")
		t.Run(name, func(t *testing.T) { browse(t, file) })
	}
}

func browse(t *testing.T, file string) {
	p := rig.Demo(t)
	about := map[string]any{"url": p.URL, "desk_url": p.DeskURL, "admin_url": p.AdminURL, "redis": p.RedisURL,
		"references": p.References, "staff": p.Staff, "out": rig.Out, "picture": os.Getenv("E2E_PICTURE")}
	text, err := json.Marshal(about)
	require.NoError(t, err)
	cmd := exec.Command("node", "--test", "--test-reporter=tap", file)
	cmd.Env = append(os.Environ(), "GUICHET_E2E="+string(text))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := cmd.Run()

	results, reason := 0, ""
	lines := bufio.NewScanner(bytes.NewReader(out.Bytes()))
	lines.Buffer(nil, 1<<20)
	type result struct{ name, why string }
	var last *result
	var all []*result
	for lines.Scan() {
		if m := tapLine.FindStringSubmatch(lines.Text()); m != nil {
			last = nil
			if m[3] != file && !strings.HasSuffix(m[3], ".mjs") {
				results++
				if m[2] == "not ok" {
					last = &result{name: m[3]}
					all = append(all, last)
				} else if !strings.Contains(m[4], "SKIP") {
					t.Run(m[3], func(*testing.T) {})
				}
			}
		} else if last != nil {
			last.why += lines.Text() + "\n"
		}
	}
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) { t.Error(r.why) })
	}
	if failed != nil && len(all) == 0 {
		reason = out.String()
	}
	require.Empty(t, reason, "node: %v", failed)
	require.NotZero(t, results, "no test ran:\n%s", &out)
}
