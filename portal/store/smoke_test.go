package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	s, err := Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "a.db"), ring, time.Now)
	require.NoError(t, err)
	ran, err := s.Migrate(context.Background())
	require.NoError(t, err)
	require.Len(t, ran, 1)
	require.NoError(t, s.Do(context.Background(), func(tx tx.Tx) error {
		tx.Record(audit.Entry{Action: audit.KeysMade, Subject: "x"})
		return s.SetInstallation(tx, "a", "b")
	}))
	v, err := s.Installation(context.Background(), "a")
	require.NoError(t, err)
	require.Equal(t, "b", v)
	require.NoError(t, s.Close())
}
