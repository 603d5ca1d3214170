package indexes

import (
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
)

// TestBetween is the decision that validated readings enter the history, each
// of its lines a case (L4, L5, D6, Ld2, facts B.6).
func TestBetween(t *testing.T) {
	const peak, off = metering.OfftakePeak, metering.OfftakeOffPeak
	day := func(year int) time.Time { return portal.Date(year, 11, 20) }
	window := func(id string, last time.Time, peakLast, offLast int64) Window {
		return Window{ID: id, MeterID: "m1", Registers: []Register{
			{Register: peak, Digits: 5, Last: peakLast, LastOn: last}, {Register: off, Digits: 5, Last: offLast, LastOn: last}}}
	}
	read := func(window string, round int, on time.Time, status Status, peakValue, offValue int64) []Entry {
		one := func(r metering.Register, value int64) Entry {
			return Entry{WindowID: window, Round: round, OccupancyID: "stay", On: on, Status: status, Final: value,
				Reading: Reading{Register: r, Value: value, Finding: Plausible}}
		}
		return []Entry{one(peak, peakValue), one(off, offValue)}
	}
	change := func(entries []Entry, how func(*Entry)) []Entry {
		for i := range entries {
			how(&entries[i])
		}
		return entries
	}
	stay := registry.Occupancy{ID: "stay", EAN: "541499000000123455", Period: portal.Period{From: portal.Date(2020, 1, 1)}}
	moved := stay
	moved.From = day(2025)
	first, second := window("w1", day(2023), 1000, 2000), window("w2", day(2024), 1500, 2700)
	exchanged := window("w2", day(2024), 1500, 2700)
	exchanged.MeterID = "m2"
	exchanged.Registers[0].Exchange, exchanged.Registers[1].Exchange = &Exchange{1800, 10}, &Exchange{3000, 0}
	apart := window("w1", day(2023), 1000, 2000)
	apart.Registers[1].LastOn = day(2022)
	rolled := func(e *Entry) { e.Finding = RollOver }

	for _, c := range []struct {
		name    string
		windows []Window
		entries []Entry
		occ     registry.Occupancy
		want    map[string][2]int64 // from and to, peak and off-peak
	}{
		{"a window and its validated reading", []Window{first}, read("w1", 1, day(2024), Validated, 1500, 2700), stay, map[string][2]int64{"2023-2024": {500, 700}}},
		{"corrected, with the value that came back", []Window{first}, read("w1", 1, day(2024), Corrected, 1400, 2600), stay, map[string][2]int64{"2023-2024": {400, 600}}},
		{"sent, and nothing came back", []Window{first}, read("w1", 1, day(2024), Sent, 1500, 2700), stay, nil},
		{"to check", []Window{first}, read("w1", 1, day(2024), ToCheck, 1500, 2700), stay, nil},
		{"refused", []Window{first}, read("w1", 1, day(2024), Refused, 1500, 2700), stay, nil},
		{"one register without a reading", []Window{first}, read("w1", 1, day(2024), Validated, 1500, 2700)[:1], stay, nil},
		{"registers last read on different days", []Window{apart}, read("w1", 1, day(2024), Validated, 1500, 2700), stay, nil},
		{"the newest round that counts", []Window{first}, append(append(read("w1", 1, day(2024), Validated, 1500, 2700),
			read("w1", 2, day(2024), Validated, 1510, 2710)...), read("w1", 3, day(2024), Refused, 1, 1)...), stay, map[string][2]int64{"2023-2024": {510, 710}}},
		{"two years, each once", []Window{first, second}, append(read("w1", 1, day(2024), Validated, 1500, 2700), read("w2", 1, day(2025), Validated, 2100, 3400)...), stay,
			map[string][2]int64{"2023-2024": {500, 700}, "2024-2025": {600, 700}}},
		{"what the operator read meanwhile", []Window{first, second}, read("w2", 1, day(2025), Validated, 2100, 3400), stay,
			map[string][2]int64{"2023-2024": {500, 700}, "2024-2025": {600, 700}}},
		{"an estimate is no reading", []Window{first, second}, append(change(read("w1", 1, day(2024), Estimated, 1500, 2700), func(e *Entry) { e.Finding = Guess }),
			read("w2", 1, day(2025), Validated, 2100, 3400)...), stay, map[string][2]int64{"2023-2025": {1100, 1400}}},
		{"nor where it came back as it was", []Window{first}, change(read("w1", 1, day(2024), Validated, 1500, 2700), func(e *Entry) { e.Finding = Guess }), stay, nil},
		{"but where it came back corrected", []Window{first}, change(read("w1", 1, day(2024), Corrected, 1500, 2700), func(e *Entry) { e.Finding = Guess }), stay,
			map[string][2]int64{"2023-2024": {500, 700}}},
		{"a roll-over", []Window{window("w1", day(2023), 99_900, 99_000)}, change(read("w1", 1, day(2024), Validated, 50, 60), rolled), stay,
			map[string][2]int64{"2023-2024": {150, 1060}}},
		{"backwards, and nobody knows why", []Window{first}, read("w1", 1, day(2024), Validated, 900, 2700), stay, nil},
		{"backwards, as a colleague wrote it", []Window{window("w1", day(2023), 99_900, 1000)}, change(read("w1", 1, day(2024), Corrected, 50, 1700),
			func(e *Entry) { typed := int64(7); e.Typed, e.DecidedBy = &typed, "desk" }), stay, map[string][2]int64{"2023-2024": {150, 700}}},
		{"an exchange: each meter for itself", []Window{first, exchanged}, append(read("w1", 1, day(2024), Validated, 1500, 2700), read("w2", 1, day(2025), Validated, 110, 200)...), stay,
			map[string][2]int64{"2023-2024": {500, 700}, "2024-2025": {400, 500}}},
		{"somebody else's reading", []Window{first}, change(read("w1", 1, day(2024), Validated, 1500, 2700), func(e *Entry) { e.OccupancyID = "other" }), stay, nil},
		{"somebody else's, of the day of the move", []Window{second, window("w3", day(2026), 3000, 4000)}, change(read("w2", 1, day(2025), Validated, 2100, 3400),
			func(e *Entry) { e.OccupancyID = "other" }), moved, map[string][2]int64{"2024-2025": {600, 700}, "2025-2026": {900, 600}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := map[string][2]int64{}
			for _, total := range Between(c.windows, c.entries, c.occ) {
				require.True(t, total.Indexed && total.EAN == stay.EAN)
				key := total.Period.From.Format("2006") + "-" + total.Period.To.Format("2006")
				v := got[key]
				if total.Register == off {
					v[1] += total.Amount / 1000
				} else {
					v[0] += total.Amount / 1000
				}
				got[key] = v
			}
			if c.want == nil {
				require.Empty(t, got)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
}
