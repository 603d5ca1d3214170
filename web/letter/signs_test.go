package letter

import (
	"bytes"
	"testing"

	"guichet/portal"

	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/stretchr/testify/require"
)

// TestWhateverIsTypedIsPrinted: the PDF library panics at signs beyond U+FFFF,
// and one such name would stop the program, at each start again.
func TestWhateverIsTypedIsPrinted(t *testing.T) {
	for _, name := range []string{"Zoé 😀 Müller", "𝒵oé", "李小龍", "محمد علي", "evil \u202egnp.exe", "\U0010ffff", "\xff\xfe", "a\u0301\u200d🏳️‍🌈"} {
		l := sample(t, portal.German, name, line1(portal.Electricity, "1SAG1100076616"))
		l.To.Street, l.To.Town = name, name
		pdf, html, err := Render(l, nil, house)
		require.NoError(t, err, "%q", name)
		require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")), "%q", name)
		require.NotEmpty(t, html)

		p := historySample(portal.French, 3, true)
		p.Title, p.To, p.Paragraphs, p.Rows[0][0] = name, []string{name}, []string{name}, name
		_, err = p.PDF(house)
		require.NoError(t, err, "%q", name)
	}
}

func TestSignsOfTheFonts(t *testing.T) {
	for typed, set := range map[string]string{
		"Anna-Lena d’Ülm & Fils": "Anna-Lena d’Ülm & Fils", "Жанна": "Жанна", "Łukasz Œ €": "Łukasz Œ €",
		"Zoe\u0308": "Zoë", "Zoé 😀": "Zoé □", "李小龍": "□□□", "a\u202eb\u200dc": "abc",
		"soft\u00adhyphen\u2026": "soft\u00adhyphen…",
	} {
		require.Equal(t, set, signs(typed))
	}
}

// The post reads an address: boxes in the place of a name say nothing to it.
func TestANameThatCannotBeSetGivesWayToWhomTheLetterIsFor(t *testing.T) {
	for name, first := range map[string]string{"Zoé 😀": "Zoé 😀", "李小龍": "Holder", "محمد علي": "Holder", "李 Martin": "李 Martin", "Жанна": "Жанна", "Rue Haute 1": "Rue Haute 1"} {
		require.Equal(t, []string{first, "4700 Eupen"}, addressed([]string{name, "4700 Eupen"}, "Holder"), name)
	}
	require.Empty(t, addressed(nil, "Holder"))
}

// broken panics as the PDF library does.
type broken struct{ core.Maroto }

func (broken) Generate() (core.Document, error) { panic("with words of the letter") }

func TestAPanicOfTheLibraryIsOneLettersError(t *testing.T) {
	_, err := generate(broken{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "words")
}

// measured is a press that knows how wide words are.
type measured struct {
	scribe
	rule ruler
}

func (m *measured) GetLinesQuantity(text string, style *props.Text, width float64) int {
	return len(m.rule.wrap(text, false, style.Size, width))
}

// TestAnAddressKeepsToItsWindow: a long one would print over date and title, a
// long word over the edge of the paper.
func TestAnAddressKeepsToItsWindow(t *testing.T) {
	rule, err := newRuler()
	require.NoError(t, err)
	const town, company = "4700 Eupen", "Verwaltungsgemeinschaftsgesellschaft der Ostbelgischen Wohnungsbaugenossenschaft und ihrer Partner"
	for name, to := range map[string][]string{
		"short": {"Anna Peters", "Rue Haute 1", town},
		"word":  {"Müller-Lüdenscheidt-Wattenscheider-Hohenstaufen", "Rue Haute 1", town},
		"long":  {company, "Residenz am alten Schlachthof, Haus 4, Eingang B, dritte Etage links, Wohnung 12, Herbesthaler Strasse 125", town},
	} {
		press := &measured{rule: rule}
		s := &sheet{p: press}
		s.cover(to, "26. November 2026")
		rows := press.texts[len(press.texts)-len(to)-1:]
		for i, row := range to {
			lines := press.rule.wrap(row, false, rows[i].size, rows[i].width)
			require.LessOrEqual(t, rows[i].y+float64(len(lines))*windowLine(rows[i].size), rows[i+1].y+0.001, "%s: %q", name, row)
			for _, text := range lines {
				require.LessOrEqual(t, rule.width(text, false, rows[i].size), right-windowLeft, "%s: %q", name, text)
			}
		}
		require.Equal(t, name == "short", rows[0].size == body, name)
	}
}
