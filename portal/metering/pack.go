package metering

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Packed days, version 1:
//
//	version, 1 byte
//	shape,   1 byte: bits 0-2 the mark of all slots, or mixed; bit 3 one
//	         amount for all; bit 4 a count of lost values follows
//	slots,   1 byte
//	lost,    uvarint, where bit 4 is set
//	marks,   where mixed: runs, uvarint(length*8 + mark), never two alike
//	amounts, varint differences from the amount before, of the slots that
//	         have one; a single one where bit 3 is set
//
// A mark is a Quality, or absent. Bytes of released versions are read for ever.
const (
	packVersion = 1

	markAbsent = 5
	markMixed  = 7
	shapeMark  = 7
	shapeSame  = 8
	shapeLost  = 16
)

// MaxAmount bounds a slot, in thousandths: beyond any connection, and low
// enough that no sum of a history overflows.
const MaxAmount = 1_000_000_000_000

// MaxSlots is the longest day: 100 quarter-hours.
const MaxSlots = 100

var errDamaged = errors.New("packed day is damaged")

func slotCount(n int) bool {
	switch n {
	case 1, 23, 24, 25, 92, 96, 100:
		return true
	}
	return false
}

func (s Slot) mark() byte {
	if s.Absent {
		return markAbsent
	}
	return byte(s.Quality)
}

// hasAmount: the others are zero by their meaning and are not written.
func hasAmount(mark byte) bool { return mark <= byte(Estimated) }

// AppendPacked appends the packed values of a day. It refuses a number of
// slots that no local day has, amounts outside [0, MaxAmount], and an amount
// in a slot whose quality has none.
func AppendPacked(b []byte, values []Slot, lost int) ([]byte, error) {
	if !slotCount(len(values)) {
		return b, fmt.Errorf("a day has no %d intervals", len(values))
	}
	if lost < 0 || lost > MaxSlots || (lost > 0 && len(values) != 1) {
		return b, fmt.Errorf("%d lost values in a day of %d", lost, len(values))
	}
	first, sameMark, sameAmount, seen, amount := values[0].mark(), true, true, false, int64(0)
	for i, v := range values {
		mark := v.mark()
		if mark > markAbsent || v.Quality > Missing {
			return b, fmt.Errorf("interval %d has an unknown quality", i)
		}
		if v.Amount < 0 || v.Amount > MaxAmount || (v.Amount != 0 && !hasAmount(mark)) {
			return b, fmt.Errorf("interval %d has the amount %d", i, v.Amount)
		}
		sameMark = sameMark && mark == first
		if hasAmount(mark) {
			sameAmount = sameAmount && (!seen || v.Amount == amount)
			seen, amount = true, v.Amount
		}
	}
	shape := byte(markMixed)
	if sameMark {
		shape = first
	}
	sameAmount = sameAmount && seen
	if sameAmount {
		shape |= shapeSame
	}
	if lost > 0 {
		shape |= shapeLost
	}
	b = append(b, packVersion, shape, byte(len(values)))
	if lost > 0 {
		b = binary.AppendUvarint(b, uint64(lost))
	}
	if !sameMark {
		for i := 0; i < len(values); {
			run := 1
			for i+run < len(values) && values[i+run].mark() == values[i].mark() {
				run++
			}
			b = binary.AppendUvarint(b, uint64(run)<<3|uint64(values[i].mark()))
			i += run
		}
	}
	if sameAmount {
		return binary.AppendVarint(b, amount), nil
	}
	before := int64(0)
	for _, v := range values {
		if hasAmount(v.mark()) {
			b = binary.AppendVarint(b, v.Amount-before)
			before = v.Amount
		}
	}
	return b, nil
}

// Unpack appends the slots of a packed day to dst and gives its lost values.
// Damaged bytes are an error, never a panic.
func Unpack(dst []Slot, b []byte) (values []Slot, lost int, err error) {
	if len(b) < 3 {
		return dst, 0, errDamaged
	}
	if b[0] != packVersion {
		return dst, 0, fmt.Errorf("packed day has version %d, this program reads %d", b[0], packVersion)
	}
	shape, n := b[1], int(b[2])
	b = b[3:]
	if !slotCount(n) || shape >= shapeLost<<1 || shape&shapeMark == 6 {
		return dst, 0, errDamaged
	}
	if shape&shapeLost != 0 {
		u, used := binary.Uvarint(b)
		if used <= 0 || u == 0 || u > MaxSlots || n != 1 {
			return dst, 0, errDamaged
		}
		lost, b = int(u), b[used:]
	}
	start := len(dst)
	if mark := shape & shapeMark; mark != markMixed {
		for range n {
			dst = append(dst, slotOf(mark))
		}
	} else {
		before := byte(markMixed)
		for len(dst)-start < n {
			u, used := binary.Uvarint(b)
			mark := byte(u & shapeMark)
			if used <= 0 || u>>3 == 0 || u>>3 > uint64(n-(len(dst)-start)) || mark > markAbsent || mark == before {
				return dst[:start], 0, errDamaged
			}
			for range u >> 3 {
				dst = append(dst, slotOf(mark))
			}
			before, b = mark, b[used:]
		}
	}
	amount, read := int64(0), false
	for i := start; i < len(dst); i++ {
		if !hasAmount(dst[i].mark()) {
			continue
		}
		if !read || shape&shapeSame == 0 {
			delta, used := binary.Varint(b)
			if used <= 0 || delta < -MaxAmount || delta > MaxAmount {
				return dst[:start], 0, errDamaged
			}
			amount, read, b = amount+delta, true, b[used:]
			if amount < 0 || amount > MaxAmount {
				return dst[:start], 0, errDamaged
			}
		}
		dst[i].Amount = amount
	}
	if len(b) != 0 {
		return dst[:start], 0, errDamaged
	}
	return dst, lost, nil
}

func slotOf(mark byte) Slot {
	if mark == markAbsent {
		return Slot{Absent: true}
	}
	return Slot{Value: Value{Quality: Quality(mark)}}
}

// Sum adds up a packed day without allocating.
func Sum(packed []byte) (Total, error) {
	var room [MaxSlots]Slot
	values, lost, err := Unpack(room[:0], packed)
	if err != nil {
		return Total{}, err
	}
	t := total(values)
	if t.MissingNo == 0 {
		t.MissingNo = lost
	}
	return t, nil
}

func total(values []Slot) Total {
	var t Total
	for _, v := range values {
		if v.Absent {
			continue
		}
		t.Amount += v.Amount
		switch v.Quality {
		case Read:
			t.Read++
		case Validated:
			t.Validated++
		case Estimated:
			t.Estimated++
		case NoConsumption:
			t.None++
		default:
			t.MissingNo++
		}
	}
	return t
}

// Known tells whether anything but missing values went into the total.
func (t Total) Known() bool { return t.Read+t.Validated+t.Estimated+t.None > 0 }
