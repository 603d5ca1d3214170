package letter

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// codeDrawing is a QR code as a path of unit squares: a page needs no picture
// from elsewhere, and prints it sharp.
type codeDrawing struct {
	Size int
	Path string
}

// quiet is the empty border that readers of codes need, in squares.
const quiet = 4

func drawCode(text string) (codeDrawing, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return codeDrawing{}, fmt.Errorf("letter's code: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if shade, _, _, _ := code.At(x, y).RGBA(); shade == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return codeDrawing{side + 2*quiet, path.String()}, nil
}

// Code draws a QR code for a page: the side of its square and the path of what
// is dark in it.
func Code(text string) (side int, path string, err error) {
	d, err := drawCode(text)
	return d.Size, d.Path, err
}
