package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/web/api"
)

// D9: a delivery's file is checked with the public key alone, no database there.
func TestVerifyMandate(t *testing.T) {
	dir := t.TempDir()
	ring, err := keys.Create(filepath.Join(dir, "keys"))
	require.NoError(t, err)
	public := filepath.Join(dir, "keys", keys.TrailPublicFile)
	content, err := api.Render(metering.Series{EAN: "541449000000000010", Energy: portal.Electricity, Grain: metering.ByMonth})
	require.NoError(t, err)
	sum := sha256.Sum256(content)
	e := audit.Entry{ID: portal.NewID(time.Unix(1_770_000_000, 0)), At: time.Unix(1_770_000_000, 0), Action: audit.Delivered, Subject: "occupancy:o",
		Details: map[string]string{"content": hex.EncodeToString(sum[:]), "text": "aa", "document": "bb"}, Blind: make([]byte, audit.SaltSize)}
	rand.Read(e.Blind)
	file, err := api.Write(mandates.Delivery{Mandate: mandates.Mandate{ID: "m-1"}, Entry: e.ID, Content: content, Recorded: e.Recorded(), Says: e.Details}, ring.TrailSigner())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "delivery.json"), file, 0o600))

	bare := t.TempDir() // neither keys nor database
	got := guichet(t, bare, nil, "", "audit", "verify-mandate", "--public-key", public, filepath.Join(dir, "delivery.json"))
	require.Zero(t, got.status, got.err)
	require.Contains(t, got.out, "the delivery holds: entry "+e.ID)
	require.Contains(t, got.out, "m-1")
	require.NotContains(t, got.out, "occupancy")

	changed := bytes.Replace(file, []byte(`"grain":"month"`), []byte(`"grain":"day"`), 1)
	require.NotEqual(t, file, changed)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "changed.json"), changed, 0o600))
	got = guichet(t, bare, nil, "", "audit", "verify-mandate", "--public-key", public, filepath.Join(dir, "changed.json"))
	require.Equal(t, 1, got.status)
	require.Contains(t, got.err, "not what was delivered")
	require.Contains(t, guichet(t, bare, nil, "", "audit", "verify-mandate", "--help").out, "Example: ")
}
