package exchange

import (
	"fmt"
	"sort"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
)

// order tells the two passes of the autumn hour apart: where one start stands
// twice for a register and meter, the first in time is summer's. An interval
// that ends at or before its start (02:45 to 02:00) is of the first pass.
func (p *parser) order() {
	type stream struct {
		ean, meter int
		register   metering.Register
		cubic      bool
	}
	type start struct {
		stream
		day  *localDay
		from int
	}
	last := map[stream]*line{}
	up, down := 0, 0
	twice := map[start][]*line{}
	var keys []start
	for i := range p.lines {
		l := &p.lines[i]
		s := stream{l.ean, l.meter, l.register, l.cubic}
		if before := last[s]; before != nil {
			switch a, b := before.day.start+int64(before.from)*60, l.day.start+int64(l.from)*60; {
			case a < b:
				up++
			case a > b:
				down++
			}
		}
		last[s] = l
		if l.day.repeated(l.from) {
			key := start{s, l.day, l.from}
			if twice[key] == nil {
				keys = append(keys, key)
			}
			twice[key] = append(twice[key], l)
		}
	}
	for _, key := range keys {
		both := twice[key]
		ended := func(l *line) bool { return l.untilDay == l.day && l.to <= l.from }
		switch {
		case len(both) > 2:
			p.refuse(both[2].no, unknown, fmt.Sprintf("the third interval of this register that begins at %02d:%02d", key.from/60, key.from%60))
		case len(both) == 1 && !ended(both[0]):
			p.refuse(both[0].no, unknown, fmt.Sprintf("%02d:%02d stands twice on %s and only one interval begins then; which is meant cannot be known",
				key.from/60, key.from%60, key.day.date.Format("02/01/2006")))
		case len(both) == 2:
			first, second := both[0], both[1]
			if down > up {
				first, second = second, first
			}
			if ended(second) && !ended(first) {
				first, second = second, first
			}
			second.second = true
		}
	}
}

// place gives every line its instants.
func (p *parser) place() {
	for i := range p.lines {
		l := &p.lines[i]
		var err error
		if l.start, l.end, err = resolve(l.day, l.from, l.untilDay, l.to, l.second); err != nil {
			p.refuse(l.no, unknown, err.Error())
		}
	}
}

// nameGas gives the registers of gas their names: an access point is gas where
// some of its volumes are in m³, the file has a calorific value, or its meter
// is numbered as gas meters are (facts B.2).
func (p *parser) nameGas() {
	gas := make([]bool, len(p.eanList))
	for _, l := range p.lines {
		if l.cubic || p.calorific || gasMeter(p.meterList[l.meter]) {
			gas[l.ean] = true
		}
	}
	for i := range p.lines {
		l := &p.lines[i]
		switch {
		case !gas[l.ean]:
		case l.register != metering.OfftakeTotal:
			p.refuse(l.no, register, "gas has no bands and no injection")
		case l.cubic:
			l.register = metering.GasVolume
		default:
			l.register = metering.GasEnergy
		}
	}
}

func gasMeter(number string) bool {
	if len(number) != 14 || number[0] != '7' {
		return false
	}
	for i, c := range []byte(number[1:]) {
		if letter := c >= 'A' && c <= 'Z'; letter != (i < 3) || (!letter && (c < '0' || c > '9')) {
			return false
		}
	}
	return true
}

