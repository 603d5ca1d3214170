package metering

import (
	"slices"
	"time"

	"guichet/portal"
)

// families in the order in which one decides whether a period has an amount.
var families = [...]Register{OfftakeTotal, InjectionTotal, GasEnergy, GasVolume}

func familyPlace(r Register) int {
	for i, f := range families {
		if f == r.Family() {
			return i
		}
	}
	return 0
}

// bucket is what was read of one day or month.
type bucket struct {
	amounts   Amounts
	known     uint16                       // registers that count in it, a bit each by place
	parts     [len(families)][2]familyDays // by the family's own register, and by its bands
	straddles bool                         // there is one total for the whole month, and a move in it
}

// everyRegister is the set of them all.
const everyRegister RegisterSet = 1<<RegisterCount - 1

// familyDays counts the days of a family: the same day of two bands once.
type familyDays struct {
	days, estimated, missing int
	early                    int // of days: today's, which is not owed yet
	amount                   int64
	whole                    bool // read as one total, knows no days
}

func (f *familyDays) add(g familyDays) {
	f.days, f.estimated, f.missing, f.early = f.days+g.days, f.estimated+g.estimated, f.missing+g.missing, f.early+g.early
	f.amount += g.amount
	f.whole = f.whole || g.whole
}

// family puts a family's two ways of counting together: no day has both, and
// where the meter or the tariff changed each has its share of the month.
func (b *bucket) family(i int) familyDays {
	f := b.parts[i][0]
	f.add(b.parts[i][1])
	return f
}

func (b *bucket) addMonth(m MonthRow) {
	place, ok := m.Register.place()
	if !ok {
		return
	}
	b.amounts[place] += m.Amount
	b.known |= 1 << place
	f := &b.parts[familyPlace(m.Register)][0]
	if m.Register != m.Register.Family() {
		f = &b.parts[familyPlace(m.Register)][1]
	}
	f.days, f.estimated, f.missing = max(f.days, m.Days), max(f.estimated, m.Estimated), max(f.missing, m.Missing)
	f.amount += m.Amount
	f.whole = f.whole || m.Days == 0
}

// settle leaves each family one way of having been read, where one total has
// come for the month by the one and days by the other: together they would
// count twice. The days stand where they make up the whole month.
func (b *bucket) settle(days int) {
	for i, family := range families {
		own, bands := b.parts[i][0], b.parts[i][1]
		if own.whole == bands.whole {
			continue
		}
		keepOwn := own.whole && bands.days < days || bands.whole && own.days >= days
		for place, r := range Registers {
			if r.Family() == family && (r == family) != keepOwn {
				b.amounts[place], b.known = 0, b.known&^(1<<place)
			}
		}
		if keepOwn {
			b.parts[i][1] = familyDays{}
		} else {
			b.parts[i][0] = familyDays{}
		}
	}
}

func (b *bucket) addRegister(r Register, sum Total) {
	m := Month{Register: r}
	m.Add(Total{Amount: sum.Amount, Estimated: sum.Estimated, MissingNo: sum.MissingNo})
	b.addMonth(MonthRow{Register: r, Amount: m.Amount, Days: m.Days, Estimated: m.Estimated, Missing: m.Missing})
}

// addDay adds a day's bucket to a month's.
func (b *bucket) addDay(d *bucket) {
	b.known |= d.known
	for i := range d.amounts {
		b.amounts[i] += d.amounts[i]
	}
	for i := range d.parts {
		for way := range d.parts[i] {
			b.parts[i][way].add(d.parts[i][way])
		}
	}
}

// fill gives a framed point its amounts, or says why it has none.
func (p *Point) fill(b *bucket, main int) {
	f := b.family(main)
	switch {
	case b.straddles:
		p.Gap, p.MissingDays = GapStraddle, p.Days
		return
	case f.days == 0 && !f.whole, f.amount == 0 && f.missing > 0 && f.missing >= f.days:
		p.Gap, p.MissingDays = GapMissing, p.Days
		return
	}
	p.Amounts, p.Silent = b.amounts, everyRegister&^RegisterSet(b.known)
	if !f.whole {
		p.MissingDays = max(0, p.Days-(f.days-f.early))
	}
	p.MissingDays += f.missing
	// The other families' missing days may be the same: they are not added.
	for i := range families {
		g := b.family(i)
		p.MissingDays = max(p.MissingDays, g.missing)
		p.EstimatedDays = max(p.EstimatedDays, g.estimated)
	}
}

// mainFamily is the first that was ever read.
func mainFamily(months []bucket) int {
	for i := range families {
		for m := range months {
			if f := months[m].family(i); f.days > 0 || f.whole {
				return i
			}
		}
	}
	return 0
}

