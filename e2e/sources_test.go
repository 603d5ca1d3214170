package e2e

import (
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/e2e/rig"
	"guichet/e2e/visitor"
)

// failsAt lets one visitor fail at so many new references, each time as how
// prepares it.
func failsAt(t *testing.T, p *rig.Portal, references int, who func(n int) *visitor.Visitor) {
	t.Helper()
	for n := range references {
		r := p.Take(t)
		who(n).Guess(t, r.Reference, wrong(r, 1)).MustRefuse(t)
	}
}

// worked tells whether the gate asks work of a visitor.
func worked(t *testing.T, v *visitor.Visitor) bool {
	t.Helper()
	_, asked := v.Open(t, v.Path("/lookup")).Work()
	return asked
}

// T16, T19: one source stops after five different references failed, or two
// that it closed; its neighbours in the world do not.
func TestSources(t *testing.T) {
	t.Parallel()
	p := rig.Demo(t, "OVERFLOW_A_DAY=2", "CAPTCHAS_A_MINUTE=300")
	t.Run("T16 a source stops after five references", func(t *testing.T) {
		known, r := visitor.Public(t, p), p.Take(t)
		known.MustEnter(t, r)
		sweeper := visitor.Public(t, p)
		failsAt(t, p, 5, func(int) *visitor.Visitor { return sweeper })
		require.True(t, worked(t, sweeper), "the sixth costs no more than the first")
		failsAt(t, p, 2, func(int) *visitor.Visitor { return sweeper }) // what all full sources share
		next := p.Take(t)
		want := sweeper.Guess(t, unknown().Reference, "0000")
		want.MustNotHear(t)
		for _, digits := range []string{wrong(next, 1), next.Digits} {
			answer := sweeper.Guess(t, next.Reference, digits)
			answer.MustNotHear(t)
			require.Equal(t, want.Fingerprint(), answer.Fingerprint())
		}
		require.True(t, known.At(sweeper.Address()).Guess(t, r.Reference, r.Digits).Opened(), "a known browser beside the sweeper is not heard")
		stillOpen(t, p, next)
	})
	t.Run("T19 a source closes two references a day", func(t *testing.T) {
		p := rig.Demo(t)
		vandal := visitor.Public(t, p)
		for range 2 {
			r := p.Take(t)
			for n := 1; n <= 3; n++ {
				vandal.Guess(t, r.Reference, wrong(r, n)).MustRefuse(t)
			}
			closed(t, p, r)
		}
		r := p.Take(t)
		vandal.Guess(t, r.Reference, r.Digits).MustNotHear(t)
		vandal.GuessWithCode(t, r, r.Digits).MustNotHear(t)
		vandal.Elsewhere().MustEnter(t, r)
	})
	t.Run("T14 headers of a peer that nobody trusts change nothing", func(t *testing.T) { forged(t, p) })
}

func forged(t *testing.T, p *rig.Portal) {
	dressed := func(v *visitor.Visitor, as string) *visitor.Visitor {
		v.Behind = http.Header{"X-Forwarded-For": {as}, "Forwarded": {"for=" + as}, "X-Real-Ip": {as},
			"X-Client-Ip": {as}, "True-Client-Ip": {as}, "Cf-Connecting-Ip": {as}}
		return v
	}
	sweeper, bystander := visitor.Public(t, p), visitor.Public(t, p)
	failsAt(t, p, 5, func(n int) *visitor.Visitor { return dressed(sweeper, fmt.Sprintf("198.51.%d.7", n)) })
	require.True(t, worked(t, dressed(sweeper, "203.0.113.77")), "another header, another source")
	sweeper.Behind = nil
	require.True(t, worked(t, sweeper))
	require.False(t, worked(t, bystander), "a bystander pays")
	require.False(t, worked(t, dressed(bystander, sweeper.Address().String())), "a header made somebody the sweeper")
}

// T14, T15: behind trusted proxies the right-most hop that is not one of them
// counts, whatever stands before it; a /64 is one source, and an IPv4 address
// dressed as IPv6 is itself.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	outer, inner := net.IPv4(127, 90, 0, 1), net.IPv4(127, 90, 1, 1)
	p := rig.Demo(t, "TRUSTED_PROXIES=127.90.0.0/16")
	from := func(by net.IP, hops string) *visitor.Visitor {
		v := visitor.Public(t, p).At(by)
		v.Behind = http.Header{"X-Forwarded-For": {hops}}
		return v
	}
	for name, c := range map[string]struct{ sweeper, same, other func(n int) string }{
		"T14 what the visitor wrote before it": {
			sweeper: func(n int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.20", n) },
			same:    func(int) string { return "203.0.113.20" },
			other:   func(n int) string { return "203.0.113.20, 203.0.114.20" },
		},
		"T14 two proxies": {
			sweeper: func(n int) string { return fmt.Sprintf("198.51.100.%d, 203.0.115.30, %s", n, inner) },
			same:    func(int) string { return "203.0.115.30" },
			other:   func(int) string { return "203.0.115.30, 203.0.116.30, " + inner.String() },
		},
		"T15 inside a /64": {
			sweeper: func(n int) string { return fmt.Sprintf("2001:db8:1:2::%x", n+1) },
			same:    func(int) string { return "2001:db8:1:2:ffff:ffff:ffff:ffff" },
			other:   func(int) string { return "2001:db8:1:3::1" },
		},
		"T15 an IPv4 address dressed as IPv6": {
			sweeper: func(n int) string { return []string{"::ffff:203.0.117.40", "203.0.117.40"}[n%2] },
			same:    func(int) string { return "::ffff:203.0.117.40" },
			other:   func(int) string { return "203.0.118.40" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			failsAt(t, p, 5, func(n int) *visitor.Visitor { return from(outer, c.sweeper(n)) })
			require.True(t, worked(t, from(outer, c.same(0))), "five failures, and not its own")
			require.False(t, worked(t, from(outer, c.other(0))), "somebody else pays")
		})
	}
	require.False(t, worked(t, visitor.Public(t, p)), "who comes without the proxy pays")
}

// T16: nothing in any answer tells what is left, nor when it comes back.
func TestLimitsTellNothing(t *testing.T) {
	p := rig.Demo(t, "CAPTCHAS_A_MINUTE=3")
	v := visitor.Public(t, p)
	statuses := map[int]int{}
	for range 6 {
		page := v.Get(t, "/fr/lookup")
		statuses[page.Status]++
		silent(t, page)
	}
	require.Equal(t, map[int]int{http.StatusOK: 3, http.StatusTooManyRequests: 3}, statuses)
	for n := range 8 { // pictures and sounds have limits of their own
		_, form := visitor.Public(t, p).Open(t, "/fr/lookup").Form(t, visitor.GateForm)
		for _, end := range []string{".png", ".wav?lang=fr"} {
			page := v.Get(t, "/captcha/"+form.Get("captcha_id")+end)
			silent(t, page)
			if n == 7 {
				require.Equal(t, http.StatusTooManyRequests, page.Status, end)
			}
		}
	}
	require.Equal(t, http.StatusOK, visitor.Public(t, p).Get(t, "/fr/lookup").Status, "others are refused, too")
}

func silent(t *testing.T, p *visitor.Page) {
	t.Helper()
	safe(t, p)
	for _, name := range []string{"Retry-After", "X-Rate-Limit", "X-Limit", "X-Quota-Remaining"} {
		require.Empty(t, p.Header.Get(name))
	}
	require.NotRegexp(t, `(?i)ratelimit|remaining|reset`, fmt.Sprint(p.Header))
}
