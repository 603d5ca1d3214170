package challenge

import (
	"bytes"
	"context"
	"image/png"
	"sync"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/dchest/captcha"
)

// The picture's size in pixels: pages show it smaller, at 240 x 80, so that it
// is sharp on the dense screens of telephones. The library draws digits with
// dots of a whole number of pixels, here 4: with 3 they would not touch.
const (
	Width  = 432
	Height = 144
)

// buffers lets the encoder keep its tables and its compressor between
// pictures: most of a picture's memory is theirs.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() *png.EncoderBuffer {
	buffer, _ := b.pool.Get().(*png.EncoderBuffer)
	return buffer
}

func (b *buffers) Put(buffer *png.EncoderBuffer) { b.pool.Put(buffer) }

var encoder = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &buffers{}}

// Picture gives the PNG of a challenge, the same each time, so that asking
// again teaches nothing; it does not use the challenge up. The library mixes a
// secret of the process into its drawing: another process draws the same
// digits otherwise. NotFound: there is none, or it is over.
func (s *Service) Picture(ctx context.Context, id string) ([]byte, error) {
	numbers, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	seed := s.ring.HashText(keys.ForCaptcha, "picture", id)
	var b bytes.Buffer
	// The paletted image, not its wrapper, which the encoder would read pixel by pixel.
	if err := encoder.Encode(&b, captcha.NewImage(seed, numbers, Width, Height).Paletted); err != nil {
		return nil, portal.Shut("captcha", err)
	}
	return b.Bytes(), nil
}
