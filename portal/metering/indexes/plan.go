package indexes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"
)

// WindowColumns are those of a file of reading windows: a line is a register.
var WindowColumns = []Column{
	{"ean", "18 digits", "the access point", true},
	{"meter", "text", "number of the meter that is there now", true},
	{"from", "YYYY-MM-DD", "first day a reading may be of, and be entered on", true},
	{"to", "YYYY-MM-DD", "last such day; what has not come by its end is estimated", true},
	{"register", "name", strings.Join(names(metering.Registers[:]), ", "), true},
	{"digits", "3 to 9", "of the counter before the comma", true},
	{"last", "whole units", "the last reading", true},
	{"last_date", "YYYY-MM-DD", "its day", true},
	{"closing", "whole units", "where the meter was exchanged since: the former one's last value", false},
	{"opening", "whole units", "and the present one's first", false},
	{"yearly", "whole units", "consumption of such a point by statistics, for who has no year of history; never a former occupant's", false},
	{"production", "yes or no", "whether a production unit is declared; empty: no", false},
}

func names(list []metering.Register) (all []string) {
	for _, r := range list {
		all = append(all, string(r))
	}
	return all
}

// PlannedWindow is a window of a file, still without ids.
type PlannedWindow struct {
	Window
	Meter string
	line  int
}

// ParseWindows reads a file of reading windows; lines of one meter and one
// beginning are one window.
func ParseWindows(in io.Reader, o registry.Options) (list []PlannedWindow, wrong []registry.LineError) {
	place := map[string]int{}
	wrong = readSheet(in, o, WindowColumns, func(r *row) {
		w := PlannedWindow{Meter: r.text("meter"), line: r.line}
		w.EAN = r.ean()
		w.Period = portal.Period{From: r.day("from")}
		if last := r.day("to"); !last.IsZero() {
			w.To = last.AddDate(0, 0, 1)
		}
		if w.Meter == "" {
			r.refuse("meter", "missing")
		}
		switch r.text("production") {
		case "yes":
			w.Production = true
		case "", "no":
		default:
			r.refuse("production", "neither yes nor no")
		}
		g := r.register()
		if r.bad {
			return
		}
		if !w.From.Before(w.To) {
			r.refuse("to", "before from")
		}
		if !g.LastOn.Before(w.To) {
			r.refuse("last_date", "not before the end of the window")
		}
		key := string(w.EAN) + " " + w.Meter + " " + w.From.String()
		i, known := place[key]
		if !known {
			i = len(list)
			place[key] = i
			list = append(list, w)
		}
		have := &list[i]
		switch {
		case !have.To.Equal(w.To):
			r.refuse("to", "another than on this window's first line")
		case have.Production != w.Production:
			r.refuse("production", "another than on this window's first line")
		case slices.ContainsFunc(have.Registers, func(h Register) bool { return h.Register == g.Register }):
			r.refuse("register", "given twice")
		}
		have.Registers = append(have.Registers, g)
	})
	for i := range list {
		slices.SortFunc(list[i].Registers, func(a, b Register) int {
			return slices.Index(metering.Registers[:], a.Register) - slices.Index(metering.Registers[:], b.Register)
		})
	}
	return list, wrong
}

func (r *row) register() Register {
	g := Register{Register: metering.Register(r.text("register"))}
	switch {
	case !g.Register.Valid():
		r.refuse("register", "not a register: "+strings.Join(names(metering.Registers[:]), ", "))
	case g.Register == metering.GasEnergy:
		r.refuse("register", "a gas meter counts m³: gas-volume")
	}
	if g.Digits = int(r.number("digits", 10, false)); g.Digits < 3 {
		r.refuse("digits", "not 3 to 9")
		return g
	}
	g.Last, g.LastOn = r.number("last", g.span(), false), r.day("last_date")
	g.Yearly = r.number("yearly", 1e9, true)
	closing, opening := r.text("closing"), r.text("opening")
	if (closing == "") != (opening == "") {
		r.refuse("closing", "closing and opening go together")
	} else if closing != "" {
		g.Exchange = &Exchange{r.number("closing", 1e9, false), r.number("opening", g.span(), false)}
		if g.Exchange.Closing < g.Last {
			r.refuse("closing", "below the last reading of the same meter")
		}
	}
	return g
}

// Planner imports windows and the weather, each file in one unit of work.
type Planner struct {
	Ledger Ledger
	Runner tx.Runner
	Clock  portal.Clock
	// Progress, where set, hears how many of how many lines or windows are done.
	// It is called from inside the unit of work and must only draw.
	Progress func(done, total int)
}

// Plan is what a file of windows changes, or would.
type Plan struct {
	New       int                  `json:"new"`
	Changed   int                  `json:"changed"`
	Unchanged int                  `json:"unchanged"`
	Refused   []registry.LineError `json:"refused"`
	// Cards and Visits tell of the new windows who reads in their year (L5, L6):
	// the customer, asked by a card, or somebody who comes.
	Cards    int  `json:"cards"`
	Visits   int  `json:"visits"`
	Recorded bool `json:"recorded"`
}

