package lookup_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// M3-M5, G1, G2: the walk of an honest household.
func TestOpens(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		outcome, err := h.gate.Open(h.ctx, h.claim(k.Reference, k.Digits))
		require.NoError(t, err)
		require.True(t, outcome.Opened)
		require.Equal(t, lookup.Visit{ID: outcome.Visit.ID, ReferenceKey: k.Key, OccupancyID: k.OccupancyID,
			OpenedAt: noon, EndsAt: noon.Add(30 * time.Minute)}, outcome.Visit)
		require.EqualValues(t, noon.UnixMicro(), storetest.Number(t, h.dsn,
			`SELECT first_used_us FROM issued_references WHERE key = $1`, k.Key))
	})
}

// G2: a new reference ends the former at its first use; the former ends nothing.
func TestG2FirstUseEndsTheFormer(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		former, latter := h.known[0], h.known[1]
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET occupancy_id = $1, meter_id = $2, issued_us = issued_us + 1 WHERE key = $3`,
			former.OccupancyID, former.MeterID, latter.Key)
		require.True(t, h.open(h.claim(former.Reference, former.Digits)))
		require.True(t, h.open(h.claim(latter.Reference, latter.Digits)))
		require.False(t, h.open(h.claim(former.Reference, former.Digits)))
		require.True(t, h.open(h.claim(latter.Reference, latter.Digits)))
		require.Equal(t, 1, h.entries("reference.ended", "reference:"+former.Key))
		require.Equal(t, 0, h.entries("reference.ended", "reference:"+latter.Key))
	})
}

// G2, T6: after a meter exchange the old meter's reference opens until the new
// one's first use; that ends it, with the visits it had opened, and it answers
// as an unknown one. The old one ends nothing.
func TestG2FirstUseAfterAMeterExchange(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		former, latter := h.known[0], h.known[1]
		exchanged := noon.AddDate(0, 0, -7).UnixMicro()
		storetest.Exec(t, h.dsn, `UPDATE meters SET to_us = $1 WHERE id = $2`, exchanged, former.MeterID)
		storetest.Exec(t, h.dsn, `UPDATE meters SET ean = $1, from_us = $2 WHERE id = $3`, string(former.EAN), exchanged, latter.MeterID)
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET occupancy_id = $1, issued_us = $2 WHERE key = $3`,
			former.OccupancyID, exchanged, latter.Key)
		inside, err := h.gate.Open(h.ctx, h.claim(former.Reference, former.Digits))
		require.NoError(t, err)
		require.True(t, inside.Opened)
		token, err := h.visits.Admit(h.ctx, "", inside.Visit)
		require.NoError(t, err)
		_, err = h.visits.Resume(h.ctx, token)
		require.NoError(t, err)

		require.True(t, h.open(h.claim(latter.Reference, latter.Digits)))
		require.False(t, h.open(h.claim(former.Reference, former.Digits)))
		_, err = h.visits.Resume(h.ctx, token)
		require.Equal(t, portal.SignedOut, portal.CodeOf(err))
		require.True(t, h.open(h.claim(latter.Reference, latter.Digits)))
		require.Equal(t, 1, h.entries("reference.ended", "reference:"+former.Key))
		require.Equal(t, 0, h.entries("reference.ended", "reference:"+latter.Key))
	})
}

// G1, G2: a drawn reference ends a legacy one of its occupancy, also after an
// exchange of the meter; a legacy one ends none on another meter.
func TestG1FirstUseEndsTheLegacy(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		legacy, drawn := h.known[0], h.known[1]
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET legacy = $1 WHERE key = $2`, true, legacy.Key)
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET occupancy_id = $1, issued_us = issued_us + 1 WHERE key = $2`,
			legacy.OccupancyID, drawn.Key)
		require.True(t, h.open(h.claim(legacy.Reference, legacy.Digits)))
		require.True(t, h.open(h.claim(drawn.Reference, drawn.Digits)))
		require.False(t, h.open(h.claim(legacy.Reference, legacy.Digits)))
		require.Equal(t, 1, h.entries("reference.ended", "reference:"+legacy.Key))
		require.Equal(t, 0, h.entries("reference.ended", "reference:"+drawn.Key))
	})
}

