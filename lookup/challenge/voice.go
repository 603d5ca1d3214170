package challenge

import (
	"embed"
	"encoding/binary"
	"fmt"
	"sync"

	"guichet/portal"
)

// rate is the samples a second of the recordings and of what is sent: enough
// for a telephone, so enough for a digit.
const rate = 8000

// recordings are one digit of one language each; voice/record.sh made them.
//
//go:embed voice/*/*.wav
var recordings embed.FS

// voice is the ten digits of one language, samples between -1 and 1.
type voice [10][]float32

// voices are read when somebody first listens in that language.
var voices = func() map[portal.Language]func() *voice {
	all := map[portal.Language]func() *voice{}
	for _, l := range portal.Languages {
		all[l] = sync.OnceValue(func() *voice { return readVoice(l) })
	}
	return all
}()

func readVoice(l portal.Language) *voice {
	v := &voice{}
	for d := range v {
		b, err := recordings.ReadFile(fmt.Sprintf("voice/%s/%d.wav", l, d))
		if err != nil {
			panic("challenge: a recording is built in: " + err.Error())
		}
		v[d] = samples(b)
	}
	return v
}

// waveHeader is the length of a wave file's header as record.sh and wave write it.
const waveHeader = 44

// samples reads a recording: 16 bits, one channel.
func samples(file []byte) []float32 {
	pcm := file[waveHeader:]
	s := make([]float32, len(pcm)/2)
	for i := range s {
		s[i] = float32(int16(binary.LittleEndian.Uint16(pcm[2*i:]))) / 32768
	}
	return s
}

// wave writes samples as a wave file of 8 bits: half the bytes, and what it
// adds in noise lies far under ours.
func wave(mix []float32) []byte {
	b := make([]byte, 0, waveHeader+len(mix))
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(waveHeader-8+len(mix)))
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)   // length of this part
	b = binary.LittleEndian.AppendUint16(b, 1)    // plain samples
	b = binary.LittleEndian.AppendUint16(b, 1)    // one channel
	b = binary.LittleEndian.AppendUint32(b, rate) // samples a second
	b = binary.LittleEndian.AppendUint32(b, rate) // bytes a second
	b = binary.LittleEndian.AppendUint16(b, 1)    // bytes a sample
	b = binary.LittleEndian.AppendUint16(b, 8)    // bits a sample
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(mix)))
	for _, s := range mix {
		b = append(b, byte(128.5+127*min(max(s, -1), 1)))
	}
	return b
}
