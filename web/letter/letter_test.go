package letter

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/web/i18n"

	"github.com/PuerkitoBio/goquery"
	"github.com/stretchr/testify/require"
)

var house = House{BaseURL: "https://guichet.example", CallCentre: "078 00 00 00", Operator: "Guichet", Contact: "privacy@guichet.example"}

func line1(energy portal.Energy, number string) registry.ReferenceLine {
	digits, at, _ := registry.LastFour(number)
	return registry.ReferenceLine{Energy: energy, Reference: "4821 0937 5560 12", MeterNumber: number, DigitsAt: at,
		Digits: digits.Reveal(), LetterCode: "7K3M 9QXA", Supply: "Rue des Tilleuls 12, 4700 Eupen"}
}

func sample(t testing.TB, lang portal.Language, name string, lines ...registry.ReferenceLine) outbox.Letter {
	data, err := json.Marshal(registry.ReferenceLetter{Lines: lines})
	require.NoError(t, err)
	return outbox.Letter{ID: "01", Kind: outbox.References, Language: lang, QueuedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
		To: outbox.Address{Name: name, Street: "Rue des Tilleuls 12", Postcode: "4700", Town: "Eupen"}, Data: data}
}

// onGround is one letter on each ground, each in another language (D7).
var onGround = map[portal.Language]registry.GroundKind{portal.French: registry.Heir, portal.German: registry.Guardian,
	portal.Dutch: registry.Owner, portal.English: registry.Heir}

func onGroundOf(t testing.TB, lang portal.Language, kind registry.GroundKind) outbox.Letter {
	l := sample(t, lang, "Otto Peters")
	var err error
	l.Data, err = json.Marshal(registry.ReferenceLetter{Ground: kind, Lines: []registry.ReferenceLine{line1(portal.Gas, "7FLO2119031964")}})
	require.NoError(t, err)
	return l
}

// samples are letters worth looking at.
func samples(t testing.TB) map[string]outbox.Letter {
	all := map[string]outbox.Letter{}
	for _, lang := range portal.Languages {
		for name, l := range detailSamples(t, lang) {
			all[string(lang)+"-"+name] = l
		}
		all[string(lang)+"-both"] = sample(t, lang, "Camille Lambert",
			line1(portal.Electricity, "1SAG1100076616"), line1(portal.Gas, "7FLO2119031964"))
	}
	for lang, kind := range onGround {
		all[string(lang)+"-ground"] = onGroundOf(t, lang, kind)
	}
	all["de-one"] = sample(t, portal.German, "Anna Peters", line1(portal.Electricity, "1SAG1100076616"))
	old := line1(portal.Electricity, "00123456-2009")
	old.Supply = "Chemin de la Vieille Chapelle des Quatre-Vents 1204 boîte 17, 4950 Waimes-Faymonville"
	all["fr-old"] = sample(t, portal.French, "Société coopérative des Établissements Vandenbroucke-Lambert et Fils", old,
		line1(portal.Gas, "98 12 7 4 A/77"))
	all["nl-apart"] = sample(t, portal.Dutch, "Jan Van den Berghe", line1(portal.Electricity, "35 481 90 2"), line1(portal.Gas, "A12B345"))
	return all
}

// TestLettersAreWritten leaves the samples where SHOW_LETTERS says, to be looked at.
func TestLettersAreWritten(t *testing.T) {
	dir := t.TempDir()
	if to := os.Getenv("SHOW_LETTERS"); to != "" {
		dir = to
	}
	for name, l := range samples(t) {
		pdf, html, err := Render(l, nil, house)
		require.NoError(t, err, name)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")), name)
		require.Equal(t, 1, bytes.Count(pdf, []byte("/Type /Page\n")), "one page: %s", name)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".html"), html, 0o600))
	}
}

// TestPageSaysItAll: the accessible twin carries all that the letter must (G2,
// L20, S5, D18).
func TestPageSaysItAll(t *testing.T) {
	marks := map[portal.Language]string{portal.French: "CONFIDENTIEL", portal.German: "VERTRAULICH",
		portal.Dutch: "VERTROUWELIJK", portal.English: "CONFIDENTIAL"}
	require.Len(t, marks, len(portal.Languages))
	for lang, mark := range marks {
		t.Run(string(lang), func(t *testing.T) {
			_, html, err := Render(samples(t)[string(lang)+"-both"], nil, house)
			require.NoError(t, err)
			doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
			require.NoError(t, err)
			require.Equal(t, string(lang), doc.Find("html").AttrOr("lang", ""))
			require.Equal(t, mark, doc.Find("header .confidential").Text(), "L20: as text")
			require.Equal(t, 1, doc.Find("h1").Length())
			require.Equal(t, "078 00 00 00", doc.Find("main > :first-child .phone").Text(), "help comes first")
			require.Equal(t, 2, doc.Find("section.meter").Length(), "one envelope, a box for each meter")
			gas := doc.Find("section.meter").Eq(1)
			require.Equal(t, "4821 0937 5560 12", gas.Find(".reference").Text())
			require.Equal(t, "7FLO2119031964", gas.Find(".number").Text())
			require.Equal(t, "1964", gas.Find(".number mark").Text())
			require.Equal(t, "7K3M 9QXA", gas.Find(".code").Text())
			require.Equal(t, "7FLO2119031964", strings.TrimSpace(gas.Find("svg text").Last().Text()))
			require.NotEmpty(t, gas.Find("svg").AttrOr("aria-label", ""))
			require.Equal(t, "https://guichet.example/"+string(lang)+"/lookup", doc.Find("ol a").AttrOr("href", ""))
			require.Equal(t, 3, doc.Find("ol li").Length())
			require.Contains(t, doc.Find("footer").Text(), "privacy@guichet.example", "S5")
		})
	}
}

func TestDigitsThatStandApartArePrintedAlone(t *testing.T) {
	_, html, err := Render(sample(t, portal.Dutch, "Jan", line1(portal.Electricity, "35 481 90 2")), nil, house)
	require.NoError(t, err)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
	require.NoError(t, err)
	require.Equal(t, "35 481 90 2", doc.Find(".number").Text())
	require.Equal(t, "1902", doc.Find("dd mark").Text())
	require.Zero(t, doc.Find(".number mark").Length())
}

// D7: a letter on a ground says on which.
func TestD7LetterTellsItsGround(t *testing.T) {
	for lang, kind := range onGround {
		c := i18n.For(lang)
		_, html, err := Render(onGroundOf(t, lang, kind), nil, house)
		require.NoError(t, err)
		require.Contains(t, string(html), c.T("letter.ground."+string(kind)))
		require.NotContains(t, string(html), c.T("letter.intro"))
	}
}

func TestUnknownKindIsRefused(t *testing.T) {
	l := sample(t, portal.French, "A", line1(portal.Gas, "7FLO2119031964"))
	l.Kind = "postcard"
	_, _, err := Render(l, nil, house)
	require.ErrorContains(t, err, "postcard")
	l.Kind, l.Data = outbox.References, json.RawMessage(`{"lines":[]}`)
	_, _, err = Render(l, nil, house)
	require.Error(t, err)
}

func BenchmarkRender(b *testing.B) {
	l := samples(b)["fr-both"]
	for b.Loop() {
		if _, _, err := Render(l, nil, house); err != nil {
			b.Fatal(err)
		}
	}
}
