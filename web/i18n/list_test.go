package i18n

import (
	"testing"

	"guichet/portal"

	"github.com/stretchr/testify/require"
)

// A list ends as a sentence of its language does; parts with an "and" of their
// own stand apart, in French with its space before the sign.
func TestListsAreSentencesOfTheirLanguage(t *testing.T) {
	for lang, want := range map[portal.Language]string{portal.French: "a, b et c", portal.German: "a, b und c", portal.Dutch: "a, b en c", portal.English: "a, b and c"} {
		c := For(lang)
		require.Equal(t, want, c.List([]string{"a", "b", "c"}))
		require.Equal(t, "a", c.List([]string{"a"}))
		require.Empty(t, c.List(nil))
	}
	require.Equal(t, "a\u00a0; b", For(portal.French).Apart([]string{"a", "b"}))
	require.Equal(t, "a; b", For(portal.German).Apart([]string{"a", "b"}))
}
