package evidencetest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/stretchr/testify/require"
)

// Signer holds a certificate and its key: an authority's or a person's.
type Signer struct {
	Cert   *x509.Certificate
	Key    *ecdsa.PrivateKey
	Issuer *Signer // nil: itself
	now    time.Time
}

// Person is whom a certificate is to name.
type Person struct {
	Name           string // common name
	Given, Surname string
	Pseudonym      string
	Days           int // valid from so many days ago; zero is 30
	Left           int // and for so many more; zero is 300, less is over
	ForSigningIn   bool
}

// NewAuthority makes an authority that issues certificates to people at a moment.
func NewAuthority(t testing.TB, name string, now time.Time) *Signer {
	t.Helper()
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name, Country: []string{"BE"}}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(10, 0, 0)}
	return issue(t, template, nil, now)
}

// Issue makes a person's certificate.
func (s *Signer) Issue(t testing.TB, p Person) *Signer {
	t.Helper()
	if p.Days == 0 {
		p.Days = 30
	}
	if p.Left == 0 {
		p.Left = 300
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: p.Name}, KeyUsage: x509.KeyUsageContentCommitment,
		NotBefore: s.now.AddDate(0, 0, -p.Days), NotAfter: s.now.AddDate(0, 0, p.Left)}
	if p.ForSigningIn {
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	for last, text := range map[int]string{42: p.Given, 4: p.Surname, 65: p.Pseudonym} {
		if text != "" {
			template.Subject.ExtraNames = append(template.Subject.ExtraNames,
				pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, last}, Value: text})
		}
	}
	return issue(t, template, s, s.now)
}

func issue(t testing.TB, template *x509.Certificate, by *Signer, now time.Time) *Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	s := &Signer{Key: key, Issuer: by, now: now}
	if by == nil {
		by = &Signer{Cert: template, Key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Cert, &key.PublicKey, by.Key)
	require.NoError(t, err)
	s.Cert, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return s
}

// PEM gives the certificate as TRUSTED_SIGNERS has it.
func (s *Signer) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Cert.Raw})
}

const room = 4000 // bytes for a signature

// field and value are a signature's place in a document: what shows it, and
// what is filled in once all other bytes are known.
func field(value int) string { return fmt.Sprintf("<< /FT /Sig /T (Signature) /V %d 0 R >>", value) }

func value() string {
	return fmt.Sprintf("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 %s] /Contents <%s> >>",
		strings.Repeat("0", 40), strings.Repeat("0", 2*room))
}

func form(number int) string {
	return fmt.Sprintf(" /AcroForm << /SigFlags 3 /Fields [%d 0 R] >>", number)
}

var ranges = regexp.MustCompile(`/ByteRange \[[0-9 ]+\]`)

// Sign makes the PDF and signs all of it. The moment is the machine's.
func Sign(t testing.TB, d Draft, by *Signer) []byte {
	t.Helper()
	first := First + len(d.Objects)
	d.Catalog += form(first)
	d.Objects = append(d.Objects, field(first+1), value())
	return fill(t, d.Bytes(), by)
}

var (
	catalogOf = regexp.MustCompile(`/Root (\d+) 0 R`)
	sizeOf    = regexp.MustCompile(`/Size (\d+)`)
)

// SignOther signs all of a PDF that somebody else made, as a signing program
// does: the signature stands in a later version behind it. The PDF must have a
// table as text, as the portal's own have.
func SignOther(t testing.TB, pdf []byte, by *Signer) []byte {
	t.Helper()
	trailer := pdf[bytes.LastIndex(pdf, []byte("trailer")):]
	root, size, last := catalogOf.FindSubmatch(trailer), sizeOf.FindSubmatch(trailer), lastTable.FindSubmatch(pdf)
	require.NotNil(t, root)
	require.NotNil(t, size)
	require.NotNil(t, last)
	begin := []byte("\n" + string(root[1]) + " 0 obj\n")
	_, catalog, found := bytes.Cut(pdf, begin)
	require.True(t, found)
	catalog, _, _ = bytes.Cut(catalog, []byte("endobj"))
	n, err := strconv.Atoi(string(size[1]))
	require.NoError(t, err)
	entries := strings.TrimSuffix(strings.TrimSpace(string(catalog)), ">>")
	var b bytes.Buffer
	b.Write(pdf)
	var at []int
	for _, o := range []string{string(root[1]) + " 0 obj\n" + entries + form(n) + " >>", fmt.Sprintf("%d 0 obj\n%s", n, field(n+1)), fmt.Sprintf("%d 0 obj\n%s", n+1, value())} {
		b.WriteString("\n")
		at = append(at, b.Len())
		b.WriteString(o + "\nendobj")
	}
	table := b.Len() + 1
	fmt.Fprintf(&b, "\nxref\n%s 1\n%010d 00000 n \n%d 2\n%010d 00000 n \n%010d 00000 n \ntrailer\n<< /Size %d /Root %s 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n",
		root[1], at[0], n, at[1], at[2], n+2, root[1], last[1], table)
	return fill(t, b.Bytes(), by)
}

// fill signs a PDF over all its bytes but the place for the signature.
func fill(t testing.TB, pdf []byte, by *Signer) []byte {
	t.Helper()
	from := bytes.LastIndex(pdf, []byte("/Contents <")) + len("/Contents ")
	to := from + 2*room + 2
	place := ranges.FindIndex(pdf)
	written := fmt.Sprintf("/ByteRange [0 %d %d %d", from, to, len(pdf)-to)
	copy(pdf[place[0]:], written+strings.Repeat(" ", place[1]-place[0]-1-len(written))+"]")

	signed, err := pkcs7.NewSignedData(append(bytes.Clone(pdf[:from]), pdf[to:]...))
	require.NoError(t, err)
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	require.NoError(t, signed.AddSigner(by.Cert, by.Key, pkcs7.SignerInfoConfig{}))
	signed.AddCertificate(by.Issuer.Cert)
	signed.Detach()
	cms, err := signed.Finish()
	require.NoError(t, err)
	require.LessOrEqual(t, len(cms), room)
	hex.Encode(pdf[from+1:], cms)
	return pdf
}
