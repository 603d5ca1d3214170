package letter

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
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

// softHyphen is where a long word may break; the fonts have no sign for it.
const softHyphen = "\u00ad"

// wrap breaks a text at its blanks into lines of at most a width in mm. A word
// that is longer breaks at its soft hyphens; without any it stands alone.
func (r ruler) wrap(text string, bold bool, size, width float64) (lines []string) {
	now := ""
	for _, word := range strings.Split(text, " ") {
		longer := strings.TrimPrefix(now+" "+whole(word), " ")
		if r.width(longer, bold, size) > width {
			if now != "" {
				lines = append(lines, now)
			}
			var parts []string
			parts, longer = r.hyphenated(word, bold, size, width)
			lines = append(lines, parts...)
		}
		now = longer
	}
	return append(lines, now)
}

// hyphenated breaks a word that begins a line: what fills lines, and the rest.
func (r ruler) hyphenated(word string, bold bool, size, width float64) (lines []string, rest string) {
	parts := strings.Split(word, softHyphen)
	rest = parts[0]
	for i, part := range parts[1:] {
		end := "-"
		if i == len(parts)-2 {
			end = ""
		}
		if r.width(rest+part+end, bold, size) > width {
			lines = append(lines, rest+"-")
			rest = part
			continue
		}
		rest += part
	}
	return lines, rest
}

func whole(word string) string { return strings.ReplaceAll(word, softHyphen, "") }

// longestWord is the width that a column cannot do without.
func (r ruler) longestWord(text string, bold bool) (width float64) {
	for _, word := range strings.Split(text, " ") {
		parts := strings.Split(word, softHyphen)
		for i, part := range parts {
			if i < len(parts)-1 {
				part += "-"
			}
			width = max(width, r.width(part, bold, body))
		}
	}
	return width
}

// printable leaves out what the fonts have no sign for: narrow blanks become
// ordinary ones that do not break, soft hyphens go.
func printable(text string) string { return whole(breakable(text)) }

// breakable leaves the soft hyphens to wrap.
func breakable(text string) string { return signs(strings.ReplaceAll(text, "\u202f", "\u00a0")) }

// noSign stands where the fonts have none: whoever reads sees that something
// is missing there. The HTML form of the letter has it.
const noSign = '□'

// signs gives a text as the fonts can set it. People type what they like in
// their names, and the PDF library panics at signs beyond U+FFFF. Marks that
// are not seen, of direction for one, go: they would turn what stands beside.
func signs(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > 0xff }) {
		return text
	}
	list, err := typefaces()
	if err != nil {
		return text // whoever sets it meets the same error
	}
	var buffer sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) && string(r) != softHyphen {
			return -1
		}
		if i, err := list[0].GlyphIndex(&buffer, r); r > 0xff && (err != nil || i == 0) {
			return noSign
		}
		return r
	}, norm.NFC.String(text))
}

// addressed is an address whose name the post can read: one of which the fonts
// lack most signs makes room for whom the letter is for.
func addressed(to []string, holder string) []string {
	if len(to) == 0 {
		return to
	}
	lacking, letters := 0, 0
	for _, r := range signs(to[0]) {
		if r == noSign {
			lacking++
		} else if unicode.IsLetter(r) {
			letters++
		}
	}
	if lacking <= letters {
		return to
	}
	return append([]string{holder}, to[1:]...)
}
