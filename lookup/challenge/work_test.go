package challenge_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup/challenge"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/state"
	"guichet/portal/state/statetest"

	"github.com/altcha-org/altcha-lib-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

const form = "0123456789abcdefghjkmnpqrs"

// proofs is the service over a memory with a clock to turn.
type proofs struct {
	*challenge.Proofs
	t     *testing.T
	ctx   context.Context
	ring  *keys.Ring
	clock *statetest.Clock
	state *state.Memory
}

func newProofs(t *testing.T) *proofs {
	ring, err := keys.Create(filepath.Join(t.TempDir(), "keys"))
	require.NoError(t, err)
	clock := statetest.NewClock(noon)
	st := state.NewMemory(clock.Now, 1000)
	return &proofs{challenge.NewProofs(ring, st, clock.Now), t, context.Background(), ring, clock, st}
}

// draw gives a challenge for a form as a browser reads it.
func (p *proofs) draw(form string) (c altcha.Challenge) {
	p.t.Helper()
	text, err := p.Draw(p.ctx, form)
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal([]byte(text), &c))
	return c
}

// solve does a browser's work.
func (p *proofs) solve(c altcha.Challenge) altcha.Payload {
	p.t.Helper()
	found, err := altcha.SolveChallenge(c.Challenge, c.Salt, altcha.Algorithm(c.Algorithm), int(c.MaxNumber), 0, nil)
	require.NoError(p.t, err)
	require.NotNil(p.t, found)
	return altcha.Payload{Algorithm: c.Algorithm, Challenge: c.Challenge, Number: int64(found.Number), Salt: c.Salt, Signature: c.Signature}
}

// forge signs parameters of one's own, as only somebody with the ring's key can.
func (p *proofs) forge(algorithm altcha.Algorithm, most int64, salt string) altcha.Payload {
	p.t.Helper()
	c, err := altcha.CreateChallenge(altcha.ChallengeOptions{Algorithm: algorithm, MaxNumber: most, Salt: salt,
		HMACKey: string(p.ring.Hash(keys.ForWork, "signature"))})
	require.NoError(p.t, err)
	return p.solve(c)
}

// salt is one as it should be, less what a test puts in its place.
func (p *proofs) salt(most int64, life time.Duration) string {
	return fmt.Sprintf("0011?expires=%d&form=%s&max=%d&", noon.Add(life).Unix(), p.ring.HashText(keys.ForWork, "form", form), most)
}

func packed(s altcha.Payload) keys.Secret {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return keys.Secret(base64.StdEncoding.EncodeToString(text))
}

func (p *proofs) says(key string, payload keys.Secret, why ...any) {
	p.t.Helper()
	err := p.TakeWork(p.ctx, form, payload)
	if key == "" {
		require.NoError(p.t, err, why...)
		return
	}
	var e *portal.Error
	require.ErrorAs(p.t, err, &e, why...)
	require.Equal(p.t, portal.Error{Code: portal.Invalid, Key: key, Field: "altcha"}, *e, why...)
}

func TestT28Solved(t *testing.T) {
	p := newProofs(t)
	c := p.draw(form)
	require.Equal(t, "SHA-256", c.Algorithm)
	require.EqualValues(t, challenge.MaxNumber, c.MaxNumber)
	p.clock.Pass(challenge.Life - time.Second)
	p.says("", packed(p.solve(c)))
	require.NotEqual(t, c, p.draw(form), "each is drawn anew")
	require.NotContains(t, c.Salt, form, "the form's token is hashed")
}

