package e2e

import (
	"fmt"
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

// schema and samples of others, where the project lies beside them.
func shared(name string) (file string, there bool) {
	file = filepath.Join(rig.Root, "..", "shared", "samples", name)
	_, err := os.Stat(file)
	return file, err == nil
}

var notes = regexp.MustCompile(`(?m)^(\x{feff})?#.*\r?\n`)

// Must-show 2 with the real program: what is taken away at the portal comes in
// again, and the portal hands out the same bytes; ESPI against its schema; the
// letter with its mark as text (L20).
func TestFormats(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t)
	var chosen []rig.Reference
	for range 4 { // the fourth chose its quarter-hours (D5)
		chosen = append(chosen, p.Take(t))
	}
	take := func(all bool) map[string]string {
		files := map[string]string{}
		for i, r := range chosen {
			grains := []string{"month", "day"}
			if i == 3 {
				grains = []string{"year", "hour", "quarter"}
			}
			v := visitor.Public(t, p)
			v.MustEnter(t, r)
			for _, grain := range grains {
				page := v.Get(t, v.Path("/consumption.csv?grain="+grain))
				require.Equal(t, http.StatusOK, page.Status)
				require.NotContains(t, string(page.Body), r.EAN, "G12")
				files[r.EAN+"-"+grain] = string(page.Body)
				if all {
					espi(t, v, grain)
				}
			}
			if all {
				letters(t, v)
			}
		}
		return files
	}
	before := take(true)
	firm := chosen[3]
	for range 5 { // the ninth is a firm whose quarter-hours are kept by law
		firm = p.Take(t)
	}
	require.Zero(t, p.Stop(t), p.Tail())
	for name, text := range before {
		ean, _, _ := strings.Cut(name, "-")
		file := filepath.Join(t.TempDir(), name+".csv")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		r := rig.Run(t, p.Dir, p.Settings, "import", "readings", "--format", "csv", "--for", ean, file)
		require.Zero(t, r.Status, name+r.Out+r.Err)
		require.Contains(t, r.Out, "nothing changed", name)
		r = rig.Run(t, p.Dir, p.Settings, "import", "readings", "--format", "csv", file)
		require.Equal(t, 1, r.Status)
		require.Contains(t, r.Err, "the EAN is masked; say with --for EAN")
	}
	samplesOfESPI(t, p, chosen[0].EAN)
	day := lastAutumn(time.Now())
	loadAutumn(t, p, firm.EAN, day)
	p.Restart(t)
	readAutumn(t, p, firm, day)
	for name, text := range take(false) {
		require.Equal(t, notes.ReplaceAllString(before[name], ""), notes.ReplaceAllString(text, ""), name)
	}
	verified(t, p)
}

// espi holds each resource of an export against the schema.
func espi(t *testing.T, v *visitor.Visitor, grain string) {
	t.Helper()
	page := v.Get(t, v.Path("/consumption.xml?grain="+grain))
	require.Equal(t, http.StatusOK, page.Status)
	parts := strings.Split(string(page.Body), `<content type="application/xml">`)[1:]
	require.GreaterOrEqual(t, len(parts), 5, "point, clock, reading, type and a block")
	schema, there := shared("espi-4.0.xsd")
	if !there {
		return
	}
	args, folder := []string{"--nonet", "--noout", "--schema", schema}, t.TempDir()
	for i, part := range parts {
		part, _, _ = strings.Cut(part, "</content>")
		file := filepath.Join(folder, fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(file, []byte(part), 0o600))
		args = append(args, file)
	}
	out, err := exec.Command("xmllint", args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// letters reads the PDF as a program for the blind would, beside its twin.
func letters(t *testing.T, v *visitor.Visitor) {
	t.Helper()
	page := v.Get(t, v.Path("/consumption.pdf"))
	require.Equal(t, http.StatusOK, page.Status)
	require.Equal(t, "application/pdf", page.Header.Get("Content-Type"))
	file := filepath.Join(t.TempDir(), "letter.pdf")
	require.NoError(t, os.WriteFile(file, page.Body, 0o600))
	text, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	require.NoError(t, err)
	twin := v.Get(t, v.Path("/consumption.html"))
	require.Equal(t, http.StatusOK, twin.Status)
	mark := twin.Find("header .confidential").Text()
	require.NotEmpty(t, mark)
	for _, sheet := range strings.Split(strings.TrimSuffix(string(text), "\f"), "\f") {
		require.Contains(t, sheet, mark, "L20, on each page")
	}
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") } // whatever blanks stand between
	for _, cell := range twin.Find("tbody th, caption, h1").EachIter() {
		require.Contains(t, words(string(text)), words(cell.Text()))
	}
}

// samplesOfESPI: the two valid ones come in with their sums, once; the invalid
// one is refused with its element and line.
func samplesOfESPI(t *testing.T, p *rig.Portal, ean string) {
	load := func(file string) rig.Result {
		return rig.Run(t, p.Dir, p.Settings, "import", "readings", "--format", "espi", "--dry-run", "--for", ean, file)
	}
	for name, says := range map[string]string{"espi_usage_data.xml": "1391.666 kWh in 1340 rows", "greenbutton_cew821_sample.xml": "291.018 kWh in 362 rows"} {
		if file, there := shared(name); there {
			r := load(file)
			require.Zero(t, r.Status, r.Err)
			require.Contains(t, r.Out, says)
		}
	}
	if file, there := shared("greenbutton_invalid_intervalblock.xml"); there {
		r := load(file)
		require.Equal(t, 1, r.Status)
		require.Contains(t, r.Err, `line 122, element "content of IntervalBlock"`)
	}
}
