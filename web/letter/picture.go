package letter

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"sync"
)

// The drawing of a meter's front is 100 by 70 units; the PDF's is a picture of
// picturePixels a unit, the page's the same shapes as SVG.
const (
	drawingWidth, drawingHeight = 100, 70
	picturePixels               = 8
)

var pictureColours = color.Palette{
	color.White,
	color.RGBA{0x16, 0x20, 0x2e, 0xff}, // ink
	color.RGBA{0xe9, 0xec, 0xee, 0xff}, // housing
	color.RGBA{0xcf, 0xdc, 0xcb, 0xff}, // display
}

// meterFront is the drawing without any number: the page writes the person's
// own number over it, as sharp text. Drawn once, it costs a letter nothing.
var meterFront = sync.OnceValue(func() []byte {
	img := image.NewPaletted(image.Rect(0, 0, drawingWidth*picturePixels, drawingHeight*picturePixels), pictureColours)
	rounded(img, 0.25, 0.25, 99.75, 69.75, 6, 1)
	rounded(img, 1.5, 1.5, 98.5, 68.5, 5, 2)
	rounded(img, 17.5, 7.5, 82.5, 30.5, 2.5, 1)
	rounded(img, 18.5, 8.5, 81.5, 29.5, 1.5, 3)
	rounded(img, 7.5, 37.5, 92.5, 58.5, 1.5, 1)
	rounded(img, 8.5, 38.5, 91.5, 57.5, 0.5, 0)
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("letter: a drawing of ours always encodes: " + err.Error())
	}
	return b.Bytes()
})

// rounded fills a rectangle with rounded corners, in the drawing's units.
func rounded(img *image.Paletted, x0, y0, x1, y1, r float64, colour uint8) {
	for py := int(y0 * picturePixels); py < int(y1*picturePixels); py++ {
		for px := int(x0 * picturePixels); px < int(x1*picturePixels); px++ {
			x, y := (float64(px)+0.5)/picturePixels, (float64(py)+0.5)/picturePixels
			dx := max(x0+r-x, x-(x1-r), 0)
			dy := max(y0+r-y, y-(y1-r), 0)
			if dx*dx+dy*dy <= r*r {
				img.SetColorIndex(px, py, colour)
			}
		}
	}
}
