package metering

import "bytes"

type monthKey struct {
	register Register
	month    int64
}

// merging is one access point's stored days with a file's laid over them.
type merging struct {
	stored  map[dayKey]DayRow // as they will be
	puts    []DayRow
	drops   []DayRow
	touched map[monthKey]bool
}

// merge lays one day of a file over what is stored.
func (p *merging) merge(d Day, report *Report) error {
	key := dayKey{d.Register, DayNumber(d.Date)}
	old, was := p.stored[key]
	if was {
		before := Day{EAN: old.EAN, Register: old.Register, Date: d.Date, Meter: old.Meter}
		var err error
		if before.Values, before.Lost, err = Unpack(nil, old.Packed); err != nil {
			return err
		}
		d = laidOver(before, d)
	}
	row := DayRow{EAN: d.EAN, Register: d.Register, Day: key.day, Meter: d.Meter}
	var err error
	if row.Packed, err = AppendPacked(nil, d.Values, d.Lost); err != nil {
		return err
	}
	switch {
	case was && row.Meter == old.Meter && bytes.Equal(row.Packed, old.Packed):
		report.Unchanged++
		return nil
	case was:
		report.Changed++
	default:
		report.New++
	}
	p.stored[key] = row
	p.puts = append(p.puts, row)
	p.touched[monthKey{d.Register, key.day / 100}] = true
	return nil
}

// laidOver is what to keep of a stored day and a file's.
func laidOver(old, file Day) Day {
	if file.Meter == "" {
		file.Meter = old.Meter // a format that knows no meters takes none away
	}
	if n := len(file.Values); n > 1 && n == len(old.Values) {
		merged := file
		merged.Values = make([]Slot, n)
		for i, v := range file.Values {
			if saysNoMore(v, old.Values[i]) {
				v = old.Values[i]
			}
			merged.Values[i] = v
		}
		return merged
	}
	if coarser(old.Values, file.Values) {
		return old
	}
	was, now := total(old.Values), total(file.Values)
	if file.Untold && was.Known() && was.Amount == now.Amount {
		return old
	}
	if gaps(now, file.Lost) > gaps(was, old.Lost) {
		return old
	}
	if len(file.Values) == 1 {
		if len(old.Values) > 1 && now.Amount == was.Amount && now.Known() {
			return old
		}
		if len(old.Values) == 1 && file.Lost > old.Lost && was.Known() {
			return old
		}
		if len(old.Values) == 1 && ((old.Lost > 0 && file.Lost > 0 && now.Amount == was.Amount) ||
			(old.Lost == 0 && file.Lost == 0 && saysNoMore(file.Values[0], old.Values[0]))) {
			old.Meter = file.Meter
			return old
		}
	}
	return file
}

// saysNoMore tells that a file's slot leaves the stored one as it is: it has no
// value; or a zero where another band counted; or the same amount that is
// known as well or better already: a reading does not undo a validation.
func saysNoMore(file, old Slot) bool {
	switch {
	case file.Absent:
		return false
	case file.Quality == Missing:
		return true
	case old.Absent:
		return file.Amount == 0
	}
	return file.Quality == Read && file.Amount == old.Amount && old.Quality != Estimated && old.Quality != Missing
}

// coarser tells that a file's intervals are sums of the stored, shorter ones:
// hours do not replace the quarter-hours they were made from.
func coarser(old, file []Slot) bool {
	if len(file) < 2 || len(old) <= len(file) || len(old)%len(file) != 0 {
		return false
	}
	n := len(old) / len(file)
	for i, v := range file {
		part := total(old[i*n : (i+1)*n])
		if v.Amount != part.Amount || (v.Quality != Missing && !v.Absent && !part.Known() && v.Amount != 0) {
			return false
		}
	}
	return true
}

// gaps is 0 for a day without missing values, 1 with some, 2 with nothing else.
func gaps(t Total, lost int) int {
	switch {
	case t.MissingNo == 0 && lost == 0:
		return 0
	case t.Known():
		return 1
	}
	return 2
}

// exclude drops the stored total of a day whose bands the file has, and the
// other way round, so that no day is counted twice.
func (p *merging) exclude(days []Day, report *Report) {
	inFile := map[dayKey]bool{}
	for _, d := range days {
		if total(d.Values).Known() {
			inFile[dayKey{d.Register, DayNumber(d.Date)}] = true
		}
	}
	for key := range inFile {
		for _, other := range Registers {
			rival := dayKey{other, key.day}
			if other == key.register || other.Family() != key.register.Family() || inFile[rival] ||
				(other != other.Family() && key.register != key.register.Family()) {
				continue
			}
			if row, was := p.stored[rival]; was {
				if sum, err := Sum(row.Packed); err != nil || !sum.Known() {
					continue
				}
				delete(p.stored, rival)
				p.drops = append(p.drops, row)
				p.touched[monthKey{other, key.day / 100}] = true
				report.Replaced++
			}
		}
	}
}

// Daily is the day as one total, with the worst quality that applies; a value
// that lacks some of its parts tells how many in Lost. D5.
func (d Day) Daily() Day {
	if len(d.Values) == 1 {
		return d
	}
	t := total(d.Values)
	var s Slot
	switch {
	case t.Known():
		s.Amount = t.Amount
		switch {
		case t.Estimated > 0:
			s.Quality = Estimated
		case t.Read > 0:
			s.Quality = Read
		case t.Validated > 0:
			s.Quality = Validated
		default:
			s.Quality = NoConsumption
		}
	case t.MissingNo > 0:
		s.Quality = Missing
	default:
		s.Absent = true
	}
	d.Values, d.Lost = []Slot{s}, t.MissingNo
	return d
}
