package evidence

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/digitorus/pkcs7"
)

// Reason is why an electronic signature proves nothing: a message of
// web/locales under "error.evidence.signature."+reason.
type Reason string

// The reasons. A new one needs: Reasons, web/locales.
const (
	Unsigned      Reason = "unsigned"   // there is none
	Unreadable    Reason = "unreadable" // it is none that can be checked
	NotWhole      Reason = "whole"      // it does not cover the whole document
	Changed       Reason = "changed"    // what it covers is not what was signed
	UnknownIssuer Reason = "issuer"     // nobody who is trusted issued the certificate
	NotForSigning Reason = "purpose"    // the certificate is for signing in, not for signing
	NotInTime     Reason = "time"       // the certificate was not valid at signing, or that cannot be told
	NotTheSigner  Reason = "occupant"   // it is valid and somebody else's
)

// Reasons lists them all.
var Reasons = []Reason{Unsigned, Unreadable, NotWhole, Changed, UnknownIssuer, NotForSigning, NotInTime, NotTheSigner}

// Verdict is what the electronic signature of a document proves. Revocation is
// never checked, for that needs the issuer's answer and the portal asks nobody
// outside: whoever decides is told so.
type Verdict struct {
	// Reasons is why it proves nothing; empty: the document is whole, the issuer
	// trusted and the certificate valid at signing.
	Reasons  []Reason
	Signer   Signer
	SignedAt time.Time // as the signer's machine said, before the file came in
}

// Holds tells whether all holds but who signed. The zero verdict holds nothing.
func (v Verdict) Holds() bool { return len(v.Reasons) == 0 && !v.SignedAt.IsZero() }

// By gives the reasons why the document is not proven to be signed by the
// occupant; none: all four points of D8 (b) hold.
func (v Verdict) By(occupant string) []Reason {
	switch {
	case v.Holds() && !v.Signer.Is(occupant):
		return []Reason{NotTheSigner}
	case !v.Holds() && len(v.Reasons) == 0:
		return []Reason{Unsigned}
	}
	return v.Reasons
}

// RevocationChecked is said with every verdict.
func (Verdict) RevocationChecked() bool { return false }

func (v Verdict) String() string {
	if v.Holds() {
		return "holds"
	}
	return strings.Trim(fmt.Sprint(v.Reasons), "[]")
}

// Judge tells what the signatures of a document prove. content is the whole
// document, signed what it says of its signatures, trusted the issuers (nil:
// none), arrived when the document came in.
func Judge(content []byte, signed []Signed, trusted *x509.CertPool, arrived time.Time) Verdict {
	if len(signed) == 0 {
		return Verdict{Reasons: []Reason{Unsigned}}
	}
	for _, s := range signed {
		if covers(content, s) { // one at most: it covers the bytes of all others
			return judge(content, s, trusted, arrived)
		}
	}
	return Verdict{Reasons: []Reason{NotWhole}}
}

// covers tells whether a signature covers every byte of the document but its
// own: two ranges, from the first byte and to the last, with nothing between
// but the hexadecimal digits that are the signature. Bytes behind the end, a
// later version of the document and a hole in it all fail here.
func covers(content []byte, s Signed) bool {
	if len(s.Range) != 4 || s.Range[0] != 0 {
		return false
	}
	from, to, length := s.Range[1], s.Range[2], s.Range[3]
	if from < 1 || to <= from+1 || length < 0 || to > len(content) || length != len(content)-to {
		return false
	}
	gap := content[from:to]
	if gap[0] != '<' || gap[len(gap)-1] != '>' {
		return false
	}
	digits, err := hex.DecodeString(string(gap[1 : len(gap)-1]))
	return err == nil && bytes.Equal(digits, s.Contents)
}

// formats are those that sign the document itself, and not a hash of it.
var formats = []string{"adbe.pkcs7.detached", "ETSI.CAdES.detached"}

// longestCMS bounds what is read as a signature, in bytes.
const longestCMS = 64 << 10

// judge checks a signature that covers the whole document.
func judge(content []byte, s Signed, trusted *x509.CertPool, arrived time.Time) (v Verdict) {
	unreadable := Verdict{Reasons: []Reason{Unreadable}}
	defer func() {
		if recover() != nil { // the library's, on bytes that somebody made up
			v = unreadable
		}
	}()
	cms, ok := parse(s)
	if !ok {
		return unreadable
	}
	cms.Content = slices.Concat(content[:s.Range[1]], content[s.Range[2]:])
	cert := cms.GetOnlySigner()
	v.Signer = signerOf(cert)
	v.SignedAt = said(cms, s)
	// The library stops at a time outside of the certificate's and checks no
	// further; that is the last reason here.
	if err := cms.Verify(); err != nil && validAt(cert, v.SignedAt) {
		v.Reasons = append(v.Reasons, Changed)
	}
	if cert.KeyUsage&x509.KeyUsageContentCommitment == 0 {
		v.Reasons = append(v.Reasons, NotForSigning)
	}
	if !issued(cert, cms.Certificates, v.SignedAt, trusted) {
		v.Reasons = append(v.Reasons, UnknownIssuer)
	}
	// What a signer's clock says, the signer can choose. That the file was here
	// is known: so the certificate must have been valid at both ends.
	if v.SignedAt.IsZero() || v.SignedAt.After(arrived.Add(clocksDiffer)) ||
		!validAt(cert, v.SignedAt) || !validAt(cert, arrived) {
		v.Reasons = append(v.Reasons, NotInTime)
	}
	return v
}

// clocksDiffer is how far a signer's clock may be ahead of ours.
const clocksDiffer = 10 * time.Minute

func validAt(cert *x509.Certificate, at time.Time) bool {
	return !at.Before(cert.NotBefore) && !at.After(cert.NotAfter)
}

// parse reads the CMS: one signer, its certificate in it, signed attributes, a
// digest that nobody can make collide, nothing behind it but zeros.
func parse(s Signed) (*pkcs7.PKCS7, bool) {
	if len(s.Contents) > longestCMS || !slices.Contains(formats, s.Format) {
		return nil, false
	}
	var outer asn1.RawValue
	rest, err := asn1.Unmarshal(s.Contents, &outer)
	if err != nil || len(bytes.Trim(rest, "\x00")) > 0 {
		return nil, false
	}
	cms, err := pkcs7.Parse(outer.FullBytes)
	if err != nil || len(cms.Signers) != 1 || cms.GetOnlySigner() == nil || len(cms.Content) > 0 {
		return nil, false
	}
	signer := cms.Signers[0]
	var kind asn1.ObjectIdentifier
	if err := cms.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &kind); err != nil || !kind.Equal(pkcs7.OIDData) {
		return nil, false
	}
	digest := signer.DigestAlgorithm.Algorithm
	return cms, digest.Equal(pkcs7.OIDDigestAlgorithmSHA256) || digest.Equal(pkcs7.OIDDigestAlgorithmSHA384) || digest.Equal(pkcs7.OIDDigestAlgorithmSHA512)
}
