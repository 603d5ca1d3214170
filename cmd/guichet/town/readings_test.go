package town

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/store"

	"github.com/stretchr/testify/require"
)

// year adds up twelve months of a point up to the end, in kWh or m3 by register.
func year(t *Town, p *point, end time.Time) map[metering.Register]float64 {
	sums := map[metering.Register]float64{}
	from := end.AddDate(-1, 0, 0)
	c := makeCalendar(t.begin(), t.today, t.weather)
	for _, d := range t.days(p, c) {
		if d.Date.Before(from) || !d.Date.Before(end) {
			continue
		}
		for _, s := range d.Values {
			sums[d.Register] += float64(s.Amount) / 1000
		}
	}
	for _, m := range t.months(p, c) {
		if !m.Date.Before(from) && m.Date.Before(end) {
			sums[m.Register] += float64(m.Amount) / 1000
		}
	}
	return sums
}

func offtake(s map[metering.Register]float64) float64 {
	return s[metering.OfftakePeak] + s[metering.OfftakeOffPeak] + s[metering.OfftakeTotal]
}

// ordinary homes are lived in all year without panels, heat pump or car.
func ordinary(h *home, from time.Time) bool {
	s := h.stays[len(h.stays)-1]
	return h.panels == 0 && s.use.heatPump.IsZero() && s.use.car.IsZero() && !s.use.homebody &&
		s.From.Before(from) && s.To.IsZero()
}

func TestYearsAreBelievable(t *testing.T) {
	town := Build(autumn, Seed)
	end := portal.Date(2026, time.November, 1)
	n := 0
	for _, p := range town.points {
		if !ordinary(p.home, end.AddDate(-1, 0, 0)) || len(p.holes) > 0 || p.yearly {
			continue
		}
		n++
		sums := year(town, p, end)
		if p.Energy == portal.Gas {
			require.InDelta(t, 16_500, sums[metering.GasEnergy], 8_500, "%v", sums)
			require.InDelta(t, 11.4, sums[metering.GasEnergy]/sums[metering.GasVolume], 0.16)
			continue
		}
		require.InDelta(t, 3_750, offtake(sums), 2_250, "%v", sums)
	}
	require.Greater(t, n, 50)
}

func TestSeasons(t *testing.T) {
	town := Build(autumn, Seed)
	c := makeCalendar(town.begin(), town.today, town.weather)
	type key struct {
		r metering.Register
		m time.Month
	}
	sums := map[key]float64{}
	for _, p := range town.points {
		if !ordinary(p.home, town.begin()) {
			continue
		}
		for _, d := range append(town.days(p, c), dayless(town.months(p, c))...) {
			for _, s := range d.Values {
				sums[key{d.Register.Family(), d.Date.Month()}] += float64(s.Amount)
			}
		}
	}
	ratio := func(r metering.Register) float64 { return sums[key{r, time.January}] / sums[key{r, time.July}] }
	require.InDelta(t, 1.7, ratio(metering.OfftakeTotal), 0.4)
	require.InDelta(t, 9, ratio(metering.GasEnergy), 4)
}

// dayless turns months into days for adding up only.
func dayless(months []metering.Month) (days []metering.Day) {
	for _, m := range months {
		days = append(days, metering.Day{Register: m.Register, Date: m.Date,
			Values: []metering.Slot{{Value: metering.Value{Amount: m.Amount}}}})
	}
	return days
}