// assemble lays the lines into days. Every day between a family's first and
// last interval has each of its registers: where another register of the
// family counts, a slot is Absent; where none does, Missing.
func (p *parser) assemble() File {
	f := File{Summary: Summary{Rows: len(p.lines), Statuses: map[metering.Quality]int{}}}
	sort.SliceStable(p.lines, func(a, b int) bool {
		x, y := &p.lines[a], &p.lines[b]
		if x.ean != y.ean {
			return p.eanList[x.ean] < p.eanList[y.ean]
		}
		if fx, fy := x.register.Family(), y.register.Family(); fx != fy {
			return fx < fy
		}
		return x.start < y.start
	})
	lengths := map[time.Duration]int{}
	odd := map[DaySlots]bool{}
	partial := map[time.Time]bool{}
	for from := 0; from < len(p.lines); {
		to := from + 1
		for to < len(p.lines) && p.lines[to].ean == p.lines[from].ean && p.lines[to].register.Family() == p.lines[from].register.Family() {
			to++
		}
		p.family(&f, p.lines[from:to], lengths, odd, partial)
		from = to
	}
	sort.SliceStable(f.Days, func(a, b int) bool {
		x, y := &f.Days[a], &f.Days[b]
		if x.EAN != y.EAN {
			return x.EAN < y.EAN
		}
		if x.Register != y.Register {
			return x.Register < y.Register
		}
		return x.Date.Before(y.Date)
	})
	p.sums(&f.Summary)
	sort.SliceStable(p.notes, func(a, b int) bool { return p.notes[a].Line < p.notes[b].Line })
	f.Summary.Notes, f.Summary.Named = p.notes, p.named
	for length, n := range lengths {
		if best := lengths[f.Summary.Interval]; n > best || (n == best && length < f.Summary.Interval) {
			f.Summary.Interval = length
		}
	}
	for d := range odd {
		f.Summary.Unusual = append(f.Summary.Unusual, d)
	}
	sort.Slice(f.Summary.Unusual, func(a, b int) bool {
		x, y := f.Summary.Unusual[a], f.Summary.Unusual[b]
		return x.Date.Before(y.Date) || (x.Date.Equal(y.Date) && x.Slots < y.Slots)
	})
	for date := range partial {
		f.Summary.Partial = append(f.Summary.Partial, date)
	}
	sort.Slice(f.Summary.Partial, func(a, b int) bool { return f.Summary.Partial[a].Before(f.Summary.Partial[b]) })
	return f
}

// maxHole is the longest hole in a file, in days: a mistyped year would
// otherwise become decades of missing values.
const maxHole = 400

// family lays the lines of one access point and family, in the order of time.
func (p *parser) family(f *File, lines []line, lengths map[time.Duration]int, odd map[DaySlots]bool, partial map[time.Time]bool) {
	var present [metering.RegisterCount]metering.Register
	registers := present[:0]
	for i := range lines {
		known := false
		for _, r := range registers {
			known = known || r == lines[i].register
		}
		if !known {
			registers = append(registers, lines[i].register)
		}
	}
	for i := 1; i < len(lines); i++ {
		if days := (lines[i].start - lines[i-1].end) / (24 * 3600); days > maxHole {
			p.refuse(lines[i].no, unknown, fmt.Sprintf("%d days without a value before this one; is its date right?", days))
			return
		}
	}
	first, last := &lines[0], &lines[len(lines)-1]
	length, whole := int64(0), false
	for day := first.day; day.start < last.end; day = p.next(day) {
		n := 0
		for n < len(lines) && lines[n].start < day.end {
			n++
		}
		today := lines[:n]
		lines = lines[n:]
		if len(today) > 0 {
			before, wasWhole := length, whole
			length = today[0].end - today[0].start
			whole = length == day.end-day.start
			if before != 0 && before != length && !(whole && wasWhole) {
				p.note(p.lineError(today[0].no, unknown, fmt.Sprintf("intervals of %s from here on; of %s before",
					time.Duration(length)*time.Second, time.Duration(before)*time.Second)))
			}
		} // a day without a line is cut as the day before it was
		slots := 1
		if !whole {
			slots = int((day.end - day.start) / max(length, 1))
			if length != 900 && length != 3600 {
				p.refuse(today[0].no, unknown, fmt.Sprintf("an interval of %s; quarter-hours, hours and local days can be read",
					time.Duration(length)*time.Second))
				return
			}
			if ordinary := int(24 * 3600 / length); slots != ordinary {
				odd[DaySlots{day.date, slots, ordinary}] = true
			}
		}
		values := make([]metering.Slot, slots*len(registers))
		for i := range values {
			values[i].Quality = metering.Missing
		}
		if !p.fill(day, length, today, registers, values, slots) {
			return
		}
		meter := p.meterList[last.meter]
		if n > 0 {
			meter = p.meterList[today[n-1].meter]
			lengths[time.Duration(length)*time.Second] += n
			if intervals(today) < slots {
				partial[day.date] = true
			}
		}
		for i, r := range registers {
			d := metering.Day{EAN: p.eanList[first.ean], Register: r, Date: day.date,
				Meter: meter, Values: values[i*slots : (i+1)*slots : (i+1)*slots]}
			for _, l := range today {
				if l.lost && !whole {
					p.refuse(l.no, unknown, "an incomplete value shorter than a day cannot be kept; take the finer values")
					return
				}
				d.Untold = d.Untold || l.untold && l.register == r
				if l.lost && l.register == r {
					d.Lost = 1
				}
			}
			f.Days = append(f.Days, d)
		}
	}
}

