package mandates_test

import (
	"context"
	"testing"
	"time"

	"guichet/mandates"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// may is the oracle: whether a mandate lets out a day at a grain, judged day by
// day from the words of Ld4, D8, D9, D3 and D5 and from nothing of the code.
func (w *world) may(day time.Time, g metering.Grain) bool {
	m, l := w.mandate, w.mandate.Lines[0]
	end := day.AddDate(0, 0, 1)
	inside := func(p portal.Period) bool { return !day.Before(p.From) && (p.To.IsZero() || !end.After(p.To)) }
	stay, _, err := w.Stay(context.Background(), l.OccupancyID)
	kind := map[metering.Grain]mandates.Kind{metering.ByYear: mandates.Totals, metering.ByMonth: mandates.Totals,
		metering.ByDay: mandates.Daily, metering.ByHour: mandates.Fine, metering.ByQuarter: mandates.Fine}[g]
	switch {
	case l.End != "" || err != nil:
		return false
	case w.now.Before(m.Scope.Validity.From) || !w.now.Before(m.Scope.Validity.To):
		return false
	case w.now.Before(stay.From) || (!stay.To.IsZero() && !w.now.Before(stay.To)):
		return false
	case !l.Proven && w.now.Before(tenWorkingDaysAfter(l.ToldAt)):
		return false
	case !m.Scope.Has(kind):
		return false
	case !inside(stay.Period) || !inside(m.Scope.Data) || day.Before(w.horizon()):
		return false
	}
	if kind != mandates.Fine {
		return true
	}
	switch {
	case w.point.PowerVA >= 56_000:
		return true
	case stay.DetailFrom.IsZero():
		return false
	}
	return !day.Before(stay.DetailFrom)
}

func (w *world) horizon() time.Time {
	y, m, _ := w.now.In(portal.Brussels).Date()
	return portal.Date(y-3, m, 1)
}

// tenWorkingDaysAfter counts on fingers: the holidays of the drawn months.
func tenWorkingDaysAfter(told time.Time) time.Time {
	holidays := map[string]bool{"2025-11-11": true, "2025-12-25": true, "2026-01-01": true, "2026-04-06": true, "2026-05-01": true,
		"2026-05-14": true, "2026-05-25": true, "2026-07-21": true, "2026-08-15": true, "2026-11-01": true, "2026-11-11": true, "2026-12-25": true}
	y, m, d := told.In(portal.Brussels).Date()
	for left := 10; left > 0; {
		d++
		day := portal.Date(y, m, d)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday && !holidays[day.Format(time.DateOnly)] {
			left--
		}
	}
	return portal.Date(y, m, d+1)
}

var grains = []metering.Grain{metering.ByYear, metering.ByMonth, metering.ByDay, metering.ByHour, metering.ByQuarter}

func (w *world) deliver(g metering.Grain) (mandates.Delivery, error) {
	s := &mandates.Service{Clock: w.clock, Runner: w, Store: w}
	return s.Hand(context.Background(), &metering.History{Ledger: w, Clock: w.clock}, audit.Entry{}, "p1", "m1", mandates.Asked{EAN: theEAN, Query: metering.Query{Grain: g}})
}

// L16, L29, Ld4, D9: nothing outside of what was signed for and lived through
// ever leaves. Each point that leaves adds up the allowed days that it covers
// and no other; and whatever is changed outside of them, what leaves stays the
// same to the last field, totals and comparison included.
func TestNothingOutsideTheMandateLeaves(t *testing.T) {
	delivered := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		g := rapid.SampledFrom(grains).Draw(t, "grain")
		allowed := map[int64]bool{}
		for day := range w.quarters {
			if date := metering.DateOf(day); w.may(date, g) && !date.After(w.now) {
				allowed[day] = true
			}
		}
		got, err := w.deliver(g)
		if err != nil {
			require.Contains(t, []portal.Code{portal.Denied, portal.NotFound}, portal.CodeOf(err))
			require.Equal(t, audit.DeliveryRefused, w.entries[len(w.entries)-1].Action, "a refusal is traced")
		} else {
			delivered++
			require.Equal(t, audit.Delivered, w.entries[len(w.entries)-1].Action)
			w.addsUp(t, got.Series, allowed)
		}
		for day := range w.quarters {
			if !w.may(metering.DateOf(day), g) {
				if day%2 == 0 {
					delete(w.quarters, day)
				} else {
					w.fill(metering.DateOf(day), 77)
				}
			}
		}
		w.mandate.Lines[0].DeliveredAt = time.Time{}
		again, errAgain := w.deliver(g)
		require.Equal(t, err, errAgain)
		same(t, got.Series, again.Series)
	})
	require.Positive(t, delivered, "the law saw no delivery")
}

