package letter

import (
	"bytes"
	"testing"

	"guichet/portal"

	"github.com/johnfercher/maroto/v2/pkg/core"
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

// broken panics as the PDF library does.
type broken struct{ core.Maroto }

func (broken) Generate() (core.Document, error) { panic("with words of the letter") }

func TestAPanicOfTheLibraryIsOneLettersError(t *testing.T) {
	_, err := generate(broken{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "words")
}
