package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// secrets are the values of one portal that must stand nowhere in what it
// leaves behind (G12).
type secrets struct {
	mu    sync.Mutex
	known map[string]string // value -> what it is
}

// Secret remembers a value that was typed or handed out.
func (p *Portal) Secret(what, value string) {
	if len(value) < 4 {
		return
	}
	p.secrets.mu.Lock()
	defer p.secrets.mu.Unlock()
	if p.secrets.known == nil {
		p.secrets.known = map[string]string{}
	}
	p.secrets.known[value] = what
}

func (p *Portal) learn() {
	for _, r := range p.References {
		p.Secret("reference", r.Reference)
		p.Secret("digits", r.Digits)
		p.Secret("letter code", r.LetterCode)
	}
	for _, c := range p.Staff {
		p.Secret("password", c.Password)
		p.Secret("one-time-code seed", c.OTPSecret)
	}
	if p.Works.Number != "" {
		p.Secret("works number", p.Works.Number)
		p.Secret("works code", p.Works.Code)
	}
	for _, third := range []Partner{p.Partner, p.Supplier} {
		if third.Login != "" {
			p.Secret("password", third.Password)
			p.Secret("one-time-code seed", third.OTPSecret)
			p.Secret("API key", third.APIKey)
		}
	}
}

// short secrets are numbers that stand in any log by chance (a time, a size);
// they are looked for only as a whole word of a text somebody chose to write.
const short = 7

var word = regexp.MustCompile(`[\pL\pN_-]+`)

// Leaks names the secrets that stand in a text.
func (p *Portal) Leaks(where, text string) (found []string) {
	p.secrets.mu.Lock()
	defer p.secrets.mu.Unlock()
	words := map[string]bool{}
	for _, w := range word.FindAllString(text, -1) {
		words[w] = true
	}
	for value, what := range p.secrets.known {
		long := len(value) >= short && (strings.Contains(text, value) || strings.Contains(text, spaced(value)))
		if long || words[value] {
			found = append(found, fmt.Sprintf("%s: a %s stands there", where, what))
		}
	}
	return found
}

// spaced writes a reference as letters print it.
func spaced(value string) string {
	if len(value) != 14 {
		return value
	}
	return value[:4] + " " + value[4:8] + " " + value[8:12] + " " + value[12:]
}

// Scrape remembers the metrics as they are now; a killed program's cannot be
// asked afterwards.
func (p *Portal) Scrape(t testing.TB) string {
	t.Helper()
	text, err := get(p.AdminURL + "/metrics")
	if err != nil {
		t.Errorf("metrics: %v", err)
	}
	for _, leak := range p.Leaks("metrics", valuesOff(text)) {
		t.Error(leak)
	}
	return text
}

// valuesOff keeps the metrics' names and labels, where only a leak could write.
func valuesOff(metrics string) string {
	var b strings.Builder
	for line := range strings.Lines(metrics) {
		if i := strings.LastIndexByte(strings.TrimSpace(line), ' '); i > 0 && !strings.HasPrefix(line, "#") {
			line = line[:i]
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// texts gives the texts of a log line: of a structured one all strings but the
// time, its numbers being measures; of any other the whole line.
func texts(line string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return line
	}
	delete(fields, "time")
	var b strings.Builder
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			b.WriteString(v + "\n")
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				b.WriteString(k + "\n")
				walk(e)
			}
		}
	}
	walk(fields)
	return b.String()
}

// counted is how many values an import brought, which may be any number: a
// household's four digits, too.
var counted = regexp.MustCompile(`\b(days|months|points)=\d+`)

// before is how many entries the head before one has, which may be any number, too.
var before = regexp.MustCompile(`\bprev \d+`)

// search looks through the logs, the Redis keys, the trail and the heads kept
// outside.
func (p *Portal) search(t testing.TB) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	lines := bufio.NewScanner(strings.NewReader(p.Log()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		for _, leak := range p.Leaks("log", texts(lines.Text())) {
			t.Errorf("%s: %s", leak, lines.Text())
		}
	}
	keys, err := p.Redis.Keys(context.Background(), "*").Result()
	if err != nil {
		t.Errorf("Redis keys: %v", err)
	}
	for _, key := range keys {
		for _, leak := range p.Leaks("Redis key", key) {
			t.Errorf("%s: %s", leak, key)
		}
	}
	if _, err := os.Stat(p.File()); err == nil {
		for line := range strings.Lines(p.trail(t)) {
			for _, leak := range p.Leaks("trail", counted.ReplaceAllString(line, "$1")) {
				t.Errorf("%s: %s", leak, line)
			}
		}
	}
	heads, err := os.ReadFile(filepath.Join(p.Dir, "trail-heads.log"))
	if err == nil {
		for _, leak := range p.Leaks("trail heads", before.ReplaceAllString(string(heads), "prev")) {
			t.Error(leak)
		}
	}
}

// trail gives the readable columns of the trail, without times and salts.
func (p *Portal) trail(t testing.TB) string {
	t.Helper()
	if SQL(t, p.File(), "SELECT count(*) FROM sqlite_master WHERE name = 'trail'") == "0" {
		return ""
	}
	return SQL(t, p.File(), `SELECT id, actor_kind, actor_id, action, ground, channel, subject, details FROM trail`)
}
