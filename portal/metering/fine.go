package metering

import (
	"context"
	"time"

	"guichet/portal"
	"guichet/portal/registry"
)

// quarter is the finest length that is kept (L7).
const quarter = 15 * time.Minute

// Fine tells whether the grain is finer than daily, so that D5 decides.
func (g Grain) Fine() bool { return g == ByHour || g == ByQuarter }

// length is a fine grain's.
func (g Grain) length() time.Duration {
	if g == ByQuarter {
		return quarter
	}
	return time.Hour
}

// Detail tells the first whole day of which values finer than daily may be kept
// and shown to this occupancy: by law from registry.DetailPower on; else from
// the occupant's choice until the stay ends, and no longer (D5, S3).
func Detail(point registry.AccessPoint, stay registry.Occupancy, now time.Time) (from time.Time, ok bool) {
	switch {
	case point.PowerVA >= registry.DetailPower:
		from = stay.From
	case stay.DetailFrom.IsZero(), !stay.To.IsZero() && !now.Before(stay.To):
		return time.Time{}, false
	default:
		from = stay.DetailFrom
		if from.Before(stay.From) {
			from = stay.From
		}
	}
	if day := dayStart(from); day.Before(from) {
		return day.AddDate(0, 0, 1), true
	}
	return from.In(portal.Brussels), true
}

// fine makes the points of hours or quarter-hours of the days that have them.
func (h *History) fine(ctx context.Context, v *view, s *Series, shown portal.Period) error {
	if shown.From.Before(s.Detail) {
		shown.From = s.Detail
		s.Notes = append(s.Notes, Note{NoteDetailFrom, s.Detail})
	}
	if !shown.From.Before(shown.To) {
		return nil
	}
	rows, err := h.Ledger.ReadingDays(ctx, s.EAN, DayNumber(shown.From), DayNumber(shown.To.Add(-1)))
	if err != nil {
		return err
	}
	byDay := map[int64][]DayRow{}
	for _, r := range rows {
		byDay[r.Day] = append(byDay[r.Day], r)
	}
	known := uint16(0)
	for date := shown.From; date.Before(shown.To); date = date.AddDate(0, 0, 1) {
		d := fineDay{date: date, grain: s.Grain, main: v.main, today: !date.Before(v.today)}
		if err := d.read(byDay[DayNumber(date)]); err != nil {
			return &portal.Error{Code: portal.Internal, Key: "internal", Err: err}
		}
		points := d.points()
		s.Points = append(s.Points, points...)
		if len(points) > 0 { // a day that is not shown yet has nothing to be remarked
			s.Notes = append(s.Notes, d.notes()...)
		}
		known |= d.known
	}
	for i, r := range Registers {
		if known&(1<<i) != 0 {
			s.Registers = append(s.Registers, r)
		}
	}
	s.Notes = once(s.Notes)
	return nil
}

// fineDay is one local day on its way to points: of 23, 24 or 25 hours, or 92,
// 96 or 100 quarter-hours.
type fineDay struct {
	date    time.Time
	grain   Grain
	main    int
	today   bool
	daily   bool // there is a total of the day and nothing finer
	byHour  bool // hours were read, quarter-hours asked for
	known   uint16
	buckets []bucket
	total   Amounts // of a day of which daily tells
}

func (d *fineDay) read(rows []DayRow) error {
	want, finest := SlotsIn(d.date, d.grain.length()), 0
	values := make([][]Slot, len(rows))
	for i, r := range rows {
		var err error
		if values[i], _, err = Unpack(nil, r.Packed); err != nil {
			return err
		}
		if familyPlace(r.Register) == d.main {
			finest = max(finest, len(values[i]))
		}
	}
	if d.daily = finest == 1; d.daily {
		for i, r := range rows {
			if place, ok := r.Register.place(); ok {
				d.total[place] = total(values[i]).Amount
			}
		}
		return nil
	}
	if finest > 0 && finest < want {
		want, d.byHour = finest, true
	}
	d.buckets = make([]bucket, want)
	for i, r := range rows {
		// A register that is coarser than the others has nothing to say here.
		if len(values[i]) < want {
			continue
		}
		parts := len(values[i]) / want
		for n := range want {
			sum := total(values[i][n*parts : (n+1)*parts])
			if sum.Known() || sum.MissingNo > 0 {
				d.buckets[n].addRegister(r.Register, sum)
			}
			d.known |= d.buckets[n].known
		}
	}
	return nil
}

func (d *fineDay) points() (points []Point) {
	end := d.date.AddDate(0, 0, 1)
	if d.daily {
		return []Point{{Period: portal.Period{From: d.date, To: end}, Gap: GapDaily, Days: 1, OfDay: &d.total}}
	}
	length := end.Sub(d.date) / time.Duration(len(d.buckets))
	for i := range d.buckets {
		from := d.date.Add(time.Duration(i) * length)
		p := Point{Period: portal.Period{From: from, To: from.Add(length)}, Days: 1}
		p.fill(&d.buckets[i], d.main)
		points = append(points, p)
	}
	for d.today && len(points) > 0 && points[len(points)-1].Gap != NoGap {
		points = points[:len(points)-1] // today is not owed yet
	}
	return points
}

func (d *fineDay) notes() (notes []Note) {
	switch hours := SlotsIn(d.date, time.Hour); {
	case hours > 24:
		notes = append(notes, Note{NoteClockBack, d.date})
	case hours < 24:
		notes = append(notes, Note{NoteClockForward, d.date})
	}
	if d.daily {
		notes = append(notes, Note{Kind: NoteDailyOnly})
	}
	if d.byHour {
		notes = append(notes, Note{Kind: NoteByHour})
	}
	return notes
}

func once(notes []Note) (kept []Note) {
	seen := map[Note]bool{}
	for _, n := range notes {
		if !seen[n] {
			kept = append(kept, n)
		}
		seen[n] = true
	}
	return kept
}
