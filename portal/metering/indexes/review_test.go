package indexes_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

var marc = portal.Actor{Kind: portal.Staff, ID: "marc"}

func (p *town) desk() *indexes.Desk {
	return &indexes.Desk{Ledger: p.Store, Runner: p.Store, Clock: p.clock}
}

// odd enters an off-peak index that is far too high, and confirms it.
func (p *town) odd(t *testing.T) {
	typed := p.typed(t, power, "2026-11-25", peaks("22015", "44270"))
	out, err := p.book().Enter(ctx, p.stay[power], typed)
	require.NoError(t, err)
	typed.Sure = out.Sure
	out, err = p.book().Enter(ctx, p.stay[power], typed)
	require.NoError(t, err)
	require.True(t, out.Saved)
}

func (p *town) waiting(t *testing.T) []indexes.Review {
	list, err := p.desk().Waiting(ctx, indexes.Cursor{}, 10)
	require.NoError(t, err)
	return list
}

// TestL4HeldReadingIsDecidedAtTheDesk: a reading outside the bounds is held,
// not sent, until a colleague releases, corrects or refuses it, once; each
// decision is in the trail, and the customer sees what counts (D6).
func TestL4HeldReadingIsDecidedAtTheDesk(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		require.Empty(t, p.waiting(t))
		p.odd(t)
		p.enter(t, gas, map[metering.Register]string{metering.GasVolume: "9604"})
		list := p.waiting(t)
		require.Len(t, list, 1, "what is plausible waits for nobody")
		r := list[0]
		require.Equal(t, []indexes.Finding{indexes.Plausible, indexes.Unusual}, []indexes.Finding{r.Entries[0].Finding, r.Entries[1].Finding})
		require.True(t, r.Own())
		require.Equal(t, "1SAG1100076616", r.MeterNumber)
		require.Equal(t, power, r.Point.EAN)
		next, err := p.desk().Waiting(ctx, r.Cursor(), 10)
		require.NoError(t, err)
		require.Empty(t, next, "a page begins behind its cursor")

		// Refused: it counts nowhere, and another may be entered.
		require.Equal(t, "desk.readings.why", keyOf(p.desk().Refuse(ctx, marc, r.Window.ID, r.Round, "")))
		require.NoError(t, p.desk().Refuse(ctx, marc, r.Window.ID, r.Round, "misread"))
		require.Equal(t, []indexes.Status{indexes.Refused, indexes.Refused}, p.statuses(t, power))
		for name, err := range map[string]error{"release": p.desk().Release(ctx, marc, r.Window.ID, r.Round), "refuse": p.desk().Refuse(ctx, marc, r.Window.ID, r.Round, "misread"),
			"correct": p.desk().Correct(ctx, marc, r.Window.ID, r.Round, peaks("1", "1")), "another round": p.desk().Release(ctx, marc, r.Window.ID, 9),
			"no window": p.desk().Release(ctx, marc, "none", 1)} {
			require.Equal(t, portal.Conflict, portal.CodeOf(err), name)
		}
		_, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		require.Len(t, lines, 1, "the gas alone")
		page, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.False(t, page.Late)
		require.Equal(t, indexes.Refusal("misread"), page.Entries[0].Refusal)

		// The customer enters it again: released as it stands.
		p.odd(t)
		page, err = p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Empty(t, page.Entries[0].Refusal, "what replaces it begins anew")
		require.NoError(t, p.desk().Release(ctx, marc, r.Window.ID, 1))
		require.Equal(t, []indexes.Status{indexes.Received, indexes.Received}, p.statuses(t, power))
		batch, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(write(t, lines), ";released;"))

		// After the hand-over it is a correction; the desk lets another value count.
		p.enter(t, power, peaks("22015", "34269"))
		require.Len(t, p.waiting(t), 1)
		var faults indexes.Faults
		require.ErrorAs(t, p.desk().Correct(ctx, marc, r.Window.ID, 2, peaks("22015", "34,5")), &faults)
		require.Equal(t, "index.comma", faults[0].Key)
		require.Equal(t, indexes.ToCheck, p.statuses(t, power)[0], "nothing is half decided")
		require.NoError(t, p.desk().Correct(ctx, marc, r.Window.ID, 2, peaks("22015", "34270")))
		page, err = p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Equal(t, []indexes.Status{indexes.Received, indexes.Corrected}, []indexes.Status{page.Entries[0].Status, page.Entries[1].Status})
		require.EqualValues(t, []int64{34269, 34270, 2400}, []int64{page.Entries[1].Noted(), page.Entries[1].Shown(), page.Entries[1].Consumed})
		second, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		text := write(t, lines)
		require.Contains(t, text, ";offtake-offpeak;2026-11-25;34270;kWh;2400;corrected;amended;2;customer;")
		require.Contains(t, text, ";offtake-peak;2026-11-25;22015;kWh;1200;released;amended;2;customer;")
		require.NotEqual(t, batch, second)
		decisions, wrong := indexes.ParseDecisions(strings.NewReader("reading;status;value\n"+lines[0].ID+";validated;\n"+lines[1].ID+";corrected;34268\n"), registry.Options{})
		require.Empty(t, wrong)
		s, err := p.handover().Settle(ctx, decisions, "answer.csv", false)
		require.NoError(t, err)
		require.Equal(t, 1, s.Corrected)
		lines, err = p.handover().Again(ctx, second)
		require.NoError(t, err)
		require.Equal(t, text, write(t, lines), "the same bytes, whatever came back since")
		require.Equal(t, 3, p.trail(t, audit.ReadingJudged))
	})
}

