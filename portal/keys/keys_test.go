package keys

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
)

// G12, habit 14: no way of printing shows a secret.
func TestSecretPrintsMasked(t *testing.T) {
	type form struct{ Digits Secret }
	s := Secret("6616")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "form", form{s}, "pointer", &s)
	encoded, err := json.Marshal(map[string]any{"form": form{s}, "list": []Secret{s}})
	require.NoError(t, err)
	for _, out := range []string{
		fmt.Sprint(s), fmt.Sprintf("%s %v %q %x %d %#v %+v", s, s, s, s, s, s, form{s}), fmt.Sprint(&s, []Secret{s}),
		fmt.Errorf("wrong: %v", s).Error(), log.String(), string(encoded),
	} {
		require.NotContains(t, out, "6616")
		require.NotContains(t, out, "36363136", "not as hexadecimal digits either")
		require.Contains(t, out, "****")
	}
	require.Equal(t, "6616", s.Reveal())
	require.True(t, s.Equal("6616"))
	require.False(t, s.Equal("6617"))
}

func ring(t *testing.T) (*Ring, string) {
	dir := filepath.Join(t.TempDir(), "keys")
	r, err := Create(dir)
	require.NoError(t, err)
	return r, dir
}

func TestRingIsTheSameWhenOpenedAgain(t *testing.T) {
	r, dir := ring(t)
	again, err := Open(dir)
	require.NoError(t, err)
	require.Equal(t, r.Fingerprint(), again.Fingerprint())
	require.Equal(t, r.CounterKey("reference", "12345678901234"), again.CounterKey("reference", "12345678901234"))
	other, _ := ring(t)
	require.NotEqual(t, r.Fingerprint(), other.Fingerprint())
	require.NotEqual(t, r.CounterKey("reference", "1"), other.CounterKey("reference", "1"))
}

// T29: keys that others can read, halves that do not belong together, missing
// and damaged files are refused.
func TestRingRefuses(t *testing.T) {
	_, dir := ring(t)
	_, err := Create(dir)
	require.ErrorContains(t, err, "never overwritten")

	require.NoError(t, os.Chmod(dir, 0o755))
	_, err = Open(dir)
	require.ErrorContains(t, err, "others must not read it")
	require.NoError(t, os.Chmod(dir, 0o700))

	_, otherDir := ring(t)
	otherPub, err := os.ReadFile(filepath.Join(otherDir, TrailPublicFile))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, TrailPublicFile), otherPub, 0o600))
	_, err = Open(dir)
	require.ErrorContains(t, err, "do not belong together")

	_, damaged := ring(t)
	require.NoError(t, os.WriteFile(filepath.Join(damaged, pepperFile), []byte("abc"), 0o600))
	_, err = Open(damaged)
	require.ErrorContains(t, err, pepperFile)

	_, err = Open(filepath.Join(dir, "nowhere"))
	require.ErrorContains(t, err, "guichet migrate --new-keys")
}

func TestHashesKeepPurposesAndPartsApart(t *testing.T) {
	r, _ := ring(t)
	require.NotEqual(t, r.Hash(ForDigits, "a", "b"), r.Hash(ForLetterCode, "a", "b"))
	require.NotEqual(t, r.Hash(ForDigits, "ab", ""), r.Hash(ForDigits, "a", "b"))
	require.NotEqual(t, r.CounterKey("reference", "1"), r.CounterKey("works", "1"))
	require.Len(t, r.Hash(ForDigits), 32)
}

// T17: the pepper never rotates, and neither may what is made of it: a hash
// made otherwise would give every blocked reference its tries back.
func TestT17HashesNeverChange(t *testing.T) {
	h := newHasher(bytes.Repeat([]byte{7}, 32))
	for range 2 { // the second one with what the first left behind
		require.Equal(t, "f03b06bc20dc20acf55b4ca57a045671026f05711902d7e750a6a1b01f702250", hex.EncodeToString(h.mac(ForReference, "reference", "12345678901234")))
		require.Equal(t, "e6579d34737b83529e6d70fa2178c932cb78181f609cb2f8db942aaca2c741c2", hex.EncodeToString(h.mac("fingerprint")))
	}
}

func TestSealedBlobsOpenOnlyWhereTheyBelong(t *testing.T) {
	r, _ := ring(t)
	sealed := r.Seal(ForOutbox, "letter-1", []byte("Madame"))
	require.NotContains(t, string(sealed), "Madame")
	plain, err := r.Open(ForOutbox, "letter-1", sealed)
	require.NoError(t, err)
	require.Equal(t, "Madame", string(plain))
	_, err = r.Open(ForOutbox, "letter-2", sealed)
	require.Error(t, err)
	_, err = r.Open(ForStaffCode, "letter-1", sealed)
	require.Error(t, err)
	sealed[len(sealed)-1] ^= 1
	_, err = r.Open(ForOutbox, "letter-1", sealed)
	require.Error(t, err)
	_, err = r.Open(ForOutbox, "letter-1", nil)
	require.Error(t, err)
}

func TestTrailKeySignsWhatItsPublicHalfVerifies(t *testing.T) {
	r, _ := ring(t)
	verifier, err := note.NewVerifier(r.TrailVerifierKey())
	require.NoError(t, err)
	signed, err := note.Sign(&note.Note{Text: "head\n"}, r.TrailSigner())
	require.NoError(t, err)
	_, err = note.Open(signed, note.VerifierList(verifier))
	require.NoError(t, err)
}