// present lists the registers with an amount in some point.
func present(points []Point, v *view) []Register {
	var amounts Amounts
	shown := false
	for _, p := range points {
		shown = shown || p.Gap == NoGap
		for i, a := range p.Amounts {
			amounts[i] = max(amounts[i], a)
		}
	}
	if !shown {
		return nil
	}
	known := uint16(0)
	for month := monthCount(points[0].Period.From); month <= monthCount(points[len(points)-1].Period.To.Add(-1)); month++ {
		known |= v.bucket(month).known
	}
	for _, t := range v.sums {
		if place, ok := t.Register.place(); ok && !t.Indexed && within(t.Period, portal.Period{From: points[0].Period.From, To: points[len(points)-1].Period.To}) {
			known |= 1 << place
		}
	}
	for _, p := range points {
		if p.Own && p.Gap == NoGap {
			known |= uint16(everyRegister &^ p.Silent)
		}
	}
	var registers []Register
	for i, r := range Registers {
		// A register that counts only zeros is listed where it counted in the
		// months shown: no injection yet is worth knowing, no such register is not.
		if amounts[i] > 0 || known&(1<<i) != 0 {
			registers = append(registers, r)
		}
	}
	return registers
}

// totals add up the last twelve whole months that have come.
func (v *view) totals() Totals {
	var t Totals
	end := min(monthCount(v.today), monthCount(v.period.To))
	month := func(month int) (Point, bool) {
		if !v.whole(v.span(month, 1)) {
			return Point{}, false
		}
		return v.point(month, 1), true
	}
	// Months still on their way at the end are not the last twelve.
	for {
		p, ok := month(end - 1)
		if !ok {
			return t
		}
		if p.Gap == NoGap {
			break
		}
		end--
	}
	t.Period.To = v.border(end)
	known, before, complete := 0, Amounts{}, true
	for at := end - 1; t.Months < 12; at, t.Months = at-1, t.Months+1 {
		p, ok := month(at)
		if !ok {
			break
		}
		t.Days += p.Days
		known += p.Days - p.MissingDays
		t.Partial = t.Partial || p.MissingDays > 0
		t.Estimated = t.Estimated || p.EstimatedDays > 0
		t.Period.From = p.Period.From
		earlier, ok := month(at - 12)
		complete = complete && ok && p.comparable() && earlier.comparable()
		for i := range t.Amounts {
			t.Amounts[i] += p.Amounts[i]
			before[i] += earlier.Amounts[i]
		}
	}
	if complete && t.Months == 12 {
		t.Before = &before
	}
	if known > 0 {
		for i, a := range t.Amounts {
			t.PerDay[i] = (2*a + int64(known)) / int64(2*known)
		}
	}
	return t
}

// notes are the remarks that concern what is shown, the dated ones first.
func (v *view) notes(s Series, meters []time.Time) []Note {
	if len(s.Points) == 0 {
		return nil
	}
	var notes []Note
	begins := s.Period.From.Equal(v.period.From) && !v.begun
	switch {
	case begins && v.stay.From.After(v.horizon):
		notes = append(notes, Note{NoteMovedIn, v.period.From})
	case begins && v.stay.From.Before(v.horizon):
		notes = append(notes, Note{NoteHorizon, v.horizon})
	}
	for _, m := range meters {
		if m.After(s.Period.From) && m.Before(s.Period.To) {
			notes = append(notes, Note{NoteMeterExchanged, dayStart(m)})
		}
	}
	var estimated, missing, unread, indexed bool
	for _, p := range s.Points {
		indexed = indexed || p.Own && p.Gap == NoGap
		estimated = estimated || p.EstimatedDays > 0
		unread = unread || p.Gap == GapUnread
		missing = missing || p.MissingDays > 0 && p.Gap != GapUnread
		if p.Gap == GapStraddle {
			notes = append(notes, Note{NoteStraddle, p.Period.From})
		}
	}
	if s.Period.To.Equal(v.period.To) && !v.ended && !v.stay.To.IsZero() && !v.stay.To.After(v.now) {
		notes = append(notes, Note{NoteMovedOut, v.period.To})
	}
	slices.SortStableFunc(notes, func(a, b Note) int { return a.At.Compare(b.At) })
	if indexed {
		notes = append(notes, Note{Kind: NoteIndexes})
	}
	if unread {
		notes = append(notes, Note{Kind: NoteUnread})
	}
	if estimated {
		notes = append(notes, Note{Kind: NoteEstimated})
	}
	if missing {
		notes = append(notes, Note{Kind: NoteMissing})
	}
	return notes
}