func keyOf(err error) string {
	if e, ok := err.(*portal.Error); ok {
		return e.Key
	}
	return ""
}

// TestRefusedReadingIsEstimated: where nothing replaces what was refused, an
// estimate does, also where the window's end was dealt with before (facts B.6).
func TestRefusedReadingIsEstimated(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		estimator := &indexes.Estimator{Ledger: p.Store, History: p.history(), Runner: p.Store, Clock: p.clock}
		p.odd(t)
		r := p.waiting(t)[0]
		p.now = portal.Date(2026, 12, 11)
		sum, err := estimator.Run(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, sum.Read)
		require.NoError(t, p.desk().Refuse(ctx, marc, r.Window.ID, r.Round, "other-meter"))
		sum, err = estimator.Run(ctx)
		require.NoError(t, err)
		require.Equal(t, indexes.Estimates{Windows: 1, Estimated: 2}, sum)
		require.Equal(t, []indexes.Status{indexes.Estimated, indexes.Estimated, indexes.Refused, indexes.Refused}, p.statuses(t, power))
		sum, err = estimator.Run(ctx)
		require.NoError(t, err)
		require.Zero(t, sum)
	})
}

// TestMd7NothingOfAFormerOccupantAtTheDesk: who judges a newcomer's reading is
// told that it was compared with somebody else's, and not with what.
func TestMd7NothingOfAFormerOccupantAtTheDesk(t *testing.T) {
	p := newTown(t, storetest.Backends(t)[0], portal.Date(2026, 11, 15))
	p.enter(t, power, peaks("999999", "0"))
	list := p.waiting(t)
	require.Len(t, list, 1)
	require.False(t, list[0].Own())
}

// TestHeldReadingsArePropositions: B.6 "hold, propose (swap)".
func TestHeldReadingsArePropositions(t *testing.T) {
	of := func(values []int64, findings ...indexes.Finding) (proposed []int64) {
		r := indexes.Review{}
		for i, f := range findings {
			r.Entries = append(r.Entries, indexes.Entry{Reading: indexes.Reading{Register: []metering.Register{metering.OfftakePeak, metering.OfftakeOffPeak, metering.InjectionPeak}[i], Value: values[i], Finding: f}})
		}
		for i := range r.Entries {
			proposed = append(proposed, r.Proposed(i))
		}
		return proposed
	}
	require.Equal(t, []int64{21_000, 52_000, 750}, of([]int64{52_000, 21_000, 7_504}, indexes.Swapped, indexes.Swapped, indexes.Comma))
	require.Equal(t, []int64{52_000, 21_000, 7_504}, of([]int64{52_000, 21_000, 7_504}, indexes.Unusual, indexes.Backwards, indexes.Injection))
}

// TestSecondEstimateIsRaised: B.6, an estimate behind an estimate takes a
// coefficient more; not where somebody put the first right, nor where a reading
// lies between.
func TestSecondEstimateIsRaised(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		estimator := &indexes.Estimator{Ledger: p.Store, History: p.history(), Runner: p.Store, Clock: p.clock, Again: 110}
		p.now = portal.Date(2026, 12, 11)
		_, err := estimator.Run(ctx)
		require.NoError(t, err)
		page, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		first := page.Entries[:2]
		plain := []int64{1200 * 380 / 365, 2400 * 380 / 365}
		require.EqualValues(t, []int64{20815 + plain[0], 31870 + plain[1]}, []int64{first[0].Value, first[1].Value}, "the first is not raised")
		// The next window counts from the two estimates; the peak's was put right.
		settled := first[0]
		settled.Status, settled.Final = indexes.Corrected, settled.Value
		require.NoError(t, p.Do(ctx, func(t tx.Tx) error { return p.Settle(t, []indexes.Entry{settled}) }))
		next := strings.ReplaceAll(windows, "2026-11-10;2026-12-10", "2026-12-20;2026-12-30")
		next = strings.NewReplacer("31870;2025-11-25", fmt.Sprint(first[1].Value)+";2026-12-10", "20815;2025-11-25", fmt.Sprint(first[0].Value)+";2026-12-10").Replace(next)
		require.Equal(t, 2, p.plan(t, next).New)
		p.now = portal.Date(2027, 1, 2)
		_, err = estimator.Run(ctx)
		require.NoError(t, err)
		page, err = p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Equal(t, "2026-12-30", page.Entries[0].On.Format(time.DateOnly))
		require.EqualValues(t, 1200*20/365, page.Entries[0].Consumed)
		require.EqualValues(t, 2400*20*110/100/365, page.Entries[1].Consumed)
	})
}
