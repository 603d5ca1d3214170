package indexes

import (
	"testing"

	"guichet/portal/metering"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// electricity is a meter of four registers, read 100 days ago.
func electricity() Window {
	return Window{Production: true, Registers: []Register{
		{Register: metering.OfftakePeak, Digits: 6, Last: 20_000},
		{Register: metering.OfftakeOffPeak, Digits: 6, Last: 50_000},
		{Register: metering.InjectionPeak, Digits: 6, Last: 7_000},
		{Register: metering.InjectionOffPeak, Digits: 6, Last: 3_000},
	}}
}

// In a year 3,650 peak, 7,300 off-peak and 1,825 injected each: over 100 days
// 1,000, 2,000, 500 and 500.
func electricityExpected() []Expected {
	return []Expected{{3_650_000, 365, 100}, {7_300_000, 365, 100}, {1_825_000, 365, 100}, {1_825_000, 365, 100}}
}

// gas is read in m³; its loads are tenths of degree-days.
func gas() Window {
	return Window{Registers: []Register{{Register: metering.GasVolume, Digits: 5, Last: 4_000}}}
}

// TestTable is the table of facts B.6, each line a case (D6, L4). Its lines
// elsewhere: what cannot be read, TestTypedValues; the date, TestDates; a second
// entry, TestReadingFromFormToValidation; nothing by the end, TestEstimates,
// raised behind another, TestSecondEstimateIsRaised; what is held proposes,
// TestHeldReadingsArePropositions; Md7, TestNewOccupantIsAskedNothing.
func TestTable(t *testing.T) {
	for _, c := range []struct {
		name     string
		window   Window
		change   func(*Window)
		values   []int64
		expected []Expected
		want     []Finding
		consumed []int64
		ask      int
	}{
		{"as expected", electricity(), nil, []int64{21_000, 52_000, 7_500, 3_500}, nil,
			[]Finding{Plausible, Plausible, Plausible, Plausible}, []int64{1000, 2000, 500, 500}, 0},
		{"half of it, to the unit", electricity(), nil, []int64{20_500, 51_000, 7_250, 3_250}, nil,
			[]Finding{Plausible, Plausible, Plausible, Plausible}, []int64{500, 1000, 250, 250}, 0},
		{"twice it, to the unit", electricity(), nil, []int64{22_000, 54_000, 8_000, 4_000}, nil,
			[]Finding{Plausible, Plausible, Plausible, Plausible}, []int64{2000, 4000, 1000, 1000}, 0},
		{"one unit less than half", electricity(), nil, []int64{20_499, 52_000, 7_500, 3_500}, nil,
			[]Finding{Unusual, Plausible, Plausible, Plausible}, []int64{499, 2000, 500, 500}, 1},
		{"one unit more than twice", electricity(), nil, []int64{21_000, 54_001, 7_500, 3_500}, nil,
			[]Finding{Plausible, Unusual, Plausible, Plausible}, []int64{1000, 4001, 500, 500}, 1},

		{"gas in a cold time, which days alone would find unusual", gas(), nil, []int64{4_900}, []Expected{{1_500_000, 25_000, 15_000}},
			[]Finding{Plausible}, []int64{900}, 0},
		{"gas in a mild time, which days alone would let pass", gas(), nil, []int64{4_500}, []Expected{{1_500_000, 25_000, 1_500}},
			[]Finding{Unusual}, []int64{500}, 1},
		{"gas without degree-days: a person looks, nobody is asked", gas(), nil, []int64{4_500}, []Expected{{}},
			[]Finding{Unknown}, []int64{500}, 0},

		{"zero", electricity(), nil, []int64{20_000, 50_000, 7_000, 3_000}, nil,
			[]Finding{Zero, Zero, Zero, Zero}, []int64{0, 0, 0, 0}, 0},
		{"roll-over", electricity(), func(w *Window) { w.Registers[0].Last = 999_600 }, []int64{400, 52_000, 7_500, 3_500}, nil,
			[]Finding{RollOver, Plausible, Plausible, Plausible}, []int64{800, 2000, 500, 500}, 0},
		{"backwards and no roll-over", electricity(), nil, []int64{19_000, 52_000, 7_500, 3_500}, nil,
			[]Finding{Backwards, Plausible, Plausible, Plausible}, []int64{0, 2000, 500, 500}, 1},
		{"backwards with nothing to compare", gas(), nil, []int64{3_999}, []Expected{{}},
			[]Finding{Backwards}, []int64{0}, 1},
		{"swap of bands", electricity(), nil, []int64{52_000, 21_000, 7_500, 3_500}, nil,
			[]Finding{Swapped, Swapped, Plausible, Plausible}, nil, 2},
		{"swap of bands that both go up", electricity(), func(w *Window) { w.Registers[1].Last = 20_100 },
			[]int64{22_100, 21_000, 7_500, 3_500}, []Expected{{3_650_000, 365, 100}, {7_300_000, 365, 100}, {1_825_000, 365, 100}, {1_825_000, 365, 100}},
			[]Finding{Swapped, Swapped, Plausible, Plausible}, nil, 2},
		{"never a swap of off-take and injection", electricity(), nil, []int64{7_500, 52_000, 21_000, 3_500}, nil,
			[]Finding{Backwards, Plausible, Unusual, Plausible}, nil, 2},
		{"forgotten comma", electricity(), nil, []int64{210_004, 52_000, 7_500, 3_500}, nil,
			[]Finding{Comma, Plausible, Plausible, Plausible}, []int64{0, 2000, 500, 500}, 1},

		{"injection without production", electricity(), func(w *Window) { w.Production = false }, []int64{21_000, 52_000, 7_500, 3_000}, nil,
			[]Finding{Plausible, Plausible, Injection, Zero}, []int64{1000, 2000, 0, 0}, 1},

		{"exchange", electricity(), func(w *Window) { w.Registers[0].Exchange = &Exchange{Closing: 20_700, Opening: 5} }, []int64{305, 52_000, 7_500, 3_500}, nil,
			[]Finding{Plausible, Plausible, Plausible, Plausible}, []int64{1000, 2000, 500, 500}, 0},
		{"exchange, one subtraction across both would fit", electricity(), func(w *Window) { w.Registers[0].Exchange = &Exchange{Closing: 20_700, Opening: 20_500} },
			[]int64{23_000, 52_000, 7_500, 3_500}, nil, []Finding{Unusual, Plausible, Plausible, Plausible}, []int64{3200, 2000, 500, 500}, 1},
		{"exchange, nothing counted on either meter", electricity(), func(w *Window) { w.Registers[0].Exchange = &Exchange{Closing: 20_000, Opening: 5} },
			[]int64{5, 52_000, 7_500, 3_500}, nil, []Finding{Zero, Plausible, Plausible, Plausible}, []int64{0, 2000, 500, 500}, 0},
		{"exchange, and the new meter rolls over", electricity(), func(w *Window) { w.Registers[0].Exchange = &Exchange{Closing: 20_700, Opening: 999_800} },
			[]int64{100, 52_000, 7_500, 3_500}, nil, []Finding{RollOver, Plausible, Plausible, Plausible}, []int64{1000, 2000, 500, 500}, 0},
		{"exchange, below the new meter's beginning", electricity(), func(w *Window) { w.Registers[0].Exchange = &Exchange{Closing: 20_700, Opening: 500} },
			[]int64{305, 52_000, 7_500, 3_500}, nil, []Finding{Backwards, Plausible, Plausible, Plausible}, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.window)
			}
			if c.expected == nil {
				c.expected = electricityExpected()
			}
			j := Judge(c.window, c.values, c.expected, true)
			for i, r := range j.Readings {
				require.Equal(t, c.want[i], r.Finding, r.Register)
				if c.consumed != nil {
					require.Equal(t, c.consumed[i], r.Consumed, r.Register)
				}
			}
			require.Len(t, j.Ask, c.ask)
			hidden := Judge(c.window, c.values, c.expected, false)
			require.Equal(t, j.Readings, hidden.Readings)
			require.Empty(t, hidden.Ask, "Md7: nothing is asked where it would tell of a former occupant")
		})
	}
}

