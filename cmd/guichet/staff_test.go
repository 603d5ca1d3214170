package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal/config"
)

// T26: whoever sets the portal up finds nobody who could sign in.
func TestT26NoDefaultAccounts(t *testing.T) {
	dir := t.TempDir()
	require.Zero(t, guichet(t, dir, nil, "", "migrate", "--new-keys").status)
	got := guichet(t, dir, nil, "", "staff", "list")
	require.Zero(t, got.status, got.err)
	require.Empty(t, got.out)
	f, err := openFoundation(t.Context(), config.Settings{Dir: dir}.Default())
	require.NoError(t, err)
	defer f.store.Close()
	members, err := f.store.StaffMembers(t.Context())
	require.NoError(t, err)
	require.Empty(t, members)
}

// T26: the demo's staff have passwords and seeds that no other demo has.
func TestT26DemoAccountsAreDrawn(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		s := config.Settings{Dir: t.TempDir()}.Default()
		_, err := prepare(t.Context(), s, true, madeByDemo)
		require.NoError(t, err)
		f, err := openFoundation(t.Context(), s)
		require.NoError(t, err)
		people, err := f.demoStaff(t.Context())
		require.NoError(t, err)
		require.NoError(t, f.store.Close())
		require.Len(t, people, len(demoColleagues))
		for _, p := range people {
			for _, drawn := range []string{p.Password, p.OTPSecret} {
				require.GreaterOrEqual(t, len(drawn), 16)
				require.False(t, seen[drawn], "drawn twice")
				seen[drawn] = true
			}
		}
	}
}

// provided is an environment with an identity provider, and its folder.
func provided(t *testing.T) (dir string, env map[string]string) {
	dir = t.TempDir()
	secret := filepath.Join(dir, "oidc-secret")
	require.NoError(t, os.WriteFile(secret, []byte("s3cret\n"), 0o600))
	env = map[string]string{"GUICHET_OIDC_ISSUER": "https://login.operator.example", "GUICHET_OIDC_CLIENT_ID": "guichet",
		"GUICHET_OIDC_CLIENT_SECRET_FILE": secret}
	require.Zero(t, guichet(t, dir, env, "", "migrate", "--new-keys").status)
	return dir, env
}

// T26: an account is added with a password where there are passwords, and
// without one where there are none.
func TestStaffAddWithProvider(t *testing.T) {
	dir, env := provided(t)
	add := []string{"staff", "add", "b.maes", "--name", "Bert Maes", "--role", "agent"}
	got := guichet(t, dir, env, "a long walk by the river\n", add...)
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "say --oidc")
	got = guichet(t, dir, nil, "", append(add, "--oidc")...)
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "OIDC_ISSUER is not set")

	got = guichet(t, dir, env, "", append(add, "--oidc", "--json")...)
	require.Zero(t, got.status, got.err)
	var told map[string]string
	require.NoError(t, json.Unmarshal([]byte(got.out), &told))
	require.Equal(t, map[string]string{"login": "b.maes", "role": "agent"}, told)
	got = guichet(t, dir, env, "", append(add, "--oidc")...)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "logins are never given twice")
	require.Contains(t, guichet(t, dir, env, "", "staff", "list").out, "Bert Maes")
}

// T26: serve names what is wrong with the provider's settings before it
// listens, and never prints the secret (G12).
func TestServeRefusesWrongProvider(t *testing.T) {
	dir, env := provided(t)
	require.NoError(t, os.Chmod(env["GUICHET_OIDC_CLIENT_SECRET_FILE"], 0o644))
	got := guichet(t, dir, env, "", "serve")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "OIDC_CLIENT_SECRET_FILE: ")
	require.Contains(t, got.err, "others must not read it")
	require.NotContains(t, got.out+got.err, "s3cret")

	delete(env, "GUICHET_OIDC_CLIENT_ID")
	got = guichet(t, dir, env, "", "serve")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "OIDC_CLIENT_ID: is empty")
	got = guichet(t, dir, nil, "", "serve", "--desk-listen", "127.0.0.1:8080")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.err, "never share a listener", "T26")
	require.Contains(t, guichet(t, dir, env, "", "config").out, "OIDC_ROLE_CLAIM = guichet_role\n")
}

// A provider that does not answer keeps nothing from opening: the public pages
// have nobody to ask there.
func TestServeAsksNoProviderAtItsStart(t *testing.T) {
	dir, env := provided(t)
	t.Chdir(dir)
	s := config.Settings{Dir: dir, OIDCIssuer: "https://login.operator.invalid", OIDCClientID: "guichet",
		OIDCClientSecretFile: env["GUICHET_OIDC_CLIENT_SECRET_FILE"]}.Default()
	f, err := openFoundation(t.Context(), s)
	require.NoError(t, err)
	defer f.store.Close()
	short, err := openState(t.Context(), f)
	require.NoError(t, err)
	defer short.close()
	p, err := f.provider(short)
	require.NoError(t, err)
	require.NotNil(t, p)
	require.Equal(t, "http://127.0.0.1:8081/oidc/callback", p.Back)
}