// T28: a solution serves once, however it is written down, and of many who
// post it at the same time one gets in.
func TestT28Replay(t *testing.T) {
	p := newProofs(t)
	s := p.solve(p.draw(form))
	var in atomic.Int64
	var all errgroup.Group
	for range 50 {
		all.Go(func() error {
			if p.TakeWork(p.ctx, form, packed(s)) == nil {
				in.Add(1)
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	require.EqualValues(t, 1, in.Load())
	p.says("work.old", packed(s))

	text, err := base64.StdEncoding.DecodeString(packed(s).Reveal())
	require.NoError(t, err)
	p.says("work.old", keys.Secret(base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(text), "{", `{ "took": 12,`, 1)))), "written otherwise")
	s.Salt = strings.TrimSuffix(s.Salt, "&")
	p.says("work.old", packed(s), "the library adds a lost & by itself")
	p.clock.Pass(challenge.Life - time.Second)
	p.says("work.old", packed(s), "to the end of its life")
}

// T28, T17: a clock that is behind by less than a minute finds the mark, too.
func TestT28ReplayAtAReplicaWhoseClockIsBehind(t *testing.T) {
	p := newProofs(t)
	s := packed(p.solve(p.draw(form)))
	p.says("", s)
	p.clock.Pass(challenge.Life + 50*time.Second) // the state forgets by this clock
	behind := challenge.NewProofs(p.ring, p.state, func() time.Time { return p.clock.Now().Add(-59 * time.Second) })
	require.ErrorContains(t, behind.TakeWork(p.ctx, form, s), "work.old")
	require.NoError(t, behind.TakeWork(p.ctx, form, packed(p.solve(p.drawAt(9*time.Minute)))), "and finds nothing else wrong")
}

// drawAt draws as if it were noon and d.
func (p *proofs) drawAt(d time.Duration) altcha.Challenge {
	at := *p
	at.Proofs = challenge.NewProofs(p.ring, p.state, func() time.Time { return noon.Add(d) })
	return at.draw(form)
}

func TestT28AnotherForms(t *testing.T) {
	p := newProofs(t)
	mine, theirs := p.solve(p.draw(form)), p.solve(p.draw("another"))
	p.says("work.wrong", packed(theirs))
	none := p.solve(p.draw(""))
	p.says("work.wrong", packed(none))
	p.says("", packed(mine), "the others' attempts used nothing up")
}

// T28: whatever makes the work lighter than what is asked now is refused, also
// where it carries our signature.
func TestT28WeakerParameters(t *testing.T) {
	p := newProofs(t)
	p.says("", packed(p.forge(altcha.SHA256, 10, p.salt(challenge.MaxNumber, time.Minute))), "as drawn")
	p.says("work.wrong", packed(p.forge(altcha.SHA256, 10, p.salt(challenge.MaxNumber-1, time.Minute))), "smaller maximum")
	p.says("work.wrong", packed(p.forge(altcha.SHA256, 10, strings.Replace(p.salt(1, time.Minute), "max=1", "maximum=1", 1))), "no maximum")
	for _, algorithm := range []altcha.Algorithm{altcha.SHA1, altcha.SHA512} {
		p.says("work.wrong", packed(p.forge(algorithm, 10, p.salt(challenge.MaxNumber, time.Minute))), algorithm)
	}
	unnamed := p.solve(p.draw(form))
	unnamed.Algorithm = "" // the library takes that for SHA-256
	p.says("work.wrong", packed(unnamed), "no algorithm")
	for _, n := range []int64{-1, challenge.MaxNumber + 1} {
		c, err := altcha.CreateChallenge(altcha.ChallengeOptions{Number: &n, Salt: p.salt(challenge.MaxNumber, time.Minute),
			HMACKey: string(p.ring.Hash(keys.ForWork, "signature"))})
		require.NoError(t, err)
		p.says("work.wrong", packed(altcha.Payload{Algorithm: c.Algorithm, Challenge: c.Challenge, Number: n, Salt: c.Salt, Signature: c.Signature}), "number", n)
	}
	p.says("work.wrong", packed(p.forge(altcha.SHA256, 10, strings.Replace(p.salt(challenge.MaxNumber, time.Minute), "expires", "expire", 1))), "no end")
}

// T28: the parameters stand under the signature, to the last character.
func TestT28TamperedSalt(t *testing.T) {
	p := newProofs(t)
	s := p.solve(p.draw(form))
	for name, change := range map[string]func(*altcha.Payload){
		"later end":   func(s *altcha.Payload) { s.Salt = strings.Replace(s.Salt, "expires=17", "expires=27", 1) },
		"maximum":     func(s *altcha.Payload) { s.Salt = strings.Replace(s.Salt, "max=", "max=9", 1) },
		"other salt":  func(s *altcha.Payload) { s.Salt = "0" + s.Salt },
		"no question": func(s *altcha.Payload) { s.Salt = strings.Replace(s.Salt, "?", "&", 1) },
		"number":      func(s *altcha.Payload) { s.Number++ },
		"signature":   func(s *altcha.Payload) { s.Signature = strings.Repeat("0", 64) },
		"challenge":   func(s *altcha.Payload) { s.Challenge = strings.Repeat("0", 64) },
		"upper case":  func(s *altcha.Payload) { s.Challenge = strings.ToUpper(s.Challenge) },
		// The known splice: digits of the number moved into the salt keep the
		// hash and would give the challenge a later end.
		"spliced": func(s *altcha.Payload) {
			n := strconv.FormatInt(s.Number+1_000_000, 10)
			s.Salt += n[:2]
			s.Number, _ = strconv.ParseInt(n[2:], 10, 64)
		},
	} {
		bad := s
		change(&bad)
		require.NotEqual(t, s, bad, name)
		p.says("work.wrong", packed(bad), name)
	}
	for i := int64(10); i < challenge.MaxNumber; i *= 10 { // the splice of this very number
		if s.Number >= i {
			bad := s
			bad.Salt, bad.Number = s.Salt+strconv.FormatInt(s.Number/i, 10), s.Number%i
			p.says("work.wrong", packed(bad), "spliced at", i)
		}
	}
	p.says("", packed(s), "nothing of this used it up")
}

// T28: ten minutes by the portal's clock, not the machine's.
func TestT28Expired(t *testing.T) {
	p := newProofs(t)
	young, old := p.solve(p.draw(form)), p.solve(p.draw(form))
	p.clock.Pass(challenge.Life - time.Second)
	p.says("", packed(young))
	p.clock.Pass(time.Second)
	p.says("work.old", packed(old))
	p.says("work.old", packed(p.forge(altcha.SHA256, 10, p.salt(challenge.MaxNumber, -time.Hour))))
}

func TestT28Garbage(t *testing.T) {
	p := newProofs(t)
	p.says("work.missing", "")
	for _, payload := range []string{" ", "x", "{}", "====", "bnVsbA==", "e30=", "W10=", "\x00", strings.Repeat("A", 60<<10),
		base64.StdEncoding.EncodeToString([]byte(`{"number":"1"}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"number":1e400}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"algorithm":"SHA-256","salt":"?%zz"}`))} {
		p.says("work.wrong", keys.Secret(payload), "%.20q", payload)
	}
	long := p.forge(altcha.SHA256, 10, strings.Repeat("0", 2<<10)+p.salt(challenge.MaxNumber, time.Minute))
	p.says("work.wrong", packed(long), "too long to be looked at")
	n, err := p.state.Count(p.ctx, "work:")
	require.NoError(t, err)
	require.Zero(t, n, "nothing is kept of what is refused")
}

// A lost state is no answer, and what is kept there names no challenge (G12).
func TestWorkIsShutWithoutState(t *testing.T) {
	p := newProofs(t)
	s := p.solve(p.draw(form))
	gone, cancel := context.WithCancel(p.ctx)
	cancel()
	require.Equal(t, portal.Unavailable, portal.CodeOf(p.TakeWork(gone, form, packed(s))))
	spy := &spy{Store: p.state}
	require.NoError(t, challenge.NewProofs(p.ring, spy, p.clock.Now).TakeWork(p.ctx, form, packed(s)))
	require.Regexp(t, `^work:[\w-]{43}$`, spy.key)
	require.Greater(t, spy.ttl, challenge.Life)
	require.NotContains(t, spy.key, s.Challenge)
	require.NotContains(t, fmt.Sprintf("%v %+v", packed(s), packed(s)), s.Challenge)
}

// spy remembers what is added.
type spy struct {
	state.Store
	key string
	ttl time.Duration
}

func (s *spy) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	s.key, s.ttl = key, ttl
	return s.Store.Add(ctx, key, value, ttl)
}