func TestPanels(t *testing.T) {
	town := Build(autumn, Seed)
	end := portal.Date(2026, time.November, 1)
	n, c := 0, makeCalendar(town.begin(), town.today, town.weather)
	daily := 0
	for _, p := range town.points {
		h := p.home
		if p.Energy == portal.Electricity && p.daily.IsZero() {
			daily++
		}
		if p.Energy == portal.Gas || h.panels == 0 || h.panelsOn.After(town.begin()) {
			continue
		}
		n++
		if h.stays[0].use.homebody {
			continue // a firm uses most of it itself
		}
		sums := year(town, p, end)
		injected := sums[metering.InjectionPeak] + sums[metering.InjectionOffPeak]
		require.InDelta(t, 0.66, injected/(h.panels*960), 0.3, "injection of %.1f kW", h.panels)
		require.InDelta(t, 2_600, offtake(sums), 2_200)
		var winter, summer int64
		for _, d := range town.days(p, c) {
			for _, s := range d.Values {
				switch d.Date.Month() {
				case time.January:
					winter += injection(d.Register, s)
				case time.June:
					summer += injection(d.Register, s)
				}
			}
		}
		require.Greater(t, summer, 4*winter)
	}
	require.InDelta(t, 0.22, float64(n)/float64(daily), 0.15)

	// A kilowatt gives some 900 to 1,100 kWh in three years' mean.
	var full float64
	for _, d := range c {
		for _, s := range d.hours {
			full += s.sun * d.clear
		}
	}
	require.InDelta(t, 1_000, full/float64(len(c))*365.25, 100)
}

func injection(r metering.Register, s metering.Slot) int64 {
	if r.Family() == metering.InjectionTotal {
		return s.Amount
	}
	return 0
}

// D4: days of 23 and 25 hours have their quarter-hours, each in one band, and
// gas its hours (L7).
func TestDaysHaveTheirLength(t *testing.T) {
	town := Build(autumn, Seed)
	lengths := map[int]int{}
	type key struct {
		ean  portal.EAN
		date int64
		r    metering.Register
	}
	counting := map[key][]int{} // how many registers of the family count in each slot
	for d := range town.Days() {
		n, fine := len(d.Values), 15*time.Minute
		if d.Register.Energy() == portal.Gas {
			fine = time.Hour
		}
		require.True(t, n == 1 || n == metering.SlotsIn(d.Date, fine), "%d slots", n)
		lengths[n]++
		require.Equal(t, 0, d.Date.Hour())
		require.True(t, d.Date.Before(town.today), "days end yesterday")
		require.False(t, d.Date.Before(town.begin()))
		require.NotEmpty(t, d.Meter)
		for i, s := range d.Values {
			owed := !s.Absent && s.Quality != metering.Missing
			if s.Amount < 0 || s.Amount != 0 && !owed {
				require.Fail(t, "an amount that can't be", "%+v", s)
			}
			if n > 1 {
				k := key{d.EAN, metering.DayNumber(d.Date), d.Register.Family()}
				if counting[k] == nil {
					counting[k] = make([]int, n)
				}
				if !s.Absent {
					counting[k][i]++
				}
			}
		}
	}
	for _, n := range []int{1, 24, 92, 96, 100} {
		require.Positive(t, lengths[n], "days of %d slots", n)
	}
	for k, c := range counting {
		require.Equal(t, slices.Repeat([]int{1}, len(c)), c, "%v", k)
	}
}

func TestOrderAndUniqueness(t *testing.T) {
	town := Build(autumn, Seed)
	type key struct {
		ean portal.EAN
		r   metering.Register
		day int64
	}
	var last key
	months, begins := map[key]bool{}, map[portal.EAN]bool{}
	for d := range town.Days() {
		k := key{d.EAN, d.Register, metering.DayNumber(d.Date)}
		if d.Register != metering.InjectionOffPeak && d.Register != metering.InjectionPeak && !begins[d.EAN] {
			connected := slices.ContainsFunc(town.points, func(p *point) bool { return p.EAN == d.EAN && p.opened.Equal(d.Date) })
			require.True(t, d.Date.Day() == 1 || connected, "days begin with a month or the connection")
			begins[d.EAN] = true
		}
		require.True(t, last.ean < k.ean || last.ean == k.ean && (last.r < k.r || last.r == k.r && last.day < k.day))
		last = k
		months[key{d.EAN, "", metering.MonthNumber(d.Date)}] = true
	}
	for _, m := range town.Months() {
		require.False(t, months[key{m.EAN, "", metering.MonthNumber(m.Date)}], "a month is read as one or by days")
		require.True(t, m.Date.AddDate(0, 1, 0).Compare(town.today) <= 0, "whole months only")
		require.Zero(t, m.Days)
	}
}

