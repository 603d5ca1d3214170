package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/desk"
	"guichet/portal/keys"
	"guichet/portal/registry"
	"guichet/portal/staff"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

// TestM6UnblockWalk: blocked, found, opened on a ground, checked, unblocked,
// and the owner is in.
func TestM6UnblockWalk(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		require.False(t, h.try(k.Reference, k.Digits), "M6: blocked is blocked")
		h.pass(anna, id)
		c, err := h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.True(t, c.Standing.Passed)
		require.Equal(t, "Claes", c.Customer.Name)
		require.NotContains(t, fmt.Sprintf("%+v", *c.Customer), string(k.EAN), "G12: masked")
		asked, err := h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.False(t, asked)
		require.Equal(t, 1, h.told(k.Key)[audit.Unblocked])
		require.True(t, h.try(k.Reference, k.Digits))

		_, err = h.Case(t.Context(), anna, id)
		h.refused(portal.NotFound, "desk.case", err)
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.Error(t, err, "a handled case is gone")
	})
}

// TestT5NothingBeforeTheCheck: a case shows place and history, no customer,
// and answers are told only right or wrong.
func TestT5NothingBeforeTheCheck(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		_, err := h.Case(t.Context(), anna, id)
		h.refused(portal.Denied, "desk.ground", err)
		h.open(anna, id)
		look := func() string {
			c, err := h.Case(t.Context(), anna, id)
			require.NoError(t, err)
			require.Nil(t, c.Customer)
			text, err := json.Marshal(c)
			require.NoError(t, err)
			return string(text)
		}
		for range 2 {
			text := look()
			for _, hidden := range []string{"Claes", "Rue Haute", "5000", string(k.EAN), k.EAN.Masked(), k.OccupancyID, k.Reference.Reveal(), k.Key} {
				require.NotContains(t, text, hidden)
			}
			_, err := h.Answer(t.Context(), anna, id, desk.MovedIn, "02/2024")
			if err != nil {
				h.refused(portal.Conflict, "desk.asked", err)
			}
		}
		_, err = h.Case(t.Context(), bert, id)
		h.refused(portal.Denied, "desk.ground", err)
		require.Equal(t, 3, h.told(k.Key)[audit.DeskOpened], "Cd3: the ground and each look")
	})
}

// TestT23Roles: who is not an agent does nothing, whatever the door.
func TestT23Roles(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		for _, m := range []staff.Member{carla, {}, {Login: "x", Role: "boss"}, {Role: staff.Agent}} {
			for name, do := range map[string]func() error{
				"find":    func() error { _, err := h.Find(t.Context(), m, k.Reference); return err },
				"open":    func() error { return h.Open(t.Context(), m, id, desk.Ground{Interaction: "I-1"}) },
				"case":    func() error { _, err := h.Case(t.Context(), m, id); return err },
				"answer":  func() error { _, err := h.Answer(t.Context(), m, id, desk.MovedIn, "01/2024"); return err },
				"unblock": func() error { _, err := h.Unblock(t.Context(), m, id, mistyped); return err },
				"grant":   func() error { return h.Grant(t.Context(), m, id, mistyped) },
				"replace": func() error { return h.Replace(t.Context(), m, id, mistyped) },
			} {
				require.Equal(t, portal.Denied, portal.CodeOf(do()), "%s by %q", name, m.Role)
			}
			_, err := h.Gate(t.Context(), m)
			_, err2 := h.Blocked(t.Context(), m, desk.Cursor{})
			if m.Role == staff.Security {
				require.NoError(t, errors.Join(err, err2))
			} else {
				require.Equal(t, portal.Denied, portal.CodeOf(err))
				require.Equal(t, portal.Denied, portal.CodeOf(err2))
			}
		}
	})
}

