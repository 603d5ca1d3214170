package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// L14, L15, Ld8: how a registration ends is in two files of the store, what the
// operator imports and what the network user is shown (D12). No statement of any
// other file names it, so none behind a page, file, list, count or refusal of a
// partner can take another way, another time or another row for it.
func TestL14NoOtherStatementKnowsHowOneEnds(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	know := map[string][]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, word := range []string{"registration_ends", "selectHeld"} {
			if strings.Contains(string(text), word) {
				know[word] = append(know[word], name)
			}
		}
	}
	require.Equal(t, map[string][]string{"registration_ends": {"registrations.go"}, "selectHeld": {"registrations.go", "registry_dossier.go"}}, know)
}
