package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// The operator's own way, without the demo: keys and tables, the register from
// a file, letters, the household that reads its letter, the gate.
func TestOperator(t *testing.T) {
	t.Parallel()
	p := founded(t)
	example := rig.Must(t, p.Dir, p.Settings, "import", "registry", "--example").Out
	file := filepath.Join(p.Dir, "points.csv")
	require.NoError(t, os.WriteFile(file, []byte(example), 0o600))

	dry := rig.Must(t, p.Dir, p.Settings, "import", "registry", "--dry-run", file)
	require.Contains(t, dry.Out, "nothing written")
	require.Equal(t, "0", rig.SQL(t, p.File(), "SELECT count(*) FROM access_points"))
	rig.Must(t, p.Dir, p.Settings, "import", "registry", file)
	again := rig.Must(t, p.Dir, p.Settings, "import", "registry", file)
	require.Contains(t, again.Out, "nothing changed")

	wrong := filepath.Join(p.Dir, "wrong.csv")
	bad := strings.Replace(example, "\n54", "\n55", 1)
	require.NotEqual(t, example, bad, "the example has no access point at a line's beginning")
	require.NoError(t, os.WriteFile(wrong, []byte(bad), 0o600))
	refused(t, rig.Run(t, p.Dir, p.Settings, "import", "registry", wrong), 1, "line 2")

	rig.Must(t, p.Dir, p.Settings, "issue", "references")
	letters := p.Letters(t)
	require.NotEmpty(t, letters)
	pdfs, err := filepath.Glob(filepath.Join(p.Setting("OUTBOX"), "*.pdf"))
	require.NoError(t, err)
	require.NotEmpty(t, pdfs)
	var text strings.Builder
	for _, pdf := range pdfs {
		out, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
		require.NoError(t, err, "pdftotext %s", pdf)
		text.Write(out)
	}
	printed := strings.Join(strings.Fields(text.String()), "")
	for _, r := range letters {
		require.Contains(t, printed, r.Reference, "the PDF says another reference than its page")
		require.Contains(t, printed, r.LetterCode)
	}

	p.Start(t, "serve")
	for _, r := range letters {
		visitor.Public(t, p).MustEnter(t, r)
	}
	p.Scrape(t)
	verified(t, p)
	head := rig.Must(t, p.Dir, p.Settings, "audit", "head")
	require.Contains(t, head.Out, "guichet-trail")
}

// The same program over PostgreSQL and Redis: guess, block, restart, verify.
func TestOnPostgres(t *testing.T) {
	t.Parallel()
	p := rig.New(t, "DATABASE="+rig.PostgresURL(t)).Quick(t)
	p.Start(t, "demo", "--json", "--dir", p.Dir)
	r, other := p.Take(t), p.Take(t)
	for n := 1; n <= 3; n++ {
		visitor.Public(t, p).Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
	}
	closed(t, p, r)
	visitor.Public(t, p).MustEnter(t, other)
	p.Kill()
	p.Restart(t)
	want := visitor.Public(t, p).Guess(t, unknown().Reference, "0000")
	want.MustRefuse(t)
	got := visitor.Public(t, p).Guess(t, r.Reference, r.Digits)
	got.MustRefuse(t)
	require.Equal(t, want.Fingerprint(), got.Fingerprint())
	visitor.Public(t, p).MustEnter(t, other)
	require.Zero(t, p.Stop(t), p.Tail())
	verify := p.Verify(t)
	require.Zero(t, verify.Status, "%s%s", verify.Out, verify.Err)
}
