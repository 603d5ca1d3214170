package lookup_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"

	"github.com/stretchr/testify/require"
)

// from makes a claim come from a source in a network.
func from(c lookup.Claim, source, network, wide string) lookup.Claim {
	c.Source, c.Network, c.Wide = source, network, wide
	return c
}

// compared tells whether a claim was compared: a stranger's, with no more than
// a captcha.
func (h *house) compared(c lookup.Claim) bool {
	h.t.Helper()
	outcome, err := h.gate.Open(h.ctx, c)
	var problems lookup.Problems
	if err != nil {
		require.ErrorAs(h.t, err, &problems)
		require.Equal(h.t, "altcha", problems[0].Field, "what is asked for is more work, nothing else: %v", err)
		return false
	}
	return !outcome.NotCounted
}

// T16: one source against 1,000 references stops at five of them; at one
// reference at six failures; and its windows slide: no double burst at an edge.
func TestT16OneSourceStops(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		sweep := func(source string, n int) (compared int) {
			for i := range n {
				digits := fmt.Sprintf("%04d", i)
				c := from(h.claim(registry.DrawReference(), keys.Secret(digits)), source, "n:"+source, "")
				if h.compared(c) {
					compared++
				}
			}
			return compared
		}
		require.Equal(t, 5, sweep("a", 1000), "five different references a day")

		// Six failures in whatever 24 hours: 3 just before midnight, then at
		// most 3 until 24 hours after the first.
		h.clock.Pass(portal.Date(2026, time.March, 10).Sub(h.clock.Now()) - time.Minute)
		one, two := registry.DrawReference(), registry.DrawReference()
		guess := func(n int) (compared int) {
			for i := range n {
				number := one
				if i%2 == 1 {
					number = two
				}
				c := from(h.claim(number, keys.Secret(fmt.Sprintf("%04d", int(h.clock.Now().UnixMilli()%7000)+i))), "b", "n:b", "")
				if h.compared(c) {
					compared++
				}
			}
			return compared
		}
		require.Equal(t, 3, guess(3))
		h.clock.Pass(2 * time.Minute) // a new calendar day
		total := guess(20)
		require.LessOrEqual(t, total, 3)
		h.clock.Pass(23*time.Hour + 57*time.Minute)
		require.Zero(t, guess(5), "still the same 24 hours")
	})
}

// T16: 1,000 sources against one reference stop at its third failure.
func TestT16OneReferenceStops(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		for i := range 1000 {
			h.compared(from(h.claim(k.Reference, wrong(k, i)), fmt.Sprint("s", i), fmt.Sprint("n", i), ""))
		}
		require.Len(t, h.counter(k.Key).Failures, lookup.Tries)
		require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key))
	})
}

// T15, T16: a network and a /48 have a bucket of their own, whatever sources
// inside them are used; 20 failures a week bound a source that comes daily.
func TestT16NetworksFill(t *testing.T) {
	limits := lookup.DefaultLimits()
	for name, c := range map[string]struct {
		network, wide func(i int) string
		want          int
	}{
		"network":  {func(int) string { return "n" }, func(int) string { return "" }, limits.NetworkADay},
		"IPv6 /48": {func(i int) string { return fmt.Sprint("n", i) }, func(int) string { return "w" }, limits.WideADay},
	} {
		t.Run(name, func(t *testing.T) {
			houses(t, 0, func(t *testing.T, h *house) {
				compared := 0
				for i := range 150 {
					if h.compared(from(h.claim(registry.DrawReference(), "0001"), fmt.Sprint("s", i), c.network(i), c.wide(i))) {
						compared++
					}
				}
				require.Equal(t, c.want, compared)
				ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: "new", Network: c.network(999), Wide: c.wide(999)})
				require.NoError(t, err)
				require.Equal(t, lookup.Ask{Work: true}, ask, "whoever comes from there is asked for work")
			})
		})
	}
	t.Run("a week", func(t *testing.T) {
		houses(t, 0, func(t *testing.T, h *house) {
			compared := 0
			for range 6 {
				for range 5 {
					if h.compared(from(h.claim(registry.DrawReference(), "0001"), "s", "n", "")) {
						compared++
					}
				}
				h.clock.Pass(25 * time.Hour)
			}
			require.Equal(t, limits.SourceAWeek, compared)
		})
	})
}