// TestWhatBecomesOfAFinding: the outcomes of the table.
func TestWhatBecomesOfAFinding(t *testing.T) {
	for f, want := range map[Finding]Status{Plausible: Received, Zero: Received, RollOver: Received,
		Unusual: ToCheck, Unknown: ToCheck, Amended: ToCheck,
		Swapped: Held, Comma: Held, Injection: Held, Backwards: Held, Guess: Estimated} {
		require.Equal(t, want, f.Status(), f)
	}
	for _, s := range Statuses { // D6: received, sent, validated or corrected; what was estimated, and what a colleague refused
		require.Contains(t, []Status{Received, Sent, Validated, Corrected, Estimated, Refused}, s.Shown())
	}
}

// TestCounterLaw: a counter that runs on by a plausible amount is accepted with
// just that amount, wherever it stands, exchanged or not.
func TestCounterLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Register{Register: metering.OfftakeTotal, Digits: rapid.IntRange(4, 9).Draw(t, "digits")}
		span := r.span()
		r.Last = rapid.Int64Range(0, span-1).Draw(t, "last")
		due := rapid.Int64Range(2, span/10).Draw(t, "due")
		e := Expected{Amount: due * 1000, Reference: 365, Load: 365}
		consumed := rapid.Int64Range((due+1)/2, 2*due).Draw(t, "consumed")
		want := (r.Last + consumed) % span
		if rapid.Bool().Draw(t, "exchanged") {
			before := rapid.Int64Range(0, min(consumed, span-1-r.Last)).Draw(t, "before")
			opening := rapid.Int64Range(0, span-1).Draw(t, "opening")
			r.Exchange = &Exchange{Closing: r.Last + before, Opening: opening}
			want = (opening + consumed - before) % span
		}
		j := Judge(Window{Registers: []Register{r}}, []int64{want}, []Expected{e}, true)
		require.Equal(t, consumed, j.Readings[0].Consumed)
		require.Equal(t, Received, j.Readings[0].Finding.Status())
		require.Empty(t, j.Ask)
	})
}

