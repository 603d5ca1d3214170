package metering_test

import (
	"fmt"
	"time"

	"guichet/portal"
	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
)

// fineParts lists the parts of the days that a query touches and of which
// detail may be shown, in the order of time; a part as long as a day has only
// its total. Hours are not cut into quarters.
func (o oracle) fineParts(q metering.Query, main metering.Register) (parts []portal.Period) {
	days, _ := o.expected(metering.Query{Grain: metering.ByDay, From: q.From, To: q.To})
	for _, day := range days {
		if !o.fine(day.From) {
			continue
		}
		n := map[metering.Grain]int{metering.ByHour: 1, metering.ByQuarter: 4}[q.Grain] * int(day.To.Sub(day.From)/time.Hour)
		if kept := o.kept(day.From, main); kept > 0 {
			n = min(n, kept)
		}
		length := day.To.Sub(day.From) / time.Duration(n)
		for i := range n {
			from := day.From.Add(time.Duration(i) * length)
			parts = append(parts, portal.Period{From: from, To: from.Add(length)})
		}
	}
	for len(parts) > 0 { // what has not come today is not due yet
		last := parts[len(parts)-1]
		if last.From.Before(o.today()) || last.To.Sub(last.From) > time.Hour || o.slots(last, main).known {
			break
		}
		parts = parts[:len(parts)-1]
	}
	return parts
}

// judgeFine holds hours or quarter-hours against the oracle: D4, D5, L16.
func (o oracle) judgeFine(t require.TestingT, q metering.Query, main metering.Register, s metering.Series) {
	parts := o.fineParts(q, main)
	require.Len(t, s.Points, len(parts), "%v", q)
	for i, got := range s.Points {
		say := fmt.Sprint(q.Grain, " ", parts[i].From, " of ", o.stay.From, " to ", o.stay.To, " by choice of ", o.stay.DetailFrom)
		require.True(t, parts[i].From.Equal(got.Period.From) && parts[i].To.Equal(got.Period.To), "%s: %v", say, got.Period)
		judgeSums(t, got)
		require.Nil(t, got.YearBefore, say)
		c := o.slots(parts[i], main)
		switch {
		case parts[i].To.Sub(parts[i].From) > time.Hour:
			require.Equal(t, metering.GapDaily, got.Gap, say)
			require.Zero(t, got.Amounts, say)
		case !c.known:
			require.Equal(t, metering.GapMissing, got.Gap, say)
			require.Zero(t, got.Amounts, say)
		default:
			require.Equal(t, metering.NoGap, got.Gap, say)
			require.Equal(t, c.amounts, got.Amounts, say)
			require.Equal(t, c.missingHigh, got.MissingDays, say)
			require.Equal(t, c.estimatedHigh, got.EstimatedDays, say)
		}
	}
	o.judgeTotals(t, main, s.Totals)
	for _, r := range s.Registers {
		counts := false
		for _, p := range parts {
			_, has := o.days[metering.DayNumber(p.From)][r]
			counts = counts || has
		}
		require.True(t, counts, "%s never counted in these days", r)
	}
	for _, n := range s.Notes {
		mine := n.At.IsZero() || (len(parts) > 0 && !n.At.Before(s.Period.From) && !n.At.After(s.Period.To))
		require.True(t, mine || n.Kind == metering.NoteDetailFrom, "%v", n)
	}
}