// A full source brings work and shares the overflow with all other full ones;
// a known browser in it is heard all the same, and so is who types the letter
// code: no neighbour shuts a holder of a letter out.
func TestFullSourcesShareTheOverflow(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.OverflowADay = 7
		h.limited(limits)
		k := h.known[0]
		knows := h.claim(k.Reference, k.Digits)
		knows.Device = "mine"
		require.True(t, h.open(knows))
		fill := func(source string) {
			for range 5 {
				require.True(t, h.compared(from(h.claim(registry.DrawReference(), "0001"), source, "n:"+source, "")))
			}
			require.False(t, h.compared(from(h.claim(registry.DrawReference(), "0001"), source, "n:"+source, "")))
			ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: source, Network: "n:" + source})
			require.NoError(t, err)
			require.Equal(t, lookup.Ask{Work: true}, ask)
		}
		heard := 0
		for i := range 3 {
			source := fmt.Sprint("s", i)
			fill(source)
			for range 4 {
				c := from(h.claim(registry.DrawReference(), "0001"), source, "n:"+source, "")
				if !h.notCounted(c) {
					heard++
				}
			}
		}
		require.Equal(t, 7, heard, "the overflow is one for all")
		mine := from(h.claim(k.Reference, k.Digits), "s0", "n:s0", "")
		mine.Device = "mine"
		require.True(t, h.openWhateverAsked(mine))
		h.giveLetterCode(k, "7K3M9QXA")
		letter := from(h.claim(k.Reference, k.Digits), "s1", "n:s1", "")
		require.True(t, h.notCounted(letter))
		letter = from(h.claim(k.Reference, k.Digits), "s1", "n:s1", "")
		letter.LetterCode = "7K3M 9QXA"
		require.True(t, h.openWhateverAsked(letter))
		for range letterTries {
			letter = from(h.claim(k.Reference, k.Digits), "s1", "n:s1", "")
			letter.LetterCode = "AAAA AAAA"
			require.True(t, h.notCounted(letter))
		}
		letter = from(h.claim(k.Reference, k.Digits), "s1", "n:s1", "")
		letter.LetterCode = "7K3M 9QXA"
		require.True(t, h.notCounted(letter), "nobody tries many codes")
	})
}

// letterTries is more letter codes than a source may try in a day.
const letterTries = 18

// T19: a source closes at most two references a day, also where others have
// primed the counters, its browser is known for them all and it tries many at
// once; then it is refused altogether, and nothing is asked of it any more.
func TestT19SourceClosesTwo(t *testing.T) {
	houses(t, 9, func(t *testing.T, h *house) {
		primed, mine := h.known[:8], h.known[8]
		for _, k := range h.known {
			knows := from(h.claim(k.Reference, k.Digits), portal.Token(), portal.Token(), "")
			knows.Device = "mine"
			require.True(t, h.open(knows))
		}
		for _, k := range primed {
			for i := range 2 {
				require.False(t, h.open(h.claim(k.Reference, wrong(k, i))))
			}
		}
		claims := make([]lookup.Claim, len(primed))
		for i, k := range primed {
			claims[i] = from(h.claim(k.Reference, wrong(k, 50)), "s", "n", "")
			claims[i].Device = "mine"
		}
		processes := []*house{h, h.another()}
		var refused atomic.Int64
		parallel(len(primed), func(i int) {
			outcome, err := processes[i%2].gate.Open(h.ctx, claims[i])
			require.NoError(t, err)
			if outcome.NotCounted {
				refused.Add(1)
			}
		})
		blocked := 0
		for _, k := range primed {
			blocked += h.entries("lookup.blocked", "reference:"+k.Key)
		}
		require.Equal(t, 2, blocked)
		require.EqualValues(t, len(primed)-2, refused.Load())
		c := from(h.claim(mine.Reference, mine.Digits), "s", "n", "")
		c.Device = "mine"
		require.True(t, h.notCounted(c), "refused altogether that day")
		c.Form, c.Captcha, c.Work = portal.Token(), "", ""
		outcome, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		require.Equal(t, lookup.Outcome{NotCounted: true}, outcome, "whatever it brings")
		h.clock.Pass(24*time.Hour + time.Second)
		require.True(t, h.openWhateverAsked(from(h.claim(mine.Reference, mine.Digits), "s", "n", "")))
	})
}

// T19: all together close no more references than the harm budget lets them.
func TestT19AllTogether(t *testing.T) {
	houses(t, 30, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		for _, k := range h.known {
			for i := range 2 {
				require.False(t, h.open(h.claim(k.Reference, wrong(k, i))))
			}
		}
		h.clock.Pass(25 * time.Hour)
		limits.HarmAnHour, limits.HarmADay = 12, 12
		h.limited(limits)
		for _, k := range h.known {
			h.whateverAsked(h.claim(k.Reference, wrong(k, 50)))
		}
		blocked := 0
		for _, k := range h.known {
			blocked += h.entries("lookup.blocked", "reference:"+k.Key)
		}
		require.Equal(t, 12, blocked)
	})
}

