// Package keys protects what must not be read or guessed even by somebody who
// holds the database: it keeps the keyring, hashes references and digits with
// keys that are not in the database, seals blobs, signs the trail's heads and
// the device cookies, and gives the type Secret, which prints as ****.
//
// The counters' pepper never rotates: a rotated pepper would give every
// blocked reference its three tries back (G12, T17).
package keys

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/mod/sumdb/note"
)

// Purpose names what a hash or a sealed blob is for, so that one can never
// stand in for another.
type Purpose string

// The purposes of keyed hashes and of sealing. A new one needs nothing but a
// line here: keys are derived from the ring's per purpose.
const (
	ForReference   Purpose = "reference"    // counter key of a typed number; uses the pepper
	ForDigits      Purpose = "digits"       // the four digits, bound to their reference
	ForLetterCode  Purpose = "letter-code"  // bound to its reference
	ForTried       Purpose = "tried"        // wrong digits already counted (T21)
	ForDevice      Purpose = "device"       // device cookie's signature
	ForForm        Purpose = "form"         // what was posted with a form (T21)
	ForSource      Purpose = "source"       // an address in a limiter's key
	ForCaptcha     Purpose = "captcha"      // how a challenge is drawn and spoken
	ForSession     Purpose = "session"      // a session's cookie, as state key
	ForOutbox      Purpose = "outbox"       // sealed letters
	ForRequest     Purpose = "request"      // sealed requests for a letter
	ForStaffCode   Purpose = "staff-code"   // sealed one-time-code seeds
	ForPartnerCode Purpose = "partner-code" // the same of partners' people
	ForInvitation  Purpose = "invitation"   // a one-time code that sets up an account, bound to its login
	ForAPIKey      Purpose = "api-key"      // a partner's key
	ForEvidence    Purpose = "evidence"     // sealed uploaded documents (T25)
	ForWork        Purpose = "work"         // proof of work: its signature, its form, that it was used (T28)
	ForHook        Purpose = "hook"         // sealed secrets of partners' webhooks
	ForBatch       Purpose = "batch"        // sealed results that wait for their partner
	ForWorksDraft  Purpose = "works-draft"  // sealed captures on their way, and their receipts
	ForMail        Purpose = "mail"         // a mail address in the count of a day's mails
)

// TrailName is the signer's name in signed heads.
const TrailName = "guichet-trail"

// Ring is the opened keyring. Its methods are safe for concurrent use.
type Ring struct {
	pepper *hasher // counters and references; never rotates
	secret *hasher // everything else that is hashed or sealed
	signer note.Signer
	vkey   string
}

// TrailPublicFile holds the trail's public key in the keys folder; it may be
// given to anybody.
const TrailPublicFile = "trail.pub"

const (
	pepperFile = "pepper.key"
	secretFile = "secret.key"
	trailFile  = "trail.key"
)

// Create makes a new keyring in dir (mode 0700), which must not hold one.
func Create(dir string) (*Ring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("keys folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, pepperFile)); err == nil {
		return nil, fmt.Errorf("keys folder %s already holds keys; they are never overwritten", dir)
	}
	signKey, verifyKey, err := note.GenerateKey(rand.Reader, TrailName)
	if err != nil {
		return nil, err
	}
	pepper, secret := make([]byte, 32), make([]byte, 32)
	rand.Read(pepper)
	rand.Read(secret)
	for name, content := range map[string]string{
		secretFile:      hex.EncodeToString(secret),
		trailFile:       signKey,
		TrailPublicFile: verifyKey,
		pepperFile:      hex.EncodeToString(pepper),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("keys folder: %w", err)
		}
	}
	return Open(dir)
}

// Open reads the keyring of dir and refuses one that others can read.
func Open(dir string) (*Ring, error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keys folder %s does not exist; make one with: guichet migrate --new-keys", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("keys folder: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keys folder %s has mode %04o; others must not read it: chmod 700 %s", dir, info.Mode().Perm(), dir)
	}
	read := func(name string) (string, error) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("keys folder %s: %w", dir, err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	var r Ring
	for name, into := range map[string]**hasher{pepperFile: &r.pepper, secretFile: &r.secret} {
		text, err := read(name)
		if err != nil {
			return nil, err
		}
		key, err := hex.DecodeString(text)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("keys folder %s: %s is not 64 hexadecimal digits", dir, name)
		}
		*into = newHasher(key)
	}
	signKey, err := read(trailFile)
	if err != nil {
		return nil, err
	}
	if r.signer, err = note.NewSigner(signKey); err != nil {
		return nil, fmt.Errorf("keys folder %s: %s: %w", dir, trailFile, err)
	}
	if r.vkey, err = read(TrailPublicFile); err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(r.vkey)
	if err != nil {
		return nil, fmt.Errorf("keys folder %s: %s: %w", dir, TrailPublicFile, err)
	}
	if verifier.KeyHash() != r.signer.KeyHash() {
		return nil, fmt.Errorf("keys folder %s: %s and %s do not belong together", dir, trailFile, TrailPublicFile)
	}
	return &r, nil
}

// Fingerprint tells keyrings apart without telling them; the database keeps
// the one it was made with, and serve refuses any other (T29).
func (r *Ring) Fingerprint() string {
	h := sha256.New()
	h.Write(r.pepper.mac("fingerprint"))
	h.Write(r.secret.mac("fingerprint"))
	h.Write([]byte(r.vkey))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// TrailSigner signs heads; TrailVerifierKey is the public half, as note's
// vkey text.
func (r *Ring) TrailSigner() note.Signer { return r.signer }

// TrailVerifierKey is the public key that anybody may hold to verify heads.
func (r *Ring) TrailVerifierKey() string { return r.vkey }

// CounterKey names the counter of a number of some kind, known or not. It uses
// the pepper, which never rotates.
func (r *Ring) CounterKey(kind string, number Secret) string {
	return base64.RawURLEncoding.EncodeToString(r.pepper.mac(ForReference, kind, number.Reveal()))
}

// Hash gives the keyed hash of parts for a purpose, 32 bytes.
func (r *Ring) Hash(p Purpose, parts ...string) []byte {
	return r.secret.mac(p, parts...)
}

// HashText is Hash as URL-safe text, for state keys and cookies.
func (r *Ring) HashText(p Purpose, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(r.Hash(p, parts...))
}

// Same compares two hashes in constant time.
func Same(a, b []byte) bool { return hmac.Equal(a, b) }

func (r *Ring) aead(p Purpose) cipher.AEAD {
	a, err := chacha20poly1305.NewX(r.secret.mac("seal:" + p))
	if err != nil {
		panic("keys: a 32-byte key always fits: " + err.Error())
	}
	return a
}

// Seal encrypts a blob for a purpose, bound to the id of the row it lies in.
func (r *Ring) Seal(p Purpose, id string, plain []byte) []byte {
	a := r.aead(p)
	nonce := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	rand.Read(nonce)
	return a.Seal(nonce, nonce, plain, []byte(id))
}

// Open decrypts what Seal made; it fails for another purpose, id or keyring.
func (r *Ring) Open(p Purpose, id string, sealed []byte) ([]byte, error) {
	a := r.aead(p)
	if len(sealed) < a.NonceSize() {
		return nil, errors.New("keys: sealed blob too short")
	}
	return a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], []byte(id))
}
