package indexes_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/metering/indexes"
	"guichet/portal/registry"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"

	"github.com/stretchr/testify/require"
)

const (
	power = portal.EAN("541499000000123455")
	gas   = portal.EAN("541999000000123450")
)

var ctx = context.Background()

// town is a database with one household: electricity with a year of history,
// and gas with degree-days.
type town struct {
	*store.Store
	mu   sync.Mutex
	now  time.Time
	stay map[portal.EAN]indexes.Stay
}

func (p *town) clock() time.Time { p.mu.Lock(); defer p.mu.Unlock(); return p.now }

func (p *town) history() *metering.History { return &metering.History{Ledger: p.Store, Clock: p.clock} }

func (p *town) book() *indexes.Book {
	return &indexes.Book{Ledger: p.Store, History: p.history(), Runner: p.Store, Clock: p.clock}
}

func (p *town) handover() *indexes.Handover {
	return &indexes.Handover{Ledger: p.Store, Runner: p.Store, Clock: p.clock}
}

func (p *town) planner() *indexes.Planner {
	return &indexes.Planner{Ledger: p.Store, Runner: p.Store, Clock: p.clock}
}

const windows = `ean;meter;from;to;register;digits;last;last_date;closing;opening;yearly;production
541499000000123455;1SAG1100076616;2026-11-10;2026-12-10;offtake-offpeak;6;31870;2025-11-25;;;;yes
541499000000123455;1SAG1100076616;2026-11-10;2026-12-10;offtake-peak;6;20815;2025-11-25;;;;yes
541999000000123450;7FLO2119031964;2026-11-10;2026-12-10;gas-volume;5;8104;2025-11-25;;;1500;
`

func newTown(t *testing.T, b storetest.Backend, movedIn time.Time) *town {
	p := &town{now: time.Date(2026, time.November, 25, 10, 0, 0, 0, portal.Brussels), stay: map[portal.EAN]indexes.Stay{}}
	p.Store = b.Open(t, p.clock)
	batch := registry.Batch{}
	for _, one := range []struct {
		ean    portal.EAN
		energy portal.Energy
		meter  string
	}{{power, portal.Electricity, "1SAG1100076616"}, {gas, portal.Gas, "7FLO2119031964"}} {
		s := indexes.Stay{
			Point:     registry.AccessPoint{EAN: one.ean, Energy: one.energy, Street: "Rue 1", Postcode: "4700", Town: "Eupen"},
			Meter:     registry.Meter{ID: "meter-" + string(one.ean), EAN: one.ean, Number: one.meter, Period: portal.Period{From: portal.Date(2019, 1, 1)}},
			Occupancy: registry.Occupancy{ID: "stay-" + string(one.ean), EAN: one.ean, Name: "A", Language: portal.French, Street: "Rue 1", Postcode: "4700", Town: "Eupen", Period: portal.Period{From: movedIn}},
			Visit:     "visit",
		}
		batch.Points, batch.Meters, batch.Occupancies = append(batch.Points, s.Point), append(batch.Meters, s.Meter), append(batch.Occupancies, s.Occupancy)
		p.stay[one.ean] = s
	}
	_, err := (&registry.Importer{Ledger: p.Store, Runner: p.Store, Clock: p.clock}).Apply(ctx, batch, registry.ApplyOptions{})
	require.NoError(t, err)
	var months []metering.Month
	for m := portal.Date(2025, 11, 1); m.Before(portal.Date(2026, 11, 1)); m = m.AddDate(0, 1, 0) {
		months = append(months, metering.Month{EAN: power, Register: metering.OfftakePeak, Date: m, Amount: 100_000},
			metering.Month{EAN: power, Register: metering.OfftakeOffPeak, Date: m, Amount: 200_000})
	}
	_, err = (&metering.Importer{Archive: p.Store, Runner: p.Store, Clock: p.clock}).LoadMonths(ctx, months)
	require.NoError(t, err)
	var weather []indexes.DegreeDay
	for d := portal.Date(2024, 1, 1); d.Before(portal.Date(2026, 12, 20)); d = d.AddDate(0, 0, 1) {
		cold := int64(0)
		if d.Month() >= time.October || d.Month() < time.May {
			cold = 120
		}
		weather = append(weather, indexes.DegreeDay{Day: metering.DayNumber(d), Tenths: cold})
	}
	changed, err := p.planner().Weather(ctx, weather, "weather.csv", false)
	require.NoError(t, err)
	require.Equal(t, len(weather), changed)
	plan := p.plan(t, windows)
	require.Empty(t, plan.Refused)
	require.Equal(t, 2, plan.New)
	require.Equal(t, 2, plan.Cards+plan.Visits)
	return p
}