// TestFormerOccupantLaw: what the customer is told and asked is the same
// whatever was read and expected before their time (Md7, L16).
func TestFormerOccupantLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 999_999), 4, 4).Draw(t, "values")
		answer := func(name string) Judgement {
			w, e := electricity(), electricityExpected()
			w.Production = true
			for i := range w.Registers {
				w.Registers[i].Last = rapid.Int64Range(0, 999_999).Draw(t, name+" last")
				e[i].Amount = rapid.Int64Range(0, 20_000_000).Draw(t, name+" amount")
			}
			return Judge(w, values, e, false)
		}
		one, other := answer("one"), answer("other")
		require.Equal(t, one.Ask, other.Ask)
		for i := range one.Readings {
			require.Equal(t, one.Readings[i].Finding.Status().Shown(), other.Readings[i].Finding.Status().Shown())
		}
	})
}

// TestEstimateLaw: an estimate is a value that the meter can show, and a
// customer who typed it would be believed.
func TestEstimateLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Register{Register: metering.GasVolume, Digits: 6, Last: rapid.Int64Range(0, 999_999).Draw(t, "last")}
		e := Expected{Amount: rapid.Int64Range(10_000, 50_000_000).Draw(t, "amount"), Reference: rapid.Int64Range(1, 30_000).Draw(t, "reference")}
		e.Load = rapid.Int64Range(max(1, e.Reference/10), 2*e.Reference).Draw(t, "load")
		got, ok := Estimate(r, e)
		require.True(t, ok)
		require.True(t, got.Value >= 0 && got.Value < r.span())
		if e.Units() == 0 {
			return // less than one unit
		}
		j := Judge(Window{Registers: []Register{r}}, []int64{got.Value}, []Expected{e}, true)
		require.Equal(t, Received, j.Readings[0].Finding.Status())
		require.Equal(t, got.Consumed, j.Readings[0].Consumed)
	})
	_, ok := Estimate(Register{Digits: 6, Last: 5}, Expected{})
	require.False(t, ok, "nothing is invented")
	exchanged, ok := Estimate(Register{Digits: 6, Last: 100, Exchange: &Exchange{Closing: 300, Opening: 7}}, Expected{1_000_000, 1, 1})
	require.True(t, ok)
	require.Equal(t, Reading{Finding: Guess, Value: 807, Consumed: 1000}, exchanged)
}
