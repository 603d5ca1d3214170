package evidence_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"guichet/portal/audit"
	"guichet/portal/evidence"
	. "guichet/portal/evidence/evidencetest"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// T25 and D8 (b): what a signature must be to prove anything, and each way in
// which it is not.
func TestSignatures(t *testing.T) {
	trusted, stranger := NewAuthority(t, "Citizen CA", time.Now()), NewAuthority(t, "Citizen CA", time.Now())
	pool, err := evidence.Signers(trusted.PEM())
	require.NoError(t, err)
	marie := Person{Name: "Marie Dupont (Signature)", Given: "Marie Anne", Surname: "Dupont"}
	signer := trusted.Issue(t, marie)
	signed := Sign(t, Draft{}, signer)
	flip := func(at int) []byte {
		b := bytes.Clone(signed)
		b[at] ^= 1
		return b
	}
	gap := bytes.Index(signed, []byte("/Contents <")) + len("/Contents <")
	over, later := marie, marie
	over.Left = -1
	later.Days = -1
	ago := time.Now().AddDate(0, 0, -2)
	wide := bytes.Replace(signed, []byte("/ByteRange [0 "), []byte("/ByteRange [1 "), 1)

	for _, c := range []struct {
		name    string
		content []byte
		arrived time.Time
		why     []evidence.Reason
	}{
		{"whole, trusted, in time", signed, time.Time{}, nil},
		{"behind a document of somebody else's", SignOther(t, Draft{}.Bytes(), signer), time.Time{}, nil},
		{"not signed", Draft{}.Bytes(), time.Time{}, []evidence.Reason{evidence.Unsigned}},
		{"a flipped byte on the page", flip(bytes.Index(signed, []byte("10 10 50"))), time.Time{}, []evidence.Reason{evidence.Changed}},
		{"a flipped byte behind the signature", flip(bytes.LastIndex(signed, []byte("MediaBox [0 0 1")) + 14), time.Time{}, []evidence.Reason{evidence.Changed}},
		{"bytes behind the end", append(bytes.Clone(signed), "\n"...), time.Time{}, []evidence.Reason{evidence.NotWhole}},
		{"a later version", Update(t, signed, 3, Stream("", []byte("0 g 0 0 99 99 re f"))), time.Time{}, []evidence.Reason{evidence.NotWhole}},
		{"a range that leaves out the first byte", wide, time.Time{}, []evidence.Reason{evidence.NotWhole}},
		{"a hole beside the signature", bytes.Replace(signed, []byte("00000>"), []byte("000> >"), 1), time.Time{}, []evidence.Reason{evidence.NotWhole}},
		{"another's signature's bytes", append(append(bytes.Clone(signed[:gap+200]), "00"...), signed[gap+202:]...), time.Time{}, nil},
		{"unknown issuer of the same name", Sign(t, Draft{}, stranger.Issue(t, marie)), time.Time{}, []evidence.Reason{evidence.UnknownIssuer}},
		{"issued by who may not", Sign(t, Draft{}, signer.Issue(t, marie)), time.Time{}, []evidence.Reason{evidence.UnknownIssuer}},
		{"expired before signing", Sign(t, Draft{}, trusted.Issue(t, over)), time.Time{}, []evidence.Reason{evidence.NotInTime}},
		{"not yet valid at signing", Sign(t, Draft{}, trusted.Issue(t, later)), time.Time{}, []evidence.Reason{evidence.NotInTime}},
		{"not yet valid at signing, but when it came in", Sign(t, Draft{}, trusted.Issue(t, later)), time.Now().AddDate(0, 0, 2), []evidence.Reason{evidence.NotInTime}},
		{"expired before it came in", signed, time.Now().AddDate(1, 0, 0), []evidence.Reason{evidence.NotInTime}},
		{"signed after it came in", signed, ago, []evidence.Reason{evidence.NotInTime}},
		{"a certificate for signing in", Sign(t, Draft{}, trusted.Issue(t, Person{Name: "Marie Dupont", ForSigningIn: true})), time.Time{}, []evidence.Reason{evidence.NotForSigning}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.arrived.IsZero() {
				c.arrived = time.Now()
			}
			paper, err := sandbox.Read(t.Context(), c.content)
			require.NoError(t, err)
			v := evidence.Judge(c.content, paper.Signatures, pool, c.arrived)
			if c.name == "another's signature's bytes" {
				require.NotEmpty(t, v.Reasons, "a byte of the signature itself")
				return
			}
			require.Equal(t, c.why, v.Reasons)
			require.Equal(t, len(c.why) == 0, v.Holds())
			require.False(t, v.RevocationChecked())
			if v.Holds() {
				require.Equal(t, "Marie Dupont", v.Signer.Name)
				require.Equal(t, "Citizen CA", v.Signer.Issuer)
				require.Empty(t, v.By("DUPONT Marie-Anne"))
				require.Equal(t, []evidence.Reason{evidence.NotTheSigner}, v.By("Marc Dupont"), "someone else's valid signature")
			} else {
				require.Equal(t, c.why, v.By("Marie Dupont"), "a bad signature proves nothing of its subject")
			}
		})
	}

	require.Equal(t, []evidence.Reason{evidence.Unsigned}, evidence.Verdict{}.By(""), "no verdict proves nothing")

	t.Run("nobody is trusted where nothing is set", func(t *testing.T) {
		paper, err := sandbox.Read(t.Context(), signed)
		require.NoError(t, err)
		require.Equal(t, []evidence.Reason{evidence.UnknownIssuer}, evidence.Judge(signed, paper.Signatures, nil, time.Now()).Reasons)
		one := paper.Signatures[0]
		for at, mark := range map[int]byte{one.Range[1]: '(', one.Range[2] - 1: ')'} { // what is signed is the same
			other := bytes.Clone(signed)
			other[at] = mark
			require.Equal(t, []evidence.Reason{evidence.NotWhole}, evidence.Judge(other, paper.Signatures, pool, time.Now()).Reasons, string(mark))
		}
		for what, change := range map[string]func(*evidence.Signed){
			"a signature of a hash":            func(s *evidence.Signed) { s.Format = "adbe.pkcs7.sha1" },
			"more ranges":                      func(s *evidence.Signed) { s.Range = append(slices.Clone(s.Range), 1, 1) },
			"ranges that overlap":              func(s *evidence.Signed) { s.Range = []int{0, len(signed), 0, len(signed)} },
			"a range beyond the end":           func(s *evidence.Signed) { s.Range = []int{0, 10, len(signed) + 9, -9} },
			"another's contents":               func(s *evidence.Signed) { s.Contents = append([]byte{1}, s.Contents...) },
			"a gap that is no signature":       func(s *evidence.Signed) { s.Range = []int{0, 20, 30, len(signed) - 30} },
			"contents that do not stand there": func(s *evidence.Signed) { s.Contents = nil },
		} {
			bad := one
			change(&bad)
			require.NotEmpty(t, evidence.Judge(signed, []evidence.Signed{bad}, pool, time.Now()).Reasons, what)
		}
	})

	t.Run("as it is kept", func(t *testing.T) {
		h := open(t, storetest.Backends(t)[0])
		h.Signers = pool
		f, err := h.take(t, "mandat.pdf", signed)
		require.NoError(t, err)
		v, err := h.Signature(t.Context(), officer, subject, f.ID)
		require.NoError(t, err)
		require.Empty(t, v.By("Marie Dupont"))
		photo, err := h.take(t, "scan.png", pngOf(t, grey(9, 9)))
		require.NoError(t, err)
		v, err = h.Signature(t.Context(), officer, subject, photo.ID)
		require.NoError(t, err)
		require.Equal(t, []evidence.Reason{evidence.Unsigned}, v.By("Marie Dupont"))
		require.EqualValues(t, 1, h.told(t, audit.EvidenceChecked))
		_, err = h.take(t, "mandat.pdf", append(bytes.Clone(signed), "\x00\x00PK"...))
		require.ErrorContains(t, err, "evidence.polyglot")
	})
}

