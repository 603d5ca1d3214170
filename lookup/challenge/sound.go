package challenge

import (
	"context"
	"math"
	"sync"

	"guichet/portal"
	"guichet/portal/keys"
)

// How a sound is mixed. People follow it because a digit stands about 10 dB
// above all that lies under it; a comparison with the recordings does not,
// because no digit keeps the recording's speed for as long as a syllable.
const (
	speech = 0.10  // loudness (root mean square) of a digit before its own gain
	babble = 0.016 // of each of the voices beneath
	noise  = 0.012

	murmurs = 3 // voices beneath at any moment

	// A digit is played at slowest to fastest times its speed, and pitch with
	// it; within it the speed swings by up to drift, in waves of that many seconds.
	slowest, fastest     = 0.80, 1.22
	drift                = 0.07
	swingMin, swingMax   = 0.15, 0.30
	pauseMin, pauseMax   = 0.35, 0.75 // seconds between digits
	edgeMin, edgeMax     = 0.40, 0.90 // seconds before the first and after the last
	softest, loudest     = 0.80, 1.15 // a digit's own gain
	murmurMin, murmurMax = 0.55, 1.60 // speed of what lies beneath
)

// mixes are the buffers that sounds are mixed in, about a quarter of a megabyte each.
var mixes = sync.Pool{New: func() any { return new([]float32) }}

// Sound gives a challenge spoken in a public language, as a wave file below
// 100 kB. Like the picture it is the same each time, so that nobody can average
// the noise away by asking again, and it does not use the challenge up.
// NotFound: there is no such challenge, it is over, or nobody speaks that
// language here.
func (s *Service) Sound(ctx context.Context, id string, lang portal.Language) ([]byte, error) {
	speaker, ok := voices[lang]
	if !ok {
		return nil, &portal.Error{Code: portal.NotFound, Key: "captcha.old"}
	}
	answer, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	buffer := mixes.Get().(*[]float32)
	defer mixes.Put(buffer)
	chance := newChance(s.ring.Hash(keys.ForCaptcha, "sound", id, string(lang)))
	*buffer = speak((*buffer)[:0], answer, speaker(), chance)
	cover(*buffer, speaker(), chance)
	return wave(*buffer), nil
}

// speak says numbers in a voice with pauses between them, appending to out.
func speak(out []float32, numbers []byte, v *voice, c *chance) []float32 {
	out = hush(out, c.between(edgeMin, edgeMax))
	for i, n := range numbers {
		if i > 0 {
			out = hush(out, c.between(pauseMin, pauseMax))
		}
		out = say(out, v[n], c)
	}
	return hush(out, c.between(edgeMin, edgeMax))
}

// cover lays babble and noise over what was spoken.
func cover(out []float32, v *voice, c *chance) {
	for range murmurs {
		murmur(out, v, c)
	}
	for i := range out {
		out[i] += noise * c.hiss()
	}
}

// hush appends silence.
func hush(out []float32, seconds float64) []float32 {
	for range int(seconds * rate) {
		out = append(out, 0)
	}
	return out
}

// say appends a digit at a speed, a pitch and a loudness of its own.
func say(out, word []float32, c *chance) []float32 {
	gain := float32(speech * c.between(softest, loudest) / loudness(word))
	speed := c.between(slowest, fastest)
	swing, phase := 2*math.Pi/(rate*c.between(swingMin, swingMax)), c.between(0, 2*math.Pi)
	wobble := c.between(drift/2, drift)
	for at, i := 0.0, 0.0; at < float64(len(word)-1); i++ {
		out = append(out, gain*between(word, at))
		at += speed * (1 + wobble*math.Sin(swing*i+phase))
	}
	return out
}

// murmur lays a voice beneath everything: digits backwards, one after the
// other, each at another speed.
func murmur(out []float32, v *voice, c *chance) {
	for i := -c.below(rate / 2); i < len(out); {
		word := v[c.below(len(v))]
		gain := float32(babble * c.between(softest, loudest) / loudness(word))
		speed := c.between(murmurMin, murmurMax)
		for at := float64(len(word) - 2); at >= 0 && i < len(out); at -= speed {
			if i >= 0 {
				out[i] += gain * between(word, at)
			}
			i++
		}
	}
}

// between reads a recording between two of its samples.
func between(word []float32, at float64) float32 {
	i := int(at)
	part := float32(at - float64(i))
	return word[i]*(1-part) + word[i+1]*part
}

// loudness is a recording's root mean square.
func loudness(word []float32) float64 {
	sum := 0.0
	for _, s := range word {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(len(word)))
}
