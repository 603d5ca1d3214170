package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/provider"
	"guichet/e2e/rig"
)

// company is a portal whose staff sign in at a provider, which runs as long as
// the test.
func company(t *testing.T) *rig.Portal {
	t.Helper()
	desk := rig.FreeAddress(t)
	from := provider.New(t, "http://"+desk+"/oidc/callback")
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(provider.Secret+"\n"), 0o600))
	p := rig.Demo(t, "DESK_LISTEN="+desk, "OIDC_ISSUER="+from.Issuer, "OIDC_CLIENT_ID="+provider.ClientID,
		"OIDC_CLIENT_SECRET_FILE="+secret)
	p.Secret("client's secret", provider.Secret)
	return p
}
