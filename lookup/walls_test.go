package lookup_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// legacy makes a reference one that another system printed.
func (h *house) legacy(k storetest.Known, number keys.Secret) storetest.Known {
	h.t.Helper()
	was := k.Key
	k.Reference, k.Key = number, h.Ring.CounterKey("reference", number)
	storetest.Exec(h.t, h.dsn, `UPDATE issued_references SET key = $1, digits = $2, legacy = $3 WHERE key = $4`,
		k.Key, registry.DigitsHash(h.Ring, k.Key, k.Digits), true, was)
	storetest.Exec(h.t, h.dsn, `INSERT INTO legacy_lengths (length) VALUES ($1) ON CONFLICT (length) DO NOTHING`, len(number))
	return k
}

// G1: another system's references open at the gate, out of a budget of their
// own within the harm budget: when it is gone theirs alone are not compared.
// Lengths imported while the gate is open are known within a minute.
func TestG1LegacyBudgetIsSpent(t *testing.T) {
	houses(t, 4, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmADay, limits.LegacyADay = 10, 2
		h.limited(limits)
		require.Equal(t, []string{"reference.length"}, h.problems(h.claim("0041730092", h.known[0].Digits)))
		old, older := h.legacy(h.known[0], "0041730092"), h.legacy(h.known[1], "0041730093")
		h.clock.Pass(time.Minute)
		require.True(t, h.open(h.claim(old.Reference, old.Digits)))
		for i := range 2 {
			require.False(t, h.open(h.claim(old.Reference, wrong(old, i))))
		}
		require.True(t, h.notCounted(h.claim(older.Reference, wrong(older, 1))), "their budget is gone")
		require.Empty(t, h.counter(older.Key).Failures)
		require.True(t, h.notCounted(h.claim("9999999999", "0001")), "unknown ones alike")
		k := h.known[2]
		for i := range 2 {
			require.False(t, h.openWhateverAsked(h.claim(k.Reference, wrong(k, i))), "others are compared")
		}
		require.NoError(t, h.Deps.Permits.Close(h.ctx))
		sums, err := h.store.GateSums(h.ctx, h.clock.Now(), map[lookup.Budget][]lookup.Window{
			lookup.Harm: limits.Windows(lookup.Harm), lookup.Legacy: limits.Windows(lookup.Legacy)})
		require.NoError(t, err)
		require.Equal(t, []int{4, 4}, sums[lookup.Harm].Leased, "a failure at theirs is one of the harm budget, too; what was refused gave its permit back")
		require.Equal(t, []int{2}, sums[lookup.Legacy].Spent)
	})
}

// G1: once their budget is gone legacy references ask for no permit of the
// harm budget any more, not even for a moment.
func TestG1LegacyKeepsNoHarmPermits(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.LegacyADay = 1
		h.limited(limits)
		k := h.legacy(h.known[0], "0041730092")
		require.False(t, h.open(h.claim(k.Reference, wrong(k, 1))))
		require.NoError(t, h.Deps.Permits.Close(h.ctx))
		b := &budgets{BudgetStore: h.store}
		h.Deps.Permits = h.permitsOver(b, limits)
		require.True(t, h.notCounted(h.claim(k.Reference, wrong(k, 2))))
		require.Equal(t, []lookup.Budget{lookup.Legacy}, b.leased)
	})
}

// Where permits cannot be had nothing is compared, and the source has failed
// nothing: an hour without database fills nobody's share.
func TestAFaultFillsNoSource(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		deps := h.Deps
		deps.Permits = h.permitsOver(&budgets{BudgetStore: h.store, lost: errLost}, h.Limits)
		for range 10 {
			_, err := lookup.NewGate(deps).Open(h.ctx, from(h.claim(k.Reference, k.Digits), "s", "n", "w"))
			require.Error(t, err)
			var problems lookup.Problems
			require.False(t, errors.As(err, &problems))
		}
		require.Zero(t, h.attempts(k))
		ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: "s", Network: "n", Wide: "w"})
		require.NoError(t, err)
		require.Equal(t, lookup.Ask{}, ask)
		require.True(t, h.open(from(h.claim(k.Reference, k.Digits), "s", "n", "w")))
	})
}

