package lookup_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"guichet/lookup"

	"github.com/stretchr/testify/require"
)

// The defaults are the table of threats.md, of which testdata holds a copy, word for word.
func TestDefaultLimitsAreTheTable(t *testing.T) {
	text, err := os.ReadFile("testdata/limits.md")
	require.NoError(t, err)
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			rows[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[2])
		}
	}
	l := lookup.DefaultLimits()
	for _, c := range []struct {
		row, says string
		want      []int
	}{
		{"failures per reference", `^(\d+), then blocked$`, []int{lookup.Tries}},
		{"failures per source", `^(\d+) a day, (\d+) a week; (\d+) different references \*failed\* a day; a source that caused (\d+) blocks in a day is refused altogether that day$`,
			[]int{l.SourceADay, l.SourceAWeek, l.SourceReferences, l.SourceBlocks}},
		{"failures per network; per IPv6 /48", `^(\d+) a day; (\d+) a day$`, []int{l.NetworkADay, l.WideADay}},
		{"a full source or network", `^step (\d) and a shared overflow of (\d+) failures a day for all of them; its known browsers are heard$`,
			[]int{int(lookup.Work), l.OverflowADay}},
		{"harm budget (live references)", `^(\d+) an hour, ([\d,]+) a day; legacy references (\d+) a day; works codes (\d+) a day, all inside the ([\d,]+)$`,
			[]int{l.HarmAnHour, l.HarmADay, l.LegacyADay, l.WorksADay, l.HarmADay}},
		{"noise budget (unknown references)", `^([\d,]+) a day$`, []int{l.NoiseADay}},
		{"steps", `^50 % proof of work; 100 % known browsers \((\d+) failures a day\) or letter code$`, []int{l.KnownADay}},
		{"references opened", `^(\d+) a day per browser, (\d+) per source, (\d+) per network, then step 2 and an alarm$`,
			[]int{l.OpenedByBrowser, l.OpenedBySource, l.OpenedByNetwork}},
	} {
		found := regexp.MustCompile(c.says).FindStringSubmatch(rows[c.row])
		require.NotNil(t, found, "%s: %q", c.row, rows[c.row])
		for i, want := range c.want {
			n, err := strconv.Atoi(strings.ReplaceAll(found[i+1], ",", ""))
			require.NoError(t, err)
			require.Equal(t, n, want, "%s: %q", c.row, rows[c.row])
		}
	}
}
