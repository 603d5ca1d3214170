package i18n

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Only {0}, {1}... that have an argument are replaced, each where it stands;
// what an argument holds is never replaced again.
func TestFill(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"plain", "plain"},
		{"{0} and {1}", "a{1} and 7"},
		{"{1}{1}{0}", "77a{1}"},
		{"{2} {-1} {01} {x} {} {", "{2} {-1} {01} {x} {} {"},
		{"{{0}}", "{a{1}}"},
		{"{0", "{0"},
		{"é{0}é", "éa{1}é"},
	} {
		require.Equal(t, c.want, string(fill(nil, c.text, []string{"a{1}", "7"})), c.text)
	}
	require.Equal(t, "{0}", string(fill(nil, "{0}", nil)))
}