func (p *town) plan(t *testing.T, text string) indexes.Plan {
	list, wrong := indexes.ParseWindows(strings.NewReader(text), registry.Options{})
	require.Empty(t, wrong)
	plan, err := p.planner().Windows(ctx, list, "windows.csv", false)
	require.NoError(t, err)
	return plan
}

func (p *town) typed(t *testing.T, ean portal.EAN, date string, values map[metering.Register]string) indexes.Typed {
	page, err := p.book().Look(ctx, p.stay[ean])
	require.NoError(t, err)
	require.NotEmpty(t, page.Window.ID)
	return indexes.Typed{Window: page.Window.ID, Date: date, Values: values}
}

func peaks(peak, off string) map[metering.Register]string {
	return map[metering.Register]string{metering.OfftakePeak: peak, metering.OfftakeOffPeak: off}
}

func (p *town) enter(t *testing.T, ean portal.EAN, values map[metering.Register]string) {
	out, err := p.book().Enter(ctx, p.stay[ean], p.typed(t, ean, "2026-11-25", values))
	require.NoError(t, err)
	require.True(t, out.Saved)
}

func (p *town) statuses(t *testing.T, ean portal.EAN) (list []indexes.Status) {
	page, err := p.book().Look(ctx, p.stay[ean])
	require.NoError(t, err)
	for _, e := range page.Entries {
		list = append(list, e.Status)
	}
	return list
}

func (p *town) trail(t *testing.T, action audit.Action) (n int) {
	for _, e := range storetest.Waiting(t, p.Store) {
		if e.Action == action {
			n++
		}
	}
	return n
}

func each(t *testing.T, movedIn time.Time, test func(t *testing.T, p *town)) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) { test(t, newTown(t, b, movedIn)) })
	}
}