// closed is doors that are shut.
type closed struct{}

func (closed) Open(_ context.Context, door string) error {
	return &portal.Error{Code: portal.Unavailable, Key: "closed", Err: errors.New(door)}
}

// G11: behind a closed door nothing is compared, counted or used up.
func TestG11ClosedGateComparesNothing(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		deps := h.Deps
		deps.Doors = closed{}
		c := h.claim(k.Reference, k.Digits)
		outcome, err := lookup.NewGate(deps).Open(h.ctx, c)
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		require.Equal(t, lookup.Outcome{}, outcome)
		require.Zero(t, h.attempts(k))
		require.True(t, h.open(c), "its challenge serves when the door is open again")
	})
}

// G7: half its source's limits, each of them, is what a browser without
// scripts has in step 2.
func TestG7HalfTheSourcesLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*lookup.Limits)
		one   bool // always the same reference
		want  int
	}{
		"a day":      {func(l *lookup.Limits) { l.SourceADay = 6 }, true, 3},
		"a week":     {func(l *lookup.Limits) { l.SourceAWeek = 8 }, false, 4},
		"references": {func(l *lookup.Limits) { l.SourceReferences = 5 }, false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			houses(t, 0, func(t *testing.T, h *house) {
				limits := lookup.DefaultLimits()
				limits.SourceADay, limits.SourceAWeek, limits.SourceReferences = 100, 100, 100
				limits.NoiseADay, limits.OverflowADay = 10, 1
				c.limit(&limits)
				h.limited(limits)
				// Somebody else leads to step 2, and takes the whole overflow.
				for !h.whateverAsked(from(h.claim(registry.DrawReference(), "0001"), "full", "n:full", "")).NotCounted {
				}
				h.clock.Pass(3 * time.Second)
				number := registry.DrawReference()
				heard := 0
				for i := range 8 {
					if !c.one {
						number = registry.DrawReference()
					}
					claim := from(h.claim(number, keys.Secret([]byte{'0', '0', '1', '0' + byte(i)})), "bare", "n:bare", "")
					second := h.claim("", "")
					claim.SecondID, claim.Second = second.CaptchaID, second.Captcha
					outcome, err := h.gate.Open(h.ctx, claim)
					require.NoError(t, err)
					if !outcome.NotCounted {
						heard++
					}
				}
				require.Equal(t, c.want, heard)
			})
		})
	}
}

// A source that fills up after its form was drawn is asked for work before it
// shares the overflow: this try is not compared, and takes nothing of it.
func TestFullSinceTheFormWasDrawn(t *testing.T) {
	houses(t, 0, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.OverflowADay = 1
		h.limited(limits)
		for range limits.SourceReferences {
			require.True(t, h.compared(from(h.claim(registry.DrawReference(), "0001"), "s", "n", "")))
		}
		deps := h.Deps
		deps.State = forgets{h.State}
		w := &witness{Ledger: h.Ledger}
		deps.Ledger = w
		for range 3 {
			outcome, err := lookup.NewGate(deps).Open(h.ctx, from(h.claim(registry.DrawReference(), "0001"), "s", "n", ""))
			require.NoError(t, err)
			require.Equal(t, lookup.Outcome{NotCounted: true}, outcome)
		}
		require.Zero(t, w.loads.Load())
		require.False(t, h.notCounted(from(h.claim(registry.DrawReference(), "0001"), "s", "n", "")), "the overflow is still there")
		require.True(t, h.notCounted(from(h.claim(registry.DrawReference(), "0001"), "s", "n", "")))
	})
}

// forgets is state as it was before anybody tried.
type forgets struct{ state.Store }

func (forgets) GetAll(_ context.Context, keys ...string) ([][]byte, error) {
	return make([][]byte, len(keys)), nil
}

