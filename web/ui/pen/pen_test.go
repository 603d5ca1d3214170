package pen

import (
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestTextIsEscaped as the library does it, whatever it is, so that no words
// become markup.
func TestTextIsEscaped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom([]string{"&", "<", ">", `"`, "'", "é", "\x00", "\xff", "&amp;"}), rapid.String())).Draw(t, "parts")
		text := strings.Join(parts, "")
		var b strings.Builder
		require.NoError(t, Written(func(p *Pen) { p.Text(text) }).Render(t.Context(), &b))
		require.Equal(t, html.EscapeString(text), b.String())
	})
}

// TestLengthHasOneDecimal where it has one, and no sign where it is nothing.
func TestLengthHasOneDecimal(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -0.04: "0", 0.05: "0.1", 12: "12", 12.34: "12.3", -0.5: "-0.5", -7.06: "-7.1", 199.96: "200"} {
		var p Pen
		p.Length(v)
		require.Equal(t, want, string(p.b), v)
	}
}