// TestReadingFromFormToValidation is D6 from end to end: received, replaced,
// handed over once, corrected afterwards, validated or corrected by what comes
// back; every step in the trail.
func TestReadingFromFormToValidation(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		_, err := p.book().Enter(ctx, p.stay[power], p.typed(t, power, "2026-11-26", peaks("22015,5", "")))
		var faults indexes.Faults
		require.ErrorAs(t, err, &faults)
		require.Equal(t, []string{"date index.date.future", "index-offtake-peak index.comma", "index-offtake-offpeak index.empty"},
			[]string{faults[0].Field + " " + faults[0].Key, faults[1].Field + " " + faults[1].Key, faults[2].Field + " " + faults[2].Key})

		p.enter(t, power, peaks("22015", "34270")) // 1,200 and 2,400 in a year, as the history has it
		require.Equal(t, []indexes.Status{indexes.Received, indexes.Received}, p.statuses(t, power))
		page, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Equal(t, metering.OfftakePeak, page.Entries[0].Register, "in the order of pages")
		first := page.Entries[0].ID

		strange := p.typed(t, power, "2026-11-24", peaks("22015", "44270"))
		out, err := p.book().Enter(ctx, p.stay[power], strange)
		require.NoError(t, err)
		require.False(t, out.Saved)
		require.Equal(t, []metering.Register{metering.OfftakeOffPeak}, out.Ask)
		require.Equal(t, []indexes.Status{indexes.Received, indexes.Received}, p.statuses(t, power), "nothing is kept that was not confirmed")
		strange.Sure = out.Sure
		strange.Values = peaks("22015", "44271")
		out, err = p.book().Enter(ctx, p.stay[power], strange)
		require.NoError(t, err)
		require.False(t, out.Saved, "a confirmation is of the values that were shown")
		strange.Sure = out.Sure
		out, err = p.book().Enter(ctx, p.stay[power], strange)
		require.NoError(t, err)
		require.True(t, out.Saved)
		require.Equal(t, []indexes.Status{indexes.Received, indexes.ToCheck}, p.statuses(t, power))

		batch, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		require.Empty(t, batch, "L4: what is to check is not sent, nor is its sibling")
		require.Empty(t, lines)
		lines, err = p.handover().Waiting(ctx)
		require.NoError(t, err)
		require.Len(t, lines, 2)

		p.enter(t, power, peaks("22015", "34270"))
		batch, lines, err = p.handover().Take(ctx)
		require.NoError(t, err)
		require.Len(t, lines, 2)
		require.Equal(t, first, lines[0].ID, "a second entry replaces the first")
		require.Equal(t, []indexes.Status{indexes.Sent, indexes.Sent}, p.statuses(t, power))
		once := write(t, lines)
		none, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		require.Empty(t, none, "no second time")
		require.Empty(t, lines)
		lines, err = p.handover().Again(ctx, batch)
		require.NoError(t, err)
		require.Equal(t, once, write(t, lines), "the same bytes")
		_, err = p.handover().Again(ctx, "another")
		require.Equal(t, portal.NotFound, portal.CodeOf(err))

		late := lines[0].Entry
		late.Value++
		err = p.Do(ctx, func(t tx.Tx) error { return p.PutEntries(t, []indexes.Entry{late}) })
		require.Equal(t, portal.Conflict, portal.CodeOf(err), "what was sent cannot be replaced")
		page, err = p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.True(t, page.Late)
		p.enter(t, power, peaks("22014", "34270"))
		require.Equal(t, []indexes.Status{indexes.ToCheck, indexes.ToCheck, indexes.Sent, indexes.Sent}, p.statuses(t, power), "afterwards it is a correction, and what was sent stays")

		amended, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		answer := "reading;status;value\n" + lines[0].ID + ";validated;\n" + lines[1].ID + ";corrected;34260\n" +
			amended.Entries[0].ID + ";validated;\n" + amended.Entries[1].ID + ";validated;\n"
		settle := func(text string) indexes.Settlement {
			list, wrong := indexes.ParseDecisions(strings.NewReader(text), registry.Options{})
			require.Empty(t, wrong)
			s, err := p.handover().Settle(ctx, list, "answer.csv", false)
			require.NoError(t, err)
			return s
		}
		refused := settle(answer + "unknown;validated;\n")
		require.False(t, refused.Recorded, "all or nothing")
		require.Equal(t, []registry.LineError{{Line: 6, Column: "reading", Reason: "no reading has this id"}}, refused.Refused)
		require.Equal(t, indexes.Sent, p.statuses(t, power)[2])
		s := settle(answer)
		require.Equal(t, 3, s.Validated)
		require.Equal(t, 1, s.Corrected)
		require.Equal(t, indexes.Settlement{Unchanged: 4}, settle(answer))
		page, err = p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.EqualValues(t, 34260, page.Entries[3].Shown())
		require.Equal(t, 4, p.trail(t, audit.ReadingEntered))
		require.Equal(t, 4, p.trail(t, audit.ReadingSettled))
		require.Equal(t, 3, p.trail(t, audit.ReadingsSent), "taken, taken again, and looked at")

		// A received reading cannot come back before it left.
		p.enter(t, gas, map[metering.Register]string{metering.GasVolume: "09604"})
		page, err = p.book().Look(ctx, p.stay[gas])
		require.NoError(t, err)
		require.Equal(t, indexes.Plausible, page.Entries[0].Finding, "by degree-days and statistics")
		require.Len(t, settle("reading;status;value\n"+page.Entries[0].ID+";validated;\n").Refused, 1)

		// Once validated it is in the history, by year, with its own bounds (L4, L5).
		years := func(ean portal.EAN, g metering.Grain) metering.Series {
			s, err := p.history().Series(ctx, p.stay[ean].Point, p.stay[ean].Occupancy, metering.Query{Grain: g})
			require.NoError(t, err)
			return s
		}
		_, lines, err = p.handover().Take(ctx)
		require.NoError(t, err)
		require.Len(t, lines, 1)
		require.Empty(t, years(gas, metering.ByYear).Registers)
		require.Equal(t, 1, settle("reading;status;value\n"+lines[0].ID+";corrected;9600\n").Corrected)
		for _, point := range years(gas, metering.ByYear).Points {
			if point.Gap == metering.NoGap {
				require.Equal(t, "indexes 2025-11-25 2026-11-25 1496000", fmt.Sprint(point.Quality(), " ", point.Period.From.Format(time.DateOnly), " ",
					point.Period.To.Format(time.DateOnly), " ", point.Amounts.Volume()))
			}
		}
		require.Equal(t, []metering.Register{metering.GasVolume}, years(gas, metering.ByYear).Registers)
		require.True(t, years(gas, metering.ByMonth).Indexed)
		for _, point := range years(power, metering.ByYear).Points {
			require.False(t, point.Own, "what came by month counts alone")
		}
	})
}

