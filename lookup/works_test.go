package lookup_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/works"

	"github.com/stretchr/testify/require"
)

// worksClaim is a fresh form about a works request (D10).
func (h *house) worksClaim(number, code keys.Secret) lookup.Claim {
	c := h.claim(number, code)
	c.Kind = lookup.ByWorks
	return c
}

// wrongCode gives the nth wrong code, all distinct up to 999,999.
func wrongCode(k storetest.Known, n int) keys.Secret {
	var right int
	_, _ = fmt.Sscan("1"+k.Digits.Reveal(), &right)
	return keys.Secret(fmt.Sprintf("%06d", (right+1+n)%1_000_000))
}

func (h *house) worksEntries(action string, k storetest.Known) int {
	return h.entries(action, "works:"+k.Key)
}

// D10: number and code open the request and nothing else; what they open ends
// a year after the works were over. The gate reads as many digits as works draws.
func TestD10OpensARequest(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		require.Len(t, h.problems(h.worksClaim("123", "12345")), 2)
		k := storetest.Works(t, h.store, h.clock.Now, 1)[0]
		require.Len(t, k.Reference.Reveal(), works.NumberLength)
		require.Len(t, k.Digits.Reveal(), works.CodeLength)
		outcome, err := h.gate.Open(h.ctx, h.worksClaim(k.Reference, k.Digits))
		require.NoError(t, err)
		require.True(t, outcome.Opened)
		token, err := h.visits.Admit(h.ctx, "", outcome.Visit)
		require.NoError(t, err)
		session, err := h.visits.Resume(h.ctx, token)
		require.NoError(t, err)
		require.Empty(t, session.Passes, "no occupancy is open (Wd1)")
		require.Len(t, session.Works, 1)
		require.Equal(t, k.OccupancyID, session.Works[0].Works)
		require.Equal(t, 1, h.worksEntries("lookup.opened", k))

		// A reference opened in the same visit stands beside it.
		both, err := h.gate.Open(h.ctx, h.claim(h.known[0].Reference, h.known[0].Digits))
		require.NoError(t, err)
		token, err = h.visits.Admit(h.ctx, token, both.Visit)
		require.NoError(t, err)
		session, err = h.visits.Resume(h.ctx, token)
		require.NoError(t, err)
		require.Len(t, session.Passes, 1)
		require.Len(t, session.Works, 1)
		require.NoError(t, h.visits.Leave(h.ctx, token))
		require.Equal(t, 1, h.entries("visit.left", "works:"+k.OccupancyID))
		_, err = h.visits.Resume(h.ctx, token)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))

		long := keys.Secret("12" + k.Reference.Reveal())
		require.False(t, h.open(h.claim(long+registry.CheckDigits(long), k.Digits[:4])), "a works number is no reference")
		storetest.Exec(t, h.dsn, `UPDATE works SET turn = 'nobody', since_us = $1 WHERE id = $2`, noon.AddDate(-1, 0, 1).UnixMicro(), k.OccupancyID)
		require.True(t, h.open(h.worksClaim(k.Reference, k.Digits)))
		h.clock.Pass(24 * time.Hour)
		require.False(t, h.open(h.worksClaim(k.Reference, k.Digits)))
	})
}

// D10: another code goes to the requester and is told to nobody else; the old
// one opens nothing from then on, and who came in with it is out, but for who
// asked; once a day, or once for each form of an officer's.
func TestD10AnotherCode(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		k := storetest.Works(t, h.store, h.clock.Now, 1)[0]
		room := &works.Service{Clock: h.clock.Now, Runner: h.store, Store: h.store, Ring: h.Ring}
		enter := func(code keys.Secret) (token keys.Secret, visit string) {
			outcome, err := h.gate.Open(h.ctx, h.worksClaim(k.Reference, code))
			require.NoError(t, err)
			require.True(t, outcome.Opened)
			token, err = h.visits.Admit(h.ctx, "", outcome.Visit)
			require.NoError(t, err)
			return token, outcome.Visit.ID
		}
		sent := func(renew func() error) (code keys.Secret, err error) {
			storetest.Exec(t, h.dsn, `DELETE FROM outbox`)
			err = renew()
			mails, wrong := h.store.DueMails(h.ctx, h.clock.Now(), 10)
			require.NoError(t, wrong)
			require.Len(t, mails, map[bool]int{true: 1}[err == nil])
			if err == nil {
				var told works.ReceiptLetter
				require.NoError(t, json.Unmarshal(mails[0].Data, &told))
				require.Equal(t, "anna@example.org", mails[0].Mail)
				require.False(t, told.RenewedAt.IsZero())
				code = keys.Secret(told.Code)
			}
			return code, err
		}
		renewed := func(but string) (keys.Secret, error) {
			return sent(func() error {
				return room.Renew(h.ctx, audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Channel: "web"}, k.OccupancyID, but)
			})
		}
		byOfficer := func(seen time.Time) (keys.Secret, error) {
			return sent(func() error {
				return room.RenewFor(h.ctx, audit.Entry{Actor: portal.Actor{Kind: portal.Staff}, Channel: "web"}, k.OccupancyID, "called", seen)
			})
		}
		stranger, _ := enter(k.Digits)
		owner, visit := enter(k.Digits)
		h.clock.Pass(time.Minute)
		code, err := renewed(visit)
		require.NoError(t, err)
		require.False(t, code.Equal(k.Digits))
		_, err = h.visits.Resume(h.ctx, stranger)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))
		session, err := h.visits.Resume(h.ctx, owner)
		require.NoError(t, err)
		require.Len(t, session.Works, 1)
		require.False(t, h.open(h.worksClaim(k.Reference, k.Digits)), "the old one")
		enter(code)
		require.Equal(t, 1, h.entries("works.code", works.Subject(k.OccupancyID)))
		_, err = renewed(visit)
		require.ErrorContains(t, err, "works.code")
		enter(code)
		_, err = byOfficer(time.Time{})
		require.ErrorContains(t, err, "works.code", "the officer's page knows nothing of that one")
		h.clock.Pass(time.Minute)
		shown, _, err := h.store.Works(h.ctx, k.OccupancyID)
		require.NoError(t, err)
		another, err := byOfficer(shown.CodeAt)
		require.NoError(t, err)
		_, err = byOfficer(shown.CodeAt)
		require.ErrorContains(t, err, "works.code", "the same form again")
		_, err = h.visits.Resume(h.ctx, owner)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))
		require.False(t, h.open(h.worksClaim(k.Reference, code)))
		enter(another)
		h.clock.Pass(24 * time.Hour)
		_, err = renewed("")
		require.NoError(t, err)
	})
}