// TestT23CheckLimits: three answers a day for all agents together, also at
// once, and none of them is the meter's digits.
func TestT23CheckLimits(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		h.open(anna, id)
		h.open(bert, id)
		_, err := h.Unblock(t.Context(), anna, id, mistyped)
		h.refused(portal.Denied, "desk.unchecked", err)
		require.Equal(t, "desk.unchecked", keyOf(h.Replace(t.Context(), anna, id, mistyped)), "not even asked")
		_, err = h.Answer(t.Context(), anna, id, "digits", k.Digits)
		h.refused(portal.Conflict, "desk.asked", err)
		for _, slip := range []keys.Secret{"hier", "2019", "13/2019"} {
			_, err = h.Answer(t.Context(), anna, id, desk.MovedIn, slip)
			h.refused(portal.Invalid, "desk.answer.month", err) // and counts for nothing: see below
		}

		var wg sync.WaitGroup
		var mu sync.Mutex
		compared := 0
		for range 4 {
			for _, m := range []staff.Member{anna, bert} {
				for _, q := range desk.Questions {
					wg.Go(func() {
						if _, err := h.Answer(context.Background(), m, id, q, "12/1999"); err == nil {
							mu.Lock()
							compared++
							mu.Unlock()
						}
					})
				}
			}
		}
		wg.Wait()
		require.Equal(t, desk.AnswersADay, compared)
		require.Equal(t, desk.AnswersADay, h.told(k.Key)[audit.CallerChecked])
		_, err = h.Answer(t.Context(), bert, id, desk.MovedIn, "01/2024")
		h.refused(portal.TooMany, "desk.answers", err)

		h.wait(14 * time.Hour) // 24:00 in Brussels is 23:00 UTC
		h.pass(bert, id)
		h.wait(desk.PassedFor)
		h.open(bert, id)
		_, err = h.Unblock(t.Context(), bert, id, mistyped)
		h.refused(portal.Denied, "desk.unchecked", err)
	})
}

func keyOf(err error) string {
	var e *portal.Error
	errors.As(err, &e)
	return e.Key
}

// TestG10PassIsOneAgentsForOneBlock: it unlocks for nobody else, and not the
// next block.
func TestG10PassIsOneAgentsForOneBlock(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		h.pass(anna, id)
		h.open(bert, id)
		_, err := h.Unblock(t.Context(), bert, id, mistyped)
		h.refused(portal.Denied, "desk.unchecked", err)
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		h.wait(time.Minute)
		again := h.block(k.Reference)
		require.NotEqual(t, id, again)
		h.open(anna, again)
		_, err = h.Unblock(t.Context(), anna, again, mistyped)
		h.refused(portal.Denied, "desk.unchecked", err)
	})
}

// TestG10TwoAgents: the third unblock in twelve months needs two, and a year
// after the first one does again.
func TestG10TwoAgents(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		for range desk.UnblocksAYear {
			id := h.block(k.Reference)
			h.pass(anna, id)
			asked, err := h.Unblock(t.Context(), anna, id, mistyped)
			require.NoError(t, err)
			require.False(t, asked)
			h.wait(48 * time.Hour)
		}
		id := h.block(k.Reference)
		h.open(bert, id)
		h.refused(portal.Conflict, "desk.not-asked", h.Grant(t.Context(), bert, id, mistyped))
		h.pass(anna, id)
		asked, err := h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.True(t, asked)
		require.False(t, h.try(k.Reference, k.Digits), "asked is not open")
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		h.refused(portal.Conflict, "desk.asked-already", err)
		h.refused(portal.Denied, "desk.same-agent", h.Grant(t.Context(), anna, id, mistyped))
		list, err := h.Blocked(t.Context(), bert, desk.Cursor{})
		require.NoError(t, err)
		require.True(t, list.Cases[0].Asked)

		h.wait(desk.AskedFor)
		h.open(bert, id)
		h.refused(portal.Conflict, "desk.not-asked", h.Grant(t.Context(), bert, id, mistyped))
		h.pass(anna, id)
		asked, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.True(t, asked)
		require.NoError(t, h.Grant(t.Context(), bert, id, mistyped))
		require.True(t, h.try(k.Reference, k.Digits))
		told := h.told(k.Key)
		require.Equal(t, 3, told[audit.Unblocked])
		require.Equal(t, 2, told[audit.UnblockAsked])

		h.wait(366 * 24 * time.Hour)
		id = h.block(k.Reference)
		h.pass(anna, id)
		asked, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.False(t, asked, "twelve months later")
	})
}