// spent settles what this process leased, and gives what each window of a
// budget counts.
func (h *house) spent(limits lookup.Limits, b lookup.Budget) []int {
	h.t.Helper()
	require.NoError(h.t, h.Deps.Permits.Close(h.ctx))
	sums, err := h.store.GateSums(h.ctx, h.clock.Now(), map[lookup.Budget][]lookup.Window{b: limits.Windows(b)})
	require.NoError(h.t, err)
	require.Equal(h.t, sums[b].Spent, sums[b].Leased)
	return sums[b].Spent
}

// G7: a failure at a live reference spends the harm budget, the same wrong
// digits again, too (T21); one at an unknown number spends the noise budget;
// nothing else spends anything.
func TestG7WhatSpendsWhat(t *testing.T) {
	houses(t, 3, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		h.limited(limits)
		live, ended, blocked := h.known[0], h.known[1], h.known[2]
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET ended_us = $1 WHERE key = $2`, noon.Add(-1).UnixMicro(), ended.Key)
		for i := range lookup.Tries {
			require.False(t, h.open(h.claim(blocked.Reference, wrong(blocked, i))))
		}
		require.Equal(t, []int{3, 3}, h.spent(limits, lookup.Harm))
		require.False(t, h.open(h.claim(blocked.Reference, blocked.Digits)))
		require.True(t, h.open(h.claim(live.Reference, live.Digits)))
		h.problems(h.claim(live.Reference+"0", "0001"))
		require.Equal(t, []int{3, 3}, h.spent(limits, lookup.Harm))
		for range 2 {
			require.False(t, h.open(h.claim(live.Reference, wrong(live, 1))))
		}
		require.Equal(t, []int{5, 5}, h.spent(limits, lookup.Harm))
		require.Equal(t, []int{0}, h.spent(limits, lookup.Noise))
		for range 4 {
			require.False(t, h.open(h.claim(registry.DrawReference(), "0001")))
		}
		require.False(t, h.open(h.claim(ended.Reference, ended.Digits)))
		require.Equal(t, []int{5, 5}, h.spent(limits, lookup.Harm))
		require.Equal(t, []int{5}, h.spent(limits, lookup.Noise))
	})
}

// G7: where nobody knows whether an attempt was counted its permit is spent.
func TestG7AFaultSpendsThePermit(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		h.limited(limits)
		deps := h.Deps
		deps.Ledger = brokenLedger{h.Ledger, "save"}
		_, err := lookup.NewGate(deps).Open(h.ctx, h.claim(h.known[0].Reference, h.known[0].Digits))
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
		require.Equal(t, []int{1, 1}, h.spent(limits, lookup.Harm))
	})
}

// G7: in the last step known browsers fail out of a budget of their own, and
// nothing of the harm budget; when it is gone they need the letter code, too.
func TestG7KnownBudgetIsSpent(t *testing.T) {
	houses(t, 4, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmADay, limits.KnownADay = 1, 2
		h.limited(limits)
		mine := func(k storetest.Known, digits keys.Secret) lookup.Claim {
			c := h.claim(k.Reference, digits)
			c.Device = "mine"
			return c
		}
		for _, k := range h.known[:3] {
			require.True(t, h.open(mine(k, k.Digits)))
		}
		require.False(t, h.openWhateverAsked(h.claim(h.known[3].Reference, wrong(h.known[3], 1))), "the whole budget")
		require.True(t, h.openWhateverAsked(mine(h.known[0], h.known[0].Digits)))
		for _, k := range h.known[:2] {
			require.False(t, h.openWhateverAsked(mine(k, wrong(k, 1))))
		}
		third := h.known[2]
		require.True(t, h.notCounted(mine(third, third.Digits)))
		h.giveLetterCode(third, "7K3M9QXA")
		lettered := mine(third, third.Digits)
		lettered.LetterCode = "7K3M9QXA"
		require.True(t, h.openWhateverAsked(lettered))
		require.Equal(t, []int{2}, h.spent(limits, lookup.Known))
		require.Equal(t, []int{1, 1}, h.spent(limits, lookup.Harm))
	})
}

// G7: who fails with the letter's code spends nothing of known browsers, also
// from a browser that has a cookie; nor of the harm budget, nor of the noise
// budget. A browser known for the reference spends its own budget, also with
// the code.
func TestG7ALetterSpendsNoBudget(t *testing.T) {
	houses(t, 4, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.HarmADay = 1
		h.limited(limits)
		other, theirs, mine := h.known[0], h.known[1], h.known[2]
		lettered := func(k storetest.Known, digits keys.Secret, device string) lookup.Claim {
			c := h.claim(k.Reference, digits)
			c.Device, c.LetterCode = device, "7K3M9QXA"
			return c
		}
		for _, k := range []storetest.Known{other, mine} { // the browser has a name, and has opened something
			c := h.claim(k.Reference, k.Digits)
			c.Device = "mine"
			require.True(t, h.open(c))
		}
		require.False(t, h.openWhateverAsked(h.claim(h.known[3].Reference, wrong(h.known[3], 1))), "the whole budget")
		for _, k := range []storetest.Known{theirs, mine} {
			h.giveLetterCode(k, "7K3M9QXA")
		}
		require.False(t, h.openWhateverAsked(lettered(theirs, wrong(theirs, 1), "mine")))
		require.False(t, h.openWhateverAsked(lettered(theirs, wrong(theirs, 2), "")))
		require.Len(t, h.counter(theirs.Key).Failures, 2, "both were compared")
		require.Equal(t, []int{0}, h.spent(limits, lookup.Known))
		require.Equal(t, []int{1, 1}, h.spent(limits, lookup.Harm))
		require.Equal(t, []int{0}, h.spent(limits, lookup.Noise))
		require.False(t, h.openWhateverAsked(lettered(mine, wrong(mine, 1), "mine")))
		require.Equal(t, []int{1}, h.spent(limits, lookup.Known))
		require.True(t, h.openWhateverAsked(lettered(theirs, theirs.Digits, "mine")))
		require.Equal(t, []int{1}, h.spent(limits, lookup.Known))
	})
}

// G7: while the gate is in its last step strangers are not heard, whatever
// permits came back meanwhile.
func TestG7LastStepHearsNoStranger(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.OverflowADay = 1
		k := h.known[0]
		h.giveLetterCode(k, "7K3M9QXA")
		require.NoError(t, h.store.Do(h.ctx, func(t tx.Tx) error {
			return h.store.SaveGauge(t, lookup.Gauge{Step: lookup.Letter, MovedAt: noon, Half: 0.5, Whole: 0.98})
		}))
		h.limited(limits)
		ask, err := h.gate.Ask(h.ctx, lookup.Claim{})
		require.NoError(t, err)
		require.Equal(t, lookup.Ask{Work: true, LetterCode: true}, ask)
		for i := range 10 {
			require.True(t, h.notCounted(from(h.claim(k.Reference, k.Digits), "s", "n", "w")))
			require.True(t, h.notCounted(from(h.claim(k.Reference, wrong(k, i)), "s", "n", "w")))
		}
		n, err := h.State.Count(h.ctx, "tally:")
		require.NoError(t, err)
		require.Zero(t, n, "nor has a network")
		for range 2 { // who was not compared has failed nothing
			c := from(h.claim(k.Reference, k.Digits), "s", "n", "")
			c.LetterCode = "7K3M9QXA"
			require.True(t, h.openWhateverAsked(c))
		}
		require.Equal(t, []int{0, 0}, h.spent(limits, lookup.Harm))
	})
}

// D18, G7: who chose work brings no captcha, but the work; from the second step
// on work comes on top of a captcha, whatever was chosen.
func TestD18ChosenWork(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		chose := func() lookup.Claim {
			c := h.claim(k.Reference, k.Digits)
			c.Choice, c.CaptchaID, c.Captcha = lookup.ChoseWork, "", ""
			return c
		}
		require.Equal(t, []string{"work.wrong"}, h.problems(chose()), "nothing is nothing")
		require.True(t, h.openWhateverAsked(chose()), "work alone")
		require.NoError(t, h.store.Do(h.ctx, func(t tx.Tx) error {
			return h.store.SaveGauge(t, lookup.Gauge{Step: lookup.Work, MovedAt: noon, Half: 0.5, Whole: 0.98})
		}))
		h.limited(lookup.DefaultLimits())
		c := chose()
		c.Work = "done"
		require.Equal(t, []string{"captcha.old"}, h.problems(c))
		c = h.claim(k.Reference, k.Digits)
		c.Choice = lookup.ChoseWork
		require.True(t, h.openWhateverAsked(c))
	})
}

// T12: who has a letter and opens it from ever new addresses and browsers leaves
// nothing behind after a day; failures are remembered for their week. A busy
// network's tally stays short, and still asks and rings as it should.
func TestT12OpeningsAreForgotten(t *testing.T) {
	houses(t, 9, func(t *testing.T, h *house) {
		limits := lookup.DefaultLimits()
		limits.OpenedByNetwork = 3
		bell := h.limited(limits)
		held := func() int {
			n, err := h.State.Count(h.ctx, "tally:")
			require.NoError(t, err)
			return n
		}
		k := h.known[0]
		for range 20 {
			c := h.claim(k.Reference, k.Digits)
			c.Device = portal.Token()
			require.True(t, h.open(c))
		}
		fails := from(h.claim(registry.DrawReference(), "0001"), "s", "n", "")
		require.False(t, h.open(fails))
		if h.store.Dialect() == "sqlite" { // Redis has its own time
			require.Equal(t, 60+2, held())
			h.clock.Pass(24 * time.Hour)
			require.Equal(t, 2, held())
			h.clock.Pass(6 * 24 * time.Hour)
			require.Zero(t, held())
		}
		for i, k := range h.known {
			outcome := h.whateverAsked(from(h.claim(k.Reference, k.Digits), portal.Token(), "busy", ""))
			require.True(t, outcome.Opened)
			ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: "new", Network: "busy"})
			require.NoError(t, err)
			require.Equal(t, i >= 2, ask.Work, i)
			h.clock.Pass(time.Hour)
		}
		require.Equal(t, []string{"openings-network"}, bell.names)
		value, ok, err := h.State.Get(h.ctx, "tally:network:busy")
		require.NoError(t, err)
		require.True(t, ok)
		require.Len(t, value, 4*16, "what is asked for needs no more")
		h.clock.Pass(22 * time.Hour)
		ask, err := h.gate.Ask(h.ctx, lookup.Claim{Source: "new", Network: "busy"})
		require.NoError(t, err)
		require.False(t, ask.Work)
	})
}

// T21: a form with anything else in it is another attempt: nobody gets the
// outcome of a post that was not theirs to the last field.
func TestT21EveryFieldIsOfThePost(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		first := h.claim(k.Reference, k.Digits)
		first.LetterCode, first.SecondID, first.Second, first.Work = "7K3M9QXA", "second", "123456", "work"
		require.True(t, h.open(first))
		require.True(t, h.open(first), "the same post again")
		for name, change := range map[string]func(*lookup.Claim){
			"form":       func(c *lookup.Claim) { c.Form = portal.Token() },
			"kind":       func(c *lookup.Claim) { c.Kind = lookup.ByWorks },
			"number":     func(c *lookup.Claim) { c.Number = registry.DrawReference() },
			"digits":     func(c *lookup.Claim) { c.Digits = wrong(k, 1) },
			"letter":     func(c *lookup.Claim) { c.LetterCode = "" },
			"choice":     func(c *lookup.Claim) { c.Choice = "sound" },
			"captcha id": func(c *lookup.Claim) { c.CaptchaID += "x" },
			"captcha":    func(c *lookup.Claim) { c.Captcha = "000000" },
			"second id":  func(c *lookup.Claim) { c.SecondID = "" },
			"second":     func(c *lookup.Claim) { c.Second = "" },
			"work":       func(c *lookup.Claim) { c.Work = "" },
		} {
			c := first
			change(&c)
			outcome, err := h.gate.Open(h.ctx, c)
			require.Error(t, err, name)
			require.Equal(t, lookup.Outcome{}, outcome, name)
		}
		require.Equal(t, 1, h.attempts(k))
	})
}
