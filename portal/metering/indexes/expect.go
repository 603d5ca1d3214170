package indexes

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// Stay is whose reading it is: what an opened reference stands for.
type Stay struct {
	Point     registry.AccessPoint
	Occupancy registry.Occupancy
	Meter     registry.Meter
	Visit     string // id of the visit, for the trail
}

// oracle works out what is to be expected.
type oracle struct {
	Ledger  Ledger
	History History
}

// expect gives what each register of a window should have counted by a day,
// from the occupancy's own last twelve months, else from the statistics of
// the window, else nothing. A former occupant's consumption never enters
// (L16): History shows the occupancy's only.
func (o oracle) expect(ctx context.Context, w Window, point registry.AccessPoint, occ registry.Occupancy, on time.Time) ([]Expected, error) {
	series, err := o.History.Series(ctx, point, occ, metering.Query{Grain: metering.ByMonth})
	if err != nil {
		return nil, err
	}
	year := portal.Period{From: on.AddDate(-1, 0, 0), To: on}
	all := make([]Expected, len(w.Registers))
	for i, r := range w.Registers {
		e := Expected{Amount: r.Yearly * 1000}
		reference := year
		if t := series.Totals; t.Months == 12 && !t.Partial && series.Has(r.Register) {
			e.Amount, reference = t.Amounts.Of(r.Register), t.Period
		} else if r.Yearly == 0 {
			continue
		}
		if e.Reference, err = o.load(ctx, point.Energy, reference); err != nil {
			return nil, err
		}
		if e.Load, err = o.load(ctx, point.Energy, portal.Period{From: r.LastOn, To: on}); err != nil {
			return nil, err
		}
		all[i] = e
	}
	return all, nil
}

// load is how much a period weighs: its days, or for gas its tenths of
// degree-days. Where the weather of a few days has not come yet they weigh as
// the others do; where more than one in ten is missing it is not known: 0.
func (o oracle) load(ctx context.Context, energy portal.Energy, p portal.Period) (int64, error) {
	days := dayCount(p)
	if days <= 0 || energy != portal.Gas {
		return max(0, days), nil
	}
	tenths, known, err := o.Ledger.DegreeDays(ctx, metering.DayNumber(p.From), metering.DayNumber(p.To))
	if err != nil || int64(known)*10 < days*9 {
		return 0, err
	}
	return tenths * days / int64(known), nil
}

// dayCount counts the local days of a period; half a day makes up for the days
// of 23 and 25 hours.
func dayCount(p portal.Period) int64 {
	return int64((midnight(p.To).Sub(midnight(p.From)) + 12*time.Hour) / (24 * time.Hour))
}

// ownPast tells whether all last readings of a window lie in an occupancy, so
// that comparing with them tells the occupant nothing of anybody else (Md7).
func ownPast(w Window, stay portal.Period) bool {
	for _, r := range w.Registers {
		if r.LastOn.Before(midnight(stay.From)) {
			return false
		}
	}
	return true
}