// TestG10NewReference: the old one ends, a letter is queued, the case is
// handled and the old number opens nothing, also with the right digits.
func TestG10NewReference(t *testing.T) {
	everywhere(t, 2, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		h.open(anna, id)
		right, err := h.Answer(t.Context(), anna, id, desk.MovedIn, "05/2022")
		require.NoError(t, err)
		require.False(t, right)
		require.NoError(t, h.Replace(t.Context(), anna, id, desk.Why{Key: "other", Text: "n’a plus la lettre"}))
		list, err := h.Blocked(t.Context(), anna, desk.Cursor{})
		require.NoError(t, err)
		require.Empty(t, list.Cases)
		require.Zero(t, list.Unknown)
		_, err = h.Find(t.Context(), anna, k.Reference)
		h.refused(portal.NotFound, "desk.not-blocked", err)
		require.False(t, h.try(k.Reference, k.Digits))
		require.Equal(t, 1, h.told(k.Key)[audit.ReferenceEnded])
		stays, err := h.store.Entries(t.Context(), "occupancy:"+k.OccupancyID, 10, time.Time{}, "")
		require.NoError(t, err)
		require.Equal(t, audit.ReferenceIssued, stays[0].Action)
		require.Equal(t, "anna", stays[0].Actor.ID)
	})
}

type failing struct{}

func (failing) IssueIn(tx.Tx, registry.Cause, []registry.Holding) ([]registry.Issued, error) {
	return nil, errors.New("no letter")
}

// TestT23AllOrNothing: when the letter fails, the old reference lives, and no
// entry says otherwise.
func TestT23AllOrNothing(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		h.pass(anna, id)
		h.Deps.Issuer = failing{}
		require.Error(t, h.Replace(t.Context(), anna, id, mistyped))
		require.Zero(t, h.told(k.Key)[audit.ReferenceEnded])
		_, err := h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.True(t, h.try(k.Reference, k.Digits))
	})
}

// TestT23RacingAGuess: guesses against an unblock; whatever the order, the
// counter ends as some order of them would leave it.
func TestT23RacingAGuess(t *testing.T) {
	everywhere(t, 6, func(t *testing.T, h *house) {
		for _, k := range h.known {
			id := h.block(k.Reference)
			h.pass(anna, id)
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() { h.try(k.Reference, keys.Secret(fmt.Sprintf("80%02d", i))) })
			}
			cleared := 0
			var mu sync.Mutex
			for range 2 {
				wg.Go(func() {
					if _, err := h.Unblock(context.Background(), anna, id, mistyped); err == nil {
						mu.Lock()
						cleared++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			require.Equal(t, 1, cleared, "one case, one unblock")
			told := h.told(k.Key)
			require.Equal(t, 1, told[audit.Unblocked])
			require.LessOrEqual(t, told[audit.LookupBlocked], 2)
			_, err := h.Find(t.Context(), anna, k.Reference)
			require.Equal(t, told[audit.LookupBlocked] == 2, err == nil, "blocked again exactly where the trail says so")
		}
	})
}

// TestG10Alarm at the twentieth unblock of a day by one agent.
func TestG10Alarm(t *testing.T) {
	everywhere(t, desk.AlarmUnblocks, func(t *testing.T, h *house) {
		for i, k := range h.known {
			id := h.block(k.Reference)
			h.pass(anna, id)
			_, err := h.Unblock(t.Context(), anna, id, mistyped)
			require.NoError(t, err)
			require.Equal(t, i+1 == desk.AlarmUnblocks, len(h.alarms) > 0)
		}
		require.Contains(t, h.log.String(), `"level":"WARN"`)
		require.Contains(t, h.log.String(), `"login":"anna"`)
	})
}

// TestBlockedListPages: newest first, each once, unknown numbers only counted.
func TestBlockedListPages(t *testing.T) {
	everywhere(t, desk.PageOfCases+3, func(t *testing.T, h *house) {
		for _, k := range h.known {
			h.block(k.Reference)
			h.wait(time.Second)
		}
		strange := registry.DrawReference()
		id := h.block(strange)
		seen := map[string]bool{}
		var after desk.Cursor
		for page := range 2 {
			list, err := h.Blocked(t.Context(), anna, after)
			require.NoError(t, err)
			require.Equal(t, page == 0, list.More)
			require.Equal(t, 1, list.Unknown)
			for _, p := range list.Cases {
				require.False(t, seen[p.CaseID])
				require.Equal(t, "Namur", p.Town)
				seen[p.CaseID] = true
				after = desk.Cursor{BlockedAt: p.BlockedAt, CaseID: p.CaseID}
			}
		}
		require.Len(t, seen, len(h.known))
		require.False(t, seen[id])
		g, err := h.Gate(t.Context(), anna)
		require.NoError(t, err)
		require.Equal(t, desk.Gate{View: g.View, Blocked: len(h.known), BlocksToday: len(h.known) + 1, FailuresToday: 3 * (len(h.known) + 1)}, g)
		h.wait(24 * time.Hour)
		g, err = h.Gate(t.Context(), anna)
		require.NoError(t, err)
		require.Equal(t, desk.Gate{View: g.View, Blocked: len(h.known)}, g)

		h.open(anna, id)
		c, err := h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.False(t, c.Known)
		require.Empty(t, c.Standing.Ask)
		_, err = h.Answer(t.Context(), anna, id, desk.NameOnFile, "Claes")
		h.refused(portal.Conflict, "desk.asked", err)
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		h.refused(portal.Denied, "desk.unchecked", err)
	})
}

// TestG13FindTellsNothing: live, unknown and ended numbers look alike.
func TestG13FindTellsNothing(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		_, live := h.Find(t.Context(), anna, h.known[0].Reference)
		_, unknown := h.Find(t.Context(), anna, registry.DrawReference())
		require.Equal(t, live, unknown)
		h.refused(portal.NotFound, "desk.not-blocked", live)
	})
}

