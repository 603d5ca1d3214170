package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/registry"
)

// What people hand over instead of a file is named as what it is.
func TestImportsOfNoFiles(t *testing.T) {
	dir, must := settled(t)
	header, _, _ := strings.Cut(registry.Example(), "\n")
	written(t, dir, "header.csv", header+"\r\n\r\n")
	written(t, dir, "header16.csv", string(wide(header+"\r\n")))
	written(t, dir, "empty.csv", "")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	for _, kind := range []string{"registry", "references", "registrations", "windows", "degree-days", "validations", "payments"} {
		got := guichet(t, dir, nil, "", "import", kind, "folder")
		require.Equal(t, 1, got.status, kind)
		require.Contains(t, got.err, "folder: it is a folder", kind)
		got = guichet(t, dir, nil, "", "import", kind, "empty.csv")
		require.Equal(t, 1, got.status, kind)
		require.Regexp(t, "the file is empty|has 0 characters", got.err, kind)
	}
	require.Contains(t, must("import", "registry", "header.csv").out, "no rows below its header")
	require.Contains(t, must("import", "degree-days", written(t, dir, "days.csv", "date;degree_days\n")).out, "no rows below its header")
	got := guichet(t, dir, nil, "", "import", "registry", "header16.csv")
	require.Contains(t, got.err, "no header: zero bytes in it; a file in UTF-16")
	require.Contains(t, must("import", "registry", "--map", "encoding=utf-16be", "header16.csv").out, "no rows below its header")
	require.NotContains(t, must("import", "registry", written(t, dir, "town.csv", registry.Example())).out, "no rows")

	written(t, dir, "short.csv", header+"\n;;;\n")
	got = guichet(t, dir, nil, "", "import", "registry", "short.csv")
	require.Contains(t, got.err, "not imported: 1 bad line\n", "five errors of one line are one line")
}

// wide is ASCII in UTF-16, without the mark that would tell.
func wide(text string) []byte {
	var b bytes.Buffer
	for _, c := range []byte(text) {
		b.Write([]byte{0, c})
	}
	return b.Bytes()
}

// interrupting is standard output that ends the command's context once the
// first file is told.
type interrupting struct {
	io.Writer
	stop func()
}

func (i interrupting) Write(b []byte) (int, error) {
	defer i.stop()
	return i.Writer.Write(b)
}

// Ctrl-C between two files: the first is kept whole, nothing of the others is,
// and that is said.
func TestInterruptedImportTellsWhatIsKept(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	for name, day := range map[string]string{"one.csv": "1", "two.csv": "2", "three.csv": "3"} {
		written(t, dir, name, "date;degree_days\n2026-01-0"+day+";12,3\n")
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var out, errOut bytes.Buffer
	status := run(ctx, []string{"import", "degree-days", "one.csv", "two.csv", "three.csv"}, strings.NewReader(""), interrupting{&out, stop}, &errOut, nil)
	require.Equal(t, 1, status)
	require.Contains(t, errOut.String(), "guichet: two.csv: interrupted, nothing of it is kept; 1 of 1 files were done before\n")
	require.Contains(t, must("import", "degree-days", "one.csv").out, "1 unchanged")
	require.Contains(t, must("import", "degree-days", "two.csv").out, "1 new or changed")

	errOut.Reset()
	require.Equal(t, 1, run(ctx, []string{"staff", "list"}, strings.NewReader(""), io.Discard, &errOut, nil))
	require.Contains(t, errOut.String(), "guichet: interrupted: ")
	require.NotContains(t, errOut.String(), "context canceled")
}

// L16: readings whose meter the register does not have at the access point are
// taken with a note; no meter is printed (G12).
func TestReadingsOfAStrangeMeter(t *testing.T) {
	dir, must := settled(t)
	must("import", "registry", written(t, dir, "town.csv", registry.Example()))
	day := "Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus\n" +
		"01-09-2024;00:00:00;02-09-2024;00:00:00;541499000000123455;1SAG.1100 076616;Digitale meter;Afname Dag;7,125;kWh;Uitgelezen\n"
	require.NotContains(t, must("import", "readings", "--dry-run", written(t, dir, "own.csv", day)).out, "note:")
	strange := written(t, dir, "strange.csv", strings.Replace(day, "076616", "076617", 1))
	got := must("import", "readings", "--dry-run", strange)
	require.Contains(t, got.out, "note: the register has no such meter at 54-- ---- ---- --34 55")
	require.NotContains(t, got.out, "76617")
	require.Contains(t, must("import", "readings", "--dry-run", "--json", strange).out, `"notes":["the register has no such meter`)

	gas := []string{"import", "readings", "--dry-run", "--for", "541499000000123455", written(t, dir, "other.csv", strings.Replace(day, "541499000000123455", "549999000000000016", 1))}
	refused := guichet(t, dir, nil, "", gas...)
	require.Equal(t, 1, refused.status)
	require.Contains(t, refused.err, "it names 54-- ---- ---- --00 16, another access point of the register than --for says")
	require.Contains(t, must(append(gas, "--other-ean")...).out, "note: the file itself names 54-- ---- ---- --00 16")
	elsewhere := written(t, dir, "elsewhere.csv", strings.Replace(day, "541499000000123455", "541448900000000007", 1))
	require.Contains(t, must("import", "readings", "--dry-run", "--for", "541499000000123455", elsewhere).out, "note: the file itself names")
}

// A measure adds to what it finds: a database in use is refused.
func TestBenchOfAttemptsWantsAnEmptyDatabase(t *testing.T) {
	dir, _ := settled(t)
	got := guichet(t, dir, nil, "", "bench", "--attempts", "sqlite:guichet.db", "--seconds", "10ms")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "this database is in use")
	got = guichet(t, dir, nil, "", "bench", "--attempts", "sqlite:new.db", "--seconds", "10ms")
	require.Zero(t, got.status, got.err)
	require.Regexp(t, `^ *[0-9]+/s `, got.out, "what e2e/bench.sh reads")
}