// T4: spellings of one number fill one counter.
func TestT4SpellingsShareACounter(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, k.Reference.Reveal())
		for i, spelt := range []string{registry.FormatReference(k.Reference), wide, strings.Join(strings.Split(k.Reference.Reveal(), ""), "\u00a0-")} {
			require.False(t, h.open(h.claim(keys.Secret(spelt), wrong(k, i))))
		}
		require.False(t, h.open(h.claim(k.Reference, k.Digits)))
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM lookup_counters`))
		require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key))
	})
}

// T5: a form drawn before the block opens nothing after it.
func TestT5FormDrawnBeforeTheBlock(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		early := h.claim(k.Reference, k.Digits)
		for i := range lookup.Tries {
			require.False(t, h.open(h.claim(k.Reference, wrong(k, i))))
		}
		require.False(t, h.open(early))
		h.clock.Pass(365 * 24 * time.Hour)
		require.False(t, h.open(h.claim(k.Reference, k.Digits)), "G6: a block never lapses")
		require.NoError(t, h.store.Do(h.ctx, func(t tx.Tx) error {
			return h.store.SaveAttempt(t, lookup.ByReference, k.Key, h.clock.Now(), lookup.Unblock(lookup.Counter{}))
		}))
		require.True(t, h.open(h.claim(k.Reference, k.Digits)), "M6: the call centre opens it again")
	})
}

// T6: every refusal is the same value, and unknown numbers block too.
func TestT6RefusalsAreEqual(t *testing.T) {
	houses(t, 3, func(t *testing.T, h *house) {
		unknown := storetest.Known{Reference: registry.DrawReference(), Digits: "0042"}
		unknown.Key = h.Ring.CounterKey("reference", unknown.Reference)
		ended, moved := h.known[1], h.known[2]
		storetest.Exec(t, h.dsn, `UPDATE issued_references SET ended_us = $1 WHERE key = $2`, noon.Add(-1).UnixMicro(), ended.Key)
		storetest.Exec(t, h.dsn, `UPDATE occupancies SET to_us = $1 WHERE id = $2`, noon.AddDate(0, 0, -61).UnixMicro(), moved.OccupancyID)
		for name, k := range map[string]storetest.Known{"known": h.known[0], "unknown": unknown, "ended": ended, "D2 moved": moved} {
			tries := []keys.Secret{wrong(k, 1), wrong(k, 2), wrong(k, 3), k.Digits, wrong(k, 4)}
			if name != "known" {
				tries[0] = k.Digits
			}
			for _, digits := range tries {
				outcome, err := h.gate.Open(h.ctx, h.claim(k.Reference, digits))
				require.NoError(t, err, name)
				require.Equal(t, lookup.Outcome{}, outcome, name)
			}
			require.Equal(t, 1, h.entries("lookup.blocked", "reference:"+k.Key), name)
			require.Equal(t, 5, h.attempts(k), name)
			c := h.counter(k.Key)
			require.Len(t, c.Failures, 3, name)
			require.Regexp(t, `^B-[0-9A-Z]{8}$`, c.CaseID, name)
		}
	})
}

// T10: without a solved captcha, or with malformed fields, the number is not
// looked at and nothing is counted; with one, exactly one try.
func TestT10NoSolveNoCount(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		w := &witness{Ledger: h.Ledger}
		h.Deps.Ledger = w
		h.gate = lookup.NewGate(h.Deps)
		for name, c := range map[string]struct {
			change func(*lookup.Claim)
			want   []string
		}{
			"no captcha":      {func(c *lookup.Claim) { c.CaptchaID, c.Captcha = "", "" }, []string{"captcha.old"}},
			"empty answer":    {func(c *lookup.Claim) { c.Captcha = " " }, []string{"captcha.empty"}},
			"wrong answer":    {func(c *lookup.Claim) { c.Captcha = "00000x" }, []string{"captcha.wrong"}},
			"invented id":     {func(c *lookup.Claim) { c.CaptchaID += "x" }, []string{"captcha.old"}},
			"short reference": {func(c *lookup.Claim) { c.Number = "123" }, []string{"reference.length"}},
			"no digits":       {func(c *lookup.Claim) { c.Digits = "" }, []string{"digits.empty"}},
			"five digits":     {func(c *lookup.Claim) { c.Digits += "0" }, []string{"digits.length"}},
			"letters":         {func(c *lookup.Claim) { c.Digits = "12a4" }, []string{"digits.characters"}},
			"all at once": {func(c *lookup.Claim) { *c = lookup.Claim{Kind: c.Kind, Form: "x"} },
				[]string{"reference.empty", "digits.empty", "captcha.old"}},
		} {
			claim := h.claim(k.Reference, k.Digits)
			c.change(&claim)
			require.Equal(t, c.want, h.problems(claim), name)
		}
		require.Zero(t, w.loads.Load())
		require.EqualValues(t, 0, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM lookup_counters`))
		require.Equal(t, 0, h.attempts(k))

		require.False(t, h.open(h.claim(k.Reference, wrong(k, 1))))
		require.EqualValues(t, 1, w.loads.Load())
		require.Equal(t, 1, h.attempts(k))
		require.Len(t, h.counter(k.Key).Failures, 1)
	})
}

// Md1: a malformed submission uses its captcha up all the same.
func TestMalformedUsesTheCaptcha(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		c := h.claim("12", k.Digits)
		h.problems(c)
		c.Number, c.Form = k.Reference, "next"
		require.Equal(t, []string{"captcha.old"}, h.problems(c))
	})
}

