package storetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/store"

	"github.com/stretchr/testify/require"
)

// Seal gives all entries that wait their places, as a sealer does each second.
func Seal(t testing.TB, s *store.Store, clock portal.Clock) {
	t.Helper()
	heads, err := audit.OpenHeads("file:" + filepath.Join(t.TempDir(), "heads"))
	require.NoError(t, err)
	_, err = audit.NewSealer(s, heads, Keys(t).TrailSigner(), clock, slog.New(slog.DiscardHandler)).SealNow(context.Background())
	require.NoError(t, err)
	require.NoError(t, heads.Close())
}
