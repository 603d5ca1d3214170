package login

import (
	"context"
	"strings"
	"unicode/utf8"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/alexedwards/argon2id"
)

const (
	// ShortestPassword is in characters. There is no rule about kinds of
	// characters: length is what counts.
	ShortestPassword = 12
	// LongestPassword is in bytes.
	LongestPassword = 256

	// hashesAtOnce bounds the memory that sign-ins can take: 2 x 19 MiB.
	hashesAtOnce = 2
	// waitingAtMost is how many may queue for a hash before others are refused.
	waitingAtMost = 64
)

// cost of one hash: 19 MiB, two passes, one lane; the least that OWASP's
// password storage sheet recommends for Argon2id, about 40 ms here.
var cost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// common passwords of twelve characters and more that lists of leaks begin
// with, folded; what contains the product's name is refused beside them.
var common = map[string]bool{
	"123456789012": true, "1234567890123": true, "12345678901234": true, "123123123123": true, "111111111111": true,
	"000000000000": true, "password1234": true, "password12345": true, "passwordpassword": true, "motdepasse12": true,
	"motdepasse123": true, "motdepasse1234": true, "passwort1234": true, "passwort12345": true, "azertyuiop12": true,
	"azertyuiop123": true, "azertyuiopqs": true, "qwertyuiop12": true, "qwertyuiop123": true, "qwertyuiopas": true,
	"qwertzuiop12": true, "qwertzuiop123": true, "qwertyqwerty": true, "azertyazerty": true, "abcdefghijkl": true,
	"abcdefghijklm": true, "iloveyou1234": true, "welcome12345": true, "bienvenue123": true, "willkommen12": true,
	"willkommen123": true, "administrator": true, "administrateur": true, "changemeplease": true, "letmeinletmein": true,
	"1q2w3e4r5t6y": true, "1qaz2wsx3edc": true, "wachtwoord12": true, "wachtwoord123": true,
}

// Acceptable refuses passwords that are too short, too long, widely known, all
// one character, or made of the login or the product's name. Invalid errors on
// Field "password".
func Acceptable(login string, password keys.Secret) error {
	wrong := func(key string, args ...any) error {
		return &portal.Error{Code: portal.Invalid, Key: "password." + key, Field: "password", Args: args}
	}
	plain := password.Reveal()
	folded := strings.ToLower(strings.TrimSpace(plain))
	switch {
	case utf8.RuneCountInString(folded) < ShortestPassword:
		return wrong("short", ShortestPassword)
	case len(plain) > LongestPassword:
		return wrong("long", LongestPassword)
	case common[folded], strings.Trim(folded, folded[:1]) == "":
		return wrong("common")
	case len(login) > 0 && strings.Contains(folded, strings.ToLower(login)), strings.Contains(folded, "guichet"):
		return wrong("login")
	}
	return nil
}

// Passwords hashes and compares, few at a time. Make one with NewPasswords.
type Passwords struct {
	slots, queue chan struct{}
	nobody       string
}

// NewPasswords makes the one that a process shares.
func NewPasswords() (*Passwords, error) {
	nobody, err := argon2id.CreateHash(portal.Token(), cost)
	if err != nil {
		return nil, err
	}
	return &Passwords{
		slots:  make(chan struct{}, hashesAtOnce),
		queue:  make(chan struct{}, waitingAtMost),
		nobody: nobody,
	}, nil
}

// Hash gives the text to store. TooMany where too many wait, Unavailable where
// ctx ends first.
func (p *Passwords) Hash(ctx context.Context, password keys.Secret) (string, error) {
	turn, err := p.Turn(ctx)
	if err != nil {
		return "", err
	}
	defer turn.End()
	hash, err := argon2id.CreateHash(password.Reveal(), cost)
	if err != nil {
		return "", portal.Shut("login", err)
	}
	return hash, nil
}

// Turn is a place at the hashing. Whoever holds one is not refused for others'
// sake any more: what a comparison costs is charged then, not before (T26).
type Turn struct{ p *Passwords }

// Turn waits for one. TooMany where too many wait, Unavailable where ctx ends
// first. It must be ended, once.
func (p *Passwords) Turn(ctx context.Context) (Turn, error) {
	select {
	case p.queue <- struct{}{}:
	default:
		return Turn{}, &portal.Error{Code: portal.TooMany, Key: "login.busy"}
	}
	select {
	case p.slots <- struct{}{}:
		return Turn{p}, nil
	case <-ctx.Done():
		<-p.queue
		return Turn{}, portal.Shut("login", ctx.Err())
	}
}

// End gives the place to the next one.
func (t Turn) End() {
	<-t.p.slots
	<-t.p.queue
}

// Matches compares; for the empty hash (nobody has that login) it works as
// long and says no. Unavailable where the hash cannot be read.
func (t Turn) Matches(password keys.Secret, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = t.p.nobody
	}
	plain := password.Reveal()
	if len(plain) > LongestPassword {
		plain, known = plain[:LongestPassword], false
	}
	same, err := argon2id.ComparePasswordAndHash(plain, hash)
	if err != nil {
		return false, portal.Shut("login", err)
	}
	return same && known, nil
}
