package chart

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNothingLeavesTheDrawing: whatever the amounts, bars stack without gaps
// inside the plot, a hole is a hole, and the axis has three to six ticks.
func TestNothingLeavesTheDrawing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Chart{ID: "c", Ordered: func(n, _ int64) string { return strconv.FormatInt(n, 10) }}
		for range rapid.IntRange(1, 62).Draw(t, "bars") {
			b := Bar{Before: rapid.Int64Range(0, 1<<40).Draw(t, "before"), HasBefore: rapid.Bool().Draw(t, "has")}
			if !rapid.Bool().Draw(t, "hole") {
				b.Segments = []Segment{{Peak, rapid.Int64Range(0, 1<<40).Draw(t, "peak")}, {OffPeak, rapid.Int64Range(0, 1<<40).Draw(t, "off")}}
			}
			c.Bars = append(c.Bars, b)
		}
		const slack = 1e-6
		d := c.wide()
		require.LessOrEqual(t, len(d.Ticks), 6)
		require.Equal(t, c.counts(), len(d.Ticks) > 1)
		for i, b := range d.Bars {
			require.Equal(t, len(c.Bars[i].Segments) == 0, b.Hole != nil)
			floor := plotFloor
			for _, r := range b.Rects {
				require.InDelta(t, floor, r.Y+r.H, slack)
				require.GreaterOrEqual(t, r.Y, plotTop-slack)
				require.GreaterOrEqual(t, r.X, plotLeft)
				require.LessOrEqual(t, r.X+r.W, plotRight+slack)
				floor = r.Y
			}
			require.GreaterOrEqual(t, plotFloor, b.Earlier.Y-slack)
		}
		for _, r := range c.narrow().Rows {
			for _, box := range r.Rects {
				require.LessOrEqual(t, box.X+box.W, narrowWidth)
			}
		}
	})
}

// TestAHolesWordStandsInIt: the dashed box is as high as its word is long.
func TestAHolesWordStandsInIt(t *testing.T) {
	for _, word := range []string{"fehlt", "niet te splitsen", "nicht abgelesen"} {
		c := Chart{Bars: []Bar{{Value: word}}, Ordered: func(int64, int64) string { return "" }}
		hole := c.wide().Bars[0].Hole
		require.GreaterOrEqual(t, hole.H, max(holeHeight, 10+7.5*float64(len(word))))
		require.Greater(t, hole.Y, plotTop)
	}
}

// TestTheLegendHasTheDrawingsColour: a short or estimated bar of injection is
// amber, and its key too.
func TestTheLegendHasTheDrawingsColour(t *testing.T) {
	for kind, not := range map[Kind]Kind{Injection: Plain, OffPeak: Injection} {
		var b strings.Builder
		c := Chart{ID: "c", Ordered: func(_, _ int64) string { return "" }, Bars: []Bar{{Segments: []Segment{{kind, 1}}}},
			Legend: []Key{{"short", KeyCut}, {"estimated", KeyEstimated}}}
		require.NoError(t, Figure(&c).Render(t.Context(), &b))
		_, key, _ := strings.Cut(b.String(), `class="key"`)
		require.NotContains(t, key, "c-"+string(not))
		require.NotContains(t, key, "c-hatched-"+string(not))
		require.Contains(t, key, "standing c-"+c.own())
	}
}

// TestBarsOfManyBeginBesideTheirWords: short words leave the bars more room.
func TestBarsOfManyBeginBesideTheirWords(t *testing.T) {
	c := Chart{ID: "c", Ordered: func(_, _ int64) string { return "" }}
	for range many + 1 {
		c.Bars = append(c.Bars, Bar{Short: "23 h 45", Segments: []Segment{{Plain, 1000}}})
	}
	require.Greater(t, c.narrow().Rows[0].Rects[0].W, 110.0)
	c.Bars[9].Short = "2:45 (Sommer), an odd one"
	require.Equal(t, compactMost, c.narrow().Rows[0].Rects[0].X)
}

// TestMarksStandAtTheirRow in the narrow drawing, before it or, of its second
// half, after it; none is lost.
func TestMarksStandAtTheirRow(t *testing.T) {
	c := Chart{ID: "c", Ordered: func(_, _ int64) string { return "" }, Bars: make([]Bar, 3),
		Marks: []Mark{{0, "in"}, {1.2, "meter"}, {1.9, "another"}, {3, "out"}}}
	d := c.narrow()
	require.Len(t, d.Rules, 4)
	require.Less(t, d.Rules[0].Y, d.Rows[0].Y)
	require.Greater(t, d.Rules[1].Y, d.Rows[0].Y)
	require.Less(t, d.Rules[1].Y, d.Rows[1].Y)
	require.Greater(t, d.Rules[2].Y, d.Rows[1].Y)
	require.Less(t, d.Rules[2].Y, d.Rows[2].Y)
	require.Greater(t, d.Rules[3].Y, d.Rows[2].Y)
}
