package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// Results in the words of the Test Anything Protocol, subtests indented by four.
var (
	tapName   = regexp.MustCompile(`^( *)# Subtest: (.*)$`)
	tapResult = regexp.MustCompile(`^( *)(not ok|ok) \d+ - `)
	tapReason = regexp.MustCompile(`(?s)error: (.*?)\n *code: `)
)

// TestBrowser meets the portal with a real browser: e2e/browser. It is split by
// file, and the long ones by language, so that each runs against a portal of its
// own and none takes long.
func TestBrowser(t *testing.T) {
	files, err := filepath.Glob("browser/*.test.mjs")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".test.mjs")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			switch name {
			case "provider":
				browse(t, file, languages, company(t))
			case "gate":
				browse(t, file, languages, atWorkStep(t))
			case "closed":
				for why, shut := range shutting {
					t.Run(why, func(t *testing.T) {
						t.Parallel()
						p := rig.Demo(t)
						shut(t, p)
						require.Eventually(t, func() bool {
							return visitor.Public(t, p).Get(t, "/fr/lookup").Status == http.StatusServiceUnavailable
						}, time.Minute, tick, "the gate stays open")
						browse(t, file, languages, p)
					})
				}
			case "journey", "pages":
				byLanguage(t, file, languages, nothing)
			case "desk":
				byLanguage(t, file, []string{"fr", "de"}, callers)
			case "gallery", "works":
				browse(t, file, languages, quick(t))
			case "mandates":
				p, signing, since := trusting(t)
				browse(t, file, languages, p, signing)
				mandated(t, p, since, signing)
			case "works-named":
				p, around := atWorks(t)
				browse(t, file, languages, p, around)
				verified(t, p)
			case "works-system":
				p, around := atWorks(t, "WORKS_MASTER=external")
				browse(t, file, languages, p, around)
				verified(t, p)
			case "works-walk":
				p, around := atWorks(t)
				browse(t, file, languages, p, around)
				walked(t, p)
				acted(t, p)
				verified(t, p)
			case "file", "readings":
				p := rig.Demo(t)
				browse(t, file, languages, p, moves(t, p))
				verified(t, p)
			default:
				browse(t, file, languages, rig.Demo(t))
			}
		})
	}
}

// shutting are the causes for which the gate shuts.
var shutting = map[string]func(*testing.T, *rig.Portal){
	"switch": func(t *testing.T, p *rig.Portal) {
		first, _ := officers(t, p)
		closing := turn(t, p, first, time.Now(), "gate", "closed")
		require.Zero(t, closing.Status, closing.Err)
	},
	"clock": func(t *testing.T, p *rig.Portal) { // the mark ran ahead by ten days
		rig.SQL(t, p.File(), `UPDATE clock_mark SET mark_us = mark_us + 864000000000`)
	},
	"store": func(t *testing.T, p *rig.Portal) { // what a gate must ask cannot be asked
		rig.SQL(t, p.File(), `ALTER TABLE doors RENAME TO doors_away`)
	},
}

// byLanguage does the same in each language; the race detector, which takes
// half of the time, has seen it all in the first.
func byLanguage(t *testing.T, file string, langs []string, more func(*testing.T, *rig.Portal) map[string]any) {
	for i, lang := range langs {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			start := quick
			if i == 0 {
				start = rig.Demo
			}
			p := start(t)
			browse(t, file, []string{lang}, p, more(t, p))
		})
	}
}

func nothing(*testing.T, *rig.Portal) map[string]any { return nil }

// callers are what the first of those who call know of their own.
func callers(t *testing.T, p *rig.Portal) map[string]any {
	t.Helper()
	knows := map[string]map[string]string{}
	for _, r := range p.References[:4] {
		knows[r.Reference] = caller(t, p, r)
	}
	return map[string]any{"knows": knows}
}

// quick is a demo without the race detector.
func quick(t testing.TB, settings ...string) *rig.Portal {
	t.Helper()
	p := rig.New(t, settings...).Quick(t)
	p.Settle(t)
	p.Start(t, "demo", "--json", "--dir", p.Dir)
	return p
}

// atWorkStep is a portal whose gate asks everybody for work: where one failure
// at an unknown reference is half of all that are allowed, one leads there, and
// none further (G7).
func atWorkStep(t *testing.T) *rig.Portal {
	t.Helper()
	p := rig.Demo(t, "NOISE_A_DAY=1")
	visitor.Public(t, p).Guess(t, unknown().Reference, "0000").MustRefuse(t)
	inStep(t, p, 2)
	return p
}

// browse runs a file of browser tests; more is what they know beside the portal.
func browse(t *testing.T, file string, langs []string, p *rig.Portal, more ...map[string]any) {
	t.Helper()
	program, dir, env := p.Command()
	about := map[string]any{"url": p.URL, "desk_url": p.DeskURL, "admin_url": p.AdminURL, "redis": p.RedisURL,
		"command":    map[string]any{"program": program, "dir": dir, "env": env},
		"references": p.References, "staff": p.Staff, "languages": langs, "why": filepath.Base(t.Name()), "out": rig.Out, "picture": os.Getenv("E2E_PICTURE")}
	for _, m := range more {
		maps.Copy(about, m)
	}
	text, err := json.Marshal(about)
	require.NoError(t, err)
	cmd := exec.Command("node", "--test", "--test-reporter=tap", "--test-timeout=600000", file)
	cmd.Env = append(os.Environ(), "E2E_PORTAL="+string(text))
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

// moves are two households who left twenty days ago, which the register does
// not know before it imports these files.
func moves(t *testing.T, p *rig.Portal) map[string]any {
	t.Helper()
	var all []map[string]string
	day := time.Now().AddDate(0, 0, -20).Format(time.DateOnly)
	for n, r := range []rig.Reference{p.References[1], p.References[5]} {
		line := rig.SQL(t, p.File(), fmt.Sprintf(`SELECT a.ean || ';' || energy || ';' || a.street || ';' || a.postcode || ';' || a.town || ';' || name || ';' || language
			|| ';' || o.street || ';' || o.postcode || ';' || o.town || ';' || date(from_us / 1000000, 'unixepoch', '+2 hours') || ';%s'
			FROM access_points a JOIN occupancies o ON o.ean = a.ean WHERE a.ean = '%s' AND to_us = 0`, day, r.EAN))
		file := filepath.Join(p.Dir, fmt.Sprintf("move-%d.csv", n))
		header := "ean;energy;street;postcode;town;name;language;mail_street;mail_postcode;mail_town;occupied_from;occupied_to\n"
		require.NoError(t, os.WriteFile(file, []byte(header+line+"\n"), 0o600))
		all = append(all, map[string]string{"reference": r.Reference, "file": file})
	}
	return map[string]any{"moves": all}
}
