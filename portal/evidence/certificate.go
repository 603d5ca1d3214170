package evidence

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/digitorus/pkcs7"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Signers reads the setting TRUSTED_SIGNERS: certificates of issuers, in PEM.
// Something else in it is an error: whom to trust is not guessed.
func Signers(text []byte) (*x509.CertPool, error) {
	pool, n := x509.NewCertPool(), 0
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		text = rest
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("block %d (%s) is not a certificate: %w", n+1, block.Type, err)
		}
		if !cert.IsCA {
			return nil, fmt.Errorf("the certificate of %q may issue none", cert.Subject.CommonName)
		}
		pool.AddCert(cert)
		n++
	}
	if n == 0 {
		return nil, errors.New("no certificate in it")
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return nil, errors.New("something behind the last certificate")
	}
	return pool, nil
}

// issued tells whether a trusted issuer stands behind a certificate. The time
// of the certificate itself is judged apart; that of its issuers here, at the
// moment of signing.
func issued(cert *x509.Certificate, others []*x509.Certificate, at time.Time, trusted *x509.CertPool) bool {
	if trusted == nil {
		return false // nil would mean the machine's own list, which is for web servers
	}
	between := x509.NewCertPool()
	for _, other := range others {
		between.AddCert(other)
	}
	if at.Before(cert.NotBefore) {
		at = cert.NotBefore
	} else if at.After(cert.NotAfter) {
		at = cert.NotAfter
	}
	_, err := cert.Verify(x509.VerifyOptions{Roots: trusted, Intermediates: between, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

// said is when the signer's machine says that it signed: in the CMS, or in the
// document, which the signature covers as well.
func said(cms *pkcs7.PKCS7, s Signed) time.Time {
	var at time.Time
	if err := cms.UnmarshalSignedAttribute(pkcs7.OIDAttributeSigningTime, &at); err == nil {
		return at
	}
	text := strings.NewReplacer("D:", "", "'", "", "Z", "+").Replace(s.Time)
	for _, layout := range []string{"20060102150405-0700", "20060102150405+"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Time{}
}

// Signer is whom a certificate names.
type Signer struct {
	Name           string // common name, without what tells apart a card's certificates
	Given, Surname string
	Pseudonym      bool // the name is one that the person chose
	Issuer         string
}

// The attributes of a person's certificate (RFC 5280, ETSI EN 319 412-2).
var (
	givenName = asn1.ObjectIdentifier{2, 5, 4, 42}
	surname   = asn1.ObjectIdentifier{2, 5, 4, 4}
	pseudonym = asn1.ObjectIdentifier{2, 5, 4, 65}
)

// which is how the Belgian identity card tells its certificates apart:
// "Marie Dupont (Signature)".
var which = regexp.MustCompile(`\s*\([A-Za-z]+\)$`)

func signerOf(cert *x509.Certificate) Signer {
	s := Signer{Name: which.ReplaceAllString(cert.Subject.CommonName, ""), Issuer: cert.Issuer.CommonName}
	for _, part := range cert.Subject.Names {
		text, _ := part.Value.(string)
		switch {
		case part.Type.Equal(givenName):
			s.Given = text
		case part.Type.Equal(surname):
			s.Surname = text
		case part.Type.Equal(pseudonym):
			s.Pseudonym = true
		}
	}
	return s
}

// Is tells whether the register's name is the signer's: the same words in the
// same order, whatever their case, accents and marks; the family name may
// stand first. One word more or less is somebody else, and an officer's to
// judge. Two people of one name are not told apart.
func (s Signer) Is(occupant string) bool {
	name := plain(occupant)
	if name == "" || s.Pseudonym {
		return false
	}
	given, family := plain(s.Given), plain(s.Surname)
	if given != "" && family != "" && (name == given+" "+family || name == family+" "+given) {
		return true
	}
	return name == plain(s.Name)
}

var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae", "ø", "o", "ł", "l", "đ", "d")

// plain is a name for comparing: small letters without accents, one blank
// between words.
func plain(name string) string {
	name = ligatures.Replace(cases.Fold().String(norm.NFKD.String(name)))
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) })
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, strings.Join(words, " "))
}
