package store

import (
	"strings"
	"testing"

	"guichet/lookup"

	"github.com/stretchr/testify/require"
)

// T7: whatever a counter remembers, it is as long.
func TestT7FailuresAreOfOneLength(t *testing.T) {
	hash := strings.Repeat("h", hashWidth)
	failure := lookup.Failure{Tried: hash, Device: hash, At: 1764000000000000}
	for _, failures := range [][]lookup.Failure{
		{}, {{Tried: hash, At: 1}}, {failure, {Tried: "short", At: 2}}, {failure, failure, failure},
	} {
		text, err := failuresText(failures)
		require.NoError(t, err)
		require.Len(t, text, len(noFailures))
		got, err := parseFailures(text)
		require.NoError(t, err)
		require.Equal(t, failures, got)
	}
}

func TestFailuresOfBefore(t *testing.T) {
	got, err := parseFailures(`[{"t":"tried","d":"","a":5},{"t":"other","d":"device","a":6}]`)
	require.NoError(t, err)
	require.Equal(t, []lookup.Failure{{Tried: "tried", At: 5}, {Tried: "other", Device: "device", At: 6}}, got)
	for _, none := range []string{"[]", ""} {
		got, err = parseFailures(none)
		require.NoError(t, err)
		require.Empty(t, got)
	}
}

// G4: a counter that cannot be read shuts the gate, it does not give tries back.
func TestSpoiltFailuresAreAnError(t *testing.T) {
	text, err := failuresText([]lookup.Failure{{Tried: "a", At: 1}})
	require.NoError(t, err)
	for _, spoilt := range []string{text[1:], text + " ", " ", "{}", strings.Replace(text, "0000000000000001", "000000000000000g", 1),
		strings.Replace(text, "0000000000000001", noFailures[:timeWidth], 1)} {
		_, err := parseFailures(spoilt)
		require.Error(t, err, spoilt)
	}
	_, err = failuresText(make([]lookup.Failure, lookup.Tries+1))
	require.Error(t, err)
	_, err = failuresText([]lookup.Failure{{Tried: strings.Repeat("h", hashWidth+1)}})
	require.Error(t, err)
}
