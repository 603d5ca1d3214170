package login

import (
	"crypto/rand"
	"encoding/base32"
	"time"

	"guichet/portal/keys"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

const (
	// stepLength is how long a one-time code lasts (RFC 6238).
	stepLength = 30 * time.Second
	// skew is how many steps a telephone's clock may be off, each way.
	skew = 1
)

// NewSeed draws the seed of one-time codes: 160 bits in base 32, as
// authenticator programs take it.
func NewSeed() keys.Secret {
	var b [20]byte
	rand.Read(b[:])
	return keys.Secret(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// Code gives the code of a time: what the person's telephone shows.
func Code(seed keys.Secret, at time.Time) (keys.Secret, error) {
	code, err := totp.GenerateCodeCustom(seed.Reveal(), at, totp.ValidateOpts{
		Period: uint(stepLength.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	return keys.Secret(code), err
}

// MatchCode finds the step whose code was typed, among those that the clocks'
// skew allows and that lie after used, the last step that signed in: a code
// works once, and none before it works any more (T26). It always compares all.
func MatchCode(seed, typed keys.Secret, now time.Time, used int64) (step int64, ok bool, err error) {
	this := now.Unix() / int64(stepLength.Seconds())
	for s := this - skew; s <= this+skew; s++ {
		code, err := Code(seed, time.Unix(s*int64(stepLength.Seconds()), 0))
		if err != nil {
			return 0, false, err
		}
		if code.Equal(typed) && s > used {
			step, ok = s, true
		}
	}
	return step, ok, nil
}
