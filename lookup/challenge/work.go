package challenge

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"

	"github.com/altcha-org/altcha-lib-go"
)

const (
	// MaxNumber bounds the number to be found: 25,000 hashes on the average.
	// Measured on two busy cores, Chromium's WebCrypto does 70,000 a second, and
	// 15,000 slowed down four times as a plain phone is: there it is done in
	// three seconds at the latest, while the reference is still being typed.
	// A native program needs some milliseconds: work slows a flood, it limits nothing.
	MaxNumber = 50_000

	algorithm = "SHA-256" // the only one, whatever the protocol also knows

	// payloadSize bounds a solution in bytes; a real one has about 500.
	payloadSize = 2 << 10

	// skew is how much longer than its challenge the mark of a used solution
	// lives: so far may another replica's clock be behind (T17).
	skew = time.Minute
)

// Names of the parameters that a salt carries, signed with it.
const (
	expiresParam = "expires" // seconds since 1970, as the protocol has it
	formParam    = "form"    // keyed hash of the form's token
	maxParam     = "max"     // MaxNumber when it was drawn
)

// Proofs gives a browser something to compute, after the ALTCHA protocol: the
// number between 0 and MaxNumber whose SHA-256 behind the salt is the
// challenge (G7, T28).
//
// A drawn challenge is kept nowhere: its salt carries form, bound and end, and
// the signature covers them. A solution is taken once: the mark that it was
// lives in the short-lived state under a hash of the challenge, never of the
// payload, which can be written in many ways. It is safe for concurrent use.
type Proofs struct {
	ring  *keys.Ring
	state state.Store
	clock portal.Clock
	key   string // of the signatures
}

// NewProofs makes the service.
func NewProofs(ring *keys.Ring, st state.Store, clock portal.Clock) *Proofs {
	return &Proofs{ring, st, clock, string(ring.Hash(keys.ForWork, "signature"))}
}

// Draw makes a challenge for the form with this token, as the JSON that the
// protocol has for it. It holds nothing secret.
func (p *Proofs) Draw(_ context.Context, form string) (challenge string, err error) {
	c, err := altcha.CreateChallenge(altcha.ChallengeOptions{
		Algorithm: algorithm, HMACKey: p.key, MaxNumber: MaxNumber,
		Params: url.Values{
			expiresParam: {strconv.FormatInt(p.clock().Add(Life).Unix(), 10)},
			formParam:    {p.formHash(form)},
			maxParam:     {strconv.Itoa(MaxNumber)},
		},
	})
	if err != nil {
		return "", portal.Shut("work", err)
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", portal.Shut("work", err)
	}
	return string(text), nil
}

// TakeWork uses a solution up for the form with this token. payload is what
// the protocol sends: base64 of JSON. Its Invalid errors have Field "altcha"
// and the keys work.missing, work.wrong (also another form's, or weaker than
// what is asked now), work.old (also used before); Unavailable: nobody can
// tell whether it was used before.
func (p *Proofs) TakeWork(ctx context.Context, form string, payload keys.Secret) error {
	if payload == "" {
		return refuseWork("work.missing")
	}
	solution, ok := p.solution(payload.Reveal())
	if !ok {
		return refuseWork("work.wrong")
	}
	salt := altcha.ExtractParams(solution)
	bound, err := strconv.ParseInt(salt.Get(maxParam), 10, 64)
	if err != nil || bound < MaxNumber || solution.Number < 0 || solution.Number > bound {
		return refuseWork("work.wrong")
	}
	if !keys.Same([]byte(salt.Get(formParam)), []byte(p.formHash(form))) {
		return refuseWork("work.wrong")
	}
	expires, err := strconv.ParseInt(salt.Get(expiresParam), 10, 64)
	if err != nil {
		return refuseWork("work.wrong")
	}
	left := time.Unix(expires, 0).Sub(p.clock()) // the library would ask the machine's clock
	if left <= 0 {
		return refuseWork("work.old")
	}
	first, err := p.state.Add(ctx, "work:"+p.ring.HashText(keys.ForWork, "used", solution.Challenge), []byte{1}, left+skew)
	switch {
	case err != nil:
		return err
	case !first:
		return refuseWork("work.old")
	}
	return nil
}

// solution reads a payload; ok tells that it solves a challenge which this
// ring signed, so that its salt can be believed.
func (p *Proofs) solution(payload string) (solution altcha.Payload, ok bool) {
	if len(payload) > payloadSize {
		return solution, false
	}
	text, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return solution, false
	}
	if err := json.Unmarshal(text, &solution); err != nil || solution.Algorithm != algorithm {
		return solution, false
	}
	ok, err = altcha.VerifySolutionSafe(solution, p.key, false)
	return solution, err == nil && ok
}

func (p *Proofs) formHash(form string) string { return p.ring.HashText(keys.ForWork, "form", form) }

func refuseWork(key string) error {
	return &portal.Error{Code: portal.Invalid, Key: key, Field: "altcha"}
}