// G9: whoever opens more references than is usual in a day does work for the
// next, and one alarm rings; the same reference again is none.
func TestG9Openings(t *testing.T) {
	houses(t, 24, func(t *testing.T, h *house) {
		bell := h.limited(lookup.DefaultLimits())
		ask := func(device, source, network string) bool {
			ask, err := h.gate.Ask(h.ctx, lookup.Claim{Device: device, Source: source, Network: network})
			require.NoError(t, err)
			return ask.Work
		}
		for i, k := range h.known[:10] {
			require.False(t, ask("one", "", ""), i)
			for range min(2, 10-i) {
				c := h.claim(k.Reference, k.Digits)
				c.Device = "one"
				require.True(t, h.open(c))
			}
		}
		require.True(t, ask("one", "", ""), "for the eleventh reference of a browser")
		require.Empty(t, bell.names)
		c := h.claim(h.known[10].Reference, h.known[10].Digits)
		c.Device = "one"
		require.True(t, h.openWhateverAsked(c))
		require.Equal(t, []string{"openings-browser"}, bell.names)
		for i, k := range h.known[:20] {
			require.False(t, ask("", "s", "n"), i)
			require.True(t, h.open(from(h.claim(k.Reference, k.Digits), "s", "n", "")))
		}
		require.True(t, ask("", "s", "n"), "for the 21st of a source")
		require.False(t, h.compared(from(h.claim(h.known[22].Reference, h.known[22].Digits), "s", "n", "")))
		require.True(t, h.openWhateverAsked(from(h.claim(h.known[22].Reference, h.known[22].Digits), "s", "n", "")))
		require.Equal(t, []string{"openings-browser", "openings-source"}, bell.names)
		require.False(t, ask("", "t", "n"), "the network has 200")
		h.clock.Pass(24*time.Hour + time.Second)
		require.False(t, ask("one", "s", "n"))
	})
}

// G7: a browser without scripts brings a second captcha, and half its source's limit.
func TestG7WithoutScripts(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.NoiseADay = 10
		h.limited(limits)
		for range 6 {
			require.False(t, h.open(h.claim(registry.DrawReference(), "0001")))
		}
		h.clock.Pass(3 * time.Second)
		bare := func(source string) bool {
			c := from(h.claim(registry.DrawReference(), "0001"), source, "n:"+source, "")
			second := h.claim("", "")
			c.SecondID, c.Second = second.CaptchaID, second.Captcha
			outcome, err := h.gate.Open(h.ctx, c)
			require.NoError(t, err)
			return !outcome.NotCounted
		}
		require.False(t, h.compared(h.claim(registry.DrawReference(), "0001")), "noise leads to step 2")
		ask, err := h.gate.Ask(h.ctx, lookup.Claim{})
		require.NoError(t, err)
		require.Equal(t, lookup.Ask{Work: true}, ask)
		heard := 0
		for range 6 {
			if bare("s") {
				heard++
			}
		}
		require.GreaterOrEqual(t, heard, 2)
		same := from(h.claim(registry.DrawReference(), "0001"), "t", "n:t", "")
		same.SecondID, same.Second = same.CaptchaID, same.Captcha
		require.Equal(t, []string{"captcha.old"}, h.problems(same), "one captcha is not two")
	})
}

// T17: thirty days of two guesses a day, a restart, a clock set back, an emptied
// state, a flood elsewhere: blocked at the third all the same.
func TestT17NothingGivesAGuessBack(t *testing.T) {
	houses(t, 3, func(t *testing.T, h *house) {
		k, owner := h.known[0], h.known[1]
		require.False(t, h.openWhateverAsked(h.claim(k.Reference, wrong(k, 1))))
		h.start() // a restart
		h.emptied()
		require.False(t, h.openWhateverAsked(h.claim(k.Reference, wrong(k, 2))))
		h.clock.Pass(-40 * 24 * time.Hour) // a clock set back
		require.Len(t, h.counter(k.Key).Failures, 2)
		h.clock.Pass(41 * 24 * time.Hour)
		for range 100 { // a flood of other references
			h.whateverAsked(h.claim(registry.DrawReference(), "0001"))
		}
		require.Len(t, h.counter(k.Key).Failures, 2)
		require.False(t, h.openWhateverAsked(h.claim(k.Reference, wrong(k, 3))))
		require.False(t, h.openWhateverAsked(h.claim(k.Reference, k.Digits)), "blocked at the third")

		// The owner's success forgives only what the same browser failed (G6).
		for day := range 2 {
			require.False(t, h.openWhateverAsked(h.claim(owner.Reference, wrong(owner, day))))
			mine := h.claim(owner.Reference, owner.Digits)
			mine.Device = "owner"
			require.True(t, h.openWhateverAsked(mine))
			h.clock.Pass(24 * time.Hour)
		}
		require.False(t, h.openWhateverAsked(h.claim(owner.Reference, wrong(owner, 9))))
		require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+owner.Key))
	})
}

