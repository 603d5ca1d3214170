package i18n

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"guichet/portal"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// deskOnly keys exist in the desk's languages only (D18).
func deskOnly(key string) bool { return deskAreas.MatchString(key) }

var (
	deskAreas   = regexp.MustCompile(`^(desk|action|ground|role)\.|^error\.(desk|staff|meter)(\.|$)|^error\.sign-in\.`)
	placeholder = regexp.MustCompile(`\{\d\}`)
)

// TestEveryLanguageHasEveryKey compares each language with French: the same
// keys, the same placeholders, no empty text.
func TestEveryLanguageHasEveryKey(t *testing.T) {
	french := catalogs[portal.French]
	for _, lang := range portal.Languages {
		c := catalogs[lang]
		for key, text := range french.texts {
			if deskOnly(key) && lang != portal.French && lang != portal.German {
				require.NotContains(t, c.texts, key, "%s has a desk text", lang)
				continue
			}
			if !c.Has(key) {
				t.Errorf("%s lacks %q", lang, key)
				continue
			}
			if want, got := marks(text), marks(c.texts[key]); want != got {
				t.Errorf("%s: %q has placeholders %s, French has %s", lang, key, got, want)
			}
			if strings.TrimSpace(c.texts[key]) == "" {
				t.Errorf("%s: %q is empty", lang, key)
			}
		}
		for key := range c.texts {
			if !french.Has(key) {
				t.Errorf("%s has %q, French has not", lang, key)
			}
		}
	}
}

// TestFrenchSignsStayWithTheirWord: no line begins with a colon.
func TestFrenchSignsStayWithTheirWord(t *testing.T) {
	for key, text := range For(portal.French).texts {
		require.NotRegexp(t, `« | [:;?!%»]`, text, key)
	}
	require.Equal(t, "Quoi\u00a0? «\u00a0Rien\u00a0»\u00a0: 5\u00a0%.", typeset(portal.French, "Quoi ? « Rien » : 5 %."))
	require.Equal(t, "Was ? : 5 %", typeset(portal.German, "Was ? : 5 %"))
}

func marks(text string) string {
	seen := map[string]bool{}
	var all []string
	for _, m := range placeholder.FindAllString(text, -1) {
		if !seen[m] {
			seen[m] = true
			all = append(all, m)
		}
	}
	sort.Strings(all)
	return strings.Join(all, " ")
}

// elsewhere are the beginnings of keys that other rooms put into errors and
// the trail; left and ended are put together from their page's name.
var elsewhere = []string{"error.", "action.", "actor.", "left.", "ended.", "cancelled."}

var (
	literal = regexp.MustCompile(`"([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)"`)
	begun   = regexp.MustCompile(`"([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*\.)" ?\+`)
	asked   = regexp.MustCompile(`\.[TN]\("([^"]+)"`)
)

// TestNoKeyIsUnusedOrUnknown reads the sources beside it: a key that no
// literal names or begins is dead, one given to T or N without text is a hole.
func TestNoKeyIsUnusedOrUnknown(t *testing.T) {
	french := catalogs[portal.French]
	used, made := map[string]bool{}, elsewhere
	require.NoError(t, filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		source := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, ".templ")
		if err != nil || d.IsDir() || !source {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range literal.FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
		for _, m := range begun.FindAllSubmatch(text, -1) {
			made = append(made, string(m[1]))
		}
		for _, m := range asked.FindAllSubmatch(text, -1) {
			key := string(m[1])
			used[key] = true
			if !french.Has(key) && !french.Has(key+".other") && !strings.HasSuffix(key, ".") {
				t.Errorf("%s asks for %q, which has no text", name, key)
			}
		}
		return nil
	}))
	for key := range french.texts {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		if used[key] || used[base] || beginsWithAny(key, made) {
			continue
		}
		t.Errorf("nothing uses %q", key)
	}
}

func beginsWithAny(key string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

func TestMissingKeyStopsATest(t *testing.T) {
	require.Panics(t, func() { For(portal.French).T("no.such.key") })
}

func TestDates(t *testing.T) {
	first, other := portal.Date(2024, time.March, 1), portal.Date(2024, time.August, 12)
	for lang, want := range map[portal.Language][4]string{
		portal.French:  {"1er mars 2024", "12 août 2024", "août", "0 h 30"},
		portal.German:  {"1. März 2024", "12. August 2024", "Aug.", "0:30"},
		portal.Dutch:   {"1 maart 2024", "12 augustus 2024", "aug.", "0.30"},
		portal.English: {"1 March 2024", "12 August 2024", "Aug", "0:30"},
	} {
		c := For(lang)
		plain := strings.NewReplacer(noBreak, " ").Replace
		require.Equal(t, want[0], plain(c.Date(first)), lang)
		require.Equal(t, want[1], plain(c.Date(other)), lang)
		require.Equal(t, want[2], c.ShortMonth(other), lang)
		require.Equal(t, want[3], plain(c.Time(other.Add(30*time.Minute).UTC())), "%s: Brussels time", lang)
	}
	for lang, want := range map[portal.Language]string{portal.French: "vendredi 1er mars 2024", portal.German: "Freitag, 1. März 2024", portal.Dutch: "vrijdag 1 maart 2024", portal.English: "Friday 1 March 2024"} {
		require.Equal(t, want, strings.ReplaceAll(For(lang).Weekday(first), noBreak, " "))
	}
	late := time.Date(2024, 12, 31, 23, 30, 0, 0, time.UTC)
	require.Equal(t, "1 January 2025", strings.ReplaceAll(For(portal.English).Date(late), noBreak, " "), "the day is Brussels'")
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		lang     portal.Language
		amount   int64
		decimals int
		want     string
	}{
		{portal.French, 3_317_000, 0, "3\u202f317"},
		{portal.French, 9_149, 1, "9,1"},
		{portal.French, 9_150, 1, "9,2"},
		{portal.German, 1_234_567_891, 3, "1.234.567,891"},
		{portal.Dutch, -500, 0, "\u22121"},
		{portal.Dutch, -499, 0, "0"},
		{portal.English, 1_000, 2, "1.00"},
		{portal.English, 0, 3, "0.000"},
	} {
		require.Equal(t, c.want, For(c.lang).Number(c.amount, c.decimals))
	}
	require.Equal(t, "11,0023", For(portal.French).Factor(110_023, 4))
	require.Equal(t, "11.40", For(portal.English).Factor(113_951, 2))
	require.Equal(t, "12,000", For(portal.Dutch).Factor(119_996, 3), "rounded up to the next whole")
}

// TestNumberLosesNothing: with three decimals a number read back is the number.
func TestNumberLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		text := For(portal.French).Number(n, 3)
		digits := strings.NewReplacer("\u202f", "", ",", "", "\u2212", "-").Replace(text)
		digits = strings.TrimLeft(strings.TrimPrefix(digits, "-"), "0")
		size := uint64(n)
		if n < 0 {
			size = -size
		}
		require.Equal(t, strings.TrimLeft(uitoa(size), "0"), digits)
	})
}

func uitoa(n uint64) string {
	if n == 0 {
		return ""
	}
	return uitoa(n/10) + string(rune('0'+n%10))
}
