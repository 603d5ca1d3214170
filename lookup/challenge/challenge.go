// Package challenge stands before the gate against robots (M2): six random
// digits, drawn into a picture or spoken in the page's language. It orders "no
// solve, no count" and slows people with scripts; it is no limit, since a small
// network reads the pictures, and another could be taught the sounds.
//
// An answer lives in the short-lived state under "captcha:"+id, ten minutes at
// most and for one use, right or wrong: it is taken and deleted in one step
// that can fail, and only then compared. The id carries when it was drawn, so
// that the age is also checked on reading; whoever changes it names nothing.
// Pictures and sounds are drawn from a keyed hash of the id: the same each time
// it is asked for, and not to be computed by a reader of this text.
package challenge

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/state"
)

const (
	// Life is how long a challenge can be answered (T11).
	Life = 10 * time.Minute
	// Cap is how many may be alive at once (T12).
	Cap = 100_000

	digits    = 6
	keyPrefix = "captcha:"
)

// Service draws challenges and takes their answers. It is safe for concurrent use.
type Service struct {
	ring  *keys.Ring
	state state.Store
	clock portal.Clock
}

// New makes the service.
func New(ring *keys.Ring, st state.Store, clock portal.Clock) *Service {
	return &Service{ring, st, clock}
}

// Draw makes a challenge and gives its id, which opens nothing and may stand
// in a URL. TooMany: the cap is reached; those alive still work.
func (s *Service) Draw(ctx context.Context) (id string, err error) {
	alive, err := s.state.Count(ctx, keyPrefix)
	if err != nil {
		return "", err
	}
	if alive >= Cap {
		return "", &portal.Error{Code: portal.TooMany, Key: "captcha.many"}
	}
	id = strconv.FormatInt(s.clock().UnixMilli(), 36) + "-" + portal.Token()
	return id, s.state.Set(ctx, keyPrefix+id, drawDigits(), Life)
}

// drawDigits gives six digits, each equally likely.
func drawDigits() []byte {
	answer := make([]byte, 0, digits)
	var b [16]byte
	for {
		rand.Read(b[:]) // never fails: crypto/rand stops the program instead
		for _, c := range b {
			if c >= 250 {
				continue
			}
			if answer = append(answer, '0'+c%10); len(answer) == digits {
				return answer
			}
		}
	}
}

// Take uses a challenge up, whatever the answer, and compares in constant
// time. Blanks and full-width digits are fine; anything but six digits is
// wrong. Its Invalid errors have Field "captcha" and the keys captcha.old (also
// where there never was one), captcha.empty, captcha.wrong.
func (s *Service) Take(ctx context.Context, id string, answer keys.Secret) error {
	if !s.fresh(id) {
		return refuse("captcha.old")
	}
	value, ok, err := s.state.Take(ctx, keyPrefix+id)
	switch {
	case err != nil:
		return err
	case !ok:
		return refuse("captcha.old")
	}
	typed, clean := registry.CleanDigits(answer)
	switch {
	case clean && typed == "":
		return refuse("captcha.empty")
	case !clean || !typed.Equal(keys.Secret(value)):
		return refuse("captcha.wrong")
	}
	return nil
}

// look gives a live challenge's digits as numbers, without using it up.
// NotFound: there is none, or it is over.
func (s *Service) look(ctx context.Context, id string) ([]byte, error) {
	missing := &portal.Error{Code: portal.NotFound, Key: "captcha.old"}
	if !s.fresh(id) {
		return nil, missing
	}
	answer, ok, err := s.state.Get(ctx, keyPrefix+id)
	if err != nil {
		return nil, err
	}
	if !ok || len(answer) != digits {
		return nil, missing
	}
	for i := range answer {
		answer[i] -= '0'
	}
	return answer, nil
}

// fresh tells whether an id is one of ours by its form and young enough. A
// clock set back makes none younger than not yet drawn.
func (s *Service) fresh(id string) bool {
	drawn, token, ok := strings.Cut(id, "-")
	if !ok || len(drawn) > 12 || len(token) != 26 {
		return false
	}
	ms, err := strconv.ParseInt(drawn, 36, 64)
	return err == nil && s.clock().Sub(time.UnixMilli(ms)) < Life
}

func refuse(key string) error {
	return &portal.Error{Code: portal.Invalid, Key: key, Field: "captcha"}
}