// TestL19FindIsTold: who sought a number is in the trail, found or not, and
// what was typed is not (Cd3, G12).
func TestL19FindIsTold(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k, strange := h.known[0], registry.DrawReference()
		h.block(k.Reference)
		require.Equal(t, 1, h.told(k.Key)[audit.DeskSought])
		_, err := h.Find(t.Context(), bert, strange)
		h.refused(portal.NotFound, "desk.not-blocked", err)
		_, err = h.Find(t.Context(), bert, "1234")
		require.Equal(t, portal.Invalid, portal.CodeOf(err))
		_, err = h.Find(t.Context(), carla, k.Reference)
		require.Equal(t, portal.Denied, portal.CodeOf(err))
		all := storetest.Waiting(t, h.store)
		sought := map[string]string{}
		for _, e := range all {
			if e.Action == audit.DeskSought {
				require.NotContains(t, sought, e.Actor.ID, "what reads nothing is not told")
				sought[e.Actor.ID] = e.Subject
			}
		}
		require.Equal(t, map[string]string{"anna": "reference:" + k.Key, "bert": ""}, sought)
		text := fmt.Sprintln(all)
		require.NotContains(t, text, k.Reference.Reveal())
		require.NotContains(t, text, strange.Reveal())
	})
}

// TestT24FormsBeforeQueries: what is no case number names no case, on every
// database alike, and a zero byte in a reason shuts nothing.
func TestT24FormsBeforeQueries(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		for _, id := range []string{"", "B-", "B-\x00", "B-\xff1234567", "B-ILOU0000", "b-7k3m9qxa", "B-7K3M9QXA\n", "B-7K3M9QXAA"} {
			_, err := h.Case(t.Context(), anna, id)
			h.refused(portal.NotFound, "desk.case", err)
			_, err = h.Answer(t.Context(), anna, id, desk.MovedIn, "01/2024")
			h.refused(portal.NotFound, "desk.case", err)
			_, err = h.Unblock(t.Context(), anna, id, mistyped)
			h.refused(portal.NotFound, "desk.case", err)
			h.refused(portal.NotFound, "desk.case", h.Open(t.Context(), anna, id, desk.Ground{Interaction: "I-1234"}))
			_, err = h.Blocked(t.Context(), anna, desk.Cursor{BlockedAt: h.now, CaseID: id})
			h.refused(portal.NotFound, "desk.case", err)
		}
		id := h.block(h.known[0].Reference)
		h.pass(anna, id)
		_, err := h.Unblock(t.Context(), anna, id, desk.Why{Key: "mistyped", Text: "lettre \x00\xff perdue"})
		require.NoError(t, err)
	})
}