// D5: detail that the customer withdraws while a delivery is made does not leave,
// nor where they chose it anew since; totals do, and so does what the law keeps.
func TestD5AWithdrawalWins(t *testing.T) {
	for name, c := range map[string]struct {
		grain metering.Grain
		power int64
		to    func(now time.Time) time.Time
		want  portal.Code
	}{
		"withdrawn":       {metering.ByQuarter, 9_200, func(time.Time) time.Time { return time.Time{} }, portal.Denied},
		"chosen anew":     {metering.ByHour, 9_200, func(now time.Time) time.Time { return now }, portal.Denied},
		"still chosen":    {metering.ByHour, 9_200, func(now time.Time) time.Time { return now.AddDate(0, 0, -30) }, ""},
		"by day":          {metering.ByDay, 9_200, func(time.Time) time.Time { return time.Time{} }, ""},
		"kept by the law": {metering.ByQuarter, 60_000, func(time.Time) time.Time { return time.Time{} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := anOrdinaryWorld(c.power)
			err := w.handWhile(t, c.grain, func() { w.stays[0].DetailFrom = c.to(w.now) })
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, portal.CodeOf(err))
			require.Len(t, w.entries, 1, "refused, and nothing left")
			require.Equal(t, audit.DeliveryRefused, w.entries[0].Action)
		})
	}
}

// T24: a partner that is suspended while a delivery is made gets nothing.
func TestT24ASuspensionWins(t *testing.T) {
	w := anOrdinaryWorld(9_200)
	err := w.handWhile(t, metering.ByDay, func() { w.suspended = true })
	require.Equal(t, portal.NotFound, portal.CodeOf(err))
	require.Len(t, w.entries, 1, "refused, and nothing left")
	require.Equal(t, audit.DeliveryRefused, w.entries[0].Action)
}

// anOrdinaryWorld has nine days of a July and a mandate for all of them.
func anOrdinaryWorld(power int64) *world {
	now := portal.Date(2026, 7, 10).Add(9 * time.Hour)
	w := &world{now: now, quarters: map[int64][]int64{}, point: registry.AccessPoint{EAN: theEAN, Energy: portal.Electricity, PowerVA: power},
		stays:   []registry.Occupancy{{ID: "mine", EAN: theEAN, Period: portal.Period{From: portal.Date(2026, 1, 1)}, DetailFrom: now.AddDate(0, 0, -30)}},
		mandate: mandates.Mandate{ID: "m1", PartnerID: "p1", Status: mandates.Decided, Version: 1, Text: []byte("text"), Lines: make([]mandates.Line, 1)}}
	for day := 1; day < 10; day++ {
		w.fill(portal.Date(2026, 7, day), 1)
	}
	w.force()
	return w
}

// handWhile delivers, and lets something happen between reading and recording.
func (w *world) handWhile(t *testing.T, g metering.Grain, meanwhile func()) error {
	s := &mandates.Service{Clock: w.clock, Runner: w, Store: w}
	_, err := s.Hand(t.Context(), &metering.History{Ledger: w, Clock: w.clock}, audit.Entry{}, "p1", "m1", mandates.Asked{EAN: theEAN,
		Query: metering.Query{Grain: g}, With: func(d mandates.Delivery) (func(tx.Tx) error, error) {
			require.NotEmpty(t, d.Series.Points)
			meanwhile()
			return func(tx.Tx) error { return nil }, nil
		}})
	return err
}

// same compares part by part: a difference of thousands of quarter-hours would
// take the rest of the day to be written out.
func same(t *rapid.T, got, again metering.Series) {
	require.Len(t, again.Points, len(got.Points))
	for i, p := range got.Points {
		require.Equal(t, p, again.Points[i])
	}
	got.Points, again.Points = nil, nil
	require.Equal(t, got, again)
}

func (w *world) addsUp(t *rapid.T, s metering.Series, allowed map[int64]bool) {
	for _, p := range s.Points {
		var sum int64
		covered := false
		for day := dayOf(p.Period.From); day.Before(p.Period.To); day = day.AddDate(0, 0, 1) {
			if !allowed[metering.DayNumber(day)] {
				continue
			}
			for i, v := range w.quarters[metering.DayNumber(day)] {
				if at := day.Add(time.Duration(i) * 15 * time.Minute); p.Period.Contains(at) {
					sum += v
					covered = true
				}
			}
		}
		require.Equal(t, covered, p.Gap == metering.NoGap, "%v has an amount where a day may leave, and nowhere else", p.Period)
		require.Equal(t, sum, p.Amounts.Offtake(), "%v", p.Period)
	}
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.In(portal.Brussels).Date()
	return portal.Date(y, m, d)
}
