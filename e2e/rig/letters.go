package rig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

// Letters reads what the letters in the outbox say, one reference for each
// meter, as the household would.
func (p *Portal) Letters(t testing.TB) (all []Reference) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.Setting("OUTBOX"), "*.html"))
	require.NoError(t, err)
	for _, name := range files {
		file, err := os.Open(name)
		require.NoError(t, err)
		page, err := goquery.NewDocumentFromReader(file)
		file.Close()
		require.NoError(t, err)
		page.Find(".meter").Each(func(_ int, box *goquery.Selection) {
			r := Reference{
				Reference:  joined(box.Find(".reference")),
				Digits:     joined(box.Find("mark").First()),
				LetterCode: joined(box.Find(".code")),
				Language:   page.Find("html").AttrOr("lang", ""),
			}
			require.Len(t, r.Reference, 14, name)
			require.Len(t, r.Digits, 4, name)
			require.Len(t, r.LetterCode, 8, name)
			p.Secret("reference", r.Reference)
			p.Secret("digits", r.Digits)
			p.Secret("letter code", r.LetterCode)
			all = append(all, r)
		})
	}
	return all
}

// joined is a text without its blanks.
func joined(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), "") }

// draw has new references issued and reads them from their letters.
func (p *Portal) draw(t testing.TB) {
	t.Helper()
	known := map[string]bool{}
	for _, r := range append(p.References, p.Letters(t)...) {
		known[r.Reference] = true
	}
	program, err := plain() // the race detector takes ten times as long over forty letters
	require.NoError(t, err)
	r := run(t, program, "", p.Dir, p.Settings, "issue", "references", "--limit", "40")
	require.Zero(t, r.Status, r.Err)
	for _, r := range p.Letters(t) {
		if !known[r.Reference] {
			p.References = append(p.References, r)
		}
	}
}