// A month read as one total can't be cut at a move (Ld3): one home shows what
// then happens, nobody else moves within one.
func TestOneMoveWithinAMonthReadAsOne(t *testing.T) {
	for seed := range uint64(20) {
		town := Build(autumn, seed)
		moved, straddling := map[portal.EAN][]time.Time{}, map[portal.EAN]bool{}
		for _, o := range town.Occupancies {
			moved[o.EAN] = append(moved[o.EAN], o.From, o.To)
		}
		for _, m := range town.Months() {
			for _, at := range moved[m.EAN] {
				if at.After(m.Date) && at.Before(m.Date.AddDate(0, 1, 0)) {
					straddling[m.EAN] = true
				}
			}
		}
		require.Len(t, straddling, 1)
	}
}

// Facts B.5: bands are dated. Wednesday 31 December 2025 and Thursday 1
// January 2026, then the Saturdays around.
func TestBands(t *testing.T) {
	for _, tc := range []struct {
		name string
		at   time.Time
		peak string // the 24 local hours, P or -
	}{
		{"last day of the old bands", portal.Date(2025, time.December, 31), "-------PPPPPPPPPPPPPPP--"},
		{"first day of the new bands", portal.Date(2026, time.January, 1), "-------PPPP------PPPPP--"},
		{"old Saturday", portal.Date(2025, time.December, 27), "------------------------"},
		{"new Saturday", portal.Date(2026, time.January, 3), "-------PPPP------PPPPP--"},
		{"25 hours, new", portal.Date(2026, time.October, 25), "--------PPPP------PPPPP--"},
		{"23 hours, new", portal.Date(2026, time.March, 29), "------PPPP------PPPPP--"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			for _, s := range cut(tc.at, time.Hour) {
				got += map[bool]string{true: "P", false: "-"}[s.peak]
			}
			require.Equal(t, tc.peak, got)
		})
	}
}

// A day has the same shape whether told by hours or by quarters.
func TestQuartersAgreeWithHours(t *testing.T) {
	town := Build(autumn, Seed)
	c := makeCalendar(town.begin(), town.today, town.weather)
	h := town.points[0].home
	var hours, quarters float64
	for i := range c {
		for _, f := range h.electricity(town, &c[i], c[i].hours, nil) {
			hours += float64(f.offtake)
		}
		for _, f := range h.electricity(town, &c[i], cut(c[i].at, 15*time.Minute), nil) {
			quarters += float64(f.offtake)
		}
	}
	require.Less(t, math.Abs(quarters/hours-1), 0.1)
}

func BenchmarkDays(b *testing.B) {
	rows := 0
	for b.Loop() {
		rows = 0
		t := Build(autumn, Seed)
		for range t.Days() {
			rows++
		}
		rows += len(t.Months())
	}
	b.ReportMetric(float64(rows), "rows")
}

// BenchmarkLoad is what the demo's first start pays for its readings.
func BenchmarkLoad(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		folder := b.TempDir()
		ring, err := keys.Create(filepath.Join(folder, "keys"))
		require.NoError(b, err)
		path := filepath.Join(folder, "town.db")
		s, err := store.Open(ctx, "sqlite:"+path, ring, time.Now)
		require.NoError(b, err)
		_, err = s.Migrate(ctx)
		require.NoError(b, err)
		im := &metering.Importer{Archive: s, Runner: s, Clock: time.Now}
		t := Build(autumn, Seed)
		report, err := im.Load(ctx, t.Days())
		require.NoError(b, err)
		months, err := im.LoadMonths(ctx, t.Months())
		require.NoError(b, err)
		require.NoError(b, s.Close())
		file, err := os.Stat(path)
		require.NoError(b, err)
		b.ReportMetric(float64(report.New), "days")
		b.ReportMetric(float64(report.Months+months.Months), "months")
		b.ReportMetric(float64(file.Size())/1e6, "MB")
	}
}