// Windows takes over a file of windows, all or nothing; again, it changes
// nothing. A window that has readings is not changed any more.
func (p *Planner) Windows(ctx context.Context, list []PlannedWindow, name string, dryRun bool) (Plan, error) {
	var plan Plan
	err := p.Runner.Do(ctx, func(t tx.Tx) error {
		plan = Plan{}
		now := p.Clock()
		for start := 0; start < len(list); start += 200 {
			if err := p.part(t, list[start:min(start+200, len(list))], &plan, now); err != nil {
				return err
			}
			if p.Progress != nil {
				p.Progress(min(start+200, len(list)), len(list))
			}
		}
		if dryRun || len(plan.Refused) > 0 {
			return errKeepNothing
		}
		if plan.Recorded = plan.New+plan.Changed > 0; plan.Recorded {
			t.Record(audit.Entry{At: now, Actor: portal.Actor{Kind: portal.System, ID: "import windows"}, Action: audit.WindowsLoaded,
				Ground: "import", Channel: "command", Details: map[string]string{"file": name,
					"new": strconv.Itoa(plan.New), "changed": strconv.Itoa(plan.Changed)}})
		}
		return nil
	})
	if errors.Is(err, errKeepNothing) {
		err = nil
	}
	return plan, err
}

func (p *Planner) part(t tx.Tx, list []PlannedWindow, plan *Plan, now time.Time) error {
	var eans []portal.EAN
	for _, w := range list {
		eans = append(eans, w.EAN)
	}
	known, err := p.Ledger.RegistryOf(t, eans)
	if err != nil {
		return err
	}
	points, meters := map[portal.EAN]registry.AccessPoint{}, map[string]registry.Meter{}
	for _, point := range known.Points {
		points[point.EAN] = point
	}
	ids := []string{""}
	for _, m := range known.Meters {
		if m.Contains(now) {
			meters[string(m.EAN)+" "+m.Number] = m
			ids = append(ids, m.ID)
		}
	}
	planned, read, err := p.Ledger.WindowsOfMeters(t, ids)
	if err != nil {
		return err
	}
	var put []Window
	for _, w := range list {
		refuse := func(column, reason string) {
			plan.Refused = append(plan.Refused, registry.LineError{Line: w.line, Column: column, Reason: reason})
		}
		point, there := points[w.EAN]
		meter := meters[string(w.EAN)+" "+w.Meter]
		switch {
		case !there:
			refuse("ean", "the access register does not know it; import the registry first")
			continue
		case meter.ID == "":
			refuse("meter", "not the meter that is there now")
			continue
		case CycleOf(point) == Remote:
			refuse("ean", "is read at a distance; nobody types its readings (L7)")
			continue
		case slices.ContainsFunc(w.Registers, func(g Register) bool { return g.Register.Energy() != point.Energy }):
			refuse("register", fmt.Sprintf("not a register of %s", point.Energy))
			continue
		}
		w.ID, w.MeterID = portal.NewID(now), meter.ID
		before := plan.New
		put = p.lay(plan, put, planned, read, w.Window, refuse)
		if plan.New > before {
			if Planned(point, w.From.In(portal.Brussels).Year())[0] == Card {
				plan.Cards++
			} else {
				plan.Visits++
			}
		}
		planned = append(planned, w.Window)
	}
	return p.Ledger.PutWindows(t, put)
}

// lay compares a window with those of its meter.
func (p *Planner) lay(plan *Plan, put, planned []Window, read map[string]bool, w Window, refuse func(column, reason string)) []Window {
	for _, has := range planned {
		switch {
		case has.MeterID != w.MeterID:
		case has.From.Equal(w.From):
			w.ID = has.ID
			switch {
			case has.To.Equal(w.To) && has.Production == w.Production && reflect.DeepEqual(has.Registers, w.Registers):
				plan.Unchanged++
				return put
			case read[has.ID] || !has.EndedAt.IsZero():
				refuse("from", "this window has readings or is over; it stays as it is")
				return put
			}
			plan.Changed++
			return append(put, w)
		case has.Overlaps(w.Period):
			refuse("from", "overlaps another window of this meter")
			return put
		}
	}
	plan.New++
	return append(put, w)
}

// Weather takes over degree-days, all or nothing; again, it changes nothing.
func (p *Planner) Weather(ctx context.Context, days []DegreeDay, name string, dryRun bool) (changed int, err error) {
	err = p.Runner.Do(ctx, func(t tx.Tx) error {
		n, err := p.Ledger.PutDegreeDays(t, days)
		changed = n
		switch {
		case err != nil:
			return err
		case dryRun:
			return errKeepNothing
		case n > 0:
			t.Record(audit.Entry{At: p.Clock(), Actor: portal.Actor{Kind: portal.System, ID: "import degree-days"}, Action: audit.WeatherLoaded,
				Ground: "import", Channel: "command", Details: map[string]string{"file": name, "days": strconv.Itoa(n)}})
		}
		return nil
	})
	if errors.Is(err, errKeepNothing) {
		err = nil
	}
	return changed, err
}

// ExampleWindows is a file of one household with a gas and an electricity meter.
func ExampleWindows() string {
	var b bytes.Buffer
	b.WriteString("ean;meter;from;to;register;digits;last;last_date;closing;opening;yearly;production\n")
	for _, line := range []string{
		"541499000000123455;1SAG1100076616;2026-11-10;2026-12-10;offtake-peak;6;20815;2025-11-20;;;1600;yes",
		"541499000000123455;1SAG1100076616;2026-11-10;2026-12-10;offtake-offpeak;6;31870;2025-11-20;;;1900;yes",
		"541999000000123450;7FLO2119031964;2026-11-10;2026-12-10;gas-volume;5;8104;2025-11-20;8790;0;1500;",
	} {
		b.WriteString(line + "\n")
	}
	return b.String()
}

func dayNumber(t time.Time) int64 { return metering.DayNumber(t) }
