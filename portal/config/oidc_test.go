package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// company is a set of settings with an identity provider.
func company() Settings {
	return Settings{OIDCIssuer: "https://login.operator.example/realms/staff", OIDCClientID: "guichet",
		OIDCClientSecretFile: "/run/secrets/oidc", DeskURL: "https://desk.operator.example/"}.Default()
}

// TestOIDCSettings: all or none, and nothing secret in clear over a network.
func TestOIDCSettings(t *testing.T) {
	require.NoError(t, company().Check())
	require.True(t, company().OIDC())
	require.False(t, Settings{}.Default().OIDC())
	require.Equal(t, "guichet_role", company().OIDCRoleClaim)
	require.Equal(t, "https://desk.operator.example", company().DeskURL)
	require.Equal(t, "http://127.0.0.1:8081", Settings{}.Default().DeskURL)
	require.Equal(t, "https://127.0.0.1:8081", Settings{TLSCert: "c", TLSKey: "k"}.Default().DeskURL)
	for _, loopback := range []string{"http://localhost:9998", "http://127.0.0.1:9998", "http://[::1]:9998", "http://127.8.8.8"} {
		s := company()
		s.OIDCIssuer, s.DeskURL = loopback, loopback
		require.NoError(t, s.Check(), loopback)
	}
	for _, c := range []struct {
		name   string
		change func(*Settings)
	}{
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "" }},
		{"OIDC_CLIENT_ID", func(s *Settings) { s.OIDCClientID = "" }},
		{"OIDC_CLIENT_SECRET_FILE", func(s *Settings) { s.OIDCClientSecretFile = "" }},
		{"OIDC_CLIENT_SECRET_FILE", func(s *Settings) { s.OIDCClientSecretFile, s.OIDCClientID = "", "" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "http://login.operator.example" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "http://127.0.0.1.elsewhere.example" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "http://localhost.elsewhere.example" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "http://localhost@elsewhere.example" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "https://u:p@login.operator.example" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "https://login.operator.example?tenant=x" }},
		{"OIDC_ISSUER", func(s *Settings) { s.OIDCIssuer = "login.operator.example" }},
		{"DESK_URL", func(s *Settings) { s.DeskURL = "desk.operator.example" }},
		{"DESK_URL", func(s *Settings) { s.DeskURL = "http://desk.operator.example" }},
		{"DESK_URL", func(s *Settings) { s.DeskURL = "http://:8081" }},
		{"DESK_URL", func(s *Settings) { s.DeskURL = "http://127.0.0.1:0" }},
		{"DESK_URL", func(s *Settings) { s.DeskURL = "https://desk.operator.example/fr" }},
		{"DESK_URL", func(s *Settings) { s.BaseURL, s.DeskURL = "https://portal.example", "http://127.0.0.1:8081" }},
	} {
		s := company()
		c.change(&s)
		require.ErrorContains(t, s.Check(), c.name+":")
	}
	s := Settings{}.Default()
	s.DeskURL = "desk"
	require.ErrorContains(t, s.Check(), "DESK_URL:")
}

// TestOIDCSecretFile: read at start, refused where others could have read it,
// never printed (G12).
func TestOIDCSecretFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	s := company()
	s.OIDCClientSecretFile = write("good", "s3cret\n", 0o400)
	secret, err := s.OIDCSecret()
	require.NoError(t, err)
	require.Equal(t, "s3cret", secret.Reveal())
	require.NotContains(t, fmt.Sprint(secret)+strings.Join(s.Lines(), "\n")+fmt.Sprintf("%+v %#v", s, s), "s3cret")
	for says, path := range map[string]string{
		"others must not read it": write("world", "s3cret", 0o604),
		"mode 0640":               write("group", "s3cret", 0o640),
		"is empty":                write("empty", " \n", 0o600),
		"too long":                write("long", strings.Repeat("s3cret", 1000), 0o600),
		"is no file":              dir,
		"no such file":            filepath.Join(dir, "none"),
	} {
		s.OIDCClientSecretFile = path
		_, err := s.OIDCSecret()
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "OIDC_CLIENT_SECRET_FILE: ")
		require.NotContains(t, err.Error(), "s3cret")
	}
}

// TestT26ListenersAreNeverShared: any two of the three at one address are
// refused, in whichever order they are named.
func TestT26ListenersAreNeverShared(t *testing.T) {
	for _, change := range []func(*Settings){
		func(s *Settings) { s.DeskListen = s.Listen },
		func(s *Settings) { s.AdminListen = s.Listen },
		func(s *Settings) { s.AdminListen = s.DeskListen },
	} {
		s := Settings{}.Default()
		change(&s)
		require.ErrorContains(t, s.Check(), "never share a listener")
	}
}