func write(t *testing.T, lines []indexes.Line) string {
	var b bytes.Buffer
	require.NoError(t, indexes.WriteLines(&b, lines))
	require.True(t, strings.HasPrefix(b.String(), strings.Join(indexes.Columns, ";")+"\n"))
	return b.String()
}

// TestNewOccupantIsAskedNothing: who moved in after the last reading hears the
// same whatever they type, and sees the same status (Md7, L16).
func TestNewOccupantIsAskedNothing(t *testing.T) {
	each(t, portal.Date(2026, 11, 15), func(t *testing.T, p *town) {
		for _, values := range []map[metering.Register]string{peaks("22015", "34270"), peaks("5", "7"), peaks("999999", "0")} {
			p.enter(t, power, values)
			for _, s := range p.statuses(t, power) {
				require.Equal(t, indexes.Received, s.Shown())
			}
		}
		_, err := p.book().Enter(ctx, p.stay[power], p.typed(t, power, "2026-11-14", peaks("22015", "34270")))
		var faults indexes.Faults
		require.ErrorAs(t, err, &faults, "L16: no reading of a day before the occupancy")
	})
}

// TestOthersReadingsAreNeverShown: a former occupant's readings stay theirs,
// and the next one's reading in the same window never replaces them (L16).
func TestOthersReadingsAreNeverShown(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		p.enter(t, power, peaks("22015", "34270"))
		before := p.stay[power]
		next := before
		next.Occupancy.ID, next.Occupancy.Period = "stay-next", portal.Period{From: portal.Date(2026, 11, 20)}
		gone := before.Occupancy
		gone.To = next.Occupancy.From
		difference, err := (&registry.Importer{Ledger: p.Store, Runner: p.Store, Clock: p.clock}).Apply(ctx, registry.Batch{Points: []registry.AccessPoint{before.Point},
			Meters: []registry.Meter{before.Meter}, Occupancies: []registry.Occupancy{gone, next.Occupancy}}, registry.ApplyOptions{ConfirmEnds: true})
		require.NoError(t, err, difference.Refused)
		p.stay[power] = next
		require.Empty(t, p.statuses(t, power))
		p.enter(t, power, peaks("22016", "34271"))
		require.Len(t, p.statuses(t, power), 2)
		p.stay[power] = before
		require.Len(t, p.statuses(t, power), 2)
	})
}

// TestWindowThatIsClosed: no form of a window that is over, or of another
// meter's, is taken.
func TestWindowThatIsClosed(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		typed := p.typed(t, power, "2026-11-25", peaks("22015", "34270"))
		_, err := p.book().Enter(ctx, p.stay[gas], typed)
		require.Equal(t, portal.Conflict, portal.CodeOf(err))
		p.now = portal.Date(2026, 12, 11)
		_, err = p.book().Enter(ctx, p.stay[power], typed)
		require.Equal(t, portal.Conflict, portal.CodeOf(err))
		page, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Empty(t, page.Window.ID)
		require.Zero(t, p.trail(t, audit.ReadingEntered))
	})
}

// TestEstimates: nothing by the end of the window is estimated, once, from the
// history, or by degree-days from statistics; what was read is left alone.
func TestEstimates(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		estimator := &indexes.Estimator{Ledger: p.Store, History: p.history(), Runner: p.Store, Clock: p.clock}
		sum, err := estimator.Run(ctx)
		require.NoError(t, err)
		require.Zero(t, sum, "no window is over")
		p.enter(t, gas, map[metering.Register]string{metering.GasVolume: "9604"})
		p.now = portal.Date(2026, 12, 11)
		sum, err = estimator.Run(ctx)
		require.NoError(t, err)
		require.Equal(t, indexes.Estimates{Windows: 2, Read: 1, Estimated: 2}, sum)
		page, err := p.book().Look(ctx, p.stay[power])
		require.NoError(t, err)
		require.Equal(t, []indexes.Status{indexes.Estimated, indexes.Estimated}, p.statuses(t, power))
		require.EqualValues(t, 20815+1200*380/365, page.Entries[0].Value)
		require.Equal(t, "2026-12-10", page.Entries[0].On.Format(time.DateOnly))
		again, err := estimator.Run(ctx)
		require.NoError(t, err)
		require.Zero(t, again)
		require.Equal(t, 2, p.trail(t, audit.WindowEnded))

		_, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		require.Len(t, lines, 3, "estimates go to the supplier, too")
		require.Equal(t, 2, strings.Count(write(t, lines), ";estimate;"))
		_, lines, err = p.handover().Take(ctx)
		require.NoError(t, err)
		require.Empty(t, lines)
		require.Equal(t, []indexes.Status{indexes.Estimated, indexes.Estimated}, p.statuses(t, power))
	})
}