// T11: at the gate, on a site where nothing else happens.
func TestT11OldCaptcha(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		young, old := h.claim(k.Reference, k.Digits), h.claim(k.Reference, k.Digits)
		h.clock.Pass(9*time.Minute + 59*time.Second)
		require.True(t, h.open(young))
		h.clock.Pass(2 * time.Second)
		require.Equal(t, []string{"captcha.old"}, h.problems(old))
	})
}

// T21: the form again within two minutes, and the same wrong digits again.
func TestT21PostedAgain(t *testing.T) {
	houses(t, 2, func(t *testing.T, h *house) {
		k := h.known[0]
		c := h.claim(k.Reference, k.Digits)
		first, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		h.clock.Pass(119 * time.Second)
		again, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Equal(t, 1, h.attempts(k))

		other := c
		other.Digits = wrong(k, 1)
		require.Equal(t, []string{"captcha.old"}, h.problems(other), "the form with other digits is another attempt")
		if h.store.Dialect() == "sqlite" { // Redis has its own time
			h.clock.Pass(2 * time.Second)
			require.Equal(t, []string{"captcha.old"}, h.problems(c))
		}

		k = h.known[1]
		for range 5 {
			require.False(t, h.open(h.claim(k.Reference, wrong(k, 1))))
		}
		require.Len(t, h.counter(k.Key).Failures, 1, "the same wrong digits are one try")
		require.Equal(t, 5, h.attempts(k))
		require.True(t, h.open(h.claim(k.Reference, k.Digits)))
	})
}

// G6: a success forgives what the same browser failed, nobody else's.
func TestG6ForgivesOwnFailures(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		devices := lookup.NewDevices(h.Ring, h.clock.Now)
		mine, theirs := devices.Hash(devices.Issue("")), devices.Hash(devices.Issue(""))
		post := func(device string, digits keys.Secret) bool {
			c := h.claim(k.Reference, digits)
			c.Device = device
			return h.open(c)
		}
		require.False(t, post(mine, wrong(k, 1)))
		require.False(t, post(theirs, wrong(k, 2)))
		require.True(t, post(mine, k.Digits))
		left := h.counter(k.Key).Failures
		require.Len(t, left, 1)
		require.Equal(t, theirs, left[0].Device)
	})
}

// G4, T3: whatever breaks, the door stays shut and nothing is told.
func TestShutWhateverBreaks(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		for _, step := range []string{"load", "panic", "save", "visit", "add", "set", "take"} {
			t.Run(step, func(t *testing.T) {
				deps := h.Deps
				deps.Ledger = brokenLedger{h.Ledger, step}
				deps.State = brokenState{h.State, step}
				deps.Challenge = brokenChallenge{h.Challenge, step}
				outcome, err := lookup.NewGate(deps).Open(h.ctx, h.claim(k.Reference, k.Digits))
				require.Equal(t, portal.Unavailable, portal.CodeOf(err))
				require.Equal(t, lookup.Outcome{}, outcome)
			})
		}
		require.Equal(t, 1, h.attempts(k), "only the attempt whose outcome could not be kept was counted")
		_, err := h.gate.Open(h.ctx, lookup.Claim{Kind: "another"})
		require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	})
}

// G12: nothing secret is printed, kept as a state key, or written to the trail.
func TestG12NothingSecretLeaves(t *testing.T) {
	houses(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		spy := &keySpy{Store: h.State}
		h.Deps.State = spy
		h.gate = lookup.NewGate(h.Deps)
		h.visits = lookup.NewVisits(h.Ring, h.clock.Now, h.store, spy, h.store)
		c := h.claim(k.Reference, k.Digits)
		printed := fmt.Sprintf("%v %+v %#v", c, c, c)
		outcome, err := h.gate.Open(h.ctx, c)
		require.NoError(t, err)
		token, err := h.visits.Admit(h.ctx, "", outcome.Visit)
		require.NoError(t, err)
		bad := h.claim(k.Reference+"1", k.Digits)
		_, err = h.gate.Open(h.ctx, bad)
		printed += fmt.Sprint(err, outcome, token) + strings.Join(spy.seen, "\n")
		for _, secret := range []keys.Secret{k.Reference, c.Captcha, bad.Captcha, token, keys.Secret(c.Form)} {
			if secret != keys.Secret(c.Form) {
				require.NotContains(t, printed, secret.Reveal())
			}
			require.NotContains(t, strings.Join(spy.seen, "\n"), secret.Reveal())
			require.Zero(t, storetest.Number(t, h.dsn,
				`SELECT COUNT(*) FROM trail WHERE subject LIKE $1 OR details LIKE $1 OR ground LIKE $1`, "%"+secret.Reveal()+"%"))
		}
	})
}
