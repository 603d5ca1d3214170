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

// D2, Ld9: what may not go to its address any more is withdrawn and not in the
// file, which holds as many as it may; what somebody else handed over meanwhile
// is told.
func TestBundleHoldsWhatMayGo(t *testing.T) {
	p := newPost(t) // one history waits
	storetest.Exec(t, p.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, portal.Micros(p.now), p.stay)
	require.NoError(t, p.Do(t.Context(), func(u tx.Tx) error {
		for _, id := range []string{"zz1", "zz2", "zz3"} {
			l := sample(t, portal.German, "Anna", line1(portal.Gas, "7FLO2119031964"))
			l.ID = id
			u.Send(l)
		}
		return nil
	}))
	printer, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	b := &Bundle{Scribe: p.clerk.Scribe, Recipient: printer.Recipient(), Most: 3}
	dir := t.TempDir()
	hand := func(name string, want Handed) (ids []string) {
		name = filepath.Join(dir, name)
		h, err := b.HandOver(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, h)
		sealed, err := os.ReadFile(name)
		require.NoError(t, err)
		contents, _ := opened(t, sealed, printer)
		var m Manifest
		require.NoError(t, json.Unmarshal(contents[manifestName], &m))
		require.Len(t, contents, 1+2*len(m.Letters), "nothing that the manifest does not name")
		for _, l := range m.Letters {
			ids = append(ids, l.ID)
			require.Equal(t, portal.German, l.Language)
			require.Equal(t, string(outbox.References), l.Kind)
			require.True(t, sample(t, portal.German, "").QueuedAt.Equal(l.Queued))
		}
		return ids
	}
	require.Equal(t, []string{"zz1", "zz2"}, hand("a", Handed{Letters: 2, Dropped: 1}), "the third of three was withdrawn")
	b.Outbox = slower{b.Outbox}
	require.Equal(t, []string{"zz3"}, hand("b", Handed{Twice: 1}))
}

// slower finds that another has always been faster.
type slower struct{ Outbox }

func (slower) DeleteLetter(tx.Tx, string, string) (bool, error) { return false, nil }

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