// TestGasGoesByDegreeDays: since May 1,500 m³ a year are some 390 by the cold
// that it was, and 850 by the days.
func TestGasGoesByDegreeDays(t *testing.T) {
	p := newTown(t, storetest.Backends(t)[0], portal.Date(2020, 1, 1))
	p.plan(t, strings.ReplaceAll(windows, "8104;2025-11-25", "8104;2026-05-01"))
	finding := func(index string) indexes.Finding {
		typed := p.typed(t, gas, "2026-11-25", map[metering.Register]string{metering.GasVolume: index})
		out, err := p.book().Enter(ctx, p.stay[gas], typed)
		require.NoError(t, err)
		if typed.Sure = out.Sure; !out.Saved {
			_, err = p.book().Enter(ctx, p.stay[gas], typed)
			require.NoError(t, err)
		}
		page, err := p.book().Look(ctx, p.stay[gas])
		require.NoError(t, err)
		return page.Entries[0].Finding
	}
	require.Equal(t, indexes.Plausible, finding("8354"))
	require.Equal(t, indexes.Unusual, finding("8954"))
	require.NoError(t, p.Do(ctx, func(t tx.Tx) error {
		_, err := p.PutDegreeDays(t, []indexes.DegreeDay{{Day: 20261124, Tenths: 130}})
		return err
	}))
	require.Equal(t, indexes.Plausible, finding("8354"), "corrected weather is taken")
}

// TestNothingIsInvented: no estimate across a move: a former occupant's year is
// nothing to go by, and their last reading is not shown (L16).
func TestNothingIsInvented(t *testing.T) {
	each(t, portal.Date(2026, 11, 15), func(t *testing.T, p *town) {
		p.now = portal.Date(2026, 12, 11)
		sum, err := (&indexes.Estimator{Ledger: p.Store, History: p.history(), Runner: p.Store, Clock: p.clock}).Run(ctx)
		require.NoError(t, err)
		require.Equal(t, indexes.Estimates{Windows: 2, Without: 3}, sum)
		require.Empty(t, p.statuses(t, power))
		require.Empty(t, p.statuses(t, gas), "statistics alone would show the former occupant's last reading")
	})
}

// TestHandOverRacesEntry: whoever enters while readings are handed over is
// either in the batch with what they typed or comes after it; no reading twice.
func TestHandOverRacesEntry(t *testing.T) {
	each(t, portal.Date(2020, 1, 1), func(t *testing.T, p *town) {
		typed := p.typed(t, power, "2026-11-25", peaks("22015", "34270"))
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 8 {
			wg.Go(func() {
				_, err := p.book().Enter(ctx, p.stay[power], typed)
				if err != nil && portal.CodeOf(err) != portal.Conflict {
					t.Error(err)
				}
			})
			wg.Go(func() {
				_, lines, err := p.handover().Take(ctx)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, l := range lines {
					seen[l.ID]++
				}
			})
		}
		wg.Wait()
		_, lines, err := p.handover().Take(ctx)
		require.NoError(t, err)
		for _, l := range lines {
			seen[l.ID]++
		}
		require.Len(t, seen, 2, "the first round, and corrections are not sent unseen")
		for id, n := range seen {
			require.Equal(t, 1, n, id)
		}
		for _, s := range p.statuses(t, power) {
			require.Contains(t, []indexes.Status{indexes.Sent, indexes.ToCheck}, s)
		}
	})
}

// TestStoreFailure: an entry and its trail are both there or neither.
func TestStoreFailure(t *testing.T) {
	p := newTown(t, storetest.Backends(t)[0], portal.Date(2020, 1, 1))
	book := p.book()
	book.Ledger = failing{p.Store}
	_, err := book.Enter(ctx, p.stay[power], p.typed(t, power, "2026-11-25", peaks("22015", "34270")))
	require.ErrorIs(t, err, errDisk)
	require.Zero(t, p.trail(t, audit.ReadingEntered))
	require.Empty(t, p.statuses(t, power))
}

var errDisk = errors.New("disk")
