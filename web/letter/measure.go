package letter

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// ruler measures text as it will be printed, so that a table's columns and
// pages are known before anything is drawn. A face is not safe for two at once.
type ruler struct{ regular, bold font.Face }

var typefaces = sync.OnceValues(func() (list [2]*opentype.Font, err error) {
	for i, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
		if list[i], err = opentype.Parse(ttf); err != nil {
			return list, fmt.Errorf("letter's fonts: %w", err)
		}
	}
	return list, nil
})

func newRuler() (ruler, error) {
	list, err := typefaces()
	if err != nil {
		return ruler{}, err
	}
	var faces [2]font.Face
	for i, f := range list {
		if faces[i], err = opentype.NewFace(f, &opentype.FaceOptions{Size: 100, DPI: 72, Hinting: font.HintingNone}); err != nil {
			return ruler{}, fmt.Errorf("letter's fonts: %w", err)
		}
	}
	return ruler{faces[0], faces[1]}, nil
}

// width is in millimetres, of a size in points.
func (r ruler) width(text string, bold bool, size float64) float64 {
	face := r.regular
	if bold {
		face = r.bold
	}
	return float64(font.MeasureString(face, text)) / 64 / 100 * size * point
}

// wrap breaks a text at its blanks into lines of at most a width in mm; a word
// that is longer stands alone.
func (r ruler) wrap(text string, bold bool, size, width float64) (lines []string) {
	now := ""
	for _, word := range strings.Split(text, " ") {
		longer := strings.TrimPrefix(now+" "+word, " ")
		if now != "" && r.width(longer, bold, size) > width {
			lines = append(lines, now)
			longer = word
		}
		now = longer
	}
	return append(lines, now)
}

// longestWord is the width that a column cannot do without.
func (r ruler) longestWord(text string, bold bool) (width float64) {
	for _, word := range strings.Split(text, " ") {
		width = max(width, r.width(word, bold, body))
	}
	return width
}

// printable leaves out what the fonts have no sign for: narrow blanks become
// ordinary ones that do not break, soft hyphens go.
func printable(text string) string {
	return strings.NewReplacer("\u202f", "\u00a0", "\u00ad", "").Replace(text)
}
