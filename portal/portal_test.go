package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// L1, facts B.1: the worked vectors.
func TestEANCheckDigit(t *testing.T) {
	for first, want := range map[string]byte{
		"54149900000012345": '5', "54199900000012345": '0', "54999900000000001": '6', "54144900000001234": '1',
	} {
		require.Equal(t, string(want), string(EANCheckDigit(first)), first)
		ean, err := ParseEAN(first + string(want))
		require.NoError(t, err)
		require.Equal(t, first+string(want), string(ean))
	}
}

func TestParseEANTakesWhatPeoplePaste(t *testing.T) {
	for name, typed := range map[string]string{
		"grouped": "5414 9900 0000 1234 55", "no-break spaces": "5414\u00a09900\u202f0000 123455",
		"dots": "54.149900000012345.5", "a leading word": "EAN: 541499000000123455", "an apostrophe": "'541499000000123455",
	} {
		got, err := ParseEAN(typed)
		require.NoError(t, err, name)
		require.Equal(t, EAN("541499000000123455"), got, name)
	}
}

func TestParseEANRefuses(t *testing.T) {
	for typed, key := range map[string]string{
		"": "ean.length", "541499": "ean.length", "5414990000001234555": "ean.length",
		"551499000000123455": "ean.prefix", "541499000000123456": "ean.check", "54149900000012345X": "ean.characters",
	} {
		_, err := ParseEAN(typed)
		var e *Error
		require.ErrorAs(t, err, &e, typed)
		require.Equal(t, key, e.Key, typed)
	}
}

// The check finds every single wrong digit (facts B.1).
func TestEANFindsEverySingleWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := "54" + rapid.StringMatching(`[0-9]{15}`).Draw(t, "first")
		good := []byte(first + string(EANCheckDigit(first)))
		at := rapid.IntRange(2, 17).Draw(t, "at")
		good[at] = '0' + (good[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		_, err := ParseEAN(string(good))
		require.Error(t, err)
	})
}

// G12: the masked form shows six digits and no more.
func TestEANMasked(t *testing.T) {
	require.Equal(t, "54-- ---- ---- --34 55", EAN("541499000000123455").Masked())
	require.NotContains(t, EAN("5414").Masked(), "5414")
}

// Ld1, D4: half-open periods.
func TestPeriods(t *testing.T) {
	day := func(d int) time.Time { return Date(2024, 3, d) }
	march := Period{day(1), day(10)}
	open := Period{From: day(10)}
	require.True(t, march.Contains(day(1)))
	require.False(t, march.Contains(day(10)))
	require.True(t, open.Contains(day(10)))
	require.False(t, march.Overlaps(open), "a move: the day belongs to the newcomer")
	both, ok := Period{day(5), time.Time{}}.Intersect(march)
	require.True(t, ok)
	require.Equal(t, Period{day(5), day(10)}, both)
	_, ok = march.Intersect(open)
	require.False(t, ok)
}

func TestPeriodLaws(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) time.Time { return time.Unix(rapid.Int64Range(1, 60).Draw(t, "s"), 0) })
	period := rapid.Custom(func(t *rapid.T) Period {
		p := Period{From: instant.Draw(t, "from")}
		if rapid.Bool().Draw(t, "ends") {
			p.To = p.From.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "long")) * time.Second)
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		p, q, at := period.Draw(t, "p"), period.Draw(t, "q"), instant.Draw(t, "at")
		both, ok := p.Intersect(q)
		require.Equal(t, p.Overlaps(q), ok)
		require.Equal(t, p.Overlaps(q), q.Overlaps(p))
		require.Equal(t, p.Contains(at) && q.Contains(at), ok && both.Contains(at))
	})
}

func TestTimesSurviveStorage(t *testing.T) {
	require.Zero(t, Micros(time.Time{}))
	require.True(t, FromMicros(0).IsZero())
	at := time.Date(2024, 10, 27, 2, 30, 0, 123456000, Brussels)
	require.True(t, at.Equal(FromMicros(Micros(at))))
}

func TestIdentifiersLieInTheOrderOfTime(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var last string
	for range 100 {
		at = at.Add(time.Millisecond)
		id := NewID(at)
		require.Len(t, id, 26)
		require.Greater(t, id, last)
		last = id
	}
	require.NotEqual(t, Token(), Token())
}

func TestErrorCarriesItsCauseForTheLogOnly(t *testing.T) {
	cause := errors.New("disk full")
	err := fmt.Errorf("lookup: %w", Shut("store", cause))
	require.Equal(t, Unavailable, CodeOf(err))
	require.ErrorIs(t, err, cause)
	require.Equal(t, Internal, CodeOf(cause))
}

func TestDatesAreLocalDays(t *testing.T) {
	d, err := ParseDate("2023-10-29")
	require.NoError(t, err)
	require.Equal(t, 25*time.Hour, d.AddDate(0, 0, 1).Sub(d))
	_, err = ParseDate("29/10/2023")
	require.Equal(t, Invalid, CodeOf(err))
}

func TestLanguages(t *testing.T) {
	require.Len(t, Languages, 4)
	for _, l := range Languages {
		got, ok := ParseLanguage(string(l))
		require.True(t, ok)
		require.Equal(t, l, got)
	}
	_, ok := ParseLanguage("xx")
	require.False(t, ok)
	b, err := json.Marshal(German)
	require.NoError(t, err)
	require.JSONEq(t, `"de"`, string(b))
}
