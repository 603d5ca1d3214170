package indexes

import (
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTypedValues is the first line of the table of facts B.6.
func TestTypedValues(t *testing.T) {
	r := Register{Register: metering.OfftakePeak, Digits: 6}
	for _, c := range []struct {
		typed string
		want  int64
		key   string
	}{
		{"12345", 12345, ""}, {" 012 345 ", 12345, ""}, {"12\u00a0345", 12345, ""}, {"000000", 0, ""}, {"0000012345", 12345, ""}, {"999999", 999_999, ""},
		{"", 0, "index.empty"}, {"  ", 0, "index.empty"},
		{"1234567", 0, "index.digits"}, {"99999999999999999999", 0, "index.digits"},
		{"12345,6", 0, "index.comma"}, {"12345.6", 0, "index.comma"}, {"12.345", 0, "index.comma"},
		{"-5", 0, "index.negative"}, {"−5", 0, "index.negative"},
		{"12a45", 0, "index.number"}, {"1e5", 0, "index.number"}, {"=1+1", 0, "index.number"}, {"１２", 0, "index.number"},
	} {
		got, wrong := parseValue(c.typed, r)
		if c.key == "" {
			require.Nil(t, wrong, c.typed)
			require.Equal(t, c.want, got, c.typed)
			continue
		}
		require.NotNil(t, wrong, c.typed)
		require.Equal(t, c.key, wrong.Key, c.typed)
		require.Equal(t, "index-offtake-peak", wrong.Field, "says which register")
	}
}

// TestDates is the second line: to come, before the last reading, outside the
// window, and before the occupancy (L16).
func TestDates(t *testing.T) {
	now := time.Date(2026, time.November, 25, 9, 0, 0, 0, portal.Brussels)
	w := Window{Period: portal.Period{From: portal.Date(2026, 11, 10), To: portal.Date(2026, 12, 1)},
		Registers: []Register{{Register: metering.OfftakeTotal, Digits: 6, LastOn: portal.Date(2026, 11, 12)}}}
	stay := portal.Period{From: portal.Date(2024, 1, 1)}
	for _, c := range []struct{ typed, want, key string }{
		{"2026-11-25", "2026-11-25", ""}, {"25/11/2026", "2026-11-25", ""}, {"25.11.2026", "2026-11-25", ""}, {" 25-11-2026 ", "2026-11-25", ""},
		{"2026-11-12", "2026-11-12", ""},
		{"2026-11-26", "", "index.date.future"},
		{"2026-11-11", "", "index.date.window"}, // before the last reading
		{"2026-11-09", "", "index.date.window"},
		{"2025-11-25", "", "index.date.window"},
		{"", "", "index.date.empty"}, {"31/11/2026", "", "index.date.format"}, {"yesterday", "", "index.date.format"}, {"11/25/2026", "", "index.date.format"},
	} {
		got, wrong := parseDate(c.typed, w, stay, now)
		if c.key == "" {
			require.Nil(t, wrong, c.typed)
			require.Equal(t, c.want, got.Format(time.DateOnly))
			continue
		}
		require.NotNil(t, wrong, c.typed)
		require.Equal(t, c.key, wrong.Key, c.typed)
		require.Equal(t, DateField, wrong.Field)
	}
	_, wrong := parseDate("2026-11-20", w, portal.Period{From: portal.Date(2026, 11, 21)}, now)
	require.Equal(t, "index.date.window", wrong.Key, "before the occupancy")
	_, wrong = parseDate("2026-11-20", w, portal.Period{From: stay.From, To: portal.Date(2026, 11, 20)}, now)
	require.Equal(t, "index.date.window", wrong.Key, "after it")
	first, last := Days(w, stay, portal.Date(2027, 1, 1))
	require.Equal(t, "2026-11-12 2026-11-30", first.Format(time.DateOnly)+" "+last.Format(time.DateOnly))
}

// TestTypedLaw: whatever is typed gives a value that the counter can show, or
// a message at the field; and a value with blanks and zeros is the value.
func TestTypedLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Register{Register: metering.GasVolume, Digits: rapid.IntRange(1, 9).Draw(t, "digits")}
		n, wrong := parseValue(rapid.String().Draw(t, "text"), r)
		require.True(t, wrong != nil && wrong.Field == Field(r.Register) || wrong == nil && n >= 0 && n < r.span())

		digits := rapid.StringMatching(`[0-9]{1,9}`).Draw(t, "number")
		r.Digits = 9
		plain, wrong := parseValue(digits, r)
		require.Nil(t, wrong)
		spread, wrong := parseValue(" 00"+strings.Join(strings.Split(digits, ""), "\u202f"), r)
		require.Nil(t, wrong)
		require.Equal(t, plain, spread)
	})
}
