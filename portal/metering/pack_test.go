package metering

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func slots(n int, at func(i int) Slot) []Slot {
	values := make([]Slot, n)
	for i := range values {
		values[i] = at(i)
	}
	return values
}

func read(amount int64) Slot { return Slot{Value: Value{Amount: amount}} }

func marked(q Quality) Slot { return Slot{Value: Value{Quality: q}} }

// drawSlots draws a day of any shape that AppendPacked accepts.
func drawSlots(t *rapid.T) []Slot {
	n := rapid.SampledFrom([]int{1, 23, 24, 25, 92, 96, 100}).Draw(t, "slots")
	amounts := rapid.SampledFrom([]int64{1, 300, 5000, MaxAmount + 1}).Draw(t, "below")
	marks := rapid.IntRange(0, markAbsent).Draw(t, "marks")
	return slots(n, func(int) Slot {
		s := slotOf(byte(rapid.IntRange(0, marks).Draw(t, "mark")))
		if hasAmount(s.mark()) {
			s.Amount = rapid.Int64Range(0, amounts-1).Draw(t, "amount")
		}
		return s
	})
}

func TestPackedDayComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values, lost := drawSlots(t), 0
		if len(values) == 1 {
			lost = rapid.IntRange(0, MaxSlots).Draw(t, "lost")
		}
		packed, err := AppendPacked([]byte("before"), values, lost)
		require.NoError(t, err)
		back, lostBack, err := Unpack(nil, packed[len("before"):])
		require.NoError(t, err)
		require.Equal(t, values, back)
		require.Equal(t, lost, lostBack)
		require.LessOrEqual(t, len(packed), 6+3+1+len(values)*8)

		for cut := range packed[len("before"):] {
			_, _, err := Unpack(nil, packed[len("before"):len("before")+cut])
			require.Error(t, err, "cut after %d", cut)
		}
		_, _, err = Unpack(nil, append(packed[len("before"):], 0))
		require.Error(t, err, "one byte too many")
	})
}

// The bytes of version 1 never change: databases are full of them.
func TestPackedBytesAreStable(t *testing.T) {
	for name, c := range map[string]struct {
		values []Slot
		lost   int
		hex    string
	}{
		"daily total":         {[]Slot{read(12345)}, 0, "010801f2c001"},
		"daily total, 4 lost": {[]Slot{read(12345)}, 4, "01180104f2c001"},
		"daily estimate":      {[]Slot{{Value: Value{7, Estimated}}}, 0, "010a010e"},
		"nothing known":       {slots(96, func(int) Slot { return marked(Missing) }), 0, "010460"},
		"other band":          {slots(92, func(int) Slot { return Slot{Absent: true} }), 0, "01055c"},
		"no consumption":      {slots(24, func(int) Slot { return marked(NoConsumption) }), 0, "010318"},
		"same all the day":    {slots(100, func(int) Slot { return read(3) }), 0, "01086406"},
		"every mark": {slots(24, func(i int) Slot {
			switch {
			case i < 5:
				s := slotOf(byte(i))
				if i < 3 {
					s.Amount = int64(100 * (i + 1))
				}
				return s
			case i < 12:
				return Slot{Absent: true}
			}
			return read(int64(i))
		}), 0, "01071808090a0b0c3d60c801c801c801bf040202020202020202020202"},
	} {
		t.Run(name, func(t *testing.T) {
			packed, err := AppendPacked(nil, c.values, c.lost)
			require.NoError(t, err)
			require.Equal(t, c.hex, hex.EncodeToString(packed))
		})
	}
}

func TestPackRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		values []Slot
		lost   int
	}{
		"no such day":            {make([]Slot, 95), 0},
		"empty":                  {nil, 0},
		"negative":               {[]Slot{read(-1)}, 0},
		"too much":               {[]Slot{read(MaxAmount + 1)}, 0},
		"a missing amount":       {[]Slot{{Value: Value{1, Missing}}}, 0},
		"an amount of nothing":   {[]Slot{{Value: Value{1, NoConsumption}}}, 0},
		"unknown quality":        {[]Slot{marked(9)}, 0},
		"lost in a detailed day": {make([]Slot, 24), 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := AppendPacked(nil, c.values, c.lost)
			require.Error(t, err)
		})
	}
}

func TestSumNeverAddsAMissingValue(t *testing.T) {
	packed, err := AppendPacked(nil, slots(24, func(i int) Slot {
		switch {
		case i < 6:
			return marked(Missing)
		case i < 8:
			return Slot{Absent: true}
		case i == 8:
			return Slot{Value: Value{50, Estimated}}
		case i == 9:
			return marked(NoConsumption)
		}
		return read(1)
	}), 0)
	require.NoError(t, err)
	sum, err := Sum(packed)
	require.NoError(t, err)
	require.Equal(t, Total{Amount: 64, Read: 14, Estimated: 1, None: 1, MissingNo: 6}, sum)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = Sum(packed) }))
}

func FuzzUnpack(f *testing.F) {
	for _, seed := range []string{"010801f2c001", "010460", "01071808090a0b0c3d60c801c801c801bf04", "0107ff", "011801"} {
		b, err := hex.DecodeString(seed)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		values, lost, err := Unpack(nil, b)
		if err != nil {
			require.Empty(t, values)
			return
		}
		again, err := AppendPacked(nil, values, lost)
		require.NoError(t, err, "what was read can be written")
		back, _, err := Unpack(nil, again)
		require.NoError(t, err)
		require.Equal(t, values, back)
	})
}
