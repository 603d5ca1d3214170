package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"guichet/portal/keys"
)

// OIDC tells whether staff sign in at an identity provider.
func (s Settings) OIDC() bool { return s.OIDCIssuer != "" }

// deskURL is where the staff find the desk, by default where it listens.
func (s Settings) deskURL() string {
	switch {
	case s.DeskURL != "":
		return strings.TrimSuffix(s.DeskURL, "/")
	case s.TLSCert != "":
		return "https://" + s.DeskListen
	}
	return "http://" + s.DeskListen
}

// checkOIDC names what is wrong with the staff's sign-in. Passwords, codes and
// sessions go over the provider's address and the desk's: in clear they may
// only stay on this machine.
func (s Settings) checkOIDC(wrong func(name, format string, args ...any)) {
	if !webAddress(s.DeskURL) {
		wrong("DESK_URL", "%q is not an http:// or https:// address", s.DeskURL)
	}
	three := []struct{ name, value string }{{"OIDC_ISSUER", s.OIDCIssuer}, {"OIDC_CLIENT_ID", s.OIDCClientID},
		{"OIDC_CLIENT_SECRET_FILE", s.OIDCClientSecretFile}}
	set := 0
	for _, t := range three {
		if t.value != "" {
			set++
		}
	}
	if set == 0 {
		return
	}
	for _, t := range three {
		if t.value == "" {
			wrong(t.name, "is empty; OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET_FILE go together")
		}
	}
	if s.OIDCIssuer != "" && (!guarded(s.OIDCIssuer) || strings.ContainsAny(s.OIDCIssuer, "?#@")) {
		wrong("OIDC_ISSUER", "%q is not an https:// address (http:// only for this machine) without query, fragment and user", DSN(s.OIDCIssuer))
	}
	if !guarded(s.DeskURL) {
		wrong("DESK_URL", "%q is not an https:// address (http:// only for this machine); OIDC_ISSUER sends the staff back there", s.DeskURL)
	}
	if u, err := url.Parse(s.DeskURL); err == nil && (u.Port() == "0" || u.Path != "" || u.RawQuery != "" || u.Fragment != "") {
		wrong("DESK_URL", "%q must be a scheme, a host and a port that the provider knows", s.DeskURL)
	}
	if strings.HasPrefix(s.BaseURL, "https://") && !strings.HasPrefix(s.DeskURL, "https://") {
		wrong("DESK_URL", "%q must begin with https:// as BASE_URL does: the cookies are sent over it alone", s.DeskURL)
	}
}

// OIDCSecret reads the client's secret. It refuses a file that others than its
// owner can read, an empty one and one too long to be a secret.
func (s Settings) OIDCSecret() (keys.Secret, error) {
	text, err := readSecret(s.OIDCClientSecretFile)
	if err != nil {
		return "", fmt.Errorf("OIDC_CLIENT_SECRET_FILE: %w", err)
	}
	return text, nil
}

// longestSecret is in bytes.
const longestSecret = 4096

func readSecret(path string) (keys.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); !mode.IsRegular() {
		return "", fmt.Errorf("%s is no file", path)
	} else if mode.Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s has mode %04o; others must not read it: chmod 600 %s", path, mode.Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(f, longestSecret+1))
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	switch {
	case secret == "":
		return "", fmt.Errorf("%s is empty", path)
	case len(text) > longestSecret:
		return "", errors.New(path + " is too long for a secret")
	}
	return keys.Secret(secret), nil
}

func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// guarded tells whether what goes to an address cannot be read on the way.
func guarded(address string) bool {
	u, err := url.Parse(address)
	return err == nil && webAddress(address) && (u.Scheme == "https" || loopback(u.Hostname()))
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