// Each reason is said in every language, and that revocation is not checked.
func TestReasonsHaveTexts(t *testing.T) {
	for _, why := range append(slices.Clone(evidence.Reasons), "revocation") {
		requireText(t, "evidence.signature."+string(why))
	}
}

// The setting TRUSTED_SIGNERS: issuers and nothing else.
func TestSigners(t *testing.T) {
	issuer := NewAuthority(t, "CA", time.Now())
	_, err := evidence.Signers(slices.Concat(issuer.PEM(), NewAuthority(t, "Other", time.Now()).PEM(), []byte("\n")))
	require.NoError(t, err)
	for want, text := range map[string][]byte{
		"no certificate":          []byte("# none\n"),
		"may issue none":          issuer.Issue(t, Person{Name: "Marie"}).PEM(),
		"behind the last":         append(issuer.PEM(), "-----BEGIN CERT"...),
		"is not a certificate":    bytes.ReplaceAll(issuer.PEM(), []byte("CERTIFICATE"), []byte("PRIVATE KEY")),
		"(CERTIFICATE) is not a ": []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
	} {
		_, err := evidence.Signers(text)
		require.ErrorContains(t, err, want)
	}
}

// Names: the same words in the same order, or the family name first.
func TestSignerIs(t *testing.T) {
	card := evidence.Signer{Name: "Zoé Vœlklin", Given: "Zoé Marie", Surname: "D'Hœker-Vœlklin"}
	for name, same := range map[string]bool{
		"Zoé Vœlklin": true, "ZOE VOELKLIN": true, "zoe  voelklin ": true, "Zoe\u0301 Voelklin": true,
		"D'Hoeker Voelklin Zoé-Marie": true, "Zoé Marie d’Hoeker-Voelklin": true,
		"Zoé": false, "Voelklin": false, "Zoé Anne Voelklin": false, "Voelklin Zoé": false, "Zoé Völklin": false, "": false, " ": false,
	} {
		require.Equal(t, same, card.Is(name), name)
	}
	require.True(t, evidence.Signer{Name: "Jürgen Groß"}.Is("JURGEN GROSS"))
	require.False(t, evidence.Signer{Name: "Zоé Vоelklin"}.Is("Zoé Voelklin"), "letters of another alphabet are others")
	require.False(t, evidence.Signer{}.Is(""), "nobody is nobody")
	require.False(t, evidence.Signer{Name: "Marie Dupont", Pseudonym: true}.Is("Marie Dupont"), "a name that somebody chose")
}