// T20: a cookie is useless on another's reference, cannot be forged, and
// loosens neither the three attempts nor a block.
func TestT20DeviceCookie(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		devices := lookup.NewDevices(h.Ring, h.clock.Now)
		cookie := devices.Issue("")
		device := devices.Hash(cookie)
		forged := keys.Secret(cookie.Reveal()[:len(cookie.Reveal())-1] + "A")
		if forged == cookie {
			forged = keys.Secret(cookie.Reveal()[:len(cookie.Reveal())-1] + "B")
		}
		require.Empty(t, devices.Hash(forged))
		a, b := h.known[0], h.known[1]
		post := func(c lookup.Claim) lookup.Claim { c.Device = device; return c }
		limits := lookup.DefaultLimits()
		limits.HarmAnHour, limits.HarmADay = 1, 1
		h.limited(limits)
		require.True(t, h.open(post(h.claim(a.Reference, a.Digits))))
		require.False(t, h.openWhateverAsked(h.claim(b.Reference, wrong(b, 1))), "the whole budget")
		require.True(t, h.notCounted(post(h.claim(b.Reference, b.Digits))))
		require.True(t, h.openWhateverAsked(post(h.claim(a.Reference, a.Digits))))
		theirs := h.claim(a.Reference, a.Digits)
		theirs.Device = devices.Hash(devices.Issue(""))
		require.True(t, h.notCounted(theirs), "another's cookie, of a browser that never opened it")
		for i := range lookup.Tries {
			require.False(t, h.openWhateverAsked(post(h.claim(a.Reference, wrong(a, i)))))
		}
		require.False(t, h.openWhateverAsked(post(h.claim(a.Reference, a.Digits))), "blocked for a known browser, too")
		h.clock.Pass(lookup.DeviceLife)
		require.Empty(t, devices.Hash(cookie))
	})
}

// T20: a letter code opens nothing without the digits, is stored hashed, works
// for its own reference only, and cannot be tried without end.
func TestT20LetterCode(t *testing.T) {
	houses(t, 3, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmAnHour, limits.HarmADay, limits.OverflowADay = 1, 1, 3
		h.limited(limits)
		mine, other := h.known[0], h.known[1]
		h.giveLetterCode(mine, "7K3M9QXA")
		require.False(t, h.openWhateverAsked(h.claim(h.known[2].Reference, wrong(h.known[2], 1))), "the whole budget")
		with := func(c lookup.Claim, code string) lookup.Claim { c.LetterCode = keys.Secret(code); return c }
		require.True(t, h.notCounted(with(h.claim(other.Reference, other.Digits), "7K3M9QXA")))
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET letter_code = $1 WHERE key = $2`,
			registry.LetterCodeHash(h.Ring, mine.Key, "7K3M9QXA"), other.Key)
		require.True(t, h.notCounted(with(h.claim(other.Reference, other.Digits), "7K3M9QXA")), "nor with a hash copied from there")
		require.False(t, h.openWhateverAsked(with(h.claim(mine.Reference, wrong(mine, 1)), "7K3M9QXA")))
		require.Len(t, h.counter(mine.Key).Failures, 1, "compared, and so counted")
		require.True(t, h.openWhateverAsked(with(h.claim(mine.Reference, mine.Digits), "7K3M9QXA")))
		for i := range 3*limits.SourceADay + limits.OverflowADay {
			require.True(t, h.notCounted(from(with(h.claim(mine.Reference, mine.Digits), fmt.Sprintf("AAAA%04d", i)), "s", "n", "")))
		}
		require.True(t, h.notCounted(from(with(h.claim(mine.Reference, mine.Digits), "7K3M9QXA"), "s", "n", "")),
			"tries at a letter code are failures of the source: the right one comes too late")
		require.True(t, h.openWhateverAsked(from(with(h.claim(mine.Reference, mine.Digits), "7K3M9QXA"), "t", "t", "")))
	})
}
