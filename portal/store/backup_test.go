package store_test

import (
	"testing"

	"guichet/portal/store"

	"github.com/stretchr/testify/require"
)

// G12: the program that writes a backup is called without the password.
func TestG12NoPasswordWhereProcessesAreListed(t *testing.T) {
	for dsn, address := range map[string]string{
		"postgres://ann:se%2Fcret@db:5432/guichet?sslmode=require":          "postgres://ann@db:5432/guichet?sslmode=require",
		"postgres://db/guichet?password=se%2Fcret&sslmode=require&user=ann": "postgres://db/guichet?sslmode=require&user=ann",
	} {
		got, password, err := store.Apart(dsn)
		require.NoError(t, err)
		require.Equal(t, address, got)
		require.Equal(t, "se/cret", password)
	}
	_, _, err := store.Apart("postgres://ann:secret@db:no/guichet")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