// intervals counts those that a day's lines are of, whatever registers count.
func intervals(today []line) (n int) {
	for i := range today {
		if i == 0 || today[i].start != today[i-1].start {
			n++
		}
	}
	return n
}

// fill writes the lines of one day into its slots. It refuses another length
// than the neighbours', a start between two slots, the same interval twice,
// and a band beside the total of its family.
func (p *parser) fill(day *localDay, length int64, today []line, registers []metering.Register, values []metering.Slot, slots int) bool {
	good := true
	written := make([]int, len(values)) // the line that wrote each slot
	for i := range today {
		l := &today[i]
		offset := l.start - day.start
		if l.end-l.start != length {
			p.refuse(l.no, unknown, fmt.Sprintf("an interval of %s in a day of intervals of %s",
				time.Duration(l.end-l.start)*time.Second, time.Duration(length)*time.Second))
			good = false
			continue
		}
		if offset%length != 0 {
			p.refuse(l.no, unknown, "the interval does not begin where one of its day does")
			good = false
			continue
		}
		at := int(offset / length)
		for r, name := range registers {
			n := r*slots + at
			switch {
			case name == l.register && written[n] != 0:
				p.refuse(l.no, unknown, fmt.Sprintf("the same interval of the same register as line %d", written[n]))
				good = false
			case name == l.register:
				values[n] = metering.Slot{Value: metering.Value{Amount: l.amount, Quality: l.quality}}
				written[n] = l.no
			case written[n] == 0:
				values[n] = metering.Slot{Absent: true}
			case name == l.register.Family() || l.register == name.Family():
				p.refuse(l.no, unknown, fmt.Sprintf("counts again what line %d counts: a band beside its total", written[n]))
				good = false
			}
		}
	}
	return good
}

// next is the day after, kept so that the same date is the same pointer.
func (p *parser) next(d *localDay) *localDay {
	y, m, day := d.date.AddDate(0, 0, 1).Date()
	key := fmt.Sprintf("%04d-%02d-%02d", y, int(m), day)
	if p.days[key] == nil {
		p.days[key] = dayOf(y, int(m), day)
	}
	return p.days[key]
}

// sums counts the file's own rows, not the days made from them, so that the
// two can be compared.
func (p *parser) sums(s *Summary) {
	type key struct {
		ean      int
		register metering.Register
	}
	at := map[key]int{}
	for i := range p.lines {
		l := &p.lines[i]
		k := key{l.ean, l.register}
		n, ok := at[k]
		if !ok {
			n = len(s.Sums)
			at[k] = n
			s.Sums = append(s.Sums, Sum{EAN: p.eanList[l.ean], Register: l.register})
		}
		s.Sums[n].Amount += l.amount
		s.Sums[n].Rows++
		s.Statuses[l.quality]++
		if start := time.Unix(l.start, 0).In(portal.Brussels); s.From.IsZero() || start.Before(s.From) {
			s.From = start
		}
		if end := time.Unix(l.end, 0).In(portal.Brussels); end.After(s.To) {
			s.To = end
		}
	}
	sort.SliceStable(s.Sums, func(a, b int) bool {
		if s.Sums[a].EAN != s.Sums[b].EAN {
			return s.Sums[a].EAN < s.Sums[b].EAN
		}
		return s.Sums[a].Register < s.Sums[b].Register
	})
}
