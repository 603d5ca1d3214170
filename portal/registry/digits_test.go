package registry_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/registry"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// hung is a plate of four digits.
func hung(postcode, street string, day, four int) registry.Plate {
	return registry.Plate{Postcode: postcode, Town: "Eupen", Street: street,
		Number: fmt.Sprintf("1SAG1100%02d%04d", four%7, four), From: portal.Date(2024, time.March, day)}
}

func measure(t require.TestingT, plates []registry.Plate) registry.Share {
	s, err := registry.Measure(func(f func(registry.Plate) error) error {
		for _, p := range plates {
			if err := f(p); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	return s
}

// far gives n plates of one postcode whose digits, streets and days are all
// apart, beginning with some digits.
func far(postcode string, n, first int) (plates []registry.Plate) {
	for i := range n {
		p := hung(postcode, fmt.Sprint(postcode, "Rue ", i), 1, (first+i*50)%10_000)
		p.From = p.From.AddDate(0, 0, i)
		plates = append(plates, p)
	}
	return plates
}

func TestG8SharesOfTheLikeliestDigits(t *testing.T) {
	join := func(lists ...[]registry.Plate) (all []registry.Plate) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	one := func(p ...registry.Plate) []registry.Plate { return p }
	for name, c := range map[string]struct {
		plates []registry.Plate
		want   registry.Share
	}{
		"nothing": {nil, registry.Share{}},
		"no digits are left out": {one(registry.Plate{Postcode: "4700", Number: "12-3456"}, hung("4700", "A", 1, 42)),
			registry.Share{Meters: 1, Overall: 1, MeanPostcode: 1}},
		"all apart": {far("4700", 100, 3),
			registry.Share{Meters: 100, Overall: .01, WorstPostcode: .01, Postcode: "4700", MeanPostcode: .01}},
		"99 meters are no postcode": {far("4700", 99, 3), registry.Share{Meters: 99, Overall: 1. / 99, MeanPostcode: 1. / 99}},
		"the worst of two, and what stands in the second alone": {
			join(far("4700", 150, 3), one(hung("4700", "X", 29, 3), hung("4700", "Y", 30, 53)), far("5000", 100, 3)),
			registry.Share{Meters: 252, Overall: 3. / 252, WorstPostcode: 2. / 152, Postcode: "4700", MeanPostcode: 3. / 252,
				Batch: registry.Near{}}},
		"neighbours in order": {one(hung("4700", "A", 1, 41), hung("4700", "A", 2, 42), hung("4700", "A", 3, 43), hung("4700", "A", 4, 800)),
			registry.Share{Meters: 4, Overall: .25, MeanPostcode: .25,
				Address: registry.Near{Meters: 3, Chance: 2. / 6}}}, // +1 twice, +2 once, each from both ends
		"one pair, either above or below": {one(hung("4700", "A", 1, 41), hung("4700", "A", 2, 51)),
			registry.Share{Meters: 2, Overall: .5, MeanPostcode: .5, Address: registry.Near{Meters: 2, Chance: .5}}},
		"eleven apart is not near": {one(hung("4700", "A", 1, 41), hung("4700", "A", 2, 52)),
			registry.Share{Meters: 2, Overall: .5, MeanPostcode: .5}},
		"around the end": {one(hung("4700", "A", 1, 9998), hung("4700", "A", 2, 3)),
			registry.Share{Meters: 2, Overall: .5, MeanPostcode: .5, Address: registry.Near{Meters: 2, Chance: .5}}},
		"equal digits look alike from both ends": {one(hung("4700", "A", 1, 41), hung("4700", "A", 2, 41)),
			registry.Share{Meters: 2, Overall: 1, MeanPostcode: 1, Address: registry.Near{Meters: 2, Chance: 1}}},
		"a batch is a day of a postcode": {one(hung("4700", "A", 1, 41), hung("4700", "B", 1, 42), hung("5000", "C", 1, 43), hung("5000", "D", 2, 44)),
			registry.Share{Meters: 4, Overall: .25, MeanPostcode: .5, Batch: registry.Near{Meters: 2, Chance: .5}}},
		"the same street of two postcodes is two addresses": {one(hung("4700", "A", 1, 41), hung("5000", "A", 2, 42)),
			registry.Share{Meters: 2, Overall: .5, MeanPostcode: 1}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, measure(t, c.plates)) })
	}
}

// TestG8NearAsCountedByHand compares with counting every pair.
func TestG8NearAsCountedByHand(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fours := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 30), rapid.IntRange(9980, 9999), rapid.IntRange(0, 9999)), 2, 40).Draw(t, "digits")
		var plates []registry.Plate
		for i, four := range fours {
			plates = append(plates, hung("4700", "A", 1+i, four))
		}
		offsets, near := map[int]int{}, 0
		for i, a := range fours {
			isNear := false
			for j, b := range fours {
				offset := (b-a+15_000)%10_000 - 5_000
				if i != j && offset >= -registry.NearWindow && offset <= registry.NearWindow {
					offsets[offset]++
					isNear = true
				}
			}
			if isNear {
				near++
			}
		}
		best, all := 0, 0
		for _, n := range offsets {
			best, all = max(best, n), all+n
		}
		want := registry.Near{}
		if all > 0 {
			want = registry.Near{Meters: int64(near), Chance: float64(best) / float64(all)}
		}
		require.Equal(t, want, measure(t, plates).Address)
	})
}

// TestG8MeasuresALargeRegisterInLittleMemory: 400,000 meters in 200 postcodes,
// told one by one, never lie together.
func TestG8MeasuresALargeRegisterInLittleMemory(t *testing.T) {
	const postcodes, meters = 200, 2000
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	s, err := registry.Measure(func(f func(registry.Plate) error) error {
		for p := range postcodes {
			for i := range meters {
				plate := registry.Plate{Postcode: fmt.Sprint(p), Town: "T", Street: fmt.Sprint("Rue ", i/2),
					Number: fmt.Sprintf("1SAG11%08d", p*7919+i), From: time.Unix(int64(i/50)*86_400, 0)}
				if err := f(plate); err != nil {
					return err
				}
			}
			if p%20 == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, postcodes*meters, s.Meters)
	require.EqualValues(t, s.Meters, s.Address.Meters)
	require.EqualValues(t, .5, s.Address.Chance, "pairs in order")
	require.EqualValues(t, 1./meters, s.WorstPostcode)
	require.Less(t, most, before.HeapAlloc+4<<20, "ten thousand counters and one postcode")
}
