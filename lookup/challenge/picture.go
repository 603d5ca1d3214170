package challenge

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"sync"

	"guichet/portal"
	"guichet/portal/keys"

	"github.com/dchest/captcha"
)

// The picture's size in pixels: pages show it smaller, at 240 x 80, so that it
// is sharp on the dense screens of telephones. It is drawn at half of it, where
// the library's dots are two pixels apart: at three they would not touch.
const (
	Width  = 2 * drawnWidth
	Height = 2 * drawnHeight

	drawnWidth  = 216
	drawnHeight = 72
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
	small := captcha.NewImage(seed, numbers, drawnWidth, drawnHeight).Paletted
	if err := encoder.Encode(&b, doubled(small)); err != nil {
		return nil, portal.Shut("captcha", err)
	}
	return b.Bytes(), nil
}

// doubled is twice as wide and high. The library's waves cost a sine and a
// cosine for each pixel, four times as many at this size; so it draws small,
// and each pixel becomes four, of which a corner takes the colour of two
// neighbours that agree (Scale2x): slanting edges stay smooth.
func doubled(m *image.Paletted) *image.Paletted {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	big := image.NewPaletted(image.Rect(0, 0, 2*w, 2*h), m.Palette)
	for y := range h {
		row := m.Pix[y*m.Stride:][:w]
		above, below := row, row
		if y > 0 {
			above = m.Pix[(y-1)*m.Stride:][:w]
		}
		if y < h-1 {
			below = m.Pix[(y+1)*m.Stride:][:w]
		}
		top, bottom := big.Pix[2*y*big.Stride:][:2*w], big.Pix[(2*y+1)*big.Stride:][:2*w]
		for x, own := range row {
			left, right := row[max(x-1, 0)], row[min(x+1, w-1)]
			a, b := above[x], below[x]
			corner := func(one, other uint8) uint8 {
				if one == other && a != b && left != right {
					return one
				}
				return own
			}
			top[2*x], top[2*x+1] = corner(left, a), corner(a, right)
			bottom[2*x], bottom[2*x+1] = corner(left, b), corner(b, right)
		}
	}
	return big
}