// T1, T5, T6 at works codes: of many guesses at once three count, then the
// number is shut for the right code too, in a form drawn before as well; every
// refusal is the same, of an unknown number too.
func TestT1T5T6WorksCodes(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		const guesses = 40
		k := storetest.Works(t, h.store, h.clock.Now, 1)[0]
		unknown := storetest.Known{Reference: "0123456789", Digits: "000042", Key: h.Ring.CounterKey("works", keys.Secret("0123456789"))}
		for _, number := range []storetest.Known{k, unknown} {
			early := h.worksClaim(number.Reference, number.Digits)
			claims := make([]lookup.Claim, guesses)
			for i := range claims {
				claims[i] = h.worksClaim(number.Reference, wrongCode(number, i))
			}
			outcomes, errs := make([]lookup.Outcome, guesses), make([]error, guesses)
			processes := []*house{h, h.another()}
			parallel(guesses, func(i int) { outcomes[i], errs[i] = processes[i%2].gate.Open(h.ctx, claims[i]) })
			for i := range guesses {
				require.NoError(t, errs[i])
				require.Equal(t, lookup.Outcome{}, outcomes[i])
			}
			require.Len(t, h.counter(number.Key).Failures, lookup.Tries)
			require.Equal(t, 1, h.worksEntries("lookup.blocked", number))
			require.Equal(t, guesses, h.worksEntries("lookup.%", number))
			require.False(t, h.open(early))
			require.False(t, h.open(h.worksClaim(number.Reference, number.Digits)))
		}
	})
}

// T9, T21 at works codes: one solved challenge is one attempt, and a form that
// is posted again gets the first's outcome.
func TestT9T21WorksCodes(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		k := storetest.Works(t, h.store, h.clock.Now, 1)[0]
		c := h.worksClaim(k.Reference, wrongCode(k, 1))
		require.False(t, h.open(c))
		require.False(t, h.open(c), "the same post")
		require.Equal(t, 1, h.worksEntries("lookup.%", k))
		other := c
		other.Digits = k.Digits
		require.Equal(t, []string{"captcha.old"}, h.problems(other), "with the right code it is another")
		require.False(t, h.open(h.worksClaim(k.Reference, wrongCode(k, 1))))
		require.Len(t, h.counter(k.Key).Failures, 1, "the same wrong code is one try")
		solved := h.worksClaim(k.Reference, k.Digits)
		var opened atomic.Int64
		parallel(20, func(int) {
			c := solved
			c.Form = ""
			if outcome, err := h.gate.Open(h.ctx, c); err == nil && outcome.Opened {
				opened.Add(1)
			}
		})
		require.EqualValues(t, 1, opened.Load())
	})
}

// D10, T18: failures at works codes have a budget of their own within the
// portal's: when it is spent references are still heard.
func TestD10BudgetOfItsOwn(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		h.Limits.WorksADay = 20
		h.limited(h.Limits)
		numbers := storetest.Works(t, h.store, h.clock.Now, 30)
		heard := 0
		for _, k := range numbers {
			outcome, err := h.gate.Open(h.ctx, h.worksClaim(k.Reference, wrongCode(k, 1)))
			require.NoError(t, err)
			if !outcome.NotCounted {
				heard++
			}
		}
		require.LessOrEqual(t, heard, 20)
		require.GreaterOrEqual(t, heard, 19, "but for what is left of a lease")
		outcome, err := h.gate.Open(h.ctx, h.worksClaim(numbers[29].Reference, numbers[29].Digits))
		require.NoError(t, err)
		require.True(t, outcome.NotCounted)
		require.True(t, h.open(h.claim(h.known[0].Reference, h.known[0].Digits)))
	})
}
