package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/provider"
	"guichet/e2e/rig"
)

// Results in the words of the Test Anything Protocol, subtests indented by four.
var (
	tapName   = regexp.MustCompile(`^( *)# Subtest: (.*)$`)
	tapResult = regexp.MustCompile(`^( *)(not ok|ok) \d+ - `)
	tapReason = regexp.MustCompile(`(?s)error: (.*?)\n *code: `)
)

// TestBrowser meets the portal with a real browser: e2e/browser. It is split by
// file, so that each runs against a portal of its own.
func TestBrowser(t *testing.T) {
	files, err := filepath.Glob("browser/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".test.mjs")
		t.Run(name, func(t *testing.T) {
			var settings []string
			if name == "provider" {
				settings = company(t)
			}
			browse(t, file, settings...)
		})
	}
}

func browse(t *testing.T, file string, settings ...string) {
	p := rig.Demo(t, settings...)
	if len(settings) > 0 {
		p.Secret("client's secret", provider.Secret)
	}
	about := map[string]any{"url": p.URL, "desk_url": p.DeskURL, "admin_url": p.AdminURL, "redis": p.RedisURL,
		"references": p.References, "staff": p.Staff, "out": rig.Out, "picture": os.Getenv("E2E_PICTURE")}
	text, err := json.Marshal(about)
	require.NoError(t, err)
	cmd := exec.Command("node", "--test", "--test-reporter=tap", "--test-timeout=90000", file)
	cmd.Env = append(os.Environ(), "GUICHET_E2E="+string(text))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	failed := cmd.Run()
	all := results(out.String())
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			if !r.ok {
				t.Error(r.why)
			}
		})
	}
	require.NotEmpty(t, all, "no test ran:\n%s", &out)
	if failed != nil && !t.Failed() {
		t.Errorf("node: %v\n%s", failed, &out)
	}
}

// result is a test of node's without subtests, or one that failed by itself.
type result struct {
	name, why string
	ok        bool
}

func results(tap string) (all []*result) {
	var path []string
	var last *result
	children, failures := 0, 0 // of the test that is being told
	for line := range strings.Lines(tap) {
		line = strings.TrimSuffix(line, "\n")
		if m := tapName.FindStringSubmatch(line); m != nil {
			path = append(path[:min(len(path), len(m[1])/4)], m[2])
			last = nil
			continue
		}
		m := tapResult.FindStringSubmatch(line)
		if m == nil {
			if last != nil {
				last.why += line + "\n"
			}
			continue
		}
		depth, ok := len(m[1])/4, m[2] == "ok"
		last = nil
		if depth == 0 && children > 0 {
			if ok || failures > 0 {
				children, failures = 0, 0
				continue
			}
		}
		if depth > 0 {
			children++
			if !ok {
				failures++
			}
		}
		last = &result{name: strings.Join(path[:depth+1], ": "), ok: ok}
		all = append(all, last)
	}
	for _, r := range all {
		if m := tapReason.FindStringSubmatch(r.why); m != nil {
			r.why = m[1]
		}
	}
	return all
}
