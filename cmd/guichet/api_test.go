package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/config"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// issuer makes certificates; a nil one makes its own.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (by *issuer) issue(t *testing.T, name string) (*issuer, tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	form := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: by == nil,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	parent, signer := form, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return &issuer{cert, key}, tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: cert}
}

func pemOf(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

// "Client certificates where set": the programs' listener lets nobody in
// without a certificate of the issuers named, and a key bound to a certificate
// opens nothing without just that one, on any listener.
func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	ours, server := (*issuer)(nil).issue(t, "ours")
	theirs, _ := (*issuer)(nil).issue(t, "theirs")
	_, bound := theirs.issue(t, "robot")
	_, another := theirs.issue(t, "another robot")
	_, system := theirs.issue(t, "works system")
	strange, _ := (*issuer)(nil).issue(t, "strange")
	_, stranger := strange.issue(t, "robot")
	private, err := x509.MarshalECPrivateKey(ours.key)
	require.NoError(t, err)
	for name, text := range map[string][]byte{"cert.pem": pemOf("CERTIFICATE", server.Certificate[0]), "key.pem": pemOf("EC PRIVATE KEY", private),
		"ca.pem": pemOf("CERTIFICATE", theirs.cert.Raw), "empty.pem": nil} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	require.Zero(t, guichet(t, dir, nil, "", "migrate", "--new-keys").status)
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		return l.Addr().String()
	}
	settings := []string{"serve", "--listen", free(), "--desk-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--tls-cert", "cert.pem", "--tls-key", "key.pem", "--api-listen", free(), "--client-ca"}
	require.Contains(t, guichet(t, dir, nil, "", append(settings, "empty.pem")...).err, "CLIENT_CA: there is no certificate in empty.pem")

	ctx, stop := context.WithCancel(t.Context())
	f, err := openFoundation(ctx, config.Settings{}.Default())
	require.NoError(t, err)
	defer f.store.Close()
	o := partner.Organisation{ID: "p", Name: "Énergie SA", CompanyNumber: "0403170701", Mail: "i@e.example", PrivacyMail: "d@e.example",
		Language: portal.French, Street: "Rue 1", Postcode: "5000", Town: "Namur", Manager: "M", Status: partner.Approved, AskedAt: f.clock()}
	require.NoError(t, f.store.Do(ctx, func(t tx.Tx) error { return f.store.PutPartner(t, o) }))
	room := partner.New(partner.Deps{Store: f.store, Runner: f.store, Ring: f.ring, Clock: f.clock})
	guest := partner.Guest{Person: partner.Person{Login: "m", PartnerID: o.ID, Manager: true}, Organisation: o}
	key := func(certificate string) keys.Secret {
		k, _, err := room.MakeKey(ctx, guest, partner.KeyForm{Name: "robot", Scopes: partner.Scopes, Months: 1, Certificate: certificate})
		require.NoError(t, err)
		return k
	}
	free1, byText := key(""), key(string(pemOf("CERTIFICATE", bound.Certificate[0])))
	byPrint := key("sha256 Fingerprint=" + colons(partner.Fingerprint(bound.Leaf)))

	var said bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append(settings, "ca.pem"), strings.NewReader(""), io.Discard, &said,
			map[string]string{"GUICHET_WORKS_CERTIFICATES": colons(partner.Fingerprint(system.Leaf))})
	}()
	roots := x509.NewCertPool()
	roots.AddCert(ours.cert)
	ask := func(address string, k keys.Secret, shown ...tls.Certificate) (int, string) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: shown}}
		defer transport.CloseIdleConnections()
		path := "/api/v1/mandates"
		if k == "" {
			path = "/api/v1/works-system/events" // which no key opens
		}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+path, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+k.Reveal())
		r.Header.Set("Accept-Language", "en")
		res, err := transport.RoundTrip(r)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(text)
	}
	public, programs := settings[2], settings[12]
	require.Eventually(t, func() bool { status, _ := ask(public, free1); return status == http.StatusOK }, 30*time.Second, 50*time.Millisecond)

	for _, c := range []struct {
		name, at string
		key      keys.Secret
		shown    []tls.Certificate
		want     int
		says     string
	}{
		{"no certificate, no connection", programs, free1, nil, 0, "certificate required"},
		{"one of another issuer, neither", programs, byText, []tls.Certificate{stranger}, 0, "certificate"},
		{"its own", programs, byText, []tls.Certificate{bound}, 200, `"mandates":[]`},
		{"its own, named by fingerprint", programs, byPrint, []tls.Certificate{bound}, 200, `"mandates":[]`},
		{"another of the same issuer", programs, byText, []tls.Certificate{another}, 403, "client certificate"},
		{"where none is asked for", public, byText, []tls.Certificate{bound}, 403, "client certificate"},
		{"a key that is not bound", programs, free1, []tls.Certificate{another}, 200, `"mandates":[]`},
		{"the works system's", programs, "", []tls.Certificate{system}, 200, `"events":[]`},
		{"a partner's is not the works system's", programs, "", []tls.Certificate{bound}, 403, "works system"},
		{"nor is the works system known where no certificate is asked for", public, "", []tls.Certificate{system}, 403, "works system"},
		{"a certificate is no key", programs, "guichet_nothing", []tls.Certificate{bound}, 401, "urn:guichet:problem:signed_out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, text := ask(c.at, c.key, c.shown...)
			require.Equal(t, c.want, status, text)
			require.Contains(t, text, c.says)
		})
	}
	stop()
	require.Zero(t, <-ended, said.String())
}

// colons writes a fingerprint as openssl prints it.
func colons(hex string) string {
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(strings.ToUpper(hex[i : i+2]))
	}
	return b.String()
}
