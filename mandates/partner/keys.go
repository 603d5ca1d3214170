package partner

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/tx"
)

// Scope is something a key may do. A new one needs: Scopes, web/locales
// "partner.scope."+name.
type Scope string

// The scopes.
const (
	ForMandates    Scope = "mandates"    // draft, give in, list
	ForConsumption Scope = "consumption" // deliveries
)

// Scopes lists them all.
var Scopes = []Scope{ForMandates, ForConsumption}

// LongestKey is how many months a key lives at most.
const LongestKey = 12

// Key is a program's way in. What it is made of is kept nowhere.
type Key struct {
	ID, PartnerID string
	Name          string
	Scopes        []Scope
	MadeAt        time.Time
	MadeBy        string
	ExpiresAt     time.Time
	EndedAt       time.Time
	UsedAt        time.Time // to the hour
	// Certificate is the SHA-256 of the client certificate without which it opens
	// nothing, in hexadecimal; "" where it needs none.
	Certificate string
}

// Live tells whether it opens at a moment.
func (k Key) Live(now time.Time) bool { return k.EndedAt.IsZero() && now.Before(k.ExpiresAt) }

// Has tells whether a scope is the key's.
func (k Key) Has(s Scope) bool { return slices.Contains(k.Scopes, s) }

// keyMark begins every key, so that one lying about is recognised.
const keyMark = "guichet_"

func (s *Service) keyHash(key keys.Secret) string {
	return s.Ring.HashText(keys.ForAPIKey, key.Reveal())
}

// KeyForm is a key as it is asked for.
type KeyForm struct {
	Name   string
	Scopes []Scope
	Months int
	// Certificate is a client certificate (PEM) or its fingerprint, as openssl
	// x509 -fingerprint -sha256 prints it; "" for none.
	Certificate string
}

// MakeKey makes a key and gives it, shown once. The error is portal.Problems.
func (s *Service) MakeKey(ctx context.Context, by Guest, f KeyForm) (keys.Secret, Key, error) {
	var problems portal.Problems
	wrong := func(field, key string, args ...any) {
		problems = append(problems, &portal.Error{Code: portal.Invalid, Key: key, Field: field, Args: args})
	}
	if err := by.manager(); err != nil {
		return "", Key{}, err
	}
	now := s.Clock()
	k := Key{ID: portal.NewID(now), PartnerID: by.PartnerID, Name: strings.Join(strings.Fields(f.Name), " "), MadeAt: now, MadeBy: by.Login}
	if k.Name == "" || utf8.RuneCountInString(k.Name) > longest {
		wrong("name", "partner.name", longest)
	}
	for _, known := range Scopes {
		if slices.Contains(f.Scopes, known) {
			k.Scopes = append(k.Scopes, known)
		}
	}
	if len(k.Scopes) == 0 {
		wrong("scopes", "partner.scopes")
	}
	if f.Months < 1 || f.Months > LongestKey {
		wrong("months", "partner.months", LongestKey)
	}
	var ok bool
	if k.Certificate, ok = fingerprint(f.Certificate); !ok {
		wrong("certificate", "partner.certificate")
	}
	if len(problems) > 0 {
		return "", Key{}, problems
	}
	k.ExpiresAt = now.AddDate(0, f.Months, 0)
	key := keys.Secret(keyMark + portal.Token() + portal.Token())
	return key, k, s.Runner.Do(ctx, func(t tx.Tx) error {
		details := map[string]string{"key": k.ID, "scopes": joined(k.Scopes)}
		if k.Certificate != "" {
			details["certificate"] = k.Certificate
		}
		t.Record(entry(by.Actor(), now, audit.KeyMade, by.PartnerID, details))
		return s.Store.PutKey(t, k, s.keyHash(key))
	})
}

// Fingerprint is what a key remembers of a certificate.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// fingerprint reads a certificate or its fingerprint.
func fingerprint(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", true
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return "", false
		}
		return Fingerprint(c), true
	}
	if i := strings.LastIndexByte(text, '='); i >= 0 { // sha256 Fingerprint=AA:BB...
		text = text[i+1:]
	}
	text = strings.ToLower(strings.NewReplacer(":", "", " ", "", "\r", "", "\n", "").Replace(text))
	sum, err := hex.DecodeString(text)
	return text, err == nil && len(sum) == sha256.Size
}

func joined(scopes []Scope) string {
	words := make([]string, len(scopes))
	for i, one := range scopes {
		words[i] = string(one)
	}
	return strings.Join(words, ",")
}

// EndKey ends one of the organisation's keys at once; NotFound.
func (s *Service) EndKey(ctx context.Context, by Guest, id string) error {
	if err := by.manager(); err != nil {
		return err
	}
	now := s.Clock()
	return s.Runner.Do(ctx, func(t tx.Tx) error {
		ended, err := s.Store.EndKey(t, by.PartnerID, id, now)
		if err != nil {
			return err
		}
		if !ended {
			return &portal.Error{Code: portal.NotFound, Key: "partner.key"}
		}
		t.Record(entry(by.Actor(), now, audit.KeyEnded, by.PartnerID, map[string]string{"key": id}))
		return nil
	})
}

// Keys lists the organisation's keys, newest first.
func (s *Service) Keys(ctx context.Context, by Guest) ([]Key, error) {
	return s.Store.Keys(ctx, by.PartnerID)
}

// Program is who presented a key: it acts for its organisation.
type Program struct {
	Key          Key
	Organisation Organisation
}

// Actor is the program as the trail names it.
func (p Program) Actor() portal.Actor {
	return portal.Actor{Kind: portal.Partner, ID: "key:" + p.Key.ID}
}

// errKey is the one answer to every key that opens nothing.
var errKey = &portal.Error{Code: portal.SignedOut, Key: "partner.api-key"}

// errCertificate is the answer to a live key without its certificate.
var errCertificate = &portal.Error{Code: portal.Denied, Key: "partner.certificate.missing"}

// Authenticate tells whose key was presented, over a connection that showed a
// client certificate of that fingerprint, "" for none. One hash and one query,
// whether the key exists, ended, expired or belongs to somebody suspended:
// SignedOut. Denied "partner.certificate.missing" where it is live and bound to
// another certificate, "partner.scope", with the program whose key it is, where
// it lacks the scope.
func (s *Service) Authenticate(ctx context.Context, presented keys.Secret, certificate string, wanted Scope) (Program, error) {
	now := s.Clock()
	k, o, found, err := s.Store.KeyByHash(ctx, s.keyHash(presented), now)
	if err != nil {
		return Program{}, err
	}
	if !found {
		return Program{}, errKey
	}
	if k.Certificate != "" && k.Certificate != certificate {
		return Program{}, errCertificate
	}
	if !k.Has(wanted) {
		return Program{k, o}, &portal.Error{Code: portal.Denied, Key: "partner.scope"}
	}
	if now.Sub(k.UsedAt) >= time.Hour {
		if err := s.Runner.Do(ctx, func(t tx.Tx) error { return s.Store.UseKey(t, k.ID, now) }); err != nil {
			return Program{}, err
		}
	}
	return Program{k, o}, nil
}
