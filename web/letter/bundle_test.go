package letter

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"filippo.io/age"
	"github.com/stretchr/testify/require"
)

// TestBundleForThePrintHouse: one sealed file that only the key opens, with a
// manifest that names each letter and its checksums; handed over once, never
// written over, nothing in the clear beside it; a broken letter waits.
func TestBundleForThePrintHouse(t *testing.T) {
	p := newPost(t) // one history waits
	require.NoError(t, p.Do(t.Context(), func(u tx.Tx) error {
		l := sample(t, portal.French, "Anna", line1(portal.Gas, "7FLO2119031964"))
		l.ID = ""
		u.Send(l)
		l.ID, l.Kind = "00broken", "postcard"
		u.Send(l)
		return nil
	}))
	printer, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	b := &Bundle{Scribe: p.clerk.Scribe, Recipient: printer.Recipient()}
	dir := t.TempDir()
	name := filepath.Join(dir, "letters.tar.age")
	h, err := b.HandOver(t.Context(), name)
	require.ErrorContains(t, err, "postcard")
	require.Equal(t, Handed{Letters: 2}, h)
	sealed, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "Tilleuls")
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := files[0].Info()
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	stranger, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	_, err = age.Decrypt(bytes.NewReader(sealed), stranger)
	require.Error(t, err)
	contents, order := opened(t, sealed, printer)
	require.Equal(t, manifestName, order[len(order)-1])
	var m Manifest
	require.NoError(t, json.Unmarshal(contents[manifestName], &m))
	require.Len(t, m.Letters, 2)
	require.Len(t, contents, 5)
	for _, l := range m.Letters {
		for _, part := range []Part{l.PDF, l.HTML} {
			sum := sha256.Sum256(contents[part.Name])
			require.Equal(t, hex.EncodeToString(sum[:]), part.SHA256)
		}
		require.True(t, bytes.HasPrefix(contents[l.PDF.Name], []byte("%PDF-")))
	}
	require.EqualValues(t, 2, storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'letter.handed' AND actor_id = 'print house'`))
	require.EqualValues(t, 1, storetest.Number(t, p.dsn, `SELECT COUNT(*) FROM trail WHERE action = 'history.posted' AND subject = $1`, "occupancy:"+p.stay))

	_, err = b.HandOver(t.Context(), name)
	require.ErrorContains(t, err, "is there already")
	next := filepath.Join(dir, "next.tar.age")
	h, err = b.HandOver(t.Context(), next)
	require.ErrorContains(t, err, "postcard")
	require.Equal(t, Handed{}, h)
	require.NoFileExists(t, next, "nothing waits, no file")
	left, err := p.WaitingLetters(t.Context(), "", 5)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, outbox.Kind("postcard"), left[0].Kind)
}

func opened(t *testing.T, sealed []byte, key age.Identity) (contents map[string][]byte, order []string) {
	t.Helper()
	plain, err := age.Decrypt(bytes.NewReader(sealed), key)
	require.NoError(t, err)
	contents = map[string][]byte{}
	for r := tar.NewReader(plain); ; {
		head, err := r.Next()
		if err == io.EOF {
			return contents, order
		}
		require.NoError(t, err)
		contents[head.Name], err = io.ReadAll(r)
		require.NoError(t, err)
		order = append(order, head.Name)
	}
}