// TestG12NoSecretAtTheDesk searches trail and log for what callers said.
func TestG12NoSecretAtTheDesk(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		k := h.known[0]
		id := h.block(k.Reference)
		h.refused(portal.Invalid, "desk.reason.number", h.Open(t.Context(), anna, id, desk.Ground{Reason: "réf " + k.Reference.Reveal()}))
		spaced := strings.ReplaceAll(registry.FormatReference(k.Reference), " ", "\u00a0")
		h.refused(portal.Invalid, "desk.reason.number", h.Open(t.Context(), anna, id, desk.Ground{Reason: "réf " + spaced}))
		h.refused(portal.Invalid, "desk.interaction", h.Open(t.Context(), anna, id, desk.Ground{Interaction: "C4EJKRHK"}))
		h.pass(anna, id)
		_, err := h.Unblock(t.Context(), anna, id, desk.Why{Key: "other", Text: "voici " + registry.FormatReference(k.Reference)})
		h.refused(portal.Invalid, "desk.reason.number", err)
		_, err = h.Unblock(t.Context(), anna, id, desk.Why{Key: "mistyped", Text: "code C4EJKRHK"})
		h.refused(portal.Invalid, "desk.reason.number", err)
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		all, err := h.store.Entries(t.Context(), "reference:"+k.Key, 1000, time.Time{}, "")
		require.NoError(t, err)
		text := h.log.String()
		for _, e := range all {
			text += fmt.Sprintln(e.Entry, e.Text)
		}
		for _, secret := range []string{k.Reference.Reveal(), registry.FormatReference(k.Reference), "01/2024", "claes", string(k.EAN), "Rue Haute"} {
			require.NotContains(t, text, secret)
		}
		require.Contains(t, text, "interaction:I-1234")
	})
}

// D7, G10: a reference on another ground than living there is a case as any
// other; its holder is asked for their own name and address, nothing of the
// house is told them, and a new letter goes to them alone.
func TestD7ABlockedGroundIsACase(t *testing.T) {
	everywhere(t, 1, func(t *testing.T, h *house) {
		g := storetest.OnGround(t, h.dsn, h.known[0], h.clock().AddDate(1, 0, 0))
		id := h.block(g.Reference)
		storetest.Seal(t, h.store, h.clock)
		list, err := h.Blocked(t.Context(), anna, desk.Cursor{})
		require.NoError(t, err)
		require.Len(t, list.Cases, 1)
		require.Zero(t, list.Unknown)
		gate, err := h.Gate(t.Context(), anna)
		require.NoError(t, err)
		require.Equal(t, 1, gate.Blocked)
		h.open(anna, id)
		c, err := h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.True(t, c.Known)
		require.Equal(t, []desk.Question{desk.MailingAddress, desk.NameOnFile}, c.Standing.Ask)
		for q, a := range map[desk.Question]keys.Secret{desk.MailingAddress: "4700 Rue B 2", desk.NameOnFile: "Otto"} {
			right, err := h.Answer(t.Context(), anna, id, q, a)
			require.NoError(t, err)
			require.True(t, right, q)
		}
		c, err = h.Case(t.Context(), anna, id)
		require.NoError(t, err)
		require.Equal(t, "Otto", c.Customer.Name)
		require.Equal(t, registry.Heir, c.Customer.Ground)
		_, err = h.Unblock(t.Context(), anna, id, mistyped)
		require.NoError(t, err)
		require.True(t, h.try(g.Reference, g.Digits))

		again := h.block(g.Reference)
		h.open(anna, again)
		_, err = h.Answer(t.Context(), anna, again, desk.MailingAddress, "4700")
		require.Error(t, err, "asked already today")
		h.wait(24 * time.Hour)
		h.open(anna, again)
		_, err = h.Answer(t.Context(), anna, again, desk.NameOnFile, "Nobody")
		require.NoError(t, err)
		require.NoError(t, h.Replace(t.Context(), anna, again, mistyped))
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM ground_references WHERE ended_us > 0`))
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM ground_references WHERE ended_us = 0`))
		require.EqualValues(t, 1, storetest.Number(t, h.dsn, `SELECT COUNT(*) FROM issued_references WHERE ended_us = 0`), "the occupant's goes on")
		letters, err := h.store.WaitingLetters(t.Context(), "", 10)
		require.NoError(t, err)
		require.Len(t, letters, 1)
		require.Equal(t, "Otto", letters[0].To.Name)
	})
}
