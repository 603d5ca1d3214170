package stencil_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"strings"
	"testing"

	"guichet/web/ui/stencil"

	"github.com/a-h/templ"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func page(format string, words ...any) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, format, words...)
		return err
	})
}

// TestPageHasItsOwnWords each in all its holes, escaped, whatever they are.
func TestPageHasItsOwnWords(t *testing.T) {
	s, err := stencil.Cut(t.Context(), 2, func(words []string) templ.Component {
		return page(`<i a="%s">%s</i><b src="/%s.png">&amp;</b>`, words[1], words[0], words[1])
	})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		one, two := rapid.String().Draw(t, "one"), rapid.SampledFrom([]string{`"><script>`, "", "é"}).Draw(t, "two")
		var drawn strings.Builder
		require.NoError(t, s.Page(one, two).Render(t.Context(), &drawn))
		one, two = html.EscapeString(one), html.EscapeString(two)
		require.Equal(t, fmt.Sprintf(`<i a="%s">%s</i><b src="/%s.png">&amp;</b>`, two, one, two), drawn.String())
	})
}

// TestLostHoleIsAnError: somebody's word would be missing from the page.
func TestLostHoleIsAnError(t *testing.T) {
	for name, format := range map[string]string{"missing": "%.0s", "cut": "%.2s", "changed": "%q"} {
		_, err := stencil.Cut(t.Context(), 1, func(words []string) templ.Component { return page(format, words[0]) })
		require.Error(t, err, name)
	}
}
