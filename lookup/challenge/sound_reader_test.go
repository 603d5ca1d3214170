package challenge

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"
	"testing"

	"guichet/portal"

	"github.com/stretchr/testify/require"
)

// drawn is one sound as its maker knows it: what it says, what is heard, and
// from where to where each digit lasts.
type drawn struct {
	numbers []byte
	heard   []float32
	spans   [][2]int
}

// draw makes the nth drawing of a language: figures that are asserted come
// from the same twenty each time.
func draw(l portal.Language, n int) drawn {
	seed := sha256.Sum256(fmt.Append(nil, l, n))
	c := newChance(seed[:])
	d := drawn{}
	for range digits {
		d.numbers = append(d.numbers, byte(c.below(10)))
	}
	d.heard = speak(nil, d.numbers, voices[l](), c)
	d.spans = spans(d.heard)
	cover(d.heard, voices[l](), c)
	d.heard = decoded(wave(d.heard))
	return d
}

// clean is the recordings one after the other, a fifth of a second apart.
func clean(l portal.Language, numbers []byte) drawn {
	d := drawn{numbers: numbers}
	for _, n := range numbers {
		from := len(d.heard) + rate/5
		d.heard = append(hush(d.heard, 0.2), voices[l]()[n]...)
		d.spans = append(d.spans, [2]int{from, len(d.heard)})
	}
	d.heard = decoded(wave(hush(d.heard, 0.2)))
	return d
}

// spans finds the digits of what was spoken and not yet covered: between them
// it is perfectly still for a third of a second.
func spans(spoken []float32) (all [][2]int) {
	still := rate
	for i, s := range spoken {
		switch {
		case s == 0:
			still++
			continue
		case still > rate/5:
			all = append(all, [2]int{i, i})
		}
		all[len(all)-1][1], still = i+1, 0
	}
	return all
}

// decoded is a wave file's samples as a listener gets them.
func decoded(file []byte) []float32 {
	s := make([]float32, len(file)-waveHeader)
	for i, b := range file[waveHeader:] {
		s[i] = (float32(b) - 128) / 127
	}
	return s
}

// reader compares a sound with the clean recordings at some speeds. It is told
// where each digit lies, which a robot would have to find out.
type reader []template

// length of a transform: a digit with its margins and a recording fit in.
const length = 1 << 14

type template struct {
	digit    byte
	samples  int
	norm     float64
	spectrum []complex128
}

func newReader(v *voice, speeds ...float64) (r reader) {
	for d, word := range v {
		for _, speed := range speeds {
			var played []float32
			for at := 0.0; at < float64(len(word)-1); at += speed {
				played = append(played, between(word, at))
			}
			spectrum := make([]complex128, length)
			for i, s := range played {
				spectrum[i] = complex(float64(s), 0)
			}
			fourier(spectrum, false)
			r = append(r, template{byte(d), len(played), loudness(played) * math.Sqrt(float64(len(played))), spectrum})
		}
	}
	return r
}

// read gives the best digit for each span: the highest normalised
// cross-correlation of any recording at any lag.
//
//go:norace
func (r reader) read(d drawn) (numbers []byte) {
	const margin = rate / 10
	for _, span := range d.spans {
		part := d.heard[max(span[0]-margin, 0):min(span[1]+margin, len(d.heard))]
		energy := make([]float64, len(part)+1)
		spectrum := make([]complex128, length)
		for i, s := range part {
			energy[i+1] = energy[i] + float64(s)*float64(s)
			spectrum[i] = complex(float64(s), 0)
		}
		fourier(spectrum, false)
		best, digit := 0.0, byte(0)
		for i := 0; i < len(r); i += 2 {
			pair := [2]template{r[i], r[min(i+1, len(r)-1)]}
			product := make([]complex128, length)
			for at := range product { // two correlations, both real, for one transform
				product[at] = spectrum[at] * (cmplx.Conj(pair[0].spectrum[at]) + 1i*cmplx.Conj(pair[1].spectrum[at]))
			}
			fourier(product, true)
			for n, t := range pair {
				for lag := 0; lag < len(part)-t.samples/2; lag++ {
					under := energy[min(lag+t.samples, len(part))] - energy[lag]
					if under < energy[len(part)]/10 {
						continue // next to nothing there: no match worth the name
					}
					c := real(product[lag])
					if n == 1 {
						c = imag(product[lag])
					}
					if c /= t.norm * math.Sqrt(under); c > best {
						best, digit = c, t.digit
					}
				}
			}
		}
		numbers = append(numbers, digit)
	}
	return numbers
}

