package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

// D6 by command: windows and weather in, a reading typed, handed over once,
// once more on demand with the same bytes, and what came back shown.
func TestD6ReadingsByCommand(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	require.Equal(t, indexes.ExampleWindows(), must("import", "windows", "--example").out)
	for _, help := range [][]string{{"import", "windows"}, {"import", "degree-days"}, {"import", "validations"}, {"export", "readings"}, {"daily"}} {
		require.Contains(t, must(append(help, "--help")...).out, "Example: guichet "+strings.Join(help, " "))
	}
	now := time.Now().In(portal.Brussels)
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format(time.DateOnly) }
	header := "ean;meter;from;to;register;digits;last;last_date;yearly\n"
	row := func(register, from, to string) string {
		return "541499000000123455;1SAG1100076616;" + from + ";" + to + ";" + register + ";6;20000;" + day(360) + ";3650\n"
	}
	windows := written(t, dir, "windows.csv", header+row("offtake-peak", day(20), day(10))+row("offtake-offpeak", day(20), day(10))+row("offtake-peak", day(5), day(-5)))
	bad := guichet(t, dir, nil, "", "import", "windows", written(t, dir, "bad.csv", header+row("offtake", day(20), day(10))+row("gas-volume", day(5), day(-5))))
	require.Equal(t, 1, bad.status)
	require.Contains(t, bad.err, "line 3, register: not a register of electricity")
	require.Contains(t, must("import", "windows", "--dry-run", windows).out, "2 new       0 changed       0 unchanged; of the new ones")
	require.Contains(t, must("import", "windows", windows).out, "2 new")
	require.Contains(t, must("import", "windows", windows).out, "0 new       0 changed       2 unchanged")
	require.Contains(t, must("import", "degree-days", written(t, dir, "sky.csv", "date,degree_days\n2026-01-01,12.3\n")).out, "1 new or changed")

	// --map names titles and the encoding, and ignores what is not ours.
	latin := "Jour;Degr\xe9s;Station\n2026-01-01;12,3;Spa\n2026-01-02;11;Spa\n"
	sky := written(t, dir, "latin.csv", latin)
	plain := guichet(t, dir, nil, "", "import", "degree-days", sky)
	require.Equal(t, 1, plain.status)
	require.Contains(t, plain.err, "unknown column; rename it, or ignore it with --map")
	mapped := []string{"import", "degree-days", "--map", "Jour=date,Degrés=degree_days,Station=-,encoding=windows-1252"}
	require.Contains(t, must(append(mapped, "--dry-run", sky)...).out, "1 new or changed       1 unchanged\n  dry run: nothing written")
	require.Contains(t, must(append(mapped, sky)...).out, "1 new or changed       1 unchanged")
	for _, kind := range []string{"windows", "degree-days", "validations"} {
		require.Equal(t, 2, guichet(t, dir, nil, "", "import", kind, "--map", "a=b", sky).status, kind)
		require.NotEmpty(t, must("import", kind, "--example").out)
	}

	require.Contains(t, must("export", "readings", "--into", dir).out, "no reading is waiting")
	require.Contains(t, must("daily").out, "reading windows over: 1, 0 of them read; registers estimated: 2, left without a reading: 0")
	require.Contains(t, must("daily", "--json").out, `"windows":0`)
	typeReading(t, dir, day(1), "23600") // a day that midnight cannot move

	var first exported
	require.NoError(t, json.Unmarshal([]byte(must("export", "readings", "--into", dir, "--json").out), &first))
	require.Equal(t, 3, first.Readings)
	text, err := os.ReadFile(first.File)
	require.NoError(t, err)
	info, err := os.Stat(first.File)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Contains(t, string(text), ";541499000000123455;1SAG1100076616;offtake-peak;"+day(1)+";23600;kWh;3600;validated;plausible;1;customer;")
	require.Equal(t, 2, strings.Count(string(text), ";estimated;not-read;1;estimate;"))
	require.Contains(t, must("export", "readings", "--into", dir).out, "no reading is waiting", "idempotent")
	again := t.TempDir()
	must("export", "readings", "--into", again, "--again", first.Batch)
	twin, err := os.ReadFile(filepath.Join(again, filepath.Base(first.File)))
	require.NoError(t, err)
	require.Equal(t, string(text), string(twin))
	require.Equal(t, 1, guichet(t, dir, nil, "", "export", "readings", "--again", "nothing").status)
	require.Equal(t, 2, guichet(t, dir, nil, "", "export", "readings", "--again", first.Batch, "--to-check").status)
	require.Equal(t, 1, guichet(t, dir, nil, "", "export", "readings", "--into", filepath.Join(dir, "nowhere")).status)

	typeReading(t, dir, day(1), "23700") // after the hand-over: a correction
	require.Contains(t, must("export", "readings", "--into", dir, "--to-check").out, "1 readings to look at")
	held, err := os.ReadFile(filepath.Join(dir, "readings-to-check.csv"))
	require.NoError(t, err)
	require.Contains(t, string(held), ";to-check;amended;2;customer;")

	answer := "reading;status;value\n"
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		answer += strings.Split(line, ";")[1] + []string{";validated;\n", ";corrected;20001\n", ";validated;\n"}[i]
	}
	file := written(t, dir, "answer.csv", answer)
	require.Contains(t, must("import", "validations", "--dry-run", file).out, "nothing written")
	require.Contains(t, must("import", "validations", file).out, "2 validated       1 corrected       0 unchanged")
	require.Contains(t, must("import", "validations", file).out, "3 unchanged")
	leftovers, err := filepath.Glob(filepath.Join(dir, "*.new"))
	require.NoError(t, err)
	require.Empty(t, leftovers)
	require.Contains(t, must("audit", "verify").out, "the trail verifies")
}

// typeReading enters the peak register as the page does.
func typeReading(t *testing.T, dir, date, value string) {
	t.Helper()
	ctx := context.Background()
	f, err := openFoundation(ctx, config.Settings{Dir: dir}.Default())
	require.NoError(t, err)
	defer f.store.Close()
	point, stay, found, err := f.store.Holder(ctx, "541499000000123455", f.clock())
	require.NoError(t, err)
	require.True(t, found)
	meters, err := f.store.Meters(ctx, point.EAN)
	require.NoError(t, err)
	s := indexes.Stay{Point: point, Occupancy: stay, Meter: meters[len(meters)-1]}
	book := &indexes.Book{Ledger: f.store, History: &metering.History{Ledger: f.store, Clock: f.clock}, Runner: f.store, Clock: f.clock}
	page, err := book.Look(ctx, s)
	require.NoError(t, err)
	out, err := book.Enter(ctx, s, indexes.Typed{Window: page.Window.ID, Date: date,
		Values: map[metering.Register]string{metering.OfftakePeak: value}})
	require.NoError(t, err)
	require.True(t, out.Saved)
}
