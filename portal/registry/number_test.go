package registry_test

import (
	"fmt"
	"math"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// M1: from 10,000 drawn references none predicts the next better than chance.
func TestM1DrawnReferencesPredictNothing(t *testing.T) {
	const n = 10_000
	drawn := make([]string, n)
	seen := map[string]bool{}
	for i := range drawn {
		drawn[i] = registry.DrawReference().Reveal()
		require.Len(t, drawn[i], registry.ReferenceLength)
		require.False(t, seen[drawn[i]], "a reference was drawn twice")
		seen[drawn[i]] = true
	}
	for at := range 12 {
		digits, steps := make([]int, 10), make([]int, 10)
		for i, r := range drawn {
			digits[r[at]-'0']++
			if i > 0 {
				steps[(10+int(r[at])-int(drawn[i-1][at]))%10]++
			}
		}
		require.Less(t, chiSquare(digits), chiLimit, "digit %d is not even", at)
		require.Less(t, chiSquare(steps), chiLimit, "digit %d follows from the one before", at)
	}
	for at := range 11 {
		pairs := make([]int, 100)
		for _, r := range drawn {
			pairs[int(r[at]-'0')*10+int(r[at+1]-'0')]++
		}
		require.Less(t, chiSquare(pairs), 220.0, "digits %d and %d go together", at, at+1)
	}
	rises := 0
	for i := 1; i < n; i++ {
		if drawn[i] > drawn[i-1] {
			rises++
		}
	}
	// Rises of an independent sequence have mean n/2 and variance n/12; seven
	// deviations let one honest run in 10^11 fail.
	require.InDelta(t, n/2, rises, 7*math.Sqrt(n/12.0), "references come in an order")

	sort.Strings(drawn)
	shared := 0
	for i := 1; i < n; i++ {
		if drawn[i][:9] == drawn[i-1][:9] {
			shared++
		}
	}
	require.LessOrEqual(t, shared, 4, "references share prefixes") // 0.05 expected
}

// chiLimit for 9 degrees of freedom: passed by chance less than once in 10^9.
const chiLimit = 60.0

func chiSquare(counts []int) float64 {
	total, sum := 0, 0.0
	for _, c := range counts {
		total += c
	}
	want := float64(total) / float64(len(counts))
	for _, c := range counts {
		sum += (float64(c) - want) * (float64(c) - want) / want
	}
	return sum
}

func TestCheckDigits(t *testing.T) {
	// 794 with 44 is ISO 7064's own example.
	require.Equal(t, "44", registry.CheckDigits("794").Reveal())
	require.Equal(t, "07", registry.CheckDigits("000000000095").Reveal())
	require.Equal(t, "98", registry.CheckDigits("000000000000").Reveal())
}

// G1: a typing error is caught before anything is looked up.
func TestG1CheckDigitsCatchSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		good := rapid.StringMatching(`[0-9]{12}`).Draw(t, "twelve")
		good += registry.CheckDigits(keys.Secret(good)).Reveal()
		require.True(t, registry.WellFormed(keys.Secret(good)))

		at := rapid.IntRange(0, 13).Draw(t, "at")
		slip := []byte(good)
		slip[at] = '0' + (slip[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		require.False(t, registry.WellFormed(keys.Secret(slip)), "a wrong digit")

		if at < 13 && good[at] != good[at+1] {
			swap := []byte(good)
			swap[at], swap[at+1] = swap[at+1], swap[at]
			require.False(t, registry.WellFormed(keys.Secret(swap)), "swapped neighbours")
		}
	})
}

// T4: every spelling names one counter, or is refused.
func TestT4ParseReference(t *testing.T) {
	number := keys.Secret("123456789012") + registry.CheckDigits("123456789012")
	plain := number.Reveal()
	for name, typed := range map[string]string{
		"plain":         plain,
		"as printed":    registry.FormatReference(number),
		"blanks around": "  " + plain + "\t\n",
		"dashes":        plain[:4] + "-" + plain[4:8] + "–" + plain[8:12] + "—" + plain[12:],
		"no-break":      plain[:4] + "\u00a0" + plain[4:8] + "\u202f" + plain[8:],
		"dots":          plain[:4] + "." + plain[4:],
		"zero width":    plain[:4] + "\u200b" + plain[4:],
		"full width": strings.Map(func(r rune) rune {
			return '０' + r - '0'
		}, plain),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := registry.ParseReference(keys.Secret(typed))
			require.NoError(t, err)
			require.Equal(t, plain, got.Reveal())
		})
	}
	wrong := []byte(plain)
	wrong[13] = '0' + (wrong[13]-'0'+1)%10
	for typed, key := range map[string]string{
		"":                             "reference.empty",
		" - \u00a0":                    "reference.empty",
		"12345":                        "reference.length",
		plain + "0":                    "reference.length",
		string(wrong):                  "reference.check",
		"00000000000001":               "reference.check", // 1 mod 97, but its check digits are 98
		plain[:13] + "x":               "reference.characters",
		plain + "," + plain:            "reference.characters",
		"١٢٣٤٥٦٧٨٩٠١٢٣٤":               "reference.characters",
		plain[:6] + "\x00" + plain[6:]: "reference.characters",
		"\xff" + plain:                 "reference.characters",
	} {
		_, err := registry.ParseReference(keys.Secret(typed))
		var e *portal.Error
		require.ErrorAs(t, err, &e, "%q", typed)
		require.Equal(t, key, e.Key, "%q", typed)
		require.Equal(t, "reference", e.Field)
		require.NotContains(t, fmt.Sprint(err), plain[:12]) // G12
	}
}

// M3, with the vectors of facts B.2.
func TestM3LastFour(t *testing.T) {
	for number, want := range map[string]struct {
		digits string
		at     int
	}{
		"1SAG1100076616": {"6616", 10},
		"7FLO2119031964": {"1964", 10},
		"00123456-2009":  {"3456", 4},
		"00123456/2009":  {"3456", 4},
		"35 481 902":     {"1902", -1},
		"A12B345":        {"2345", -1},
		"0000":           {"0000", 0},
		"é1234x":         {"1234", 2},
		"12-3":           {"", -1},
		"-1234":          {"", -1},
		"":               {"", -1},
	} {
		digits, at, ok := registry.LastFour(number)
		require.Equal(t, want.digits, digits.Reveal(), number)
		require.Equal(t, want.at, at, number)
		require.Equal(t, want.digits != "", ok, number)
		if at >= 0 {
			require.Equal(t, want.digits, number[at:at+4])
		}
	}
}

func TestHashesAreBoundToTheirReference(t *testing.T) {
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	require.Equal(t, registry.DigitsHash(ring, "a", "0042"), registry.DigitsHash(ring, "a", "0042"))
	require.NotEqual(t, registry.DigitsHash(ring, "a", "0042"), registry.DigitsHash(ring, "b", "0042"))
	require.NotEqual(t, registry.DigitsHash(ring, "a", "0042"), registry.LetterCodeHash(ring, "a", "0042"))
	require.Equal(t, registry.LetterCodeHash(ring, "a", "7K3M9Q01"), registry.LetterCodeHash(ring, "a", "7k3m 9qOl"))
	code := registry.DrawLetterCode().Reveal()
	require.Len(t, code, 8)
	require.Empty(t, strings.Trim(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), "no letter is read as a digit")
}