// turns are the roots of unity that every transform of this length uses.
var turns = func() []complex128 {
	w := make([]complex128, length/2)
	for i := range w {
		w[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/length)
	}
	return w
}()

// fourier transforms in place. The race detector would take a minute to watch
// this arithmetic, which shares nothing.
//
//go:norace
func fourier(x []complex128, back bool) {
	const n = length
	shift := bits.LeadingZeros(uint(n)) + 1
	for i := range x {
		if j := int(bits.Reverse(uint(i)) >> shift); j > i {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		for from := 0; from < n; from += 2 * half {
			for i := range half {
				w := turns[i*(n/2/half)]
				if back {
					w = cmplx.Conj(w)
				}
				a, b := x[from+i], w*x[from+i+half]
				x[from+i], x[from+i+half] = a+b, a-b
			}
		}
	}
	if back {
		for i := range x {
			x[i] /= complex(float64(n), 0)
		}
	}
}

// A plain correlation with the clean recordings, which anybody can take from
// this repository, reads them where they stand clean, and no drawn sound.
func TestM2ACorrelationDoesNotReadTheSounds(t *testing.T) {
	draws := 20
	if testing.Short() {
		draws = 4
	}
	for _, l := range portal.Languages {
		t.Run(string(l), func(t *testing.T) {
			t.Parallel()
			r := newReader(voices[l](), 1)
			readClean, readDrawn, digitsRight := 0, 0, 0
			for n := range draws {
				d := draw(l, n)
				require.Len(t, d.spans, digits)
				if string(r.read(clean(l, d.numbers))) == string(d.numbers) {
					readClean++
				}
				got := r.read(d)
				for i := range got {
					if got[i] == d.numbers[i] {
						digitsRight++
					}
				}
				if string(got) == string(d.numbers) {
					readDrawn++
				}
			}
			t.Logf("clean %d of %d, drawn %d of %d, single digits %d of %d", readClean, draws, readDrawn, draws, digitsRight, draws*digits)
			require.Equal(t, draws, readClean, "the reader does not work")
			require.Less(t, readDrawn, 1)
		})
	}
}

// A person follows: each digit stands clearly above what lies under it, and
// next to nothing is cut off at the top.
func TestM2DigitsStandAboveTheBabble(t *testing.T) {
	for _, l := range portal.Languages {
		sum, least, cut, all := 0.0, math.Inf(1), 0, 0
		for n := range 20 {
			seed := sha256.Sum256(fmt.Append(nil, l, n))
			c := newChance(seed[:])
			spoken := speak(nil, []byte{byte(n % 10), 1, 2, 3, 5, 8}, voices[l](), c)
			under := make([]float32, len(spoken))
			cover(under, voices[l](), c)
			for _, span := range spans(spoken) {
				over := 20 * math.Log10(loudness(spoken[span[0]:span[1]])/loudness(under[span[0]:span[1]]))
				sum, least = sum+over, min(least, over)
			}
			for i := range spoken {
				if math.Abs(float64(spoken[i]+under[i])) > 1 {
					cut++
				}
			}
			all += len(spoken)
		}
		t.Logf("%s: %.1f dB above on average, %.1f at least; %d of %d samples cut", l, sum/(20*digits), least, cut, all)
		require.Greater(t, sum/(20*digits), 9.0)
		require.Greater(t, least, 6.0)
		require.Less(t, cut, all/10_000)
	}
}
