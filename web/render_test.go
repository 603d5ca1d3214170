package web

import (
	"bytes"
	"context"
	"go/format"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/web/ui/layout"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ/generator"
	parser "github.com/a-h/templ/parser/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

var testContact = layout.Contact{Operator: "Guichet", Phone: "078 00 00 00", Privacy: "privacy@guichet.example", Security: "mailto:security@guichet.example"}

func testCommon(clock portal.Clock) Common {
	return Common{Clock: clock, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry()),
		BaseURL: "http://portal.example", Contact: testContact}
}

func render(t *testing.T, f fixture, lang portal.Language) *goquery.Document {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, f.page(exhibit(testCommon(time.Now), lang)).Render(context.Background(), &b))
	doc, err := goquery.NewDocumentFromReader(&b)
	require.NoError(t, err)
	return doc
}

// TestEveryPageInEveryLanguage holds what any page must have (WCAG 2.2 AA) and
// what the Content-Security-Policy forbids.
func TestEveryPageInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range portal.Languages {
		for _, f := range fixtures {
			t.Run(string(lang)+"/"+f.name, func(t *testing.T) {
				doc := render(t, f, lang)
				require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
				require.Equal(t, 1, doc.Find("h1").Length())
				require.NotEmpty(t, strings.TrimSpace(doc.Find("title").Text()))
				require.Equal(t, "#main", doc.Find("body > a.skip").AttrOr("href", ""))
				require.Equal(t, len(portal.Languages), doc.Find(".langs a").Length())
				require.Equal(t, string(lang), doc.Find(".langs [aria-current]").AttrOr("lang", ""))
				require.Contains(t, doc.Find("footer").Text(), "078")
				require.Zero(t, doc.Find("[style], style, script:not([src])").Length(), "inline style or script")
				require.NotContains(t, doc.Text(), "{0}")
				require.NotContains(t, doc.Text(), string(fixtureEAN), "G12: the EAN is masked")
				ids := map[string]bool{}
				doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
					id := s.AttrOr("id", "")
					require.False(t, ids[id], "id %s twice", id)
					ids[id] = true
				})
				for _, attr := range []string{"aria-describedby", "aria-labelledby", "for"} {
					doc.Find("[" + attr + "]").Each(func(_ int, s *goquery.Selection) {
						for _, id := range strings.Fields(s.AttrOr(attr, "")) {
							require.True(t, ids[id], "%s names %s, which is not there", attr, id)
						}
					})
				}
				doc.Find("*").Each(func(_ int, s *goquery.Selection) {
					for _, a := range s.Nodes[0].Attr {
						require.False(t, strings.HasPrefix(a.Key, "on"), "inline handler %s", a.Key)
					}
				})
			})
		}
	}
}

// TestErrorPagesSaySoInTheirTitle (WCAG 2.4.2).
func TestErrorPagesSaySoInTheirTitle(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]bool{"gate": false, "gate-refused": true, "gate-problems": true, "shut": true, "home": false} {
		for _, f := range fixtures {
			if f.name == name {
				require.Equal(t, wrong, strings.HasPrefix(render(t, f, portal.English).Find("title").Text(), "Error: "), name)
			}
		}
	}
}

// TestChartSaysEachValueInFull: by keyboard, named, with table beside it.
func TestChartSaysEachValueInFull(t *testing.T) {
	t.Parallel()
	doc := render(t, fixtureNamed(t, "consumption-month"), portal.French)
	for _, drawing := range []string{"svg.wide", "svg.narrow"} {
		values := doc.Find("figure:first-of-type " + drawing + " g[tabindex='0'][role=img]")
		require.Equal(t, 12, values.Length(), drawing)
		require.Equal(t, "janvier 2026 : 418 kWh, dont 232 kWh en heures pleines ; un an plus tôt 431 kWh",
			plainSpaces(values.Eq(1).Find("title").Text()))
		require.Contains(t, plainSpaces(values.Eq(8).Find("title").Text()), "aucune valeur")
		require.Equal(t, 1, values.Eq(8).Find(".c-hole").Length())
		require.Equal(t, 2, values.Eq(10).Find(".c-hatched").Length(), "estimated is hatched")
	}
	require.Contains(t, doc.Find("svg.wide .c-mark").First().Text(), "nouveau compteur")
	require.Equal(t, 12, doc.Find("#values tbody tr").Length())
	region := doc.Find(".scroll")
	require.Equal(t, "0", region.AttrOr("tabindex", ""))
	require.NotEmpty(t, region.AttrOr("aria-label", ""))
}

func plainSpaces(s string) string {
	return strings.ReplaceAll(s, "\u00a0", " ")
}

func fixtureNamed(t *testing.T, name string) fixture {
	for _, f := range fixtures {
		if f.name == name {
			return f
		}
	}
	t.Fatalf("no fixture %s", name)
	return fixture{}
}

// TestGeneratedPagesAreFresh: the committed Go of every template is what the
// generator makes of it today.
func TestGeneratedPagesAreFresh(t *testing.T) {
	t.Parallel()
	require.NoError(t, filepath.WalkDir("ui", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".templ") {
			return err
		}
		template, err := os.ReadFile(name)
		require.NoError(t, err)
		tree, err := parser.ParseString(string(template))
		require.NoError(t, err, name)
		var made bytes.Buffer
		_, err = generator.Generate(tree, &made, generator.WithFileName(filepath.Base(name)))
		require.NoError(t, err, name)
		want, err := format.Source(made.Bytes())
		require.NoError(t, err, name)
		got, err := os.ReadFile(strings.TrimSuffix(name, ".templ") + "_templ.go")
		require.NoError(t, err)
		require.Equal(t, body(want), body(got), "%s: run go tool templ generate", name)
		return nil
	}))
}

// body is generated text less what names the machine it was made on: the
// version line and file paths.
func body(b []byte) string {
	return paths.ReplaceAllString(versions.ReplaceAllString(string(b), ""), "FileName: ``")
}

var (
	versions = regexp.MustCompile(`(?m)^// templ: version:.*\n`)
	paths    = regexp.MustCompile("FileName: `[^`]*`")
)
